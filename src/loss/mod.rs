//! What can be lost, and how that is said. Pure: the server side brings the
//! counts, these rules judge and word them.
//!
//! One rule = one file. A new rule is a file here and a line in [`RULES`].

mod alter_column_type;
mod database;
mod delete_without_where;
mod deleted_earlier;
mod drop_attribute;
mod drop_column;
mod drop_table;
mod extension;
mod large_object;
mod max_rows_lost;
pub mod meaning;
mod nulled_earlier;
mod set_expression;
mod set_unlogged;
mod truncate;
mod update_without_where;

pub use alter_column_type::ALTER_COLUMN_TYPE;
pub use database::DROP_DATABASE;
pub use delete_without_where::{DELETE_WITHOUT_WHERE, without_where};
pub use deleted_earlier::DELETED_EARLIER;
pub use drop_attribute::DROP_ATTRIBUTE;
pub use drop_column::DROP_COLUMN;
pub use drop_table::DROP_TABLE;
pub use extension::DROP_GUARD;
pub use large_object::DROP_LARGE_OBJECT;
pub use max_rows_lost::{KeyAction, MAX_ROWS_LOST, key_action, too_many_rows};
pub use nulled_earlier::NULLED_EARLIER;
pub use set_expression::SET_EXPRESSION;
pub use set_unlogged::SET_UNLOGGED;
pub use truncate::TRUNCATE;
pub use update_without_where::UPDATE_WITHOUT_WHERE;

/// Every rule, in the order in which they are documented.
pub const RULES: &[&Rule] = &[
    &DROP_TABLE,
    &DROP_COLUMN,
    &DROP_ATTRIBUTE,
    &ALTER_COLUMN_TYPE,
    &SET_EXPRESSION,
    &TRUNCATE,
    &DELETED_EARLIER,
    &NULLED_EARLIER,
    &DROP_LARGE_OBJECT,
    &SET_UNLOGGED,
    &DROP_DATABASE,
    &DROP_GUARD,
    &DELETE_WITHOUT_WHERE,
    &UPDATE_WITHOUT_WHERE,
    &MAX_ROWS_LOST,
];

/// Counting stops here: enough to know what is at stake, and bounded.
pub const COUNT_LIMIT: u64 = 10_000;

/// A way to lose data.
pub struct Rule {
    /// Stands in the message, the record and the documentation.
    pub code: &'static str,
    pub sqlstate: &'static str,
    /// PostgreSQL's word for what goes, as in the record.
    pub object_type: &'static str,
    /// What is lost, in the singular and the plural: `row`, `rows`.
    pub unit: (&'static str, &'static str),
    /// How to get there without losing anything; `object` is a quoted name.
    pub lossless: fn(object: &str) -> String,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code)
    }
}

/// How much a look at the data found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Count {
    Exact(u64),
    /// More than the limit of counting.
    MoreThan(u64),
    /// The time was up while counting.
    AtLeast(u64),
    /// Nothing is proven; why.
    Unknown(String),
    /// The time was up after so many rows, and none of them lost anything.
    TimedOut(u64),
    /// Values that would become others.
    Changed(Changed),
    /// What goes is no number; what it is.
    Told(String),
}

/// What a look at values that would be computed anew has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub changed: u64,
    /// Values looked at.
    pub of: u64,
    /// Whether there are more rows that nobody looked at.
    pub part: bool,
    /// Old and new value of the first ones, where they may be shown.
    pub examples: Vec<(String, String)>,
}

impl Changed {
    fn words(&self) -> String {
        let (least, first) = if self.part { ("at least ", "the first ") } else { ("", "") };
        let values = if self.of == 1 { "value" } else { "values" };
        let examples: Vec<String> =
            self.examples.iter().map(|(old, new)| format!("{old} → {new}")).collect();
        let examples = if examples.is_empty() {
            String::new()
        } else {
            format!(", for example {}", examples.join(", "))
        };
        format!(
            "{least}{} of {first}{} {values} would change{examples}",
            grouped(self.changed),
            grouped(self.of)
        )
    }
}

impl Count {
    /// Only a complete look that found nothing proves that nothing is lost.
    pub fn harmless(&self) -> bool {
        *self == Count::Exact(0)
    }

    /// The upper end, where the look has found one.
    pub fn at_most(&self) -> Option<u64> {
        match self {
            Count::Exact(n) => Some(*n),
            Count::Changed(c) if !c.part => Some(c.changed),
            _ => None,
        }
    }

    /// `9,002 rows`, `more than 10,000 rows`, `not proven to hold no rows (…)`.
    pub fn words(&self, unit: (&str, &str)) -> String {
        match self {
            Count::Exact(1) => format!("1 {}", unit.0),
            Count::Exact(n) => format!("{} {}", grouped(*n), unit.1),
            Count::MoreThan(n) => format!("more than {} {}", grouped(*n), unit.1),
            Count::AtLeast(n) => format!("at least {} {}", grouped(*n), unit.1),
            Count::Told(what) => what.clone(),
            Count::Changed(changed) => changed.words(),
            Count::Unknown(why) => format!("not proven to hold no {} ({why})", unit.1),
            Count::TimedOut(seen) => format!(
                "not proven to hold no {} (looked at {} {}, then the time was up)",
                unit.1,
                grouped(*seen),
                if *seen == 1 { "row" } else { "rows" }
            ),
        }
    }
}

/// Something that a statement would destroy.
#[derive(Debug, Clone)]
pub struct Victim {
    pub rule: &'static Rule,
    /// Qualified and quoted as SQL wants it.
    pub object: String,
    pub count: Count,
    /// Through what it goes, where the statement doesn't name it itself.
    pub through: Option<String>,
}

