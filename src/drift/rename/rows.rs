//! The rows of what is called otherwise, and the steps that give it its name back.

use std::collections::{HashMap, HashSet};

use super::{Rename, Renames, TYPES};
use crate::drift::{ChangeKind, Difference, statements};
use crate::model::mend::{Mend, Phase, Side, Step};
use crate::model::table::{self, LEFT};
use crate::model::{self, Identity, Kind, Model, Object, sql};

/// That a thing is called otherwise than declared.
fn row(
    kind: &'static Kind,
    [declared, live]: [&Identity; 2],
    steps: Vec<Step>,
    caused_by: Option<i64>,
) -> Difference {
    Difference {
        kind,
        identity: declared.clone(),
        change: ChangeKind::Changed,
        attribute: Some("name".to_owned()),
        declared: Some(declared.to_string()),
        actual: Some(live.to_string()),
        severity: kind.missing,
        unmanaged: false,
        data_loss: false,
        fix: statements(steps.iter()),
        mend: Mend::steps(steps),
        renamed_by: caused_by,
    }
}

impl Renames {
    /// A row for each; `live` is what `apply` has dealt with. They come before
    /// all others, whose SQL uses the declared names.
    pub fn differences(&self, live: &Model) -> Vec<Difference> {
        let side = Side::new(live);
        // All of them before the first column.
        let mut leave: Vec<Step> = side
            .all("table")
            .filter(|t| t.attributes.get().contains(LEFT))
            .flat_map(|t| {
                let parents = t.attrs().identities(LEFT);
                parents
                    .into_iter()
                    .map(|parent| Step { phase: Phase::Rename, ..table::leave(t, &parent) })
            })
            .collect();
        // Types and columns whose names are needed before their own turn comes.
        let exchanges = |r: &&Rename| r.kind.name == "column" || TYPES.contains(&r.kind.name);
        let mut waiting: HashMap<Identity, &Rename> =
            self.own.iter().filter(exchanges).map(|r| (self.in_its_place(r), r)).collect();
        let mut aside: HashSet<&Identity> = HashSet::new();
        self.own
            .iter()
            .filter_map(|r| {
                let object = side.get(r.kind, &r.declared)?;
                let mut steps = Vec::new();
                if exchanges(&r) {
                    waiting.remove(&self.in_its_place(r));
                    if let Some(other) = waiting.get(&r.declared)
                        && let Some(object) = side.get(other.kind, &other.declared)
                        && aside.insert(&other.live)
                    {
                        let object = self.now(other, object, other.live.name());
                        let sql = model::rename(&object, &sql::set_aside(other.live.name()));
                        steps.push(Step::new(Phase::Rename, sql));
                    }
                }
                let own = match aside.contains(&r.live) {
                    true => sql::set_aside(r.live.name()),
                    false => r.live.name().to_owned(),
                };
                steps.extend(self.steps(r, object, &own));
                if r.kind.name == "column" {
                    steps.splice(0..0, std::mem::take(&mut leave));
                }
                Some(row(r.kind, [&r.declared, &r.live], steps, r.caused_by))
            })
            .chain(
                self.of_types
                    .iter()
                    .map(|p| row(p.kind, [&p.declared, &p.live], vec![p.step()], p.caused_by)),
            )
            .collect()
    }

    /// What it is called where it is declared, or would be.
    fn in_its_place(&self, rename: &Rename) -> Identity {
        let n = rename.live.parts.len() - 1;
        self.name(&rename.live.prefix(n)).part(rename.live.name())
    }

    /// An object under the name that it has at that point.
    fn now(&self, rename: &Rename, object: &Object, own: &str) -> Object {
        let mut identity = rename.declared.clone();
        let n = identity.parts.len() - 1;
        identity.parts[n] = own.to_owned();
        if n == 1 && !rename.with_table {
            identity.parts[0] = self.name(&rename.live.prefix(1)).parts.remove(0);
        }
        let attributes = object.attributes.clone();
        Object { kind: object.kind, identity, attributes, address: None }
    }

    fn steps(&self, rename: &Rename, object: &Object, own: &str) -> Vec<Step> {
        let mut now = self.now(rename, object, own);
        let mut steps = Vec::new();
        let schema = &rename.declared.parts[0];
        if now.identity.parts.len() == 2 && now.identity.parts[0] != *schema {
            let sql_name = (now.kind.sql_name)(&now);
            steps.push(format!("ALTER {sql_name} SET SCHEMA {}", sql::ident(schema)));
            now.identity.parts[0].clone_from(schema);
        }
        if own != rename.declared.name() {
            steps.push(model::rename(&now, rename.declared.name()));
        }
        steps.into_iter().map(|sql| Step::new(Phase::Rename, sql)).collect()
    }
}
