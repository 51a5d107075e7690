//! The second worker, superuser inside the scratch database: what the text
//! takes for granted.

use super::Furnish;
use crate::pg::worker::{self, Desk, OnTerm};
use pgrx::spi::Spi;

/// Creates the extensions that the live database has, before any text of the
/// user's can have put something in their way.
fn furnish(job: &Furnish, _: &Desk) -> Result<(), String> {
    worker::attempt(|| {
        Spi::connect_mut(|client| {
            for e in &job.extensions {
                let quoted = |s: &str| pgrx::spi::quote_identifier(s);
                if e.schema != "pg_catalog" {
                    let schema = format!(
                        "CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}",
                        quoted(&e.schema),
                        quoted(&job.owner)
                    );
                    client
                        .update(&schema, None, &[])
                        .expect("a server error is raised, not returned");
                }
                // Some extensions insist on a schema of their own.
                let create = format!(
                    "CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} VERSION {} CASCADE",
                    quoted(&e.name),
                    quoted(&e.schema),
                    quoted(&e.version)
                );
                client.update(&create, None, &[]).expect("a server error is raised, not returned");
            }
        });
    })
}

crate::worker_function!(schemaguard_furnish, OnTerm::End, furnish);
