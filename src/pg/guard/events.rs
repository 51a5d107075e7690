//! The event triggers: the bracket around a DDL statement, and its record.

use super::state::{self, Running};
use super::{asides, consent, definition, judge, rename, run, statement, values};
use crate::model::Identity;
use crate::pg::identity::{self, Address};
use crate::pg::ledger::{self, Verdict, Who};
use crate::pg::on_drift::{self, ON_DRIFT};
use crate::pg::settings::{self, Mode};
use crate::pg::sys::event::{self, Command, Dropped, Event, Word};
use crate::pg::sys::{self, catalog, text};
use pgrx::prelude::pg_guard;
use pgrx::{PgList, pg_sys};
use std::collections::{HashMap, HashSet};

/// Makes a function that the server can call by name as an event trigger.
macro_rules! event_trigger {
    ($name:ident, $info:ident, $body:path) => {
        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub extern "C" fn $info() -> &'static pg_sys::Pg_finfo_record {
            const V1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
            &V1
        }

        #[unsafe(no_mangle)]
        #[doc(hidden)]
        #[pg_guard]
        pub unsafe extern "C-unwind" fn $name(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
            sys::entry(|| {
                // SAFETY: passed on as the server gave it.
                let Some(event) = (unsafe { Event::of(fcinfo) }) else {
                    sys::raise(
                        "39P03",
                        concat!(stringify!($name), " can only be called as an event trigger"),
                        None,
                        None,
                    )
                };
                if sys::may_act() && !crate::pg::worker::is_worker() {
                    $body(event);
                }
            });
            pg_sys::Datum::from(0)
        }
    };
}

event_trigger!(schemaguard_on_ddl_command_start, pg_finfo_schemaguard_on_ddl_command_start, start);
event_trigger!(schemaguard_on_sql_drop, pg_finfo_schemaguard_on_sql_drop, dropped);
event_trigger!(schemaguard_on_ddl_command_end, pg_finfo_schemaguard_on_ddl_command_end, end);
event_trigger!(schemaguard_on_login, pg_finfo_schemaguard_on_login, login);

/// Being loaded is all that is wanted.
fn login(_: Event) {}

fn begin(event: Event) {
    let tree = event.parse_tree();
    let words = statement::words(tree);
    // What has a context runs inside of something, and needs no second look.
    let outermost = words.context.is_none() && state::with(|s| s.running.is_empty());
    let running = Box::new(Running {
        depth: sys::transaction_depth(),
        tag: event.tag(),
        drops_tables_alone: drops_tables_alone(tree),
        alone: None,
        going: Vec::new(),
        text: words.text,
        by_client: outermost && statement::is_clients(tree),
        same_text: words.message,
        context: words.context,
        deadline: None,
        victims: Vec::new(),
        touched: Vec::new(),
        definitions: HashMap::new(),
        servants: Vec::new(),
        part_of: HashMap::new(),
        dropped: Vec::new(),
        verdict: None,
        lost: Vec::new(),
        looked_at: HashSet::new(),
        added: Vec::new(),
        asides: Vec::new(),
        formerly: rename::formerly(tree),
        granted: granted_to_owners(tree),
        found: on_drift::found(tree),
        gone: Vec::new(),
        off_course: None,
    });
    state::with(|s| s.running.push(running));
}

/// What DROP OWNED will take rights on away from.
fn granted_to_owners(tree: *mut pg_sys::Node) -> Vec<Address> {
    // SAFETY: the node's tag says what it is; lookups of roles.
    let roles: Vec<pg_sys::Oid> = unsafe {
        if (*tree).type_ != pg_sys::NodeTag::T_DropOwnedStmt {
            return Vec::new();
        }
        let roles = (*tree.cast::<pg_sys::DropOwnedStmt>()).roles;
        let roles = PgList::<pg_sys::RoleSpec>::from_pg(roles);
        roles.iter_ptr().map(|role| pg_sys::get_rolespec_oid(role, true)).collect()
    };
    roles
        .into_iter()
        .filter(|role| *role != pg_sys::InvalidOid)
        .flat_map(catalog::granted_to)
        .map(|d| Address { class: d.class, object: d.object, sub: d.sub })
        .collect()
}

