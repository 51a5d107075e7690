//! The exact text of the running statement.

use crate::consent::comment::{self, Above};
use crate::pg::sys::context::{self, Parsed};
use crate::pg::sys::{catalog, text};
use crate::source::sql::redact;
use pgrx::{PgList, pg_sys};
use std::cell::{Cell, RefCell};

/// A statement's own words.
pub struct Words {
    /// Secrets blanked.
    pub text: Option<String>,
    /// Set where the text is the client's whole message because the
    /// statement's own could not be told: it may come again and again.
    pub message: Option<(usize, i64)>,
    /// Where it ran, if the client didn't send it itself.
    pub context: Option<String>,
}

thread_local! {
    /// The statements of the client's last message: a script of 400
    /// statements is parsed once, not 400 times.
    static MESSAGE: RefCell<Option<((usize, i64), Parsed)>> = const { RefCell::new(None) };
}

/// The words of the statement with this parse tree.
pub fn words(tree: *mut pg_sys::Node) -> Words {
    if let Some(stack) = inside() {
        if let Some((text, rest)) = inner(&stack, tree) {
            return Words {
                text: Some(redact(&text).into_owned()),
                message: None,
                context: rest.lines().next().map(str::to_owned),
            };
        }
        if let Some(text) = of_function(&stack, tree) {
            return Words {
                text: Some(redact(&text).into_owned()),
                message: None,
                context: stack.lines().next().map(str::to_owned),
            };
        }
        return Words {
            text: context::query_string().map(|q| redact(q.trim()).into_owned()),
            message: Some(context::query_identity()),
            context: stack.lines().next().map(str::to_owned),
        };
    }
    if let Some(text) = own(tree) {
        return Words { text: Some(text), message: None, context: None };
    }
    Words {
        text: context::query_string().map(|q| redact(q.trim()).into_owned()),
        message: Some(context::query_identity()),
        context: None,
    }
}

/// What the statement runs inside of, innermost first; None for the client's
/// own. The extended protocol leaves a callback there that has nothing to say.
pub fn inside() -> Option<String> {
    context::is_nested().then(context::call_stack).filter(|stack| !stack.is_empty())
}

/// The statement's own text out of the client's message, secrets blanked.
fn own(tree: *mut pg_sys::Node) -> Option<String> {
    let identity = context::query_identity();
    MESSAGE.with(|cell| {
        let mut cell = cell.borrow_mut();
        if cell.as_ref().is_none_or(|(known, _)| *known != identity) {
            let alone = |message: &str| {
                let alone = message.trim().trim_end_matches(';').trim_end();
                (!alone.contains(';')).then(|| redact(alone).into_owned())
            };
            if let Some(text) = context::with_query_string(alone)? {
                return Some(text);
            }
            *cell = Parsed::new(&context::query_string()?).map(|parsed| (identity, parsed));
        }
        let parsed = &mut cell.as_mut()?.1;
        // The same statement may stand there twice: the server knows which one
        // it has come to.
        let here = is_clients(tree).then(location).flatten().and_then(|at| parsed.at(at));
        let span = here.or_else(|| parsed.find(tree))?;
        Some(redact(context::query_part(span)?.trim()).into_owned())
    })
}

/// Whether this is the parse tree of what the client itself has sent.
pub fn is_clients(tree: *mut pg_sys::Node) -> bool {
    // SAFETY: both are complete parse trees.
    let same = |sent: *mut pg_sys::Node| unsafe {
        sent == tree || pg_sys::equal(sent.cast(), tree.cast())
    };
    inside().is_none() && with_current(|sent| Some(same(sent))).unwrap_or(false)
}

/// The portal that runs the client's own statement.
fn portal() -> Option<pg_sys::Portal> {
    // SAFETY: the active portal and its statements live as long as it runs.
    unsafe {
        let portal = pg_sys::ActivePortal;
        (!portal.is_null() && !(*portal).stmts.is_null()).then_some(portal)
    }
}

/// Where in the client's message the server says that its own statement begins.
fn location() -> Option<i32> {
    // SAFETY: a portal's statements are planned ones.
    portal().map(|portal| unsafe {
        (*pg_sys::list_nth((*portal).stmts, 0).cast::<pg_sys::PlannedStmt>()).stmt_location
    })
}

/// Whether the client's message names the guard at all: looked up once a
/// message, for a script may be long.
pub fn may_have_comments() -> bool {
    thread_local!(static KNOWN: Cell<Option<((usize, i64), bool)>> = const { Cell::new(None) });
    let identity = context::query_identity();
    if let Some((known, answer)) = KNOWN.get()
        && known == identity
    {
        return answer;
    }
    let answer = context::with_query_string(names_us).unwrap_or(false);
    KNOWN.set(Some((identity, answer)));
    answer
}

