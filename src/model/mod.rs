//! What a schema is: objects, each of a kind, with an identity and attributes.
//!
//! One object kind is one file of this room: the catalog query that reads it,
//! what its attributes mean, and the SQL that makes, drops or changes it.
//! Adding a kind is that file and its line in [`KINDS`].

pub mod deparsed;
pub mod facet;
pub mod like;
pub mod mend;
mod not_null;
pub mod sql;

mod access_method;
mod aggregate;
mod base_type;
mod cast;
mod collation;
pub(crate) mod column;
pub(crate) mod composite;
pub(crate) mod constraint;
mod conversion;
mod default_privileges;
mod domain;
mod enumeration;
mod event_trigger;
mod extension;
mod foreign_data_wrapper;
mod foreign_server;
mod foreign_table;
pub(crate) mod fragment;
mod function;
mod index;
mod language;
pub(crate) mod materialized_view;
mod operator;
mod operator_class;
mod operator_family;
pub(crate) mod partition_index;
mod policy;
mod procedure;
mod publication;
pub(crate) mod range;
pub(crate) mod routine;
mod rule;
mod schema;
pub(crate) mod sequence;
mod statistics;
mod subscription;
pub(crate) mod table;
mod text_search_configuration;
mod text_search_dictionary;
mod text_search_parser;
mod text_search_template;
mod transform;
mod trigger;
mod type_swap;
mod user_mapping;
mod view;

use std::fmt;

use serde::de::Error as _;
use serde::ser::{Error as _, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use mend::{Change, Mend, Side, Step};

/// Version of what the reader below puts into a model. A stored model of
/// another version has to be declared again: a newer reader isn't drift.
pub const READER: u32 = 8;

/// Every kind that is read and compared, in the order in which it is read.
pub static KINDS: &[&Kind] = &[
    &schema::KIND,
    &extension::KIND,
    &language::KIND,
    &access_method::KIND,
    &foreign_data_wrapper::KIND,
    &foreign_server::KIND,
    &user_mapping::KIND,
    &collation::KIND,
    &base_type::KIND,
    &enumeration::KIND,
    &composite::KIND,
    &range::KIND,
    &domain::KIND,
    &sequence::KIND,
    &table::KIND,
    &foreign_table::KIND,
    &column::KIND,
    &constraint::KIND,
    &index::KIND,
    &partition_index::KIND,
    &statistics::KIND,
    &function::KIND,
    &procedure::KIND,
    &aggregate::KIND,
    &operator::KIND,
    &operator_family::KIND,
    &operator_class::KIND,
    &cast::KIND,
    &transform::KIND,
    &conversion::KIND,
    &text_search_parser::KIND,
    &text_search_template::KIND,
    &text_search_dictionary::KIND,
    &text_search_configuration::KIND,
    &view::KIND,
    &materialized_view::KIND,
    &trigger::KIND,
    &rule::KIND,
    &policy::KIND,
    &default_privileges::KIND,
    &publication::KIND,
    &subscription::KIND,
    &event_trigger::KIND,
];

/// The kind of that name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|k| k.name == name).copied()
}

/// How much a difference matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    /// The word that `drift()` shows.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One attribute of a kind. Attributes whose name begins with `_` are not
/// declared: they help to mend and are never compared.
#[derive(Debug)]
pub struct Attribute {
    pub name: &'static str,
    pub severity: Severity,
    /// What is shown where the attribute isn't there.
    pub absent: Option<&'static str>,
    /// The attribute that this one belongs to: where that differs, this
    /// can't be otherwise and isn't shown.
    pub within: Option<&'static str>,
}

impl Attribute {
    pub(crate) const fn error(name: &'static str) -> Self {
        Attribute { name, severity: Severity::Error, absent: None, within: None }
    }

    pub(crate) const fn warning(name: &'static str) -> Self {
        Attribute { name, severity: Severity::Warning, absent: None, within: None }
    }

    pub(crate) const fn info(name: &'static str) -> Self {
        Attribute { name, severity: Severity::Info, absent: None, within: None }
    }

    pub(crate) const fn absent(self, shown: &'static str) -> Self {
        Attribute { absent: Some(shown), ..self }
    }

    pub(crate) const fn within(self, other: &'static str) -> Self {
        Attribute { within: Some(other), ..self }
    }
}

/// Where objects of a kind stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a schema, whose name is the first part of their identity.
    Schema,
    /// In the database as a whole.
    Database,
}

/// Where a row stands in the catalogs: catalog, row, column of a relation.
pub type Address = (u32, u32, i32);

