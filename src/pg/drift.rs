//! drift(), fix() and snapshot(): the pure comparison, called on what is
//! declared and what is live.

use super::sys::{entry, raise};
use super::{catalog, declared};
use crate::drift::{self, ChangeKind, Difference};
use crate::model::Model;
use pgrx::prelude::*;
use pgrx::{JsonB, Spi};

/// The newest row of the record for each difference. A row is the object's
/// own or its table's that names it as a part; for what is missing also the
/// one that dropped its table or schema. What is missing was dropped, what is
/// extra was created, and what is said of a table as a whole was changed by a
/// statement that names no part of it: those rows are preferred to later
/// ones. Refused statements did nothing.
const CAUSES: &str = "
WITH difference AS (
    SELECT * FROM pg_catalog.jsonb_to_recordset($1)
        AS d(n int, change text, object text, is_table boolean, parent text, part text, containers text[])
), cause AS (
    SELECT d.n, d.change,
           d.is_table AND (o.action OPERATOR(pg_catalog.=) 'create'
                           OR coalesce(pg_catalog.cardinality(o.parts), 0) OPERATOR(pg_catalog.>) 0) AS of_others,
           o.id, o.statement_id, o.action
      FROM difference d
      JOIN schemaguard.ddl_entry o ON o.object OPERATOR(pg_catalog.=) d.object
    UNION ALL
    SELECT d.n, d.change, false, o.id, o.statement_id, o.action
      FROM difference d
      JOIN schemaguard.ddl_entry o ON o.object OPERATOR(pg_catalog.=) d.parent
     WHERE d.part OPERATOR(pg_catalog.=) ANY (o.parts)
    UNION ALL
    SELECT d.n, d.change, false, o.id, o.statement_id, o.action
      FROM difference d
      JOIN schemaguard.ddl_entry o
        ON o.object OPERATOR(pg_catalog.=) ANY (d.containers)
       AND o.action OPERATOR(pg_catalog.=) 'drop'
     WHERE d.change OPERATOR(pg_catalog.=) 'missing'
)
SELECT c.n,
       coalesce(
           pg_catalog.max(c.id) FILTER (WHERE CASE c.change
               WHEN 'missing' THEN c.action OPERATOR(pg_catalog.=) 'drop'
               WHEN 'extra' THEN c.action OPERATOR(pg_catalog.=) 'create'
               ELSE NOT c.of_others END),
           pg_catalog.max(c.id))
  FROM cause c
  JOIN schemaguard.ddl_entry s ON s.id OPERATOR(pg_catalog.=) c.statement_id
 WHERE s.verdict OPERATOR(pg_catalog.<>) 'refused'
 GROUP BY c.n";

struct Drift {
    declared: Model,
    live: Model,
    differences: Vec<Difference>,
}

fn compare(name: Option<&str>) -> Drift {
    let name = name.unwrap_or("main");
    let Some(newest) = declared::newest(name) else {
        raise(
            "SG004",
            format!("no schema is declared under the name \"{name}\""),
            None,
            Some("Declare one with schemaguard.declare(…), or nothing can be compared.".to_owned()),
        )
    };
    let declared = match Model::from_json(&newest.model_json) {
        Ok(model) => model,
        Err(e) => raise(
            "SG004",
            format!(
                "version {} of the declared schema \"{name}\" can't be read",
                newest.version
            ),
            Some(e.to_string()),
            Some("Declare it again.".to_owned()),
        ),
    };
    let live = catalog::read(Some(&newest.schemas));
    let differences = drift::compare(&declared, &live);
    Drift {
        declared,
        live,
        differences,
    }
}

fn causes(differences: &[Difference]) -> Vec<Option<i64>> {
    let mut causes = vec![None; differences.len()];
    if differences.is_empty() {
        return causes;
    }
    let asked: Vec<serde_json::Value> = differences
        .iter()
        .enumerate()
        .map(|(n, d)| {
            let part = d.part_of();
            serde_json::json!({
                "n": n,
                "change": d.change.as_str(),
                "object": d.object(),
                "is_table": d.kind.name == "table",
                "parent": part.as_ref().map(|(parent, _)| parent),
                "part": part.as_ref().map(|(_, part)| part),
                "containers": if d.change == ChangeKind::Missing { d.containers() } else { Vec::new() },
            })
        })
        .collect();
    super::as_owner(|| {
        Spi::connect(|client| {
            let rows = client
                .select(
                    CAUSES,
                    None,
                    &[JsonB(serde_json::Value::Array(asked)).into()],
                )
                .unwrap_or_else(|e| pgrx::error!("schemaguard could not read its record: {e}"));
            for row in rows {
                let n = row.get::<i32>(1).ok().flatten();
                let id = row.get::<i64>(2).ok().flatten();
                if let Some(cause) = n.and_then(|n| causes.get_mut(n as usize)) {
                    *cause = id;
                }
            }
        });
    });
    causes
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
    ),
> {
    entry(|| {
        let found = compare(name).differences;
        let causes = causes(&found);
        TableIterator::new(found.into_iter().zip(causes).map(|(d, cause)| {
            (
                d.object_type().to_owned(),
                d.object(),
                d.change.as_str().to_owned(),
                d.attribute,
                d.declared,
                d.actual,
                d.severity.as_str().to_owned(),
                d.data_loss,
                cause,
                d.fix,
            )
        }))
    })
}

/// The script that removes the drift.
#[pg_extern]
#[allow(clippy::type_complexity)]
fn fix(
    name: Option<&str>,
    allow_loss: Option<bool>,
) -> TableIterator<
    'static,
    (
        name!(step, i32),
        name!(sql, Option<String>),
        name!(data_loss, bool),
        name!(note, Option<String>),
    ),
> {
    entry(|| {
        let found = compare(name);
        let steps = drift::script(
            &found.declared,
            &found.live,
            &found.differences,
            allow_loss.unwrap_or(false),
        );
        TableIterator::new(
            steps
                .into_iter()
                .zip(1..)
                .map(|(s, number)| (number, s.sql, s.data_loss, s.note)),
        )
    })
}

/// The live schema as a model.
#[pg_extern]
fn snapshot(schemas: Option<Vec<String>>) -> JsonB {
    entry(|| {
        let json = catalog::read(schemas.as_deref()).to_json();
        JsonB(serde_json::from_str(&json).expect("a model is JSON"))
    })
}
