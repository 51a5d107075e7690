//! Writing rows into tables of our own, below SQL: no permissions to ask for,
//! no triggers, no hooks of other extensions, no plan.

use super::cstring;
use pgrx::{FromDatum, IntoDatum, pg_sys};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::ffi::CStr;

/// The column's entry in a tuple descriptor; attribute numbers begin at 1.
///
/// # Safety
/// `desc` is a tuple descriptor that has this attribute.
pub unsafe fn attribute_form(
    desc: pg_sys::TupleDesc,
    attribute: i16,
) -> *const pg_sys::FormData_pg_attribute {
    // SAFETY: the caller's promise. 18 moved the entries behind a function.
    unsafe {
        #[cfg(feature = "pg18")]
        return pg_sys::TupleDescAttr(desc, i32::from(attribute) - 1);
        #[cfg(not(feature = "pg18"))]
        return (*desc).attrs.as_ptr().add(attribute as usize - 1);
    }
}

/// One value of a row to write.
pub enum Value<'a> {
    Null,
    Long(i64),
    Int(i32),
    Bool(bool),
    /// An xid8.
    TransactionId(u64),
    Text(Cow<'a, str>),
    Texts(&'a [String]),
    /// Microseconds as the server counts them.
    Timestamp(i64),
    Interval(pgrx::datum::Interval),
    /// Another type's text form, read by that type's input function.
    Input(&'a str),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(s: &'a str) -> Self {
        // The server's texts hold no NUL bytes.
        Value::Text(if s.as_bytes().contains(&0) {
            Cow::Owned(s.replace('\0', ""))
        } else {
            Cow::Borrowed(s)
        })
    }
}
impl From<String> for Value<'_> {
    fn from(s: String) -> Self {
        Value::Text(if s.as_bytes().contains(&0) { s.replace('\0', "") } else { s }.into())
    }
}
impl From<i64> for Value<'_> {
    fn from(v: i64) -> Self {
        Value::Long(v)
    }
}
impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(v: Option<T>) -> Self {
        v.map_or(Value::Null, Into::into)
    }
}

thread_local! {
    /// The highest number when this session wrote last.
    static LAST: Cell<i64> = const { Cell::new(0) };
    /// Our tables by their names, once found.
    static FOUND: RefCell<Vec<(String, pg_sys::Oid)>> = const { RefCell::new(Vec::new()) };
}

/// A table of ours. The schema by the extension, not by its name: that may
/// have become another's, with tables whose indexes run whatever their owner
/// likes.
fn relation(name: &str) -> Option<pg_sys::Oid> {
    let c_name = cstring(name);
    // SAFETY: catalog lookups; null and invalid for what isn't there.
    unsafe {
        let found = FOUND.with_borrow(|f| f.iter().find(|f| f.0 == name).map(|f| f.1));
        // Still there, for the extension may have been made anew since.
        if let Some(oid) = found {
            let found = pg_sys::get_rel_name(oid);
            if !found.is_null() && CStr::from_ptr(found) == c_name.as_c_str() {
                return Some(oid);
            }
        }
        let namespace = super::extension().and_then(super::catalog::extension_schema)?;
        let oid = pg_sys::get_relname_relid(c_name.as_ptr(), namespace);
        FOUND.with_borrow_mut(|f| {
            f.retain(|f| f.0 != name);
            f.push((name.to_owned(), oid));
        });
        (oid != pg_sys::InvalidOid).then_some(oid)
    }
}

/// A table of ours, open for writing.
pub struct Table {
    rel: pg_sys::Relation,
    /// Its indexes.
    indexes: pg_sys::CatalogIndexState,
    /// Holds one row's values.
    memory: pg_sys::MemoryContext,
    /// Only where catalogs have nothing like it: an index that computes what
    /// it holds, which somebody has added, or rows that are kept in another
    /// way.
    executor: Option<Executor>,
}

struct Executor {
    estate: *mut pg_sys::EState,
    slot: *mut pg_sys::TupleTableSlot,
}

