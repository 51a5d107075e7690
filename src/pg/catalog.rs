//! Catalogs to model: one query a kind, all in one snapshot.

use super::progress::Progress;
use super::row::{self, Row};
use super::sys::{self, cstring, fingerprint};
use crate::model::deparsed::{self, DEPARSED};
use crate::model::facet::{self, FACETS, Facet};
use crate::model::{Address, KINDS, Kind, Model, Object, READER, fragment};
use pgrx::spi::Spi;
use pgrx::{IntoDatum, pg_sys};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
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
    SELECT c.oid
      FROM pg_class c
     WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'
       AND c.relname <> ALL ('{pg_statistic,pg_statistic_ext_data,pg_largeobject,pg_largeobject_metadata,
                               pg_shdepend,pg_subscription_rel,pg_replication_origin}')
     ORDER BY c.oid";

/// The mark of the catalogs as they are now.
pub fn mark() -> Mark {
    // SAFETY: inside of `reading`.
    reading(|| unsafe { mark_in_snapshot() })
}

/// # Safety
/// SPI is connected and a snapshot is active.
unsafe fn mark_in_snapshot() -> Mark {
    let mut catalogs = Vec::new();
    // SAFETY: as the caller's; the query gives OIDs.
    unsafe {
        query(CATALOGS, None, None, |row| catalogs.extend(row.oid(0)));
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
            let mut texts = Texts::default();
            let progress = Progress::of("reading the catalogs");
            let present = Present::read(&schemas);
            for (done, kind) in KINDS.iter().enumerate() {
                progress.tell(done, KINDS.len(), "kinds of objects");
                if present.may_hold(kind) {
                    read_kind(kind, &schemas, None, &mut objects, &mut texts);
                }
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
        let mut texts = Texts::default();
        let relations = rows.get(&pg_sys::RelationRelationId).map_or(&[][..], Vec::as_slice);
        let concerned =
            |k: &&&Kind| rows.keys().any(|class| is_in(k, *class)) && may_be_of(k, relations);
        for kind in KINDS.iter().filter(concerned) {
            // SAFETY: inside of `reading`.
            unsafe { read_kind(kind, schemas, Some(&oids), &mut objects, &mut texts) };
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

/// Whether any of these relations can be of a kind, or have parts of it. Each
/// query costs more than what it finds.
fn may_be_of(kind: &Kind, relations: &[pg_sys::Oid]) -> bool {
    // SAFETY: catalog lookups; of what is gone it is none.
    let any = |letters: &str| unsafe {
        relations.iter().any(|r| letters.as_bytes().contains(&(pg_sys::get_rel_relkind(*r) as u8)))
    };
    match kind.name {
        // A type, and a relation with it.
        "composite" => any("c"),
        _ if kind.catalog != "pg_class" => true,
        "index" => any("rpm"),
        // SAFETY: as above.
        "partition index" => unsafe {
            relations.iter().any(|r| pg_sys::get_rel_relispartition(*r))
        },
        _ => any(kind.letters),
    }
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

/// Runs a query in the active snapshot and hands over its rows.
///
/// # Safety
/// SPI is connected and a snapshot is active.
unsafe fn query(
    text: &str,
    schemas: Option<&[String]>,
    only: Option<&[pg_sys::Oid]>,
    row: impl FnMut(&Row),
) {
    // SAFETY: two arguments of the types that are said, or none.
    unsafe {
        let Some(schemas) = schemas else { return row::select(text, &[], row) };
        let only_oids = only.and_then(|o| o.to_vec().into_datum());
        let arguments = [
            (pg_sys::TEXTARRAYOID, schemas.to_vec().into_datum()),
            (pg_sys::OIDARRAYOID, only_oids),
        ];
        let kept = match only {
            Some(_) => Some(text.replace(fragment::OR_ALL, "")),
            None if is_small() => Some(text.replace(fragment::OR_ALL, "true OR ")),
            None => None,
        };
        match kept {
            Some(text) => row::execute(plan(text, arguments.map(|(t, _)| t)), &arguments, row),
            None => row::select(text, &arguments, row),
        }
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
unsafe fn plan(text: String, mut types: [pg_sys::Oid; 2]) -> pg_sys::SPIPlanPtr {
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

unsafe fn list_schemas() -> Vec<String> {
    let mut list = Vec::new();
    // SAFETY: as the caller's; the query gives one text[].
    unsafe { query(SCHEMAS, None, None, |row| list = row.texts(0)) };
    list
}

/// Which kinds of objects the snapshot sees any of: most databases have
/// nothing of most kinds, and each query has to be planned.
struct Present(HashMap<&'static str, HashSet<u8>>);

impl Present {
    /// # Safety
    /// A snapshot is active.
    unsafe fn read(schemas: &[String]) -> Present {
        // What is in ours is the extension's, unless somebody asks for it.
        let ours = sys::extension().filter(|_| !schemas.iter().any(|s| s == "schemaguard"));
        let ours = ours.and_then(sys::catalog::extension_schema);
        // SAFETY: the caller's promise.
        let letters = unsafe { sys::catalog::letters(ours.unwrap_or(pg_sys::InvalidOid)) };
        Present(letters.into_iter().collect())
    }

    fn may_hold(&self, kind: &Kind) -> bool {
        kind.letters.is_empty()
            || self.0.get(kind.catalog).is_none_or(|l| kind.letters.bytes().any(|b| l.contains(&b)))
    }
}

unsafe fn read_kind(
    kind: &'static Kind,
    schemas: &[String],
    only: Option<&[pg_sys::Oid]>,
    objects: &mut Vec<Object>,
    texts: &mut Texts,
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
        let first = objects.len();
        query(&(kind.query)(pg_sys::PG_MAJORVERSION_NUM), Some(schemas), only, |row| {
            let attributes = match row.text(2) {
                Some(json) => json,
                None => row.object(5),
            };
            let mut object = Object::read(kind, row.texts(0), row.text(1), attributes);
            let part = row.number(4).unwrap_or(0);
            object.address = row.oid(3).map(|oid| (catalog, oid.to_u32(), part));
            texts.see(row, &object, objects.len());
            objects.push(object);
        });
        texts.lay(kind, schemas, objects);
        let read = objects.split_off(first);
        objects.extend(in_order(read));
    }
}

/// The texts that the server has to make in a reading, see [`deparsed`].
#[derive(Default)]
struct Texts {
    /// A table's columns, in order: its OID and their numbers.
    columns: Vec<((u32, i16), Column)>,
    /// Of the kind that is being read: objects by where they stand, with what
    /// their text depends on.
    wanting: Vec<(usize, Option<Essence>)>,
}

type Column = (String, u32, u32);
type Essence = (String, Vec<Column>);

impl Texts {
    /// Takes from an object's row what texts depend on.
    fn see(&mut self, row: &Row, object: &Object, at: usize) {
        let oid = |name| row.at(name).and_then(|at| row.oid(at)).map_or(0, pg_sys::Oid::to_u32);
        if let Some((_, relation, number @ 1..)) = object.address {
            let column = (
                object.identity.name().to_owned(),
                oid(deparsed::COLUMN_TYPE),
                oid(deparsed::COLUMN_COLLATION),
            );
            self.columns.push(((relation, number as i16), column));
        } else if let Some(shape) = row.at(deparsed::SHAPE).and_then(|at| row.text(at)) {
            let table = oid(deparsed::TABLE);
            self.wanting.push((at, self.essence(&shape, table)));
        }
    }

    fn essence(&self, shape: &str, table: u32) -> Option<Essence> {
        let (key, numbers) = deparsed::essence(shape)?;
        let column = |number: i16| {
            if number < 0 {
                // The server's own columns are the same everywhere.
                return Some((number.to_string(), 0, 0));
            }
            let at = self.columns.binary_search_by_key(&(table, number), |(at, _)| *at).ok()?;
            Some(self.columns[at].1.clone())
        };
        Some((key, numbers.into_iter().map(column).collect::<Option<_>>()?))
    }

    /// Has the texts made that the kind's objects want, and lays them onto
    /// these.
    ///
    /// # Safety
    /// SPI is connected and a snapshot is active.
    unsafe fn lay(&mut self, kind: &Kind, schemas: &[String], objects: &mut [Object]) {
        self.columns.sort_unstable_by_key(|(at, _)| *at);
        let wanting = std::mem::take(&mut self.wanting);
        let Some(deparsed) = DEPARSED.iter().find(|d| d.kind == kind.name) else { return };
        // The first that has it stands for all that are alike.
        let mut first: HashMap<Essence, usize> = HashMap::new();
        let wanting: Vec<(usize, usize)> = wanting
            .into_iter()
            .map(|(at, essence)| (at, essence.map_or(at, |e| *first.entry(e).or_insert(at))))
            .collect();
        let oid = |at: usize| pg_sys::Oid::from(objects[at].address.map_or(0, |(_, oid, _)| oid));
        let made: Vec<_> =
            wanting.iter().filter(|(at, by)| at == by).map(|(at, _)| oid(*at)).collect();
        if made.is_empty() {
            return;
        }
        let mut texts = HashMap::new();
        // SAFETY: the caller's promise; the query gives oid, text.
        unsafe {
            query(deparsed.query, Some(schemas), Some(&made), |row| {
                texts.extend(row.oid(0).zip(row.text(1)));
            });
        }
        let by: Vec<_> = wanting.iter().map(|(at, by)| (*at, oid(*by))).collect();
        for (at, by) in by {
            let Some(text) = texts.get(&by) else {
                pgrx::error!("schemaguard could not read {}", objects[at].identity);
            };
            facet::lay(&mut objects[at], deparsed.attribute, text);
        }
    }
}

/// Objects of a kind by their tables (or their own names), the numbers of the
/// columns that they are, and their identities. There may be many of each
/// table: tables are put in order once.
fn in_order(objects: Vec<Object>) -> impl Iterator<Item = Object> {
    let of = |o: &Object| o.identity.parts.len().min(2);
    let mut groups: Vec<&[String]> = Vec::new();
    let mut known: HashMap<&[String], usize> = HashMap::new();
    let mut places: Vec<(usize, i32, usize)> = Vec::with_capacity(objects.len());
    for (at, object) in objects.iter().enumerate() {
        let group = &object.identity.parts[..of(object)];
        // Most rows come with the others of their table.
        let same = places.last().map(|last| last.0).filter(|last| groups[*last] == group);
        let number = same.unwrap_or_else(|| {
            *known.entry(group).or_insert_with(|| {
                groups.push(group);
                groups.len() - 1
            })
        });
        places.push((number, object.address.map_or(0, |(_, _, part)| part), at));
    }
    let mut sorted: Vec<usize> = (0..groups.len()).collect();
    sorted.sort_unstable_by_key(|number| groups[*number]);
    let mut ranks = vec![0; groups.len()];
    for (rank, number) in sorted.into_iter().enumerate() {
        ranks[number] = rank;
    }
    places.sort_unstable_by(|a, b| {
        let by_table = (ranks[a.0], a.1).cmp(&(ranks[b.0], b.1));
        by_table.then_with(|| objects[a.2].identity.cmp(&objects[b.2].identity))
    });
    let mut objects: Vec<Option<Object>> = objects.into_iter().map(Some).collect();
    places.into_iter().filter_map(move |(_, _, at)| objects[at].take())
}

/// Reads a facet and lays it onto the objects that it was read for.
unsafe fn lay_facet(
    facet: &Facet,
    schemas: &[String],
    only: Option<&[pg_sys::Oid]>,
    objects: &mut [Object],
) {
    let catalogs: HashSet<&str> = objects.iter().map(|o| o.kind.catalog).collect();
    let Some(text) = (facet.query)(&catalogs) else { return };
    let mut found: HashMap<Address, Vec<(String, String)>> = HashMap::new();
    // SAFETY: as the caller's; every facet's query gives oid, oid, integer,
    // text, text.
    unsafe {
        query(&text, Some(schemas), only, |row| {
            let oid = |at| row.oid(at).map_or(0, pg_sys::Oid::to_u32);
            let attribute = row.text(3).unwrap_or_default();
            let value = row.text(4).unwrap_or_else(|| "null".to_owned());
            let address = (oid(0), oid(1), row.number(2).unwrap_or(0));
            found.entry(address).or_default().push((attribute, value));
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
