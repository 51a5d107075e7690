//! `schemaguard.on_drift`: whether a DDL statement moves the schema away from
//! the declared one. Only what the statement has touched is read and
//! compared, so that it costs the same however large the database is.

use super::declared::{self, Declared, Versions};
use super::identity::{self, Address};
use super::settings::{self, OnDrift};
use super::sys::event::{Command, Dropped};
use super::sys::{self, catalog as catalogs, server};
use super::{catalog, sys::cstring};
use crate::drift::{Before, Difference};
use crate::model::{Identity, Model};
use pgrx::{PgList, pg_sys};
use std::collections::{HashMap, HashSet};

/// What the record calls a refusal by the declared schema.
pub const ON_DRIFT: &str = "on_drift";

/// The declared schema that statements are judged by.
const NAME: &str = "main";

/// What there was before a statement that names what it changes.
#[derive(Default)]
pub struct Found {
    before: Before,
    about: About,
}

/// What a statement is about.
#[derive(Debug, Default, Clone)]
struct About {
    /// Rows of catalogs to read.
    rows: HashMap<pg_sys::Oid, Vec<pg_sys::Oid>>,
    /// Tables, views, types …: with all that is part of them.
    whole: HashSet<Identity>,
    /// Parts, and what has no parts.
    exact: HashSet<Identity>,
}

impl About {
    fn add(&mut self, address: Address) {
        let Some(name) = identity::of(address) else { return };
        match address.class {
            pg_sys::RelationRelationId => {
                // SAFETY: catalog lookups; an index is read with its table.
                let relation = unsafe {
                    match pg_sys::get_rel_relkind(address.object) as u8 {
                        b'i' | b'I' => pg_sys::IndexGetRelation(address.object, true),
                        _ => address.object,
                    }
                };
                self.row(pg_sys::RelationRelationId, relation);
                // SAFETY: a catalog lookup. A partition's index is part of it.
                if relation != address.object
                    && unsafe { pg_sys::get_rel_relispartition(address.object) }
                    && let Some(partition) = identity::of(Address { object: relation, ..address })
                {
                    self.whole.insert(partition);
                }
                self.whole.insert(name.prefix(2));
            }
            pg_sys::TypeRelationId => {
                self.row(address.class, address.object);
                // SAFETY: a catalog lookup; a composite type is a relation.
                let relation = unsafe { pg_sys::get_typ_typrelid(address.object) };
                if relation != pg_sys::InvalidOid {
                    self.row(pg_sys::RelationRelationId, relation);
                }
                self.whole.insert(name);
            }
            pg_sys::TriggerRelationId
            | catalogs::POLICY
            | catalogs::REWRITE
            | catalogs::CONSTRAINT => self.part(name),
            class => {
                self.row(class, address.object);
                self.exact.insert(name);
            }
        }
    }

    /// A part of a table, or a constraint of a domain: whether it is there or
    /// not, what it belongs to is read.
    fn part(&mut self, name: Identity) {
        if let [schema, owner, ..] = name.parts.as_slice() {
            // SAFETY: catalog lookups; invalid for what isn't there.
            let (relation, of_type) = unsafe {
                let schema = pg_sys::get_namespace_oid(cstring(schema).as_ptr(), true);
                let relation = pg_sys::get_relname_relid(cstring(owner).as_ptr(), schema);
                let of_type = pg_sys::GetSysCacheOid(
                    pg_sys::SysCacheIdentifier::TYPENAMENSP as _,
                    pg_sys::Anum_pg_type_oid as _,
                    pg_sys::Datum::from(cstring(owner).as_ptr()),
                    pg_sys::Datum::from(schema),
                    pg_sys::Datum::from(0),
                    pg_sys::Datum::from(0),
                );
                (relation, of_type)
            };
            if relation != pg_sys::InvalidOid {
                self.row(pg_sys::RelationRelationId, relation);
            } else if of_type != pg_sys::InvalidOid {
                self.row(pg_sys::TypeRelationId, of_type);
            }
        }
        self.exact.insert(name);
    }

    fn row(&mut self, class: pg_sys::Oid, object: pg_sys::Oid) {
        let rows = self.rows.entry(class).or_default();
        if !rows.contains(&object) {
            rows.push(object);
        }
    }

    fn is_nothing(&self) -> bool {
        self.whole.is_empty() && self.exact.is_empty()
    }

    fn concerns(&self, identity: &Identity) -> bool {
        self.exact.contains(identity)
            || self.whole.contains(identity)
            || self.whole.contains(&identity.prefix(2))
    }

