//! Catalogs to model: one query a kind, all in one snapshot.

use super::progress::Progress;
use super::sys::{self, cstring, fingerprint};
use crate::model::facet::{self, FACETS, Facet};
use crate::model::{Address, KINDS, Kind, Model, Object, READER, fragment};
use pgrx::spi::Spi;
use pgrx::{FromDatum, IntoDatum, pg_sys};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::CStr;

/// Deparsed text depends on the session that reads it. These are what it is
/// read under, on both sides; `jit` only costs time here.
const SETTINGS: &[(&CStr, &CStr)] = &[
    (c"search_path", c"pg_catalog, pg_temp"),
    (c"TimeZone", c"UTC"),
    (c"DateStyle", c"ISO, MDY"),
    (c"IntervalStyle", c"postgres"),
    (c"quote_all_identifiers", c"off"),
    (c"extra_float_digits", c"1"),
    (c"bytea_output", c"hex"),
    (c"lc_monetary", c"C"),
    (c"lc_numeric", c"C"),
    (c"standard_conforming_strings", c"on"),
    (c"xmlbinary", c"base64"),
    (c"jit", c"off"),
];

const SCHEMAS: &str = "
    SELECT array_agg(n.nspname::text ORDER BY n.nspname)
      FROM pg_namespace n
     WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'schemaguard')
       AND n.oid NOT IN (SELECT objid FROM pg_depend
                          WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
                            AND classid = 'pg_namespace'::regclass)";

/// Stands for all that a reading depends on: where it is the same, another
/// reading gives the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark((u64, u64));

/// The catalogs that no reading depends on are left out: what changes without
/// any DDL, and what other databases change.
const CATALOGS: &str = "
    SELECT array_agg(c.oid ORDER BY c.oid)
      FROM pg_class c
     WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'
       AND c.relname <> ALL ('{pg_statistic,pg_statistic_ext_data,pg_largeobject,pg_largeobject_metadata,
                               pg_shdepend,pg_subscription_rel,pg_replication_origin}')";

/// The mark of the catalogs as they are now.
pub fn mark() -> Mark {
    // SAFETY: inside of `reading`.
    reading(|| unsafe { mark_in_snapshot() })
}

/// # Safety
/// SPI is connected and a snapshot is active.
unsafe fn mark_in_snapshot() -> Mark {
    let mut catalogs = Vec::new();
    // SAFETY: as the caller's; the query gives one oid[].
    unsafe {
        query(CATALOGS, None, None, |tuple, desc| {
            catalogs = column::<Vec<pg_sys::Oid>>(tuple, desc, 1).unwrap_or_default();
        });
    }
    Mark(fingerprint::of(&catalogs))
}

/// The names of all schemas but the system's, those that extensions made, and
/// ours.
pub fn schemas() -> Vec<String> {
    // SAFETY: inside of `reading`.
    reading(|| unsafe { list_schemas() })
}

/// Reads schemas as a model; without a list all but the system's, those that
/// extensions made, and ours. Takes no transaction id and no lock on what it
/// reads, so that it works on a standby and beside everything else.
pub fn read(schemas: Option<&[String]>) -> Model {
    read_marked(schemas).0
}

/// How often a reading is begun again that met something that others were
/// just dropping.
const ATTEMPTS: usize = 20;

/// Reads schemas, with the mark of the catalogs that were read. The server's
/// deparsing sees newer catalogs than any snapshot, and raises an error for
/// what is gone there: then all is read again, in a new snapshot.
pub fn read_marked(schemas: Option<&[String]>) -> (Model, Mark) {
    for _ in 1..ATTEMPTS {
        if let Some(read) = sys::attempt(|| Some(read_once(schemas))) {
            return read;
        }
    }
    read_once(schemas)
}

