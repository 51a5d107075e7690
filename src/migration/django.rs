//! Django. Names are unique within an app, and apps depend on each other: their
//! order is none of names.

use super::{Checksum, Entry, Row, TEXT, TIME, Tool, WHOLE};

pub const DJANGO: Tool = Tool {
    name: "django",
    table: "django_migrations",
    columns: &[("id", WHOLE), ("app", TEXT), ("name", TEXT), ("applied", TIME)],
    no_more: false,
    beside: None,
    same_transaction: true,
    applied: Some("id"),
    order: None,
    complete: true,
    checksum: Checksum::None,
    read,
};

fn read(row: &Row) -> Option<Entry> {
    let name = format!("{}.{}", row.text("app")?, row.text("name")?);
    Some(Entry { finished: row.text("applied"), ..Entry::applied(name) })
}
