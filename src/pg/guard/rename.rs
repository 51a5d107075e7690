//! What an object is called before a statement renames or moves it.

use crate::model::Identity;
use crate::pg::identity;
use crate::pg::on_drift::named;
use crate::pg::sys::text;
use pgrx::pg_sys;

/// The former name of what the statement renames or moves; at its start.
pub fn formerly(tree: *mut pg_sys::Node) -> Option<Identity> {
    use pg_sys::NodeTag::{T_AlterEnumStmt, T_AlterObjectSchemaStmt, T_RenameStmt};
    use pg_sys::ObjectType::{
        OBJECT_ATTRIBUTE, OBJECT_COLUMN, OBJECT_DOMCONSTRAINT, OBJECT_POLICY, OBJECT_RULE,
        OBJECT_SCHEMA, OBJECT_TABCONSTRAINT, OBJECT_TRIGGER,
    };
    // SAFETY: the node's tag says what it is.
    unsafe {
        match (*tree).type_ {
            T_RenameStmt => {
                let rename = tree.cast::<pg_sys::RenameStmt>();
                let name = text((*rename).subname);
                if (*rename).renameType == OBJECT_SCHEMA {
                    return Some(Identity::new([name?]));
                }
                let mut identity = identity::of(*named(tree).first()?)?;
                if matches!(
                    (*rename).renameType,
                    OBJECT_ATTRIBUTE
                        | OBJECT_COLUMN
                        | OBJECT_DOMCONSTRAINT
                        | OBJECT_POLICY
                        | OBJECT_RULE
                        | OBJECT_TABCONSTRAINT
                        | OBJECT_TRIGGER
                ) {
                    identity.parts.push(name?);
                }
                Some(identity)
            }
            T_AlterObjectSchemaStmt => identity::of(*named(tree).first()?),
            T_AlterEnumStmt => {
                let label = text((*tree.cast::<pg_sys::AlterEnumStmt>()).oldVal)?;
                Some(identity::of(*named(tree).first()?)?.part(&label))
            }
            _ => None,
        }
    }
}

/// What the statement calls a label of an enum: the server names only the type.
pub fn label(tree: *mut pg_sys::Node) -> Option<String> {
    // SAFETY: the node's tag says what it is.
    unsafe {
        if (*tree).type_ != pg_sys::NodeTag::T_AlterEnumStmt {
            return None;
        }
        let alter = tree.cast::<pg_sys::AlterEnumStmt>();
        text((*alter).oldVal).and_then(|_| text((*alter).newVal))
    }
}
