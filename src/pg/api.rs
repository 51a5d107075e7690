//! The SQL functions that are declared in sql/: what they take and give,
//! nothing else.

use super::declared::{self, Declaration};
use super::{
    blame, cascades as chains, catalog, fix as fixing, guard, migration, status, sys, unchanged,
    unread,
};
use pgrx::JsonB;
use pgrx::datum::Interval;
use pgrx::prelude::*;

#[pg_extern]
fn declare(
    source: Option<&str>,
    format: Option<&str>,
    name: Option<&str>,
    schemas: Option<Vec<String>>,
    compare: Option<Vec<String>>,
    unmanaged: Option<Vec<String>>,
    pending: Option<bool>,
) -> i64 {
    sys::entry(|| {
        let Some(source) = source else {
            sys::raise("SG004", "the source of a declared schema must not be null", None, None)
        };
        declared::declare(Declaration {
            source,
            format: format.unwrap_or("sql"),
            name: name.unwrap_or("main"),
            schemas,
            compare,
            unmanaged,
            pending: pending.unwrap_or(false),
        })
    })
}

/// A schema in several files.
#[pg_extern]
#[allow(clippy::too_many_arguments)]
fn declare_files(
    sources: Option<Vec<Option<String>>>,
    names: Option<Vec<Option<String>>>,
    format: Option<&str>,
    name: Option<&str>,
    schemas: Option<Vec<String>>,
    compare: Option<Vec<String>>,
    unmanaged: Option<Vec<String>>,
    pending: Option<bool>,
) -> i64 {
    sys::entry(|| {
        let format = format.unwrap_or("prisma");
        let (sources, names) = (sources.unwrap_or_default(), names.unwrap_or_default());
        declared::declare(Declaration {
            source: &declared::joined(sources, names, format),
            format,
            name: name.unwrap_or("main"),
            schemas,
            compare,
            unmanaged,
            pending: pending.unwrap_or(false),
        })
    })
}

#[pg_extern]
fn accept_data_loss(reason: Option<&str>) {
    sys::entry(|| guard::accept(reason.unwrap_or_default()))
}

#[pg_extern]
fn accept_drift(reason: Option<&str>) {
    sys::entry(|| guard::accept_drift(reason.unwrap_or_default()))
}

#[pg_extern]
fn approve(digest: Option<&str>, reason: Option<&str>, valid_for: Option<Interval>) {
    sys::entry(|| {
        guard::approve(
            digest.unwrap_or_default(),
            reason.unwrap_or_default(),
            valid_for.map(|i| i.as_micros()),
        )
    })
}

#[pg_extern]
fn revoke_approval(digest: Option<&str>) {
    sys::entry(|| guard::revoke_approval(digest.unwrap_or_default()))
}

#[pg_extern]
fn allow(
    role: Option<&str>,
    pattern: Option<&str>,
    rule: Option<&str>,
    reason: Option<&str>,
    older_than: Option<Interval>,
) -> i64 {
    sys::entry(|| {
        guard::allow(
            role.unwrap_or_default(),
            pattern.unwrap_or_default(),
            rule.unwrap_or_default(),
            reason.unwrap_or_default(),
            older_than,
        )
    })
}

#[pg_extern]
fn disallow(id: Option<i64>) {
    sys::entry(|| guard::disallow(id))
}

#[pg_extern]
fn status()
-> TableIterator<'static, (name!(item, String), name!(state, String), name!(detail, String))> {
    sys::entry(|| TableIterator::new(status::rows()))
}

/// Objects that no reader knows.
#[pg_extern]
fn unread() -> TableIterator<'static, (name!(object_type, String), name!(object, String))> {
    sys::entry(|| TableIterator::new(unread::rows().into_iter().map(|u| (u.object_type, u.object))))
}

