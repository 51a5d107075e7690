//! Which data a thing holds that is about to go.

use super::state;
use crate::loss::{
    COUNT_LIMIT, Count, DELETED_EARLIER, DROP_ATTRIBUTE, DROP_COLUMN, DROP_LARGE_OBJECT,
    DROP_TABLE, NULLED_EARLIER, Rule, SET_UNLOGGED, Victim,
};
use crate::pg::settings;
use crate::pg::sys::catalog;
use crate::pg::sys::past::{self, Gone};
use crate::pg::sys::scan::{self, Bound, Look};
use crate::pg::sys::text;
use pgrx::pg_sys;

/// What dropping a relation of this kind would lose.
pub fn table(relation: pg_sys::Oid, kind: Option<u8>) -> Option<Victim> {
    // Partitioned tables hold nothing themselves: their partitions come by
    // themselves. Foreign tables' rows are elsewhere and stay there.
    if kind != Some(b'r') || is_disposable(relation) {
        return None;
    }
    let (rule, count) = rows(relation, &DROP_TABLE);
    victim(rule, || scan::relation_name(relation), count)
}

/// A table's rows; where there are none, those that this transaction has
/// deleted, with the rule that says so.
pub fn rows(relation: pg_sys::Oid, rule: &'static Rule) -> (&'static Rule, Count) {
    let count = scan::count(relation, Look::Row, bound());
    if count.harmless() {
        (&DELETED_EARLIER, past::count(relation, Gone::Rows, bound()))
    } else {
        (rule, count)
    }
}

/// Values in a table's rows; where there are none, those that this transaction
/// has set to NULL, with the rule that says so.
fn values(relation: pg_sys::Oid, look: Look, rule: &'static Rule) -> (&'static Rule, Count) {
    let count = scan::count(relation, look, bound());
    if count.harmless() {
        (&NULLED_EARLIER, past::count(relation, Gone::Values(look), bound()))
    } else {
        (rule, count)
    }
}

/// What it would lose that a table is rewritten without write-ahead log.
/// `copy` is the relation that it is about to be rewritten into: by then the
/// server has had its say, and the lock is held.
pub fn unlogged(copy: pg_sys::Oid) -> Option<(pg_sys::Oid, Victim)> {
    let (relation, persistence) = catalog::rewritten(copy)?;
    // SAFETY: a catalog lookup; the table itself is changed last.
    let before = unsafe { pg_sys::get_rel_persistence(relation) } as u8;
    if persistence != pg_sys::RELPERSISTENCE_UNLOGGED
        || before != pg_sys::RELPERSISTENCE_PERMANENT
        || relkind(relation) != Some(b'r')
        || is_disposable(relation)
    {
        return None;
    }
    let count = scan::count(relation, Look::Row, bound());
    Some((relation, victim(&SET_UNLOGGED, || scan::relation_name(relation), count)?))
}

/// What dropping a large object would lose.
pub fn large_object(oid: pg_sys::Oid) -> Option<Victim> {
    if catalog::large_object_is_new(oid) {
        return None;
    }
    let size = Count::Exact(catalog::large_object_size(oid));
    victim(&DROP_LARGE_OBJECT, || format!("large object {}", oid.to_u32()), size)
}

/// What dropping a column would lose: its values in this table, and the
/// field of that name wherever the table's row type is used.
pub fn column(relation: pg_sys::Oid, attribute: i16) -> Vec<Victim> {
    let mut victims = Vec::new();
    let Some(kind) = relkind(relation) else {
        return victims;
    };
    let name = column_name(relation, attribute);
    if kind == b'r'
        && !is_disposable(relation)
        && !is_new(relation, attribute)
        && !is_generated(relation, attribute)
    {
        let (rule, count) = values(relation, Look::Value(attribute), &DROP_COLUMN);
        victims.extend(victim(rule, || name.clone(), count));
    }
    if matches!(kind, b'r' | b'p' | b'c' | b'f') && !is_new(relation, attribute) {
        for (table, column) in users_of_row_type(relation) {
            if table == relation || is_disposable(table) {
                continue;
            }
            lock_out_writers(table);
            let look = Look::Within { column, relation, attribute };
            let (rule, count) = values(table, look, &DROP_ATTRIBUTE);
            if let Some(mut v) = victim(rule, || column_name(table, column), count) {
                v.through = Some(name.clone());
                victims.push(v);
            }
        }
    }
    victims
}

/// A victim, unless the look has proven that nothing is lost.
fn victim(rule: &'static Rule, object: impl FnOnce() -> String, count: Count) -> Option<Victim> {
    (!count.harmless()).then(|| Victim { rule, object: object(), count, through: None })
}

