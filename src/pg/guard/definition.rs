//! What an object was before it is dropped or replaced, in the server's own
//! words. Called from the object access hook, while it is still there.

use super::state;
use crate::pg::identity::{self, Address};
use crate::pg::sys::{self, catalog, text};
use pgrx::{PgList, pg_sys};

/// Keeps the definition of what is about to be dropped with the running
/// statement; of a relation with its kind.
pub fn keep_dropped(address: Address, kind: Option<u8>) {
    let drops_one = state::with(|s| s.running.last().is_some_and(|r| r.drops_tables_alone == 1));
    if !(drops_one && go(address, kind)) {
        keep(address);
    }
}

/// Keeps the object's definition with the running statement.
pub fn keep(address: Address) {
    let Some(tag) = state::with(|s| {
        s.running.last().filter(|r| !r.definitions.contains_key(&address)).map(|r| r.tag)
    }) else {
        return;
    };
    // What an extension is made of is in its script; only tables hold more.
    let member = || {
        // SAFETY: a catalog lookup.
        unsafe { pg_sys::getExtensionOfObject(address.class, address.object) != pg_sys::InvalidOid }
    };
    if address.class != pg_sys::RelationRelationId && tag == "DROP EXTENSION" && member() {
        return;
    }
    if address.class == pg_sys::RelationRelationId && is_toast(address.object) {
        return;
    }
    let servant = match address.class {
        pg_sys::ProcedureRelationId => catalog::function_is_internal(address.object),
        pg_sys::TypeRelationId => type_kind(address.object) == b'm',
        _ => false,
    };
    if servant {
        state::with(|s| s.running.last_mut().map(|r| r.servants.push(address)));
        return;
    }
    let constraint = match address.class {
        catalog::CONSTRAINT => catalog::constraint(address.object),
        _ => None,
    };
    // NOT NULL is said with the column.
    if constraint.as_ref().is_some_and(|c| c.kind == b'n') {
        state::with(|s| s.running.last_mut().map(|r| r.servants.push(address)));
    }
    if with_tables(tag) {
        let (table, foreign_key) = match &constraint {
            Some(c) => (Some(c.table), c.kind == b'f'),
            None => (owner(address), false),
        };
        if let Some(table) = table.filter(|t| *t != pg_sys::InvalidOid) {
            put_described(Address { class: pg_sys::RelationRelationId, object: table, sub: 0 });
            state::with(|s| s.running.last_mut().map(|r| r.part_of.insert(address, table)));
            alone(table);
            // A foreign key may stand on a table that stays.
            if !foreign_key {
                return;
            }
        }
    }
    if let Some(domain) = constraint.map(|c| c.domain)
        && domain != pg_sys::InvalidOid
    {
        // A domain is described while its constraints are there: they go first.
        put_described(Address { class: pg_sys::TypeRelationId, object: domain, sub: 0 });
    }
    keep_key_of(address);
    if address.class == catalog::ATTR_DEFAULT {
        // A column is described while its default is there: that goes first.
        if let Some(column) = default_column(address) {
            put_described(column);
        }
    } else {
        put_described(address);
        alone(address.object);
    }
}

/// Notes what goes with the one table that a statement names; true for what
/// needs no further look, because the table is already described.
fn go(address: Address, kind: Option<u8>) -> bool {
    if matches!(kind, Some(b'r' | b'S'))
        && let Some(identity) = identity::of(address)
    {
        if kind == Some(b'S') {
            let name = sys::scan::relation_name(address.object);
            put(address, sequence(address.object, &name));
        }
        state::with(|s| s.running.last_mut().map(|r| r.going.push((address, identity))));
    }
    state::with(|s| s.running.last().is_some_and(|r| r.alone.is_some()))
}

/// Notes that a table is described which goes with nothing but its parts: the
/// one that the statement names. A partition may go with its parent.
fn alone(table: pg_sys::Oid) {
    let address = Address { class: pg_sys::RelationRelationId, object: table, sub: 0 };
    let described =
        |r: &state::Running| r.drops_tables_alone == 1 && r.definitions.contains_key(&address);
    if !state::with(|s| s.running.last().is_some_and(|r| described(r))) {
        return;
    }
    // SAFETY: catalog lookups.
    let is_one = unsafe {
        pg_sys::get_rel_relkind(table) as u8 == b'r' && !pg_sys::get_rel_relispartition(table)
    };
    state::with(|s| s.running.last_mut().map(|r| r.alone = is_one.then_some(table)));
}

