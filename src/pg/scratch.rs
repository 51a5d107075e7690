//! Building a declared text in a scratch database, by the server itself.
//!
//! Three workers: one creates the database and drops it again whatever
//! happens, one furnishes it as superuser with the extensions that the live
//! database has, one runs the text in it as the calling user and reads the
//! catalogs. The database lets nobody else in. One that a crash left behind
//! is dropped by the next call.

use super::sys::{self, text};
use super::worker::{self, Desk, Failure, Job as WorkerJob};
use crate::model::Model;
use pgrx::spi::Spi;
use pgrx::{PgList, pg_sys};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::ffi::c_char;

/// What is built, and where.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// `CREATE DATABASE` is given the live database's encoding and locale.
    live: u32,
    user: u32,
    furnish: Furnish,
    build: Build,
}

/// What the text takes for granted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Furnish {
    extensions: Vec<Extension>,
    /// Who owns schemas that have to be there for them.
    owner: String,
}

/// An extension of the live database.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Extension {
    name: String,
    schema: String,
    version: String,
}

/// The text and the settings it runs under.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Build {
    source: String,
    schemas: Option<Vec<String>>,
    settings: Vec<(String, String)>,
    /// Extensions and schemas that are there before the text runs.
    furnished_extensions: Vec<String>,
    furnished_schemas: Vec<String>,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub enum Outcome {
    Built { model: String, left_out: Vec<(usize, String)> },
    Failed(Trouble),
}

/// An error of the declared text (or of building it).
#[derive(Debug, Serialize, Deserialize)]
pub struct Trouble {
    pub failure: Failure,
    /// Byte offset in the text, where it is the text's fault.
    pub at: Option<usize>,
}

impl Trouble {
    fn general(message: String) -> Trouble {
        Trouble {
            failure: Failure { sqlstate: "SG004".into(), message, detail: None, hint: None },
            at: None,
        }
    }
}

/// Settings of the calling session under which a text means what it means
/// there.
const SETTINGS: &[&str] = &[
    "search_path",
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "standard_conforming_strings",
    "check_function_bodies",
    "default_table_access_method",
    "default_toast_compression",
    "xmloption",
    "array_nulls",
];

/// Builds a declared text and reads what came of it. Raises nothing of the
/// text's own faults; can be cancelled.
pub fn build_declared(source: &str, schemas: Option<Vec<String>>) -> Outcome {
    let prepared = match crate::source::sql::prepare(source) {
        Ok(prepared) => prepared,
        Err(e) => {
            return Outcome::Failed(Trouble {
                failure: Failure {
                    sqlstate: "SG004".into(),
                    message: e.message,
                    detail: None,
                    hint: Some(e.hint),
                },
                at: Some(e.at),
            });
        }
    };
    let made = match made_by(&prepared.sql) {
        Ok(made) => made,
        Err(trouble) => return Outcome::Failed(trouble),
    };
    // SAFETY: reads of session state.
    let (superuser, user, owner) = unsafe {
        let user = pg_sys::GetUserId();
        (pg_sys::superuser(), user, text(pg_sys::GetUserNameFromId(user, true)).unwrap_or_default())
    };
    if !sys::version::worker_may_be(user) {
        return Outcome::Failed(Trouble::general(format!(
            "the declared schema could not be built: role \"{owner}\" is not permitted to log in"
        )));
    }
    // A superuser's text makes its own extensions; others may not be able to.
    let extensions: Vec<Extension> = live_extensions()
        .into_iter()
        .filter_map(|mut e| match made.extensions.iter().find(|(name, _)| *name == e.name) {
            Some(_) if superuser => None,
            Some((_, schema)) => {
                if let Some(schema) = schema {
                    e.schema = schema.clone();
                }
                Some(e)
            }
            None => Some(e),
        })
        .collect();
    let furnished_schemas: Vec<String> = extensions
        .iter()
        .map(|e| e.schema.clone())
        .filter(|s| s != "public" && s != "pg_catalog")
        .collect();
    let settings = SETTINGS
        .iter()
        .filter_map(|name| {
            // SAFETY: a setting's name and its value as text.
            let value =
                unsafe { text(pg_sys::GetConfigOption(sys::cstring(name).as_ptr(), true, false)) };
            value.map(|v| ((*name).to_owned(), v))
        })
        .collect();
    let job = Job {
        // SAFETY: reads a variable.
        live: unsafe { pg_sys::MyDatabaseId }.to_u32(),
        user: user.to_u32(),
        build: Build {
            source: source.to_owned(),
            schemas,
            settings,
            furnished_extensions: extensions.iter().map(|e| e.name.clone()).collect(),
            furnished_schemas,
        },
        furnish: Furnish { extensions, owner },
    };
    // SAFETY: reads a variable.
    let database = unsafe { pg_sys::MyDatabaseId };
    let answer = worker::start(&WorkerJob::Scratch(job), database, pg_sys::InvalidOid, 0)
        .and_then(|running| running.wait(None))
        .and_then(|bytes| serde_json::from_slice::<Outcome>(&bytes).map_err(|e| e.to_string()));
    answer.unwrap_or_else(|why| {
        Outcome::Failed(Trouble::general(format!("the declared schema could not be built: {why}")))
    })
}

