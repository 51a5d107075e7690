//! What else than its own name a row about a difference may have.

use super::words::words_of_rights;
use super::{Compared, index_behind, is_extra_index};
use crate::drift::{ChangeKind, Difference, Lives, Renames};
use crate::model::mend::Side;
use crate::model::{self, Identity, Object, column, sql};
use std::collections::HashSet;

/// What the statement may have been about by name where the object is only
/// mentioned in it.
pub(super) fn owners(d: &Difference, sides: [&Side; 2]) -> Vec<String> {
    let [declared, live] = sides;
    let of = |side: &Side| side.get(d.kind, &d.identity).map(Object::attrs).unwrap_or_default();
    // An identity's sequence can be spoken of by itself.
    let sequences = || -> Vec<String> {
        let models = sides.into_iter();
        models
            .filter_map(|side| Some(d.identity.beside(of(side).text("_sequence")?).to_string()))
            .collect()
    };
    // It is spoken of by its own name, as an index or as a constraint.
    if d.kind.name == "partition index" {
        let called = of(live).text("called").unwrap_or_default().to_owned();
        let index = d.identity.beside(&called).to_string();
        let mut constraint = d.identity.prefix(2);
        constraint.parts.push(called);
        return vec![index, constraint.to_string()];
    }
    if is_extra_index(d) {
        return of(live).identity("table").iter().map(Identity::to_string).collect();
    }
    match d.attribute.as_deref() {
        // Those name the table, or the schema.
        Some("tables") => sides
            .into_iter()
            .flat_map(|side| of(side).list("tables"))
            .map(|part| {
                let name = part.strip_prefix("TABLES IN SCHEMA ").map(str::to_owned);
                let name = name.or_else(|| {
                    let pairs = sql::pairs(part.strip_prefix("TABLE ONLY ")?);
                    pairs.first().map(|name| (*name).to_owned())
                });
                Identity::new(sql::unquoted(&name.unwrap_or_default())).to_string()
            })
            .collect(),
        Some("partition_of" | "partition_bound") => sides
            .into_iter()
            .filter_map(|side| of(side).identity("partition_of"))
            .map(|parent| parent.to_string())
            .collect(),
        // Those are renamed by themselves.
        Some(attribute @ ("multirange" | "constructor" | "multirange_constructor")) => sides
            .into_iter()
            .flat_map(|side| {
                let attrs = of(side);
                let name = attrs.identity(attribute).unwrap_or(d.identity.clone());
                let subtype = attrs.text("subtype").unwrap_or_default();
                [name.to_string(), format!("{name}({subtype}, {subtype})"), format!("{name}()")]
            })
            .collect(),
        Some(attribute) if attribute.starts_with("sequence") => sequences(),
        // Those of the other table's triggers are of the key, too.
        Some("triggers") => {
            let parent = d.part_of().map(|(parent, _)| parent);
            let references = sides.into_iter().filter_map(|side| of(side).identity("_references"));
            parent.into_iter().chain(references.map(|table| table.to_string())).collect()
        }
        // It is spoken of by itself, or with its table.
        Some("not_null_name") => {
            let mut constraint = d.identity.prefix(2);
            constraint.parts.push(model::not_null_constraint(&d.identity, &of(live)));
            vec![constraint.to_string(), d.identity.prefix(2).to_string()]
        }
        Some(attribute @ "column_comments") => {
            let (declared, live) = (of(declared), of(live));
            declared
                .differing(attribute, &live)
                .map(|column| {
                    let mut identity = d.identity.clone();
                    identity.parts.push(column.to_owned());
                    identity.to_string()
                })
                .collect()
        }
        Some("grants" | "column_grants") => Vec::new(),
        Some("comments_on_partitions") => {
            let (declared, live) = (of(declared), of(live));
            declared
                .differing("comments_on_partitions", &live)
                .map(|partition| {
                    Identity::new(sql::unquoted(partition)).part(d.identity.name()).to_string()
                })
                .collect()
        }
        Some("enabled_on_partitions") => sides
            .into_iter()
            .filter_map(|side| of(side).get("enabled_on_partitions")?.as_object().cloned())
            .flat_map(|places| places.into_iter().map(|(place, _)| place))
            .collect(),
        _ => {
            let mut owners: Vec<String> =
                d.part_of().into_iter().map(|(parent, _)| parent).collect();
            if d.attribute.as_deref() == Some("identity") {
                owners.extend(sequences());
            }
            owners
        }
    }
}

