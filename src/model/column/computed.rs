//! Computed columns, and what else has to be made anew.

use super::{KIND, below, definition, finish, in_children, involves, sql};
use crate::model::mend::{Change, Mend, Phase, Step, Target};
use crate::model::{Attrs, Identity, Object};

/// What makes a column anew, without what else stands on it.
fn anew_alone(c: &Change) -> Mend {
    let table = c.table();
    let column = definition(c.declared.identity.name(), c.to);
    // What it is computed from may have taken it away.
    let drop = format!("ALTER TABLE {table} DROP COLUMN IF EXISTS {}", c.name());
    let mut mend = Mend::step(Phase::AlterColumn, drop)
        .and(Phase::AlterColumn, format!("ALTER TABLE {table} ADD COLUMN {column}"));
    for sql in finish(&c.declared.identity, c.to) {
        mend = mend.and(Phase::AlterColumn, sql);
    }
    mend = mend.dressed(c.declared, c.declared_side);
    mend.steps.extend(in_children(c.declared, c.live_side, c.declared_side));
    mend
}

/// A column's table and those below that have the column from it, parents
/// first.
fn tables(c: &Change) -> Vec<Identity> {
    let below = below(c).into_iter().rev().map(|o| o.identity.prefix(2));
    [c.live.identity.prefix(2)].into_iter().chain(below).collect()
}

/// What takes a computed column out of the way first, what brings it back, and
/// what has to make way with it.
pub(crate) struct Way {
    pub away: String,
    pub back: Vec<Step>,
    pub clears: Vec<Target>,
}

/// How a computed column makes way for what is done to what its expression
/// holds.
fn way(c: &Change) -> Way {
    if c.to.get("generated").is_none() {
        let stays = format!("ALTER COLUMN {} DROP EXPRESSION IF EXISTS", c.name());
        let away = format!("ALTER TABLE {} {stays}", c.table());
        return Way { away, back: Vec::new(), clears: Vec::new() };
    }
    let Mend { mut steps, mut clears, .. } = anew_alone(c);
    let away = steps.remove(0).sql;
    for step in steps.iter_mut().filter(|s| s.phase == Phase::AlterColumn) {
        step.phase = Phase::AddComputed;
    }
    let name = c.live.identity.name();
    clears.extend(tables(c).iter().map(|t| Target::Column(t.part(name))));
    clears.extend(standing_on(c));
    Way { away, back: steps, clears }
}

/// Indexes, constraints and statistics on a column and on those below.
fn standing_on(c: &Change) -> Vec<Target> {
    let tables = tables(c);
    let parts = tables.iter().flat_map(|t| c.live_side.children(t));
    let on_it = parts.filter(|o| {
        matches!(o.kind.name, "constraint" | "index" | "statistics")
            && involves(o, c.live.identity.name())
    });
    on_it.map(|o| Target::Object(o.kind.name, o.identity.clone())).collect()
}

/// Has the columns that are computed from one make way for its new type.
pub(super) fn around_computed(c: &Change, mut mend: Mend) -> Mend {
    let tables = tables(c);
    let columns = tables.iter().flat_map(|t| c.live_side.children_of(t, KIND.name));
    for live in columns.filter(|o| is_computed_from(o, c.live.identity.name())) {
        let Some(declared) = c.declared_side.get(live.kind, &live.identity) else { continue };
        let (from, to) = (live.attrs(), declared.attrs());
        let change = Change { attribute: "generated", declared, live, from: &from, to: &to, ..*c };
        let Way { away, back, clears } = way(&change);
        mend.steps.insert(0, Step::new(Phase::DropComputed, away));
        mend.steps.extend(back);
        mend.clears.extend(clears);
    }
    mend
}

/// How a computed column makes way for what its expression holds and is made
/// anew in that phase; None where it holds nothing of it.
pub(crate) fn around(
    c: &Change,
    column: &Object,
    phase: Phase,
    holds_it: impl Fn(&Attrs, &str) -> bool,
) -> Option<Way> {
    let from = column.attrs();
    let expression = from.text("generated").filter(|_| !from.is("_inherited"))?;
    if !holds_it(&from, expression) {
        return None;
    }
    // What isn't declared comes back as it was, until it goes.
    let declared = c.declared_side.get(column.kind, &column.identity);
    let mut way = way(&Change {
        attribute: "generated",
        declared: declared.unwrap_or(column),
        live: column,
        from: &from,
        to: &declared.unwrap_or(column).attrs(),
        declared_side: if declared.is_some() { c.declared_side } else { c.live_side },
        ..*c
    });
    if declared.is_none() {
        way.back.iter_mut().for_each(|s| s.phase = phase);
    }
    Some(way)
}

/// Whether a column has an expression of its own that holds another one.
fn is_computed_from(o: &Object, column: &str) -> bool {
    o.attributes.get().contains("\"generated\"") && o.may_name(column) && {
        let attrs = o.attrs();
        !attrs.is("_inherited")
            && attrs.text("generated").is_some_and(|g| sql::mentions(g, &sql::ident(column)))
    }
}

/// The column with whose new type this one is made anew.
pub(super) fn made_with(c: &Change) -> Option<Identity> {
    c.from.get("generated").and(c.to.get("generated"))?;
    let columns = c.live_side.children_of(&c.live.identity.prefix(2), KIND.name);
    let retyped = |o: &&&Object| {
        let types = [Some(**o), c.declared_side.get(o.kind, &o.identity)].map(|o| {
            let attrs = o?.attrs();
            let of = || ["type", "collation"].map(|a| attrs.get(a).cloned());
            attrs.get("generated").is_none().then(of)
        });
        matches!(types, [Some(live), Some(declared)] if live != declared)
    };
    let of = columns.iter().filter(|o| is_computed_from(c.live, o.identity.name())).find(retyped);
    of.map(|o| o.identity.clone())
}

/// Makes a column anew, with the indexes and constraints on it, which go with
/// it.
pub(super) fn anew(c: &Change) -> Mend {
    let mut mend = anew_alone(c);
    mend.clears.extend(standing_on(c));
    mend
}
