use super::mend::{Mend, Phase, Step};
use super::{Kind, Scope, Severity, fragment, named, no_parent};

pub static KIND: Kind = Kind {
    name: "schema",
    object_type: "schema",
    catalog: "pg_namespace",
    letters: "",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}, {}
             SELECT ARRAY[nspname]::text[], NULL::text, '{{}}'::text, oid
               FROM ns WHERE oid NOT IN (SELECT objid FROM ext) {only}",
            fragment::SCHEMAS,
            fragment::members("pg_namespace"),
            only = fragment::only("oid"),
        )
    },
    attributes: &[],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| {
        vec![Step::new(Phase::CreateSchema, format!("CREATE SCHEMA {}", o.identity.sql()))]
    },
    drop: |o, _| {
        Mend::step(Phase::DropSchema, format!("DROP SCHEMA IF EXISTS {}", o.identity.sql()))
    },
    alter: |_| Mend::default(),
};
