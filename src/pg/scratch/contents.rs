//! What of a declared text is schema, what is left out, what is refused.

use super::Build;
use crate::pg::sys::{self, text};
use pgrx::{PgList, pg_sys};
use std::ffi::c_char;

/// What is done with a statement.
pub enum What {
    Run,
    LeaveOut(String),
    Refuse(String, Option<String>),
}

/// What is schema, what is left out, what is refused.
///
/// # Safety
/// `tree` is a complete parse tree; inside a transaction.
pub unsafe fn judge(tree: *mut pg_sys::Node, job: &Build) -> What {
    use pg_sys::NodeTag as T;
    // SAFETY: each node's tag says what it is.
    unsafe {
        let tag =
            text(pg_sys::GetCommandTagName(pg_sys::CreateCommandTag(tree))).unwrap_or_default();
        if about_ours(tree) {
            return What::LeaveOut(format!("{tag} of schemaguard's own"));
        }
        match (*tree).type_ {
            T::T_InsertStmt => data(&tag, (*tree.cast::<pg_sys::InsertStmt>()).relation),
            T::T_UpdateStmt => data(&tag, (*tree.cast::<pg_sys::UpdateStmt>()).relation),
            T::T_DeleteStmt => data(&tag, (*tree.cast::<pg_sys::DeleteStmt>()).relation),
            T::T_MergeStmt => data(&tag, (*tree.cast::<pg_sys::MergeStmt>()).relation),
            T::T_CopyStmt => {
                let copy = tree.cast::<pg_sys::CopyStmt>();
                if (*copy).is_from && !(*copy).relation.is_null() {
                    data(&tag, (*copy).relation)
                } else {
                    not_schema(&tag)
                }
            }
            T::T_TruncateStmt => What::LeaveOut(tag),
            // Nobody else is in here.
            T::T_LockStmt => What::LeaveOut(tag),
            T::T_CreateExtensionStmt => {
                let create = tree.cast::<pg_sys::CreateExtensionStmt>();
                let name = text((*create).extname).unwrap_or_default();
                if name == "schemaguard" {
                    return What::LeaveOut("CREATE EXTENSION schemaguard".into());
                }
                if job.furnished_extensions.contains(&name) {
                    (*create).if_not_exists = true;
                }
                What::Run
            }
            T::T_CommentStmt => {
                let comment = tree.cast::<pg_sys::CommentStmt>();
                match (*comment).objtype {
                    pg_sys::ObjectType::OBJECT_DATABASE => {
                        What::LeaveOut("COMMENT ON DATABASE".into())
                    }
                    pg_sys::ObjectType::OBJECT_ROLE | pg_sys::ObjectType::OBJECT_TABLESPACE => {
                        not_schema("COMMENT on something outside of the database")
                    }
                    // Whoever may not make the extension may not comment on it either.
                    pg_sys::ObjectType::OBJECT_EXTENSION => {
                        What::LeaveOut("COMMENT ON EXTENSION".into())
                    }
                    _ => What::Run,
                }
            }
            T::T_CreateSchemaStmt => {
                let create = tree.cast::<pg_sys::CreateSchemaStmt>();
                let name = text((*create).schemaname).unwrap_or_default();
                if name == "schemaguard" {
                    return What::LeaveOut("CREATE SCHEMA schemaguard".into());
                }
                // Every database begins with public, and some dumps make it.
                if name == "public" || job.furnished_schemas.contains(&name) {
                    (*create).if_not_exists = true;
                }
                What::Run
            }
            T::T_CreatedbStmt | T::T_AlterDatabaseStmt | T::T_AlterDatabaseSetStmt => {
                What::LeaveOut(tag)
            }
            T::T_CreateRoleStmt
            | T::T_AlterRoleStmt
            | T::T_AlterRoleSetStmt
            | T::T_DropRoleStmt
            | T::T_GrantRoleStmt
            | T::T_CreateTableSpaceStmt
            | T::T_DropTableSpaceStmt
            | T::T_AlterTableSpaceOptionsStmt
            | T::T_DropdbStmt
            | T::T_AlterSystemStmt
            | T::T_DropOwnedStmt
            | T::T_ReassignOwnedStmt
            | T::T_CreateSubscriptionStmt
            | T::T_AlterSubscriptionStmt
            | T::T_DropSubscriptionStmt
            | T::T_NotifyStmt
            | T::T_ListenStmt
            | T::T_UnlistenStmt
            | T::T_LoadStmt => not_schema(&tag),
            _ => What::Run,
        }
    }
}

