//! The SQL functions that are declared in sql/: what they take and give,
//! nothing else. drift(), fix() and snapshot() are in drift.rs.

use super::{declared, guard, status, sys};
use pgrx::prelude::*;

#[pg_extern]
fn declare(source: &str, format: &str, name: &str, schemas: Option<Vec<String>>) -> i64 {
    sys::entry(|| declared::declare(source, format, name, schemas))
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
