//! Whether rows of catalogs have changed, without reading what they say: each
//! version of a row is known by its place and the transaction that made it.
//!
//! What the server changes in place (VACUUM's and ANALYZE's numbers, flags
//! that only say where to look) leaves both alone, and so does freezing. A
//! row that was rewritten in place of another has another maker.

use pgrx::pg_sys;

/// Stands for the rows of these relations that the active snapshot sees. Equal
/// means unchanged; not equal may also be the work of VACUUM FULL.
pub fn of(relations: &[pg_sys::Oid]) -> (u64, u64) {
    let (mut rows, mut sum) = (0u64, 0u64);
    for &relation in relations {
        pgrx::check_for_interrupts!();
        // SAFETY: a plain scan through the table's own access method; every
        // resource is released on the way out, and on error by the server.
        unsafe {
            let rel = pg_sys::table_open(relation, pg_sys::AccessShareLock as _);
            let slot = pg_sys::table_slot_create(rel, std::ptr::null_mut());
            let am = &*(*rel).rd_tableam;
            let (begin, next, end) =
                (am.scan_begin.unwrap(), am.scan_getnextslot.unwrap(), am.scan_end.unwrap());
            let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN
                | pg_sys::ScanOptions::SO_ALLOW_STRAT
                | pg_sys::ScanOptions::SO_ALLOW_PAGEMODE;
            let snapshot = pg_sys::GetActiveSnapshot();
            let salt = mixed(u64::from(relation.to_u32()));
            // One guard for all rows: nothing in the loop can panic.
            pg_sys::ffi::pg_guard_ffi_boundary(|| {
                let scan =
                    begin(rel, snapshot, 0, std::ptr::null_mut(), std::ptr::null_mut(), flags);
                while next(scan, pg_sys::ScanDirection::ForwardScanDirection, slot) {
                    // Catalogs are heaps: the slot holds the row as it is stored.
                    let tuple = (*slot.cast::<pg_sys::HeapTupleTableSlot>()).tuple;
                    let maker = (*(*tuple).t_data).t_choice.t_heap.t_xmin;
                    let place = (*tuple).t_self;
                    let block =
                        u64::from(place.ip_blkid.bi_hi) << 16 | u64::from(place.ip_blkid.bi_lo);
                    let at = block << 16 | u64::from(place.ip_posid);
                    rows = rows.wrapping_add(1);
                    sum = sum.wrapping_add(mixed(mixed(at ^ salt) ^ xid(maker)));
                }
                end(scan);
            });
            pg_sys::ExecDropSingleTupleTableSlot(slot);
            pg_sys::table_close(rel, pg_sys::AccessShareLock as _);
        }
    }
    (rows, sum)
}

fn xid(xid: pg_sys::TransactionId) -> u64 {
    u64::from(u32::from(xid))
}

/// Spreads a number over all 64 bits, so that sums of such don't meet by
/// chance (the finalizer of splitmix64).
fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