/// One row a foreign key and table from which it is reached.
#[pg_extern]
#[allow(clippy::type_complexity)]
fn cascades(
    exact: Option<bool>,
) -> TableIterator<
    'static,
    (
        name!(from_table, String),
        name!(to_table, String),
        name!(path, String),
        name!(foreign_key, String),
        name!(on_delete, &'static str),
        name!(depth, i32),
        name!(rows_at_stake, Option<i64>),
        name!(is_indexed, bool),
    ),
> {
    sys::entry(|| {
        TableIterator::new(chains::rows(exact.unwrap_or(false)).into_iter().map(|r| {
            (
                r.from_table,
                r.to_table,
                r.path,
                r.foreign_key,
                r.on_delete,
                r.depth,
                r.rows_at_stake,
                r.is_indexed,
            )
        }))
    })
}

/// One row a migration, and one for what ran under none.
#[pg_extern]
#[allow(clippy::type_complexity)]
fn migrations(
    files: Option<JsonB>,
    of_tool: Option<&str>,
) -> TableIterator<
    'static,
    (
        name!(tool, Option<String>),
        name!(history, Option<String>),
        name!(migration, Option<String>),
        name!(state, String),
        name!(issues, Option<Vec<String>>),
        name!(started_at, Option<TimestampWithTimeZone>),
        name!(finished_at, Option<TimestampWithTimeZone>),
        name!(checksum, Option<String>),
        name!(statements, Option<i64>),
        name!(note, Option<String>),
    ),
> {
    sys::entry(|| {
        TableIterator::new(migration::review::rows(files, of_tool).into_iter().map(|r| {
            (
                r.tool,
                r.history,
                r.migration,
                r.state,
                r.issues,
                r.started_at,
                r.finished_at,
                r.checksum,
                r.statements,
                r.note,
            )
        }))
    })
}

/// One row a difference.
#[pg_extern]
#[allow(clippy::type_complexity)]
fn drift(
    name: Option<&str>,
) -> TableIterator<
    'static,
    (
        name!(object_type, String),
        name!(object, String),
        name!(change, String),
        name!(attribute, Option<String>),
        name!(declared, Option<String>),
        name!(actual, Option<String>),
        name!(severity, String),
        name!(data_loss, bool),
        name!(caused_by, Option<i64>),
        name!(fix, String),
        name!(source, Option<String>),
    ),
> {
    sys::entry(|| {
        let found = unchanged::drift(name);
        let causes = blame::answers(&found.questions);
        blame::say_unknown(&found.differences, &causes);
        let rows: Vec<_> = found
            .differences
            .iter()
            .zip(causes)
            .zip(&found.places)
            .map(|((d, cause), place)| {
                (
                    d.object_type().to_owned(),
                    d.object(),
                    d.change_word().to_owned(),
                    d.attribute.clone(),
                    d.declared.clone(),
                    d.actual.clone(),
                    d.severity.as_str().to_owned(),
                    d.data_loss,
                    cause,
                    d.fix_shown().to_owned(),
                    place.clone(),
                )
            })
            .collect();
        TableIterator::new(rows)
    })
}

/// The script that removes the drift.
#[pg_extern]
#[allow(clippy::type_complexity)]
fn fix(
    name: Option<&str>,
    allow_loss: Option<bool>,
    prove: Option<bool>,
    gentle: Option<bool>,
    unmanaged: Option<bool>,
) -> TableIterator<
    'static,
    (
        name!(step, i32),
        name!(sql, Option<String>),
        name!(data_loss, bool),
        name!(note, Option<String>),
        name!(locks, Option<Vec<String>>),
        name!(rewrites, Option<Vec<String>>),
        name!(state, String),
    ),
> {
    sys::entry(|| {
        let how = fixing::How {
            allow_loss: allow_loss.unwrap_or(false),
            prove: prove.unwrap_or(false),
            gentle: gentle.unwrap_or(false),
            unmanaged: unmanaged.unwrap_or(false),
        };
        let (rows, state) = fixing::rows(name, how);
        TableIterator::new(rows.into_iter().zip(1..).map(move |(r, number)| {
            (number, r.sql, r.data_loss, r.note, r.locks, r.rewrites, state.clone())
        }))
    })
}

/// The steps of the script that were run.
#[pg_extern]
fn mend(
    state: Option<&str>,
    name: Option<&str>,
) -> TableIterator<'static, (name!(step, i32), name!(sql, String))> {
    sys::entry(|| {
        let run = fixing::mend(state.unwrap_or_default(), name);
        TableIterator::new((1..).zip(run))
    })
}

/// The live schema as a model.
#[pg_extern]
fn snapshot(schemas: Option<Vec<String>>) -> JsonB {
    sys::entry(|| {
        let json = catalog::read(schemas.as_deref()).to_json();
        JsonB(serde_json::from_str(&json).expect("a model is JSON"))
    })
}
