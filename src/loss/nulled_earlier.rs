//! A column that looks empty because this very transaction has set its
//! values to NULL. Whether they were copied elsewhere first can't be told;
//! without that UPDATE the column would be refused, too, so it must not be
//! the way past the guard.

use super::Rule;

pub const NULLED_EARLIER: Rule = Rule {
    code: "nulled_earlier",
    sqlstate: "SG001",
    object_type: "column",
    unit: (
        "value set to null earlier in this transaction",
        "values set to null earlier in this transaction",
    ),
    lossless: |_| "To keep them: ROLLBACK.".to_owned(),
};
