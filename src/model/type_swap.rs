//! Types that are made anew where the server can't alter them, with all that
//! holds their values.

use super::mend::{Change, Mend, Phase, Target};
use super::{Attrs, Identity, Object, column, composite, facet, sql, table};

/// Makes a type anew where it can't be altered: beside the old one, with all
/// columns taken over. Values that the new type doesn't know make it fail.
pub(super) fn swap(c: &Change, create: &str) -> Mend {
    let old = format!("{}__old", c.live.identity.name());
    let mut old_identity = c.live.identity.clone();
    if let Some(last) = old_identity.parts.last_mut() {
        last.clone_from(&old);
    }
    let what = if c.live.kind.name == "domain" { "DOMAIN" } else { "TYPE" };
    // The functions of a range type keep its name when it is renamed: its
    // columns have to wait as text.
    let through_text = c.live.kind.name == "range";
    let name = c.sql();
    let array = format!("{name}[]");
    let mut mend = Mend::default().clearing(Target::Type(c.live.identity.clone()));
    let (mut first, mut away, mut back, mut last) = (vec![], vec![], vec![], vec![]);
    let is_it = |of: &str| of == name || of == array;
    let is_of = |attrs: &Attrs| attrs.text("type").is_some_and(is_it);
    let holders = if through_text { Vec::new() } else { holders(c, is_it) };
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
        if !column.may_name(c.live.identity.name()) {
            continue;
        }
        let attrs = column.attrs();
        let Some(of) = attrs.text("type").filter(|of| is_it(of)) else {
            if !holders.iter().any(|(holder, _)| holds(column, holder)) {
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
        let text = if of == array { "text[]" } else { "text" };
        let mut sub = Vec::new();
        if attrs.get("default").is_some() {
            sub.push(format!("ALTER COLUMN {col} DROP DEFAULT"));
        }
        if through_text {
            sub.push(format!("ALTER COLUMN {col} TYPE {text} USING {col}::{text}"));
            away.push(format!("{alter} {}", sub.join(", ")));
            sub.clear();
        }
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
    let drop =
        format!("DROP {what} {}", if through_text { name.clone() } else { old_identity.sql() });
    // No type of an attribute changes under stored values, and no domain at
    // all: they wait as text.
    for (holder, anew) in holders {
        let (mut waits, mut returns) = (Vec::new(), Vec::new());
        for column in c.live_side.all("column") {
            if !holds(column, holder) {
                continue;
            }
            let attrs = column.attrs();
            let [before, after] = as_it_was(c, column, &attrs);
            first.extend(before);
            last.extend(after);
            // What comes from a parent changes with it.
            if attrs.is("_inherited") {
                continue;
            }
            let [wait, back] = as_text(c, column, &attrs, holder);
            mend = mend.clearing(Target::Column(column.identity.clone()));
            waits.push(wait);
            returns.push(back);
        }
        back.append(&mut waits);
        back.extend(anew);
        back.append(&mut returns);
    }
    let statements: Vec<String> = if through_text {
        away.into_iter().chain([drop, create.to_owned()]).chain(back).collect()
    } else {
        let rename = format!("ALTER {what} {name} RENAME TO {}", sql::ident(&old));
        [rename, create.to_owned()].into_iter().chain(back).chain([drop]).collect()
    };
    let statements = first.into_iter().chain(statements).chain(last);
    let mut mend = statements.fold(mend, |mend, s| mend.and(Phase::SwapType, s));
    mend.steps.extend(computed);
    mend.dressed(c.declared, c.declared_side)
}

/// Composite types and domains made of the type, with what has them made of
/// the one that takes its place.
fn holders<'m>(c: &Change<'_, 'm>, is_it: impl Fn(&str) -> bool) -> Vec<(&'m Object, Vec<String>)> {
    let side = c.live_side;
    let anew = |holder: &Object| {
        let attrs = holder.attrs();
        if holder.kind.name == "domain" {
            let drop = format!("DROP DOMAIN {}", holder.identity.sql());
            let made = || facet::make(holder, side).into_iter().map(|s| s.sql);
            let is_over = attrs.text("type").is_some_and(&is_it);
            return is_over.then(|| [drop].into_iter().chain(made()).collect());
        }
        let fields: Vec<_> = composite::pairs(&attrs)
            .into_iter()
            .filter(|(_, of)| is_it(of))
            .map(|(field, of)| format!("ALTER ATTRIBUTE {field} TYPE {of}"))
            .collect();
        let alter = format!("ALTER TYPE {} {}", holder.identity.sql(), fields.join(", "));
        (!fields.is_empty()).then(|| vec![alter])
    };
    side.all("composite")
        .chain(side.all("domain"))
        .filter(|holder| holder.may_name(c.live.identity.name()))
        .filter_map(|holder| Some((holder, anew(holder)?)))
        .collect()
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

/// Whether a column holds values of a composite type or domain.
fn holds(column: &Object, of_type: &Object) -> bool {
    column.may_name(of_type.identity.name())
        && column
            .attrs()
            .text("type")
            .is_some_and(|of| of.strip_suffix("[]").unwrap_or(of) == of_type.identity.sql())
}

/// What makes such a column hold their text, and back again.
fn as_text(c: &Change, column: &Object, attrs: &Attrs, of_type: &Object) -> [String; 2] {
    let of = attrs.text("type").unwrap_or_default();
    let text = if of == of_type.identity.sql() { "text" } else { "text[]" };
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
