//! The server's side: everything that needs pgrx.

pub mod api;
pub mod blame;
pub mod cascades;
pub mod catalog;
pub mod declared;
pub mod guard;
pub mod identity;
pub mod ledger;
pub mod scratch;
pub mod settings;
pub mod status;
pub mod sys;
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
/// tables on behalf of roles that may not.
pub fn as_owner<T>(f: impl FnOnce() -> T) -> T {
    sys::as_role(owner(), f)
}

/// Who owns the extension; the superuser that initdb made where it isn't
/// installed (a library function was declared by hand).
fn owner() -> pg_sys::Oid {
    pgrx::spi::Spi::connect(|client| {
        client
            .select(
                "SELECT extowner FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'schemaguard'",
                Some(1),
                &[],
            )
            .ok()
            .and_then(|rows| rows.first().get_one::<pg_sys::Oid>().ok().flatten())
    })
    .unwrap_or(pg_sys::Oid::from_u32(10))
}
