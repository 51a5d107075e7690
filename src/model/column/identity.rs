//! Identity columns and their sequences, and the defaults that draw on them.

use super::{KIND, drop, facet, sequence, sequence_name, settle, sql, table};
use crate::model::mend::{Change, Phase, Side, Step};
use crate::model::{Attrs, Identity, Object};

/// `ALWAYS` or `BY DEFAULT`, and the sequence's options.
pub(super) fn identity_parts(identity: &str) -> (&str, &str) {
    match identity.strip_prefix("ALWAYS") {
        Some(rest) => ("ALWAYS", rest.trim_start()),
        None => ("BY DEFAULT", identity.strip_prefix("BY DEFAULT").unwrap_or("").trim_start()),
    }
}

pub(super) fn identity_clause(identity: &str, sequence: Option<&str>) -> String {
    let (when, options) = identity_parts(identity);
    let name = sequence.map(|name| format!("SEQUENCE NAME {}", sql::ident(name)));
    let options: Vec<_> =
        name.as_deref().into_iter().chain(Some(options).filter(|o| !o.is_empty())).collect();
    if options.is_empty() {
        format!(" GENERATED {when} AS IDENTITY")
    } else {
        format!(" GENERATED {when} AS IDENTITY ({})", options.join(" "))
    }
}

/// What the server calls the identity sequence of a column by itself.
pub(super) fn usual_sequence(column: &Identity) -> String {
    format!("{}_{}_seq", column.parts[1], column.name())
}

/// What gives the sequence of an identity its name and all that is said of it.
pub(super) fn of_sequence(c: &Change) -> Vec<Step> {
    let column = &c.live.identity;
    let differs = |attribute: &str| {
        ["identity", attribute].contains(&c.attribute)
            && c.from.get(attribute) != c.to.get(attribute)
    };
    let name = sequence_name(column, c.from, c.to);
    let mut steps = Vec::new();
    if let Some(now) = c.from.text("_sequence").filter(|_| differs("sequence")) {
        let mut old = column.prefix(1);
        old.parts.push(now.to_owned());
        let to = sql::ident(name.name());
        let sql = format!("ALTER SEQUENCE {} RENAME TO {to}", old.sql());
        steps.push(Step::new(Phase::AlterColumn, sql));
    }
    if differs("sequence_persistence") {
        let table = c.declared_side.relation(&column.prefix(2)).map(Object::attrs);
        steps.push(Step::new(Phase::AlterColumn, persistence(&name, c.to, table.as_ref())));
    }
    if differs("sequence_type") {
        let of = c.to.text("sequence_type").or(c.to.text("type")).unwrap_or("bigint");
        steps.push(Step::new(Phase::AlterColumn, sequence_as(&name, of, c.to)));
    }
    for attribute in ["sequence_comment", "sequence_grants"] {
        if let Some(facet) = facet::of(attribute).filter(|_| differs(attribute)) {
            steps.extend((facet.alter)(attribute, c.live, c.from, c.to));
        }
    }
    steps
}

/// Gives an identity's sequence its type. A bound that is the old type's own
/// becomes the new one's, unless it is said again.
pub(super) fn sequence_as(sequence: &Identity, of: &str, to: &Attrs) -> String {
    let options = to.text("identity").map_or("", |identity| identity_parts(identity).1);
    format!("ALTER SEQUENCE {} AS {of} {options}", sequence.sql()).trim_end().to_owned()
}

pub(super) fn persistence(sequence: &Identity, to: &Attrs, table: Option<&Attrs>) -> String {
    let own = to.text("sequence_persistence").or(table.and_then(|t| t.text("persistence")));
    let word = if own == Some("unlogged") { "UNLOGGED" } else { "LOGGED" };
    format!("ALTER SEQUENCE {} SET {word}", sequence.sql())
}

/// The sequence of a column's identity.
pub(in crate::model) fn own_sequence(column: &Object) -> Option<Identity> {
    if !column.attributes.get().contains("\"_sequence\"") {
        return None;
    }
    Some(column.identity.beside(column.attrs().text("_sequence")?))
}

/// The column whose identity has the sequence that a default draws on: there is
/// none before the column.
pub(in crate::model) fn draws_on(default: &str, side: &Side) -> Option<Identity> {
    if !default.contains("::regclass") {
        return None;
    }
    // A literal has its apostrophes twice.
    sql::pairs(&default.replace("''", "'")).into_iter().find_map(|name| {
        let sequence = Identity::new(sql::unquoted(name));
        if side.get(&sequence::KIND, &sequence).is_some() {
            return None;
        }
        holder(&sequence, side, |held| *held == sequence).map(|c| c.identity.clone())
    })
}

