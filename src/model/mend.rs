//! What mending is made of: steps, and the two sides that kinds look into.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::{Attrs, Identity, Kind, Model, Object, facet, sql};

/// When a step runs in a script, relative to all others: first what is in the
/// way is taken down, then things are made from the ground up, then what
/// nobody uses any more is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// All that comes after uses the declared names.
    Rename,
    DropForeignKey,
    DropTrigger,
    DropView,
    DropConstraint,
    DropIndex,
    /// Frees a table from parents that may go, or whose place others take.
    Detach,
    DropTable,
    /// Makes a type anew while all its columns are still there, but for those
    /// of tables that go: they may hold it inside of another type. Takes down
    /// and makes: what types are made of comes first.
    SwapType,
    /// Takes a name out of the way that is needed for something else.
    DropInTheWay,
    CreateSchema,
    /// Extensions, servers: what others stand on.
    CreateGround,
    /// Before types, which may draw on them by default.
    CreateSequence,
    CreateType,
    CreateRoutine,
    /// Types whose functions had to be there first.
    DefineType,
    CreateTable,
    /// Routines whose arguments or results are rows of new tables.
    CreateLateRoutine,
    /// Computed columns, before what they are computed from.
    DropComputed,
    AlterTable,
    AlterColumn,
    /// After what they are computed from, or meet in a child, has its type.
    AddComputed,
    /// What a change that goes down to children has taken from them.
    GiveBack,
    /// Before its former column goes, and the sequence with it.
    OwnSequence,
    /// After what was computed from it is computed from what takes its place.
    DropColumn,
    /// A partition has no columns but its parent's.
    Attach,
    AddConstraint,
    CreateIndex,
    /// One of a partitioned table, whose partitions' are called by the server
    /// by names that are free.
    CreateWholeIndex,
    /// What the server has called by itself gets its name.
    NameIndex,
    /// What a partition has of its own, once it has its part of its table's:
    /// the server would take an equal one for that.
    CreateOwnIndex,
    AddForeignKey,
    CreateView,
    CreateTrigger,
    /// Before what is granted: the new owner's rights are the old one's.
    Owner,
    Finish,
    DropRoutine,
    DropType,
    DropSequence,
    DropGround,
    DropSchema,
}

/// One statement (or a few that belong together).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub phase: Phase,
    pub sql: String,
    /// The table or column that must be there, where the step is about two.
    pub needs: Option<Identity>,
    /// Statements that come to the same and keep nobody waiting, each in a
    /// transaction of its own. Empty where there are none.
    pub gentle: Vec<String>,
}

impl Phase {
    /// Whether it takes down, so that users come before what they use.
    pub fn drops(self) -> bool {
        self > Phase::Rename && self <= Phase::DropInTheWay
            || matches!(self, Phase::DropComputed | Phase::DropColumn)
            || self >= Phase::DropRoutine
    }
}

impl Step {
    pub fn new(phase: Phase, sql: impl Into<String>) -> Step {
        Step { phase, sql: sql.into(), needs: None, gentle: Vec::new() }
    }

    pub fn needing(mut self, table: Option<Identity>) -> Step {
        self.needs = table;
        self
    }

    /// Whether it makes a function or procedure, whose body may speak of what
    /// isn't there.
    pub fn makes_routine(&self) -> bool {
        let what = self.sql.strip_prefix("CREATE ").unwrap_or_default();
        let what = what.strip_prefix("OR REPLACE ").unwrap_or(what);
        what.starts_with("FUNCTION ") || what.starts_with("PROCEDURE ")
    }

    pub fn gently(mut self, statements: Vec<String>) -> Step {
        self.gentle = statements;
        self
    }
}

/// Something whose users (views, triggers, policies) stand in the way of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Relation(Identity),
    Column(Identity),
    Routine(Identity),
    /// By what SQL says of it in full.
    Operator(String),
    Type(Identity),
    /// One that is known by its kind and name.
    Object(&'static str, Identity),
}

/// What mends one difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mend {
    pub steps: Vec<Step>,
    /// Whether running it destroys data.
    pub data_loss: bool,
    /// What must be free of users while it runs: they are dropped before and
    /// made again after.
    pub clears: Vec<Target>,
    /// What it makes as declared, with all that is part of it, though the
    /// difference may be another's.
    pub anew: Vec<Identity>,
}

impl Mend {
    pub fn step(phase: Phase, sql: impl Into<String>) -> Mend {
        Mend { steps: vec![Step::new(phase, sql)], ..Mend::default() }
    }

