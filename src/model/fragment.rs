//! Pieces that the kinds' queries share.

/// The schemas asked for.
pub const SCHEMAS: &str = "ns AS MATERIALIZED (
    SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY ($1))";

/// Members of extensions in a catalog. pg_depend is entered by what is
/// depended on: the other way about would read all of it.
pub fn members(catalog: &str) -> String {
    format!(
        "ext AS MATERIALIZED (
    SELECT objid FROM pg_depend
     WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
       AND classid = '{catalog}'::regclass)"
    )
}

/// Relations of the schemas asked for which no extension owns, of those kinds.
pub fn relations(relkinds: &str) -> String {
    format!(
        "WITH {SCHEMAS}, {},
    rel AS (
    SELECT c.*, ns.nspname
      FROM pg_class c JOIN ns ON ns.oid = c.relnamespace
     WHERE c.relkind IN ({relkinds}) AND c.oid NOT IN (SELECT objid FROM ext) {})",
        members("pg_class"),
        only("c.oid")
    )
}

/// What [`only`] has for a reading of everything.
pub const OR_ALL: &str = "$2::oid[] IS NULL OR ";

/// Leaves out what isn't wanted, see [`Kind::query`](super::Kind). Where
/// everything is, the server takes the condition out when it plans.
pub fn only(oid: &str) -> String {
    format!("AND ({OR_ALL}{oid} = ANY ($2))")
}

/// Attributes of an object: their names and values in SQL.
pub type Said = Vec<(&'static str, String)>;

/// The attributes of an object as columns of its row, out of [`said`] and
/// [`yes`], see [`Kind::query`](super::Kind): what isn't there costs
/// nothing. For kinds of which there are many.
pub fn attributes(list: &[Said]) -> String {
    let columns = list.iter().flatten().map(|(name, value)| format!("{value} AS \"{name}\""));
    columns.collect::<Vec<_>>().join(",\n")
}

/// An attribute with a value, where that isn't null.
pub fn said(name: &'static str, value: &str) -> Said {
    vec![(name, value.to_owned())]
}

/// An attribute that is true or isn't there.
pub fn yes(name: &'static str, condition: &str) -> Said {
    vec![(name, format!("CASE WHEN {condition} THEN true END"))]
}

/// Attributes that are looked at only in some objects.
pub fn only_where(condition: &str, list: &[Said]) -> Said {
    let guarded =
        |(name, value): &(_, String)| (*name, format!("CASE WHEN {condition} THEN {value} END"));
    list.iter().flatten().map(guarded).collect()
}

/// `key=value` options in an order of their own: the catalogs keep the
/// order in which they were set.
pub fn sorted(array: &str) -> String {
    format!(
        "CASE WHEN {array} IS NOT NULL THEN
        (SELECT json_agg(o ORDER BY o) FROM unnest({array}) o) END"
    )
}