fn names_us(message: &str) -> bool {
    const NAME: &[u8] = b"schemaguard";
    message.as_bytes().windows(NAME.len()).any(|part| part.eq_ignore_ascii_case(NAME))
}

/// What the comments right above the client's own statement say to the guard.
/// The server's parser tells where the statement before ended.
pub fn above() -> Above {
    // SAFETY: null or a string that lives as long as the portal.
    let message = portal().and_then(|portal| unsafe { text((*portal).sourceText) });
    let (Some(message), Some(location)) = (message, location()) else {
        return Above::Silent;
    };
    if !names_us(&message) {
        return Above::Silent;
    }
    let identity = context::query_identity();
    let from = MESSAGE.with(|cell| {
        let mut cell = cell.borrow_mut();
        if context::query_string().as_ref() != Some(&message) {
            return Parsed::new(&message)?.end_before(location);
        }
        if cell.as_ref().is_none_or(|(known, _)| *known != identity) {
            *cell = Parsed::new(&message).map(|parsed| (identity, parsed));
        }
        cell.as_ref()?.1.end_before(location)
    });
    from.and_then(|from| message.get(from..)).map_or(Above::Silent, comment::above)
}

/// The innermost `SQL statement "…"` of a call stack, if it is this one, and
/// what stands below it. The text itself may hold quotes and line breaks:
/// the right end is the one at which the parser finds this very statement.
fn inner(stack: &str, tree: *mut pg_sys::Node) -> Option<(String, &str)> {
    let body = stack.strip_prefix(STATEMENT)?;
    for end in ends_of(body) {
        let candidate = &body[..end];
        let found = Parsed::new(candidate)
            .and_then(|mut parsed| parsed.find(tree))
            .and_then(|span| candidate.get(span.start..span.start + span.len));
        if let Some(text) = found {
            return Some((text.trim().to_owned(), body.get(end + 2..).unwrap_or_default()));
        }
    }
    None
}

/// A statement of an SQL function: the call stack has the function's name
/// without its schema, so the body is the one that holds this statement.
fn of_function(stack: &str, tree: *mut pg_sys::Node) -> Option<String> {
    let (name, _) = stack.strip_prefix("SQL function \"")?.split_once("\" statement ")?;
    catalog::sql_bodies(name).iter().take(20).find_map(|body| {
        let span = Parsed::new(body)?.find(tree)?;
        Some(body.get(span.start..span.start + span.len)?.trim().to_owned())
    })
}

/// `f` of the parse tree of the statement that runs, where no event trigger
/// tells it: from the portal, or from the innermost statement of a function.
pub fn with_current<T>(f: impl Fn(*mut pg_sys::Node) -> Option<T>) -> Option<T> {
    if let Some(stack) = inside() {
        if let Some(rest) = stack.strip_prefix("SQL function \"") {
            let (name, rest) = rest.split_once("\" statement ")?;
            let number: usize = rest.lines().next()?.trim().parse().ok()?;
            return catalog::sql_bodies(name)
                .iter()
                .take(20)
                .find_map(|body| f(Parsed::new(body)?.nth(number.checked_sub(1)?)?));
        }
        let body = stack.strip_prefix(STATEMENT)?;
        return ends_of(body).find_map(|end| f(Parsed::new(&body[..end])?.nth(0)?));
    }
    let portal = portal()?;
    // SAFETY: the portal and its statements live as long as it runs.
    unsafe {
        PgList::<pg_sys::PlannedStmt>::from_pg((*portal).stmts)
            .iter_ptr()
            .map(|planned| (*planned).utilityStmt)
            .find_map(|tree| if tree.is_null() { None } else { f(tree) })
    }
}

/// How the server's call stack begins a statement that a function runs.
const STATEMENT: &str = "SQL statement \"";

/// Where the text of such a statement may end: it may hold quotes and line
/// breaks itself. A text has few of these; a hostile one must not make the
/// search long.
fn ends_of(body: &str) -> impl Iterator<Item = usize> {
    let ends = body.match_indices("\"\n").map(|(i, _)| i);
    let mut ends: Vec<usize> =
        ends.chain(body.ends_with('"').then(|| body.len() - 1)).take(20).collect();
    // The longest text that is a statement is the one: what follows it in the
    // stack is none.
    ends.reverse();
    ends.into_iter()
}
