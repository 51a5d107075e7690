//! What NOT NULL constraints are called: from 17 those of domains have names,
//! from 18 those of columns. Of a name that the server gives by itself nothing
//! is said, as `pg_dump` says nothing.

use super::{Attrs, Identity, Object, sql};

/// Longer ones the server may have to shorten, to put a number behind them.
const LONG: usize = 60;

/// Whether one is called as the server calls it by itself, with a number where
/// that name is taken. `of` is what the name begins with.
pub(super) fn usual(name: &str, of: &str) -> String {
    let whole = format!("{of} || '_not_null'");
    format!(
        "CASE WHEN octet_length({whole}) > {LONG} THEN {name} ~ '_not_null[0-9]*$'
              ELSE starts_with({name}, {whole}) AND substr({name}, length({whole}) + 1) ~ '^[0-9]*$' END"
    )
}

fn is_usual(name: &str, of: &Identity) -> bool {
    let whole = whole(of);
    let number = match whole.len() > LONG {
        true => name.rsplit_once("_not_null").map(|(_, number)| number),
        false => name.strip_prefix(&whole),
    };
    number.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}

fn whole(of: &Identity) -> String {
    format!("{}_not_null", of.parts[1..].join("_"))
}

/// What the constraint of a column or domain is called.
pub fn name(of: &Identity, attrs: &Attrs) -> String {
    attrs.text("_not_null").map_or_else(|| whole(of), str::to_owned)
}

/// For one that is known by another name now, as its column, table or domain
/// is: whether its own is the usual one.
pub fn rename(object: &mut Object, was: &Identity) {
    if *was == object.identity || !object.may_name("not_null") {
        return;
    }
    let mut attrs = object.attrs();
    if !attrs.is("not_null") {
        return;
    }
    let name = name(was, &attrs);
    let own = !attrs.is("_not_null_inherited") && !is_usual(&name, &object.identity);
    let other = name != whole(&object.identity);
    for (attribute, said) in [("_not_null", other), ("not_null_name", own)] {
        match said {
            true => drop(attrs.0.insert(attribute.to_owned(), name.clone().into())),
            false => drop(attrs.0.remove(attribute)),
        }
    }
    object.set(attrs);
}

/// What gives a column's constraint its name that was a parent's until now.
pub(super) fn own_name(live: &Object, declared: &Object) -> Option<String> {
    if !live.attributes.get().contains("\"_not_null_inherited\"") {
        return None;
    }
    let (from, to) = (live.attrs(), declared.attrs());
    let (now, own) = (name(&live.identity, &from), to.text("not_null_name"));
    let fits = own.map_or_else(|| is_usual(&now, &live.identity), |own| own == now);
    if !to.is("not_null") || to.is("_not_null_inherited") || fits {
        return None;
    }
    Some(format!(
        "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
        live.identity.prefix(2).sql(),
        sql::ident(&now),
        sql::ident(&name(&declared.identity, &to))
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names() {
        let is_usual = |name: &str, table: &str| is_usual(name, &Identity::new(["s", table, "a"]));
        assert!(is_usual("t_a_not_null", "t"));
        assert!(is_usual("t_a_not_null12", "t"));
        assert!(!is_usual("u_a_not_null", "t"));
        assert!(!is_usual("t_a_not_null_", "t"));
        let long = "t".repeat(60);
        assert!(is_usual(&format!("{}_a_not_null", "t".repeat(52)), &long));
        assert!(!is_usual("mine", &long));
    }
}
