use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, named, no_parent};

pub static KIND: Kind = Kind {
    name: "text search template",
    object_type: "text search template",
    catalog: "pg_ts_template",
    letters: "",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}, {}
             SELECT ARRAY[ns.nspname, p.tmplname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'init', nullif(p.tmplinit::regproc::text, '-'), 'lexize', p.tmpllexize::regproc::text))::text, p.oid
               FROM pg_ts_template p
               JOIN ns ON ns.oid = p.tmplnamespace
              WHERE p.oid NOT IN (SELECT objid FROM ext) {only}",
            fragment::SCHEMAS,
            fragment::members("pg_ts_template"),
            only = fragment::only("p.oid"),
        )
    },
    attributes: &[Attribute::error("init").absent("none"), Attribute::error("lexize")],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateType, create(o))],
    drop: |o, _| Mend::step(Phase::DropType, drop(o)),
    // While something uses it the server won't let it go.
    alter: |c: &Change| {
        Mend::step(Phase::CreateType, drop(c.live))
            .and(Phase::CreateType, create(c.declared))
            .dressed(c.declared, c.declared_side)
    },
};

fn create(o: &Object) -> String {
    let attrs = o.attrs();
    let functions: Vec<String> = ["init", "lexize"]
        .iter()
        .filter_map(|a| Some(format!("{} = {}", a.to_uppercase(), attrs.text(a)?)))
        .collect();
    format!("CREATE TEXT SEARCH TEMPLATE {} ({})", o.identity.sql(), functions.join(", "))
}

fn drop(o: &Object) -> String {
    format!("DROP TEXT SEARCH TEMPLATE IF EXISTS {}", o.identity.sql())
}
