//! golang-migrate. One row: where the schema stands, and whether the way
//! there was finished.

use super::{Checksum, Entry, FLAG, Row, State, Tool, WHOLE};

pub const GOLANG_MIGRATE: Tool = Tool {
    name: "golang-migrate",
    table: "schema_migrations",
    columns: &[("version", WHOLE), ("dirty", FLAG)],
    no_more: true,
    beside: None,
    same_transaction: false,
    applied: None,
    order: None,
    complete: false,
    checksum: Checksum::None,
    read,
};

fn read(row: &Row) -> Option<Entry> {
    let (state, note) = if row.flag("dirty") {
        (State::Unfinished, "dirty: it is running, or it failed and part of it may be there")
    } else {
        (State::Applied, "the newest: those before it have no rows")
    };
    Some(Entry { state, note: Some(note.into()), ..Entry::applied(row.text("version")?) })
}
