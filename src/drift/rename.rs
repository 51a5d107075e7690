//! Objects that are called otherwise than they are declared: shown as renames,
//! for what is in them is still there. Nothing is guessed from likeness: the
//! record has to tell how each came by its name.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::model::mend::{Mend, Phase, RELATIONS, Side, Step};
use crate::model::table::{self, LEFT};
use crate::model::{self, Attrs, Identity, Kind, Model, Object, Scope, sql};

use super::{ChangeKind, Difference, Lives, compared, same, statements};

/// What the record says of a name.
#[derive(Debug)]
pub struct Event {
    /// The number of its row.
    pub id: i64,
    /// The first row of its statement.
    pub statement: i64,
    /// The object, as it was called afterwards.
    pub object: String,
    /// What it was called before; None where it was made or dropped.
    pub formerly: Option<String>,
    /// The record's word for it.
    pub object_type: String,
    /// Whether it was dropped.
    pub drops: bool,
}

/// One object that is called otherwise than declared.
#[derive(Debug)]
struct Rename {
    kind: &'static Kind,
    declared: Identity,
    live: Identity,
    caused_by: Option<i64>,
    /// Whether it moves to its schema with its table: an index, an owned sequence.
    with_table: bool,
}

/// A label of an enum or an attribute of a composite type that is called
/// otherwise than declared: parts that are no objects of their own.
#[derive(Debug)]
struct PartOfType {
    kind: &'static Kind,
    /// The type's name and the part's.
    declared: Identity,
    live: Identity,
    caused_by: Option<i64>,
}

