//! What this session has already done and committed, statement by statement:
//! some tools (Prisma's db push, drizzle-kit push) run their steps each in a
//! transaction of its own, and whoever reads a refusal in the middle has to
//! know what has stayed.
//!
//! Only for sessions that don't name themselves, as those tools don't: in
//! others people see what they have done.

use crate::pg::sys::scan;
use std::cell::RefCell;
use std::collections::HashMap;

/// What was done longer ago belongs to another run.
const RUN: i64 = 5 * 60 * 1_000_000;
/// More than these are counted, not shown.
const SHOWN: usize = 5;
const LENGTH: usize = 120;

struct Step {
    at: i64,
    /// Under which it ran.
    migration: Option<String>,
    statement: String,
}

#[derive(Default)]
struct Steps {
    /// Of the running transaction.
    open: Vec<Step>,
    committed: Vec<Step>,
    /// How many came before the ones that are kept, by migration.
    before: HashMap<Option<String>, usize>,
}

thread_local!(static STEPS: RefCell<Steps> = RefCell::new(Steps::default()));

/// A statement of the client's own has been recorded.
pub fn note(statement: &str, at: i64, migration: Option<String>) {
    let statement = short(statement);
    STEPS.with_borrow_mut(|s| s.open.push(Step { at, migration, statement }));
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
        for step in s.committed.drain(..more) {
            *s.before.entry(step.migration).or_default() += 1;
        }
    });
}

/// Words for what was done in this run, or only under one migration; None for
/// nothing.
pub fn done(migration: Option<&str>) -> Option<String> {
    STEPS.with_borrow(|s| {
        if scan::now() - s.committed.last()?.at > RUN {
            return None;
        }
        let is_asked = |its: &Option<String>| migration.is_none_or(|m| its.as_deref() == Some(m));
        let shown: Vec<&str> = s
            .committed
            .iter()
            .filter(|c| is_asked(&c.migration))
            .map(|c| c.statement.as_str())
            .collect();
        if shown.is_empty() {
            return None;
        }
        let earlier = s.before.iter().filter(|b| is_asked(b.0)).map(|b| b.1).sum();
        let before = match earlier {
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
