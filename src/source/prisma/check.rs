//! What can't be in one database together, and what the server wouldn't
//! take.

use super::schema::*;
use super::syntax::{Arity, Span};
use super::{Mistakes, list_of, native, operators, relations};
use std::collections::{HashMap, HashSet};

/// Looks at all that was found good for itself.
pub fn check(schema: &Schema, mistakes: &mut Mistakes) {
    clashes(schema, mistakes);
    for model in &schema.models {
        if model.ast.is_view && !schema.datasource.features.iter().any(|f| f == "views") {
            mistakes.say(
                model.ast.name.at,
                "views are a preview feature",
                "Write previewFeatures = [\"views\"] in the generator.",
            );
        }
        schemas(schema, &model.schema, model.ast.name.at, model.kind(), mistakes);
        criteria(model, mistakes);
        column_names(model, mistakes);
        unsupported_types(schema, model, mistakes);
        client_names(model, mistakes);
        for index in model.key.iter().chain(&model.indexes) {
            one_index(model, index, mistakes);
        }
    }
    for one in &schema.enums {
        schemas(schema, &one.schema, one.ast.name.at, "enum", mistakes);
        labels(one, mistakes);
    }
    constraint_names(schema, mistakes);
    relations::check(schema, mistakes);
}

/// Tables, and types, that would have the same name.
fn clashes(schema: &Schema, mistakes: &mut Mistakes) {
    let mut tables: HashMap<(Option<&str>, &str), &ModelType> = HashMap::new();
    for model in &schema.models {
        let key = (model.schema.as_ref().map(|s| s.0.as_str()), model.name.as_str());
        if let Some(other) = tables.insert(key, model) {
            let at = model.mapped.or(other.mapped).unwrap_or(model.ast.name.at);
            mistakes.say(
                at,
                format!(
                    "models {} and {} are both table \"{}\"",
                    other.ast.name.text, model.ast.name.text, model.name
                ),
                "Give one of them another name with @@map(\"…\").",
            );
        }
    }
    let mut types: HashMap<(Option<&str>, &str), &EnumType> = HashMap::new();
    for one in &schema.enums {
        let key = (one.schema.as_ref().map(|s| s.0.as_str()), one.name.as_str());
        if let Some(other) = types.insert(key, one) {
            mistakes.say(
                one.ast.name.at,
                format!(
                    "enums {} and {} are both type \"{}\"",
                    other.ast.name.text, one.ast.name.text, one.name
                ),
                "Give one of them another name with @@map(\"…\").",
            );
        }
    }
}

fn schemas(
    schema: &Schema,
    own: &Option<(String, Span)>,
    at: Span,
    kind: &str,
    mistakes: &mut Mistakes,
) {
    match (&schema.datasource.schemas, own) {
        (Some(_), None) => mistakes.say(
            at,
            format!("the datasource has schemas, and this {kind} doesn't say in which it is"),
            "Write @@schema(\"…\") with one of them.",
        ),
        (known, Some((name, at))) if !known.as_ref().is_some_and(|k| k.contains(name)) => {
            let hint = match known {
                Some(known) => format!("The datasource has: {}.", list_of(known)),
                None => format!("Write schemas = [\"{name}\"] in the datasource."),
            };
            mistakes.say(*at, format!("schema \"{name}\" is not in the datasource's list"), hint);
        }
        _ => {}
    }
}

/// Prisma lets it pass, the server doesn't.
fn labels(one: &EnumType, mistakes: &mut Mistakes) {
    let mut taken: HashMap<&str, &str> = HashMap::new();
    for (value, label) in one.ast.values.iter().zip(&one.labels) {
        if let Some(other) = taken.insert(label, value.name.text) {
            mistakes.say(
                value.name.at,
                format!(
                    "values {other} and {} are both \"{label}\" in the database",
                    value.name.text
                ),
                "Give one of them another name with @map(\"…\").",
            );
        }
    }
}

