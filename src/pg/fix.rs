//! `fix()` and `mend()`: the script that removes the drift, tried out in a
//! scratch database where that is asked for, and run.

use super::catalog;
use super::declared::{self, Compared};
use super::scratch::{self, Seen};
use super::sys::error::{Raised, warning};
use super::sys::{self, raise};
use crate::drift::{self, Difference, Script, ScriptStep};
use crate::model::{Model, Scope};
use pgrx::pg_sys;
use pgrx::spi::Spi;
use std::collections::HashSet;

/// One row of `fix()`.
#[derive(Debug)]
pub struct Row {
    pub sql: Option<String>,
    pub data_loss: bool,
    /// What the server did in the trial.
    pub locks: Option<Vec<String>>,
    pub rewrites: Option<Vec<String>>,
    pub note: Option<String>,
}

/// How `fix()` is asked.
#[derive(Clone, Copy)]
pub struct How {
    /// Take in steps that destroy data.
    pub allow_loss: bool,
    /// Try the script out.
    pub prove: bool,
    /// Take gentler forms, which can't run in one transaction.
    pub gentle: bool,
    /// Take in what the declaration's language has no words for.
    pub unmanaged: bool,
}

/// The rows of `fix()`, and the digest of the state that they are for.
pub fn rows(name: Option<&str>, how: How) -> (Vec<Row>, String) {
    let How { allow_loss, prove, gentle, unmanaged } = how;
    if prove {
        // SAFETY: raises on a standby, where no worker would ever start.
        unsafe { pg_sys::PreventCommandDuringRecovery(c"fix(prove => true)".as_ptr()) };
    }
    let mut found = declared::compare(name);
    if unmanaged {
        found.differences.iter_mut().for_each(|d| d.unmanaged = false);
    }
    let state = state(&found);
    let script = script(&found, drift::How { allow_loss, gentle });
    let proof = (prove && !script.steps.is_empty()).then(|| proof(&found, &script));
    let mut rows: Vec<Row> = script.steps.into_iter().map(row).collect();
    if let Some(proof) = proof {
        let verdict = match proof {
            Ok(Proof { seen, left }) => {
                let tried = rows.iter_mut().filter(|r| r.sql.is_some());
                for (row, seen) in tried.zip(seen) {
                    row.locks = Some(seen.locks);
                    row.rewrites = Some(seen.rewrites);
                }
                left
            }
            Err(why) => Err(why),
        };
        let note = match verdict {
            Ok(0) => "proven in a scratch database: these steps end in the declared schema".into(),
            Ok(1) => "proven in a scratch database: after these steps one row of drift is left, \
                      which no step was for"
                .into(),
            Ok(left) => format!(
                "proven in a scratch database: after these steps {left} rows of drift are left, \
                 which no step was for"
            ),
            Err(why) => {
                warning(Raised {
                    sqlstate: "SG007",
                    message: "the fix is not proven".to_owned(),
                    detail: Some(why.clone()),
                    hint: None,
                });
                format!("NOT PROVEN: {why}")
            }
        };
        rows.push(Row {
            sql: None,
            data_loss: false,
            locks: None,
            rewrites: None,
            note: Some(note),
        });
    }
    (rows, state)
}

fn row(step: ScriptStep) -> Row {
    Row { sql: step.sql, data_loss: step.data_loss, locks: None, rewrites: None, note: step.note }
}

fn script(found: &Compared, how: drift::How) -> Script<'_> {
    drift::script(&found.declared, &found.live, &found.differences, how)
}

/// Stands for the declared version and all that differs from it: a script is
/// right as long as this is the same.
fn state(found: &Compared) -> String {
    let mut text = found.version.to_string();
    for d in &found.differences {
        for part in [d.object_type(), d.change.as_str(), &d.object(), &d.fix] {
            text.push('\0');
            text.push_str(part);
        }
    }
    let mut digest = sys::sha256(&text);
    digest.truncate(12);
    digest
}

struct Proof {
    seen: Vec<Seen>,
    /// How many differences are left that no step was for; or what is wrong.
    left: Result<usize, String>,
}

