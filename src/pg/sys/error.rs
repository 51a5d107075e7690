//! Raising errors with SQLSTATEs of our own.
//!
//! pgrx maps an SQLSTATE that it doesn't know to XX000, so ours go through
//! the server's errstart … errfinish. That leaves by longjmp, which must not
//! jump over Rust values with destructors: [`raise`] therefore unwinds, and
//! [`entry`], the outermost frame of each function the server calls, turns
//! the unwinding into the server's error when nothing is left to drop.

use super::cstring;
use pgrx::pg_sys;
use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// An error of ours on its way to the client.
pub struct Raised {
    pub sqlstate: &'static str,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
}

/// Leaves with an error. Only below [`entry`].
pub fn raise(
    sqlstate: &'static str,
    message: impl Into<String>,
    detail: Option<String>,
    hint: Option<String>,
) -> ! {
    resume_unwind(Box::new(Raised { sqlstate, message: message.into(), detail, hint }))
}

/// The frame around everything that the server calls: turns [`raise`] into a
/// server error and lets other panics (server errors caught by pgrx) go on.
pub fn entry<T>(f: impl FnOnce() -> T) -> T {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(value) => value,
        Err(payload) => match payload.downcast::<Raised>() {
            Ok(raised) => {
                report(ERROR, *raised);
                unreachable!("an error report came back")
            }
            Err(other) => resume_unwind(other),
        },
    }
}

/// elog.h's ERROR, the same from 14 on.
const ERROR: c_int = 21;

/// A warning of ours to the client, with its own SQLSTATE.
pub fn warning(raised: Raised) {
    report(pg_sys::WARNING as c_int, raised)
}

/// A notice with its detail.
pub fn notice_with_detail(message: impl Into<String>, detail: String) {
    report(
        pg_sys::NOTICE as c_int,
        Raised { sqlstate: "00000", message: message.into(), detail: Some(detail), hint: None },
    )
}

/// A line in the server's log that no client sees.
pub fn log(message: impl Into<String>, detail: Option<String>) {
    report(
        pg_sys::LOG_SERVER_ONLY as c_int,
        Raised { sqlstate: "00000", message: message.into(), detail, hint: None },
    )
}

/// A notice to the client.
pub fn notice(message: impl Into<String>) {
    report(
        pg_sys::NOTICE as c_int,
        Raised { sqlstate: "00000", message: message.into(), detail: None, hint: None },
    )
}

/// Six bits a character, as elog.h's MAKE_SQLSTATE.
fn sqlstate_code(sqlstate: &str) -> c_int {
    sqlstate
        .bytes()
        .enumerate()
        .fold(0, |code, (i, b)| code + ((c_int::from(b) - 48) & 0x3f) * (1 << (6 * i)))
}

unsafe extern "C-unwind" {
    // Not pgrx's wrappers: those catch the longjmp on the way and lose the SQLSTATE.
    fn errstart(elevel: c_int, domain: *const c_char) -> bool;
    fn errcode(sqlerrcode: c_int) -> c_int;
    fn errmsg_internal(fmt: *const c_char, ...) -> c_int;
    fn errdetail_internal(fmt: *const c_char, ...) -> c_int;
    fn errhint(fmt: *const c_char, ...) -> c_int;
    fn errfinish(filename: *const c_char, lineno: c_int, funcname: *const c_char);
}

fn report(level: c_int, raised: Raised) {
    let code = sqlstate_code(raised.sqlstate);
    // SAFETY: the server's own protocol for reports. errmsg and its kin copy
    // their arguments into the server's memory, so every Rust value is
    // dropped before errfinish, which for ERROR doesn't come back.
    unsafe {
        if !errstart(level, std::ptr::null()) {
            return;
        }
        errcode(code);
        {
            let s = c"%s".as_ptr();
            errmsg_internal(s, cstring(&for_client(&raised.message)).as_ptr());
            if let Some(detail) = &raised.detail {
                errdetail_internal(s, cstring(&for_client(detail)).as_ptr());
            }
            if let Some(hint) = &raised.hint {
                errhint(s, cstring(&for_client(hint)).as_ptr());
            }
        }
        drop(raised);
        errfinish(c"schemaguard".as_ptr(), 0, c"schemaguard".as_ptr());
    }
}

/// Our own words in letters that each client has: a report that can't be
/// converted for its client becomes another error, also where it is but a
/// warning. Names are the user's, and the server sends them as they are.
fn for_client(text: &str) -> std::borrow::Cow<'_, str> {
    // SAFETY: reads a variable.
    let utf8 = unsafe { pg_sys::pg_get_client_encoding() } == pg_sys::pg_enc::PG_UTF8 as c_int;
    if utf8 || text.is_ascii() {
        return text.into();
    }
    text.replace('…', "...").replace('→', "->").into()
}

/// The five characters of a packed SQLSTATE.
pub fn sqlstate_text(code: c_int) -> String {
    (0..5).map(|i| char::from(((code >> (6 * i)) & 0x3f) as u8 + b'0')).collect()
}
