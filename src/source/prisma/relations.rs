//! Which relation fields belong together, and whether they can.

use super::schema::*;
use super::syntax::Arity;
use super::{Mistakes, list_of, names};
use std::collections::HashMap;

/// Finds the relations. False where it isn't clear which fields belong
/// together: nothing more can be said then.
pub fn pair(schema: &mut Schema, mistakes: &mut Mistakes) -> bool {
    if ambiguous(schema, mistakes) {
        return false;
    }
    let mut relations = Vec::new();
    // Fields that may stand opposite to each other share this key.
    let mut opposite: HashMap<(usize, usize, Option<&str>), Vec<usize>> = HashMap::new();
    for (number, model) in schema.models.iter().enumerate() {
        for (field, relation) in model.relations.iter().enumerate() {
            opposite
                .entry((number, relation.to, relation.name.as_deref()))
                .or_default()
                .push(field);
        }
    }
    for (number, model) in schema.models.iter().enumerate() {
        for (field, relation) in model.relations.iter().enumerate() {
            let other = opposite
                .get(&(relation.to, number, relation.name.as_deref()))
                .into_iter()
                .flatten()
                .find(|other| relation.to != number || **other != field);
            let here = (number, field);
            let Some(other) = other else {
                missing_side(schema, here, mistakes);
                continue;
            };
            let there = (relation.to, *other);
            if let Some(found) = relation_of(schema, here, there) {
                relations.push(found);
            }
        }
    }
    schema.relations = relations;
    true
}

fn field<'s, 'a>(schema: &'s Schema<'a>, at: (usize, usize)) -> &'s RelationField<'a> {
    &schema.models[at.0].relations[at.1]
}

/// The relation, seen from the one of its two fields that says it.
fn relation_of(schema: &Schema, here: (usize, usize), there: (usize, usize)) -> Option<Relation> {
    let (this, that) = (field(schema, here), field(schema, there));
    let names = |at: (usize, usize), f: &RelationField| {
        (schema.models[at.0].ast.name.text.to_owned(), f.field.name.text.to_owned())
    };
    let first = names(here, this) <= names(there, that);
    match (this.field.arity, that.field.arity) {
        (Arity::List, Arity::List) => first.then_some(Relation::Pairs { a: here, b: there }),
        (Arity::List, _) => None,
        (_, Arity::List) => Some(Relation::Key { from: here, back: there, to_one: false }),
        (Arity::Required, Arity::Optional) => {
            Some(Relation::Key { from: here, back: there, to_one: true })
        }
        (Arity::Optional, Arity::Required) => None,
        (Arity::Required, Arity::Required) => {
            first.then_some(Relation::Key { from: here, back: there, to_one: true })
        }
        (Arity::Optional, Arity::Optional) => {
            let says = match (this.fields.is_some(), that.fields.is_some()) {
                (true, true) => first,
                (says, false) if says => true,
                (false, false) => first,
                _ => false,
            };
            says.then_some(Relation::Key { from: here, back: there, to_one: true })
        }
    }
}

fn missing_side(schema: &Schema, at: (usize, usize), mistakes: &mut Mistakes) {
    let this = field(schema, at);
    let own = schema.models[at.0].ast.name.text;
    let other = &schema.models[this.to];
    let name = match &this.name {
        Some(name) => format!(" @relation(\"{name}\")"),
        None => String::new(),
    };
    let hint = if this.field.arity == Arity::List {
        format!(
            "Add to model {} a field of type {own} with @relation(fields: […], references: […]), or {own}[] for a relation of many to many.",
            other.ast.name.text
        )
    } else {
        format!(
            "Add to model {} a line such as: {}s {own}[]{name}",
            other.ast.name.text,
            own.to_lowercase()
        )
    };
    mistakes.say(
        this.field.name.at,
        format!(
            "relation {own}.{} has no field on the other side, in model {}",
            this.field.name.text, other.ast.name.text
        ),
        hint,
    );
}

