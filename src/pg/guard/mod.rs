//! The guard: sees what the server is about to destroy, looks at the data,
//! judges, and refuses or records.
//!
//! Two ways of seeing. The event triggers bracket a DDL statement: what was
//! asked, what came of it. The object access hook names each thing that is
//! about to go, whatever asked for it. Inside a bracket victims are gathered
//! and the statement is refused at its end, all victims named; outside (the
//! triggers are disabled, TRUNCATE, DROP DATABASE) on the spot. What neither
//! end has judged is judged before commit: nothing gets past that.

mod asides;
mod consent;
mod definition;
mod events;
mod global;
mod hook;
mod judge;
mod probe;
mod state;
mod statement;
mod transaction;
mod values;

pub use consent::{accept, allow, approve, disallow, in_force, revoke_approval};

/// Called once, when the library is loaded.
pub fn install() {
    hook::install();
    transaction::install();
    // Defining the settings has set them.
    crate::pg::settings::take_mode_set();
}
