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

/// The way to keep a table that goes by another thing: what helps depends on
/// why it goes. `what` is the statement in short.
pub(super) fn way_out(what: &str, object: &str) -> String {
    if what.starts_with("DROP SCHEMA") {
        format!("To keep it instead: ALTER TABLE {object} SET SCHEMA …;")
    } else if what.starts_with("DROP OWNED") {
        format!("To keep it instead: ALTER TABLE {object} OWNER TO …;")
    } else if let Some(extension) = what.strip_prefix("DROP EXTENSION ") {
        format!("To keep it instead: ALTER EXTENSION {extension} DROP TABLE {object};")
    } else {
        (DROP_TABLE.lossless)(object)
    }
}
