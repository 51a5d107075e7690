//! Two schemas: where they differ, and what makes the live one as declared.

mod course;
mod life;
mod order;
mod prisma;
mod rename;
mod rows;
mod same;
mod script;
mod terms;
mod users;
mod waits;

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use crate::model::mend::{Change, Mend, Phase, Side, Step};
use crate::model::{
    Attribute, Attrs, Identity, Kind, Model, Object, Severity, column, composite, constraint,
    facet, partition_index, range, sequence, show, sql, table,
};

pub use terms::{DEFAULT, DEFAULT_OF_PRISMA, Terms};

pub use course::Before;
pub use life::{Lives, Span};
pub use rename::{Event, Renames};
pub use script::{How, Script, ScriptStep, describe, script};

/// On which side a difference has its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// Declared, not live.
    Missing,
    /// Live, not declared.
    Extra,
    Changed,
}

impl ChangeKind {
    /// The word that `drift()` shows.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeKind::Missing => "missing",
            ChangeKind::Extra => "extra",
            ChangeKind::Changed => "changed",
        }
    }
}

/// One difference: one row of `drift()`.
#[derive(Debug)]
pub struct Difference {
    pub kind: &'static Kind,
    pub identity: Identity,
    pub change: ChangeKind,
    pub attribute: Option<String>,
    pub declared: Option<String>,
    pub actual: Option<String>,
    pub severity: Severity,
    /// What the declaration's language has no words for: shown, and left alone.
    pub unmanaged: bool,
    /// Whether running the fix destroys data.
    pub data_loss: bool,
    /// SQL that makes this difference vanish, run after the rows before it.
    pub fix: String,
    mend: Mend,
    /// The row of the record that gave it its name, where that is what differs.
    pub renamed_by: Option<i64>,
}

impl Difference {
    pub fn object_type(&self) -> &'static str {
        self.kind.object_type
    }

    /// Whether there is SQL that mends it: a column's place, for one, has none.
    pub fn has_fix(&self) -> bool {
        !self.unmanaged && !self.fix.lines().all(|line| line.starts_with("--"))
    }

    /// The word that `drift()` shows.
    pub fn change_word(&self) -> &'static str {
        if self.unmanaged { "unmanaged" } else { self.change.as_str() }
    }

    /// What `drift()` shows as the fix: nothing that somebody could run where
    /// nothing is to be mended.
    pub fn fix_shown(&self) -> &str {
        match self.unmanaged {
            true => "-- left alone; fix(unmanaged => true) has the SQL",
            false => &self.fix,
        }
    }

    /// Whether it is called otherwise, and nothing else.
    pub fn is_rename(&self) -> bool {
        self.attribute.as_deref() == Some("name")
    }

    /// How the live schema is off, in words.
    pub fn off(&self) -> String {
        let what = format!("{} {}", self.object_type(), self.identity);
        let attribute = self.attribute.as_deref().unwrap_or_default().replace('_', " ");
        match self.change {
            ChangeKind::Missing => format!("{what} is declared, and would be gone"),
            ChangeKind::Extra => format!("{what} is not declared"),
            ChangeKind::Changed => {
                const LONGEST: usize = 60;
                let short = |v: &Option<String>| {
                    let v = v.as_deref().unwrap_or("none");
                    (v.len() <= LONGEST && !v.contains('\n')).then(|| v.to_owned())
                };
                match (short(&self.declared), short(&self.actual)) {
                    (Some(declared), Some(actual)) => {
                        format!(
                            "{what}: {attribute} is declared as {declared}, and would be {actual}"
                        )
                    }
                    _ => format!("{what}: {attribute} would not be as declared"),
                }
            }
        }
    }

    /// The same difference of an object of another name.
    pub fn under(&self, identity: Identity) -> Difference {
        Difference {
            identity,
            attribute: self.attribute.clone(),
            declared: self.declared.clone(),
            actual: self.actual.clone(),
            fix: self.fix.clone(),
            mend: self.mend.clone(),
            ..*self
        }
    }

    /// The identity as the record has it too.
    pub fn object(&self) -> String {
        self.identity.to_string()
    }

    /// Where the record may speak of the object as a part of another one: the
    /// table, and what it calls the part.
    pub fn part_of(&self) -> Option<(String, &str)> {
        match self.kind.name {
            "column" | "constraint" | "trigger" | "rule" | "policy" | "partition index" => {
                Some((self.identity.prefix(2).to_string(), self.identity.name()))
            }
            _ => None,
        }
    }

    /// Whose end would have been its end: its table, its schema.
    pub fn containers(&self) -> Vec<String> {
        (1..self.identity.parts.len()).rev().map(|n| self.identity.prefix(n).to_string()).collect()
    }
}

/// All differences between a declared and a live schema, in an order in which
/// their fixes can be run.
pub fn compare(declared: &Model, live: &Model) -> Vec<Difference> {
    Comparison::new(declared, live).differences()
}

