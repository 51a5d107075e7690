//! Reading catalogs directly: by index, with the catalogs' own snapshot,
//! which sees what is committed now also under REPEATABLE READ.

use pgrx::{FromDatum, pg_sys};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, c_char};

/// OIDs of catalogs that pgrx has no names for. They are fixed: part of the
/// server's catalog headers, the same in every version.
pub const ATTR_DEFAULT: pg_sys::Oid = pg_sys::Oid::from_u32(2604);
pub const CONSTRAINT: pg_sys::Oid = pg_sys::Oid::from_u32(2606);
pub const DEPEND: pg_sys::Oid = pg_sys::Oid::from_u32(2608);
pub const SEQUENCE: pg_sys::Oid = pg_sys::Oid::from_u32(2224);
pub const RANGE: pg_sys::Oid = pg_sys::Oid::from_u32(3541);
pub const STATISTICS_OBJECT: pg_sys::Oid = pg_sys::Oid::from_u32(3381);
pub const INHERITS: pg_sys::Oid = pg_sys::Oid::from_u32(2611);
const LANGUAGE_INTERNAL: pg_sys::Oid = pg_sys::Oid::from_u32(12);
const LANGUAGE_SQL: pg_sys::Oid = pg_sys::Oid::from_u32(14);
pub const TABLESPACE: pg_sys::Oid = pg_sys::Oid::from_u32(1213);
pub const ROLE: pg_sys::Oid = pg_sys::Oid::from_u32(1260);
pub const ROLE_MEMBER: pg_sys::Oid = pg_sys::Oid::from_u32(1261);
pub const SUBSCRIPTION: pg_sys::Oid = pg_sys::Oid::from_u32(6100);
pub const OPERATOR_CLASS: pg_sys::Oid = pg_sys::Oid::from_u32(2616);
pub const OPERATOR_FAMILY: pg_sys::Oid = pg_sys::Oid::from_u32(2753);
pub const TRANSFORM: pg_sys::Oid = pg_sys::Oid::from_u32(3576);
pub const CAST: pg_sys::Oid = pg_sys::Oid::from_u32(2605);
pub const OPERATOR: pg_sys::Oid = pg_sys::Oid::from_u32(2617);
pub const USER_MAPPING: pg_sys::Oid = pg_sys::Oid::from_u32(1418);
pub const DEFAULT_ACL: pg_sys::Oid = pg_sys::Oid::from_u32(826);
pub const REWRITE: pg_sys::Oid = pg_sys::Oid::from_u32(2618);
pub const DB_ROLE_SETTING: pg_sys::Oid = pg_sys::Oid::from_u32(2964);
pub const POLICY: pg_sys::Oid = pg_sys::Oid::from_u32(3256);
pub const PARAMETER_ACL: pg_sys::Oid = pg_sys::Oid::from_u32(6243);
pub const ENUM: pg_sys::Oid = pg_sys::Oid::from_u32(3501);
/// pg_attribute by relation and number.
const ATTRIBUTE_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2659);
const PARTITIONED_TABLE: pg_sys::Oid = pg_sys::Oid::from_u32(3350);
const PARTITIONED_TABLE_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(3351);
pub const LARGE_OBJECT: pg_sys::Oid = pg_sys::Oid::from_u32(2613);
pub const PUBLICATION: pg_sys::Oid = pg_sys::Oid::from_u32(6104);
const ATTRIBUTE_NUMBER_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2659);
const LARGE_OBJECT_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2683);
const LARGE_OBJECT_METADATA: pg_sys::Oid = pg_sys::Oid::from_u32(2995);
const LARGE_OBJECT_METADATA_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2996);
const SHARED_DEPEND: pg_sys::Oid = pg_sys::Oid::from_u32(1214);
/// By what is depended on.
const SHARED_DEPEND_REFERENCE_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(1233);
const EXTENSION: pg_sys::Oid = pg_sys::Oid::from_u32(3079);
const EXTENSION_OID_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(3080);
const SUBSCRIPTION_OID_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(6114);
const CLASS_OID_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2662);
const CONSTRAINT_TABLE_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2665);
const CONSTRAINT_OID_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2667);
const ENUM_TYPE_SORT_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(3534);
const ROLE_OID_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2677);
const AGGREGATE: pg_sys::Oid = pg_sys::Oid::from_u32(2600);
const AGGREGATE_FUNCTION_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2650);
const POLICY_OID_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(3257);
const RANGE_TYPE_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(3542);
const TYPE_OID_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2703);
const INHERITS_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2680);
/// pg_proc by name, argument types and schema.
const PROC_NAME_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2691);
/// Their indexes: pg_depend by what depends and by what is depended on,
/// pg_db_role_setting by database and role.
const DEPEND_DEPENDER_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2673);
const DEPEND_REFERENCE_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2674);
const DB_ROLE_SETTING_INDEX: pg_sys::Oid = pg_sys::Oid::from_u32(2965);

