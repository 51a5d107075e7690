//! Drift from a schema that Prisma declared: what its client trips over, what
//! is only another form, and what only the database has because Prisma's
//! language has no word for it.

use super::{ChangeKind, Difference};
use crate::model::{Attrs, Model, Object, Severity};
use std::collections::BTreeSet;

/// Where Prisma keeps its own history.
const HISTORY: &str = "_prisma_migrations";

/// Weighs differences as a user of Prisma would.
pub(super) fn weigh(differences: &mut Vec<Difference>, declared: &Model, live: &Model) {
    // Its migrations leave these names as they come about.
    differences.retain(|d| d.attribute.as_deref() != Some("not_null_name"));
    let weights: Vec<Option<Weight>> =
        differences.iter().map(|d| weight(d, differences, declared, live)).collect();
    for (d, weight) in differences.iter_mut().zip(weights) {
        match weight {
            Some(Weight::Unmanaged) => {
                d.unmanaged = true;
                d.severity = Severity::Info;
            }
            Some(Weight::As(severity)) => d.severity = severity,
            None => {}
        }
    }
}

/// Leaves out of the live schema what is Prisma's own, unless it is declared.
pub(super) fn leave_history(declared: &Model, live: &mut Model) {
    let is_it = |parts: &[String]| parts.get(1).is_some_and(|name| name == HISTORY);
    let is_history = |object: &Object| {
        is_it(&object.identity.parts)
            // An index stands beside its table.
            || (object.kind.parent)(object).is_some_and(|parent| is_it(&parent.parts))
    };
    if !declared.objects.iter().any(is_history) {
        live.objects.retain(|object| !is_history(object));
    }
}

enum Weight {
    /// Prisma neither makes nor sees it.
    Unmanaged,
    As(Severity),
}

fn weight(d: &Difference, all: &[Difference], declared: &Model, live: &Model) -> Option<Weight> {
    let find = |side: &Model| {
        let object = side.objects.iter().find(|o| o.kind == d.kind && o.identity == d.identity);
        object.map(Object::attrs)
    };
    match d.change {
        ChangeKind::Changed if d.is_rename() => None,
        ChangeKind::Missing => {
            // The same by a constraint.
            let held = d.kind.name == "index"
                && find(declared).is_some_and(|index| {
                    all.iter().any(|other| {
                        other.change == ChangeKind::Extra
                            && other.kind.name == "constraint"
                            && live_unique(other, live)
                                .is_some_and(|key| is_unique_on(&index, &key))
                    })
                });
            held.then_some(Weight::Unmanaged)
        }
        ChangeKind::Extra => extra(d, all, declared, &find(live)?, live),
        ChangeKind::Changed => changed(d, &find(declared)?, &find(live)?),
    }
}

fn extra(
    d: &Difference,
    all: &[Difference],
    declared: &Model,
    attrs: &Attrs,
    live: &Model,
) -> Option<Weight> {
    match d.kind.name {
        "table" | "enum" | "schema" => None,
        // Rows that the client writes have nothing for it.
        "column" => {
            let needed = attrs.is("not_null")
                && ["default", "identity", "generated"].iter().all(|a| attrs.get(a).is_none());
            needed.then_some(Weight::As(Severity::Error))
        }
        "constraint" => match attrs.text("type") {
            Some("primary key" | "foreign key") => None,
            Some("unique") => {
                let key = live_unique(d, live)?;
                let declared_as_index = all.iter().any(|other| {
                    other.change == ChangeKind::Missing
                        && other.kind.name == "index"
                        && declared.objects.iter().any(|o| {
                            o.kind == other.kind
                                && o.identity == other.identity
                                && is_unique_on(&o.attrs(), &key)
                        })
                });
                declared_as_index.then_some(Weight::Unmanaged)
            }
            _ => Some(Weight::Unmanaged),
        },
        "index" => {
            let definition = attrs.text("definition").unwrap_or_default();
            (!has_words_for(definition)).then_some(Weight::Unmanaged)
        }
        _ => Some(Weight::Unmanaged),
    }
}

fn changed(d: &Difference, declared: &Attrs, live: &Attrs) -> Option<Weight> {
    let attribute = d.attribute.as_deref().unwrap_or_default();
    let managed = match d.kind.name {
        "column" => match attribute {
            // Lists never have it.
            "not_null" => !live.text("type").is_some_and(|t| t.ends_with("[]")),
            // Most of them the client writes itself: what it leaves to the
            // database, the schema knows.
            "default" => return Some(Weight::As(Severity::Warning)),
            "type" | "generated" | "identity" | "position" => true,
            _ => false,
        },
        "constraint" => {
            if attribute == "on_update" {
                return Some(Weight::As(Severity::Info));
            }
            matches!(attribute, "type" | "columns" | "references" | "on_delete")
        }
        "index" => matches!(attribute, "table" | "unique" | "definition"),
        // Prisma puts a new value last, wherever it stands in the schema.
        "enum" => {
            let values = |attrs: &Attrs| BTreeSet::from_iter(attrs.list("labels"));
            attribute == "labels" && values(declared) != values(live)
        }
        "extension" | "schema" => true,
        // A sequence that a default needs.
        "sequence" => attribute == "owned_by" && declared.get("owned_by").is_some(),
        _ => false,
    };
    (!managed).then_some(Weight::Unmanaged)
}

/// Table and columns of a live unique constraint.
fn live_unique(d: &Difference, live: &Model) -> Option<(Vec<String>, Vec<String>)> {
    let object = live.objects.iter().find(|o| o.kind == d.kind && o.identity == d.identity)?;
    let attrs = object.attrs();
    (attrs.text("type") == Some("unique"))
        .then(|| (d.identity.prefix(2).parts, attrs.list("columns")))
}

/// Whether an index is a unique one over just these columns of that table.
fn is_unique_on(index: &Attrs, (table, columns): &(Vec<String>, Vec<String>)) -> bool {
    let plain = format!("btree ({})", crate::model::sql::idents(columns));
    index.is("unique")
        && index.identity("table").is_some_and(|t| t.parts == *table)
        && index.text("definition") == Some(plain.as_str())
}

/// Whether Prisma's language could say this definition of an index: a method
/// and columns, with operator classes and order.
fn has_words_for(definition: &str) -> bool {
    let mut rest = String::new();
    let mut quoted = false;
    for c in definition.chars() {
        match c {
            '"' => quoted = !quoted,
            c if !quoted => rest.push(c),
            _ => {}
        }
    }
    let Some((_, columns)) = rest.split_once('(') else { return false };
    let Some(columns) = columns.strip_suffix(')') else { return false };
    !columns.contains(['(', ')'])
        && ![" NULLS ", " COLLATE "].iter().any(|word| format!("{columns} ").contains(word))
}

#[cfg(test)]
mod tests {
    use super::has_words_for;

    #[test]
    fn what_prisma_can_say_of_an_index() {
        for yes in [
            "btree (email)",
            "btree (a, b DESC)",
            "gin (tags)",
            "gist (\"odd (name)\" inet_ops)",
            "hash (a)",
        ] {
            assert!(has_words_for(yes), "{yes}");
        }
        for no in [
            "btree (lower(email))",
            "btree (email) WHERE active",
            "btree (a) INCLUDE (b)",
            "btree (a DESC NULLS LAST)",
            "btree (a COLLATE \"C\")",
            "btree (a) NULLS NOT DISTINCT",
        ] {
            assert!(!has_words_for(no), "{no}");
        }
    }
}
