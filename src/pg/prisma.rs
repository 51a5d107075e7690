//! Declarations in the Prisma Schema Language: their SQL is built like any
//! other, and what is wrong is told at its place in the schema.

use super::scratch::{self, Outcome, Trouble};
use super::sys::raise;
use crate::drift::Difference;
use crate::model::{Model, Severity};
use crate::source::prisma::files::{Place, place};
use crate::source::prisma::{self, Mistake, Options, Pairs};

/// The formats, and how each makes tables of pairs.
const FORMATS: [(&str, Pairs); 2] =
    [("prisma", Pairs::PrimaryKey), ("prisma5", Pairs::UniqueIndex)];

/// Whether a format is one of Prisma's.
pub fn is_format(format: &str) -> bool {
    FORMATS.iter().any(|(name, _)| *name == format)
}

/// `model User, field email (schema.prisma, line 12)` for each difference that
/// has a place in the schema; for what is only in the database that of its
/// table. A default that the client leaves to the database is an error to lose.
pub fn places(
    source: &str,
    format: &str,
    schemas: &[String],
    differences: &mut [Difference],
) -> Vec<Option<String>> {
    let Ok(script) = prisma::read(source, options(format, Some(schemas))) else {
        return vec![None; differences.len()];
    };
    differences
        .iter_mut()
        .map(|d| {
            let origin = script.origins.of(d.kind.name, &d.identity.parts)?;
            if origin.filled && d.attribute.as_deref() == Some("default") {
                d.severity = Severity::Error;
            }
            let Place { file, line, .. } = place(source, origin.at);
            let word = if d.kind.name == "enum" { "enum" } else { "model" };
            let mut text = format!("{word} {}", origin.model);
            if let Some(field) = &origin.field {
                text.push_str(&format!(", field {field}"));
            }
            let file = file.map(|f| format!("{f}, ")).unwrap_or_default();
            text.push_str(&format!(" ({file}line {line})"));
            Some(text)
        })
        .collect()
}

/// How a format is read. Prisma takes the schema for what isn't put in one
/// from the connection.
fn options<'a>(format: &str, schemas: Option<&'a [String]>) -> Options<'a> {
    let pairs = FORMATS.iter().find(|(name, _)| *name == format).map_or(FORMATS[0].1, |f| f.1);
    let schema = match schemas {
        Some([only]) => only.as_str(),
        _ => "public",
    };
    Options { schema, pairs }
}

/// Builds a schema. Raises SG004 with the file, line and column of what is
/// wrong with it.
pub fn build(source: &str, format: &str, schemas: Option<Vec<String>>) -> Model {
    let options = options(format, schemas.as_deref());
    let schema = options.schema.to_owned();
    let script = match prisma::read(source, options) {
        Ok(script) => script,
        Err(mistakes) => refuse_mistakes(source, &mistakes),
    };
    let mut made = script.schemas.clone();
    if made.is_empty() {
        made.push(schema);
    }
    if let Some(name) = schemas.iter().flatten().find(|name| !made.contains(name)) {
        raise("SG004", format!("the declared text has no schema \"{name}\""), None, None);
    }
    match scratch::build_declared(&script.sql, Some(schemas.unwrap_or(made))) {
        Outcome::Built { model, .. } => Model::from_json(&model).unwrap_or_else(|e| {
            raise("SG004", format!("the model that was built can't be read: {e}"), None, None)
        }),
        Outcome::Failed(trouble) => refuse_trouble(source, &script, trouble),
    }
}

fn refuse_mistakes(source: &str, mistakes: &[Mistake]) -> ! {
    const SHOWN: usize = 20;
    let Some(first) = mistakes.first() else {
        raise("SG004", "the declared schema could not be read", None, None)
    };
    let at = place(source, first.at);
    let mut detail = line_of(&at);
    if mistakes.len() > 1 {
        let count = mistakes.len() - 1;
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        detail.push_str(&format!("\nAnd {count} more {noun}:"));
        for mistake in mistakes[1..].iter().take(SHOWN) {
            let at = place(source, mistake.at);
            detail.push_str(&format!(
                "\n{}: {}. {}",
                where_it_is(&at),
                mistake.message,
                mistake.hint
            ));
        }
        if count > SHOWN {
            detail.push_str("\n…");
        }
    }
    raise(
        "SG004",
        format!("declared schema, {}: {}", where_it_is(&at), first.message),
        Some(detail),
        Some(first.hint.clone()),
    )
}

/// What the server said of the SQL, at the place in the schema that it comes
/// from.
fn refuse_trouble(source: &str, script: &prisma::Script, trouble: Trouble) -> ! {
    let failure = trouble.failure;
    let Some(byte) = trouble.at else {
        raise("SG004", failure.message, failure.detail, failure.hint)
    };
    let at = place(source, script.place_of(byte));
    let mut detail = line_of(&at);
    if failure.sqlstate != "SG004" {
        detail.push_str(&format!("\nSQLSTATE {}", failure.sqlstate));
    }
    if let Some(more) = failure.detail {
        detail.push_str(&format!("\n{more}"));
    }
    let before = script.sql.get(..byte).unwrap_or(&script.sql);
    if let Some(line) = script.sql.lines().nth(before.matches('\n').count()) {
        let line: String = line.trim().chars().take(120).collect();
        detail.push_str(&format!("\nPrisma's SQL for it: {line}"));
    }
    raise(
        "SG004",
        format!("declared schema, {}: {}", where_it_is(&at), failure.message),
        Some(detail),
        failure.hint,
    )
}

fn where_it_is(at: &Place) -> String {
    let file = at.file.as_ref().map(|file| format!("{file}, ")).unwrap_or_default();
    format!("{file}line {}, column {}", at.line, at.column)
}

fn line_of(at: &Place) -> String {
    let shown: String = at.text.chars().take(120).collect();
    format!("LINE {}: {shown}", at.line)
}