/// Whether a catalog may hold a row with an OID that isn't the server's own,
/// visible to whatever snapshot.
pub fn has_others(catalog: pg_sys::Oid) -> bool {
    // SAFETY: the catalog is open and its primary key, the OID, with it; only
    // the index is read, whose entries outlive what any snapshot still sees.
    unsafe {
        let lock = pg_sys::AccessShareLock as pg_sys::LOCKMODE;
        let rel = pg_sys::table_open(catalog, lock);
        let index = pg_sys::index_open(super::version::primary_key(rel), lock);
        let mut key = pg_sys::ScanKeyData::default();
        pg_sys::ScanKeyInit(
            &mut key,
            1,
            pg_sys::BTGreaterEqualStrategyNumber as _,
            pg_sys::Oid::from(pg_sys::F_OIDGE),
            pg_sys::Datum::from(pg_sys::FirstNormalObjectId),
        );
        let scan = super::version::begin_index_scan(rel, index, 1);
        pg_sys::index_rescan(scan, &mut key, 1, std::ptr::null_mut(), 0);
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        let found = !pg_sys::index_getnext_tid(scan, forward).is_null();
        pg_sys::index_endscan(scan);
        pg_sys::index_close(index, lock);
        pg_sys::table_close(rel, lock);
        found
    }
}

/// By catalog what its rows have in relkind, typtype or prokind, as the active
/// snapshot sees them: of all but the server's own and those in one schema.
/// The types of arrays are nobody's own.
///
/// # Safety
/// A snapshot is active.
pub unsafe fn letters(but: pg_sys::Oid) -> [(&'static str, HashSet<u8>); 3] {
    let [mut class, mut types, mut functions] = [(); 3].map(|()| HashSet::new());
    let counts =
        |oid: pg_sys::Oid, schema| oid.to_u32() >= pg_sys::FirstNormalObjectId && schema != but;
    // SAFETY: the caller's promise.
    let snapshot = Some(unsafe { pg_sys::GetActiveSnapshot() });
    let each = |catalog, row: &mut dyn FnMut(*mut std::ffi::c_void)| {
        tuples(catalog, pg_sys::InvalidOid, &[], snapshot, |tuple, _| {
            // SAFETY: the tuple is valid here.
            row(unsafe { pg_sys::GETSTRUCT(tuple) }.cast());
        });
    };
    each(pg_sys::RelationRelationId, &mut |row| {
        // SAFETY: a row of pg_class.
        let row = unsafe { &*row.cast::<pg_sys::FormData_pg_class>() };
        if counts(row.oid, row.relnamespace) {
            class.insert(row.relkind as u8);
        }
    });
    each(pg_sys::TypeRelationId, &mut |row| {
        // SAFETY: a row of pg_type.
        let row = unsafe { &*row.cast::<pg_sys::FormData_pg_type>() };
        let array = row.typtype as u8 == b'b' && row.typarray == pg_sys::InvalidOid;
        if counts(row.oid, row.typnamespace) && !array {
            types.insert(row.typtype as u8);
        }
    });
    each(pg_sys::ProcedureRelationId, &mut |row| {
        // SAFETY: a row of pg_proc.
        let row = unsafe { &*row.cast::<pg_sys::FormData_pg_proc>() };
        if counts(row.oid, row.pronamespace) {
            functions.insert(row.prokind as u8);
        }
    });
    [("pg_class", class), ("pg_type", types), ("pg_proc", functions)]
}

/// Something that depends on something else, or that is depended on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dependent {
    pub class: pg_sys::Oid,
    pub object: pg_sys::Oid,
    pub sub: i32,
}

/// What depends directly on an object, by pg_depend.
pub fn dependents(class: pg_sys::Oid, object: pg_sys::Oid) -> Vec<Dependent> {
    depend(DEPEND_REFERENCE_INDEX, 3, (class, object), 0)
}

/// What an object depends on directly, by pg_depend.
pub fn depends_on(class: pg_sys::Oid, object: pg_sys::Oid) -> Vec<Dependent> {
    depend(DEPEND_DEPENDER_INDEX, 0, (class, object), 3)
}

/// The other sides of an object's rows in pg_depend, whose columns are
/// classid, objid, objsubid, refclassid, refobjid, refobjsubid.
fn depend(
    index: pg_sys::Oid,
    key_at: usize,
    (class, object): (pg_sys::Oid, pg_sys::Oid),
    other_at: usize,
) -> Vec<Dependent> {
    let keys = [(key_at, class), (key_at + 1, object)];
    let mut found = Vec::new();
    rows(DEPEND, index, &keys, |values, _| {
        // SAFETY: two oid columns and an integer, never null.
        unsafe {
            found.push(Dependent {
                class: FromDatum::from_datum(values[other_at], false).unwrap(),
                object: FromDatum::from_datum(values[other_at + 1], false).unwrap(),
                sub: FromDatum::from_datum(values[other_at + 2], false).unwrap(),
            });
        }
    });
    found
}

/// The objects of this database that a role has been granted something on.
pub fn granted_to(role: pg_sys::Oid) -> Vec<Dependent> {
    // Columns: dbid, classid, objid, objsubid, refclassid, refobjid, deptype.
    let keys = [(4, ROLE), (5, role)];
    let mut found = Vec::new();
    rows(SHARED_DEPEND, SHARED_DEPEND_REFERENCE_INDEX, &keys, |values, _| {
        // SAFETY: oid columns, an integer and a char, never null; a variable.
        unsafe {
            let oid = |at: usize| pg_sys::Oid::from_datum(values[at], false).unwrap();
            if oid(0) == pg_sys::MyDatabaseId && values[6].value() as u8 == b'a' {
                found.push(Dependent {
                    class: oid(1),
                    object: oid(2),
                    sub: FromDatum::from_datum(values[3], false).unwrap(),
                });
            }
        }
    });
    found
}

