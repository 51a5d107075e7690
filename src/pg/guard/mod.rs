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
mod form;
mod global;
mod hook;
mod judge;
mod probe;
mod rename;
mod rows;
mod run;
mod state;
mod statement;
mod transaction;
mod values;

pub use consent::{accept, accept_drift, allow, approve, disallow, in_force, revoke_approval};
pub use events::object_type;

use super::settings;
use super::sys::{self, executor, history};

/// What watches DELETE, UPDATE and MERGE, where a setting asks for it.
static OBSERVER: executor::Observer = executor::Observer {
    looks_at_form: settings::require_where,
    counts_rows: || settings::max_rows_lost().is_some(),
    analysed: form::analysed,
    before_plan: form::before_plan,
    marks: form::marks,
    before_start: form::before_start,
    started: rows::started,
    enter: rows::enter,
    leave: rows::leave,
    rows: rows::tally,
};

/// Whether there is anything to see for us: a session that may write, and
/// that isn't one of our own workers.
fn active() -> bool {
    sys::may_act() && !super::worker::is_worker()
}

/// Called once, when the library is loaded.
pub fn install() {
    hook::install();
    transaction::install();
    executor::install(&OBSERVER);
    history::install();
    // Defining the settings has set them.
    settings::take_mode_set();
}