impl Table {
    /// None where the table isn't there (the extension is being dropped).
    pub fn open(name: &str) -> Option<Table> {
        let relation = relation(name)?;
        // SAFETY: ordinary opening of a relation and its indexes.
        unsafe {
            let rel = pg_sys::try_relation_open(relation, pg_sys::RowExclusiveLock as _);
            if rel.is_null() {
                return None;
            }
            let indexes = pg_sys::CatalogOpenIndexes(rel);
            let executor = (!is_like_a_catalog(rel, indexes)).then(|| Executor {
                estate: pg_sys::CreateExecutorState(),
                slot: pg_sys::table_slot_create(rel, std::ptr::null_mut()),
            });
            let memory = pg_sys::AllocSetContextCreateInternal(
                pg_sys::CurrentMemoryContext,
                c"schemaguard row".as_ptr(),
                pg_sys::ALLOCSET_DEFAULT_MINSIZE as _,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as _,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as _,
            );
            Some(Table { rel, indexes, memory, executor })
        }
    }

    /// The highest value of the first column, uncommitted rows of other
    /// sessions included: the last entry of the primary key.
    fn highest(&self) -> Option<i64> {
        // A scan reads a whole page of the index, unless it is told where to
        // stop: rarely far from where this session wrote last.
        let last = LAST.get();
        let found = self.last_entry(Some(last)).or_else(|| self.last_entry(None));
        LAST.set(found.unwrap_or(0));
        found
    }

    /// The last entry of the primary key, if it is at least `least`.
    fn last_entry(&self, least: Option<i64>) -> Option<i64> {
        // SAFETY: a scan of an index that `open` opened. It reads no row and
        // so sees dead ones, too: a number may be left out, never given twice.
        unsafe {
            let key = super::version::primary_key(self.rel);
            let indexes = std::slice::from_raw_parts(
                (*self.indexes).ri_IndexRelationDescs,
                (*self.indexes).ri_NumIndices as usize,
            );
            let index = *indexes.iter().find(|i| (***i).rd_id == key)?;
            let mut stop = pg_sys::ScanKeyData::default();
            if let Some(least) = least {
                pg_sys::ScanKeyInit(
                    &mut stop,
                    1,
                    pg_sys::BTGreaterEqualStrategyNumber as _,
                    pg_sys::Oid::from(pg_sys::F_INT8GE),
                    pg_sys::Datum::from(least),
                );
            }
            let keys = i32::from(least.is_some());
            let scan = super::version::begin_index_scan(self.rel, index, keys);
            (*scan).xs_want_itup = true;
            pg_sys::index_rescan(scan, &mut stop, keys, std::ptr::null_mut(), 0);
            let backward = pg_sys::ScanDirection::BackwardScanDirection;
            let found = !pg_sys::index_getnext_tid(scan, backward).is_null();
            let highest = found.then(|| {
                let (mut value, mut null) = ([pg_sys::Datum::from(0)], [true]);
                pg_sys::index_deform_tuple(
                    (*scan).xs_itup,
                    (*scan).xs_itupdesc,
                    value.as_mut_ptr(),
                    null.as_mut_ptr(),
                );
                i64::from_datum(value[0], null[0]).unwrap_or(0)
            });
            pg_sys::index_endscan(scan);
            highest
        }
    }

