//! `where: …` of an index: SQL as it stands, or an object of fields.

use super::Mistakes;
use super::ddl::quote;
use super::schema::{ColumnKind, Scalar, Schema};
use super::syntax::{Span, Value, Word};
use crate::model::sql::literal;

/// The predicate as SQL, and where it stands.
pub fn read(
    value: &Value,
    schema: &Schema,
    model: usize,
    mistakes: &mut Mistakes,
) -> Option<(String, Span)> {
    const HINT: &str =
        "Write where: raw(\"status = 'active'\") or where: { active: true, deletedAt: null }.";
    if !schema.datasource.features.iter().any(|f| f == "partialindexes") {
        mistakes.say(
            value.at(),
            "where: … is a preview feature",
            "Write previewFeatures = [\"partialIndexes\"] in the generator.",
        );
        return None;
    }
    match value {
        Value::Call(name, arguments, at) if name.text == "raw" => {
            match arguments.list.first().map(|a| &a.value) {
                Some(Value::Text(sql, _)) if !sql.is_empty() => Some((sql.clone(), *at)),
                _ => {
                    mistakes.say(*at, "raw(…) takes SQL as a text", HINT);
                    None
                }
            }
        }
        Value::Object(members, at) => {
            if members.is_empty() {
                mistakes.say(*at, "where: {} names no field", HINT);
                return None;
            }
            let before = mistakes.count();
            let terms: Vec<String> = members
                .iter()
                .filter_map(|(name, value)| term(*name, value, schema, model, mistakes))
                .collect();
            (mistakes.count() == before).then(|| (terms.join(" AND "), *at))
        }
        other => {
            mistakes.say(
                other.at(),
                format!("where takes raw(\"…\") or an object, not {other}"),
                HINT,
            );
            None
        }
    }
}

fn term(
    name: Word,
    value: &Value,
    schema: &Schema,
    model: usize,
    mistakes: &mut Mistakes,
) -> Option<String> {
    let model = &schema.models[model];
    let Some(column) = model.numbers.get(name.text).map(|number| &model.columns[*number]) else {
        let is_relation = model.relations.iter().any(|r| r.field.name.text == name.text);
        let what = if is_relation { "is a relation and no column" } else { "is no field of it" };
        mistakes.say(
            name.at,
            format!("where names {}, which {what}", name.text),
            "Name fields of the same model that are columns.",
        );
        return None;
    };
    if matches!(column.kind, ColumnKind::Unsupported(_)) {
        mistakes.say(
            name.at,
            format!("field {} is of an unsupported type", name.text),
            "Write the condition in SQL: where: raw(\"…\").",
        );
        return None;
    }
    let (negated, value) = match value {
        Value::Object(members, at) => match members.as_slice() {
            [(word, value)] if word.text == "not" => (true, value),
            _ => {
                mistakes.say(*at, "only { not: … } can stand here", "Write { not: null }.");
                return None;
            }
        },
        value => (false, value),
    };
    let scalar = match column.kind {
        ColumnKind::Scalar(scalar, _) => Some(scalar),
        _ => None,
    };
    let (sql, fits) = match value {
        Value::Constant(word) if word.text == "null" => {
            let test = if negated { "IS NOT NULL" } else { "IS NULL" };
            return Some(format!("{} {test}", quote(&column.name)));
        }
        Value::Constant(word) if matches!(word.text, "true" | "false") => {
            (word.text.to_owned(), scalar == Some(Scalar::Boolean))
        }
        Value::Text(text, _) => {
            (literal(text), matches!(scalar, None | Some(Scalar::String | Scalar::DateTime)))
        }
        Value::Number(number) => (
            number.text.to_owned(),
            matches!(scalar, Some(Scalar::Int | Scalar::BigInt | Scalar::Float | Scalar::Decimal)),
        ),
        other => {
            mistakes.say(
                other.at(),
                format!("a condition can't be on {other}"),
                "Write true, false, null, a text in quotes, a number, or { not: … } of these.",
            );
            return None;
        }
    };
    if !fits {
        let kind = scalar.map_or("an enum", Scalar::name);
        mistakes.say(
            value.at(),
            format!("field {} is of type {kind}, and {value} is not", name.text),
            "Write a value of its type, or the condition in SQL: where: raw(\"…\").",
        );
        return None;
    }
    let operator = if negated { "!=" } else { "=" };
    Some(format!("{} {operator} {sql}", quote(&column.name)))
}