fn criteria(model: &ModelType, mistakes: &mut Mistakes) {
    let name = model.ast.name.text;
    if model.ast.is_view {
        if let Some(key) = &model.key {
            mistakes.say(key.at, "a view has no primary key", "Write @unique in its place.");
        }
        for index in model.indexes.iter().filter(|i| i.kind != IndexKind::Unique) {
            mistakes.say(index.at, "a view has no indexes", "Take it away.");
        }
        return;
    }
    if let Some(key) = &model.key
        && key.on_field
        && !model.is_ignored
        && model.columns[key.columns[0].column].arity() != Arity::Required
    {
        mistakes.say(key.at, "an id is always required", "Take the ? or [] from its type.");
        return;
    }
    let usable = model.criteria().any(|index| {
        index.columns.iter().all(|c| {
            let column = &model.columns[c.column];
            column.arity() != Arity::Optional && !matches!(column.kind, ColumnKind::Unsupported(_))
        })
    });
    if !usable && !model.is_ignored {
        mistakes.say(
            model.ast.name.at,
            format!("model {name} has no id, and nothing unique of required fields only"),
            "Write @id on the field that tells its rows apart, @@id([a, b]) for several, or @@ignore.",
        );
    }
}

fn column_names(model: &ModelType, mistakes: &mut Mistakes) {
    let mut taken: HashMap<&str, &Column> = HashMap::new();
    for column in &model.columns {
        if let Some(other) = taken.insert(&column.name, column) {
            let at = column.mapped.or(other.mapped).unwrap_or(column.field.name.at);
            mistakes.say(
                at,
                format!(
                    "fields {} and {} are both column \"{}\"",
                    other.field.name.text, column.field.name.text, column.name
                ),
                "Give one of them another name with @map(\"…\").",
            );
        }
    }
}

/// A type that Prisma has is written as Prisma has it.
fn unsupported_types(schema: &Schema, model: &ModelType, mistakes: &mut Mistakes) {
    if schema.datasource.name.is_none() {
        return;
    }
    for column in &model.columns {
        let ColumnKind::Unsupported(text) = column.kind else { continue };
        let (name, rest) = text.split_once('(').unwrap_or((text, ""));
        let arguments: Vec<String> = match rest.split_once(')') {
            Some((inside, _)) => inside.split(',').map(|a| a.trim().to_owned()).collect(),
            None => Vec::new(),
        };
        if let Some(kind) = native::named(name.trim())
            && kind.with(&arguments).is_ok()
        {
            mistakes.say(
                column.field.name.at,
                format!("Prisma has the type {text}"),
                format!("Write {} @db.{text}.", kind.scalar.name()),
            );
        }
    }
}

/// Names that the client gives to ids and unique indexes.
fn client_names(model: &ModelType, mistakes: &mut Mistakes) {
    let mut taken: HashSet<&str> = HashSet::new();
    let fields: HashSet<&str> = model.ast.fields.iter().map(|f| f.name.text).collect();
    for index in model.criteria() {
        if let Some(name) = &index.client_name {
            if !taken.insert(name) {
                mistakes.say(
                    index.at,
                    format!("the name \"{name}\" is taken in model {}", model.ast.name.text),
                    "Give each its own.",
                );
            }
            if fields.contains(name.as_str()) {
                mistakes.say(
                    index.at,
                    format!("\"{name}\" is the name of a field"),
                    "Write another name: \"…\".",
                );
            }
        }
        if index.columns.len() > 1 {
            let names: Vec<&str> =
                index.columns.iter().map(|c| model.columns[c.column].field.name.text).collect();
            let made = names.join("_");
            if model.numbers.contains_key(made.as_str()) {
                mistakes.say(
                    index.at,
                    format!("the client calls this {made}, and there is a field of that name"),
                    format!("Give the field another name; @map(\"{made}\") keeps its column."),
                );
            }
        }
    }
}