fn read_once(schemas: Option<&[String]>) -> (Model, Mark) {
    reading(|| {
        // SAFETY: inside of `reading`.
        unsafe {
            let mark = mark_in_snapshot();
            let schemas = match schemas {
                Some(list) => list.to_vec(),
                None => list_schemas(),
            };
            let mut objects = Vec::new();
            let progress = Progress::of("reading the catalogs");
            for (done, kind) in KINDS.iter().enumerate() {
                progress.tell(done, KINDS.len(), "kinds of objects");
                read_kind(kind, &schemas, None, &mut objects);
            }
            for facet in FACETS {
                lay_facet(facet, &schemas, None, &mut objects);
            }
            (model(schemas, objects), mark)
        }
    })
}

/// Reads only some rows of catalogs, with all that is part of them: tables,
/// functions, types … by catalog and OID, and of the facets those that
/// count. What isn't in those schemas is left out. Rows that the kinds'
/// queries give beyond these are the caller's to leave out.
pub fn read_only(
    schemas: &[String],
    rows: &HashMap<pg_sys::Oid, Vec<pg_sys::Oid>>,
    counts: impl Fn(&Facet) -> bool,
) -> Model {
    let oids: Vec<pg_sys::Oid> = rows.values().flatten().copied().collect();
    reading(|| {
        let mut objects = Vec::new();
        for kind in KINDS.iter().filter(|k| rows.keys().any(|class| is_in(k, *class))) {
            // SAFETY: inside of `reading`.
            unsafe { read_kind(kind, schemas, Some(&oids), &mut objects) };
        }
        let read: Vec<pg_sys::Oid> =
            objects.iter().filter_map(|o| Some(pg_sys::Oid::from(o.address?.1))).collect();
        for facet in FACETS.iter().filter(|f| counts(f)) {
            // SAFETY: inside of `reading`.
            unsafe { lay_facet(facet, schemas, Some(&read), &mut objects) };
        }
        model(schemas.to_vec(), objects)
    })
}

/// Whether objects of a kind are rows of a catalog, or parts of such.
fn is_in(kind: &Kind, class: pg_sys::Oid) -> bool {
    // A composite type is a relation and a type.
    if kind.name == "composite" {
        return class == pg_sys::RelationRelationId || class == pg_sys::TypeRelationId;
    }
    let class = match kind.catalog {
        "pg_class" | "pg_trigger" | "pg_rewrite" | "pg_policy" => {
            return class == pg_sys::RelationRelationId;
        }
        "pg_constraint" => {
            return class == pg_sys::RelationRelationId || class == pg_sys::TypeRelationId;
        }
        _ => class,
    };
    // SAFETY: a catalog lookup; null for what isn't there.
    let name = unsafe { sys::text(pg_sys::get_rel_name(class)) };
    name.is_some_and(|name| name == kind.catalog)
}

fn model(schemas: Vec<String>, objects: Vec<Object>) -> Model {
    Model { reader: READER, server: pg_sys::PG_MAJORVERSION_NUM, schemas, objects }
}

/// Runs `f` connected to SPI, under the settings for reading, in a snapshot
/// of its own.
fn reading<T>(f: impl FnOnce() -> T) -> T {
    Spi::connect(|_| {
        // SAFETY: balanced where it ends; where an error leaves by unwinding,
        // the end of the (sub)transaction takes back settings and snapshot.
        unsafe {
            let level = pg_sys::NewGUCNestLevel();
            for (name, value) in SETTINGS {
                pg_sys::set_config_option(
                    name.as_ptr(),
                    value.as_ptr(),
                    pg_sys::GucContext::PGC_USERSET,
                    pg_sys::GucSource::PGC_S_SESSION,
                    pg_sys::GucAction::GUC_ACTION_SAVE,
                    true,
                    0,
                    false,
                );
            }
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
            let value = f();
            pg_sys::PopActiveSnapshot();
            pg_sys::AtEOXact_GUC(true, level);
            value
        }
    })
}