    pub fn steps(steps: Vec<Step>) -> Mend {
        Mend { steps, ..Mend::default() }
    }

    pub fn and(mut self, phase: Phase, sql: impl Into<String>) -> Mend {
        self.steps.push(Step::new(phase, sql));
        self
    }

    /// For an object that was made anew by itself: what its definition
    /// doesn't say.
    pub fn dressed(mut self, made: &Object, side: &Side) -> Mend {
        self.steps.extend(facet::steps(made, side));
        self
    }

    pub fn losing(mut self, data_loss: bool) -> Mend {
        self.data_loss = data_loss;
        self
    }

    pub fn clearing(mut self, target: Target) -> Mend {
        self.clears.push(target);
        self
    }

    /// Says in a comment what SQL can't do.
    pub fn comment(text: &str) -> Mend {
        Mend::step(Phase::Finish, format!("-- {text}"))
    }
}

/// Kinds whose objects share one name space and have columns.
pub(crate) const RELATIONS: [&str; 4] = ["table", "view", "materialized view", "foreign table"];

/// One of the two schemas, indexed.
pub struct Side<'a> {
    pub model: &'a Model,
    index: OnceCell<HashMap<(&'static str, &'a Identity), usize>>,
    kinds: OnceCell<HashMap<&'static str, Vec<usize>>>,
    children: OnceCell<HashMap<Identity, Vec<usize>>>,
    heirs: OnceCell<HashMap<Identity, Vec<usize>>>,
    defaults: OnceCell<HashMap<String, Vec<usize>>>,
    relations: OnceCell<HashMap<String, usize>>,
}

impl<'a> Side<'a> {
    pub fn new(model: &'a Model) -> Side<'a> {
        Side {
            model,
            index: OnceCell::new(),
            kinds: OnceCell::new(),
            children: OnceCell::new(),
            heirs: OnceCell::new(),
            defaults: OnceCell::new(),
            relations: OnceCell::new(),
        }
    }

    /// The object of that kind and identity.
    pub fn get(&self, kind: &Kind, identity: &Identity) -> Option<&'a Object> {
        self.named(kind.name, identity)
    }

    /// The object of the kind of that name and identity.
    pub fn named(&self, kind: &'static str, identity: &Identity) -> Option<&'a Object> {
        self.place(kind, identity).map(|i| &self.model.objects[i])
    }

    fn place(&self, kind: &'static str, identity: &Identity) -> Option<usize> {
        let index = self.index.get_or_init(|| {
            let objects = self.model.objects.iter().enumerate();
            objects.map(|(i, o)| ((o.kind.name, &o.identity), i)).collect()
        });
        index.get(&(kind, identity)).copied()
    }

    /// For each of another side's objects, where this side has the same one.
    pub fn counterparts(&self, others: &[Object]) -> Vec<Option<usize>> {
        let objects = &self.model.objects;
        let mut next = 0;
        let counterpart = |other: &Object| {
            // Most schemas are as they should be, and both in the same order.
            let is_it = |o: &Object| o.kind == other.kind && o.identity == other.identity;
            let at = match objects.get(next).is_some_and(is_it) {
                true => Some(next),
                false => self.place(other.kind.name, &other.identity),
            };
            next = at.map_or(next, |at| at + 1);
            at
        };
        others.iter().map(counterpart).collect()
    }

    /// The table, view … of that name.
    pub fn relation(&self, identity: &Identity) -> Option<&'a Object> {
        RELATIONS.iter().find_map(|kind| self.named(kind, identity))
    }

