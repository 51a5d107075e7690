//! What loses nothing by itself and still ends in tears: numbers given twice,
//! writes that vanish, data that no dump and no subscriber gets any more.
//! Never refused; said once, at the end of the statement, where it matters.

use super::state::{self, Running};
use super::{definition, probe};
use crate::loss::Count;
use crate::model::sql::literal;
use crate::pg::identity::Address;
use crate::pg::settings::{self, Mode};
use crate::pg::sys::error::{Raised, warning};
use crate::pg::sys::scan::{self, Bound, Look};
use crate::pg::sys::{self, catalog, server, text};
use pgrx::{PgList, pg_sys};

/// Seen while the statement runs.
#[derive(Clone)]
pub enum Aside {
    /// A sequence goes that has given a column its numbers.
    SequenceDropped {
        sequence: pg_sys::Oid,
        name: String,
        table: pg_sys::Oid,
        column: i16,
    },
    /// A materialized view that is being emptied.
    Emptied(String),
    PublicationDropped(String),
    SubscriptionDropped {
        name: String,
        slot: String,
    },
}

/// No warning is worth a longer look at the data than this, in microseconds.
const LOOK: i64 = 1_000_000;

fn note(aside: Aside) {
    let depth = sys::transaction_depth();
    state::with(|s| s.running.last_mut().map(|r| r.asides.push((depth, aside))));
}

fn wanted() -> bool {
    // SAFETY: reads a flag: what an extension's script does is its own doing.
    matches!(settings::mode(), Mode::Enforce | Mode::Warn) && !unsafe { pg_sys::creating_extension }
}

/// REFRESH MATERIALIZED VIEW, before it begins.
///
/// # Safety
/// `stmt` is a complete parse tree.
pub unsafe fn refreshing(stmt: *mut pg_sys::RefreshMatViewStmt) {
    // SAFETY: a name out of the parse tree; a catalog lookup.
    unsafe {
        if (*stmt).skipData
            && wanted()
            && let Some(view) = server::relation_named((*stmt).relation)
            && catalog::is_populated(view)
        {
            note(Aside::Emptied(scan::relation_name(view)));
        }
    }
}

/// ALTER TABLE, before it begins: DROP IDENTITY parts column and sequence
/// before the sequence goes.
///
/// # Safety
/// `stmt` is a complete parse tree.
pub unsafe fn altering(stmt: *mut pg_sys::AlterTableStmt) {
    // SAFETY: names out of the parse tree; catalog lookups.
    unsafe {
        for command in PgList::<pg_sys::AlterTableCmd>::from_pg((*stmt).cmds).iter_ptr() {
            if (*command).subtype != pg_sys::AlterTableType::AT_DropIdentity || !wanted() {
                continue;
            }
            let Some(table) = server::relation_named((*stmt).relation) else { return };
            let number = pg_sys::get_attnum(table, (*command).name);
            for sequence in
                PgList::<pg_sys::Oid>::from_pg(pg_sys::getOwnedSequences(table)).iter_oid()
            {
                if users(sequence).contains(&(table, number)) {
                    sequence_used(sequence, table, number);
                }
            }
        }
    }
}

fn sequence_used(sequence: pg_sys::Oid, table: pg_sys::Oid, column: i16) {
    if probe::is_disposable_unlocked(table) {
        return;
    }
    note(Aside::SequenceDropped { sequence, name: scan::relation_name(sequence), table, column });
}

/// Something is about to be dropped.
pub fn dropping(address: Address) {
    // A table's own sequence goes with it.
    if !state::with(|s| s.running.last().is_some_and(|r| r.drops_tables_alone == 0)) {
        return;
    }
    let seen = match address.class {
        pg_sys::RelationRelationId => address.sub == 0 && relkind(address.object) == b'S',
        catalog::ATTR_DEFAULT | catalog::PUBLICATION | catalog::SUBSCRIPTION => true,
        _ => false,
    };
    if !seen || !wanted() {
        return;
    }
    // SAFETY: catalog lookups; null for what is gone.
    unsafe {
        match address.class {
            catalog::PUBLICATION => {
                // Without that nobody can have subscribed.
                let possible = pg_sys::wal_level >= pg_sys::WalLevel::WAL_LEVEL_LOGICAL as i32;
                if let Some(name) = text(pg_sys::get_publication_name(address.object, true))
                    && possible
                {
                    note(Aside::PublicationDropped(name));
                }
            }
            catalog::SUBSCRIPTION => {
                if let Some((name, Some(slot))) = catalog::subscription(address.object) {
                    note(Aside::SubscriptionDropped { name, slot });
                }
            }
            // A default goes before the sequence that it uses.
            catalog::ATTR_DEFAULT => {
                for d in catalog::depends_on(address.class, address.object) {
                    if d.class == pg_sys::RelationRelationId
                        && relkind(d.object) == b'S'
                        && let Some(column) = definition::default_column(address)
                    {
                        sequence_used(d.object, column.object, column.sub as i16);
                    }
                }
            }
            _ => {
                for (table, column) in users(address.object) {
                    sequence_used(address.object, table, column);
                }
            }
        }
    }
}

