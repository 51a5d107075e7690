//! Computed columns, and what else has to be made anew.

use super::{KIND, below, definition, facet, finish, in_children, involves, sql};
use crate::model::mend::{Change, Mend, Phase, Step, Target};
use crate::model::{Identity, Object};

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

/// Has the columns that are computed from one make way for its new type.
pub(super) fn around_computed(c: &Change, mut mend: Mend) -> Mend {
    let tables = tables(c);
    let columns = tables.iter().flat_map(|t| c.live_side.children_of(t, KIND.name));
    for live in columns.filter(|o| is_computed_from(o, c.live.identity.name())) {
        let Some(declared) = c.declared_side.get(live.kind, &live.identity) else { continue };
        let (from, to) = (live.attrs(), declared.attrs());
        let change = Change { attribute: "generated", declared, live, from: &from, to: &to, ..*c };
        if to.get("generated").is_none() {
            let stays = format!("ALTER COLUMN {} DROP EXPRESSION IF EXISTS", change.name());
            let sql = format!("ALTER TABLE {} {stays}", change.table());
            mend.steps.insert(0, Step::new(Phase::DropComputed, sql));
            continue;
        }
        let Mend { mut steps, clears, .. } = anew_alone(&change);
        mend.steps.insert(0, Step { phase: Phase::DropComputed, ..steps.remove(0) });
        mend.steps.extend(steps.into_iter().map(|s| Step {
            phase: if s.phase == Phase::AlterColumn { Phase::AddComputed } else { s.phase },
            ..s
        }));
        mend.clears.extend(clears);
        mend.clears.extend(tables.iter().map(|t| Target::Column(t.part(live.identity.name()))));
        let on_it = tables.iter().flat_map(|t| c.live_side.children(t)).filter(|o| {
            matches!(o.kind.name, "constraint" | "index" | "statistics")
                && involves(o, live.identity.name())
        });
        mend.clears.extend(on_it.map(|o| Target::Object(o.kind.name, o.identity.clone())));
    }
    mend
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

pub(super) fn anew(c: &Change) -> Mend {
    let mut mend = anew_alone(c);
    // Indexes and constraints on the column went with it, those below with the
    // columns there.
    let tables = tables(c);
    let kinds = ["constraint", "index", "statistics"];
    for (table, kind) in tables.iter().flat_map(|t| kinds.map(|kind| (t, kind))) {
        for child in c.declared_side.children_of(table, kind) {
            // One that is missing has a row of its own.
            let there = c.live_side.get(child.kind, &child.identity).is_some();
            if there && involves(child, c.live.identity.name()) {
                let drop = (child.kind.drop)(child, c.declared_side).steps;
                let create = facet::make(child, c.declared_side);
                mend.steps.extend(drop.into_iter().chain(create).map(|s| Step {
                    phase: if s.phase < Phase::Finish { Phase::AlterColumn } else { s.phase },
                    ..s
                }));
            }
        }
    }
    mend
}
