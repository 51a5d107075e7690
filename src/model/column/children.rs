//! What the children of a table have of its columns, and what of their own.

use super::{
    KIND, added_in, compress, facet, handed_down, not_null, not_null_is_odd, settle, sql,
    subcommands, table,
};
use crate::model::mend::{Change, Phase, Side, Step};
use crate::model::{Attrs, Identity, Object};

/// What children say of a column that they have from its table, where the
/// column comes back.
pub(crate) fn in_children(o: &Object, live: &Side, declared: &Side) -> Vec<Step> {
    let mut steps = Vec::new();
    for child in declared.heirs(&o.identity.prefix(2)) {
        let to_come = live.relation(&child.identity).is_none();
        let column = child.identity.part(o.identity.name());
        if let Some(column) = declared.get(o.kind, &column).filter(|c| c.attrs().is("_inherited")) {
            let attrs = column.attrs();
            let mut given = handed_down(&o.attrs());
            given.0.remove("identity");
            let settled = settle(&column.identity, &given, &attrs);
            let (_, phase) = added_in(&attrs);
            let needs = to_come.then(|| child.identity.clone());
            let step = |sql| Step::new(phase, sql).needing(needs.clone());
            steps.extend(settled.into_iter().map(step));
            // One that is to come gets the rest with all that is its own.
            if !to_come {
                steps.extend(facet::steps(column, declared));
            }
            steps.extend(in_children(column, live, declared));
        }
    }
    steps
}

/// What drops a column that isn't declared. One that a child has of its own,
/// too, stays when the parent's goes, and goes where it isn't declared either.
pub(crate) fn drops(o: &Object, live: &Side, declared: &Side) -> Vec<String> {
    let table = o.identity.prefix(2);
    let of_heir = |heir: &Object| {
        let stays = declared.parents(&heir.identity).contains(&table);
        live.get(o.kind, &heir.identity.part(o.identity.name())).filter(|_| stays)
    };
    let columns: Vec<_> = live.heirs(&table).into_iter().filter_map(of_heir).collect();
    let is_declared = |c: &&Object| declared.get(c.kind, &c.identity).is_some();
    let only = if columns.iter().any(is_declared) { "ONLY " } else { "" };
    let (table, name) = (table.sql(), sql::ident(o.identity.name()));
    let mut drops = vec![format!("ALTER TABLE {only}{table} DROP COLUMN IF EXISTS {name}")];
    for column in columns.iter().filter(|c| !is_declared(c)) {
        let went_along = only.is_empty() && !column.attrs().is("_local");
        drops.extend(self::drops(column, live, declared).into_iter().skip(went_along.into()));
    }
    drops
}

/// Whether a child has its parent's NOT NULL under a name of its own.
pub(super) fn child_differs(c: &Change) -> bool {
    let name = not_null::name(&c.live.identity, c.from);
    c.live_side.all("table").any(|child| {
        let column = child.identity.part(c.live.identity.name());
        let table = c.live.identity.prefix(2);
        [c.live_side, c.declared_side]
            .iter()
            .all(|s| table::above(&child.identity, s).contains(&table))
            && c.live_side.get(&KIND, &column).is_some_and(|column| {
                let attrs = column.attrs();
                attrs.is("_not_null_inherited") && not_null::name(&column.identity, &attrs) != name
            })
    })
}

/// Whether the server does to a child's column what is done to its parent's.
pub(crate) fn goes_along(attribute: &str) -> bool {
    !matches!(attribute, "compression" | "options" | "fdw_options")
        && facet::of(attribute).is_none()
}

/// What goes down to children from ALTER TABLE, whatever they have of their own.
const GOES_DOWN: [&str; 4] = ["default", "not_null", "storage", "statistics"];

/// How values are kept: another type has its own way.
const KEPT: [&str; 2] = ["storage", "compression"];

/// What says again how a column's values are kept, after a change of its type.
pub(in crate::model) fn kept(identity: &Identity, attrs: &Attrs) -> Vec<String> {
    let none = Attrs::default();
    let said = KEPT.iter().filter(|a| attrs.get(a).is_some());
    said.flat_map(|a| subcommands(a, identity, &none, attrs).0).collect()
}

