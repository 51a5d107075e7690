//! Work in a scratch database, by the server itself: building a declared
//! text, or trying out a script.
//!
//! Three workers: one creates the database and drops it again whatever
//! happens, one furnishes it as superuser with the extensions that the live
//! database has, one works in it as the calling user and reads the catalogs.
//! The database lets nobody else in. One that a crash left behind is dropped
//! by the next call.

mod build;
mod contents;
mod furnish;
mod parse;
mod rehearsal;
mod statement;
mod strangers;
mod supervise;

pub use rehearsal::{Rehearsed, Seen};
pub use statement::is_running_text;

use super::progress::Progress;
use super::sys::{self, text};
use super::worker::{self, Failure};
use crate::model::Model;
use parse::parse;
use pgrx::spi::Spi;
use pgrx::{PgList, pg_sys};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What is done, and where.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// `CREATE DATABASE` is given the live database's encoding and locale.
    live: u32,
    user: u32,
    furnish: Furnish,
    work: Work,
}

/// What the third worker does.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Work {
    Build(Build),
    Rehearse(Rehearsal),
}

/// A script, and the schema on which it is tried out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rehearsal {
    /// The live schema, all of it, as a model.
    live: String,
    steps: Vec<String>,
    /// The schemas that are read afterwards.
    schemas: Vec<String>,
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
    let superuser = unsafe { pg_sys::superuser() };
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
    let build = Build {
        source: source.to_owned(),
        schemas,
        settings,
        furnished_extensions: extensions.iter().map(|e| e.name.clone()).collect(),
        furnished_schemas,
    };
    run(BUILDING, "the declared schema could not be built", extensions, Work::Build(build))
        .unwrap_or_else(Outcome::Failed)
}

/// Builds a copy of the live schema, runs a script on it and reads what came
/// of it. Can be cancelled.
pub fn rehearse(live: &Model, steps: Vec<String>, schemas: &[String]) -> Result<Rehearsed, String> {
    let rehearsal = Rehearsal { live: live.to_json(), steps, schemas: schemas.to_vec() };
    let answer: Result<Result<Rehearsed, String>, Trouble> = run(
        TRYING,
        "the script could not be tried out",
        live_extensions(),
        Work::Rehearse(rehearsal),
    );
    answer.unwrap_or_else(|trouble| Err(trouble.failure.message))
}

/// What is told of work that takes long.
const BUILDING: &str = "building the declared schema in a scratch database";
const TRYING: &str = "trying the script out in a scratch database";

/// Has the workers do it; what goes wrong with them is said after `failed`.
fn run<A: DeserializeOwned>(
    what: &'static str,
    failed: &str,
    extensions: Vec<Extension>,
    work: Work,
) -> Result<A, Trouble> {
    // SAFETY: reads of session state.
    let (user, owner, live) = unsafe {
        let user = pg_sys::GetUserId();
        let owner = text(pg_sys::GetUserNameFromId(user, true)).unwrap_or_default();
        (user, owner, pg_sys::MyDatabaseId)
    };
    let trouble = |why: String| Trouble::general(format!("{failed}: {why}"));
    if !sys::version::worker_may_be(user) {
        return Err(trouble(format!("role \"{owner}\" is not permitted to log in")));
    }
    let job = Job {
        live: live.to_u32(),
        user: user.to_u32(),
        furnish: Furnish { extensions, owner },
        work,
    };
    let progress = Progress::of(what);
    let answer = worker::start("schemaguard_supervise", &job, live, pg_sys::InvalidOid, 0)
        .and_then(|running| {
            running.wait(None, |(done, all)| progress.tell(done, all, "statements"))
        })
        .and_then(|bytes| {
            serde_json::from_slice::<Result<Box<RawValue>, String>>(&bytes)
                .map_err(|e| e.to_string())
        })
        .and_then(|answer| answer)
        .and_then(|answer| serde_json::from_str(answer.get()).map_err(|e| e.to_string()));
    answer.map_err(trouble)
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
