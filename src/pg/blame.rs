//! Who made a difference: the record's row for it.

use super::declared::Compared;
use super::renames;
use super::{ledger, sys};
use crate::drift::{ChangeKind, Difference, Lives, Renames, Span};
use crate::model::mend::Side;
use crate::model::{self, Identity, Kind, Object, column, sql, table};
use pgrx::{JsonB, Spi};
use std::borrow::Cow;
use std::collections::HashSet;

/// The row of the record for each difference. A row is about an object if it
/// names it, as it was called then, or its table with it as a part; for what is
/// missing also if it dropped its table or schema. A row of what the object
/// belongs to counts if the statement says the object's name. Of several the
/// newest counts, but what is extra was created, and what is changed was
/// changed by a statement with the words for it, and for a table as a whole by
/// one that made no part of it. Where there is none, it was so from when it was
/// made, or came to be what is called so. Refused statements did nothing, and
/// rows that went are no change of the schema.
const CAUSES: &str = "
WITH difference AS (
    SELECT * FROM pg_catalog.jsonb_to_recordset($1)
        AS d(n int, change text, type text, attribute text, name text, is_table boolean, words text, guess boolean, tags text,
             born bigint, came bigint, spans jsonb,
             object text, part text, containers text[], tables text[], through text[], owners text[],
             granted text[], granted_words text, granted_types text[])
), span AS (
    SELECT d.n, s.* FROM difference d,
           pg_catalog.jsonb_to_recordset(d.spans) AS s(object text, parent text, part text, since bigint, until bigint)
), ddl AS NOT MATERIALIZED (
    SELECT * FROM schemaguard.ddl_log
     WHERE coalesce(rule, '') OPERATOR(pg_catalog.<>) ALL ('{truncate,delete_without_where,update_without_where,max_rows_lost}')
       AND verdict OPERATOR(pg_catalog.<>) 'refused'
), cause AS (
    -- What was dropped and is there is another one by now. A default that has
    -- gone with a sequence needs no word for it.
    SELECT d.n, o.id, o.statement,
           CASE WHEN o.former_definition IS NOT NULL AND d.change OPERATOR(pg_catalog.=) 'extra' THEN 'alter' ELSE o.action END AS action,
           o.formerly, o.command_tag, o.parts,
           CASE WHEN o.object_type OPERATOR(pg_catalog.=) 'default value' AND d.words OPERATOR(pg_catalog.=) '\\mdefault\\M'
                THEN '' ELSE d.words END AS words,
           false AS of_owner, false AS of_creation, false AS of_part
      FROM difference d
      JOIN span s ON s.n OPERATOR(pg_catalog.=) d.n
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) s.object
     WHERE o.id OPERATOR(pg_catalog.>=) s.since AND o.id OPERATOR(pg_catalog.<=) s.until
       AND (o.action OPERATOR(pg_catalog.<>) 'drop') OPERATOR(pg_catalog.=)
           (d.change OPERATOR(pg_catalog.<>) 'missing' AND o.object_type OPERATOR(pg_catalog.<>) 'default value')
       AND (d.granted IS NULL OR o.parts IS NULL AND (d.attribute OPERATOR(pg_catalog.=) 'grants'
                                                      OR o.statement OPERATOR(pg_catalog.~*) d.granted_words))
    UNION ALL
    -- REVOKE on a table takes those on its columns away, too, and ON ALL … IN
    -- SCHEMA names the schema.
    SELECT d.n, o.id, o.statement, o.action, o.formerly, o.command_tag, NULL, d.words, false, false, false
      FROM difference d
     CROSS JOIN LATERAL pg_catalog.unnest(d.granted) AS s(name)
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) s.name
     WHERE o.statement OPERATOR(pg_catalog.~*) d.granted_words
       AND o.parts IS NULL
       AND o.object_type OPERATOR(pg_catalog.=) ANY (d.granted_types)
       AND o.id OPERATOR(pg_catalog.>=) d.born
    UNION ALL
    SELECT d.n, o.id, o.statement, o.action, o.formerly, o.command_tag, NULL, d.words, false, false, true
      FROM difference d
      JOIN span s ON s.n OPERATOR(pg_catalog.=) d.n
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) s.parent
     WHERE o.id OPERATOR(pg_catalog.>=) s.since AND o.id OPERATOR(pg_catalog.<=) s.until
       AND s.part OPERATOR(pg_catalog.=) ANY (o.parts)
       AND d.change OPERATOR(pg_catalog.<>) 'missing'
    UNION ALL
    -- A domain's row doesn't say which constraints it has got.
    SELECT d.n, o.id, o.statement, o.action, o.formerly, o.command_tag, NULL, d.words, false, false, true
      FROM difference d
      JOIN span s ON s.n OPERATOR(pg_catalog.=) d.n
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) s.parent AND o.command_tag OPERATOR(pg_catalog.=) 'ALTER DOMAIN'
     WHERE o.id OPERATOR(pg_catalog.>=) s.since AND o.id OPERATOR(pg_catalog.<=) s.until
       AND d.type OPERATOR(pg_catalog.=) 'constraint'
       AND d.change OPERATOR(pg_catalog.<>) 'missing'
       AND o.statement OPERATOR(pg_catalog.~*) '\\madd\\M'
       AND (pg_catalog.strpos(o.statement, s.part) OPERATOR(pg_catalog.>) 0
            OR o.statement OPERATOR(pg_catalog.~*) '\\madd\\s+(check|not)\\M')
    UNION ALL
    -- Until it was detached, what a partition has was its table's.
    SELECT d.n, o.id, o.statement, o.action, o.formerly, o.command_tag, NULL, d.words, false, false, true
      FROM difference d
      JOIN span s ON s.n OPERATOR(pg_catalog.=) d.n
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) s.parent AND o.statement OPERATOR(pg_catalog.~*) '\\mdetach\\M'
     WHERE o.id OPERATOR(pg_catalog.>=) s.since AND o.id OPERATOR(pg_catalog.<=) s.until
       AND d.change OPERATOR(pg_catalog.=) 'extra' AND d.type OPERATOR(pg_catalog.=) 'constraint'
    UNION ALL
    SELECT d.n, o.id, o.statement, o.action, o.formerly, o.command_tag, NULL,
           CASE d.change WHEN 'changed' THEN '' ELSE d.words END, false, false, false
      FROM difference d
     CROSS JOIN LATERAL pg_catalog.unnest(d.containers OPERATOR(pg_catalog.||) d.tables) AS s(name)
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) s.name AND o.action OPERATOR(pg_catalog.=) 'drop'
     WHERE d.change OPERATOR(pg_catalog.=) 'missing' OR o.id OPERATOR(pg_catalog.>=) d.born
    UNION ALL
    -- Under another name it is missing by this one.
    SELECT d.n, o.id, o.statement, 'drop', o.formerly, o.command_tag, NULL, d.words, false, false, false
      FROM difference d
     CROSS JOIN LATERAL pg_catalog.unnest(d.object OPERATOR(pg_catalog.||) d.containers) AS s(name)
      JOIN ddl o ON o.formerly OPERATOR(pg_catalog.=) s.name
     WHERE d.change OPERATOR(pg_catalog.=) 'missing'
    UNION ALL
    -- What it says names something that has another name now: any word fits.
    SELECT d.n, o.id, o.statement, CASE d.change WHEN 'extra' THEN 'create' ELSE o.action END, o.formerly, o.command_tag, NULL, '',
           false, false, false
      FROM difference d
     CROSS JOIN LATERAL pg_catalog.unnest(d.through) AS s(name)
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) s.name AND o.formerly IS NOT NULL
     WHERE d.change OPERATOR(pg_catalog.<>) 'missing'
       AND o.id OPERATOR(pg_catalog.>=) d.born
    UNION ALL
    SELECT d.n, o.id, o.statement, o.action, o.formerly, o.command_tag, NULL, d.words, true, false, false
      FROM difference d
     CROSS JOIN LATERAL pg_catalog.unnest(d.owners) AS s(name)
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) s.name
     WHERE o.statement OPERATOR(pg_catalog.~) d.name
       AND (d.guess OR o.statement OPERATOR(pg_catalog.~*) d.words)
       AND o.id OPERATOR(pg_catalog.>=) d.born
    UNION ALL
    SELECT d.n, o.id, o.statement, o.action, o.formerly, o.command_tag, NULL, d.words, true, true, false
      FROM difference d
      JOIN span s ON s.n OPERATOR(pg_catalog.=) d.n
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) s.parent
     WHERE o.action OPERATOR(pg_catalog.=) 'create'
       AND o.id OPERATOR(pg_catalog.>=) s.since AND o.id OPERATOR(pg_catalog.<=) s.until
       AND (d.change OPERATOR(pg_catalog.<>) 'missing'
            OR pg_catalog.strpos(o.statement, d.part) OPERATOR(pg_catalog.=) 0)
    UNION ALL
    -- It came with its table, or with its schema.
    SELECT d.n, o.id, o.statement, o.action, o.formerly, o.command_tag, NULL, d.words, true, true, false
      FROM difference d
      JOIN ddl o ON o.id OPERATOR(pg_catalog.=) d.came
), fit AS (
    SELECT c.*, d.change, d.is_table,
           CASE d.change
               WHEN 'missing' THEN
                   CASE WHEN c.of_creation THEN 2
                        WHEN c.action OPERATOR(pg_catalog.=) 'drop' THEN 0
                        WHEN c.command_tag OPERATOR(pg_catalog.~) d.tags AND c.statement OPERATOR(pg_catalog.~*) '\\mdrop\\M' THEN 1 END
               WHEN 'extra' THEN
                   CASE WHEN c.of_creation THEN 1
                        WHEN c.action OPERATOR(pg_catalog.=) 'create' AND NOT c.of_owner THEN 0
                        WHEN c.command_tag OPERATOR(pg_catalog.!~) d.tags THEN NULL
                        WHEN c.of_part AND c.statement OPERATOR(pg_catalog.~*) '\\m(add|attach|detach)\\M' THEN 0
                        WHEN c.of_owner OR c.of_part OR c.id OPERATOR(pg_catalog.=) d.came THEN 2
                        WHEN d.type OPERATOR(pg_catalog.=) 'default privileges' THEN 2 END
               ELSE
                   CASE WHEN NOT c.of_creation AND NOT (c.of_owner AND c.action OPERATOR(pg_catalog.=) 'create')
                             AND c.statement OPERATOR(pg_catalog.~*) c.words
                             AND c.command_tag OPERATOR(pg_catalog.~) d.tags THEN 0
                        -- What was dropped is there again.
                        WHEN c.of_part AND d.came IS NULL AND d.born OPERATOR(pg_catalog.>) 0
                             AND c.statement OPERATOR(pg_catalog.~*) '\\madd\\M' THEN CASE WHEN d.guess THEN 1 ELSE 2 END
                        -- Nothing is made as one to cluster on.
                        WHEN c.of_creation OR c.action OPERATOR(pg_catalog.=) 'create' OR c.id OPERATOR(pg_catalog.=) d.came
                        THEN CASE WHEN d.attribute OPERATOR(pg_catalog.=) 'clustered_on' THEN NULL ELSE 3 END
                        WHEN d.guess AND c.formerly IS NULL AND c.command_tag OPERATOR(pg_catalog.~) d.tags
                             AND c.statement OPERATOR(pg_catalog.!~*) '\\mowner\\s+to\\M' THEN 1 END
           END AS rank,
           c.of_creation OR c.action OPERATOR(pg_catalog.=) 'create'
                            AND (c.of_owner OR d.change OPERATOR(pg_catalog.=) 'changed'
                                               AND NOT coalesce(c.statement OPERATOR(pg_catalog.~*) c.words, false)) AS is_made
      FROM cause c
      JOIN difference d ON d.n OPERATOR(pg_catalog.=) c.n
)
SELECT DISTINCT ON (f.n) f.n, f.id
  FROM fit f
 WHERE f.rank IS NOT NULL
   -- What was made before the record was off may have been changed then.
   AND NOT (f.is_made AND f.id OPERATOR(pg_catalog.<) (
        SELECT coalesce(pg_catalog.max(o.id), 0) FROM ddl o
         WHERE o.command_tag OPERATOR(pg_catalog.=) 'ALTER EVENT TRIGGER' AND o.object OPERATOR(pg_catalog.~) '^schemaguard_'))
 ORDER BY f.n, f.rank, f.of_owner,
       f.is_table AND (f.action OPERATOR(pg_catalog.=) 'create'
                       OR coalesce(pg_catalog.cardinality(f.parts), 0) OPERATOR(pg_catalog.>) 0),
       CASE WHEN f.change OPERATOR(pg_catalog.=) 'extra' AND f.action OPERATOR(pg_catalog.<>) 'create'
                 OR f.change OPERATOR(pg_catalog.=) 'changed' AND f.rank OPERATOR(pg_catalog.=) 2 THEN f.id ELSE -f.id END";

