//! The seam to the server: most of the `unsafe` and every difference between
//! PostgreSQL versions. Nothing in here decides anything.

pub mod catalog;
pub mod context;
pub mod conversion;
pub mod error;
pub mod event;
pub mod executor;
pub mod fingerprint;
pub mod history;
pub mod own;
pub mod past;
pub mod scan;
pub mod server;
pub mod table;
pub mod version;

pub use error::{Raised, entry, raise};

use pgrx::{FromDatum, IntoDatum, pg_sys};
use std::cell::Cell;
use std::ffi::{CStr, CString};

/// A server string as Rust text; bytes that are no UTF-8 are replaced.
///
/// # Safety
/// `p` is null or points to a NUL-terminated string.
pub unsafe fn text(p: *const std::ffi::c_char) -> Option<String> {
    if p.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(p) };
    Some(match text.to_str() {
        Ok(text) => text.to_owned(),
        Err(_) => text.to_string_lossy().into_owned(),
    })
}

/// Text for the server; what stands behind a NUL byte is cut.
pub fn cstring(s: &str) -> CString {
    CString::new(s.split('\0').next().unwrap_or_default()).unwrap_or_default()
}

/// The oid of the extension in this database, if it is installed.
pub fn extension() -> Option<pg_sys::Oid> {
    // SAFETY: a catalog lookup inside a transaction.
    let oid = unsafe { pg_sys::get_extension_oid(c"schemaguard".as_ptr(), true) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// Whether the library may act at all: a client's session or a background
/// worker of ours, on a primary, inside a transaction, not during pg_upgrade.
pub fn may_act() -> bool {
    // SAFETY: reads of process-wide flags.
    unsafe {
        !pg_sys::IsBinaryUpgrade
            && pg_sys::IsUnderPostmaster
            && !pg_sys::InitializingParallelWorker
            && pg_sys::ParallelWorkerNumber < 0
            && pg_sys::IsTransactionState()
            && is_primary()
    }
}

/// Whether the server is no standby. A standby can be promoted, a primary
/// becomes a standby only by a restart: it is asked until it says so.
fn is_primary() -> bool {
    thread_local!(static PRIMARY: Cell<bool> = const { Cell::new(false) });
    if !PRIMARY.get() {
        // SAFETY: reads a flag in shared memory.
        PRIMARY.set(unsafe { !pg_sys::RecoveryInProgress() });
    }
    PRIMARY.get()
}

/// The nesting depth of subtransactions: 1 is the transaction itself.
pub fn transaction_depth() -> i32 {
    // SAFETY: reads a counter.
    unsafe { pg_sys::GetCurrentTransactionNestLevel() }
}

/// The database of this session.
pub fn database() -> pg_sys::Oid {
    // SAFETY: reads a variable.
    unsafe { pg_sys::MyDatabaseId }
}

/// Tells one command of a transaction from the next.
pub fn command_id() -> u32 {
    // SAFETY: reads a counter.
    unsafe { pg_sys::GetCurrentCommandId(false) }
}

/// Runs `f` as another role, as far as permissions go, and switches back
/// also when `f` raises an error.
pub fn as_role<T>(role: pg_sys::Oid, f: impl FnOnce() -> T) -> T {
    struct Back(pg_sys::Oid, i32);
    impl Drop for Back {
        fn drop(&mut self) {
            // SAFETY: restores what GetUserIdAndSecContext gave.
            unsafe { pg_sys::SetUserIdAndSecContext(self.0, self.1) }
        }
    }
    let (mut user, mut context) = (pg_sys::InvalidOid, 0);
    // SAFETY: both out parameters are valid for the call.
    unsafe { pg_sys::GetUserIdAndSecContext(&mut user, &mut context) };
    let _back = Back(user, context);
    // SAFETY: the role exists: it owns the extension.
    unsafe {
        pg_sys::SetUserIdAndSecContext(role, context | pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32)
    };
    f()
}

/// Calls a built-in function that gives text, or None where it gives null.
pub fn call(function: impl Into<u32>, args: &[pg_sys::Datum]) -> Option<String> {
    // SAFETY: fmgr's calling convention with as many arguments as the
    // function takes; none of them is null.
    unsafe {
        let mut info = pg_sys::FmgrInfo::default();
        pg_sys::fmgr_info(pg_sys::Oid::from(function.into()), &mut info);
        let size = size_of::<pg_sys::FunctionCallInfoBaseData>()
            + args.len() * size_of::<pg_sys::NullableDatum>();
        let fcinfo = pg_sys::palloc0(size).cast::<pg_sys::FunctionCallInfoBaseData>();
        (*fcinfo).flinfo = &mut info;
        (*fcinfo).nargs = args.len() as _;
        (*fcinfo).fncollation = pg_sys::C_COLLATION_OID;
        let values = (*fcinfo).args.as_mut_ptr();
        for (i, arg) in args.iter().enumerate() {
            *values.add(i) = pg_sys::NullableDatum { value: *arg, isnull: false };
        }
        let entry = info.fn_addr.expect("a built-in function has an address");
        let result = pg_sys::ffi::pg_guard_ffi_boundary(|| entry(fcinfo));
        let value = String::from_datum(result, (*fcinfo).isnull);
        pg_sys::pfree(fcinfo.cast());
        value
    }
}

/// The SHA-256 of a text, by the server's own function, as hexadecimal digits.
pub fn sha256(text: &str) -> String {
    // SAFETY: a built-in function from bytea to bytea.
    let hash: Option<Vec<u8>> = unsafe {
        pgrx::direct_function_call(pg_sys::sha256_bytea, &[text.as_bytes().into_datum()])
    };
    hash.unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs `f` under a setting of its own; an error's end of the
/// (sub)transaction takes it back.
pub fn with_setting<T>(name: &CStr, value: &CStr, f: impl FnOnce() -> T) -> T {
    // SAFETY: a setting of this session, for the time of f.
    unsafe {
        let level = pg_sys::NewGUCNestLevel();
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
        let value = f();
        pg_sys::AtEOXact_GUC(true, level);
        value
    }
}

/// Runs `f` in a subtransaction of its own: None where the server raises an
/// error in it. A cancel goes on to the client.
pub fn attempt<T>(f: impl FnOnce() -> Option<T>) -> Option<T> {
    use std::panic::AssertUnwindSafe;
    // SAFETY: begin and end of a subtransaction, as PL/pgSQL's exception
    // blocks make them; context and resource owner are put back.
    unsafe {
        let context = pg_sys::CurrentMemoryContext;
        let owner = pg_sys::CurrentResourceOwner;
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::MemoryContextSwitchTo(context);
        let back = || {
            pg_sys::MemoryContextSwitchTo(context);
            pg_sys::CurrentResourceOwner = owner;
        };
        pgrx::PgTryBuilder::new(AssertUnwindSafe(|| {
            let value = f();
            pg_sys::ReleaseCurrentSubTransaction();
            back();
            value
        }))
        .catch_when(pgrx::PgSqlErrorCode::ERRCODE_QUERY_CANCELED, |error| {
            // Not left open: the server would abort that alone, and the
            // session would hang in the transaction around it.
            pg_sys::RollbackAndReleaseCurrentSubTransaction();
            back();
            error.rethrow()
        })
        .catch_others(|_| {
            pg_sys::RollbackAndReleaseCurrentSubTransaction();
            back();
            None
        })
        .execute()
    }
}
