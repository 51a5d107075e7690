//! An index of a partition that belongs to one of the partitioned table: it
//! comes and goes with that, but has a name and settings of its own. It is
//! known by its partition and the topmost index, whatever it is called.

use super::mend::{Change, Mend, Phase, Side, Step};
use super::{
    Attribute, Attrs, Identity, Kind, Object, Scope, Severity, by_name, constraint, facet,
    fragment, index, sql, table,
};

pub static KIND: Kind = Kind {
    name: "partition index",
    object_type: "index",
    catalog: "pg_class",
    letters: "I",
    scope: Scope::Schema,
    sql_name: |o| format!("INDEX {}", called(o).sql()),
    query: |_| {
        format!(
            "{}
             SELECT ARRAY[rel.nspname, rel.relname, root.relname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'called', ic.relname,
                        'storage_parameters', {},
                        'tablespace', ts.spcname,
                        'statistics', {},
                        -- The topmost index, under its table.
                        '_root', json_build_object('name', json_build_array(rn.nspname, rt.relname, root.relname)),
                        -- What the server calls it where nothing else has that name.
                        '_as_usual', nullif(ic.relname = rel.relname || CASE
                             WHEN i.indisprimary THEN '_pkey'
                             ELSE '_' || (
                                 SELECT string_agg(coalesce(ta.attname, ia.attname), '_' ORDER BY ia.attnum)
                                   FROM pg_attribute ia
                                   LEFT JOIN pg_attribute ta ON ta.attrelid = rel.oid AND ta.attnum = nullif(i.indkey[ia.attnum - 1], 0)
                                  WHERE ia.attrelid = ic.oid)
                                 || CASE con.contype WHEN 'x' THEN '_excl' WHEN 'u' THEN '_key' ELSE '_idx' END
                             END
                             -- Which of two that are made alike has a number isn't known.
                             AND NOT EXISTS (
                                 SELECT FROM pg_index o JOIN pg_class oc ON oc.oid = o.indexrelid
                                  WHERE o.indrelid = rel.oid AND oc.oid <> ic.oid AND starts_with(oc.relname, ic.relname)
                                    AND substr(oc.relname, length(ic.relname) + 1) ~ '^[0-9]+$')
                             -- It takes the names that the index above was made with.
                             AND NOT EXISTS (
                                 SELECT FROM pg_inherits up
                                   JOIN pg_attribute ua ON ua.attrelid = up.inhparent
                                   JOIN pg_attribute ta ON ta.attrelid = rel.oid AND ta.attnum = nullif(i.indkey[ua.attnum - 1], 0)
                                  WHERE up.inhrelid = ic.oid AND ua.attname <> ta.attname), false)))::text, ic.oid
               FROM rel
               JOIN pg_index i ON i.indrelid = rel.oid
               JOIN pg_class ic ON ic.oid = i.indexrelid AND ic.relispartition
               JOIN pg_class root ON root.oid = pg_partition_root(ic.oid)
               JOIN pg_index ri ON ri.indexrelid = root.oid
               JOIN pg_class rt ON rt.oid = ri.indrelid
               JOIN pg_namespace rn ON rn.oid = rt.relnamespace
               LEFT JOIN pg_tablespace ts ON ts.oid = ic.reltablespace
               LEFT JOIN pg_constraint con ON con.conrelid = rel.oid AND con.conindid = ic.oid AND con.contype IN ('p', 'u', 'x')
              WHERE rel.relispartition",
            fragment::relations("'r', 'p'"),
            fragment::sorted("ic.reloptions"),
            index::statistics_of("i"),
        )
    },
    attributes: &[
        Attribute::info("called"),
        Attribute::warning("storage_parameters"),
        Attribute::warning("tablespace"),
        Attribute::warning("statistics").absent("default"),
    ],
    missing: Severity::Warning,
    extra: Severity::Warning,
    drop_loses: false,
    parent: by_name,
    // Nobody makes or drops one by itself.
    create: |_, _| Vec::new(),
    drop: |_, _| Mend::default(),
    alter,
};

