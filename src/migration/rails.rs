//! Rails (Active Record).

use super::{Checksum, Entry, Row, TEXT, Tool};

pub const RAILS: Tool = Tool {
    name: "rails",
    table: "schema_migrations",
    columns: &[("version", TEXT)],
    no_more: true,
    beside: Some(("ar_internal_metadata", true)),
    same_transaction: true,
    applied: None,
    order: None,
    complete: true,
    checksum: Checksum::None,
    read,
};

fn read(row: &Row) -> Option<Entry> {
    Some(Entry::applied(row.text("version")?))
}
