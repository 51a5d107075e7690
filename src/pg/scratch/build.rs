//! The third worker, the calling user inside the scratch database: runs the
//! text as a client's session would, and reads the catalogs.

use super::contents::{self, What};
use super::parse::{byte_offset, parse, with_position};
use super::statement::{self, execute};
use super::{Build, Outcome, Trouble};
use crate::model::{Model, Object};
use crate::pg::sys;
use crate::pg::worker::{self, Desk, Failure, OnTerm};
use pgrx::{PgList, pg_sys};
use std::collections::{HashMap, HashSet};
use std::ffi::c_char;

/// Runs the text and reads the catalogs.
fn build(job: &Build, desk: &Desk) -> Outcome {
    statement::begin();
    match try_build(job, desk) {
        Ok(outcome) => outcome,
        Err(trouble) => Outcome::Failed(trouble),
    }
}

fn try_build(job: &Build, desk: &Desk) -> Result<Outcome, Trouble> {
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
        let memory = statement::memory();
        (parse(sql)?, memory)
    };
    let mut said = Said::default();
    // SAFETY: a list of raw statements.
    let statements = unsafe { PgList::<pg_sys::RawStmt>::from_pg(trees) };
    for (done, raw) in statements.iter_ptr().enumerate() {
        desk.progress((done, statements.len()));
        let start = statement_start(sql, raw);
        if let Some(note) =
            run(raw, job, source.as_ptr(), memory, &mut said).map_err(|(failure, position)| {
                Trouble { failure, at: Some(position.map_or(start, |p| byte_offset(sql, p))) }
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
        forget_owner(&mut model, &said);
        forget_extensions(&mut model, &said);
        if job.schemas.is_none() {
            forget_furniture(&mut model, &job.furnished_schemas);
        }
        model.to_json()
    })
    .map_err(|failure| Trouble { failure, at: None })?;
    Ok(Outcome::Built { model, left_out })
}

/// What the text itself says, where the catalogs don't tell that from what
/// was there before or came by itself.
#[derive(Default)]
struct Said {
    owners: HashSet<String>,
    /// With those whose version is said.
    extensions: HashMap<String, bool>,
    cascade: bool,
}

impl Said {
    /// # Safety
    /// `tree` is a complete parse tree.
    unsafe fn note(&mut self, tree: *mut pg_sys::Node) {
        // SAFETY: the node's tag says what it is.
        unsafe {
            self.owners.extend(contents::owner_named(tree));
            if (*tree).type_ == pg_sys::NodeTag::T_CreateExtensionStmt {
                let create = tree.cast::<pg_sys::CreateExtensionStmt>();
                let options: Vec<String> = PgList::<pg_sys::DefElem>::from_pg((*create).options)
                    .iter_ptr()
                    .filter_map(|o| sys::text((*o).defname))
                    .collect();
                let said = |name: &str| options.iter().any(|o| o == name);
                let name = sys::text((*create).extname).unwrap_or_default();
                self.extensions.insert(name, said("new_version"));
                self.cascade |= said("cascade");
            }
        }
    }
}

/// Extensions that are there because the live database has them are not
/// declared, nor is a version that the text doesn't name.
fn forget_extensions(model: &mut Model, said: &Said) {
    let version = |o: &Object| said.extensions.get(o.identity.name()).copied();
    model.objects.retain(|o| o.kind.name != "extension" || said.cascade || version(o).is_some());
    for object in model.objects.iter_mut().filter(|o| o.kind.name == "extension") {
        if version(object) != Some(true) {
            let mut attrs = object.attrs();
            attrs.0.remove("version");
            object.set(attrs);
        }
    }
}

/// What the text gives to nobody belongs to whoever declares it: that says
/// nothing, unless the text names that role as an owner itself.
fn forget_owner(model: &mut Model, said: &Said) {
    // SAFETY: reads of session state.
    let own = unsafe { sys::text(pg_sys::GetUserNameFromId(pg_sys::GetSessionUserId(), true)) };
    let own = own.unwrap_or_default();
    if said.owners.contains(&own) {
        return;
    }
    for object in &mut model.objects {
        let mut attrs = object.attrs();
        if attrs.text("owner") == Some(&own) {
            attrs.0.remove("owner");
            object.set(attrs);
        }
    }
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
        .retain(|o| o.kind.name != "schema" || !empty.iter().any(|s| o.identity.name() == s));
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

/// Runs one statement as a client's own would run, or says what was left out.
fn run(
    raw: *mut pg_sys::RawStmt,
    job: &Build,
    source: *const c_char,
    memory: pg_sys::MemoryContext,
    said: &mut Said,
) -> Result<Option<String>, (Failure, Option<usize>)> {
    let caught = with_position(|| {
        worker::caught(|| {
            // SAFETY: as exec_simple_query does for each statement.
            unsafe {
                pg_sys::SetCurrentStatementStartTimestamp();
                pg_sys::StartTransactionCommand();
                pgrx::check_for_interrupts!();
                match contents::judge((*raw).stmt, job) {
                    What::Run => {
                        said.note((*raw).stmt);
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

crate::worker_function!(schemaguard_build, OnTerm::End, build);