/// The index by its own name.
pub(crate) fn called(o: &Object) -> Identity {
    o.identity.beside(o.attrs().text("called").unwrap_or_default())
}

/// The topmost index, and its table.
fn root(attrs: &Attrs) -> Option<(Identity, Identity)> {
    let name = attrs.identity("_root")?;
    Some((name.beside(name.name()), name.prefix(2)))
}

/// For an index that is known by another name now, and so is the topmost one.
pub fn name_root(o: &mut Object) {
    let mut attrs = o.attrs();
    if let Some(mut root) = attrs.identity("_root").filter(|root| root.name() != o.identity.name())
    {
        root.parts.pop();
        root.parts.push(o.identity.name().to_owned());
        attrs.0.insert("_root".to_owned(), serde_json::json!({ "name": root.parts }));
        o.set(attrs);
    }
}

fn alter(c: &Change) -> Mend {
    let name = c.to.text("called").unwrap_or_default();
    match c.attribute {
        "called" => Mend::step(
            Phase::Rename,
            format!("ALTER INDEX {} RENAME TO {}", called(c.live).sql(), sql::ident(name)),
        ),
        "statistics" => Mend::steps(index::statistics(&c.live.identity.beside(name), c.from, c.to)),
        "tablespace" => Mend::steps(vec![index::tablespace(&c.live.identity.beside(name), c.to)]),
        _ => table::parameter_statements(
            &format!("ALTER INDEX {}", c.live.identity.beside(name).sql()),
            c,
        ),
    }
}

/// What partitions have of their own that the server would take for their part
/// of a new key or index of the table's: what takes it out of the way first,
/// and what brings it back then.
pub(crate) fn keep_apart(
    of: &Object,
    partitions: &[&Object],
    live: &Side,
    declared: &Side,
) -> (Vec<Step>, Vec<Step>) {
    let (mut away, mut back) = (Vec::new(), Vec::new());
    let Some(shape) = shape(of) else { return (away, back) };
    let kinds: &[_] =
        if of.kind.name == "index" { &["index", "constraint"] } else { &["constraint"] };
    for own in kinds
        .iter()
        .flat_map(|kind| partitions.iter().flat_map(|p| live.children_of(&p.identity, kind)))
    {
        let Some(again) = declared.get(own.kind, &own.identity) else { continue };
        if self::shape(own).as_ref() != Some(&shape) {
            continue;
        }
        for key in constraint::pointing(own, live) {
            away.extend((key.kind.drop)(key, live).steps);
        }
        away.extend((own.kind.drop)(own, live).steps);
        back.extend(facet::make(again, declared));
        back.extend(constraint::stand_again(own, live, declared));
    }
    (away, back)
}

/// What the server compares to take one index for a part of another.
fn shape(o: &Object) -> Option<String> {
    let attrs = o.attrs();
    let columns = |name| {
        let quoted = attrs.list(name).iter().map(|c| sql::ident(c)).collect::<Vec<_>>();
        quoted.join(", ")
    };
    match attrs.text("type") {
        Some("primary key" | "unique") => {
            let mut text = format!("UNIQUE btree ({})", columns("columns"));
            if attrs.get("include").is_some() {
                text.push_str(&format!(" INCLUDE ({})", columns("include")));
            }
            if attrs.is("nulls_not_distinct") {
                text.push_str(" NULLS NOT DISTINCT");
            }
            Some(text)
        }
        Some(_) => None,
        None => {
            let unique = if attrs.is("unique") { "UNIQUE " } else { "" };
            Some(format!("{unique}{}", attrs.text("definition")?))
        }
    }
}

/// What makes the partitions' indexes as declared after the topmost one was
/// made, and with it theirs: the server gives them names and what that one has.
pub(super) fn settle(of: &Object, table: &Identity, side: &Side) -> Vec<Step> {
    // Most tables have no partitions, and a look for them goes through everything.
    if !table::is_partitioned(table, side) {
        return Vec::new();
    }
    let made = of.attrs();
    let mut steps = Vec::new();
    for o in side.all(KIND.name).filter(|o| o.identity.name() == of.identity.name()) {
        let attrs = o.attrs();
        if root(&attrs).is_some_and(|(_, of)| of == *table) {
            steps.extend(settled(o, &attrs, &made, side));
        }
    }
    steps
}

