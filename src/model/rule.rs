use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Scope, Severity, by_name, fragment, named_on, sql, trigger};

pub static KIND: Kind = Kind {
    name: "rule",
    object_type: "rule",
    catalog: "pg_rewrite",
    letters: "",
    scope: Scope::Schema,
    sql_name: named_on,
    query: |_| {
        format!(
            "{}
             SELECT ARRAY[rel.nspname, rel.relname, r.rulename]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'definition', pg_get_ruledef(r.oid),
                        'enabled', {}))::text, r.oid
               FROM rel
               JOIN pg_rewrite r ON r.ev_class = rel.oid AND r.rulename <> '_RETURN'",
            fragment::relations("'r', 'p', 'v', 'f'"),
            trigger::state("r.ev_enabled")
        )
    },
    attributes: &[Attribute::error("definition"), Attribute::error("enabled")],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: by_name,
    create: |o, _| {
        let attrs = o.attrs();
        let text = attrs.text("definition").unwrap_or_default();
        let mut steps = vec![
            Step::new(Phase::CreateTrigger, text.trim_end().trim_end_matches(';').to_owned())
                .needing(Some(o.identity.prefix(2))),
        ];
        if let Some(state) = attrs.text("enabled").filter(|s| *s != "origin") {
            steps.push(Step::new(
                Phase::Finish,
                format!(
                    "ALTER TABLE {} {} {}",
                    o.identity.prefix(2).sql(),
                    trigger::verb(state, "RULE"),
                    sql::ident(o.identity.name())
                ),
            ));
        }
        steps
    },
    drop: |o, _| {
        Mend::step(
            Phase::DropTrigger,
            format!(
                "DROP RULE IF EXISTS {} ON {}",
                sql::ident(o.identity.name()),
                o.identity.prefix(2).sql()
            ),
        )
    },
    alter: |c: &Change| match c.attribute {
        "enabled" => Mend::step(
            Phase::Finish,
            format!(
                "ALTER TABLE {} {} {}",
                c.table(),
                trigger::verb(c.to.text("enabled").unwrap_or("origin"), "RULE"),
                c.name()
            ),
        ),
        _ => c.again(),
    },
};