/// The settings of a database that hold for every role: `name=value`.
pub fn database_settings(database: pg_sys::Oid) -> Vec<String> {
    // Columns: setdatabase, setrole, setconfig.
    let keys = [(0, database), (1, pg_sys::InvalidOid)];
    let mut found = Vec::new();
    rows(DB_ROLE_SETTING, DB_ROLE_SETTING_INDEX, &keys, |values, nulls| {
        // SAFETY: the column is an array of text.
        let settings: Option<Vec<Option<String>>> =
            unsafe { FromDatum::from_datum(values[2], nulls[2]) };
        found.extend(settings.unwrap_or_default().into_iter().flatten());
    });
    found
}

/// A sequence's options.
pub struct Sequence {
    pub type_oid: pg_sys::Oid,
    pub start: i64,
    pub increment: i64,
    pub max: i64,
    pub min: i64,
    pub cache: i64,
    pub cycle: bool,
}

/// The options of a sequence.
pub fn sequence(relation: pg_sys::Oid) -> Option<Sequence> {
    // SAFETY: the tuple is released after use.
    unsafe {
        let tuple =
            pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::SEQRELID as _, relation.into());
        if tuple.is_null() {
            return None;
        }
        // Columns: seqrelid, seqtypid, seqstart, seqincrement, seqmax, seqmin,
        // seqcache, seqcycle; never null.
        let value = |number| {
            let mut null = false;
            let cache = pg_sys::SysCacheIdentifier::SEQRELID as _;
            pg_sys::SysCacheGetAttr(cache, tuple, number, &mut null)
        };
        let long = |number| value(number).value() as i64;
        let found = Sequence {
            type_oid: pg_sys::Oid::from(value(2).value() as u32),
            start: long(3),
            increment: long(4),
            max: long(5),
            min: long(6),
            cache: long(7),
            cycle: value(8).value() != 0,
        };
        pg_sys::ReleaseSysCache(tuple);
        Some(found)
    }
}

/// What a range type is made of.
pub struct Range {
    pub subtype: pg_sys::Oid,
    pub canonical: pg_sys::Oid,
    pub difference: pg_sys::Oid,
}

/// A range type's parts.
pub fn range(range: pg_sys::Oid) -> Option<Range> {
    let at = [c"rngsubtype", c"rngcanonical", c"rngsubdiff"].map(|name| column(RANGE, name));
    let mut found = None;
    rows(RANGE, RANGE_TYPE_INDEX, &[(0, range)], |values, _| {
        // SAFETY: oid columns that are never null.
        let oid = |at: usize| unsafe { pg_sys::Oid::from_datum(values[at], false) }.unwrap();
        found = Some(Range { subtype: oid(at[0]), canonical: oid(at[1]), difference: oid(at[2]) });
    });
    found
}

/// A row of pg_policy.
pub struct Policy {
    pub name: String,
    pub table: pg_sys::Oid,
    pub command: u8,
    pub permissive: bool,
    pub roles: Vec<pg_sys::Oid>,
    pub using: Option<String>,
    pub check: Option<String>,
}

/// A policy by its oid.
pub fn policy(oid: pg_sys::Oid) -> Option<Policy> {
    // Columns: oid, polname, polrelid, polcmd, polpermissive, polroles,
    // polqual, polwithcheck.
    let mut found = None;
    rows(POLICY, POLICY_OID_INDEX, &[(0, oid)], |values, nulls| {
        // SAFETY: each column is of the type that it is read as.
        unsafe {
            let table = pg_sys::Oid::from_datum(values[2], false).unwrap();
            let expression = |at: usize| {
                (!nulls[at])
                    .then(|| {
                        super::call(
                            pg_sys::F_PG_GET_EXPR_PG_NODE_TREE_OID,
                            &[values[at], table.into()],
                        )
                    })
                    .flatten()
            };
            found = Some(Policy {
                name: super::text(values[1].cast_mut_ptr()).unwrap_or_default(),
                table,
                command: values[3].value() as u8,
                permissive: bool::from_datum(values[4], false).unwrap_or(true),
                roles: Vec::from_datum(values[5], false).unwrap_or_default(),
                using: expression(6),
                check: expression(7),
            });
        }
    });
    found
}

/// A row of pg_aggregate, as far as it is described.
pub struct Aggregate {
    pub transition: pg_sys::Oid,
    pub last: pg_sys::Oid,
    pub combine: pg_sys::Oid,
    pub state_type: pg_sys::Oid,
    pub initial: Option<String>,
}

/// An aggregate by its function's oid.
pub fn aggregate(function: pg_sys::Oid) -> Option<Aggregate> {
    let at = [c"aggtransfn", c"aggfinalfn", c"aggcombinefn", c"aggtranstype", c"agginitval"]
        .map(|name| column(AGGREGATE, name));
    let mut found = None;
    rows(AGGREGATE, AGGREGATE_FUNCTION_INDEX, &[(0, function)], |values, nulls| {
        // SAFETY: oid columns that are never null, and a text.
        unsafe {
            let oid = |at: usize| pg_sys::Oid::from_datum(values[at], false).unwrap();
            found = Some(Aggregate {
                transition: oid(at[0]),
                last: oid(at[1]),
                combine: oid(at[2]),
                state_type: oid(at[3]),
                initial: String::from_datum(values[at[4]], nulls[at[4]]),
            });
        }
    });
    found
}

/// What a domain adds to its base type.
pub struct Domain {
    pub default: Option<String>,
    pub not_null: bool,
    pub constraints: Vec<Constraint>,
}

