//! From blocks to what they mean: names, types, attributes, each looked at
//! for itself.

use super::arguments::{Attributes, Visit, constant, items, text};
use super::defaults;
use super::native::{self, Native};
use super::predicate;
use super::schema::*;
use super::syntax::*;
use super::{Mistakes, list_of, names};
use std::collections::HashMap;

/// What the names of a schema stand for.
pub struct Known<'a> {
    models: HashMap<&'a str, usize>,
    enums: HashMap<&'a str, usize>,
    /// Composite types, of which it has been said that there are none.
    types: Vec<&'a str>,
}

/// Looks at every name. Names that can't be used are said.
pub fn names<'a>(file: &'a File<'a>, mistakes: &mut Mistakes) -> Known<'a> {
    let mut known = Known { models: HashMap::new(), enums: HashMap::new(), types: Vec::new() };
    let mut taken: HashMap<&str, &str> = HashMap::new();
    let mut tops: Vec<(Word, &'static str)> = Vec::new();
    for (number, model) in file.models.iter().enumerate() {
        let kind = if model.is_view { "view" } else { "model" };
        tops.push((model.name, kind));
        known.models.entry(model.name.text).or_insert(number);
        attribute_names(&model.attributes, mistakes);
        let mut seen = std::collections::HashSet::new();
        for field in &model.fields {
            identifier(field.name, "field", mistakes);
            attribute_names(&field.attributes, mistakes);
            if !seen.insert(field.name.text) {
                mistakes.say(
                    field.name.at,
                    format!("{kind} {} has two fields {}", model.name.text, field.name.text),
                    "Give one of them another name; @map(\"…\") keeps its column.",
                );
            }
        }
    }
    for (number, one) in file.enums.iter().enumerate() {
        tops.push((one.name, "enum"));
        known.enums.entry(one.name.text).or_insert(number);
        attribute_names(&one.attributes, mistakes);
        let mut seen = std::collections::HashSet::new();
        for value in &one.values {
            identifier(value.name, "value", mistakes);
            attribute_names(&value.attributes, mistakes);
            if !seen.insert(value.name.text) {
                mistakes.say(
                    value.name.at,
                    format!("enum {} has the value {} twice", one.name.text, value.name.text),
                    "Keep one.",
                );
            }
        }
        if one.values.is_empty() {
            mistakes.say(
                one.name.at,
                format!("enum {} has no value", one.name.text),
                "Write its values, one a line.",
            );
        }
    }
    for name in &file.types {
        tops.push((*name, "type"));
        known.types.push(name.text);
        mistakes.say(
            name.at,
            format!("type {} is a composite type, and PostgreSQL has none in Prisma", name.text),
            "Use a Json field, or a model of its own.",
        );
    }
    tops.sort_by_key(|(name, _)| name.at.from);
    for (name, kind) in tops {
        identifier(name, kind, mistakes);
        if Scalar::of(name.text).is_some() {
            mistakes.say(
                name.at,
                format!("{} is a type of Prisma's own", name.text),
                format!(
                    "Give the {kind} another name; @@map(\"…\") keeps its name in the database."
                ),
            );
        } else if RESERVED.contains(&name.text) {
            mistakes.say(
                name.at,
                format!("{} is a word that the Prisma client can't use as a name", name.text),
                format!(
                    "Give the {kind} another name; @@map(\"…\") keeps its name in the database."
                ),
            );
        }
        if let Some(other) = taken.insert(name.text, kind) {
            mistakes.say(
                name.at,
                format!("there is already a {other} called {}", name.text),
                format!("Give this {kind} another name."),
            );
        }
    }
    for (blocks, kind) in [(&file.datasources, "datasource"), (&file.generators, "generator")] {
        let mut seen = std::collections::HashSet::new();
        for block in blocks.iter() {
            if Scalar::of(block.name.text).is_some() {
                mistakes.say(
                    block.name.at,
                    format!("{} is a type of Prisma's own", block.name.text),
                    format!("Give the {kind} another name."),
                );
            }
            if !seen.insert(block.name.text) {
                mistakes.say(
                    block.name.at,
                    format!("there is already a {kind} called {}", block.name.text),
                    "Give one of them another name.",
                );
            }
        }
    }
    known
}

/// Names that a client in JavaScript can't have.
const RESERVED: [&str; 48] = [
    "PrismaClient",
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "using",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

fn identifier(name: Word, what: &str, mistakes: &mut Mistakes) {
    let wrong = if name.text.starts_with(char::is_numeric) {
        "begins with a digit"
    } else if name.text.contains('-') {
        "has a dash in it"
    } else {
        return;
    };
    mistakes.say(
        name.at,
        format!("the name of {what} {} {wrong}", name.text),
        "Begin with a letter; use letters, digits and underscores.",
    );
}

fn attribute_names(attributes: &[Attribute], mistakes: &mut Mistakes) {
    for attribute in attributes {
        identifier(attribute.name, "attribute", mistakes);
    }
}

/// What a field's type is.
pub enum FieldKind<'a> {
    Column(ColumnKind<'a>),
    Relation(usize),
}

/// Looks at every field's type and says those that are not known.
pub fn field_kinds<'a>(
    file: &'a File<'a>,
    known: &Known<'a>,
    mistakes: &mut Mistakes,
) -> Vec<Vec<Option<FieldKind<'a>>>> {
    let mut kind_of = |field: &'a Field<'a>| {
        let name = match &field.type_name {
            TypeName::Unsupported(text) => {
                return Some(FieldKind::Column(ColumnKind::Unsupported(text)));
            }
            TypeName::Named(name) => name,
        };
        if let Some(scalar) = Scalar::of(name.text) {
            return Some(FieldKind::Column(ColumnKind::Scalar(scalar, Native::usual(scalar))));
        }
        if let Some(model) = known.models.get(name.text) {
            return Some(FieldKind::Relation(*model));
        }
        if let Some(one) = known.enums.get(name.text) {
            return Some(FieldKind::Column(ColumnKind::Enum(*one)));
        }
        if known.types.contains(&name.text) {
            return None;
        }
        let near = Scalar::ALL
            .iter()
            .map(|(scalar, _)| *scalar)
            .chain(known.models.keys().copied())
            .chain(known.enums.keys().copied())
            .find(|other| other.eq_ignore_ascii_case(name.text));
        let hint = match near {
            Some(near) => format!("Write {near}."),
            None => format!(
                "There are: {}, the models and enums of the schema, and Unsupported(\"…\") for any other type of the server.",
                list_of(&Scalar::ALL.map(|(name, _)| name.to_owned()))
            ),
        };
        mistakes.say(
            name.at,
            format!("field {} has a type that is not known: {}", field.name.text, name.text),
            hint,
        );
        None
    };
    file.models.iter().map(|model| model.fields.iter().map(&mut kind_of).collect()).collect()
}

