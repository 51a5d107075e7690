use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, named, no_parent, sql};

pub static KIND: Kind = Kind {
    name: "conversion",
    object_type: "conversion",
    catalog: "pg_conversion",
    letters: "",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}, {}
             SELECT ARRAY[ns.nspname, c.conname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'from', pg_encoding_to_char(c.conforencoding),
                        'to', pg_encoding_to_char(c.contoencoding),
                        'function', c.conproc::regproc::text,
                        'default', nullif(c.condefault, false)))::text, c.oid
               FROM pg_conversion c
               JOIN ns ON ns.oid = c.connamespace
              WHERE c.oid NOT IN (SELECT objid FROM ext) {only}",
            fragment::SCHEMAS,
            fragment::members("pg_conversion"),
            only = fragment::only("c.oid"),
        )
    },
    attributes: &[
        Attribute::error("from"),
        Attribute::error("to"),
        Attribute::error("function"),
        Attribute::error("default").absent("false"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateLateRoutine, create(o))],
    drop: |o, _| Mend::step(Phase::DropInTheWay, drop(o)),
    alter: |c: &Change| {
        Mend::step(Phase::CreateLateRoutine, drop(c.live))
            .and(Phase::CreateLateRoutine, create(c.declared))
            .dressed(c.declared, c.declared_side)
    },
};

fn create(o: &Object) -> String {
    let attrs = o.attrs();
    format!(
        "CREATE {}CONVERSION {} FOR {} TO {} FROM {}",
        if attrs.is("default") { "DEFAULT " } else { "" },
        o.identity.sql(),
        sql::literal(attrs.text("from").unwrap_or_default()),
        sql::literal(attrs.text("to").unwrap_or_default()),
        attrs.text("function").unwrap_or_default()
    )
}

fn drop(o: &Object) -> String {
    format!("DROP CONVERSION IF EXISTS {}", o.identity.sql())
}