struct Found<'m> {
    kind: &'static Kind,
    change: ChangeKind,
    attribute: Option<&'m str>,
    declared: Option<&'m Object>,
    live: Option<&'m Object>,
    was: Option<String>,
    is: Option<String>,
    severity: Severity,
}

impl<'m> Found<'m> {
    fn identity(&self) -> &'m Identity {
        &self.declared.or(self.live).expect("on one side at least").identity
    }
}

pub(crate) struct Comparison<'m> {
    declared: Side<'m>,
    live: Side<'m>,
    /// The tables whose live keys or partitions' indexes have those names.
    keys: OnceCell<HashMap<Identity, Identity>>,
    /// The names that partitions' indexes are to have.
    called: OnceCell<HashSet<Identity>>,
}

impl<'m> Comparison<'m> {
    pub fn new(declared: &'m Model, live: &'m Model) -> Self {
        Comparison {
            declared: Side::new(declared),
            live: Side::new(live),
            keys: OnceCell::new(),
            called: OnceCell::new(),
        }
    }

    fn differences(&self) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut missing = Vec::new();
        let mut changed = Vec::new();
        let (declared, live) = (&self.declared.model.objects, &self.live.model.objects);
        let counterparts = self.live.counterparts(declared);
        let mut is_declared = vec![false; live.len()];
        for (object, at) in declared.iter().zip(&counterparts) {
            let Some(at) = *at else {
                missing.push(object);
                continue;
            };
            is_declared[at] = true;
            if live[at].attributes != object.attributes {
                changed.push((object, &live[at]));
            }
        }
        let extra: Vec<_> =
            live.iter().zip(is_declared).filter(|(_, is)| !is).map(|(o, _)| o).collect();
        let in_order = counterparts.iter().enumerate().all(|(i, at)| *at == Some(i));
        for object in outermost(&missing) {
            found.push(Found {
                kind: object.kind,
                change: ChangeKind::Missing,
                attribute: None,
                declared: Some(object),
                live: None,
                was: None,
                is: None,
                severity: object.kind.missing,
            });
        }
        for object in outermost(&extra) {
            found.push(Found {
                kind: object.kind,
                change: ChangeKind::Extra,
                attribute: None,
                declared: None,
                live: Some(object),
                was: None,
                is: None,
                severity: object.kind.extra,
            });
        }
        let mut parsed: HashMap<&Identity, (Attrs, Attrs)> = HashMap::new();
        for (declared, live) in changed {
            let (to, from) = (declared.attrs(), live.attrs());
            let before = found.len();
            attributes(declared, live, &to, &from, &mut found);
            if found.len() > before {
                parsed.insert(&declared.identity, (to, from));
            }
        }
        if !in_order {
            self.positions(&mut found);
        }
        self.without_echoes(&mut found);
        self.mended(found)
    }

    /// Columns that stand in another order. Only what both sides have counts,
    /// and as few columns as possible are said to have moved.
    fn positions(&self, found: &mut Vec<Found<'m>>) {
        let live = columns(self.live.model);
        for (table, declared) in columns(self.declared.model) {
            let Some(live) = live.get(table) else {
                continue;
            };
            if declared.len() == live.len()
                && declared.iter().zip(live).all(|(d, l)| d.identity.name() == l.identity.name())
            {
                continue;
            }
            let at: HashMap<&str, usize> =
                live.iter().enumerate().map(|(i, o)| (o.identity.name(), i)).collect();
            let common: Vec<(usize, usize)> = declared
                .iter()
                .enumerate()
                .filter_map(|(d, o)| at.get(o.identity.name()).map(|&l| (d, l)))
                .collect();
            let places: Vec<usize> = common.iter().map(|&(_, l)| l).collect();
            let stay = order::longest_increasing(&places);
            // One in the middle of others that changed places is where it was.
            for (d, l) in common.into_iter().filter(|(d, l)| !stay.contains(l) && d != l) {
                found.push(Found {
                    kind: declared[d].kind,
                    change: ChangeKind::Changed,
                    attribute: Some("position"),
                    declared: Some(declared[d]),
                    live: Some(live[l]),
                    was: Some((d + 1).to_string()),
                    is: Some((l + 1).to_string()),
                    severity: Severity::Info,
                });
            }
        }
    }

    /// Leaves out what a child table shows only because its parent does, and
    /// what it will have from a parent once it has that parent again.
    fn without_echoes(&self, found: &mut Vec<Found<'m>>) {
        let said: HashSet<_> = found.iter().map(echo_key).collect();
        // What multiranges are called, and are to be.
        let multiranges: HashMap<String, String> = found
            .iter()
            .filter(|f| f.attribute == Some("multirange"))
            .filter_map(|f| {
                let name = |o: Option<&Object>| Some(o?.attrs().identity("multirange")?.sql());
                Some((name(f.live)?, name(f.declared)?))
            })
            .collect();
        let follows_multirange = |f: &Found| {
            let (Some("type"), Some(was), Some(is)) = (f.attribute, &f.was, &f.is) else {
                return false;
            };
            let (was, is) = match (was.strip_suffix("[]"), is.strip_suffix("[]")) {
                (Some(was), Some(is)) => (was, is),
                _ => (was.as_str(), is.as_str()),
            };
            multiranges.get(is).is_some_and(|name| name == was)
        };
        let keep: Vec<bool> = found
            .iter()
            .map(|f| match f.kind.name {
                "column" => {
                    !self.is_echo(f, &said)
                        && !is_parents_not_null(f)
                        && !self.goes_with_type(f, &said)
                        && !follows_multirange(f)
                }
                "composite" => !is_said_of_what_goes(f),
                "domain" => !follows_multirange(f),
                "constraint" | "index" => !self.is_from_parent(f),
                // It comes and goes with its partition, or with the topmost index.
                "partition index" => f.change == ChangeKind::Changed && !is_made_anew(f, &said),
                "table" => !follows_index(f, &said) && !self.follows_columns(f, &said),
                _ => true,
            })
            .collect();
        let mut keep = keep.into_iter();
        found.retain(|_| keep.next().unwrap_or(true));
    }

    /// Whether what a table defines besides inheriting it is another only for
    /// columns that its parents have got or lost, and it has on both sides.
    fn follows_columns(&self, f: &Found<'m>, said: &HashSet<EchoKey<'m>>) -> bool {
        let (Some("defines_again"), Some(declared), Some(live)) = (f.attribute, f.declared, f.live)
        else {
            return false;
        };
        let [to, from] = [declared, live].map(|o| o.attrs().list("defines_again"));
        let mut parents = table::above(&declared.identity, &self.declared);
        parents.extend(table::above(&live.identity, &self.live));
        let has = |o: &Object, side: &Side, name: &str| {
            side.named("column", &o.identity.part(name)).is_some()
        };
        let of_parent = |kind, name: &str| {
            parents.iter().any(|parent| {
                [ChangeKind::Missing, ChangeKind::Extra].into_iter().any(|change| {
                    said.contains(&(kind, change, None, parent.part(name), None, None))
                })
            })
        };
        // Where it isn't its parent's as well, a check is an object.
        let comes_or_goes = |name: &String, o: &Object, alone: &Side| {
            has(declared, &self.declared, name)
                && has(live, &self.live, name)
                && of_parent("column", name)
                || alone.named("constraint", &o.identity.part(name)).is_some()
                    && of_parent("constraint", name)
        };
        let (comes, goes) = (
            |n: &String| comes_or_goes(n, live, &self.live),
            |n: &String| comes_or_goes(n, declared, &self.declared),
        );
        to.iter().filter(|n| !from.contains(n)).all(comes)
            && from.iter().filter(|n| !to.contains(n)).all(goes)
    }

    /// Whether a column of a table that is made of a type follows the type.
    fn goes_with_type(&self, f: &Found<'m>, said: &HashSet<EchoKey<'m>>) -> bool {
        let sides = [&self.declared, &self.live];
        let follows = match (f.change, f.attribute) {
            (ChangeKind::Missing, _) => f
                .declared
                .and_then(|column| column::beyond_type(column, sides))
                .is_some_and(|more| more.is_empty()),
            (ChangeKind::Extra, _) | (_, Some("type" | "collation")) => true,
            _ => false,
        };
        let of = follows.then(|| column::type_of(&f.identity().prefix(2), sides)).flatten();
        of.is_some_and(|of| {
            said.iter().any(|(kind, _, attribute, name, ..)| {
                *kind == "composite" && *attribute == Some("attributes") && name.sql() == of
            })
        })
    }

    fn is_echo(&self, f: &Found<'m>, said: &HashSet<EchoKey<'m>>) -> bool {
        // What came down by inheritance says so on the side that has it; one
        // that is only alike has a difference of its own.
        let inherited = [f.declared, f.live]
            .into_iter()
            .flatten()
            .all(|o| o.attributes.get().contains("\"_inherited\""));
        if !inherited || !f.attribute.is_none_or(column::goes_along) {
            return false;
        }
        let identity = f.identity();
        let table = identity.prefix(2);
        // A parent that comes or goes hands nothing down.
        let mut parents = self.live.parents(&table);
        if self.live.relation(&table).is_some() && self.declared.relation(&table).is_some() {
            let declared = self.declared.parents(&table);
            parents.retain(|parent| declared.contains(parent));
        }
        let made_anew = |parent: &Identity| {
            let key = |side: &Side| {
                side.named("table", parent).and_then(|t| t.attrs().shown("partition_key"))
            };
            key(&self.declared) != key(&self.live)
        };
        parents.into_iter().filter(|parent| !made_anew(parent)).any(|mut parent| {
            parent.parts.push(identity.name().to_owned());
            said.contains(&(
                f.kind.name,
                f.change,
                f.attribute,
                parent,
                f.was.clone(),
                f.is.clone(),
            ))
        })
    }

    /// Whether a constraint or index of a table that lost a parent (or has
    /// one too many) is the parent's on the other side; or a check that it
    /// defines besides, which is by itself where the parent has none.
    fn is_from_parent(&self, f: &Found<'m>) -> bool {
        let (object, own_side, other) = match (f.declared, f.live) {
            (Some(object), None) => (object, &self.declared, &self.live),
            (None, Some(object)) => (object, &self.live, &self.declared),
            _ => return false,
        };
        let Some(table) = (object.kind.parent)(object) else {
            return false;
        };
        // What a parent's is said to be for doesn't come down with it.
        let without_comment = |o: &Object| {
            let mut attrs = compared(&o.attrs());
            attrs.retain(|name, _| !name.ends_with("comment"));
            attrs
        };
        let by_name = object.attrs().text("type") == Some("check");
        // A check that goes back to a parent is no object, and nobody asks what
        // is said of it; of a partition's index one does.
        let own = match f.declared {
            None if by_name => without_comment(object),
            _ => compared(&object.attrs()),
        };
        // One that holds for all rows serves where the parent's is not valid.
        let serves = |o: &Object| {
            let mut attrs = without_comment(o);
            attrs.retain(|name, _| name != "validated" || own.contains_key(name));
            attrs == own
        };
        // Only partitions have keys and indexes of a parent.
        if !by_name && !table::is_partition(&table, other) {
            return false;
        }
        let again = by_name && table::defines_again(&table, object.identity.name(), other);
        let mut ancestors = other.parents(&table);
        if !again {
            let own_parents = own_side.parents(&table);
            ancestors.retain(|parent| !own_parents.contains(parent));
        }
        let mut seen = HashSet::new();
        while let Some(parent) = ancestors.pop() {
            if !seen.insert(parent.clone()) {
                continue;
            }
            let same = other.children_of(&parent, object.kind.name).into_iter().any(|o| {
                serves(o)
                    // What goes from the parent goes from its children.
                    && (again || self.declared.get(o.kind, &o.identity).is_some())
                    && (!by_name || o.identity.name() == object.identity.name())
            });
            if same {
                return true;
            }
            ancestors.extend(other.parents(&parent));
        }
        false
    }

    fn mended(&self, found: Vec<Found<'m>>) -> Vec<Difference> {
        let anew: HashSet<&Identity> = found
            .iter()
            .filter(|f| f.attribute == Some("partition_key"))
            .map(|f| f.identity())
            .collect();
        let mut mends: Vec<Mend> = found
            .iter()
            .map(|f| {
                let object = f.declared.or(f.live).expect("on one side at least");
                let table = match f.kind.name {
                    "table" => f.attribute.is_some().then(|| f.identity().clone()),
                    _ => (f.kind.parent)(object),
                };
                // A sequence is there before and after.
                let stays = f.kind.name == "sequence"
                    && f.attribute.is_some_and(|attribute| attribute != "owned_by");
                match table.filter(|t| anew.contains(t)) {
                    Some(table) if f.attribute != Some("partition_key") && !stays => {
                        Mend::comment(&format!("made with {table}, which is made anew"))
                    }
                    _ => self.mend(f),
                }
            })
            .collect();
        // What a domain checks is made with it.
        let anew_too: HashSet<Identity> = mends.iter().flat_map(|m| m.anew.clone()).collect();
        for (f, mend) in found.iter().zip(&mut mends).filter(|_| !anew_too.is_empty()) {
            let domain = f.identity().prefix(2);
            if f.kind.name == "constraint" && anew_too.contains(&domain) {
                let how = if f.change == ChangeKind::Extra { "gone" } else { "made" };
                *mend = Mend::comment(&format!("{how} with {domain}, which is made anew"));
            }
        }
        // A partition gets its columns before it comes back to the table.
        for at in 0..found.len() {
            let of = found[at].identity().prefix(2);
            if found[at].kind.name != "column" || found[at].attribute == Some("position") {
                continue;
            }
            let Some(table) = self.comes_back(&of).filter(|table| anew.contains(table)) else {
                continue;
            };
            let made = Mend::comment(&format!("made with {table}, which is made anew"));
            let own = std::mem::replace(&mut mends[at], made);
            let is_it = |f: &&Found| f.attribute == Some("partition_key") && *f.identity() == table;
            if let Some(whole) = found.iter().position(|f| is_it(&f)) {
                let steps = &mut mends[whole].steps;
                let attach = steps.iter().position(|s| s.phase == Phase::Attach);
                let attach = attach.unwrap_or(steps.len());
                steps.splice(attach..attach, own.steps);
                mends[whole].clears.extend(own.clears);
            }
        }
        let ranks = order::Ranks::new(
            &self.declared,
            &self.live,
            found.iter().filter_map(|f| f.declared),
            found.iter().filter_map(|f| f.live),
        );
        let mut rows: Vec<(Found, Mend)> = found.into_iter().zip(mends).collect();
        rows.sort_by_cached_key(|(f, mend)| {
            let phase = match (f.change, f.kind.name) {
                // Its sequences come first, but they come with it.
                (ChangeKind::Missing, "table") => Phase::CreateTable,
                _ if f.attribute == Some("partition_key") => Phase::CreateTable,
                // What points to it is dropped by its own row, or with it.
                // It may get a parent that a row of its own makes.
                _ if mend.steps.first().is_some_and(|s| s.phase == Phase::Detach) => {
                    mend.steps.last().map_or(Phase::Detach, |s| s.phase)
                }
                (ChangeKind::Extra, _) => {
                    let dropped = mend.steps.iter().rfind(|s| s.phase.drops());
                    dropped.map_or(Phase::Finish, |s| s.phase)
                }
                // What is made anew may need what other rows make.
                (
                    ChangeKind::Changed,
                    "view" | "materialized view" | "constraint" | "index" | "trigger" | "rule"
                    | "policy" | "statistics",
                ) => {
                    let made = mend.steps.iter().find(|s| !s.phase.drops());
                    made.map_or(Phase::Finish, |s| s.phase)
                }
                _ => mend.steps.first().map_or(Phase::Finish, |s| s.phase),
            };
            let attribute = f.kind.attributes.iter().position(|a| Some(a.name) == f.attribute);
            (phase, ranks.of(phase, f.kind.name, f.identity()), f.identity().clone(), attribute)
        });
        let mut fixes = rows::Rows::new(self, &rows);
        rows.into_iter()
            .map(|(f, mend)| {
                let fix = fixes.fix(&f, &mend);
                Difference {
                    kind: f.kind,
                    identity: f.identity().clone(),
                    change: f.change,
                    attribute: f.attribute.map(str::to_owned),
                    declared: f.was,
                    actual: f.is,
                    severity: f.severity,
                    unmanaged: false,
                    data_loss: mend.data_loss,
                    fix,
                    mend,
                    renamed_by: None,
                }
            })
            .collect()
    }

    /// Whether a table is to be made below another one.
    fn heir_to_come(&self, table: &Identity) -> bool {
        self.declared.heirs(table).into_iter().any(|heir| {
            self.live.relation(&heir.identity).is_none() || self.heir_to_come(&heir.identity)
        })
    }

    /// Takes the names that a new object's indexes are to have from those of
    /// tables that stay: one was made in another one's place, which is still
    /// there under another name.
    fn make_way_for_indexes(&self, made: &Object) -> Vec<Step> {
        let parts = || self.declared.children(&made.identity);
        let objects: Vec<&Object> = match made.kind.name {
            "table" | "materialized view" => parts().collect(),
            "constraint" | "index" => vec![made],
            _ => return Vec::new(),
        };
        let way = |o: &&Object| {
            let name = match o.kind.name {
                "constraint" if constraint::has_index(o) => o.identity.beside(o.identity.name()),
                "partition index" => partition_index::called(o),
                "index" => o.identity.clone(),
                _ => return None,
            };
            // A declared index in another one's place has a row of its own.
            let by_itself = o.kind.name == "index" && !self.keys().contains_key(&name);
            let holder = self.holder(&name).filter(|_| !by_itself)?;
            let own = (o.kind.parent)(o)?;
            (holder != own && self.declared.relation(&holder).is_none()).then(|| {
                let old = sql::ident(&sql::set_aside(name.name()));
                let sql = format!("ALTER INDEX IF EXISTS {} RENAME TO {old}", name.sql());
                Step::new(Phase::DropInTheWay, sql)
            })
        };
        objects.iter().filter_map(way).collect()
    }

    fn keys(&self) -> &HashMap<Identity, Identity> {
        self.keys.get_or_init(|| {
            let keys = self.live.all("constraint").filter(|o| constraint::has_index(o));
            let keys = keys.map(|o| (o.identity.beside(o.identity.name()), o.identity.prefix(2)));
            let parts = self.live.all("partition index");
            let parts = parts.map(|o| (partition_index::called(o), o.identity.prefix(2)));
            keys.chain(parts).collect()
        })
    }

    /// The table whose live index has that name.
    fn holder(&self, name: &Identity) -> Option<Identity> {
        let by_itself = || self.live.named("index", name)?.attrs().identity("table");
        self.keys().get(name).cloned().or_else(by_itself)
    }

    /// Whether a partition's index changes names with others: by itself it would
    /// take one that is not free, or leave one that another has by then.
    fn changes_names(&self, declared: &Object, live: &Object) -> bool {
        let called = || {
            let all = self.declared.all("partition index");
            all.map(partition_index::called).collect()
        };
        self.holder(&partition_index::called(declared)).is_some()
            || self.called.get_or_init(called).contains(&partition_index::called(live))
    }

    /// The table that a table is a partition of on both sides.
    fn comes_back(&self, table: &Identity) -> Option<Identity> {
        let of = |side: &Side| side.named("table", table)?.attrs().identity("partition_of");
        of(&self.live).filter(|parent| of(&self.declared).as_ref() == Some(parent))
    }

    /// Whether a mend drops the live object, to make it as declared.
    fn makes_anew(&self, live: Option<&Object>, change: ChangeKind, mend: &Mend) -> bool {
        change == ChangeKind::Changed
            && live.is_some_and(|object| {
                let drop = (object.kind.drop)(object, &self.live).steps.pop();
                drop.is_some_and(|drop| mend.steps.iter().any(|s| s.sql == drop.sql))
            })
    }

    /// Whether a new column comes down to a child's own one, which is still to
    /// get its type.
    fn meets_another_type(&self, column: &Object) -> bool {
        self.live.heirs(&column.identity.prefix(2)).into_iter().any(|heir| {
            let below = heir.identity.part(column.identity.name());
            let sides = [&self.declared, &self.live].map(|s| s.get(column.kind, &below));
            let differs = sides.iter().flatten().count() == 2 && {
                let [to, from] = sides.map(|o| o.map(Object::attrs).unwrap_or_default());
                ["type", "collation"].iter().any(|a| to.get(a) != from.get(a))
            };
            differs || sides[0].is_some_and(|below| self.meets_another_type(below))
        })
    }

    fn mend(&self, f: &Found<'m>) -> Mend {
        let mut mend = self.mend_alone(f);
        if matches!(f.kind.name, "constraint" | "index")
            && mend.steps.iter().any(|s| {
                matches!(
                    s.phase,
                    Phase::AddConstraint | Phase::CreateIndex | Phase::CreateWholeIndex
                )
            })
            && let Some(declared) = f.declared
            && let Some(table) = (f.kind.parent)(declared)
        {
            let partitions = self.live.below(&table);
            let (away, back) =
                partition_index::keep_apart(declared, &partitions, &self.live, &self.declared);
            mend.steps.splice(0..0, away);
            mend.steps.extend(back);
        }
        mend
    }

    fn mend_alone(&self, f: &Found<'m>) -> Mend {
        match (f.declared, f.live) {
            (Some(declared), None) => {
                if f.kind.name == "column"
                    && let Some(steps) = column::beyond_type(declared, [&self.declared, &self.live])
                {
                    return Mend::steps(steps);
                }
                let mut steps = facet::make(declared, &self.declared);
                if matches!(f.kind.name, "table" | "column") {
                    sequence::take(declared, &mut steps, &self.live, &self.declared);
                }
                if f.kind.name == "column" {
                    steps.splice(0..0, column::free_sequence(declared, &self.live));
                    steps.extend(column::in_children(declared, &self.live, &self.declared));
                    // What a child that is to come says of it can stand in CREATE TABLE.
                    if self.heir_to_come(&declared.identity.prefix(2)) {
                        for step in steps.iter_mut().filter(|s| s.phase == Phase::AlterTable) {
                            step.phase = Phase::CreateTable;
                        }
                    }
                    if self.meets_another_type(declared) {
                        for step in steps.iter_mut().filter(|s| s.phase == Phase::AlterTable) {
                            step.phase = Phase::AddComputed;
                        }
                    }
                }
                if f.kind.name == "sequence" {
                    steps.splice(0..0, column::make_way(declared, &self.live, &self.declared));
                }
                // A new sequence is its maker's, and only the table's owner's can be tied to it.
                if f.kind.name == "sequence"
                    && let Some(column) = declared.attrs().identity("owned_by")
                    && let Some(table) = self.live.relation(&column.prefix(2))
                    && let Some(owner) = table.attrs().text("owner")
                    && let Some(tie) = steps.iter().position(|s| s.phase == Phase::OwnSequence)
                {
                    let name = declared.identity.sql();
                    let sql = format!(
                        "ALTER SEQUENCE {name} OWNER TO {}",
                        crate::model::sql::ident(owner)
                    );
                    steps.insert(tie, Step::new(Phase::OwnSequence, sql));
                }
                steps.splice(0..0, self.make_way_for_indexes(declared));
                if f.kind.name == "range" {
                    let ways = self.live.all("range").map(|live| range::make_way(declared, live));
                    steps.splice(0..0, ways.flatten().collect::<Vec<_>>());
                }
                // Losing a parent leaves what came from it behind, and a parent that
                // loses something what is defined again.
                if matches!(f.kind.name, "constraint" | "index")
                    && let Some(table) = (f.kind.parent)(declared)
                    && self.live.relation(&table).is_some()
                    && (self.live.parents(&table) != self.declared.parents(&table)
                        || table::defines_again(&table, declared.identity.name(), &self.live))
                    && let Some(phase) = steps.first().map(|s| s.phase)
                {
                    let away = (f.kind.drop)(declared, &self.declared).steps.pop();
                    steps.splice(0..0, away.map(|s| Step { phase, gentle: Vec::new(), ..s }));
                }
                Mend::steps(steps)
            }
            (None, Some(live)) => {
                let mut mend = (f.kind.drop)(live, &self.live);
                if f.kind.name == "table" {
                    // What stays doesn't go with it.
                    let leaving = self.live.all("table").filter(|child| {
                        self.declared.get(child.kind, &child.identity).is_some()
                            && self.live.parents(&child.identity).contains(&live.identity)
                    });
                    let mut steps: Vec<Step> = leaving
                        .filter_map(|child| table::leave_now(child, &live.identity))
                        .collect();
                    steps.extend(table::let_go(live, &self.live, &self.declared));
                    mend.steps.splice(0..0, steps);
                }
                if f.kind.name == "column" {
                    // Rows of what goes hold that back.
                    if column::holds_rows(live, &self.live)
                        .is_some_and(|of| self.declared.get(of.kind, &of.identity).is_none())
                    {
                        mend.steps.iter_mut().for_each(|s| s.phase = Phase::Detach);
                    }
                    if let Some(phase) = mend.steps.first().map(|s| s.phase) {
                        let drops = column::drops(live, &self.live, &self.declared);
                        mend.steps = drops.into_iter().map(|sql| Step::new(phase, sql)).collect();
                    }
                    let free = column::let_go(live, &self.live, &self.declared);
                    mend.steps.splice(0..0, free);
                }
                // Keys that stand on it stand on another one.
                if matches!(f.kind.name, "constraint" | "index") {
                    mend.steps.extend(constraint::stand_again(live, &self.live, &self.declared));
                }
                mend.data_loss |= f.kind.drop_loses;
                // A child has such a column of its own, or is to.
                let table = live.identity.prefix(2);
                let of_child = f.kind.name == "column"
                    && self.declared.heirs(&table).into_iter().any(|child| {
                        let column = child.identity.part(live.identity.name());
                        self.declared.get(f.kind, &column).is_some()
                    });
                if of_child {
                    for step in &mut mend.steps {
                        step.phase = Phase::DropInTheWay;
                    }
                }
                // A name that is needed for something else has to go first.
                let taken = crate::model::KINDS.iter().any(|k| {
                    k.name != f.kind.name && self.declared.get(k, &live.identity).is_some()
                });
                if taken {
                    for step in mend.steps.iter_mut().filter(|s| s.phase >= Phase::DropRoutine) {
                        step.phase = Phase::DropInTheWay;
                    }
                }
                mend
            }
            (Some(declared), Some(live)) if f.attribute.and_then(facet::of).is_some() => {
                let attribute = f.attribute.unwrap_or_default();
                let facet = facet::of(attribute).expect("just found");
                // A partition's index is called as declared by then.
                let object = if f.kind.name == "partition index" { declared } else { live };
                let mut to = declared.attrs();
                facet::of_whole(object, &mut to, &[&self.declared, &self.live]);
                let mut steps = (facet.alter)(attribute, object, &live.attrs(), &to);
                // What is revoked on a table is revoked on its columns.
                if attribute == "grants" && steps.iter().any(|s| s.sql.starts_with("REVOKE")) {
                    for column in self.declared.children_of(&declared.identity, "column") {
                        let said = column.attributes.get().contains("\"grants\"");
                        steps.extend(
                            said.then(|| facet::grants_of(column, &self.declared))
                                .into_iter()
                                .flatten(),
                        );
                    }
                }
                Mend::steps(steps)
            }
            (Some(declared), Some(live))
                if f.attribute == Some("called") && self.changes_names(declared, live) =>
            {
                Mend::steps(partition_index::take_name(declared).into_iter().collect())
            }
            (Some(declared), Some(live)) => (f.kind.alter)(&Change {
                attribute: f.attribute.unwrap_or_default(),
                declared,
                live,
                to: &declared.attrs(),
                from: &live.attrs(),
                declared_side: &self.declared,
                live_side: &self.live,
                server: self.live.model.server,
            }),
            (None, None) => Mend::default(),
        }
    }
}