/// The columns that take their numbers from a sequence: its owner, and those
/// whose default uses it.
fn users(sequence: pg_sys::Oid) -> Vec<(pg_sys::Oid, i16)> {
    let mut found = Vec::new();
    for kind in
        [pg_sys::DependencyType::DEPENDENCY_AUTO, pg_sys::DependencyType::DEPENDENCY_INTERNAL]
    {
        let (mut table, mut column) = (pg_sys::InvalidOid, 0);
        // SAFETY: a catalog lookup; both out parameters are valid for the call.
        if unsafe { pg_sys::sequenceIsOwned(sequence, kind as _, &mut table, &mut column) } {
            found.push((table, column as i16));
        }
    }
    for d in catalog::dependents(pg_sys::RelationRelationId, sequence) {
        if d.class == catalog::ATTR_DEFAULT
            && let Some(column) =
                definition::default_column(Address { class: d.class, object: d.object, sub: d.sub })
            && !found.contains(&(column.object, column.sub as i16))
        {
            found.push((column.object, column.sub as i16));
        }
    }
    found
}

/// At the end of a statement that was let through.
pub fn say(running: &Running, tree: *mut pg_sys::Node) {
    if !wanted() {
        return;
    }
    let mut columns = Vec::new();
    for (_, aside) in &running.asides {
        if let Aside::SequenceDropped { sequence, table, column, .. } = aside {
            // Seen twice where the column owns it and its default uses it.
            if relkind(*sequence) != 0 || columns.contains(&(*sequence, *table, *column)) {
                continue;
            }
            columns.push((*sequence, *table, *column));
        }
        said(aside);
    }
    // SAFETY: each node's tag says what it is.
    unsafe {
        match (*tree).type_ {
            pg_sys::NodeTag::T_AlterSeqStmt
                if restarts((*tree.cast::<pg_sys::AlterSeqStmt>()).options) =>
            {
                restarted(running);
            }
            pg_sys::NodeTag::T_CreateStmt => of_temporary_types(running),
            pg_sys::NodeTag::T_AlterTableStmt => {
                let alter = tree.cast::<pg_sys::AlterTableStmt>();
                let commands = PgList::<pg_sys::AlterTableCmd>::from_pg((*alter).cmds);
                let has = |kind| commands.iter_ptr().any(|c| (*c).subtype == kind);
                let restarts = commands
                    .iter_ptr()
                    .filter(|c| (**c).subtype == pg_sys::AlterTableType::AT_SetIdentity)
                    .any(|c| restarts((*c).def.cast()));
                if restarts {
                    restarted(running);
                }
                if (*alter).objtype == pg_sys::ObjectType::OBJECT_SEQUENCE
                    && has(pg_sys::AlterTableType::AT_SetUnLogged)
                    && let Some(sequence) = server::relation_named((*alter).relation)
                {
                    unlogged(sequence);
                }
                of_temporary_types(running);
            }
            pg_sys::NodeTag::T_RuleStmt => rule(tree.cast()),
            pg_sys::NodeTag::T_AlterExtensionContentsStmt => member(tree.cast()),
            _ => {}
        }
    }
}

/// Whether one of a sequence's options is RESTART.
///
/// # Safety
/// A list of options out of a parse tree.
unsafe fn restarts(options: *mut pg_sys::List) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        PgList::<pg_sys::DefElem>::from_pg(options)
            .iter_ptr()
            .any(|o| text((*o).defname).is_some_and(|name| name == "restart"))
    }
}

fn warn(message: String, detail: String, hint: String) {
    warning(Raised { sqlstate: "SG006", message, detail: Some(detail), hint: Some(hint) });
}

fn said(aside: &Aside) {
    match aside {
        Aside::SequenceDropped { name, table, column, .. } => {
            // What goes with its column or table misses nobody.
            let Some(column_name) = column_name(*table, *column) else { return };
            if !holds(*table, &column_name, Look::Value) {
                return;
            }
            let full = full(*table, &column_name);
            warn(
                format!("{full} no longer gets its numbers: sequence {name} is gone"),
                format!("{full} holds values, and a new sequence begins with 1 unless it is told otherwise."),
                "Begin a new one behind the highest value: CREATE SEQUENCE … START WITH …; or ADD GENERATED … AS IDENTITY (START WITH …).".into(),
            );
        }
        Aside::Emptied(name) => warn(
            format!("materialized view {name} is empty now"),
            "Every query of it fails until it is filled again.".into(),
            format!("REFRESH MATERIALIZED VIEW {name};"),
        ),
        Aside::PublicationDropped(name) => warn(
            format!("subscribers of publication {name} get no more changes"),
            "What is changed from now on does not reach them, and their apply workers fail.".into(),
            "Made again under the same name, it serves only changes from then on: refresh the subscriptions, and compare the tables.".into(),
        ),
        Aside::SubscriptionDropped { name, slot } => warn(
            format!("subscription {name} is gone, and with it replication slot {slot} on the publisher"),
            "Changes that had not arrived yet can't be fetched any more.".into(),
            "A new subscription has to copy the tables again (copy_data = true).".into(),
        ),
    }
}

