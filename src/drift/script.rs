//! The ordered script that removes the drift.

use std::collections::HashSet;

use crate::model::mend::{Phase, Side, Step};
use crate::model::{Identity, Model, Object, facet, sql, table};

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
    let mut waiting = Vec::new();
    run.retain(|d| {
        let reason = match d.change {
            ChangeKind::Extra if used.contains(&sql::qualified(&d.identity.parts)) => {
                Some("something else that is left out uses it")
            }
            ChangeKind::Changed
                if misfits(d, &kept, declared, live) || turns_to(d, &kept, declared, live) =>
            {
                Some("it waits for a column, which is left out")
            }
            _ if lacks_table(d, &kept, declared, live) => {
                Some("it comes with a table, which is left out")
            }
            _ if has_no_room(d, &kept, declared, live) => {
                Some("a partition has its place, which is left out")
            }
            _ => None,
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

/// Whether a view is to read another table than it does, and a column of that
/// is left out: replaced, a view keeps the types of its columns.
fn turns_to(d: &Difference, kept: &[&Difference], declared: &Side, live: &Side) -> bool {
    if d.kind.name != "view" || d.attribute.as_deref() != Some("definition") {
        return false;
    }
    let text = |side: &Side| {
        let view = side.get(d.kind, &d.identity).map(Object::attrs);
        view.and_then(|v| v.text("definition").map(str::to_owned)).unwrap_or_default()
    };
    let (to, from) = (text(declared), text(live));
    kept.iter().filter(|k| k.kind.name == "column").any(|k| {
        let (table, name) = (k.identity.prefix(2).sql(), sql::ident(k.identity.name()));
        sql::pairs(&to).contains(&table.as_str())
            && sql::mentions(&to, &name)
            && !sql::pairs(&from).contains(&table.as_str())
    })
}

/// Whether it is part or partition of a table that isn't made anew, for that is
/// left out.
fn lacks_table(d: &Difference, kept: &[&Difference], declared: &Side, live: &Side) -> bool {
    let is_left_out = |table: &Identity| {
        kept.iter().any(|k| k.attribute.as_deref() == Some("partition_key") && k.identity == *table)
    };
    let only_said = || d.mend.steps.iter().all(|s| s.sql.starts_with("--"));
    let Some(object) = declared.get(d.kind, &d.identity).or(live.get(d.kind, &d.identity)) else {
        return false;
    };
    match d.kind.name {
        "table" => {
            is_left_out(&d.identity)
                || (d.change == ChangeKind::Missing
                    || d.mend.steps.iter().any(|s| s.phase == Phase::Attach))
                    && object.attrs().identity("partition_of").is_some_and(|of| is_left_out(&of))
        }
        _ => only_said() && (object.kind.parent)(object).is_some_and(|table| is_left_out(&table)),
    }
}

/// Whether a partition can't come to its table, because another one is there
/// for the same rows.
fn has_no_room(d: &Difference, kept: &[&Difference], declared: &Side, live: &Side) -> bool {
    let comes = d.kind.name == "table"
        && (d.change == ChangeKind::Missing
            || d.mend.steps.iter().any(|s| s.phase == Phase::Attach));
    let place = |of: Option<&Object>| {
        let attrs = of?.attrs();
        Some((attrs.identity("partition_of")?, attrs.text("partition_bound")?.to_owned()))
    };
    comes
        && place(declared.get(d.kind, &d.identity)).is_some_and(|own| {
            let others = kept.iter().filter(|k| k.kind == d.kind && k.change == ChangeKind::Extra);
            others
                .map(|k| place(live.get(k.kind, &k.identity)))
                .any(|other| other.as_ref() == Some(&own))
        })
}

/// Whether a table can't come to a parent, because a difference of one of
/// their columns is left out.
fn misfits(d: &Difference, kept: &[&Difference], declared: &Side, live: &Side) -> bool {
    if !d.mend.steps.iter().any(|s| s.phase == Phase::Attach) {
        return false;
    }
    let parents = table::above(&d.identity, declared);
    let is_partition = table::is_partition(&d.identity, declared);
    let column = |of: &Identity, name: &str| live.named("column", &of.part(name));
    let fits = |parent: &Identity, name: &str| {
        const AS_ABOVE: [&str; 3] = ["type", "collation", "generated"];
        match (column(&d.identity, name), column(parent, name)) {
            (Some(own), Some(above)) => {
                let (own, above) = (own.attrs(), above.attrs());
                AS_ABOVE.iter().all(|a| own.get(a) == above.get(a))
            }
            (None, Some(_)) => false,
            (Some(_), None) => !is_partition,
            (None, None) => true,
        }
    };
    kept.iter().filter(|k| k.kind.name == "column").any(|k| {
        let (of, name) = (k.identity.prefix(2), k.identity.name());
        match of == d.identity {
            true => !parents.iter().all(|parent| fits(parent, name)),
            false => parents.contains(&of) && !fits(&of, name),
        }
    })
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