/// The words of a refusal (or of the warning in mode `warn`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub message: String,
    pub detail: String,
    pub hint: String,
}

/// What to do where the time was not enough.
const MORE_TIME: &str = "To have all of it looked at: a superuser sets schemaguard.probe_timeout higher for the role or the session (0 is without end); the table stays locked that long.";

/// More victims than this are counted, not named: the detail has to be read.
const NAMED: usize = 50;

/// Words a statement that would destroy `victims` (at least one).
///
/// `what` is the statement in short, as `DROP TABLE public.users`; `sql` its
/// text, given back in the hint where it is short enough to be of use;
/// `named` is what the statement named itself, where that is a table or column.
pub fn words(what: &str, sql: Option<&str>, named: Option<&str>, victims: &[Victim]) -> Words {
    let proven = victims.iter().any(|v| !matches!(v.count, Count::Unknown(_) | Count::TimedOut(_)));
    let n = victims.len();
    let places =
        if n == 1 { "1 place".to_owned() } else { format!("{} places", grouped(n as u64)) };
    let rule = victims.first().map_or("", |v| v.rule.code);
    let message = if proven {
        format!("{what} would destroy data in {places} (rule {rule})")
    } else {
        format!("{what} is not proven to destroy no data in {places} (rule {rule})")
    };
    let mut detail: Vec<String> = victims
        .iter()
        .take(NAMED)
        .map(|v| {
            let through = v.through.as_ref().map_or(String::new(), |t| format!(" (through {t})"));
            format!("{}: {}{through}", v.object, v.count.words(v.rule.unit))
        })
        .collect();
    if n > NAMED {
        detail.push(format!("… and {} more", grouped((n - NAMED) as u64)));
    }
    let lossless = victims.first().map_or(String::new(), |v| {
        let object = named.unwrap_or(&v.object);
        if matches!(v.count, Count::TimedOut(_)) {
            MORE_TIME.to_owned()
        } else if v.rule.code == DROP_TABLE.code {
            drop_table::way_out(what, object)
        } else if named.is_none() && v.through.is_some() && v.rule.code == DROP_COLUMN.code {
            drop_column::other_type(&v.object)
        } else {
            (v.rule.lossless)(object)
        }
    });
    Words { message, detail: detail.join("\n"), hint: format!("{lossless}\n{}", consent(sql)) }
}

/// How to say yes, to the letter.
fn consent(sql: Option<&str>) -> String {
    format!("To lose it on purpose: {}", accepting(sql))
}

/// A statement with consent around it.
fn accepting(sql: Option<&str>) -> String {
    let statement = match sql.map(|s| s.trim().trim_end_matches(';')) {
        // Behind a comment the rest of the line would be one, too.
        Some(s) if !s.is_empty() && s.len() <= 200 && !s.contains('\n') && !s.contains("--") => {
            s.to_owned()
        }
        _ => "…".to_owned(),
    };
    format!("BEGIN; SELECT schemaguard.accept_data_loss('why'); {statement}; COMMIT;")
}

/// Digits in groups of three, as people read them.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn victim(count: Count) -> Victim {
        Victim { rule: &DROP_TABLE, object: "public.users".into(), count, through: None }
    }

    #[test]
    fn a_refusal_names_every_victim_and_the_way_out() {
        let mut second = victim(Count::MoreThan(10_000));
        second.object = "public.posts".into();
        second.through = Some("schema app".into());
        let w = words(
            "DROP SCHEMA app",
            Some("DROP SCHEMA app CASCADE;"),
            None,
            &[victim(Count::Exact(9_002)), second],
        );
        assert_eq!(w.message, "DROP SCHEMA app would destroy data in 2 places (rule drop_table)");
        assert_eq!(
            w.detail,
            "public.users: 9,002 rows\npublic.posts: more than 10,000 rows (through schema app)"
        );
        assert!(w.hint.contains("SET SCHEMA"), "{}", w.hint);
        assert!(w.hint.ends_with(
            "BEGIN; SELECT schemaguard.accept_data_loss('why'); DROP SCHEMA app CASCADE; COMMIT;"
        ));
    }

    #[test]
    fn nothing_but_a_complete_look_is_harmless() {
        assert!(Count::Exact(0).harmless());
        for count in
            [Count::Exact(1), Count::MoreThan(1), Count::AtLeast(0), Count::Unknown("x".into())]
        {
            assert!(!count.harmless(), "{count:?}");
        }
    }

    #[test]
    fn what_is_unproven_is_not_called_destroyed() {
        let w = words("DROP TABLE t", None, None, &[victim(Count::Unknown("time".into()))]);
        assert!(w.message.contains("not proven"), "{}", w.message);
    }

    #[test]
    fn changed_values_are_told_with_their_number_and_examples() {
        let mut changed = Changed {
            changed: 14,
            of: 9_002,
            part: false,
            examples: vec![("1.2345".into(), "1.23".into())],
        };
        assert_eq!(changed.words(), "14 of 9,002 values would change, for example 1.2345 → 1.23");
        changed.part = true;
        changed.examples.clear();
        assert_eq!(changed.words(), "at least 14 of the first 9,002 values would change");
    }

    #[test]
    fn digits_are_grouped() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        for (n, s) in cases {
            assert_eq!(grouped(n), s);
        }
    }

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let many = vec![victim(Count::Exact(1)); 53];
        let w = words("DROP SCHEMA s", None, None, &many);
        assert!(w.detail.ends_with("… and 3 more"), "{}", w.detail);
    }

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = RULES.iter().map(|r| r.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), RULES.len());
    }
}
