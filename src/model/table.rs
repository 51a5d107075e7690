use super::mend::{Change, Mend, Phase, Side, Step, Target};
use super::{
    Attribute, Attrs, Identity, Kind, Object, Scope, Severity, column, constraint, facet, fragment,
    index, named, no_parent, not_null, partition_index, policy, rule, sequence, sql, statistics,
    trigger,
};

pub static KIND: Kind = Kind {
    name: "table",
    object_type: "table",
    catalog: "pg_class",
    letters: "rp",
    scope: Scope::Schema,
    sql_name: named,
    query,
    attributes: &[
        Attribute::error("persistence"),
        Attribute::error("partition_key"),
        Attribute::error("partition_of"),
        Attribute::error("partition_bound").within("partition_of"),
        Attribute::error("inherits"),
        Attribute::info("defines_again").absent("nothing").within("inherits"),
        Attribute::error("of_type"),
        // What is partitioned has none.
        Attribute::warning("access_method").within("partition_key"),
        Attribute::warning("tablespace"),
        Attribute::warning("storage_parameters"),
        Attribute::error("row_security").absent("false"),
        Attribute::error("force_row_security").absent("false"),
        Attribute::warning("replica_identity").absent("default"),
        Attribute::info("clustered_on"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: true,
    parent: no_parent,
    create,
    drop,
    alter,
};

fn query(_: u32) -> String {
    use fragment::{only_where, said, yes};
    let attributes = [
        said("persistence", "CASE rel.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'permanent' END"),
        said("partition_key", "CASE WHEN rel.relkind = 'p' THEN pg_get_partkeydef(rel.oid) END"),
        only_where(
            "rel.relispartition",
            &[
                said("partition_of", "parents.list -> 0"),
                said("partition_bound", "pg_get_expr(rel.relpartbound, rel.oid)"),
            ],
        ),
        only_where(
            "parents.list IS NOT NULL AND NOT rel.relispartition",
            &[
                said("inherits", "parents.list"),
                // What stays when it goes from the parent.
                said(
                    "defines_again",
                    "(SELECT json_agg(name ORDER BY name) FROM (
                          SELECT attname FROM pg_attribute
                           WHERE attrelid = rel.oid AND attnum > 0 AND attinhcount > 0 AND attislocal AND NOT attisdropped
                          UNION ALL
                          SELECT conname FROM pg_constraint
                           WHERE conrelid = rel.oid AND contype = 'c' AND coninhcount > 0 AND conislocal) x(name))",
                ),
            ],
        ),
        said("of_type", "CASE WHEN rel.reloftype <> 0 THEN format_type(rel.reloftype, NULL) END"),
        said("access_method", "am.amname"),
        said("tablespace", "ts.spcname"),
        said(
            "storage_parameters",
            "CASE WHEN rel.reloptions IS NOT NULL OR toast.reloptions IS NOT NULL
                  THEN (SELECT json_agg(o ORDER BY o) FROM (
                            SELECT unnest(rel.reloptions)
                            UNION ALL SELECT 'toast.' || unnest(toast.reloptions)) x(o)) END",
        ),
        yes("row_security", "rel.relrowsecurity"),
        yes("force_row_security", "rel.relforcerowsecurity"),
        said(
            "replica_identity",
            "CASE rel.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full'
                  WHEN 'i' THEN coalesce('index ' || ric.relname, 'nothing') END",
        ),
        said("clustered_on", "clc.relname"),
    ];
    format!(
        "{},
         parents AS (
         SELECT i.inhrelid,
                json_agg(json_build_object('name', json_build_array(pn.nspname, p.relname))
                         ORDER BY i.inhseqno) AS list
           FROM pg_inherits i
           JOIN pg_class p ON p.oid = i.inhparent AND p.relkind IN ('r', 'p', 'f')
           JOIN pg_namespace pn ON pn.oid = p.relnamespace
          GROUP BY i.inhrelid)
         SELECT ARRAY[rel.nspname, rel.relname]::text[], NULL::text, NULL::text, rel.oid, NULL::integer,
                {}
           FROM rel
           LEFT JOIN parents ON parents.inhrelid = rel.oid
           LEFT JOIN pg_am am ON am.oid = rel.relam
           LEFT JOIN pg_tablespace ts ON ts.oid = rel.reltablespace
           LEFT JOIN pg_class toast ON toast.oid = rel.reltoastrelid AND toast.reloptions IS NOT NULL
           LEFT JOIN pg_index ri ON ri.indrelid = rel.oid AND ri.indisreplident AND rel.relreplident = 'i'
           LEFT JOIN pg_class ric ON ric.oid = ri.indexrelid
           LEFT JOIN pg_index cl ON cl.indrelid = rel.oid AND cl.indisclustered
           LEFT JOIN pg_class clc ON clc.oid = cl.indexrelid",
        fragment::relations("'r', 'p'"),
        fragment::attributes(&attributes)
    )
}