/// What else is named in what it is called, and in what differs; of what is
/// called otherwise since, what only the live side names.
pub(super) fn through(
    d: &Difference,
    found: &Compared,
    sides: [&Side; 2],
    lives: &Lives,
) -> Vec<String> {
    let mut named = mentions(d, d.identity.args.as_deref());
    let (mut now, was) = (mentions(d, d.actual.as_deref()), mentions(d, d.declared.as_deref()));
    if d.change != ChangeKind::Changed {
        named.extend(was);
        named.extend(now);
        return named;
    }
    now.retain(|name| !was.contains(name));
    named.extend(now);
    named.extend(renamed_columns(d, found, sides, lives));
    named.extend(parts_of_type(d, found, sides));
    named
}

/// Columns that the live text speaks of by a name that the declared one
/// doesn't have.
fn renamed_columns(
    d: &Difference,
    found: &Compared,
    sides: [&Side; 2],
    lives: &Lives,
) -> Vec<String> {
    let (Some(_), Some(actual)) = (&d.declared, &d.actual) else { return Vec::new() };
    let table = match d.kind.name {
        "index" | "constraint" | "statistics" | "trigger" | "policy" | "rule" => {
            let object = sides[1].get(d.kind, &d.identity);
            object.and_then(|o| (o.kind.parent)(o)).map(|table| table.prefix(2))
        }
        "view" | "materialized view" => None,
        _ => return Vec::new(),
    };
    let tables: HashSet<String> = match table {
        Some(table) => {
            with_live_names(vec![table.to_string()], &found.renames).into_iter().collect()
        }
        // Its own may have got other names, too.
        None => {
            let own = with_live_names(vec![d.identity.to_string()], &found.renames);
            mentions(d, Some(actual)).into_iter().chain(own).collect()
        }
    };
    lives
        .columns_of(&tables)
        .filter(|column| {
            let name = Identity::parts_shown(column).pop().unwrap_or_default();
            sql::mentions(actual, &sql::ident(&name))
        })
        .map(str::to_owned)
        .collect()
}

fn mentions(d: &Difference, text: Option<&str>) -> Vec<String> {
    let Some(text) = text else { return Vec::new() };
    let mut named = Vec::new();
    // Some are shown as the record has them.
    named.push(text.to_owned());
    if let (Some("references"), Some((table, columns))) =
        (d.attribute.as_deref(), text.split_once('('))
    {
        let table = Identity::new(sql::unquoted(table)).to_string();
        let columns = columns.trim_end_matches(')').split(", ");
        named.extend(columns.map(|c| format!("{table}.{}", sql::unquoted(c).join("."))));
    }
    if let (Some((table, _)), Some("columns")) = (d.part_of(), d.attribute.as_deref()) {
        named.extend(text.split(", ").map(|column| format!("{table}.{column}")));
    }
    for name in sql::pairs(text) {
        let name = Identity::new(sql::unquoted(name)).to_string();
        named.push(format!("{name}()"));
        named.push(name);
    }
    named
}

/// What labels or attributes of a type are called: they have been renamed by
/// statements about them.
fn parts_of_type(d: &Difference, found: &Compared, sides: [&Side; 2]) -> Vec<String> {
    let list = match (d.kind.name, d.attribute.as_deref()) {
        ("enum", Some("labels")) => "labels",
        ("composite", Some("attributes" | "column_comments")) => "_names",
        _ => return Vec::new(),
    };
    let name = found.renames.live_name(&d.identity).unwrap_or_else(|| d.identity.clone());
    sides
        .into_iter()
        .filter_map(|side| side.get(d.kind, &d.identity))
        .flat_map(|o| o.attrs().list(list))
        .map(|part| name.part(&part).to_string())
        .collect()
}

