//! Liquibase. It commits a change set before it writes the row.

use super::{Checksum, Entry, Row, State, TEXT, TIME, Tool, WHOLE};

pub const LIQUIBASE: Tool = Tool {
    name: "liquibase",
    table: "databasechangelog",
    columns: &[
        ("id", TEXT),
        ("author", TEXT),
        ("filename", TEXT),
        ("dateexecuted", TIME),
        ("orderexecuted", WHOLE),
        ("exectype", TEXT),
        ("md5sum", TEXT),
    ],
    no_more: false,
    beside: None,
    same_transaction: false,
    applied: Some("orderexecuted"),
    order: None,
    complete: true,
    checksum: Checksum::Opaque,
    read,
};

fn read(row: &Row) -> Option<Entry> {
    let parts = [row.text("filename")?, row.text("id")?, row.text("author")?];
    let kind = row.text("exectype")?;
    let note = match kind.as_str() {
        "MARK_RAN" => Some("marked as run: it was not run".to_owned()),
        "SKIPPED" => Some("skipped by its precondition".to_owned()),
        _ => None,
    };
    Some(Entry {
        state: if kind == "FAILED" { State::Failed } else { State::Applied },
        checksum: row.text("md5sum"),
        finished: row.text("dateexecuted"),
        note,
        ..Entry::applied(parts.join("::"))
    })
}
