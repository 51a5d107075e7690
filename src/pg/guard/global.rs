//! What fires no event trigger because it belongs to the whole server, or is
//! an event trigger itself: recorded by what the hook sees.

use super::{events, judge, state, statement};
use crate::model::Identity;
use crate::pg::identity::{self, Address};
use crate::pg::ledger::Verdict;
use crate::pg::sys::{self, catalog, text};
use pgrx::{PgList, pg_sys};
use std::ffi::c_char;

/// PostgreSQL's word for the object, if it is of such a kind.
fn object_type(class: pg_sys::Oid) -> Option<&'static str> {
    Some(match class {
        pg_sys::EventTriggerRelationId => "event trigger",
        pg_sys::DatabaseRelationId => "database",
        catalog::ROLE => "role",
        catalog::TABLESPACE => "tablespace",
        catalog::DB_ROLE_SETTING => "setting",
        _ => return None,
    })
}

/// Keeps a row for the record.
pub fn record(address: Address, made: bool) {
    let Some(object_type) = object_type(address.class) else { return };
    if sys::extension().is_none() {
        return;
    }
    let asked = statement::with_current(|tree| {
        // SAFETY: a complete parse tree; tags are static strings.
        unsafe {
            let tag = text(pg_sys::GetCommandTagName(pg_sys::CreateCommandTag(tree)))?;
            Some((tag, named(tree), renamed(tree)))
        }
    });
    let (tag, named, renamed) = asked.unwrap_or_else(|| (object_type.to_uppercase(), None, None));
    if let Some((formerly, name)) = renamed {
        // The catalog doesn't show the new name yet.
        judge::record_late(&tag, object_type, &name, Some(formerly), Verdict::Allowed);
        return;
    }
    // What is being made isn't in the catalog yet.
    let known = if made || address.class == catalog::DB_ROLE_SETTING {
        None
    } else {
        identity::of(address).map(|i| i.to_string())
    };
    let name = known.or(named).unwrap_or_default();
    judge::record_late(&tag, object_type, &name, None, Verdict::Allowed);
}

/// Keeps a row for what REASSIGN OWNED gives another owner: it fires no event
/// trigger either.
pub fn reassigned(address: Address) {
    // SAFETY: a catalog lookup.
    let goes_along = || {
        let kind = unsafe { pg_sys::get_rel_relkind(address.object) } as u8;
        address.class == pg_sys::RelationRelationId && matches!(kind, b'i' | b'I' | b't')
    };
    let in_bracket = state::with(|s| !s.running.is_empty());
    if address.sub != 0 || in_bracket || goes_along() || sys::extension().is_none() {
        return;
    }
    let reassigns = statement::with_current(|tree| {
        // SAFETY: the node's tag says what it is.
        Some(unsafe { (*tree).type_ } == pg_sys::NodeTag::T_ReassignOwnedStmt)
    });
    if reassigns != Some(true) {
        return;
    }
    if let (Some(name), Some(word)) = (identity::of(address), identity::object_type(address)) {
        let object_type = events::object_type(&word.into());
        let name = name.to_string();
        judge::record_late("REASSIGN OWNED", &object_type, &name, None, Verdict::Allowed);
    }
}

/// The old and the new name that a statement gives.
///
/// # Safety
/// `tree` is a complete parse tree.
unsafe fn renamed(tree: *mut pg_sys::Node) -> Option<(String, String)> {
    // SAFETY: the node's tag says what it is; an event trigger's name is a
    // string node, the others' a plain one.
    unsafe {
        if (*tree).type_ != pg_sys::NodeTag::T_RenameStmt {
            return None;
        }
        let rename = tree.cast::<pg_sys::RenameStmt>();
        let old = match (*rename).subname.is_null() {
            false => (*rename).subname,
            true => (*(*rename).object.cast::<pg_sys::String>()).sval,
        };
        let shown = |name| text(name).map(|name| Identity::new([name]).to_string());
        Some((shown(old)?, shown((*rename).newname)?))
    }
}

/// The object that such a statement names.
///
/// # Safety
/// `tree` is a complete parse tree.
unsafe fn named(tree: *mut pg_sys::Node) -> Option<String> {
    use pg_sys::NodeTag as T;
    // SAFETY: each node's tag says what it is.
    unsafe {
        let role = |role: *mut pg_sys::RoleSpec| -> *const c_char {
            if role.is_null() { c"ALL".as_ptr() } else { (*role).rolename }
        };
        let name: *const c_char = match (*tree).type_ {
            T::T_CreateRoleStmt => (*tree.cast::<pg_sys::CreateRoleStmt>()).role,
            T::T_AlterRoleStmt => role((*tree.cast::<pg_sys::AlterRoleStmt>()).role),
            T::T_AlterRoleSetStmt => role((*tree.cast::<pg_sys::AlterRoleSetStmt>()).role),
            T::T_CreatedbStmt => (*tree.cast::<pg_sys::CreatedbStmt>()).dbname,
            T::T_AlterDatabaseSetStmt => (*tree.cast::<pg_sys::AlterDatabaseSetStmt>()).dbname,
            T::T_CreateTableSpaceStmt => {
                (*tree.cast::<pg_sys::CreateTableSpaceStmt>()).tablespacename
            }
            T::T_CreateEventTrigStmt => {
                let name = (*tree.cast::<pg_sys::CreateEventTrigStmt>()).trigname;
                return text(name).map(|name| Identity::new([name]).to_string());
            }
            T::T_DropRoleStmt => {
                let roles = (*tree.cast::<pg_sys::DropRoleStmt>()).roles;
                let names: Vec<String> = PgList::<pg_sys::RoleSpec>::from_pg(roles)
                    .iter_ptr()
                    .filter_map(|spec| text(role(spec)))
                    .collect();
                return Some(names.join(", "));
            }
            _ => return None,
        };
        text(name)
    }
}
