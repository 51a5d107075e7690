//! Looking at the data of a table directly, below SQL.
//!
//! No planner, no operators, no row-level security, no function that a user
//! could have defined: what stands in the table is what is counted. The
//! snapshot is taken for the look, after the lock, so that rows committed
//! since the transaction began are seen under REPEATABLE READ, too.

use super::{server, text};
use crate::loss::Count;
use pgrx::pg_sys;

/// What to look for in each row.
#[derive(Debug, Clone, Copy)]
pub enum Look {
    /// The row itself.
    Row,
    /// A value in this column (attribute number).
    Value(i16),
    /// A whole number between these two, both included, in this column.
    Between { column: i16, from: i64, to: i64 },
    /// A value in each of these columns; 0 stands behind the last.
    Key([i16; super::catalog::KEY_COLUMNS]),
    /// A value in attribute `attribute` of the row type of `relation`, at any
    /// depth inside this column.
    Within { column: i16, relation: pg_sys::Oid, attribute: i16 },
}

/// How long and how far to look.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// Counting stops past this many finds.
    pub limit: u64,
    /// Server time (microseconds, as GetCurrentTimestamp) at which to give up.
    pub deadline: i64,
}

impl Bound {
    /// What a look has found that ended, by itself or by this bound, after
    /// `seen` rows.
    pub fn counted(&self, found: u64, seen: u64, timed_out: bool) -> Count {
        if found > self.limit {
            Count::MoreThan(self.limit)
        } else if timed_out && found > 0 {
            Count::AtLeast(found)
        } else if timed_out {
            Count::TimedOut(seen)
        } else {
            Count::Exact(found)
        }
    }
}

/// Server time in microseconds.
pub fn now() -> i64 {
    // SAFETY: reads the clock.
    unsafe { pg_sys::GetCurrentTimestamp() }
}

/// Counts what `look` finds in the rows of `relation` itself (not of its
/// children). The caller holds a lock that keeps writers out where the answer
/// "none" must hold. Raises what the server raises, also on cancel.
pub fn count(relation: pg_sys::Oid, look: Look, bound: Bound) -> Count {
    // SAFETY: plain table access through the table's own access method; every
    // resource is released on the way out, and on error by the server.
    unsafe {
        let rel = pg_sys::table_open(relation, pg_sys::AccessShareLock as _);
        if (*rel).rd_tableam.is_null() {
            pg_sys::table_close(rel, pg_sys::NoLock as _);
            return Count::Exact(0);
        }
        // A heap without a page has no rows, and most that go were never filled.
        if (*rel).rd_tableam == pg_sys::GetHeapamTableAmRoutine()
            && pg_sys::RelationGetNumberOfBlocksInFork(rel, pg_sys::ForkNumber::MAIN_FORKNUM) == 0
        {
            pg_sys::table_close(rel, pg_sys::NoLock as _);
            return Count::Exact(0);
        }
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let slot = pg_sys::table_slot_create(rel, std::ptr::null_mut());
        let am = &*(*rel).rd_tableam;
        let (begin, next, end) =
            (am.scan_begin.unwrap(), am.scan_getnextslot.unwrap(), am.scan_end.unwrap());
        let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN
            | pg_sys::ScanOptions::SO_ALLOW_STRAT
            | pg_sys::ScanOptions::SO_ALLOW_PAGEMODE;
        let scan = pg_sys::ffi::pg_guard_ffi_boundary(|| {
            begin(rel, snapshot, 0, std::ptr::null_mut(), std::ptr::null_mut(), flags)
        });
        let (mut found, mut seen) = (0u64, 0u64);
        let mut timed_out = false;
        // Only the server's own function inside the guard: a Rust panic must
        // not pass through it.
        while pg_sys::ffi::pg_guard_ffi_boundary(|| {
            next(scan, pg_sys::ScanDirection::ForwardScanDirection, slot)
        }) {
            seen += 1;
            if finds(slot, look) {
                found += 1;
                if found > bound.limit {
                    break;
                }
            }
            if seen.is_multiple_of(256) {
                pgrx::check_for_interrupts!();
                if now() > bound.deadline {
                    timed_out = true;
                    break;
                }
            }
        }
        pg_sys::ffi::pg_guard_ffi_boundary(|| end(scan));
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::UnregisterSnapshot(snapshot);
        pg_sys::table_close(rel, pg_sys::NoLock as _);
        bound.counted(found, seen, timed_out)
    }
}

