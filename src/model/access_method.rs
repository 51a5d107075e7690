use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, named, no_parent};

pub static KIND: Kind = Kind {
    name: "access method",
    object_type: "access method",
    catalog: "pg_am",
    letters: "",
    scope: Scope::Database,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}
             SELECT ARRAY[a.amname]::text[], NULL::text,
                    json_build_object('type', CASE a.amtype WHEN 't' THEN 'table' ELSE 'index' END,
                                      'handler', a.amhandler::regproc::text)::text, a.oid
               FROM pg_am a
              WHERE a.oid >= 16384 AND a.oid NOT IN (SELECT objid FROM ext)",
            fragment::members("pg_am")
        )
    },
    attributes: &[Attribute::error("type"), Attribute::error("handler")],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateRoutine, create(o))],
    drop: |o, _| Mend::step(Phase::DropRoutine, drop(o)),
    // Nothing of it can be altered; while a table or an index uses it the
    // server won't let it go.
    alter: |c: &Change| {
        Mend::step(Phase::CreateRoutine, drop(c.live))
            .and(Phase::CreateRoutine, create(c.declared))
            .dressed(c.declared, c.declared_side)
    },
};

fn create(o: &Object) -> String {
    let attrs = o.attrs();
    format!(
        "CREATE ACCESS METHOD {} TYPE {} HANDLER {}",
        o.identity.sql(),
        attrs.text("type").unwrap_or("index").to_uppercase(),
        attrs.text("handler").unwrap_or_default()
    )
}

fn drop(o: &Object) -> String {
    format!("DROP ACCESS METHOD IF EXISTS {}", o.identity.sql())
}
