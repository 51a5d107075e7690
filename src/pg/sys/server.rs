//! Functions of the server that pgrx has no bindings for. All of them are
//! exported, with the same signature in each version that we build for.

use super::catalog;
use pgrx::pg_sys;

unsafe extern "C-unwind" {
    #[link_name = "get_partition_parent"]
    fn raw_get_partition_parent(relid: pg_sys::Oid, even_if_detached: bool) -> pg_sys::Oid;
    #[link_name = "find_all_inheritors"]
    fn raw_find_all_inheritors(
        parent: pg_sys::Oid,
        lockmode: pg_sys::LOCKMODE,
        numparents: *mut *mut pg_sys::List,
    ) -> *mut pg_sys::List;
    #[link_name = "get_rewrite_oid"]
    fn raw_get_rewrite_oid(
        relid: pg_sys::Oid,
        name: *const std::ffi::c_char,
        missing_ok: bool,
    ) -> pg_sys::Oid;
    #[link_name = "multirange_deserialize"]
    fn raw_multirange_deserialize(
        range: *mut pg_sys::TypeCacheEntry,
        multirange: *const pg_sys::varlena,
        count: *mut i32,
        ranges: *mut *mut *mut pg_sys::RangeType,
    );
    #[link_name = "GetAttrDefaultColumnAddress"]
    fn raw_get_attr_default_column_address(attrdefoid: pg_sys::Oid) -> pg_sys::ObjectAddress;
}

/// The table that a partition belongs to; only for partitions.
pub fn partition_parent(relation: pg_sys::Oid) -> pg_sys::Oid {
    // SAFETY: the server's function, its errors caught as pgrx catches them.
    unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| raw_get_partition_parent(relation, true)) }
}

/// A table and all its children, without locking them.
pub fn with_children(relation: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    // SAFETY: as above; the list is one of oids.
    unsafe {
        let list = pg_sys::ffi::pg_guard_ffi_boundary(|| {
            raw_find_all_inheritors(relation, pg_sys::NoLock as _, std::ptr::null_mut())
        });
        pgrx::PgList::<pg_sys::Oid>::from_pg(list).iter_oid().collect()
    }
}

/// A table and all its children, locked as ALTER TABLE locks them.
pub fn lock_with_children(relation: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    // SAFETY: as above.
    unsafe {
        let list = pg_sys::ffi::pg_guard_ffi_boundary(|| {
            raw_find_all_inheritors(
                relation,
                pg_sys::AccessExclusiveLock as _,
                std::ptr::null_mut(),
            )
        });
        pgrx::PgList::<pg_sys::Oid>::from_pg(list).iter_oid().collect()
    }
}

/// Tables outside of `relations` that have foreign keys to one inside.
pub fn referencing(relations: impl Iterator<Item = pg_sys::Oid>) -> Vec<pg_sys::Oid> {
    // SAFETY: a list of oids in, another one out.
    unsafe {
        let mut list = std::ptr::null_mut();
        for oid in relations {
            list = pg_sys::lappend_oid(list, oid);
        }
        let found = pg_sys::heap_truncate_find_FKs(list);
        pgrx::PgList::<pg_sys::Oid>::from_pg(found).iter_oid().collect()
    }
}

/// The ranges of a multirange.
///
/// # Safety
/// `multirange` is a detoasted value of the multirange type over `range`.
pub unsafe fn ranges_of(
    range: *mut pg_sys::TypeCacheEntry,
    multirange: *const pg_sys::varlena,
) -> Vec<pg_sys::Datum> {
    // SAFETY: the caller's promise; the array is the server's, in its memory.
    unsafe {
        let (mut count, mut ranges) = (0, std::ptr::null_mut());
        pg_sys::ffi::pg_guard_ffi_boundary(|| {
            raw_multirange_deserialize(range, multirange, &mut count, &mut ranges)
        });
        (0..count as usize).map(|i| pg_sys::Datum::from(*ranges.add(i))).collect()
    }
}

/// A rule by its table and name; None where there is none.
///
/// # Safety
/// `name` is a name out of a parse tree.
pub unsafe fn rule_named(
    relation: pg_sys::Oid,
    name: *const std::ffi::c_char,
) -> Option<pg_sys::Oid> {
    // SAFETY: the caller's promise, and a lookup by the name.
    let oid =
        unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| raw_get_rewrite_oid(relation, name, true)) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// Table and column number of a default; None for one that is gone.
pub fn default_column(default: pg_sys::Oid) -> Option<(pg_sys::Oid, i32)> {
    // SAFETY: as above.
    let column = unsafe {
        pg_sys::ffi::pg_guard_ffi_boundary(|| raw_get_attr_default_column_address(default))
    };
    debug_assert_ne!(column.classId, catalog::ATTR_DEFAULT);
    (column.objectId != pg_sys::InvalidOid).then_some((column.objectId, column.objectSubId))
}

