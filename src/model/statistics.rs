use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, index};

pub static KIND: Kind = Kind {
    name: "statistics",
    object_type: "statistics object",
    catalog: "pg_statistic_ext",
    letters: "",
    scope: Scope::Schema,
    sql_name: |o| format!("STATISTICS {}", o.identity.sql()),
    query: |_| {
        format!(
            "WITH {}, {}
             SELECT ARRAY[ns.nspname, s.stxname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'table', json_build_object('name', json_build_array(tn.nspname, t.relname)),
                        'definition', coalesce(substring(def.text from '^[(][^()]*[)] '), '') || 'ON '
                             || concat_ws(', ', keys.list, exprs.list)
                             || ' FROM ' || quote_ident(tn.nspname) || '.' || quote_ident(t.relname),
                        'target', nullif(s.stxstattarget, -1)))::text, s.oid
               FROM pg_statistic_ext s
               JOIN ns ON ns.oid = s.stxnamespace
               JOIN pg_class t ON t.oid = s.stxrelid
               JOIN pg_namespace tn ON tn.oid = t.relnamespace
               -- What its name comes before: kinds, unless all of them are meant.
               CROSS JOIN LATERAL (SELECT substr(pg_get_statisticsobjdef(s.oid), length('CREATE STATISTICS . ')
                     + length(quote_ident(ns.nspname)) + length(quote_ident(s.stxname)) + 1) AS text) def
               -- The server puts columns in the order of their table, which says nothing here.
               CROSS JOIN LATERAL (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname) AS list
                                     FROM pg_attribute a
                                    WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys)) keys
               CROSS JOIN LATERAL (SELECT string_agg('(' || e || ')', ', ' ORDER BY n) AS list
                                     FROM unnest(pg_get_statisticsobjdef_expressions(s.oid)) WITH ORDINALITY u(e, n)) exprs
              WHERE s.oid NOT IN (SELECT objid FROM ext) {only}",
            fragment::SCHEMAS,
            fragment::members("pg_statistic_ext"),
            only = fragment::only("s.oid"),
        )
    },
    attributes: &[
        Attribute::warning("table"),
        Attribute::warning("definition"),
        Attribute::warning("target").absent("-1"),
    ],
    missing: Severity::Warning,
    extra: Severity::Warning,
    drop_loses: false,
    parent: |o| o.attrs().identity("table"),
    create: |o, side| {
        let attrs = o.attrs();
        let definition = attrs.text("definition").unwrap_or_default();
        let relation = attrs.identity("table");
        let phase = index::phase(relation.as_ref(), side);
        let sql = format!("CREATE STATISTICS {} {definition}", o.identity.sql());
        let mut steps = vec![Step::new(phase, sql).needing(relation)];
        if let Some(target) = attrs.shown("target") {
            steps.push(Step::new(Phase::Finish, set_target(o, &target)));
        }
        steps
    },
    drop: |o, _| {
        Mend::step(Phase::DropIndex, format!("DROP STATISTICS IF EXISTS {}", o.identity.sql()))
    },
    alter: |c: &Change| match c.attribute {
        "target" => {
            let target = c.to.shown("target").unwrap_or_else(|| "-1".to_owned());
            Mend::step(Phase::Finish, set_target(c.live, &target))
        }
        _ => c.again(),
    },
};

fn set_target(o: &Object, target: &str) -> String {
    format!("ALTER STATISTICS {} SET STATISTICS {target}", o.identity.sql())
}
