//! Who made a difference: the record's row for it.

mod life;
mod names;
mod words;

use super::declared::Compared;
use super::renames;
use super::{ledger, sys};
use crate::drift::{ChangeKind, Difference, Lives};
use crate::model::mend::Side;
use crate::model::{Identity, Kind};
use life::{life, spans};
use names::{
    columns, granted, index_named, mentioned, owners, tables, through, whole, with_live_names,
};
use pgrx::{JsonB, Spi};
use std::collections::HashSet;
use words::{guessed, tags, word, words};

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
    -- A domain's row doesn't say which constraints it has got, and what a
    -- partition has was its table's until it was detached.
    SELECT d.n, o.id, o.statement, o.action, o.formerly, o.command_tag, NULL, d.words, false, false, true
      FROM difference d
      JOIN span s ON s.n OPERATOR(pg_catalog.=) d.n
      JOIN ddl o ON o.object OPERATOR(pg_catalog.=) s.parent
     WHERE o.id OPERATOR(pg_catalog.>=) s.since AND o.id OPERATOR(pg_catalog.<=) s.until
       AND d.change OPERATOR(pg_catalog.<>) 'missing'
       AND (s.part OPERATOR(pg_catalog.=) ANY (o.parts)
            OR d.type OPERATOR(pg_catalog.=) 'constraint'
               AND (o.command_tag OPERATOR(pg_catalog.=) 'ALTER DOMAIN'
                    AND o.statement OPERATOR(pg_catalog.~*) '\\madd\\M'
                    AND (pg_catalog.strpos(o.statement, s.part) OPERATOR(pg_catalog.>) 0
                         OR o.statement OPERATOR(pg_catalog.~*) '\\madd\\s+(check|not)\\M')
                    OR d.change OPERATOR(pg_catalog.=) 'extra'
                       AND o.statement OPERATOR(pg_catalog.~*) '\\mdetach\\M'))
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
                        -- A partition's index has become one of its own.
                        WHEN c.of_owner AND d.type OPERATOR(pg_catalog.=) 'index' THEN 0
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

fn is_extra_index(d: &Difference) -> bool {
    d.kind.name == "index" && d.change == ChangeKind::Extra
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
        let through = through(d, found, sides, &lives);
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
                    let gone_with = [whole(d, found, sides[0]), through.clone(), columns(d, sides[0])].concat();
                    with_live_names(gone_with, &found.renames)
                }
                _ => with_live_names(index_named(d), &found.renames),
            },
            "tables": match d.change {
                ChangeKind::Missing => with_live_names(tables(d, sides[0]), &found.renames),
                _ => Vec::new(),
            },
            "through": through,
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
