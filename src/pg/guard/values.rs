//! ALTER TABLE that computes a column's values anew: another type, another
//! expression of a stored generated column.
//!
//! The values are looked at when the statement begins, under the lock that it
//! will take: afterwards the old ones are gone. What could not be looked at
//! (the event triggers are off, the expression fails) is judged when the
//! catalog shows the new type, and refused where there are values.

use super::{judge, probe, state};
use crate::loss::{ALTER_COLUMN_TYPE, Count, Rule, SET_EXPRESSION, Victim};
use crate::pg::identity::Address;
use crate::pg::settings::{self, Mode};
use crate::pg::sys::conversion::{self, Column, New};
use crate::pg::sys::{self, catalog, scan, server, version};
use pgrx::{PgList, pg_sys};

/// A part of the statement that changes a column's values.
struct Part {
    column: *const std::ffi::c_char,
    new: New,
    rule: &'static Rule,
}

/// Looks at what an ALTER TABLE that begins would make of the values.
pub fn look(stmt: *mut pg_sys::AlterTableStmt) {
    // SAFETY: the tree of the statement that begins.
    let parts = unsafe { parts(stmt) };
    if parts.is_empty() || settings::mode() == Mode::Off {
        return;
    }
    // SAFETY: as above.
    let Some((relation, tables)) = (unsafe { tables(stmt) }) else { return };
    let of_type = probe::relkind(relation) == Some(b'c');
    let mut victims = Vec::new();
    for table in tables {
        if probe::relkind(table) != Some(b'r') || probe::is_disposable(table) {
            continue;
        }
        for part in &parts {
            // SAFETY: a catalog lookup by a name of the parse tree.
            let attribute = unsafe { pg_sys::get_attnum(table, part.column) };
            if attribute <= 0 || probe::is_new(table, attribute) || !holds(part, table, attribute) {
                continue;
            }
            let column = Column {
                relation: table,
                attribute,
                new: part.new,
                show: settings::show_values() && conversion::may_be_shown(table, attribute),
            };
            let Some(count) = conversion::look(column, probe::bound()) else {
                // The server's own error comes when it does the same; if it
                // doesn't come, the hook sees a column nobody has looked at.
                continue;
            };
            state::with(|s| s.running.last_mut().map(|r| r.looked_at.insert((table, attribute))));
            if !count.harmless() {
                let through = (table != relation).then(|| {
                    let word = if of_type { "type" } else { "table" };
                    format!("{word} {}", scan::relation_name(relation))
                });
                let address = Address {
                    class: pg_sys::RelationRelationId,
                    object: table,
                    sub: attribute.into(),
                };
                let object = probe::column_name(table, attribute);
                victims.push((address, Victim { rule: part.rule, object, count, through }));
            }
        }
    }
    // SAFETY: as above.
    if unsafe { loses_otherwise(stmt) } {
        // One refusal names all that would go.
        for (address, victim) in victims {
            judge::later(address, vec![victim]);
        }
        return;
    }
    if let Some((_, first)) = victims.first() {
        let tag = if of_type { "ALTER TYPE" } else { "ALTER TABLE" };
        let what = format!("{tag} changing column {}", first.object);
        judge::start_of_statement(what, victims);
    }
}

/// Whether the column stores values that the part would replace: a generated
/// column's come from others, and only SET EXPRESSION computes them otherwise.
fn holds(part: &Part, table: pg_sys::Oid, attribute: i16) -> bool {
    // SAFETY: a catalog lookup.
    let generated = unsafe { pg_sys::get_attgenerated(table, attribute) } as u8;
    match part.new {
        New::Type(_) => generated == 0,
        New::Expression(_) => generated == b's',
    }
}

/// Whether the statement has parts besides that may lose something, and are
/// judged when they come.
///
/// # Safety
/// `stmt` is a complete parse tree.
unsafe fn loses_otherwise(stmt: *mut pg_sys::AlterTableStmt) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        PgList::<pg_sys::AlterTableCmd>::from_pg((*stmt).cmds).iter_ptr().any(|cmd| {
            matches!(
                (*cmd).subtype,
                pg_sys::AlterTableType::AT_DropColumn | pg_sys::AlterTableType::AT_SetUnLogged
            )
        })
    }
}

