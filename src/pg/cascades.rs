//! What foreign keys take along when rows are deleted, chains followed.

use super::sys::catalog;
use super::sys::scan::{self, Bound, Look};
use crate::loss::Count;
use pgrx::pg_sys;
use pgrx::spi::Spi;
use std::collections::{HashMap, HashSet, VecDeque};

/// A foreign key seen from a table whose rows are deleted.
pub struct Row {
    pub from_table: String,
    pub to_table: String,
    pub path: String,
    pub foreign_key: String,
    pub on_delete: &'static str,
    pub depth: i32,
    pub rows_at_stake: Option<i64>,
    pub is_indexed: bool,
}

/// A foreign key that changes the rows that point to a deleted one.
struct Key {
    name: String,
    table: pg_sys::Oid,
    /// Its root, where it is a partition.
    root: pg_sys::Oid,
    /// The root of what it points to.
    references: pg_sys::Oid,
    action: u8,
    columns: Vec<i16>,
    /// By the last ANALYZE; None where there was none.
    estimate: Option<i64>,
    is_indexed: bool,
}

/// Each foreign key once for each table from which a DELETE reaches it, by its
/// shortest path. Only what CASCADE deletes goes further. Works on a standby.
pub fn rows(exact: bool) -> Vec<Row> {
    let keys = keys();
    let mut by_target: HashMap<pg_sys::Oid, Vec<&Key>> = HashMap::new();
    for key in &keys {
        by_target.entry(key.references).or_default().push(key);
    }
    let mut names: HashMap<pg_sys::Oid, String> = HashMap::new();
    let mut name = |table: pg_sys::Oid| -> String {
        names.entry(table).or_insert_with(|| scan::relation_name(table)).clone()
    };
    let at_stake: HashMap<*const Key, Option<i64>> = keys
        .iter()
        .map(|k| (std::ptr::from_ref(k), if exact { count(k) } else { k.estimate }))
        .collect();
    let mut rows = Vec::new();
    for &from in by_target.keys() {
        let mut seen: HashSet<*const Key> = HashSet::new();
        let mut reached = HashSet::from([from]);
        let mut next = VecDeque::from([(from, 1, name(from))]);
        while let Some((table, depth, path)) = next.pop_front() {
            for &key in by_target.get(&table).into_iter().flatten() {
                if !seen.insert(key) {
                    continue;
                }
                let to_table = name(key.table);
                let path = format!("{path} -> {to_table}");
                if key.action == b'c' && reached.insert(key.root) {
                    next.push_back((key.root, depth + 1, path.clone()));
                }
                rows.push(Row {
                    from_table: name(from),
                    to_table,
                    path,
                    foreign_key: key.name.clone(),
                    on_delete: match key.action {
                        b'c' => "CASCADE",
                        b'n' => "SET NULL",
                        _ => "SET DEFAULT",
                    },
                    depth,
                    rows_at_stake: at_stake[&std::ptr::from_ref(key)],
                    is_indexed: key.is_indexed,
                });
            }
        }
    }
    rows.sort_by(|a, b| {
        let order =
            |r: &Row| (r.from_table.clone(), r.depth, r.path.clone(), r.foreign_key.clone());
        order(a).cmp(&order(b))
    });
    rows
}

