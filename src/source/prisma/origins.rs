//! From the database back to the schema: which model and field an object is.

use super::syntax::Span;
use std::collections::BTreeMap;

/// A place in a schema, by names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// A model or an enum.
    pub model: String,
    /// A field, or a value of an enum.
    pub field: Option<String>,
    /// Byte of the text.
    pub at: usize,
    /// Whether the client leaves it to the database to fill the field. Every
    /// other default it writes itself.
    pub filled: bool,
}

impl Origin {
    pub(super) fn model(model: &str, at: Span) -> Origin {
        Origin { model: model.to_owned(), field: None, at: at.from, filled: false }
    }

    pub(super) fn field(model: &str, field: &str, at: Span) -> Origin {
        Origin { field: Some(field.to_owned()), ..Origin::model(model, at) }
    }
}

/// Every object that a schema makes, by its name in the database: the schema
/// first, then the table where it is part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    pub tables: BTreeMap<Vec<String>, Origin>,
    pub columns: BTreeMap<Vec<String>, Origin>,
    pub enums: BTreeMap<Vec<String>, Origin>,
    pub labels: BTreeMap<Vec<String>, Origin>,
    pub indexes: BTreeMap<Vec<String>, Origin>,
    pub constraints: BTreeMap<Vec<String>, Origin>,
}

impl Origins {
    /// Where the object of a kind comes from; what the schema doesn't make
    /// itself is told by the table that it is part of.
    pub fn of(&self, kind: &str, name: &[String]) -> Option<&Origin> {
        let own = match kind {
            "column" => self.columns.get(name),
            "enum" => self.enums.get(name),
            "index" => self.indexes.get(name),
            "constraint" => self.constraints.get(name),
            _ => self.tables.get(name),
        };
        own.or_else(|| self.tables.get(name.get(..2)?))
    }
}