/// The same for the indexes of a table that has come to a parent with all its
/// partitions.
pub(super) fn settle_partitions(partition: &Identity, side: &Side) -> Vec<Step> {
    let mut tables = vec![partition.clone()];
    let mut steps = Vec::new();
    while let Some(table) = tables.pop() {
        steps.extend(settle_partition(&table, side));
        let partitions = side.all("table").filter(|t| {
            t.attributes.get().contains("\"partition_of\"")
                && t.attrs().identity("partition_of").as_ref() == Some(&table)
        });
        tables.extend(partitions.map(|t| t.identity.clone()));
    }
    steps
}

/// The same for the indexes of one partition.
pub(super) fn settle_partition(partition: &Identity, side: &Side) -> Vec<Step> {
    let mut steps = Vec::new();
    for o in side.children_of(partition, KIND.name) {
        let attrs = o.attrs();
        let made = root(&attrs).and_then(|(index, table)| {
            let key = Identity::new(table.parts.iter().chain(index.parts.last()).cloned());
            side.named("index", &index).or_else(|| side.named("constraint", &key))
        });
        steps.extend(settled(o, &attrs, &made.map(Object::attrs).unwrap_or_default(), side));
    }
    steps
}

fn settled(o: &Object, to: &Attrs, made: &Attrs, side: &Side) -> Vec<Step> {
    let mut steps = Vec::new();
    let index = called(o);
    if !to.is("_as_usual")
        && let Some((root, _)) = root(to)
    {
        steps.push(Step::new(Phase::NameIndex, name_it(&o.identity.prefix(2), &root, &index)));
    }
    let what = format!("ALTER INDEX {}", index.sql());
    let of = |attrs: &Attrs| attrs.list("storage_parameters");
    steps.extend(table::parameter_steps(&what, &of(made), &of(to)));
    if to.get("tablespace") != made.get("tablespace") {
        steps.push(index::tablespace(&index, to));
    }
    let none = Attrs::default();
    steps.extend(index::statistics(&index, &none, to));
    // All of it, once the index has its name.
    steps.iter_mut().for_each(|s| s.phase = s.phase.max(Phase::NameIndex));
    steps.extend(facet::steps(o, side));
    steps
}

/// What gives an index its declared name, which another one may have by now,
/// whose place it is to take.
pub(crate) fn take_name(o: &Object) -> Option<Step> {
    let (root, _) = root(&o.attrs())?;
    Some(Step::new(Phase::Rename, name_it(&o.identity.prefix(2), &root, &called(o))))
}

/// Gives an index its name, whatever the server has called it.
fn name_it(partition: &Identity, root: &Identity, index: &Identity) -> String {
    let name = sql::literal(index.name());
    // Another index may have the name, and is to have another one or none.
    let body = format!(
        "
DECLARE
    rename text;
BEGIN
    FOR rename IN
        SELECT pg_catalog.format('ALTER INDEX %s RENAME TO %I', c.oid::pg_catalog.regclass,
                                 CASE WHEN own.yes THEN {name} ELSE {old} END)
          FROM pg_catalog.pg_class AS t
          JOIN pg_catalog.pg_class AS c ON c.relnamespace = t.relnamespace
          JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid,
               LATERAL (SELECT i.indrelid = t.oid AND c.oid IN (
                            SELECT relid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass({root})))) AS own(yes)
         WHERE t.oid = pg_catalog.to_regclass({partition}) AND (i.indrelid = t.oid OR c.relname = {name})
           AND own.yes = (c.relname <> {name})
         ORDER BY own.yes
    LOOP
        EXECUTE rename;
    END LOOP;
END
",
        old = sql::literal(&sql::set_aside(index.name())),
        root = sql::literal(&root.sql()),
        partition = sql::literal(&partition.sql()),
    );
    format!("DO {}", sql::dollar(&body))
}
