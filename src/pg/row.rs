//! Rows that SPI has read, each taken apart once: asking SPI for column after
//! column goes through the row anew each time.

use pgrx::varlena::{varatt_is_1b_e, varatt_is_4b_c, vardata_any, varsize_any_exhdr};
use pgrx::{FromDatum, pg_sys};

/// The columns of a result.
struct Column {
    name: String,
    type_oid: pg_sys::Oid,
}

/// A row; columns are counted from 0. What is null, or not there, is None.
pub struct Row {
    columns: Vec<Column>,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

/// Runs a query in the active snapshot and hands over its rows. pgrx's
/// `select` would take a snapshot of its own for each query as soon as the
/// transaction has written something.
///
/// # Safety
/// SPI is connected and a snapshot is active; the values are of the types that
/// are said, and what is null has none.
pub unsafe fn select(
    query: &str,
    types: &mut [pg_sys::Oid],
    values: &[Option<pg_sys::Datum>],
    row: impl FnMut(&Row),
) {
    let nulls = nulls(values);
    let mut values = datums(values);
    // SAFETY: the caller's promise.
    unsafe {
        let status = pg_sys::SPI_execute_with_args(
            super::sys::cstring(query).as_ptr(),
            types.len() as _,
            types.as_mut_ptr(),
            values.as_mut_ptr(),
            nulls.as_ptr().cast(),
            true,
            0,
        );
        each(status, row);
    }
}

/// The same with a query that was prepared.
///
/// # Safety
/// As for [`select`].
pub unsafe fn execute(
    plan: pg_sys::SPIPlanPtr,
    values: &[Option<pg_sys::Datum>],
    row: impl FnMut(&Row),
) {
    let nulls = nulls(values);
    let mut values = datums(values);
    // SAFETY: the caller's promise.
    unsafe {
        let status =
            pg_sys::SPI_execute_plan(plan, values.as_mut_ptr(), nulls.as_ptr().cast(), true, 0);
        each(status, row);
    }
}

/// Which values are null, in SPI's letters.
fn nulls(values: &[Option<pg_sys::Datum>]) -> Vec<u8> {
    values.iter().map(|value| if value.is_none() { b'n' } else { b' ' }).collect()
}

fn datums(values: &[Option<pg_sys::Datum>]) -> Vec<pg_sys::Datum> {
    values.iter().map(|value| value.unwrap_or(pg_sys::Datum::from(0))).collect()
}

/// Hands over the rows of the query that SPI has just run, and frees them.
unsafe fn each(status: i32, mut row: impl FnMut(&Row)) {
    if status != pg_sys::SPI_OK_SELECT as i32 {
        pgrx::error!("schemaguard could not read what it asked for (SPI status {status})");
    }
    // SAFETY: the table is SPI's; a row is looked at while it is there.
    unsafe {
        let table = pg_sys::SPI_tuptable;
        let desc = (*table).tupdesc;
        let columns: Vec<_> = (1..=(*desc).natts)
            .map(|number| Column {
                name: super::sys::text(pg_sys::SPI_fname(desc, number)).unwrap_or_default(),
                type_oid: pg_sys::SPI_gettypeid(desc, number),
            })
            .collect();
        let mut read = Row {
            values: vec![pg_sys::Datum::from(0); columns.len()],
            nulls: vec![true; columns.len()],
            columns,
        };
        for i in 0..pg_sys::SPI_processed as usize {
            let tuple = *(*table).vals.add(i);
            let (values, nulls) = (read.values.as_mut_ptr(), read.nulls.as_mut_ptr());
            pg_sys::heap_deform_tuple(tuple, desc, values, nulls);
            row(&read);
        }
        pg_sys::SPI_freetuptable(table);
    }
}

impl Row {
    fn value(&self, at: usize, type_oid: pg_sys::Oid) -> Option<pg_sys::Datum> {
        let column = self.columns.get(at)?;
        if column.type_oid != type_oid {
            pgrx::error!("schemaguard read \"{}\" as of another type than it is", column.name);
        }
        (!self.nulls[at]).then(|| self.values[at])
    }