/// A domain's default and constraints.
pub fn domain(type_oid: pg_sys::Oid) -> Option<Domain> {
    let default_at = column(pg_sys::TypeRelationId, c"typdefault");
    let not_null_at = column(pg_sys::TypeRelationId, c"typnotnull");
    let mut found = None;
    rows(pg_sys::TypeRelationId, TYPE_OID_INDEX, &[(0, type_oid)], |values, nulls| {
        // SAFETY: a text that may be null, and a boolean.
        unsafe {
            found = Some(Domain {
                default: String::from_datum(values[default_at], nulls[default_at]),
                not_null: bool::from_datum(values[not_null_at], false).unwrap_or(false),
                constraints: Vec::new(),
            });
        }
    });
    let mut domain = found?;
    let [table_at, type_at] = [c"conrelid", c"contypid"].map(|name| column(CONSTRAINT, name));
    let keys = [(table_at, pg_sys::InvalidOid), (type_at, type_oid)];
    // 17 and later keep NOT NULL as a constraint, too.
    domain.constraints = constraints(CONSTRAINT_TABLE_INDEX, &keys);
    domain.constraints.retain(|c| c.kind == b'c');
    Some(domain)
}

/// Whether a role has LOGIN.
pub fn role_may_log_in(role: pg_sys::Oid) -> bool {
    let mut may = false;
    let at = column(ROLE, c"rolcanlogin");
    rows(ROLE, ROLE_OID_INDEX, &[(0, role)], |values, _| {
        // SAFETY: a boolean that is never null.
        may = unsafe { bool::from_datum(values[at], false) }.unwrap_or(false);
    });
    may
}

/// The tables that a table inherits from or is a partition of.
pub fn parents(relation: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    let mut found = Vec::new();
    // Columns: inhrelid, inhparent.
    rows(INHERITS, INHERITS_INDEX, &[(0, relation)], |values, _| {
        // SAFETY: an oid column that is never null.
        found.extend(unsafe { pg_sys::Oid::from_datum(values[1], false) });
    });
    found
}

/// A constraint, as far as it has to be known to describe it.
#[derive(Clone, Copy)]
pub struct Constraint {
    pub oid: pg_sys::Oid,
    /// Invalid for a domain's.
    pub table: pg_sys::Oid,
    /// Invalid for a table's.
    pub domain: pg_sys::Oid,
    /// `c`, `f`, `p`, `u`, `x` … as contype.
    pub kind: u8,
    index: pg_sys::Oid,
}

impl Constraint {
    /// Whether the index is a key's own.
    pub fn keeps_index(&self, index: pg_sys::Oid) -> bool {
        matches!(self.kind, b'p' | b'u' | b'x') && self.index == index
    }

    /// The words of a key without any options, as nearly all are: the server's
    /// own function would look for it in the catalog again.
    fn plain_key(&self) -> Option<String> {
        let word = match self.kind {
            b'p' => "PRIMARY KEY",
            b'u' => "UNIQUE",
            _ => return None,
        };
        // SAFETY: catalog lookups; the tuple is released after use, and its key
        // has as many columns as it says.
        unsafe {
            let cache = pg_sys::SysCacheIdentifier::INDEXRELID as _;
            let tuple = pg_sys::SearchSysCache1(cache, self.index.into());
            if tuple.is_null() {
                return None;
            }
            let index = pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_index>();
            let plain = (*index).indnatts == (*index).indnkeyatts
                && (*index).indimmediate
                && !(*index).indnullsnotdistinct
                && !(*index).indisexclusion;
            let numbers = (*index).indkey.values.as_slice((*index).indnatts as usize).to_vec();
            pg_sys::ReleaseSysCache(tuple);
            let name = |number: i16| {
                let name = pg_sys::get_attname(self.table, number, true);
                if name.is_null() { None } else { super::text(pg_sys::quote_identifier(name)) }
            };
            let names: Option<Vec<String>> = numbers.into_iter().map(name).collect();
            names.filter(|_| plain).map(|names| format!("{word} ({})", names.join(", ")))
        }
    }

    /// Its definition. A key's index goes before the key does: from then on
    /// there is none.
    pub fn definition(&self) -> Option<String> {
        // SAFETY: a catalog lookup.
        let lost = matches!(self.kind, b'p' | b'u' | b'x')
            && unsafe { pg_sys::get_rel_relkind(self.index) } == 0;
        if lost {
            return None;
        }
        if let Some(key) = self.plain_key() {
            return Some(key);
        }
        super::call(pg_sys::F_PG_GET_CONSTRAINTDEF_OID, &[self.oid.into()])
    }
}

/// A constraint by its oid.
pub fn constraint(oid: pg_sys::Oid) -> Option<Constraint> {
    constraints(CONSTRAINT_OID_INDEX, &[(0, oid)]).pop()
}

/// The constraints of a table, in the order of their names.
pub fn constraints_of(table: pg_sys::Oid) -> Vec<Constraint> {
    let table_at = column(CONSTRAINT, c"conrelid");
    constraints(CONSTRAINT_TABLE_INDEX, &[(table_at, table)])
}