/// How many tables a DROP TABLE without CASCADE names; 0 for other statements.
fn drops_tables_alone(tree: *mut pg_sys::Node) -> usize {
    // SAFETY: the node's tag says what it is.
    unsafe {
        if (*tree).type_ != pg_sys::NodeTag::T_DropStmt {
            return 0;
        }
        let drop = tree.cast::<pg_sys::DropStmt>();
        let alone = (*drop).removeType == pg_sys::ObjectType::OBJECT_TABLE
            && (*drop).behavior == pg_sys::DropBehavior::DROP_RESTRICT;
        if alone { PgList::<pg_sys::Node>::from_pg((*drop).objects).len() } else { 0 }
    }
}

fn start(event: Event) {
    state::busy(|| {
        begin(event);
        let tree = event.parse_tree();
        // SAFETY: the node's tag says what it is.
        unsafe {
            match (*tree).type_ {
                pg_sys::NodeTag::T_ViewStmt => {
                    let view = tree.cast::<pg_sys::ViewStmt>();
                    if (*view).replace {
                        definition::keep_view((*view).view);
                    }
                }
                pg_sys::NodeTag::T_CreateTrigStmt => {
                    let trigger = tree.cast::<pg_sys::CreateTrigStmt>();
                    if (*trigger).replace {
                        definition::keep_trigger((*trigger).relation, (*trigger).trigname);
                    }
                }
                pg_sys::NodeTag::T_RuleStmt => {
                    let rule = tree.cast::<pg_sys::RuleStmt>();
                    if (*rule).replace {
                        definition::keep_rule((*rule).relation, (*rule).rulename);
                    }
                }
                pg_sys::NodeTag::T_AlterTableStmt => {
                    asides::altering(tree.cast());
                    values::look(tree.cast());
                }
                pg_sys::NodeTag::T_CommentStmt => definition::keep_comment(tree.cast()),
                pg_sys::NodeTag::T_RefreshMatViewStmt => asides::refreshing(tree.cast()),
                _ => {}
            }
        }
    });
}

fn dropped(event: Event) {
    state::busy(|| {
        if state::with(|s| s.running.is_empty()) {
            // The bracket's start went with a commit inside the statement.
            begin(event);
        }
        // SAFETY: reads a flag: what an extension's own script drops is not recorded.
        let by_script = unsafe { pg_sys::creating_extension };
        if !by_script
            && !on_drift::judges()
            && let Some(rows) =
                state::with(|s| s.running.last_mut().and_then(|r| rows_of_table_alone(r)))
        {
            state::with(|s| s.running.last_mut().map(|r| r.dropped.extend(rows)));
            return;
        }
        let tag = event.tag();
        let objects = event::dropped(tag);
        judge::end_of_statement(&objects);
        if by_script {
            return;
        }
        let rows = rows_of_dropped(tag, &objects);
        state::with(|s| {
            if let Some(r) = s.running.last_mut() {
                r.dropped.extend(rows);
                r.gone.extend(objects);
            }
        });
    });
}

/// The rows of a table that went without a loss and with nothing but its parts:
/// what the hook has seen is all of it, and the server's list is long to read.
fn rows_of_table_alone(running: &mut Running) -> Option<Vec<ledger::Object>> {
    let table = running.alone?;
    if !running.victims.is_empty() || !running.going.iter().any(|(a, _)| a.object == table) {
        return None;
    }
    let mut rows = Vec::new();
    // The server's list begins with what went last.
    for (address, identity) in running.going.drain(..).rev() {
        let Some(definition) = running.definitions.remove(&address) else { continue };
        if !is_temporary(&identity.parts) {
            let is_table = address.object == table;
            rows.push(ledger::Object {
                command_tag: running.tag.into(),
                action: "drop".into(),
                object_type: if is_table { "table" } else { "sequence" }.into(),
                object: identity.to_string(),
                parts: Vec::new(),
                formerly: None,
                definition: Some(definition),
            });
        }
    }
    Some(rows)
}