/// What a text makes, as far as its statements say so themselves.
struct Made {
    extensions: Vec<(String, Option<String>)>,
}

/// Parses the whole text before anything is built.
fn made_by(sql: &str) -> Result<Made, Trouble> {
    let mut made = Made { extensions: Vec::new() };
    let trees = parse(sql)?;
    // SAFETY: each node's tag says what it is.
    unsafe {
        for raw in PgList::<pg_sys::RawStmt>::from_pg(trees).iter_ptr() {
            let tree = (*raw).stmt;
            if (*tree).type_ == pg_sys::NodeTag::T_CreateExtensionStmt {
                let create = tree.cast::<pg_sys::CreateExtensionStmt>();
                let mut schema = None;
                for option in PgList::<pg_sys::DefElem>::from_pg((*create).options).iter_ptr() {
                    if text((*option).defname).as_deref() == Some("schema") {
                        schema = text(pg_sys::defGetString(option));
                    }
                }
                made.extensions.push((text((*create).extname).unwrap_or_default(), schema));
            }
        }
    }
    Ok(made)
}

/// The text's parse trees; a syntax error as the server words it.
fn parse(sql: &str) -> Result<*mut pg_sys::List, Trouble> {
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

/// The extensions of the live database, but for the one that the server
/// makes itself and ours.
fn live_extensions() -> Vec<Extension> {
    const QUERY: &str = "
        SELECT e.extname::pg_catalog.text, n.nspname::pg_catalog.text, e.extversion
          FROM pg_catalog.pg_extension e
          JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
         WHERE e.extname OPERATOR(pg_catalog.<>) ALL ('{plpgsql,schemaguard}'::pg_catalog.name[])
         ORDER BY e.oid";
    Spi::connect(|client| {
        let Ok(rows) = client.select(QUERY, None, &[]) else {
            return Vec::new();
        };
        rows.filter_map(|row| {
            Some(Extension {
                name: row.get(1).ok()??,
                schema: row.get(2).ok()??,
                version: row.get(3).ok()??,
            })
        })
        .collect()
    })
}

// ---------------------------------------------------------------------------
// In the first worker
// ---------------------------------------------------------------------------

/// The names of scratch databases: who made them tells whether they are left
/// over.
const PREFIX: &str = "schemaguard_scratch_";

/// Creates the database, has it furnished and built, and drops it.
pub fn supervise(job: &Job, desk: &Desk) -> Outcome {
    drop_left_over();
    // SAFETY: reads of variables.
    let (start, pid) = unsafe { (pg_sys::PgStartTime, pg_sys::MyProcPid) };
    let name = format!("{PREFIX}{start}_{pid}");
    let outcome = create_database(&name, job)
        .and_then(|database| in_database(job, database, desk))
        .unwrap_or_else(|why| {
            Outcome::Failed(Trouble::general(format!(
                "the declared schema could not be built: {why}"
            )))
        });
    for attempt in 1..=5 {
        match drop_database(&name) {
            Ok(()) => break,
            Err(why) if attempt == 5 => sys::error::log(
                format!(
                    "schemaguard could not drop {name}: {why}; the next declare() will try again"
                ),
                None,
            ),
            Err(_) => worker::nap(),
        }
    }
    outcome
}

fn in_database(job: &Job, database: pg_sys::Oid, desk: &Desk) -> Result<Outcome, String> {
    let flags = sys::version::scratch_connection_flags();
    if !job.furnish.extensions.is_empty() {
        let job = WorkerJob::Furnish(job.furnish.clone());
        let answer = watch(worker::start(&job, database, pg_sys::InvalidOid, flags)?, desk)?;
        let furnished: Result<(), String> =
            serde_json::from_slice(&answer).map_err(|e| e.to_string())?;
        furnished?;
    }
    let user = pg_sys::Oid::from_u32(job.user);
    let build = WorkerJob::Build(job.build.clone());
    let answer = watch(worker::start(&build, database, user, flags)?, desk)?;
    serde_json::from_slice(&answer).map_err(|e| e.to_string())
}

/// Waits for a worker of ours; stops it when nobody wants its answer.
fn watch(mut running: worker::Running, desk: &Desk) -> Result<Vec<u8>, String> {
    loop {
        match running.look()? {
            worker::Look::Answer(bytes) => return Ok(bytes),
            worker::Look::Still(same) => running = same,
        }
        if worker::interrupted().is_err() || desk.abandoned() {
            running.stop();
            return Err("cancelled".into());
        }
        worker::nap();
    }
}

fn create_database(name: &str, job: &Job) -> Result<pg_sys::Oid, String> {
    worker::attempt(|| {
        let statement = Spi::connect(|client| {
            client
                .select(
                    CREATE_DATABASE,
                    Some(1),
                    &[
                        name.into(),
                        pg_sys::Oid::from_u32(job.live).into(),
                        pg_sys::Oid::from_u32(job.user).into(),
                    ],
                )
                .ok()
                .and_then(|rows| rows.first().get_one::<String>().ok().flatten())
        });
        let statement = statement.unwrap_or_else(|| {
            sys::raise("SG004", "the live database's locale could not be read", None, None)
        });
        // SAFETY: the statement was parsed by the server and is of this kind.
        unsafe {
            let source = sys::cstring(&statement);
            let trees =
                pg_sys::raw_parser(source.as_ptr(), pg_sys::RawParseMode::RAW_PARSE_DEFAULT);
            let raw = pg_sys::list_nth(trees, 0).cast::<pg_sys::RawStmt>();
            let state = pg_sys::make_parsestate(std::ptr::null_mut());
            // CREATE DATABASE takes its own snapshots.
            pg_sys::PopActiveSnapshot();
            pg_sys::createdb(state, (*raw).stmt.cast())
        }
    })
}

/// Encoding, locale and owner as text, by the server's own quoting. Columns
/// that a version doesn't have are read through JSON.
const CREATE_DATABASE: &str = "
SELECT pg_catalog.format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L OWNER %I ALLOW_CONNECTIONS false',
           $1, pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, r.rolname)
    OPERATOR(pg_catalog.||) CASE d.datlocprovider
        WHEN 'i' THEN pg_catalog.format(' LOCALE_PROVIDER icu ICU_LOCALE %L', coalesce(j.d ->> 'daticulocale', j.d ->> 'datlocale'))
            OPERATOR(pg_catalog.||) coalesce(pg_catalog.format(' ICU_RULES %L', nullif(j.d ->> 'daticurules', '')), '')
        WHEN 'b' THEN pg_catalog.format(' LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', j.d ->> 'datlocale')
        ELSE ' LOCALE_PROVIDER libc'
    END
  FROM pg_catalog.pg_database d
  CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(d) AS d) j
  JOIN pg_catalog.pg_roles r ON r.oid = $3
 WHERE d.oid = $2";

