//! Histories of migration tools: which tables they are, and what their rows
//! say. Pure: the server side brings the rows.
//!
//! One tool = one file. A new tool is a file here and a line in [`TOOLS`].

mod alembic;
mod dbmate;
mod django;
mod drizzle;
mod flyway;
mod golang_migrate;
mod knex;
mod liquibase;
mod node_pg_migrate;
pub mod prisma;
mod rails;
mod sqitch;
#[cfg(test)]
mod tests;
mod typeorm;

use serde_json::{Map, Value};

/// Every tool whose history is known.
pub const TOOLS: &[&Tool] = &[
    &prisma::PRISMA,
    &alembic::ALEMBIC,
    &django::DJANGO,
    &rails::RAILS,
    &flyway::FLYWAY,
    &liquibase::LIQUIBASE,
    &drizzle::DRIZZLE,
    &node_pg_migrate::NODE_PG_MIGRATE,
    &knex::KNEX,
    &typeorm::TYPEORM,
    &golang_migrate::GOLANG_MIGRATE,
    &sqitch::SQITCH,
    &dbmate::DBMATE,
];

pub(crate) const TEXT: &[&str] = &["text", "character varying"];
pub(crate) const WHOLE: &[&str] = &["smallint", "integer", "bigint"];
pub(crate) const TIME: &[&str] = &["timestamp with time zone", "timestamp without time zone"];
pub(crate) const FLAG: &[&str] = &["boolean"];

/// A tool, and the table that it keeps its history in.
pub struct Tool {
    pub name: &'static str,
    pub table: &'static str,
    /// The columns that it must have, each of one of these types. Only they
    /// are ever read.
    pub columns: &'static [(&'static str, &'static [&'static str])],
    /// Whether it has no other columns: where other tools' tables have the
    /// same name.
    pub no_more: bool,
    /// A table that stands beside it in the same schema (true) or must not (false).
    pub beside: Option<(&'static str, bool)>,
    /// Whether the tool writes a migration's row in the transaction of its
    /// statements, where those run in one.
    pub same_transaction: bool,
    /// The column by which rows come in the order in which they were applied.
    pub applied: Option<&'static str>,
    /// What of two names comes first, where the order of names is the order
    /// in which migrations are meant to be applied.
    pub order: Option<fn(&str) -> Key>,
    /// Whether each migration that was applied has a row.
    pub complete: bool,
    /// How files and rows are known to be the same text.
    pub checksum: Checksum,
    /// What a row says; None for rows that are about no migration.
    pub read: fn(&Row) -> Option<Entry>,
}

impl std::fmt::Debug for Tool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// What a name is ordered by.
pub type Key = (Vec<u64>, String);

/// The numbers of a version like `1.10` or `20240501093000_users`, then the name.
pub fn by_number(name: &str) -> Key {
    let version: String =
        name.chars().take_while(|c| c.is_ascii_digit() || *c == '.' || *c == '_').collect();
    let numbers = version.split(['.', '_']).map_while(|n| n.parse().ok()).collect();
    (numbers, name.to_owned())
}

/// The name itself, byte by byte.
pub fn by_name(name: &str) -> Key {
    (Vec::new(), name.to_owned())
}

/// What a tool keeps of a migration's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// Nothing.
    None,
    /// Something of its own making: comparable only with the same thing.
    Opaque,
    /// SHA-256 of the file, in hexadecimal digits.
    Sha256,
}

/// A row of a history: only the columns that the tool names.
pub struct Row(pub Map<String, Value>);

impl Row {
    /// A value as text.
    pub fn text(&self, column: &str) -> Option<String> {
        match self.0.get(column)? {
            Value::Null => None,
            Value::String(s) => Some(s.clone()),
            other => Some(other.to_string()),
        }
    }

    pub fn flag(&self, column: &str) -> bool {
        matches!(self.text(column).as_deref(), Some("true" | "t"))
    }

    pub fn number(&self, column: &str) -> Option<i64> {
        self.text(column)?.parse().ok()
    }
}

/// Where a migration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Applied,
    /// It ended with an error, and nothing of it is there.
    Failed,
    /// It failed or never finished, and statements of it have stayed.
    HalfApplied,
    RolledBack,
    /// It began and never said how it ended: it may be running now.
    Unfinished,
    /// A file that the history has no row for.
    Missing,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Applied => "applied",
            State::Failed => "failed",
            State::HalfApplied => "half applied",
            State::RolledBack => "rolled back",
            State::Unfinished => "unfinished",
            State::Missing => "missing",
        }
    }
}

/// A migration as the history has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub state: State,
    pub checksum: Option<String>,
    /// Times as the server writes them in JSON.
    pub started: Option<String>,
    pub finished: Option<String>,
    pub note: Option<String>,
    /// `edited`, `unknown`, `out of order`.
    pub issues: Vec<&'static str>,
}

impl Entry {
    /// A migration that was applied, of which nothing else is known.
    pub fn applied(name: String) -> Entry {
        Entry {
            name,
            state: State::Applied,
            checksum: None,
            started: None,
            finished: None,
            note: None,
            issues: Vec::new(),
        }
    }
}

