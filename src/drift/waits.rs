//! What waits for a step that is left out, because by itself it would fail.

use std::collections::{HashMap, HashSet};

use crate::model::mend::{Phase, Side};
use crate::model::{Identity, Object, sql, table};

use super::{ChangeKind, Difference};

pub(super) struct Waits<'s, 'm> {
    declared: &'s Side<'m>,
    live: &'s Side<'m>,
    /// Columns that are left as they are, by their table as SQL names it.
    columns: HashMap<String, Vec<&'s str>>,
    /// Tables that aren't made anew.
    whole: HashSet<&'s Identity>,
    /// Where partitions are that stay.
    places: HashSet<(Identity, String)>,
}

impl<'s, 'm> Waits<'s, 'm> {
    /// From the differences that are left out.
    pub fn new(
        kept: &[&'s Difference],
        declared: &'s Side<'m>,
        live: &'s Side<'m>,
    ) -> Waits<'s, 'm> {
        let mut columns: HashMap<String, Vec<&str>> = HashMap::new();
        for k in kept.iter().filter(|k| k.kind.name == "column") {
            columns.entry(k.identity.prefix(2).sql()).or_default().push(k.identity.name());
        }
        let whole = kept.iter().filter(|k| k.attribute.as_deref() == Some("partition_key"));
        let extra = |k: &&&Difference| k.kind.name == "table" && k.change == ChangeKind::Extra;
        let extra = kept.iter().filter(extra);
        Waits {
            declared,
            live,
            columns,
            whole: whole.map(|k| &k.identity).collect(),
            places: extra.filter_map(|k| place(live.get(k.kind, &k.identity)?)).collect(),
        }
    }

    /// Why a difference has to wait.
    pub fn reason(&self, d: &Difference) -> Option<&'static str> {
        if d.change == ChangeKind::Changed && (self.misfits(d) || self.turns_to(d)) {
            Some("it waits for a column, which is left out")
        } else if self.lacks_table(d) {
            Some("it comes with a table, which is left out")
        } else if self.has_no_room(d) {
            Some("a partition has its place, which is left out")
        } else {
            None
        }
    }

    /// Whether a table can't come to a parent, because one of their columns
    /// stays as it is.
    fn misfits(&self, d: &Difference) -> bool {
        if self.columns.is_empty() || !attaches(d) {
            return false;
        }
        let parents = table::above(&d.identity, self.declared);
        let is_partition = table::is_partition(&d.identity, self.declared);
        let column = |of: &Identity, name: &str| self.live.named("column", &of.part(name));
        let fits = |parent: &Identity, name: &str| {
            const AS_ABOVE: [&str; 3] = ["type", "collation", "generated"];
            match (column(&d.identity, name), column(parent, name)) {
                (Some(own), Some(above)) => {
                    let (own, above) = (own.attrs(), above.attrs());
                    AS_ABOVE.iter().all(|a| own.get(a) == above.get(a))
                }
                (None, Some(_)) => false,
                (Some(_), None) => !is_partition,
                (None, None) => true,
            }
        };
        let stay = |table: &Identity| self.columns.get(&table.sql()).into_iter().flatten();
        stay(&d.identity).any(|name| !parents.iter().all(|parent| fits(parent, name)))
            || parents.iter().any(|parent| stay(parent).any(|name| !fits(parent, name)))
    }

    /// Whether a view is to read another table than it does, and a column of
    /// that stays: replaced, a view keeps the types of its columns.
    fn turns_to(&self, d: &Difference) -> bool {
        if self.columns.is_empty()
            || d.kind.name != "view"
            || d.attribute.as_deref() != Some("definition")
        {
            return false;
        }
        let text = |side: &Side| {
            let view = side.get(d.kind, &d.identity).map(Object::attrs);
            view.and_then(|v| v.text("definition").map(str::to_owned)).unwrap_or_default()
        };
        let (to, from) = (text(self.declared), text(self.live));
        let read = sql::pairs(&from);
        sql::pairs(&to).into_iter().filter(|table| !read.contains(table)).any(|table| {
            let stay = self.columns.get(table).into_iter().flatten();
            stay.into_iter().any(|name| sql::mentions(&to, &sql::ident(name)))
        })
    }

    /// Whether it is part or partition of a table that isn't made anew.
    fn lacks_table(&self, d: &Difference) -> bool {
        if self.whole.is_empty() {
            return false;
        }
        let of = |side: &Side<'m>| side.get(d.kind, &d.identity);
        let Some(object) = of(self.declared).or(of(self.live)) else { return false };
        if d.kind.name == "table" {
            let whole = || object.attrs().identity("partition_of");
            return self.whole.contains(&d.identity)
                || comes(d) && whole().is_some_and(|whole| self.whole.contains(&whole));
        }
        // All else that there is to do goes without the table.
        d.mend.steps.iter().all(|s| s.sql.starts_with("--"))
            && (object.kind.parent)(object).is_some_and(|table| self.whole.contains(&table))
    }

    /// Whether a partition can't come to its table, because another one is
    /// there for the same rows.
    fn has_no_room(&self, d: &Difference) -> bool {
        !self.places.is_empty()
            && comes(d)
            && self
                .declared
                .get(d.kind, &d.identity)
                .and_then(place)
                .is_some_and(|place| self.places.contains(&place))
    }
}

/// Whether a table comes to another one.
fn comes(d: &Difference) -> bool {
    d.kind.name == "table" && (d.change == ChangeKind::Missing || attaches(d))
}

fn attaches(d: &Difference) -> bool {
    d.mend.steps.iter().any(|s| s.phase == Phase::Attach)
}

/// Of which table a partition is, and for which rows.
fn place(table: &Object) -> Option<(Identity, String)> {
    let attrs = table.attrs();
    Some((attrs.identity("partition_of")?, attrs.text("partition_bound")?.to_owned()))
}
