//! What differs between PostgreSQL 15, 17 and 18 in the calls that we make.

use pgrx::pg_sys;

/// Adds a stored row to its table's indexes.
///
/// # Safety
/// `slot` holds a row just stored in the table that `result` describes.
pub unsafe fn insert_index_entries(
    result: *mut pg_sys::ResultRelInfo,
    slot: *mut pg_sys::TupleTableSlot,
    estate: *mut pg_sys::EState,
) {
    // SAFETY: the caller's promise. From 16 on there is one flag more.
    unsafe {
        #[cfg(feature = "pg15")]
        pg_sys::ExecInsertIndexTuples(
            result,
            slot,
            estate,
            false,
            false,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        );
        #[cfg(not(feature = "pg15"))]
        pg_sys::ExecInsertIndexTuples(
            result,
            slot,
            estate,
            false,
            false,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            false,
        );
    }
}

/// Runs a portal to its end.
///
/// # Safety
/// `portal` was started, `dest` is a receiver, `completion` is valid.
pub unsafe fn run_portal(
    portal: pg_sys::Portal,
    dest: *mut pg_sys::DestReceiver,
    completion: *mut pg_sys::QueryCompletion,
) {
    // SAFETY: the caller's promise. 18 dropped the flag `run_once`.
    unsafe {
        #[cfg(feature = "pg18")]
        pg_sys::PortalRun(portal, i64::MAX as _, true, dest, dest, completion);
        #[cfg(not(feature = "pg18"))]
        pg_sys::PortalRun(portal, i64::MAX as _, true, true, dest, dest, completion);
    }
}

/// Flags for a background worker's connection: a scratch database lets nobody
/// else in, and (from 17 on) the role need not be one that may log in.
pub fn scratch_connection_flags() -> u32 {
    #[cfg(feature = "pg15")]
    return pg_sys::BGWORKER_BYPASS_ALLOWCONN;
    #[cfg(not(feature = "pg15"))]
    return pg_sys::BGWORKER_BYPASS_ALLOWCONN | pg_sys::BGWORKER_BYPASS_ROLELOGINCHECK;
}

unsafe extern "C-unwind" {
    // A signal handler has to be the server's own function, not pgrx's wrapper.
    #[link_name = "die"]
    fn raw_die(signal: std::ffi::c_int);
}

/// Lets SIGTERM end this process at the next check for interrupts, as it
/// ends a client's session.
pub fn end_on_sigterm() {
    // SAFETY: a signal handler of the server's own. From 18 on the function
    // has another name in the server.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        pg_sys::pqsignal(15, Some(raw_die));
        #[cfg(feature = "pg18")]
        pg_sys::pqsignal_be(15, Some(raw_die));
    }
}

/// The index of a table's primary key.
///
/// # Safety
/// `rel` is open.
pub unsafe fn primary_key(rel: pg_sys::Relation) -> pg_sys::Oid {
    // SAFETY: the caller's promise. From 18 on a key may be deferrable, too.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        return pg_sys::RelationGetPrimaryKeyIndex(rel);
        #[cfg(feature = "pg18")]
        return pg_sys::RelationGetPrimaryKeyIndex(rel, false);
    }
}

/// Begins a scan of an index with that many keys.
///
/// # Safety
/// Table and index are open, and belong together.
pub unsafe fn begin_index_scan(
    table: pg_sys::Relation,
    index: pg_sys::Relation,
    keys: i32,
) -> pg_sys::IndexScanDesc {
    // SAFETY: the caller's promise. 18 added a place for statistics.
    unsafe {
        let snapshot = &raw mut pg_sys::SnapshotAnyData;
        #[cfg(not(feature = "pg18"))]
        return pg_sys::index_beginscan(table, index, snapshot, keys, 0);
        #[cfg(feature = "pg18")]
        return pg_sys::index_beginscan(table, index, snapshot, std::ptr::null_mut(), keys, 0);
    }
}

/// Whether a background worker can run as this role.
pub fn worker_may_be(role: pg_sys::Oid) -> bool {
    // From 17 on a flag lets roles in that may not log in.
    #[cfg(not(feature = "pg15"))]
    {
        let _ = role;
        true
    }
    #[cfg(feature = "pg15")]
    super::catalog::role_may_log_in(role)
}

/// Puts their expressions in the place of virtual generated columns: their
/// rows hold nothing.
///
/// # Safety
/// `expr` is an analysed expression over columns of `rel`, its relation 1.
pub unsafe fn expand_generated(
    expr: *mut pg_sys::Node,
    rel: pg_sys::Relation,
) -> *mut pg_sys::Node {
    // 18 brought virtual generated columns.
    #[cfg(not(feature = "pg18"))]
    {
        let _ = rel;
        expr
    }
    // SAFETY: the caller's promise.
    #[cfg(feature = "pg18")]
    unsafe {
        pg_sys::expand_generated_columns_in_expr(expr, rel, 1)
    }
}

/// Whether the current user owns a relation.
pub fn owns_relation(relation: pg_sys::Oid) -> bool {
    // SAFETY: a permission check. 16 made one function of many.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_sys::pg_class_ownercheck(relation, pg_sys::GetUserId());
        #[cfg(not(feature = "pg15"))]
        return pg_sys::object_ownercheck(
            pg_sys::RelationRelationId,
            relation,
            pg_sys::GetUserId(),
        );
    }
}

