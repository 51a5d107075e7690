//! What this transaction has already done to a table's rows.
//!
//! A look with any snapshot misses rows that the transaction itself has
//! deleted or set to NULL. Until it ends they are still in the table's file:
//! a version that some other, committed transaction made and that this one
//! has ended is a row that was there.

use super::scan::{self, Bound, Look};
use super::version;
use crate::loss::Count;
use pgrx::pg_sys;

/// What to look for.
#[derive(Debug, Clone, Copy)]
pub enum Gone {
    /// Rows that were deleted.
    Rows,
    /// Values that were set to NULL in rows that are there.
    Values(Look),
}

/// Counts committed rows, or values, that this transaction has taken away
/// from a table in which none are left. The caller holds the table's lock.
pub fn count(relation: pg_sys::Oid, gone: Gone, bound: Bound) -> Count {
    // SAFETY: the relation is there, and locked by the running statement.
    unsafe {
        let rel = pg_sys::table_open(relation, pg_sys::AccessShareLock as _);
        let count = if (*rel).rd_tableam.is_null() {
            Count::Exact(0)
        } else {
            match changed(rel) {
                // Counted, and nothing of the kind was done.
                Some(changed) if !changed.matters(gone) => Count::Exact(0),
                _ if version::has_new_file(rel) => {
                    Count::Unknown("it was changed and rewritten in this transaction".into())
                }
                _ if (*rel).rd_tableam != pg_sys::GetHeapamTableAmRoutine() => {
                    Count::Unknown("its access method does not show former rows".into())
                }
                _ => former(rel, gone, bound),
            }
        };
        pg_sys::table_close(rel, pg_sys::NoLock as _);
        count
    }
}

/// How many rows this transaction has changed, by the server's own counting
/// (savepoints that were rolled back are not in it).
struct Changed {
    updated: i64,
    deleted: i64,
    /// TRUNCATE came in between and was judged itself: what was deleted since
    /// is this transaction's own.
    truncated: bool,
}

impl Changed {
    fn matters(&self, gone: Gone) -> bool {
        let changed = match gone {
            Gone::Rows => self.deleted,
            // A row that moves to another partition is deleted here.
            Gone::Values(_) => self.updated + self.deleted,
        };
        !self.truncated && changed > 0
    }
}

/// None where the server doesn't count.
///
/// # Safety
/// `rel` is open.
unsafe fn changed(rel: pg_sys::Relation) -> Option<Changed> {
    // SAFETY: the caller's promise; the levels are savepoints that are open.
    unsafe {
        if (*rel).pgstat_info.is_null() {
            if !(*rel).pgstat_enabled {
                return None;
            }
            // A relation that was closed and opened again has to be told.
            pg_sys::pgstat_assoc_relation(rel);
        }
        let mut changed = Changed { updated: 0, deleted: 0, truncated: false };
        let mut level = (*(*rel).pgstat_info).trans;
        while !level.is_null() {
            changed.updated += (*level).tuples_updated;
            changed.deleted += (*level).tuples_deleted;
            changed.truncated |= (*level).truncdropped;
            level = (*level).upper;
        }
        Some(changed)
    }
}

/// # Safety
/// `rel` is open and a heap.
unsafe fn former(rel: pg_sys::Relation, gone: Gone, bound: Bound) -> Count {
    // SAFETY: plain access through the heap's own functions; every resource
    // is released on the way out, and on error by the server.
    unsafe {
        let slot = pg_sys::table_slot_create(rel, std::ptr::null_mut());
        let later = pg_sys::table_slot_create(rel, std::ptr::null_mut());
        let am = &*(*rel).rd_tableam;
        let (begin, next, end) =
            (am.scan_begin.unwrap(), am.scan_getnextslot.unwrap(), am.scan_end.unwrap());
        let any = &raw mut pg_sys::SnapshotAnyData;
        let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN | pg_sys::ScanOptions::SO_ALLOW_STRAT;
        let scan = pg_sys::ffi::pg_guard_ffi_boundary(|| {
            begin(rel, any, 0, std::ptr::null_mut(), std::ptr::null_mut(), flags)
        });
        let (mut found, mut seen, mut timed_out) = (0u64, 0u64, false);
        while pg_sys::ffi::pg_guard_ffi_boundary(|| {
            next(scan, pg_sys::ScanDirection::ForwardScanDirection, slot)
        }) {
            seen += 1;
            if was_there(slot) && takes(rel, slot, later, gone) {
                found += 1;
                if found > bound.limit {
                    break;
                }
            }
            if seen.is_multiple_of(256) {
                pgrx::check_for_interrupts!();
                if scan::now() > bound.deadline {
                    timed_out = true;
                    break;
                }
            }
        }
        pg_sys::ffi::pg_guard_ffi_boundary(|| end(scan));
        pg_sys::ExecDropSingleTupleTableSlot(later);
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        bound.counted(found, seen, timed_out)
    }
}

