//! Knex.

use super::{Checksum, Entry, Row, TEXT, TIME, Tool, WHOLE, by_name};

pub const KNEX: Tool = Tool {
    name: "knex",
    table: "knex_migrations",
    columns: &[("id", WHOLE), ("name", TEXT), ("batch", WHOLE), ("migration_time", TIME)],
    no_more: false,
    beside: None,
    same_transaction: true,
    applied: Some("id"),
    order: Some(by_name),
    complete: true,
    checksum: Checksum::None,
    read,
};

fn read(row: &Row) -> Option<Entry> {
    Some(Entry { finished: row.text("migration_time"), ..Entry::applied(row.text("name")?) })
}
