use super::deparsed::{self, Deparsed};
use super::mend::{Change, Mend, Phase, Side, Step};
use super::{
    Attribute, Attrs, Identity, Kind, Object, Scope, Severity, by_name, fragment, partition_index,
    sql, table,
};

pub static KIND: Kind = Kind {
    name: "constraint",
    object_type: "constraint",
    catalog: "pg_constraint",
    letters: "",
    scope: Scope::Schema,
    sql_name: |o| format!("CONSTRAINT {} ON {}", sql::ident(o.identity.name()), of(o)),
    query,
    attributes: &[
        Attribute::error("type"),
        Attribute::error("columns").within("type"),
        Attribute::error("expression").within("type"),
        Attribute::error("definition").within("type"),
        Attribute::error("references").within("type"),
        Attribute::error("match").within("type"),
        Attribute::error("on_update").within("type"),
        Attribute::error("on_delete").within("type"),
        Attribute::error("deferrable").absent("not deferrable").within("type"),
        Attribute::error("validated").absent("true").within("enforced"),
        Attribute::error("enforced").absent("true").within("type"),
        Attribute::error("no_inherit").absent("false").within("type"),
        Attribute::error("without_overlaps").absent("false").within("type"),
        Attribute::error("nulls_not_distinct").absent("false").within("type"),
        Attribute::warning("include").within("type"),
        Attribute::warning("storage_parameters").within("type"),
        Attribute::warning("tablespace").within("type"),
        Attribute::error("triggers").absent("enabled").within("type"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: by_name,
    create: |o, side| {
        let attrs = o.attrs();
        let phase = match attrs.text("type") {
            Some("foreign key") => Phase::AddForeignKey,
            Some("primary key" | "unique") if table::is_partition(&o.identity.prefix(2), side) => {
                Phase::CreateOwnIndex
            }
            _ => Phase::AddConstraint,
        };
        let make = Step::new(phase, add(o)).needing(stands_on(&attrs));
        let mut steps = vec![make.gently(gentle(o, &attrs, side))];
        steps.extend(partition_index::settle(o, &o.identity.prefix(2), side));
        steps
    },
    drop,
    alter,
};

pub(super) static EXPRESSION: Deparsed = Deparsed {
    kind: "constraint",
    attribute: "expression",
    query: "SELECT oid, to_json(pg_get_expr(conbin, conrelid))::text FROM pg_constraint WHERE oid = ANY ($2)",
};

fn query(server: u32) -> String {
    use fragment::{only_where, said, yes};
    let period = if server >= 18 { "con.conperiod" } else { "false" };
    let mut attributes = vec![
        said(
            "type",
            "CASE con.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key'
                  WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'x' THEN 'exclusion' END",
        ),
        only_where(
            "con.contype = 'c'",
            &[
                said(deparsed::SHAPE, "con.conbin::text"),
                said(deparsed::TABLE, "con.conrelid"),
                // Keys are never inherited, and the flag says so for some of them only.
                yes("no_inherit", "con.connoinherit AND con.on_domain IS NULL"),
                said("_on", "con.on_domain"),
            ],
        ),
        only_where(
            "con.contype IN ('f', 'p', 'u')",
            &[said("columns", &columns("json_build_array", "json_agg(a.attname ORDER BY u.n)", "con.conkey", "con.conrelid"))],
        ),
        only_where(
            "con.contype = 'f'",
            &[
                said(
                    "references",
                    &format!(
                        "quote_ident(fn.nspname) || '.' || quote_ident(fc.relname) || '(' || {} || ')'",
                        columns(
                            "quote_ident",
                            &format!(
                                "string_agg(CASE WHEN {period} AND u.n = cardinality(con.confkey) THEN 'PERIOD ' ELSE '' END
                                            || quote_ident(a.attname), ', ' ORDER BY u.n)"
                            ),
                            "con.confkey",
                            "con.confrelid"
                        )
                    ),
                ),
                said("_references", "json_build_object('name', json_build_array(fn.nspname, fc.relname))"),
                said("_key", "ic.relname"),
                said(
                    "match",
                    "CASE con.confmatchtype WHEN 'f' THEN 'full' WHEN 'p' THEN 'partial' WHEN 's' THEN 'simple' END",
                ),
                said("on_update", &action("con.confupdtype")),
                said(
                    "on_delete",
                    &format!(
                        "{} || CASE WHEN con.confdelsetcols IS NOT NULL THEN ' (' || {} || ')' ELSE '' END",
                        action("con.confdeltype"),
                        columns(
                            "quote_ident",
                            "string_agg(quote_ident(a.attname), ', ' ORDER BY u.n)",
                            "con.confdelsetcols",
                            "con.conrelid"
                        )
                    ),
                ),
            ],
        ),
        only_where(
            "con.contype IN ('p', 'u')",
            &[
                yes("without_overlaps", period),
                yes("nulls_not_distinct", "con.contype = 'u' AND i.indnullsnotdistinct"),
                // The index's own columns keep the names that the table's had.
                said(
                    "include",
                    "CASE WHEN i.indnatts > i.indnkeyatts THEN
                         (SELECT json_agg(a.attname ORDER BY u.n)
                            FROM unnest(i.indkey) WITH ORDINALITY u(attnum, n)
                            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
                           WHERE u.n > i.indnkeyatts) END",
                ),
                said("storage_parameters", &fragment::sorted("ic.reloptions")),
            ],
        ),
        said(
            "definition",
            "CASE WHEN con.contype = 'x'
                  THEN regexp_replace(pg_get_constraintdef(con.oid), '( NOT)? DEFERRABLE( INITIALLY DEFERRED)?$', '') END",
        ),
        said("tablespace", "CASE WHEN con.contype IN ('p', 'u', 'x') THEN ts.spcname END"),
        said(
            "deferrable",
            "CASE WHEN con.condeferred THEN 'initially deferred'
                  WHEN con.condeferrable THEN 'initially immediate' END",
        ),
        said("validated", "CASE WHEN NOT con.convalidated THEN false END"),
        said("triggers", "CASE WHEN off.yes THEN 'disabled' END"),
    ];
    if server >= 18 {
        attributes.push(said("enforced", "CASE WHEN NOT con.conenforced THEN false END"));
    }
    format!(
        "WITH {schemas},
         ext AS MATERIALIZED (
         SELECT classid, objid FROM pg_depend
          WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'),
         con AS (
         SELECT con.*, ns.nspname, c.relname AS owner, NULL::text AS on_domain
           FROM pg_class c
           JOIN ns ON ns.oid = c.relnamespace
           JOIN pg_constraint con ON con.conrelid = c.oid
          WHERE con.contype IN ('c', 'f', 'p', 'u', 'x') AND con.conparentid = 0
            -- What is inherited is its parent's, also where it is said again.
            AND con.coninhcount = 0
            AND c.relkind IN ('r', 'p', 'f')
            AND c.oid NOT IN (SELECT objid FROM ext WHERE classid = 'pg_class'::regclass)
            {only_relations}
         UNION ALL
         SELECT con.*, ns.nspname, t.typname, 'domain'
           FROM pg_type t
           JOIN ns ON ns.oid = t.typnamespace
           JOIN pg_constraint con ON con.contypid = t.oid AND con.contypid <> 0
          WHERE t.typtype = 'd' AND con.contype = 'c'
            AND t.oid NOT IN (SELECT objid FROM ext WHERE classid = 'pg_type'::regclass)
            {only_domains}),
         -- Triggers that don't fire: the server says nothing of such a
         -- constraint, and checks nothing.
         off AS (
         SELECT tgconstraint, true AS yes FROM pg_trigger
          WHERE tgisinternal AND tgconstraint <> 0 AND tgenabled <> 'O' {only_triggers}
          GROUP BY tgconstraint)
         SELECT ARRAY[con.nspname, con.owner, con.conname]::text[], NULL::text, NULL::text, con.oid, NULL::integer,
                {attributes}
           FROM con
           LEFT JOIN off ON off.tgconstraint = con.oid
           -- Where there is none nothing is looked up.
           LEFT JOIN pg_class fc ON fc.oid = nullif(con.confrelid, 0)
           LEFT JOIN pg_namespace fn ON fn.oid = fc.relnamespace
           LEFT JOIN pg_class ic ON ic.oid = nullif(con.conindid, 0)
           LEFT JOIN pg_index i ON i.indexrelid = CASE WHEN con.contype IN ('p', 'u') THEN con.conindid END
           LEFT JOIN pg_tablespace ts ON ts.oid = ic.reltablespace",
        schemas = fragment::SCHEMAS,
        only_relations = fragment::only("c.oid"),
        only_domains = fragment::only("t.oid"),
        // Both ends of a key have them.
        only_triggers = fragment::only("tgrelid"),
        attributes = fragment::attributes(&attributes),
    )
}

/// What a function makes of the column of a table with that number, or an
/// aggregate of several: most keys have one, and an aggregate costs much more.
fn columns(function: &str, aggregate: &str, numbers: &str, table: &str) -> String {
    format!(
        "CASE cardinality({numbers}) WHEN 1 THEN {function}((SELECT a.attname
            FROM pg_attribute a WHERE a.attrelid = {table} AND a.attnum = {numbers}[1]))
         ELSE (SELECT {aggregate}
            FROM unnest({numbers}) WITH ORDINALITY u(attnum, n)
            JOIN pg_attribute a ON a.attrelid = {table} AND a.attnum = u.attnum) END"
    )
}

