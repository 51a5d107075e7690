//! Reading users' tables that migration tools keep, below SQL and without
//! waiting for anybody: for the record, which must not fail or wait for them.

use super::{catalog, cstring, table, text};
use pgrx::{FromDatum, pg_sys};
use std::cell::{Cell, RefCell};
use std::ffi::c_int;

/// pg_class by name and schema.
const CLASS_NAME_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(pg_sys::ClassNameNspIndexId);

/// An ordinary table with the name asked for.
#[derive(Clone)]
pub struct Found {
    pub table: pg_sys::Oid,
    pub schema: pg_sys::Oid,
}

/// The tables of one name, kept until one of them can have come, gone or
/// changed: a session that runs DDL asks at each statement, and hardly ever is
/// one there.
struct Named {
    name: &'static str,
    tables: Vec<Found>,
    known: bool,
    watched: Watched,
    /// How often the server has said that there is something new.
    news: u64,
}

/// By what the server's news of relations is told apart: a hash of name and
/// schema.
enum Watched {
    Unknown,
    All,
    These(Vec<u32>),
}

/// With more schemas than this all news counts.
const SCHEMAS: usize = 200;

thread_local! {
    static NAMED: RefCell<Vec<Named>> = const { RefCell::new(Vec::new()) };
    /// A bit for each hash that one of them watches: nearly all news of
    /// relations ends here.
    static WATCHED: [Cell<u64>; 32] = const { [const { Cell::new(u64::MAX) }; 32] };
}

/// Where a hash's bit stands, and the bit.
fn bit(hash: u32) -> (usize, u64) {
    (hash as usize / 64 % 32, 1 << (hash % 64))
}

/// Notes which hashes are watched now.
fn watch(all: &[Named]) {
    let mut bits = [0; 32];
    for named in all {
        match &named.watched {
            Watched::These(hashes) => hashes.iter().map(|hash| bit(*hash)).for_each(|(at, bit)| {
                bits[at] |= bit;
            }),
            Watched::Unknown | Watched::All => bits.fill(u64::MAX),
        }
    }
    WATCHED.with(|watched| watched.iter().zip(bits).for_each(|(cell, bits)| cell.set(bits)));
}

/// Once, when the library is loaded.
pub fn install() {
    use pg_sys::SysCacheIdentifier::{NAMESPACEOID, RELNAMENSP};
    let nothing = pg_sys::Datum::from(0);
    // SAFETY: the functions live for ever.
    unsafe {
        pg_sys::CacheRegisterSyscacheCallback(RELNAMENSP as _, Some(on_relation), nothing);
        pg_sys::CacheRegisterSyscacheCallback(NAMESPACEOID as _, Some(on_schema), nothing);
    }
}

/// The server says that relations with this hash have changed (0: any), in
/// whichever session. Called in the middle of anything: it only notes that.
unsafe extern "C-unwind" fn on_relation(_: pg_sys::Datum, _: c_int, hash: u32) {
    let (at, bit) = bit(hash);
    if hash != 0 && WATCHED.with(|watched| watched[at].get() & bit == 0) {
        return;
    }
    note(|named| {
        let concerned = match &named.watched {
            Watched::These(hashes) => hash == 0 || hashes.contains(&hash),
            Watched::Unknown | Watched::All => true,
        };
        if concerned {
            named.known = false;
            named.news += 1;
        }
    });
}

/// The server says that schemas have changed.
unsafe extern "C-unwind" fn on_schema(_: pg_sys::Datum, _: c_int, _: u32) {
    note(|named| {
        named.watched = Watched::Unknown;
        named.news += 1;
    });
    WATCHED.with(|watched| watched.iter().for_each(|cell| cell.set(u64::MAX)));
}

fn note(f: impl FnMut(&mut Named)) {
    // Borrowed only where nothing of the server's is called.
    NAMED.with(|all| all.try_borrow_mut().map(|mut all| all.iter_mut().for_each(f)).ok());
}

