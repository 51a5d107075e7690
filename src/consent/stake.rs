//! How much a refused statement would have destroyed, as it was shown to the
//! one who approves it, and whether that still covers what it would destroy
//! when it runs again.

use crate::loss::{Count, Victim, grouped};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// One victim, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stake {
    pub rule: String,
    pub object: String,
    /// How many at most. None: the refusal gave no upper end ("more than
    /// 10,000 rows", "not proven"), and who approves that approves any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u64>,
    /// What was said instead of a number. It has to be said again, word by word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// Tells the object from another of the same name, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
}

/// What is at stake, in an order that doesn't depend on the server's.
/// `mark` tells an object from another of the same name.
pub fn of(victims: &[Victim], mark: impl Fn(&Victim) -> Option<String>) -> Vec<Stake> {
    let mut all: Vec<Stake> = victims
        .iter()
        .map(|v| {
            let (at_most, told) = match &v.count {
                Count::Told(what) => (None, Some(what.clone())),
                count => (count.at_most(), None),
            };
            Stake {
                rule: v.rule.code.to_owned(),
                object: v.object.clone(),
                at_most,
                told,
                mark: mark(v),
            }
        })
        .collect();
    all.sort_by(|a, b| (&a.rule, &a.object).cmp(&(&b.rule, &b.object)));
    all
}

/// More is not named.
const NAMED: usize = 20;