/// A row for what was asked to go, and for what went along and has a
/// definition of its own; parts of a table that goes are part of its row.
fn rows_of_dropped(tag: &'static str, objects: &[Dropped]) -> Vec<ledger::Object> {
    let (mut definitions, servants, part_of) = state::with(|s| {
        s.running
            .last_mut()
            .map(|r| {
                let servants = std::mem::take(&mut r.servants);
                (std::mem::take(&mut r.definitions), servants, std::mem::take(&mut r.part_of))
            })
            .unwrap_or_default()
    });
    let is_table = |d: &&Dropped| d.class == pg_sys::RelationRelationId && d.sub == 0;
    let relations: HashSet<pg_sys::Oid> =
        objects.iter().filter(is_table).map(|d| d.object).collect();
    let tables: HashSet<&[String]> =
        objects.iter().filter(is_table).map(|d| d.names.as_slice()).collect();
    let mut rows: Vec<ledger::Object> = Vec::new();
    // A schema may take many thousands along: no row looks through all others.
    let mut known: HashMap<(Word, String), usize> = HashMap::new();
    for d in objects {
        if d.is_temporary || is_temporary(&d.names) {
            continue;
        }
        let address = Address { class: d.class, object: d.object, sub: d.sub };
        let definition = definitions.remove(&address);
        let part = d.names.len() == 3 && tables.contains(&d.names[..2])
            || d.class == catalog::CONSTRAINT && d.names.len() == 1 && !d.normal;
        let nameless = definition.is_none() && d.class != pg_sys::NamespaceRelationId;
        // What CASCADE took along counts also where nothing describes it.
        let followed = d.normal && tag != "DROP EXTENSION";
        // What goes with a column leaves its table behind.
        let from_what_stays = part_of.get(&address).is_some_and(|t| !relations.contains(t))
            || d.class == catalog::CONSTRAINT && d.names.len() == 3 && !part;
        let serves = servants.contains(&address);
        if !d.original && (part || serves || (nameless && !followed && !from_what_stays)) {
            continue;
        }
        let object = identity::of_dropped(d).to_string();
        let object_type = object_type(&d.object_type);
        // A composite type is a relation and a type.
        if let Some(&at) = known.get(&(object_type.clone(), object.clone())) {
            let twin = &mut rows[at];
            twin.definition = twin.definition.take().or(definition);
            continue;
        }
        known.insert((object_type.clone(), object.clone()), rows.len());
        rows.push(ledger::Object {
            command_tag: tag.into(),
            action: "drop".into(),
            object_type,
            object,
            parts: Vec::new(),
            formerly: None,
            definition,
        });
    }
    rows
}

/// Whether the names are those of something in a temporary schema.
fn is_temporary(names: &[String]) -> bool {
    names.first().is_some_and(|schema| schema == "pg_temp" || schema.starts_with("pg_temp_"))
}

/// PostgreSQL's word as drift() uses it: `table column` is a column here.
pub fn object_type(word: &Word) -> Word {
    match &**word {
        "table column"
        | "foreign table column"
        | "view column"
        | "materialized view column"
        | "composite type column" => "column".into(),
        "table constraint" | "domain constraint" => "constraint".into(),
        "composite type" => "type".into(),
        "default acl" => "default privileges".into(),
        other if other.bytes().all(|b| b.is_ascii_lowercase()) => word.clone(),
        other => other.to_lowercase().into(),
    }
}

fn end(event: Event) {
    state::busy(|| {
        if state::with(|s| s.running.is_empty()) {
            begin(event);
        }
        // Nothing is left to judge unless sql_drop is disabled.
        judge::end_of_statement(&[]);
        let Some(mut running) = state::with(|s| s.running.pop()) else {
            return;
        };
        asides::say(&running, event.parse_tree());
        // DROP makes nothing and alters nothing.
        // SAFETY: the node's tag says what it is.
        let drops = unsafe { (*event.parse_tree()).type_ } == pg_sys::NodeTag::T_DropStmt;
        let commands = match altered_alone(&running, event) {
            _ if drops => Vec::new(),
            Some(command) => vec![command],
            None => event::commands(),
        };
        let away = on_drift::away(running.found.take(), &commands, &running.gone);
        if !away.is_empty() {
            judge::off_course(&mut running, &away);
        }
        let mut objects = rows_of_commands(&running, &commands, event);
        objects.append(&mut running.dropped);
        if objects.is_empty() {
            return;
        }
        record(running, objects);
    });
}

