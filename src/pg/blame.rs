//! Who made a difference: the record's row for it.

use super::declared::Compared;
use super::{ledger, sys};
use crate::drift::{ChangeKind, Difference, Renames};
use crate::model::mend::Side;
use crate::model::{self, Identity, Model, column, sql, table};
use pgrx::{JsonB, Spi};

/// The row of the record for each difference. A row is about an object if it
/// names it, or its table with it as a part; for what is missing also if it
/// dropped its table or schema. A row of what the object belongs to counts if
/// the statement says the object's name. Where nothing else is known, a table
/// was made as it is by the statement that created it, or that gave it its
/// name. Of several the newest counts, but what is missing was dropped, what
/// is extra was created, and what is changed was changed by a statement with
/// the words for it, and for a table as a whole by one that made no part of
/// it. What was done to an object that is gone says nothing of the one in its
/// place. Refused statements did nothing, and rows that went are no change of
/// the schema.
const CAUSES: &str = "
WITH difference AS (
    SELECT * FROM pg_catalog.jsonb_to_recordset($1)
        AS d(n int, change text, type text, object text, name text, is_table boolean, words text,
             parent text, part text, containers text[], tables text[], through text[], owners text[],
             in_schema boolean)
), ddl AS NOT MATERIALIZED (
    SELECT * FROM schemaguard.ddl_log
     WHERE coalesce(rule, '') OPERATOR(pg_catalog.<>) ALL ('{truncate,delete_without_where,update_without_where,max_rows_lost}')
), cause AS (
    -- A default that has gone with a sequence needs no word for it.
    SELECT d.n, d.change, d.type, d.object, d.name, d.is_table,
           CASE WHEN o.object_type OPERATOR(pg_catalog.=) 'default value' AND d.words OPERATOR(pg_catalog.=) '\\mdefault\\M'
                THEN '' ELSE d.words END AS words,
           d.parent, d.part, d.containers, d.tables, d.through, d.owners, d.in_schema,
           o.id, o.statement, o.verdict, o.action, o.parts, false AS of_owner, false AS of_creation
      FROM difference d
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) d.object
    UNION ALL
    SELECT d.*, o.id, o.statement, o.verdict, o.action, NULL, false, false
      FROM difference d
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) d.parent
     WHERE d.part OPERATOR(pg_catalog.=) ANY (o.parts)
    UNION ALL
    SELECT d.*, o.id, o.statement, o.verdict, o.action, NULL, false, false
      FROM difference d
      JOIN ddl o
        ON o.object OPERATOR(pg_catalog.=) ANY (d.containers OPERATOR(pg_catalog.||) d.tables)
       AND o.action OPERATOR(pg_catalog.=) 'drop'
     WHERE d.change OPERATOR(pg_catalog.=) 'missing'
    UNION ALL
    -- Under another name it is missing by this one.
    SELECT d.*, o.id, o.statement, o.verdict, 'drop', NULL, false, false
      FROM difference d
      JOIN ddl o ON o.formerly OPERATOR(pg_catalog.=) ANY (d.object OPERATOR(pg_catalog.||) d.containers)
     WHERE d.change OPERATOR(pg_catalog.=) 'missing'
    UNION ALL
    -- What it says names something that has another name now: any word fits.
    SELECT d.n, d.change, d.type, d.object, d.name, d.is_table, '' AS words, d.parent, d.part,
           d.containers, d.tables, d.through, d.owners, d.in_schema,
           o.id, o.statement, o.verdict,
           CASE d.change WHEN 'extra' THEN 'create' ELSE o.action END, NULL, false, false
      FROM difference d
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) ANY (d.through) AND o.formerly IS NOT NULL
     WHERE d.change OPERATOR(pg_catalog.<>) 'missing'
    UNION ALL
    SELECT d.*, o.id, o.statement, o.verdict, o.action, NULL, true, false
      FROM difference d
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) ANY (d.owners)
     WHERE (pg_catalog.strpos(o.statement, d.name) OPERATOR(pg_catalog.>) 0
            OR d.in_schema AND o.statement OPERATOR(pg_catalog.~*) '\\min\\s+schema\\M')
       AND (d.words IS NULL OR o.statement OPERATOR(pg_catalog.~*) d.words)
    UNION ALL
    SELECT d.*, o.id, o.statement, o.verdict, o.action, NULL, true, true
      FROM difference d
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) d.parent
     WHERE (o.action OPERATOR(pg_catalog.=) 'create' OR o.formerly IS NOT NULL)
       AND (d.change OPERATOR(pg_catalog.<>) 'missing'
            OR pg_catalog.strpos(o.statement, d.part) OPERATOR(pg_catalog.=) 0)
), gone AS (
    SELECT d.n, o.statement_id
      FROM difference d
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) d.object AND o.object_type OPERATOR(pg_catalog.=) d.type
     WHERE o.action OPERATOR(pg_catalog.=) 'drop' AND o.verdict OPERATOR(pg_catalog.<>) 'refused'
    UNION ALL
    SELECT d.n, o.statement_id
      FROM difference d
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) d.parent
     WHERE o.action OPERATOR(pg_catalog.=) 'drop' AND o.verdict OPERATOR(pg_catalog.<>) 'refused'
), since AS (
    SELECT g.n, pg_catalog.max(g.statement_id) AS statement_id FROM gone g GROUP BY g.n
)
SELECT DISTINCT ON (c.n) c.n, c.id
  FROM cause c
  LEFT JOIN since s ON s.n OPERATOR(pg_catalog.=) c.n
 WHERE c.verdict OPERATOR(pg_catalog.<>) 'refused'
   AND (c.change OPERATOR(pg_catalog.=) 'missing' OR s.statement_id IS NULL OR c.id OPERATOR(pg_catalog.>=) s.statement_id)
   AND NOT (c.change OPERATOR(pg_catalog.=) 'missing' AND c.action OPERATOR(pg_catalog.=) 'create' AND NOT c.of_creation)
 ORDER BY c.n, c.of_creation,
       CASE c.change
           WHEN 'missing' THEN c.action OPERATOR(pg_catalog.=) 'drop'
           WHEN 'extra' THEN c.action OPERATOR(pg_catalog.=) 'create' AND NOT c.of_owner
           ELSE coalesce(c.statement OPERATOR(pg_catalog.~*) c.words, false) END DESC,
       c.of_owner,
       c.is_table AND (c.action OPERATOR(pg_catalog.=) 'create'
                       OR coalesce(pg_catalog.cardinality(c.parts), 0) OPERATOR(pg_catalog.>) 0),
       c.id DESC";

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
fn words(d: &Difference) -> Option<&'static str> {
    if d.kind.name == "default privileges" {
        return Some(r"\mdefault\s+privileges\M");
    }
    // A partition's index is made by nobody: it becomes one of its own.
    if is_extra_index(d) {
        return Some(r"\mdetach\M");
    }
    Some(match (d.kind.name, d.attribute.as_deref()?) {
        (_, "comment" | "comments_on_partitions") => r"\mcomment\M",
        (_, "column_comments") => r"\mcomment\s+on\s+column\M",
        (_, "index_comment") => r"\mcomment\s+on\s+index\M",
        (_, "constraint_comment") => r"\mcomment\s+on\s+constraint\M",
        (_, "owner") => r"\mowner\M|\mreassign\M",
        (_, "grants" | "column_grants") => r"\m(grant|revoke|owner)\M",
        (_, "security_labels") => r"\mlabel\M",
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
            "column" | "table" | "view" | "index" | "partition index",
            "options" | "storage_parameters",
        ) => r"\m(re)?set\s*\(",
        ("partition index", "called") => r"\mrename\M",
        ("constraint", "storage_parameters") => r"\mset\s*\(|\mwith\s*\(",
        ("constraint", "validated") => r"\mvalid(ate)?\M",
        ("constraint", "triggers") | ("trigger" | "rule", "enabled" | "enabled_on_partitions") => {
            r"\m(en|dis)able\M"
        }
        ("trigger" | "rule", "definition") => r"\mcreate\M",
        ("table" | "sequence", "persistence") => r"\m(un)?logged\M",
        ("table", "row_security") => r"\m(en|dis)able\s+row\M",
        ("table", "force_row_security") => r"\mforce\M",
        ("table", "replica_identity") => r"\mreplica\s+identity\M",
        ("table", "clustered_on") => r"\mcluster\M",
        ("table", "inherits") => r"\minherit\M",
        ("table", "partition_of" | "partition_bound") => r"\m(at|de)tach\M",
        // It comes with its table, or with the table's name.
        ("table", "partition_key") => r"\mpartition\s+by\M|\mrename\s+to\M|\mset\s+schema\M",
        ("sequence", "owned_by") => r"\mowned\M",
        ("sequence", "type") => r"\mas\M",
        ("sequence", "increment") => r"\mincrement\M",
        ("sequence", "min") => r"\m(minvalue|as)\M",
        ("sequence", "max") => r"\m(maxvalue|as)\M",
        ("sequence", "start") => r"\mstart\M",
        ("sequence", "cache") => r"\mcache\M",
        ("sequence", "cycle") => r"\mcycle\M",
        ("function" | "procedure", "body" | "arguments" | "result") => r"\mcreate\M",
        ("view" | "materialized view", "definition") => r"\mcreate\M",
        ("publication", "tables") => r"\malter\s+publication\M",
        ("publication", "publish" | "via_partition_root" | "generated_columns") => r"\mpublish",
        ("foreign data wrapper" | "foreign server" | "foreign table", "options") => r"\moptions\M",
        ("foreign server", "version") => r"\mversion\M",
        ("range", "multirange" | "constructor" | "multirange_constructor") => {
            r"\mrename\M|\mset\s+schema\M"
        }
        ("base type", "storage") => r"\mstorage\M",
        ("operator family", "members") => r"\m(add|drop)\M",
        ("extension", "schema") => r"\mschema\M",
        ("extension", "version") => r"\mupdate\M",
        _ => return None,
    })
}