fn constraints(index: pg_sys::Oid, keys: &[(usize, pg_sys::Oid)]) -> Vec<Constraint> {
    let at =
        [c"conrelid", c"conindid", c"contype", c"contypid"].map(|name| column(CONSTRAINT, name));
    let mut found = Vec::new();
    rows(CONSTRAINT, index, keys, |values, _| {
        // SAFETY: oid columns and a character, never null.
        let oid = |at: usize| unsafe { pg_sys::Oid::from_datum(values[at], false) }.unwrap();
        found.push(Constraint {
            oid: oid(0),
            table: oid(at[0]),
            domain: oid(at[3]),
            index: oid(at[1]),
            kind: values[at[2]].value() as u8,
        });
    });
    found
}

/// A key has no more columns: INDEX_MAX_KEYS.
pub const KEY_COLUMNS: usize = 32;

/// A foreign key, as far as what it does to rows goes.
pub struct ForeignKey {
    pub columns: Vec<i16>,
    /// The table that it points to.
    pub references: pg_sys::Oid,
    /// As confdeltype and confupdtype.
    pub on_delete: u8,
    pub on_update: u8,
}

/// The foreign keys of a table.
pub fn foreign_keys_of(table: pg_sys::Oid) -> Vec<ForeignKey> {
    let table_at = column(CONSTRAINT, c"conrelid");
    let at = [c"contype", c"conkey", c"confrelid", c"confdeltype", c"confupdtype"]
        .map(|name| column(CONSTRAINT, name));
    let mut found = Vec::new();
    rows(CONSTRAINT, CONSTRAINT_TABLE_INDEX, &[(table_at, table)], |values, nulls| {
        if values[at[0]].value() as u8 != b'f' {
            return;
        }
        // SAFETY: a foreign key has an array of int2 here, an oid, and letters.
        unsafe {
            found.push(ForeignKey {
                columns: Vec::from_datum(values[at[1]], nulls[at[1]]).unwrap_or_default(),
                references: pg_sys::Oid::from_datum(values[at[2]], false).unwrap(),
                on_delete: values[at[3]].value() as u8,
                on_update: values[at[4]].value() as u8,
            });
        }
    });
    found
}

/// Whether a column is NOT NULL.
pub fn is_not_null(table: pg_sys::Oid, attribute: i16) -> bool {
    // SAFETY: the tuple is released after use.
    unsafe {
        let tuple = pg_sys::SearchSysCache2(
            pg_sys::SysCacheIdentifier::ATTNUM as _,
            table.into(),
            attribute.into(),
        );
        if tuple.is_null() {
            return false;
        }
        let form = pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_attribute>();
        let not_null = (*form).attnotnull;
        pg_sys::ReleaseSysCache(tuple);
        not_null
    }
}

/// The labels of an enum, in order.
pub fn enum_labels(type_oid: pg_sys::Oid) -> Vec<String> {
    let mut labels: Vec<(f32, String)> = Vec::new();
    // Columns: oid, enumtypid, enumsortorder, enumlabel.
    rows(ENUM, ENUM_TYPE_SORT_INDEX, &[(1, type_oid)], |values, _| {
        // SAFETY: a float4 and a name, never null.
        unsafe {
            let order = f32::from_datum(values[2], false).unwrap();
            let label = values[3].cast_mut_ptr::<c_char>();
            labels.push((order, super::text(label).unwrap_or_default()));
        }
    });
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    labels.into_iter().map(|l| l.1).collect()
}

/// A partition's bound, as `FOR VALUES …`.
pub fn partition_bound(relation: pg_sys::Oid) -> Option<String> {
    let mut bound = None;
    let at = column(pg_sys::RelationRelationId, c"relpartbound");
    rows(pg_sys::RelationRelationId, CLASS_OID_INDEX, &[(0, relation)], |values, nulls| {
        if !nulls[at] {
            bound =
                super::call(pg_sys::F_PG_GET_EXPR_PG_NODE_TREE_OID, &[values[at], relation.into()]);
        }
    });
    bound
}

/// When the rows of a partition end by the bounds of it and of what it is a
/// part of: the earliest upper end in time (microseconds, as the server
/// counts), and the bound that says so. None where no bound does: rows of any
/// time may be in it.
pub fn partition_ends(relation: pg_sys::Oid) -> Option<(i64, String)> {
    let mut earliest: Option<(i64, String)> = None;
    let mut at = relation;
    // SAFETY: a catalog lookup.
    while unsafe { pg_sys::get_rel_relispartition(at) } {
        let parent = super::server::partition_parent(at);
        if key_begins_with_column(parent)
            && let Some(end) = upper_end(at)
            && earliest.as_ref().is_none_or(|(e, _)| end < *e)
        {
            earliest = Some((end, partition_bound(at).unwrap_or_default()));
        }
        at = parent;
    }
    earliest
}

/// Whether the first part of a partition key is a column itself: an
/// expression's bound says nothing of the time of a row.
fn key_begins_with_column(parent: pg_sys::Oid) -> bool {
    let at = column(PARTITIONED_TABLE, c"partattrs");
    let mut begins = false;
    rows(PARTITIONED_TABLE, PARTITIONED_TABLE_INDEX, &[(0, parent)], |values, _| {
        // SAFETY: an int2vector that is never null and has at least one element.
        begins = unsafe { *(*values[at].cast_mut_ptr::<pg_sys::int2vector>()).values.as_ptr() } > 0;
    });
    begins
}

