//! Types that are made anew where the server can't alter them, with all that
//! holds their values.

use std::collections::HashMap;

use super::mend::{Change, Mend, Phase, Step, Target};
use super::{Attrs, Identity, Object, column, composite, facet, sql, table};

/// Makes a type anew where it can't be altered: beside the old one, with all
/// columns taken over. Values that the new type doesn't know make it fail.
pub(super) fn swap(c: &Change, create: &str) -> Mend {
    let old = sql::set_aside(c.live.identity.name());
    let mut old_identity = c.live.identity.clone();
    if let Some(last) = old_identity.parts.last_mut() {
        last.clone_from(&old);
    }
    let what = if c.live.kind.name == "domain" { "DOMAIN" } else { "TYPE" };
    // The functions of a range type keep its name when it is renamed: its
    // columns have to wait as text. So have those of its multirange.
    let through_text = c.live.kind.name == "range";
    let name = c.sql();
    let multi = c.from.identity("multirange");
    let mut mend = Mend::default().clearing(Target::Type(c.live.identity.clone()));
    mend.clears.extend(multi.clone().map(Target::Type));
    let (mut first, mut away, mut back, mut last) = (vec![], vec![], vec![], vec![]);
    let is_it = |of: &str| is_or_is_multirange(c, of);
    let is_of = |attrs: &Attrs| attrs.text("type").is_some_and(is_it);
    let holders = Holders::of(c);
    if let Some(table) = partitioned_by(c, |of| is_it(of) || holders.hold(of)) {
        return Mend::comment(&format!(
            "{table} is partitioned by values of {}, and would have to be made anew with it",
            c.live.identity
        ));
    }
    let mut computed = Vec::new();
    for column in c.live_side.all("column") {
        if column.attributes.get().contains("\"generated\"") {
            let parts = || c.live_side.children_of(&column.identity.prefix(2), "column");
            let holds_it = |attrs: &Attrs, expression: &str| {
                is_of(attrs)
                    || sql::pairs(expression).contains(&name.as_str())
                    || parts().iter().any(|o| {
                        sql::mentions(expression, &sql::ident(o.identity.name()))
                            && is_of(&o.attrs())
                    })
            };
            let way = column::around(c, column, Phase::SwapType, holds_it);
            let Some(way) = way else { continue };
            first.push(way.away);
            mend.clears.extend(way.clears);
            // One that is computed no more stays, and gets the new type.
            if !way.back.is_empty() {
                computed.extend(way.back);
                continue;
            }
        }
        // Cheap test first: only the columns of this type are parsed.
        if !column.may_name(c.live.identity.name())
            && !multi.as_ref().is_some_and(|multi| column.may_name(multi.name()))
        {
            continue;
        }
        let attrs = column.attrs();
        let Some(of) = attrs.text("type").filter(|of| is_it(of)) else {
            if !attrs.text("type").is_some_and(|of| holders.hold(of)) {
                back.extend(said_again(c, column, &attrs));
            }
            continue;
        };
        mend = mend.clearing(Target::Column(column.identity.clone()));
        mend.clears.extend(column::pointing_beside(&column.identity, c.live_side));
        let [before, after] = as_it_was(c, column, &attrs);
        first.extend(before);
        last.extend(after);
        // What compares its values by the old type's operators.
        let relation = column.identity.prefix(2);
        for child in c.live_side.children(&relation) {
            if column::computes(child, column.identity.name()) {
                mend = mend.clearing(Target::Object(child.kind.name, child.identity.clone()));
            }
        }
        // What comes from a parent changes with it.
        let declared = c.declared_side.relation(&relation);
        if attrs.is("_inherited")
            && declared.is_none_or(|_| {
                c.live_side.parents(&relation) == c.declared_side.parents(&relation)
            })
        {
            continue;
        }
        let alter = alter_table(c, &relation, "");
        let col = sql::ident(column.identity.name());
        let text = if element(of) == of { "text" } else { "text[]" };
        let mut sub = Vec::new();
        if attrs.get("default").is_some() {
            sub.push(format!("ALTER COLUMN {col} DROP DEFAULT"));
        }
        if through_text {
            sub.push(format!("ALTER COLUMN {col} TYPE {text} USING {col}::{text}"));
            away.push(format!("{alter} {}", sub.join(", ")));
            sub.clear();
        }
        let of = as_declared(c, of);
        sub.push(format!("ALTER COLUMN {col} TYPE {of} USING {col}::{text}::{of}"));
        // An extra column's default may hold a value that is gone.
        let declared = c.declared_side.named("column", &column.identity);
        if attrs.get("default").is_some()
            && let Some(default) =
                declared.map(|d| d.attrs()).as_ref().and_then(|d| d.text("default"))
        {
            sub.push(format!("ALTER COLUMN {col} SET DEFAULT {default}"));
        }
        back.push(format!("{alter} {}", sub.join(", ")));
    }
    let drop = match through_text {
        true => format!("DROP {what} IF EXISTS {name}"),
        false => format!("DROP {what} {}", old_identity.sql()),
    };
    // No type of an attribute changes under stored values, and no domain at
    // all: they wait as text.
    let (mut waits, mut returns) = (Vec::new(), Vec::new());
    for column in c.live_side.all("column") {
        // Cheap test first.
        if !holders.names.values().any(|name| column.may_name(name)) {
            continue;
        }
        let attrs = column.attrs();
        let Some(of) = attrs.text("type").filter(|of| holders.hold(of)) else { continue };
        let [before, after] = as_it_was(c, column, &attrs);
        first.extend(before);
        last.extend(after);
        mend = mend.clearing(Target::Column(column.identity.clone()));
        for child in c.live_side.children(&column.identity.prefix(2)) {
            if column::computes(child, column.identity.name()) {
                mend = mend.clearing(Target::Object(child.kind.name, child.identity.clone()));
            }
        }
        // What comes from a parent changes with it.
        if attrs.is("_inherited") {
            continue;
        }
        let [wait, back] = as_text(c, column, &attrs, of);
        waits.push(wait);
        returns.push(back);
    }
    let mut later = Vec::new();
    let [go, come] = holders.anew(c, &mut mend, &mut later);
    waits.extend(go);
    match through_text {
        true => away.append(&mut waits),
        false => back.append(&mut waits),
    }
    back.extend(come);
    back.append(&mut returns);
    let statements: Vec<String> = if through_text {
        away.into_iter().chain([drop, create.to_owned()]).chain(back).collect()
    } else {
        let rename = format!("ALTER {what} {name} RENAME TO {}", sql::ident(&old));
        [rename, create.to_owned()].into_iter().chain(back).chain([drop]).collect()
    };
    let statements = first.into_iter().chain(statements).chain(last);
    let mut mend = statements.fold(mend, |mend, s| mend.and(Phase::SwapType, s));
    mend.steps.extend(later);
    mend.steps.extend(computed);
    if c.live.kind.name == "domain" {
        mend.anew.push(c.live.identity.clone());
        for part in c.declared_side.children(&c.declared.identity) {
            mend.steps.extend(facet::steps(part, c.declared_side));
        }
    }
    mend.dressed(c.declared, c.declared_side)
}

