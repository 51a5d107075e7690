//! node-pg-migrate.

use super::{Checksum, Entry, Row, TEXT, TIME, Tool, WHOLE, by_number};

pub const NODE_PG_MIGRATE: Tool = Tool {
    name: "node-pg-migrate",
    table: "pgmigrations",
    columns: &[("id", WHOLE), ("name", TEXT), ("run_on", TIME)],
    no_more: false,
    beside: None,
    same_transaction: true,
    applied: Some("id"),
    order: Some(by_number),
    complete: true,
    checksum: Checksum::None,
    read,
};

fn read(row: &Row) -> Option<Entry> {
    Some(Entry { finished: row.text("run_on"), ..Entry::applied(row.text("name")?) })
}
