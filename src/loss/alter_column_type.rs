//! A column gets another type, and values change on the way: rounded, cut,
//! computed anew by USING. Where each new value means what the old one meant
//! and leads back to it, nothing is lost.

use super::Rule;
use super::drop_column::split;

pub const ALTER_COLUMN_TYPE: Rule = Rule {
    code: "alter_column_type",
    sqlstate: "SG001",
    object_type: "column",
    unit: ("value that would change", "values that would change"),
    lossless: |object| {
        let (table, column) = split(object);
        format!(
            "To keep the values instead: choose a type that holds them all; or ALTER TABLE {table} ADD COLUMN a new one, fill it, and keep {column} until nobody needs it."
        )
    },
};