    /// What is there of it, and where that differs from what is declared.
    fn compare(&self, declared: &Declared) -> (Model, Model, Vec<Difference>) {
        let names = self.whole.iter().chain(&self.exact);
        let belong_to: HashSet<String> = names.map(|i| i.prefix(2).to_string()).collect();
        // Comments are no matter of being refused.
        let terms = &declared.terms;
        let mut live = catalog::read_only(&declared.schemas, &self.rows, |facet| {
            terms.counts(facet) && facet.word != Some("comments")
        });
        live.objects.retain(|o| belong_to.contains(&o.belongs_to().to_string()));
        let mut wanted =
            declared.model(Some(belong_to.into_iter().collect())).unwrap_or_else(|e| {
                sys::raise("SG004", "the declared schema can't be read", Some(e.to_string()), None)
            });
        let mut differences = terms.compare(&mut wanted, &mut live);
        differences.retain(|d| self.concerns(&d.identity));
        (wanted, live, differences)
    }
}

/// Whether statements are judged by a declared schema.
pub fn judges() -> bool {
    // SAFETY: reads a flag: what an extension's script does is the extension's.
    settings::on_drift() != OnDrift::Off && !unsafe { pg_sys::creating_extension }
}

/// The declarations that statements are judged by.
fn declared() -> Option<Versions> {
    judges().then(|| declared::versions(NAME))
}

/// The one that statements may not lead away from.
fn ahead(versions: Versions) -> (Option<Declared>, Option<Declared>) {
    match versions.pending {
        Some(pending) => (Some(pending), versions.current),
        None => (versions.current, None),
    }
}

/// At the start of a statement: what there is of that which it names.
pub fn found(tree: *mut pg_sys::Node) -> Option<Found> {
    let declared = ahead(declared()?).0?;
    let mut about = About::default();
    // SAFETY: a complete parse tree.
    unsafe { named(tree) }.into_iter().for_each(|address| about.add(address));
    let (_, live, differences) = about.compare(&declared);
    Some(Found { before: Before::new(&live, &differences), about })
}

/// At its end: the differences by which it has moved away. On the way to a
/// pending version there is a way back, too: to what is in force.
pub fn away(found: Option<Found>, commands: &[Command], dropped: &[Dropped]) -> Vec<Difference> {
    let Some((Some(declared), in_force)) = declared().map(ahead) else {
        return Vec::new();
    };
    // What it named is read as it is called now, and missed as it was called.
    let Found { mut before, mut about } = found.unwrap_or_default();
    for command in commands {
        if !command.in_extension && !command.is_temporary && command.class != pg_sys::InvalidOid {
            about.add(Address { class: command.class, object: command.object, sub: command.sub });
        }
    }
    for d in dropped.iter().filter(|d| !d.is_temporary) {
        let identity = identity::of_dropped(d);
        let object_type = super::guard::object_type(&d.object_type).into_owned();
        before.was_there(object_type, identity.clone());
        about.part(identity);
    }
    if about.is_nothing() {
        return Vec::new();
    }
    let (wanted, live, mut away) = about.compare(&declared);
    away.retain(|d| before.leads_away(d, &wanted, &live));
    if let Some(in_force) = in_force.filter(|_| !away.is_empty()) {
        let (_, _, others) = about.compare(&in_force);
        let differing: HashSet<&Identity> = others.iter().map(|d| &d.identity).collect();
        away.retain(|d| {
            differing.contains(&d.identity) || differing.contains(&d.identity.prefix(2))
        });
    }
    away
}