/// What of `victims` goes beyond what was approved, in words, a line each;
/// nothing where all of it is covered.
pub fn beyond(
    approved: &[Stake],
    victims: &[Victim],
    mark: impl Fn(&Victim) -> Option<String>,
) -> Vec<String> {
    let known: HashMap<(&str, &str), &Stake> =
        approved.iter().map(|s| ((s.rule.as_str(), s.object.as_str()), s)).collect();
    let mut lines: Vec<String> = Vec::new();
    for victim in victims {
        let now = victim.count.words(victim.rule.unit);
        let line = match known.get(&(victim.rule.code, victim.object.as_str())) {
            None => format!("{} was not at stake then", victim.object),
            Some(then) if then.mark != mark(victim) => {
                format!("{} is not what had this name then", victim.object)
            }
            Some(Stake { told: Some(then), .. }) if victim.count == Count::Told(then.clone()) => {
                continue;
            }
            Some(Stake { told: Some(then), .. }) => {
                format!("{}: approved was: {then}", victim.object)
            }
            Some(Stake { at_most: Some(then), .. }) => match victim.count.at_most() {
                Some(n) if n <= *then => continue,
                _ => format!("{}: {} approved, now {now}", victim.object, grouped(*then)),
            },
            Some(_) => match victim.count {
                Count::Told(_) => format!("{}: now {now}", victim.object),
                _ => continue,
            },
        };
        lines.push(line);
    }
    if lines.len() > NAMED {
        let more = lines.len() - NAMED;
        lines.truncate(NAMED);
        lines.push(format!("… and {} more", grouped(more as u64)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Stake, Victim};
    use crate::loss::{Count, DROP_COLUMN, DROP_TABLE, Rule};
    use proptest::prelude::*;

    fn of(victims: &[Victim]) -> Vec<Stake> {
        super::of(victims, |_| None)
    }

    fn beyond(approved: &[Stake], victims: &[Victim]) -> Vec<String> {
        super::beyond(approved, victims, |_| None)
    }

    fn victim(rule: &'static Rule, object: &str, count: Count) -> Victim {
        Victim { rule, object: object.into(), count, through: None }
    }

    fn table(object: &str, count: Count) -> Victim {
        victim(&DROP_TABLE, object, count)
    }

    #[test]
    fn the_same_or_less_is_covered() {
        let approved =
            of(&[table("public.a", Count::Exact(5)), table("public.b", Count::Exact(1))]);
        for now in [
            vec![table("public.b", Count::Exact(1)), table("public.a", Count::Exact(5))],
            vec![table("public.a", Count::Exact(2))],
        ] {
            assert!(beyond(&approved, &now).is_empty());
        }
    }

    #[test]
    fn more_is_not_and_is_named() {
        let approved = of(&[table("public.a", Count::Exact(5))]);
        let cases = [
            (table("public.a", Count::Exact(1_006)), "public.a: 5 approved, now 1,006 rows"),
            (
                table("public.a", Count::MoreThan(10_000)),
                "public.a: 5 approved, now more than 10,000 rows",
            ),
            (table("public.a", Count::AtLeast(2)), "public.a: 5 approved, now at least 2 rows"),
            (
                table("public.a", Count::Unknown("time".into())),
                "public.a: 5 approved, now not proven to hold no rows (time)",
            ),
            (table("public.b", Count::Exact(1)), "public.b was not at stake then"),
            (victim(&DROP_COLUMN, "public.a", Count::Exact(1)), "public.a was not at stake then"),
            (
                table("public.a", Count::Told("all of it".into())),
                "public.a: 5 approved, now all of it",
            ),
        ];
        for (now, words) in cases {
            assert_eq!(beyond(&approved, &[now]), [words]);
        }
    }

    #[test]
    fn who_approves_without_an_upper_end_approves_any_number() {
        for then in [Count::MoreThan(10_000), Count::AtLeast(3), Count::Unknown("locked".into())] {
            let approved = of(&[table("public.a", then.clone())]);
            for now in [
                Count::Exact(1),
                Count::Exact(9_999_999),
                Count::MoreThan(10_000),
                Count::Unknown("time".into()),
            ] {
                assert!(beyond(&approved, &[table("public.a", now)]).is_empty());
            }
            assert_eq!(beyond(&approved, &[table("public.a", Count::Told("all".into()))]).len(), 1);
            assert_eq!(beyond(&approved, &[table("public.b", Count::Exact(1))]).len(), 1);
        }
    }

    #[test]
    fn what_was_told_has_to_be_told_again() {
        let approved = of(&[table("public.a", Count::Told("3 of 9 values".into()))]);
        assert!(
            beyond(&approved, &[table("public.a", Count::Told("3 of 9 values".into()))]).is_empty()
        );
        for now in [Count::Told("4 of 9 values".into()), Count::Exact(1), Count::MoreThan(1)] {
            assert_eq!(beyond(&approved, &[table("public.a", now)]).len(), 1);
        }
    }

    #[test]
    fn another_of_the_same_name_is_not_covered() {
        let all = [table("public.a", Count::MoreThan(10_000))];
        let mark = |m: &'static str| move |_: &Victim| Some(m.to_owned());
        let approved = super::of(&all, mark("1"));
        assert!(super::beyond(&approved, &all, mark("1")).is_empty());
        assert_eq!(
            super::beyond(&approved, &all, mark("2")),
            ["public.a is not what had this name then"]
        );
        assert_eq!(super::beyond(&approved, &all, |_| None).len(), 1);
    }

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let many: Vec<Victim> = (0..25).map(|n| table(&format!("t{n}"), Count::Exact(1))).collect();
        let lines = beyond(&[], &many);
        assert_eq!((lines.len(), lines[20].as_str()), (21, "… and 5 more"));
    }

    #[test]
    fn it_is_stored_and_read_back() {
        let all = of(&[
            table("public.\"ä\"", Count::Exact(5)),
            table("b", Count::MoreThan(1)),
            table("c", Count::Told("x".into())),
        ]);
        let json = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Stake>>(&json).unwrap(), all);
    }

    proptest! {
        #[test]
        fn covered_is_exactly_no_more(then in 0u64..20_000, now in 1u64..20_000) {
            let approved = of(&[table("t", Count::Exact(then))]);
            prop_assert_eq!(beyond(&approved, &[table("t", Count::Exact(now))]).is_empty(), now <= then);
        }
    }
}
