//! Which tables a standing rule is for: schema, dot, and a name in which `%`
//! stands for any characters. Everything else stands for itself, `_` too:
//! half of all names hold one, and a rule must not cover more than it says.

use crate::model::like::like;

/// A pattern that can be held against names.
#[derive(Debug, PartialEq, Eq)]
pub struct Pattern {
    schema: String,
    name: String,
}

/// The name has to say this much itself.
const LITERAL: usize = 3;

impl Pattern {
    /// From the parts of a name as SQL writes it; the error is what is wrong.
    pub fn new(parts: Vec<String>) -> Result<Pattern, &'static str> {
        let Ok([schema, name]) = <[String; 2]>::try_from(parts) else {
            return Err("it has to name one schema and the tables in it");
        };
        if schema.is_empty() || schema.contains('%') {
            return Err("the schema has to be named in full");
        }
        if name.contains('\\') {
            return Err("a backslash has no meaning here: _ stands for itself");
        }
        if name.chars().filter(|c| *c != '%').count() < LITERAL {
            return Err("it would cover nearly every table of the schema");
        }
        Ok(Pattern { schema, name })
    }

    /// Whether a table's parts, schema and name, are what is meant.
    pub fn matches(&self, parts: &[String]) -> bool {
        matches!(parts, [schema, name] if *schema == self.schema && like(name, &self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(name: &str) -> Vec<String> {
        name.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn names_match_as_the_pattern_says() {
        let cases = [
            ("public.events_%", "public.events_2024", true),
            ("public.events_%", "public.events_", true),
            ("public.events_%", "public.eventsX2024", false),
            ("public.events_%", "public.my_events_1", false),
            ("public.events_%", "other.events_1", false),
            ("public.events_%", "public.Events_1", false),
            ("public.%_old", "public.a_old", true),
            ("public.%_old", "public.a_older", false),
            ("public.e%_old", "public.e_old", true),
            ("public.log%p%x", "public.log_p_x", true),
            ("public.log%p%x", "public.log_x_p", false),
            ("public.abc%cba", "public.abcba", false),
            ("public.exact", "public.exact", true),
            ("public.exact", "public.exactly", false),
        ];
        for (pattern, name, wanted) in cases {
            let found = Pattern::new(parts(pattern)).unwrap().matches(&parts(name));
            assert_eq!(found, wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn what_would_cover_everything_is_no_pattern() {
        for pattern in [
            "%",
            "%.%",
            "public.%",
            "public.e%",
            "public.%a%b%",
            "pub%.events_%",
            ".events",
            "events_%",
            "a.b.events",
        ] {
            assert!(Pattern::new(parts(pattern)).is_err(), "{pattern}");
        }
        assert!(Pattern::new(parts("public.ev\\_%")).is_err());
    }

    proptest! {
        #[test]
        fn a_name_matches_what_is_cut_out_of_it(a in "[a-c_]{3,6}", b in "[a-c_]{0,6}", c in "[a-c_]{0,6}") {
            let pattern = Pattern::new(vec!["s".into(), format!("{a}%{c}")]).unwrap();
            let name = format!("{a}{b}{c}");
            prop_assert!(pattern.matches(&["s".into(), name]));
        }

        #[test]
        fn without_a_sign_only_the_name_itself_matches(a in "[a-c_]{3,6}", b in "[a-c_]{3,6}") {
            let pattern = Pattern::new(vec!["s".into(), a.clone()]).unwrap();
            prop_assert_eq!(pattern.matches(&["s".into(), b.clone()]), a == b);
        }
    }
}