/// Says since when the record is complete, where it doesn't know how something
/// came to be as it is. What is missing may never have been there.
pub fn say_unknown(differences: &[Difference], causes: &[Option<i64>]) {
    let made = differences.iter().zip(causes).filter(|(d, _)| d.change != ChangeKind::Missing);
    let unknown = made.filter(|(_, cause)| cause.is_none()).count();
    if unknown == 0 {
        return;
    }
    let what = match unknown {
        1 => "one of these differences".to_owned(),
        n => format!("{n} of these differences"),
    };
    let since = match ledger::complete_since() {
        Some(at) => format!("it is complete since {at}"),
        None => "it is empty".to_owned(),
    };
    sys::error::notice(format!("the record does not have the statement behind {what}: {since}"));
}

/// What a statement says that changes such an attribute, as a pattern. Only
/// to choose between statements that touched the object: none of them has to
/// match.
fn words(d: &Difference) -> Option<Cow<'static, str>> {
    if d.kind.name == "default privileges" {
        return Some(r"\mdefault\s+privileges\M".into());
    }
    // A partition's index is made by nobody: it becomes one of its own.
    if is_extra_index(d) {
        return Some(r"\mdetach\M".into());
    }
    let words = match (d.kind.name, d.attribute.as_deref()?) {
        (_, "comment" | "comments_on_partitions") => r"\mcomment\M",
        (_, "column_comments") => r"\mcomment\s+on\s+column\M",
        (_, "index_comment") => r"\mcomment\s+on\s+index\M",
        (_, "constraint_comment") => r"\mcomment\s+on\s+constraint\M",
        (_, "owner") => r"\mowner\M|\mreassign\M",
        (_, "grants" | "column_grants") => return Some(words_of_rights(d, "grant|revoke").into()),
        (_, "security_labels") => r"\mlabel\M",
        (_, "depends_on_extensions") => r"\mdepends\s+on\M",
        ("column", "type" | "collation") => r"\mtype\M",
        ("column", "default") => r"\mdefault\M",
        ("column", "not_null" | "not_null_validated" | "not_null_no_inherit") => {
            r"\mnull\M|\mprimary\s+key\M"
        }
        ("column", "not_null_name") => r"\mrename\M|\mnull\M",
        ("domain", "not_null_name") => r"\m(rename|add)\M",
        ("column", "identity" | "generated") => {
            r"\m(identity|generated|expression|increment|minvalue|maxvalue|start|cache|cycle)\M"
        }
        ("column", "storage") => r"\mstorage\M",
        ("column", "compression") => r"\mcompression\M",
        ("column", "statistics") => r"\mstatistics\M",
        (
            "column" | "table" | "view" | "materialized view" | "index" | "partition index",
            "options" | "storage_parameters",
        ) => r"\m(re)?set\s*\(",
        ("partition index", "called") => r"\mrename\M",
        ("constraint", "storage_parameters") => r"\mset\s*\(|\mwith\s*\(",
        ("constraint", "validated") => r"\mvalid(ate)?\M",
        ("constraint", "triggers") => {
            r#"\m(en|dis)able\M.*\mtrigger\s+(all\M|"?RI_ConstraintTrigger)"#
        }
        ("trigger" | "rule", "enabled" | "enabled_on_partitions") => r"\m(en|dis)able\M",
        ("trigger" | "rule", "definition") => r"\mcreate\M",
        ("table" | "sequence", "persistence") => r"\m(un)?logged\M",
        ("table", "row_security") => r"\m(en|dis)able\s+row\M",
        ("table", "force_row_security") => r"\mforce\M",
        ("table", "replica_identity") => r"\mreplica\s+identity\M",
        ("table" | "materialized view", "clustered_on") => r"\mcluster\M",
        ("table", "inherits") => r"\minherit\M",
        ("table", "partition_of" | "partition_bound") => r"\m(at|de)tach\M",
        // It comes with its table, or with the table's name.
        ("table", "partition_key") => r"\mpartition\s+by\M|\mrename\s+to\M|\mset\s+schema\M",
        ("sequence", "owned_by") => r"\mowned\M",
        ("function" | "procedure", "body" | "arguments" | "result" | "language") => r"\mcreate\M",
        ("function", "volatility") => r"\m(immutable|stable|volatile|create)\M",
        ("function", "strict") => r"\m(strict|input|create)\M",
        ("function" | "procedure", "security_definer") => r"\m(definer|invoker|create)\M",
        ("function" | "procedure", "settings") => r"\m(set|reset|create)\M",
        ("function", "leakproof") => r"\m(leakproof|create)\M",
        ("function", "parallel") => r"\m(parallel|create)\M",
        ("function", "cost") => r"\m(cost|create)\M",
        ("function", "rows") => r"\m(rows|create)\M",
        ("function", "support") => r"\m(support|create)\M",
        ("view", "column_defaults") => r"\mdefault\M",
        ("enum", "labels") => r"\mvalue\M",
        ("domain", "default") => r"\mdefault\M",
        ("domain", "not_null") => r"\mnull\M",
        ("sequence", "increment" | "cache" | "cycle" | "start" | "min" | "max" | "type") => {
            return Some(words_of_sequence(d.attribute.as_deref()?).into());
        }
        ("view" | "materialized view", "definition") => r"\mcreate\M",
        ("publication", "tables") => r"\malter\s+publication\M",
        ("publication", "publish" | "via_partition_root" | "generated_columns") => r"\mpublish",
        ("foreign data wrapper" | "foreign server" | "foreign table", "options") => r"\moptions\M",
        ("foreign server", "version") => r"\mversion\M",
        ("composite", "attributes") => r"\mattribute\M",
        ("range", "multirange" | "constructor" | "multirange_constructor") => {
            r"\mrename\M|\mset\s+schema\M"
        }
        ("base type", "storage") => r"\mstorage\M",
        ("operator family", "members") => r"\m(add|drop)\M",
        ("policy", "roles") => r"\mto\M",
        ("index", "definition" | "unique" | "table") => r"\mcreate\M",
        ("extension", "schema") => r"\mschema\M",
        ("extension", "version") => r"\mupdate\M",
        _ => return None,
    };
    Some(words.into())
}

