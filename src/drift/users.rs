//! Views, triggers, policies, rules and functions that stand in the way of a change:
//! the server drops or retypes nothing under them. In the way of a function or an
//! operator stand also the checks, indexes and statistics that call it.

use std::cell::OnceCell;

use crate::model::mend::{Side, Target};
use crate::model::{Object, routine, sql};

use super::order;

pub(super) struct Users<'s, 'm> {
    live: &'s Side<'m>,
    candidates: OnceCell<Vec<(&'m Object, String)>>,
}

impl<'s, 'm> Users<'s, 'm> {
    pub fn new(live: &'s Side<'m>) -> Self {
        Users { live, candidates: OnceCell::new() }
    }

    fn candidates(&self) -> &[(&'m Object, String)] {
        self.candidates.get_or_init(|| {
            const KINDS: [&str; 11] = [
                "view",
                "materialized view",
                "trigger",
                "rule",
                "policy",
                "publication",
                "function",
                "procedure",
                "constraint",
                "index",
                "statistics",
            ];
            KINDS
                .into_iter()
                .flat_map(|kind| self.live.all(kind))
                .map(|o| {
                    let attrs = o.attrs();
                    if is_routine(o) {
                        return (o, routine::held_by(o));
                    }
                    let text = ["definition", "expression", "using", "with_check"]
                        .iter()
                        .filter_map(|a| attrs.text(a))
                        .collect::<Vec<_>>()
                        .join(" ");
                    (o, if text.is_empty() { attrs.list("tables").join("\n") } else { text })
                })
                .collect()
        })
    }

    /// Live users of the targets, those of views among them too; each after
    /// what it uses itself.
    pub fn of(&self, targets: &[Target]) -> Vec<&'m Object> {
        let mut targets = targets.to_vec();
        let mut found: Vec<&'m Object> = Vec::new();
        while let Some(target) = targets.pop() {
            if let Target::Object(kind, identity) = &target {
                let object = self.live.named(kind, identity);
                found.extend(object.filter(|o| !found.iter().any(|f| std::ptr::eq(*f, *o))));
                continue;
            }
            for (object, text) in self.candidates() {
                if found.iter().any(|f| std::ptr::eq(*f, *object)) || !uses(object, text, &target) {
                    continue;
                }
                found.push(object);
                if object.kind.name.ends_with("view") {
                    targets.push(Target::Relation(object.identity.clone()));
                } else if is_routine(object) {
                    targets.push(Target::Routine(object.identity.clone()));
                }
            }
        }
        order::sorted(self.live, found)
    }
}

pub(super) fn is_routine(object: &Object) -> bool {
    matches!(object.kind.name, "function" | "procedure")
}

fn uses(object: &Object, text: &str, target: &Target) -> bool {
    if object.kind.name == "publication" {
        // Only the columns that it names are held by it.
        let Target::Column(column) = target else {
            return false;
        };
        let table = column.prefix(2).sql();
        return text
            .lines()
            .any(|part| has_pair(part, &table) && sql::mentions(part, &sql::ident(column.name())));
    }
    if matches!(object.kind.name, "constraint" | "index" | "statistics")
        && !matches!(target, Target::Routine(_) | Target::Operator(_))
    {
        return false;
    }
    match target {
        // What is named under it goes with it.
        Target::Relation(relation) => {
            object.identity != *relation
                && object.identity.prefix(2) != *relation
                && has_pair(text, &relation.sql())
        }
        Target::Column(column) => {
            let table = column.prefix(2);
            let own = object.identity.parts.len() == 3 && object.identity.prefix(2) == table;
            (own || has_pair(text, &table.sql())) && sql::mentions(text, &sql::ident(column.name()))
        }
        Target::Type(name) => has_pair(text, &name.sql()),
        Target::Object(..) => false,
        Target::Operator(operator) => text.contains(operator),
        Target::Routine(routine) => text.contains(&format!("{}(", sql::qualified(&routine.parts))),
    }
}

fn has_pair(text: &str, name: &str) -> bool {
    text.contains(name) && sql::pairs(text).contains(&name)
}
