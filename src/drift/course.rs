//! Whether a statement has moved the schema away from the declared one.
//!
//! Away: something is there now, or is so now, that is not declared and was
//! not there before; or something declared that was there is gone. What is
//! not yet all that is declared is on its way: a table with only some of its
//! columns, a column that is to become NOT NULL once it is filled.

use std::collections::HashSet;

use serde_json::Value;

use super::{ChangeKind, Difference};
use crate::model::{Identity, Model, Severity};

/// Kind, object, attribute.
type About = (&'static str, Identity, Option<String>);

/// What a statement found.
#[derive(Debug, Default)]
pub struct Before {
    /// With what there was in place of what is declared.
    differences: HashSet<(About, ChangeKind, Option<String>)>,
    differing: HashSet<About>,
    /// By the words of `drift()` and of the record: `table`, `type`.
    there: HashSet<(String, Identity)>,
}

impl Before {
    /// From the live objects that the statement is about, and their
    /// differences from the declared ones.
    pub fn new(live: &Model, differences: &[Difference]) -> Before {
        Before {
            differences: differences.iter().map(key).collect(),
            differing: differences.iter().map(about).collect(),
            there: live
                .objects
                .iter()
                .map(|o| (o.kind.object_type.to_owned(), o.identity.clone()))
                .collect(),
        }
    }

    /// An object that is known to have been there.
    pub fn was_there(&mut self, object_type: String, identity: Identity) {
        self.there.insert((object_type, identity));
    }

    /// Whether a difference that there is now was brought by the statement,
    /// and leads away from the declared schema. `live` is what is there now.
    pub fn leads_away(&self, d: &Difference, declared: &Model, live: &Model) -> bool {
        if d.severity == Severity::Info || self.differences.contains(&key(d)) {
            return false;
        }
        let there = || self.there.contains(&(d.object_type().to_owned(), d.identity.clone()));
        match d.change {
            ChangeKind::Extra => true,
            ChangeKind::Missing => there(),
            ChangeKind::Changed => {
                let differed = self.differing.contains(&about(d));
                let now = value(live, d);
                let is_less = now.is_none_or(|now| is_part(&now, value(declared, d).as_ref()));
                !is_less || (there() && !differed)
            }
        }
    }
}

/// What a side says there.
fn value(side: &Model, d: &Difference) -> Option<Value> {
    let object = side.objects.iter().find(|o| o.kind == d.kind && o.identity == d.identity)?;
    object.attrs().get(d.attribute.as_deref()?).cloned()
}

/// Whether a list has nothing but what another has, in the same order: an
/// enum with only some of its labels.
fn is_part(list: &Value, of: Option<&Value>) -> bool {
    let (Some(list), Some(of)) = (list.as_array(), of.and_then(Value::as_array)) else {
        return false;
    };
    let mut rest = of.iter();
    list.iter().all(|item| rest.any(|other| other == item))
}

fn key(d: &Difference) -> (About, ChangeKind, Option<String>) {
    (about(d), d.change, d.actual.clone())
}

fn about(d: &Difference) -> About {
    (d.kind.name, d.identity.clone(), d.attribute.clone())
}

#[cfg(test)]
mod tests {
    use super::Before;
    use crate::drift::compare;
    use crate::drift::tests::{INT, column, model, object, table};

    /// What leads away from `declared` on the way from `before` to `after`.
    fn away(declared: &[String], before: &[String], after: &[String]) -> Vec<String> {
        let (declared, before, after) = (model(declared), model(before), model(after));
        let was = Before::new(&before, &compare(&declared, &before));
        compare(&declared, &after)
            .iter()
            .filter(|d| was.leads_away(d, &declared, &after))
            .map(|d| format!("{} {}", d.object(), d.change.as_str()))
            .collect()
    }

    const TEXT: &str = r#"{"type":"text"}"#;
    const NOT_NULL: &str = r#"{"type":"text","not_null":true}"#;

    #[test]
    fn towards() {
        let declared = [table("t", ""), column("t", "a", INT), column("t", "b", NOT_NULL)];
        let (t, a) = (|| table("t", ""), || column("t", "a", INT));
        assert!(away(&declared, &[], &[t(), a()]).is_empty());
        assert!(away(&declared, &[t(), a()], &[t(), a(), column("t", "b", TEXT)]).is_empty());
        assert!(away(&declared, &[t(), a(), column("t", "b", TEXT)], &declared).is_empty());
        // What differed before is nobody's fault now.
        let old = || column("t", "c", INT);
        assert!(away(&declared, &[t(), old()], &[t(), old(), a()]).is_empty());
        assert!(away(&declared, &[t(), a(), old()], &[t(), a()]).is_empty());
        // Labels come one by one.
        let mood = |labels: &str| {
            [object("enum", &["public", "mood"], &format!(r#"{{"labels":[{labels}]}}"#))]
        };
        let all = mood(r#""a","b","c""#);
        assert!(away(&all, &[], &mood(r#""a","c""#)).is_empty());
        assert_eq!(away(&all, &[], &mood(r#""c","a""#)), ["public.mood changed"]);
        assert_eq!(away(&all, &mood(r#""a""#), &mood(r#""a","x""#)), ["public.mood changed"]);
        // The wrong default goes before the right one comes.
        let wrong = column("t", "a", r#"{"type":"integer","default":"2"}"#);
        let right = [t(), column("t", "a", r#"{"type":"integer","default":"1"}"#)];
        assert!(away(&right, &[t(), wrong], &[t(), a()]).is_empty());
    }

    #[test]
    fn off_course() {
        let declared = [table("t", ""), column("t", "a", NOT_NULL)];
        let t = || table("t", "");
        assert_eq!(away(&declared, &[], &[table("u", "")]), ["public.u extra"]);
        assert_eq!(away(&declared, &declared, &[]), ["public.t missing"]);
        assert_eq!(away(&declared, &declared, &[t()]), ["public.t.a missing"]);
        assert_eq!(
            away(&declared, &declared, &[t(), column("t", "a", TEXT)]),
            ["public.t.a changed"]
        );
        // A column made with another type is not on its way.
        assert_eq!(away(&declared, &[t()], &[t(), column("t", "a", INT)]), ["public.t.a changed"]);
        // From one wrong value to another.
        let with = |default: &str| {
            column("t", "a", &format!(r#"{{"type":"text","not_null":true,"default":"{default}"}}"#))
        };
        assert_eq!(away(&declared, &[t(), with("1")], &[t(), with("2")]), ["public.t.a changed"]);
    }
}