/// The bound for looking, one for the whole statement.
pub fn bound() -> Bound {
    let deadline = state::with(|s| match s.running.last_mut() {
        Some(r) => *r.deadline.get_or_insert_with(|| scan::now() + settings::probe_timeout()),
        None => scan::now() + settings::probe_timeout(),
    });
    Bound { limit: COUNT_LIMIT, deadline }
}

/// Whether a relation can go without a loss to anybody: temporary, or made
/// in this very transaction.
pub fn is_disposable(relation: pg_sys::Oid) -> bool {
    // SAFETY: opens an existing relation that the caller's statement holds.
    unsafe {
        let rel = pg_sys::try_relation_open(relation, pg_sys::NoLock as _);
        if rel.is_null() {
            return true;
        }
        let temporary = (*(*rel).rd_rel).relpersistence as u8 == pg_sys::RELPERSISTENCE_TEMP;
        let new = (*rel).rd_createSubid != 0;
        pg_sys::relation_close(rel, pg_sys::NoLock as _);
        temporary || new
    }
}

/// As [`is_disposable`], for a relation that no lock is held on: only what
/// the catalog says.
pub fn is_disposable_unlocked(relation: pg_sys::Oid) -> bool {
    // SAFETY: a catalog lookup.
    unsafe { pg_sys::get_rel_persistence(relation) as u8 == pg_sys::RELPERSISTENCE_TEMP }
}

/// Whether the user may empty the table: directly, or as part of a parent
/// that he may empty, whose children TRUNCATE doesn't ask about.
pub fn may_truncate(relation: pg_sys::Oid) -> bool {
    // SAFETY: a permission check.
    let granted = unsafe {
        pg_sys::pg_class_aclcheck(relation, pg_sys::GetUserId(), pg_sys::ACL_TRUNCATE as _)
    };
    granted == pg_sys::AclResult::ACLCHECK_OK
        || catalog::parents(relation).into_iter().any(may_truncate)
}

/// Whether the column was added in this transaction.
pub fn is_new(relation: pg_sys::Oid, attribute: i16) -> bool {
    state::with(|s| s.new_columns.iter().any(|c| c.1 == relation && c.2 == i32::from(attribute)))
}

pub fn is_generated(relation: pg_sys::Oid, attribute: i16) -> bool {
    // SAFETY: a catalog lookup.
    unsafe { pg_sys::get_attgenerated(relation, attribute) != 0 }
}

pub fn relkind(relation: pg_sys::Oid) -> Option<u8> {
    // SAFETY: a catalog lookup; 0 for what is gone.
    let kind = unsafe { pg_sys::get_rel_relkind(relation) } as u8;
    (kind != 0).then_some(kind)
}

/// The qualified, quoted name of a column.
pub fn column_name(relation: pg_sys::Oid, attribute: i16) -> String {
    // SAFETY: catalog lookups.
    let column = unsafe {
        let name = pg_sys::get_attname(relation, attribute, true);
        if name.is_null() { None } else { text(pg_sys::quote_identifier(name)) }
    };
    format!(
        "{}.{}",
        scan::relation_name(relation),
        column.unwrap_or_else(|| format!("column {attribute}"))
    )
}

/// Columns of tables that store values of a relation's row type, directly or
/// inside arrays, ranges, domains and other row types.
fn users_of_row_type(relation: pg_sys::Oid) -> Vec<(pg_sys::Oid, i16)> {
    // SAFETY: a catalog lookup.
    let row_type = unsafe { pg_sys::get_rel_type_id(relation) };
    if row_type == pg_sys::InvalidOid {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut types = vec![row_type];
    let mut at = 0;
    while let Some(&holder) = types.get(at) {
        at += 1;
        for d in catalog::dependents(pg_sys::TypeRelationId, holder) {
            let next = match d.class {
                // Arrays, domains and ranges of it.
                pg_sys::TypeRelationId => d.object,
                // A column of it: a table that stores it, or another row type.
                pg_sys::RelationRelationId if d.sub > 0 => {
                    if relkind(d.object) == Some(b'r') {
                        found.push((d.object, d.sub as i16));
                    }
                    // SAFETY: a catalog lookup.
                    unsafe { pg_sys::get_rel_type_id(d.object) }
                }
                _ => continue,
            };
            if next != pg_sys::InvalidOid && !types.contains(&next) {
                types.push(next);
            }
        }
    }
    found
}

/// Keeps writers out of a table that the statement itself doesn't lock, so
/// that what isn't there now doesn't come before it ends.
fn lock_out_writers(relation: pg_sys::Oid) {
    // SAFETY: held until the transaction ends, as DDL's own locks are.
    unsafe { pg_sys::LockRelationOid(relation, pg_sys::ShareLock as _) }
}
