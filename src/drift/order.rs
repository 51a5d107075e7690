//! What comes before what.

use std::collections::{HashMap, HashSet};

use crate::model::mend::{Phase, Side};
use crate::model::{Identity, Object, sql, table};

/// The numbers of a longest increasing subsequence.
pub(super) fn longest_increasing(numbers: &[usize]) -> HashSet<usize> {
    // tails[n]: where the best sequence of n + 1 numbers so far ends.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; numbers.len()];
    for (i, n) in numbers.iter().enumerate() {
        let at = tails.partition_point(|&t| numbers[t] < *n);
        before[i] = at.checked_sub(1).map(|p| tails[p]);
        if at == tails.len() {
            tails.push(i);
        } else {
            tails[at] = i;
        }
    }
    let mut kept = HashSet::new();
    let mut at = tails.last().copied();
    while let Some(i) = at {
        kept.insert(numbers[i]);
        at = before[i];
    }
    kept
}

/// Where objects stand when each comes after what it uses.
pub(super) struct Ranks {
    declared: HashMap<(&'static str, Identity), usize>,
    live: HashMap<(&'static str, Identity), usize>,
}

impl Ranks {
    pub fn new<'m>(
        declared_side: &Side<'m>,
        live_side: &Side<'m>,
        declared: impl Iterator<Item = &'m Object>,
        live: impl Iterator<Item = &'m Object>,
    ) -> Ranks {
        Ranks {
            declared: ranks(declared_side, declared.collect()),
            live: ranks(live_side, live.collect()),
        }
    }

    /// The place of an object's step in a phase: users first where things are
    /// dropped, last where they are made.
    pub fn of(&self, phase: Phase, kind: &'static str, identity: &Identity) -> isize {
        let key = (kind, identity.clone());
        if phase.drops() && phase != Phase::SwapType {
            self.live.get(&key).map_or(0, |&r| -(r as isize))
        } else {
            self.declared.get(&key).map_or(0, |&r| r as isize)
        }
    }
}

/// Objects in an order in which each comes after those that it uses; a circle
/// is cut where it is met.
pub(super) fn sorted<'m>(side: &Side<'m>, objects: Vec<&'m Object>) -> Vec<&'m Object> {
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (i, o) in objects.iter().enumerate() {
        // Parts of tables are nobody's targets, but that children have columns of their parents.
        if o.identity.parts.len() == 2 {
            by_name.entry(sql::qualified(&o.identity.parts)).or_default().push(i);
        } else if o.kind.name == "column" {
            by_name.entry(columns_of(&o.identity.prefix(2))).or_default().push(i);
        }
    }
    let mut state = vec![0u8; objects.len()];
    let mut out = Vec::with_capacity(objects.len());
    // The server gives partitions' indexes names that are free: what has a name
    // of its own comes before.
    let late =
        |o: &Object| o.kind.name == "table" && o.attributes.get().contains("\"partition_of\"");
    let (first, last): (Vec<_>, Vec<_>) = (0..objects.len()).partition(|&i| !late(objects[i]));
    for start in first.into_iter().chain(last) {
        // By hand, for a chain of views can be long.
        let mut stack = vec![(start, None::<Vec<usize>>)];
        while let Some((i, todo)) = stack.last_mut() {
            let i = *i;
            if state[i] == 2 || state[i] == 1 && todo.is_none() {
                stack.pop();
                continue;
            }
            state[i] = 1;
            let todo = todo.get_or_insert_with(|| uses(side, objects[i], &by_name));
            match todo.pop() {
                Some(next) if state[next] == 0 => stack.push((next, None)),
                Some(_) => {}
                None => {
                    state[i] = 2;
                    out.push(objects[i]);
                    stack.pop();
                }
            }
        }
    }
    out
}

fn ranks<'m>(
    side: &Side<'m>,
    mut objects: Vec<&'m Object>,
) -> HashMap<(&'static str, Identity), usize> {
    let mut seen = HashSet::new();
    objects.retain(|o| seen.insert((o.kind.name, &o.identity)));
    sorted(side, objects)
        .into_iter()
        .enumerate()
        .map(|(rank, o)| ((o.kind.name, o.identity.clone()), rank))
        .collect()
}

/// What stands for all columns of a table, as SQL writes it.
fn columns_of(table: &Identity) -> String {
    format!("{}.*", table.sql())
}

fn uses(side: &Side, object: &Object, by_name: &HashMap<String, Vec<usize>>) -> Vec<usize> {
    let mut names: HashSet<String> = HashSet::new();
    let mut read = |object: &Object| {
        names.extend(sql::pairs(&object.attrs().texts()).into_iter().map(str::to_owned));
    };
    read(object);
    if object.kind.name == "table" || object.kind.name == "foreign table" {
        for child in side.children(&object.identity) {
            if matches!(child.kind.name, "column" | "constraint") {
                read(child);
            }
        }
        for parent in table::above(&object.identity, side) {
            names.extend([parent.sql(), columns_of(&parent)]);
        }
    }
    if matches!(object.kind.name, "index" | "statistics") {
        names.extend((object.kind.parent)(object).map(|relation| relation.sql()));
    }
    let own = sql::qualified(&object.identity.parts);
    names
        .into_iter()
        .filter(|n| *n != own)
        .filter_map(|n| by_name.get(&n))
        .flatten()
        .copied()
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .rev()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::longest_increasing;

    #[test]
    fn fewest_moved() {
        assert_eq!(longest_increasing(&[0, 1, 3, 2]).len(), 3);
        assert_eq!(longest_increasing(&[3, 0, 1, 2]), [0, 1, 2].into());
        assert!(longest_increasing(&[]).is_empty());
        assert_eq!(longest_increasing(&[2, 1, 0]).len(), 1);
    }
}