/// Whether a new column's default has to wait for such a column: its own, or
/// one that comes down from a parent's column in its place.
pub(in crate::model) fn waits_with_default(column: &Identity, attrs: &Attrs, side: &Side) -> bool {
    let late = |attrs: &Attrs| attrs.text("default").is_some_and(|d| draws_on(d, side).is_some());
    let above = attrs.is("_inherited").then(|| table::above(&column.prefix(2), side));
    late(attrs)
        || above.into_iter().flatten().any(|table| {
            side.get(&KIND, &table.part(column.name())).is_some_and(|c| late(&c.attrs()))
        })
}

/// Frees a name that a new identity's sequence is to have.
pub(crate) fn free_sequence(o: &Object, live: &Side) -> Option<Step> {
    let wanted = o.identity.beside(o.attrs().text("sequence")?);
    // A copy of the schema has it without the number.
    let number = |number: &str| number.bytes().all(|b| b.is_ascii_digit());
    let has = |held: &Identity| held.name().strip_prefix(wanted.name()).is_some_and(number);
    holder(&wanted, live, has).map(|_| out_of_the_way(&wanted, Phase::AlterTable))
}

/// Frees the name of a new sequence, which that of an identity has that goes.
pub(crate) fn make_way(sequence: &Object, live: &Side, declared: &Side) -> Option<Step> {
    let wanted = &sequence.identity;
    let held_by = holder(wanted, live, |held| held == wanted)?;
    let stays = declared.get(&KIND, &held_by.identity).map(|o| o.attrs());
    stays
        .is_none_or(|to| to.get("identity").is_none())
        .then(|| out_of_the_way(wanted, Phase::CreateSequence))
}

/// The column whose identity has a sequence of such a name.
fn holder<'m>(
    wanted: &Identity,
    live: &Side<'m>,
    is: impl Fn(&Identity) -> bool,
) -> Option<&'m Object> {
    live.all(KIND.name).find(|c| {
        c.identity.parts[0] == wanted.parts[0]
            && c.may_name(wanted.name())
            && own_sequence(c).is_some_and(|held| is(&held))
    })
}

fn out_of_the_way(sequence: &Identity, phase: Phase) -> Step {
    let old = sql::ident(&sql::set_aside(sequence.name()));
    let sql = format!("ALTER SEQUENCE IF EXISTS {} RENAME TO {old}", sequence.sql());
    Step::new(phase, sql)
}

/// Whether a column has an identity that it is not to have.
pub(super) fn identity_goes(from: &Attrs, to: &Attrs) -> bool {
    from.get("identity").is_some() && to.get("identity").is_none()
}

/// What keeps others' defaults from holding the sequence of an identity that
/// goes: their own rows may come later, or have come before.
pub(super) fn hold_no_more(c: &Change) -> Vec<Step> {
    let holders = own_sequence(c.live).map(|s| c.live_side.drawing_on(&s));
    let free = |holder: &Object| match c.declared_side.get(holder.kind, &holder.identity) {
        Some(column) if column.kind.name == KIND.name => {
            let to = column.attrs();
            let default = to.get("default").map(|d| ("default".to_owned(), d.clone()));
            let to = Attrs(default.into_iter().collect());
            settle(&holder.identity, &Attrs::default(), &to)
                .pop()
                .or_else(|| Some(sequence::draw_no_more(holder)))
        }
        Some(_) => None,
        None => Some(sequence::draw_no_more(holder)),
    };
    let free = holders.into_iter().flatten().filter_map(free);
    free.map(|sql| Step::new(Phase::AlterColumn, sql)).collect()
}

/// What keeps from holding a sequence that goes with a column: columns that go,
/// too, and domains that go later.
pub(crate) fn let_go(o: &Object, live: &Side, declared: &Side) -> Vec<Step> {
    let mut going: Vec<Identity> = own_sequence(o).into_iter().collect();
    for s in live.children_of(&o.identity.prefix(2), sequence::KIND.name) {
        if s.attrs().identity("owned_by").as_ref() == Some(&o.identity) {
            going.push(s.identity.clone());
        }
    }
    let holders = going.iter().flat_map(|s| live.drawing_on(s));
    // What is below it goes with it.
    let goes_along = |h: &Object| {
        h.identity.name() == o.identity.name()
            && table::above(&h.identity.prefix(2), live).contains(&o.identity.prefix(2))
    };
    // What goes with its own table is gone by then.
    let goes_before =
        |h: &Object| h.kind.name == KIND.name && declared.relation(&h.identity.prefix(2)).is_none();
    holders
        .filter(|h| h.identity != o.identity && declared.get(h.kind, &h.identity).is_none())
        .filter(|h| !goes_along(h) && !goes_before(h))
        .flat_map(|h| match h.kind.name {
            "column" if !h.attrs().is("_inherited") => drop(h, live).steps,
            _ => vec![Step::new(Phase::DropColumn, sequence::draw_no_more(h))],
        })
        .collect()
}