/// Kinds of the whole database that things in schemas stand on.
const GROUND: [&str; 5] =
    ["extension", "language", "access method", "foreign data wrapper", "foreign server"];

fn proof(found: &Compared, script: &Script) -> Result<Proof, String> {
    let mut whole = {
        // What the declared schemas use may stand in others.
        let mut schemas = catalog::schemas();
        schemas.extend(found.live.schemas.iter().cloned());
        schemas.sort();
        schemas.dedup();
        catalog::read(Some(&schemas))
    };
    found.terms.forget(&mut whole);
    // What is no part of the comparison need not be allowed to the caller there.
    let compared: HashSet<_> = found.live.objects.iter().map(|o| o.kind.name).collect();
    whole.objects.retain(|o| {
        o.kind.scope == Scope::Schema
            || GROUND.contains(&o.kind.name)
            || compared.contains(o.kind.name)
    });
    let sql = script.steps.iter().filter_map(|s| s.sql.clone()).collect();
    let rehearsed = scratch::rehearse(&whole, sql, &found.live.schemas)?;
    let mut copy = model(&rehearsed.copy)?;
    if !found.renames.is_empty() {
        found.renames.apply(&found.declared, &mut copy);
    }
    found.terms.liken(&mut copy, &found.live, &found.declared);
    let unlike = drift::compare(&found.live, &copy);
    if let Some(first) = unlike.iter().find(|d| d.has_fix()) {
        return Err(format!(
            "the scratch database holds no true copy of the live schema: {}",
            drift::describe(first)
        ));
    }
    let mut outcome = model(&rehearsed.outcome)?;
    if !found.renames.is_empty() {
        found.renames.leave_others(&found.declared, &mut outcome);
    }
    found.terms.liken(&mut outcome, &found.declared, &found.declared);
    let left = left(found, &drift::compare(&found.declared, &outcome), script);
    Ok(Proof { seen: rehearsed.seen, left })
}

fn model(json: &str) -> Result<Model, String> {
    Model::from_json(json).map_err(|e| e.to_string())
}

/// How many differences are left of those that were left out or that SQL
/// can't mend; the error names one that should be gone.
fn left(found: &Compared, left: &[Difference], script: &Script) -> Result<usize, String> {
    let key = |d: &Difference| (d.object_type(), d.object(), d.change, d.attribute.clone());
    let without_fix = found.differences.iter().filter(|d| !d.has_fix());
    let stay: HashSet<_> = script.left_out.iter().copied().chain(without_fix).map(key).collect();
    match left.iter().find(|d| d.has_fix() && !stay.contains(&key(d))) {
        Some(d) => Err(format!("after these steps, {}", drift::describe(d))),
        None => Ok(left.len()),
    }
}

/// Runs the steps that lose nothing, in the caller's transaction and with the
/// caller's rights, and returns them. SG007 where the state is another than
/// the one that `fix()` showed, or where the steps don't end as they should.
pub fn mend(state: &str, name: Option<&str>) -> Vec<String> {
    // SAFETY: raises where nothing may be written: READ ONLY, a standby.
    unsafe { pg_sys::PreventCommandIfReadOnly(c"mend()".as_ptr()) };
    let found = declared::compare(name);
    if found.differences.is_empty() {
        return Vec::new();
    }
    if self::state(&found) != state {
        raise(
            "SG007",
            "the drift is not the one that was shown",
            Some("The schema, or what is declared, has changed since.".to_owned()),
            Some("Look again: SELECT * FROM schemaguard.fix();".to_owned()),
        );
    }
    let script = script(&found, drift::How::default());
    let run: Vec<String> = script.steps.iter().filter_map(|s| s.sql.clone()).collect();
    sys::with_setting(c"search_path", c"pg_catalog, pg_temp", || {
        Spi::connect_mut(|client| {
            for sql in &run {
                client.update(sql, None, &[]).expect("a server error is raised, not returned");
            }
        });
    });
    let after = declared::compare(name);
    if let Err(why) = left(&found, &after.differences, &script) {
        raise(
            "SG007",
            "the steps did not end in the declared schema, and are rolled back",
            Some(why),
            Some("SELECT * FROM schemaguard.fix(prove => true) tries them out.".to_owned()),
        );
    }
    run
}
