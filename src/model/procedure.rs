use super::{Attribute, Kind, Scope, Severity, named, no_parent, routine};

pub static KIND: Kind = Kind {
    name: "procedure",
    object_type: "procedure",
    catalog: "pg_proc",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| routine::query("'p'"),
    attributes: &[
        Attribute::error("arguments"),
        Attribute::error("language"),
        Attribute::error("body"),
        Attribute::error("strict").absent("false"),
        Attribute::error("security_definer").absent("false"),
        Attribute::error("leakproof").absent("false"),
        Attribute::error("settings"),
        Attribute::warning("rows"),
        Attribute::warning("support"),
        Attribute::warning("transforms"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: routine::create,
    drop: routine::drop,
    alter: routine::alter,
};