fn one_index(model: &ModelType, index: &Index, mistakes: &mut Mistakes) {
    let written = index.attribute();
    let say = |message: String, hint: &str, mistakes: &mut Mistakes| {
        mistakes.say(index.at, message, hint);
    };
    if index.is_mapped {
        relations::too_long(&index.name, index.at, mistakes);
    }
    if index.columns.is_empty() {
        say(format!("{written} names no field"), "Name at least one.", mistakes);
    }
    if index.has_length {
        say("PostgreSQL has no length in an index".to_owned(), "Take length away.", mistakes);
    }
    if index.has_clustered {
        say("PostgreSQL has no clustered indexes".to_owned(), "Take clustered away.", mistakes);
    }
    let sorted = index.columns.iter().any(|c| c.descending.is_some());
    match index.kind {
        IndexKind::Key if sorted => {
            say("a primary key has no order in PostgreSQL".to_owned(), "Take sort away.", mistakes);
        }
        IndexKind::Fulltext => say(
            "PostgreSQL has no @@fulltext".to_owned(),
            "Write @@index([a], type: Gin) with an operator class: a(ops: raw(\"gin_trgm_ops\")).",
            mistakes,
        ),
        _ => {}
    }
    if index.algorithm == Algorithm::Hash && sorted {
        say("a hash index has no order".to_owned(), "Take sort away.", mistakes);
    }
    if index.algorithm == Algorithm::SpGist && index.columns.len() > 1 {
        say("an SP-GiST index is of one column".to_owned(), "Make an index for each.", mistakes);
    }
    if index.kind == IndexKind::Key {
        return;
    }
    for part in &index.columns {
        let column = &model.columns[part.column];
        let name = column.field.name.text;
        let is_xml = matches!(column.kind, ColumnKind::Scalar(_, native) if native.name() == "Xml");
        if is_xml {
            say(
                format!("field {name} is XML, which can't be compared"),
                "Take it out of the index.",
                mistakes,
            );
            continue;
        }
        if part.operators.is_some() && index.kind != IndexKind::Normal {
            say(
                format!("{written} takes no operator classes"),
                "Take ops away, or make it an @@index.",
                mistakes,
            );
        }
        let given = match &part.operators {
            Some(Operators::Raw(_)) => continue,
            Some(Operators::Known(given)) => given.as_str(),
            None => "",
        };
        if index.kind != IndexKind::Normal {
            continue;
        }
        let possible = operators::possible(index.algorithm, column);
        if possible.iter().any(|p| p == given) {
            continue;
        }
        let named: Vec<String> = possible.iter().filter(|p| !p.is_empty()).cloned().collect();
        let algorithm = index.algorithm.name();
        let hint = if named.is_empty() {
            format!(
                "Name one of the server's: {name}(ops: raw(\"…\")), or take another type of index."
            )
        } else {
            format!("Write {name}(ops: {}).", named.join(" or "))
        };
        let message = if given.is_empty() {
            format!("a {algorithm} index on field {name} needs an operator class")
        } else {
            format!("operator class {given} is not for a {algorithm} index on field {name}")
        };
        mistakes.say(index.at, message, hint);
    }
}

/// Keys and indexes share their names with all of a schema, foreign keys
/// with the other constraints of their table.
fn constraint_names(schema: &Schema, mistakes: &mut Mistakes) {
    let mut global: HashMap<(Option<&str>, &str), Vec<Span>> = HashMap::new();
    for model in &schema.models {
        let within = model.schema.as_ref().map(|s| s.0.as_str());
        for index in model.key.iter().chain(&model.indexes) {
            global.entry((within, &index.name)).or_default().push(index.at);
        }
    }
    for ((_, name), places) in &global {
        if places.len() > 1 {
            for at in places {
                mistakes.say(
                    *at,
                    format!("\"{name}\" would be the name of {} indexes", places.len()),
                    "Give it its own: map: \"…\".",
                );
            }
        }
    }
    let mut of_table: HashMap<(usize, String), Vec<Span>> = HashMap::new();
    for relation in &schema.relations {
        if let Relation::Key { from, .. } = relation {
            let name = relations::key_name(schema, *from);
            let at = schema.models[from.0].relations[from.1].at;
            of_table.entry((from.0, name)).or_default().push(at);
        }
    }
    for (number, model) in schema.models.iter().enumerate() {
        for index in model.key.iter().chain(&model.indexes) {
            if let Some(places) = of_table.get_mut(&(number, index.name.clone())) {
                places.push(index.at);
            }
        }
    }
    for ((_, name), places) in of_table.into_iter().filter(|(_, places)| places.len() > 1) {
        for at in places {
            mistakes.say(
                at,
                format!("\"{name}\" would be the name of more than one constraint of the table"),
                "Give the foreign key its own: @relation(…, map: \"…\").",
            );
        }
    }
}