/// The upper end of a partition's own bound, where it is a point in time.
fn upper_end(partition: pg_sys::Oid) -> Option<i64> {
    let at = column(pg_sys::RelationRelationId, c"relpartbound");
    let mut bound = None;
    rows(pg_sys::RelationRelationId, CLASS_OID_INDEX, &[(0, partition)], |values, nulls| {
        // SAFETY: a text (a stored parse tree) that may be null.
        bound = unsafe { String::from_datum(values[at], nulls[at]) };
    });
    let bound = super::cstring(&bound?);
    // SAFETY: what the server stored there is such a node; each node's tag
    // says what it is.
    unsafe {
        let spec = pg_sys::stringToNode(bound.as_ptr()).cast::<pg_sys::PartitionBoundSpec>();
        if (*spec).strategy as u8 != b'r' || (*spec).is_default {
            return None;
        }
        let first = pg_sys::list_nth((*spec).upperdatums, 0).cast::<pg_sys::PartitionRangeDatum>();
        if (*first).kind != pg_sys::PartitionRangeDatumKind::PARTITION_RANGE_DATUM_VALUE
            || (*(*first).value).type_ != pg_sys::NodeTag::T_Const
        {
            return None;
        }
        let value = (*first).value.cast::<pg_sys::Const>();
        if (*value).constisnull {
            return None;
        }
        /// Without a time zone, the end is over when it is over everywhere.
        const ANYWHERE: i64 = 12 * 3_600 * 1_000_000;
        const DAY: i64 = 86_400 * 1_000_000;
        match (*value).consttype {
            pg_sys::DATEOID => {
                let days = i32::from_datum((*value).constvalue, false)?;
                i64::from(days).checked_mul(DAY)?.checked_add(ANYWHERE)
            }
            pg_sys::TIMESTAMPOID => {
                i64::from_datum((*value).constvalue, false)?.checked_add(ANYWHERE)
            }
            pg_sys::TIMESTAMPTZOID => i64::from_datum((*value).constvalue, false),
            _ => None,
        }
    }
}

/// Whether pg_get_functiondef can describe a function: the catalog shows it
/// (yet), it is no aggregate, and its types are there. Types and the functions
/// that read and write them depend on each other, so either may go first.
pub fn function_is_describable(function: pg_sys::Oid) -> bool {
    let known = |oid| {
        // SAFETY: a catalog lookup.
        unsafe { pg_sys::get_typtype(oid) != 0 }
    };
    with_function(function, |tuple, form| {
        let (mut types, mut names, mut modes) =
            (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the tuple is valid here; the arrays are palloc'd.
        let types = unsafe {
            let n = pg_sys::get_func_arg_info(tuple, &mut types, &mut names, &mut modes);
            (0..n as usize).map(|i| *types.add(i)).collect::<Vec<_>>()
        };
        form.prokind as u8 != b'a' && known(form.prorettype) && types.into_iter().all(known)
    })
    .unwrap_or(false)
}

/// Whether a function is part of the server: constructors of range types are
/// made in the user's schema, but are nobody's.
pub fn function_is_internal(function: pg_sys::Oid) -> bool {
    with_function(function, |_, form| {
        form.prolang == LANGUAGE_INTERNAL && form.prokind as u8 != b'a'
    })
    .unwrap_or(false)
}

/// None for a function that the catalog doesn't show (yet).
fn with_function<T>(
    function: pg_sys::Oid,
    f: impl FnOnce(pg_sys::HeapTuple, &pg_sys::FormData_pg_proc) -> T,
) -> Option<T> {
    // SAFETY: the tuple is released after use.
    unsafe {
        let tuple =
            pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::PROCOID as _, function.into());
        if tuple.is_null() {
            return None;
        }
        let value = f(tuple, &*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_proc>());
        pg_sys::ReleaseSysCache(tuple);
        Some(value)
    }
}

/// The table of a statistics object.
pub fn statistics_table(statistics: pg_sys::Oid) -> Option<pg_sys::Oid> {
    /// `stxrelid`'s number in pg_statistic_ext, on 15 to 18.
    const TABLE: pg_sys::AttrNumber = 2;
    // SAFETY: the tuple is released after use; its column is an OID, never null.
    unsafe {
        let cache = pg_sys::SysCacheIdentifier::STATEXTOID as _;
        let tuple = pg_sys::SearchSysCache1(cache, statistics.into());
        if tuple.is_null() {
            return None;
        }
        let mut null = false;
        let table = pg_sys::SysCacheGetAttr(cache, tuple, TABLE, &mut null);
        pg_sys::ReleaseSysCache(tuple);
        Some(pg_sys::Oid::from(table.value() as u32))
    }
}

/// The source texts of SQL functions of that name, in whatever schema.
pub fn sql_bodies(name: &str) -> Vec<String> {
    let name = super::cstring(name);
    let language_at = column(pg_sys::ProcedureRelationId, c"prolang");
    let source_at = column(pg_sys::ProcedureRelationId, c"prosrc");
    let mut bodies = Vec::new();
    scan(
        pg_sys::ProcedureRelationId,
        PROC_NAME_INDEX,
        &[(1, pg_sys::F_NAMEEQ, pg_sys::Datum::from(name.as_ptr()))],
        |values, _| {
            // SAFETY: an oid and a text, never null.
            unsafe {
                let language = pg_sys::Oid::from_datum(values[language_at], false).unwrap();
                if language == LANGUAGE_SQL {
                    bodies.extend(String::from_datum(values[source_at], false));
                }
            }
        },
    );
    bodies
}