/// A table that stays and is partitioned by values of types: the server
/// changes no column of its key.
fn partitioned_by(c: &Change, holds: impl Fn(&str) -> bool) -> Option<Identity> {
    let tables = c.live_side.all("table").filter(|t| {
        t.attributes.get().contains("\"partition_key\"")
            && c.declared_side.relation(&t.identity).is_some()
    });
    tables.map(|t| (t, t.attrs().shown("partition_key").unwrap_or_default())).find_map(
        |(table, key)| {
            let columns = c.live_side.children_of(&table.identity, "column");
            let is_of_key = |column: &&Object| {
                sql::mentions(&key, &sql::ident(column.identity.name()))
                    && column.attrs().text("type").is_some_and(&holds)
            };
            columns.iter().any(is_of_key).then(|| table.identity.clone())
        },
    )
}

/// Whether a type is the one that is made anew, the multirange that is made
/// with it, or an array of either.
fn is_or_is_multirange(c: &Change, of: &str) -> bool {
    let of = element(of);
    of == c.sql() || c.from.identity("multirange").is_some_and(|multi| multi.sql() == of)
}

/// Such a type, as it is called then.
fn as_declared(c: &Change, of: &str) -> String {
    match c.to.identity("multirange") {
        Some(multi) if is_or_is_multirange(c, of) && element(of) != c.sql() => {
            format!("{}{}", multi.sql(), &of[element(of).len()..])
        }
        _ => of.to_owned(),
    }
}