/// What a statement changes, as far as it is there and named.
///
/// # Safety
/// `tree` is a complete parse tree; inside a transaction.
pub unsafe fn named(tree: *mut pg_sys::Node) -> Vec<Address> {
    use pg_sys::NodeTag as T;
    use pg_sys::ObjectType::{OBJECT_SCHEMA, OBJECT_TYPE};
    // SAFETY: each node's tag says what it is.
    unsafe {
        match (*tree).type_ {
            T::T_AlterTableStmt => {
                let alter = tree.cast::<pg_sys::AlterTableStmt>();
                let partitions = partitions(alter).into_iter().flat_map(|p| relation(p));
                relation((*alter).relation).into_iter().chain(partitions).collect()
            }
            T::T_AlterSeqStmt => relation((*tree.cast::<pg_sys::AlterSeqStmt>()).sequence),
            T::T_CreateTrigStmt => relation((*tree.cast::<pg_sys::CreateTrigStmt>()).relation),
            T::T_CreatePolicyStmt => relation((*tree.cast::<pg_sys::CreatePolicyStmt>()).table),
            T::T_AlterPolicyStmt => relation((*tree.cast::<pg_sys::AlterPolicyStmt>()).table),
            T::T_RuleStmt => relation((*tree.cast::<pg_sys::RuleStmt>()).relation),
            T::T_ViewStmt => relation((*tree.cast::<pg_sys::ViewStmt>()).view),
            T::T_ClusterStmt => relation((*tree.cast::<pg_sys::ClusterStmt>()).relation),
            T::T_RenameStmt => {
                let rename = tree.cast::<pg_sys::RenameStmt>();
                match (*rename).relation.is_null() {
                    false => relation((*rename).relation),
                    true if (*rename).renameType == OBJECT_SCHEMA => schema((*rename).subname),
                    true => object((*rename).renameType, (*rename).object),
                }
            }
            T::T_AlterObjectSchemaStmt => {
                let alter = tree.cast::<pg_sys::AlterObjectSchemaStmt>();
                match (*alter).relation.is_null() {
                    false => relation((*alter).relation),
                    true => object((*alter).objectType, (*alter).object),
                }
            }
            T::T_AlterOwnerStmt => {
                let alter = tree.cast::<pg_sys::AlterOwnerStmt>();
                match (*alter).relation.is_null() {
                    false => relation((*alter).relation),
                    true => object((*alter).objectType, (*alter).object),
                }
            }
            T::T_CommentStmt => {
                let comment = tree.cast::<pg_sys::CommentStmt>();
                object((*comment).objtype, (*comment).object)
            }
            T::T_AlterExtensionContentsStmt => {
                let alter = tree.cast::<pg_sys::AlterExtensionContentsStmt>();
                object((*alter).objtype, (*alter).object)
            }
            T::T_AlterFunctionStmt => {
                let alter = tree.cast::<pg_sys::AlterFunctionStmt>();
                object((*alter).objtype, (*alter).func.cast())
            }
            T::T_AlterDomainStmt => {
                let names = (*tree.cast::<pg_sys::AlterDomainStmt>()).typeName;
                object(OBJECT_TYPE, names.cast())
            }
            T::T_AlterEnumStmt => {
                let names = (*tree.cast::<pg_sys::AlterEnumStmt>()).typeName;
                object(OBJECT_TYPE, names.cast())
            }
            T::T_CreateFunctionStmt => {
                // All of that name: which one is replaced the arguments say.
                let create = tree.cast::<pg_sys::CreateFunctionStmt>();
                server::routines_named((*create).funcname)
                    .into_iter()
                    .map(|object| Address { class: pg_sys::ProcedureRelationId, object, sub: 0 })
                    .collect()
            }
            T::T_GrantStmt => server::granted(tree.cast())
                .into_iter()
                .map(|(class, object)| Address { class, object, sub: 0 })
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// The names of the partitions that an ALTER TABLE attaches or detaches.
///
/// # Safety
/// `alter` is a complete parse tree.
pub unsafe fn partitions(alter: *mut pg_sys::AlterTableStmt) -> Vec<*mut pg_sys::RangeVar> {
    use pg_sys::AlterTableType::{
        AT_AttachPartition, AT_DetachPartition, AT_DetachPartitionFinalize,
    };
    // SAFETY: the caller's promise; with these the definition is of this kind.
    unsafe {
        PgList::<pg_sys::AlterTableCmd>::from_pg((*alter).cmds)
            .iter_ptr()
            .filter(|c| {
                let kind = (**c).subtype;
                kind == AT_AttachPartition
                    || kind == AT_DetachPartition
                    || kind == AT_DetachPartitionFinalize
            })
            .map(|c| (*(*c).def.cast::<pg_sys::PartitionCmd>()).name)
            .collect()
    }
}

/// # Safety
/// `name` is a name out of a parse tree.
unsafe fn schema(name: *const std::ffi::c_char) -> Vec<Address> {
    // SAFETY: the caller's promise, and a lookup by the name.
    let object = unsafe { pg_sys::get_namespace_oid(name, true) };
    (object != pg_sys::InvalidOid)
        .then_some(Address { class: pg_sys::NamespaceRelationId, object, sub: 0 })
        .into_iter()
        .collect()
}

/// # Safety
/// `range` is a name out of a parse tree.
unsafe fn relation(range: *mut pg_sys::RangeVar) -> Vec<Address> {
    // SAFETY: the caller's promise.
    unsafe { server::relation_named(range) }
        .map(|object| Address { class: pg_sys::RelationRelationId, object, sub: 0 })
        .into_iter()
        .collect()
}

/// # Safety
/// `name` is what a parse tree holds for an object of that type.
unsafe fn object(object_type: pg_sys::ObjectType::Type, name: *mut pg_sys::Node) -> Vec<Address> {
    use pg_sys::ObjectType::{OBJECT_DOMAIN, OBJECT_DOMCONSTRAINT, OBJECT_TYPE};
    if name.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller's promise; types stand there as lists of names. What
    // COMMENT says of a domain's constraint is a type and a name already.
    let (class, object, sub) = unsafe {
        if matches!(object_type, OBJECT_TYPE | OBJECT_DOMAIN | OBJECT_DOMCONSTRAINT)
            && server::is_name(name)
        {
            let name = pg_sys::makeTypeNameFromNameList(name.cast());
            server::object_named(OBJECT_TYPE, name.cast())
        } else {
            server::object_named(object_type, name)
        }
    };
    (object != pg_sys::InvalidOid).then_some(Address { class, object, sub }).into_iter().collect()
}