/// Whether the running command has given a column another type: what the
/// catalog held before it and what it has just written differ.
pub fn type_has_changed(relation: pg_sys::Oid, attribute: i16) -> bool {
    let at = [c"atttypid", c"atttypmod", c"attcollation"]
        .map(|name| column(pg_sys::AttributeRelationId, name));
    let [table_at, number_at] =
        [c"attrelid", c"attnum"].map(|name| column(pg_sys::AttributeRelationId, name));
    let read = |snapshot: Option<pg_sys::Snapshot>| {
        let mut found = None;
        let keys = [
            (table_at, pg_sys::F_OIDEQ, pg_sys::Datum::from(relation)),
            (number_at, pg_sys::F_INT2EQ, pg_sys::Datum::from(attribute)),
        ];
        scan_with(pg_sys::AttributeRelationId, ATTRIBUTE_INDEX, snapshot, &keys, |values, _| {
            found = Some(at.map(|at| values[at].value()));
        });
        found
    };
    // The second one sees what the command itself has written.
    read(None) != read(Some(&raw mut pg_sys::SnapshotSelfData))
}

/// The tables made `OF` a composite type.
pub fn tables_of_type(row_type: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    dependents(pg_sys::TypeRelationId, row_type)
        .into_iter()
        .filter(|d| d.class == pg_sys::RelationRelationId && d.sub == 0)
        .map(|d| d.object)
        .collect()
}

/// How many bytes a large object stores.
pub fn large_object_size(oid: pg_sys::Oid) -> u64 {
    let mut size = 0;
    // Columns: loid, pageno, data.
    rows(LARGE_OBJECT, LARGE_OBJECT_INDEX, &[(0, oid)], |values, _| {
        // SAFETY: a bytea that is never null.
        size += unsafe { Vec::<u8>::from_datum(values[2], false) }.map_or(0, |d| d.len() as u64);
    });
    size
}

/// Whether this transaction has made a large object.
pub fn large_object_is_new(oid: pg_sys::Oid) -> bool {
    let keys = [(0, pg_sys::F_OIDEQ, pg_sys::Datum::from(oid))];
    let mut new = false;
    tuples(LARGE_OBJECT_METADATA, LARGE_OBJECT_METADATA_INDEX, &keys, None, |tuple, _| {
        // SAFETY: the tuple is valid here. A new owner or grant makes a new
        // version, too, but one that is marked as such.
        unsafe {
            let header = &*(*tuple).t_data;
            let updated = u32::from(header.t_infomask) & pg_sys::HEAP_UPDATED != 0;
            let made_by = header.t_choice.t_heap.t_xmin;
            new = !updated && pg_sys::TransactionIdIsCurrentTransactionId(made_by);
        }
    });
    new
}

/// The table that a new relation is to be the rewritten copy of, and the
/// copy's persistence; None for all others. The new one may be known to
/// nobody but its maker.
pub fn rewritten(copy: pg_sys::Oid) -> Option<(pg_sys::Oid, u8)> {
    let keys = [(0, pg_sys::F_OIDEQ, pg_sys::Datum::from(copy))];
    let mut found = None;
    let own = &raw mut pg_sys::SnapshotSelfData;
    tuples(pg_sys::RelationRelationId, CLASS_OID_INDEX, &keys, Some(own), |tuple, _| {
        // SAFETY: a row of pg_class.
        let class = unsafe { &*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>() };
        if class.relrewrite != pg_sys::InvalidOid {
            found = Some((class.relrewrite, class.relpersistence as u8));
        }
    });
    found
}

/// The columns of a table, with their types.
pub fn columns(table: pg_sys::Oid) -> Vec<(String, pg_sys::Oid)> {
    // Columns: attrelid, attname, atttypid; attnum and attisdropped elsewhere.
    let [number_at, dropped_at] =
        [c"attnum", c"attisdropped"].map(|name| column(pg_sys::AttributeRelationId, name));
    let mut found = Vec::new();
    rows(pg_sys::AttributeRelationId, ATTRIBUTE_NUMBER_INDEX, &[(0, table)], |values, _| {
        // SAFETY: a number, a boolean, a name and an oid, never null.
        unsafe {
            let number = i16::from_datum(values[number_at], false).unwrap_or(0);
            let dropped = bool::from_datum(values[dropped_at], false).unwrap_or(true);
            if number > 0 && !dropped {
                let name = super::text(values[1].cast_mut_ptr()).unwrap_or_default();
                found.push((name, pg_sys::Oid::from_datum(values[2], false).unwrap()));
            }
        }
    });
    found
}

/// The schema that a type is in; invalid where there is none.
pub fn type_schema(type_oid: pg_sys::Oid) -> pg_sys::Oid {
    let at = column(pg_sys::TypeRelationId, c"typnamespace");
    let mut schema = pg_sys::InvalidOid;
    rows(pg_sys::TypeRelationId, TYPE_OID_INDEX, &[(0, type_oid)], |values, _| {
        // SAFETY: an oid column that is never null.
        schema = unsafe { pg_sys::Oid::from_datum(values[at], false) }.unwrap();
    });
    schema
}

/// Whether a materialized view holds what its query gave.
pub fn is_populated(view: pg_sys::Oid) -> bool {
    let at = column(pg_sys::RelationRelationId, c"relispopulated");
    let mut populated = false;
    rows(pg_sys::RelationRelationId, CLASS_OID_INDEX, &[(0, view)], |values, _| {
        // SAFETY: a boolean that is never null.
        populated = unsafe { bool::from_datum(values[at], false) }.unwrap_or(false);
    });
    populated
}