/// Describes an object, once and if that can be done. What goes together may need each
/// other to be described, and the server raises errors for what is gone; no
/// statement fails because its record would be poorer.
fn put_described(address: Address) {
    let described = matches!(
        address.class,
        pg_sys::RelationRelationId
            | pg_sys::ProcedureRelationId
            | pg_sys::TriggerRelationId
            | pg_sys::TypeRelationId
            | catalog::CONSTRAINT
            | catalog::REWRITE
            | catalog::POLICY
            | catalog::STATISTICS_OBJECT
    );
    // Row types and arrays, the most frequent, are described with nothing.
    let nothing = address.class == pg_sys::TypeRelationId
        && !matches!(type_kind(address.object), b'e' | b'd' | b'r');
    if nothing {
        return;
    }
    let known =
        state::with(|s| s.running.last().is_none_or(|r| r.definitions.contains_key(&address)));
    if described
        && !known
        && let Some(definition) = sys::attempt(|| describe(address))
    {
        put(address, definition);
    }
}

fn describe(address: Address) -> Option<String> {
    match address.class {
        pg_sys::RelationRelationId if address.sub == 0 => relation(address.object),
        pg_sys::RelationRelationId => column_alone(address.object, address.sub as i16),
        pg_sys::ProcedureRelationId if catalog::function_is_describable(address.object) => {
            sys::call(pg_sys::F_PG_GET_FUNCTIONDEF, &[address.object.into()])
        }
        catalog::CONSTRAINT => catalog::constraint(address.object).and_then(|c| c.definition()),
        pg_sys::TriggerRelationId => trigger(address.object),
        pg_sys::TypeRelationId => type_definition(address.object),
        pg_sys::ProcedureRelationId => aggregate(address.object),
        catalog::REWRITE => rule(address.object),
        catalog::POLICY => policy(address.object),
        catalog::STATISTICS_OBJECT => {
            sys::call(pg_sys::F_PG_GET_STATISTICSOBJDEF, &[address.object.into()])
        }
        _ => None,
    }
}

/// A rule's definition; the one that makes a view a view is the view's.
fn rule(oid: pg_sys::Oid) -> Option<String> {
    let definition = sys::call(pg_sys::F_PG_GET_RULEDEF_OID, &[oid.into()])?;
    (!definition.contains("\"_RETURN\"")).then_some(definition)
}

/// Whether a relation serves another one's long values: nobody knows it by
/// name.
fn is_toast(relation: pg_sys::Oid) -> bool {
    // SAFETY: a catalog lookup.
    let namespace = unsafe { pg_sys::get_rel_namespace(relation) };
    namespace == pg_sys::Oid::from(pg_sys::PG_TOAST_NAMESPACE)
}

/// Whether such a statement takes whole tables along. With a table its parts
/// go first: it is described while it is complete, at the first of them, and
/// they are part of it.
fn with_tables(tag: &str) -> bool {
    matches!(
        tag,
        "DROP TABLE"
            | "DROP SCHEMA"
            | "DROP OWNED"
            | "DROP EXTENSION"
            | "DROP TYPE"
            | "DROP FOREIGN TABLE"
    )
}

/// A key is described while its index is there: that goes first.
fn keep_key_of(address: Address) {
    if address.class != pg_sys::RelationRelationId || address.sub != 0 {
        return;
    }
    // SAFETY: catalog lookups.
    let constraint = unsafe {
        match pg_sys::get_rel_relkind(address.object) as u8 {
            b'i' | b'I' => pg_sys::get_index_constraint(address.object),
            _ => return,
        }
    };
    if constraint != pg_sys::InvalidOid {
        put_described(Address { class: catalog::CONSTRAINT, object: constraint, sub: 0 });
    }
}

fn put(address: Address, definition: String) {
    state::with(|s| {
        if let Some(r) = s.running.last_mut() {
            r.definitions.insert(address, definition);
        }
    });
}