/// Runs a query in the active snapshot and hands over its rows. pgrx's
/// `select` would take a snapshot of its own for each query as soon as the
/// transaction has written something.
///
/// # Safety
/// SPI is connected and a snapshot is active.
unsafe fn query(
    text: &str,
    schemas: Option<&[String]>,
    only: Option<&[pg_sys::Oid]>,
    mut row: impl FnMut(pg_sys::HeapTuple, pg_sys::TupleDesc),
) {
    let no_value = pg_sys::Datum::from(0);
    // SAFETY: two arguments of the types that are said, or none; the table is
    // SPI's and freed once its rows are read.
    unsafe {
        let mut types = [pg_sys::TEXTARRAYOID, pg_sys::OIDARRAYOID];
        let mut values = [
            schemas.and_then(|s| s.to_vec().into_datum()).unwrap_or(no_value),
            only.and_then(|o| o.to_vec().into_datum()).unwrap_or(no_value),
        ];
        let kept = match (only, schemas) {
            (Some(_), _) => Some(text.replace(fragment::OR_ALL, "")),
            (None, Some(_)) if is_small() => Some(text.replace(fragment::OR_ALL, "true OR ")),
            _ => None,
        };
        let status = if let Some(text) = kept {
            let plan = plan(text, &mut types);
            let nulls = if only.is_some() { c"  " } else { c" n" };
            pg_sys::SPI_execute_plan(plan, values.as_mut_ptr(), nulls.as_ptr(), true, 0)
        } else {
            pg_sys::SPI_execute_with_args(
                cstring(text).as_ptr(),
                if schemas.is_some() { 2 } else { 0 },
                types.as_mut_ptr(),
                values.as_mut_ptr(),
                c" n".as_ptr(),
                true,
                0,
            )
        };
        if status != pg_sys::SPI_OK_SELECT as i32 {
            pgrx::error!("schemaguard could not read the catalogs (SPI status {status})");
        }
        let table = pg_sys::SPI_tuptable;
        let rows = pg_sys::SPI_processed as usize;
        for i in 0..rows {
            row(*(*table).vals.add(i), (*table).tupdesc);
        }
        pg_sys::SPI_freetuptable(table);
    }
}

/// Whether the catalogs are so small that planning takes longer than reading.
/// Where they are large a plan has to be made for what is there.
fn is_small() -> bool {
    /// A new database has 60.
    const PAGES: u32 = 256;
    // SAFETY: opened and closed here; an error releases it.
    unsafe {
        let lock = pg_sys::AccessShareLock as pg_sys::LOCKMODE;
        let rel = pg_sys::table_open(pg_sys::AttributeRelationId, lock);
        let pages = pg_sys::RelationGetNumberOfBlocksInFork(rel, pg_sys::ForkNumber::MAIN_FORKNUM);
        pg_sys::table_close(rel, lock);
        pages <= PAGES
    }
}

thread_local! {
    /// Plans by the query's text: planning takes many times as long as reading
    /// a table.
    static PLANS: RefCell<HashMap<String, pg_sys::SPIPlanPtr>> = RefCell::default();
}

/// # Safety
/// SPI is connected; the query takes two arguments of these types.
unsafe fn plan(text: String, types: &mut [pg_sys::Oid; 2]) -> pg_sys::SPIPlanPtr {
    if let Some(plan) = PLANS.with_borrow(|plans| plans.get(&text).copied()) {
        return plan;
    }
    // One plan for all values: what it looks up is either never "all" or always.
    let query = cstring(&text);
    let options = pg_sys::CURSOR_OPT_GENERIC_PLAN as _;
    // SAFETY: the caller's promise; kept for the session.
    let plan = unsafe {
        let plan = pg_sys::SPI_prepare_cursor(query.as_ptr(), 2, types.as_mut_ptr(), options);
        if plan.is_null() || pg_sys::SPI_keepplan(plan) != 0 {
            pgrx::error!("schemaguard could not prepare to read the catalogs");
        }
        plan
    };
    PLANS.with_borrow_mut(|plans| plans.insert(text, plan));
    plan
}