fn drop_database(name: &str) -> Result<(), String> {
    worker::attempt(|| {
        // SAFETY: a name of ours; force ends what might still be connected.
        unsafe {
            pg_sys::PopActiveSnapshot();
            pg_sys::dropdb(sys::cstring(name).as_ptr(), true, true);
        }
    })
}

/// Scratch databases whose maker is gone: it crashed, or the server did.
fn drop_left_over() {
    const QUERY: &str = "SELECT datname::pg_catalog.text FROM pg_catalog.pg_database
                          WHERE datname OPERATOR(pg_catalog.~) '^schemaguard_scratch_-?[0-9]+_[0-9]+$' AND NOT datallowconn";
    let names = worker::attempt(|| {
        Spi::connect(|client| {
            let Ok(rows) = client.select(QUERY, None, &[]) else {
                return Vec::new();
            };
            rows.filter_map(|row| row.get::<String>(1).ok().flatten()).collect::<Vec<_>>()
        })
    });
    for name in names.unwrap_or_default() {
        let Some((start, pid)) = name.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once('_'))
        else {
            continue;
        };
        // SAFETY: reads of shared state.
        let alive = unsafe {
            start.parse() == Ok(pg_sys::PgStartTime)
                && pid.parse().is_ok_and(|pid: i32| {
                    pid != pg_sys::MyProcPid && !pg_sys::BackendPidGetProc(pid).is_null()
                })
        };
        if !alive {
            let _ = drop_database(&name);
        }
    }
}