/// The table that something is a part of.
fn owner(address: Address) -> Option<pg_sys::Oid> {
    let table = match address.class {
        pg_sys::RelationRelationId if address.sub == 0 => {
            // SAFETY: catalog lookups.
            unsafe {
                match pg_sys::get_rel_relkind(address.object) as u8 {
                    b'i' | b'I' => pg_sys::IndexGetRelation(address.object, true),
                    _ => return None,
                }
            }
        }
        catalog::ATTR_DEFAULT => default_column(address)?.object,
        catalog::STATISTICS_OBJECT => catalog::statistics_table(address.object)?,
        _ => return None,
    };
    // SAFETY: a catalog lookup; toast tables and the like are not described.
    let kind = unsafe { pg_sys::get_rel_relkind(table) } as u8;
    matches!(kind, b'r' | b'p' | b'f').then_some(table)
}

/// The column that a default belongs to. The server names a new default by
/// its column, one that goes by its own oid.
pub fn default_column(address: Address) -> Option<Address> {
    if address.sub != 0 {
        return Some(Address { class: pg_sys::RelationRelationId, ..address });
    }
    let (object, sub) = sys::server::default_column(address.object)?;
    Some(Address { class: pg_sys::RelationRelationId, object, sub })
}

/// A view that a statement is about to replace.
pub fn keep_view(range: *mut pg_sys::RangeVar) {
    // SAFETY: a name out of the statement's parse tree.
    if let Some(object) = unsafe { sys::server::relation_named(range) } {
        keep(Address { class: pg_sys::RelationRelationId, object, sub: 0 });
    }
}

/// A trigger that a statement is about to replace.
pub fn keep_trigger(range: *mut pg_sys::RangeVar, name: *const std::ffi::c_char) {
    // SAFETY: names out of the statement's parse tree, and lookups by them.
    unsafe {
        let Some(table) = sys::server::relation_named(range) else { return };
        let object = pg_sys::get_trigger_oid(table, name, true);
        if object != pg_sys::InvalidOid {
            keep(Address { class: pg_sys::TriggerRelationId, object, sub: 0 });
        }
    }
}

/// A rule that a statement is about to replace.
pub fn keep_rule(range: *mut pg_sys::RangeVar, name: *const std::ffi::c_char) {
    // SAFETY: names out of the statement's parse tree.
    let rule = unsafe {
        sys::server::relation_named(range).and_then(|table| sys::server::rule_named(table, name))
    };
    if let Some(object) = rule {
        keep(Address { class: catalog::REWRITE, object, sub: 0 });
    }
}

/// A comment that a statement is about to replace or take away.
pub fn keep_comment(stmt: *mut pg_sys::CommentStmt) {
    // A name that means nothing is the server's to complain about.
    let former = sys::attempt(|| {
        // SAFETY: the statement's parse tree; the lock is the one that the
        // server takes for it next.
        unsafe {
            let mut rel = std::ptr::null_mut();
            let object = pg_sys::get_object_address(
                (*stmt).objtype,
                (*stmt).object,
                &mut rel,
                pg_sys::ShareUpdateExclusiveLock as _,
                true,
            );
            if !rel.is_null() {
                pg_sys::relation_close(rel, pg_sys::NoLock as _);
            }
            if object.objectId == pg_sys::InvalidOid {
                return None;
            }
            let comment =
                text(pg_sys::GetComment(object.objectId, object.classId, object.objectSubId))?;
            let address =
                Address { class: object.classId, object: object.objectId, sub: object.objectSubId };
            let word = identity::object_type(address)?;
            let word = match word.as_str() {
                word if word.ends_with(" column") => "column",
                word if word.ends_with(" constraint") => "constraint",
                word => word,
            };
            let name = text(pg_sys::getObjectIdentity(&object, true))?;
            let comment = crate::model::sql::literal(&comment);
            let definition = format!("COMMENT ON {} {name} IS {comment}", word.to_uppercase());
            Some((address, definition))
        }
    });
    if let Some((address, definition)) = former {
        put(address, definition);
    }
}