/// Whether a statement speaks of the extension's own schema: a dump of a
/// database with schemaguard does, and a scratch database has none.
///
/// # Safety
/// `tree` is a complete parse tree.
unsafe fn about_ours(tree: *mut pg_sys::Node) -> bool {
    use pg_sys::NodeTag as T;
    const OURS: &str = "schemaguard";
    // SAFETY: each node's tag says what it is.
    unsafe {
        let ours = |name: *const c_char| text(name).as_deref() == Some(OURS);
        let names_ours = |node: *mut pg_sys::Node| {
            !node.is_null()
                && match (*node).type_ {
                    T::T_String => ours((*node.cast::<pg_sys::String>()).sval),
                    T::T_RangeVar => ours((*node.cast::<pg_sys::RangeVar>()).schemaname),
                    T::T_ObjectWithArgs => {
                        let names = (*node.cast::<pg_sys::ObjectWithArgs>()).objname;
                        PgList::<pg_sys::String>::from_pg(names)
                            .get_ptr(0)
                            .is_some_and(|first| ours((*first).sval))
                    }
                    T::T_List => PgList::<pg_sys::String>::from_pg(node.cast())
                        .get_ptr(0)
                        .is_some_and(|first| {
                            (*first.cast::<pg_sys::Node>()).type_ == T::T_String
                                && ours((*first).sval)
                        }),
                    _ => false,
                }
        };
        match (*tree).type_ {
            T::T_AlterOwnerStmt => names_ours((*tree.cast::<pg_sys::AlterOwnerStmt>()).object),
            T::T_CommentStmt => names_ours((*tree.cast::<pg_sys::CommentStmt>()).object),
            T::T_GrantStmt => {
                let objects = (*tree.cast::<pg_sys::GrantStmt>()).objects;
                PgList::<pg_sys::Node>::from_pg(objects).iter_ptr().any(names_ours)
            }
            T::T_CopyStmt => names_ours((*tree.cast::<pg_sys::CopyStmt>()).relation.cast()),
            T::T_AlterTableStmt => {
                names_ours((*tree.cast::<pg_sys::AlterTableStmt>()).relation.cast())
            }
            T::T_AlterEventTrigStmt => {
                let name = (*tree.cast::<pg_sys::AlterEventTrigStmt>()).trigname;
                text(name).is_some_and(|n| n.starts_with("schemaguard_"))
            }
            _ => false,
        }
    }
}

/// The role that a statement makes the owner of something; for CURRENT_USER
/// and its like the one that runs the text.
///
/// # Safety
/// `tree` is a complete parse tree.
pub unsafe fn owner_named(tree: *mut pg_sys::Node) -> Option<String> {
    use pg_sys::NodeTag as T;
    // SAFETY: each node's tag says what it is.
    unsafe {
        let role = match (*tree).type_ {
            T::T_AlterOwnerStmt => (*tree.cast::<pg_sys::AlterOwnerStmt>()).newowner,
            T::T_CreateSchemaStmt => (*tree.cast::<pg_sys::CreateSchemaStmt>()).authrole,
            T::T_AlterTableStmt => {
                let commands = (*tree.cast::<pg_sys::AlterTableStmt>()).cmds;
                PgList::<pg_sys::AlterTableCmd>::from_pg(commands)
                    .iter_ptr()
                    .find(|c| (**c).subtype == pg_sys::AlterTableType::AT_ChangeOwner)
                    .map_or(std::ptr::null_mut(), |c| (*c).newowner)
            }
            _ => return None,
        };
        if role.is_null() {
            return None;
        }
        text((*role).rolename)
            .or_else(|| text(pg_sys::GetUserNameFromId(pg_sys::GetSessionUserId(), true)))
    }
}

fn not_schema(tag: &str) -> What {
    What::Refuse(
        format!("{tag} is no part of a schema"),
        Some(
            "A declared text says what the database's schema is. Leave this statement out.".into(),
        ),
    )
}

/// A statement that changes rows. Where its table is a declared one, the rows
/// don't matter to the schema and it is left out; otherwise the text speaks
/// of something that it doesn't declare.
///
/// # Safety
/// `range` names a relation; inside a transaction.
unsafe fn data(tag: &str, range: *mut pg_sys::RangeVar) -> What {
    // SAFETY: a lookup by name.
    unsafe {
        let name = match text((*range).schemaname) {
            Some(schema) => format!("{schema}.{}", text((*range).relname).unwrap_or_default()),
            None => text((*range).relname).unwrap_or_default(),
        };
        if sys::server::relation_named(range).is_none() {
            return What::Refuse(
                format!("{tag} is no part of a schema, and the text declares no table {name}"),
                Some(
                    "A declared text says what the database's schema is. Leave this statement out."
                        .into(),
                ),
            );
        }
        What::LeaveOut(format!("{tag} {name}"))
    }
}