// ---------------------------------------------------------------------------
// In the second worker
// ---------------------------------------------------------------------------

/// Creates the extensions that the live database has, before any text of the
/// user's can have put something in their way.
pub fn furnish(job: &Furnish) -> Result<(), String> {
    worker::attempt(|| {
        Spi::connect_mut(|client| {
            for e in &job.extensions {
                let quoted = |s: &str| pgrx::spi::quote_identifier(s);
                if e.schema != "pg_catalog" {
                    let schema = format!(
                        "CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}",
                        quoted(&e.schema),
                        quoted(&job.owner)
                    );
                    client
                        .update(&schema, None, &[])
                        .expect("a server error is raised, not returned");
                }
                // Some extensions insist on a schema of their own.
                let create = format!(
                    "CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} VERSION {} CASCADE",
                    quoted(&e.name),
                    quoted(&e.schema),
                    quoted(&e.version)
                );
                client.update(&create, None, &[]).expect("a server error is raised, not returned");
            }
        });
    })
}

// ---------------------------------------------------------------------------
// In the third worker
// ---------------------------------------------------------------------------

/// Runs the text and reads the catalogs.
pub fn build(job: &Build) -> Outcome {
    BUILDING.set(true);
    match try_build(job) {
        Ok(outcome) => outcome,
        Err(trouble) => Outcome::Failed(trouble),
    }
}

