//! A column with values goes: by name, or with the type, domain, collation
//! or extension that it uses. Generated columns can be computed again.

use super::Rule;

pub const DROP_COLUMN: Rule = Rule {
    code: "drop_column",
    unit: ("non-null value", "non-null values"),
    lossless: |object| {
        let column = object.rsplit('.').next().unwrap_or(object);
        let table = object
            .strip_suffix(column)
            .map_or("…", |t| t.trim_end_matches('.'));
        format!(
            "To keep the values instead: ALTER TABLE {table} RENAME COLUMN {column} TO …; or leave the column and stop using it."
        )
    },
};
