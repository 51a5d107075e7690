//! `unread()`: rows of the catalogs that no reader claims. It goes by the
//! catalogs themselves, not by the readers' queries: a kind that nobody has
//! thought of shows here, and not in silence as a schema without drift.

use super::catalog;
use crate::model::{Address, Model};
use pgrx::pg_sys;
use pgrx::spi::Spi;
use std::collections::{HashMap, HashSet};

/// A row of the catalogs: catalog and OID.
type Row = (u32, u32);

/// An object that no reader has claimed, as the server describes it.
pub struct Unread {
    pub object_type: String,
    pub object: String,
}

/// Every catalog of this database whose rows have an OID of their own, but
/// for those that hold data.
const CATALOGS: &str = "
    SELECT c.relname::pg_catalog.text, c.oid
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
     WHERE c.relnamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace
       AND c.relkind OPERATOR(pg_catalog.=) 'r' AND a.attname OPERATOR(pg_catalog.=) 'oid'
       AND (NOT c.relisshared OR c.relname OPERATOR(pg_catalog.=) 'pg_subscription')
       AND c.relname OPERATOR(pg_catalog.<>) 'pg_largeobject_metadata'
     ORDER BY 1";

/// What an object is part of: all that it depends on so that it goes along
/// with it.
const OWNERS: &str = "
    SELECT d.classid, d.objid, d.refclassid, d.refobjid, d.deptype::pg_catalog.text
      FROM pg_catalog.pg_depend d
     WHERE d.objid OPERATOR(pg_catalog.>=) 16384
       AND (d.deptype OPERATOR(pg_catalog.=) ANY ('{i,P,S,e}'::\"char\"[])
            OR d.deptype OPERATOR(pg_catalog.=) 'a'
               AND d.classid OPERATOR(pg_catalog.=) ANY ('{pg_attrdef,pg_amop,pg_amproc,pg_publication_rel,pg_publication_namespace}'::pg_catalog.regclass[]))
    UNION ALL
    SELECT 'pg_enum'::pg_catalog.regclass, e.oid, 'pg_type'::pg_catalog.regclass, e.enumtypid, 'i'
      FROM pg_catalog.pg_enum e
    UNION ALL
    SELECT 'pg_class'::pg_catalog.regclass, c.reltoastrelid, 'pg_class'::pg_catalog.regclass, c.oid, 'i'
      FROM pg_catalog.pg_class c WHERE c.reltoastrelid OPERATOR(pg_catalog.<>) 0
    UNION ALL
    SELECT 'pg_class'::pg_catalog.regclass, i.indexrelid, 'pg_class'::pg_catalog.regclass, i.indrelid, 'i'
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) i.indrelid
     WHERE t.relkind OPERATOR(pg_catalog.=) 't'
    UNION ALL
    -- What is inherited is read where it comes from, NOT NULL with its column.
    SELECT 'pg_constraint'::pg_catalog.regclass, c.oid,
           CASE WHEN c.conrelid OPERATOR(pg_catalog.<>) 0 THEN 'pg_class'::pg_catalog.regclass
                ELSE 'pg_type'::pg_catalog.regclass END,
           CASE WHEN c.conrelid OPERATOR(pg_catalog.<>) 0 THEN c.conrelid ELSE c.contypid END, 'i'
      FROM pg_catalog.pg_constraint c
     WHERE c.contype OPERATOR(pg_catalog.=) 'n'
        OR c.coninhcount OPERATOR(pg_catalog.>) 0 AND c.contype OPERATOR(pg_catalog.=) 'c'
    UNION ALL
    -- Whatever is on a temporary table, or on one of an extension; and ours itself.
    SELECT d.classid, d.objid, d.refclassid, d.refobjid, 'e'
      FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) d.refobjid
     WHERE d.deptype OPERATOR(pg_catalog.=) 'a' AND d.refclassid OPERATOR(pg_catalog.=) 'pg_class'::pg_catalog.regclass
       AND t.relpersistence OPERATOR(pg_catalog.=) 't'
    UNION ALL
    SELECT d.classid, d.objid, d.refclassid, d.refobjid, 'e'
      FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_depend e ON e.classid OPERATOR(pg_catalog.=) d.refclassid
                                 AND e.objid OPERATOR(pg_catalog.=) d.refobjid
                                 AND e.deptype OPERATOR(pg_catalog.=) 'e'
     WHERE d.deptype OPERATOR(pg_catalog.=) 'a' AND d.refclassid OPERATOR(pg_catalog.=) 'pg_class'::pg_catalog.regclass
    UNION ALL
    SELECT e.tableoid, e.oid, 0, 0, 'e'
      FROM pg_catalog.pg_extension e WHERE e.extname OPERATOR(pg_catalog.=) 'schemaguard'";