/// # Safety
/// `slot` holds a row version of a heap.
unsafe fn header(slot: *mut pg_sys::TupleTableSlot) -> *mut pg_sys::HeapTupleHeaderData {
    // SAFETY: the caller's promise: the tuple is the slot's own.
    unsafe { (*pg_sys::ExecFetchSlotHeapTuple(slot, false, std::ptr::null_mut())).t_data }
}

/// Whether another transaction made this version: it must have committed,
/// where this one has ended it.
///
/// # Safety
/// As [`header`].
unsafe fn was_there(slot: *mut pg_sys::TupleTableSlot) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let header = header(slot);
        if u32::from((*header).t_infomask) & pg_sys::HEAP_XMIN_FROZEN == pg_sys::HEAP_XMIN_FROZEN {
            return true;
        }
        let made_by = (*header).t_choice.t_heap.t_xmin;
        !pg_sys::TransactionIdIsCurrentTransactionId(made_by)
    }
}

/// What this transaction has done to a version.
enum End {
    None,
    Deleted,
    /// To another partition.
    Moved,
    /// The next version stands there.
    Updated(pg_sys::ItemPointerData),
}

/// # Safety
/// As [`header`].
unsafe fn ended(slot: *mut pg_sys::TupleTableSlot) -> End {
    // SAFETY: the caller's promise.
    unsafe {
        let header = header(slot);
        let mask = u32::from((*header).t_infomask);
        let only_locked = mask & pg_sys::HEAP_XMAX_LOCK_ONLY != 0
            || mask & (pg_sys::HEAP_XMAX_IS_MULTI | pg_sys::HEAP_LOCK_MASK)
                == pg_sys::HEAP_XMAX_EXCL_LOCK;
        if mask & pg_sys::HEAP_XMAX_INVALID != 0 || only_locked {
            return End::None;
        }
        let ended_by = if mask & pg_sys::HEAP_XMAX_IS_MULTI != 0 {
            pg_sys::HeapTupleGetUpdateXid(header)
        } else {
            (*header).t_choice.t_heap.t_xmax
        };
        if !pg_sys::TransactionIdIsCurrentTransactionId(ended_by) {
            return End::None;
        }
        let next = (*header).t_ctid;
        if u32::from(next.ip_posid) == pg_sys::MovedPartitionsOffsetNumber {
            return End::Moved;
        }
        let here = (*slot).tts_tid;
        let same = next.ip_posid == here.ip_posid
            && next.ip_blkid.bi_hi == here.ip_blkid.bi_hi
            && next.ip_blkid.bi_lo == here.ip_blkid.bi_lo;
        if same { End::Deleted } else { End::Updated(next) }
    }
}

/// Whether what was done to a version takes away what is looked for. The
/// table shows none any more, so of a row that is still there the value is
/// gone.
///
/// # Safety
/// As [`header`]; `later` is a slot for the same table.
unsafe fn takes(
    rel: pg_sys::Relation,
    slot: *mut pg_sys::TupleTableSlot,
    later: *mut pg_sys::TupleTableSlot,
    gone: Gone,
) -> bool {
    // SAFETY: the caller's promise. Versions of this transaction stay where
    // they are until it ends.
    unsafe {
        let fetch = (*(*rel).rd_tableam).tuple_fetch_row_version.unwrap();
        let any = &raw mut pg_sys::SnapshotAnyData;
        let mut end = ended(slot);
        if let (Gone::Values(look), End::Updated(_) | End::Moved) = (gone, &end)
            && !scan::finds(slot, look)
        {
            return false;
        }
        let mut changed = false;
        loop {
            match end {
                End::None => return changed && matches!(gone, Gone::Values(_)),
                End::Deleted => return matches!(gone, Gone::Rows),
                End::Moved => return matches!(gone, Gone::Values(_)),
                End::Updated(mut next) => {
                    changed = true;
                    let found = pg_sys::ffi::pg_guard_ffi_boundary(|| {
                        fetch(rel, &raw mut next, any, later)
                    });
                    // Not to be found: nothing is proven.
                    if !found {
                        return true;
                    }
                    end = ended(later);
                }
            }
        }
    }
}
