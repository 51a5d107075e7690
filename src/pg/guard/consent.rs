//! Consent for the rest of a transaction.

use super::state::{self, Consent};
use crate::pg::sys;

/// Takes consent; an empty reason is refused with SG005.
pub fn accept(reason: &str) {
    let reason = reason.trim();
    if reason.is_empty() {
        sys::raise(
            "SG005",
            "consent to lose data needs a reason",
            None,
            Some(
                "Say what is lost and why that is right: SELECT schemaguard.accept_data_loss('…');"
                    .into(),
            ),
        );
    }
    let depth = sys::transaction_depth();
    state::with(|s| {
        s.consents.push(Consent { depth, reason: reason.to_owned(), used: None });
    });
}

/// The reason in force, if there is one.
pub fn in_force() -> Option<String> {
    state::with(|s| s.consents.last().map(|c| c.reason.clone()))
}