fn action(column: &str) -> String {
    format!(
        "CASE {column} WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade'
              WHEN 'n' THEN 'set null' WHEN 'd' THEN 'set default' END"
    )
}

/// Whether an index stands behind it, which has its name.
pub(crate) fn has_index(o: &Object) -> bool {
    let text = o.attributes.get();
    (text.contains("\"primary key\"")
        || text.contains("\"unique\"")
        || text.contains("\"exclusion\""))
        && matches!(o.attrs().text("type"), Some("primary key" | "unique" | "exclusion"))
}

/// The table that a foreign key points to.
pub(super) fn references(attrs: &Attrs) -> Option<Identity> {
    attrs.identity("_references")
}

/// The key that a foreign key stands on, under its table.
pub(super) fn stands_on(attrs: &Attrs) -> Option<Identity> {
    let table = references(attrs)?;
    Some(attrs.text("_key").map_or(table.clone(), |key| table.part(key)))
}

/// The constraint as it stands in CREATE TABLE.
pub(super) fn clause(o: &Object) -> String {
    let attrs = o.attrs();
    let kind = attrs.text("type").unwrap_or_default();
    let mut text = format!("CONSTRAINT {} ", sql::ident(o.identity.name()));
    let overlaps = if attrs.is("without_overlaps") { " WITHOUT OVERLAPS" } else { "" };
    let columns = sql::idents(&attrs.list("columns"));
    match kind {
        "check" => {
            text.push_str(&format!("CHECK ({})", attrs.text("expression").unwrap_or("true")));
            if attrs.is("no_inherit") {
                text.push_str(" NO INHERIT");
            }
        }
        "exclusion" => text.push_str(attrs.text("definition").unwrap_or_default()),
        "foreign key" => {
            let references = attrs.text("references").unwrap_or_default();
            // A key over a period says so on both sides.
            let columns = match (references.contains("PERIOD "), attrs.list("columns").split_last())
            {
                (true, Some((last, []))) => {
                    format!("PERIOD {}", sql::ident(last))
                }
                (true, Some((last, rest))) => {
                    format!("{}, PERIOD {}", sql::idents(rest), sql::ident(last))
                }
                _ => columns,
            };
            text.push_str(&format!("FOREIGN KEY ({columns}) REFERENCES {references}"));
            if attrs.text("match") == Some("full") {
                text.push_str(" MATCH FULL");
            }
            for (attribute, clause) in [("on_update", "ON UPDATE"), ("on_delete", "ON DELETE")] {
                if let Some(action) = attrs.text(attribute).filter(|a| *a != "no action") {
                    text.push_str(&format!(" {clause} {}", keywords(action)));
                }
            }
        }
        _ => {
            let word = if kind == "unique" { "UNIQUE" } else { "PRIMARY KEY" };
            text.push_str(word);
            if attrs.is("nulls_not_distinct") {
                text.push_str(" NULLS NOT DISTINCT");
            }
            text.push_str(&format!(" ({columns}{overlaps})"));
            let include = attrs.list("include");
            if !include.is_empty() {
                text.push_str(&format!(" INCLUDE ({})", sql::idents(&include)));
            }
            let parameters = attrs.list("storage_parameters");
            if !parameters.is_empty() {
                text.push_str(&format!(" WITH ({})", sql::parameters(&parameters)));
            }
            if let Some(tablespace) = attrs.text("tablespace") {
                text.push_str(&format!(" USING INDEX TABLESPACE {}", sql::ident(tablespace)));
            }
        }
    }
    match attrs.text("deferrable") {
        Some("initially deferred") => text.push_str(" DEFERRABLE INITIALLY DEFERRED"),
        Some(_) => text.push_str(" DEFERRABLE"),
        None => {}
    }
    if attrs.get("enforced").is_some() {
        text.push_str(" NOT ENFORCED");
    } else if attrs.get("validated").is_some() {
        text.push_str(" NOT VALID");
    }
    text
}

