//! What an object was called, and when. A name passes from one object to
//! another: what the record says of it is about the one that had it then.

use std::collections::{HashMap, HashSet};

use super::Event;
use crate::model::Identity;

/// A name that an object had, from one row of the record to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub name: Identity,
    pub since: i64,
    pub until: i64,
    /// The row that made it, or called it so; None where what had the name
    /// before went then, or the record doesn't know.
    pub came: Option<i64>,
    /// Whether that is a row about it, not about what it is in.
    pub itself: bool,
}

impl Span {
    /// A name that something has had since that row, without a word of how.
    pub fn untold(name: Identity, since: i64) -> Span {
        Span { name, since, until: i64::MAX, came: None, itself: false }
    }
}

/// By which rows of the record something went.
#[derive(Debug, Default, PartialEq)]
pub struct Gone {
    /// The last one that dropped it.
    pub dropped: Option<i64>,
    /// The first one that gave it another name.
    pub renamed: Option<i64>,
}

/// Renames, and where what was called so was made and dropped.
pub struct Lives<'e> {
    /// The oldest first.
    events: Vec<&'e Event>,
    /// By what the object is called afterwards.
    named: HashMap<&'e str, Vec<usize>>,
    /// By what it was called before.
    left: HashMap<&'e str, Vec<usize>>,
    /// By their tables, the newer names of columns that had another one.
    renamed_columns: HashMap<String, Vec<&'e str>>,
}

/// A part of a name that an event may be about.
#[derive(Clone, Copy)]
enum Place {
    /// The first parts; all of them, or what the object is in.
    First(usize),
    /// The index behind a constraint.
    Index,
    /// A user mapping's server.
    Server,
    /// The schema of default privileges.
    Schema,
}

