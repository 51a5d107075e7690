//! Datasource and generators: what they say of the database.

use super::arguments::{items, text, texts};
use super::schema::{Datasource, Extension};
use super::syntax::{Config, File, Value};
use super::{Mistakes, list_of};
use std::collections::HashSet;

/// Preview features that any Prisma from 5 to 7 knows, in lower case. An old
/// one does nothing, and its schema is valid all the same.
const FEATURES: [&str; 53] = [
    "aggregateapi",
    "atomicnumberoperations",
    "clientextensions",
    "cockroachdb",
    "connectorcreate",
    "createmany",
    "dataproxy",
    "deno",
    "distinct",
    "driveradapters",
    "esm",
    "extendedindexes",
    "extendedwhereunique",
    "fieldreference",
    "filteredrelationcount",
    "filterjson",
    "fulltextindex",
    "fulltextsearch",
    "fulltextsearchpostgres",
    "groupby",
    "improvedqueryraw",
    "interactivetransactions",
    "jsonprotocol",
    "metrics",
    "microsoftsqlserver",
    "middlewares",
    "mongodb",
    "multischema",
    "namedconstraints",
    "napi",
    "nativedistinct",
    "nativetypes",
    "omitapi",
    "orderbyaggregategroup",
    "orderbynulls",
    "orderbyrelation",
    "partialindexes",
    "postgresqlextensions",
    "prismaschemafolder",
    "querycompiler",
    "reactnative",
    "referentialactions",
    "referentialintegrity",
    "relationjoins",
    "schemaenginedriveradapters",
    "selectrelationcount",
    "shardkeys",
    "strictundefinedchecks",
    "tracing",
    "transactionapi",
    "typedsql",
    "uncheckedscalarinputs",
    "views",
];

pub fn read(file: &File, mistakes: &mut Mistakes) -> Datasource {
    let mut datasource = Datasource::default();
    for generator in &file.generators {
        if duplicates(generator, "generator", mistakes) {
            read_generator(generator, &mut datasource, mistakes);
        }
    }
    for source in &file.datasources {
        if duplicates(source, "datasource", mistakes) {
            read_datasource(source, &mut datasource, mistakes);
        }
    }
    for source in file.datasources.iter().skip(1) {
        mistakes.say(
            source.name.at,
            "there is more than one datasource",
            "A schema has one database: keep one datasource block.",
        );
    }
    if let Some(extension) = datasource.extensions.first()
        && !datasource.features.iter().any(|f| f == "postgresqlextensions")
    {
        mistakes.say(
            extension.at,
            "extensions = […] is a preview feature",
            "Write previewFeatures = [\"postgresqlExtensions\"] in the generator.",
        );
    }
    datasource
}

/// Says what is there twice or without a value. Whether the block can be read.
fn duplicates(block: &Config, kind: &str, mistakes: &mut Mistakes) -> bool {
    let mut readable = true;
    let mut seen = HashSet::new();
    for property in &block.properties {
        let name = property.name.text;
        if !seen.insert(name) {
            mistakes.say(
                property.name.at,
                format!("{name} is set twice in {kind} {}", block.name.text),
                "Keep one of the lines.",
            );
        }
        if property.value.is_none() {
            readable = false;
            mistakes.say(property.at, format!("{name} has no value"), "Write it behind the =.");
        }
    }
    readable
}

fn read_generator(block: &Config, datasource: &mut Datasource, mistakes: &mut Mistakes) {
    let get = |name: &str| {
        block.properties.iter().rev().find(|p| p.name.text == name).and_then(|p| p.value.as_ref())
    };
    match get("provider") {
        Some(provider) => text_or_environment(provider, mistakes),
        None => mistakes.say(
            block.name.at,
            format!("generator {} has no provider", block.name.text),
            "Write provider = \"prisma-client\".",
        ),
    }
    if let Some(output) = get("output") {
        text_or_environment(output, mistakes);
    }
    if let Some(targets) = get("binaryTargets") {
        for target in items(targets) {
            text_or_environment(target, mistakes);
        }
    }
    if let Some(engine) = get("engineType") {
        text(engine, mistakes);
    }
    let Some(features) = get("previewFeatures") else { return };
    for (feature, at) in texts(features, mistakes).unwrap_or_default() {
        let lower = feature.to_ascii_lowercase();
        if !FEATURES.contains(&lower.as_str()) {
            mistakes.say(
                at,
                format!("no preview feature is called \"{feature}\""),
                "Those that change the database are: partialIndexes, postgresqlExtensions, views.",
            );
        }
        datasource.features.push(lower);
    }
}

