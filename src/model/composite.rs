use serde_json::Value;

use super::mend::{Change, Mend, Phase, Step};
use super::{
    Attribute, Attrs, Kind, Object, Scope, Severity, enumeration, facet, fragment, named,
    no_parent, sql,
};

pub static KIND: Kind = Kind {
    name: "composite",
    object_type: "type",
    catalog: "pg_type",
    letters: "",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "{}
             SELECT ARRAY[rel.nspname, rel.relname]::text[], NULL::text,
                    json_build_object('attributes', coalesce(json_agg(
                        quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                        || CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation
                                THEN ' COLLATE ' || quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
                                ELSE '' END
                        ORDER BY a.attnum) FILTER (WHERE a.attnum IS NOT NULL), '[]'::json),
                        '_names', coalesce(json_agg(a.attname ORDER BY a.attnum)
                                  FILTER (WHERE a.attnum IS NOT NULL), '[]'::json))::text, rel.reltype
               FROM rel
               LEFT JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
               LEFT JOIN pg_type t ON t.oid = a.atttypid
               LEFT JOIN pg_collation co ON co.oid = a.attcollation
               LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
              WHERE rel.reltype NOT IN (SELECT objid FROM exttype)
              GROUP BY rel.nspname, rel.relname, rel.reltype",
            // A composite type is in pg_depend as a type, not as its relation.
            fragment::relations("'c'").replacen(
                "WITH ",
                &format!(
                    "WITH {}, ",
                    fragment::members("pg_type").replacen("ext AS", "exttype AS", 1)
                ),
                1
            )
        )
    },
    attributes: &[Attribute::error("attributes")],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateType, create(o))],
    drop: enumeration::drop_type,
    alter: attributes,
};

fn create(o: &Object) -> String {
    format!("CREATE TYPE {} AS ({})", o.identity.sql(), o.attrs().list("attributes").join(", "))
}

/// Name and type of each attribute.
pub(super) fn pairs(attrs: &Attrs) -> Vec<(String, String)> {
    let names = match attrs.get("_names") {
        Some(Value::Array(list)) => list.iter().filter_map(|v| v.as_str()).collect(),
        _ => Vec::new(),
    };
    names
        .into_iter()
        .zip(attrs.list("attributes"))
        .map(|(name, text)| {
            let ident = sql::ident(name);
            // The server's idea of what to quote decides how long the name is.
            let quoted = format!("\"{}\"", name.replace('"', "\"\""));
            let of = text
                .strip_prefix(&quoted)
                .or_else(|| text.strip_prefix(&ident))
                .unwrap_or(&text)
                .trim_start()
                .to_owned();
            (ident, of)
        })
        .collect()
}

/// Calls an attribute otherwise in what is said of each; the names alone are
/// another list.
pub fn rename_attribute(attrs: &mut Attrs, from: &str, to: &str) {
    let Some(Value::Array(list)) = attrs.0.get_mut("attributes") else { return };
    let quoted = [sql::ident(from), format!("\"{}\"", from.replace('"', "\"\""))];
    for text in list.iter_mut() {
        let rest = text.as_str().and_then(|text| {
            quoted.iter().find_map(|name| text.strip_prefix(name)).filter(|r| r.starts_with(' '))
        });
        if let Some(rest) = rest {
            *text = Value::String(format!("{}{rest}", sql::ident(to)));
        }
    }
}

fn attributes(c: &Change) -> Mend {
    let (to, from) = (pairs(c.to), pairs(c.from));
    // What stays keeps its order and what is new comes last: only then is
    // altering enough. No type of an attribute changes under stored values.
    let stays = |(name, _): &&(String, String)| to.iter().any(|(n, _)| n == name);
    let is_new = |(name, _): &&(String, String)| !from.iter().any(|(n, _)| n == name);
    let ordered = from.iter().filter(stays).chain(to.iter().filter(is_new));
    let in_order = ordered.map(|(n, _)| n).eq(to.iter().map(|(n, _)| n));
    let retyped = to.iter().any(|(n, of)| from.iter().any(|(m, was)| n == m && of != was));
    let keep = match in_order && !(retyped && is_stored(c)) {
        true => from.len(),
        false => to.iter().zip(&from).take_while(|(a, b)| a == b).count(),
    };
    let mut sub = Vec::new();
    let mut data_loss = false;
    for (i, (name, _)) in from.iter().enumerate() {
        if i >= keep || !to.iter().any(|(n, _)| n == name) {
            sub.push(format!("DROP ATTRIBUTE IF EXISTS {name} CASCADE"));
            data_loss = true;
        }
    }
    for (name, of) in &to {
        match from[..keep].iter().find(|(n, _)| n == name) {
            None => sub.push(format!("ADD ATTRIBUTE {name} {of} CASCADE")),
            Some((_, was)) if was != of => {
                sub.push(format!("ALTER ATTRIBUTE {name} TYPE {of} CASCADE"));
                data_loss = true;
            }
            Some(_) => {}
        }
    }
    let alter = format!("ALTER TYPE {} {}", c.sql(), sub.join(", "));
    // Before tables are made that use it.
    let mut mend = Mend::step(Phase::DefineType, alter).losing(data_loss);
    // What is new, or went and came back, has nothing said of it.
    if c.to.get(COMMENTS).is_some()
        && let Some(comment) = facet::of(COMMENTS)
    {
        let said = (comment.alter)(COMMENTS, c.declared, &Attrs::default(), c.to);
        mend.steps.extend(said);
    }
    mend
}

const COMMENTS: &str = "column_comments";

/// Whether what is said of attributes is another only for attributes that come
/// or go, and take it along.
pub(crate) fn comments_go_along(to: &Attrs, from: &Attrs) -> bool {
    let [declared, live] = [to, from].map(|attrs| attrs.list("_names"));
    to.differing(COMMENTS, from)
        .all(|name| ![&declared, &live].iter().all(|names| names.iter().any(|n| n == name)))
}

/// Whether columns or other types hold such values.
fn is_stored(c: &Change) -> bool {
    let name = c.sql();
    ["column", "composite", "domain"].iter().any(|kind| {
        c.live_side.all(kind).any(|o| {
            o.identity != c.live.identity
                && o.may_name(c.live.identity.name())
                && sql::pairs(&o.attrs().texts()).contains(&name.as_str())
        })
    })
}
