//! Drizzle. Its rows have no names: a file is known by its text.

use super::{Checksum, Entry, Row, TEXT, Tool, WHOLE};

pub const DRIZZLE: Tool = Tool {
    name: "drizzle",
    table: "__drizzle_migrations",
    columns: &[("id", WHOLE), ("hash", TEXT), ("created_at", WHOLE)],
    no_more: false,
    beside: None,
    same_transaction: true,
    applied: Some("id"),
    order: None,
    complete: true,
    checksum: Checksum::Sha256,
    read,
};

/// Named by the time in the journal, `when`.
fn read(row: &Row) -> Option<Entry> {
    let name = row.text("created_at").or_else(|| row.text("hash"))?;
    Some(Entry { checksum: row.text("hash"), ..Entry::applied(name) })
}
