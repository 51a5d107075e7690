//! A protected database goes. What is in it can't be read from outside, so
//! the mark decides: `schemaguard.protected` on the database.

use super::Rule;

pub const DROP_DATABASE: Rule = Rule {
    code: "drop_database",
    sqlstate: "SG001",
    object_type: "database",
    unit: ("row", "rows"),
    lossless: |object| {
        format!("To keep it out of the way instead: ALTER DATABASE {object} RENAME TO …;")
    },
};