    pub fn text(&self, at: usize) -> Option<String> {
        // SAFETY: a text that isn't null.
        self.value(at, pg_sys::TEXTOID).map(|datum| unsafe { text(datum) }.to_owned())
    }

    pub fn oid(&self, at: usize) -> Option<pg_sys::Oid> {
        // SAFETY: an oid.
        self.value(at, pg_sys::OIDOID).and_then(|d| unsafe { pg_sys::Oid::from_datum(d, false) })
    }

    pub fn number(&self, at: usize) -> Option<i32> {
        // SAFETY: an integer.
        self.value(at, pg_sys::INT4OID).and_then(|d| unsafe { i32::from_datum(d, false) })
    }

    /// The texts of an array that holds no nulls.
    pub fn texts(&self, at: usize) -> Vec<String> {
        let Some(datum) = self.value(at, pg_sys::TEXTARRAYOID) else { return Vec::new() };
        let (mut elements, mut nulls, mut n) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
        // SAFETY: an array of text, which a row holds with a short header; what
        // the server lays out is freed here.
        unsafe {
            let array = pg_sys::pg_detoast_datum(datum.cast_mut_ptr());
            pg_sys::deconstruct_array(
                array.cast(),
                pg_sys::TEXTOID,
                -1,
                false,
                b'i' as _,
                &mut elements,
                &mut nulls,
                &mut n,
            );
            let texts = (0..n as usize).map(|i| text(*elements.add(i)).to_owned()).collect();
            pg_sys::pfree(elements.cast());
            pg_sys::pfree(nulls.cast());
            if array != datum.cast_mut_ptr() {
                pg_sys::pfree(array.cast());
            }
            texts
        }
    }

    /// The columns from one on as a JSON object, by their names, in their
    /// order; what is null isn't there.
    pub fn object(&self, from: usize) -> String {
        let mut json = String::from("{");
        for at in from..self.columns.len() {
            if self.nulls[at] {
                continue;
            }
            if json.len() > 1 {
                json.push(',');
            }
            let Column { name, type_oid } = &self.columns[at];
            quoted(name, &mut json);
            json.push(':');
            let datum = self.values[at];
            // SAFETY: a value of the type that its column has.
            unsafe {
                match *type_oid {
                    pg_sys::BOOLOID => {
                        json.push_str(if datum.value() & 1 == 1 { "true" } else { "false" })
                    }
                    pg_sys::INT2OID => json.push_str(&(datum.value() as i16).to_string()),
                    pg_sys::INT4OID => json.push_str(&(datum.value() as i32).to_string()),
                    pg_sys::JSONOID => json.push_str(text(datum)),
                    pg_sys::TEXTOID => quoted(text(datum), &mut json),
                    pg_sys::NAMEOID => {
                        let name = super::sys::text(datum.cast_mut_ptr()).unwrap_or_default();
                        quoted(&name, &mut json);
                    }
                    other => pgrx::error!(
                        "schemaguard read the attribute \"{name}\" as of type {}",
                        other.to_u32()
                    ),
                }
            }
        }
        json.push('}');
        json
    }
}

/// A text as it is stored.
///
/// # Safety
/// The datum is a text (or what is laid out like one) that isn't null and
/// stays where it is while it is used.
unsafe fn text<'a>(datum: pg_sys::Datum) -> &'a str {
    // SAFETY: the caller's promise; what is detoasted stays in the current
    // memory context.
    let bytes = unsafe {
        let mut at = datum.cast_mut_ptr::<pg_sys::varlena>();
        if varatt_is_4b_c(at) || varatt_is_1b_e(at) {
            at = pg_sys::pg_detoast_datum_packed(at);
        }
        std::slice::from_raw_parts(vardata_any(at).cast::<u8>(), varsize_any_exhdr(at))
    };
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // A database in SQL_ASCII takes any bytes.
        Err(_) => pgrx::error!(
            "schemaguard can't read the catalogs: \"{}\" is no UTF-8",
            String::from_utf8_lossy(bytes)
        ),
    }
}

fn quoted(text: &str, json: &mut String) {
    json.push_str(&serde_json::to_string(text).expect("a text is plain data"));
}
