//! The statements that Prisma itself would run on an empty database, and
//! from which place of the schema each piece of them comes.

use super::defaults::{Literal, sql_literal};
use super::operators::sql_name;
use super::origins::{Origin, Origins};
use super::schema::*;
use super::syntax::{Arity, Span};
use super::{names, relations};
use crate::model::sql::literal;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A name in quotes, as Prisma writes every name.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// How tables of pairs are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairs {
    /// A primary key, as from Prisma 6 on.
    PrimaryKey,
    /// A unique index, as up to Prisma 5.
    UniqueIndex,
}

/// SQL and where it comes from.
#[derive(Debug, Default)]
pub struct Script {
    pub sql: String,
    /// The schemas it makes something in.
    pub schemas: Vec<String>,
    pub origins: Origins,
    /// Bytes of `sql` and the place in the text they come from; inner pieces
    /// come after the one they are in.
    pieces: Vec<(usize, usize, usize)>,
}

impl Script {
    /// The place in the text from which a byte of the SQL comes.
    pub fn place_of(&self, byte: usize) -> usize {
        self.pieces
            .iter()
            .filter(|(from, to, _)| (*from..=*to).contains(&byte))
            .min_by_key(|(from, to, _)| to - from)
            .or_else(|| self.pieces.iter().filter(|(from, _, _)| *from <= byte).max())
            .map_or(0, |(_, _, at)| *at)
    }

    fn piece(&mut self, at: Span, write: impl FnOnce(&mut Self)) {
        let from = self.sql.len();
        write(self);
        self.pieces.push((from, self.sql.len(), at.from));
    }

    fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }
}

/// Writes the whole schema. What a schema leaves to the connection is in
/// schema `default`.
pub fn write(schema: &Schema, default: &str, pairs: Pairs) -> Script {
    let mut writer = Writer { schema, default, script: Script::default() };
    writer.schemas();
    writer.extensions();
    writer.enums();
    let tables: Vec<&ModelType> = schema.models.iter().filter(|m| !m.ast.is_view).collect();
    for model in &tables {
        writer.table(model);
    }
    for relation in &schema.relations {
        writer.pairs_table(*relation, pairs);
    }
    for model in &tables {
        for index in &model.indexes {
            writer.index(model, index);
        }
    }
    for relation in &schema.relations {
        writer.pairs_indexes(*relation, pairs);
    }
    if !schema.datasource.emulates_keys {
        for relation in schema.relations.iter() {
            writer.foreign_key(*relation);
        }
        for relation in &schema.relations {
            writer.pairs_foreign_keys(*relation);
        }
    }
    writer.script
}

struct Writer<'s, 'a> {
    schema: &'s Schema<'a>,
    default: &'s str,
    script: Script,
}

/// The table of pairs of a relation, as its parts are called.
struct PairsTable {
    schema: String,
    name: String,
    /// Model and field of each side.
    sides: [(usize, usize); 2],
    at: Span,
}

