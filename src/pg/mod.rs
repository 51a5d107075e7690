//! The server's side: everything that needs pgrx.

pub mod api;
pub mod blame;
pub mod cascades;
pub mod catalog;
pub mod declared;
mod fix;
pub mod guard;
pub mod identity;
pub mod keep_out;
pub mod ledger;
pub mod migration;
mod on_drift;
mod prisma;
mod progress;
mod renames;
mod row;
pub mod scratch;
pub mod settings;
pub mod status;
pub mod sys;
mod unchanged;
mod unread;
pub mod worker;

use pgrx::pg_sys;
use pgrx::prelude::pg_guard;

pgrx::pg_module_magic!();

/// Called by the server when the library is loaded: by a preload setting or
/// by the first DDL statement of a session, whose own event trigger it is.
#[pg_guard]
pub extern "C-unwind" fn _PG_init() {
    settings::define();
    guard::install();
}

/// Runs `f` with the rights of the extension's owner: for reading our own
/// tables on behalf of roles that may not. Those are read by their names: a
/// schema of that name that isn't ours would have a superuser run whatever
/// its owner likes. Without the extension (a library function was declared by
/// hand) nobody gets more rights than he has.
pub fn as_owner<T>(f: impl FnOnce() -> T) -> T {
    let Some((owner, schema)) = home() else { return f() };
    if schema != "schemaguard" {
        let name = crate::model::sql::ident(&schema);
        sys::raise(
            "SG003",
            "the schema of extension schemaguard has another name",
            Some(format!("It is called {name}.")),
            Some(format!("To go on: ALTER SCHEMA {name} RENAME TO schemaguard;")),
        );
    }
    sys::as_role(owner, f)
}

/// Who owns the extension, and the name of its schema.
fn home() -> Option<(pg_sys::Oid, String)> {
    pgrx::spi::Spi::connect(|client| {
        let rows = client
            .select(
                "SELECT e.extowner, n.nspname::pg_catalog.text
                   FROM pg_catalog.pg_extension e
                   JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
                  WHERE e.extname OPERATOR(pg_catalog.=) 'schemaguard'",
                Some(1),
                &[],
            )
            .ok()?;
        let row = rows.first();
        Some((row.get::<pg_sys::Oid>(1).ok().flatten()?, row.get::<String>(2).ok().flatten()?))
    })
}
