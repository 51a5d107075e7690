//! Alembic. Its table says only where the schema stands, not what led there.

use super::{Checksum, Entry, Row, TEXT, Tool};

pub const ALEMBIC: Tool = Tool {
    name: "alembic",
    table: "alembic_version",
    columns: &[("version_num", TEXT)],
    no_more: true,
    beside: None,
    same_transaction: true,
    applied: None,
    order: None,
    complete: false,
    checksum: Checksum::None,
    read,
};

fn read(row: &Row) -> Option<Entry> {
    Some(Entry {
        note: Some("a head: those before it have no rows".into()),
        ..Entry::applied(row.text("version_num")?)
    })
}