fn try_build(job: &Build) -> Result<Outcome, Trouble> {
    let prepared =
        crate::source::sql::prepare(&job.source).map_err(|e| Trouble::general(e.message))?;
    let sql: &str = &prepared.sql;
    let mut left_out: Vec<(usize, String)> =
        prepared.left_out.iter().map(|l| (l.line, l.what.clone())).collect();
    for (name, value) in &job.settings {
        let set = worker::attempt(|| {
            // SAFETY: a setting of this process.
            unsafe {
                pg_sys::SetConfigOption(
                    sys::cstring(name).as_ptr(),
                    sys::cstring(value).as_ptr(),
                    pg_sys::GucContext::PGC_USERSET,
                    pg_sys::GucSource::PGC_S_SESSION,
                )
            }
        });
        set.map_err(Trouble::general)?;
    }
    let source = sys::cstring(sql);
    // SAFETY: the trees have to outlive the transactions of the statements.
    let (trees, memory) = unsafe {
        pg_sys::MemoryContextSwitchTo(pg_sys::TopMemoryContext);
        let memory = pg_sys::AllocSetContextCreateInternal(
            pg_sys::TopMemoryContext,
            c"schemaguard declared statement".as_ptr(),
            pg_sys::ALLOCSET_DEFAULT_MINSIZE as _,
            pg_sys::ALLOCSET_DEFAULT_INITSIZE as _,
            pg_sys::ALLOCSET_DEFAULT_MAXSIZE as _,
        );
        (parse(sql)?, memory)
    };
    // SAFETY: a list of raw statements.
    for raw in unsafe { PgList::<pg_sys::RawStmt>::from_pg(trees) }.iter_ptr() {
        let start = statement_start(sql, raw);
        if let Some(note) =
            run(raw, job, source.as_ptr(), memory).map_err(|(failure, position)| Trouble {
                failure,
                at: Some(position.map_or(start, |p| byte_offset(sql, p))),
            })?
        {
            let line = crate::source::sql::line_and_column(sql, start).0;
            // A COPY and its data are one thing to the reader.
            match left_out.iter_mut().find(|l| l.0 == line && note.starts_with("COPY ")) {
                Some(data) => data.1 = format!("{note}, {}", data.1),
                None => left_out.push((line, note)),
            }
        }
    }
    // SAFETY: reads the transaction's state.
    if unsafe { pg_sys::IsTransactionBlock() } {
        return Err(Trouble {
            failure: Failure {
                sqlstate: "SG004".into(),
                message: "the text ends inside a transaction: COMMIT is missing".into(),
                detail: None,
                hint: None,
            },
            at: Some(sql.trim_end().len()),
        });
    }
    if let Some(wanted) = &job.schemas {
        let missing = worker::transaction(|| {
            wanted.iter().find(|name| {
                // SAFETY: a catalog lookup.
                let oid = unsafe { pg_sys::get_namespace_oid(sys::cstring(name).as_ptr(), true) };
                oid == pg_sys::InvalidOid
            })
        });
        if let Ok(Some(name)) = missing {
            return Err(Trouble::general(format!("the declared text has no schema \"{name}\"")));
        }
    }
    let model = worker::transaction(|| {
        let mut model = crate::pg::catalog::read(job.schemas.as_deref());
        if job.schemas.is_none() {
            forget_furniture(&mut model, &job.furnished_schemas);
        }
        model.to_json()
    })
    .map_err(|failure| Trouble { failure, at: None })?;
    Ok(Outcome::Built { model, left_out })
}

/// Schemas that stand there for an extension only are not declared.
fn forget_furniture(model: &mut Model, furnished: &[String]) {
    let empty: Vec<String> = model
        .schemas
        .iter()
        .filter(|s| {
            furnished.contains(s)
                && !model
                    .objects
                    .iter()
                    .any(|o| o.identity.parts.len() > 1 && o.identity.parts[0] == **s)
        })
        .cloned()
        .collect();
    model.schemas.retain(|s| !empty.contains(s));
    model
        .objects
        .retain(|o| !(o.identity.parts.len() == 1 && empty.contains(&o.identity.parts[0])));
}

/// The statement's first byte that is no white space or comment.
fn statement_start(sql: &str, raw: *mut pg_sys::RawStmt) -> usize {
    // SAFETY: a statement of this text.
    let at = unsafe { (*raw).stmt_location }.max(0) as usize;
    let rest = sql.get(at..).unwrap_or_default();
    let mut skipped = 0;
    loop {
        let now = &rest[skipped..];
        let trimmed = now.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
        skipped += now.len() - trimmed.len();
        if trimmed.starts_with("--") {
            skipped += trimmed.find('\n').map_or(trimmed.len(), |n| n + 1);
        } else {
            return at + skipped;
        }
    }
}