/// What a statement says of a sequence.
fn words_of_sequence(attribute: &str) -> String {
    match attribute {
        // A sequence of another type has other bounds.
        "min" | "max" => format!(r"\m({attribute}value|as)\M"),
        "type" => r"\mas\M".to_owned(),
        _ => format!(r"\m{attribute}\M"),
    }
}

/// What a statement says that gives or takes these rights; another owner has
/// other rights.
fn words_of_rights(d: &Difference, verbs: &str) -> String {
    let rights = |text: &Option<String>| -> HashSet<(String, String)> {
        let mut rights = HashSet::new();
        let mut before = Vec::new();
        for item in text.as_deref().unwrap_or_default().split(", ") {
            let (right, role) = match item.split_once(" TO ") {
                Some((right, role)) => (right, Some(role)),
                None => (item, None),
            };
            // A view's columns stand before theirs.
            let right = right.rsplit(' ').next().unwrap_or_default();
            before.push(right.trim_end_matches('*').to_owned());
            if let Some(role) = role {
                let role = role.trim_matches('"');
                rights.extend(before.drain(..).map(|right| (right, role.to_owned())));
            }
        }
        rights
    };
    let (declared, actual) = (rights(&d.declared), rights(&d.actual));
    let mut differing: Vec<_> = declared.symmetric_difference(&actual).collect();
    differing.sort();
    let owners = differing.iter().any(|(_, role)| role == "its owner");
    let roles: Vec<String> = differing.iter().map(|(_, role)| escaped(role)).collect();
    let roles = match owners || roles.is_empty() {
        true => String::new(),
        false => format!(r".*({}|\mcurrent_|\msession_user)", roles.join("|")),
    };
    let rights: Vec<&str> = differing.iter().map(|(right, _)| right.as_str()).collect();
    let rights = match rights.is_empty() || rights.contains(&"nothing") {
        true => String::new(),
        false => format!(r".*\m(all|{})\M", rights.join("|")),
    };
    format!(r"\m(owner|owned)\M|\m({verbs})\M{rights}{roles}")
}