    /// Writes rows whose first column is a number that this gives them, one
    /// after the other, never given twice; `first` is what an empty table
    /// begins with. Returns the first number.
    ///
    /// No sequence: those change what lastval() says to the application.
    pub fn append<'v>(&mut self, first: i64, rows: impl FnOnce(i64) -> Vec<Vec<Value<'v>>>) -> i64 {
        // SAFETY: the lock is held only while numbers are given: other
        // sessions see our uncommitted rows.
        unsafe {
            let tag = lock_tag(pg_sys::RelationRelationId, (*self.rel).rd_id.into());
            pg_sys::LockAcquire(&tag, pg_sys::ExclusiveLock as _, false, false);
            let number = self.highest().map_or(first, |highest| highest + 1);
            for (n, row) in rows(number).into_iter().enumerate() {
                self.put(Some(number + n as i64), row);
            }
            pg_sys::LockRelease(&tag, pg_sys::ExclusiveLock as _, false);
            number
        }
    }

    /// Makes this transaction the only one that handles what has this number,
    /// until it ends: waits for others that do.
    pub fn lock_number(&self, number: i64) {
        // SAFETY: as in `append`; here the table takes the catalog's place.
        unsafe {
            let tag = lock_tag((*self.rel).rd_id, number as u32);
            pg_sys::LockAcquire(&tag, pg_sys::ExclusiveLock as _, false, false);
        }
    }

    /// Writes one row: values in the order of the columns, the rest null.
    pub fn insert(&mut self, row: Vec<Value>) {
        self.put(None, row);
    }

    /// Writes one row, with a number before its values where there is one.
    fn put(&mut self, number: Option<i64>, row: Vec<Value>) {
        // SAFETY: each value is made for its column's type.
        unsafe {
            let desc = (*self.rel).rd_att;
            let columns = (*desc).natts as usize;
            let mut datums = vec![pg_sys::Datum::from(0); columns];
            let mut nulls = vec![true; columns];
            let mut texts = Texts::of(&row);
            let before = pg_sys::MemoryContextSwitchTo(self.memory);
            for (i, value) in number.map(Value::Long).into_iter().chain(row).enumerate() {
                let datum = match value {
                    Value::Null => None,
                    Value::Long(v) => v.into_datum(),
                    Value::Int(v) => v.into_datum(),
                    Value::Bool(v) => v.into_datum(),
                    Value::TransactionId(v) => Some(pg_sys::Datum::from(v)),
                    Value::Timestamp(v) => Some(pg_sys::Datum::from(v)),
                    Value::Text(v) => Some(texts.datum(&v)),
                    Value::Interval(v) => v.into_datum(),
                    Value::Texts(v) => Some(text_array(v)),
                    Value::Input(v) => {
                        let form = attribute_form(desc, i as i16 + 1);
                        let (mut input, mut io) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
                        pg_sys::getTypeInputInfo((*form).atttypid, &mut input, &mut io);
                        let text = cstring(v);
                        // Input functions read their argument, they don't write it.
                        Some(pg_sys::OidInputFunctionCall(
                            input,
                            text.as_ptr().cast_mut(),
                            io,
                            (*form).atttypmod,
                        ))
                    }
                };
                nulls[i] = datum.is_none();
                datums[i] = datum.unwrap_or(pg_sys::Datum::from(0));
            }
            let tuple = pg_sys::heap_form_tuple(desc, datums.as_mut_ptr(), nulls.as_mut_ptr());
            match &self.executor {
                None => pg_sys::CatalogTupleInsertWithInfo(self.rel, tuple, self.indexes),
                Some(Executor { estate, slot }) => {
                    pg_sys::ExecForceStoreHeapTuple(tuple, *slot, false);
                    pg_sys::simple_table_tuple_insert(self.rel, *slot);
                    super::version::insert_index_entries(self.indexes, *slot, *estate);
                    pg_sys::ExecClearTuple(*slot);
                    let computed = pg_sys::MakePerTupleExprContext(*estate);
                    pg_sys::MemoryContextReset((*computed).ecxt_per_tuple_memory);
                }
            }
            pg_sys::MemoryContextSwitchTo(before);
            pg_sys::MemoryContextReset(self.memory);
        }
    }

    /// Closes the table; the lock stays until the transaction's end.
    pub fn close(self) {
        // SAFETY: everything was opened by `open`.
        unsafe {
            if let Some(Executor { estate, slot }) = self.executor {
                pg_sys::ExecDropSingleTupleTableSlot(slot);
                pg_sys::FreeExecutorState(estate);
            }
            pg_sys::CatalogCloseIndexes(self.indexes);
            pg_sys::MemoryContextDelete(self.memory);
            pg_sys::table_close(self.rel, pg_sys::NoLock as _);
        }
    }
}

