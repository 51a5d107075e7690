//! UPDATE, or MERGE … UPDATE, without a condition that chooses rows. A rule of
//! the site, about the statement's form: `schemaguard.require_where`.

use super::Rule;

pub const UPDATE_WITHOUT_WHERE: Rule = Rule {
    code: "update_without_where",
    sqlstate: "SG001",
    object_type: "table",
    unit: ("row", "rows"),
    lossless: |object| {
        format!("To change just some rows: a WHERE that names a column of {object}.")
    },
};