/// A policy in the words of CREATE POLICY.
fn policy(oid: pg_sys::Oid) -> Option<String> {
    let p = catalog::policy(oid)?;
    let quoted = |name: &str| {
        // SAFETY: the server's own quoting of a name.
        unsafe { text(pg_sys::quote_identifier(sys::cstring(name).as_ptr())) }.unwrap_or_default()
    };
    let command = match p.command {
        b'r' => "SELECT",
        b'a' => "INSERT",
        b'w' => "UPDATE",
        b'd' => "DELETE",
        _ => "ALL",
    };
    let kind = if p.permissive { "PERMISSIVE" } else { "RESTRICTIVE" };
    let roles: Vec<String> = p
        .roles
        .iter()
        .map(|role| {
            // SAFETY: a catalog lookup; null for PUBLIC.
            let name = unsafe { text(pg_sys::GetUserNameFromId(*role, true)) };
            name.map_or("PUBLIC".to_owned(), |name| quoted(&name))
        })
        .collect();
    let mut out = format!(
        "CREATE POLICY {} ON {} AS {kind} FOR {command} TO {}",
        quoted(&p.name),
        sys::scan::relation_name(p.table),
        roles.join(", ")
    );
    if let Some(using) = p.using {
        out.push_str(&format!(" USING ({using})"));
    }
    if let Some(check) = p.check {
        out.push_str(&format!(" WITH CHECK ({check})"));
    }
    Some(out)
}

/// An aggregate in the words of CREATE AGGREGATE, as far as most have them.
fn aggregate(oid: pg_sys::Oid) -> Option<String> {
    let a = catalog::aggregate(oid)?;
    let function = |oid: pg_sys::Oid| {
        // SAFETY: a catalog lookup; null for what is gone.
        unsafe { text(pg_sys::format_procedure(oid)) }
            .map(|f| f.split('(').next().unwrap_or_default().to_owned())
            .unwrap_or_default()
    };
    // SAFETY: catalog lookups.
    let (name, state) = unsafe {
        (
            text(pg_sys::format_procedure_qualified(oid)).unwrap_or_default(),
            text(pg_sys::format_type_be(a.state_type)).unwrap_or_default(),
        )
    };
    let mut parts = vec![format!("SFUNC = {}", function(a.transition)), format!("STYPE = {state}")];
    if a.last != pg_sys::InvalidOid {
        parts.push(format!("FINALFUNC = {}", function(a.last)));
    }
    if a.combine != pg_sys::InvalidOid {
        parts.push(format!("COMBINEFUNC = {}", function(a.combine)));
    }
    if let Some(initial) = a.initial {
        parts.push(format!("INITCOND = '{}'", initial.replace('\'', "''")));
    }
    Some(format!("CREATE AGGREGATE {name} ({})", parts.join(", ")))
}

/// A trigger's definition; those that keep foreign keys belong to these.
fn trigger(oid: pg_sys::Oid) -> Option<String> {
    let definition = sys::call(pg_sys::F_PG_GET_TRIGGERDEF_OID, &[oid.into()])?;
    (!definition.contains("\"RI_ConstraintTrigger_")).then_some(definition)
}

fn relation(oid: pg_sys::Oid) -> Option<String> {
    let name = || sys::scan::relation_name(oid);
    // SAFETY: catalog lookups.
    match unsafe { pg_sys::get_rel_relkind(oid) } as u8 {
        b'v' => sys::call(pg_sys::F_PG_GET_VIEWDEF_OID, &[oid.into()])
            .map(|d| format!("CREATE VIEW {} AS\n{d}", name())),
        b'm' => sys::call(pg_sys::F_PG_GET_VIEWDEF_OID, &[oid.into()])
            .map(|d| format!("CREATE MATERIALIZED VIEW {} AS\n{d}", name())),
        // SAFETY: a catalog lookup.
        b'i' | b'I' if unsafe { pg_sys::get_index_constraint(oid) } == pg_sys::InvalidOid => {
            sys::call(pg_sys::F_PG_GET_INDEXDEF_OID, &[oid.into()])
        }
        kind @ (b'r' | b'p' | b'f' | b'c') => Some(table(oid, kind)),
        b'S' => Some(sequence(oid, &name())),
        _ => None,
    }
}

/// A sequence with its options.
fn sequence(oid: pg_sys::Oid, name: &str) -> String {
    let head = format!("CREATE SEQUENCE {name}");
    let Some(s) = catalog::sequence(oid) else { return head };
    // SAFETY: a catalog lookup.
    let type_name = unsafe { text(pg_sys::format_type_be(s.type_oid)) }.unwrap_or_default();
    let cycle = if s.cycle { " CYCLE" } else { "" };
    format!(
        "{head} AS {type_name} START WITH {} INCREMENT BY {} MINVALUE {} MAXVALUE {} CACHE {}{cycle}",
        s.start, s.increment, s.min, s.max, s.cache
    )
}