/// Whether a part of ALTER TABLE is SET EXPRESSION.
pub fn sets_expression(kind: pg_sys::AlterTableType::Type) -> bool {
    // 17 brought it.
    #[cfg(feature = "pg15")]
    {
        let _ = kind;
        false
    }
    #[cfg(not(feature = "pg15"))]
    {
        kind == pg_sys::AlterTableType::AT_SetExpression
    }
}

/// Whether the current user may call a function.
pub fn may_execute(function: pg_sys::Oid) -> bool {
    // SAFETY: a permission check. From 16 on one function does it for all
    // kinds of objects.
    let granted = unsafe {
        #[cfg(feature = "pg15")]
        let granted =
            pg_sys::pg_proc_aclcheck(function, pg_sys::GetUserId(), pg_sys::ACL_EXECUTE as _);
        #[cfg(not(feature = "pg15"))]
        let granted = pg_sys::object_aclcheck(
            pg_sys::ProcedureRelationId,
            function,
            pg_sys::GetUserId(),
            pg_sys::ACL_EXECUTE as _,
        );
        granted
    };
    granted == pg_sys::AclResult::ACLCHECK_OK
}

/// Whether the table's file was made in this transaction: it was rewritten,
/// or emptied by TRUNCATE.
///
/// # Safety
/// `rel` is open.
pub unsafe fn has_new_file(rel: pg_sys::Relation) -> bool {
    // SAFETY: the caller's promise. 16 renamed the field.
    unsafe {
        #[cfg(feature = "pg15")]
        return (*rel).rd_firstRelfilenodeSubid != 0;
        #[cfg(not(feature = "pg15"))]
        return (*rel).rd_firstRelfilelocatorSubid != 0;
    }
}

/// Which rows a WHEN of MERGE is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Matched,
    /// From 17 on.
    #[cfg_attr(feature = "pg15", allow(dead_code))]
    NotMatchedBySource,
    /// Rows of the source: these are inserted.
    NotMatchedByTarget,
}

/// What a WHEN of MERGE is about.
///
/// # Safety
/// `action` is a complete node.
pub unsafe fn merge_when(action: *mut pg_sys::MergeAction) -> When {
    // SAFETY: the caller's promise. 17 has three kinds, 15 two.
    unsafe {
        #[cfg(feature = "pg15")]
        return if (*action).matched { When::Matched } else { When::NotMatchedByTarget };
        #[cfg(not(feature = "pg15"))]
        return match (*action).matchKind {
            pg_sys::MergeMatchKind::MERGE_WHEN_MATCHED => When::Matched,
            pg_sys::MergeMatchKind::MERGE_WHEN_NOT_MATCHED_BY_SOURCE => When::NotMatchedBySource,
            _ => When::NotMatchedByTarget,
        };
    }
}

/// The condition in ON of a MERGE.
///
/// # Safety
/// `query` is a complete MERGE that has not been planned.
pub unsafe fn merge_condition(query: *mut pg_sys::Query) -> *mut pg_sys::Node {
    // SAFETY: the caller's promise. 17 gave it a place of its own.
    unsafe {
        #[cfg(feature = "pg15")]
        return (*(*query).jointree).quals;
        #[cfg(not(feature = "pg15"))]
        return (*query).mergeJoinCondition;
    }
}

/// What is called for each node of an expression.
pub type Walker = unsafe extern "C-unwind" fn(*mut pg_sys::Node, *mut std::ffi::c_void) -> bool;

unsafe extern "C-unwind" {
    /// Calls the walker for what an expression's node is made of, until it
    /// says true. Not guarded: only below a guard.
    // From 16 on the name without an ending is a macro.
    #[cfg_attr(feature = "pg15", link_name = "expression_tree_walker")]
    #[cfg_attr(not(feature = "pg15"), link_name = "expression_tree_walker_impl")]
    pub fn raw_walk_expression(
        node: *mut pg_sys::Node,
        walker: Walker,
        context: *mut std::ffi::c_void,
    ) -> bool;
}

/// Whether this session holds a lock, in just this mode.
pub fn lock_held(tag: &pg_sys::LOCKTAG, mode: pg_sys::LOCKMODE) -> bool {
    // SAFETY: looks into this session's own locks. From 17 on the function can
    // also be asked for stronger ones.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_sys::LockHeldByMe(tag, mode);
        #[cfg(not(feature = "pg15"))]
        return pg_sys::LockHeldByMe(tag, mode, false);
    }
}

/// Whether a role may look into a schema.
///
/// # Safety
/// Within a transaction.
pub unsafe fn may_use_schema(schema: pg_sys::Oid, role: pg_sys::Oid) -> pg_sys::AclResult::Type {
    // SAFETY: a permission check. From 16 on one function serves all catalogs.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_sys::pg_namespace_aclcheck(schema, role, pg_sys::ACL_USAGE as _);
        #[cfg(not(feature = "pg15"))]
        return pg_sys::object_aclcheck(
            pg_sys::NamespaceRelationId,
            schema,
            role,
            pg_sys::ACL_USAGE as _,
        );
    }
}
