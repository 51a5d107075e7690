//! Reading tables of our own, below SQL: whatever the caller's rights, his
//! search_path and the age of his snapshot. What is committed now is seen, and
//! what earlier commands of this transaction have written.

use super::{catalog, cstring};
use pgrx::{FromDatum, IntoDatum, pg_sys};

/// A row of such a table.
pub struct Row<'a> {
    table: pg_sys::Oid,
    values: &'a [pg_sys::Datum],
    nulls: &'a [bool],
}

/// What rows are looked up by.
pub enum Key<'a> {
    /// A text column with collation C, and its index if there is one.
    Text(&'static std::ffi::CStr, &'a str, Option<&'static str>),
    /// The primary key, the table's first column.
    Number(i64, &'static str),
}

/// The rows with that key; none where the table isn't there.
pub fn rows(table: &str, key: Key, mut each: impl FnMut(&Row)) {
    let Some(oid) = relation(table) else { return };
    let (index, key) = match key {
        Key::Text(column, value, index) => {
            let value = value.into_datum().expect("a text is never null");
            (index, (catalog::column(oid, column), pg_sys::F_TEXTEQ, value))
        }
        Key::Number(n, index) => (Some(index), (0, pg_sys::F_INT8EQ, pg_sys::Datum::from(n))),
    };
    let index = index.and_then(relation).unwrap_or(pg_sys::InvalidOid);
    catalog::scan(oid, index, &[key], |values, nulls| each(&Row { table: oid, values, nulls }));
}

/// A relation in our schema.
fn relation(name: &str) -> Option<pg_sys::Oid> {
    // SAFETY: catalog lookups.
    let oid = unsafe {
        let namespace = pg_sys::get_namespace_oid(c"schemaguard".as_ptr(), true);
        pg_sys::get_relname_relid(cstring(name).as_ptr(), namespace)
    };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

impl Row<'_> {
    fn get<T: FromDatum>(&self, column: &'static std::ffi::CStr) -> Option<T> {
        let at = catalog::column(self.table, column);
        // SAFETY: the callers below ask for columns of their type.
        unsafe { T::from_datum(self.values[at], self.nulls[at]) }
    }
    pub fn text(&self, column: &'static std::ffi::CStr) -> Option<String> {
        self.get(column)
    }
    /// A bigint, or a time in microseconds as the server counts them.
    pub fn long(&self, column: &'static std::ffi::CStr) -> Option<i64> {
        self.get(column)
    }
    /// A json column's text.
    pub fn json(&self, column: &'static std::ffi::CStr) -> Option<String> {
        self.get(column)
    }
    pub fn interval(&self, column: &'static std::ffi::CStr) -> Option<pgrx::datum::Interval> {
        self.get(column)
    }
}
