//! What objects of many kinds have in common and no kind's own query reads:
//! comments, owners, grants, security labels, the extensions that they go with. Each is one query over its
//! catalogs; what it finds is laid onto the objects by their addresses.

mod comment;
mod depends_on;
pub(super) mod grants;
mod owner;
mod security_label;

use std::collections::HashSet;

use super::mend::{Side, Step};
use super::{Attribute, Attrs, JsonObject, Object};

/// One such thing.
pub struct Facet {
    /// The word of `declare(…, compare => …)` that asks for it; none where it
    /// is always compared.
    pub word: Option<&'static str>,
    pub attributes: &'static [Attribute],
    /// The query over those catalogs that hold any of the objects: to plan it
    /// for the others takes longer than to read. None where all of them are
    /// others. `$1` is the array of schema names; columns are the address
    /// (catalog, OID, column number), the attribute's name and its value (JSON
    /// text).
    pub query: fn(catalogs: &HashSet<&str>) -> Option<String>,
    /// What gives the object an attribute's value; it has the other one now.
    pub alter: fn(&str, &Object, &Attrs, &Attrs) -> Vec<Step>,
}

pub static FACETS: &[&Facet] =
    &[&comment::FACET, &security_label::FACET, &owner::FACET, &grants::FACET, &depends_on::FACET];

/// The facet that an attribute belongs to.
pub fn of(attribute: &str) -> Option<&'static Facet> {
    FACETS.iter().find(|f| f.attributes.iter().any(|a| a.name == attribute)).copied()
}

/// All attributes of facets.
pub fn attributes() -> impl Iterator<Item = &'static Attribute> {
    FACETS.iter().flat_map(|f| f.attributes)
}

/// Lays a value onto an object. Text is put behind text: the objects' own
/// attributes are not parsed for it.
pub fn lay(object: &mut Object, attribute: &str, value: &str) {
    let text = object.attributes.get().trim_end();
    let inner = text.strip_suffix('}').unwrap_or(text).trim_end();
    let comma = if inner.ends_with('{') { "" } else { "," };
    object.attributes = JsonObject(format!("{inner}{comma}\"{attribute}\":{value}}}"));
}

/// What gives a new object its comment, its owner, its grants.
pub fn steps(o: &Object, side: &Side) -> Vec<Step> {
    let mut steps = grants::not_by_default(o, side);
    let text = o.attributes.get();
    let attrs = attributes().any(|a| text.contains(a.name)).then(|| o.attrs());
    let Some(mut to) = attrs else {
        return steps;
    };
    let all = FACETS.iter().flat_map(|f| f.attributes.iter().map(move |a| (f, a)));
    let said: Vec<_> = all.filter(|(_, a)| to.get(a.name).is_some()).collect();
    of_whole(o, &mut to, &[side]);
    let none = Attrs::default();
    steps.extend(said.into_iter().flat_map(|(f, a)| (f.alter)(a.name, o, &none, &to)));
    steps
}

/// What grants again all that a column is granted.
pub fn grants_of(column: &Object, side: &Side) -> Vec<Step> {
    let mut to = column.attrs();
    of_whole(column, &mut to, &[side]);
    (grants::FACET.alter)("grants", column, &Attrs::default(), &to)
}

/// What is granted on a column, or on a sequence that belongs to one, may be
/// to its owner, which is its table's: the first that one of the sides tells.
pub fn of_whole(o: &Object, attrs: &mut Attrs, sides: &[&Side]) {
    if !matches!(o.kind.name, "column" | "sequence") || attrs.get("owner").is_some() {
        return;
    }
    let Some(table) = (o.kind.parent)(o) else { return };
    let owner = sides.iter().find_map(|s| s.relation(&table)?.attrs().0.remove("owner"));
    if let Some(owner) = owner {
        attrs.0.insert("owner".to_owned(), owner);
    }
}

/// What makes an object with all that is part of it, and gives them what
/// their definitions don't say.
pub fn make(o: &Object, side: &Side) -> Vec<Step> {
    const WHOLE: [&str; 5] = ["table", "foreign table", "view", "materialized view", "domain"];
    let mut made = (o.kind.create)(o, side);
    made.extend(steps(o, side));
    if WHOLE.contains(&o.kind.name) {
        for part in side.children(&o.identity) {
            made.extend(steps(part, side));
        }
    }
    made
}
