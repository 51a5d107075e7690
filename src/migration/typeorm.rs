//! TypeORM.

use super::{Checksum, Entry, Key, Row, TEXT, Tool, WHOLE};

pub const TYPEORM: Tool = Tool {
    name: "typeorm",
    table: "migrations",
    columns: &[("id", WHOLE), ("timestamp", WHOLE), ("name", TEXT)],
    no_more: true,
    beside: None,
    same_transaction: true,
    applied: Some("id"),
    order: Some(order),
    complete: true,
    checksum: Checksum::None,
    read,
};

/// The time stands at the end: `Users1700000000000`.
fn order(name: &str) -> Key {
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    (name[digits..].parse().into_iter().collect(), name.to_owned())
}

fn read(row: &Row) -> Option<Entry> {
    Some(Entry::applied(row.text("name")?))
}