/// The columns that an index or a constraint goes with.
pub(super) fn columns(d: &Difference, declared: &Side) -> Vec<String> {
    if !matches!(d.kind.name, "index" | "constraint" | "statistics") {
        return Vec::new();
    }
    let Some(object) = declared.get(d.kind, &d.identity) else {
        return Vec::new();
    };
    let Some(table) = (d.kind.parent)(object) else {
        return Vec::new();
    };
    declared
        .children_of(&table, "column")
        .into_iter()
        .filter(|o| column::involves(object, o.identity.name()))
        .map(|o| o.identity.to_string())
        .collect()
}

/// The name that such a statement says. DISABLE TRIGGER ALL names no key.
pub(super) fn mentioned(d: &Difference) -> &str {
    if d.attribute.as_deref() == Some("not_null_name") && d.declared.as_deref() == Some("default") {
        return d.actual.as_deref().unwrap_or_default();
    }
    let by_itself = |a: &str| {
        matches!(a, "triggers" | "not_null_name" | "attributes") || a.starts_with("sequence")
    };
    let unnamed = d.kind.name == "partition index"
        || is_extra_index(d)
        || d.attribute.as_deref().is_some_and(by_itself);
    if unnamed { "" } else { d.identity.name() }
}

/// What a missing object can have gone with: what it is part of, and the index
/// behind a constraint; or by itself, after it had moved with its table.
pub(super) fn whole(d: &Difference, found: &Compared, side: &Side) -> Vec<String> {
    let mut names = d.containers();
    names.extend(index_behind(d.kind, &d.identity).map(|index| index.to_string()));
    let declared = || side.get(d.kind, &d.identity);
    if matches!(d.kind.name, "sequence" | "index")
        && let Some(table) = declared().and_then(|o| (o.kind.parent)(o))
        && let Some(moved) = found.renames.live_name(&table.prefix(2))
    {
        names.push(moved.beside(d.identity.name()).to_string());
    }
    names
}

/// The index, and the constraint that it may be of, by whose end a table is
/// clustered on none, or has none for its replica identity.
pub(super) fn index_named(d: &Difference) -> Vec<String> {
    let (Some("clustered_on" | "replica_identity"), Some(declared)) =
        (d.attribute.as_deref(), d.declared.as_deref())
    else {
        return Vec::new();
    };
    let index = declared.strip_prefix("index ").unwrap_or(declared);
    vec![d.identity.beside(index).to_string(), d.identity.part(index).to_string()]
}

/// The table that a missing index went with, or that statistics did. Another
/// name of the table is none of theirs.
pub(super) fn tables(d: &Difference, side: &Side) -> Vec<String> {
    if !matches!(d.kind.name, "index" | "statistics") {
        return Vec::new();
    }
    let declared = side.get(d.kind, &d.identity);
    let table = declared.and_then(|o| (o.kind.parent)(o));
    table.iter().map(Identity::to_string).collect()
}

/// The record knows what is called otherwise by both names.
pub(super) fn with_live_names(mut names: Vec<String>, renames: &Renames) -> Vec<String> {
    let live = |name: &String| renames.live_name(&Identity::new(Identity::parts_shown(name)));
    let more: Vec<String> = names.iter().filter_map(live).map(|name| name.to_string()).collect();
    names.extend(more);
    names
}

/// Where else rights come from and go to.
pub(super) struct Granted {
    pub(super) on: Vec<String>,
    pub(super) words: String,
    /// The record's words for what the statement says it is about.
    pub(super) types: &'static [&'static str],
}

pub(super) fn granted(d: &Difference) -> Option<Granted> {
    let attribute = d.attribute.as_deref().filter(|a| matches!(*a, "grants" | "column_grants"))?;
    let of_columns = d.kind.name == "column" || attribute == "column_grants";
    let types: &[&str] = match d.kind.name {
        "function" | "procedure" | "aggregate" => &["function", "procedure", "routine"],
        "sequence" => &["sequence"],
        _ => &["table"],
    };
    let schema = d.identity.prefix(1).to_string();
    Some(match of_columns {
        true => Granted {
            on: vec![d.identity.prefix(2).to_string(), schema],
            words: words_of_rights(d, "revoke"),
            types,
        },
        // GRANT … ON ALL TABLES IN SCHEMA names no table.
        false => Granted { on: vec![schema], words: words_of_rights(d, "grant|revoke"), types },
    })
}