/// A text as a pattern that only it matches.
fn escaped(text: &str) -> String {
    let special = |c: char| !c.is_alphanumeric() && c != '_' && c.is_ascii();
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// A name in a statement, not as a piece of a longer one, as a pattern; one
/// that every statement matches for none.
fn word(name: &str) -> String {
    match name {
        "" => String::new(),
        _ => format!(r"(^|\W){}(\W|$)", escaped(name)),
    }
}

/// The same where it isn't known: mostly it is said as the attribute is called.
fn guessed(d: &Difference) -> String {
    let attribute = d.attribute.as_deref().unwrap_or_default();
    match attribute.is_empty() {
        true => String::new(),
        false => format!(r"\m({})\M", attribute.replace('_', "|")),
    }
}

/// The command tags of statements that change such an attribute, as a pattern.
fn tags(d: &Difference) -> &'static str {
    if d.kind.name == "default privileges" {
        return "";
    }
    match d.attribute.as_deref() {
        Some(
            "comment"
            | "comments_on_partitions"
            | "column_comments"
            | "index_comment"
            | "constraint_comment",
        ) => "^COMMENT",
        Some("security_labels") => "^SECURITY LABEL",
        Some("grants" | "column_grants" | "sequence_grants") => {
            "^(GRANT|REVOKE|ALTER|REASSIGN|DROP)"
        }
        Some("owner") => "^(ALTER|REASSIGN)",
        _ => "^(?!COMMENT|GRANT|REVOKE|SECURITY LABEL|REASSIGN)",
    }
}

