//! What an object is called in the record: the same names that drift() uses.

use super::sys::event::Dropped;
use super::sys::{catalog, text};
use crate::model::Identity;
use crate::model::sql::unquoted;
use pgrx::{PgList, pg_sys};

/// An object of the catalogs: class, object, sub-object (column number).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    pub class: pg_sys::Oid,
    pub object: pg_sys::Oid,
    pub sub: i32,
}

/// The identity of an object that is there; None where it is gone.
pub fn of(address: Address) -> Option<Identity> {
    // SAFETY: catalog lookups with missing_ok; the lists are the server's.
    unsafe {
        match address.class {
            pg_sys::RelationRelationId => {
                let name = text(pg_sys::get_rel_name(address.object))?;
                let schema = schema_name(pg_sys::get_rel_namespace(address.object));
                let mut parts = vec![schema, name];
                if address.sub != 0 {
                    parts.push(text(pg_sys::get_attname(address.object, address.sub as _, true))?);
                }
                Some(Identity::new(parts))
            }
            pg_sys::TypeRelationId => {
                let schema = schema_name(type_namespace(address.object));
                Some(Identity::new([schema, type_name(address.object)?]))
            }
            _ => {
                let object = pg_sys::ObjectAddress {
                    classId: address.class,
                    objectId: address.object,
                    objectSubId: address.sub,
                };
                let (mut names, mut args) = (std::ptr::null_mut(), std::ptr::null_mut());
                let found = pg_sys::getObjectIdentityParts(&object, &mut names, &mut args, true);
                if found.is_null() || names.is_null() {
                    return None;
                }
                let names = strings(names);
                let args = strings(args);
                let whole = text(found).unwrap_or_default();
                Some(from_names(address.class, names, &args, &whole))
            }
        }
    }
}

/// PostgreSQL's word for what it is; None where it is gone.
pub fn object_type(address: Address) -> Option<String> {
    let object = pg_sys::ObjectAddress {
        classId: address.class,
        objectId: address.object,
        objectSubId: address.sub,
    };
    // SAFETY: catalog lookups with missing_ok.
    unsafe { text(pg_sys::getObjectTypeDescription(&object, true)) }
}

/// The identity of a dropped object, from what the server kept of it.
pub fn of_dropped(dropped: &Dropped) -> Identity {
    let names = dropped.names.clone();
    match dropped.class {
        pg_sys::TypeRelationId => match (&dropped.schema, &dropped.name) {
            (Some(schema), Some(name)) => Identity::new([schema, name]),
            _ => Identity::new(names),
        },
        class => from_names(class, names, &dropped.args, &dropped.identity),
    }
}

/// The identity out of the server's parts; `whole` is its own text.
fn from_names(class: pg_sys::Oid, names: Vec<String>, args: &[String], whole: &str) -> Identity {
    let plain = |s: &str| s.strip_prefix("pg_catalog.").unwrap_or(s).to_owned();
    match class {
        pg_sys::ProcedureRelationId | catalog::OPERATOR => {
            let mut identity = Identity::new(names);
            let types: Vec<String> = args.iter().map(|a| plain(a)).collect();
            identity.args = Some(types.join(", "));
            identity
        }
        // A domain's: the parts are the domain's quoted name and the constraint.
        catalog::CONSTRAINT if names.len() == 1 => {
            let mut parts = unquoted(&names[0]);
            parts.extend(args.first().cloned());
            Identity::new(parts)
        }
        // What has neither a schema nor one name is called as the server does.
        catalog::USER_MAPPING => Identity::new([whole]),
        // Role, kind of objects, schema where it is for one.
        catalog::DEFAULT_ACL => {
            let on = whole.rsplit_once(" on ").map_or("", |(_, on)| on);
            let mut parts = names;
            parts.insert(1.min(parts.len()), on.to_owned());
            Identity::new(parts)
        }
        catalog::CAST => {
            let text = whole.replace("(pg_catalog.", "(").replace(" AS pg_catalog.", " AS ");
            Identity { parts: vec![], args: Some(text.trim_matches(['(', ')']).to_owned()) }
        }
        catalog::TRANSFORM => {
            // Up to 16 the server puts an "on" there.
            let text = whole
                .replacen("for ", "FOR ", 1)
                .replacen(" on language ", " language ", 1)
                .replacen(" language ", " LANGUAGE ", 1);
            Identity { parts: vec![], args: Some(text) }
        }
        // The access method comes first, and after the name where drift() shows it.
        catalog::OPERATOR_CLASS | catalog::OPERATOR_FAMILY if names.len() == 3 => {
            Identity { parts: names[1..].to_vec(), args: names.first().cloned() }
        }
        _ => Identity::new(names),
    }
}

/// The name of a schema; temporary schemas are called pg_temp.
pub fn schema_name(namespace: pg_sys::Oid) -> String {
    // SAFETY: a catalog lookup.
    unsafe { text(pg_sys::get_namespace_name(namespace)).unwrap_or_default() }
}

fn type_namespace(type_oid: pg_sys::Oid) -> pg_sys::Oid {
    with_type(type_oid, |t| t.typnamespace).unwrap_or(pg_sys::InvalidOid)
}

fn type_name(type_oid: pg_sys::Oid) -> Option<String> {
    with_type(type_oid, |t| {
        // SAFETY: a NameData is NUL-terminated.
        unsafe { text(t.typname.data.as_ptr()) }
    })?
}

fn with_type<T>(
    type_oid: pg_sys::Oid,
    f: impl FnOnce(&pg_sys::FormData_pg_type) -> T,
) -> Option<T> {
    // SAFETY: the tuple is released after use.
    unsafe {
        let tuple =
            pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::TYPEOID as _, type_oid.into());
        if tuple.is_null() {
            return None;
        }
        let value = f(&*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_type>());
        pg_sys::ReleaseSysCache(tuple);
        Some(value)
    }
}

/// # Safety
/// `list` is null or a list of strings (char pointers).
unsafe fn strings(list: *mut pg_sys::List) -> Vec<String> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller's promise.
    unsafe {
        PgList::<std::ffi::c_char>::from_pg(list).iter_ptr().filter_map(|p| text(p)).collect()
    }
}
