//! The ends of transactions and savepoints.

use super::{judge, rows, run, state};
use crate::pg::ledger;
use crate::pg::migration;
use crate::pg::settings;
use crate::pg::sys;
use crate::pg::sys::error::{Raised, warning};
use pgrx::pg_sys;
use pgrx::prelude::pg_guard;
use std::ffi::c_void;

pub fn install() {
    // SAFETY: once, while the library is loaded; the functions live for ever.
    unsafe {
        pg_sys::RegisterXactCallback(Some(on_transaction), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(on_savepoint), std::ptr::null_mut());
    }
}

unsafe extern "C-unwind" fn on_transaction(event: pg_sys::XactEvent::Type, _arg: *mut c_void) {
    if state::is_touched() || settings::is_mode_set() {
        transaction_ends(event);
    }
}

#[pg_guard]
extern "C-unwind" fn transaction_ends(event: pg_sys::XactEvent::Type) {
    use pg_sys::XactEvent::{
        XACT_EVENT_ABORT, XACT_EVENT_COMMIT, XACT_EVENT_PRE_COMMIT, XACT_EVENT_PRE_PREPARE,
        XACT_EVENT_PREPARE,
    };
    match event {
        XACT_EVENT_PRE_COMMIT | XACT_EVENT_PRE_PREPARE => sys::entry(|| {
            before_commit();
            if !crate::pg::worker::is_worker() && sys::may_act() {
                migration::before_commit();
            }
        }),
        XACT_EVENT_COMMIT | XACT_EVENT_ABORT | XACT_EVENT_PREPARE => {
            rows::forget();
            run::end(event != XACT_EVENT_ABORT);
            migration::forget();
            settings::take_mode_set();
            state::forget();
        }
        _ => {}
    }
}

fn before_commit() {
    if crate::pg::worker::is_worker() || !sys::may_act() {
        return;
    }
    note_mode();
    rows::before_commit();
    let something = state::with(|s| {
        !s.late.is_empty() || !s.stray.is_empty() || !s.consents.is_empty() || !s.running.is_empty()
    });
    if !something {
        return;
    }
    judge::before_commit();
    let consents = state::with(|s| std::mem::take(&mut s.consents));
    for unused in consents.iter().filter(|c| c.used.is_none()) {
        warning(Raised {
            sqlstate: "SG005",
            message: "consent to lose data covered nothing in this transaction".into(),
            detail: Some(format!("The reason given: {}", unused.reason)),
            hint: Some("Consent ends with its transaction: BEGIN; SELECT schemaguard.accept_data_loss('…'); the statement; COMMIT;".into()),
        });
        judge::record_unused(&unused.reason);
    }
    let late = state::with(|s| std::mem::take(&mut s.late));
    if late.is_empty() {
        return;
    }
    // SAFETY: storing long values needs a snapshot, and here none is active.
    unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot()) };
    for mut row in late {
        // SAFETY: in a transaction that is about to commit.
        row.statement.who.transaction = Some(unsafe { pg_sys::GetTopFullTransactionId().value });
        ledger::write(&row.statement, &row.objects);
    }
    // SAFETY: pushed above.
    unsafe { pg_sys::PopActiveSnapshot() };
}

/// A change of mode is recorded however it was made: SET is seen by the hook,
/// set_config() only here.
fn note_mode() {
    if !settings::take_mode_set() {
        return;
    }
    let seen = state::with(|s| {
        s.late.iter().any(|l| l.objects.iter().any(|o| o.object_type == "setting"))
    });
    if !seen && sys::extension().is_some() {
        let setting = format!("schemaguard.mode={}", settings::mode().as_str());
        judge::record_late("SET", "setting", &setting, None, ledger::Verdict::Allowed);
    }
}

unsafe extern "C-unwind" fn on_savepoint(
    event: pg_sys::SubXactEvent::Type,
    _id: pg_sys::SubTransactionId,
    _parent: pg_sys::SubTransactionId,
    _arg: *mut c_void,
) {
    if state::is_touched() {
        savepoint_ends(event);
    }
}

#[pg_guard]
extern "C-unwind" fn savepoint_ends(event: pg_sys::SubXactEvent::Type) {
    match event {
        pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB => {
            state::roll_back(sys::transaction_depth());
            rows::roll_back(sys::transaction_depth());
        }
        pg_sys::SubXactEvent::SUBXACT_EVENT_COMMIT_SUB => {
            state::release(sys::transaction_depth());
            rows::release(sys::transaction_depth());
        }
        _ => {}
    }
}