/// Keys of partitions are their root's where they came from it. An index
/// serves a key if the key's columns are its first ones, in any order. From 18
/// on a key may be NOT ENFORCED, and then does nothing.
const KEYS: &str = "
SELECT c.conname::pg_catalog.text,
       c.conrelid,
       coalesce(pg_catalog.pg_partition_root(c.conrelid)::pg_catalog.oid, c.conrelid),
       coalesce(pg_catalog.pg_partition_root(c.confrelid)::pg_catalog.oid, c.confrelid),
       c.confdeltype::pg_catalog.text,
       c.conkey,
       (SELECT CASE WHEN pg_catalog.min(l.reltuples) OPERATOR(pg_catalog.>=) 0
                    THEN pg_catalog.sum(l.reltuples)::pg_catalog.int8 END
          FROM pg_catalog.pg_class l
         WHERE l.relkind OPERATOR(pg_catalog.<>) 'p'
           AND (l.oid OPERATOR(pg_catalog.=) c.conrelid
                OR t.relkind OPERATOR(pg_catalog.=) 'p'
               AND l.oid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(c.conrelid) p))),
       EXISTS (SELECT
                 FROM pg_catalog.pg_index i
                 JOIN pg_catalog.pg_class x ON x.oid OPERATOR(pg_catalog.=) i.indexrelid
                 JOIN pg_catalog.pg_am a ON a.oid OPERATOR(pg_catalog.=) x.relam
                WHERE i.indrelid OPERATOR(pg_catalog.=) c.conrelid
                  AND i.indisvalid AND i.indpred IS NULL
                  AND a.amname OPERATOR(pg_catalog.=) ANY ('{btree,hash}')
                  AND i.indnkeyatts OPERATOR(pg_catalog.>=) pg_catalog.cardinality(c.conkey)
                  AND c.conkey OPERATOR(pg_catalog.<@)
                      (i.indkey::pg_catalog.int2[])[0:pg_catalog.cardinality(c.conkey) OPERATOR(pg_catalog.-) 1])
  FROM pg_catalog.pg_constraint c
  JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) c.conrelid
 WHERE c.contype OPERATOR(pg_catalog.=) 'f'
   AND c.confdeltype OPERATOR(pg_catalog.=) ANY ('{c,n,d}')
   AND c.conparentid OPERATOR(pg_catalog.=) 0
   AND coalesce(pg_catalog.to_jsonb(c) OPERATOR(pg_catalog.->>) 'conenforced', 'true') OPERATOR(pg_catalog.=) 'true'
   AND t.relpersistence OPERATOR(pg_catalog.<>) 't'";

fn keys() -> Vec<Key> {
    Spi::connect(|client| {
        let Ok(rows) = client.select(KEYS, None, &[]) else { return Vec::new() };
        rows.filter_map(|row| {
            Some(Key {
                name: row.get(1).ok()??,
                table: row.get(2).ok()??,
                root: row.get(3).ok()??,
                references: row.get(4).ok()??,
                action: row.get::<String>(5).ok()??.bytes().next()?,
                columns: row.get(6).ok()??,
                estimate: row.get(7).ok()?,
                is_indexed: row.get(8).ok()??,
            })
        })
        .collect()
    })
}

/// The rows that point somewhere, counted below row-level security; None for
/// who may not read the table, and for rows on a foreign server.
fn count(key: &Key) -> Option<i64> {
    // SAFETY: a permission check, and catalog lookups.
    let granted = unsafe {
        pg_sys::pg_class_aclcheck(key.table, pg_sys::GetUserId(), pg_sys::ACL_SELECT as _)
    };
    if granted != pg_sys::AclResult::ACLCHECK_OK {
        return None;
    }
    // SAFETY: as above.
    let kind = |table| unsafe { pg_sys::get_rel_relkind(table) } as u8;
    let tables = match kind(key.table) {
        b'p' => super::sys::server::with_children(key.table),
        _ => vec![key.table],
    };
    let mut all = 0;
    for table in tables {
        match kind(table) {
            b'p' => continue,
            b'r' => {}
            _ => return None,
        }
        let mut columns = [0; catalog::KEY_COLUMNS];
        for (to, from) in columns.iter_mut().zip(&key.columns) {
            *to = number_in(table, key.table, *from)?;
        }
        let bound = Bound { limit: u64::MAX, deadline: i64::MAX };
        match scan::count(table, Look::Key(columns), bound) {
            Count::Exact(n) => all += i64::try_from(n).ok()?,
            _ => return None,
        }
    }
    Some(all)
}

/// The number of a root's column in a partition: they may differ.
fn number_in(partition: pg_sys::Oid, root: pg_sys::Oid, column: i16) -> Option<i16> {
    // SAFETY: catalog lookups.
    unsafe {
        let name = pg_sys::get_attname(root, column, true);
        if name.is_null() {
            return None;
        }
        let number = pg_sys::get_attnum(partition, name);
        (number > 0).then_some(number)
    }
}
