//! What this session has already done and committed, statement by statement:
//! some tools (Prisma's db push, drizzle-kit push) run their steps each in a
//! transaction of its own, and whoever reads a refusal in the middle has to
//! know what has stayed.
//!
//! Only for sessions that don't name themselves, as those tools don't: in
//! others people see what they have done.

use crate::pg::sys::{context, scan};
use std::cell::RefCell;

/// What was done longer ago belongs to another run.
const RUN: i64 = 5 * 60 * 1_000_000;
/// More than these are counted, not shown.
const SHOWN: usize = 5;
const LENGTH: usize = 120;

struct Step {
    at: i64,
    message: (usize, i64),
    statement: String,
}

#[derive(Default)]
struct Steps {
    /// Of the running transaction.
    open: Vec<Step>,
    committed: Vec<Step>,
    /// Those that came before the ones that are kept.
    before: usize,
}

thread_local!(static STEPS: RefCell<Steps> = RefCell::new(Steps::default()));

/// A statement of the client's own has been recorded.
pub fn note(statement: &str, at: i64) {
    let (statement, message) = (short(statement), context::query_identity());
    STEPS.with_borrow_mut(|s| s.open.push(Step { at, message, statement }));
}

/// The transaction is over.
pub fn end(committed: bool) {
    STEPS.with_borrow_mut(|s| {
        let open = std::mem::take(&mut s.open);
        if !committed {
            return;
        }
        if open.first().zip(s.committed.last()).is_some_and(|(a, b)| a.at - b.at > RUN) {
            *s = Steps::default();
        }
        s.committed.extend(open);
        let more = s.committed.len().saturating_sub(SHOWN);
        s.committed.drain(..more);
        s.before += more;
    });
}

/// Words for what was done in this run, or only in one message of the client;
/// None for nothing.
pub fn done(message: Option<(usize, i64)>) -> Option<String> {
    STEPS.with_borrow(|s| {
        if scan::now() - s.committed.last()?.at > RUN {
            return None;
        }
        let asked = |c: &&Step| message.is_none_or(|m| m == c.message);
        let shown: Vec<&str> =
            s.committed.iter().filter(asked).map(|c| c.statement.as_str()).collect();
        if shown.is_empty() {
            return None;
        }
        let before = match if message.is_some() { 0 } else { s.before } {
            0 => String::new(),
            1 => "1 statement, then ".to_owned(),
            n => format!("{n} statements, then "),
        };
        Some(format!(
            "Already committed by this session, and not taken back by the refusal: {before}{}.",
            shown.join("; ")
        ))
    })
}

/// A statement in one line, without the comments that stand above it.
fn short(statement: &str) -> String {
    let code = statement.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("--"));
    let line = code.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}