/// Says where more fields go from one model to another than their names tell
/// apart.
fn ambiguous(schema: &Schema, mistakes: &mut Mistakes) -> bool {
    let before = mistakes.count();
    for (number, model) in schema.models.iter().enumerate() {
        type Key<'k> = (usize, Option<&'k str>);
        let mut groups: Vec<(Key, Vec<usize>)> = Vec::new();
        for (field, relation) in model.relations.iter().enumerate() {
            let key = (relation.to, relation.name.as_deref());
            match groups.iter_mut().find(|(other, _)| *other == key) {
                Some((_, fields)) => fields.push(field),
                None => groups.push((key, vec![field])),
            }
        }
        for ((to, name), fields) in groups {
            let pair = to == number && name.is_some() && fields.len() == 2;
            if fields.len() < 2 || pair {
                continue;
            }
            let all: Vec<String> =
                fields.iter().map(|f| model.relations[*f].field.name.text.to_owned()).collect();
            let hint = if to == number {
                "Give the two fields that belong together the same name: @relation(\"Name\"), and no third field that name."
            } else {
                "Give each relation a name of its own, on both its sides: @relation(\"Name\", …)."
            };
            mistakes.say(
                model.relations[fields[0]].field.name.at,
                format!(
                    "fields {} of model {} can't be told apart: they all go to {}",
                    list_of(&all),
                    model.ast.name.text,
                    schema.models[to].ast.name.text
                ),
                hint,
            );
        }
    }
    mistakes.count() > before
}

/// What the database does when the other row goes, where the schema doesn't
/// say.
pub fn on_delete(schema: &Schema, from: (usize, usize)) -> Action {
    let this = field(schema, from);
    if let Some((action, _)) = this.on_delete {
        return action;
    }
    let model = &schema.models[from.0];
    let required = this
        .fields
        .iter()
        .flatten()
        .any(|column| model.columns[*column].arity() == Arity::Required);
    if required || this.field.arity == Arity::Required { Action::Restrict } else { Action::SetNull }
}

pub fn on_update(schema: &Schema, from: (usize, usize)) -> Action {
    field(schema, from).on_update.map_or(Action::Cascade, |(action, _)| action)
}

/// The foreign key's name.
pub fn key_name(schema: &Schema, from: (usize, usize)) -> String {
    let this = field(schema, from);
    if let Some(name) = &this.map {
        return name.clone();
    }
    let model = &schema.models[from.0];
    let columns: Vec<&str> =
        this.fields.iter().flatten().map(|c| model.columns[*c].name.as_str()).collect();
    names::foreign_key(&model.name, &columns)
}

/// Looks at every relation.
pub fn check(schema: &Schema, mistakes: &mut Mistakes) {
    for (number, model) in schema.models.iter().enumerate() {
        for relation in 0..model.relations.len() {
            check_field(schema, (number, relation), mistakes);
        }
    }
    for relation in &schema.relations {
        match *relation {
            Relation::Key { from, back, to_one } => {
                check_key(schema, from, mistakes);
                check_sides(schema, from, back, to_one, mistakes);
            }
            Relation::Pairs { a, b } => check_pairs(schema, a, b, mistakes),
        }
    }
    if schema.datasource.emulates_keys {
        check_circles(schema, mistakes);
    }
}

fn check_field(schema: &Schema, at: (usize, usize), mistakes: &mut Mistakes) {
    let this = field(schema, at);
    let (model, other) = (&schema.models[at.0], &schema.models[this.to]);
    if other.is_ignored && !this.is_ignored && !model.is_ignored {
        mistakes.say(
            this.field.name.at,
            format!(
                "field {} goes to model {}, which is ignored",
                this.field.name.text, other.ast.name.text
            ),
            "Write @ignore on the field too.",
        );
    }
    if schema.datasource.emulates_keys {
        for (action, at) in [this.on_delete, this.on_update].into_iter().flatten() {
            if !matches!(action, Action::Cascade | Action::Restrict | Action::SetNull) {
                mistakes.say(
                    at,
                    format!("with relationMode = \"prisma\" there is no {}", action.name()),
                    "Write Cascade, Restrict or SetNull.",
                );
            }
        }
    }
    if let Some(name) = &this.map {
        too_long(name, this.at, mistakes);
    }
}

pub fn too_long(name: &str, at: super::syntax::Span, mistakes: &mut Mistakes) {
    if name.len() > names::LONGEST {
        mistakes.say(
            at,
            format!("the name \"{name}\" has {} bytes, and the server keeps 63", name.len()),
            "Shorten it.",
        );
    }
}

