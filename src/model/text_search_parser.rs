use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, named, no_parent};

pub static KIND: Kind = Kind {
    name: "text search parser",
    object_type: "text search parser",
    catalog: "pg_ts_parser",
    letters: "",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}, {}
             SELECT ARRAY[ns.nspname, p.prsname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'start', p.prsstart::regproc::text, 'gettoken', p.prstoken::regproc::text,
                        'end', p.prsend::regproc::text, 'headline', nullif(p.prsheadline::regproc::text, '-'),
                        'lextypes', p.prslextype::regproc::text))::text, p.oid
               FROM pg_ts_parser p
               JOIN ns ON ns.oid = p.prsnamespace
              WHERE p.oid NOT IN (SELECT objid FROM ext) {only}",
            fragment::SCHEMAS,
            fragment::members("pg_ts_parser"),
            only = fragment::only("p.oid"),
        )
    },
    attributes: &[
        Attribute::error("start"),
        Attribute::error("gettoken"),
        Attribute::error("end"),
        Attribute::error("headline").absent("none"),
        Attribute::error("lextypes"),
    ],
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
    let functions: Vec<String> = ["start", "gettoken", "end", "headline", "lextypes"]
        .iter()
        .filter_map(|a| Some(format!("{} = {}", a.to_uppercase(), attrs.text(a)?)))
        .collect();
    format!("CREATE TEXT SEARCH PARSER {} ({})", o.identity.sql(), functions.join(", "))
}

fn drop(o: &Object) -> String {
    format!("DROP TEXT SEARCH PARSER IF EXISTS {}", o.identity.sql())
}
