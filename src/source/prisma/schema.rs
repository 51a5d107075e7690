//! What a schema means: models with their columns and indexes, enums,
//! relations; every name as the database has it.

use super::native::Native;
use super::syntax::{Arity, Enum, Field, Model, Span, Value};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub struct Schema<'a> {
    pub datasource: Datasource,
    pub enums: Vec<EnumType<'a>>,
    pub models: Vec<ModelType<'a>>,
    pub relations: Vec<Relation>,
}

/// What the datasource and the generators say of the database.
#[derive(Debug, Default)]
pub struct Datasource {
    pub name: Option<String>,
    /// `schemas = […]`, sorted; none where the list is not there.
    pub schemas: Option<Vec<String>>,
    /// `relationMode = "prisma"`: no foreign keys in the database.
    pub emulates_keys: bool,
    pub extensions: Vec<Extension>,
    /// Preview features, in lower case.
    pub features: Vec<String>,
}

#[derive(Debug)]
pub struct Extension {
    pub name: String,
    pub schema: Option<String>,
    pub version: Option<String>,
    pub at: Span,
}

#[derive(Debug)]
pub struct EnumType<'a> {
    pub ast: &'a Enum<'a>,
    pub name: String,
    pub schema: Option<(String, Span)>,
    /// As the database has them, one a value.
    pub labels: Vec<String>,
    /// Values by their names in the schema.
    pub numbers: HashMap<&'a str, usize>,
}

#[derive(Debug)]
pub struct ModelType<'a> {
    pub ast: &'a Model<'a>,
    /// The table's name.
    pub name: String,
    pub mapped: Option<Span>,
    pub schema: Option<(String, Span)>,
    pub is_ignored: bool,
    pub columns: Vec<Column<'a>>,
    /// Columns by the names of their fields.
    pub numbers: HashMap<&'a str, usize>,
    pub relations: Vec<RelationField<'a>>,
    pub key: Option<Index>,
    pub indexes: Vec<Index>,
}

impl ModelType<'_> {
    /// The columns of each unique criterion: the key and every unique index.
    pub fn criteria(&self) -> impl Iterator<Item = &Index> {
        self.key.iter().chain(self.indexes.iter().filter(|i| i.kind == IndexKind::Unique))
    }

    pub fn kind(&self) -> &'static str {
        if self.ast.is_view { "view" } else { "model" }
    }
}

/// A field that is a column.
#[derive(Debug)]
pub struct Column<'a> {
    pub field: &'a Field<'a>,
    pub name: String,
    pub mapped: Option<Span>,
    pub kind: ColumnKind<'a>,
    /// `@db.…` is there.
    pub has_native: bool,
    pub is_ignored: bool,
    pub default: Option<Default<'a>>,
}

impl Column<'_> {
    pub fn arity(&self) -> Arity {
        self.field.arity
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ColumnKind<'a> {
    Scalar(Scalar, Native),
    Enum(usize),
    Unsupported(&'a str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    Int,
    BigInt,
    Float,
    Boolean,
    String,
    DateTime,
    Json,
    Bytes,
    Decimal,
}

impl Scalar {
    pub const ALL: [(&'static str, Scalar); 9] = [
        ("Int", Scalar::Int),
        ("BigInt", Scalar::BigInt),
        ("Float", Scalar::Float),
        ("Boolean", Scalar::Boolean),
        ("String", Scalar::String),
        ("DateTime", Scalar::DateTime),
        ("Json", Scalar::Json),
        ("Bytes", Scalar::Bytes),
        ("Decimal", Scalar::Decimal),
    ];

    pub fn of(name: &str) -> Option<Scalar> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, scalar)| *scalar)
    }

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, scalar)| *scalar == self).map_or("", |(name, _)| name)
    }
}

