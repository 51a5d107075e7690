//! A large object with contents goes: with its owner (DROP OWNED), or by
//! lo_unlink(). The latter is what applications do every day, as DELETE is,
//! so it is guarded only where `schemaguard.guard_large_objects` is on.

use super::Rule;

pub const DROP_LARGE_OBJECT: Rule = Rule {
    code: "drop_large_object",
    sqlstate: "SG001",
    object_type: "large object",
    unit: ("byte", "bytes"),
    lossless: |object| {
        let number = object.rsplit(' ').next().unwrap_or_default();
        format!(
            "To keep it instead: ALTER LARGE OBJECT {number} OWNER TO …; or keep its contents: SELECT lo_get({number});"
        )
    },
};