/// The same for a table that is new, and has no rows to look at.
pub(super) fn valid_clause(o: &Object) -> String {
    let clause = clause(o);
    clause.strip_suffix(" NOT VALID").unwrap_or(&clause).to_owned()
}

/// `set null (a, "B")`: the words in capitals, the names as they are.
fn keywords(action: &str) -> String {
    match action.split_once(" (") {
        Some((words, columns)) => format!("{} ({columns}", words.to_uppercase()),
        None => action.to_uppercase(),
    }
}

/// What it is a constraint of, as COMMENT ON names it.
fn of(o: &Object) -> String {
    let domain = o.attrs().text("_on") == Some("domain");
    format!("{}{}", if domain { "DOMAIN " } else { "" }, o.identity.prefix(2).sql())
}

pub(super) fn rename(o: &Object, to: &str) -> String {
    let own = sql::ident(o.identity.name());
    format!("{} RENAME CONSTRAINT {own} TO {}", owner(o), sql::ident(to))
}

fn owner(o: &Object) -> String {
    let what = if o.attrs().text("_on") == Some("domain") { "DOMAIN" } else { "TABLE" };
    format!("ALTER {what} {}", o.identity.prefix(2).sql())
}

/// The statement that adds it.
pub(super) fn add(o: &Object) -> String {
    format!("{} ADD {}", owner(o), clause(o))
}

