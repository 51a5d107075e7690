//! Under which migration a statement runs, as the histories of migration
//! tools tell, and `migrations()`.
//!
//! Prisma writes a row before it runs a file: that is known when a statement
//! runs. Others write the row afterwards in the same transaction: known when
//! it commits. All of it is read below SQL, without a permission asked for
//! and without a lock waited for, and stored with the record: a history can
//! be changed later.

pub mod review;

use super::sys::history::{self, Found, Wanted};
use super::sys::table::{Table, Value};
use super::sys::{self, context};
use crate::migration::{Row, TOOLS, Tool, is_text_of, prisma};
use pgrx::pg_sys;
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};

/// A migration that a statement runs under.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Migration {
    pub tool: String,
    pub name: String,
    pub checksum: Option<String>,
}

/// No history is read further: whoever makes a huge table of that name must
/// not make everybody's DDL slow.
const ROWS: u64 = 10_000;

/// Clocks of two machines are not quite the same.
const SKEW: i64 = 1_000_000;

/// The migration that the running statement belongs to. Looked up once for
/// each message of the client.
pub fn running() -> Option<Migration> {
    type Known = Option<((usize, i64), Option<Migration>)>;
    thread_local!(static KNOWN: RefCell<Known> = const { RefCell::new(None) });
    let message = context::query_identity();
    let known = KNOWN.with_borrow(|k| k.as_ref().filter(|k| k.0 == message).map(|k| k.1.clone()));
    if let Some(known) = known {
        return known;
    }
    let found = under_prisma();
    KNOWN.set(Some((message, found.clone())));
    found
}

/// Prisma's unfinished migration whose checksum is that of the client's whole
/// message. A driver that splits scripts never sends that: there it is the
/// newest one that began in this session, as long as the session holds
/// Prisma's lock.
fn under_prisma() -> Option<Migration> {
    const UNFINISHED: Wanted = Wanted::Null(&["finished_at", "rolled_back_at"]);
    let mut open: Vec<(i64, String, String)> = Vec::new();
    for found in tables(&prisma::PRISMA) {
        let columns = ["checksum", "migration_name", "started_at"];
        history::rows(found.table, &columns, UNFINISHED, ROWS, |values| {
            if let Ok([Some(checksum), Some(name), Some(started)]) =
                <[Option<String>; 3]>::try_from(values)
            {
                open.push((started.parse().unwrap_or(0), name, checksum));
            }
        });
    }
    if open.is_empty() {
        return None;
    }
    open.sort_by_key(|o| std::cmp::Reverse(o.0));
    let text = context::query_string()?;
    let sent = open.iter().find(|o| is_text_of(&text, &o.2, &sys::sha256));
    let newest = || {
        let since = history::session_start() - SKEW;
        open.first().filter(|o| o.0 >= since && history::holds_advisory_lock(prisma::LOCK))
    };
    sent.or_else(newest).map(|(_, name, checksum)| Migration {
        tool: prisma::PRISMA.name.to_owned(),
        name: name.clone(),
        checksum: Some(checksum.clone()),
    })
}

/// The tables of a tool's history.
fn tables(tool: &Tool) -> Vec<Found> {
    let mut found = history::tables_named(tool.table);
    found.retain(|f| is_history(tool, f));
    found
}

/// Whether a table is Prisma's history and nothing else: a further column may
/// hold anything.
pub fn is_prismas(table: pg_sys::Oid) -> bool {
    // SAFETY: catalog lookups; null and invalid for what is gone.
    let (name, schema) =
        unsafe { (sys::text(pg_sys::get_rel_name(table)), pg_sys::get_rel_namespace(table)) };
    name.as_deref() == Some(prisma::PRISMA.table)
        && is_history(&prisma::PRISMA, &Found { table, schema })
        && sys::catalog::columns(table).len() == prisma::PRISMA.columns.len()
}

/// Whether nothing is left that a history could be about.
pub fn nothing_left() -> bool {
    let ours = sys::extension().and_then(sys::catalog::extension_schema);
    ours.is_some_and(|schema| !history::has_tables_outside(schema))
}

/// Whether a table has the shape of a tool's history: anybody may give a
/// table that name.
fn is_history(tool: &Tool, found: &Found) -> bool {
    let columns = sys::catalog::columns(found.table);
    let fits = |(name, types): &(&str, &[&str])| {
        columns.iter().any(|c| c.0 == *name && types.contains(&history::type_name(c.1).as_str()))
    };
    tool.columns.iter().all(fits)
        && !(tool.no_more && columns.len() != tool.columns.len())
        && tool
            .beside
            .is_none_or(|(name, there)| history::has_relation(found.schema, name) == there)
}

thread_local! {
    /// The first and the last statement that this transaction has recorded.
    static RECORDED: Cell<Option<(i64, i64)>> = const { Cell::new(None) };
}

/// The record has got a statement with this number in this transaction.
pub fn recorded(number: i64) {
    RECORDED.set(Some((RECORDED.get().map_or(number, |r| r.0), number)));
}

/// The transaction is over.
pub fn forget() {
    RECORDED.set(None);
}

/// Before a transaction commits that has rows in the record: notes which
/// migrations a tool has written into its history in the same transaction.
pub fn before_commit() {
    let Some(statements) = RECORDED.take() else { return };
    let tools = || TOOLS.iter().copied().filter(|t| t.same_transaction);
    if history::nowhere(tools().map(|t| t.table)) {
        return;
    }
    let histories: Vec<(&Tool, Found)> = tools()
        .flat_map(|t| tables(t).into_iter().map(move |found| (t, found)))
        .filter(|(_, found)| history::may_be_ours(found.table))
        .collect();
    if histories.is_empty() {
        return;
    }
    // SAFETY: reading and storing long values needs a snapshot, and here none
    // is active.
    unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot()) };
    if let Some((tool, names)) = written(&histories) {
        store(statements, tool, names);
    }
    // SAFETY: pushed above.
    unsafe { pg_sys::PopActiveSnapshot() };
}

/// The migrations that this transaction has written into a history.
fn written(histories: &[(&'static Tool, Found)]) -> Option<(&'static Tool, Vec<String>)> {
    histories.chunk_by(|a, b| a.0.name == b.0.name).find_map(|histories| {
        let tool = histories[0].0;
        let columns: Vec<&str> = tool.columns.iter().map(|c| c.0).collect();
        let mut names = Vec::new();
        for (_, history) in histories {
            history::rows(history.table, &columns, Wanted::Ours, ROWS, |values| {
                names.extend(name(tool, &columns, values));
            });
        }
        (!names.is_empty()).then_some((tool, names))
    })
}

fn store((first, last): (i64, i64), tool: &Tool, names: Vec<String>) {
    let Some(mut table) = Table::open("migration_transaction") else { return };
    table.insert(vec![
        // SAFETY: in a transaction that is about to commit.
        Value::TransactionId(unsafe { pg_sys::GetTopFullTransactionId() }.value),
        Value::Long(first),
        Value::Long(last),
        Value::from(tool.name),
        Value::Texts(&names),
    ]);
    table.close();
}

fn name(tool: &Tool, columns: &[&str], values: Vec<Option<String>>) -> Option<String> {
    let row = columns.iter().zip(values).map(|(column, value)| {
        ((*column).to_owned(), value.map_or(serde_json::Value::Null, Into::into))
    });
    (tool.read)(&Row(row.collect())).map(|entry| entry.name)
}