/// A table with all that is part of it.
pub(super) fn create(o: &Object, side: &Side) -> Vec<Step> {
    let attrs = o.attrs();
    let name = o.identity.sql();
    let foreign = o.kind.name == "foreign table";
    let partition_of = attrs.identity("partition_of");
    let inherits = attrs.identities("inherits");
    let columns = side.children_of(&o.identity, "column");
    let constraints = side.children_of(&o.identity, "constraint");
    let sequences = side.children_of(&o.identity, "sequence");
    let mut steps = Vec::new();

    for s in &sequences {
        steps.push(sequence::create_alone(s));
    }

    // A child's NOT NULL would get its parent's name by itself.
    let other_name = |c: &Object, of: &Attrs| {
        let own = of.is("_not_null_inherited").then(|| not_null::name(&c.identity, of))?;
        let mut above = partition_of
            .iter()
            .chain(&inherits)
            .filter_map(|parent| side.named("column", &parent.part(c.identity.name())));
        let same = above.any(|theirs| not_null::name(&theirs.identity, &theirs.attrs()) == own);
        (!same).then_some(own)
    };
    // What comes by inheritance is set afterwards where the child differs.
    let mut after = Vec::new();
    // What draws on other columns, or on what draws on them.
    let mut late = Vec::new();
    let mut items = Vec::new();
    for c in &columns {
        let of = c.attrs();
        let waits = column::waits_with_default(&c.identity, &of, side);
        let settled = if waits { &mut late } else { &mut after };
        if attrs.get("of_type").is_some() {
            settled.extend(column::settle_typed(&c.identity, &of));
        } else if of.is("_inherited") && (partition_of.is_some() || !of.is("_local")) {
            let parents = partition_of.iter().chain(&inherits);
            let parent =
                parents.filter_map(|p| side.named("column", &p.part(c.identity.name()))).next();
            let mut given = parent.map(|p| column::handed_down(&p.attrs())).unwrap_or_default();
            // Partitions take the identity from 17 on, and then they have it.
            let takes = partition_of.is_some() && side.model.server >= 17;
            if !takes || of.get("identity").is_none() {
                given.0.remove("identity");
            }
            if let Some(not_null) = other_name(c, &of) {
                let (not_null, column) = (sql::ident(&not_null), sql::ident(c.identity.name()));
                items.push(format!("CONSTRAINT {not_null} NOT NULL {column}"));
            }
            if parent.is_some() {
                // A new child takes what its parent has by then, and nothing later.
                let differs = |p: Identity| {
                    let at = p.part(c.identity.name());
                    let theirs = side.named("column", &at).map(Object::attrs);
                    theirs.is_some_and(|theirs| theirs.get("compression") != of.get("compression"))
                };
                let mut own = of.clone();
                for attrs in [&mut given, &mut own] {
                    attrs.0.remove("compression");
                }
                settled.extend(column::settle(&c.identity, &given, &own));
                if given.get("identity").is_none() && of.get("identity").is_some() {
                    settled.extend(column::finish_identity(&c.identity, &of));
                }
                if above(&o.identity, side).into_iter().any(differs) {
                    let (column, compress) = (sql::ident(c.identity.name()), column::compress(&of));
                    after.push(format!("ALTER TABLE {name} ALTER COLUMN {column} {compress}"));
                }
            }
        } else {
            let mut own = of.clone();
            // What a parent computes, its child computes.
            if of.is("_inherited") {
                own.0.remove("generated");
            }
            if let Some(not_null) = other_name(c, &of) {
                own.0.insert("not_null_name".to_owned(), not_null.into());
            }
            if waits {
                own.0.remove("default");
            }
            items.push(column::definition(c.identity.name(), &own));
            after.extend(column::finish(&c.identity, &of));
            if waits {
                let default = of.text("default").map_or_else(
                    || "DROP DEFAULT".to_owned(),
                    |default| format!("SET DEFAULT {default}"),
                );
                let column = sql::ident(c.identity.name());
                late.push(format!("ALTER TABLE {name} ALTER COLUMN {column} {default}"));
            }
        }
    }
    // Checks that it has besides inheriting them.
    for again in attrs.list("defines_again") {
        let theirs = above(&o.identity, side).into_iter().find_map(|parent| {
            let check = side.named(constraint::KIND.name, &parent.part(&again));
            check.filter(|c| c.attrs().text("type") == Some("check"))
        });
        items.extend(theirs.map(constraint::valid_clause));
    }
    let mut foreign_keys = Vec::new();
    let mut keys = Vec::new();
    let is_key =
        |of: &Attrs| matches!(of.text("type"), Some("primary key" | "unique" | "exclusion"));
    let key = |of: &Attrs| (of.list("columns"), of.text("definition").map(str::to_owned));
    for c in &constraints {
        let of = c.attrs();
        let add = constraint::add(c);
        if of.text("type") == Some("foreign key") {
            let step = Step::new(Phase::AddForeignKey, add);
            foreign_keys.push(step.needing(constraint::stands_on(&of)));
        } else if of.get("validated").is_some()
            || of.get("enforced").is_some()
            // Of two keys on the same columns, CREATE TABLE makes only one.
            || keys.contains(&key(&of)) && is_key(&of)
        {
            after.push(add);
        } else {
            items.push(constraint::clause(c));
            if is_key(&of) {
                keys.push(key(&of));
            }
        }
    }

    let mut text = String::from("CREATE ");
    if attrs.text("persistence") == Some("unlogged") {
        text.push_str("UNLOGGED ");
    }
    text.push_str(if foreign { "FOREIGN TABLE " } else { "TABLE " });
    text.push_str(&name);
    if let Some(parent) = &partition_of {
        text.push_str(&format!(" PARTITION OF {}", parent.sql()));
    } else if let Some(of) = attrs.text("of_type") {
        text.push_str(&format!(" OF {of}"));
    }
    if !items.is_empty() {
        text.push_str(&format!(" (\n    {}\n)", items.join(",\n    ")));
    } else if partition_of.is_none() && attrs.get("of_type").is_none() {
        text.push_str(" ()");
    }
    if let Some(bound) = attrs.text("partition_bound") {
        text.push_str(&format!(" {bound}"));
    }
    if !inherits.is_empty() {
        let list: Vec<_> = inherits.iter().map(Identity::sql).collect();
        text.push_str(&format!(" INHERITS ({})", list.join(", ")));
    }
    if let Some(key) = attrs.text("partition_key") {
        text.push_str(&format!(" PARTITION BY {key}"));
    }
    if let Some(server) = attrs.text("server") {
        text.push_str(&format!(" SERVER {}", sql::ident(server)));
        let options = attrs.list("options");
        if !options.is_empty() {
            text.push_str(&format!(" OPTIONS ({})", fdw_options(&options)));
        }
    }
    if let Some(method) = attrs.text("access_method").filter(|m| *m != "heap") {
        text.push_str(&format!(" USING {}", sql::ident(method)));
    }
    let parameters = attrs.list("storage_parameters");
    if !parameters.is_empty() {
        text.push_str(&format!(" WITH ({})", sql::parameters(&parameters)));
    }
    if let Some(tablespace) = attrs.text("tablespace") {
        text.push_str(&format!(" TABLESPACE {}", sql::ident(tablespace)));
    }
    let mut make = Step::new(Phase::CreateTable, text);
    make.needs = partition_of.clone();
    steps.push(make);
    steps.extend(after.into_iter().map(|sql| Step::new(Phase::AlterTable, sql)));
    // After the columns have come whose sequences they draw on.
    steps.extend(late.into_iter().map(|sql| {
        let needs = column::draws_on(&sql, side);
        Step::new(Phase::AlterColumn, sql).needing(needs)
    }));
    for s in &sequences {
        steps.extend(sequence::owner(s));
    }
    for kind in [&index::KIND, &statistics::KIND, &trigger::KIND, &rule::KIND, &policy::KIND] {
        for child in side.children_of(&o.identity, kind.name) {
            steps.extend((kind.create)(child, side));
        }
    }
    steps
        .extend(constraints.iter().flat_map(|key| partition_index::settle(key, &o.identity, side)));
    steps.extend(partition_index::settle_partition(&o.identity, side));
    steps.extend(foreign_keys);
    for attribute in ["row_security", "force_row_security", "replica_identity", "clustered_on"] {
        if attrs.get(attribute).is_some() {
            steps.push(Step::new(
                Phase::Finish,
                format!("ALTER TABLE {name} {}", setting(attribute, &attrs)),
            ));
        }
    }
    steps
}

