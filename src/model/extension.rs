use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Scope, Severity, named, no_parent, sql};

/// What an extension holds is its own business; ours is left out.
pub static KIND: Kind = Kind {
    name: "extension",
    object_type: "extension",
    catalog: "pg_extension",
    letters: "",
    scope: Scope::Database,
    sql_name: named,
    query: |_| {
        "SELECT ARRAY[e.extname]::text[], NULL::text,
                json_build_object('schema', n.nspname, 'version', e.extversion)::text, e.oid
           FROM pg_extension e
           JOIN pg_namespace n ON n.oid = e.extnamespace
          WHERE e.oid >= 16384 AND e.extname <> 'schemaguard'"
            .to_owned()
    },
    attributes: &[Attribute::warning("schema"), Attribute::info("version")],
    missing: Severity::Error,
    extra: Severity::Info,
    // Its tables go with it.
    drop_loses: true,
    parent: no_parent,
    create: |o, _| {
        let attrs = o.attrs();
        let mut text = format!("CREATE EXTENSION {}", o.identity.sql());
        if let Some(schema) = attrs.text("schema").filter(|s| *s != "pg_catalog") {
            text.push_str(&format!(" SCHEMA {}", sql::ident(schema)));
        }
        if let Some(version) = attrs.text("version") {
            text.push_str(&format!(" VERSION {}", sql::literal(version)));
        }
        vec![Step::new(Phase::CreateGround, text)]
    },
    drop: |o, _| {
        Mend::step(Phase::DropGround, format!("DROP EXTENSION IF EXISTS {}", o.identity.sql()))
    },
    alter: |c: &Change| {
        let what = match c.attribute {
            "schema" => {
                format!("SET SCHEMA {}", sql::ident(c.to.text("schema").unwrap_or("public")))
            }
            _ => format!("UPDATE TO {}", sql::literal(c.to.text("version").unwrap_or_default())),
        };
        Mend::step(Phase::CreateGround, format!("ALTER EXTENSION {} {what}", c.sql()))
    },
};
