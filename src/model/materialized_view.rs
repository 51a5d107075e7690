use std::collections::HashSet;

use super::mend::{Change, Mend, Phase, Side, Step, Target};
use super::{
    Attribute, Attrs, Kind, Object, Scope, Severity, facet, fragment, index, named, no_parent, sql,
    statistics, table,
};

pub static KIND: Kind = Kind {
    name: "materialized view",
    object_type: "materialized view",
    catalog: "pg_class",
    letters: "m",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "{},
             settings AS (
             SELECT attrelid, json_object_agg(attname, list ORDER BY attnum) AS list FROM (
                 SELECT a.attrelid, a.attname, a.attnum, array_to_json(array_remove(ARRAY[
                        CASE WHEN a.attstorage <> t.typstorage THEN 'STORAGE ' || CASE a.attstorage
                             WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END END,
                        CASE a.attcompression WHEN 'p' THEN 'COMPRESSION pglz' WHEN 'l' THEN 'COMPRESSION lz4' END,
                        CASE WHEN a.attstattarget >= 0 THEN 'STATISTICS ' || a.attstattarget END]
                        || ARRAY(SELECT '(' || o || ')' FROM unnest(a.attoptions) o
                                  WHERE o NOT LIKE 'pg\\_attver=%' ORDER BY o), NULL)) AS list
                   FROM rel
                   JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
                   JOIN pg_type t ON t.oid = a.atttypid) x
              WHERE json_array_length(list) > 0
              GROUP BY attrelid)
             SELECT ARRAY[rel.nspname, rel.relname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'definition', pg_get_viewdef(rel.oid),
                        'access_method', am.amname,
                        'tablespace', ts.spcname,
                        'column_settings', settings.list,
                        'storage_parameters', {},
                        'clustered_on', clc.relname,
                        '_populated', CASE WHEN NOT rel.relispopulated THEN false END,
                        '_unreadable', CASE WHEN NOT rel.relispopulated THEN ({}) END))::text, rel.oid
               FROM rel
               LEFT JOIN settings ON settings.attrelid = rel.oid
               LEFT JOIN pg_am am ON am.oid = rel.relam
               LEFT JOIN pg_tablespace ts ON ts.oid = rel.reltablespace
               LEFT JOIN pg_index cl ON cl.indrelid = rel.oid AND cl.indisclustered
               LEFT JOIN pg_class clc ON clc.oid = cl.indexrelid",
            fragment::relations("'m'"),
            fragment::sorted("rel.reloptions"),
            UNREADABLE,
        )
    },
    attributes: &[
        Attribute::error("definition"),
        Attribute::warning("access_method"),
        Attribute::warning("tablespace"),
        Attribute::warning("storage_parameters"),
        Attribute::warning("column_settings").absent("default"),
        Attribute::info("clustered_on"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    // What it holds was computed and can be computed again.
    drop_loses: false,
    parent: no_parent,
    create,
    drop,
    alter,
};

/// Whether one of the views that it reads, which read with their owners'
/// rights, may not read something: then nobody can fill it.
const UNREADABLE: &str = r"
    WITH RECURSIVE reads(reader, read) AS (
    SELECT w.ev_class, d.refobjid FROM pg_rewrite w
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
     WHERE w.ev_class = rel.oid
    UNION
    SELECT w.ev_class, d.refobjid FROM reads
      JOIN pg_class v ON v.oid = reads.read AND v.relkind = 'v'
      JOIN pg_rewrite w ON w.ev_class = v.oid AND w.ev_type = '1'
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass)
    SELECT true FROM reads
      JOIN pg_class v ON v.oid = reads.reader AND v.relkind = 'v'
      JOIN pg_class c ON c.oid = reads.read AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
     WHERE c.oid <> v.oid AND NOT has_any_column_privilege(v.relowner, c.oid, 'SELECT')
       AND NOT EXISTS (SELECT FROM pg_options_to_table(v.reloptions)
                        WHERE option_name = 'security_invoker' AND option_value::boolean)
     LIMIT 1";

pub(super) fn create(o: &Object, side: &Side) -> Vec<Step> {
    let attrs = o.attrs();
    let name = o.identity.sql();
    let mut text = format!("CREATE MATERIALIZED VIEW {name}");
    if let Some(method) = attrs.text("access_method").filter(|m| *m != "heap") {
        text.push_str(&format!(" USING {}", sql::ident(method)));
    }
    let parameters = attrs.list("storage_parameters");
    if !parameters.is_empty() {
        text.push_str(&format!(" WITH ({})", sql::parameters(&parameters)));
    }
    if let Some(tablespace) = attrs.text("tablespace") {
        text.push_str(&format!(" TABLESPACE {}", sql::ident(tablespace)));
    }
    let definition = attrs.text("definition").unwrap_or_default();
    text.push_str(&format!(" AS\n{}", definition.trim_end().trim_end_matches(';')));
    if is_empty(o) && (attrs.is("_unreadable") || reads_empty(o, side)) {
        text.push_str("\nWITH NO DATA");
    }
    let mut steps = vec![Step::new(Phase::CreateView, text)];
    for kind in [&index::KIND, &statistics::KIND] {
        for child in side.children_of(&o.identity, kind.name) {
            steps.extend((kind.create)(child, side));
        }
    }
    steps.extend(column_settings(o, &Attrs::default(), &attrs));
    if let Some(index) = attrs.text("clustered_on") {
        steps.push(Step::new(
            Phase::Finish,
            format!("ALTER MATERIALIZED VIEW {name} CLUSTER ON {}", sql::ident(index)),
        ));
    }
    steps
}

/// Whether it was never filled.
fn is_empty(o: &Object) -> bool {
    o.kind.name == "materialized view" && o.attributes.get().contains("\"_populated\"")
}

/// Whether it can't be filled, for it reads one that isn't.
fn reads_empty(o: &Object, side: &Side) -> bool {
    reads(o, side).into_iter().any(|read| is_empty(read) && read.identity != o.identity)
}

/// What it reads when it is filled, through views too.
pub(crate) fn reads<'m>(o: &Object, side: &Side<'m>) -> Vec<&'m Object> {
    let mut found: Vec<&Object> = Vec::new();
    let mut seen = HashSet::new();
    let mut read_by = |reader: &Object, found: &mut Vec<&'m Object>| {
        let attrs = reader.attrs();
        let read = sql::pairs(attrs.text("definition").unwrap_or_default())
            .into_iter()
            .filter_map(|name| side.relation_in_sql(name));
        found.extend(read.filter(|read| seen.insert(&read.identity)));
    };
    read_by(o, &mut found);
    let mut at = 0;
    while let Some(read) = found.get(at).copied() {
        if read.kind.name == "view" {
            read_by(read, &mut found);
        }
        at += 1;
    }
    found
}

