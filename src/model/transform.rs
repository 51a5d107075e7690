use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, no_parent};

/// A transform has no name: `(FOR app.point LANGUAGE plpython3u)`.
pub static KIND: Kind = Kind {
    name: "transform",
    object_type: "transform",
    catalog: "pg_transform",
    letters: "",
    scope: Scope::Database,
    sql_name: |o| format!("TRANSFORM {}", name(o)),
    query: |_| {
        format!(
            "WITH {}
             SELECT '{{}}'::text[], 'FOR ' || format_type(t.trftype, NULL) || ' LANGUAGE ' || quote_ident(l.lanname),
                    json_strip_nulls(json_build_object(
                        'from_sql', CASE WHEN t.trffromsql <> 0 THEN t.trffromsql::regprocedure::text END,
                        'to_sql', CASE WHEN t.trftosql <> 0 THEN t.trftosql::regprocedure::text END))::text, t.oid
               FROM pg_transform t
               JOIN pg_language l ON l.oid = t.trflang
              WHERE t.oid NOT IN (SELECT objid FROM ext)",
            fragment::members("pg_transform")
        )
    },
    attributes: &[Attribute::error("from_sql"), Attribute::error("to_sql")],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateLateRoutine, create(o, ""))],
    drop: |o, _| Mend::step(Phase::DropInTheWay, format!("DROP TRANSFORM IF EXISTS {}", name(o))),
    alter: |c: &Change| {
        // Where both differ the two rows say the same.
        Mend::step(Phase::CreateLateRoutine, create(c.declared, "OR REPLACE "))
    },
};

fn name(o: &Object) -> &str {
    o.identity.args.as_deref().unwrap_or_default()
}

fn create(o: &Object, replace: &str) -> String {
    let attrs = o.attrs();
    let functions: Vec<String> = [("from_sql", "FROM"), ("to_sql", "TO")]
        .iter()
        .filter_map(|(attribute, way)| {
            attrs.text(attribute).map(|f| format!("{way} SQL WITH FUNCTION {f}"))
        })
        .collect();
    format!("CREATE {replace}TRANSFORM {} ({})", name(o), functions.join(", "))
}