impl<'e> Lives<'e> {
    /// The newest comes first, as the record is read.
    pub fn new(events: &'e [Event]) -> Lives<'e> {
        let events: Vec<&Event> = events.iter().rev().collect();
        let mut lives = Lives {
            events,
            named: HashMap::new(),
            left: HashMap::new(),
            renamed_columns: HashMap::new(),
        };
        for (at, event) in lives.events.iter().enumerate() {
            lives.named.entry(event.object.as_str()).or_default().push(at);
            if let Some(formerly) = event.formerly.as_deref() {
                lives.left.entry(formerly).or_default().push(at);
                if event.object_type == "column" {
                    let parts = Identity::parts_shown(&event.object);
                    let table = Identity::new(parts).prefix(2).to_string();
                    lives.renamed_columns.entry(table).or_default().push(&event.object);
                }
            }
        }
        lives
    }

    /// The names of an object that is called so now, the last first, back to
    /// where it was made, or where the record knows no further.
    pub fn names(&self, now: &Identity, object_type: &str) -> Vec<Span> {
        let mut spans = Vec::new();
        let (mut name, mut until, mut before) = (now.clone(), i64::MAX, self.events.len());
        loop {
            let newest = |of: &HashMap<&str, Vec<usize>>, renames: bool| {
                let found = places(&name, object_type).into_iter().filter_map(|(place, key)| {
                    let at = of.get(key.as_str())?;
                    let at = &at[..at.partition_point(|at| *at < before)];
                    let event =
                        |at: &&usize| self.concerns(**at, place, &name, object_type, renames);
                    Some((*at.iter().rev().find(event)?, place))
                });
                found.max_by_key(|(at, _)| *at)
            };
            let came = newest(&self.named, false);
            // What was called so is called otherwise since: this one came by
            // the name after that, and without a word in the record.
            let left = newest(&self.left, true).filter(|(at, _)| came.is_none_or(|c| c.0 < *at));
            if let Some((at, _)) = left {
                spans.push(Span { until, ..Span::untold(name, self.events[at].id + 1) });
                return spans;
            }
            let Some((at, place)) = came else {
                spans.push(Span { until, ..Span::untold(name, 0) });
                return spans;
            };
            let event = self.events[at];
            let was = event.formerly.as_deref().and_then(|was| replaced(&name, place, was));
            // A statement can drop what it makes anew.
            let since = if event.formerly.is_some() { event.id } else { event.statement };
            let itself = match place {
                Place::First(n) => n == name.parts.len(),
                Place::Index => true,
                Place::Server | Place::Schema => false,
            };
            let came = (!event.drops).then_some(event.id);
            spans.push(Span { name, since, until, came, itself });
            let Some(was) = was else { return spans };
            (name, until, before) = (was, event.id - 1, at);
        }
    }

    /// How what was called so in row `since` went, where it did.
    pub fn gone(&self, name: &Identity, object_type: &str, since: i64) -> Gone {
        let mut from = self.events.partition_point(|e| e.id < since);
        let (mut name, mut gone) = (name.clone(), Gone::default());
        loop {
            let oldest = |of: &HashMap<&str, Vec<usize>>, drops: bool| {
                let found = places(&name, object_type).into_iter().filter_map(|(place, key)| {
                    let at = of.get(key.as_str())?;
                    let at = &at[at.partition_point(|at| *at < from)..];
                    let event = |at: &&usize| {
                        self.events[**at].drops == drops
                            && self.concerns(**at, place, &name, object_type, !drops)
                    };
                    Some((*at.iter().find(event)?, place))
                });
                found.min_by_key(|(at, _)| *at)
            };
            let drop = oldest(&self.named, true).map(|(at, _)| at);
            let next = oldest(&self.left, false).filter(|(at, _)| drop.is_none_or(|d| *at < d));
            let Some((at, place)) = next else {
                let Some(at) = drop else { return gone };
                gone.dropped = Some(self.events[at].id);
                from = at + 1;
                continue;
            };
            let event = self.events[at];
            if matches!(place, Place::First(n) if n == name.parts.len()) {
                gone.renamed = gone.renamed.or(Some(event.id));
            }
            let Some(other) = replaced(&name, place, &event.object) else { return gone };
            (name, from) = (other, at + 1);
        }
    }

    /// The newest row up to another one by which something lost that name.
    pub fn lost(&self, name: &Identity, until: i64) -> Option<i64> {
        let newest = |of: &HashMap<&str, Vec<usize>>, drops: bool| {
            let found = places(name, "").into_iter().filter_map(|(place, key)| {
                let at = of.get(key.as_str())?;
                let event = |at: &&usize| {
                    let event = self.events[**at];
                    event.drops == drops
                        && event.statement <= until
                        && self.concerns(**at, place, name, "", !drops)
                };
                at.iter().rev().find(event).copied()
            });
            found.max()
        };
        let at = newest(&self.named, true).max(newest(&self.left, false))?;
        Some(self.events[at].id)
    }

    /// The newest row that gave something that name, or made it.
    pub fn came(&self, name: &Identity, object_type: &str) -> Option<i64> {
        let at = self.named.get(name.to_string().as_str())?;
        let whole = Place::First(name.parts.len());
        let came = |at: &&usize| {
            !self.events[**at].drops && self.concerns(**at, whole, name, object_type, false)
        };
        at.iter().rev().find(came).map(|at| self.events[*at].id)
    }

    /// Columns of these tables that have been called otherwise, by their newer names.
    pub fn columns_of<'a>(
        &'a self,
        tables: &'a HashSet<String>,
    ) -> impl Iterator<Item = &'e str> + 'a {
        let columns = tables.iter().filter_map(|table| self.renamed_columns.get(table));
        columns.flatten().copied()
    }

    /// Whether an event of that name is about such an object: a type may be
    /// called as an index is, and a trigger as a column.
    fn concerns(
        &self,
        at: usize,
        place: Place,
        name: &Identity,
        object_type: &str,
        rename: bool,
    ) -> bool {
        let event = self.events[at];
        if rename && event.formerly.as_deref() == Some(event.object.as_str()) {
            return false;
        }
        // The server's words, where drift() has others.
        let kind = |word: &str| match word {
            "domain" => "type".to_owned(),
            _ => word.replace('-', " "),
        };
        match place {
            Place::First(n) if n == name.parts.len() && !object_type.is_empty() => {
                kind(&event.object_type) == kind(object_type)
            }
            Place::First(1) | Place::Schema => event.object_type == "schema",
            Place::First(_) => event.object_type != "index",
            Place::Index => event.object_type == "index" && event.formerly.is_some(),
            Place::Server => event.object_type == "server",
        }
    }
}