/// What an ALTER TABLE has altered, where that is one table and nothing else
/// was made or altered: what the hook has seen is all of it, and the server's
/// list is long to read.
fn altered_alone(running: &Running, event: Event) -> Option<Command> {
    let table = running.touched.first()?.object;
    let of_it = |a: &Address| {
        a.object == table
            && (a.class == pg_sys::RelationRelationId
                || a.class == catalog::ATTR_DEFAULT && a.sub != 0)
    };
    // SAFETY: the node's tag, a flag, and lookups in the catalog; the last one
    // is for what is there only.
    let temporary = unsafe {
        let is_plain = (*event.parse_tree()).type_ == pg_sys::NodeTag::T_AlterTableStmt
            && !pg_sys::creating_extension
            && running.touched.iter().all(of_it)
            && pg_sys::get_rel_relkind(table) as u8 == b'r';
        is_plain.then(|| pg_sys::get_rel_persistence(table) as u8 == pg_sys::RELPERSISTENCE_TEMP)
    };
    temporary.map(|is_temporary| Command {
        class: pg_sys::RelationRelationId,
        object: table,
        sub: 0,
        tag: running.tag.into(),
        object_type: "table".into(),
        is_temporary,
        identity: None,
        in_extension: false,
    })
}

fn rows_of_commands(running: &Running, commands: &[Command], event: Event) -> Vec<ledger::Object> {
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    for command in commands {
        if command.in_extension || command.is_temporary {
            continue;
        }
        let row = |object: String, definition, parts| ledger::Object {
            command_tag: command.tag.clone(),
            action: judge::action(&command.tag).into(),
            object_type: object_type(&command.object_type),
            object,
            parts,
            formerly: None,
            definition,
        };
        if command.class == pg_sys::InvalidOid {
            // GRANT and REVOKE name their objects only in the parse tree.
            let named = granted(event.parse_tree());
            let others = not_named(running);
            if named.is_empty() && others.is_empty() && running.dropped.is_empty() {
                rows.push(row(String::new(), None, Vec::new()));
            }
            let lasting = named.into_iter().filter(|i| !is_temporary(&i.parts));
            let (whole, columns) = granted_on(event.parse_tree());
            for object in lasting.map(|i| i.to_string()) {
                if whole {
                    rows.push(row(object.clone(), None, Vec::new()));
                }
                if !columns.is_empty() {
                    rows.push(row(object, None, columns.clone()));
                }
            }
            // DROP OWNED comes as a command for each of them.
            for (address, identity) in others {
                if seen.insert(address) {
                    let (object, column) = match address.sub {
                        0 => (identity, None),
                        _ => (identity.prefix(2), Some(identity.name().to_owned())),
                    };
                    let object_type = identity::object_type(Address { sub: 0, ..address });
                    rows.push(ledger::Object {
                        object_type: object_type
                            .map_or(Word::from(""), |t| self::object_type(&t.into())),
                        ..row(object.to_string(), None, column.into_iter().collect())
                    });
                }
            }
            continue;
        }
        let address = Address { class: command.class, object: command.object, sub: command.sub };
        if commands.len() > 1 && !seen.insert(address) {
            continue;
        }
        let identity = identity::of(address);
        if identity.as_ref().is_some_and(|i| is_temporary(&i.parts)) {
            continue;
        }
        let parts = match &identity {
            Some(identity)
                if address.class == pg_sys::RelationRelationId
                    && address.sub == 0
                    && judge::action(&command.tag) == "alter" =>
            {
                parts(running, address.object, &identity.parts, event.parse_tree())
            }
            _ => Vec::new(),
        };
        let name = identity
            .map(|i| i.to_string())
            .or_else(|| command.identity.clone())
            .unwrap_or_default();
        rows.push(row(name, running.definitions.get(&address).cloned(), parts));
    }
    if let Some(row) = rows.first_mut() {
        if let (Some(formerly), Some(label)) =
            (&running.formerly, rename::label(event.parse_tree()))
        {
            row.object = formerly.prefix(2).part(&label).to_string();
        }
        let formerly = running.formerly.as_ref().map(Identity::to_string);
        row.formerly = formerly.filter(|name| *name != row.object);
    }
    let partitions = partitions(event.parse_tree());
    if let Some(table) =
        rows.first().filter(|r| r.command_tag == "ALTER TABLE" && !partitions.is_empty()).cloned()
    {
        for partition in partitions {
            let object = partition.to_string();
            rows.push(ledger::Object { object, parts: Vec::new(), ..table.clone() });
        }
    }
    rows
}