fn is_extra_index(d: &Difference) -> bool {
    d.kind.name == "index" && d.change == ChangeKind::Extra
}

/// What the statement may have been about by name where the object is only
/// mentioned in it.
fn owners(d: &Difference, sides: [&Side; 2]) -> Vec<String> {
    let [declared, live] = sides;
    let of = |side: &Side| side.get(d.kind, &d.identity).map(Object::attrs).unwrap_or_default();
    // An identity's sequence can be spoken of by itself.
    let sequences = || -> Vec<String> {
        let models = sides.into_iter();
        models
            .filter_map(|side| Some(d.identity.beside(of(side).text("_sequence")?).to_string()))
            .collect()
    };
    // It is spoken of by its own name, as an index or as a constraint.
    if d.kind.name == "partition index" {
        let called = of(live).text("called").unwrap_or_default().to_owned();
        let index = d.identity.beside(&called).to_string();
        let mut constraint = d.identity.prefix(2);
        constraint.parts.push(called);
        return vec![index, constraint.to_string()];
    }
    if is_extra_index(d) {
        return of(live).identity("table").iter().map(Identity::to_string).collect();
    }
    match d.attribute.as_deref() {
        // Those name the table, or the schema.
        Some("tables") => sides
            .into_iter()
            .flat_map(|side| of(side).list("tables"))
            .map(|part| {
                let name = part.strip_prefix("TABLES IN SCHEMA ").map(str::to_owned);
                let name = name.or_else(|| {
                    let pairs = sql::pairs(part.strip_prefix("TABLE ONLY ")?);
                    pairs.first().map(|name| (*name).to_owned())
                });
                Identity::new(sql::unquoted(&name.unwrap_or_default())).to_string()
            })
            .collect(),
        Some("partition_of" | "partition_bound") => sides
            .into_iter()
            .filter_map(|side| of(side).identity("partition_of"))
            .map(|parent| parent.to_string())
            .collect(),
        // Those are renamed by themselves.
        Some(attribute @ ("multirange" | "constructor" | "multirange_constructor")) => sides
            .into_iter()
            .flat_map(|side| {
                let attrs = of(side);
                let name = attrs.identity(attribute).unwrap_or(d.identity.clone());
                let subtype = attrs.text("subtype").unwrap_or_default();
                [name.to_string(), format!("{name}({subtype}, {subtype})"), format!("{name}()")]
            })
            .collect(),
        Some(attribute) if attribute.starts_with("sequence") => sequences(),
        // Those of the other table's triggers are of the key, too.
        Some("triggers") => {
            let parent = d.part_of().map(|(parent, _)| parent);
            let references = sides.into_iter().filter_map(|side| of(side).identity("_references"));
            parent.into_iter().chain(references.map(|table| table.to_string())).collect()
        }
        // It is spoken of by itself, or with its table.
        Some("not_null_name") => {
            let mut constraint = d.identity.prefix(2);
            constraint.parts.push(model::not_null_constraint(&d.identity, &of(live)));
            vec![constraint.to_string(), d.identity.prefix(2).to_string()]
        }
        Some(attribute @ "column_comments") => {
            let (declared, live) = (of(declared), of(live));
            declared
                .differing(attribute, &live)
                .map(|column| {
                    let mut identity = d.identity.clone();
                    identity.parts.push(column.to_owned());
                    identity.to_string()
                })
                .collect()
        }
        Some("grants" | "column_grants") => Vec::new(),
        Some("comments_on_partitions") => {
            let (declared, live) = (of(declared), of(live));
            declared
                .differing("comments_on_partitions", &live)
                .map(|partition| {
                    Identity::new(sql::unquoted(partition)).part(d.identity.name()).to_string()
                })
                .collect()
        }
        Some("enabled_on_partitions") => sides
            .into_iter()
            .filter_map(|side| of(side).get("enabled_on_partitions")?.as_object().cloned())
            .flat_map(|places| places.into_iter().map(|(place, _)| place))
            .collect(),
        _ => {
            let mut owners: Vec<String> =
                d.part_of().into_iter().map(|(parent, _)| parent).collect();
            if d.attribute.as_deref() == Some("identity") {
                owners.extend(sequences());
            }
            owners
        }
    }
}

/// What else is named in what it is called, and in what differs; of what is
/// called otherwise since, what only the live side names.
fn through(d: &Difference, found: &Compared, sides: [&Side; 2], lives: &Lives) -> Vec<String> {
    let mut named = mentions(d, d.identity.args.as_deref());
    let (mut now, was) = (mentions(d, d.actual.as_deref()), mentions(d, d.declared.as_deref()));
    if d.change != ChangeKind::Changed {
        named.extend(was);
        named.extend(now);
        return named;
    }
    now.retain(|name| !was.contains(name));
    named.extend(now);
    named.extend(renamed_columns(d, found, sides, lives));
    named.extend(parts_of_type(d, found, sides));
    named
}

/// Columns that the live text speaks of by a name that the declared one
/// doesn't have.
fn renamed_columns(
    d: &Difference,
    found: &Compared,
    sides: [&Side; 2],
    lives: &Lives,
) -> Vec<String> {
    let (Some(_), Some(actual)) = (&d.declared, &d.actual) else { return Vec::new() };
    let table = match d.kind.name {
        "index" | "constraint" | "statistics" | "trigger" | "policy" | "rule" => {
            let object = sides[1].get(d.kind, &d.identity);
            object.and_then(|o| (o.kind.parent)(o)).map(|table| table.prefix(2))
        }
        "view" | "materialized view" => None,
        _ => return Vec::new(),
    };
    let tables: HashSet<String> = match table {
        Some(table) => {
            with_live_names(vec![table.to_string()], &found.renames).into_iter().collect()
        }
        // Its own may have got other names, too.
        None => {
            let own = with_live_names(vec![d.identity.to_string()], &found.renames);
            mentions(d, Some(actual)).into_iter().chain(own).collect()
        }
    };
    lives
        .columns_of(&tables)
        .filter(|column| {
            let name = Identity::parts_shown(column).pop().unwrap_or_default();
            sql::mentions(actual, &sql::ident(&name))
        })
        .map(str::to_owned)
        .collect()
}

