//! Writing the record.
//!
//! Rows go in below SQL (see sys::table): no sequence, no permission of the
//! caller's, no trigger or hook of others. A refused statement's row is
//! written by a session of its own, because its transaction rolls back.

use super::migration::{self, Migration};
use super::sys::event::Word;
use super::sys::table::{Table, Value};
use super::sys::{self, text};
use super::worker::{self, Desk, OnTerm};
use pgrx::pg_sys;
use pgrx::spi::Spi;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::time::{Duration, Instant};

/// Who runs a statement, and where from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Who {
    /// Microseconds as the server counts them.
    pub at: i64,
    pub transaction: Option<u64>,
    pub session_user: String,
    pub current_user: String,
    pub application_name: Option<String>,
    pub client_addr: Option<String>,
    pub backend_pid: i32,
    pub database: String,
    pub search_path: Option<String>,
    /// Under which migration, where a tool's history tells.
    pub migration: Option<Migration>,
}

impl Who {
    /// This session, now. With `transaction` the transaction gets a number.
    pub fn now(transaction: bool) -> Who {
        // SAFETY: reads of session state and catalog lookups in a transaction.
        unsafe {
            let name = |oid| text(pg_sys::GetUserNameFromId(oid, true)).unwrap_or_default();
            let (session, current) = (pg_sys::GetSessionUserId(), pg_sys::GetUserId());
            let session_user = name(session);
            Who {
                at: sys::scan::now(),
                transaction: transaction.then(|| pg_sys::GetTopFullTransactionId().value),
                current_user: if current == session { session_user.clone() } else { name(current) },
                session_user,
                application_name: text(pg_sys::application_name).filter(|n| !n.is_empty()),
                client_addr: client_addr(),
                backend_pid: pg_sys::MyProcPid,
                database: database(),
                search_path: text(pg_sys::namespace_search_path),
                migration: migration::running(),
            }
        }
    }
}

/// The name of this session's database: it keeps that while somebody uses it.
fn database() -> String {
    thread_local!(static NAME: OnceCell<String> = const { OnceCell::new() });
    // SAFETY: a catalog lookup.
    let read = || unsafe { text(pg_sys::get_database_name(pg_sys::MyDatabaseId)) };
    NAME.with(|name| name.get_or_init(|| read().unwrap_or_default()).clone())
}

/// The client's address as inet's text, None over a Unix socket.
fn client_addr() -> Option<String> {
    thread_local!(static ADDR: OnceCell<Option<String>> = const { OnceCell::new() });
    // SAFETY: a built-in function without arguments; its result is an inet.
    let read = || unsafe {
        let mut info = pg_sys::FmgrInfo::default();
        pg_sys::fmgr_info(pg_sys::Oid::from(pg_sys::F_INET_CLIENT_ADDR), &mut info);
        let mut call = pg_sys::FunctionCallInfoBaseData { flinfo: &mut info, ..Default::default() };
        let entry = info.fn_addr.expect("a built-in function has an address");
        let fcinfo = &raw mut call;
        let inet = pg_sys::ffi::pg_guard_ffi_boundary(|| entry(fcinfo));
        (!(*fcinfo).isnull)
            .then(|| {
                text(pg_sys::OidOutputFunctionCall(pg_sys::Oid::from(pg_sys::F_INET_OUT), inet))
            })
            .flatten()
    };
    ADDR.with(|addr| addr.get_or_init(read).clone())
}

/// A recorded statement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Statement {
    pub who: Who,
    /// Its own text, secrets blanked.
    pub text: Option<String>,
    /// The row that holds the same text.
    pub same_text_as: Option<i64>,
    pub context: Option<String>,
    pub verdict: Verdict,
    pub rule: Option<String>,
    pub reason: Option<String>,
    pub message: Option<String>,
    pub detail: Option<String>,
}