/// The ordinary tables of that name in all schemas.
pub fn tables_named(name: &'static str) -> Vec<Found> {
    let at = NAMED.with_borrow_mut(|all| {
        all.iter().position(|n| n.name == name).unwrap_or_else(|| {
            let watched = Watched::Unknown;
            all.push(Named { name, tables: Vec::new(), known: false, watched, news: 0 });
            all.len() - 1
        })
    });
    let (tables, news) = NAMED.with_borrow(|all| {
        let named = &all[at];
        let known = named.known && !matches!(named.watched, Watched::Unknown);
        (known.then(|| named.tables.clone()), named.news)
    });
    if let Some(tables) = tables {
        return tables;
    }
    let watched = hashes(name).map_or(Watched::All, Watched::These);
    let tables = search(name);
    NAMED.with_borrow_mut(|all| {
        let named = &mut all[at];
        // What came while it looked may have been missed.
        if named.news == news {
            (named.tables, named.known, named.watched) = (tables.clone(), true, watched);
        }
        watch(all);
    });
    tables
}

/// Whether it is known that no schema has an ordinary table of these names.
pub fn nowhere(mut names: impl Iterator<Item = &'static str>) -> bool {
    NAMED.with_borrow(|all| {
        names.all(|name| {
            all.iter().find(|n| std::ptr::eq(n.name, name)).is_some_and(|n| {
                n.known && n.tables.is_empty() && !matches!(n.watched, Watched::Unknown)
            })
        })
    })
}

/// The hashes of relations of that name, one a schema; None where there are too many.
fn hashes(name: &str) -> Option<Vec<u32>> {
    let mut schemas = Vec::new();
    catalog::scan(pg_sys::NamespaceRelationId, pg_sys::InvalidOid, &[], |values, _| {
        // SAFETY: the first column is an oid that is never null.
        schemas.extend(unsafe { pg_sys::Oid::from_datum(values[0], false) });
    });
    if schemas.len() > SCHEMAS {
        return None;
    }
    let name = cstring(name);
    let [name, none] = [pg_sys::Datum::from(name.as_ptr()), pg_sys::Datum::from(0)];
    let cache = pg_sys::SysCacheIdentifier::RELNAMENSP as c_int;
    // SAFETY: the cache's keys are a name and an oid.
    let hash = |schema: pg_sys::Oid| unsafe {
        pg_sys::GetSysCacheHashValue(cache, name, schema.into(), none, none)
    };
    Some(schemas.into_iter().map(hash).collect())
}

fn search(name: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let Ok(name) = std::ffi::CString::new(name) else { return found };
    let mut data = pg_sys::NameData::default();
    // SAFETY: copies as much as a name holds.
    unsafe { pg_sys::namestrcpy(&mut data, name.as_ptr()) };
    let class = pg_sys::RelationRelationId;
    let [oid_at, name_at, schema_at, kind_at, lasts_at] =
        [c"oid", c"relname", c"relnamespace", c"relkind", c"relpersistence"]
            .map(|column| catalog::column(class, column));
    let key = (name_at, pg_sys::F_NAMEEQ, pg_sys::Datum::from(&raw mut data));
    catalog::scan(class, CLASS_NAME_INDEX, &[key], |values, _| {
        let char_at = |at: usize| values[at].value() as u8;
        if char_at(kind_at) == b'r' && char_at(lasts_at) != b't' {
            // SAFETY: two oid columns that are never null.
            unsafe {
                found.push(Found {
                    table: pg_sys::Oid::from_datum(values[oid_at], false).unwrap(),
                    schema: pg_sys::Oid::from_datum(values[schema_at], false).unwrap(),
                });
            }
        }
    });
    found
}

