//! What must not run while a script is tried out. The copy of the live schema
//! holds what others have written there, and is made with the rights of
//! whoever asks for the proof, who may be a superuser.

use crate::pg::sys::{self, text};
use pgrx::pg_sys;
use pgrx::prelude::pg_guard;

static mut NEXT: pg_sys::fmgr_hook_type = None;
static mut NEXT_NEEDS: pg_sys::needs_fmgr_hook_type = None;

/// From here on this process calls no function but the server's own and those
/// of extensions; none may become a part of the query that calls it, either.
pub fn keep_out() {
    // SAFETY: once, by the only thread.
    unsafe {
        NEXT = pg_sys::fmgr_hook;
        pg_sys::fmgr_hook = Some(on_call);
        NEXT_NEEDS = pg_sys::needs_fmgr_hook;
        pg_sys::needs_fmgr_hook = Some(is_watched);
    }
}

/// A materialized view's query stands for more than functions: it is not run.
///
/// # Safety
/// `raw` is a statement as the server's parser gives it.
pub unsafe fn without_data(raw: *mut pg_sys::RawStmt) {
    // SAFETY: the caller's promise; the node's tag says what it is.
    unsafe {
        if (*(*raw).stmt).type_ == pg_sys::NodeTag::T_CreateTableAsStmt {
            (*(*(*raw).stmt.cast::<pg_sys::CreateTableAsStmt>()).into).skipData = true;
        }
    }
}

unsafe extern "C-unwind" fn is_watched(function: pg_sys::Oid) -> bool {
    // SAFETY: passes on what the server gave.
    unsafe {
        function.to_u32() >= pg_sys::FirstNormalObjectId
            || NEXT_NEEDS.is_some_and(|next| next(function))
    }
}

unsafe extern "C-unwind" fn on_call(
    event: pg_sys::FmgrHookEventType::Type,
    info: *mut pg_sys::FmgrInfo,
    arg: *mut pg_sys::Datum,
) {
    // SAFETY: passes on what the server gave.
    unsafe {
        if let Some(next) = NEXT {
            next(event, info, arg);
        }
        if event == pg_sys::FmgrHookEventType::FHET_START {
            refuse((*info).fn_oid);
        }
    }
}

#[pg_guard]
extern "C-unwind" fn refuse(function: pg_sys::Oid) {
    sys::entry(|| {
        let class = pg_sys::ProcedureRelationId;
        // SAFETY: catalog lookups inside the transaction that makes the call.
        let name = unsafe {
            if function.to_u32() < pg_sys::FirstNormalObjectId
                || pg_sys::getExtensionOfObject(class, function) != pg_sys::InvalidOid
            {
                return;
            }
            text(pg_sys::format_procedure_qualified(function)).unwrap_or_default()
        };
        sys::raise(
            "SG007",
            format!("this would call {name}, and a trial runs nobody's functions"),
            None,
            None,
        )
    });
}