/// What the guard said of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Nothing would be lost.
    Allowed,
    /// Data was lost by consent.
    Accepted,
    /// Data was lost in mode `warn`.
    Warned,
    /// Data was lost in mode `observe`.
    Observed,
    /// The guard was off.
    Unguarded,
    Refused,
}

impl Verdict {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Allowed => "allowed",
            Verdict::Accepted => "accepted",
            Verdict::Warned => "warned",
            Verdict::Observed => "observed",
            Verdict::Unguarded => "unguarded",
            Verdict::Refused => "refused",
        }
    }
}

/// An object that a statement touched.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Object {
    pub command_tag: Word,
    /// `create`, `alter` or `drop`.
    pub action: Word,
    pub object_type: Word,
    /// In the form that drift() uses.
    pub object: String,
    pub parts: Vec<String>,
    /// What it was called before this statement.
    pub formerly: Option<String>,
    pub definition: Option<String>,
}

/// What somebody else is asked to approve: a refused statement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    pub digest: String,
    pub request: String,
    /// All victims, as JSON.
    pub at_stake: String,
}

/// Writes a statement and its objects (at least one) in this transaction and
/// returns the statement's number; None where the record isn't there.
pub fn write(statement: &Statement, objects: &[Object]) -> Option<i64> {
    write_asking(statement, objects, None)
}

fn write_asking(statement: &Statement, objects: &[Object], asked: Option<&Asked>) -> Option<i64> {
    /// Of the table, but for the number that it is given.
    const COLUMNS: usize = 31;
    let mut table = Table::open("ddl_entry")?;
    let number = table.append(first_number(), |number| {
        let mut rows: Vec<Vec<Value>> = objects
            .iter()
            .map(|o| {
                let mut row = Vec::with_capacity(COLUMNS);
                row.extend([
                    Value::Long(number),
                    Value::from(&*o.command_tag),
                    Value::from(&*o.action),
                    Value::from(&*o.object_type),
                    Value::from(o.object.as_str()),
                    if o.parts.is_empty() { Value::Null } else { Value::Texts(&o.parts) },
                    Value::from(o.formerly.as_deref()),
                    Value::from(o.definition.as_deref()),
                ]);
                row
            })
            .collect();
        if let Some(first) = rows.first_mut() {
            first.extend(statement.values());
            if let Some(asked) = asked {
                first.push(Value::from(asked.digest.as_str()));
                first.push(Value::from(asked.request.as_str()));
                first.push(Value::Input(&asked.at_stake));
            }
        }
        rows
    });
    table.close();
    migration::recorded(number);
    Some(number)
}

impl Statement {
    /// The columns that only a statement's first row fills.
    fn values(&self) -> [Value<'_>; 20] {
        let who = &self.who;
        [
            Value::Timestamp(who.at),
            who.transaction.map_or(Value::Null, Value::TransactionId),
            Value::from(who.session_user.as_str()),
            Value::from(who.current_user.as_str()),
            Value::from(who.application_name.as_deref()),
            who.client_addr.as_deref().map_or(Value::Null, Value::Input),
            Value::Int(who.backend_pid),
            Value::from(who.database.as_str()),
            Value::from(who.search_path.as_deref()),
            Value::from(self.text.as_deref()),
            Value::from(self.same_text_as),
            Value::from(self.context.as_deref()),
            Value::from(self.verdict.as_str()),
            Value::from(self.rule.as_deref()),
            Value::from(self.reason.as_deref()),
            Value::from(self.message.as_deref()),
            Value::from(self.detail.as_deref()),
            Value::from(who.migration.as_ref().map(|m| m.tool.as_str())),
            Value::from(who.migration.as_ref().map(|m| m.name.as_str())),
            Value::from(who.migration.as_ref().and_then(|m| m.checksum.as_deref())),
        ]
    }
}

