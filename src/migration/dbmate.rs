//! dbmate. Its table is that of Rails, without the one that Rails has beside it.

use super::{Checksum, Entry, Row, TEXT, Tool};

pub const DBMATE: Tool = Tool {
    name: "dbmate",
    table: "schema_migrations",
    columns: &[("version", TEXT)],
    no_more: true,
    beside: Some(("ar_internal_metadata", false)),
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
