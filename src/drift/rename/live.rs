//! The live schema, called as it is declared.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::type_parts::{PartOfType, replaced, with_elements};
use super::{Rename, Renames};
use crate::drift::{compared, same};
use crate::model::mend::Side;
use crate::model::table::{self, LEFT};
use crate::model::{self, Attrs, Identity, Model, Object, Scope, sql};

/// Attributes of other people's text: what it speaks of may be called
/// otherwise, and it still says the same.
const LITERAL: &[&str] = &[
    "column_comments",
    "comment",
    "constraint_comment",
    "depends_on_extensions",
    "fdw_options",
    "index_comment",
    "labels",
    "options",
    "publications",
    "security_labels",
    "settings",
    "slot_name",
];

fn is_literal(attribute: &str, attrs: &Attrs) -> bool {
    let text = attribute == "body" && attrs.text("_body").is_none();
    text || LITERAL.contains(&attribute)
}

impl Renames {
    /// Text in which qualified names, and the labels of enums, are those of the
    /// declared schema.
    pub(super) fn rewritten(&self, text: &str) -> String {
        let mut text = self.with_declared_names(text);
        for part in self.of_types.iter().filter(|p| p.kind.name == "enum") {
            let of = part.declared.prefix(2).sql();
            if !text.contains(&of) {
                continue;
            }
            let [was, now] =
                [&part.declared, &part.live].map(|p| format!("{}::{of}", sql::literal(p.name())));
            text = replaced(&text, &now, &was);
            text = with_elements(&text, &of, part.live.name(), part.declared.name());
        }
        text
    }

    pub(super) fn with_declared_names(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for span in sql::pair_spans(text) {
            let called = text[span.end..].starts_with('(');
            if let Some(name) = self.pair(&text[span.clone()], called) {
                out.push_str(&text[from..span.start]);
                out.push_str(&name);
                from = span.end;
            }
        }
        out.push_str(&text[from..]);
        out
    }

    fn pair(&self, live: &str, called: bool) -> Option<String> {
        let names =
            if called { [&self.routines, &self.pairs] } else { [&self.pairs, &self.routines] };
        names.iter().find_map(|names| names.get(live).cloned()).or_else(|| {
            self.schemas.iter().find_map(|(now, was)| {
                let rest = live.strip_prefix(now)?;
                rest.starts_with('.').then(|| format!("{was}{rest}"))
            })
        })
    }

    /// Calls everything in a live model as it is declared. What isn't part of
    /// the declared schemas then goes: it was read to be found under its other
    /// name.
    pub fn apply(&self, declared: &Model, live: &mut Model) {
        let bounds = self.bounds_by_labels(live);
        for object in &mut live.objects {
            let identity = self.identity(object);
            if self.words.iter().any(|word| object.may_name(word)) {
                let mut attrs = object.attrs();
                let literal: HashSet<String> =
                    attrs.0.keys().filter(|name| is_literal(name, &attrs)).cloned().collect();
                for (name, value) in &mut attrs.0 {
                    self.value(value, literal.contains(name));
                }
                let is_it =
                    |p: &&PartOfType| p.kind == object.kind && p.live.prefix(2) == object.identity;
                for part in self.of_types.iter().filter(is_it) {
                    for list in ["labels", "_names", "column_comments"] {
                        attrs.0.get_mut(list).into_iter().for_each(|list| part.rename(list));
                    }
                    model::rename_attribute(&mut attrs, part.live.name(), part.declared.name());
                }
                if let Some(labels) = bounds.get(&object.identity)
                    && let Some(Value::String(bound)) = attrs.0.get_mut("partition_bound")
                {
                    for part in labels {
                        let [was, now] =
                            [&part.declared, &part.live].map(|p| sql::literal(p.name()));
                        *bound = replaced(bound, &now, &was);
                    }
                }
                object.set(attrs);
            }
            let mut was = std::mem::replace(&mut object.identity, identity);
            match object.kind.name {
                "column" => {
                    model::name_sequence(object);
                    if live.server >= 18 {
                        model::name_not_null(object, &was);
                    }
                }
                "domain" if live.server >= 17 => model::name_not_null(object, &was),
                "partition index" => model::name_root(object),
                "range" => {
                    was.parts[0] = self.name(&was.prefix(1)).parts.remove(0);
                    model::name_constructor(object, was);
                }
                _ => {}
            }
        }
        self.leave_others(declared, live);
        self.settle(declared, live);
        self.part(declared, live);
    }

