//! `migrations()`: what the histories say, held against files and the record.

use super::{Found, tables};
use crate::migration::{self, Entry, File, Row, State, TOOLS, Tool};
use crate::model::sql::{ident, qualified};
use crate::pg::as_owner;
use crate::pg::sys::{self, raise, scan};
use pgrx::datum::TimestampWithTimeZone;
use pgrx::spi::Spi;
use pgrx::{JsonB, pg_sys};
use std::collections::HashMap;

/// A row of `migrations()`.
#[derive(Default)]
pub struct Reviewed {
    pub tool: Option<String>,
    pub history: Option<String>,
    pub migration: Option<String>,
    pub state: String,
    pub issues: Option<Vec<String>>,
    pub started_at: Option<TimestampWithTimeZone>,
    pub finished_at: Option<TimestampWithTimeZone>,
    pub checksum: Option<String>,
    pub statements: Option<i64>,
    pub note: Option<String>,
}

/// Every migration of every history, then how many statements of the record
/// ran under none. Histories are read with the caller's own rights. Works on a
/// standby. Errors: SG004 for files that can't be read, or that could belong
/// to several histories.
pub fn rows(files: Option<JsonB>, only: Option<&str>) -> Vec<Reviewed> {
    let files = files.map(|f| {
        File::list(&f.0).unwrap_or_else(|why| {
            raise("SG004", format!("the list of migration files can't be read: {why}"), None, None)
        })
    });
    if let Some(name) = only
        && !TOOLS.iter().any(|t| t.name == name)
    {
        let known: Vec<&str> = TOOLS.iter().map(|t| t.name).collect();
        raise(
            "SG004",
            format!("migration tool \"{name}\" is not known"),
            None,
            Some(format!("Known are {}.", known.join(", "))),
        );
    }
    let histories: Vec<(&Tool, Found)> = TOOLS
        .iter()
        .filter(|t| only.is_none_or(|name| name == t.name))
        .flat_map(|tool| tables(tool).into_iter().map(move |found| (*tool, found)))
        .collect();
    if files.is_some() && histories.len() > 1 {
        let named: Vec<String> = histories
            .iter()
            .map(|(tool, h)| format!("{} ({})", scan::relation_name(h.table), tool.name))
            .collect();
        raise(
            "SG004",
            format!("files are given, and there are {} histories that they could belong to", named.len()),
            Some(named.join("\n")),
            Some("Say which: migrations(files, of_tool => '…'). Of one tool with several histories, none can be held against files.".into()),
        );
    }
    let (mut ran, outside) = recorded();
    let mut rows = Vec::new();
    for (tool, found) in &histories {
        let history = scan::relation_name(found.table);
        match read(tool, found, &history) {
            Err(why) => rows.push(Reviewed {
                tool: Some(tool.name.into()),
                history: Some(history),
                state: "unreadable".into(),
                note: Some(why),
                ..Reviewed::default()
            }),
            Ok(given) => {
                let entries = migration::review(tool, &given, files.as_deref(), &sys::sha256);
                rows.extend(told(tool, &history, entries, &mut ran));
            }
        }
    }
    if only.is_none() {
        rows.push(Reviewed {
            state: "under no migration".into(),
            statements: Some(outside),
            note: (outside > 0)
                .then(|| "SELECT * FROM schemaguard.ddl_log WHERE migration IS NULL".into()),
            ..Reviewed::default()
        });
    }
    rows
}

/// What the record has of a migration: when each statement ran, in
/// microseconds, and how many did then.
type Ran = HashMap<(String, String), Vec<(i64, i64)>>;

