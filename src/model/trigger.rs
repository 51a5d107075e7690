use super::mend::{Change, Mend, Phase, Side, Step};
use super::{Attribute, Kind, Object, Scope, Severity, by_name, fragment, named_on, sql};

pub static KIND: Kind = Kind {
    name: "trigger",
    object_type: "trigger",
    catalog: "pg_trigger",
    letters: "",
    scope: Scope::Schema,
    sql_name: named_on,
    query: |_| {
        format!(
            "{},
             trg AS MATERIALIZED (
             SELECT rel.nspname, rel.relname, rel.relkind, t.*
               FROM rel JOIN pg_trigger t ON t.tgrelid = rel.oid
              WHERE NOT t.tgisinternal),
             -- A partition's clone is its parent's trigger, but can be switched
             -- on and off by itself.
             clones AS (
             SELECT root, json_object_agg(place, state ORDER BY place) AS list FROM (
                 WITH RECURSIVE clone AS (
                     SELECT t.oid AS root, t.oid, t.tgenabled AS declared, t.tgenabled, t.tgrelid
                       FROM trg t WHERE t.relkind = 'p' AND t.tgparentid = 0
                     UNION ALL
                     SELECT c.root, t.oid, c.declared, t.tgenabled, t.tgrelid
                       FROM clone c JOIN pg_trigger t ON t.tgparentid = c.oid AND t.tgparentid <> 0)
                 SELECT clone.root, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS place,
                        {state} AS state
                   FROM clone
                   JOIN pg_class c ON c.oid = clone.tgrelid
                   JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE clone.tgenabled <> clone.declared) x
              GROUP BY root)
             SELECT ARRAY[clone.nspname, clone.relname, clone.tgname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'definition', pg_get_triggerdef(clone.oid),
                        'enabled', {state},
                        'enabled_on_partitions', clones.list))::text, clone.oid
               FROM trg clone
               LEFT JOIN clones ON clones.root = clone.oid
              WHERE clone.tgparentid = 0
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_trigger'::regclass
                                   AND d.objid = clone.oid AND d.deptype = 'e')",
            fragment::relations("'r', 'p', 'f', 'v'"),
            state = state("clone.tgenabled"),
        )
    },
    attributes: &[
        Attribute::error("definition"),
        Attribute::error("enabled"),
        Attribute::error("enabled_on_partitions"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: by_name,
    create,
    drop,
    alter,
};

/// In whose sessions a trigger or rule fires.
pub(super) fn state(column: &str) -> String {
    format!(
        "CASE {column} WHEN 'O' THEN 'origin' WHEN 'D' THEN 'disabled'
              WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END"
    )
}

/// The verb of ALTER TABLE for such a state.
pub(super) fn verb(state: &str, what: &str) -> String {
    match state {
        "disabled" => format!("DISABLE {what}"),
        "replica" => format!("ENABLE REPLICA {what}"),
        "always" => format!("ENABLE ALWAYS {what}"),
        _ => format!("ENABLE {what}"),
    }
}

fn create(o: &Object, _: &Side) -> Vec<Step> {
    let attrs = o.attrs();
    let table = o.identity.prefix(2).sql();
    let name = sql::ident(o.identity.name());
    let mut steps = vec![
        Step::new(Phase::CreateTrigger, attrs.text("definition").unwrap_or_default().to_owned())
            .needing(Some(o.identity.prefix(2))),
    ];
    if let Some(state) = attrs.text("enabled").filter(|s| *s != "origin") {
        steps.push(Step::new(
            Phase::Finish,
            format!("ALTER TABLE {table} {} {name}", verb(state, "TRIGGER")),
        ));
    }
    for (place, state) in places(&attrs) {
        steps.push(Step::new(
            Phase::Finish,
            format!("ALTER TABLE {place} {} {name}", verb(&state, "TRIGGER")),
        ));
    }
    steps
}

fn places(attrs: &super::Attrs) -> Vec<(String, String)> {
    attrs
        .get("enabled_on_partitions")
        .and_then(|v| v.as_object())
        .into_iter()
        .flatten()
        .filter_map(|(place, state)| Some((place.clone(), state.as_str()?.to_owned())))
        .collect()
}

fn drop(o: &Object, _: &Side) -> Mend {
    Mend::step(
        Phase::DropTrigger,
        format!(
            "DROP TRIGGER IF EXISTS {} ON {}",
            sql::ident(o.identity.name()),
            o.identity.prefix(2).sql()
        ),
    )
}

fn alter(c: &Change) -> Mend {
    let name = c.name();
    let enabled = c.to.text("enabled").unwrap_or("origin");
    match c.attribute {
        "definition" => c.again(),
        "enabled" => {
            let mut mend = Mend::step(
                Phase::Finish,
                format!("ALTER TABLE {} {} {name}", c.table(), verb(enabled, "TRIGGER")),
            );
            // The partitions follow, those that stand apart too.
            for (place, state) in places(c.to) {
                mend = mend.and(
                    Phase::Finish,
                    format!("ALTER TABLE {place} {} {name}", verb(&state, "TRIGGER")),
                );
            }
            mend
        }
        _ => {
            let (to, from) = (places(c.to), places(c.from));
            let mut mend = Mend::default();
            for (place, _) in from.iter().filter(|(p, _)| !to.iter().any(|(q, _)| p == q)) {
                mend = mend.and(
                    Phase::Finish,
                    format!("ALTER TABLE {place} {} {name}", verb(enabled, "TRIGGER")),
                );
            }
            for (place, state) in to.iter().filter(|p| !from.contains(p)) {
                mend = mend.and(
                    Phase::Finish,
                    format!("ALTER TABLE {place} {} {name}", verb(state, "TRIGGER")),
                );
            }
            mend
        }
    }
}