/// Whether the database has an ordinary table that is neither temporary, nor
/// the server's own, nor in this schema.
pub fn has_tables_outside(schema: pg_sys::Oid) -> bool {
    let class = pg_sys::RelationRelationId;
    let [oid_at, schema_at, kind_at, lasts_at] =
        [c"oid", c"relnamespace", c"relkind", c"relpersistence"]
            .map(|column| catalog::column(class, column));
    let mut found = false;
    catalog::scan(class, pg_sys::InvalidOid, &[], |values, _| {
        // SAFETY: two oid columns that are never null.
        let [oid, within] = [oid_at, schema_at]
            .map(|at| unsafe { pg_sys::Oid::from_datum(values[at], false) }.unwrap());
        found |= values[kind_at].value() as u8 == b'r'
            && values[lasts_at].value() as u8 != b't'
            && oid.to_u32() >= pg_sys::FirstNormalObjectId
            && within != schema;
    });
    found
}

/// Whether a schema has a relation of that name.
pub fn has_relation(schema: pg_sys::Oid, name: &str) -> bool {
    // SAFETY: a catalog lookup.
    unsafe { pg_sys::get_relname_relid(cstring(name).as_ptr(), schema) != pg_sys::InvalidOid }
}

/// A type's name without modifiers, as `character varying`.
pub fn type_name(type_oid: pg_sys::Oid) -> String {
    // SAFETY: a catalog lookup that never gives null.
    unsafe { text(pg_sys::format_type_be(type_oid)) }.unwrap_or_default()
}

/// Which rows are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// Those that this transaction, or a savepoint of it, has written.
    Ours,
    /// Those that are null in all of these columns.
    Null(&'a [&'a str]),
}

/// What the rows of a table hold in these columns (None for null): times as
/// microseconds, the rest as the server writes it. Looks at no more rows than
/// `limit`, and at none where somebody holds the table locked.
pub fn rows(
    relation: pg_sys::Oid,
    columns: &[&str],
    wanted: Wanted,
    limit: u64,
    mut each: impl FnMut(Vec<Option<String>>),
) {
    // SAFETY: plain table access through the table's own access method; every
    // resource is released on the way out, and on error by the server. The
    // lock is given at once or not at all, and is not kept: whoever changes a
    // history need not wait for us. A snapshot that is none of a transaction's:
    // what we read must not count in SERIALIZABLE.
    unsafe {
        if !pg_sys::ConditionalLockRelationOid(relation, pg_sys::AccessShareLock as _) {
            return;
        }
        let rel = pg_sys::try_relation_open(relation, pg_sys::NoLock as _);
        if rel.is_null() || (*rel).rd_tableam.is_null() {
            if !rel.is_null() {
                pg_sys::relation_close(rel, pg_sys::NoLock as _);
            }
            pg_sys::UnlockRelationOid(relation, pg_sys::AccessShareLock as _);
            return;
        }
        let number = |name: &&str| pg_sys::get_attnum(relation, cstring(name).as_ptr());
        let numbers: Vec<i16> = columns.iter().map(number).collect();
        let empty: Vec<i16> = match wanted {
            Wanted::Null(names) => names.iter().map(number).collect(),
            Wanted::Ours => Vec::new(),
        };
        let snapshot = &raw mut pg_sys::SnapshotSelfData;
        let slot = pg_sys::table_slot_create(rel, std::ptr::null_mut());
        let am = &*(*rel).rd_tableam;
        let (begin, next, end) =
            (am.scan_begin.unwrap(), am.scan_getnextslot.unwrap(), am.scan_end.unwrap());
        let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN;
        let scan = pg_sys::ffi::pg_guard_ffi_boundary(|| {
            begin(rel, snapshot, 0, std::ptr::null_mut(), std::ptr::null_mut(), flags)
        });
        let mut seen = 0;
        while pg_sys::ffi::pg_guard_ffi_boundary(|| {
            next(scan, pg_sys::ScanDirection::ForwardScanDirection, slot)
        }) {
            seen += 1;
            if seen > limit {
                break;
            }
            let is_wanted = match wanted {
                Wanted::Ours => is_ours(slot),
                Wanted::Null(_) => empty.iter().all(|n| is_null(slot, *n)),
            };
            if is_wanted {
                each(numbers.iter().map(|n| value(slot, *n)).collect());
            }
        }
        pg_sys::ffi::pg_guard_ffi_boundary(|| end(scan));
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::relation_close(rel, pg_sys::NoLock as _);
        pg_sys::UnlockRelationOid(relation, pg_sys::AccessShareLock as _);
    }
}

