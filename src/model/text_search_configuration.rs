use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Attrs, Kind, Object, Scope, Severity, fragment, named, no_parent, show};

pub static KIND: Kind = Kind {
    name: "text search configuration",
    object_type: "text search configuration",
    catalog: "pg_ts_config",
    letters: "",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}, {}
             SELECT ARRAY[ns.nspname, c.cfgname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'parser', quote_ident(pn.nspname) || '.' || quote_ident(p.prsname),
                        'mappings', (SELECT json_object_agg(m.alias, m.dictionaries ORDER BY m.alias) FROM (
                             SELECT t.alias, string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno)
                               FROM pg_ts_config_map m
                               JOIN ts_token_type(c.cfgparser) t ON t.tokid = m.maptokentype
                              WHERE m.mapcfg = c.oid GROUP BY t.alias) m(alias, dictionaries))))::text, c.oid
               FROM pg_ts_config c
               JOIN ns ON ns.oid = c.cfgnamespace
               JOIN pg_ts_parser p ON p.oid = c.cfgparser
               JOIN pg_namespace pn ON pn.oid = p.prsnamespace
              WHERE c.oid NOT IN (SELECT objid FROM ext) {only}",
            fragment::SCHEMAS,
            fragment::members("pg_ts_config"),
            only = fragment::only("c.oid"),
        )
    },
    attributes: &[Attribute::error("parser"), Attribute::error("mappings").within("parser")],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateRoutine, create(o))],
    drop: |o, _| Mend::step(Phase::DropRoutine, drop(o)),
    alter: |c: &Change| match c.attribute {
        "mappings" => {
            let (to, from) = (mappings(c.to), mappings(c.from));
            let what = format!("ALTER TEXT SEARCH CONFIGURATION {}", c.sql());
            let mut mend = Mend::default();
            for (token, _) in from.iter().filter(|(token, _)| !to.iter().any(|t| t.0 == *token)) {
                mend = mend.and(Phase::CreateRoutine, format!("{what} DROP MAPPING FOR {token}"));
            }
            for (token, dictionaries) in &to {
                let verb = match from.iter().find(|f| f.0 == *token) {
                    Some(now) if now.1 == *dictionaries => continue,
                    Some(_) => "ALTER",
                    None => "ADD",
                };
                let sql = format!("{what} {verb} MAPPING FOR {token} WITH {dictionaries}");
                mend = mend.and(Phase::CreateRoutine, sql);
            }
            mend
        }
        _ => Mend::step(Phase::CreateRoutine, drop(c.live))
            .and(Phase::CreateRoutine, create(c.declared))
            .dressed(c.declared, c.declared_side),
    },
};

/// Token types with their dictionaries.
fn mappings(attrs: &Attrs) -> Vec<(String, String)> {
    let map = attrs.get("mappings").and_then(|m| m.as_object());
    map.into_iter()
        .flatten()
        .map(|(token, dictionaries)| (token.clone(), show(dictionaries)))
        .collect()
}

fn create(o: &Object) -> String {
    let attrs = o.attrs();
    let name = o.identity.sql();
    let mut text = format!(
        "CREATE TEXT SEARCH CONFIGURATION {name} (PARSER = {})",
        attrs.text("parser").unwrap_or_default()
    );
    for (token, dictionaries) in mappings(&attrs) {
        text.push_str(&format!(
            ";\nALTER TEXT SEARCH CONFIGURATION {name} ADD MAPPING FOR {token} WITH {dictionaries}"
        ));
    }
    text
}

fn drop(o: &Object) -> String {
    format!("DROP TEXT SEARCH CONFIGURATION IF EXISTS {}", o.identity.sql())
}