/// A table with its columns, constraints and indexes. Put together without
/// `format!`, which takes a multiple of the time: this is most of what a
/// dropped table costs.
fn table(oid: pg_sys::Oid, kind: u8) -> String {
    // SAFETY: the relation is there and locked by the running statement;
    // everything read is copied before it is closed.
    unsafe {
        let rel = pg_sys::relation_open(oid, pg_sys::NoLock as _);
        let desc = (*rel).rd_att;
        let mut parts: Vec<String> =
            (1..=(*desc).natts as i16).filter_map(|n| column(rel, n)).collect();
        let mut after = String::new();
        if kind != b'c' {
            let constraints = catalog::constraints_of(oid);
            for constraint in &constraints {
                let definition = constraint.definition();
                let name =
                    text(pg_sys::quote_identifier(pg_sys::get_constraint_name(constraint.oid)));
                if let (Some(definition), Some(name)) = (definition, name) {
                    parts.push(["CONSTRAINT ", &name, " ", &definition].concat());
                }
            }
            for index in
                PgList::<pg_sys::Oid>::from_pg(pg_sys::RelationGetIndexList(rel)).iter_oid()
            {
                if !constraints.iter().any(|c| c.keeps_index(index))
                    && let Some(definition) =
                        sys::call(pg_sys::F_PG_GET_INDEXDEF_OID, &[index.into()])
                {
                    after.push_str(&format!(";\n{definition}"));
                }
            }
        }
        let name = sys::scan::relation_name(oid);
        let partition_key = if kind == b'p' {
            sys::call(pg_sys::F_PG_GET_PARTKEYDEF, &[oid.into()])
                .map(|k| format!(" PARTITION BY {k}"))
        } else {
            None
        };
        let partition = (*(*rel).rd_rel).relispartition.then(|| {
            let parent = sys::scan::relation_name(sys::server::partition_parent(oid));
            let bound = catalog::partition_bound(oid).unwrap_or_default();
            format!(";\nALTER TABLE ONLY {parent} ATTACH PARTITION {name} {bound}")
        });
        let head = match kind {
            b'c' => format!("CREATE TYPE {name} AS"),
            b'f' => format!("CREATE FOREIGN TABLE {name}"),
            _ if (*(*rel).rd_rel).relpersistence as u8 == b'u' => {
                format!("CREATE UNLOGGED TABLE {name}")
            }
            _ => ["CREATE TABLE ", &name].concat(),
        };
        pg_sys::relation_close(rel, pg_sys::NoLock as _);
        [
            &head,
            " (\n    ",
            &parts.join(",\n    "),
            "\n)",
            partition_key.as_deref().unwrap_or_default(),
            partition.as_deref().unwrap_or_default(),
            &after,
        ]
        .concat()
    }
}

fn column_alone(oid: pg_sys::Oid, number: i16) -> Option<String> {
    // SAFETY: the statement that drops the column holds the table's lock.
    unsafe {
        let rel = pg_sys::relation_open(oid, pg_sys::NoLock as _);
        let definition = column(rel, number);
        pg_sys::relation_close(rel, pg_sys::NoLock as _);
        definition
    }
}

/// A column as CREATE TABLE writes it; None for one that is dropped.
///
/// # Safety
/// `rel` is open and has this attribute.
unsafe fn column(rel: pg_sys::Relation, number: i16) -> Option<String> {
    // SAFETY: the caller's promise.
    unsafe {
        let form = sys::table::attribute_form((*rel).rd_att, number);
        if (*form).attisdropped {
            return None;
        }
        let name = text(pg_sys::quote_identifier((*form).attname.data.as_ptr()))?;
        let type_name =
            text(pg_sys::format_type_with_typemod((*form).atttypid, (*form).atttypmod))?;
        let mut out = [&name, " ", &type_name].concat();
        if (*form).attcollation != pg_sys::InvalidOid
            && (*form).attcollation != pg_sys::get_typcollation((*form).atttypid)
            && let Some(collation) = text(pg_sys::get_collation_name((*form).attcollation))
        {
            out.push_str(&format!(" COLLATE \"{collation}\""));
        }
        if (*form).atthasdef
            && let Some(expression) = default_expression(rel, number)
        {
            match (*form).attgenerated as u8 {
                b's' => out.push_str(&format!(" GENERATED ALWAYS AS ({expression}) STORED")),
                b'v' => out.push_str(&format!(" GENERATED ALWAYS AS ({expression}) VIRTUAL")),
                _ => out.extend([" DEFAULT ", &expression]),
            }
        }
        match (*form).attidentity as u8 {
            b'a' => out.push_str(" GENERATED ALWAYS AS IDENTITY"),
            b'd' => out.push_str(" GENERATED BY DEFAULT AS IDENTITY"),
            _ => {}
        }
        if (*form).attnotnull {
            out.push_str(" NOT NULL");
        }
        Some(out)
    }
}