pub(super) fn fdw_options(options: &[String]) -> String {
    options
        .iter()
        .map(|o| {
            let (key, value) = o.split_once('=').unwrap_or((o, ""));
            format!("{} {}", sql::ident(key), sql::literal(value))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn drop(o: &Object, side: &Side) -> Mend {
    let mut mend = Mend::default().clearing(Target::Relation(o.identity.clone()));
    // Keys of other tables that point here hold the table back. Those tables
    // may be gone before this one.
    for key in side.all("constraint") {
        if !key.may_name(o.identity.name()) || key.identity.prefix(2) == o.identity {
            continue;
        }
        let attrs = key.attrs();
        if constraint::references(&attrs).as_ref() == Some(&o.identity) {
            mend = mend.and(
                Phase::DropForeignKey,
                format!(
                    "ALTER TABLE IF EXISTS {} DROP CONSTRAINT IF EXISTS {}",
                    key.identity.prefix(2).sql(),
                    sql::ident(key.identity.name())
                ),
            );
        }
    }
    let attrs = o.attrs();
    if let Some(parent) = attrs.identity("partition_of") {
        // A key that points to the parent holds its partitions.
        let held = side.all("constraint").any(|key| {
            key.attributes.get().contains("_references")
                && constraint::references(&key.attrs()).as_ref() == Some(&parent)
        });
        if held {
            mend.steps.extend(leave_now(o, &parent));
        }
    }
    let what = if o.kind.name == "foreign table" { "FOREIGN TABLE" } else { "TABLE" };
    mend.and(Phase::DropTable, format!("DROP {what} IF EXISTS {}", o.identity.sql()))
}

/// The subcommand that gives a table-level setting its value.
fn setting(attribute: &str, to: &Attrs) -> String {
    match attribute {
        "persistence" if to.text(attribute) == Some("unlogged") => "SET UNLOGGED".to_owned(),
        "persistence" => "SET LOGGED".to_owned(),
        "row_security" if to.is(attribute) => "ENABLE ROW LEVEL SECURITY".to_owned(),
        "row_security" => "DISABLE ROW LEVEL SECURITY".to_owned(),
        "force_row_security" if to.is(attribute) => "FORCE ROW LEVEL SECURITY".to_owned(),
        "force_row_security" => "NO FORCE ROW LEVEL SECURITY".to_owned(),
        "replica_identity" => match to.text(attribute) {
            None => "REPLICA IDENTITY DEFAULT".to_owned(),
            Some("full") => "REPLICA IDENTITY FULL".to_owned(),
            Some("nothing") => "REPLICA IDENTITY NOTHING".to_owned(),
            Some(index) => format!(
                "REPLICA IDENTITY USING INDEX {}",
                sql::ident(index.strip_prefix("index ").unwrap_or(index))
            ),
        },
        "clustered_on" => match to.text(attribute) {
            Some(index) => format!("CLUSTER ON {}", sql::ident(index)),
            None => "SET WITHOUT CLUSTER".to_owned(),
        },
        "access_method" => {
            format!("SET ACCESS METHOD {}", sql::ident(to.text(attribute).unwrap_or("heap")))
        }
        "tablespace" => {
            format!("SET TABLESPACE {}", sql::ident(to.text(attribute).unwrap_or("pg_default")))
        }
        _ => String::new(),
    }
}

/// What sets index settings again after the index was made anew.
pub(super) fn resettle(table: &Attrs, name: &str, index: &str) -> Vec<String> {
    let mut statements = Vec::new();
    if table.text("replica_identity").and_then(|r| r.strip_prefix("index ")) == Some(index) {
        statements.push(format!("ALTER TABLE {name} {}", setting("replica_identity", table)));
    }
    if table.text("clustered_on") == Some(index) {
        statements.push(format!("ALTER TABLE {name} {}", setting("clustered_on", table)));
    }
    statements
}

/// Statements that turn one list of options into the other.
pub(super) fn parameter_statements(what: &str, c: &Change) -> Mend {
    Mend::steps(parameter_steps(what, &c.from.list(c.attribute), &c.to.list(c.attribute)))
}

pub(super) fn parameter_steps(what: &str, from: &[String], to: &[String]) -> Vec<Step> {
    let (set, reset) = sql::parameter_changes(from, to);
    let mut steps = Vec::new();
    let mut add = |sql: String| steps.push(Step::new(Phase::AlterTable, sql));
    if !set.is_empty() {
        add(format!("{what} SET ({})", sql::parameters(&set)));
    }
    if !reset.is_empty() {
        let keys: Vec<_> = reset.iter().map(|k| sql::parameter_name(k)).collect();
        add(format!("{what} RESET ({})", keys.join(", ")));
    }
    steps
}

pub(super) fn alter(c: &Change) -> Mend {
    let what = format!("ALTER TABLE {}", c.sql());
    match c.attribute {
        "storage_parameters" => parameter_statements(&what, c),
        "partition_of" | "partition_bound" => partition(c),
        "inherits" => {
            let (to, from) = (c.to.identities("inherits"), c.from.identities("inherits"));
            let mut mend = Mend::default();
            // The order of parents is theirs only through one NO INHERIT and INHERIT each.
            let keep = to.iter().zip(&from).take_while(|(a, b)| a == b).count();
            for parent in &from[keep..] {
                mend.steps.extend(leave_now(c.live, parent));
                mend.steps.extend(left_behind(c, parent));
            }
            for parent in &to[keep..] {
                mend.steps.extend(checks(c, parent));
                let [set, drop] = not_null_for_now(c, parent);
                mend.steps.extend(set);
                mend = mend.and(Phase::Attach, format!("{what} INHERIT {}", parent.sql()));
                mend.steps.extend(drop);
            }
            if mend.steps.is_empty() {
                return Mend::comment("it leaves its parent by a row above");
            }
            mend
        }
        "defines_again" => {
            let (to, from) = (c.to.list("defines_again"), c.from.list("defines_again"));
            let own = |name: &&String| {
                let column = c.live_side.named("column", &c.live.identity.part(name));
                column.is_some_and(|o| !o.attrs().is("_inherited"))
            };
            let comes = from.iter().all(|name| to.contains(name))
                && to.iter().filter(|name| !from.contains(name)).all(|name| own(&name));
            Mend::comment(&match comes {
                true => "it comes with the columns that its parent gets".to_owned(),
                false => format!(
                    "what {} defines besides inheriting it can't be altered: it would have to be made anew",
                    c.live.identity
                ),
            })
        }
        "partition_key" => partitioned_anew(c),
        // Columns of a table with a type are the type's: they change while it has none.
        "of_type" => {
            let mut mend = Mend::default();
            if c.from.get("of_type").is_some() {
                mend = mend.and(Phase::Detach, format!("{what} NOT OF"));
            }
            if let Some(of) = c.to.text("of_type") {
                mend = mend.and(Phase::Attach, format!("{what} OF {of}"));
            }
            mend
        }
        attribute => Mend::step(
            if attribute == "replica_identity" || attribute == "clustered_on" {
                Phase::Finish
            } else {
                Phase::AlterTable
            },
            format!("{what} {}", setting(attribute, c.to)),
        ),
    }
}

fn partitioned_anew(c: &Change) -> Mend {
    let mut mend = Mend::step(
        Phase::Detach,
        "-- how a table is partitioned can't be altered: it is made anew, its rows are not kept \
         but those of its partitions",
    );
    let (mut back, mut keys) = (Vec::new(), Vec::new());
    for child in c.live_side.all("table") {
        let Some(to) = c.declared_side.named("table", &child.identity).map(Object::attrs) else {
            continue;
        };
        if child.attrs().identity("partition_of").as_ref() != Some(&c.live.identity) {
            continue;
        }
        mend.steps.extend(leave_now(child, &c.live.identity));
        mend.steps.extend(other_indexes(c, child));
        // One that is made anew itself is made as a partition.
        let anew = to.get("partition_key") != child.attrs().get("partition_key");
        if !anew && to.identity("partition_of").as_ref() == Some(&c.live.identity) {
            back.extend(enter(c, child, &to));
        }
    }
    let name = &c.live.identity;
    for key in c.declared_side.all("constraint") {
        let points = key.attributes.get().contains("_references")
            && constraint::references(&key.attrs()).as_ref() == Some(name)
            && key.identity.prefix(2) != *name;
        if points && c.live_side.get(key.kind, &key.identity).is_some() {
            keys.push(Step::new(Phase::AddForeignKey, constraint::add(key)));
        }
    }
    let dropped = drop(c.live, c.live_side);
    mend.clears = dropped.clears;
    mend.steps.extend(let_go(c.live, c.live_side, c.declared_side));
    mend.steps.extend(dropped.steps);
    // Indexes get their names when the partitions are back.
    let mut made = facet::make(c.declared, c.declared_side);
    sequence::take_back(name, &mut made, c.live_side, c.declared_side);
    mend.steps.extend(made.into_iter().filter(|s| !back.contains(s)));
    mend.steps.extend(back.into_iter().chain(keys));
    mend.losing(true)
}

/// What drops the indexes that a partition keeps of a table that is to have
/// none like them: they have the names of those to come.
fn other_indexes(c: &Change, partition: &Object) -> Vec<Step> {
    let mut steps = Vec::new();
    for index in c.live_side.children_of(&partition.identity, partition_index::KIND.name) {
        let Some(root) = index.attrs().identity("_root") else { continue };
        let (kind, name) = match c.live_side.named(constraint::KIND.name, &root) {
            Some(_) => (constraint::KIND.name, root),
            None => (index::KIND.name, root.beside(root.name())),
        };
        let said = |side: &Side| side.named(kind, &name).map(|o| o.attributes.get().to_owned());
        if said(c.live_side) == said(c.declared_side) {
            continue;
        }
        let called = partition_index::called(index);
        let sql = match kind == constraint::KIND.name {
            true => constraint::drop_from(&partition.identity, called.name()),
            false => format!("DROP INDEX IF EXISTS {}", called.sql()),
        };
        steps.push(Step::new(Phase::Detach, sql));
    }
    steps
}

/// What makes a table a partition as declared.
fn enter(c: &Change, table: &Object, to: &Attrs) -> Vec<Step> {
    let (Some(parent), Some(bound)) = (to.identity("partition_of"), to.text("partition_bound"))
    else {
        return Vec::new();
    };
    let (live, declared) = (c.live_side, c.declared_side);
    let mut partitions = live.below(&table.identity);
    partitions.push(table);
    let (mut steps, mut back) = (Vec::new(), Vec::new());
    for kind in [&constraint::KIND, &index::KIND] {
        for of in declared.children_of(&parent, kind.name) {
            let (away, again) = partition_index::keep_apart(of, &partitions, live, declared);
            steps.extend(away.into_iter().map(|s| Step { phase: Phase::Detach, ..s }));
            back.extend(again);
        }
    }
    let (parent, name) = (parent.sql(), table.identity.sql());
    let sql = format!("ALTER TABLE {parent} ATTACH PARTITION {name} {bound}");
    steps.push(Step::new(Phase::Attach, sql));
    steps.extend(partition_index::settle_partitions(&table.identity, declared));
    steps.extend(back);
    steps
}

fn partition(c: &Change) -> Mend {
    // Where both differ the two rows say the same; a script runs it once.
    let mut mend = Mend::default();
    if let Some(parent) = c.from.identity("partition_of") {
        mend.steps.extend(leave_now(c.live, &parent));
        mend.steps.extend(left_behind(c, &parent));
    }
    if let Some(parent) = c.to.identity("partition_of") {
        mend.steps.extend(checks(c, &parent));
    }
    mend.steps.extend(enter(c, c.live, c.to));
    if mend.steps.is_empty() {
        return Mend::comment("it leaves its parent by a row above");
    }
    mend
}

/// What drops what a table keeps of a parent that it leaves, and isn't to have,
/// or not under the parent's name.
fn left_behind(c: &Change, parent: &Identity) -> Vec<Step> {
    let name = &c.live.identity;
    let mut drop = Vec::new();
    let own = |key: &str| {
        let under =
            |table: &Identity| Identity::new(table.parts.iter().cloned().chain([key.to_owned()]));
        let mut tables = above(name, c.declared_side);
        tables.push(name.clone());
        tables.iter().any(|t| c.declared_side.named(constraint::KIND.name, &under(t)).is_some())
    };
    let is_partition = c.from.get("partition_of").is_some();
    let mut parents = above(parent, c.live_side);
    parents.push(parent.clone());
    for key in parents.iter().flat_map(|p| c.live_side.children_of(p, constraint::KIND.name)) {
        let attrs = key.attrs();
        let comes_down = match attrs.text("type") {
            Some("check") => !attrs.is("no_inherit"),
            Some("foreign key") => is_partition,
            _ => false,
        };
        if comes_down && !own(key.identity.name()) {
            drop.push(constraint::drop_from(name, key.identity.name()));
        }
    }
    for index in c.live_side.children_of(name, partition_index::KIND.name) {
        let attrs = index.attrs();
        let called = partition_index::called(index);
        let is_key = attrs
            .identity("_root")
            .is_some_and(|key| c.live_side.named(constraint::KIND.name, &key).is_some());
        if is_key && !own(called.name()) {
            drop.push(constraint::drop_from(name, called.name()));
        }
        if !is_key && c.declared_side.named(index::KIND.name, &called).is_none() {
            drop.push(format!("DROP INDEX IF EXISTS {}", called.sql()));
        }
    }
    for column in c.declared_side.children_of(name, column::KIND.name) {
        let live = c.live_side.get(column.kind, &column.identity);
        drop.extend(live.and_then(|live| not_null::own_name(live, column)));
    }
    drop.into_iter().map(|sql| Step::new(Phase::Detach, sql)).collect()
}

/// The checks of a new parent that the server wants its child to have already.
fn checks(c: &Change, parent: &Identity) -> Vec<Step> {
    let handed_down = |key: &&Object| {
        let attrs = key.attrs();
        attrs.text("type") == Some("check") && !attrs.is("no_inherit")
    };
    let own =
        |table: &Identity, name: &str| c.live_side.named(constraint::KIND.name, &table.part(name));
    let mut steps = Vec::new();
    let mut held = above(&c.live.identity, c.live_side);
    held.push(c.live.identity.clone());
    // What goes from another parent before goes from its child.
    let stays = |own: &&Object| {
        let declared = c.declared_side.get(own.kind, &own.identity);
        own.identity.prefix(2) == c.live.identity
            || declared.is_some_and(|d| d.attributes == own.attributes)
            || defines_again(&c.live.identity, own.identity.name(), c.live_side)
    };
    let mut parents = above(parent, c.declared_side);
    parents.push(parent.clone());
    for parent in parents {
        let keys = c.declared_side.children_of(&parent, constraint::KIND.name);
        for key in keys.into_iter().filter(handed_down) {
            let name = key.identity.name();
            // A new one comes down from the parent.
            let there = c.live_side.get(key.kind, &key.identity).is_some();
            let serves = |own: &Object| {
                let (own, to) = (own.attrs(), key.attrs());
                let valid = own.get("validated").is_none() || to.get("validated").is_some();
                own.get("expression") == to.get("expression") && valid && !own.is("no_inherit")
            };
            let mut theirs = held.iter().filter_map(|t| own(t, name));
            let has = theirs.clone().filter(stays).any(serves);
            if there && !has {
                let table = &c.live.identity;
                // It may have been left there.
                let away = theirs.next().map(|_| constraint::drop_from(table, name));
                let add = constraint::add_to(key, table);
                steps.extend(away.into_iter().chain([add]).map(|s| Step::new(Phase::Attach, s)));
            }
        }
    }
    steps
}

/// Whether a table has what is called so besides inheriting it.
pub(crate) fn defines_again(table: &Identity, name: &str, side: &Side) -> bool {
    side.named("table", table).is_some_and(|t| {
        t.attributes.get().contains("\"defines_again\"")
            && t.attrs().list("defines_again").iter().any(|again| again == name)
    })
}

/// Up to 17 a child's column may be null where its parent's may not, but not
/// when the child comes to its parent.
fn not_null_for_now(c: &Change, parent: &Identity) -> [Vec<Step>; 2] {
    let may_be_null = |of_parent: &&Object| {
        let own = c.live.identity.part(of_parent.identity.name());
        let theirs = of_parent.attrs();
        theirs.is("not_null")
            && !theirs.is("not_null_no_inherit")
            && c.declared_side
                .named(column::KIND.name, &own)
                .is_some_and(|own| !own.attrs().is("not_null"))
    };
    let columns = c.declared_side.children_of(parent, column::KIND.name);
    let columns: Vec<_> = columns.into_iter().filter(may_be_null).collect();
    ["SET", "DROP"].map(|word| {
        let step = |column: &&Object| {
            let (table, column) = (c.sql(), sql::ident(column.identity.name()));
            let sql = format!("ALTER TABLE ONLY {table} ALTER COLUMN {column} {word} NOT NULL");
            Step::new(Phase::Attach, sql)
        };
        columns.iter().map(step).collect()
    })
}

/// The parents of a table, and theirs.
pub(crate) fn above(table: &Identity, side: &Side) -> Vec<Identity> {
    let mut above = side.parents(table);
    let mut at = 0;
    while at < above.len() {
        for parent in side.parents(&above[at]) {
            if !above.contains(&parent) {
                above.push(parent);
            }
        }
        at += 1;
    }
    above
}

/// On a live table: the parents that it leaves before all else.
pub(crate) const LEFT: &str = "_left";

/// What frees a table from one of its parents, where nothing has before.
pub(crate) fn leave_now(table: &Object, parent: &Identity) -> Option<Step> {
    let left =
        table.attributes.get().contains(LEFT) && table.attrs().identities(LEFT).contains(parent);
    (!left).then(|| leave(table, parent))
}

/// What frees a table from one of its parents.
pub(crate) fn leave(table: &Object, parent: &Identity) -> Step {
    let (name, parent_sql) = (table.identity.sql(), parent.sql());
    let sql = match table.attrs().identity("partition_of") {
        Some(_) => format!("ALTER TABLE {parent_sql} DETACH PARTITION {name}"),
        None => format!("ALTER TABLE {name} NO INHERIT {parent_sql}"),
    };
    Step::new(Phase::Detach, sql).needing(Some(parent.clone()))
}

/// What keeps a table's sequences and their users from going with it: a
/// sequence that is declared stays, and no default holds one that isn't.
pub(crate) fn let_go(table: &Object, live: &Side, declared: &Side) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut going = Vec::new();
    for s in live.children_of(&table.identity, sequence::KIND.name) {
        if declared.get(s.kind, &s.identity).is_some() {
            let sql = format!("ALTER SEQUENCE {} OWNED BY NONE", s.identity.sql());
            steps.push(Step::new(Phase::Detach, sql));
        } else {
            going.push(s.identity.clone());
        }
    }
    let columns = live.children_of(&table.identity, column::KIND.name);
    going.extend(columns.into_iter().filter_map(column::own_sequence));
    for sequence in going {
        let holders = live.drawing_on(&sequence);
        let others = holders.filter(|o| o.identity.prefix(2) != table.identity);
        let free = others.map(|o| Step::new(Phase::Detach, sequence::draw_no_more(o)));
        steps.extend(free);
    }
    steps
}

/// Whether a table is a partition of another one.
pub(crate) fn is_partition(table: &Identity, side: &Side) -> bool {
    side.named("table", table).is_some_and(|t| t.attributes.get().contains("\"partition_of\""))
}

/// Whether a table is partitioned: it has no storage to work on by itself.
pub(crate) fn is_partitioned(table: &Identity, side: &Side) -> bool {
    side.named("table", table).is_some_and(|t| t.attributes.get().contains("\"partition_key\""))
}