/// Where a sequence stands: its last value, and whether that has been given.
pub fn sequence_state(sequence: pg_sys::Oid) -> Option<(i64, bool)> {
    // SAFETY: a sequence is a table of one row: last_value, log_cnt, is_called.
    unsafe {
        let rel = pg_sys::try_relation_open(sequence, pg_sys::AccessShareLock as _);
        if rel.is_null() {
            return None;
        }
        let slot = pg_sys::table_slot_create(rel, std::ptr::null_mut());
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let am = &*(*rel).rd_tableam;
        let (begin, next, end) =
            (am.scan_begin.unwrap(), am.scan_getnextslot.unwrap(), am.scan_end.unwrap());
        let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN | pg_sys::ScanOptions::SO_ALLOW_PAGEMODE;
        let scan = pg_sys::ffi::pg_guard_ffi_boundary(|| {
            begin(rel, snapshot, 0, std::ptr::null_mut(), std::ptr::null_mut(), flags)
        });
        let found = pg_sys::ffi::pg_guard_ffi_boundary(|| {
            next(scan, pg_sys::ScanDirection::ForwardScanDirection, slot)
        });
        let state = found
            .then(|| {
                Some((attribute(slot, 1)?.value() as i64, attribute(slot, 3)?.value() & 1 == 1))
            })
            .flatten();
        pg_sys::ffi::pg_guard_ffi_boundary(|| end(scan));
        pg_sys::UnregisterSnapshot(snapshot);
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::relation_close(rel, pg_sys::NoLock as _);
        state
    }
}

/// Whether a row holds what is looked for.
///
/// # Safety
/// `slot` holds a row of the table that `look` speaks of.
pub unsafe fn finds(slot: *mut pg_sys::TupleTableSlot, look: Look) -> bool {
    // SAFETY: attribute numbers come from the catalog of the same table.
    unsafe {
        match look {
            Look::Row => true,
            Look::Value(column) => attribute(slot, column).is_some(),
            Look::Between { column, from, to } => {
                let Some(value) = attribute(slot, column) else {
                    return false;
                };
                let form = super::table::attribute_form((*slot).tts_tupleDescriptor, column);
                let value = match pg_sys::getBaseType((*form).atttypid) {
                    pg_sys::INT2OID => i64::from(value.value() as i16),
                    pg_sys::INT4OID => i64::from(value.value() as i32),
                    pg_sys::INT8OID => value.value() as i64,
                    _ => return false,
                };
                (from..=to).contains(&value)
            }
            Look::Key(columns) => {
                columns.into_iter().take_while(|c| *c != 0).all(|c| attribute(slot, c).is_some())
            }
            Look::Within { column, relation, attribute: inner } => {
                let desc = (*slot).tts_tupleDescriptor;
                let Some(value) = attribute(slot, column) else {
                    return false;
                };
                let form = super::table::attribute_form(desc, column);
                within(value, (*form).atttypid, relation, inner)
            }
        }
    }
}

/// # Safety
/// As [`finds`].
unsafe fn attribute(slot: *mut pg_sys::TupleTableSlot, column: i16) -> Option<pg_sys::Datum> {
    // SAFETY: the slot deforms as far as asked; values added later without a
    // rewrite are filled in from the catalog by the server itself.
    unsafe {
        if (*slot).tts_nvalid < column {
            pg_sys::slot_getsomeattrs_int(slot, column as _);
        }
        let at = column as usize - 1;
        (!*(*slot).tts_isnull.add(at)).then(|| *(*slot).tts_values.add(at))
    }
}