/// The side that holds the reference.
fn check_key(schema: &Schema, from: (usize, usize), mistakes: &mut Mistakes) {
    let this = field(schema, from);
    let (model, other) = (&schema.models[from.0], &schema.models[this.to]);
    let (Some(fields), Some(references)) = (&this.fields, &this.references) else { return };
    let name = |m: &ModelType, c: usize| m.columns[c].field.name.text.to_owned();
    if fields.len() != references.len() && !fields.is_empty() && !references.is_empty() {
        mistakes.say(
            this.at,
            format!("fields names {} and references {} of them", fields.len(), references.len()),
            "Name as many fields here as there.",
        );
    }
    let as_set = |mut columns: Vec<usize>| {
        columns.sort_unstable();
        columns
    };
    let wanted = as_set(references.clone());
    let is_unique = other
        .criteria()
        .any(|index| as_set(index.columns.iter().map(|c| c.column).collect()) == wanted);
    if !references.is_empty() && !is_unique {
        let all: Vec<String> = references.iter().map(|c| name(other, *c)).collect();
        let hint = match all.as_slice() {
            [one] => format!(
                "Write @unique on {one} in model {}, or refer to its id.",
                other.ast.name.text
            ),
            _ => format!(
                "Write @@unique([{}]) in model {}, or refer to its id.",
                all.join(", "),
                other.ast.name.text
            ),
        };
        mistakes.say(
            this.at,
            format!("references has to be unique in model {}", other.ast.name.text),
            hint,
        );
    }
    for (own, their) in fields.iter().zip(references) {
        let kind = |m: &ModelType, c: usize| match m.columns[c].kind {
            ColumnKind::Scalar(scalar, _) => scalar.name().to_owned(),
            ColumnKind::Enum(number) => schema.enums[number].ast.name.text.to_owned(),
            ColumnKind::Unsupported(text) => format!("Unsupported(\"{text}\")"),
        };
        let (a, b) = (kind(model, *own), kind(other, *their));
        if a != b {
            mistakes.say(
                this.at,
                format!(
                    "{}.{} is of type {a}, and {}.{} of type {b}",
                    model.ast.name.text,
                    name(model, *own),
                    other.ast.name.text,
                    name(other, *their)
                ),
                "Both sides of a relation have the same type.",
            );
        }
    }
    if this.field.arity == Arity::Required {
        let optional: Vec<String> = fields
            .iter()
            .filter(|c| model.columns[**c].arity() == Arity::Optional)
            .map(|c| name(model, *c))
            .collect();
        if !optional.is_empty() {
            mistakes.say(
                this.field.name.at,
                format!(
                    "relation {} is required, and its column {} optional",
                    this.field.name.text,
                    list_of(&optional)
                ),
                format!(
                    "Write {} {}?, or take the ? from the column.",
                    this.field.name.text, other.ast.name.text
                ),
            );
        }
    }
    if schema.datasource.emulates_keys {
        let required = fields.iter().any(|c| model.columns[*c].arity() == Arity::Required);
        for (action, at) in [this.on_delete, this.on_update].into_iter().flatten() {
            if action == Action::SetNull && required {
                mistakes.say(
                    at,
                    "SetNull can't be done: the column is required",
                    "Write another action, or make the column optional.",
                );
            }
        }
    }
}

/// Who says what of the two sides.
fn check_sides(
    schema: &Schema,
    from: (usize, usize),
    back: (usize, usize),
    to_one: bool,
    mistakes: &mut Mistakes,
) {
    let before = mistakes.count();
    let (this, that) = (field(schema, from), field(schema, back));
    let (model, other) = (&schema.models[from.0], &schema.models[back.0]);
    let full =
        |m: &ModelType, f: &RelationField| format!("{}.{}", m.ast.name.text, f.field.name.text);
    let (here, there) = (full(model, this), full(other, that));
    let says = |list: &Option<Vec<usize>>| list.as_ref().is_some_and(|l| !l.is_empty());
    let sides = [
        ("fields", says(&this.fields), says(&that.fields)),
        ("references", says(&this.references), says(&that.references)),
    ];
    let unsaid: Vec<&str> = sides
        .iter()
        .filter(|(_, own, their)| !(*own || to_one && *their))
        .map(|(name, _, _)| *name)
        .collect();
    if !unsaid.is_empty() {
        let what = unsaid.join(" and ");
        mistakes.say(
            this.at,
            format!("relation {here} doesn't say its {what}"),
            "Write @relation(fields: [authorId], references: [id]) with the fields of your own.",
        );
    }
    let twice: Vec<&str> = sides
        .iter()
        .filter(|(_, own, their)| to_one && *own && *their)
        .map(|(name, _, _)| *name)
        .collect();
    if !twice.is_empty() {
        mistakes.say(
            that.at,
            format!("{here} and {there} both say {}", twice.join(" and ")),
            "Say it on the side that holds the reference, and take it from the other.",
        );
    }
    if !to_one && (says(&that.fields) || says(&that.references)) {
        mistakes.say(
            that.at,
            format!(
                "{there} is the list side of a relation: it says neither fields nor references"
            ),
            format!("Say them at {here}."),
        );
    }
    let acts = |f: &RelationField| f.on_delete.is_some() || f.on_update.is_some();
    if acts(that) {
        mistakes.say(
            that.at,
            format!("{there} says onDelete or onUpdate, and the reference is on the other side"),
            format!("Move it to {here}."),
        );
    }
    if !to_one {
        return;
    }
    if let Some(fields) = &this.fields {
        let unique = model.criteria().any(|index| {
            index.columns.len() == fields.len()
                && fields.iter().all(|f| index.columns.iter().any(|c| c.column == *f))
        });
        if !unique {
            let all: Vec<&str> = fields.iter().map(|c| model.columns[*c].field.name.text).collect();
            let hint = match all.as_slice() {
                [one] => format!("Write @unique on {one}, or make {there} a list."),
                _ => format!("Write @@unique([{}]), or make {there} a list.", all.join(", ")),
            };
            mistakes.say(
                this.at,
                format!("{here} is a relation of one to one, and its fields are not unique"),
                hint,
            );
        }
    }
    if mistakes.count() > before {
        return;
    }
    if (says(&this.fields) && says(&that.references))
        || (says(&this.references) && says(&that.fields))
    {
        mistakes.say(
            this.at,
            format!("{here} says one of fields and references, and {there} the other"),
            "Say both on the side that holds the reference.",
        );
    } else if that.field.arity == Arity::Required {
        mistakes.say(
            that.field.name.at,
            format!("{there} is required, and no database can see to that"),
            format!("Write {}?.", model.ast.name.text),
        );
    } else if this.field.arity == Arity::Required
        && (that.fields.is_some() || that.references.is_some())
    {
        mistakes.say(
            that.at,
            format!("{there} holds the reference, and {here} is the required side"),
            format!("Say fields and references at {here}, or make that side optional."),
        );
    }
}

