//! Statements that are run the way the server runs a client's.

use crate::pg::sys;
use pgrx::pg_sys;
use std::cell::Cell;
use std::ffi::c_char;

thread_local!(static RUNNING: Cell<bool> = const { Cell::new(false) });

/// Whether this process runs a declared text or a script on trial.
pub fn is_running_text() -> bool {
    RUNNING.get()
}

/// From here on this process runs others' statements.
pub(super) fn begin() {
    RUNNING.set(true);
}

/// What a statement's trees and plans live in: it has to outlive the
/// transactions that the statement itself may end.
pub(super) fn memory() -> pg_sys::MemoryContext {
    // SAFETY: a context of this process's own.
    unsafe {
        pg_sys::AllocSetContextCreateInternal(
            pg_sys::TopMemoryContext,
            c"schemaguard scratch statement".as_ptr(),
            pg_sys::ALLOCSET_DEFAULT_MINSIZE as _,
            pg_sys::ALLOCSET_DEFAULT_INITSIZE as _,
            pg_sys::ALLOCSET_DEFAULT_MAXSIZE as _,
        )
    }
}

/// Runs a statement the way the server runs a client's.
///
/// # Safety
/// `raw` is a statement of `source`; inside a transaction, errors are caught.
pub(super) unsafe fn execute(
    source: *const c_char,
    raw: *mut pg_sys::RawStmt,
    memory: pg_sys::MemoryContext,
) {
    // SAFETY: the steps and their order are exec_simple_query's.
    unsafe {
        // Not the transaction's: CREATE INDEX CONCURRENTLY ends that half-way.
        pg_sys::MemoryContextReset(memory);
        pg_sys::MemoryContextSwitchTo(memory);
        let command = pg_sys::CreateCommandTag((*raw).stmt);
        let needs_snapshot = pg_sys::analyze_requires_snapshot(raw);
        if needs_snapshot {
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        }
        let queries = pg_sys::pg_analyze_and_rewrite_fixedparams(
            raw,
            source,
            std::ptr::null(),
            0,
            std::ptr::null_mut(),
        );
        let plans = pg_sys::pg_plan_queries(
            queries,
            source,
            pg_sys::CURSOR_OPT_PARALLEL_OK as _,
            std::ptr::null_mut(),
        );
        if needs_snapshot {
            pg_sys::PopActiveSnapshot();
        }
        let portal = pg_sys::CreatePortal(c"".as_ptr(), true, true);
        (*portal).visible = false;
        pg_sys::PortalDefineQuery(
            portal,
            std::ptr::null(),
            source,
            command,
            plans,
            std::ptr::null_mut(),
        );
        pg_sys::PortalStart(portal, std::ptr::null_mut(), 0, std::ptr::null_mut());
        let dest = pg_sys::CreateDestReceiver(pg_sys::CommandDest::DestNone);
        let mut completion = pg_sys::QueryCompletion::default();
        sys::version::run_portal(portal, dest, &mut completion);
        pg_sys::PortalDrop(portal, false);
    }
}