/// A migration as the repository has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub text: Option<String>,
    pub checksum: Option<String>,
}

impl File {
    /// Reads what migrations() is given: `[{"name", "text" or "checksum"}]`,
    /// `["name"]`, or `{"name": "text"}`. The error says what is wrong.
    pub fn list(files: &Value) -> Result<Vec<File>, String> {
        const FORM: &str = "files is [{\"name\": …, \"text\": … or \"checksum\": …}, …], [\"name\", …] or {\"name\": \"text\", …}";
        let bare = |name: &str| File { name: name.to_owned(), text: None, checksum: None };
        let files: Vec<File> = match files {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(at, item)| match item {
                    Value::String(name) => Ok(bare(name)),
                    Value::Object(map) => {
                        let get = |key| match map.get(key) {
                            None | Some(Value::Null) => Ok(None),
                            Some(Value::String(s)) => Ok(Some(s.clone())),
                            // A checksum may be a number.
                            Some(Value::Number(n)) if key == "checksum" => Ok(Some(n.to_string())),
                            Some(_) => Err(format!("file {}: {key} is no text", at + 1)),
                        };
                        let name = get("name")?.ok_or(format!("file {} has no name", at + 1))?;
                        Ok(File { name, text: get("text")?, checksum: get("checksum")? })
                    }
                    _ => Err(format!("file {} is neither a name nor an object", at + 1)),
                })
                .collect::<Result<_, String>>()?,
            Value::Object(map) => map
                .iter()
                .map(|(name, text)| match text {
                    Value::Null => Ok(bare(name)),
                    Value::String(text) => Ok(File { text: Some(text.clone()), ..bare(name) }),
                    _ => Err(format!("file \"{name}\": its text is no text")),
                })
                .collect::<Result<_, String>>()?,
            _ => return Err(FORM.into()),
        };
        let mut names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|w| w[0] == w[1]) {
            Some(twice) => Err(format!("file \"{}\" is given twice", twice[0])),
            None => Ok(files),
        }
    }

    /// Whether this is the text with that checksum; None where that can't be
    /// known. Line ends of Windows and of the others count as equal.
    fn is(&self, tool: &Tool, checksum: &str, sha256: &dyn Fn(&str) -> String) -> Option<bool> {
        if tool.checksum == Checksum::None {
            return None;
        }
        if let Some(own) = &self.checksum {
            return Some(own.eq_ignore_ascii_case(checksum));
        }
        let text = self.text.as_ref().filter(|_| tool.checksum == Checksum::Sha256)?;
        Some(is_text_of(text, checksum, sha256))
    }
}

/// Whether a text has that SHA-256, with either kind of line ends.
pub fn is_text_of(text: &str, checksum: &str, sha256: &dyn Fn(&str) -> String) -> bool {
    let is = |text: &str| sha256(text).eq_ignore_ascii_case(checksum);
    is(text)
        || (text.contains('\n') && {
            let unix = text.replace("\r\n", "\n");
            is(&unix) || is(&unix.replace('\n', "\r\n"))
        })
}

/// What a history's rows say, in the order in which they were applied, held
/// against the files where they are given.
pub fn review(
    tool: &Tool,
    rows: &[Row],
    files: Option<&[File]>,
    sha256: &dyn Fn(&str) -> String,
) -> Vec<Entry> {
    let mut entries: Vec<Entry> = rows.iter().filter_map(tool.read).collect();
    if let Some(order) = tool.order {
        let mut highest: Option<Key> = None;
        for entry in entries.iter_mut().filter(|e| e.state == State::Applied) {
            let key = order(&entry.name);
            if highest.as_ref().is_some_and(|h| key < *h) {
                entry.issues.push("out of order");
            } else {
                highest = Some(key);
            }
        }
    }
    let Some(files) = files else { return entries };
    for entry in &mut entries {
        // A migration that was taken back says nothing of its file.
        if entry.state == State::RolledBack {
            continue;
        }
        match files.iter().find(|f| f.stands_for(tool, entry, sha256)) {
            None => entry.issues.push("unknown"),
            Some(file) => {
                let same = entry.checksum.as_ref().and_then(|c| file.is(tool, c, sha256));
                if same == Some(false) {
                    entry.issues.push("edited");
                }
            }
        }
    }
    if tool.complete {
        for file in files {
            let there =
                |e: &&Entry| e.state != State::RolledBack && file.stands_for(tool, e, sha256);
            if !entries.iter().any(|e| there(&e)) {
                let missing = Entry { state: State::Missing, ..Entry::applied(file.name.clone()) };
                entries.push(missing);
            }
        }
    }
    entries
}

impl File {
    /// Whether an entry is about this file: by name, or by text where the
    /// history has no names.
    fn stands_for(&self, tool: &Tool, entry: &Entry, sha256: &dyn Fn(&str) -> String) -> bool {
        if self.name == entry.name {
            return true;
        }
        tool.table == drizzle::DRIZZLE.table
            && entry.checksum.as_ref().and_then(|c| self.is(tool, c, sha256)) == Some(true)
    }
}
