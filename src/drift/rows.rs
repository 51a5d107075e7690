//! The rows' own fixes: each can be run once those of the rows before it are.

use std::collections::{HashMap, HashSet};

use crate::model::mend::{Mend, Phase, Step};
use crate::model::{Identity, Object, column, facet, materialized_view, sql, table};

use super::users::Users;
use super::{ChangeKind, Comparison, Found, statements};

/// What stands in a later row, for it needs what that row makes.
enum Later<'m> {
    Step(Step),
    /// A user that had to make way.
    Make(&'m Object),
}

pub(super) struct Rows<'c, 'm> {
    of: &'c Comparison<'m>,
    users: Users<'c, 'm>,
    /// Of what is as declared by then.
    users_to_be: Users<'c, 'm>,
    /// Declared objects that rows to come make.
    pending: HashSet<Identity>,
    /// Columns whose types rows to come change.
    retyped: HashSet<Identity>,
    /// Live objects that rows to come drop and make again.
    anew: HashSet<(&'static str, Identity)>,
    /// Live objects that rows have dropped.
    gone: HashSet<(&'static str, Identity)>,
    /// What frees children of a table that aren't to be children of it.
    leaving: HashMap<Identity, Vec<Step>>,
    /// How rows have freed tables of parents.
    left: HashSet<String>,
    /// Declared objects that rows have made anew, with all that is theirs.
    made: HashSet<Identity>,
    /// Live objects that came to their table with its own row.
    taken: HashSet<(&'static str, Identity)>,
    /// Materialized views that rows to come fill, with what they read.
    fills: Vec<(Identity, HashSet<Identity>)>,
    /// What comes at the end of the row.
    last: Vec<Step>,
    put_off: HashMap<Identity, Vec<Later<'m>>>,
}

impl<'c, 'm> Rows<'c, 'm> {
    pub fn new(of: &'c Comparison<'m>, rows: &[(Found<'m>, Mend)]) -> Self {
        let missing = rows.iter().filter(|(f, _)| f.change == ChangeKind::Missing);
        let retyped = rows.iter().filter(|(f, _)| is_retyped(f));
        let anew = rows.iter().filter(|(f, mend)| of.makes_anew(f.live, f.change, mend));
        let mut leaving: HashMap<Identity, Vec<Step>> = HashMap::new();
        let inherits = |f: &Found| matches!(f.attribute, Some("inherits" | "partition_of"));
        for child in rows.iter().filter(|(f, _)| inherits(f)).filter_map(|(f, _)| f.live) {
            let stay = of.declared.parents(&child.identity);
            for parent in of.live.parents(&child.identity) {
                if !stay.contains(&parent)
                    && let Some(step) = table::leave_now(child, &parent)
                {
                    leaving.entry(parent).or_default().push(step);
                }
            }
        }
        let fills = rows.iter().filter(|(f, mend)| {
            f.change == ChangeKind::Missing || of.makes_anew(f.live, f.change, mend)
        });
        Rows {
            of,
            users: Users::new(&of.live),
            users_to_be: Users::new(&of.declared),
            pending: missing.map(|(f, _)| f.identity().clone()).collect(),
            retyped: retyped.map(|(f, _)| f.identity().clone()).collect(),
            anew: anew.map(|(f, _)| (f.kind.name, f.identity().clone())).collect(),
            gone: HashSet::new(),
            leaving,
            left: HashSet::new(),
            made: HashSet::new(),
            taken: HashSet::new(),
            fills: fills.filter_map(|(f, _)| filled(f.declared?, of)).collect(),
            last: Vec::new(),
            put_off: HashMap::new(),
        }
    }

    /// The fix of the next row.
    pub fn fix(&mut self, f: &Found<'m>, mend: &Mend) -> String {
        let key = (f.kind.name, f.identity().clone());
        let identity = &key.1;
        // It had to make way, and comes back as declared.
        if f.change == ChangeKind::Changed
            && (self.anew.contains(&key)
                && (self.pending.contains(identity) || f.live.is_some_and(|o| self.is_gone(o)))
                || self.is_put_off(f.kind.name, identity))
            && !self.of.makes_anew(f.live, f.change, mend)
        {
            return "-- it is made anew by a row below".to_owned();
        }
        if f.change == ChangeKind::Changed
            && self.made.contains(identity)
            && !self.of.makes_anew(f.live, f.change, mend)
        {
            return "-- it was made anew by a row above".to_owned();
        }
        if self.taken.contains(&key) {
            return "-- made with its table, by a row above".to_owned();
        }
        let part_of = f.declared.or(f.live).and_then(|o| (o.kind.parent)(o));
        if let Some(view) = part_of
            && ["view", "materialized view"].iter().any(|k| self.anew.contains(&(k, view.clone())))
        {
            return format!("-- made with {view}, by a row below");
        }
        if self.of.makes_anew(f.live, f.change, mend) && self.anew.remove(&key) {
            self.made.insert(identity.clone());
        }
        if self.pending.remove(identity) || self.made.contains(identity) {
            self.fills.retain(|(view, _)| view != identity);
        }
        if is_retyped(f) {
            self.retyped.remove(identity);
        }
        let mut steps = Vec::new();
        let mut after = Vec::new();
        // What is to leave a table has no part in what comes of its columns.
        if matches!(f.kind.name, "column" | "constraint") {
            for step in self.leaving.get(&identity.prefix(2)).cloned().unwrap_or_default() {
                self.step(step, false, &mut steps);
            }
        }
        let users = self.users.of(&mend.clears);
        // A view that was made anew is in the way of what it has used since.
        let made: Vec<&'m Object> = match self.made.is_empty() || mend.clears.is_empty() {
            true => Vec::new(),
            false => self.users_to_be.of(&mend.clears),
        };
        let again = |o: &&Object| {
            o.kind.name.ends_with("view")
                && self.made.contains(&o.identity)
                && !users.iter().any(|u| u.kind == o.kind && u.identity == o.identity)
        };
        let made: Vec<&'m Object> = made.into_iter().filter(again).collect();
        for view in made {
            steps.splice(0..0, (view.kind.drop)(view, &self.of.declared).steps);
            self.make(view, &mut after);
        }
        for user in users {
            if user.identity == *identity || self.is_gone(user) {
                continue;
            }
            steps.splice(0..0, (user.kind.drop)(user, &self.of.live).steps);
            match self.of.declared.get(user.kind, &user.identity) {
                // Its own row comes.
                Some(_) if self.anew.contains(&(user.kind.name, user.identity.clone())) => {
                    self.pending.insert(user.identity.clone());
                }
                Some(declared) => self.make(declared, &mut after),
                None if f.change == ChangeKind::Changed => {
                    after.extend(facet::make(user, &self.of.live));
                }
                None => {}
            }
        }
        let makes = |s: &Step| !s.sql.starts_with("--");
        if let Some(object) = f.declared.filter(|_| f.change == ChangeKind::Missing)
            && mend.steps.iter().any(makes)
            && (object.kind.parent)(object).is_some_and(|parent| self.made.contains(&parent))
        {
            steps.extend((object.kind.drop)(object, &self.of.declared).steps);
        }
        if let Some(whole) = f.declared.filter(|_| f.change == ChangeKind::Missing) {
            self.take_parts(whole, &mut steps);
        }
        let mut own = mend.steps.clone();
        if let Some(object) = f.declared {
            self.lend_later(object, &mut own);
        }
        for step in own {
            self.step(step, f.kind.name == "sequence", &mut steps);
        }
        steps.append(&mut after);
        steps.append(&mut self.last);
        self.with(identity, &mut steps);
        if f.change == ChangeKind::Extra || f.attribute == Some("partition_key") {
            self.gone.insert(key.clone());
        }
        self.speak_of_what_is_not_there(&mut steps);
        statements(steps.iter())
    }

    /// The server looks into bodies of functions, which may name what is made
    /// only later, or not at all.
    fn speak_of_what_is_not_there(&self, steps: &mut Vec<Step>) {
        let declared = &self.of.declared.model;
        let named = |identity: &Identity, name: &str| {
            identity.parts.len() == 2 && sql::qualified(&identity.parts) == name
        };
        // Of what stands in other schemas nothing is known.
        let ours: Vec<String> =
            declared.schemas.iter().map(|s| format!("{}.", sql::ident(s))).collect();
        let not_there = |name: &str| {
            ours.iter().any(|schema| name.starts_with(schema))
                && (self.pending.iter().any(|p| named(p, name))
                    || !declared.objects.iter().any(|o| named(&o.identity, name)))
        };
        let is_routine =
            |s: &Step| s.makes_routine() && sql::pairs(&s.sql).into_iter().any(not_there);
        if steps.iter().any(is_routine) {
            let setting = |sql: &str| Step::new(Phase::CreateRoutine, sql);
            steps.insert(0, setting("SET check_function_bodies = off"));
            steps.push(setting("RESET check_function_bodies"));
        }
    }

    /// Takes a step now, or leaves it to the row of what it needs.
    fn step(&mut self, step: Step, of_sequence: bool, steps: &mut Vec<Step>) {
        // A missing table comes with its columns.
        let needed = step.needs.clone().map(|needed| match needed.prefix(2) {
            table if self.pending.contains(&table) => table,
            _ => needed,
        });
        match needed {
            // What is gone holds nothing any more.
            Some(needed) if step.phase == Phase::Detach => {
                if !self.gone.contains(&("table", needed)) && self.left.insert(step.sql.clone()) {
                    steps.push(step);
                }
            }
            // The missing column's own row ties its sequence.
            Some(needed) if self.pending.contains(&needed) && of_sequence => {}
            Some(needed) if self.pending.contains(&needed) => {
                self.put_off.entry(needed).or_default().push(Later::Step(step));
            }
            _ => steps.push(step),
        }
    }

    fn make(&mut self, object: &'m Object, steps: &mut Vec<Step>) {
        match self.waits_for(object) {
            Some(needed) => {
                self.pending.insert(object.identity.clone());
                self.put_off.entry(needed).or_default().push(Later::Make(object));
            }
            None => {
                self.made.insert(object.identity.clone());
                let mut made = facet::make(object, &self.of.declared);
                self.lend_later(object, &mut made);
                steps.extend(made);
                self.with(&object.identity, steps);
            }
        }
    }

    /// A view reads with its owner's rights, which may not be enough to fill
    /// what reads it: until then it stays with whoever makes it.
    fn lend_later(&mut self, view: &Object, steps: &mut Vec<Step>) {
        let owner = view.attrs();
        let others = |o: &&Object| o.attrs().get("owner") != owner.get("owner");
        if view.kind.name != "view"
            || !materialized_view::reads(view, &self.of.declared).iter().any(others)
        {
            return;
        }
        let (now, later) = steps.drain(..).partition(|s| s.phase < Phase::Owner);
        *steps = now;
        let last = self.fills.iter().rfind(|(_, read)| read.contains(&view.identity));
        match last {
            Some((filled, _)) => {
                let put_off = self.put_off.entry(filled.clone()).or_default();
                put_off.extend(later.into_iter().map(Later::Step));
            }
            None => self.last.extend(later),
        }
    }

    /// What has a missing table's part's name in its schema, and is another
    /// table's, makes way for it now.
    fn take_parts(&mut self, whole: &Object, steps: &mut Vec<Step>) {
        for kind in ["index", "statistics"] {
            for part in self.of.declared.children_of(&whole.identity, kind) {
                let key = (part.kind.name, part.identity.clone());
                if let Some(live) = self.of.live.get(part.kind, &part.identity)
                    && !self.is_gone(live)
                {
                    steps.extend((live.kind.drop)(live, &self.of.live).steps);
                    self.taken.insert(key);
                }
            }
        }
    }

    /// Whether a row to come makes an object that had to make way.
    fn is_put_off(&self, kind: &str, identity: &Identity) -> bool {
        self.put_off.values().flatten().any(|later| match later {
            Later::Make(object) => object.kind.name == kind && object.identity == *identity,
            Later::Step(_) => false,
        })
    }

    /// What waited for an object that is there now.
    fn with(&mut self, identity: &Identity, steps: &mut Vec<Step>) {
        self.pending.remove(identity);
        for later in self.put_off.remove(identity).unwrap_or_default() {
            match later {
                Later::Step(step) => self.step(step, false, steps),
                Later::Make(object) => self.make(object, steps),
            }
        }
    }

    /// What the object names and only a later row makes.
    fn waits_for(&self, object: &Object) -> Option<Identity> {
        if self.pending.is_empty() && self.retyped.is_empty() {
            return None;
        }
        let texts = object.attrs().texts();
        let names: HashSet<&str> = sql::pairs(&texts).into_iter().collect();
        let parent = (object.kind.parent)(object);
        let waits = |p: &&Identity| match p.parts.len() {
            2 => names.contains(sql::qualified(&p.parts).as_str()),
            3 => {
                let table = p.prefix(2);
                (parent.as_ref() == Some(&table) || names.contains(table.sql().as_str()))
                    && sql::mentions(&texts, &sql::ident(p.name()))
            }
            _ => false,
        };
        let computes = |c: &&Identity| {
            parent.as_ref() == Some(&c.prefix(2)) && column::involves(object, c.name())
        };
        let retyped = self.retyped.iter().filter(computes);
        self.pending.iter().filter(waits).chain(retyped).min().cloned()
    }

    fn is_gone(&self, object: &Object) -> bool {
        self.gone.contains(&(object.kind.name, object.identity.clone()))
            || (object.kind.parent)(object).is_some_and(|parent| {
                ["table", "view", "materialized view", "foreign table"]
                    .iter()
                    .any(|kind| self.gone.contains(&(kind, parent.clone())))
            })
    }
}

fn filled(view: &Object, of: &Comparison) -> Option<(Identity, HashSet<Identity>)> {
    let read = || materialized_view::reads(view, &of.declared);
    (view.kind.name == "materialized view").then(|| {
        (view.identity.clone(), read().into_iter().map(|read| read.identity.clone()).collect())
    })
}

fn is_retyped(f: &Found) -> bool {
    f.kind.name == "column" && f.attribute == Some("type")
}
