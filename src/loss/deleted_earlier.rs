//! A table that looks empty because this very transaction has deleted its
//! rows. A DELETE alone leaves the rows' files behind and shows what it did;
//! with the table gone nobody sees that there were any. Rows that moved
//! elsewhere first can't be told from rows that are lost, so the same holds
//! for them: what was deleted is told, and consent says that it is right.

use super::Rule;

pub const DELETED_EARLIER: Rule = Rule {
    code: "deleted_earlier",
    sqlstate: "SG001",
    object_type: "table",
    unit: ("row deleted earlier in this transaction", "rows deleted earlier in this transaction"),
    lossless: |object| {
        format!(
            "To keep them: ROLLBACK. To keep the table out of the way instead: ALTER TABLE {object} RENAME TO …;"
        )
    },
};