/// The names of columns, constraints and triggers of a table that the
/// statement touched, by what the hook saw.
fn parts(
    running: &Running,
    table: pg_sys::Oid,
    names: &[String],
    tree: *mut pg_sys::Node,
) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let new = new_columns(running, table, tree);
    let mut add = |name: &str| {
        let noise =
            name.starts_with("RI_ConstraintTrigger_") || name.starts_with("........pg.dropped.");
        if !noise && !parts.iter().any(|p| p == name) {
            parts.push(name.to_owned());
        }
    };
    for touched in &running.touched {
        let column = match touched.class {
            pg_sys::RelationRelationId => Some(*touched),
            catalog::ATTR_DEFAULT => definition::default_column(*touched),
            catalog::CONSTRAINT
            | pg_sys::TriggerRelationId
            | catalog::POLICY
            | catalog::REWRITE => {
                if let Some(identity) = identity::of(*touched)
                    && identity.parts.len() == 3
                    && identity.parts[..2] == *names
                {
                    add(&identity.parts[2]);
                }
                None
            }
            _ => None,
        };
        if let Some(column) = column.filter(|c| c.object == table && c.sub > 0) {
            if let Some(name) = new.iter().find(|n| n.0 == column.sub).map(|n| &n.1) {
                add(name);
                continue;
            }
            // SAFETY: a catalog lookup; null for a column that is gone.
            let name = unsafe { text(pg_sys::get_attname(table, column.sub as _, true)) };
            if let Some(name) = name {
                add(&name);
            }
        }
    }
    parts
}

/// The columns that an ALTER TABLE has added, by the names that it gave them:
/// the catalog would have to be read for each one.
fn new_columns(
    running: &Running,
    table: pg_sys::Oid,
    tree: *mut pg_sys::Node,
) -> Vec<(i32, String)> {
    // SAFETY: each node's tag says what it is.
    let names: Vec<String> = unsafe {
        if running.added.is_empty() || (*tree).type_ != pg_sys::NodeTag::T_AlterTableStmt {
            return Vec::new();
        }
        let alter = tree.cast::<pg_sys::AlterTableStmt>();
        PgList::<pg_sys::AlterTableCmd>::from_pg((*alter).cmds)
            .iter_ptr()
            .filter(|c| (**c).subtype == pg_sys::AlterTableType::AT_AddColumn)
            .filter_map(|c| text((*(*c).def.cast::<pg_sys::ColumnDef>()).colname))
            .collect()
    };
    let added = running.added.iter().filter(|c| c.0 == table);
    let mut numbers: Vec<i32> = added.map(|c| c.1).collect();
    // In the order in which they were added; IF NOT EXISTS may have added fewer.
    numbers.sort_unstable();
    if numbers.len() != names.len() {
        return Vec::new();
    }
    numbers.into_iter().zip(names).collect()
}

/// What a statement about rights is about and doesn't name: what DROP OWNED
/// has found, and default privileges.
fn not_named(running: &Running) -> Vec<(Address, Identity)> {
    let defaults = running.touched.iter().filter(|a| a.class == catalog::DEFAULT_ACL);
    running
        .granted
        .iter()
        .chain(defaults)
        .filter_map(|a| Some((*a, identity::of(*a)?)))
        .filter(|(_, i)| !is_temporary(&i.parts))
        .collect()
}

