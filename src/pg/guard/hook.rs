//! The object access hook: what the server says it is about to do.

use super::state;
use super::{active, asides, consent, definition, global, judge, probe, values};
use crate::loss::{Count, DROP_DATABASE, DROP_GUARD, TRUNCATE, Victim};
use crate::pg::identity::Address;
use crate::pg::ledger::Verdict;
use crate::pg::settings::{self, Mode};
use crate::pg::sys::{self, catalog, scan, text};
use pgrx::pg_sys;
use pgrx::prelude::pg_guard;
use std::ffi::{c_char, c_int, c_void};

static mut NEXT: pg_sys::object_access_hook_type = None;
static mut NEXT_BY_NAME: pg_sys::object_access_hook_type_str = None;

pub fn install() {
    // SAFETY: once, while the library is loaded, by the only thread.
    unsafe {
        NEXT = pg_sys::object_access_hook;
        pg_sys::object_access_hook = Some(on_access);
        NEXT_BY_NAME = pg_sys::object_access_hook_str;
        pg_sys::object_access_hook_str = Some(on_access_by_name);
    }
}

/// What the server calls. Others' hooks run outside of any guard of pgrx, so
/// that their errors keep everything they hold.
unsafe extern "C-unwind" fn on_access(
    access: pg_sys::ObjectAccessType::Type,
    class: pg_sys::Oid,
    object: pg_sys::Oid,
    sub: c_int,
    arg: *mut c_void,
) {
    // SAFETY: passes on what the server gave.
    unsafe {
        if let Some(next) = NEXT {
            next(access, class, object, sub, arg);
        }
    }
    if crate::pg::scratch::is_running_text() {
        return outside_of_schema(access, class);
    }
    use pg_sys::ObjectAccessType::{OAT_DROP, OAT_POST_ALTER, OAT_POST_CREATE, OAT_TRUNCATE};
    if matches!(access, OAT_DROP | OAT_POST_ALTER | OAT_POST_CREATE | OAT_TRUNCATE) {
        // SAFETY: with this access type the argument is of this kind, or null.
        let internal = unsafe {
            match access {
                _ if arg.is_null() => false,
                OAT_DROP => {
                    let flags = (*arg.cast::<pg_sys::ObjectAccessDrop>()).dropflags;
                    flags & pg_sys::PERFORM_DELETION_INTERNAL as c_int != 0
                }
                OAT_POST_CREATE => (*arg.cast::<pg_sys::ObjectAccessPostCreate>()).is_internal,
                _ => false,
            }
        };
        see(access, class, object, sub, internal);
    }
}

/// In the worker that runs a declared text: what it makes outside of its
/// scratch database would stay.
#[pg_guard]
extern "C-unwind" fn outside_of_schema(access: pg_sys::ObjectAccessType::Type, class: pg_sys::Oid) {
    sys::entry(|| {
        use pg_sys::ObjectAccessType::{OAT_DROP, OAT_POST_ALTER, OAT_POST_CREATE};
        let verb = match access {
            OAT_POST_CREATE => "CREATE",
            OAT_POST_ALTER => "ALTER",
            OAT_DROP => "DROP",
            _ => return,
        };
        let what = match class {
            pg_sys::DatabaseRelationId => "DATABASE",
            catalog::ROLE => "ROLE",
            catalog::ROLE_MEMBER => "ROLE membership",
            catalog::TABLESPACE => "TABLESPACE",
            catalog::DB_ROLE_SETTING => "ROLE or DATABASE setting",
            catalog::SUBSCRIPTION => "SUBSCRIPTION",
            _ => return,
        };
        sys::raise(
            "SG004",
            format!("{verb} {what} is no part of a schema"),
            None,
            Some(
                "A declared text says what the database's schema is. Leave this statement out."
                    .into(),
            ),
        )
    });
}

unsafe extern "C-unwind" fn on_access_by_name(
    access: pg_sys::ObjectAccessType::Type,
    class: pg_sys::Oid,
    name: *const c_char,
    sub: c_int,
    arg: *mut c_void,
) {
    // SAFETY: passes on what the server gave.
    unsafe {
        if let Some(next) = NEXT_BY_NAME {
            next(access, class, name, sub, arg);
        }
    }
    if access == pg_sys::ObjectAccessType::OAT_POST_ALTER && class == catalog::PARAMETER_ACL {
        see_setting(name);
    }
}