    /// A partition's index is called after columns as they were called when
    /// the index above was made: what it would be called is not known where
    /// they have had other names.
    pub fn doubt_names(&self, declared: &mut Model) {
        if !self.own.iter().any(|r| r.kind.name == "column") {
            return;
        }
        let indexes = declared.objects.iter_mut().filter(|o| o.kind.name == "partition index");
        for index in indexes {
            let mut attrs = index.attrs();
            if attrs.0.remove("_as_usual").is_some() {
                index.set(attrs);
            }
        }
    }

    /// Notes which tables have to leave a parent before a column gets its
    /// name: the server renames no inherited column by itself, and renames a
    /// parent's in all its children.
    fn part(&self, declared: &Model, live: &mut Model) {
        let renamed: Vec<&Rename> = self.own.iter().filter(|r| r.kind.name == "column").collect();
        if renamed.is_empty() {
            return;
        }
        let marks: HashMap<Identity, Vec<Identity>> = {
            let (declared, live) = (Side::new(declared), Side::new(live));
            let mut marks: HashMap<Identity, Vec<Identity>> = HashMap::new();
            for child in live.all("table").filter(|t| declared.get(t.kind, &t.identity).is_some()) {
                let stay = declared.parents(&child.identity);
                for parent in live.parents(&child.identity) {
                    let concerns = |r: &&&Rename| {
                        let table = r.declared.prefix(2);
                        let mut own = child.identity.clone();
                        own.parts.push(r.declared.name().to_owned());
                        // One that is called as the parent's will be goes along.
                        table == child.identity
                            || table == parent && live.named("column", &own).is_none()
                    };
                    if !stay.contains(&parent) && renamed.iter().any(|r| concerns(&r)) {
                        marks.entry(child.identity.clone()).or_default().push(parent);
                    }
                }
            }
            marks
        };
        for table in live.objects.iter_mut().filter(|o| o.kind.name == "table") {
            if let Some(parents) = marks.get(&table.identity) {
                let mut attrs = table.attrs();
                let names = parents.iter().map(|p| serde_json::json!({ "name": p.parts }));
                attrs.0.insert(LEFT.to_owned(), names.collect());
                table.set(attrs);
            }
        }
    }

    /// Leaves out of a model what isn't in the declared schemas.
    pub fn leave_others(&self, declared: &Model, live: &mut Model) {
        let is_declared = |name: &String| declared.schemas.contains(name);
        live.objects.retain(|o| {
            o.kind.scope == Scope::Database || o.identity.parts.first().is_none_or(is_declared)
        });
    }

