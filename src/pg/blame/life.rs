//! The names that a difference's object had, and when: which rows are about it.

use super::{Compared, index_behind, may_be_recorded};
use crate::drift::{ChangeKind, Difference, Lives, Span};
use crate::model::mend::Side;
use crate::model::{Identity, table};

/// The names that a difference's object had while it was what it is now, the
/// last first.
pub(super) struct Life {
    pub(super) spans: Vec<Span>,
    /// Since which row it is that; 0 where the record doesn't know.
    pub(super) born: i64,
    /// The row that made it that.
    pub(super) came: Option<i64>,
    /// The row by which what is missing went.
    pub(super) gone: Option<i64>,
}

/// Those of the names since something has been what is declared under its name.
fn while_it_was(mut spans: Vec<Span>, declared: &Identity) -> Vec<Span> {
    let oldest = spans.iter().rposition(|s| s.name == *declared).unwrap_or(0);
    spans.truncate(oldest + 1);
    spans
}

pub(super) fn life(d: &Difference, found: &Compared, lives: &Lives, declared: &Side) -> Life {
    let live_name = |name: &Identity| found.renames.live_name(name).unwrap_or_else(|| name.clone());
    let born = |spans: &[Span]| spans.last().map_or(0, |s| s.since);
    let object_type = d.object_type();
    match d.change {
        ChangeKind::Missing => {
            let spans = vec![Span::untold(d.identity.clone(), 0)];
            let gone = match d.part_of() {
                Some(_) => {
                    let table = d.identity.prefix(2);
                    let since = born(&while_it_was(lives.names(&live_name(&table), ""), &table));
                    let gone = lives.gone(&d.identity, object_type, since);
                    // The one that had it is not the one that is there now.
                    gone.dropped.or(gone.renamed).or_else(|| lives.lost(&table, since))
                }
                None => {
                    let since = lives.came(&d.identity, object_type).unwrap_or(0);
                    let gone = lives.gone(&d.identity, object_type, since);
                    let table = || declared.get(d.kind, &d.identity).and_then(d.kind.parent);
                    let with_table = || lives.gone(&table()?.prefix(2), "", since).dropped;
                    // Indexes and sequences go with their table to another schema.
                    let elsewhere = || {
                        let names = lives.names(&live_name(&table()?.prefix(2)), "");
                        names.iter().find_map(|s| {
                            let moved = s.name.beside(d.identity.name());
                            let gone = lives.gone(&moved, object_type, s.since.max(since)).dropped;
                            gone.filter(|id| *id <= s.until)
                        })
                    };
                    gone.dropped.or_else(elsewhere).or_else(with_table).or(gone.renamed)
                }
            };
            Life { spans, born: 0, came: None, gone }
        }
        ChangeKind::Extra => {
            let mut spans = lives.names(&live_name(&d.identity), object_type);
            // It is extra since it is not called as something declared.
            let was_declared = |s: &Span| declared.get(d.kind, &s.name).is_some();
            let oldest = spans.iter().skip(1).position(was_declared).map_or(spans.len(), |n| n + 1);
            spans.truncate(oldest);
            // What its arguments are called it is called after without a row.
            if d.identity.args.is_some() && spans.iter().all(|s| s.name != d.identity) {
                spans.push(Span::untold(d.identity.clone(), 0));
            }
            let (mut since, mut came) = (born(&spans), spans.last().and_then(|s| s.came));
            // A part is, too, since its table is what is called so.
            if d.part_of().is_some() {
                let table = d.identity.prefix(2);
                let table = while_it_was(lives.names(&live_name(&table), ""), &table);
                if let Some(table) = table.last().filter(|table| table.since > since) {
                    (since, came) = (table.since, table.came);
                }
                spans.retain(|s| s.until >= since);
                spans.iter_mut().for_each(|s| s.since = s.since.max(since));
            }
            Life { spans, born: since, came, gone: None }
        }
        ChangeKind::Changed => {
            let live = live_name(&d.identity);
            let mut spans = while_it_was(lives.names(&live, object_type), &d.identity);
            let (born, came) = (born(&spans), spans.last().and_then(|s| s.came));
            // Some get their names from those that they inherit from.
            if live != d.identity && spans.iter().all(|s| s.name != d.identity) {
                spans.push(Span::untold(d.identity.clone(), born));
            }
            Life { spans, born, came, gone: None }
        }
    }
}

/// What a table has from the tables that it inherits from, or did.
fn from_above(d: &Difference, found: &Compared, sides: [&Side; 2]) -> Vec<Identity> {
    if !matches!(d.kind.name, "column" | "constraint") {
        return Vec::new();
    }
    let table = d.identity.prefix(2);
    let mut above: Vec<Identity> =
        sides.into_iter().flat_map(|s| table::above(&table, s)).collect();
    let live: Vec<Identity> = above.iter().filter_map(|t| found.renames.live_name(t)).collect();
    above.extend(live);
    above.iter().map(|t| t.part(d.identity.name())).collect()
}

/// Which rows are about it: those of these names, from one row to another.
pub(super) fn spans(
    d: &Difference,
    life: &Life,
    found: &Compared,
    sides: [&Side; 2],
) -> Vec<serde_json::Value> {
    let is_part = d.part_of().is_some();
    let span = |name: &Identity, since: i64, until: i64| {
        serde_json::json!({
            "object": may_be_recorded(d).then(|| name.to_string()),
            "parent": is_part.then(|| name.prefix(2).to_string()),
            "part": is_part.then(|| name.name()),
            "since": since,
            "until": until,
        })
    };
    let mut spans: Vec<_> = life.spans.iter().map(|s| span(&s.name, s.since, s.until)).collect();
    let above = from_above(d, found, sides);
    spans.extend(above.iter().map(|name| span(name, life.born, i64::MAX)));
    // A view's columns are no objects of drift().
    let columns: Vec<String> = match (sides.map(|s| s.get(d.kind, &d.identity)), &d.attribute) {
        ([Some(declared), Some(live)], Some(a)) if a == "column_grants" => {
            let (declared, live) = (declared.attrs(), live.attrs());
            declared.differing(a, &live).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    for s in &life.spans {
        let (since, until) = (s.since, s.until);
        spans.extend(columns.iter().map(|column| {
            let view = s.name.to_string();
            serde_json::json!({ "parent": view, "part": column, "since": since, "until": until })
        }));
        spans.extend(index_behind(d.kind, &s.name).map(|index| {
            let index = index.to_string();
            serde_json::json!({ "object": index, "since": since, "until": until })
        }));
    }
    spans
}
