//! A column with values goes: by name, or with the type, domain, collation
//! or extension that it uses. Generated columns can be computed again.

use super::Rule;

pub const DROP_COLUMN: Rule = Rule {
    code: "drop_column",
    sqlstate: "SG001",
    object_type: "column",
    unit: ("non-null value", "non-null values"),
    lossless: |object| {
        let (table, column) = split(object);
        format!(
            "To keep the values instead: ALTER TABLE {table} RENAME COLUMN {column} TO …; or leave the column and stop using it."
        )
    },
};

/// The way out where the column goes with something that it is made of.
pub fn other_type(object: &str) -> String {
    let (table, column) = split(object);
    format!(
        "To keep the values instead, give the column another type first: ALTER TABLE {table} ALTER COLUMN {column} TYPE …;"
    )
}

/// Table and column of a quoted name: split at the last dot that isn't inside
/// quotes.
pub(super) fn split(object: &str) -> (&str, &str) {
    let mut quoted = false;
    let mut at = None;
    for (i, c) in object.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => at = Some(i),
            _ => {}
        }
    }
    at.map_or(("…", object), |i| (&object[..i], &object[i + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_outside_of_quotes() {
        assert_eq!(split("public.users.mood"), ("public.users", "mood"));
        assert_eq!(split("public.\"a.b\".\"c.d\""), ("public.\"a.b\"", "\"c.d\""));
        assert_eq!(split("public.t.\"say \"\"x.y\"\"\""), ("public.t", "\"say \"\"x.y\"\"\""));
    }
}
