use super::facet::grants;
use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, no_parent, sql};

/// `["alice", "tables"]`, or `["alice", "tables", "app"]` for one schema only.
pub static KIND: Kind = Kind {
    name: "default privileges",
    object_type: "default privileges",
    catalog: "pg_default_acl",
    letters: "",
    scope: Scope::Database,
    sql_name: |o| head(o),
    query,
    attributes: &[Attribute::error("granted").absent("default")],
    missing: Severity::Error,
    extra: Severity::Error,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| steps(o, &[], &o.attrs().list("granted")),
    drop: |o, _| Mend::steps(steps(o, &o.attrs().list("granted"), &[])),
    alter: |c: &Change| Mend::steps(steps(c.live, &c.from.list("granted"), &c.to.list("granted"))),
};

fn query(_: u32) -> String {
    // Those of one schema come on top of the others, which begin with the
    // server's own default.
    format!(
        "WITH {}, granted AS MATERIALIZED (
         SELECT d.oid AS objid, d.defaclrole AS owner, d.defaclacl AS acl, d.defaclobjtype AS type,
                d.defaclnamespace AS nsp
           FROM pg_default_acl d
          WHERE d.defaclnamespace = 0 OR d.defaclnamespace IN (SELECT oid FROM ns)), {}
         SELECT array_remove(ARRAY[pg_get_userbyid(d.defaclrole),
                      CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                           WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END,
                      ns.nspname]::text[], NULL) AS name, NULL::text,
                json_build_object('granted', coalesce(unusual.list, '[]'::json))::text, d.oid
           FROM pg_default_acl d
           LEFT JOIN ns ON ns.oid = d.defaclnamespace
           LEFT JOIN unusual ON unusual.objid = d.oid
          WHERE d.defaclnamespace = 0 OR ns.oid IS NOT NULL",
        fragment::SCHEMAS,
        grants::unusual(
            "objid",
            "CASE WHEN o.nsp = 0 THEN acldefault(CASE o.type WHEN 'S' THEN 's' ELSE o.type END, o.owner)
                  ELSE NULL END"
        ),
    )
}

fn head(o: &Object) -> String {
    let mut text = format!("DEFAULT PRIVILEGES FOR ROLE {}", sql::ident(&o.identity.parts[0]));
    if let Some(schema) = o.identity.parts.get(2) {
        text.push_str(&format!(" IN SCHEMA {}", sql::ident(schema)));
    }
    text
}

fn steps(o: &Object, from: &[String], to: &[String]) -> Vec<Step> {
    let on = o.identity.parts.get(1).map_or("TABLES".to_owned(), |on| on.to_uppercase());
    let what = grants::What {
        head: format!("ALTER {} ", head(o)),
        public: match (on.as_str(), o.identity.parts.len()) {
            ("FUNCTIONS", 2) => Some("EXECUTE"),
            ("TYPES", 2) => Some("USAGE"),
            _ => None,
        },
        on: format!(" ON {on}"),
        columns: String::new(),
        owner: sql::ident(&o.identity.parts[0]),
    };
    what.change(from, to).into_iter().map(|sql| Step::new(Phase::Finish, sql)).collect()
}