/// The relation that a name in a statement means; None where there is none.
///
/// # Safety
/// `range` is a name out of a parse tree.
pub unsafe fn relation_named(range: *mut pg_sys::RangeVar) -> Option<pg_sys::Oid> {
    // SAFETY: a lookup without a lock, by the session's search_path.
    let oid = unsafe {
        pg_sys::RangeVarGetRelidExtended(
            range,
            pg_sys::NoLock as _,
            pg_sys::RVROption::RVR_MISSING_OK,
            None,
            std::ptr::null_mut(),
        )
    };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// An object by what a parse tree holds for it: class, OID and column number;
/// an invalid OID where it isn't there. No lock stays: the statement takes a
/// stronger one next, and two that go from one to the other would block each
/// other for good.
///
/// # Safety
/// `name` is what a parse tree holds for an object of that type.
pub unsafe fn object_named(
    object_type: pg_sys::ObjectType::Type,
    name: *mut pg_sys::Node,
) -> (pg_sys::Oid, pg_sys::Oid, i32) {
    // SAFETY: what the statement itself does; what was locked is unlocked.
    unsafe {
        let mut rel = std::ptr::null_mut();
        let lock = pg_sys::AccessShareLock as _;
        let found = pg_sys::get_object_address(object_type, name, &mut rel, lock, true);
        if !rel.is_null() {
            pg_sys::relation_close(rel, lock);
        }
        if found.objectId != pg_sys::InvalidOid && found.classId != pg_sys::RelationRelationId {
            let unlock = match pg_sys::IsSharedRelation(found.classId) {
                true => pg_sys::UnlockSharedObject,
                false => pg_sys::UnlockDatabaseObject,
            };
            unlock(found.classId, found.objectId, 0, lock);
        }
        (found.classId, found.objectId, found.objectSubId)
    }
}

/// Whether this is a name as the grammar reads one: a list of strings.
///
/// # Safety
/// `node` is a part of a parse tree.
pub unsafe fn is_name(node: *mut pg_sys::Node) -> bool {
    // SAFETY: the caller's promise; a list's tag says what it holds.
    unsafe {
        (*node).type_ == pg_sys::NodeTag::T_List
            && pgrx::PgList::<pg_sys::Node>::from_pg(node.cast())
                .iter_ptr()
                .all(|part| (*part).type_ == pg_sys::NodeTag::T_String)
    }
}

/// What a GRANT or REVOKE names, class and OID; for ALL … IN SCHEMA the schemas.
///
/// # Safety
/// `grant` is a complete parse tree.
pub unsafe fn granted(grant: *mut pg_sys::GrantStmt) -> Vec<(pg_sys::Oid, pg_sys::Oid)> {
    use pg_sys::GrantTargetType::ACL_TARGET_ALL_IN_SCHEMA;
    // SAFETY: the caller's promise; each node's tag says what it is.
    unsafe {
        let object_type = match (*grant).targtype {
            ACL_TARGET_ALL_IN_SCHEMA => pg_sys::ObjectType::OBJECT_SCHEMA,
            _ => (*grant).objtype,
        };
        pgrx::PgList::<pg_sys::Node>::from_pg((*grant).objects)
            .iter_ptr()
            .filter_map(|node| match (*node).type_ {
                pg_sys::NodeTag::T_RangeVar => {
                    relation_named(node.cast()).map(|oid| (pg_sys::RelationRelationId, oid))
                }
                // A type or domain stands there as a list of names.
                pg_sys::NodeTag::T_List => {
                    let name = pg_sys::makeTypeNameFromNameList(node.cast());
                    let object = pg_sys::LookupTypeNameOid(std::ptr::null_mut(), name, true);
                    (object != pg_sys::InvalidOid).then_some((pg_sys::TypeRelationId, object))
                }
                _ => {
                    let (class, object, _) = object_named(object_type, node);
                    (object != pg_sys::InvalidOid).then_some((class, object))
                }
            })
            .collect()
    }
}

/// All routines that a name finds.
///
/// # Safety
/// `name` is a list of strings out of a parse tree.
pub unsafe fn routines_named(name: *mut pg_sys::List) -> Vec<pg_sys::Oid> {
    // SAFETY: the caller's promise; candidates are a chain in the server's memory.
    unsafe {
        let none = std::ptr::null_mut();
        let mut next = pg_sys::FuncnameGetCandidates(name, -1, none, false, false, false, true);
        let mut found = Vec::new();
        while !next.is_null() {
            found.push((*next).oid);
            next = (*next).next;
        }
        found
    }
}

/// A function of ours that takes one text.
pub fn own_function(name: &str) -> Option<pg_sys::Oid> {
    let (schema, name) = (super::cstring("schemaguard"), super::cstring(name));
    // SAFETY: a lookup by a qualified name; the nodes are the server's.
    let oid = unsafe {
        let mut names = pg_sys::lappend(
            std::ptr::null_mut(),
            pg_sys::makeString(pg_sys::pstrdup(schema.as_ptr())).cast(),
        );
        names = pg_sys::lappend(names, pg_sys::makeString(pg_sys::pstrdup(name.as_ptr())).cast());
        pg_sys::LookupFuncName(names, 1, &pg_sys::TEXTOID, true)
    };
    (oid != pg_sys::InvalidOid).then_some(oid)
}
