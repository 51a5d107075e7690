//! The server's parser, and where its errors point to.

use super::Trouble;
use crate::pg::sys;
use crate::pg::worker::Failure;
use pgrx::pg_sys;
use std::cell::Cell;

/// The text's parse trees; a syntax error as the server words it.
pub fn parse(sql: &str) -> Result<*mut pg_sys::List, Trouble> {
    let source = sys::cstring(sql);
    with_position(|| {
        pgrx::PgTryBuilder::new(|| {
            // SAFETY: the copy lives in the current memory context, as the trees do.
            unsafe {
                let copy = pg_sys::pstrdup(source.as_ptr());
                Ok(pg_sys::raw_parser(copy, pg_sys::RawParseMode::RAW_PARSE_DEFAULT))
            }
        })
        .catch_others(|error| Err(Failure::of(error)))
        .execute()
    })
    .map_err(|(failure, position)| Trouble { failure, at: position.map(|p| byte_offset(sql, p)) })
}

thread_local! {
    /// The server's last error: its packed SQLSTATE, and where it pointed to,
    /// in characters from 1.
    static LAST_ERROR: Cell<(i32, i32)> = const { Cell::new((0, 0)) };
}

/// Catches what pgrx doesn't keep of an error: its position, and SQLSTATEs
/// that it has no name for.
unsafe extern "C-unwind" fn note_error(_: *mut std::ffi::c_void) {
    // SAFETY: called by the server while it reports an error.
    LAST_ERROR.set(unsafe { (pg_sys::geterrcode(), pg_sys::geterrposition()) });
}

/// Runs `f`; an error comes with its SQLSTATE and, in characters from 1, its
/// position in the text.
pub fn with_position<T>(
    f: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, (Failure, Option<usize>)> {
    LAST_ERROR.set((0, 0));
    // SAFETY: the callback is taken out again below; f catches its errors.
    let mut callback = pg_sys::ErrorContextCallback {
        previous: unsafe { pg_sys::error_context_stack },
        callback: Some(note_error),
        arg: std::ptr::null_mut(),
    };
    unsafe { pg_sys::error_context_stack = &raw mut callback };
    let result = f();
    // SAFETY: what was there before.
    unsafe { pg_sys::error_context_stack = callback.previous };
    result.map_err(|mut failure| {
        let (code, position) = LAST_ERROR.get();
        if code != 0 {
            failure.sqlstate = sys::error::sqlstate_text(code);
        }
        (failure, (position > 0).then_some(position as usize))
    })
}

/// From the server's positions (characters, from 1) to byte offsets.
pub fn byte_offset(sql: &str, position: usize) -> usize {
    sql.char_indices().nth(position.saturating_sub(1)).map_or(sql.len(), |(i, _)| i)
}