#[pg_guard]
extern "C-unwind" fn see_setting(name: *const c_char) {
    sys::entry(|| {
        // SAFETY: the server's name of a setting.
        let Some(name) = (unsafe { text(name) }) else {
            return;
        };
        if !name.to_ascii_lowercase().starts_with("schemaguard.") || !active() {
            return;
        }
        state::busy(|| {
            if sys::extension().is_some() {
                judge::record_late("SET", "setting", &name, None, Verdict::Allowed);
            }
        });
    });
}

#[pg_guard]
extern "C-unwind" fn see(
    access: pg_sys::ObjectAccessType::Type,
    class: pg_sys::Oid,
    object: pg_sys::Oid,
    sub: c_int,
    internal: bool,
) {
    sys::entry(|| {
        if !active() {
            return;
        }
        let address = Address { class, object, sub };
        state::busy(|| match access {
            pg_sys::ObjectAccessType::OAT_DROP => dropping(address, internal),
            pg_sys::ObjectAccessType::OAT_TRUNCATE => truncating(object),
            pg_sys::ObjectAccessType::OAT_POST_CREATE => created(address, internal),
            _ => altered(address),
        });
    });
}

/// `internal` marks what the server makes on its own account, as the copy
/// that a table is rewritten into.
fn created(address: Address, internal: bool) {
    // What CREATE makes is the copy of nothing.
    let may_be_copy =
        || state::with(|s| s.running.last().is_none_or(|r| !r.tag.starts_with("CREATE ")));
    if internal && address.class == pg_sys::RelationRelationId && address.sub == 0 && may_be_copy()
    {
        unlogged(address);
    }
    if address.class == pg_sys::RelationRelationId && address.sub > 0 {
        let depth = sys::transaction_depth();
        state::with(|s| {
            s.new_columns.push((depth, address.object, address.sub));
            if let Some(running) = s.running.last_mut() {
                running.added.push((address.object, address.sub));
            }
        });
    }
    if address.class == pg_sys::ProcedureRelationId && state::with(|s| !s.running.is_empty()) {
        // Not yet visible to this command: what the catalog still shows of a
        // replaced function is its former definition.
        definition::keep(address);
    }
    global::record(address, true);
    touched(address);
}

/// SET UNLOGGED: judged before a single row is copied.
fn unlogged(copy: Address) {
    let in_bracket = state::with(|s| !s.running.is_empty());
    if settings::mode() == Mode::Off || (!in_bracket && sys::extension().is_none()) {
        return;
    }
    if let Some((object, victim)) = probe::unlogged(copy.object) {
        judge::later(Address { object, ..copy }, vec![victim]);
        judge::end_of_statement(&[]);
    }
}

fn altered(address: Address) {
    global::record(address, false);
    global::reassigned(address);
    touched(address);
    if address.class == pg_sys::RelationRelationId && address.sub > 0 {
        values::type_changes(address);
    }
}

fn touched(address: Address) {
    state::with(|s| {
        if let Some(running) = s.running.last_mut()
            && running.touched.last() != Some(&address)
        {
            running.touched.push(address);
        }
    });
}