/// The element type of an array type, or the type.
fn element(of: &str) -> &str {
    of.strip_suffix("[]").unwrap_or(of)
}

/// Types that hold values of one that is made anew, at any depth.
#[derive(Default)]
struct Holders<'m> {
    /// As SQL writes them, with what they are called in their schemas.
    names: HashMap<String, String>,
    /// Made anew themselves; each after the one that it is over.
    domains: Vec<&'m Object>,
    composites: Vec<&'m Object>,
}

impl<'m> Holders<'m> {
    fn of(c: &Change<'_, 'm>) -> Self {
        let mut found = Holders::default();
        // Those whose holders are looked for, with whether they are made anew.
        let mut todo = vec![(c.live.identity.clone(), true)];
        todo.extend(c.from.identity("multirange").map(|multi| (multi, true)));
        while let Some((held, is_anew)) = todo.pop() {
            let name = held.sql();
            let of_it = |of: &str| element(of) == name;
            for holder in c.live_side.all("composite").chain(c.live_side.all("domain")) {
                if !holder.may_name(held.name()) {
                    continue;
                }
                let attrs = holder.attrs();
                let is_domain = holder.kind.name == "domain";
                let holds = match is_domain {
                    true => attrs.text("type").is_some_and(of_it),
                    false => composite::pairs(&attrs).iter().any(|(_, of)| of_it(of)),
                };
                let called = holder.identity.name().to_owned();
                if !holds || found.names.insert(holder.identity.sql(), called).is_some() {
                    continue;
                }
                match is_domain {
                    true if is_anew => found.domains.push(holder),
                    true => {}
                    false => found.composites.push(holder),
                }
                todo.push((holder.identity.clone(), is_domain && is_anew));
            }
        }
        found
    }

    /// Whether values of a type hold values of the one that is made anew.
    fn hold(&self, of: &str) -> bool {
        self.names.contains_key(element(of))
    }

    /// What takes the type out of them, and what has them made of the one that
    /// takes its place, while no column holds their values; what waits for
    /// others is left for later.
    fn anew(&self, c: &Change<'_, 'm>, mend: &mut Mend, later: &mut Vec<Step>) -> [Vec<String>; 2] {
        let (mut away, mut back, mut last) = (Vec::new(), Vec::new(), Vec::new());
        for composite in &self.composites {
            let (mut waits, mut returns) = (Vec::new(), Vec::new());
            for (field, of) in composite::pairs(&composite.attrs()) {
                let is_it = is_or_is_multirange(c, &of);
                let is_anew = self.domains.iter().any(|d| d.identity.sql() == element(&of));
                // A range type goes before the new one comes.
                if is_anew || is_it && c.live.kind.name == "range" {
                    let text = if element(&of) == of { "text" } else { "text[]" };
                    waits.push(format!("ALTER ATTRIBUTE {field} TYPE {text}"));
                }
                if is_anew || is_it {
                    returns.push(format!("ALTER ATTRIBUTE {field} TYPE {}", as_declared(c, &of)));
                }
            }
            for (subs, statements) in [(waits, &mut away), (returns, &mut last)] {
                if !subs.is_empty() {
                    let name = composite.identity.sql();
                    statements.push(format!("ALTER TYPE {name} {}", subs.join(", ")));
                }
            }
        }
        for domain in self.domains.iter().rev() {
            away.push(format!("DROP DOMAIN {}", domain.identity.sql()));
        }
        for domain in &self.domains {
            mend.clears.push(Target::Type(domain.identity.clone()));
            let mut attrs = domain.attrs();
            let over = as_declared(c, attrs.text("type").unwrap_or_default());
            let declared = c.declared_side.get(domain.kind, &domain.identity);
            // One that is to be over another type has a row of its own for that.
            let made = match declared.filter(|d| d.attrs().text("type") == Some(over.as_str())) {
                Some(declared) => {
                    mend.anew.push(domain.identity.clone());
                    facet::make(declared, c.declared_side)
                }
                None => {
                    attrs.0.insert("type".to_owned(), over.into());
                    let (kind, identity) = (domain.kind, domain.identity.clone());
                    let attributes = domain.attributes.clone();
                    let mut live = Object { kind, identity, attributes, address: None };
                    live.set(attrs);
                    facet::make(&live, c.live_side)
                }
            };
            let (now, rest): (Vec<_>, Vec<_>) =
                made.into_iter().partition(|s| s.phase <= Phase::CreateType);
            back.extend(now.into_iter().map(|s| s.sql));
            later.extend(rest);
        }
        back.append(&mut last);
        [away, back]
    }
}