/// Reads the whole file, whose names and types are known.
pub fn resolve<'a>(
    file: &'a File<'a>,
    kinds: &[Vec<Option<FieldKind<'a>>>],
    datasource: Datasource,
    mistakes: &mut Mistakes,
) -> Schema<'a> {
    let mut schema = Schema { datasource, ..Schema::default() };
    schema.enums = file.enums.iter().map(|one| enum_type(one, mistakes)).collect();
    // Fields first: attributes of one model name columns of another.
    for (model, kinds) in file.models.iter().zip(kinds) {
        let mut columns = Vec::new();
        let mut relations = Vec::new();
        for (field, kind) in model.fields.iter().zip(kinds) {
            match kind {
                Some(FieldKind::Column(kind)) => columns.push(Column {
                    field,
                    name: field.name.text.to_owned(),
                    mapped: None,
                    kind: *kind,
                    has_native: false,
                    is_ignored: false,
                    default: None,
                }),
                Some(FieldKind::Relation(to)) => {
                    relations.push(RelationField {
                        field,
                        to: *to,
                        name: None,
                        fields: None,
                        references: None,
                        on_delete: None,
                        on_update: None,
                        map: None,
                        is_ignored: false,
                        at: field.name.at,
                    });
                }
                None => {}
            }
        }
        schema.models.push(ModelType {
            ast: model,
            name: model.name.text.to_owned(),
            mapped: None,
            schema: None,
            is_ignored: false,
            numbers: columns.iter().map(|c| c.field.name.text).zip(0..).collect(),
            columns,
            relations,
            key: None,
            indexes: Vec::new(),
        });
    }
    for number in 0..schema.models.len() {
        for relation in 0..schema.models[number].relations.len() {
            relation_attributes(&mut schema, number, relation, mistakes);
        }
        for column in 0..schema.models[number].columns.len() {
            column_attributes(&mut schema, number, column, mistakes);
        }
        model_attributes(&mut schema, number, mistakes);
    }
    schema
}