/// Declared columns of tables that have them from a column's, the lowest first.
pub(super) fn below<'m>(c: &Change<'_, 'm>) -> Vec<&'m Object> {
    let mut below: Vec<&Object> = Vec::new();
    let mut tables = vec![c.live.identity.prefix(2)];
    while let Some(table) = tables.pop() {
        for heir in c.declared_side.heirs(&table) {
            // One that is still to come to its parent gets nothing from it.
            if c.live_side.relation(&heir.identity).is_some()
                && !c.live_side.parents(&heir.identity).contains(&table)
            {
                continue;
            }
            let column = heir.identity.part(c.live.identity.name());
            let column = c.declared_side.named(KIND.name, &column);
            below.extend(column.filter(|o| !below.iter().any(|b| b.identity == o.identity)));
            tables.push(heir.identity.clone());
        }
    }
    below.reverse();
    below
}

/// Whether a column changes without those of its table's children, for some of
/// them are to have something else.
pub(super) fn apart(c: &Change) -> bool {
    // From 18 a NOT NULL that doesn't go down is another one.
    let possible = GOES_DOWN.contains(&c.attribute)
        && !(c.attribute == "not_null" && c.server >= 18 && c.to.is("not_null"))
        && !table::is_partitioned(&c.live.identity.prefix(2), c.declared_side);
    possible && below(c).iter().any(|b| b.attrs().get(c.attribute) != c.to.get(c.attribute))
}

/// What a change of a column has to say of it and of those below besides.
pub(super) fn give_back(c: &Change, apart: bool) -> Vec<Step> {
    let (retyped, goes_down) =
        (matches!(c.attribute, "type" | "collation"), GOES_DOWN.contains(&c.attribute));
    if !retyped && !goes_down {
        return Vec::new();
    }
    let mut attributes: Vec<&str> = if retyped { KEPT.to_vec() } else { vec![c.attribute] };
    // It is dropped for the change, and set again.
    if c.attribute == "type" && c.from.get("default").is_some() {
        attributes.push("default");
    }
    let mut columns = below(c);
    columns.extend(retyped.then_some(c.declared));
    let mut steps = Vec::new();
    for column in columns {
        let to = column.attrs();
        let own = column.identity == c.live.identity;
        let live = c.live_side.get(&KIND, &column.identity).map(Object::attrs);
        for attribute in &attributes {
            let to_be = to.get(attribute);
            let then = match (retyped && *attribute != "default", apart) {
                (true, _) => None,
                (false, true) => c.from.get(attribute),
                (false, false) => c.to.get(attribute),
            };
            let was = live.as_ref().map_or(c.from.get(attribute), |l| l.get(attribute));
            let follows = to_be == c.to.get(attribute) && was == c.from.get(attribute);
            // What differs has a row of its own, and for a column's own type
            // it comes later.
            if apart && !follows
                || own && was != to_be
                || *attribute == "not_null" && not_null_is_odd(&to)
            {
                continue;
            }
            let mut from = to.clone();
            let kept_by_type = c.to.get("_storage").or(c.from.get("_storage"));
            for (name, value) in [(*attribute, then), ("_storage", kept_by_type)] {
                match value {
                    Some(value) => from.0.insert(name.to_owned(), value.clone()),
                    None => from.0.remove(name),
                };
            }
            if from.get(attribute) == to_be {
                continue;
            }
            // There it would be one that doesn't go down.
            let only = if *attribute == "not_null" && c.server >= 18 { "" } else { "ONLY " };
            for sub in subcommands(attribute, &column.identity, &from, &to).0 {
                let table = column.identity.prefix(2).sql();
                steps.push(Step::new(Phase::GiveBack, format!("ALTER TABLE {only}{table} {sub}")));
            }
        }
    }
    steps
}

/// A child that is to come gets the compression that its parent has by then,
/// and none of what that is given later.
pub(super) fn to_come_compressed(c: &Change) -> Vec<Step> {
    let to_come = |o: &&Object| c.live_side.relation(&o.identity.prefix(2)).is_none();
    let compressed = |column: &Object| {
        let table = column.identity.prefix(2);
        let alter = format!("ALTER COLUMN {} {}", c.name(), compress(&column.attrs()));
        let sql = format!("ALTER TABLE {} {alter}", table.sql());
        Step::new(Phase::AlterColumn, sql).needing(Some(table))
    };
    below(c).into_iter().filter(to_come).map(compressed).collect()
}
