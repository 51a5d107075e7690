//! schemaguard: the database itself keeps the schema honest and the data safe.
//!
//! The rooms beside `pg` know nothing of the server: they compile without
//! pgrx and are tested without one. See ARCHITECTURE.md.

#[forbid(unsafe_code)]
pub mod consent;
#[forbid(unsafe_code)]
pub mod drift;
#[forbid(unsafe_code)]
pub mod loss;
#[forbid(unsafe_code)]
pub mod migration;
#[forbid(unsafe_code)]
pub mod model;
#[forbid(unsafe_code)]
pub mod source;

#[cfg(any(feature = "pg15", feature = "pg17", feature = "pg18"))]
pub mod pg;
