//! The third worker when a script is tried out: rebuilds the live schema from
//! its model, runs the script on it statement by statement, and says what the
//! server did: which locks were taken, what was rewritten, what came of it.

use std::collections::HashMap;

use super::Rehearsal;
use super::parse::parse;
use super::statement::{self, execute};
use super::strangers;
use crate::drift;
use crate::model::Model;
use crate::pg::catalog;
use crate::pg::sys;
use crate::pg::worker::{self, Desk, OnTerm};
use pgrx::spi::Spi;
use pgrx::{PgList, pg_sys};
use serde::{Deserialize, Serialize};

/// What came of a script.
#[derive(Debug, Serialize, Deserialize)]
pub struct Rehearsed {
    /// The copy of the live schema, as it was before the script.
    pub copy: String,
    /// The schema after the script.
    pub outcome: String,
    /// One a step.
    pub seen: Vec<Seen>,
}

/// What a step did to tables that were there before it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// `AccessExclusiveLock on public.users`: locks that somebody can feel.
    pub locks: Vec<String>,
    /// Tables and materialized views that were written anew.
    pub rewrites: Vec<String>,
}

/// Locks that keep out more than other changes of the schema, weakest first.
const LOCKS: [&str; 5] = [
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
];

fn rehearse(job: &Rehearsal, desk: &Desk) -> Result<Rehearsed, String> {
    statement::begin();
    strangers::keep_out();
    // The copy's event triggers are others' functions, too.
    worker::attempt(|| {
        // SAFETY: a setting of this process.
        unsafe {
            pg_sys::SetConfigOption(
                c"session_replication_role".as_ptr(),
                c"replica".as_ptr(),
                pg_sys::GucContext::PGC_SUSET,
                pg_sys::GucSource::PGC_S_SESSION,
            )
        }
    })?;
    let live = Model::from_json(&job.live).map_err(|e| e.to_string())?;
    let empty = worker::attempt(|| catalog::read(Some(&live.schemas)))?;
    let differences = drift::compare(&live, &empty);
    let memory = statement::memory();
    let all = drift::How { allow_loss: true, gentle: false };
    let copying = drift::script(&live, &empty, &differences, all).steps;
    let whole = copying.len() + job.steps.len();
    for (done, step) in copying.iter().enumerate() {
        desk.progress((done, whole));
        if let Some(sql) = &step.sql {
            run(sql, memory, None)
                .map_err(|why| format!("the live schema could not be copied: {why} ({sql})"))?;
        }
    }
    let copy = worker::attempt(|| catalog::read(Some(&job.schemas)).to_json())?;
    let mut tables = worker::attempt(tables)?;
    let mut seen = Vec::with_capacity(job.steps.len());
    for (number, sql) in (1..).zip(&job.steps) {
        desk.progress((whole - job.steps.len() + number, whole));
        let mut locks = HashMap::new();
        run(sql, memory, Some(&mut locks))
            .map_err(|why| format!("step {number} fails: {why} ({sql})"))?;
        let after = worker::attempt(self::tables)?;
        seen.push(effects(&tables, &after, &locks));
        tables = after;
    }
    let outcome = worker::attempt(|| catalog::read(Some(&job.schemas)).to_json())?;
    Ok(Rehearsed { copy, outcome, seen })
}

/// Name and file of each table and materialized view, by OID.
type Tables = HashMap<u32, (String, u32)>;

fn tables() -> Tables {
    const QUERY: &str = "
        SELECT c.oid, pg_catalog.format('%s.%s', n.nspname, c.relname), c.relfilenode
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
         WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m}'::\"char\"[])
           AND n.nspname OPERATOR(pg_catalog.!~) '^pg_|^information_schema$'";
    Spi::connect(|client| {
        let Ok(rows) = client.select(QUERY, None, &[]) else {
            return Tables::new();
        };
        rows.filter_map(|row| {
            let oid: pg_sys::Oid = row.get(1).ok()??;
            let file: pg_sys::Oid = row.get(3).ok()??;
            Some((oid.to_u32(), (row.get(2).ok()??, file.to_u32())))
        })
        .collect()
    })
}

fn effects(before: &Tables, after: &Tables, locks: &HashMap<u32, usize>) -> Seen {
    let mut seen = Seen::default();
    for (oid, (name, file)) in before {
        if let Some(&strength) = locks.get(oid) {
            seen.locks.push(format!("{} on {name}", LOCKS[strength]));
        }
        if after.get(oid).is_some_and(|(_, now)| now != file) {
            seen.rewrites.push(name.clone());
        }
    }
    seen.locks.sort();
    seen.rewrites.sort();
    seen
}

/// Runs the statements of a step, each in a transaction of its own, and notes
/// the strongest lock that is held on each relation before it commits.
fn run(
    sql: &str,
    memory: pg_sys::MemoryContext,
    mut locks: Option<&mut HashMap<u32, usize>>,
) -> Result<(), String> {
    let source = sys::cstring(sql);
    // SAFETY: the trees outlive the transactions of the statements.
    let trees = unsafe {
        pg_sys::MemoryContextSwitchTo(pg_sys::TopMemoryContext);
        parse(sql).map_err(|trouble| trouble.failure.message)?
    };
    // SAFETY: a list of raw statements.
    for raw in unsafe { PgList::<pg_sys::RawStmt>::from_pg(trees) }.iter_ptr() {
        let held = worker::caught(|| {
            // SAFETY: as exec_simple_query does for each statement.
            unsafe {
                pg_sys::SetCurrentStatementStartTimestamp();
                pg_sys::StartTransactionCommand();
                pgrx::check_for_interrupts!();
                strangers::without_data(raw);
                execute(source.as_ptr(), raw, memory);
                let held = if locks.is_some() { held() } else { Vec::new() };
                pg_sys::CommitTransactionCommand();
                held
            }
        })
        .map_err(|failure| failure.message)?;
        if let Some(locks) = &mut locks {
            for (relation, strength) in held {
                let strongest = locks.entry(relation).or_insert(strength);
                *strongest = strength.max(*strongest);
            }
        }
    }
    Ok(())
}

/// The locks of this transaction that somebody can feel.
fn held() -> Vec<(u32, usize)> {
    const QUERY: &str = "
        SELECT l.relation, l.mode FROM pg_catalog.pg_locks l
         WHERE l.locktype OPERATOR(pg_catalog.=) 'relation'
           AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()";
    // SAFETY: balanced; an error ends the transaction.
    unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot()) };
    let held = Spi::connect(|client| {
        let Ok(rows) = client.select(QUERY, None, &[]) else {
            return Vec::new();
        };
        rows.filter_map(|row| {
            let relation: pg_sys::Oid = row.get(1).ok()??;
            let mode: String = row.get(2).ok()??;
            Some((relation.to_u32(), LOCKS.iter().position(|l| *l == mode)?))
        })
        .collect()
    });
    // SAFETY: pushed above.
    unsafe { pg_sys::PopActiveSnapshot() };
    held
}

crate::worker_function!(schemaguard_rehearse, OnTerm::End, rehearse);