fn enum_type<'a>(one: &'a Enum<'a>, mistakes: &mut Mistakes) -> EnumType<'a> {
    let mut labels = Vec::new();
    for value in &one.values {
        let mut attributes = Attributes::new(&value.attributes, "@", &["map"]);
        let mapped = attributes.one("map", mistakes).and_then(|visit| map_name(visit, mistakes));
        attributes.finish(mistakes);
        labels.push(mapped.unwrap_or_else(|| value.name.text.to_owned()));
    }
    let mut attributes = Attributes::new(&one.attributes, "@@", &["map", "schema"]);
    let mapped = attributes.one("map", mistakes).and_then(|visit| map_name(visit, mistakes));
    let schema = attributes.one("schema", mistakes).and_then(|visit| schema_name(visit, mistakes));
    attributes.finish(mistakes);
    EnumType {
        ast: one,
        name: mapped.unwrap_or_else(|| one.name.text.to_owned()),
        schema,
        labels,
        numbers: one.values.iter().map(|v| v.name.text).zip(0..).collect(),
    }
}

/// `@map("…")`.
fn map_name(mut visit: Visit, mistakes: &mut Mistakes) -> Option<String> {
    let example = format!("{}(\"name_in_the_database\")", visit.written());
    let name = visit.need_first("name", &example, mistakes).and_then(|value| text(value, mistakes));
    visit.finish(mistakes);
    name
}

fn schema_name(mut visit: Visit, mistakes: &mut Mistakes) -> Option<(String, Span)> {
    let name = visit
        .need_first("map", "@@schema(\"public\")", mistakes)
        .and_then(|value| text(value, mistakes).map(|name| (name, value.at())));
    visit.finish(mistakes);
    name
}

fn no_arguments(visit: Visit, mistakes: &mut Mistakes) {
    visit.finish(mistakes);
}

fn column_attributes(schema: &mut Schema, model: usize, number: usize, mistakes: &mut Mistakes) {
    const KNOWN: &[&str] = &["id", "unique", "default", "map", "ignore", "updatedAt", "db.…"];
    let field = schema.models[model].columns[number].field;
    let kind = schema.models[model].columns[number].kind;
    let is_list = field.arity == Arity::List;
    let mut attributes = Attributes::new(&field.attributes, "@", KNOWN);
    if let Some(visit) = attributes.one("map", mistakes) {
        let at = visit.at();
        if let Some(name) = map_name(visit, mistakes) {
            let column = &mut schema.models[model].columns[number];
            column.name = name;
            column.mapped = Some(at);
        }
    }
    if let Some(visit) = attributes.one("ignore", mistakes) {
        if matches!(kind, ColumnKind::Unsupported(_)) {
            mistakes.say(
                visit.at(),
                "the client ignores a field of an unsupported type anyway",
                "Take @ignore away.",
            );
        }
        schema.models[model].columns[number].is_ignored = true;
        no_arguments(visit, mistakes);
    }
    if let Some(visit) = attributes.one("relation", mistakes) {
        mistakes.say(
            visit.at(),
            format!("field {} is no relation: its type is not a model", field.name.text),
            "Put @relation on the field whose type is the other model.",
        );
    }
    if let Some(mut visit) = attributes.one("id", mistakes) {
        let at = visit.at();
        if schema.models[model].key.is_some() {
            mistakes.say(
                at,
                format!("model {} has two ids", schema.models[model].ast.name.text),
                "Keep one @id, or write @@id([a, b]) for an id of several fields.",
            );
        } else {
            let map = visit.take_map(mistakes);
            let mut index = Index {
                kind: IndexKind::Key,
                columns: Vec::new(),
                is_mapped: map.is_some(),
                name: map.unwrap_or_default(),
                client_name: None,
                algorithm: Algorithm::BTree,
                predicate: None,
                at,
                on_field: true,
                has_length: visit.take("length").is_some(),
                has_clustered: false,
            };
            let descending = sort(visit.take("sort"), mistakes);
            index.columns.push(IndexColumn { column: number, descending, operators: None });
            index.has_clustered = visit.take("clustered").is_some();
            visit.finish(mistakes);
            schema.models[model].key = Some(index);
        }
    }
    if let Some(visit) = attributes.one("updatedAt", mistakes) {
        if !matches!(kind, ColumnKind::Scalar(Scalar::DateTime, _)) || is_list {
            mistakes.say(
                visit.at(),
                "@updatedAt is for a field of type DateTime",
                "Make the field a DateTime, or take @updatedAt away.",
            );
        }
        no_arguments(visit, mistakes);
    }
    if let Some(visit) = attributes.one("default", mistakes) {
        let default = defaults::read(visit, field, kind, schema, mistakes);
        schema.models[model].columns[number].default = default;
    }
    if let ColumnKind::Scalar(scalar, _) = kind
        && let Some(attribute) = attributes.native(mistakes)
        && let Some(native) =
            native_type(attribute, scalar, schema.datasource.name.as_deref(), mistakes)
    {
        let column = &mut schema.models[model].columns[number];
        column.kind = ColumnKind::Scalar(scalar, native);
        column.has_native = true;
    }
    if let Some(mut visit) = attributes.one("unique", mistakes) {
        let at = visit.at();
        let map = visit.take_map(mistakes);
        let has_length = visit.take("length").is_some();
        let descending = sort(visit.take("sort"), mistakes);
        let has_clustered = visit.take("clustered").is_some();
        let predicate = visit.take("where");
        visit.finish(mistakes);
        let predicate = predicate.and_then(|value| predicate::read(value, schema, model, mistakes));
        schema.models[model].indexes.push(Index {
            kind: IndexKind::Unique,
            columns: vec![IndexColumn { column: number, descending, operators: None }],
            is_mapped: map.is_some(),
            name: map.unwrap_or_default(),
            client_name: None,
            algorithm: Algorithm::BTree,
            predicate,
            at,
            on_field: true,
            has_length,
            has_clustered,
        });
    }
    attributes.finish(mistakes);
}

