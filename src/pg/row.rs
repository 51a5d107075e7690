//! Rows of queries, each looked at while the server still has it in its hands:
//! SPI would keep them all, and go through a row anew for each of its columns.

use std::ffi::c_int;

use pgrx::varlena::{varatt_is_1b_e, varatt_is_4b_c, vardata_any, varsize_any, varsize_any_exhdr};
use pgrx::{FromDatum, pg_guard, pg_sys};

/// The columns of a result.
struct Column {
    name: String,
    type_oid: pg_sys::Oid,
}

/// A row; columns are counted from 0. What is null, or not there, is None.
#[derive(Default)]
pub struct Row {
    columns: Vec<Column>,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

/// An argument of a query: its type, and its value where it isn't null.
pub type Argument = (pg_sys::Oid, Option<pg_sys::Datum>);

/// Runs a query in the active snapshot and hands over its rows. pgrx's
/// `select` would take a snapshot of its own for each query as soon as the
/// transaction has written something.
///
/// # Safety
/// SPI is connected and a snapshot is active; the values are of the types that
/// are said.
pub unsafe fn select(query: &str, arguments: &[Argument], row: impl FnMut(&Row)) {
    let query = super::sys::cstring(query);
    // SAFETY: the caller's promise.
    unsafe {
        run(arguments, row, |options| pg_sys::SPI_execute_extended(query.as_ptr(), options));
    }
}

/// The same with a query that was prepared.
///
/// # Safety
/// As for [`select`].
pub unsafe fn execute(plan: pg_sys::SPIPlanPtr, arguments: &[Argument], row: impl FnMut(&Row)) {
    // SAFETY: the caller's promise.
    unsafe {
        run(arguments, row, |options| pg_sys::SPI_execute_plan_extended(plan, options));
    }
}

/// Where the server puts the rows.
#[repr(C)]
struct Receiver<F> {
    // The server knows of this part only.
    dest: pg_sys::DestReceiver,
    row: Row,
    take: F,
}

unsafe fn run<F: FnMut(&Row)>(
    arguments: &[Argument],
    take: F,
    query: impl FnOnce(*const pg_sys::SPIExecuteOptions) -> c_int,
) {
    let mut receiver = Receiver {
        dest: pg_sys::DestReceiver {
            receiveSlot: Some(receive::<F>),
            rStartup: Some(start::<F>),
            rShutdown: Some(nothing),
            rDestroy: Some(nothing),
            // SPI takes what goes to DestNone for no query.
            mydest: pg_sys::CommandDest::DestTuplestore,
        },
        row: Row::default(),
        take,
    };
    // SAFETY: the list is as long as is said; the receiver outlives the query,
    // which is all that knows of it.
    let status = unsafe {
        let params = pg_sys::makeParamList(arguments.len() as c_int);
        let list = (*params).params.as_mut_ptr();
        for (at, (type_oid, value)) in arguments.iter().enumerate() {
            *list.add(at) = pg_sys::ParamExternData {
                value: value.unwrap_or(pg_sys::Datum::from(0)),
                isnull: value.is_none(),
                pflags: pg_sys::PARAM_FLAG_CONST as _,
                ptype: *type_oid,
            };
        }
        let options = pg_sys::SPIExecuteOptions {
            params,
            read_only: true,
            dest: (&raw mut receiver).cast(),
            ..Default::default()
        };
        let status = query(&options);
        pg_sys::pfree(params.cast());
        status
    };
    if status != pg_sys::SPI_OK_SELECT as c_int {
        pgrx::error!("schemaguard could not read what it asked for (SPI status {status})");
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn start<F: FnMut(&Row)>(
    receiver: *mut pg_sys::DestReceiver,
    _operation: c_int,
    desc: pg_sys::TupleDesc,
) {
    // SAFETY: the server gives back the receiver that `run` gave it.
    unsafe {
        let columns = (1..=(*desc).natts).map(|number| Column {
            name: super::sys::text(pg_sys::SPI_fname(desc, number)).unwrap_or_default(),
            type_oid: pg_sys::SPI_gettypeid(desc, number),
        });
        (*receiver.cast::<Receiver<F>>()).row.columns = columns.collect();
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn receive<F: FnMut(&Row)>(
    slot: *mut pg_sys::TupleTableSlot,
    receiver: *mut pg_sys::DestReceiver,
) -> bool {
    // SAFETY: the server gives back the receiver that `run` gave it, and a row
    // that stays as it is while it is looked at.
    unsafe {
        let receiver = &mut *receiver.cast::<Receiver<F>>();
        pg_sys::slot_getallattrs(slot);
        let row = &mut receiver.row;
        let n = row.columns.len();
        row.values.clear();
        row.values.extend_from_slice(std::slice::from_raw_parts((*slot).tts_values, n));
        row.nulls.clear();
        row.nulls.extend_from_slice(std::slice::from_raw_parts((*slot).tts_isnull, n));
        (receiver.take)(&receiver.row);
    }
    true
}

unsafe extern "C-unwind" fn nothing(_: *mut pg_sys::DestReceiver) {}

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

    pub fn bigint(&self, at: usize) -> Option<i64> {
        // SAFETY: a bigint.
        self.value(at, pg_sys::INT8OID).and_then(|d| unsafe { i64::from_datum(d, false) })
    }

    /// The texts of an array of one dimension that holds no nulls.
    pub fn texts(&self, at: usize) -> Vec<String> {
        let Some(datum) = self.value(at, pg_sys::TEXTARRAYOID) else { return Vec::new() };
        // SAFETY: an array of text, aligned as in memory; one element follows
        // on the other, each where an integer may stand.
        unsafe {
            let array = pg_sys::pg_detoast_datum(datum.cast_mut_ptr());
            let head = &*array.cast::<pg_sys::ArrayType>();
            let mut texts = Vec::new();
            if head.ndim == 1 && head.dataoffset == 0 {
                let length = *array.cast::<pg_sys::ArrayType>().add(1).cast::<c_int>();
                texts.reserve_exact(length as usize);
                let overhead = size_of::<pg_sys::ArrayType>() + 2 * size_of::<c_int>();
                let mut offset = overhead.next_multiple_of(pg_sys::MAXIMUM_ALIGNOF as usize);
                for _ in 0..length {
                    let element = array.byte_add(offset);
                    texts.push(text(pg_sys::Datum::from(element)).to_owned());
                    offset = (offset + varsize_any(element)).next_multiple_of(align_of::<c_int>());
                }
            } else if head.ndim != 0 {
                pgrx::error!("schemaguard read an array of another shape than it has");
            }
            if array != datum.cast_mut_ptr() {
                pg_sys::pfree(array.cast());
            }
            texts
        }
    }

    /// Where the column of that name is.
    pub fn at(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The columns from one on as a JSON object, by their names, in their
    /// order; what is null isn't there, nor what is only for the reader, whose
    /// name begins with `?`.
    pub fn object(&self, from: usize) -> String {
        let mut json = Vec::with_capacity(128);
        json.push(b'{');
        for at in from..self.columns.len() {
            if self.nulls[at] || self.columns[at].name.starts_with('?') {
                continue;
            }
            if json.len() > 1 {
                json.push(b',');
            }
            let Column { name, type_oid } = &self.columns[at];
            write(name, &mut json);
            json.push(b':');
            let datum = self.values[at];
            // SAFETY: a value of the type that its column has.
            unsafe {
                match *type_oid {
                    pg_sys::BOOLOID => write(&(datum.value() & 1 == 1), &mut json),
                    pg_sys::INT2OID => write(&(datum.value() as i16), &mut json),
                    pg_sys::INT4OID => write(&(datum.value() as i32), &mut json),
                    pg_sys::JSONOID => json.extend_from_slice(text(datum).as_bytes()),
                    pg_sys::TEXTOID => write(text(datum), &mut json),
                    pg_sys::NAMEOID => {
                        let name = super::sys::text(datum.cast_mut_ptr()).unwrap_or_default();
                        write(&name, &mut json);
                    }
                    other => pgrx::error!(
                        "schemaguard read the attribute \"{name}\" as of type {}",
                        other.to_u32()
                    ),
                }
            }
        }
        json.push(b'}');
        String::from_utf8(json).expect("JSON is text")
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

fn write<T: serde::Serialize + ?Sized>(value: &T, json: &mut Vec<u8>) {
    serde_json::to_writer(json, value).expect("it is plain data");
}
