//! Sqitch. psql runs a change, then Sqitch writes the row.

use super::{Checksum, Entry, Row, TEXT, TIME, Tool};

pub const SQITCH: Tool = Tool {
    name: "sqitch",
    table: "changes",
    columns: &[
        ("change_id", TEXT),
        ("script_hash", TEXT),
        ("change", TEXT),
        ("project", TEXT),
        ("committed_at", TIME),
        ("planned_at", TIME),
    ],
    no_more: false,
    beside: Some(("events", true)),
    same_transaction: false,
    applied: Some("committed_at"),
    order: None,
    complete: true,
    checksum: Checksum::Opaque,
    read,
};

fn read(row: &Row) -> Option<Entry> {
    Some(Entry {
        checksum: row.text("script_hash"),
        finished: row.text("committed_at"),
        ..Entry::applied(row.text("change")?)
    })
}