fn native_type(
    attribute: &Attribute,
    scalar: Scalar,
    datasource: Option<&str>,
    mistakes: &mut Mistakes,
) -> Option<Native> {
    let (scope, name) = attribute.name.text.split_once('.')?;
    if let Some(datasource) = datasource
        && scope != datasource
    {
        mistakes.say(
            attribute.at,
            format!("@{scope}. is not the name of the datasource"),
            format!("Write @{datasource}.{name}."),
        );
    }
    let Some(kind) = native::named(name) else {
        let hint = match native::names_for(scalar).iter().find(|n| n.eq_ignore_ascii_case(name)) {
            Some(near) => format!("Write @{scope}.{near}."),
            None => {
                let all: Vec<String> =
                    native::names_for(scalar).iter().map(|n| (*n).to_owned()).collect();
                format!("For {} there are: {}.", scalar.name(), list_of(&all))
            }
        };
        mistakes.say(attribute.at, format!("there is no native type {name}"), hint);
        return None;
    };
    let arguments: Vec<String> = attribute
        .arguments
        .list
        .iter()
        .map(|argument| match &argument.value {
            Value::Number(number) => number.text.to_owned(),
            other => other.to_string(),
        })
        .collect();
    if kind.scalar != scalar {
        let all: Vec<String> = native::names_for(scalar).iter().map(|n| (*n).to_owned()).collect();
        mistakes.say(
            attribute.at,
            format!(
                "native type {name} is for {}, and the field is {}",
                kind.scalar.name(),
                scalar.name()
            ),
            format!(
                "Make the field {}; for {} there are: {}.",
                kind.scalar.name(),
                scalar.name(),
                list_of(&all)
            ),
        );
        return None;
    }
    kind.with(&arguments).map_err(|(message, hint)| mistakes.say(attribute.at, message, hint)).ok()
}

fn sort(value: Option<&Value>, mistakes: &mut Mistakes) -> Option<bool> {
    let value = value?;
    match constant(value, mistakes)?.text {
        "Asc" => Some(false),
        "Desc" => Some(true),
        other => {
            mistakes.say(value.at(), format!("{other} is no order"), "Write Asc or Desc.");
            None
        }
    }
}