thread_local! {
    /// The server's last error: its packed SQLSTATE, and where it pointed to,
    /// in characters from 1.
    static LAST_ERROR: Cell<(i32, i32)> = const { Cell::new((0, 0)) };
    static BUILDING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this process is running a declared text.
pub fn is_building() -> bool {
    BUILDING.get()
}

/// Catches what pgrx doesn't keep of an error: its position, and SQLSTATEs
/// that it has no name for.
unsafe extern "C-unwind" fn note_error(_: *mut std::ffi::c_void) {
    // SAFETY: called by the server while it reports an error.
    LAST_ERROR.set(unsafe { (pg_sys::geterrcode(), pg_sys::geterrposition()) });
}

fn with_position<T>(f: impl FnOnce() -> Result<T, Failure>) -> Result<T, (Failure, Option<usize>)> {
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
fn byte_offset(sql: &str, position: usize) -> usize {
    sql.char_indices().nth(position.saturating_sub(1)).map_or(sql.len(), |(i, _)| i)
}

/// Runs one statement as a client's own would run, or says what was left out.
fn run(
    raw: *mut pg_sys::RawStmt,
    job: &Build,
    source: *const c_char,
    memory: pg_sys::MemoryContext,
) -> Result<Option<String>, (Failure, Option<usize>)> {
    let caught = with_position(|| {
        worker::caught(|| {
            // SAFETY: as exec_simple_query does for each statement.
            unsafe {
                pg_sys::SetCurrentStatementStartTimestamp();
                pg_sys::StartTransactionCommand();
                pgrx::check_for_interrupts!();
                match judge((*raw).stmt, job) {
                    What::Run => {
                        execute(source, raw, memory);
                        pg_sys::CommitTransactionCommand();
                        Ok(None)
                    }
                    What::LeaveOut(what) => {
                        pg_sys::CommitTransactionCommand();
                        Ok(Some(what))
                    }
                    What::Refuse(message, hint) => Err((message, hint)),
                }
            }
        })
    })?;
    caught.map_err(|(message, hint)| {
        let failure = Failure { sqlstate: "SG004".into(), message, detail: None, hint };
        // SAFETY: rolls back what run() began.
        unsafe { pg_sys::AbortOutOfAnyTransaction() };
        (failure, None)
    })
}

enum What {
    Run,
    LeaveOut(String),
    Refuse(String, Option<String>),
}

/// What is schema, what is left out, what is refused.
///
/// # Safety
/// `tree` is a complete parse tree; inside a transaction.
unsafe fn judge(tree: *mut pg_sys::Node, job: &Build) -> What {
    use pg_sys::NodeTag as T;
    // SAFETY: each node's tag says what it is.
    unsafe {
        let tag =
            text(pg_sys::GetCommandTagName(pg_sys::CreateCommandTag(tree))).unwrap_or_default();
        if about_ours(tree) {
            return What::LeaveOut(format!("{tag} of schemaguard's own"));
        }
        match (*tree).type_ {
            T::T_InsertStmt => data(&tag, (*tree.cast::<pg_sys::InsertStmt>()).relation),
            T::T_UpdateStmt => data(&tag, (*tree.cast::<pg_sys::UpdateStmt>()).relation),
            T::T_DeleteStmt => data(&tag, (*tree.cast::<pg_sys::DeleteStmt>()).relation),
            T::T_MergeStmt => data(&tag, (*tree.cast::<pg_sys::MergeStmt>()).relation),
            T::T_CopyStmt => {
                let copy = tree.cast::<pg_sys::CopyStmt>();
                if (*copy).is_from && !(*copy).relation.is_null() {
                    data(&tag, (*copy).relation)
                } else {
                    not_schema(&tag)
                }
            }
            T::T_TruncateStmt => What::LeaveOut(tag),
            // Nobody else is in here.
            T::T_LockStmt => What::LeaveOut(tag),
            T::T_CreateExtensionStmt => {
                let create = tree.cast::<pg_sys::CreateExtensionStmt>();
                let name = text((*create).extname).unwrap_or_default();
                if name == "schemaguard" {
                    return What::LeaveOut("CREATE EXTENSION schemaguard".into());
                }
                if job.furnished_extensions.contains(&name) {
                    (*create).if_not_exists = true;
                }
                What::Run
            }
            T::T_CommentStmt => {
                let comment = tree.cast::<pg_sys::CommentStmt>();
                match (*comment).objtype {
                    pg_sys::ObjectType::OBJECT_DATABASE => {
                        What::LeaveOut("COMMENT ON DATABASE".into())
                    }
                    pg_sys::ObjectType::OBJECT_ROLE | pg_sys::ObjectType::OBJECT_TABLESPACE => {
                        not_schema("COMMENT on something outside of the database")
                    }
                    // Whoever may not make the extension may not comment on it either.
                    pg_sys::ObjectType::OBJECT_EXTENSION => {
                        What::LeaveOut("COMMENT ON EXTENSION".into())
                    }
                    _ => What::Run,
                }
            }
            T::T_CreateSchemaStmt => {
                let create = tree.cast::<pg_sys::CreateSchemaStmt>();
                let name = text((*create).schemaname).unwrap_or_default();
                if name == "schemaguard" {
                    return What::LeaveOut("CREATE SCHEMA schemaguard".into());
                }
                if job.furnished_schemas.contains(&name) {
                    (*create).if_not_exists = true;
                }
                What::Run
            }
            T::T_CreatedbStmt | T::T_AlterDatabaseStmt | T::T_AlterDatabaseSetStmt => {
                What::LeaveOut(tag)
            }
            T::T_CreateRoleStmt
            | T::T_AlterRoleStmt
            | T::T_AlterRoleSetStmt
            | T::T_DropRoleStmt
            | T::T_GrantRoleStmt
            | T::T_CreateTableSpaceStmt
            | T::T_DropTableSpaceStmt
            | T::T_AlterTableSpaceOptionsStmt
            | T::T_DropdbStmt
            | T::T_AlterSystemStmt
            | T::T_DropOwnedStmt
            | T::T_ReassignOwnedStmt
            | T::T_CreateSubscriptionStmt
            | T::T_AlterSubscriptionStmt
            | T::T_DropSubscriptionStmt
            | T::T_NotifyStmt
            | T::T_ListenStmt
            | T::T_UnlistenStmt
            | T::T_LoadStmt => not_schema(&tag),
            _ => What::Run,
        }
    }
}

/// Whether a statement speaks of the extension's own schema: a dump of a
/// database with schemaguard does, and a scratch database has none.
///
/// # Safety
/// `tree` is a complete parse tree.
unsafe fn about_ours(tree: *mut pg_sys::Node) -> bool {
    use pg_sys::NodeTag as T;
    const OURS: &str = "schemaguard";
    // SAFETY: each node's tag says what it is.
    unsafe {
        let ours = |name: *const c_char| text(name).as_deref() == Some(OURS);
        let names_ours = |node: *mut pg_sys::Node| {
            !node.is_null()
                && match (*node).type_ {
                    T::T_String => ours((*node.cast::<pg_sys::String>()).sval),
                    T::T_RangeVar => ours((*node.cast::<pg_sys::RangeVar>()).schemaname),
                    T::T_ObjectWithArgs => {
                        let names = (*node.cast::<pg_sys::ObjectWithArgs>()).objname;
                        PgList::<pg_sys::String>::from_pg(names)
                            .get_ptr(0)
                            .is_some_and(|first| ours((*first).sval))
                    }
                    T::T_List => PgList::<pg_sys::String>::from_pg(node.cast())
                        .get_ptr(0)
                        .is_some_and(|first| {
                            (*first.cast::<pg_sys::Node>()).type_ == T::T_String
                                && ours((*first).sval)
                        }),
                    _ => false,
                }
        };
        match (*tree).type_ {
            T::T_AlterOwnerStmt => names_ours((*tree.cast::<pg_sys::AlterOwnerStmt>()).object),
            T::T_CommentStmt => names_ours((*tree.cast::<pg_sys::CommentStmt>()).object),
            T::T_GrantStmt => {
                let objects = (*tree.cast::<pg_sys::GrantStmt>()).objects;
                PgList::<pg_sys::Node>::from_pg(objects).iter_ptr().any(names_ours)
            }
            T::T_CopyStmt => names_ours((*tree.cast::<pg_sys::CopyStmt>()).relation.cast()),
            T::T_AlterTableStmt => {
                names_ours((*tree.cast::<pg_sys::AlterTableStmt>()).relation.cast())
            }
            T::T_AlterEventTrigStmt => {
                let name = (*tree.cast::<pg_sys::AlterEventTrigStmt>()).trigname;
                text(name).is_some_and(|n| n.starts_with("schemaguard_"))
            }
            _ => false,
        }
    }
}

fn not_schema(tag: &str) -> What {
    What::Refuse(
        format!("{tag} is no part of a schema"),
        Some(
            "A declared text says what the database's schema is. Leave this statement out.".into(),
        ),
    )
}

/// A statement that changes rows. Where its table is a declared one, the rows
/// don't matter to the schema and it is left out; otherwise the text speaks
/// of something that it doesn't declare.
///
/// # Safety
/// `range` names a relation; inside a transaction.
unsafe fn data(tag: &str, range: *mut pg_sys::RangeVar) -> What {
    // SAFETY: a lookup by name.
    unsafe {
        let name = match text((*range).schemaname) {
            Some(schema) => format!("{schema}.{}", text((*range).relname).unwrap_or_default()),
            None => text((*range).relname).unwrap_or_default(),
        };
        if sys::server::relation_named(range).is_none() {
            return What::Refuse(
                format!("{tag} is no part of a schema, and the text declares no table {name}"),
                Some(
                    "A declared text says what the database's schema is. Leave this statement out."
                        .into(),
                ),
            );
        }
        What::LeaveOut(format!("{tag} {name}"))
    }
}

/// Runs a statement the way the server runs a client's.
///
/// # Safety
/// `raw` is a statement of `source`; inside a transaction, errors are caught.
unsafe fn execute(source: *const c_char, raw: *mut pg_sys::RawStmt, memory: pg_sys::MemoryContext) {
    // SAFETY: the steps and their order are exec_simple_query's.
    unsafe {
        // Not the transaction's: CREATE INDEX CONCURRENTLY ends that half-way.
        pg_sys::MemoryContextReset(memory);
        pg_sys::MemoryContextSwitchTo(memory);
        let command = pg_sys::CreateCommandTag((*raw).stmt);
        let needs_snapshot = pg_sys::analyze_requires_snapshot(raw);
        if needs_snapshot {
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        }
        let queries = pg_sys::pg_analyze_and_rewrite_fixedparams(
            raw,
            source,
            std::ptr::null(),
            0,
            std::ptr::null_mut(),
        );
        let plans = pg_sys::pg_plan_queries(
            queries,
            source,
            pg_sys::CURSOR_OPT_PARALLEL_OK as _,
            std::ptr::null_mut(),
        );
        if needs_snapshot {
            pg_sys::PopActiveSnapshot();
        }
        let portal = pg_sys::CreatePortal(c"".as_ptr(), true, true);
        (*portal).visible = false;
        pg_sys::PortalDefineQuery(
            portal,
            std::ptr::null(),
            source,
            command,
            plans,
            std::ptr::null_mut(),
        );
        pg_sys::PortalStart(portal, std::ptr::null_mut(), 0, std::ptr::null_mut());
        let dest = pg_sys::CreateDestReceiver(pg_sys::CommandDest::DestNone);
        let mut completion = pg_sys::QueryCompletion::default();
        sys::version::run_portal(portal, dest, &mut completion);
        pg_sys::PortalDrop(portal, false);
    }
}