/// The sequences that the statement has changed now go on from somewhere
/// else: does the column hold numbers that will come again?
fn restarted(running: &Running) {
    let mut seen: Vec<pg_sys::Oid> = Vec::new();
    for touched in &running.touched {
        let sequence = touched.object;
        if touched.class != pg_sys::RelationRelationId
            || touched.sub != 0
            || seen.contains(&sequence)
            || relkind(sequence) != b'S'
        {
            continue;
        }
        seen.push(sequence);
        let Some(options) = catalog::sequence(sequence) else { continue };
        let Some((value, called)) = scan::sequence_state(sequence) else { continue };
        let next = if called { value.saturating_add(options.increment) } else { value };
        let from = if options.increment > 0 { (next, i64::MAX) } else { (i64::MIN, next) };
        for (table, column) in users(sequence) {
            let Some(column_name) = column_name(table, column) else { continue };
            if probe::is_disposable_unlocked(table) {
                continue;
            }
            if !holds(table, &column_name, |column| Look::Between {
                column,
                from: from.0,
                to: from.1,
            }) {
                continue;
            }
            let (name, full) = (scan::relation_name(sequence), full(table, &column_name));
            let end = if options.increment > 0 { "max" } else { "min" };
            let table = scan::relation_name(table);
            let column = quoted(&column_name);
            warn(
                format!("sequence {name} goes on with {next}, and {full} holds numbers from there on"),
                "Inserts that come to such a number fail where it has to be unique, and use it twice where it has not.".into(),
                format!("To go on behind them: SELECT setval({}, (SELECT {end}({column}) FROM {table}));", literal(&name)),
            );
        }
    }
}

/// ALTER SEQUENCE … SET UNLOGGED: the column's values outlive a crash, the
/// sequence doesn't.
fn unlogged(sequence: pg_sys::Oid) {
    for (table, column) in users(sequence) {
        // SAFETY: a catalog lookup.
        let persistence = unsafe { pg_sys::get_rel_persistence(table) } as u8;
        let Some(column_name) = column_name(table, column) else { continue };
        if persistence != pg_sys::RELPERSISTENCE_PERMANENT
            || !holds(table, &column_name, Look::Value)
        {
            continue;
        }
        let (name, full) = (scan::relation_name(sequence), full(table, &column_name));
        warn(
            format!("sequence {name} begins anew after a crash, and {full} keeps its values"),
            "Inserts then take numbers that are in use: they fail where these have to be unique, and use them twice where not.".into(),
            format!("To take it back: ALTER SEQUENCE {name} SET LOGGED;"),
        );
    }
}

/// Columns of lasting tables whose type is a temporary one: they go when the
/// session's temporary objects do.
fn of_temporary_types(running: &Running) {
    let (mut temporary, mut toast) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
    // SAFETY: reads two variables.
    unsafe { pg_sys::GetTempNamespaceState(&mut temporary, &mut toast) };
    if temporary == pg_sys::InvalidOid {
        return;
    }
    let mut seen: Vec<pg_sys::Oid> = Vec::new();
    for touched in &running.touched {
        let table = touched.object;
        if touched.class != pg_sys::RelationRelationId
            || seen.contains(&table)
            || !matches!(relkind(table), b'r' | b'p')
            || probe::is_disposable_unlocked(table)
        {
            continue;
        }
        seen.push(table);
        for (column, type_oid) in catalog::columns(table) {
            // SAFETY: catalog lookups.
            let goes = unsafe {
                let base = pg_sys::getBaseType(type_oid);
                let element = pg_sys::get_element_type(base);
                [type_oid, base, element].into_iter().any(|t| catalog::type_schema(t) == temporary)
            };
            if goes {
                let full = full(table, &column);
                warn(
                    format!("{full} is of a temporary type"),
                    "When this session ends the type goes, and would take the column along. The guard refuses that while there are values, so the session's temporary objects stay behind.".into(),
                    "Make the type in a schema that stays.".into(),
                );
            }
        }
    }
}