impl<'s> Writer<'s, '_> {
    fn within(&self, own: &'s Option<(String, Span)>) -> &'s str {
        own.as_ref().map_or(self.default, |(name, _)| name)
    }

    fn qualified(&self, schema: &str, name: &str) -> String {
        format!("{}.{}", quote(schema), quote(name))
    }

    fn table_name(&self, model: &'s ModelType) -> String {
        self.qualified(self.within(&model.schema), &model.name)
    }

    fn schemas(&mut self) {
        let own = self
            .schema
            .models
            .iter()
            .filter(|m| !m.ast.is_view)
            .map(|m| &m.schema)
            .chain(self.schema.enums.iter().map(|e| &e.schema));
        let used: BTreeSet<&str> = own.map(|own| self.within(own)).collect();
        for name in &used {
            let _ = writeln!(self.script.sql, "CREATE SCHEMA IF NOT EXISTS {};\n", quote(name));
        }
        self.script.schemas = used.iter().map(|name| (*name).to_owned()).collect();
    }

    fn extensions(&mut self) {
        for extension in &self.schema.datasource.extensions {
            self.script.piece(extension.at, |script| {
                if let Some(schema) = &extension.schema {
                    // Prisma takes it for granted.
                    let _ =
                        writeln!(script.sql, "CREATE SCHEMA IF NOT EXISTS {};\n", quote(schema));
                }
                script.push(&format!("CREATE EXTENSION IF NOT EXISTS {}", quote(&extension.name)));
                if extension.schema.is_some() || extension.version.is_some() {
                    script.push(" WITH");
                }
                if let Some(schema) = &extension.schema {
                    script.push(&format!(" SCHEMA {}", quote(schema)));
                }
                if let Some(version) = &extension.version {
                    script.push(&format!(" VERSION {}", quote(version)));
                }
            });
            self.script.push(";\n\n");
        }
    }

    fn enums(&mut self) {
        for one in &self.schema.enums {
            let within = self.within(&one.schema);
            let name = self.qualified(within, &one.name);
            let origin = Origin::model(one.ast.name.text, one.ast.name.at);
            self.script.origins.enums.insert(stored(&[within, &one.name]), origin);
            self.script.piece(one.ast.name.at, |script| {
                script.push(&format!("CREATE TYPE {name} AS ENUM ("));
                for (number, label) in one.labels.iter().enumerate() {
                    if number > 0 {
                        script.push(", ");
                    }
                    script.piece(one.ast.values[number].name.at, |s| s.push(&literal(label)));
                }
                script.push(")");
            });
            self.script.push(";\n\n");
            for (value, label) in one.ast.values.iter().zip(&one.labels) {
                let mut key = stored(&[within, &one.name]);
                key.push(label.clone());
                let origin = Origin::field(one.ast.name.text, value.name.text, value.name.at);
                self.script.origins.labels.insert(key, origin);
            }
        }
    }

    fn table(&mut self, model: &'s ModelType) {
        let within = self.within(&model.schema);
        let (name, at) = (self.table_name(model), model.ast.name.at);
        let model_name = model.ast.name.text;
        let key = stored(&[within, &model.name]);
        self.script.origins.tables.insert(key, Origin::model(model_name, at));
        let start = self.script.sql.len();
        self.script.push(&format!("CREATE TABLE {name} (\n"));
        for (number, column) in model.columns.iter().enumerate() {
            if number > 0 {
                self.script.push(",\n");
            }
            let key = stored(&[within, &model.name, &column.name]);
            let field = Origin::field(model_name, column.field.name.text, column.field.name.at);
            let filled =
                matches!(column.default, Some(Default::Autoincrement | Default::Generated(..)));
            let origin = Origin { filled, ..field };
            self.script.origins.columns.insert(key, origin);
            self.column(column);
        }
        if let Some(index) = &model.key {
            self.script.push(",\n\n    ");
            let columns = self.columns_of(model, index, ",");
            self.script.piece(index.at, |script| {
                script.push(&format!("CONSTRAINT {} PRIMARY KEY ({columns})", quote(&index.name)));
            });
            self.constraint(within, &model.name, &index.name, Origin::model(model_name, index.at));
        }
        self.script.push("\n)");
        let end = self.script.sql.len();
        self.script.pieces.push((start, end, at.from));
        self.script.push(";\n\n");
    }

    fn constraint(&mut self, schema: &str, table: &str, name: &str, origin: Origin) {
        self.script.origins.constraints.insert(stored(&[schema, table, name]), origin);
    }

    fn columns_of(&self, model: &ModelType, index: &Index, separator: &str) -> String {
        let names: Vec<String> =
            index.columns.iter().map(|c| quote(&model.columns[c.column].name)).collect();
        names.join(separator)
    }

    fn column_type(&self, column: &Column) -> String {
        let mut sql = match column.kind {
            ColumnKind::Scalar(_, native) => match column.default {
                Some(Default::Autoincrement) => native.serial(),
                _ => native.sql(),
            },
            ColumnKind::Enum(number) => {
                let one = &self.schema.enums[number];
                self.qualified(self.within(&one.schema), &one.name)
            }
            ColumnKind::Unsupported(sql) => sql.to_owned(),
        };
        if column.arity() == Arity::List {
            sql.push_str("[]");
        }
        sql
    }

    fn column(&mut self, column: &Column) {
        let sql = self.column_type(column);
        let schema = self.schema;
        self.script.piece(column.field.name.at, |script| {
            script.push(&format!("    {} {sql}", quote(&column.name)));
            if column.arity() == Arity::Required {
                script.push(" NOT NULL");
            }
            match &column.default {
                Some(Default::Now) => script.push(" DEFAULT CURRENT_TIMESTAMP"),
                Some(Default::Generated(sql, at)) => {
                    script.push(" DEFAULT ");
                    script.piece(*at, |script| script.push(sql));
                }
                Some(Default::Literal(value)) => {
                    script.push(" DEFAULT ");
                    let one = |value| match sql_literal(value, column.kind, schema) {
                        Some(Literal::Quoted(text)) => literal(&text),
                        Some(Literal::Plain(text)) => text,
                        None => String::new(),
                    };
                    match value {
                        super::syntax::Value::Array(items, _) => {
                            let items: Vec<String> = items.iter().map(one).collect();
                            script.push(&format!("ARRAY[{}]::{sql}", items.join(", ")));
                        }
                        value => script.push(&one(value)),
                    }
                }
                Some(Default::Autoincrement | Default::Client) | None => {}
            }
        });
    }

    fn index(&mut self, model: &'s ModelType, index: &Index) {
        let within = self.within(&model.schema);
        let table = self.table_name(model);
        let unique = if index.kind == IndexKind::Unique { "UNIQUE " } else { "" };
        let method = match index.algorithm {
            Algorithm::BTree => String::new(),
            other => format!(" USING {} ", other.name().to_uppercase()),
        };
        let columns: Vec<String> = index
            .columns
            .iter()
            .map(|part| {
                let mut sql = quote(&model.columns[part.column].name);
                match &part.operators {
                    Some(Operators::Known(name)) => {
                        let _ = write!(sql, " {}", sql_name(name).unwrap_or_default());
                    }
                    Some(Operators::Raw(name)) => {
                        let _ = write!(sql, " {name}");
                    }
                    None => {}
                }
                match part.descending {
                    Some(true) => sql.push_str(" DESC"),
                    Some(false) => sql.push_str(" ASC"),
                    None => {}
                }
                sql
            })
            .collect();
        let name = quote(&index.name);
        self.script.piece(index.at, |script| {
            script.push(&format!(
                "CREATE {unique}INDEX {name} ON {table}{method}({})",
                columns.join(", ")
            ));
            if let Some((predicate, at)) = &index.predicate {
                script.push(" WHERE (");
                script.piece(*at, |script| script.push(predicate));
                script.push(")");
            }
        });
        self.script.push(";\n\n");
        let origin = Origin::model(model.ast.name.text, index.at);
        self.script.origins.indexes.insert(stored(&[within, &index.name]), origin);
    }

    fn foreign_key(&mut self, relation: Relation) {
        let Relation::Key { from, back, .. } = relation else { return };
        let (model, other) = (&self.schema.models[from.0], &self.schema.models[back.0]);
        if model.ast.is_view || other.ast.is_view {
            return;
        }
        let this = &model.relations[from.1];
        let list = |model: &ModelType, columns: &Option<Vec<usize>>| {
            let names: Vec<String> =
                columns.iter().flatten().map(|c| quote(&model.columns[*c].name)).collect();
            names.join(", ")
        };
        let name = relations::key_name(self.schema, from);
        let sql = format!(
            "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {}({}) ON DELETE {} ON UPDATE {}",
            self.table_name(model),
            quote(&name),
            list(model, &this.fields),
            self.table_name(other),
            list(other, &this.references),
            relations::on_delete(self.schema, from).sql(),
            relations::on_update(self.schema, from).sql(),
        );
        self.script.piece(this.at, |script| script.push(&sql));
        self.script.push(";\n\n");
        let origin = Origin::field(model.ast.name.text, this.field.name.text, this.at);
        self.constraint(self.within(&model.schema), &model.name, &name, origin);
    }

    fn pairs(&self, relation: Relation) -> Option<PairsTable> {
        let Relation::Pairs { a, b } = relation else { return None };
        let (model_a, model_b) = (&self.schema.models[a.0], &self.schema.models[b.0]);
        if model_a.ast.is_view || model_b.ast.is_view {
            return None;
        }
        let field = &model_a.relations[a.1];
        let name = field
            .name
            .clone()
            .unwrap_or_else(|| format!("{}To{}", model_a.ast.name.text, model_b.ast.name.text));
        Some(PairsTable {
            schema: self.within(&model_a.schema).to_owned(),
            name: names::pairs_table(&name),
            sides: [a, b],
            at: field.at,
        })
    }

    fn pairs_table(&mut self, relation: Relation, pairs: Pairs) {
        let Some(table) = self.pairs(relation) else { return };
        let name = self.qualified(&table.schema, &table.name);
        let [a, b] = table.sides;
        let origin = |at: (usize, usize)| {
            let model = &self.schema.models[at.0];
            Origin::field(model.ast.name.text, model.relations[at.1].field.name.text, table.at)
        };
        let origins = [origin(a), origin(b)];
        let key = stored(&[&table.schema, &table.name]);
        self.script.origins.tables.insert(key, origins[0].clone());
        let mut columns = Vec::new();
        for ((side, letter), origin) in [(a, "A"), (b, "B")].into_iter().zip(origins.clone()) {
            let model = &self.schema.models[side.0];
            let sql = model
                .key
                .as_ref()
                .and_then(|key| key.columns.first())
                .map(|part| match model.columns[part.column].kind {
                    ColumnKind::Scalar(_, native) => native.sql(),
                    _ => self.column_type(&model.columns[part.column]),
                })
                .unwrap_or_default();
            columns.push(format!("    {} {sql} NOT NULL", quote(letter)));
            let key = stored(&[&table.schema, &table.name, letter]);
            self.script.origins.columns.insert(key, origin);
        }
        let mut sql = format!("CREATE TABLE {name} (\n{}", columns.join(",\n"));
        if pairs == Pairs::PrimaryKey {
            let key = names::pairs_key(&table.name, "_AB_pkey");
            let _ = write!(sql, ",\n\n    CONSTRAINT {} PRIMARY KEY (\"A\",\"B\")", quote(&key));
            self.constraint(&table.schema, &table.name, &key, origins[0].clone());
        }
        sql.push_str("\n)");
        self.script.piece(table.at, |script| script.push(&sql));
        self.script.push(";\n\n");
    }

    fn pairs_indexes(&mut self, relation: Relation, pairs: Pairs) {
        let Some(table) = self.pairs(relation) else { return };
        let name = self.qualified(&table.schema, &table.name);
        let mut statements = Vec::new();
        if pairs == Pairs::UniqueIndex {
            let index = names::pairs_key(&table.name, "_AB_unique");
            statements.push((
                format!("CREATE UNIQUE INDEX {} ON {name}(\"A\", \"B\")", quote(&index)),
                index,
            ));
        }
        let index = names::pairs_key(&table.name, "_B_index");
        statements.push((format!("CREATE INDEX {} ON {name}(\"B\")", quote(&index)), index));
        for (sql, index) in statements {
            self.script.piece(table.at, |script| script.push(&sql));
            self.script.push(";\n\n");
            let model = self.schema.models[table.sides[0].0].ast.name.text;
            let origin = Origin::model(model, table.at);
            self.script.origins.indexes.insert(stored(&[&table.schema, &index]), origin);
        }
    }

    fn pairs_foreign_keys(&mut self, relation: Relation) {
        let Some(table) = self.pairs(relation) else { return };
        let name = self.qualified(&table.schema, &table.name);
        for (side, letter) in table.sides.into_iter().zip(["A", "B"]) {
            let model = &self.schema.models[side.0];
            let Some(index) = &model.key else { continue };
            let constraint = names::pairs_foreign_key(&table.name, &format!("_{letter}_fkey"));
            let sql = format!(
                "ALTER TABLE {name} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {}({}) ON DELETE CASCADE ON UPDATE CASCADE",
                quote(&constraint),
                quote(letter),
                self.table_name(model),
                self.columns_of(model, index, ", "),
            );
            self.script.piece(table.at, |script| script.push(&sql));
            self.script.push(";\n\n");
            let field = model.relations[side.1].field.name.text;
            let origin = Origin::field(model.ast.name.text, field, table.at);
            self.constraint(&table.schema, &table.name, &constraint, origin);
        }
    }
}

/// Names as the server keeps them: it cuts what is too long.
fn stored(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| names::as_stored(part).to_owned()).collect()
}