/// An object kind: how it is read, what it says, how it is mended.
pub struct Kind {
    /// The name in a stored model.
    pub name: &'static str,
    /// PostgreSQL's word for it, shown by `drift()`.
    pub object_type: &'static str,
    /// The catalog whose rows are these objects.
    pub catalog: &'static str,
    /// What their rows have in relkind, typtype or prokind, where the catalog
    /// holds more kinds than this one; else empty.
    pub letters: &'static str,
    pub scope: Scope,
    /// The object as COMMENT ON and ALTER name it: `TABLE public.t`.
    pub sql_name: fn(&Object) -> String,
    /// The catalog query for a server's major version. `$1` is the array of
    /// schema names, `$2` the OIDs of the only rows wanted (for parts: those
    /// of their tables), null for all; columns are the identity (text[]), the
    /// arguments of a function (text), the attributes (JSON text), the row's
    /// OID and for a column its number. Where there are more columns, these
    /// are the attributes, but for those of [`deparsed`]. The order of the rows
    /// is the reader's.
    pub query: fn(u32) -> String,
    pub attributes: &'static [Attribute],
    pub missing: Severity,
    pub extra: Severity,
    /// Whether dropping it destroys data.
    pub drop_loses: bool,
    /// The object whose coming or going takes this one along.
    pub parent: fn(&Object) -> Option<Identity>,
    /// What makes the object, with all that is part of it on that side.
    pub create: fn(&Object, &Side) -> Vec<Step>,
    /// What drops the object.
    pub drop: fn(&Object, &Side) -> Mend,
    /// What gives an attribute its declared value.
    pub alter: fn(&Change) -> Mend,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.name == other.name
    }
}

/// What an object is called: its names from the schema down, and for
/// functions the types of their arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    pub parts: Vec<String>,
    pub args: Option<String>,
}

impl Identity {
    pub fn new<S: Into<String>>(parts: impl IntoIterator<Item = S>) -> Self {
        Identity { parts: parts.into_iter().map(Into::into).collect(), args: None }
    }

    /// The parts of an identity (without arguments) as [`Display`](fmt::Display)
    /// writes it.
    pub fn parts_shown(text: &str) -> Vec<String> {
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let quoted = rest.strip_prefix('"').and_then(|inner| {
                let mut part = String::new();
                let mut chars = inner.char_indices().peekable();
                while let Some((at, c)) = chars.next() {
                    match (c, chars.peek()) {
                        ('"', Some((_, '"'))) => {
                            chars.next();
                            part.push('"');
                        }
                        ('"', None | Some((_, '.'))) => {
                            // Without a dot it would not have been quoted.
                            return part.contains('.').then(|| (part, &inner[at + 1..]));
                        }
                        ('"', _) => return None,
                        (c, _) => part.push(c),
                    }
                }
                None
            });
            let (part, after) = quoted.unwrap_or_else(|| {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            });
            parts.push(part);
            match after.strip_prefix('.') {
                Some(more) => rest = more,
                None => return parts,
            }
        }
    }

    /// The first `n` parts.
    pub fn prefix(&self, n: usize) -> Identity {
        Identity { parts: self.parts[..n.min(self.parts.len())].to_vec(), args: None }
    }

    /// What has that name in the same schema: a constraint's index, a column's
    /// sequence.
    pub fn beside(&self, name: &str) -> Identity {
        let mut other = self.prefix(1);
        other.parts.push(name.to_owned());
        other
    }

    /// What has that name in it: a table's column, its constraint.
    pub fn part(&self, name: &str) -> Identity {
        let mut part = self.clone();
        part.parts.push(name.to_owned());
        part
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// The object as SQL names it.
    pub fn sql(&self) -> String {
        match &self.args {
            Some(args) => format!("{}({args})", sql::qualified(&self.parts)),
            None => sql::qualified(&self.parts),
        }
    }
}

/// As `drift()` and the record write it: parts joined by dots, quoted only
/// where they hold a dot themselves.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in self.parts.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            if part.contains('.') {
                write!(f, "\"{}\"", part.replace('"', "\"\""))?;
            } else {
                f.write_str(part)?;
            }
        }
        match &self.args {
            Some(args) => write!(f, "({args})"),
            None => Ok(()),
        }
    }
}

/// A JSON object as text: what is built by the server, by [`serde_json`], or
/// was checked when it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonObject(String);

impl JsonObject {
    pub fn get(&self) -> &str {
        &self.0
    }
}