/// A rule on a table that does nothing instead of what was asked.
///
/// # Safety
/// `stmt` is a complete parse tree.
unsafe fn rule(stmt: *mut pg_sys::RuleStmt) {
    // SAFETY: the caller's promise.
    unsafe {
        if !(*stmt).instead || !(*stmt).actions.is_null() {
            return;
        }
        let what = match (*stmt).event {
            pg_sys::CmdType::CMD_INSERT => "INSERT",
            pg_sys::CmdType::CMD_UPDATE => "UPDATE",
            pg_sys::CmdType::CMD_DELETE => "DELETE",
            _ => return,
        };
        let Some(table) = server::relation_named((*stmt).relation) else { return };
        // A view takes no writes of its own that could be missed.
        if !matches!(relkind(table), b'r' | b'p' | b'f') || probe::is_disposable_unlocked(table) {
            return;
        }
        let rule = text(pg_sys::quote_identifier((*stmt).rulename)).unwrap_or_default();
        let name = scan::relation_name(table);
        let condition =
            if (*stmt).whereClause.is_null() { "" } else { " of rows that meet its condition" };
        warn(
            format!("rule {rule} swallows each {what} on {name}{condition}"),
            "The statement succeeds, no row is changed, and nobody is told.".into(),
            format!(
                "To forbid it with an error instead: REVOKE {what} ON {name} FROM …; or a trigger that raises one."
            ),
        );
    }
}

/// ALTER EXTENSION … ADD TABLE.
///
/// # Safety
/// `stmt` is a complete parse tree.
unsafe fn member(stmt: *mut pg_sys::AlterExtensionContentsStmt) {
    // SAFETY: the caller's promise; a table is named by a list of strings.
    unsafe {
        if (*stmt).action != 1 || (*stmt).objtype != pg_sys::ObjectType::OBJECT_TABLE {
            return;
        }
        let range = pg_sys::makeRangeVarFromNameList((*stmt).object.cast());
        let Some(table) = server::relation_named(range) else { return };
        if relkind(table) != b'r' || scan::count(table, Look::Row, bound()) == Count::Exact(0) {
            return;
        }
        let name = scan::relation_name(table);
        let extension = text(pg_sys::quote_identifier((*stmt).extname)).unwrap_or_default();
        warn(
            format!("pg_dump leaves the rows of {name} out from now on: it is a member of extension {extension}"),
            "What belongs to an extension is dumped as CREATE EXTENSION alone, and is dropped with it.".into(),
            format!("To take it back: ALTER EXTENSION {extension} DROP TABLE {name};"),
        );
    }
}

/// Whether a column of a table, or of one of its children, holds what is
/// looked for. A table that is locked is not waited for, and nobody is told
/// about one that he may not read.
fn holds(table: pg_sys::Oid, column: &str, look: impl Fn(i16) -> Look) -> bool {
    // SAFETY: a permission check.
    let may_read =
        unsafe { pg_sys::pg_class_aclcheck(table, pg_sys::GetUserId(), pg_sys::ACL_SELECT as _) }
            == pg_sys::AclResult::ACLCHECK_OK;
    if !may_read {
        return false;
    }
    server::with_children(table).into_iter().any(|t| {
        // SAFETY: a lock that is given at once or not at all, and lookups.
        unsafe {
            if relkind(t) != b'r'
                || !pg_sys::ConditionalLockRelationOid(t, pg_sys::AccessShareLock as _)
            {
                return false;
            }
            let number = pg_sys::get_attnum(t, sys::cstring(column).as_ptr());
            let found = number > 0 && found(scan::count(t, look(number), bound()));
            pg_sys::UnlockRelationOid(t, pg_sys::AccessShareLock as _);
            found
        }
    })
}

/// A warning is said of what is known, not of what might be.
fn found(count: Count) -> bool {
    matches!(count, Count::MoreThan(_) | Count::AtLeast(_))
        || matches!(count, Count::Exact(n) if n > 0)
}

fn bound() -> Bound {
    let deadline = probe::bound().deadline.min(scan::now() + LOOK);
    Bound { limit: 0, deadline }
}

fn relkind(relation: pg_sys::Oid) -> u8 {
    // SAFETY: a catalog lookup; 0 for what is gone.
    unsafe { pg_sys::get_rel_relkind(relation) as u8 }
}

/// None where the column, or its table, is gone.
fn column_name(table: pg_sys::Oid, column: i16) -> Option<String> {
    // SAFETY: a catalog lookup.
    unsafe { text(pg_sys::get_attname(table, column, true)) }
}

fn full(table: pg_sys::Oid, column: &str) -> String {
    format!("{}.{}", scan::relation_name(table), quoted(column))
}

fn quoted(name: &str) -> String {
    // SAFETY: the server's own quoting of a name.
    unsafe { text(pg_sys::quote_identifier(sys::cstring(name).as_ptr())) }.unwrap_or_default()
}