/// Whether a value of type `type_oid` holds a value in the given attribute of
/// the given row type, inside composites, arrays, ranges and domains of them.
///
/// # Safety
/// `value` is a non-null value of that type.
unsafe fn within(
    value: pg_sys::Datum,
    type_oid: pg_sys::Oid,
    relation: pg_sys::Oid,
    inner: i16,
) -> bool {
    // SAFETY: the type's own entry tells how the value is laid out.
    unsafe {
        let base = pg_sys::getBaseType(type_oid);
        let element = pg_sys::get_element_type(base);
        if element != pg_sys::InvalidOid {
            let array = pg_sys::pg_detoast_datum(value.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
            let (mut len, mut by_val, mut align) = (0i16, false, 0 as std::ffi::c_char);
            pg_sys::get_typlenbyvalalign(element, &mut len, &mut by_val, &mut align);
            let (mut values, mut nulls, mut n) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
            pg_sys::deconstruct_array(
                array,
                element,
                len as _,
                by_val,
                align,
                &mut values,
                &mut nulls,
                &mut n,
            );
            return (0..n as usize)
                .any(|i| !*nulls.add(i) && within(*values.add(i), element, relation, inner));
        }
        match pg_sys::get_typtype(base) as u8 {
            b'c' => {
                let header = pg_sys::pg_detoast_datum(value.cast_mut_ptr())
                    .cast::<pg_sys::HeapTupleHeaderData>();
                let desc = pg_sys::lookup_rowtype_tupdesc_copy(base, -1);
                let n = (*desc).natts as usize;
                let mut tuple = pg_sys::HeapTupleData {
                    t_len: pgrx::varsize_any(header.cast()) as u32,
                    t_data: header,
                    t_tableOid: pg_sys::InvalidOid,
                    ..Default::default()
                };
                let mut values = vec![pg_sys::Datum::from(0); n];
                let mut nulls = vec![true; n];
                pg_sys::heap_deform_tuple(
                    &mut tuple,
                    desc,
                    values.as_mut_ptr(),
                    nulls.as_mut_ptr(),
                );
                let of_relation = pg_sys::get_typ_typrelid(base) == relation;
                (0..n).any(|i| {
                    if nulls[i] {
                        return false;
                    }
                    let at = i as i16 + 1;
                    if of_relation && at == inner {
                        return true;
                    }
                    let form = super::table::attribute_form(desc, at);
                    within(values[i], (*form).atttypid, relation, inner)
                })
            }
            b'r' => {
                let range =
                    pg_sys::pg_detoast_datum(value.cast_mut_ptr()).cast::<pg_sys::RangeType>();
                let cache = pg_sys::lookup_type_cache(base, pg_sys::TYPECACHE_RANGE_INFO as _);
                let subtype = (*(*cache).rngelemtype).type_id;
                let (mut lower, mut upper, mut empty) =
                    (pg_sys::RangeBound::default(), pg_sys::RangeBound::default(), false);
                pg_sys::range_deserialize(cache, range, &mut lower, &mut upper, &mut empty);
                !empty
                    && [lower, upper]
                        .iter()
                        .any(|b| !b.infinite && within(b.val, subtype, relation, inner))
            }
            b'm' => {
                let multirange = pg_sys::pg_detoast_datum(value.cast_mut_ptr());
                let cache = pg_sys::lookup_type_cache(base, pg_sys::TYPECACHE_MULTIRANGE_INFO as _);
                let range = (*cache).rngtype;
                server::ranges_of(range, multirange)
                    .into_iter()
                    .any(|datum| within(datum, (*range).type_id, relation, inner))
            }
            _ => false,
        }
    }
}

/// The qualified, quoted name of a relation.
pub fn relation_name(relation: pg_sys::Oid) -> String {
    // SAFETY: catalog lookups; null for what is gone.
    unsafe {
        let namespace = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(relation));
        let name = pg_sys::get_rel_name(relation);
        if name.is_null() {
            return format!("relation {relation:?}");
        }
        text(pg_sys::quote_qualified_identifier(namespace, name)).unwrap_or_default()
    }
}
