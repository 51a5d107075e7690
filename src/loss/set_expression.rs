//! A stored generated column gets another expression, and its stored values
//! are computed anew (PostgreSQL 17 and later).

use super::Rule;
use super::drop_column::split;

pub const SET_EXPRESSION: Rule = Rule {
    code: "set_expression",
    sqlstate: "SG001",
    object_type: "column",
    unit: ("stored value that would change", "stored values that would change"),
    lossless: |object| {
        let (table, column) = split(object);
        format!(
            "To keep the stored values instead: ALTER TABLE {table} ADD COLUMN a new one with the new expression; or ALTER TABLE {table} ALTER COLUMN {column} DROP EXPRESSION, which keeps them as they are."
        )
    },
};
