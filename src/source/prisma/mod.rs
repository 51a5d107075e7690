//! The Prisma Schema Language, for PostgreSQL: `schema.prisma` in, the SQL
//! out that Prisma itself would run on an empty database.
//!
//! What is valid for some Prisma from 5 to 7 is never refused; what is
//! invalid is told with its place and what to write instead. Each step leaves
//! off where the next would only repeat a mistake.

mod arguments;
mod check;
mod config;
mod ddl;
mod defaults;
pub mod files;
mod names;
mod native;
mod operators;
pub mod origins;
mod parse;
mod predicate;
mod relations;
mod resolve;
mod schema;
mod syntax;

#[cfg(test)]
mod tests;

pub use ddl::{Pairs, Script};

use syntax::Span;

/// Something that is wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Byte of the text.
    pub at: usize,
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

/// How a schema is to be taken.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The schema for what the text doesn't put in one.
    pub schema: &'a str,
    pub pairs: Pairs,
}

/// Reads a schema and writes its SQL. Errors: all mistakes, in the order of
/// the text.
pub fn read(text: &str, options: Options) -> Result<Script, Vec<Mistake>> {
    let mut mistakes = Mistakes::default();
    let result = steps(text, options, &mut mistakes);
    match result {
        Some(script) if mistakes.0.is_empty() => Ok(script),
        _ => {
            let mut all = mistakes.0;
            all.sort_by(|a, b| (a.at, &a.message).cmp(&(b.at, &b.message)));
            all.dedup();
            Err(all)
        }
    }
}

fn steps(text: &str, options: Options, mistakes: &mut Mistakes) -> Option<Script> {
    let file = parse::parse(text, &mut mistakes.0);
    let is_whole = mistakes.count() == 0;
    let datasource = config::read(&file, mistakes);
    let known = resolve::names(&file, mistakes);
    // A block that could not be read may be the type that is missing.
    let kinds = is_whole.then(|| resolve::field_kinds(&file, &known, mistakes))?;
    if mistakes.count() > 0 {
        return None;
    }
    let mut schema = resolve::resolve(&file, &kinds, datasource, mistakes);
    if mistakes.count() > 0 {
        return None;
    }
    resolve::name_indexes(&mut schema);
    if !relations::pair(&mut schema, mistakes) {
        return None;
    }
    check::check(&schema, mistakes);
    if mistakes.count() > 0 {
        return None;
    }
    Some(ddl::write(&schema, options.schema, options.pairs))
}

/// What was found wrong so far.
#[derive(Debug, Default)]
struct Mistakes(Vec<Mistake>);

impl Mistakes {
    fn say(&mut self, at: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.0.push(Mistake { at: at.from, message: message.into(), hint: hint.into() });
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

/// `a, b, c`.
fn list_of<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    items.join(", ")
}