fn mentions(d: &Difference, text: Option<&str>) -> Vec<String> {
    let Some(text) = text else { return Vec::new() };
    let mut named = Vec::new();
    // Some are shown as the record has them.
    named.push(text.to_owned());
    if let (Some("references"), Some((table, columns))) =
        (d.attribute.as_deref(), text.split_once('('))
    {
        let table = Identity::new(sql::unquoted(table)).to_string();
        let columns = columns.trim_end_matches(')').split(", ");
        named.extend(columns.map(|c| format!("{table}.{}", sql::unquoted(c).join("."))));
    }
    if let (Some((table, _)), Some("columns")) = (d.part_of(), d.attribute.as_deref()) {
        named.extend(text.split(", ").map(|column| format!("{table}.{column}")));
    }
    for name in sql::pairs(text) {
        let name = Identity::new(sql::unquoted(name)).to_string();
        named.push(format!("{name}()"));
        named.push(name);
    }
    named
}

/// What labels or attributes of a type are called: they have been renamed by
/// statements about them.
fn parts_of_type(d: &Difference, found: &Compared, sides: [&Side; 2]) -> Vec<String> {
    let list = match (d.kind.name, d.attribute.as_deref()) {
        ("enum", Some("labels")) => "labels",
        ("composite", Some("attributes" | "column_comments")) => "_names",
        _ => return Vec::new(),
    };
    let name = found.renames.live_name(&d.identity).unwrap_or_else(|| d.identity.clone());
    sides
        .into_iter()
        .filter_map(|side| side.get(d.kind, &d.identity))
        .flat_map(|o| o.attrs().list(list))
        .map(|part| name.part(&part).to_string())
        .collect()
}

/// The columns that an index or a constraint goes with.
fn columns(d: &Difference, declared: &Side) -> Vec<String> {
    if !matches!(d.kind.name, "index" | "constraint" | "statistics") {
        return Vec::new();
    }
    let Some(object) = declared.get(d.kind, &d.identity) else {
        return Vec::new();
    };
    let Some(table) = (d.kind.parent)(object) else {
        return Vec::new();
    };
    declared
        .children_of(&table, "column")
        .into_iter()
        .filter(|o| column::involves(object, o.identity.name()))
        .map(|o| o.identity.to_string())
        .collect()
}

/// The name that such a statement says. DISABLE TRIGGER ALL names no key.
fn mentioned(d: &Difference) -> &str {
    if d.attribute.as_deref() == Some("not_null_name") && d.declared.as_deref() == Some("default") {
        return d.actual.as_deref().unwrap_or_default();
    }
    let by_itself = |a: &str| {
        matches!(a, "triggers" | "not_null_name" | "attributes") || a.starts_with("sequence")
    };
    let unnamed = d.kind.name == "partition index"
        || is_extra_index(d)
        || d.attribute.as_deref().is_some_and(by_itself);
    if unnamed { "" } else { d.identity.name() }
}

/// What a missing object can have gone with: what it is part of, and the index
/// behind a constraint; or by itself, after it had moved with its table.
fn whole(d: &Difference, found: &Compared, side: &Side) -> Vec<String> {
    let mut names = d.containers();
    names.extend(index_behind(d.kind, &d.identity).map(|index| index.to_string()));
    let declared = || side.get(d.kind, &d.identity);
    if matches!(d.kind.name, "sequence" | "index")
        && let Some(table) = declared().and_then(|o| (o.kind.parent)(o))
        && let Some(moved) = found.renames.live_name(&table.prefix(2))
    {
        names.push(moved.beside(d.identity.name()).to_string());
    }
    names
}

/// The index, and the constraint that it may be of, by whose end a table is
/// clustered on none, or has none for its replica identity.
fn index_named(d: &Difference) -> Vec<String> {
    let (Some("clustered_on" | "replica_identity"), Some(declared)) =
        (d.attribute.as_deref(), d.declared.as_deref())
    else {
        return Vec::new();
    };
    let index = declared.strip_prefix("index ").unwrap_or(declared);
    vec![d.identity.beside(index).to_string(), d.identity.part(index).to_string()]
}

/// The table that a missing index went with, or that statistics did. Another
/// name of the table is none of theirs.
fn tables(d: &Difference, side: &Side) -> Vec<String> {
    if !matches!(d.kind.name, "index" | "statistics") {
        return Vec::new();
    }
    let declared = side.get(d.kind, &d.identity);
    let table = declared.and_then(|o| (o.kind.parent)(o));
    table.iter().map(Identity::to_string).collect()
}

/// A constraint's index can be spoken of by itself.
fn index_behind(kind: &Kind, name: &Identity) -> Option<Identity> {
    let [schema, _, name] = name.parts.as_slice() else { return None };
    (kind.name == "constraint").then(|| Identity::new([schema, name]))
}

/// What is said of event triggers fires none, and no hook: no row has it, and
/// the rows that there are have nothing to do with it.
fn may_be_recorded(d: &Difference) -> bool {
    let said = matches!(d.attribute.as_deref(), Some("comment" | "security_labels"));
    !(said && d.kind.name == "event trigger")
}

/// The record knows what is called otherwise by both names.
fn with_live_names(mut names: Vec<String>, renames: &Renames) -> Vec<String> {
    let live = |name: &String| renames.live_name(&Identity::new(Identity::parts_shown(name)));
    let more: Vec<String> = names.iter().filter_map(live).map(|name| name.to_string()).collect();
    names.extend(more);
    names
}