/// Whether this transaction, or a savepoint of it, has written the row.
///
/// # Safety
/// `slot` holds a stored row.
unsafe fn is_ours(slot: *mut pg_sys::TupleTableSlot) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let mut null = true;
        let number = pg_sys::MinTransactionIdAttributeNumber;
        let xmin = pg_sys::slot_getsysattr(slot, number as _, &mut null);
        !null && pg_sys::TransactionIdIsCurrentTransactionId((xmin.value() as u32).into())
    }
}

/// # Safety
/// `slot` holds a row of the table whose column this is; 0 is none.
unsafe fn is_null(slot: *mut pg_sys::TupleTableSlot, number: i16) -> bool {
    // SAFETY: the slot deforms as far as asked.
    unsafe {
        if number > 0 && (*slot).tts_nvalid < number {
            pg_sys::slot_getsomeattrs_int(slot, number as _);
        }
        number <= 0 || *(*slot).tts_isnull.add(number as usize - 1)
    }
}

/// # Safety
/// As [`is_null`].
unsafe fn value(slot: *mut pg_sys::TupleTableSlot, number: i16) -> Option<String> {
    // SAFETY: the caller's promise; the type's own output function.
    unsafe {
        if is_null(slot, number) {
            return None;
        }
        let at = number as usize - 1;
        let datum = *(*slot).tts_values.add(at);
        let type_oid = (*table::attribute_form((*slot).tts_tupleDescriptor, number)).atttypid;
        match type_oid {
            pg_sys::TIMESTAMPOID | pg_sys::TIMESTAMPTZOID => {
                Some((datum.value() as i64).to_string())
            }
            _ => {
                let (mut output, mut varlena) = (pg_sys::InvalidOid, false);
                pg_sys::getTypeOutputInfo(type_oid, &mut output, &mut varlena);
                text(pg_sys::OidOutputFunctionCall(output, datum))
            }
        }
    }
}

/// Whether this transaction may have written rows of a table: that takes a
/// lock which is held until it ends.
pub fn may_be_ours(table: pg_sys::Oid) -> bool {
    let tag = pg_sys::LOCKTAG {
        locktag_field1: super::database().into(),
        locktag_field2: table.into(),
        locktag_field3: 0,
        locktag_field4: 0,
        locktag_type: pg_sys::LockTagType::LOCKTAG_RELATION as u8,
        locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
    };
    super::version::lock_held(&tag, pg_sys::RowExclusiveLock as _)
}

/// When this session began, in microseconds as the server counts them.
pub fn session_start() -> i64 {
    // SAFETY: reads a variable.
    unsafe { pg_sys::MyStartTimestamp }
}

/// Whether this session holds the advisory lock with this number.
pub fn holds_advisory_lock(number: u32) -> bool {
    let tag = pg_sys::LOCKTAG {
        locktag_field1: super::database().into(),
        locktag_field2: 0,
        locktag_field3: number,
        // Of one 64-bit key, not of two 32-bit ones.
        locktag_field4: 1,
        locktag_type: pg_sys::LockTagType::LOCKTAG_ADVISORY as u8,
        locktag_lockmethodid: pg_sys::USER_LOCKMETHOD as u8,
    };
    super::version::lock_held(&tag, pg_sys::ExclusiveLock as _)
}