impl PartOfType {
    /// What their list says of the live type, or of what is part of it, by name.
    fn rename(&self, value: &mut Value) {
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

    fn step(&self) -> Step {
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

/// All objects that are called otherwise than declared.
#[derive(Debug, Default)]
pub struct Renames {
    /// What each live object is declared as: also what is called otherwise
    /// only because that is which it is part of.
    declared_as: HashMap<(&'static str, Identity), Identity>,
    /// The same for what others are part of, by name alone.
    around: HashMap<Identity, Identity>,
    live_as: HashMap<Identity, Identity>,
    /// The same as SQL writes it; functions may be called as a table is.
    pairs: HashMap<String, String>,
    routines: HashMap<String, String>,
    schemas: Vec<(String, String)>,
    servers: Vec<(String, String)>,
    /// Declared and live names that stand for each other.
    alike: HashSet<(String, String)>,
    /// What a text must hold to speak of any of them.
    words: HashSet<String>,
    /// Those with a difference of their own; what others are part of first.
    own: Vec<Rename>,
    /// After the types that they are part of.
    of_types: Vec<PartOfType>,
}

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

/// Kinds whose objects share one name space, with that of relations.
const TYPES: [&str; 5] = ["enum", "composite", "range", "domain", "base type"];

impl Renames {
    /// Finds them. `events` are what the record says of the names of what is
    /// live and not declared, the newest first; `counts` says which objects
    /// are managed.
    pub fn find(
        declared: &Model,
        live: &Model,
        events: &[Event],
        counts: impl Fn(&Object) -> bool,
    ) -> Renames {
        let key = |o: &Object| (o.kind.name, o.identity.clone());
        let there: HashSet<_> = live.objects.iter().map(key).collect();
        let mut missing: HashSet<_> =
            declared.objects.iter().filter(|o| counts(o)).map(key).collect();
        let mut extra: Vec<&Object> = Vec::new();
        for object in live.objects.iter().filter(|o| counts(o)) {
            if !missing.contains(&key(object)) {
                extra.push(object);
            }
        }
        missing.retain(|key| !there.contains(key));

        let lives = Lives::new(events);
        let mut renames = Renames::default();
        let (side, declared_side) = (Side::new(live), Side::new(declared));
        // What others are part of comes first.
        extra.sort_by_key(|o| o.identity.parts.len());
        // A partition's index is known by others' names.
        for object in extra.iter().filter(|o| o.kind.name != "partition index") {
            let former = trace(&object.identity, object.kind.object_type, &lives);
            // The newest of its names that is declared: further back it may
            // have had others of those. What is part of a table stays in it,
            // whatever else is called as the table was.
            let around = (object.identity.parts.len() == 3)
                .then(|| (object.kind.parent)(object))
                .flatten()
                .map(|table| renames.name(&table));
            // A name that something else there has can't be given back.
            let taken = |was: &Identity| match object.identity.parts.len() {
                2 if RELATIONS.contains(&object.kind.name) => {
                    RELATIONS.iter().any(|kind| there.contains(&(kind, was.clone())))
                }
                // Types may exchange their names.
                2 if TYPES.contains(&object.kind.name) => {
                    let others = TYPES.iter().chain(&RELATIONS).filter_map(|kind| {
                        (*kind != object.kind.name).then(|| side.named(kind, was)).flatten()
                    });
                    others.into_iter().any(|other| {
                        let moves = |(was, _)| missing.contains(&(other.kind.name, was));
                        !renames.declared_as.contains_key(&key(other))
                            && !trace(&other.identity, other.kind.object_type, &lives)
                                .into_iter()
                                .any(moves)
                    })
                }
                3 if was.name() != object.identity.name() => {
                    let table = object.identity.prefix(2);
                    let has = |table: &Identity| {
                        there.contains(&(object.kind.name, table.part(was.name())))
                    };
                    // A column gets its name in all children.
                    has(&table)
                        || object.kind.name == "column"
                            && side.below(&table).into_iter().any(|heir| has(&heir.identity))
                }
                _ => false,
            };
            let declared = former.into_iter().find_map(|(mut was, cause)| {
                was.args = was.args.map(|args| renames.rewritten(&args));
                let is_it = around.as_ref().is_none_or(|table| was.prefix(2) == *table)
                    && !taken(&was)
                    && missing.contains(&(object.kind.name, was.clone()));
                is_it.then_some((was, cause))
            });
            if let Some((was, caused_by)) = declared {
                missing.remove(&(object.kind.name, was.clone()));
                let live = object.identity.clone();
                renames.insert(object.kind.name, &live, &was);
                let (kind, declared) = (object.kind, was);
                renames.own.push(Rename { kind, declared, live, caused_by, with_table: false });
            }
        }
        renames.find_parts_of_types(&side, &declared_side, &lives, &counts);
        if renames.is_empty() {
            return renames;
        }
        let mut again = true;
        // Parents before children, however deep.
        while again {
            again = false;
            for object in &extra {
                if renames.declared_as.contains_key(&key(object)) {
                    continue;
                }
                let live = &object.identity;
                let follows = renames.follows(object, &side).map(|was| (was, None));
                let left = || {
                    let (was, cause) = renames.followed(object, &declared_side, events)?;
                    Some((was, Some(cause)))
                };
                let Some((was, alone)) = follows.or_else(left) else { continue };
                if missing.remove(&(object.kind.name, was.clone())) {
                    renames.insert(object.kind.name, live, &was);
                    renames.words.insert(live.name().to_owned());
                    again = true;
                    if let Some(caused_by) = alone {
                        let (kind, live, declared) = (object.kind, live.clone(), was);
                        let with_table = false;
                        renames.own.push(Rename { kind, declared, live, caused_by, with_table });
                    }
                }
            }
        }
        // What isn't declared goes along, too.
        for object in &extra {
            let was = renames.identity(object);
            if was != object.identity {
                renames.live_as.entry(was).or_insert_with(|| object.identity.clone());
            }
        }
        let mut own = std::mem::take(&mut renames.own);
        for rename in &mut own {
            let moves = |object| renames.schema_with_table(object);
            let schema = side.get(rename.kind, &rename.live).and_then(moves);
            rename.with_table = schema.as_ref() == rename.declared.parts.first();
        }
        // What only goes along with that which it is part of is no row.
        own.retain(|r| !renames.is_carried(r));
        own.sort_by_key(|r| r.live.parts.len());
        renames.words.extend(own.iter().map(|r| r.live.name().to_owned()));
        renames.own = own;
        renames
    }

    /// Labels and attributes of types that both sides have.
    fn find_parts_of_types(
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

    fn stand_for_each_other(&mut self, was: &str, now: &str) {
        self.alike.insert((was.to_owned(), now.to_owned()));
        self.alike.insert((sql::ident(was), sql::ident(now)));
    }

    fn insert(&mut self, kind: &'static str, live: &Identity, declared: &Identity) {
        const AROUND: [&str; 9] = [
            "schema",
            "table",
            "foreign table",
            "view",
            "materialized view",
            "sequence",
            "domain",
            "enum",
            "composite",
        ];
        if AROUND.contains(&kind) {
            self.around.insert(live.clone(), declared.clone());
        }
        if kind == "schema" {
            self.schemas.push((sql::ident(live.name()), sql::ident(declared.name())));
        }
        if kind == "foreign server" {
            self.servers.push((live.name().to_owned(), declared.name().to_owned()));
        }
        if live.parts.len() == 2 {
            let pairs = match live.args {
                Some(_) => &mut self.routines,
                None => &mut self.pairs,
            };
            pairs.insert(sql::qualified(&live.parts), sql::qualified(&declared.parts));
        }
        if live.name() != declared.name() {
            self.stand_for_each_other(declared.name(), live.name());
        }
        self.live_as.insert(declared.clone(), live.clone());
        self.declared_as.insert((kind, live.clone()), declared.clone());
    }

    pub fn is_empty(&self) -> bool {
        self.declared_as.is_empty() && self.of_types.is_empty()
    }

    /// What a live object that the record doesn't name is declared as, by that
    /// which took it along.
    fn follows(&self, object: &Object, side: &Side) -> Option<Identity> {
        let identity = &object.identity;
        if object.kind.name == "column" {
            // A column's name comes down from its table's parents, or from its type.
            let table = identity.prefix(2);
            if let Some(part) = self.of_types.iter().find(|p| p.live.name() == identity.name())
                && side.relation(&table)?.attrs().text("of_type")
                    == Some(part.live.prefix(2).sql().as_str())
            {
                return Some(self.name(&table).part(part.declared.name()));
            }
            return side.parents(&table).into_iter().find_map(|mut parent| {
                parent.parts.push(identity.name().to_owned());
                let was = self.declared_as.get(&("column", parent))?;
                let mut own = self.name(&table);
                own.parts.push(was.name().to_owned());
                Some(own)
            });
        }
        if let Some(args) = &identity.args {
            let was = self.identity(object);
            return (was.args.as_ref() != Some(args)).then_some(was);
        }
        if object.kind.name == "partition index" {
            let was = self.identity(object);
            return (was != *identity).then_some(was);
        }
        match (object.kind.name, identity.parts.as_slice()) {
            ("user mapping", [name]) => {
                return self.servers.iter().find_map(|(now, was)| {
                    let whose = name.strip_suffix(&format!(" on server {now}"))?;
                    Some(Identity::new([format!("{whose} on server {was}")]))
                });
            }
            ("default privileges", [role, on, schema]) => {
                let was = self.around.get(&Identity::new([schema]))?;
                return Some(Identity::new([role, on, &was.parts[0]]));
            }
            _ => {}
        }
        let schema = self.schema_with_table(object)?;
        Some(Identity::new([schema, identity.name().to_owned()]))
    }

    /// The same for a column of a table that has left its parent since, and has
    /// to get the name back by itself.
    fn followed(
        &self,
        object: &Object,
        declared: &Side,
        events: &[Event],
    ) -> Option<(Identity, Option<i64>)> {
        if object.kind.name != "column" {
            return None;
        }
        let mut own = self.name(&object.identity.prefix(2));
        let parents = declared.parents(&own);
        let (column, was) = parents.into_iter().find_map(|parent| {
            let mut column = self.live_as.get(&parent).cloned().unwrap_or(parent);
            column.parts.push(object.identity.name().to_owned());
            let was = self.declared_as.get(&("column", column.clone()))?;
            Some((column, was))
        })?;
        own.parts.push(was.name().to_owned());
        // It may have been dropped, and this be another one.
        let name = own.to_string();
        let gone = events.iter().any(|e| e.object == name && e.formerly.is_none());
        let above = self.own.iter().find(|r| r.kind == object.kind && r.live == column);
        (!gone).then(|| (own, above.and_then(|r| r.caused_by)))
    }

    fn is_carried(&self, rename: &Rename) -> bool {
        let n = rename.live.parts.len() - 1;
        n > 0
            && rename.live.name() == rename.declared.name()
            && (rename.with_table || self.name(&rename.live.prefix(n)) == rename.declared.prefix(n))
    }

    /// What a table, view, type … or a schema of that name is declared as.
    fn name(&self, live: &Identity) -> Identity {
        if let Some(was) = self.around.get(live) {
            return was.clone();
        }
        let mut was = live.clone();
        if live.parts.len() > 1 {
            was.parts[0] = self.name(&live.prefix(1)).parts.remove(0);
        }
        was
    }

    /// What an object is declared as, or would be.
    fn identity(&self, object: &Object) -> Identity {
        let live = &object.identity;
        if let Some(was) = self.declared_as.get(&(object.kind.name, live.clone())) {
            return was.clone();
        }
        let mut was = live.clone();
        if was.parts.len() > 1 {
            let n = was.parts.len() - 1;
            let around = self.name(&live.prefix(n)).parts;
            was.parts.splice(..n, around);
        }
        was.args = was.args.map(|args| self.rewritten(&args));
        if let Some(index) = self.topmost_index(object) {
            was.parts[2] = index;
        }
        if was == *live
            && let Some(schema) = self.schema_with_table(object)
        {
            was.parts[0] = schema;
        }
        was
    }

    /// Indexes and owned sequences move with their table: the schema that this
    /// one's table is declared in, where that is another one.
    fn schema_with_table(&self, object: &Object) -> Option<String> {
        let [schema, _] = object.identity.parts.as_slice() else { return None };
        if !matches!(object.kind.name, "index" | "sequence") {
            return None;
        }
        let table = (object.kind.parent)(object)?.prefix(2);
        let declared = self.name(&table).parts.into_iter().next()?;
        (*schema == table.parts[0] && declared != *schema).then_some(declared)
    }

    /// What the index above a partition's is declared as, where it is called otherwise.
    fn topmost_index(&self, object: &Object) -> Option<String> {
        if object.kind.name != "partition index" {
            return None;
        }
        let key = object.attrs().identity("_root")?;
        let index = key.beside(key.name());
        let was = self.declared_as.get(&("index", index));
        was.or_else(|| self.declared_as.get(&("constraint", key))).map(|was| was.name().to_owned())
    }

    /// What an object that is declared so is really called.
    pub fn live_name(&self, declared: &Identity) -> Option<Identity> {
        self.live_as.get(declared).cloned().or_else(|| {
            let n = declared.parts.len().checked_sub(1).filter(|n| *n > 0)?;
            let mut name = self.live_as.get(&declared.prefix(n))?.clone();
            name.parts.push(declared.name().to_owned());
            name.args.clone_from(&declared.args);
            Some(name)
        })
    }

    /// Partitions that hold rows by labels that are called otherwise. Their
    /// bounds say labels without the type.
    fn bounds_by_labels(&self, live: &Model) -> HashMap<Identity, Vec<&PartOfType>> {
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

    /// Text in which qualified names, and the labels of enums, are those of the
    /// declared schema.
    fn rewritten(&self, text: &str) -> String {
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

    fn with_declared_names(&self, text: &str) -> String {
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

    /// A row for each; `live` is what `apply` has dealt with. They come before
    /// all others, whose SQL uses the declared names.
    pub fn differences(&self, live: &Model) -> Vec<Difference> {
        let side = Side::new(live);
        // All of them before the first column.
        let mut leave: Vec<Step> = side
            .all("table")
            .filter(|t| t.attributes.get().contains(LEFT))
            .flat_map(|t| {
                let parents = t.attrs().identities(LEFT);
                parents
                    .into_iter()
                    .map(|parent| Step { phase: Phase::Rename, ..table::leave(t, &parent) })
            })
            .collect();
        // Types whose names are needed before their own turn comes.
        let is_type = |r: &&Rename| TYPES.contains(&r.kind.name);
        let mut waiting: HashMap<Identity, &Rename> =
            self.own.iter().filter(is_type).map(|r| (self.in_its_schema(r), r)).collect();
        let mut aside: HashSet<&Identity> = HashSet::new();
        self.own
            .iter()
            .filter_map(|r| {
                let object = side.get(r.kind, &r.declared)?;
                let mut steps = Vec::new();
                if is_type(&r) {
                    waiting.remove(&self.in_its_schema(r));
                    if let Some(other) = waiting.get(&r.declared)
                        && let Some(object) = side.get(other.kind, &other.declared)
                        && aside.insert(&other.live)
                    {
                        let object = self.now(other, object, other.live.name());
                        let sql = model::rename(&object, &set_aside(other.live.name()));
                        steps.push(Step::new(Phase::Rename, sql));
                    }
                }
                let own = match aside.contains(&r.live) {
                    true => set_aside(r.live.name()),
                    false => r.live.name().to_owned(),
                };
                steps.extend(self.steps(r, object, &own));
                if r.kind.name == "column" {
                    steps.splice(0..0, std::mem::take(&mut leave));
                }
                Some(Difference {
                    kind: r.kind,
                    identity: r.declared.clone(),
                    change: ChangeKind::Changed,
                    attribute: Some("name".to_owned()),
                    declared: Some(r.declared.to_string()),
                    actual: Some(r.live.to_string()),
                    severity: r.kind.missing,
                    unmanaged: false,
                    data_loss: false,
                    fix: statements(steps.iter()),
                    mend: Mend::steps(steps),
                    renamed_by: r.caused_by,
                })
            })
            .chain(self.of_types.iter().map(|p| {
                let steps = vec![p.step()];
                Difference {
                    kind: p.kind,
                    identity: p.declared.clone(),
                    change: ChangeKind::Changed,
                    attribute: Some("name".to_owned()),
                    declared: Some(p.declared.to_string()),
                    actual: Some(p.live.to_string()),
                    severity: p.kind.missing,
                    unmanaged: false,
                    data_loss: false,
                    fix: statements(steps.iter()),
                    mend: Mend::steps(steps),
                    renamed_by: p.caused_by,
                }
            }))
            .collect()
    }

    /// A type as it is called in the schema that it is declared in, or would be.
    fn in_its_schema(&self, rename: &Rename) -> Identity {
        self.name(&rename.live.prefix(1)).part(rename.live.name())
    }

    /// An object under the name that it has at that point.
    fn now(&self, rename: &Rename, object: &Object, own: &str) -> Object {
        let mut identity = rename.declared.clone();
        let n = identity.parts.len() - 1;
        identity.parts[n] = own.to_owned();
        if n == 1 && !rename.with_table {
            identity.parts[0] = self.name(&rename.live.prefix(1)).parts.remove(0);
        }
        let attributes = object.attributes.clone();
        Object { kind: object.kind, identity, attributes, address: None }
    }

    fn steps(&self, rename: &Rename, object: &Object, own: &str) -> Vec<Step> {
        let mut now = self.now(rename, object, own);
        let mut steps = Vec::new();
        let schema = &rename.declared.parts[0];
        if now.identity.parts.len() == 2 && now.identity.parts[0] != *schema {
            let sql_name = (now.kind.sql_name)(&now);
            steps.push(format!("ALTER {sql_name} SET SCHEMA {}", sql::ident(schema)));
            now.identity.parts[0].clone_from(schema);
        }
        if own != rename.declared.name() {
            steps.push(model::rename(&now, rename.declared.name()));
        }
        steps.into_iter().map(|sql| Step::new(Phase::Rename, sql)).collect()
    }
}

/// What something is called while another one takes its name.
fn set_aside(name: &str) -> String {
    format!("{name}__old")
}

/// What something was called, the last first, and the row that gave it its
/// own name.
fn trace(identity: &Identity, object_type: &str, lives: &Lives) -> Vec<(Identity, Option<i64>)> {
    // Those are called after what they are for.
    if matches!(object_type, "user mapping" | "default privileges") {
        return Vec::new();
    }
    let spans = lives.names(identity, object_type);
    // What gave it its own name, or else the name of what it is in.
    let (mut own, mut around) = (None, None);
    let former = spans.iter().zip(spans.iter().skip(1)).map(|(span, former)| {
        let cause = if span.itself { &mut own } else { &mut around };
        *cause = cause.or(span.came);
        (former.name.clone(), own.or(around))
    });
    former.collect()
}

/// A text with another literal in place of one; not in place of the end of a
/// longer one, or of one that is cast to something of a longer name.
fn replaced(text: &str, literal: &str, by: &str) -> String {
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
fn with_elements(text: &str, of: &str, element: &str, by: &str) -> String {
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

/// Whether two values differ only by names that stand for each other.
fn alike(declared: &Value, live: &Value, names: &HashSet<(String, String)>) -> bool {
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
fn aligned(declared: &[String], live: &[String], names: &HashSet<(String, String)>) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::compare;
    use crate::drift::tests::{INT, column, model, object, table};

    fn event(id: i64, formerly: Option<&str>, object: &str) -> Event {
        Event {
            id,
            statement: id,
            object: object.to_owned(),
            formerly: formerly.map(str::to_owned),
            object_type: if object.matches('.').count() == 2 { "column" } else { "table" }
                .to_owned(),
            drops: false,
        }
    }

    /// The newest comes first, as the record is read.
    fn found(declared: &[String], live: &[String], events: &[Event]) -> Vec<String> {
        let (declared, mut live) = (model(declared), model(live));
        let renames = Renames::find(&declared, &live, events, |_| true);
        if !renames.is_empty() {
            renames.apply(&declared, &mut live);
        }
        let mut rows = renames.differences(&live);
        rows.extend(compare(&declared, &live));
        let row = |d: &Difference| match d.renamed_by {
            Some(id) => format!("{id}: {}", d.fix),
            None => format!("{} {}", d.object(), d.change.as_str()),
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn a_table_and_what_is_part_of_it() {
        let declared = [table("users", ""), column("users", "id", INT)];
        let live = [table("people", ""), column("people", "id", INT), column("people", "x", INT)];
        let renamed = [event(5, Some("public.users"), "public.people")];
        assert_eq!(
            found(&declared, &live, &renamed),
            ["5: ALTER TABLE public.people RENAME TO users;", "public.users.x extra"]
        );
        // Likeness proves nothing.
        assert_eq!(found(&declared, &live, &[]).len(), 2);
        // It was dropped, and another one made.
        let again = [
            event(7, None, "public.people"),
            event(6, None, "public.people"),
            event(5, Some("public.users"), "public.people"),
        ];
        assert_eq!(found(&declared, &live, &again).len(), 2);
    }

    #[test]
    fn one_after_the_other() {
        let declared = [table("a", ""), column("a", "x", INT)];
        let live = [table("c", ""), column("c", "y", INT)];
        let events = || {
            [
                event(9, Some("public.b"), "public.c"),
                event(8, Some("public.b.x"), "public.b.y"),
                event(7, Some("public.a"), "public.b"),
            ]
        };
        assert_eq!(
            found(&declared, &live, &events()),
            [
                "9: ALTER TABLE public.c RENAME TO a;",
                "8: ALTER TABLE public.a RENAME COLUMN y TO x;"
            ]
        );
        // What was called c is called otherwise since.
        let left: Vec<Event> =
            [event(10, Some("public.c"), "public.d")].into_iter().chain(events()).collect();
        assert_eq!(found(&declared, &live, &left).len(), 2);
        // The column that was called x is gone.
        let gone: Vec<Event> =
            [event(10, None, "public.c.y")].into_iter().chain(events()).collect();
        assert_eq!(
            found(&declared, &live, &gone),
            ["9: ALTER TABLE public.c RENAME TO a;", "public.a.x missing", "public.a.y extra"]
        );
    }

    #[test]
    fn what_was_called_otherwise_before_it_was_declared() {
        let declared = [table("users", ""), column("users", "email", INT)];
        let live = [table("users", ""), column("users", "mail", INT)];
        let events = [
            event(6, Some("public.users.email"), "public.users.mail"),
            event(5, Some("public.people"), "public.users"),
        ];
        assert_eq!(
            found(&declared, &live, &events),
            ["6: ALTER TABLE public.users RENAME COLUMN mail TO email;"]
        );
    }

    #[test]
    fn what_speaks_of_it_is_as_declared() {
        let view = |name: &str, column: &str| {
            let text = format!("SELECT {name}.{column} FROM public.{name} WHERE ({name}.id > 1)");
            object("view", &["public", "v"], &format!(r#"{{"definition":"{text}"}}"#))
        };
        let of = |name: &str, mail: &str, column_: &str| {
            vec![
                table(name, ""),
                column(name, mail, INT),
                column(
                    name,
                    "id",
                    r#"{"type":"integer","default":"nextval('public.s'::regclass)"}"#,
                ),
                view(name, column_),
            ]
        };
        let events = [
            event(6, Some("public.people.email"), "public.people.mail"),
            event(5, Some("public.users"), "public.people"),
        ];
        let declared = of("users", "email", "email");
        assert_eq!(found(&declared, &of("people", "mail", "mail AS email"), &events).len(), 2);
        let other = found(&declared, &of("people", "mail", "id"), &events);
        assert_eq!(other[2..], ["public.v changed"]);
    }

    #[test]
    fn names_follow_and_words_do_not() {
        let with = |table_: &str, body: &str| {
            vec![
                table(table_, ""),
                object("function", &["public", "f"], &format!(r#"{{"body":"{body}"}}"#)),
            ]
        };
        let events = [event(5, Some("public.users"), "public.people")];
        let declared = with("users", "TABLE public.users");
        assert_eq!(found(&declared, &with("people", "TABLE public.users"), &events).len(), 1);
        assert_eq!(found(&declared, &with("people", "TABLE public.people"), &events).len(), 2);
    }

    #[test]
    fn tokens_stand_for_each_other() {
        let names = [("email", "mail"), ("users", "people")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into();
        let alike = |a: &str, b: &str| {
            let value = |s: &str| Value::String(s.to_owned());
            alike(&value(a), &value(b), &names)
        };
        assert!(alike("(email ~~ '%@%'::text)", "(mail ~~ '%@%'::text)"));
        assert!(alike("SELECT users.email FROM x", "SELECT people.mail AS email FROM x"));
        assert!(alike("SELECT users.email AS mail FROM x", "SELECT people.mail FROM x"));
        assert!(!alike("(mail > 1)", "(email > 1)"));
        assert!(!alike("('email' = x)", "('mail' = x)"));
        assert!(!alike("(email > 1)", "(mail > 2)"));
        assert!(!alike("SELECT users.email", "SELECT people.mail AS other"));
    }

    #[test]
    fn labels_and_attributes() {
        let mood = |labels: &str| {
            object("enum", &["public", "mood"], &format!(r#"{{"labels":[{labels}]}}"#))
        };
        let of = |default: &str| {
            column("t", "m", &format!(r#"{{"type":"public.mood","default":"{default}"}}"#))
        };
        let declared = [mood(r#""sad","ok""#), table("t", ""), of("'sad'::public.mood")];
        let live = [mood(r#""blue","ok""#), table("t", ""), of("'blue'::public.mood")];
        let renamed = event(5, Some("public.mood.sad"), "public.mood.blue");
        assert_eq!(
            found(&declared, &live, &[renamed]),
            ["5: ALTER TYPE public.mood RENAME VALUE 'blue' TO 'sad';"]
        );
        // The type was made again since.
        let again =
            [event(7, None, "public.mood"), event(5, Some("public.mood.sad"), "public.mood.blue")];
        assert_eq!(found(&declared, &live, &again), ["public.mood changed", "public.t.m changed"]);
        // Another text that says the same is another text.
        let live = [mood(r#""blue","ok""#), table("t", ""), of("'blue'::text")];
        let renamed = event(5, Some("public.mood.sad"), "public.mood.blue");
        assert_eq!(found(&declared, &live, &[renamed]).len(), 2);

        let pair = |name: &str| {
            let attributes = format!(r#"{{"attributes":["{name} integer"],"_names":["{name}"]}}"#);
            object("composite", &["public", "pair"], &attributes)
        };
        let renamed = event(5, Some("public.pair.a"), "public.pair.b");
        assert_eq!(
            found(&[pair("a")], &[pair("b")], &[renamed]),
            ["5: ALTER TYPE public.pair RENAME ATTRIBUTE b TO a CASCADE;"]
        );
    }

    #[test]
    fn literals() {
        assert_eq!(
            replaced("'x''a'::t = 'a'::t OR 'a'::tt", "'a'::t", "'b'::t"),
            "'x''a'::t = 'b'::t OR 'a'::tt"
        );
        assert_eq!(
            with_elements("x = ANY ('{a,ab,a}'::t[])", "t", "a", "b"),
            "x = ANY ('{b,ab,b}'::t[])"
        );
        assert_eq!(with_elements("'{a,\"a b\"}'::t[]", "t", "a", "b"), "'{a,\"a b\"}'::t[]");
    }
}