/// How the server calls it, and the schema that it is in.
const NAMES: &str = "
    SELECT o.type, o.identity, coalesce(o.schema, CASE WHEN o.type OPERATOR(pg_catalog.=) 'schema' THEN o.name ELSE '' END)
      FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS a(class, object),
           pg_catalog.pg_identify_object(a.class, a.object, 0) o";

/// The rows that no reader claims, outside of what the server and extensions
/// bring along and of temporary schemas.
pub fn rows() -> Vec<Unread> {
    let schemas = catalog::schemas();
    let model = catalog::read(Some(&schemas));
    let claimed = claimed(&model);
    super::as_owner(|| {
        Spi::connect(|client| {
            let select = |query: &str| {
                client.select(query, None, &[]).unwrap_or_else(|e| {
                    pgrx::error!("schemaguard could not read the catalogs: {e}")
                })
            };
            let oid = |value: Option<pg_sys::Oid>| value.map_or(0, pg_sys::Oid::to_u32);
            let mut owners: HashMap<Row, Vec<Row>> = HashMap::new();
            let mut excused: HashSet<Row> = HashSet::new();
            for row in select(OWNERS) {
                let at = |n| oid(row.get::<pg_sys::Oid>(n).ok().flatten());
                let key = (at(1), at(2));
                if row.get::<String>(5).ok().flatten().as_deref() == Some("e") {
                    excused.insert(key);
                }
                owners.entry(key).or_default().push((at(3), at(4)));
            }
            let catalogs: Vec<(String, u32)> = select(CATALOGS)
                .filter_map(|row| {
                    Some((row.get(1).ok()??, row.get::<pg_sys::Oid>(2).ok()??.to_u32()))
                })
                .collect();
            let mut left: Vec<(pg_sys::Oid, pg_sys::Oid)> = Vec::new();
            for (name, class) in catalogs {
                // The catalogs' own names need no quotes.
                let here = if name == "pg_subscription" {
                    " AND subdbid OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())"
                } else {
                    ""
                };
                let query = format!(
                    "SELECT oid FROM pg_catalog.{name} WHERE oid OPERATOR(pg_catalog.>=) 16384{here}"
                );
                for row in select(&query) {
                    let object = oid(row.get::<pg_sys::Oid>(1).ok().flatten());
                    if !is_read((class, object), &claimed, &owners, &excused) {
                        left.push((pg_sys::Oid::from(class), pg_sys::Oid::from(object)));
                    }
                }
            }
            let (classes, objects): (Vec<_>, Vec<_>) = left.into_iter().unzip();
            let named = client
                .select(NAMES, None, &[classes.into(), objects.into()])
                .unwrap_or_else(|e| pgrx::error!("schemaguard could not read the catalogs: {e}"));
            let mut unread = Vec::new();
            for row in named {
                let schema: String = row.get(3).ok().flatten().unwrap_or_default();
                if !schema.is_empty() && !schemas.contains(&schema) {
                    continue;
                }
                unread.push(Unread {
                    object_type: row.get(1).ok().flatten().unwrap_or_default(),
                    object: row.get(2).ok().flatten().unwrap_or_default(),
                });
            }
            unread.sort_by(|a, b| (&a.object_type, &a.object).cmp(&(&b.object_type, &b.object)));
            unread
        })
    })
}

fn claimed(model: &Model) -> HashSet<Row> {
    let address = |a: Address| (a.0, a.1);
    model.objects.iter().filter_map(|o| o.address.map(address)).collect()
}

/// Whether a row is claimed, or is part of one that is, or of an extension.
fn is_read(
    row: Row,
    claimed: &HashSet<Row>,
    owners: &HashMap<Row, Vec<Row>>,
    excused: &HashSet<Row>,
) -> bool {
    let mut seen = HashSet::new();
    let mut todo = vec![row];
    while let Some(at) = todo.pop() {
        if claimed.contains(&at) || excused.contains(&at) {
            return true;
        }
        if seen.insert(at) {
            todo.extend(owners.get(&at).into_iter().flatten());
        }
    }
    false
}