    /// The table, view … whose name SQL writes like that.
    pub fn relation_in_sql(&self, name: &str) -> Option<&'a Object> {
        let relations = self.relations.get_or_init(|| {
            let is_relation = |o: &Object| RELATIONS.contains(&o.kind.name);
            let objects = self.model.objects.iter().enumerate();
            objects.filter(|(_, o)| is_relation(o)).map(|(i, o)| (o.identity.sql(), i)).collect()
        });
        relations.get(name).map(|&i| &self.model.objects[i])
    }

    /// All objects of a kind.
    pub fn all(&self, kind: &'static str) -> impl Iterator<Item = &'a Object> + use<'_, 'a> {
        // Asked for each object that is made, and most are of other kinds.
        let kinds = self.kinds.get_or_init(|| {
            let mut kinds: HashMap<&str, Vec<usize>> = HashMap::new();
            for (i, object) in self.model.objects.iter().enumerate() {
                kinds.entry(object.kind.name).or_default().push(i);
            }
            kinds
        });
        kinds.get(kind).into_iter().flatten().map(|&i| &self.model.objects[i])
    }

    /// What is part of an object: columns, constraints, indexes, triggers,
    /// rules, policies, owned sequences.
    pub fn children(&self, parent: &Identity) -> impl Iterator<Item = &'a Object> + use<'_, 'a> {
        let children = self.children.get_or_init(|| {
            let mut children: HashMap<Identity, Vec<usize>> = HashMap::new();
            for (i, object) in self.model.objects.iter().enumerate() {
                if let Some(parent) = (object.kind.parent)(object) {
                    children.entry(parent).or_default().push(i);
                }
            }
            children
        });
        children.get(parent).into_iter().flatten().map(|&i| &self.model.objects[i])
    }

    /// The children of one kind.
    pub fn children_of(&self, parent: &Identity, kind: &'static str) -> Vec<&'a Object> {
        self.children(parent).filter(|o| o.kind.name == kind).collect()
    }

    /// The tables that inherit from a table or are partitions of it.
    pub fn heirs(&self, table: &Identity) -> Vec<&'a Object> {
        // Most tables have none, and a look for them goes through everything.
        let heirs = self.heirs.get_or_init(|| {
            let mut heirs: HashMap<Identity, Vec<usize>> = HashMap::new();
            for (i, object) in self.model.objects.iter().enumerate() {
                if matches!(object.kind.name, "table" | "foreign table") {
                    for parent in self.parents(&object.identity) {
                        heirs.entry(parent).or_default().push(i);
                    }
                }
            }
            heirs
        });
        heirs.get(table).into_iter().flatten().map(|&i| &self.model.objects[i]).collect()
    }

    /// The same at any depth.
    pub fn below(&self, table: &Identity) -> Vec<&'a Object> {
        let mut below = self.heirs(table);
        let mut at = 0;
        while let Some(heir) = below.get(at) {
            let heirs = self.heirs(&heir.identity);
            below.extend(heirs);
            at += 1;
        }
        below
    }

    /// Columns and domains whose defaults draw on a sequence: they hold it.
    pub fn drawing_on(
        &self,
        sequence: &Identity,
    ) -> impl Iterator<Item = &'a Object> + use<'_, 'a> {
        let defaults = self.defaults.get_or_init(|| {
            let mut defaults: HashMap<String, Vec<usize>> = HashMap::new();
            for (i, object) in self.model.objects.iter().enumerate() {
                if matches!(object.kind.name, "column" | "domain")
                    && object.attributes.get().contains("::regclass")
                {
                    let attrs = object.attrs();
                    for named in sql::relations_named(attrs.text("default").unwrap_or_default()) {
                        defaults.entry(named.to_owned()).or_default().push(i);
                    }
                }
            }
            defaults
        });
        let holders = defaults.get(&sql::literal(&sequence.sql()));
        holders.into_iter().flatten().map(|&i| &self.model.objects[i])
    }

    /// The tables that a table inherits from or is a partition of.
    pub fn parents(&self, table: &Identity) -> Vec<Identity> {
        self.relation(table).map_or_else(Vec::new, |t| {
            let attrs = t.attrs();
            let mut parents = attrs.identities("inherits");
            parents.extend(attrs.identity("partition_of"));
            parents
        })
    }
}

/// One attribute that is declared so and live otherwise.
pub struct Change<'a, 'm> {
    pub attribute: &'a str,
    pub declared: &'a Object,
    pub live: &'a Object,
    /// Attributes of the declared object.
    pub to: &'a Attrs,
    /// Attributes of the live object.
    pub from: &'a Attrs,
    pub declared_side: &'a Side<'m>,
    pub live_side: &'a Side<'m>,
    /// Major version of the live server.
    pub server: u32,
}

impl Change<'_, '_> {
    /// The object as SQL names it.
    pub fn sql(&self) -> String {
        self.live.identity.sql()
    }

    /// The table, domain … that the object is named under.
    pub fn table(&self) -> String {
        self.live.identity.prefix(2).sql()
    }

    /// The object's own name.
    pub fn name(&self) -> String {
        sql::ident(self.live.identity.name())
    }

    /// Drops the live object and makes the declared one.
    pub fn again(&self) -> Mend {
        let mut mend = (self.live.kind.drop)(self.live, self.live_side);
        mend.steps.extend(facet::make(self.declared, self.declared_side));
        mend
    }
}