type EchoKey<'m> =
    (&'static str, ChangeKind, Option<&'m str>, Identity, Option<String>, Option<String>);

fn echo_key<'m>(f: &Found<'m>) -> EchoKey<'m> {
    (f.kind.name, f.change, f.attribute, f.identity().clone(), f.was.clone(), f.is.clone())
}

/// Whether the index that a partition's belongs to is itself another one.
fn is_made_anew<'m>(f: &Found<'m>, said: &HashSet<EchoKey<'m>>) -> bool {
    let Some(key) = f.declared.and_then(|o| o.attrs().identity("_root")) else { return false };
    let index = key.beside(key.name());
    said.iter().any(|(kind, _, attribute, of, ..)| match *kind {
        "index" => *of == index && matches!(*attribute, Some("table" | "unique" | "definition")),
        "constraint" => *of == key && attribute.is_some_and(|a| facet::of(a).is_none()),
        _ => false,
    })
}

/// Whether it is about comments on attributes that come or go themselves.
fn is_said_of_what_goes(f: &Found) -> bool {
    let (Some("column_comments"), Some(declared), Some(live)) = (f.attribute, f.declared, f.live)
    else {
        return false;
    };
    composite::comments_go_along(&declared.attrs(), &live.attrs())
}

/// Whether it is about the name of a NOT NULL constraint that is a parent's on
/// one side: what goes from a parent or comes to one settles it.
fn is_parents_not_null(f: &Found) -> bool {
    f.attribute == Some("not_null_name")
        && [f.declared, f.live]
            .into_iter()
            .flatten()
            .any(|o| o.attributes.get().contains("\"_not_null_inherited\""))
}