    fn value(&self, value: &mut Value, literal: bool) {
        match value {
            Value::String(text) if !literal => *text = self.rewritten(text),
            Value::Array(list) => list.iter_mut().for_each(|v| self.value(v, literal)),
            Value::Object(map) => {
                let name = (map.len() == 1).then(|| map.get("name")).flatten();
                let parts: Option<Vec<String>> = name
                    .and_then(Value::as_array)
                    .map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect());
                if let Some(parts) = parts.filter(|p| !p.is_empty()) {
                    let live = Identity { parts, args: None };
                    let was = match self.declared_as.get(&("column", live.clone())) {
                        Some(was) => was.clone(),
                        None if live.parts.len() == 3 => {
                            let mut was = self.name(&live.prefix(2));
                            was.parts.push(live.name().to_owned());
                            was
                        }
                        None => self.name(&live),
                    };
                    map.insert("name".to_owned(), was.parts.into());
                } else {
                    map.values_mut().for_each(|v| self.value(v, literal));
                }
            }
            _ => {}
        }
    }

    /// What differs only by the names is no difference: it will be as declared
    /// with them.
    fn settle(&self, declared: &Model, live: &mut Model) {
        let declared = Side::new(declared);
        for object in &mut live.objects {
            let Some(other) = declared.get(object.kind, &object.identity) else {
                if let Some(settled) = self.handed_down(object, &declared) {
                    object.set(settled);
                }
                continue;
            };
            if other.attributes.get() == object.attributes.get() {
                continue;
            }
            let (to, mut from) = (other.attrs(), object.attrs());
            if self.settled(&to, &mut from) {
                object.set(from);
            }
        }
    }

    /// The same for what a table has kept of a parent that it is to have again.
    fn handed_down(&self, object: &Object, declared: &Side) -> Option<Attrs> {
        if !matches!(object.kind.name, "constraint" | "index") {
            return None;
        }
        let parents = table::above(&(object.kind.parent)(object)?, declared);
        let theirs = parents.iter().flat_map(|p| declared.children_of(p, object.kind.name));
        theirs.into_iter().find_map(|other| {
            let (to, mut from) = (other.attrs(), object.attrs());
            let settled = self.settled(&to, &mut from);
            (settled && compared(&from) == compared(&to)).then_some(from)
        })
    }

    fn settled(&self, to: &Attrs, from: &mut Attrs) -> bool {
        let agree: Vec<String> = from
            .0
            .iter()
            .filter(|(name, value)| {
                let other = to.get(name).filter(|other| other != value);
                !is_literal(name, from) && other.is_some_and(|to| alike(to, value, &self.alike))
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in &agree {
            from.0.insert(name.clone(), to.0[name].clone());
        }
        !agree.is_empty()
    }
}

/// Whether two values differ only by names that stand for each other.
pub(super) fn alike(declared: &Value, live: &Value, names: &HashSet<(String, String)>) -> bool {
    match (declared, live) {
        (Value::String(declared), Value::String(live)) => {
            declared == live
                || names.contains(&(declared.clone(), live.clone()))
                || matches!(
                    (same::tokens(declared), same::tokens(live)),
                    (Some(declared), Some(live)) if aligned(&declared, &live, names)
                )
        }
        // Lists may be in the order of names.
        (Value::Array(declared), Value::Array(live)) => {
            let mut rest: Vec<&Value> = live.iter().collect();
            declared.len() == live.len()
                && declared.iter().all(|d| {
                    let at = rest.iter().position(|l| alike(d, l, names));
                    at.map(|at| rest.remove(at)).is_some()
                })
        }
        _ => declared == live,
    }
}

/// Whether two texts differ only by names that stand for each other. A renamed
/// column that keeps its name in a view reads `now AS before` there.
pub(super) fn aligned(
    declared: &[String],
    live: &[String],
    names: &HashSet<(String, String)>,
) -> bool {
    let (mut d, mut l) = (0, 0);
    let is_as = |tokens: &[String], at: usize, name: &String| {
        tokens.get(at).is_some_and(|t| t == "AS") && tokens.get(at + 1) == Some(name)
    };
    while let (Some(was), Some(now)) = (declared.get(d), live.get(l)) {
        if was != now && !names.contains(&(was.clone(), now.clone())) {
            return false;
        }
        (d, l) = (d + 1, l + 1);
        if was != now {
            if is_as(live, l, was) && !is_as(declared, d, was) {
                l += 2;
            } else if is_as(declared, d, now) && !is_as(live, l, now) {
                d += 2;
            }
        }
    }
    d == declared.len() && l == live.len()
}
