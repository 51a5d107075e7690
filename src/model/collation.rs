use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, named, no_parent, sql};

pub static KIND: Kind = Kind {
    name: "collation",
    object_type: "collation",
    catalog: "pg_collation",
    letters: "",
    scope: Scope::Schema,
    sql_name: named,
    query,
    attributes: &[
        Attribute::error("provider"),
        Attribute::error("locale"),
        Attribute::error("lc_collate"),
        Attribute::error("lc_ctype"),
        Attribute::error("deterministic").absent("true"),
        Attribute::error("rules"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateType, create(o))],
    drop: |o, _| Mend::step(Phase::DropType, drop(o)),
    alter: |c: &Change| {
        // Nothing of it can be altered; while a column uses it the server
        // won't let it go.
        Mend::step(Phase::CreateType, drop(c.live))
            .and(Phase::CreateType, create(c.declared))
            .dressed(c.declared, c.declared_side)
    },
};

fn query(version: u32) -> String {
    // The locale's column has had three names.
    let locale = if version >= 17 { "c.colllocale" } else { "c.colliculocale" };
    let rules = if version >= 16 { "c.collicurules" } else { "NULL" };
    format!(
        "WITH {}, {}
         SELECT ARRAY[ns.nspname, c.collname]::text[], NULL::text,
                json_strip_nulls(json_build_object(
                    'provider', CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
                    'locale', {locale},
                    'lc_collate', c.collcollate,
                    'lc_ctype', c.collctype,
                    'deterministic', CASE WHEN NOT c.collisdeterministic THEN false END,
                    'rules', {rules}))::text, c.oid
           FROM pg_collation c
           JOIN ns ON ns.oid = c.collnamespace
          WHERE c.oid NOT IN (SELECT objid FROM ext) {only}",
        fragment::SCHEMAS,
        fragment::members("pg_collation"),
        only = fragment::only("c.oid"),
    )
}

fn create(o: &Object) -> String {
    let attrs = o.attrs();
    let mut options = vec![format!("provider = {}", attrs.text("provider").unwrap_or("libc"))];
    for option in ["locale", "lc_collate", "lc_ctype", "rules"] {
        if let Some(value) = attrs.text(option) {
            options.push(format!("{option} = {}", sql::literal(value)));
        }
    }
    if attrs.get("deterministic").is_some() {
        options.push("deterministic = false".to_owned());
    }
    format!("CREATE COLLATION {} ({})", o.identity.sql(), options.join(", "))
}

fn drop(o: &Object) -> String {
    format!("DROP COLLATION IF EXISTS {}", o.identity.sql())
}