/// Whether a table stands by the same index, which is called otherwise.
fn follows_index<'m>(f: &Found<'m>, said: &HashSet<EchoKey<'m>>) -> bool {
    let prefix = match f.attribute {
        Some("replica_identity") => "index ",
        Some("clustered_on") => "",
        _ => return false,
    };
    let name = |v: &Option<String>| v.as_deref()?.strip_prefix(prefix).map(str::to_owned);
    let (Some(was), Some(is)) = (name(&f.was), name(&f.is)) else { return false };
    said.iter().any(|(kind, _, attribute, index, index_was, index_is)| {
        *kind == "partition index"
            && *attribute == Some("called")
            && index.prefix(2) == *f.identity()
            && (index_was.as_ref(), index_is.as_ref()) == (Some(&was), Some(&is))
    })
}

/// What an object says but for where it is.
fn compared(attrs: &Attrs) -> serde_json::Map<String, serde_json::Value> {
    let mut attrs = attrs.0.clone();
    attrs.retain(|name, _| !name.starts_with('_') && name != "table");
    attrs
}

/// Statements one after the other, each with its semicolon.
pub(crate) fn statements<'a>(steps: impl Iterator<Item = &'a Step>) -> String {
    let mut texts: Vec<&str> = Vec::new();
    for step in steps {
        if !texts.contains(&step.sql.as_str()) {
            texts.push(&step.sql);
        }
    }
    texts
        .iter()
        .map(|t| if t.starts_with("--") { (*t).to_owned() } else { format!("{t};") })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Leaves out what comes or goes with its parent.
fn outermost<'m>(objects: &[&'m Object]) -> Vec<&'m Object> {
    const PARENTS: [&str; 5] = ["table", "view", "materialized view", "foreign table", "domain"];
    let parents: HashSet<&Identity> =
        objects.iter().filter(|o| PARENTS.contains(&o.kind.name)).map(|o| &o.identity).collect();
    objects
        .iter()
        .filter(|o| !(o.kind.parent)(o).is_some_and(|p| parents.contains(&p)))
        .copied()
        .collect()
}

