//! The first worker: creates the database, has it furnished and built, and
//! drops it whatever happens.

use super::{Job, Work};
use crate::pg::sys;
use crate::pg::worker::{self, Desk, OnTerm};
use pgrx::pg_sys;
use pgrx::spi::Spi;
use serde_json::value::RawValue;

/// The names of scratch databases: who made them tells whether they are left
/// over.
const PREFIX: &str = "schemaguard_scratch_";

/// Creates the database, has it furnished and worked in, and drops it. The
/// error says why nothing came of it.
fn supervise(job: &Job, desk: &Desk) -> Result<Box<RawValue>, String> {
    drop_left_over();
    // SAFETY: reads of variables.
    let (start, pid) = unsafe { (pg_sys::PgStartTime, pg_sys::MyProcPid) };
    let name = format!("{PREFIX}{start}_{pid}");
    let outcome = create_database(&name, job).and_then(|database| in_database(job, database, desk));
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

fn in_database(job: &Job, database: pg_sys::Oid, desk: &Desk) -> Result<Box<RawValue>, String> {
    let flags = sys::version::scratch_connection_flags();
    if !job.furnish.extensions.is_empty() {
        let function = "schemaguard_furnish";
        let worker = worker::start(function, &job.furnish, database, pg_sys::InvalidOid, flags)?;
        let answer = watch(worker, desk)?;
        let furnished: Result<(), String> =
            serde_json::from_slice(&answer).map_err(|e| e.to_string())?;
        furnished?;
    }
    let user = pg_sys::Oid::from_u32(job.user);
    let worker = match &job.work {
        Work::Build(job) => worker::start("schemaguard_build", job, database, user, flags),
        Work::Rehearse(job) => worker::start("schemaguard_rehearse", job, database, user, flags),
    };
    let answer = watch(worker?, desk)?;
    serde_json::from_slice(&answer).map_err(|e| e.to_string())
}

/// Waits for a worker of ours; stops it when nobody wants its answer.
fn watch(mut running: worker::Running, desk: &Desk) -> Result<Vec<u8>, String> {
    loop {
        match running.look()? {
            worker::Look::Answer(bytes) => return Ok(bytes),
            worker::Look::Still(same) => running = same,
        }
        desk.progress(running.progress());
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

crate::worker_function!(schemaguard_supervise, OnTerm::CleanUp, supervise);