/// Whether rows can be written as those of catalogs are: into a heap, with
/// indexes on nothing but columns.
///
/// # Safety
/// The table's indexes are open.
unsafe fn is_like_a_catalog(rel: pg_sys::Relation, indexes: pg_sys::CatalogIndexState) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let count = (*indexes).ri_NumIndices as usize;
        let plain = |info: &*mut pg_sys::IndexInfo| {
            let info = &**info;
            info.ii_Expressions.is_null()
                && info.ii_Predicate.is_null()
                && info.ii_ExclusionOps.is_null()
        };
        let immediate = |index: &pg_sys::Relation| (*(**index).rd_index).indimmediate;
        (*rel).rd_amhandler == pg_sys::Oid::from(pg_sys::F_HEAP_TABLEAM_HANDLER)
            && (count == 0
                || std::slice::from_raw_parts((*indexes).ri_IndexRelationInfo, count)
                    .iter()
                    .all(plain)
                    && std::slice::from_raw_parts((*indexes).ri_IndexRelationDescs, count)
                        .iter()
                        .all(immediate))
    }
}

/// A lock of a kind that nothing else takes: on a part that no object has.
fn lock_tag(class: pg_sys::Oid, object: u32) -> pg_sys::LOCKTAG {
    pg_sys::LOCKTAG {
        // SAFETY: reads a variable.
        locktag_field1: unsafe { pg_sys::MyDatabaseId }.into(),
        locktag_field2: class.into(),
        locktag_field3: object,
        locktag_field4: u16::MAX,
        locktag_type: pg_sys::LockTagType::LOCKTAG_OBJECT as u8,
        locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
    }
}

/// A row's texts as the server has them, in one piece of memory: it is asked
/// for none. They live as long as this.
struct Texts(Vec<u32>);

impl Texts {
    const WORD: usize = size_of::<u32>();

    /// Room for those values that are texts.
    fn of(values: &[Value]) -> Texts {
        let words = |value: &Value| match value {
            Value::Text(text) => {
                pg_sys::VARHDRSZ.div_ceil(Self::WORD) + text.len().div_ceil(Self::WORD)
            }
            _ => 0,
        };
        Texts(Vec::with_capacity(values.iter().map(words).sum()))
    }

    /// One of the texts that there is room for.
    fn datum(&mut self, text: &str) -> pg_sys::Datum {
        let length = pg_sys::VARHDRSZ + text.len();
        let at = self.0.len();
        self.0.resize(at + length.div_ceil(Self::WORD), 0);
        // SAFETY: there is room for header and text; nothing moves, because
        // all of it was asked for at the beginning.
        unsafe {
            let varlena = self.0.as_mut_ptr().add(at).cast::<pg_sys::varlena>();
            pgrx::set_varsize_4b(varlena, length as i32);
            let data = varlena.cast::<u8>().add(pg_sys::VARHDRSZ);
            std::ptr::copy_nonoverlapping(text.as_ptr(), data, text.len());
            pg_sys::Datum::from(varlena)
        }
    }
}

/// An array of texts, in the current memory context.
fn text_array(texts: &[String]) -> pg_sys::Datum {
    let text = |t: &String| match Value::from(t.as_str()) {
        Value::Text(t) => t.into_datum().expect("a text is never null"),
        _ => unreachable!("a text's value is a text"),
    };
    let mut values: Vec<pg_sys::Datum> = texts.iter().map(text).collect();
    // SAFETY: as many values as told, of type text, whose layout this is.
    unsafe {
        let array = pg_sys::construct_array(
            values.as_mut_ptr(),
            values.len() as _,
            pg_sys::TEXTOID,
            -1,
            false,
            pg_sys::TYPALIGN_INT as _,
        );
        pg_sys::Datum::from(array)
    }
}