fn is_extra_index(d: &Difference) -> bool {
    d.kind.name == "index" && d.change == ChangeKind::Extra
}

/// What the statement may have been about by name where the object is only
/// mentioned in it.
fn owners(d: &Difference, found: &Compared) -> Vec<String> {
    let of = |model: &Model| {
        model
            .objects
            .iter()
            .find(|o| o.kind == d.kind && o.identity == d.identity)
            .map(|o| o.attrs())
            .unwrap_or_default()
    };
    // An identity's sequence can be spoken of by itself.
    let sequences = || -> Vec<String> {
        let models = [&found.declared, &found.live].into_iter();
        models
            .filter_map(|model| Some(d.identity.beside(of(model).text("_sequence")?).to_string()))
            .collect()
    };
    // Its rows in the record name no object.
    if d.kind.name == "default privileges" {
        return vec![String::new()];
    }
    // It is spoken of by its own name, as an index or as a constraint.
    if d.kind.name == "partition index" {
        let called = of(&found.live).text("called").unwrap_or_default().to_owned();
        let index = d.identity.beside(&called).to_string();
        let mut constraint = d.identity.prefix(2);
        constraint.parts.push(called);
        return vec![index, constraint.to_string()];
    }
    if is_extra_index(d) {
        return of(&found.live).identity("table").iter().map(Identity::to_string).collect();
    }
    match d.attribute.as_deref() {
        // Those name the table, or the schema.
        Some("tables") => [&found.declared, &found.live]
            .into_iter()
            .flat_map(|model| of(model).list("tables"))
            .map(|part| {
                let name = part.strip_prefix("TABLES IN SCHEMA ").map(str::to_owned);
                let name = name.or_else(|| {
                    let pairs = sql::pairs(part.strip_prefix("TABLE ONLY ")?);
                    pairs.first().map(|name| (*name).to_owned())
                });
                Identity::new(sql::unquoted(&name.unwrap_or_default())).to_string()
            })
            .collect(),
        Some("partition_of" | "partition_bound") => [&found.declared, &found.live]
            .into_iter()
            .filter_map(|model| of(model).identity("partition_of"))
            .map(|parent| parent.to_string())
            .collect(),
        // Those are renamed by themselves.
        Some(attribute @ ("multirange" | "constructor" | "multirange_constructor")) => {
            [&found.declared, &found.live]
                .into_iter()
                .flat_map(|model| {
                    let attrs = of(model);
                    let name = attrs.identity(attribute).unwrap_or(d.identity.clone());
                    let subtype = attrs.text("subtype").unwrap_or_default();
                    [name.to_string(), format!("{name}({subtype}, {subtype})"), format!("{name}()")]
                })
                .collect()
        }
        Some(attribute) if attribute.starts_with("sequence") => sequences(),
        // It is spoken of by itself, or with its table.
        Some("not_null_name") => {
            let mut constraint = d.identity.prefix(2);
            constraint.parts.push(model::not_null_constraint(&d.identity, &of(&found.live)));
            vec![constraint.to_string(), d.identity.prefix(2).to_string()]
        }
        Some(attribute @ ("column_comments" | "column_grants")) => {
            let (declared, live) = (of(&found.declared), of(&found.live));
            declared
                .differing(attribute, &live)
                .map(|column| {
                    let mut identity = d.identity.clone();
                    identity.parts.push(column.to_owned());
                    identity.to_string()
                })
                .collect()
        }
        Some("grants") => {
            let parent = d.part_of().map(|(parent, _)| parent);
            parent.into_iter().chain([d.identity.prefix(1).to_string()]).collect()
        }
        Some("comments_on_partitions") => {
            let (declared, live) = (of(&found.declared), of(&found.live));
            declared
                .differing("comments_on_partitions", &live)
                .map(|partition| {
                    Identity::new(sql::unquoted(partition)).part(d.identity.name()).to_string()
                })
                .collect()
        }
        Some("enabled_on_partitions") => [&found.declared, &found.live]
            .into_iter()
            .filter_map(|model| of(model).get("enabled_on_partitions")?.as_object().cloned())
            .flat_map(|places| places.into_iter().map(|(place, _)| place))
            .collect(),
        _ => {
            let mut owners: Vec<String> =
                d.part_of().into_iter().map(|(parent, _)| parent).collect();
            owners.extend(index_behind(d).map(|index| index.to_string()));
            if d.attribute.as_deref() == Some("identity") {
                owners.extend(sequences());
            }
            // What is done to a parent's is done to its children's.
            if d.kind.name == "column" && of(&found.live).is("_inherited") {
                let above = table::above(&d.identity.prefix(2), &Side::new(&found.live));
                owners.extend(above.iter().map(Identity::to_string));
            }
            owners
        }
    }
}