/// Whether a GRANT or REVOKE is about whole objects, and about which columns.
fn granted_on(tree: *mut pg_sys::Node) -> (bool, Vec<String>) {
    // SAFETY: the node's tag says what it is; columns are strings.
    unsafe {
        if (*tree).type_ != pg_sys::NodeTag::T_GrantStmt {
            return (true, Vec::new());
        }
        let privileges = (*tree.cast::<pg_sys::GrantStmt>()).privileges;
        let privileges = PgList::<pg_sys::AccessPriv>::from_pg(privileges);
        let of_columns = |p: &*mut pg_sys::AccessPriv| !(**p).cols.is_null();
        let whole = privileges.is_empty() || privileges.iter_ptr().any(|p| !of_columns(&p));
        let mut columns: Vec<String> = privileges
            .iter_ptr()
            .filter(of_columns)
            .flat_map(|p| {
                let names = PgList::<pg_sys::String>::from_pg((*p).cols);
                names.iter_ptr().filter_map(|name| text((*name).sval)).collect::<Vec<_>>()
            })
            .collect();
        columns.sort();
        columns.dedup();
        (whole, columns)
    }
}

/// The objects of a GRANT or REVOKE.
fn granted(tree: *mut pg_sys::Node) -> Vec<Identity> {
    // SAFETY: the node's tag says what it is.
    let named = unsafe {
        if (*tree).type_ != pg_sys::NodeTag::T_GrantStmt {
            return Vec::new();
        }
        sys::server::granted(tree.cast())
    };
    named
        .into_iter()
        .filter_map(|(class, object)| identity::of(Address { class, object, sub: 0 }))
        .collect()
}

/// The partitions that an ALTER TABLE attaches or detaches.
fn partitions(tree: *mut pg_sys::Node) -> Vec<Identity> {
    // SAFETY: the node's tag says what it is.
    let named = unsafe {
        if (*tree).type_ != pg_sys::NodeTag::T_AlterTableStmt {
            return Vec::new();
        }
        on_drift::partitions(tree.cast())
    };
    named
        .into_iter()
        .filter_map(|range| {
            // SAFETY: a name out of the statement's parse tree.
            let object = unsafe { sys::server::relation_named(range) }?;
            identity::of(Address { class: pg_sys::RelationRelationId, object, sub: 0 })
        })
        .collect()
}

fn record(running: Box<Running>, objects: Vec<ledger::Object>) {
    let same_text_as = running
        .same_text
        .and_then(|message| state::with(|s| s.texts.filter(|t| t.0 == message).map(|t| t.1)));
    let (verdict, reason) = running.verdict.unwrap_or_else(|| {
        let off = settings::mode() == Mode::Off;
        let unused = (running.by_client && statement::may_have_comments())
            .then(consent::unused_comment)
            .flatten();
        (if off { Verdict::Unguarded } else { Verdict::Allowed }, unused)
    });
    let words = (!running.lost.is_empty())
        .then(|| crate::loss::words(running.tag, running.text.as_deref(), None, &running.lost));
    let who = Who::now(true);
    if let Some(text) = running.text.as_deref().filter(|_| who.application_name.is_none()) {
        run::note(text, who.at, who.migration.as_ref().map(|m| m.name.clone()));
    }
    // Both what is lost and where it leads, where it does both.
    let said: Vec<_> = words
        .map(|w| (w.message, w.detail))
        .into_iter()
        .chain(running.off_course.clone())
        .collect();
    let said = |part: fn(&(String, String)) -> &str| {
        (!said.is_empty()).then(|| said.iter().map(part).collect::<Vec<_>>().join("\n"))
    };
    let rule = running.lost.first().map(|v| v.rule.code);
    let row = ledger::Statement {
        who,
        text: if same_text_as.is_some() { None } else { running.text },
        same_text_as,
        context: running.context,
        verdict,
        rule: rule.or(running.off_course.as_ref().map(|_| ON_DRIFT)).map(str::to_owned),
        reason,
        message: said(|s| &s.0),
        detail: said(|s| &s.1),
    };
    let number = ledger::write(&row, &objects);
    if let (Some(message), None, Some(number)) = (running.same_text, same_text_as, number) {
        state::with(|s| s.texts = Some((message, number)));
    }
}