fn relation_attributes(schema: &mut Schema, model: usize, number: usize, mistakes: &mut Mistakes) {
    const KNOWN: &[&str] = &["relation", "ignore"];
    let relation = &schema.models[model].relations[number];
    let (field, to) = (relation.field, relation.to);
    let mut attributes = Attributes::new(&field.attributes, "@", KNOWN);
    if let Some(mut visit) = attributes.one("relation", mistakes) {
        let at = visit.at();
        let fields = visit
            .take("fields")
            .map(|value| plain_columns(value, "fields", &schema.models[model], mistakes));
        let references = visit
            .take("references")
            .map(|value| plain_columns(value, "references", &schema.models[to], mistakes));
        let name = visit.take_first("name", mistakes).and_then(|value| {
            let name = text(value, mistakes)?;
            if name.is_empty() {
                mistakes.say(
                    value.at(),
                    "the name of a relation is empty",
                    "Write a name, or leave it out.",
                );
                return None;
            }
            Some(name)
        });
        let on_delete = visit.take("onDelete").and_then(|value| action(value, mistakes));
        let on_update = visit.take("onUpdate").and_then(|value| action(value, mistakes));
        let map = visit.take_map(mistakes);
        visit.finish(mistakes);
        let relation = &mut schema.models[model].relations[number];
        relation.at = at;
        relation.fields = fields;
        relation.references = references;
        relation.name = name;
        relation.on_delete = on_delete;
        relation.on_update = on_update;
        relation.map = map;
    }
    if let Some(visit) = attributes.one("ignore", mistakes) {
        schema.models[model].relations[number].is_ignored = true;
        no_arguments(visit, mistakes);
    }
    for (wrong, hint) in [
        ("id", "Put @id on the column that holds the reference."),
        ("unique", "Put @unique on the column that holds the reference."),
        ("default", "Put @default on the column that holds the reference."),
        (
            "map",
            "Put @map on the column that holds the reference; the foreign key is named by @relation(map: \"…\").",
        ),
    ] {
        if let Some(visit) = attributes.one(wrong, mistakes) {
            mistakes.say(
                visit.at(),
                format!("field {} is a relation, no column: it takes no @{wrong}", field.name.text),
                hint,
            );
        }
    }
    attributes.finish(mistakes);
}

fn action(value: &Value, mistakes: &mut Mistakes) -> Option<(Action, Span)> {
    let word = constant(value, mistakes)?;
    let found = Action::ALL.iter().find(|(name, _, _)| *name == word.text);
    if found.is_none() {
        mistakes.say(
            word.at,
            format!("{} is no referential action", word.text),
            format!("Write one of: {}.", list_of(&Action::ALL.map(|(name, _, _)| name.to_owned()))),
        );
    }
    found.map(|(_, action, _)| (*action, word.at))
}

/// As many columns as a table can have.
const MOST_FIELDS: usize = 1600;

/// The items of a list of fields.
fn fields_of<'a>(value: &'a Value<'a>, mistakes: &mut Mistakes) -> Vec<&'a Value<'a>> {
    let mut all = items(value);
    if all.len() > MOST_FIELDS {
        mistakes.say(
            value.at(),
            format!("{} fields are more than a table has", all.len()),
            "Name every field once.",
        );
        all.clear();
    }
    all
}

/// The columns that `fields: […]` or `references: […]` names.
fn plain_columns(
    value: &Value,
    argument: &str,
    model: &ModelType,
    mistakes: &mut Mistakes,
) -> Vec<usize> {
    let mut columns = Vec::new();
    let before = mistakes.count();
    for item in fields_of(value, mistakes) {
        let Some(word) = constant(item, mistakes) else { continue };
        if let Some(column) = column_named(word, argument, model, mistakes) {
            if columns.contains(&column) {
                mistakes.say(
                    word.at,
                    format!("field {} is here twice", word.text),
                    "Name every field once.",
                );
            }
            columns.push(column);
        }
    }
    if mistakes.count() > before { Vec::new() } else { columns }
}