fn drop(o: &Object, _: &Side) -> Mend {
    Mend::step(Phase::DropView, format!("DROP MATERIALIZED VIEW IF EXISTS {}", o.identity.sql()))
        .clearing(Target::Relation(o.identity.clone()))
}

/// Storage, compression, statistics of single columns.
fn column_settings(o: &Object, from: &Attrs, to: &Attrs) -> Vec<Step> {
    let name = o.identity.sql();
    to.differing("column_settings", from)
        .flat_map(|column| {
            let settings = super::strings(to.within("column_settings", column));
            settings.into_iter().map(move |setting| (sql::ident(column), setting))
        })
        .map(|(column, setting)| {
            let sql = format!("ALTER MATERIALIZED VIEW {name} ALTER COLUMN {column} SET {setting}");
            Step::new(Phase::Finish, sql)
        })
        .collect()
}

/// Whether every setting that there is now is declared, if perhaps otherwise.
fn only_sets(c: &Change) -> bool {
    let word = |setting: &str| setting.split([' ', '=']).next().map(str::to_owned);
    c.to.differing(c.attribute, c.from).all(|column| {
        let to = super::strings(c.to.within(c.attribute, column));
        let from = super::strings(c.from.within(c.attribute, column));
        from.iter().all(|f| to.iter().any(|t| word(t) == word(f)))
    })
}

fn alter(c: &Change) -> Mend {
    let what = format!("ALTER MATERIALIZED VIEW {}", c.sql());
    match c.attribute {
        "storage_parameters" => table::parameter_statements(&what, c),
        "column_settings" if only_sets(c) => Mend::steps(column_settings(c.live, c.from, c.to)),
        "clustered_on" => Mend::step(
            Phase::Finish,
            match c.to.text("clustered_on") {
                Some(index) => format!("{what} CLUSTER ON {}", sql::ident(index)),
                None => format!("{what} SET WITHOUT CLUSTER"),
            },
        ),
        "access_method" => Mend::step(
            Phase::AlterTable,
            format!(
                "{what} SET ACCESS METHOD {}",
                sql::ident(c.to.text("access_method").unwrap_or("heap"))
            ),
        ),
        "tablespace" => Mend::step(
            Phase::AlterTable,
            format!(
                "{what} SET TABLESPACE {}",
                sql::ident(c.to.text("tablespace").unwrap_or("pg_default"))
            ),
        ),
        _ => {
            let mut mend = drop(c.live, c.live_side);
            mend.steps.extend(facet::make(c.declared, c.declared_side));
            mend
        }
    }
}
