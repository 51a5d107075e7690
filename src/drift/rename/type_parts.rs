//! Labels of enums and attributes of composite types that are called otherwise.

use std::collections::HashMap;

use serde_json::Value;

use super::{Lives, Renames, trace};
use crate::model::mend::{Phase, Side, Step};
use crate::model::{Identity, Kind, Model, Object, sql};

/// A label of an enum or an attribute of a composite type that is called
/// otherwise than declared: parts that are no objects of their own.
#[derive(Debug)]
pub(super) struct PartOfType {
    pub(super) kind: &'static Kind,
    /// The type's name and the part's.
    pub(super) declared: Identity,
    pub(super) live: Identity,
    pub(super) caused_by: Option<i64>,
}

impl PartOfType {
    /// What their list says of the live type, or of what is part of it, by name.
    pub(super) fn rename(&self, value: &mut Value) {
        match value {
            Value::String(name) if name == self.live.name() => {
                self.declared.name().clone_into(name);
            }
            Value::Array(list) => list.iter_mut().for_each(|item| self.rename(item)),
            Value::Object(map) => {
                if let Some(said) = map.remove(self.live.name()) {
                    map.insert(self.declared.name().to_owned(), said);
                }
            }
            _ => {}
        }
    }

    pub(super) fn step(&self) -> Step {
        let (of, was, now) =
            (self.declared.prefix(2).sql(), self.declared.name(), self.live.name());
        let sql = match self.kind.name {
            "enum" => {
                format!("RENAME VALUE {} TO {}", sql::literal(now), sql::literal(was))
            }
            // Tables that are made of the type go along.
            _ => format!("RENAME ATTRIBUTE {} TO {} CASCADE", sql::ident(now), sql::ident(was)),
        };
        Step::new(Phase::Rename, format!("ALTER TYPE {of} {sql}"))
    }
}

impl Renames {
    /// Labels and attributes of types that both sides have.
    pub(super) fn find_parts_of_types(
        &mut self,
        live: &Side,
        declared: &Side,
        lives: &Lives,
        counts: impl Fn(&Object) -> bool,
    ) {
        for object in ["enum", "composite"].into_iter().flat_map(|kind| live.all(kind)) {
            let Some(other) = declared.get(object.kind, &self.identity(object)) else { continue };
            if other.attributes == object.attributes || !counts(object) {
                continue;
            }
            let list = if object.kind.name == "enum" { "labels" } else { "_names" };
            let [to, from] = [other, object].map(|o| o.attrs().list(list));
            let mut missing: Vec<&String> = to.iter().filter(|name| !from.contains(name)).collect();
            for name in from.iter().filter(|name| !to.contains(name)) {
                let part = object.identity.part(name);
                let was = trace(&part, "", lives).into_iter().find_map(|(was, caused_by)| {
                    let at = missing.iter().position(|name| *name == was.name())?;
                    (was.prefix(2) == other.identity).then_some((at, was, caused_by))
                });
                let Some((at, was, caused_by)) = was else { continue };
                missing.remove(at);
                self.words.insert(name.clone());
                if object.kind.name == "composite" {
                    self.stand_for_each_other(was.name(), name);
                } else {
                    // Its type stands beside it, but in the bounds of partitions.
                    self.words.insert(other.identity.name().to_owned());
                    self.words.insert(object.identity.name().to_owned());
                    self.words.insert(sql::literal(name));
                }
                self.live_as.insert(was.clone(), part.clone());
                self.of_types.push(PartOfType {
                    kind: object.kind,
                    declared: was,
                    live: part,
                    caused_by,
                });
            }
        }
    }

    /// Partitions that hold rows by labels that are called otherwise. Their
    /// bounds say labels without the type.
    pub(super) fn bounds_by_labels(&self, live: &Model) -> HashMap<Identity, Vec<&PartOfType>> {
        let labels: Vec<&PartOfType> =
            self.of_types.iter().filter(|p| p.kind.name == "enum").collect();
        let mut bounds: HashMap<Identity, Vec<&PartOfType>> = HashMap::new();
        if labels.is_empty() {
            return bounds;
        }
        let side = Side::new(live);
        let tables = side.all("table").filter(|t| t.attributes.get().contains("\"partition_key\""));
        for table in tables {
            let key = table.attrs().shown("partition_key").unwrap_or_default();
            for column in side.children_of(&table.identity, "column") {
                let by = format!(" ({})", sql::ident(column.identity.name()));
                if !key.ends_with(&by) {
                    continue;
                }
                let attrs = column.attrs();
                for part in &labels {
                    if attrs.text("type") == Some(part.live.prefix(2).sql().as_str()) {
                        for partition in side.heirs(&table.identity) {
                            bounds.entry(partition.identity.clone()).or_default().push(part);
                        }
                    }
                }
            }
        }
        bounds
    }
}

/// A text with another literal in place of one; not in place of the end of a
/// longer one, or of one that is cast to something of a longer name.
pub(super) fn replaced(text: &str, literal: &str, by: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, found) in text.match_indices(literal) {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        let longer = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '\'' | '"');
        if before.is_some_and(longer) || after.is_some_and(longer) {
            continue;
        }
        out.push_str(&text[from..at]);
        out.push_str(by);
        from = at + found.len();
    }
    out.push_str(&text[from..]);
    out
}

/// The same for what is an element of arrays of a type; what needs quotes in
/// them is left alone.
pub(super) fn with_elements(text: &str, of: &str, element: &str, by: &str) -> String {
    let end = format!("}}'::{of}[]");
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(&end) {
        let (before, after) = rest.split_at(at);
        match before.rsplit_once("'{") {
            Some((start, list)) if !list.contains(['"', '\'', '{', '\\']) => {
                let list: Vec<&str> =
                    list.split(',').map(|item| if item == element { by } else { item }).collect();
                out.push_str(&format!("{start}'{{{}", list.join(",")));
            }
            _ => out.push_str(before),
        }
        out.push_str(&end);
        rest = &after[end.len()..];
    }
    out.push_str(rest);
    out
}
