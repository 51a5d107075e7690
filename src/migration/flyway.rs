//! Flyway. Its rows come over a connection of their own, so a row's
//! transaction is not that of the migration.

use super::{Checksum, Entry, FLAG, Row, State, TEXT, TIME, Tool, WHOLE, by_number};

pub const FLYWAY: Tool = Tool {
    name: "flyway",
    table: "flyway_schema_history",
    columns: &[
        ("installed_rank", WHOLE),
        ("version", TEXT),
        ("description", TEXT),
        ("type", TEXT),
        ("script", TEXT),
        ("checksum", WHOLE),
        ("installed_on", TIME),
        ("success", FLAG),
    ],
    no_more: false,
    beside: None,
    same_transaction: false,
    applied: Some("installed_rank"),
    order: Some(order),
    complete: true,
    checksum: Checksum::Opaque,
    read,
};

/// `V1_10__users.sql`: by its version; repeatable ones come at any time.
fn order(script: &str) -> super::Key {
    match script.strip_prefix('V') {
        Some(rest) => (by_number(rest).0, String::new()),
        None => (vec![u64::MAX], String::new()),
    }
}

fn read(row: &Row) -> Option<Entry> {
    let kind = row.text("type")?;
    // Rows about the history itself.
    if matches!(kind.as_str(), "SCHEMA" | "DELETE") || kind.starts_with("UNDO") {
        return None;
    }
    Some(Entry {
        state: if row.flag("success") { State::Applied } else { State::Failed },
        checksum: row.text("checksum"),
        finished: row.text("installed_on"),
        note: (kind == "BASELINE" || kind.ends_with("BASELINE"))
            .then(|| "a baseline: what was before it was not run".to_owned()),
        ..Entry::applied(row.text("script")?)
    })
}
