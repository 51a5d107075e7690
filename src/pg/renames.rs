//! What the record says of names that objects have had.

use crate::drift::{ChangeKind, Difference, Event, Renames};
use crate::model::{Identity, Model};
use pgrx::Spi;

use super::catalog;
use super::declared::Declared;

/// All renames and moves, and where what was called so, or what it was part of,
/// or what is asked for, was made or dropped; of parts of tables each drop, for a
/// renamed table's part has been called otherwise without a row of its own, and so
/// has what a renamed schema or server has, and what has gone to another schema
/// with its table. What was replaced has stayed.
const EVENTS: &str = r#"
WITH ddl AS MATERIALIZED (
    SELECT id, statement_id, object, formerly, action, object_type
      FROM schemaguard.ddl_log
     WHERE verdict OPERATOR(pg_catalog.<>) 'refused'
       -- It is called as its column, which stays.
       AND object_type OPERATOR(pg_catalog.<>) 'default value'
       AND (formerly IS NOT NULL
            OR action OPERATOR(pg_catalog.=) 'drop'
            OR action OPERATOR(pg_catalog.=) 'create' AND former_definition IS NULL)
), name AS (
    SELECT object FROM ddl WHERE formerly IS NOT NULL
    UNION
    SELECT formerly FROM ddl WHERE formerly IS NOT NULL
    UNION
    SELECT pg_catalog.unnest($1)
), whole AS (
    SELECT DISTINCT pg_catalog.regexp_replace(object, '\.("([^"]|"")*"|[^.]*)$', '') AS object FROM name
)
SELECT id, statement_id, object, formerly, object_type, action OPERATOR(pg_catalog.=) 'drop'
  FROM ddl
 WHERE formerly IS NOT NULL
    OR object IN (SELECT n.object FROM name n)
    OR object IN (SELECT w.object FROM whole w)
       AND object_type OPERATOR(pg_catalog.=) ANY ('{schema,table,foreign table,view,materialized view,type,domain}')
    OR action OPERATOR(pg_catalog.=) 'drop'
       AND (object_type OPERATOR(pg_catalog.=) ANY ('{column,constraint,trigger,rule,policy,user mapping,default privileges}')
            OR pg_catalog.split_part(object, '.', 1) IN (SELECT n.object FROM name n)
            OR object_type OPERATOR(pg_catalog.=) ANY ('{index,sequence}')
               AND pg_catalog.split_part(object, '.', 2) IN (SELECT pg_catalog.split_part(a.name, '.', 2)
                                                               FROM pg_catalog.unnest($1) AS a(name)))
       AND EXISTS (SELECT FROM ddl r WHERE r.formerly IS NOT NULL)
 ORDER BY id DESC"#;

/// What the record says of the names of whatever has had another one, and of
/// some more, the newest first.
pub fn events(of: Vec<String>) -> Vec<Event> {
    super::as_owner(|| {
        Spi::connect(|client| {
            let rows = client
                .select(EVENTS, None, &[of.into()])
                .unwrap_or_else(|e| pgrx::error!("schemaguard could not read its record: {e}"));
            rows.filter_map(|row| {
                Some(Event {
                    id: row.get(1).ok()??,
                    statement: row.get(2).ok()??,
                    object: row.get(3).ok()??,
                    formerly: row.get(4).ok()?,
                    object_type: row.get(5).ok()??,
                    drops: row.get(6).ok()??,
                })
            })
            .collect()
        })
    })
}

/// The first row of the record after the declaration.
fn since(version: &Declared) -> i64 {
    const QUERY: &str = "
        SELECT pg_catalog.min(l.id) FROM schemaguard.ddl_log l, schemaguard.declared d
         WHERE d.version OPERATOR(pg_catalog.=) $1 AND l.at OPERATOR(pg_catalog.>) d.declared_at";
    let first = super::as_owner(|| {
        Spi::connect(|client| {
            client.select(QUERY, Some(1), &[version.version.into()]).ok()?.first().get(1).ok()?
        })
    });
    first.unwrap_or(i64::MAX)
}

/// Finds what of the differences are renames, and calls everything in the live
/// model as it is declared. What has left the declared schemas is read again
/// where it is now.
pub fn settle(
    version: &Declared,
    declared: &Model,
    live: &mut Model,
    differences: &[Difference],
) -> Renames {
    let may_be_renamed = |d: &Difference| {
        d.change == ChangeKind::Missing
            || d.kind.name == "column"
            || matches!(d.attribute.as_deref(), Some("labels" | "attributes"))
    };
    if !differences.iter().any(may_be_renamed) {
        return Renames::default();
    }
    let events = events(Vec::new());
    if !events.iter().any(|e| e.formerly.is_some()) {
        return Renames::default();
    }
    let elsewhere = elsewhere(&version.schemas, &events);
    let read = (!elsewhere.is_empty()).then(|| {
        let schemas: Vec<String> = version.schemas.iter().cloned().chain(elsewhere).collect();
        catalog::read(Some(&schemas))
    });
    let renames = Renames::find(
        declared,
        read.as_ref().unwrap_or(live),
        &events,
        || since(version),
        |o| version.terms.manages(o),
    );
    if !renames.is_empty() {
        if let Some(read) = read {
            *live = read;
        }
        renames.apply(declared, live);
    }
    renames
}

/// Schemas that aren't declared, and that something has come into.
fn elsewhere(declared: &[String], events: &[Event]) -> Vec<String> {
    let moved = events.iter().filter(|e| e.formerly.is_some());
    let mut schemas: Vec<String> = moved
        .filter_map(|e| Identity::parts_shown(&e.object).into_iter().next())
        .filter(|schema| !declared.contains(schema))
        .collect();
    schemas.sort();
    schemas.dedup();
    if !schemas.is_empty() {
        let there = catalog::schemas();
        schemas.retain(|schema| there.contains(schema));
    }
    schemas
}
