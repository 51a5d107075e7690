//! The ordered script that removes the drift.

use std::collections::HashSet;

use crate::model::mend::{Phase, Side, Step};
use crate::model::{Model, Object, facet, sql};

use super::waits::Waits;
use super::{ChangeKind, Comparison, Difference, order, users};

/// One row of `fix()`.
#[derive(Debug, PartialEq, Eq)]
pub struct ScriptStep {
    /// Nothing where the step is left out.
    pub sql: Option<String>,
    pub data_loss: bool,
    pub note: Option<String>,
}

/// What a script may do.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// Destroy data.
    pub allow_loss: bool,
    /// Take gentler forms, which need transactions of their own.
    pub gentle: bool,
}

/// The rows of `fix()`, and the differences that they don't mend.
#[derive(Debug)]
pub struct Script<'d> {
    pub steps: Vec<ScriptStep>,
    pub left_out: Vec<&'d Difference>,
}

struct Entry<'d> {
    step: Step,
    rank: isize,
    difference: Option<&'d Difference>,
    note: Option<String>,
}

const VIEWS: [&str; 2] = ["view", "materialized view"];

/// The script for those differences. Steps that destroy data are left out
/// unless allowed; a note says so in their place.
pub fn script<'d>(
    declared: &Model,
    live: &Model,
    differences: &'d [Difference],
    how: How,
) -> Script<'d> {
    let How { allow_loss, gentle } = how;
    let comparison = Comparison::new(declared, live);
    let (declared, live) = (&comparison.declared, &comparison.live);
    let (mut run, mut kept): (Vec<&Difference>, Vec<&Difference>) =
        differences.iter().filter(|d| !d.unmanaged).partition(|d| allow_loss || !d.data_loss);
    // What stays needs what it uses, and what comes needs what it fits.
    let used = used_by_extra(live, &kept);
    let waits = Waits::new(&kept, declared, live);
    let mut waiting = Vec::new();
    run.retain(|d| {
        let reason = match d.change {
            ChangeKind::Extra if used.contains(&sql::qualified(&d.identity.parts)) => {
                Some("something else that is left out uses it")
            }
            _ => waits.reason(d),
        };
        waiting.extend(reason.map(|reason| (*d, reason)));
        reason.is_none()
    });
    let mut left_out: Vec<_> = kept.iter().map(|d| (*d, "it may destroy data")).collect();
    left_out.extend(&waiting);
    kept.extend(waiting.iter().map(|(d, _)| *d));

    let mut targets = Vec::new();
    for d in &run {
        for target in &d.mend.clears {
            if !targets.contains(target) {
                targets.push(target.clone());
            }
        }
    }
    let users = users::Users::new(live).of(&targets);
    let of = |side: &Side<'_>, d: &Difference| side.get(d.kind, &d.identity).is_some();
    let ranks = order::Ranks::new(
        declared,
        live,
        run.iter()
            .filter(|d| of(declared, d))
            .filter_map(|d| declared.get(d.kind, &d.identity))
            .chain(users.iter().filter_map(|u| declared.get(u.kind, &u.identity))),
        run.iter().filter_map(|d| live.get(d.kind, &d.identity)).chain(users.iter().copied()),
    );

    // What is made anew is made as declared: nothing else is to be altered there.
    let anew =
        |d: &Difference| comparison.makes_anew(live.get(d.kind, &d.identity), d.change, &d.mend);
    let made_anew: HashSet<_> = users
        .iter()
        .map(|u| (u.kind.name, &u.identity))
        .chain(run.iter().filter(|d| anew(d)).map(|d| (d.kind.name, &d.identity)))
        .collect();
    // A routine that makes way for what it takes its rows from comes back after it,
    // and not by itself besides.
    let made_later: HashSet<String> = users
        .iter()
        .filter(|u| users::is_routine(u))
        .flat_map(|u| {
            let made = declared.get(u.kind, &u.identity).map(|o| (o.kind.create)(o, declared));
            let dropped = (u.kind.drop)(u, live).steps;
            dropped.into_iter().chain(made.unwrap_or_default()).map(|s| s.sql)
        })
        .collect();
    let mut entries = Vec::new();
    for d in &run {
        // So is what is part of it.
        let object = declared.get(d.kind, &d.identity).or(live.get(d.kind, &d.identity));
        let view = object.and_then(|o| (o.kind.parent)(o));
        if view.is_some_and(|v| VIEWS.iter().any(|kind| made_anew.contains(&(*kind, &v)))) {
            continue;
        }
        let again = d.change == ChangeKind::Changed
            && made_anew.contains(&(d.kind.name, &d.identity))
            && !anew(d);
        for step in &d.mend.steps {
            // It goes by its declared name.
            if again && step.phase != Phase::Rename {
                continue;
            }
            if d.change == ChangeKind::Changed && made_later.contains(&step.sql) {
                continue;
            }
            entries.push(Entry {
                // In their own order: what others are part of comes first.
                rank: match step.phase {
                    Phase::Rename => 0,
                    phase => ranks.of(phase, d.kind.name, &d.identity),
                },
                step: step.clone(),
                difference: Some(d),
                note: None,
            });
        }
    }
    for user in &users {
        let mut add = |step: Step, note: &str| {
            entries.push(Entry {
                rank: ranks.of(step.phase, user.kind.name, &user.identity),
                step,
                difference: None,
                note: Some(format!("{} {} {note}", user.kind.object_type, user.identity)),
            });
        };
        for mut step in (user.kind.drop)(user, live).steps {
            // A routine that only has to go at the end is in the way now.
            if step.phase == Phase::DropRoutine {
                step.phase = Phase::DropView;
            }
            add(step, "is in the way and is made again below");
        }
        // One that isn't declared is extra, by itself or with its table.
        let stays = |d: &&Difference| [&user.identity, &user.belongs_to()].contains(&&d.identity);
        let again = match declared.get(user.kind, &user.identity) {
            Some(again) => facet::make(again, declared),
            None if kept.iter().any(stays) => facet::make(user, live),
            None => Vec::new(),
        };
        for step in again {
            add(step, "had to make way");
        }
    }
    entries.sort_by_key(|e| (e.step.phase, e.rank));

    // A key that had to make way for another one comes back once.
    let again: HashSet<String> = entries
        .iter()
        .filter(|e| e.step.phase == Phase::AddForeignKey)
        .filter_map(|e| e.step.sql.split_once(";\n").map(|(_, add)| add.to_owned()))
        .collect();
    entries.retain(|e| !again.contains(&e.step.sql));

    let mut steps = Vec::new();
    // Bodies may speak of what is made only later.
    let bodies = entries.iter().any(|e| e.step.makes_routine());
    if bodies {
        steps.push(ScriptStep {
            sql: Some("SET check_function_bodies = off".to_owned()),
            data_loss: false,
            note: Some("functions may speak of what is made only after them".to_owned()),
        });
    }
    let mut done = HashSet::new();
    for entry in entries {
        if !done.insert((entry.step.phase, entry.step.sql.clone())) {
            continue;
        }
        let data_loss = entry.difference.is_some_and(|d| d.data_loss);
        let note = entry.note.or_else(|| entry.difference.map(describe));
        let statements = match gentle && !entry.step.gentle.is_empty() {
            true => entry.step.gentle,
            false => vec![entry.step.sql],
        };
        steps.extend(statements.into_iter().map(|sql| ScriptStep {
            sql: Some(sql),
            data_loss,
            note: note.clone(),
        }));
    }
    if bodies {
        steps.push(ScriptStep {
            sql: Some("RESET check_function_bodies".to_owned()),
            data_loss: false,
            note: None,
        });
    }
    for (d, reason) in left_out {
        steps.push(ScriptStep {
            sql: None,
            data_loss: d.data_loss,
            note: Some(format!(
                "left out, because {reason}: {}; fix(allow_loss => true) includes it",
                describe(d)
            )),
        });
    }
    Script { steps, left_out: kept }
}

/// Names of all that extra objects use, and of the schemas they are in.
fn used_by_extra(live: &Side, kept: &[&Difference]) -> HashSet<String> {
    let mut used = HashSet::new();
    let mut read = |object: &Object| {
        used.extend(sql::pairs(&object.attrs().texts()).into_iter().map(str::to_owned));
        used.extend(object.identity.parts.first().map(|schema| sql::ident(schema)));
    };
    for d in kept.iter().filter(|d| d.change == ChangeKind::Extra) {
        if let Some(object) = live.get(d.kind, &d.identity) {
            read(object);
            live.children(&object.identity).for_each(&mut read);
        }
    }
    used
}

/// A difference in words.
pub fn describe(d: &Difference) -> String {
    let what = format!("{} {}", d.kind.object_type, d.identity);
    match (d.change, &d.attribute) {
        (ChangeKind::Changed, Some(_)) if d.is_rename() => {
            format!("{what} is called {}", d.actual.as_deref().unwrap_or_default())
        }
        (ChangeKind::Changed, Some(attribute)) => {
            format!("{what}: {} is not as declared", attribute.replace('_', " "))
        }
        (change, _) => format!("{what} is {}", change.as_str()),
    }
}