/// The statement that adds the same to another table.
pub(super) fn add_to(o: &Object, table: &Identity) -> String {
    format!("ALTER TABLE {} ADD {}", table.sql(), clause(o))
}

/// The statement that drops one from a table that has it from another one.
pub(super) fn drop_from(table: &Identity, name: &str) -> String {
    format!("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", table.sql(), sql::ident(name))
}

/// The same without a look at all rows under a lock that keeps others out.
fn gentle(o: &Object, attrs: &Attrs, side: &Side) -> Vec<String> {
    let as_usual = ["validated", "enforced"].iter().all(|a| attrs.get(a).is_none());
    if !as_usual || table::is_partitioned(&o.identity.prefix(2), side) {
        return Vec::new();
    }
    let name = sql::ident(o.identity.name());
    match attrs.text("type") {
        Some("check" | "foreign key") => vec![
            format!("{} NOT VALID", add(o)),
            format!("{} VALIDATE CONSTRAINT {name}", owner(o)),
        ],
        Some("unique") => {
            let plain = [
                "include",
                "nulls_not_distinct",
                "without_overlaps",
                "storage_parameters",
                "tablespace",
            ];
            if plain.iter().any(|a| attrs.get(a).is_some()) {
                return Vec::new();
            }
            let deferrable = attrs
                .text("deferrable")
                .map(|d| format!(" DEFERRABLE {}", d.to_uppercase()))
                .unwrap_or_default();
            vec![
                format!(
                    "CREATE UNIQUE INDEX CONCURRENTLY {name} ON {} ({})",
                    o.identity.prefix(2).sql(),
                    sql::idents(&attrs.list("columns"))
                ),
                format!("{} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}{deferrable}", owner(o)),
            ]
        }
        _ => Vec::new(),
    }
}

