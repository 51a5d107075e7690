//! The SQL functions that are declared in sql/: what they take and give,
//! nothing else. drift(), fix() and snapshot() are in drift.rs.

use super::{declared, guard, status, sys};
use pgrx::prelude::*;

#[pg_extern]
fn declare(
    source: Option<&str>,
    format: Option<&str>,
    name: Option<&str>,
    schemas: Option<Vec<String>>,
) -> i64 {
    sys::entry(|| {
        let Some(source) = source else {
            sys::raise("SG004", "the source of a declared schema must not be null", None, None)
        };
        declared::declare(source, format.unwrap_or("sql"), name.unwrap_or("main"), schemas)
    })
}

#[pg_extern]
fn accept_data_loss(reason: Option<&str>) {
    sys::entry(|| guard::accept(reason.unwrap_or_default()))
}

#[pg_extern]
fn status()
-> TableIterator<'static, (name!(item, String), name!(state, String), name!(detail, String))> {
    sys::entry(|| TableIterator::new(status::rows()))
}