/// What else is named in what it is called, and in what differs.
fn through(d: &Difference) -> Vec<String> {
    // What is declared is no other for what has come by a name in it.
    let declared = d.declared.as_deref().filter(|_| d.change != ChangeKind::Changed);
    let texts = [d.identity.args.as_deref(), declared, d.actual.as_deref()];
    let mut named = Vec::new();
    for text in texts.into_iter().flatten() {
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
    }
    named
}

/// The columns that an index or a constraint goes with.
fn columns(d: &Difference, found: &Compared) -> Vec<String> {
    if !matches!(d.kind.name, "index" | "constraint" | "statistics") {
        return Vec::new();
    }
    let objects = &found.declared.objects;
    let Some(object) = objects.iter().find(|o| o.kind == d.kind && o.identity == d.identity) else {
        return Vec::new();
    };
    let Some(table) = (d.kind.parent)(object) else {
        return Vec::new();
    };
    objects
        .iter()
        .filter(|o| o.kind.name == "column" && o.identity.prefix(2) == table)
        .filter(|o| column::involves(object, o.identity.name()))
        .map(|o| o.identity.to_string())
        .collect()
}

/// The name that such a statement says. DISABLE TRIGGER ALL names no key.
fn mentioned(d: &Difference) -> &str {
    if d.attribute.as_deref() == Some("not_null_name") && d.declared.as_deref() == Some("default") {
        return d.actual.as_deref().unwrap_or_default();
    }
    let by_itself =
        |a: &str| matches!(a, "triggers" | "not_null_name") || a.starts_with("sequence");
    let unnamed = matches!(d.kind.name, "default privileges" | "partition index")
        || is_extra_index(d)
        || d.attribute.as_deref().is_some_and(by_itself);
    if unnamed { "" } else { d.identity.name() }
}

