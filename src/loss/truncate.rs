//! A table is emptied, with all that TRUNCATE … CASCADE takes along.

use super::Rule;

pub const TRUNCATE: Rule = Rule {
    code: "truncate",
    sqlstate: "SG001",
    object_type: "table",
    unit: ("row", "rows"),
    lossless: |object| {
        format!(
            "To keep the rows instead: CREATE TABLE … AS TABLE {object}; or DELETE just what is to go."
        )
    },
};
