mod children;
mod computed;
mod identity;
mod types;

use serde_json::Value;

use super::mend::{Change, Mend, Phase, Side, Step, Target};
use super::{
    Attribute, Attrs, Identity, Kind, Object, Scope, Severity, by_name, constraint, deparsed,
    facet, foreign_table, fragment, named, not_null, partition_index, sequence, sql, table,
};

pub(super) use children::kept;
pub(crate) use children::{drops, goes_along, in_children};
pub(super) use computed::around;
pub(super) use identity::{draws_on, own_sequence, waits_with_default};
pub(crate) use identity::{free_sequence, let_go, make_way};
pub(super) use types::narrows;

use children::{apart, below, child_differs, give_back, to_come_compressed};
use computed::{anew, around_computed, made_with};
use identity::{
    hold_no_more, identity_clause, identity_goes, identity_parts, of_sequence, persistence,
    sequence_as, usual_sequence,
};
use types::{assignable, through};

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
         SELECT d.refobjid, d.refobjsubid, {} AS options, s.seqtypid, c.relname AS name, c.relpersistence AS persistence
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

/// What a column's identity sequence is called once it is as declared.
pub(in crate::model) fn sequence_name(column: &Identity, from: &Attrs, to: &Attrs) -> Identity {
    let mut name = column.prefix(1);
    let stays = from.get("sequence") == to.get("sequence");
    let now = from.text("_sequence").filter(|_| stays).or(to.text("sequence"));
    name.parts.push(now.map_or_else(|| usual_sequence(column), str::to_owned));
    name
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
    statements.extend(finish_identity(identity, attrs));
    statements
}

/// What a new identity can't say of its sequence.
pub(super) fn finish_identity(identity: &Identity, attrs: &Attrs) -> Vec<String> {
    let mut statements = Vec::new();
    let sequence = sequence_name(identity, &Attrs::default(), attrs);
    if attrs.get("sequence_persistence").is_some() {
        statements.push(persistence(&sequence, attrs, None));
    }
    if let Some(of) = attrs.text("sequence_type") {
        statements.push(sequence_as(&sequence, of, attrs));
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

/// The same for one that comes with the type of its table.
pub(super) fn settle_typed(identity: &Identity, to: &Attrs) -> Vec<String> {
    let mut given = to.clone();
    given.0.retain(|name, _| matches!(name.as_str(), "type" | "collation"));
    settle(identity, &given, to)
}

/// The table or view whose rows a column holds.
pub(crate) fn holds_rows<'m>(column: &Object, side: &Side<'m>) -> Option<&'m Object> {
    let attrs = column.attrs();
    let of = attrs.text("type")?;
    side.relation_in_sql(of.strip_suffix("[]").unwrap_or(of))
}

/// The type of a table's columns, where it is the same on both sides: they come
/// and go with its attributes.
pub(crate) fn type_of<'m>(table: &Identity, sides: [&Side<'m>; 2]) -> Option<String> {
    let [of, other] = sides.map(|side| {
        let table =
            side.named("table", table).filter(|t| t.attributes.get().contains("\"of_type\""));
        table.and_then(|t| t.attrs().text("of_type").map(str::to_owned))
    });
    of.filter(|of| other.as_ref() == Some(of))
}

/// What a declared column has besides what the type of its table gives it;
/// None where it doesn't come with a type.
pub(crate) fn beyond_type<'m>(column: &Object, sides: [&Side<'m>; 2]) -> Option<Vec<Step>> {
    type_of(&column.identity.prefix(2), sides)?;
    let settled = settle_typed(&column.identity, &column.attrs());
    let mut steps: Vec<Step> =
        settled.into_iter().map(|sql| Step::new(Phase::AlterColumn, sql)).collect();
    steps.extend(facet::steps(column, sides[0]));
    Some(steps)
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

pub(super) fn rename(o: &Object, to: &str) -> String {
    let own = sql::ident(o.identity.name());
    format!("ALTER TABLE {} RENAME COLUMN {own} TO {}", o.identity.prefix(2).sql(), sql::ident(to))
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
    // What is computed no more may get a default then.
    let phase = if c.attribute == "generated" { Phase::DropComputed } else { Phase::AlterColumn };
    // The server refuses ADD IDENTITY before a default is dropped and the
    // column is NOT NULL, even in one command.
    for s in sub {
        let mut step = Step::new(phase, format!("ALTER TABLE {only}{table} {s}"));
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