/// One object.
#[derive(Debug)]
pub struct Object {
    pub kind: &'static Kind,
    pub identity: Identity,
    /// Kept as text: two objects whose texts are equal are equal, and only
    /// the others are ever parsed.
    pub attributes: JsonObject,
    /// Where it was read; none where it comes from a stored model.
    pub address: Option<Address>,
}

impl Object {
    /// An object from what a kind's query returns.
    pub fn read(
        kind: &'static Kind,
        parts: Vec<String>,
        args: Option<String>,
        attributes: String,
    ) -> Object {
        let attributes = JsonObject(attributes);
        Object { kind, identity: Identity { parts, args }, attributes, address: None }
    }

    /// The table, view … that the object is part of, or its own name.
    pub fn belongs_to(&self) -> Identity {
        self.identity.prefix(2)
    }

    /// Whether its attributes may say a name: a test that costs little.
    pub fn may_name(&self, name: &str) -> bool {
        // What JSON escapes isn't found.
        name.contains(|c: char| matches!(c, '"' | '\\') || c.is_control())
            || self.attributes.get().contains(name)
    }

    /// Gives it other attributes.
    pub fn set(&mut self, attrs: Attrs) {
        self.attributes =
            JsonObject(serde_json::to_string(&attrs.0).expect("attributes are plain data"));
    }

    /// The attributes, parsed.
    pub fn attrs(&self) -> Attrs {
        Attrs(serde_json::from_str(self.attributes.get()).unwrap_or_default())
    }
}

/// Parsed attributes of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attrs(pub Map<String, Value>);

impl Attrs {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A boolean that is left out where it is false.
    pub fn is(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Bool(true))
    }

    /// All texts in it, to look for names of other objects; the byte between
    /// them ends what a quote in a bare name seems to begin.
    pub fn texts(&self) -> String {
        fn collect(value: &Value, out: &mut String) {
            match value {
                Value::String(s) => {
                    out.push_str(s);
                    out.push('\0');
                }
                Value::Array(list) => list.iter().for_each(|v| collect(v, out)),
                Value::Object(map) => map.values().for_each(|v| collect(v, out)),
                _ => {}
            }
        }
        let mut out = String::new();
        self.0.values().for_each(|v| collect(v, &mut out));
        out
    }

    /// Anything as the text that SQL would have for it.
    pub fn shown(&self, name: &str) -> Option<String> {
        self.get(name).map(show)
    }

    pub fn list(&self, name: &str) -> Vec<String> {
        strings(self.get(name))
    }

    /// A value in an attribute that is a JSON object.
    pub fn within(&self, name: &str, key: &str) -> Option<&Value> {
        self.get(name)?.as_object()?.get(key)
    }

    /// The keys under which an attribute that is a JSON object says something
    /// else than in other attributes.
    pub fn differing<'a>(
        &'a self,
        name: &'a str,
        other: &'a Attrs,
    ) -> impl Iterator<Item = &'a str> {
        let keys =
            |attrs: &'a Attrs| attrs.get(name).and_then(Value::as_object).into_iter().flatten();
        let gone = keys(other).filter(move |(k, _)| self.within(name, k).is_none());
        let other_has = move |k: &str, v: &Value| other.within(name, k) == Some(v);
        let said = keys(self).filter(move |(k, v)| !other_has(k, v));
        gone.chain(said).map(|(k, _)| k.as_str())
    }

    /// A name kept as the array of its parts.
    pub fn identity(&self, name: &str) -> Option<Identity> {
        self.get(name).and_then(as_identity)
    }

    /// Names kept as arrays of their parts.
    pub fn identities(&self, name: &str) -> Vec<Identity> {
        match self.get(name) {
            Some(Value::Array(list)) => list.iter().filter_map(as_identity).collect(),
            _ => Vec::new(),
        }
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(list)) => {
            list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    }
}

/// A name is kept as `{"name": ["schema", "table"]}`, so that it can't be
/// taken for a list of words.
fn as_identity(value: &Value) -> Option<Identity> {
    let parts = strings(value.as_object()?.get("name"));
    (!parts.is_empty()).then_some(Identity { parts, args: None })
}

/// A value as `drift()` shows it.
pub fn show(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(s) => s.clone(),
        Value::Array(list) => list.iter().map(show).collect::<Vec<_>>().join(", "),
        Value::Object(map) => match as_identity(value) {
            Some(identity) => identity.to_string(),
            None => map
                .iter()
                .map(|(k, v)| format!("{} {}", k.replace('_', " "), show(v)))
                .collect::<Vec<_>>()
                .join(", "),
        },
    }
}

