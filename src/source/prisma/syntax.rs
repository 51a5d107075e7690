//! What is written in a schema, block by block. Every part knows where it
//! stands: bytes of the whole text.

use std::fmt;

/// Bytes of the text, from and up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub from: usize,
    pub to: usize,
}

/// A word of the text.
#[derive(Debug, Clone, Copy)]
pub struct Word<'a> {
    pub text: &'a str,
    pub at: Span,
}

#[derive(Debug, Default)]
pub struct File<'a> {
    pub datasources: Vec<Config<'a>>,
    pub generators: Vec<Config<'a>>,
    pub models: Vec<Model<'a>>,
    pub enums: Vec<Enum<'a>>,
    /// Composite types: only MongoDB has them.
    pub types: Vec<Word<'a>>,
}

/// A datasource or a generator.
#[derive(Debug)]
pub struct Config<'a> {
    pub name: Word<'a>,
    pub properties: Vec<Property<'a>>,
}

#[derive(Debug)]
pub struct Property<'a> {
    pub name: Word<'a>,
    pub value: Option<Value<'a>>,
    pub at: Span,
}

/// A model or a view.
#[derive(Debug)]
pub struct Model<'a> {
    pub name: Word<'a>,
    pub is_view: bool,
    pub fields: Vec<Field<'a>>,
    pub attributes: Vec<Attribute<'a>>,
}

#[derive(Debug)]
pub struct Field<'a> {
    pub name: Word<'a>,
    pub type_name: TypeName<'a>,
    pub arity: Arity,
    pub attributes: Vec<Attribute<'a>>,
}

#[derive(Debug)]
pub enum TypeName<'a> {
    Named(Word<'a>),
    /// What stands in the quotes of `Unsupported("…")`.
    Unsupported(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    Required,
    Optional,
    List,
}

#[derive(Debug)]
pub struct Enum<'a> {
    pub name: Word<'a>,
    pub values: Vec<EnumValue<'a>>,
    pub attributes: Vec<Attribute<'a>>,
}

#[derive(Debug)]
pub struct EnumValue<'a> {
    pub name: Word<'a>,
    pub attributes: Vec<Attribute<'a>>,
}

/// `@name(…)` of a field, or `@@name(…)` of a block.
#[derive(Debug)]
pub struct Attribute<'a> {
    pub name: Word<'a>,
    pub arguments: Arguments<'a>,
    pub at: Span,
}

#[derive(Debug, Default)]
pub struct Arguments<'a> {
    pub list: Vec<Argument<'a>>,
    /// `name:` with nothing behind it.
    pub without_value: Vec<Word<'a>>,
    pub trailing_comma: Option<Span>,
}

#[derive(Debug)]
pub struct Argument<'a> {
    pub name: Option<Word<'a>>,
    pub value: Value<'a>,
    pub at: Span,
}

#[derive(Debug)]
pub enum Value<'a> {
    Number(Word<'a>),
    Text(String, Span),
    Constant(Word<'a>),
    Call(Word<'a>, Arguments<'a>, Span),
    Array(Vec<Value<'a>>, Span),
    Object(Vec<(Word<'a>, Value<'a>)>, Span),
}

impl Value<'_> {
    pub fn at(&self) -> Span {
        match self {
            Value::Number(w) | Value::Constant(w) => w.at,
            Value::Text(_, at)
            | Value::Call(_, _, at)
            | Value::Array(_, at)
            | Value::Object(_, at) => *at,
        }
    }
}

/// As a message shows it: what kind of value, and the value.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(w) => write!(f, "the number {}", w.text),
            Value::Text(text, _) => write!(f, "the text \"{text}\""),
            Value::Constant(w) => write!(f, "the word {}", w.text),
            Value::Call(name, _, _) => write!(f, "{}(…)", name.text),
            Value::Array(_, _) => f.write_str("a list"),
            Value::Object(_, _) => f.write_str("an object"),
        }
    }
}