fn drop(o: &Object, side: &Side) -> Mend {
    let phase = if o.attrs().text("type") == Some("foreign key") {
        Phase::DropForeignKey
    } else {
        Phase::DropConstraint
    };
    let mut mend = Mend::default();
    for key in pointing(o, side) {
        mend = mend.and(
            Phase::DropForeignKey,
            format!(
                "ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
                key.identity.prefix(2).sql(),
                sql::ident(key.identity.name())
            ),
        );
    }
    mend.and(
        phase,
        format!("{} DROP CONSTRAINT IF EXISTS {}", owner(o), sql::ident(o.identity.name())),
    )
}

/// Foreign keys that stand on a key or unique index of a table.
pub(super) fn pointing<'m>(key: &Object, side: &Side<'m>) -> Vec<&'m Object> {
    let table = match key.kind.name {
        "index" => (key.kind.parent)(key),
        _ => Some(key.identity.prefix(2)),
    };
    side.all("constraint")
        .filter(|o| o.attributes.get().contains("\"_key\""))
        .filter(|o| {
            let attrs = o.attrs();
            attrs.text("_key") == Some(key.identity.name()) && references(&attrs) == table
        })
        .collect()
}

/// What brings back the foreign keys that had to go for a key to be made anew.
pub(super) fn point_again(c: &Change) -> Vec<Step> {
    pointing(c.live, c.live_side)
        .into_iter()
        .filter_map(|key| c.declared_side.named("constraint", &key.identity))
        .map(again)
        .collect()
}

/// What brings back those that had to go with a key, for another one to take
/// its place.
pub(crate) fn stand_again(key: &Object, live: &Side, declared: &Side) -> Vec<Step> {
    pointing(key, live)
        .into_iter()
        .filter_map(|key| declared.named("constraint", &key.identity))
        .map(|key| {
            let attrs = key.attrs();
            again(key).needing(stands_on(&attrs))
        })
        .collect()
}

fn again(key: &Object) -> Step {
    Step::new(
        Phase::AddForeignKey,
        format!(
            "ALTER TABLE {} DROP CONSTRAINT IF EXISTS {};\n{}",
            key.identity.prefix(2).sql(),
            sql::ident(key.identity.name()),
            add(key)
        ),
    )
}

fn alter(c: &Change) -> Mend {
    let name = c.name();
    let owner = owner(c.live);
    let foreign = c.to.text("type") == Some("foreign key");
    // Settled by itself only where the rest is as declared: else the
    // constraint is made anew, once.
    let alone =
        KIND.attributes.iter().filter(|a| c.to.get(a.name) != c.from.get(a.name)).count() == 1;
    match c.attribute {
        "validated" if alone && c.to.get("validated").is_none() => {
            return Mend::step(Phase::AddForeignKey, format!("{owner} VALIDATE CONSTRAINT {name}"));
        }
        "deferrable" if alone && foreign => {
            let state = match c.to.text("deferrable") {
                Some("initially deferred") => "DEFERRABLE INITIALLY DEFERRED",
                Some(_) => "DEFERRABLE INITIALLY IMMEDIATE",
                None => "NOT DEFERRABLE",
            };
            return Mend::step(
                Phase::AddForeignKey,
                format!("{owner} ALTER CONSTRAINT {name} {state}"),
            );
        }
        "storage_parameters" if alone => {
            let index = c.live.identity.beside(c.live.identity.name());
            return table::parameter_statements(&format!("ALTER INDEX {}", index.sql()), c);
        }
        _ => {}
    }
    let mut mend = c.again();
    mend.steps.extend(point_again(c));
    if let Some(t) = c.declared_side.relation(&c.live.identity.prefix(2)) {
        for sql in table::resettle(&t.attrs(), &c.table(), c.live.identity.name()) {
            mend = mend.and(Phase::Finish, sql);
        }
    }
    mend
}