/// The columns of each table in their order.
fn columns(model: &Model) -> HashMap<&[String], Vec<&Object>> {
    let mut columns: HashMap<&[String], Vec<&Object>> = HashMap::new();
    for object in model.objects.iter().filter(|o| o.kind.name == "column") {
        let table = &object.identity.parts[..object.identity.parts.len() - 1];
        columns.entry(table).or_default().push(object);
    }
    columns
}

fn attributes<'m>(
    declared: &'m Object,
    live: &'m Object,
    to: &Attrs,
    from: &Attrs,
    found: &mut Vec<Found<'m>>,
) {
    let differs = |name: &str| to.get(name) != from.get(name);
    let hidden = |attribute: &Attribute| {
        // `validated` is within `enforced`, which is within `type`.
        let mut within = attribute.within;
        while let Some(name) = within {
            if differs(name) {
                return true;
            }
            within =
                declared.kind.attributes.iter().find(|a| a.name == name).and_then(|a| a.within);
        }
        false
    };
    for attribute in declared.kind.attributes.iter().chain(facet::attributes()) {
        let (was, is) = (to.get(attribute.name), from.get(attribute.name));
        let spelling = match (was.and_then(|v| v.as_str()), is.and_then(|v| v.as_str())) {
            (Some(was), Some(is)) => same::same(attribute.name, was, is),
            _ => false,
        };
        if was == is || spelling || hidden(attribute) {
            continue;
        }
        let shown = |v: Option<&serde_json::Value>| {
            v.map(show).or_else(|| attribute.absent.map(str::to_owned))
        };
        found.push(Found {
            kind: declared.kind,
            change: ChangeKind::Changed,
            attribute: Some(attribute.name),
            declared: Some(declared),
            live: Some(live),
            was: shown(was),
            is: shown(is),
            severity: attribute.severity,
        });
    }
}

#[cfg(test)]
mod tests;