/// A schema: what `snapshot()` returns and what is stored for a declared one.
#[derive(Debug, Serialize)]
pub struct Model {
    /// Version of the reader that made it.
    pub reader: u32,
    /// Major version of the server that it was read from.
    pub server: u32,
    /// The schemas that it speaks of, whether they exist or not.
    pub schemas: Vec<String>,
    /// By kind and name; columns of a table stand in their order.
    #[serde(serialize_with = "objects")]
    pub objects: Vec<Object>,
}

#[derive(Serialize)]
struct ObjectOut<'a> {
    kind: &'static str,
    identity: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<&'a str>,
    attributes: &'a RawValue,
}

fn objects<S: Serializer>(objects: &[Object], serializer: S) -> Result<S::Ok, S::Error> {
    let mut seq = serializer.serialize_seq(Some(objects.len()))?;
    for object in objects {
        let attributes = serde_json::from_str(object.attributes.get()).map_err(S::Error::custom)?;
        seq.serialize_element(&ObjectOut {
            kind: object.kind.name,
            identity: &object.identity.parts,
            args: object.identity.args.as_deref(),
            attributes,
        })?;
    }
    seq.end()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelIn {
    reader: u32,
    server: u32,
    schemas: Vec<String>,
    objects: Vec<Object>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ObjectIn {
    kind: String,
    identity: Vec<String>,
    #[serde(default)]
    args: Option<String>,
    attributes: Box<RawValue>,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        let read = ObjectIn::deserialize(deserializer)?;
        let kind = kind(&read.kind)
            .ok_or_else(|| D::Error::custom(format!("unknown object kind \"{}\"", read.kind)))?;
        // A cast has no name, only what it goes from and to.
        if read.identity.is_empty() && read.args.is_none()
            || read.identity.iter().any(String::is_empty)
        {
            return Err(D::Error::custom(format!("a {} without a name", read.kind)));
        }
        if !read.attributes.get().trim_start().starts_with('{') {
            return Err(D::Error::custom(format!(
                "the attributes of {} {} are no JSON object",
                read.kind,
                read.identity.join(".")
            )));
        }
        Ok(Object {
            kind,
            identity: Identity { parts: read.identity, args: read.args },
            attributes: JsonObject(read.attributes.get().to_owned()),
            address: None,
        })
    }
}

/// Why a text isn't a model.
#[derive(Debug)]
pub struct ModelError(pub String);

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ModelError {}

impl Model {
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a model is plain data")
    }

    /// Reads what [`Model::to_json`] or `snapshot()` wrote. The message of an
    /// error names line and column.
    pub fn from_json(text: &str) -> Result<Model, ModelError> {
        let read: ModelIn = serde_json::from_str(text).map_err(|e| ModelError(e.to_string()))?;
        if read.reader > READER {
            return Err(ModelError(format!(
                "the model was written by a newer schemaguard (reader {}, this one is {READER})",
                read.reader
            )));
        }
        Ok(Model {
            reader: read.reader,
            server: read.server,
            schemas: read.schemas,
            objects: read.objects,
        })
    }
}

pub use column::name_sequence;
pub use composite::rename_attribute;
pub use not_null::{name as not_null_constraint, rename as name_not_null};
pub use partition_index::name_root;
pub use range::name_constructor;

/// What gives an object another name of its own.
pub fn rename(object: &Object, to: &str) -> String {
    match object.kind.name {
        "column" => column::rename(object, to),
        "constraint" => constraint::rename(object, to),
        _ => format!("ALTER {} RENAME TO {}", (object.kind.sql_name)(object), sql::ident(to)),
    }
}

pub(crate) fn no_parent(_: &Object) -> Option<Identity> {
    None
}

/// Parent of what is named under its table.
pub(crate) fn by_name(object: &Object) -> Option<Identity> {
    Some(object.identity.prefix(2))
}

/// `TABLE public.t`: what most kinds are called.
pub(crate) fn named(object: &Object) -> String {
    format!("{} {}", object.kind.object_type.to_uppercase(), object.identity.sql())
}

/// `TRIGGER t ON public.t`.
pub(crate) fn named_on(object: &Object) -> String {
    format!(
        "{} {} ON {}",
        object.kind.object_type.to_uppercase(),
        sql::ident(object.identity.name()),
        object.identity.prefix(2).sql()
    )
}

#[cfg(test)]
mod tests;
