//! Objects that are called otherwise than they are declared: shown as renames,
//! for what is in them is still there. Nothing is guessed from likeness: the
//! record has to tell how each came by its name.

mod exchange;
mod live;
mod rows;
#[cfg(test)]
mod tests;
mod type_parts;

use std::collections::{HashMap, HashSet};

use crate::model::mend::{RELATIONS, Side};
use crate::model::{Identity, Kind, Model, Object, sql};

use super::Lives;
use type_parts::PartOfType;

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

/// Kinds whose objects share one name space, with that of relations.
const TYPES: [&str; 5] = ["enum", "composite", "range", "domain", "base type"];

impl Renames {
    /// Finds them. `events` are what the record says of the names of what is
    /// live and not declared, the newest first; `counts` says which objects
    /// are managed, `since` with which row the record goes on after the
    /// declaration.
    pub fn find(
        declared: &Model,
        live: &Model,
        events: &[Event],
        since: impl Fn() -> i64,
        counts: impl Fn(&Object) -> bool,
    ) -> Renames {
        let key = |o: &Object| (o.kind.name, o.identity.clone());
        let mut there: HashSet<_> = live.objects.iter().map(key).collect();
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
        for column in exchange::columns(&declared_side, &side, &lives, &since, &counts) {
            there.remove(&key(column));
            missing.insert(key(column));
            extra.push(column);
        }
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
