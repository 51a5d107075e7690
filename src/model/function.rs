use super::{Kind, Scope, Severity, named, no_parent, routine};

pub static KIND: Kind = Kind {
    name: "function",
    object_type: "function",
    catalog: "pg_proc",
    letters: "fw",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| routine::query("'f', 'w'"),
    attributes: routine::ATTRIBUTES,
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: routine::create,
    drop: routine::drop,
    alter: routine::alter,
};