/// A column of a row.
///
/// # Safety
/// The column is of the type that `T` is read from.
unsafe fn column<T: FromDatum>(
    tuple: pg_sys::HeapTuple,
    desc: pg_sys::TupleDesc,
    number: i32,
) -> Option<T> {
    let mut null = false;
    // SAFETY: the row is alive; the caller knows the type.
    unsafe {
        let datum = pg_sys::SPI_getbinval(tuple, desc, number, &mut null);
        T::from_datum(datum, null)
    }
}

unsafe fn list_schemas() -> Vec<String> {
    let mut list = Vec::new();
    // SAFETY: as the caller's; the query gives one text[].
    unsafe {
        query(SCHEMAS, None, None, |tuple, desc| {
            list = column::<Vec<String>>(tuple, desc, 1).unwrap_or_default();
        });
    }
    list
}

unsafe fn read_kind(
    kind: &'static Kind,
    schemas: &[String],
    only: Option<&[pg_sys::Oid]>,
    objects: &mut Vec<Object>,
) {
    // SAFETY: as the caller's; every kind's query gives text[], text, text,
    // oid, and some an integer.
    unsafe {
        let name = cstring(kind.catalog);
        let catalog = pg_sys::get_relname_relid(name.as_ptr(), pg_sys::PG_CATALOG_NAMESPACE.into());
        // Most databases have nothing of most kinds, and a query has to be
        // planned. Schema public is the server's own.
        if kind.name != "schema" && !sys::catalog::has_others(catalog) {
            return;
        }
        let catalog = catalog.to_u32();
        query(&(kind.query)(pg_sys::PG_MAJORVERSION_NUM), Some(schemas), only, |tuple, desc| {
            let parts = column::<Vec<String>>(tuple, desc, 1).unwrap_or_default();
            let args = column::<String>(tuple, desc, 2);
            let attributes = column::<String>(tuple, desc, 3).unwrap_or_else(|| "{}".to_owned());
            match Object::read(kind, parts, args, attributes) {
                Ok(mut object) => {
                    let row = column::<pg_sys::Oid>(tuple, desc, 4);
                    let part = match (*desc).natts {
                        5.. => column::<i32>(tuple, desc, 5),
                        _ => None,
                    };
                    object.address = row.map(|oid| (catalog, oid.to_u32(), part.unwrap_or(0)));
                    objects.push(object);
                }
                Err(e) => pgrx::error!("schemaguard could not read an object: {e}"),
            }
        });
    }
}

/// Reads a facet and lays it onto the objects that it was read for.
unsafe fn lay_facet(
    facet: &Facet,
    schemas: &[String],
    only: Option<&[pg_sys::Oid]>,
    objects: &mut [Object],
) {
    let mut found: HashMap<Address, Vec<(String, String)>> = HashMap::new();
    // SAFETY: as the caller's; every facet's query gives oid, oid, integer,
    // text, text.
    unsafe {
        query(&(facet.query)(pg_sys::PG_MAJORVERSION_NUM), Some(schemas), only, |tuple, desc| {
            let oid = |n| column::<pg_sys::Oid>(tuple, desc, n).map_or(0, pg_sys::Oid::to_u32);
            let part = column::<i32>(tuple, desc, 3).unwrap_or(0);
            let attribute = column::<String>(tuple, desc, 4).unwrap_or_default();
            let value = column::<String>(tuple, desc, 5).unwrap_or_else(|| "null".to_owned());
            found.entry((oid(1), oid(2), part)).or_default().push((attribute, value));
        });
    }
    for object in objects.iter_mut() {
        let values = object.address.and_then(|address| found.remove(&address));
        let mut values = values.unwrap_or_default();
        values.sort();
        for (attribute, value) in values {
            facet::lay(object, &attribute, &value);
        }
    }
}
