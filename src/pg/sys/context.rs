//! Which statement is running, as the client or a function wrote it.

use super::{cstring, text};
use pgrx::pg_sys;
use std::ffi::CStr;

/// The text that the client sent last, all statements of it.
pub fn query_string() -> Option<String> {
    // SAFETY: null or a string that lives as long as the client's message.
    unsafe { text(pg_sys::debug_query_string) }
}

/// `f` of that text, which is not copied for it: a script may be long. None
/// where there is none.
pub fn with_query_string<T>(f: impl FnOnce(&str) -> T) -> Option<T> {
    // SAFETY: as above; nothing of it is kept.
    unsafe {
        let text = pg_sys::debug_query_string;
        (!text.is_null()).then(|| match CStr::from_ptr(text).to_str() {
            Ok(text) => f(text),
            Err(_) => f(&CStr::from_ptr(text).to_string_lossy()),
        })
    }
}

/// A part of that text. A long script is never copied as a whole for each of
/// its statements.
pub fn query_part(span: Span) -> Option<String> {
    // SAFETY: the span was found in this very text.
    unsafe {
        let text = pg_sys::debug_query_string.cast::<u8>();
        if text.is_null() {
            return None;
        }
        let bytes = std::slice::from_raw_parts(text.add(span.start), span.len);
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Tells one message of the client from the next: where its text lies, and
/// when it came.
pub fn query_identity() -> (usize, i64) {
    // SAFETY: reads of two variables.
    unsafe { (pg_sys::debug_query_string as usize, pg_sys::GetCurrentStatementStartTimestamp()) }
}

/// Whether something stands between the client and this statement: a
/// function, a DO block, another extension.
pub fn is_nested() -> bool {
    // SAFETY: reads a pointer.
    unsafe { !pg_sys::error_context_stack.is_null() }
}

/// The server's own description of what is being executed, innermost first,
/// in English whatever the client's language is.
pub fn call_stack() -> String {
    // SAFETY: GetErrorContextStack runs the callbacks as PL/pgSQL's
    // PG_CONTEXT does. The setting is put back also on error, by the
    // transaction's end.
    unsafe {
        let language = text(pg_sys::GetConfigOption(c"lc_messages".as_ptr(), true, false));
        let foreign = language.is_some_and(|l| {
            !(l.is_empty()
                || l == "C"
                || l == "POSIX"
                || l.starts_with("C.")
                || l.starts_with("en"))
        });
        let level = foreign.then(|| {
            let level = pg_sys::NewGUCNestLevel();
            pg_sys::set_config_option(
                c"lc_messages".as_ptr(),
                c"C".as_ptr(),
                pg_sys::GucContext::PGC_SUSET,
                pg_sys::GucSource::PGC_S_SESSION,
                pg_sys::GucAction::GUC_ACTION_SAVE,
                true,
                0,
                false,
            );
            level
        });
        let stack = text(pg_sys::GetErrorContextStack()).unwrap_or_default();
        if let Some(level) = level {
            pg_sys::AtEOXact_GUC(true, level);
        }
        stack
    }
}

/// elog.h's ERROR, the same from 14 on.
const QUIET: i32 = 21;

/// Where statement number `n` of a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    pub len: usize,
}

/// The statements of a text as the server's own parser finds them, with the
/// parse trees, kept until the next text comes.
pub struct Parsed {
    context: pg_sys::MemoryContext,
    statements: Vec<(Span, *mut pg_sys::Node)>,
    /// Where the server says that each begins, and where the one before it
    /// ended: comments between the two belong to one or the other by version.
    places: Vec<(i32, usize)>,
    next: usize,
}

impl Parsed {
    /// None where the text doesn't parse (settings changed half-way through).
    pub fn new(source: &str) -> Option<Parsed> {
        // SAFETY: a context of its own under the top one, deleted on drop.
        unsafe {
            let context = pg_sys::AllocSetContextCreateInternal(
                pg_sys::TopMemoryContext,
                c"schemaguard statements".as_ptr(),
                pg_sys::ALLOCSET_DEFAULT_MINSIZE as _,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as _,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as _,
            );
            let mut parsed =
                Parsed { context, statements: Vec::new(), places: Vec::new(), next: 0 };
            let before = pg_sys::MemoryContextSwitchTo(context);
            let copy = pg_sys::pstrdup(cstring(source).as_ptr());
            // The server has said what there is to say of the text; pieces of
            // it that are tried here are nobody's.
            let levels = (pg_sys::client_min_messages, pg_sys::log_min_messages);
            (pg_sys::client_min_messages, pg_sys::log_min_messages) = (QUIET, QUIET);
            let list = pgrx::PgTryBuilder::new(|| {
                pg_sys::raw_parser(copy, pg_sys::RawParseMode::RAW_PARSE_DEFAULT)
            })
            .catch_others(|_| std::ptr::null_mut())
            .execute();
            (pg_sys::client_min_messages, pg_sys::log_min_messages) = levels;
            pg_sys::MemoryContextSwitchTo(before);
            if list.is_null() {
                return None;
            }
            for i in 0..(*list).length {
                let raw = pg_sys::list_nth(list, i).cast::<pg_sys::RawStmt>();
                let at = (*raw).stmt_location.max(0) as usize;
                let end = match (*raw).stmt_len {
                    0 => source.len(),
                    n => (at + n as usize).min(source.len()),
                };
                // From where the former statement ended: 18 and later leave out
                // the comments that stand before a statement.
                let start = parsed.statements.last().map_or(0, |(s, _)| s.start + s.len);
                parsed.places.push(((*raw).stmt_location, start));
                let skipped = source.get(start..end).unwrap_or_default();
                let start = end - skipped.trim_start_matches([';', ' ', '\t', '\r', '\n']).len();
                let len = end - start;
                parsed.statements.push((Span { start, len }, (*raw).stmt));
            }
            Some(parsed)
        }
    }

    /// Where the statement before the one at `location` ended: what stands
    /// between is white space and comments.
    pub fn end_before(&self, location: i32) -> Option<usize> {
        self.places.iter().find(|(begin, _)| *begin == location).map(|(_, end)| *end)
    }

    /// The statement at `location`.
    pub fn at(&self, location: i32) -> Option<Span> {
        let at = self.places.iter().position(|(begin, _)| *begin == location)?;
        self.statements.get(at).map(|(span, _)| *span)
    }

    /// The parse tree of a statement, counted from 0; it lives as long as self.
    pub fn nth(&self, n: usize) -> Option<*mut pg_sys::Node> {
        self.statements.get(n).map(|(_, tree)| *tree)
    }

    /// The next statement that equals `tree`; the search goes on behind the
    /// one found last, so that twins are told apart by their order.
    pub fn find(&mut self, tree: *mut pg_sys::Node) -> Option<Span> {
        let n = self.statements.len();
        for step in 0..n {
            let at = (self.next + step) % n;
            let (span, candidate) = self.statements[at];
            // SAFETY: both are complete parse trees; equal() ignores positions.
            if unsafe { pg_sys::equal(tree.cast(), candidate.cast()) } {
                self.next = at + 1;
                return Some(span);
            }
        }
        None
    }
}

impl Drop for Parsed {
    fn drop(&mut self) {
        // SAFETY: made in `new`, and nothing of it is kept elsewhere.
        unsafe { pg_sys::MemoryContextDelete(self.context) }
    }
}