/// # Safety
/// `stmt` is a complete parse tree.
unsafe fn parts(stmt: *mut pg_sys::AlterTableStmt) -> Vec<Part> {
    // SAFETY: the caller's promise; each command's kind says what it holds.
    unsafe {
        PgList::<pg_sys::AlterTableCmd>::from_pg((*stmt).cmds)
            .iter_ptr()
            .filter_map(|cmd| {
                let (new, rule) = match (*cmd).subtype {
                    pg_sys::AlterTableType::AT_AlterColumnType => {
                        (New::Type((*cmd).def.cast()), &ALTER_COLUMN_TYPE)
                    }
                    kind if version::sets_expression(kind) => {
                        (New::Expression((*cmd).def), &SET_EXPRESSION)
                    }
                    _ => return None,
                };
                // Without CASCADE the server refuses where tables are of the type.
                let reaches = (*stmt).objtype != pg_sys::ObjectType::OBJECT_TYPE
                    || (*cmd).behavior == pg_sys::DropBehavior::DROP_CASCADE;
                reaches.then_some(Part { column: (*cmd).name, new, rule })
            })
            .collect()
    }
}

/// The relation that is altered, and the tables that hold its rows, locked as
/// the statement will lock them. None where the server will refuse it.
///
/// # Safety
/// As [`parts`].
unsafe fn tables(stmt: *mut pg_sys::AlterTableStmt) -> Option<(pg_sys::Oid, Vec<pg_sys::Oid>)> {
    // SAFETY: the caller's promise, lookups and locks.
    unsafe {
        let relation = server::relation_named((*stmt).relation)?;
        if relation.to_u32() < pg_sys::FirstNormalObjectId || !version::owns_relation(relation) {
            return None;
        }
        let lock = pg_sys::AccessExclusiveLock as pg_sys::LOCKMODE;
        match probe::relkind(relation)? {
            b'r' | b'p' => {
                let relation = pg_sys::AlterTableLookupRelation(stmt, lock);
                if relation == pg_sys::InvalidOid {
                    return None;
                }
                let tables = if (*(*stmt).relation).inh {
                    server::lock_with_children(relation)
                } else {
                    vec![relation]
                };
                Some((relation, tables))
            }
            // ALTER TYPE … ALTER ATTRIBUTE … CASCADE reaches the tables made
            // of the type; used in any other way the server refuses it.
            b'c' => {
                let of_type = catalog::tables_of_type(pg_sys::get_rel_type_id(relation));
                let mut tables: Vec<pg_sys::Oid> = Vec::new();
                for table in of_type {
                    pg_sys::LockRelationOid(table, lock);
                    tables.extend(server::lock_with_children(table));
                }
                Some((relation, tables))
            }
            _ => None,
        }
    }
}

/// A column that has just been altered: if it has another type and nobody has
/// looked at its values, nothing is proven.
pub fn type_changes(address: Address) {
    let (table, attribute) = (address.object, address.sub as i16);
    let in_bracket =
        state::with(|s| s.running.last().map(|r| r.looked_at.contains(&(table, attribute))));
    if in_bracket == Some(true)
        || settings::mode() == Mode::Off
        || (in_bracket.is_none() && sys::extension().is_none())
        || probe::relkind(table) != Some(b'r')
    {
        return;
    }
    if !catalog::type_has_changed(table, attribute)
        || probe::is_disposable(table)
        || probe::is_new(table, attribute)
        || probe::is_generated(table, attribute)
    {
        return;
    }
    if scan::count(table, scan::Look::Value(attribute), probe::bound()).harmless() {
        return;
    }
    let why = if in_bracket.is_some() {
        "its new values could not be computed before"
    } else {
        "the event triggers that look at values are off in this session"
    };
    let victim = Victim {
        rule: &ALTER_COLUMN_TYPE,
        object: probe::column_name(table, attribute),
        count: Count::Unknown(why.into()),
        through: None,
    };
    judge::later(address, vec![victim]);
}
