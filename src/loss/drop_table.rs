//! A table with rows goes: by name, with its schema, its parent, its owner,
//! its extension. Temporary tables, tables made in the same transaction and
//! what can be computed again (materialized views, indexes) lose nothing.

use super::Rule;

pub const DROP_TABLE: Rule = Rule {
    code: "drop_table",
    sqlstate: "SG001",
    object_type: "table",
    unit: ("row", "rows"),
    lossless: |object| {
        format!(
            "To keep it out of the way instead: ALTER TABLE {object} RENAME TO …; or ALTER TABLE {object} SET SCHEMA …;"
        )
    },
};