fn read_datasource(block: &Config, datasource: &mut Datasource, mistakes: &mut Mistakes) {
    datasource.name.get_or_insert_with(|| block.name.text.to_owned());
    let get = |name: &str| {
        block
            .properties
            .iter()
            .rev()
            .find(|p| p.name.text == name)
            .and_then(|p| p.value.as_ref().map(|value| (p, value)))
    };
    match get("provider") {
        None => mistakes.say(
            block.name.at,
            format!("datasource {} has no provider", block.name.text),
            "Write provider = \"postgresql\".",
        ),
        Some((_, Value::Text(provider, at))) => {
            if provider != "postgresql" && provider != "postgres" {
                mistakes.say(
                    *at,
                    format!("provider \"{provider}\" is not PostgreSQL"),
                    "A schema that is declared here has provider = \"postgresql\".",
                );
            }
        }
        Some((_, other)) => mistakes.say(
            other.at(),
            format!("the provider has to be a text, not {other}"),
            "Write provider = \"postgresql\".",
        ),
    }
    // Prisma 7 refuses these in the schema, 6 wants them: they say nothing
    // of the schema.
    for url in ["url", "directUrl", "shadowDatabaseUrl"] {
        if let Some((_, value)) = get(url) {
            text_or_environment(value, mistakes);
        }
    }
    match (get("relationMode"), get("referentialIntegrity")) {
        (Some(_), Some((old, _))) => mistakes.say(
            old.at,
            "referentialIntegrity is the old name of relationMode, and both are here",
            "Keep relationMode.",
        ),
        (Some((_, mode)), None) | (None, Some((_, mode))) => {
            match text(mode, mistakes).as_deref() {
                Some("prisma") => datasource.emulates_keys = true,
                Some("foreignKeys") | None => {}
                Some(other) => mistakes.say(
                    mode.at(),
                    format!("there is no relation mode \"{other}\""),
                    "Write \"foreignKeys\" or \"prisma\".",
                ),
            }
        }
        (None, None) => {}
    }
    if let Some((_, schemas)) = get("schemas")
        && let Some(mut names) = texts(schemas, mistakes)
    {
        if names.is_empty() {
            mistakes.say(
                schemas.at(),
                "the list of schemas is empty",
                "Name the schemas, or leave the line out.",
            );
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        for pair in names.windows(2) {
            if pair[0].0 == pair[1].0 {
                mistakes.say(
                    pair[1].1,
                    format!("schema \"{}\" is in the list twice", pair[1].0),
                    "Keep one.",
                );
            }
        }
        if !names.is_empty() {
            datasource.schemas = Some(names.into_iter().map(|(name, _)| name).collect());
        }
    }
    if let Some((_, extensions)) = get("extensions") {
        // By their names in the schema, whatever the server calls them.
        let mut items = items(extensions);
        items.sort_by_key(|item| match item {
            Value::Constant(name) | Value::Call(name, _, _) => name.text,
            _ => "",
        });
        for item in items {
            read_extension(item, datasource, mistakes);
        }
    }
    const KNOWN: [&str; 8] = [
        "provider",
        "relationMode",
        "referentialIntegrity",
        "schemas",
        "extensions",
        "url",
        "directUrl",
        "shadowDatabaseUrl",
    ];
    for property in &block.properties {
        match property.name.text {
            "previewFeatures" => mistakes.say(
                property.at,
                "preview features are switched on in the generator",
                "Move the line there.",
            ),
            name if KNOWN.contains(&name) => {}
            name => mistakes.say(
                property.at,
                format!("a datasource has no property {name}"),
                format!("It has: {}.", list_of(&KNOWN.map(str::to_owned))),
            ),
        }
    }
}

fn read_extension(item: &Value, datasource: &mut Datasource, mistakes: &mut Mistakes) {
    let (name, arguments) = match item {
        Value::Constant(name) => (name, None),
        Value::Call(name, arguments, _) => (name, Some(arguments)),
        other => {
            mistakes.say(
                other.at(),
                format!("an extension is a bare word, not {other}"),
                "Write citext, or for a name with a dash uuid_ossp(map: \"uuid-ossp\").",
            );
            return;
        }
    };
    if name.text.starts_with(char::is_numeric) || name.text.contains('-') {
        mistakes.say(
            name.at,
            format!("{} is no name for an extension here", name.text),
            "Write a name of letters and give the real one with map: uuid_ossp(map: \"uuid-ossp\").",
        );
    }
    let mut extension =
        Extension { name: name.text.to_owned(), schema: None, version: None, at: item.at() };
    let mut seen = Vec::new();
    for argument in arguments.into_iter().flat_map(|a| &a.list) {
        let Some(key) = argument.name else {
            mistakes.say(
                argument.at,
                "an extension's argument needs its name",
                "Write map: \"…\", schema: \"…\" or version: \"…\".",
            );
            continue;
        };
        if seen.contains(&key.text) {
            mistakes.say(argument.at, format!("argument {} is here twice", key.text), "Keep one.");
            continue;
        }
        seen.push(key.text);
        let value = text(&argument.value, mistakes);
        match key.text {
            "map" => extension.name = value.unwrap_or(extension.name),
            "schema" => extension.schema = value,
            "version" => extension.version = value,
            other => mistakes.say(
                argument.at,
                format!("an extension takes no argument {other}"),
                "It takes: map, schema, version.",
            ),
        }
    }
    datasource.extensions.push(extension);
}

/// `"…"` or `env("…")`.
fn text_or_environment(value: &Value, mistakes: &mut Mistakes) {
    match value {
        Value::Text(_, _) => {}
        Value::Call(name, arguments, _) if name.text == "env" => {
            if !matches!(arguments.list.as_slice(), [one] if matches!(one.value, Value::Text(_, _)))
            {
                mistakes.say(
                    value.at(),
                    "env(…) takes one text, the name of the variable",
                    "Write env(\"DATABASE_URL\").",
                );
            }
        }
        other => mistakes.say(
            other.at(),
            format!("here has to be a text or env(\"…\"), not {other}"),
            "Put it in double quotes.",
        ),
    }
}
