use serde_json::Value;

use super::mend::{Change, Mend, Phase, Side, Step, Target};
use super::{
    Attribute, Attrs, Identity, Kind, Object, Scope, Severity, by_name, constraint, deparsed,
    facet, foreign_table, fragment, named, not_null, partition_index, sequence, sql, table,
};

pub static KIND: Kind = Kind {
    name: "column",
    object_type: "column",
    catalog: "pg_class",
    letters: "rpf",
    scope: Scope::Schema,
    sql_name: named,
    query,
    attributes: &[
        Attribute::error("type"),
        Attribute::error("collation"),
        Attribute::error("default"),
        Attribute::error("generated"),
        Attribute::error("identity"),
        Attribute::info("sequence").absent("default").within("identity"),
        Attribute::warning("sequence_type").absent("the column's").within("identity"),
        Attribute::warning("sequence_persistence").absent("the table's").within("identity"),
        Attribute::error("not_null").absent("false"),
        // Before what alters it by its name.
        Attribute::info("not_null_name").absent("default").within("not_null"),
        Attribute::warning("not_null_validated").absent("true").within("not_null"),
        Attribute::warning("not_null_no_inherit").absent("false").within("not_null"),
        Attribute::warning("storage").absent("default"),
        Attribute::warning("compression").absent("default"),
        Attribute::warning("statistics").absent("default"),
        Attribute::warning("options"),
        Attribute::warning("fdw_options"),
        Attribute::info("position"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: true,
    parent: by_name,
    create,
    drop,
    alter,
};

fn query(server: u32) -> String {
    use fragment::{only_where, said, yes};
    let mut attributes = vec![
        said("type", "format_type(a.atttypid, a.atttypmod)"),
        said(
            "collation",
            "CASE WHEN co.oid IS NOT NULL THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END",
        ),
        only_where(
            "a.atthasdef",
            &[
                // A default names no column: to deparse it needs nothing of the table.
                // ALTER TYPE can leave a default behind that is nothing but NULL. The server
                // takes it from nobody, unless the type is a domain, which may have another one.
                said(
                    "default",
                    "CASE WHEN a.attgenerated = '' AND (t.typtype = 'd' OR d.adbin::text NOT LIKE '{CONST %:constisnull true%')
                          THEN pg_get_expr(d.adbin, 0) END",
                ),
                said(
                    "generated",
                    "CASE a.attgenerated WHEN 's' THEN pg_get_expr(d.adbin, d.adrelid) || ' STORED'
                          WHEN 'v' THEN pg_get_expr(d.adbin, d.adrelid) || ' VIRTUAL' END",
                ),
            ],
        ),
        only_where(
            "a.attidentity <> ''",
            &[
                said(
                    "identity",
                    "CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END || ident.options",
                ),
                // The server puts a number behind a name that is taken.
                said(
                    "sequence",
                    "CASE WHEN NOT starts_with(ident.name, usual.name)
                            OR substr(ident.name, length(usual.name) + 1) !~ '^[0-9]*$' THEN ident.name END",
                ),
                said("_sequence", "ident.name"),
                said("_sequence_owner", "ident.owner"),
                said(
                    "sequence_type",
                    "CASE WHEN ident.seqtypid <> a.atttypid THEN format_type(ident.seqtypid, NULL) END",
                ),
                said(
                    "sequence_persistence",
                    "CASE WHEN ident.persistence <> rel.relpersistence THEN
                     CASE ident.persistence WHEN 'u' THEN 'unlogged' ELSE 'permanent' END END",
                ),
            ],
        ),
        yes("not_null", "a.attnotnull"),
    ];
    let mut not_null_join = "";
    // From 18 NOT NULL is a constraint with a state of its own.
    if server >= 18 {
        attributes.push(only_where(
            "nn.oid IS NOT NULL",
            &[
                // An inherited one can't have another name by itself.
                said(
                    "not_null_name",
                    &format!(
                        "CASE WHEN nn.coninhcount = 0 AND NOT {} THEN nn.conname END",
                        not_null::usual("nn.conname", "rel.relname || '_' || a.attname"),
                    ),
                ),
                said("not_null_validated", "CASE WHEN NOT nn.convalidated THEN false END"),
                yes("not_null_no_inherit", "nn.connoinherit"),
                said(
                    "_not_null",
                    "CASE WHEN nn.conname <> rel.relname || '_' || a.attname || '_not_null' THEN nn.conname END",
                ),
                yes("_not_null_inherited", "nn.coninhcount > 0"),
            ],
        ));
        not_null_join =
            "LEFT JOIN pg_constraint nn ON nn.conrelid = a.attrelid AND nn.contype = 'n'
                                       AND nn.conkey[1] = a.attnum";
    }
    attributes.extend([
        only_where(
            "a.attstorage <> t.typstorage AND t.typstorage <> 'p'",
            &[
                said("storage", &storage("a.attstorage")),
                said("_storage", &storage("t.typstorage")),
            ],
        ),
        said("compression", "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END"),
        said("statistics", "nullif(a.attstattarget, -1)"),
        said("options", OPTIONS),
        said("fdw_options", &fragment::sorted("a.attfdwoptions")),
        said(deparsed::COLUMN_TYPE, "a.atttypid"),
        said(deparsed::COLUMN_COLLATION, "a.attcollation"),
        yes("_inherited", "a.attinhcount > 0"),
        yes("_local", "a.attinhcount > 0 AND a.attislocal"),
    ]);
    // What a sequence has by default for its type and direction is left out,
    // so that widening the column doesn't show as a changed sequence too.
    format!(
        "{},
         ident AS (
         SELECT d.refobjid, d.refobjsubid, {} AS options, s.seqtypid, c.relname AS name, c.relpersistence AS persistence,
                pg_get_userbyid(c.relowner) AS owner
           FROM pg_sequence s
           JOIN pg_class c ON c.oid = s.seqrelid
           JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid
                           AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i')
         SELECT ARRAY[rel.nspname, rel.relname, a.attname]::text[], NULL::text, NULL::text, rel.oid, a.attnum::integer,
                {}
           FROM rel
           JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
           JOIN pg_type t ON t.oid = a.atttypid
           -- Where there is none nothing is looked up.
           LEFT JOIN pg_attrdef d ON d.adrelid = CASE WHEN a.atthasdef THEN a.attrelid END AND d.adnum = a.attnum
           LEFT JOIN pg_collation co ON co.oid = a.attcollation AND a.attcollation <> t.typcollation
           LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
           LEFT JOIN ident ON a.attidentity <> '' AND ident.refobjid = a.attrelid
                          AND ident.refobjsubid = a.attnum
          CROSS JOIN LATERAL (SELECT rel.relname || '_' || a.attname || '_seq' AS name) usual
           {not_null_join}",
        fragment::relations("'r', 'p', 'f'"),
        sequence::options_text("s"),
        fragment::attributes(&attributes),
    )
}

/// Whether NOT NULL has a state that a column's definition doesn't give it.
fn not_null_is_odd(attrs: &Attrs) -> bool {
    ["not_null_validated", "not_null_no_inherit"].iter().any(|a| attrs.get(a).is_some())
}

/// What a child has of a parent's column where it says nothing itself.
pub(super) fn handed_down(parent: &Attrs) -> Attrs {
    let mut given = parent.clone();
    for own in ["statistics", "options", "not_null_name"] {
        given.0.remove(own);
    }
    if parent.is("not_null_no_inherit") {
        for own in ["not_null", "not_null_validated", "not_null_no_inherit"] {
            given.0.remove(own);
        }
    }
    given
}

/// How values are kept, in words.
fn storage(column: &str) -> String {
    format!(
        "CASE {column} WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external'
              WHEN 'm' THEN 'main' WHEN 'x' THEN 'extended' END"
    )
}

/// A column's options but for the server's own mark of the column's version,
/// which the minor releases of late 2026 keep among them and pg_dump leaves
/// out; most columns have nothing else.
const OPTIONS: &str = r"CASE WHEN a.attoptions[1] NOT LIKE 'pg\_attver=%' OR cardinality(a.attoptions) > 1 THEN
            (SELECT json_agg(o ORDER BY o) FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\_attver=%') END";

/// A column as it stands in CREATE TABLE and ADD COLUMN.
pub(super) fn definition(name: &str, attrs: &Attrs) -> String {
    let mut text = format!("{} {}", sql::ident(name), attrs.text("type").unwrap_or("text"));
    if let Some(options) = nonempty(attrs.list("fdw_options")) {
        text.push_str(&format!(" OPTIONS ({})", table::fdw_options(&options)));
    }
    if let Some(compression) = attrs.text("compression") {
        text.push_str(&format!(" COMPRESSION {compression}"));
    }
    if let Some(collation) = attrs.text("collation") {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(default) = attrs.text("default") {
        text.push_str(&format!(" DEFAULT {default}"));
    }
    if let Some(generated) = attrs.text("generated") {
        text.push_str(&generated_clause(generated));
    }
    if let Some(identity) = attrs.text("identity") {
        text.push_str(&identity_clause(identity, attrs.text("sequence")));
    }
    if attrs.is("not_null") && !not_null_is_odd(attrs) {
        // One that comes down as well keeps its own name.
        let merged = attrs.text("_not_null").filter(|_| attrs.is("_not_null_inherited"));
        if let Some(name) = attrs.text("not_null_name").or(merged) {
            text.push_str(&format!(" CONSTRAINT {}", sql::ident(name)));
        }
        text.push_str(" NOT NULL");
    }
    text
}

fn nonempty(list: Vec<String>) -> Option<Vec<String>> {
    (!list.is_empty()).then_some(list)
}

fn generated_clause(generated: &str) -> String {
    let (expression, kind) = generated.rsplit_once(' ').unwrap_or((generated, "STORED"));
    format!(" GENERATED ALWAYS AS ({expression}) {kind}")
}

/// `ALWAYS` or `BY DEFAULT`, and the sequence's options.
fn identity_parts(identity: &str) -> (&str, &str) {
    match identity.strip_prefix("ALWAYS") {
        Some(rest) => ("ALWAYS", rest.trim_start()),
        None => ("BY DEFAULT", identity.strip_prefix("BY DEFAULT").unwrap_or("").trim_start()),
    }
}

fn identity_clause(identity: &str, sequence: Option<&str>) -> String {
    let (when, options) = identity_parts(identity);
    let name = sequence.map(|name| format!("SEQUENCE NAME {}", sql::ident(name)));
    let options: Vec<_> =
        name.as_deref().into_iter().chain(Some(options).filter(|o| !o.is_empty())).collect();
    if options.is_empty() {
        format!(" GENERATED {when} AS IDENTITY")
    } else {
        format!(" GENERATED {when} AS IDENTITY ({})", options.join(" "))
    }
}

/// For a column that has another name now: whether its identity sequence has
/// the usual one.
pub fn name_sequence(column: &mut Object) {
    if !column.may_name("_sequence") {
        return;
    }
    let mut attrs = column.attrs();
    let Some(name) = attrs.text("_sequence").map(str::to_owned) else { return };
    let usual = usual_sequence(&column.identity);
    let number = name.strip_prefix(&usual);
    if number.is_some_and(|n| n.chars().all(|c| c.is_ascii_digit())) {
        attrs.0.remove("sequence");
    } else {
        attrs.0.insert("sequence".to_owned(), name.into());
    }
    column.set(attrs);
}

/// What the server calls the identity sequence of a column by itself.
fn usual_sequence(column: &Identity) -> String {
    format!("{}_{}_seq", column.parts[1], column.name())
}

/// What a column's identity sequence is called once it is as declared.
pub(in crate::model) fn sequence_name(column: &Identity, from: &Attrs, to: &Attrs) -> Identity {
    let mut name = column.prefix(1);
    let stays = from.get("sequence") == to.get("sequence");
    let now = from.text("_sequence").filter(|_| stays).or(to.text("sequence"));
    name.parts.push(now.map_or_else(|| usual_sequence(column), str::to_owned));
    name
}

/// What gives the sequence of an identity its name and all that is said of it.
fn of_sequence(c: &Change) -> Vec<Step> {
    let column = &c.live.identity;
    let differs = |attribute: &str| {
        ["identity", attribute].contains(&c.attribute)
            && c.from.get(attribute) != c.to.get(attribute)
    };
    let name = sequence_name(column, c.from, c.to);
    let mut steps = Vec::new();
    if let Some(now) = c.from.text("_sequence").filter(|_| differs("sequence")) {
        let mut old = column.prefix(1);
        old.parts.push(now.to_owned());
        let to = sql::ident(name.name());
        let sql = format!("ALTER SEQUENCE {} RENAME TO {to}", old.sql());
        steps.push(Step::new(Phase::AlterColumn, sql));
    }
    if differs("sequence_persistence") {
        let table = c.declared_side.relation(&column.prefix(2)).map(Object::attrs);
        steps.push(Step::new(Phase::AlterColumn, persistence(&name, c.to, table.as_ref())));
    }
    if differs("sequence_type") {
        let of = c.to.text("sequence_type").or(c.to.text("type")).unwrap_or("bigint");
        let sql = format!("ALTER SEQUENCE {} AS {of}", name.sql());
        steps.push(Step::new(Phase::AlterColumn, sql));
    }
    for attribute in ["sequence_comment", "sequence_grants"] {
        if let Some(facet) = facet::of(attribute).filter(|_| differs(attribute)) {
            steps.extend((facet.alter)(attribute, c.live, c.from, c.to));
        }
    }
    steps
}

fn persistence(sequence: &Identity, to: &Attrs, table: Option<&Attrs>) -> String {
    let own = to.text("sequence_persistence").or(table.and_then(|t| t.text("persistence")));
    let word = if own == Some("unlogged") { "UNLOGGED" } else { "LOGGED" };
    format!("ALTER SEQUENCE {} SET {word}", sequence.sql())
}

/// What a column definition can't say.
pub(super) fn finish(identity: &Identity, attrs: &Attrs) -> Vec<String> {
    let mut given = attrs.clone();
    for later in ["storage", "statistics", "options"] {
        given.0.remove(later);
    }
    if not_null_is_odd(attrs) {
        for later in ["not_null", "not_null_validated", "not_null_no_inherit"] {
            given.0.remove(later);
        }
    }
    let mut statements = settle(identity, &given, attrs);
    if attrs.get("sequence_persistence").is_some() {
        let sequence = sequence_name(identity, &Attrs::default(), attrs);
        statements.push(persistence(&sequence, attrs, None));
    }
    if let Some(of) = attrs.text("sequence_type") {
        let sequence = sequence_name(identity, &Attrs::default(), attrs);
        statements.push(format!("ALTER SEQUENCE {} AS {of}", sequence.sql()));
    }
    statements
}

/// Statements that bring a new column from one state to another.
pub(super) fn settle(identity: &Identity, from: &Attrs, to: &Attrs) -> Vec<String> {
    KIND.attributes
        .iter()
        .filter(|a| from.get(a.name) != to.get(a.name))
        .flat_map(|a| {
            // Children have no such thing of their parent.
            let only = if ["statistics", "options"].contains(&a.name) { "ONLY " } else { "" };
            let what = format!("ALTER TABLE {only}{}", identity.prefix(2).sql());
            let sub = subcommands(a.name, identity, from, to).0;
            sub.into_iter().map(move |sub| format!("{what} {sub}"))
        })
        .collect()
}

/// The sequence of a column's identity.
pub(super) fn own_sequence(column: &Object) -> Option<Identity> {
    if !column.attributes.get().contains("\"_sequence\"") {
        return None;
    }
    Some(column.identity.beside(column.attrs().text("_sequence")?))
}

/// The column whose identity has the sequence that a default draws on: there is
/// none before the column.
pub(super) fn draws_on(default: &str, side: &Side) -> Option<Identity> {
    if !default.contains("::regclass") {
        return None;
    }
    // A literal has its apostrophes twice.
    sql::pairs(&default.replace("''", "'")).into_iter().find_map(|name| {
        let sequence = Identity::new(sql::unquoted(name));
        if side.get(&sequence::KIND, &sequence).is_some() {
            return None;
        }
        holder(&sequence, side, |held| *held == sequence).map(|c| c.identity.clone())
    })
}

/// Whether a new column's default has to wait for such a column: its own, or
/// one that comes down from a parent's column in its place.
pub(super) fn waits_with_default(column: &Identity, attrs: &Attrs, side: &Side) -> bool {
    let late = |attrs: &Attrs| attrs.text("default").is_some_and(|d| draws_on(d, side).is_some());
    let above = attrs.is("_inherited").then(|| table::above(&column.prefix(2), side));
    late(attrs)
        || above.into_iter().flatten().any(|table| {
            side.get(&KIND, &table.part(column.name())).is_some_and(|c| late(&c.attrs()))
        })
}

/// When a column is added, and when it is given what its definition can't say.
fn added_in(attrs: &Attrs) -> (Phase, Phase) {
    match attrs.get("generated") {
        Some(_) => (Phase::AddComputed, Phase::AddComputed),
        None => (Phase::AlterTable, Phase::AlterColumn),
    }
}

fn create(o: &Object, side: &Side) -> Vec<Step> {
    let attrs = o.attrs();
    let table = o.identity.prefix(2);
    let (mut phase, later) = added_in(&attrs);
    let draws_on = attrs.text("default").and_then(|default| draws_on(default, side));
    if draws_on.is_some() {
        phase = Phase::AlterColumn;
    }
    let add = |attrs: &Attrs| {
        let definition = definition(o.identity.name(), attrs);
        let sql = format!("ALTER TABLE {} ADD COLUMN {definition}", table.sql());
        Step::new(phase, sql).needing(draws_on.clone())
    };
    let mut steps = Vec::new();
    // The server adds no identity to a table that has children.
    if attrs.get("identity").is_some() && !side.heirs(&table).is_empty() {
        let mut plain = attrs.clone();
        for later in ["identity", "not_null"] {
            plain.0.remove(later);
        }
        steps.push(add(&plain));
        let settled = settle(&o.identity, &plain, &attrs);
        steps.extend(settled.into_iter().map(|sql| Step::new(later, sql)));
    } else {
        steps.push(add(&attrs));
    }
    for sql in finish(&o.identity, &attrs) {
        steps.push(Step::new(later, sql));
    }
    for s in side.all("sequence") {
        if s.attributes.get().contains("owned_by")
            && s.attrs().identity("owned_by").as_ref() == Some(&o.identity)
        {
            steps.extend(sequence::owner(s));
        }
    }
    steps
}

/// What children say of a column that they have from its table, where the
/// column comes back.
pub(crate) fn in_children(o: &Object, live: &Side, declared: &Side) -> Vec<Step> {
    let mut steps = Vec::new();
    for child in declared.heirs(&o.identity.prefix(2)) {
        let to_come = live.relation(&child.identity).is_none();
        let column = child.identity.part(o.identity.name());
        if let Some(column) = declared.get(o.kind, &column).filter(|c| c.attrs().is("_inherited")) {
            let attrs = column.attrs();
            let mut given = handed_down(&o.attrs());
            given.0.remove("identity");
            let settled = settle(&column.identity, &given, &attrs);
            let (_, phase) = added_in(&attrs);
            let needs = to_come.then(|| child.identity.clone());
            let step = |sql| Step::new(phase, sql).needing(needs.clone());
            steps.extend(settled.into_iter().map(step));
            // One that is to come gets the rest with all that is its own.
            if !to_come {
                steps.extend(facet::steps(column, declared));
            }
            steps.extend(in_children(column, live, declared));
        }
    }
    steps
}

/// Frees a name that a new identity's sequence is to have.
pub(crate) fn free_sequence(o: &Object, live: &Side) -> Option<Step> {
    let wanted = o.identity.beside(o.attrs().text("sequence")?);
    // A copy of the schema has it without the number.
    let number = |number: &str| number.bytes().all(|b| b.is_ascii_digit());
    let has = |held: &Identity| held.name().strip_prefix(wanted.name()).is_some_and(number);
    holder(&wanted, live, has).map(|_| out_of_the_way(&wanted, Phase::AlterTable))
}

/// Frees the name of a new sequence, which that of an identity has that goes.
pub(crate) fn make_way(sequence: &Object, live: &Side, declared: &Side) -> Option<Step> {
    let wanted = &sequence.identity;
    let held_by = holder(wanted, live, |held| held == wanted)?;
    let stays = declared.get(&KIND, &held_by.identity).map(|o| o.attrs());
    stays
        .is_none_or(|to| to.get("identity").is_none())
        .then(|| out_of_the_way(wanted, Phase::CreateSequence))
}

/// The column whose identity has a sequence of such a name.
fn holder<'m>(
    wanted: &Identity,
    live: &Side<'m>,
    is: impl Fn(&Identity) -> bool,
) -> Option<&'m Object> {
    live.all(KIND.name).find(|c| {
        c.identity.parts[0] == wanted.parts[0]
            && c.may_name(wanted.name())
            && own_sequence(c).is_some_and(|held| is(&held))
    })
}

fn out_of_the_way(sequence: &Identity, phase: Phase) -> Step {
    let old = sql::ident(&format!("{}__old", sequence.name()));
    let sql = format!("ALTER SEQUENCE IF EXISTS {} RENAME TO {old}", sequence.sql());
    Step::new(phase, sql)
}

fn drop(o: &Object, side: &Side) -> Mend {
    let table = o.identity.prefix(2);
    let computed = o.attributes.get().contains("\"generated\"");
    let mut mend = Mend::step(
        if computed { Phase::DropComputed } else { Phase::DropColumn },
        format!(
            "ALTER TABLE {} DROP COLUMN IF EXISTS {}",
            table.sql(),
            sql::ident(o.identity.name())
        ),
    )
    .clearing(Target::Column(o.identity.clone()));
    // Keys of other tables hold it.
    for key in side.all("constraint") {
        if key.attributes.get().contains("\"_references\"") && key.may_name(table.name()) {
            let attrs = key.attrs();
            let columns = attrs.text("references").unwrap_or_default();
            if attrs.identity("_references").as_ref() == Some(&table)
                && sql::mentions(columns, &sql::ident(o.identity.name()))
            {
                mend = mend.clearing(Target::Object("constraint", key.identity.clone()));
            }
        }
    }
    mend
}

/// What drops a column that isn't declared. One that a child has of its own,
/// too, stays when the parent's goes, and goes where it isn't declared either.
pub(crate) fn drops(o: &Object, live: &Side, declared: &Side) -> Vec<String> {
    let table = o.identity.prefix(2);
    let of_heir = |heir: &Object| {
        let stays = declared.parents(&heir.identity).contains(&table);
        live.get(o.kind, &heir.identity.part(o.identity.name())).filter(|_| stays)
    };
    let columns: Vec<_> = live.heirs(&table).into_iter().filter_map(of_heir).collect();
    let is_declared = |c: &&Object| declared.get(c.kind, &c.identity).is_some();
    let only = if columns.iter().any(is_declared) { "ONLY " } else { "" };
    let (table, name) = (table.sql(), sql::ident(o.identity.name()));
    let mut drops = vec![format!("ALTER TABLE {only}{table} DROP COLUMN IF EXISTS {name}")];
    for column in columns.iter().filter(|c| !is_declared(c)) {
        let went_along = only.is_empty() && !column.attrs().is("_local");
        drops.extend(self::drops(column, live, declared).into_iter().skip(went_along.into()));
    }
    drops
}

pub(super) fn rename(o: &Object, to: &str) -> String {
    let own = sql::ident(o.identity.name());
    format!("ALTER TABLE {} RENAME COLUMN {own} TO {}", o.identity.prefix(2).sql(), sql::ident(to))
}

/// Whether a column has an identity that it is not to have.
fn identity_goes(from: &Attrs, to: &Attrs) -> bool {
    from.get("identity").is_some() && to.get("identity").is_none()
}

/// Before a default can take its place: the row of that may come first.
const DROP_IDENTITY: &str = "DROP IDENTITY IF EXISTS";

/// Subcommands of ALTER TABLE, and whether the column has to be made anew.
fn subcommands(
    attribute: &str,
    identity: &Identity,
    from: &Attrs,
    to: &Attrs,
) -> (Vec<String>, bool) {
    let col = sql::ident(identity.name());
    let alter = |what: String| format!("ALTER COLUMN {col} {what}");
    let one = |what: String| (vec![alter(what)], false);
    match attribute {
        "type" | "collation" => {
            let of = to.text("type").unwrap_or("text");
            let mut what = format!("TYPE {of}");
            if let Some(collation) = to.text("collation") {
                what.push_str(&format!(" COLLATE {collation}"));
            }
            // What is computed is computed again.
            let computed = from.get("generated").is_some();
            if attribute == "type"
                && !computed
                && !assignable(from.text("type").unwrap_or_default(), of)
            {
                let through = through(from.text("type").unwrap_or_default(), of);
                what.push_str(&format!(" USING {col}{through}::{of}"));
            }
            // The default is held in the old type; what can't be cast by
            // itself would stop the change.
            let mut sub = Vec::new();
            if attribute == "type" && from.get("default").is_some() {
                sub.push(alter("DROP DEFAULT".to_owned()));
            }
            sub.push(alter(what));
            if attribute == "type"
                && from.get("default").is_some()
                && let Some(default) = to.text("default")
            {
                sub.push(alter(format!("SET DEFAULT {default}")));
            }
            (vec![sub.join(", ")], false)
        }
        "default" => match to.text("default") {
            Some(default) if identity_goes(from, to) => (
                vec![alter(DROP_IDENTITY.to_owned()), alter(format!("SET DEFAULT {default}"))],
                false,
            ),
            Some(default) => one(format!("SET DEFAULT {default}")),
            // An identity or generated column has none to drop.
            None if from.get("default").is_none() => (Vec::new(), false),
            None => one("DROP DEFAULT".to_owned()),
        },
        "generated" => match (from.text("generated"), to.text("generated")) {
            (Some(_), None) => one("DROP EXPRESSION IF EXISTS".to_owned()),
            _ => (Vec::new(), true),
        },
        "identity" => match (from.text("identity"), to.text("identity")) {
            (Some(_), None) if to.get("default").is_some() => one(DROP_IDENTITY.to_owned()),
            (Some(_), None) => one("DROP IDENTITY".to_owned()),
            (None, Some(new)) => {
                let mut sub = Vec::new();
                if from.get("default").is_some() {
                    sub.push(alter("DROP DEFAULT".to_owned()));
                }
                if !from.is("not_null") {
                    sub.extend(set_not_null(&col, identity, from, to).0);
                }
                sub.push(alter(format!("ADD{}", identity_clause(new, to.text("sequence")))));
                (sub, false)
            }
            (Some(old), Some(new)) => {
                let ((was, old), (when, new)) = (identity_parts(old), identity_parts(new));
                let mut what = Vec::new();
                if was != when {
                    what.push(format!("SET GENERATED {when}"));
                }
                what.extend(sequence::text_changes(old, new).iter().map(|o| format!("SET {o}")));
                one(what.join(" "))
            }
            (None, None) => (Vec::new(), false),
        },
        "not_null" if !to.is("not_null") => one("DROP NOT NULL".to_owned()),
        "not_null" | "not_null_validated" | "not_null_no_inherit" => {
            set_not_null(&col, identity, from, to)
        }
        "not_null_name" if from.is("not_null") => {
            let name = |attrs: &Attrs| sql::ident(&not_null::name(identity, attrs));
            (vec![format!("RENAME CONSTRAINT {} TO {}", name(from), name(to))], false)
        }
        // Another type has its own.
        "storage" if to.get("storage").is_none() && from.get("type") != to.get("type") => {
            (Vec::new(), false)
        }
        "storage" => one(format!(
            "SET STORAGE {}",
            to.text("storage").or(from.text("_storage")).unwrap_or("DEFAULT")
        )),
        "compression" => one(compress(to)),
        "statistics" => one(format!(
            "SET STATISTICS {}",
            to.shown("statistics").unwrap_or_else(|| "-1".to_owned())
        )),
        "options" => {
            let (set, reset) = sql::parameter_changes(&from.list("options"), &to.list("options"));
            let mut sub = Vec::new();
            if !set.is_empty() {
                sub.push(alter(format!("SET ({})", sql::parameters(&set))));
            }
            if !reset.is_empty() {
                sub.push(alter(format!("RESET ({})", sql::idents(&reset))));
            }
            (sub, false)
        }
        "fdw_options" => one(format!(
            "OPTIONS ({})",
            foreign_table::option_changes(&from.list("fdw_options"), &to.list("fdw_options"))
        )),
        _ => (Vec::new(), false),
    }
}

/// How a column's values are to be compressed.
pub(super) fn compress(to: &Attrs) -> String {
    format!("SET COMPRESSION {}", to.text("compression").unwrap_or("default"))
}

/// The states that NOT NULL has from 18.
fn set_not_null(col: &str, identity: &Identity, from: &Attrs, to: &Attrs) -> (Vec<String>, bool) {
    let validated = |a: &Attrs| a.get("not_null_validated") != Some(&Value::Bool(false));
    let no_inherit = |a: &Attrs| a.is("not_null_no_inherit");
    // It may just have got the declared name.
    let renamed = from.get("not_null_name") != to.get("not_null_name");
    let known = sql::ident(&not_null::name(identity, if renamed { to } else { from }));
    let state_is = |a: &Attrs| (validated(a), no_inherit(a));
    if !from.is("not_null") || !validated(to) && validated(from) {
        let mut sub = Vec::new();
        if from.is("not_null") {
            sub.push(format!("ALTER COLUMN {col} DROP NOT NULL"));
        }
        if validated(to) && !no_inherit(to) && to.get("not_null_name").is_none() {
            sub.push(format!("ALTER COLUMN {col} SET NOT NULL"));
        } else {
            sub.push(format!(
                "ADD CONSTRAINT {} NOT NULL {col}{}{}",
                sql::ident(&not_null::name(identity, to)),
                if no_inherit(to) { " NO INHERIT" } else { "" },
                if validated(to) { "" } else { " NOT VALID" },
            ));
        }
        return (sub, false);
    }
    let mut sub = Vec::new();
    if state_is(from).0 != state_is(to).0 {
        sub.push(format!("VALIDATE CONSTRAINT {known}"));
    }
    if state_is(from).1 != state_is(to).1 {
        if no_inherit(to) {
            sub.push(format!("ALTER CONSTRAINT {known} NO INHERIT"));
        } else {
            sub.push(format!("ALTER CONSTRAINT {known} INHERIT"));
        }
    }
    (sub, false)
}

fn alter(c: &Change) -> Mend {
    if c.attribute != "position"
        && let Some(of) = made_with(c)
    {
        return Mend::comment(&format!("it is made anew with {of}, which it is computed from"));
    }
    let mut mend = altered(c);
    // What stands on it below is in the way, too.
    if mend.clears.contains(&Target::Column(c.live.identity.clone())) {
        let below = below(c);
        if c.attribute == "type" {
            for column in below.iter().map(|o| &o.identity).chain([&c.live.identity]) {
                mend.clears.extend(pointing_beside(column, c.live_side));
            }
        }
        mend.clears.extend(below.into_iter().map(|o| Target::Column(o.identity.clone())));
    }
    mend
}

fn altered(c: &Change) -> Mend {
    let table = c.table();
    if c.attribute == "position" {
        return Mend::comment(&format!(
            "the order of columns can't be altered: {} would have to be made anew",
            c.live.identity.prefix(2)
        ));
    }
    if c.attribute == "not_null_name" && child_differs(c) {
        return Mend::comment(
            "a child's constraint has another name: the server renames both or none",
        );
    }
    if c.attribute.starts_with("sequence") {
        return Mend::steps(of_sequence(c));
    }
    let target = Target::Column(c.live.identity.clone());
    if c.attribute == "generated" && c.to.get("generated").is_some() {
        let generated = c.to.text("generated").unwrap_or_default();
        let was = c.from.text("generated").unwrap_or_default();
        let kind = |g: &str| g.rsplit_once(' ').map(|(_, k)| k.to_owned());
        if c.server >= 17 && kind(generated) == kind(was) {
            let expression = generated.rsplit_once(' ').map_or(generated, |(e, _)| e);
            return Mend::step(
                Phase::AlterColumn,
                format!(
                    "ALTER TABLE {table} ALTER COLUMN {} SET EXPRESSION AS ({expression})",
                    c.name()
                ),
            )
            .clearing(target);
        }
        // What was computed can be computed again; what was stored can't.
        return anew(c).losing(was.is_empty()).clearing(target);
    }
    if c.attribute == "generated"
        && c.from.text("generated").is_some_and(|g| g.ends_with("VIRTUAL"))
    {
        return anew(c).clearing(target);
    }
    // What was computed isn't converted.
    let types = [c.from, c.to].map(|a| a.text("type").unwrap_or_default());
    if c.attribute == "type" && c.from.get("generated").is_some() && !assignable(types[0], types[1])
    {
        return anew(c).clearing(target);
    }
    let (sub, _) = subcommands(c.attribute, &c.live.identity, c.from, c.to);
    let mut mend = Mend::default();
    if matches!(c.attribute, "default" | "identity") && identity_goes(c.from, c.to) {
        mend.steps.extend(hold_no_more(c));
    }
    let apart = apart(c);
    let only = if apart { "ONLY " } else { "" };
    // The server refuses ADD IDENTITY before a default is dropped and the
    // column is NOT NULL, even in one command.
    for s in sub {
        let mut step = Step::new(Phase::AlterColumn, format!("ALTER TABLE {only}{table} {s}"));
        // A valid check spares the look at all rows.
        if s == format!("ALTER COLUMN {} SET NOT NULL", c.name())
            && !apart
            && !table::is_partitioned(&c.live.identity.prefix(2), c.live_side)
        {
            let check = sql::ident(&format!("schemaguard_{}_not_null", c.live.identity.name()));
            step = step.gently(vec![
                format!(
                    "ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({} IS NOT NULL) NOT VALID",
                    c.name()
                ),
                format!("ALTER TABLE {table} VALIDATE CONSTRAINT {check}"),
                format!("ALTER TABLE {table} {s}"),
                format!("ALTER TABLE {table} DROP CONSTRAINT {check}"),
            ]);
        }
        mend.steps.push(step);
    }
    mend.steps.extend(give_back(c, apart));
    if c.attribute == "identity" && c.to.get("identity").is_some() {
        mend.steps.extend(of_sequence(c));
    }
    match c.attribute {
        "type" => {
            let (from, to) = (c.from.text("type").unwrap_or(""), c.to.text("type").unwrap_or(""));
            mend = mend.losing(narrows(from, to)).clearing(target);
            // What is to be otherwise may not fit the declared type as it is.
            for child in c.live_side.children(&c.live.identity.prefix(2)) {
                let declared = c.declared_side.get(child.kind, &child.identity);
                let differs =
                    |a: &&str| declared.is_none_or(|d| d.attrs().get(a) != child.attrs().get(a));
                if computes(child, c.live.identity.name())
                    && (["expression", "definition"].iter().any(differs) || changes_with(c, child))
                {
                    mend = mend.clearing(Target::Object(child.kind.name, child.identity.clone()));
                }
            }
            // The server makes their indexes anew, and those of partitions under other names.
            let table = c.live.identity.prefix(2);
            for index in c.declared_side.children(&table) {
                if matches!(index.kind.name, "index" | "constraint")
                    && involves(index, c.live.identity.name())
                {
                    mend.steps.extend(partition_index::settle(index, &table, c.declared_side));
                }
            }
            around_computed(c, mend)
        }
        "collation" => around_computed(c, mend.clearing(target)),
        "compression" => {
            mend.steps.extend(to_come_compressed(c));
            mend
        }
        "identity" if c.from.get("identity").is_none() => {
            let start = c.to.text("identity").unwrap_or("");
            // The new sequence must not give out values that are taken.
            let col = c.name();
            if start.contains("INCREMENT BY -") {
                return mend;
            }
            mend.and(
                Phase::AlterColumn,
                format!(
                    "SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence({}, {}), \
                     max({col})) FROM {table} HAVING max({col}) >= 1",
                    sql::literal(&table),
                    sql::literal(c.live.identity.name())
                ),
            )
        }
        _ => mend,
    }
}

/// What keeps others' defaults from holding the sequence of an identity that
/// goes: their own rows may come later, or have come before.
fn hold_no_more(c: &Change) -> Vec<Step> {
    let holders = own_sequence(c.live).map(|s| c.live_side.drawing_on(&s));
    let free = |holder: &Object| match c.declared_side.get(holder.kind, &holder.identity) {
        Some(column) if column.kind.name == KIND.name => {
            let to = column.attrs();
            let default = to.get("default").map(|d| ("default".to_owned(), d.clone()));
            let to = Attrs(default.into_iter().collect());
            settle(&holder.identity, &Attrs::default(), &to)
                .pop()
                .or_else(|| Some(sequence::draw_no_more(holder)))
        }
        Some(_) => None,
        None => Some(sequence::draw_no_more(holder)),
    };
    let free = holders.into_iter().flatten().filter_map(free);
    free.map(|sql| Step::new(Phase::AlterColumn, sql)).collect()
}

/// What keeps from holding a sequence that goes with a column: columns that go,
/// too, and domains that go later.
pub(crate) fn let_go(o: &Object, live: &Side, declared: &Side) -> Vec<Step> {
    let mut going: Vec<Identity> = own_sequence(o).into_iter().collect();
    for s in live.children_of(&o.identity.prefix(2), sequence::KIND.name) {
        if s.attrs().identity("owned_by").as_ref() == Some(&o.identity) {
            going.push(s.identity.clone());
        }
    }
    let holders = going.iter().flat_map(|s| live.drawing_on(s));
    // What is below it goes with it.
    let goes_along = |h: &Object| {
        h.identity.name() == o.identity.name()
            && table::above(&h.identity.prefix(2), live).contains(&o.identity.prefix(2))
    };
    // What goes with its own table is gone by then.
    let goes_before =
        |h: &Object| h.kind.name == KIND.name && declared.relation(&h.identity.prefix(2)).is_none();
    holders
        .filter(|h| h.identity != o.identity && declared.get(h.kind, &h.identity).is_none())
        .filter(|h| !goes_along(h) && !goes_before(h))
        .flat_map(|h| match h.kind.name {
            "column" if !h.attrs().is("_inherited") => drop(h, live).steps,
            _ => vec![Step::new(Phase::DropColumn, sequence::draw_no_more(h))],
        })
        .collect()
}

/// Whether a child has its parent's NOT NULL under a name of its own.
fn child_differs(c: &Change) -> bool {
    let name = not_null::name(&c.live.identity, c.from);
    c.live_side.all("table").any(|child| {
        let column = child.identity.part(c.live.identity.name());
        let table = c.live.identity.prefix(2);
        [c.live_side, c.declared_side]
            .iter()
            .all(|s| table::above(&child.identity, s).contains(&table))
            && c.live_side.get(&KIND, &column).is_some_and(|column| {
                let attrs = column.attrs();
                attrs.is("_not_null_inherited") && not_null::name(&column.identity, &attrs) != name
            })
    })
}

/// Whether the server does to a child's column what is done to its parent's.
pub(crate) fn goes_along(attribute: &str) -> bool {
    !matches!(attribute, "compression" | "options" | "fdw_options")
        && facet::of(attribute).is_none()
}

/// What goes down to children from ALTER TABLE, whatever they have of their own.
const GOES_DOWN: [&str; 4] = ["default", "not_null", "storage", "statistics"];

/// How values are kept: another type has its own way.
const KEPT: [&str; 2] = ["storage", "compression"];

/// What says again how a column's values are kept, after a change of its type.
pub(super) fn kept(identity: &Identity, attrs: &Attrs) -> Vec<String> {
    let none = Attrs::default();
    let said = KEPT.iter().filter(|a| attrs.get(a).is_some());
    said.flat_map(|a| subcommands(a, identity, &none, attrs).0).collect()
}

/// Declared columns of tables that have them from a column's, the lowest first.
fn below<'m>(c: &Change<'_, 'm>) -> Vec<&'m Object> {
    let mut below: Vec<&Object> = Vec::new();
    let mut tables = vec![c.live.identity.prefix(2)];
    while let Some(table) = tables.pop() {
        for heir in c.declared_side.heirs(&table) {
            // One that is still to come to its parent gets nothing from it.
            if c.live_side.relation(&heir.identity).is_some()
                && !c.live_side.parents(&heir.identity).contains(&table)
            {
                continue;
            }
            let column = heir.identity.part(c.live.identity.name());
            let column = c.declared_side.named(KIND.name, &column);
            below.extend(column.filter(|o| !below.iter().any(|b| b.identity == o.identity)));
            tables.push(heir.identity.clone());
        }
    }
    below.reverse();
    below
}

/// Whether a column changes without those of its table's children, for some of
/// them are to have something else.
fn apart(c: &Change) -> bool {
    // From 18 a NOT NULL that doesn't go down is another one.
    let possible = GOES_DOWN.contains(&c.attribute)
        && !(c.attribute == "not_null" && c.server >= 18 && c.to.is("not_null"))
        && !table::is_partitioned(&c.live.identity.prefix(2), c.declared_side);
    possible && below(c).iter().any(|b| b.attrs().get(c.attribute) != c.to.get(c.attribute))
}

/// What a change of a column has to say of it and of those below besides.
fn give_back(c: &Change, apart: bool) -> Vec<Step> {
    let (retyped, goes_down) =
        (matches!(c.attribute, "type" | "collation"), GOES_DOWN.contains(&c.attribute));
    if !retyped && !goes_down {
        return Vec::new();
    }
    let mut attributes: Vec<&str> = if retyped { KEPT.to_vec() } else { vec![c.attribute] };
    // It is dropped for the change, and set again.
    if c.attribute == "type" && c.from.get("default").is_some() {
        attributes.push("default");
    }
    let mut columns = below(c);
    columns.extend(retyped.then_some(c.declared));
    let mut steps = Vec::new();
    for column in columns {
        let to = column.attrs();
        let own = column.identity == c.live.identity;
        let live = c.live_side.get(&KIND, &column.identity).map(Object::attrs);
        for attribute in &attributes {
            let to_be = to.get(attribute);
            let then = match (retyped && *attribute != "default", apart) {
                (true, _) => None,
                (false, true) => c.from.get(attribute),
                (false, false) => c.to.get(attribute),
            };
            let was = live.as_ref().map_or(c.from.get(attribute), |l| l.get(attribute));
            let follows = to_be == c.to.get(attribute) && was == c.from.get(attribute);
            // What differs has a row of its own, and for a column's own type
            // it comes later.
            if apart && !follows
                || own && was != to_be
                || *attribute == "not_null" && not_null_is_odd(&to)
            {
                continue;
            }
            let mut from = to.clone();
            let kept_by_type = c.to.get("_storage").or(c.from.get("_storage"));
            for (name, value) in [(*attribute, then), ("_storage", kept_by_type)] {
                match value {
                    Some(value) => from.0.insert(name.to_owned(), value.clone()),
                    None => from.0.remove(name),
                };
            }
            if from.get(attribute) == to_be {
                continue;
            }
            // There it would be one that doesn't go down.
            let only = if *attribute == "not_null" && c.server >= 18 { "" } else { "ONLY " };
            for sub in subcommands(attribute, &column.identity, &from, &to).0 {
                let table = column.identity.prefix(2).sql();
                steps.push(Step::new(Phase::GiveBack, format!("ALTER TABLE {only}{table} {sub}")));
            }
        }
    }
    steps
}

/// A child that is to come gets the compression that its parent has by then,
/// and none of what that is given later.
fn to_come_compressed(c: &Change) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut tables = vec![c.live.identity.prefix(2)];
    while let Some(table) = tables.pop() {
        for heir in c.declared_side.heirs(&table) {
            let column = heir.identity.part(c.live.identity.name());
            let to_come = c.live_side.relation(&heir.identity).is_none();
            if to_come && let Some(column) = c.declared_side.named(KIND.name, &column) {
                let alter = format!("ALTER COLUMN {} {}", c.name(), compress(&column.attrs()));
                let sql = format!("ALTER TABLE {} {alter}", heir.identity.sql());
                let step = Step::new(Phase::AlterColumn, sql);
                steps.push(step.needing(Some(heir.identity.clone())));
            }
            tables.push(heir.identity.clone());
        }
    }
    steps
}

/// What makes a column anew, without what else stands on it.
fn anew_alone(c: &Change) -> Mend {
    let table = c.table();
    let column = definition(c.declared.identity.name(), c.to);
    // What it is computed from may have taken it away.
    let drop = format!("ALTER TABLE {table} DROP COLUMN IF EXISTS {}", c.name());
    let mut mend = Mend::step(Phase::AlterColumn, drop)
        .and(Phase::AlterColumn, format!("ALTER TABLE {table} ADD COLUMN {column}"));
    for sql in finish(&c.declared.identity, c.to) {
        mend = mend.and(Phase::AlterColumn, sql);
    }
    mend = mend.dressed(c.declared, c.declared_side);
    mend.steps.extend(in_children(c.declared, c.live_side, c.declared_side));
    mend
}

/// Has the columns that are computed from one make way for its new type.
fn around_computed(c: &Change, mut mend: Mend) -> Mend {
    let below = below(c).into_iter().map(|o| o.identity.prefix(2));
    let tables: Vec<_> = [c.live.identity.prefix(2)].into_iter().chain(below).collect();
    let columns = tables.iter().flat_map(|t| c.live_side.children_of(t, KIND.name));
    for live in columns.filter(|o| is_computed_from(o, c.live.identity.name())) {
        let Some(declared) = c.declared_side.get(live.kind, &live.identity) else { continue };
        let (from, to) = (live.attrs(), declared.attrs());
        let change = Change { attribute: "generated", declared, live, from: &from, to: &to, ..*c };
        if to.get("generated").is_none() {
            let stays = format!("ALTER COLUMN {} DROP EXPRESSION IF EXISTS", change.name());
            let sql = format!("ALTER TABLE {} {stays}", change.table());
            mend.steps.insert(0, Step::new(Phase::DropComputed, sql));
            continue;
        }
        let Mend { mut steps, clears, .. } = anew_alone(&change);
        mend.steps.insert(0, Step { phase: Phase::DropComputed, ..steps.remove(0) });
        mend.steps.extend(steps.into_iter().map(|s| Step {
            phase: if s.phase == Phase::AlterColumn { Phase::AddComputed } else { s.phase },
            ..s
        }));
        mend.clears.extend(clears);
        mend.clears.extend(tables.iter().map(|t| Target::Column(t.part(live.identity.name()))));
        let on_it = tables.iter().flat_map(|t| c.live_side.children(t)).filter(|o| {
            matches!(o.kind.name, "constraint" | "index" | "statistics")
                && involves(o, live.identity.name())
        });
        mend.clears.extend(on_it.map(|o| Target::Object(o.kind.name, o.identity.clone())));
    }
    mend
}

/// Whether a column has an expression of its own that holds another one.
fn is_computed_from(o: &Object, column: &str) -> bool {
    o.attributes.get().contains("\"generated\"") && o.may_name(column) && {
        let attrs = o.attrs();
        !attrs.is("_inherited")
            && attrs.text("generated").is_some_and(|g| sql::mentions(g, &sql::ident(column)))
    }
}

/// The column with whose new type this one is made anew.
fn made_with(c: &Change) -> Option<Identity> {
    c.from.get("generated").and(c.to.get("generated"))?;
    let columns = c.live_side.children_of(&c.live.identity.prefix(2), KIND.name);
    let retyped = |o: &&&Object| {
        let types = [Some(**o), c.declared_side.get(o.kind, &o.identity)].map(|o| {
            let attrs = o?.attrs();
            let of = || ["type", "collation"].map(|a| attrs.get(a).cloned());
            attrs.get("generated").is_none().then(of)
        });
        matches!(types, [Some(live), Some(declared)] if live != declared)
    };
    let of = columns.iter().filter(|o| is_computed_from(c.live, o.identity.name())).find(retyped);
    of.map(|o| o.identity.clone())
}

fn anew(c: &Change) -> Mend {
    let mut mend = anew_alone(c);
    // Indexes and constraints on the column went with it, those below with the
    // columns there.
    let below = below(c).into_iter().rev().map(|o| o.identity.prefix(2));
    let tables: Vec<_> = [c.live.identity.prefix(2)].into_iter().chain(below).collect();
    let kinds = ["constraint", "index", "statistics"];
    for (table, kind) in tables.iter().flat_map(|t| kinds.map(|kind| (t, kind))) {
        for child in c.declared_side.children_of(table, kind) {
            // One that is missing has a row of its own.
            let there = c.live_side.get(child.kind, &child.identity).is_some();
            if there && involves(child, c.live.identity.name()) {
                let drop = (child.kind.drop)(child, c.declared_side).steps;
                let create = facet::make(child, c.declared_side);
                mend.steps.extend(drop.into_iter().chain(create).map(|s| Step {
                    phase: if s.phase < Phase::Finish { Phase::AlterColumn } else { s.phase },
                    ..s
                }));
            }
        }
    }
    mend
}

/// Whether an index or constraint is about a column.
pub(crate) fn involves(child: &Object, column: &str) -> bool {
    let attrs = child.attrs();
    let name = sql::ident(column);
    attrs.list("columns").iter().chain(&attrs.list("include")).any(|c| c == column)
        || ["expression", "definition"]
            .iter()
            .any(|a| attrs.text(a).is_some_and(|text| sql::mentions(text, &name)))
}

/// Whether something of a column's table computes with the column's values, or
/// compares them with others: it can't stay while their type changes.
pub(super) fn computes(child: &Object, column: &str) -> bool {
    let attrs = child.attrs();
    let computed = match child.kind.name {
        "constraint" => matches!(attrs.text("type"), Some("check" | "exclusion" | "foreign key")),
        "index" | "statistics" => attrs.text("definition").is_some_and(|d| {
            d.replacen(" INCLUDE (", "", 1).matches('(').count() > 1 || d.contains(" WHERE ")
        }),
        _ => false,
    };
    computed && involves(child, column)
}

/// Foreign keys that point to a key or index which only carries a column along
/// (INCLUDE): with the column's type the server makes that anew, and knows of
/// the keys on the column itself only.
pub(super) fn pointing_beside(column: &Identity, side: &Side) -> Vec<Target> {
    let name = sql::ident(column.name());
    let on =
        |key: &&Object| key.attrs().text("references").is_some_and(|to| sql::mentions(to, &name));
    side.children(&column.prefix(2))
        .filter(|o| matches!(o.kind.name, "index" | "constraint") && involves(o, column.name()))
        .flat_map(|o| constraint::pointing(o, side))
        .filter(|key| !on(key))
        .map(|key| Target::Object("constraint", key.identity.clone()))
        .collect()
}

/// Whether it also computes with another column whose type is not as declared.
fn changes_with(c: &Change, child: &Object) -> bool {
    c.live_side.children_of(&c.live.identity.prefix(2), "column").into_iter().any(|other| {
        other.identity != c.live.identity
            && involves(child, other.identity.name())
            && c.declared_side
                .get(other.kind, &other.identity)
                .is_some_and(|d| d.attrs().get("type") != other.attrs().get("type"))
    })
}

/// Base type and modifiers: `numeric(10,2)` is `numeric` and 10, 2.
fn modifiers(of: &str) -> (String, Vec<i64>) {
    match (of.find('('), of.find(')')) {
        (Some(open), Some(close)) if open < close => (
            format!("{}{}", &of[..open], &of[close + 1..]),
            of[open + 1..close].split(',').filter_map(|m| m.trim().parse().ok()).collect(),
        ),
        _ => (of.to_owned(), Vec::new()),
    }
}

/// Whether the server converts by itself, which refuses what doesn't fit
/// where a cast would cut it off.
fn assignable(from: &str, to: &str) -> bool {
    const GROUPS: [&[&str]; 3] = [
        &["character varying", "text", "character"],
        &["smallint", "integer", "bigint", "numeric", "real", "double precision"],
        &["date", "timestamp without time zone", "timestamp with time zone"],
    ];
    let (from, to) = (modifiers(from).0, modifiers(to).0);
    from == to || GROUPS.iter().any(|g| g.contains(&&*from) && g.contains(&&*to))
}

/// What a value goes through where the server may have no cast from one type
/// to the other.
fn through(from: &str, to: &str) -> &'static str {
    const CAST: [&[&str]; 4] = [
        &["text", "character varying", "character", "name"],
        &["boolean", "smallint", "integer", "bigint", "numeric", "real", "double precision"],
        &["date", "timestamp without time zone", "timestamp with time zone"],
        &["json", "jsonb"],
    ];
    let (from, to) = (modifiers(from).0, modifiers(to).0);
    let text = [&from, &to].iter().any(|t| CAST[0].contains(&t.as_str()));
    let known = CAST.iter().any(|g| g.contains(&&*from) && g.contains(&&*to));
    if text || known || from == to { "" } else { "::text" }
}

/// Whether values of one type may not survive in another. What isn't known
/// to keep everything counts as narrower.
pub(super) fn narrows(from: &str, to: &str) -> bool {
    if from == to {
        return false;
    }
    let ((base_from, from_mods), (base_to, to_mods)) = (modifiers(from), modifiers(to));
    if base_from == base_to {
        return match (&*base_from, &from_mods[..], &to_mods[..]) {
            (_, _, []) => base_from == "character",
            ("numeric", [p, s @ ..], [q, t @ ..]) => {
                let (s, t) = (s.first().unwrap_or(&0), t.first().unwrap_or(&0));
                t < s || q - t < p - s
            }
            (_, [n], [m]) => m < n,
            _ => true,
        };
    }
    const WIDER: &[(&str, &[&str])] = &[
        ("smallint", &["integer", "bigint", "numeric", "real", "double precision", "text"]),
        ("integer", &["bigint", "numeric", "double precision", "text"]),
        ("bigint", &["numeric", "text"]),
        ("real", &["double precision", "text"]),
        ("double precision", &["text"]),
        ("numeric", &["text"]),
        ("character varying", &["text"]),
        ("character", &["text", "character varying"]),
        ("uuid", &["text"]),
        ("boolean", &["text"]),
        ("inet", &["text"]),
        ("cidr", &["inet", "text"]),
        ("json", &["text"]),
        ("jsonb", &["json", "text"]),
        ("date", &["timestamp without time zone", "timestamp with time zone", "text"]),
        ("text", &["character varying"]),
        ("bit", &["bit varying"]),
    ];
    let wider = WIDER.iter().any(|(f, list)| *f == base_from && list.contains(&&*base_to));
    let fits = match (&from_mods[..], &to_mods[..]) {
        (_, []) => true,
        ([n], [m]) => base_from.starts_with("character") && m >= n,
        _ => false,
    };
    !(wider && fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrowing() {
        for (from, to) in [
            ("character varying(20)", "character varying(30)"),
            ("character varying(20)", "character varying"),
            ("character varying(20)", "text"),
            ("integer", "bigint"),
            ("numeric(10,2)", "numeric(12,2)"),
            ("numeric(10,2)", "numeric"),
            ("text", "character varying"),
            ("timestamp(3) without time zone", "timestamp(6) without time zone"),
        ] {
            assert!(!narrows(from, to), "{from} to {to}");
        }
        for (from, to) in [
            ("character varying(30)", "character varying(20)"),
            ("text", "character varying(20)"),
            ("bigint", "integer"),
            ("numeric(10,2)", "numeric(10,4)"),
            ("numeric(10,2)", "numeric(10,0)"),
            ("numeric", "numeric(10,2)"),
            ("timestamp with time zone", "date"),
            ("text", "integer"),
            ("timestamp(6) without time zone", "timestamp(3) without time zone"),
        ] {
            assert!(narrows(from, to), "{from} to {to}");
        }
    }
}