fn column_named(
    word: Word,
    place: &str,
    model: &ModelType,
    mistakes: &mut Mistakes,
) -> Option<usize> {
    if let Some(found) = model.numbers.get(word.text) {
        return Some(*found);
    }
    let name = model.ast.name.text;
    if let Some(relation) = model.relations.iter().find(|r| r.field.name.text == word.text) {
        let own: Vec<String> = relation
            .fields
            .iter()
            .flatten()
            .map(|c| model.columns[*c].field.name.text.to_owned())
            .collect();
        let hint = if own.is_empty() {
            "Name fields that are columns.".to_owned()
        } else {
            format!("Its column is {}.", list_of(&own))
        };
        mistakes.say(
            word.at,
            format!("{place} names {}, which is a relation and no column", word.text),
            hint,
        );
        return None;
    }
    // A table of more columns can't be anyway, and looking takes its time.
    let all: Vec<&str> = if model.columns.len() <= MOST_FIELDS {
        model.columns.iter().map(|c| c.field.name.text).collect()
    } else {
        Vec::new()
    };
    let near = all.iter().find(|c| c.eq_ignore_ascii_case(word.text));
    let hint = match near {
        Some(near) => format!("Write {near}."),
        None if (1..=12).contains(&all.len()) => format!("It has: {}.", list_of(&all)),
        None => "Name it as it is called in the schema, not in the database.".to_owned(),
    };
    mistakes.say(
        word.at,
        format!("{place} names {}, and {} {name} has no such field", word.text, model.kind()),
        hint,
    );
    None
}

fn model_attributes(schema: &mut Schema, number: usize, mistakes: &mut Mistakes) {
    const KNOWN: &[&str] = &["id", "unique", "index", "map", "schema", "ignore"];
    let ast = schema.models[number].ast;
    let mut attributes = Attributes::new(&ast.attributes, "@@", KNOWN);
    if let Some(visit) = attributes.one("ignore", mistakes) {
        schema.models[number].is_ignored = true;
        for column in schema.models[number].columns.iter().filter(|c| c.is_ignored) {
            if !matches!(column.kind, ColumnKind::Unsupported(_)) {
                mistakes.say(
                    column.field.name.at,
                    format!("model {} is ignored as a whole", ast.name.text),
                    "Take @ignore away from its fields.",
                );
            }
        }
        no_arguments(visit, mistakes);
    }
    if let Some(visit) = attributes.one("id", mistakes) {
        let at = visit.at();
        let had = schema.models[number].key.is_some();
        if let Some(index) = index(visit, IndexKind::Key, schema, number, mistakes) {
            if had {
                mistakes.say(
                    at,
                    format!("model {} has @id and @@id", ast.name.text),
                    "Keep one of them.",
                );
            }
            schema.models[number].key = Some(index);
        }
    }
    if let Some(visit) = attributes.one("map", mistakes) {
        let at = visit.at();
        if let Some(name) = map_name(visit, mistakes) {
            schema.models[number].name = name;
            schema.models[number].mapped = Some(at);
        }
    }
    if let Some(visit) = attributes.one("schema", mistakes) {
        schema.models[number].schema = schema_name(visit, mistakes);
    }
    for (name, kind) in [
        ("index", IndexKind::Normal),
        ("unique", IndexKind::Unique),
        ("fulltext", IndexKind::Fulltext),
    ] {
        for visit in attributes.every(name, mistakes) {
            if let Some(index) = index(visit, kind, schema, number, mistakes) {
                schema.models[number].indexes.push(index);
            }
        }
    }
    if let Some(visit) = attributes.one("shardKey", mistakes) {
        mistakes.say(visit.at(), "PostgreSQL has no shard keys", "Take @@shardKey away.");
    }
    attributes.finish(mistakes);
}