/// What a missing object can have gone with: what it is part of, and the index
/// behind a constraint; or by itself, after it had moved with its table.
fn whole(d: &Difference, found: &Compared) -> Vec<String> {
    let mut names = d.containers();
    names.extend(index_behind(d).map(|index| index.to_string()));
    let declared =
        || found.declared.objects.iter().find(|o| o.kind == d.kind && o.identity == d.identity);
    if matches!(d.kind.name, "sequence" | "index")
        && let Some(table) = declared().and_then(|o| (o.kind.parent)(o))
        && let Some(moved) = found.renames.live_name(&table.prefix(2))
    {
        names.push(moved.beside(d.identity.name()).to_string());
    }
    names
}

/// The table that a missing index went with, or that statistics did. Another
/// name of the table is none of theirs.
fn tables(d: &Difference, found: &Compared) -> Vec<String> {
    if !matches!(d.kind.name, "index" | "statistics") {
        return Vec::new();
    }
    let declared =
        found.declared.objects.iter().find(|o| o.kind == d.kind && o.identity == d.identity);
    let table = declared.and_then(|o| (o.kind.parent)(o));
    table.iter().map(Identity::to_string).collect()
}

/// A constraint's index can be spoken of by itself.
fn index_behind(d: &Difference) -> Option<Identity> {
    let [schema, _, name] = d.identity.parts.as_slice() else { return None };
    (d.kind.name == "constraint").then(|| Identity::new([schema, name]))
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

/// What the record is asked about each difference.
pub fn questions(found: &Compared) -> Vec<serde_json::Value> {
    let own = found.differences.iter().enumerate();
    let renamed: Vec<(usize, Difference)> = own
        .clone()
        .filter(|(_, d)| d.renamed_by.is_none())
        .filter_map(|(n, d)| Some((n, d.under(found.renames.live_name(&d.identity)?))))
        .collect();
    own.chain(renamed.iter().map(|(n, d)| (*n, d)))
        .map(|(n, d)| {
            let part = d.part_of();
            serde_json::json!({
                "n": n,
                "change": d.change.as_str(),
                "type": d.object_type(),
                "object": may_be_recorded(d).then(|| d.object()),
                "name": mentioned(d),
                "is_table": d.kind.name == "table",
                "words": words(d),
                "owners": with_live_names(owners(d, found), &found.renames),
                // GRANT … ON ALL TABLES IN SCHEMA names no table.
                "in_schema": matches!(d.attribute.as_deref(), Some("grants")),
                "parent": part.as_ref().map(|(parent, _)| parent),
                "part": part.as_ref().map(|(_, part)| part),
                "known": d.renamed_by,
                "containers": match d.change {
                    ChangeKind::Missing => {
                        let gone_with = [whole(d, found), through(d), columns(d, found)].concat();
                        with_live_names(gone_with, &found.renames)
                    }
                    _ => Vec::new(),
                },
                "tables": match d.change {
                    ChangeKind::Missing => with_live_names(tables(d, found), &found.renames),
                    _ => Vec::new(),
                },
                "through": through(d),
            })
        })
        .collect()
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