/// What ran under migrations, and how many statements under none.
fn recorded() -> (Ran, i64) {
    const QUERY: &str = "
        SELECT coalesce(s.migration_tool, m.tool),
               n.name,
               (pg_catalog.date_part('epoch', s.at) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8,
               pg_catalog.count(*)
          FROM schemaguard.ddl_entry s
          LEFT JOIN schemaguard.migration_transaction m
            ON m.transaction OPERATOR(pg_catalog.=) s.transaction
           AND s.id OPERATOR(pg_catalog.>=) m.first AND s.id OPERATOR(pg_catalog.<=) m.last
          LEFT JOIN LATERAL pg_catalog.unnest(
                   CASE WHEN s.migration IS NULL THEN m.migrations ELSE ARRAY[s.migration] END) AS n (name) ON true
         WHERE s.verdict OPERATOR(pg_catalog.<>) 'refused'
           AND s.object_type OPERATOR(pg_catalog.<>) ALL ('{consent,setting}')
         GROUP BY 1, 2, 3";
    let (mut ran, mut outside) = (Ran::new(), 0);
    as_owner(|| {
        Spi::connect(|client| {
            let rows = client
                .select(QUERY, None, &[])
                .unwrap_or_else(|e| pgrx::error!("schemaguard could not read its record: {e}"));
            for row in rows {
                let text = |n| row.get::<String>(n).ok().flatten();
                let number = |n| row.get::<i64>(n).ok().flatten().unwrap_or(0);
                match (text(1), text(2)) {
                    (Some(tool), Some(name)) => {
                        ran.entry((tool, name)).or_default().push((number(3), number(4)));
                    }
                    _ => outside += number(4),
                }
            }
        });
    });
    (ran, outside)
}

/// The rows of a history; the error says why they can't be read.
fn read(tool: &Tool, found: &Found, history: &str) -> Result<Vec<Row>, String> {
    // SAFETY: permission checks for the current role.
    let (schema, table, secured) = unsafe {
        let role = pg_sys::GetUserId();
        let granted = |result| result == pg_sys::AclResult::ACLCHECK_OK;
        (
            granted(sys::version::may_use_schema(found.schema, role)),
            granted(pg_sys::pg_class_aclcheck(found.table, role, pg_sys::ACL_SELECT as _)),
            pg_sys::check_enable_rls(found.table, role, true)
                == pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32,
        )
    };
    if !schema {
        let schema = history.rsplit_once('.').map_or(history, |h| h.0);
        return Err(format!(
            "you may not look into its schema: GRANT USAGE ON SCHEMA {schema} TO …"
        ));
    }
    if !table {
        return Err(format!("you may not read it: GRANT SELECT ON {history} TO …"));
    }
    if secured {
        return Err("row-level security may hide rows of it from you".into());
    }
    // Only columns whose types were checked: of others' types, functions of
    // theirs would run.
    let columns: Vec<String> =
        tool.columns.iter().map(|(name, _)| format!("'{name}', t.{}", ident(name))).collect();
    let order = tool.applied.map_or(String::new(), |column| {
        format!(" ORDER BY t.{} USING OPERATOR(pg_catalog.<)", ident(column))
    });
    let name = names(found).ok_or("it was dropped just now")?;
    let query = format!(
        "SELECT pg_catalog.json_build_object({})::pg_catalog.text FROM ONLY {name} t{order}",
        columns.join(", "),
    );
    Spi::connect(|client| {
        let rows = client.select(query.as_str(), None, &[]).map_err(|e| e.to_string())?;
        Ok(rows
            .filter_map(|row| row.get::<String>(1).ok().flatten())
            .filter_map(|json| serde_json::from_str(&json).ok())
            .map(Row)
            .collect())
    })
}

/// A history's name as SQL wants it.
fn names(found: &Found) -> Option<String> {
    // SAFETY: catalog lookups.
    unsafe {
        let schema = sys::text(pg_sys::get_namespace_name(found.schema))?;
        let table = sys::text(pg_sys::get_rel_name(found.table))?;
        Some(qualified(&[schema, table]))
    }
}

/// A history's entries, with what the record has of them.
fn told(tool: &Tool, history: &str, entries: Vec<Entry>, ran: &mut Ran) -> Vec<Reviewed> {
    let time = |text: &Option<String>| -> Option<TimestampWithTimeZone> {
        text.as_ref().and_then(|t| t.parse().ok())
    };
    let mut rows = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        // A migration may have been tried several times: each statement
        // belongs to the last try that had begun by then.
        let begin = |e: &Entry| time(&e.started).map(micros);
        let next = entries[at + 1..].iter().filter(|e| e.name == entry.name).find_map(begin);
        let first = !entries[..at].iter().any(|e| e.name == entry.name && e.started.is_some());
        let own = begin(entry).filter(|_| !first);
        let statements: i64 = ran
            .get(&(tool.name.to_owned(), entry.name.clone()))
            .into_iter()
            .flatten()
            .filter(|(when, _)| own.is_none_or(|b| *when >= b) && next.is_none_or(|n| *when < n))
            .map(|(_, n)| n)
            .sum();
        let ended_badly = matches!(entry.state, State::Failed | State::Unfinished);
        let state = match ended_badly && statements > 0 {
            true => State::HalfApplied,
            false => entry.state,
        };
        rows.push(Reviewed {
            tool: Some(tool.name.into()),
            history: Some(history.to_owned()),
            migration: Some(entry.name.clone()),
            state: state.as_str().into(),
            issues: (!entry.issues.is_empty())
                .then(|| entry.issues.iter().map(|i| (*i).to_owned()).collect()),
            started_at: time(&entry.started),
            finished_at: time(&entry.finished),
            checksum: entry.checksum.clone(),
            statements: Some(statements),
            note: entry.note.clone(),
        });
    }
    rows
}

/// Microseconds since 1970, as the record's query gives them.
fn micros(time: TimestampWithTimeZone) -> i64 {
    /// From 1970 to 2000, where the server's time begins.
    const EPOCH: i64 = 946_684_800 * 1_000_000;
    i64::from(time) + EPOCH
}