/// `internal` marks what the server drops on its own account: the old copy of
/// a table that was rewritten, temporary tables at the end of a session.
fn dropping(address: Address, internal: bool) {
    if address.class == pg_sys::DatabaseRelationId && database(address.object) {
        return;
    }
    global::record(address, false);
    asides::dropping(address);
    if internal && address.class == pg_sys::RelationRelationId && address.sub == 0 {
        return;
    }
    let in_bracket = state::with(|s| !s.running.is_empty());
    let whole = address.class == pg_sys::RelationRelationId && address.sub == 0;
    let kind = if whole { probe::relkind(address.object) } else { None };
    if in_bracket {
        definition::keep_dropped(address, kind);
        touched(address);
    }
    if address.class == pg_sys::ExtensionRelationId
        && settings::mode() == Mode::Off
        && sys::extension() == Some(address.object)
    {
        // The record goes with it, so the log has to have it.
        sys::error::log("schemaguard is being dropped while schemaguard.mode is off", None);
    }
    let holds_data = match address.class {
        pg_sys::RelationRelationId | pg_sys::ExtensionRelationId => true,
        catalog::LARGE_OBJECT => settings::guard_large_objects() || judge::is_drop_owned(),
        _ => false,
    };
    if !holds_data || settings::mode() == Mode::Off {
        return;
    }
    // A bracket is opened by our own event trigger, so the extension is there.
    if !in_bracket && sys::extension().is_none() {
        return;
    }
    let victims: Vec<Victim> = match address.class {
        pg_sys::RelationRelationId if address.sub == 0 => {
            probe::table(address.object, kind).into_iter().collect()
        }
        pg_sys::RelationRelationId => probe::column(address.object, address.sub as i16),
        catalog::LARGE_OBJECT => probe::large_object(address.object).into_iter().collect(),
        _ => guard_itself(address.object).into_iter().collect(),
    };
    if victims.is_empty() {
        return;
    }
    judge::later(address, victims);
    if in_bracket && address.class == pg_sys::ExtensionRelationId {
        // Our triggers go with this statement: its end will not be seen.
        judge::end_of_statement(&[]);
    }
}

/// The extension itself.
fn guard_itself(object: pg_sys::Oid) -> Option<Victim> {
    (sys::extension() == Some(object)).then(|| Victim {
        rule: &DROP_GUARD,
        object: "extension schemaguard".into(),
        count: Count::Told("the record and the declared schema go with it".into()),
        through: None,
    })
}

/// DROP DATABASE, seen from another database: also from one without the
/// extension, since the mark stands on the victim. True where it has been
/// judged, and so recorded.
fn database(object: pg_sys::Oid) -> bool {
    if settings::mode() == Mode::Off {
        return false;
    }
    let marked = catalog::database_settings(object)
        .iter()
        .filter_map(|s| s.split_once('='))
        .any(|(name, value)| name == "schemaguard.protected" && settings::is_on(value));
    if !marked {
        return false;
    }
    // SAFETY: a catalog lookup; the database is still there.
    let name = unsafe {
        let name = pg_sys::get_database_name(object);
        if name.is_null() { None } else { text(pg_sys::quote_identifier(name)) }
    };
    let victim = Victim {
        rule: &DROP_DATABASE,
        object: name.unwrap_or_default(),
        count: Count::Told("its tables can't be read from another database".into()),
        through: None,
    };
    judge::database(victim);
    true
}

/// TRUNCATE, named or by cascade. The hook comes before the lock and before
/// the permission check of a named table, so both are done here first.
fn truncating(relation: pg_sys::Oid) {
    if settings::mode() == Mode::Off {
        if sys::extension().is_some() && !probe::is_disposable_unlocked(relation) {
            let name = crate::pg::identity::of(Address {
                class: pg_sys::RelationRelationId,
                object: relation,
                sub: 0,
            });
            let name = name.map(|i| i.to_string()).unwrap_or_default();
            judge::record_late("TRUNCATE TABLE", "table", &name, None, Verdict::Unguarded);
        }
        return;
    }
    if !probe::may_truncate(relation) {
        // The server's own refusal comes next.
        return;
    }
    // SAFETY: catalog lookups and the very lock that TRUNCATE takes next.
    unsafe {
        let foreign = pg_sys::get_rel_relkind(relation) as u8 == pg_sys::RELKIND_FOREIGN_TABLE;
        if sys::extension().is_none() {
            return;
        }
        if !foreign {
            pg_sys::LockRelationOid(relation, pg_sys::AccessExclusiveLock as _);
        }
        if probe::is_disposable(relation) {
            return;
        }
        let (rule, count) = if foreign {
            (&TRUNCATE, Count::Unknown("its rows are on a foreign server".into()))
        } else {
            probe::rows(relation, &TRUNCATE)
        };
        if count.harmless() {
            return;
        }
        let victim = Victim { rule, object: scan::relation_name(relation), count, through: None };
        consent::note(
            Address { class: pg_sys::RelationRelationId, object: relation, sub: 0 },
            &victim,
        );
        judge::truncate(relation, victim);
    }
}