/// The names that a difference's object had while it was what it is now, the
/// last first.
struct Life {
    spans: Vec<Span>,
    /// Since which row it is that; 0 where the record doesn't know.
    born: i64,
    /// The row that made it that.
    came: Option<i64>,
    /// The row by which what is missing went.
    gone: Option<i64>,
}

/// Those of the names since something has been what is declared under its name.
fn while_it_was(mut spans: Vec<Span>, declared: &Identity) -> Vec<Span> {
    let oldest = spans.iter().rposition(|s| s.name == *declared).unwrap_or(0);
    spans.truncate(oldest + 1);
    spans
}

fn life(d: &Difference, found: &Compared, lives: &Lives, declared: &Side) -> Life {
    let live_name = |name: &Identity| found.renames.live_name(name).unwrap_or_else(|| name.clone());
    let born = |spans: &[Span]| spans.last().map_or(0, |s| s.since);
    let object_type = d.object_type();
    match d.change {
        ChangeKind::Missing => {
            let spans = vec![Span {
                name: d.identity.clone(),
                since: 0,
                until: i64::MAX,
                came: None,
                itself: false,
            }];
            let gone = match d.part_of() {
                Some(_) => {
                    let table = d.identity.prefix(2);
                    let since = born(&while_it_was(lives.names(&live_name(&table), ""), &table));
                    let gone = lives.gone(&d.identity, object_type, since);
                    // The one that had it is not the one that is there now.
                    gone.dropped.or(gone.renamed).or_else(|| lives.lost(&table, since))
                }
                None => {
                    let since = lives.came(&d.identity, object_type).unwrap_or(0);
                    let gone = lives.gone(&d.identity, object_type, since);
                    let table = || declared.get(d.kind, &d.identity).and_then(d.kind.parent);
                    let with_table = || lives.gone(&table()?.prefix(2), "", since).dropped;
                    // Indexes and sequences go with their table to another schema.
                    let elsewhere = || {
                        let names = lives.names(&live_name(&table()?.prefix(2)), "");
                        names.iter().find_map(|s| {
                            let moved = s.name.beside(d.identity.name());
                            let gone = lives.gone(&moved, object_type, s.since.max(since)).dropped;
                            gone.filter(|id| *id <= s.until)
                        })
                    };
                    gone.dropped.or_else(elsewhere).or_else(with_table).or(gone.renamed)
                }
            };
            Life { spans, born: 0, came: None, gone }
        }
        ChangeKind::Extra => {
            let mut spans = lives.names(&live_name(&d.identity), object_type);
            // It is extra since it is not called as something declared.
            let was_declared = |s: &Span| declared.get(d.kind, &s.name).is_some();
            let oldest = spans.iter().skip(1).position(was_declared).map_or(spans.len(), |n| n + 1);
            spans.truncate(oldest);
            // What its arguments are called it is called after without a row.
            if d.identity.args.is_some() && spans.iter().all(|s| s.name != d.identity) {
                let name = d.identity.clone();
                spans.push(Span { name, since: 0, until: i64::MAX, came: None, itself: false });
            }
            let (mut since, mut came) = (born(&spans), spans.last().and_then(|s| s.came));
            // A part is, too, since its table is what is called so.
            if d.part_of().is_some() {
                let table = d.identity.prefix(2);
                let table = while_it_was(lives.names(&live_name(&table), ""), &table);
                if let Some(table) = table.last().filter(|table| table.since > since) {
                    (since, came) = (table.since, table.came);
                }
                spans.retain(|s| s.until >= since);
                spans.iter_mut().for_each(|s| s.since = s.since.max(since));
            }
            Life { spans, born: since, came, gone: None }
        }
        ChangeKind::Changed => {
            let live = live_name(&d.identity);
            let mut spans = while_it_was(lives.names(&live, object_type), &d.identity);
            let (born, came) = (born(&spans), spans.last().and_then(|s| s.came));
            // Some get their names from those that they inherit from.
            if live != d.identity && spans.iter().all(|s| s.name != d.identity) {
                let name = d.identity.clone();
                spans.push(Span { name, since: born, until: i64::MAX, came: None, itself: false });
            }
            Life { spans, born, came, gone: None }
        }
    }
}

/// Where else rights come from and go to.
struct Granted {
    on: Vec<String>,
    words: String,
    /// The record's words for what the statement says it is about.
    types: &'static [&'static str],
}

fn granted(d: &Difference) -> Option<Granted> {
    let attribute = d.attribute.as_deref().filter(|a| matches!(*a, "grants" | "column_grants"))?;
    let of_columns = d.kind.name == "column" || attribute == "column_grants";
    let types: &[&str] = match d.kind.name {
        "function" | "procedure" | "aggregate" => &["function", "procedure", "routine"],
        "sequence" => &["sequence"],
        _ => &["table"],
    };
    let schema = d.identity.prefix(1).to_string();
    Some(match of_columns {
        true => Granted {
            on: vec![d.identity.prefix(2).to_string(), schema],
            words: words_of_rights(d, "revoke"),
            types,
        },
        // GRANT … ON ALL TABLES IN SCHEMA names no table.
        false => Granted { on: vec![schema], words: words_of_rights(d, "grant|revoke"), types },
    })
}

/// What a table has from the tables that it inherits from, or did.
fn from_above(d: &Difference, found: &Compared, sides: [&Side; 2]) -> Vec<Identity> {
    if !matches!(d.kind.name, "column" | "constraint") {
        return Vec::new();
    }
    let table = d.identity.prefix(2);
    let mut above: Vec<Identity> =
        sides.into_iter().flat_map(|s| table::above(&table, s)).collect();
    let live: Vec<Identity> = above.iter().filter_map(|t| found.renames.live_name(t)).collect();
    above.extend(live);
    above.iter().map(|t| t.part(d.identity.name())).collect()
}