fn index(
    mut visit: Visit,
    kind: IndexKind,
    schema: &Schema,
    number: usize,
    mistakes: &mut Mistakes,
) -> Option<Index> {
    let model = &schema.models[number];
    let written = visit.written();
    let before = mistakes.count();
    let example = format!("{written}([a, b])");
    let mut columns: Vec<IndexColumn> = Vec::new();
    let mut has_length = false;
    if let Some(value) = visit.need_first("fields", &example, mistakes) {
        for item in fields_of(value, mistakes) {
            let (word, arguments) = match item {
                Value::Constant(word) => (*word, None),
                Value::Call(word, arguments, _) => (*word, Some(arguments)),
                other => {
                    mistakes.say(
                        other.at(),
                        format!("{written} takes names of fields, not {other}"),
                        format!("Write {example}."),
                    );
                    continue;
                }
            };
            let argument = |name: &str| {
                arguments
                    .into_iter()
                    .flat_map(|a| &a.list)
                    .find(|a| a.name.is_some_and(|n| n.text == name))
                    .map(|a| &a.value)
            };
            let descending = sort(argument("sort"), mistakes);
            has_length |= argument("length").is_some();
            let operators = argument("ops").and_then(|value| operators(value, mistakes));
            if let Some(column) = column_named(word, &written, model, mistakes) {
                if columns.iter().any(|c| c.column == column) {
                    mistakes.say(
                        word.at,
                        format!("field {} is here twice", word.text),
                        "Name every field once.",
                    );
                }
                columns.push(IndexColumn { column, descending, operators });
            }
        }
    }
    let failed = mistakes.count() > before;
    let at = visit.at();
    let client_name =
        if kind == IndexKind::Fulltext { None } else { visit.take_text("name", mistakes) };
    let map = visit.take_map(mistakes);
    let mut algorithm = Algorithm::BTree;
    if kind == IndexKind::Normal
        && let Some(value) = visit.take("type")
        && let Some(word) = constant(value, mistakes)
    {
        match Algorithm::ALL.iter().find(|(name, _)| *name == word.text) {
            Some((_, found)) => algorithm = *found,
            None => mistakes.say(
                word.at,
                format!("there is no index type {}", word.text),
                format!(
                    "Write one of: {}.",
                    list_of(&Algorithm::ALL.map(|(name, _)| name.to_owned()))
                ),
            ),
        }
    }
    let has_clustered = kind != IndexKind::Fulltext && visit.take("clustered").is_some();
    let predicate = if matches!(kind, IndexKind::Normal | IndexKind::Unique) {
        visit.take("where")
    } else {
        None
    };
    visit.finish(mistakes);
    let predicate = predicate.and_then(|value| predicate::read(value, schema, number, mistakes));
    // Of old, @@index(name: …) is its name in the database.
    let (client_name, map) = match (kind, client_name, map) {
        (IndexKind::Normal, Some(_), Some(_)) => {
            mistakes.say(
                at,
                "name and map of @@index are the same thing, and both are here",
                "Keep map.",
            );
            (None, None)
        }
        (IndexKind::Normal, Some(name), None) => (None, Some(name)),
        (_, client_name, map) => (client_name, map),
    };
    if let Some(name) = &client_name
        && !name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    {
        mistakes.say(
            at,
            format!("the client can't use the name \"{name}\""),
            "Use letters, digits and underscores; map: \"…\" gives the name in the database.",
        );
    }
    if failed {
        return None;
    }
    if kind == IndexKind::Key && !model.is_ignored {
        for column in &columns {
            let column = &model.columns[column.column];
            if column.arity() != Arity::Required {
                mistakes.say(
                    at,
                    format!("@@id names {}, which is not required", column.field.name.text),
                    "An id has only required fields: take the ? or [] away.",
                );
            }
        }
    }
    Some(Index {
        kind,
        columns,
        is_mapped: map.is_some(),
        name: map.unwrap_or_default(),
        client_name,
        algorithm,
        predicate,
        at,
        on_field: false,
        has_length,
        has_clustered,
    })
}

fn operators(value: &Value, mistakes: &mut Mistakes) -> Option<Operators> {
    let hint = "Write a name such as JsonbPathOps, or raw(\"gin_trgm_ops\") for any of the server.";
    match value {
        Value::Constant(word) if super::operators::sql_name(word.text).is_some() => {
            Some(Operators::Known(word.text.to_owned()))
        }
        Value::Call(name, arguments, at) if name.text == "raw" => match arguments.list.as_slice() {
            [one] => text(&one.value, mistakes).map(Operators::Raw),
            _ => {
                mistakes.say(*at, "raw(…) takes one text", hint);
                None
            }
        },
        other => {
            mistakes.say(other.at(), format!("{other} is no operator class"), hint);
            None
        }
    }
}

/// Gives every index that has no name of its own the one that Prisma makes.
pub fn name_indexes(schema: &mut Schema) {
    for model in &mut schema.models {
        let ModelType { name: table, columns, key, indexes, .. } = model;
        for index in key.iter_mut().chain(indexes) {
            if index.is_mapped {
                continue;
            }
            let names: Vec<&str> =
                index.columns.iter().map(|c| columns[c.column].name.as_str()).collect();
            index.name = match index.kind {
                IndexKind::Key => names::primary_key(table),
                IndexKind::Unique => names::unique(table, &names),
                IndexKind::Normal | IndexKind::Fulltext => names::index(table, &names),
            };
        }
    }
}