/// What has a default that casts to the type cast to the one that takes its
/// place; None for columns without one.
fn said_again(c: &Change, column: &Object, attrs: &Attrs) -> Option<String> {
    let name = c.sql();
    let live = attrs.text("default").filter(|d| sql::pairs(d).contains(&name.as_str()))?;
    let declared = c.declared_side.named("column", &column.identity).map(Object::attrs);
    // What differs has a row of its own, which comes later.
    let same = declared
        .is_some_and(|d| d.text("default") == Some(live) && d.get("type") == attrs.get("type"));
    let default = if same { format!("SET DEFAULT {live}") } else { "DROP DEFAULT".to_owned() };
    let alter = alter_table(c, &column.identity.prefix(2), "ONLY ");
    Some(format!("{alter} ALTER COLUMN {} {default}", sql::ident(column.identity.name())))
}

/// How an ALTER TABLE begins, also for a table that isn't declared: that may
/// be gone by then.
fn alter_table(c: &Change, table: &Identity, only: &str) -> String {
    let if_exists = if c.declared_side.relation(table).is_none() { "IF EXISTS " } else { "" };
    format!("ALTER TABLE {if_exists}{only}{}", table.sql())
}

/// What makes such a column hold their text, and back again.
fn as_text(c: &Change, column: &Object, attrs: &Attrs, of: &str) -> [String; 2] {
    let text = if element(of) == of { "text" } else { "text[]" };
    let declared = c.declared_side.named("column", &column.identity).map(Object::attrs);
    let alter = alter_table(c, &column.identity.prefix(2), "");
    let col = sql::ident(column.identity.name());
    let drop = match attrs.get("default") {
        Some(_) => format!("ALTER COLUMN {col} DROP DEFAULT, "),
        None => String::new(),
    };
    let default = attrs.get("default").and(declared.as_ref()).and_then(|d| d.text("default"));
    let set = default.map(|d| format!(", ALTER COLUMN {col} SET DEFAULT {d}")).unwrap_or_default();
    [
        format!("{alter} {drop}ALTER COLUMN {col} TYPE {text} USING {col}::{text}"),
        format!("{alter} ALTER COLUMN {col} TYPE {of} USING {col}::{of}{set}"),
    ]
}

/// What is run before and after a column's type is changed, for the column to
/// keep what the server puts in its place: how its values are kept, and a
/// default that isn't its parent's.
fn as_it_was(c: &Change, column: &Object, attrs: &Attrs) -> [Vec<String>; 2] {
    let relation = column.identity.prefix(2);
    let only = alter_table(c, &relation, "ONLY ");
    let col = sql::ident(column.identity.name());
    let (mut before, mut after) = (Vec::new(), column::kept(&column.identity, attrs));
    let is_own = |mut parent: Identity| {
        parent.parts.push(column.identity.name().to_owned());
        let theirs = c.live_side.named("column", &parent).map(Object::attrs);
        theirs.is_some_and(|theirs| theirs.get("default") != attrs.get("default"))
    };
    if table::above(&relation, c.live_side).into_iter().any(is_own) {
        let default = attrs.get("default").and_then(|_| {
            before.push(format!("ALTER COLUMN {col} DROP DEFAULT"));
            let declared = c.declared_side.named("column", &column.identity)?.attrs();
            declared.text("default").map(str::to_owned)
        });
        after.push(match default {
            Some(default) => format!("ALTER COLUMN {col} SET DEFAULT {default}"),
            None => format!("ALTER COLUMN {col} DROP DEFAULT"),
        });
    }
    [before, after].map(|list| list.into_iter().map(|sub| format!("{only} {sub}")).collect())
}
