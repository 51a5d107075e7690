//! Columns of a table that have exchanged their names: both names are on both
//! sides, so that neither column is missing.

use std::collections::{BTreeMap, HashMap};

use super::{Lives, trace};
use crate::drift::compared;
use crate::model::mend::Side;
use crate::model::{Identity, Object};

/// The live columns that are called as another one of their table is declared,
/// and was called as that one when it was declared. Only where fewer things
/// differ if they get these names back.
pub(super) fn columns<'a>(
    declared: &Side,
    live: &Side<'a>,
    lives: &Lives,
    since: impl Fn() -> i64,
    counts: impl Fn(&Object) -> bool,
) -> Vec<&'a Object> {
    let mut differing: BTreeMap<Identity, Vec<&'a Object>> = BTreeMap::new();
    for column in live.all("column") {
        let other = declared.get(column.kind, &column.identity);
        if other.is_some_and(|other| other.attributes != column.attributes) && counts(column) {
            differing.entry(column.identity.prefix(2)).or_default().push(column);
        }
    }
    // A name goes down to children, and comes from parents: there one look at
    // one table doesn't tell.
    let alone = |table: &Identity| live.heirs(table).is_empty() && live.parents(table).is_empty();
    let tables = differing.into_iter().filter(|(table, columns)| columns.len() > 1 && alone(table));
    tables.flat_map(|(_, columns)| in_table(&columns, declared, lives, &since)).collect()
}

fn in_table<'a>(
    columns: &[&'a Object],
    declared: &Side,
    lives: &Lives,
    since: impl Fn() -> i64,
) -> Vec<&'a Object> {
    let mut was: HashMap<&str, String> = HashMap::new();
    let mut came: HashMap<&str, Option<i64>> = HashMap::new();
    for column in columns {
        let former = trace(&column.identity, column.kind.object_type, lives);
        let of_these = |name: &Identity| {
            name.prefix(2) == column.identity.prefix(2)
                && name.name() != column.identity.name()
                && columns.iter().any(|c| c.identity == *name)
        };
        if let Some((name, cause)) = former.into_iter().find(|(name, _)| of_these(name)) {
            was.insert(column.identity.name(), name.name().to_owned());
            came.insert(column.identity.name(), cause);
        }
    }
    // Each of them has to have its name from another one of them.
    loop {
        let names: Vec<String> = was.values().cloned().collect();
        let before = was.len();
        was.retain(|now, was| {
            names.iter().any(|n| n == now) && names.iter().filter(|n| *n == was).count() == 1
        });
        let there: Vec<String> = was.keys().map(|now| (*now).to_owned()).collect();
        was.retain(|_, was| there.contains(was));
        if was.len() == before {
            break;
        }
    }
    let exchanged: Vec<&Object> =
        columns.iter().filter(|c| was.contains_key(c.identity.name())).copied().collect();
    let differences = |called: &dyn Fn(&Object) -> Identity| -> usize {
        let apart_as = |c: &&Object| Some(apart(declared.get(c.kind, &called(c))?, c));
        exchanged.iter().filter_map(apart_as).sum()
    };
    let as_it_is = differences(&|c| c.identity.clone());
    let given_back = differences(&|c| c.identity.prefix(2).part(&was[c.identity.name()]));
    // A name that was exchanged before it was declared is the declared one.
    let is_later = || {
        let since = since();
        was.keys().all(|now| came[now].is_some_and(|came| came >= since))
    };
    if given_back < as_it_is && is_later() { exchanged } else { Vec::new() }
}

/// In how much a column differs from a declared one.
fn apart(declared: &Object, live: &Object) -> usize {
    let (to, from) = (compared(&declared.attrs()), compared(&live.attrs()));
    let missing = to.keys().filter(|name| !from.contains_key(*name)).count();
    missing + from.iter().filter(|(name, value)| to.get(*name) != Some(value)).count()
}