/// Since when the record has had every statement, as far as it knows itself:
/// since its first one, or since its event triggers were last changed. None
/// where it is empty.
pub fn complete_since() -> Option<String> {
    const QUERY: &str = "
        SELECT coalesce(pg_catalog.max(e.at) FILTER (WHERE e.command_tag OPERATOR(pg_catalog.=) 'ALTER EVENT TRIGGER'
                                                       AND e.object OPERATOR(pg_catalog.~) '^schemaguard_'),
                        pg_catalog.min(e.at))::pg_catalog.timestamptz(0)::pg_catalog.text
          FROM schemaguard.ddl_entry e";
    super::as_owner(|| {
        Spi::connect(|client| client.select(QUERY, Some(1), &[]).ok()?.first().get(1).ok()?)
    })
}

/// The newest row's number.
pub fn newest() -> Option<i64> {
    const QUERY: &str = "SELECT pg_catalog.max(e.id) FROM schemaguard.ddl_entry e";
    super::as_owner(|| {
        Spi::connect(|client| client.select(QUERY, Some(1), &[]).ok()?.first().get(1).ok()?)
    })
}

/// Where numbering begins in an empty record: by the clock, so that rows
/// recorded while a dump is being restored come after those in the dump.
/// 100,000 numbers a second are never used up.
fn first_number() -> i64 {
    /// 2026-01-01 in the server's time: microseconds since 2000-01-01.
    const EPOCH: i64 = 9_497 * 86_400 * 1_000_000;
    (sys::scan::now() - EPOCH).max(0) / 10 + 1
}

/// Writes a refused statement in a session of its own. Where that can't be
/// had in time (false), the server's log has the row; the refusal stands
/// either way.
pub fn write_refused(statement: &Statement, object: &Object, asked: Option<&Asked>) -> bool {
    let row =
        Refused { statement: statement.clone(), object: object.clone(), asked: asked.cloned() };
    let written = in_own_session(&row);
    if let Err(why) = &written {
        sys::error::log(
            format!(
                "schemaguard refused a statement and could not record it ({why}): {}",
                statement.message.as_deref().unwrap_or_default()
            ),
            Some(format!(
                "session user {}, current user {}, database {}, application {}, statement: {}\n{}",
                statement.who.session_user,
                statement.who.current_user,
                statement.who.database,
                statement.who.application_name.as_deref().unwrap_or("-"),
                statement.text.as_deref().unwrap_or("-"),
                statement.detail.as_deref().unwrap_or_default(),
            )),
        );
    }
    written.is_ok()
}

/// Has a worker write the row; the error says why it couldn't.
fn in_own_session(row: &Refused) -> Result<(), String> {
    /// The refused statement may itself hold locks on the record.
    const LIMIT: Duration = Duration::from_secs(3);
    // SAFETY: reads a variable.
    let database = unsafe { pg_sys::MyDatabaseId };
    let begin = Instant::now();
    let running = loop {
        match worker::start("schemaguard_record_refused", row, database, pg_sys::InvalidOid, 0) {
            // Others may be recording refusals at this moment.
            Err(_) if begin.elapsed() < LIMIT && worker::workers_exist() => worker::nap(),
            result => break result?,
        }
    };
    let answer = running.wait(Some(LIMIT), |_| ())?;
    serde_json::from_slice::<Result<(), String>>(&answer).map_err(|e| e.to_string())?
}

/// What the worker is given to write.
#[derive(Debug, Serialize, Deserialize)]
struct Refused {
    statement: Statement,
    object: Object,
    asked: Option<Asked>,
}

crate::worker_function!(schemaguard_record_refused, OnTerm::End, |row: &Refused, _: &Desk| {
    worker::attempt(|| {
        // Locks that the refused statement holds itself won't be given up.
        // SAFETY: sets a setting of this process.
        unsafe {
            pg_sys::SetConfigOption(
                c"lock_timeout".as_ptr(),
                c"2s".as_ptr(),
                pg_sys::GucContext::PGC_USERSET,
                pg_sys::GucSource::PGC_S_SESSION,
            );
        }
        write_asking(&row.statement, std::slice::from_ref(&row.object), row.asked.as_ref());
    })
});