fn check_pairs(schema: &Schema, a: (usize, usize), b: (usize, usize), mistakes: &mut Mistakes) {
    for (here, there) in [(a, b), (b, a)] {
        let this = field(schema, here);
        let other = &schema.models[there.0];
        let name = this.field.name.text;
        if schema.models[here.0].ast.is_view || other.ast.is_view {
            mistakes.say(
                this.field.name.at,
                "a view has no relation of many to many",
                "Make a model of the table between the two.",
            );
            continue;
        }
        if this.fields.is_some() || this.references.is_some() {
            mistakes.say(
                this.at,
                format!("field {name} is a relation of many to many: it says neither fields nor references"),
                "Take them away, or make a model of the table between the two.",
            );
        }
        if let Some((_, at)) = this.on_delete.or(this.on_update) {
            mistakes.say(
                at,
                "a relation of many to many has no actions of its own",
                "Take them away, or make a model of the table between the two.",
            );
        }
        if other.key.as_ref().is_none_or(|key| key.columns.len() != 1) {
            mistakes.say(
                this.field.name.at,
                format!(
                    "model {} has no @id of one field, and {name} needs one",
                    other.ast.name.text
                ),
                "Give it one, or make a model of the table between the two.",
            );
        }
    }
}

/// With emulated keys, Prisma itself would run in circles.
fn check_circles(schema: &Schema, mistakes: &mut Mistakes) {
    // From each model: the relation fields that hold keys, and where they go.
    let mut keys: Vec<Vec<(usize, usize)>> = vec![Vec::new(); schema.models.len()];
    for relation in &schema.relations {
        if let Relation::Key { from, back, .. } = relation {
            keys[from.0].push((from.1, back.0));
        }
    }
    let passes_on = |from: (usize, usize)| {
        [on_delete(schema, from), on_update(schema, from)]
            .iter()
            .any(|action| !matches!(action, Action::NoAction | Action::Restrict))
    };
    for start in 0..keys.len() {
        for key in &keys[start] {
            let mut seen = vec![false; keys.len()];
            let mut next = vec![(start, *key)];
            while let Some((model, (field_number, to))) = next.pop() {
                if !passes_on((model, field_number)) {
                    continue;
                }
                if to == model || to == start {
                    mistakes.say(
                        field(schema, (start, key.0)).at,
                        format!(
                            "what this relation passes on comes back to model {}",
                            schema.models[to].ast.name.text
                        ),
                        "Write onDelete: Restrict, onUpdate: Restrict on one relation of the circle.",
                    );
                    break;
                }
                if !std::mem::replace(&mut seen[to], true) {
                    next.extend(keys[to].iter().map(|key| (to, *key)));
                }
            }
        }
    }
}
