//! Rows lose their place in the write-ahead log: a crash empties the table,
//! and no standby and no base backup has it. Nothing is gone yet.

use super::Rule;

pub const SET_UNLOGGED: Rule = Rule {
    code: "set_unlogged",
    sqlstate: "SG001",
    object_type: "table",
    unit: (
        "row that a crash would erase, and that no standby and no base backup would have",
        "rows that a crash would erase, and that no standby and no base backup would have",
    ),
    lossless: |_| {
        "To keep them safe: leave the table logged; what can be loaded again may stand in a table of its own: CREATE UNLOGGED TABLE …;".to_owned()
    },
};