/// Which rows are about it: those of these names, from one row to another.
fn spans(
    d: &Difference,
    life: &Life,
    found: &Compared,
    sides: [&Side; 2],
) -> Vec<serde_json::Value> {
    let is_part = d.part_of().is_some();
    let span = |name: &Identity, since: i64, until: i64| {
        serde_json::json!({
            "object": may_be_recorded(d).then(|| name.to_string()),
            "parent": is_part.then(|| name.prefix(2).to_string()),
            "part": is_part.then(|| name.name()),
            "since": since,
            "until": until,
        })
    };
    let mut spans: Vec<_> = life.spans.iter().map(|s| span(&s.name, s.since, s.until)).collect();
    let above = from_above(d, found, sides);
    spans.extend(above.iter().map(|name| span(name, life.born, i64::MAX)));
    // A view's columns are no objects of drift().
    let columns: Vec<String> = match (sides.map(|s| s.get(d.kind, &d.identity)), &d.attribute) {
        ([Some(declared), Some(live)], Some(a)) if a == "column_grants" => {
            let (declared, live) = (declared.attrs(), live.attrs());
            declared.differing(a, &live).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    for s in &life.spans {
        let (since, until) = (s.since, s.until);
        spans.extend(columns.iter().map(|column| {
            let view = s.name.to_string();
            serde_json::json!({ "parent": view, "part": column, "since": since, "until": until })
        }));
        spans.extend(index_behind(d.kind, &s.name).map(|index| {
            let index = index.to_string();
            serde_json::json!({ "object": index, "since": since, "until": until })
        }));
    }
    spans
}

/// What the record is asked about each difference.
pub fn questions(found: &Compared) -> Vec<serde_json::Value> {
    if found.differences.is_empty() {
        return Vec::new();
    }
    let sides = [&Side::new(&found.declared), &Side::new(&found.live)];
    let named = |d: &Difference| {
        let mut names = vec![d.identity.clone()];
        names.extend(found.renames.live_name(&d.identity));
        names.extend(
            sides.iter().filter_map(|s| s.get(d.kind, &d.identity).and_then(d.kind.parent)),
        );
        names
    };
    let names = found.differences.iter().flat_map(named).flat_map(|name| {
        let around = (1..name.parts.len()).map(|n| name.prefix(n).to_string());
        [name.to_string()].into_iter().chain(around).collect::<Vec<_>>()
    });
    let names: HashSet<String> = names.collect();
    let events = renames::events(names.into_iter().collect());
    let lives = Lives::new(&events);
    let about = |(n, d): (usize, &Difference)| {
        let life = life(d, found, &lives, sides[0]);
        let words = words(d);
        let guess = words.is_none();
        let granted = granted(d);
        serde_json::json!({
            "n": n,
            "change": d.change.as_str(),
            "type": d.object_type(),
            "spans": spans(d, &life, found, sides),
            "born": life.born,
            "object": may_be_recorded(d).then(|| d.object()),
            "name": word(mentioned(d)),
            "is_table": d.kind.name == "table",
            "attribute": d.attribute,
            "words": words.unwrap_or_else(|| guessed(d).into()),
            "guess": guess,
            "tags": tags(d),
            "came": life.came.filter(|_| may_be_recorded(d)),
            "owners": with_live_names(owners(d, sides), &found.renames),
            "granted": granted.as_ref().map(|g| with_live_names(g.on.clone(), &found.renames)),
            "granted_words": granted.as_ref().map(|g| &g.words),
            "granted_types": granted.as_ref().map(|g| g.types),
            "part": d.part_of().map(|(_, part)| part),
            "known": d.renamed_by.or(life.gone),
            "containers": match d.change {
                ChangeKind::Missing => {
                    let gone_with = [whole(d, found, sides[0]), through(d, found, sides, &lives), columns(d, sides[0])].concat();
                    with_live_names(gone_with, &found.renames)
                }
                _ => with_live_names(index_named(d), &found.renames),
            },
            "tables": match d.change {
                ChangeKind::Missing => with_live_names(tables(d, sides[0]), &found.renames),
                _ => Vec::new(),
            },
            "through": through(d, found, sides, &lives),
        })
    };
    found.differences.iter().enumerate().map(about).collect()
}

/// The number of the record's row that caused each difference, where the
/// record has it.
pub fn answers(questions: &[serde_json::Value]) -> Vec<Option<i64>> {
    let number = |q: &serde_json::Value| q["n"].as_u64().map_or(0, |n| n as usize);
    let mut causes = vec![None; questions.iter().map(number).max().map_or(0, |n| n + 1)];
    let (known, asked): (Vec<_>, Vec<_>) =
        questions.iter().partition(|q| q["known"].as_i64().is_some());
    for question in known {
        causes[number(question)] = question["known"].as_i64();
    }
    if asked.is_empty() {
        return causes;
    }
    let asked = serde_json::Value::Array(asked.into_iter().cloned().collect());
    super::as_owner(|| {
        Spi::connect(|client| {
            let rows = client
                .select(CAUSES, None, &[JsonB(asked).into()])
                .unwrap_or_else(|e| pgrx::error!("schemaguard could not read its record: {e}"));
            for row in rows {
                let n = row.get::<i32>(1).ok().flatten();
                let id = row.get::<i64>(2).ok().flatten();
                if let Some(cause) = n.and_then(|n| causes.get_mut(n as usize)) {
                    *cause = id;
                }
            }
        });
    });
    causes
}