/// # Safety
/// As [`column`].
unsafe fn default_expression(rel: pg_sys::Relation, number: i16) -> Option<String> {
    // SAFETY: the descriptor's defaults are node trees of the server's own.
    unsafe {
        let constr = (*(*rel).rd_att).constr;
        if constr.is_null() {
            return None;
        }
        let found = (0..(*constr).num_defval as usize)
            .map(|i| &*(*constr).defval.add(i))
            .find(|d| d.adnum == number)?;
        let node = pg_sys::stringToNode(found.adbin);
        // Only a generated column's names other columns.
        let names = match (*sys::table::attribute_form((*rel).rd_att, number)).attgenerated {
            0 => std::ptr::null_mut(),
            _ => pg_sys::deparse_context_for((*(*rel).rd_rel).relname.data.as_ptr(), (*rel).rd_id),
        };
        text(pg_sys::deparse_expression(node.cast(), names, false, false))
    }
}

/// typtype: `c`, `d`, `e`, `m`, `r` … .
fn type_kind(oid: pg_sys::Oid) -> u8 {
    // SAFETY: a catalog lookup; 0 for what is gone.
    unsafe { pg_sys::get_typtype(oid) as u8 }
}

/// Enums and domains; row types are described with their table, and arrays
/// with nothing.
fn type_definition(oid: pg_sys::Oid) -> Option<String> {
    let kind = type_kind(oid);
    if !matches!(kind, b'e' | b'd' | b'r') {
        return None;
    }
    let name = identity::of(Address { class: pg_sys::TypeRelationId, object: oid, sub: 0 })?.sql();
    match kind {
        b'e' => {
            let labels: Vec<String> = catalog::enum_labels(oid)
                .iter()
                .map(|l| format!("'{}'", l.replace('\'', "''")))
                .collect();
            Some(format!("CREATE TYPE {name} AS ENUM ({})", labels.join(", ")))
        }
        b'd' => {
            // SAFETY: catalog lookups.
            let base = unsafe {
                let mut modifier = -1;
                let base = pg_sys::getBaseTypeAndTypmod(oid, &mut modifier);
                text(pg_sys::format_type_with_typemod(base, modifier))
            }?;
            let domain = catalog::domain(oid)?;
            let mut out = format!("CREATE DOMAIN {name} AS {base}");
            if let Some(default) = domain.default {
                out.push_str(&format!(" DEFAULT {default}"));
            }
            if domain.not_null {
                out.push_str(" NOT NULL");
            }
            for constraint in domain.constraints {
                if let Some(definition) = constraint.definition() {
                    // SAFETY: a catalog lookup.
                    let name = unsafe {
                        let name = pg_sys::get_constraint_name(constraint.oid);
                        text(pg_sys::quote_identifier(name)).unwrap_or_default()
                    };
                    out.push_str(&format!(" CONSTRAINT {name} {definition}"));
                }
            }
            Some(out)
        }
        b'r' => {
            let range = catalog::range(oid)?;
            // SAFETY: a catalog lookup.
            let subtype = unsafe { text(pg_sys::format_type_be(range.subtype)) }?;
            let mut out = format!("CREATE TYPE {name} AS RANGE (subtype = {subtype}");
            for (option, function) in
                [("canonical", range.canonical), ("subtype_diff", range.difference)]
            {
                if function != pg_sys::InvalidOid {
                    // SAFETY: a catalog lookup.
                    let whole = unsafe { text(pg_sys::format_procedure(function)) };
                    let whole = whole.unwrap_or_default();
                    let function = whole.split('(').next().unwrap_or_default();
                    out.push_str(&format!(", {option} = {function}"));
                }
            }
            out.push(')');
            Some(out)
        }
        _ => None,
    }
}
