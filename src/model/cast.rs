use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, no_parent};

/// A cast has no name: `(integer AS app.mood)`.
pub static KIND: Kind = Kind {
    name: "cast",
    object_type: "cast",
    catalog: "pg_cast",
    letters: "",
    scope: Scope::Database,
    sql_name: |o| format!("CAST {}", o.identity.sql()),
    query: |_| {
        format!(
            "WITH {}
             SELECT '{{}}'::text[], format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL),
                    json_strip_nulls(json_build_object(
                        'method', CASE c.castmethod WHEN 'f' THEN 'function' WHEN 'i' THEN 'inout' ELSE 'binary' END,
                        'function', CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure::text END,
                        'context', CASE c.castcontext WHEN 'a' THEN 'assignment' WHEN 'i' THEN 'implicit' ELSE 'explicit' END))::text, c.oid
               FROM pg_cast c
              WHERE c.oid >= 16384 AND c.oid NOT IN (SELECT objid FROM ext)
                -- A range type comes with its cast.
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass
                                   AND d.objid = c.oid AND d.deptype = 'i')",
            fragment::members("pg_cast")
        )
    },
    attributes: &[
        Attribute::error("method"),
        Attribute::error("function").within("method"),
        Attribute::error("context"),
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
    let method = match attrs.text("method") {
        Some("function") => {
            format!("WITH FUNCTION {}", attrs.text("function").unwrap_or_default())
        }
        Some("inout") => "WITH INOUT".to_owned(),
        _ => "WITHOUT FUNCTION".to_owned(),
    };
    let context = match attrs.text("context") {
        Some("assignment") => " AS ASSIGNMENT",
        Some("implicit") => " AS IMPLICIT",
        _ => "",
    };
    format!("CREATE CAST {} {method}{context}", o.identity.sql())
}

fn drop(o: &Object) -> String {
    format!("DROP CAST IF EXISTS {}", o.identity.sql())
}