/// What an event may name that is about such an object.
fn places(name: &Identity, object_type: &str) -> Vec<(Place, String)> {
    let length = name.parts.len();
    let whole = (Place::First(length), name.to_string());
    match object_type {
        "user mapping" => {
            let server = name.name().split_once(" on server ").map(|(_, server)| server);
            let server = server.map(|s| (Place::Server, Identity::new([s]).to_string()));
            [whole].into_iter().chain(server).collect()
        }
        "default privileges" => {
            let schema = name.parts.get(2);
            let schema = schema.map(|s| (Place::Schema, Identity::new([s]).to_string()));
            [whole].into_iter().chain(schema).collect()
        }
        _ => {
            let around = (1..length).map(|n| (Place::First(n), name.prefix(n).to_string()));
            let index = (object_type == "constraint" && length == 3)
                .then(|| (Place::Index, name.beside(name.name()).to_string()));
            [whole].into_iter().chain(around).chain(index).collect()
        }
    }
}

/// The name with another one in that place.
fn replaced(name: &Identity, place: Place, other: &str) -> Option<Identity> {
    let mut name = name.clone();
    match place {
        Place::First(n) => {
            let other = match &name.args {
                Some(args) if n == name.parts.len() => {
                    other.strip_suffix(&format!("({args})")).unwrap_or(other)
                }
                _ => other,
            };
            let parts = Identity::parts_shown(other);
            if parts.len() != n {
                return None;
            }
            name.parts.splice(..n, parts);
        }
        Place::Index => {
            let parts = Identity::parts_shown(other);
            name.parts[2] = parts.into_iter().nth(1)?;
        }
        Place::Server => {
            let (whose, _) = name.parts[0].split_once(" on server ")?;
            let server = Identity::parts_shown(other).into_iter().next()?;
            name.parts[0] = format!("{whose} on server {server}");
        }
        Place::Schema => name.parts[2] = Identity::parts_shown(other).into_iter().next()?,
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(id: i64, was: &str, object: &str) -> Event {
        Event {
            id,
            statement: id,
            object: object.to_owned(),
            formerly: Some(was.to_owned()),
            object_type: match object.matches('.').count() {
                2 => "column".to_owned(),
                _ => "table".to_owned(),
            },
            drops: false,
        }
    }

    fn of(id: i64, object: &str, drops: bool) -> Event {
        Event { formerly: None, drops, ..renamed(id, "", object) }
    }

    fn names(events: &[Event], now: &[&str]) -> Vec<(String, i64, i64)> {
        let object_type = if now.len() == 3 { "column" } else { "table" };
        let spans = Lives::new(events).names(&Identity::new(now.to_vec()), object_type);
        spans.into_iter().map(|s| (s.name.to_string(), s.since, s.until)).collect()
    }

    #[test]
    fn two_that_exchanged_names() {
        let events = [
            renamed(7, "s.tmp", "s.b"),
            renamed(6, "s.b", "s.a"),
            renamed(5, "s.a", "s.tmp"),
            of(2, "s.b", false),
            of(1, "s.a", false),
        ];
        assert_eq!(
            names(&events, &["s", "a", "x"]),
            [("s.a.x".to_owned(), 6, i64::MAX), ("s.b.x".to_owned(), 2, 5)]
        );
        assert_eq!(
            names(&events, &["s", "b"]),
            [("s.b".to_owned(), 7, i64::MAX), ("s.tmp".to_owned(), 5, 6), ("s.a".to_owned(), 1, 4)]
        );
        let lives = Lives::new(&events);
        let a = Identity::new(["s", "a"]);
        assert_eq!((lives.lost(&a, 6), lives.lost(&a, 4)), (Some(5), None));
        assert_eq!(lives.gone(&a.part("x"), "column", 6), Gone::default());
    }

    #[test]
    fn what_went_under_another_name() {
        let events = [
            of(9, "s.c", true),
            renamed(8, "s.b", "s.c"),
            of(7, "s.b.y", true),
            renamed(6, "s.a", "s.b"),
            of(1, "s.a", false),
        ];
        let lives = Lives::new(&events);
        let a = Identity::new(["s", "a"]);
        let gone = |dropped, renamed| Gone { dropped, renamed };
        assert_eq!(lives.gone(&a, "table", 1), gone(Some(9), Some(6)));
        let alive = Lives::new(&events[1..]);
        assert_eq!(alive.gone(&a, "table", 1), gone(None, Some(6)));
        assert_eq!(alive.gone(&a.part("y"), "column", 1), gone(Some(7), None));
        // Whatever has a name without a word of the record came after it was free.
        assert_eq!(names(&events, &["s", "a"]), [("s.a".to_owned(), 7, i64::MAX)]);
    }
}
