//! The guard itself goes: the record and the declared schema with it.

use super::Rule;

pub const DROP_GUARD: Rule = Rule {
    code: "drop_guard",
    sqlstate: "SG003",
    object_type: "extension",
    unit: ("row", "rows"),
    lossless: |_| {
        "To switch the guard off and keep the record: ALTER DATABASE … SET schemaguard.mode = 'off';".to_owned()
    },
};