#[derive(Debug)]
pub enum Default<'a> {
    Now,
    Autoincrement,
    /// `dbgenerated("…")`: SQL as it stands.
    Generated(String, Span),
    Literal(&'a Value<'a>),
    /// The client makes the value, the database knows nothing of it.
    Client,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexKind {
    Key,
    Unique,
    Normal,
    Fulltext,
}

#[derive(Debug)]
pub struct Index {
    pub kind: IndexKind,
    pub columns: Vec<IndexColumn>,
    /// In the database.
    pub name: String,
    pub is_mapped: bool,
    /// In the client: `name: "…"`.
    pub client_name: Option<String>,
    pub algorithm: Algorithm,
    /// `where: …`, as SQL.
    pub predicate: Option<(String, Span)>,
    /// The attribute.
    pub at: Span,
    pub on_field: bool,
    pub has_length: bool,
    pub has_clustered: bool,
}

impl Index {
    /// How the attribute is written.
    pub fn attribute(&self) -> &'static str {
        match (self.kind, self.on_field) {
            (IndexKind::Key, true) => "@id",
            (IndexKind::Key, false) => "@@id",
            (IndexKind::Unique, true) => "@unique",
            (IndexKind::Unique, false) => "@@unique",
            (IndexKind::Normal, _) => "@@index",
            (IndexKind::Fulltext, _) => "@@fulltext",
        }
    }
}

#[derive(Debug)]
pub struct IndexColumn {
    /// Which of the model's columns.
    pub column: usize,
    pub descending: Option<bool>,
    pub operators: Option<Operators>,
}

#[derive(Debug)]
pub enum Operators {
    /// One that Prisma knows, by Prisma's name.
    Known(String),
    /// `raw("…")`.
    Raw(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    #[default]
    BTree,
    Hash,
    Gist,
    Gin,
    SpGist,
    Brin,
}

impl Algorithm {
    pub const ALL: [(&'static str, Algorithm); 6] = [
        ("BTree", Algorithm::BTree),
        ("Hash", Algorithm::Hash),
        ("Gist", Algorithm::Gist),
        ("Gin", Algorithm::Gin),
        ("SpGist", Algorithm::SpGist),
        ("Brin", Algorithm::Brin),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, a)| *a == self).map_or("", |(name, _)| name)
    }
}

/// A field that is no column but a relation.
#[derive(Debug)]
pub struct RelationField<'a> {
    pub field: &'a Field<'a>,
    pub to: usize,
    pub name: Option<String>,
    /// Columns of its own model.
    pub fields: Option<Vec<usize>>,
    /// Columns of the other.
    pub references: Option<Vec<usize>>,
    pub on_delete: Option<(Action, Span)>,
    pub on_update: Option<(Action, Span)>,
    pub map: Option<String>,
    pub is_ignored: bool,
    /// The attribute, or the field's name without one.
    pub at: Span,
}

/// What a foreign key does, by Prisma's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::enum_variant_names)]
pub enum Action {
    Cascade,
    Restrict,
    NoAction,
    SetNull,
    SetDefault,
}

impl Action {
    pub const ALL: [(&'static str, Action, &'static str); 5] = [
        ("Cascade", Action::Cascade, "CASCADE"),
        ("Restrict", Action::Restrict, "RESTRICT"),
        ("NoAction", Action::NoAction, "NO ACTION"),
        ("SetNull", Action::SetNull, "SET NULL"),
        ("SetDefault", Action::SetDefault, "SET DEFAULT"),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, action, _)| *action == self).map_or("", |(name, _, _)| name)
    }

    pub fn sql(self) -> &'static str {
        Self::ALL.iter().find(|(_, action, _)| *action == self).map_or("", |(_, _, sql)| sql)
    }
}

/// Two relation fields that belong together, by model and number of the
/// field in [`ModelType::relations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// A foreign key of `from`, seen from the other side as `back`.
    Key { from: (usize, usize), back: (usize, usize), to_one: bool },
    /// Lists on both sides: a table of pairs. `a` comes first in it.
    Pairs { a: (usize, usize), b: (usize, usize) },
}
