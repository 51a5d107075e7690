//! Prisma Migrate. A row is written before a migration runs, and its text is
//! sent whole.

use super::{Checksum, Entry, Row, State, TEXT, TIME, Tool, WHOLE, by_name};

/// The advisory lock that Prisma Migrate takes for its session and never gives up.
pub const LOCK: u32 = 72_707_369;

pub const PRISMA: Tool = Tool {
    name: "prisma",
    table: "_prisma_migrations",
    columns: &[
        ("id", TEXT),
        ("checksum", TEXT),
        ("finished_at", TIME),
        ("migration_name", TEXT),
        ("logs", TEXT),
        ("rolled_back_at", TIME),
        ("started_at", TIME),
        ("applied_steps_count", WHOLE),
    ],
    no_more: false,
    beside: None,
    same_transaction: false,
    applied: Some("started_at"),
    order: Some(by_name),
    complete: true,
    checksum: Checksum::Sha256,
    read,
};

/// How to consent to a loss in a migration: by a comment above the statement,
/// or, where something else runs that, for the whole file, which is one
/// transaction.
pub fn accepting(name: &str, by_comment: bool) -> String {
    if by_comment {
        format!(
            "To lose it on purpose: in {name}/migration.sql, right above the statement, add the line: -- schemaguard: accept data loss: why"
        )
    } else {
        format!(
            "To lose it on purpose: in {name}/migration.sql, as its first line, add: SELECT schemaguard.accept_data_loss('why');"
        )
    }
}

/// How to have a migration run again that was refused: until then Prisma runs
/// none.
pub fn again(name: &str) -> String {
    let safe = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let name = if safe { name.to_owned() } else { format!("'{}'", name.replace('\'', r"'\''")) };
    format!(
        "After that: prisma migrate resolve --rolled-back {name}, then prisma migrate deploy again."
    )
}

fn read(row: &Row) -> Option<Entry> {
    let (finished, taken_back) = (row.text("finished_at"), row.text("rolled_back_at"));
    let state = match (&finished, &taken_back) {
        (_, Some(_)) => State::RolledBack,
        (Some(_), None) => State::Applied,
        (None, None) if row.text("logs").is_some_and(|l| !l.is_empty()) => State::Failed,
        (None, None) => State::Unfinished,
    };
    // `resolve --applied` writes no steps and the same time twice.
    let by_hand = row.number("applied_steps_count") == Some(0)
        && finished.is_some()
        && finished == row.text("started_at");
    let note = match state {
        State::Applied if by_hand => {
            Some("marked as applied by prisma migrate resolve: its file was not run".to_owned())
        }
        State::Failed | State::Unfinished => row.text("logs").filter(|l| !l.is_empty()),
        _ => None,
    };
    Some(Entry {
        state,
        checksum: row.text("checksum"),
        started: row.text("started_at"),
        finished: finished.or(taken_back),
        note,
        ..Entry::applied(row.text("migration_name")?)
    })
}
