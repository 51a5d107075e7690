//! A field of a row type goes, and with it that field of every value stored
//! in columns of the type: ALTER TYPE … DROP ATTRIBUTE, or dropping a column
//! of a table whose row type is used elsewhere.

use super::Rule;

pub const DROP_ATTRIBUTE: Rule = Rule {
    code: "drop_attribute",
    sqlstate: "SG001",
    object_type: "column",
    unit: ("value that has the field", "values that have the field"),
    lossless: |_| {
        "To keep the values instead: copy the field into a column of its own first.".to_owned()
    },
};