/// The schema that an extension's objects are in.
pub fn extension_schema(extension: pg_sys::Oid) -> Option<pg_sys::Oid> {
    let at = column(EXTENSION, c"extnamespace");
    let mut schema = None;
    rows(EXTENSION, EXTENSION_OID_INDEX, &[(0, extension)], |values, _| {
        // SAFETY: an oid column that is never null.
        schema = unsafe { pg_sys::Oid::from_datum(values[at], false) };
    });
    schema
}

/// A subscription's name, and that of its slot on the publisher where it has
/// one.
pub fn subscription(oid: pg_sys::Oid) -> Option<(String, Option<String>)> {
    let [name_at, slot_at] = [c"subname", c"subslotname"].map(|name| column(SUBSCRIPTION, name));
    let mut found = None;
    rows(SUBSCRIPTION, SUBSCRIPTION_OID_INDEX, &[(0, oid)], |values, nulls| {
        // SAFETY: two names, of which the second may be null.
        let name = |at: usize| unsafe { super::text(values[at].cast_mut_ptr()) };
        let slot = if nulls[slot_at] { None } else { name(slot_at) };
        found = name(name_at).map(|name| (name, slot));
    });
    found
}

/// Where a column of a catalog, or of a table of our own, stands in this
/// version, counted from 0. The server's catalogs are asked once.
pub(super) fn column(table: pg_sys::Oid, name: &'static CStr) -> usize {
    type Known = HashMap<(pg_sys::Oid, *const c_char), usize>;
    thread_local!(static KNOWN: RefCell<Known> = RefCell::default());
    let key = (table, name.as_ptr());
    if let Some(at) = KNOWN.with_borrow(|known| known.get(&key).copied()) {
        return at;
    }
    // SAFETY: a catalog lookup; the columns asked for exist in each version.
    let at = unsafe { pg_sys::get_attnum(table, name.as_ptr()) } as usize - 1;
    // Ours may be made anew.
    if table.to_u32() < pg_sys::FirstNormalObjectId {
        KNOWN.with_borrow_mut(|known| known.insert(key, at));
    }
    at
}

/// Rows of a catalog whose oid columns (counted from 0) have these values.
fn rows(
    catalog: pg_sys::Oid,
    index: pg_sys::Oid,
    keys: &[(usize, pg_sys::Oid)],
    each: impl FnMut(&[pg_sys::Datum], &[bool]),
) {
    let keys: Vec<_> =
        keys.iter().map(|(at, oid)| (*at, pg_sys::F_OIDEQ, pg_sys::Datum::from(*oid))).collect();
    scan(catalog, index, &keys, each);
}

/// Rows of a catalog by an index: column (from 0), equality function, value.
/// Without an index all of its rows are looked at.
pub(super) fn scan(
    catalog: pg_sys::Oid,
    index: pg_sys::Oid,
    keys: &[(usize, u32, pg_sys::Datum)],
    each: impl FnMut(&[pg_sys::Datum], &[bool]),
) {
    scan_with(catalog, index, None, keys, each)
}

/// As [`scan`], with a snapshot of one's own where given.
fn scan_with(
    catalog: pg_sys::Oid,
    index: pg_sys::Oid,
    snapshot: Option<pg_sys::Snapshot>,
    keys: &[(usize, u32, pg_sys::Datum)],
    mut each: impl FnMut(&[pg_sys::Datum], &[bool]),
) {
    let (mut values, mut nulls) = (Vec::new(), Vec::new());
    tuples(catalog, index, keys, snapshot, |tuple, desc| {
        // SAFETY: as many places as the catalog has columns.
        unsafe {
            let n = (*desc).natts as usize;
            values.resize(n, pg_sys::Datum::from(0));
            nulls.resize(n, true);
            pg_sys::heap_deform_tuple(tuple, desc, values.as_mut_ptr(), nulls.as_mut_ptr());
        }
        each(&values, &nulls);
    });
}

/// The same, as they are stored, by a snapshot of one's own where given.
fn tuples(
    catalog: pg_sys::Oid,
    index: pg_sys::Oid,
    keys: &[(usize, u32, pg_sys::Datum)],
    snapshot: Option<pg_sys::Snapshot>,
    mut each: impl FnMut(pg_sys::HeapTuple, pg_sys::TupleDesc),
) {
    // SAFETY: an ordinary catalog scan; everything is closed again, and on
    // error by the server.
    unsafe {
        let rel = pg_sys::table_open(catalog, pg_sys::AccessShareLock as _);
        let mut scan_keys = vec![pg_sys::ScanKeyData::default(); keys.len()];
        for (key, (attribute, equal, value)) in scan_keys.iter_mut().zip(keys) {
            pg_sys::ScanKeyInit(
                key,
                *attribute as i16 + 1,
                pg_sys::BTEqualStrategyNumber as _,
                pg_sys::Oid::from(*equal),
                *value,
            );
        }
        let scan = pg_sys::systable_beginscan(
            rel,
            index,
            index != pg_sys::InvalidOid,
            snapshot.unwrap_or(std::ptr::null_mut()),
            scan_keys.len() as _,
            scan_keys.as_mut_ptr(),
        );
        let desc = (*rel).rd_att;
        loop {
            let tuple = pg_sys::systable_getnext(scan);
            if tuple.is_null() {
                break;
            }
            each(tuple, desc);
        }
        pg_sys::systable_endscan(scan);
        pg_sys::table_close(rel, pg_sys::AccessShareLock as _);
    }
}
