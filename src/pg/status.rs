//! What is on, what is covered, what is not, and how to cover it.

use super::settings::{self, Mode, OnDrift};
use super::sys::{self, text};
use super::{as_owner, catalog, guard, ledger};
use pgrx::pg_sys;
use pgrx::spi::Spi;

type Row = (String, String, String);

/// The rows of `schemaguard.status()`. Works on a standby.
pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |item: &str, state: &str, detail: String| {
        rows.push((item.to_owned(), state.to_owned(), detail));
    };
    let facts = facts();
    let preloaded = preloaded(&facts);
    let cover = format!(
        "ALTER DATABASE {} SET session_preload_libraries = '{}';",
        facts.database_quoted,
        with_ours(&facts.session_preload)
    );

    let mode = settings::mode();
    add(
        "guard",
        mode.as_str(),
        match mode {
            Mode::Enforce => "a statement that would destroy data is refused".into(),
            Mode::Warn => "a statement that would destroy data goes through with a warning".into(),
            Mode::Observe => "a statement that would destroy data goes through, and is recorded".into(),
            Mode::Off => "nobody looks at what statements destroy; SET schemaguard.mode = 'enforce' ends that".into(),
        },
    );
    let disabled = facts.disabled_triggers.join(", ");
    add(
        "record",
        if facts.in_recovery {
            "standby"
        } else if disabled.is_empty() {
            "on"
        } else {
            "incomplete"
        },
        if facts.in_recovery {
            "this server is a standby: the record comes from the primary".into()
        } else if disabled.is_empty() {
            let since = ledger::complete_since();
            let since = since.map(|at| format!(", complete since {at}")).unwrap_or_default();
            format!("{} statements, {} of them refused{since}", facts.statements, facts.refused)
        } else {
            format!(
                "event triggers do not fire always: {disabled}; ALTER EVENT TRIGGER … ENABLE ALWAYS;"
            )
        },
    );
    add(
        "DDL",
        if disabled.is_empty() { "covered" } else { "covered in part" },
        "DROP, ALTER and all other DDL, however it is reached".into(),
    );
    let login = facts.version >= 170_000 && facts.login_trigger;
    let (state, how) = match (preloaded.as_str(), login) {
        ("shared", _) => ("covered", "loaded by shared_preload_libraries".into()),
        ("session", _) => ("covered", "loaded by session_preload_libraries".into()),
        (_, true) => ("covered", "loaded by the login event trigger".into()),
        _ => ("not covered", format!("until a session's first DDL statement it passes: {cover}")),
    };
    let loaded = state == "covered";
    add("TRUNCATE", state, how);
    let (state, how) = dml(&facts.database_quoted, loaded, &cover);
    add("DML", state, how);
    add(
        "background workers",
        if preloaded == "shared" { "covered" } else { "not covered" },
        if preloaded == "shared" {
            "also logical replication's workers run with the library loaded".into()
        } else {
            "jobs of schedulers and of logical replication: shared_preload_libraries = 'schemaguard' and a restart".into()
        },
    );
    add(
        "DROP DATABASE",
        if !facts.marked {
            "not protected"
        } else if preloaded == "shared" {
            "covered"
        } else {
            "covered in part"
        },
        if !facts.marked {
            format!("ALTER DATABASE {} SET schemaguard.protected = on;", facts.database_quoted)
        } else if preloaded == "shared" {
            "refused from whatever database it comes".into()
        } else {
            "refused from sessions that have the library loaded; from all of them: shared_preload_libraries = 'schemaguard' and a restart".into()
        },
    );
    add(
        "this session",
        "loaded",
        match guard::in_force() {
            Some(reason) => format!("consent to lose data until this transaction ends: {reason}"),
            None => "no consent to lose data is in force".into(),
        },
    );
    let several = |n: i64, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    add(
        "consent",
        if settings::two_person() { "two persons" } else { "one person" },
        format!(
            "{} pending, {} in force",
            several(facts.approvals, "approval"),
            several(facts.standing_rules, "standing rule")
        ),
    );
    add(
        "probe timeout",
        &if settings::probe_timeout() > i64::MAX / 8 {
            "none".to_owned()
        } else {
            format!("{} ms", settings::probe_timeout() / 1_000)
        },
        "a statement that can't be proven harmless in this time is refused".into(),
    );
    let (state, what) = match settings::on_drift() {
        OnDrift::Off => (
            "off",
            format!("ALTER DATABASE {} SET schemaguard.on_drift = refuse;", facts.database_quoted),
        ),
        OnDrift::Warn => (
            "warn",
            "DDL that moves the schema away from main goes through with a warning".to_owned(),
        ),
        OnDrift::Refuse => {
            ("refuse", "DDL that moves the schema away from main is refused".to_owned())
        }
    };
    add("on drift", state, what);
    if facts.declared.is_empty() {
        add(
            "declared schema",
            "none",
            "SELECT schemaguard.declare('…'); tells what the schema should be".into(),
        );
    }
    for (name, version, at, others) in &facts.declared {
        let others = others.as_ref().map_or_else(String::new, |schemas| {
            format!("; it says nothing of what is in schema {schemas}")
        });
        add("declared schema", name, format!("version {version}, declared {at}{others}"));
    }
    rows
}

struct Facts {
    version: i32,
    in_recovery: bool,
    database_quoted: String,
    session_preload: String,
    shared_preload: String,
    database_preload: String,
    marked: bool,
    login_trigger: bool,
    disabled_triggers: Vec<String>,
    statements: i64,
    refused: i64,
    approvals: i64,
    standing_rules: i64,
    /// Name, version, when, and the schemas that it isn't about.
    declared: Vec<(String, i64, String, Option<String>)>,
}

fn facts() -> Facts {
    let setting = |name: &std::ffi::CStr| {
        // SAFETY: a setting's value as text.
        unsafe { text(pg_sys::GetConfigOption(name.as_ptr(), true, false)) }.unwrap_or_default()
    };
    // SAFETY: reads of process state and of the catalog.
    let (database, in_recovery, name) = unsafe {
        let database = pg_sys::MyDatabaseId;
        let name = pg_sys::quote_identifier(pg_sys::get_database_name(database));
        (database, pg_sys::RecoveryInProgress(), text(name).unwrap_or_default())
    };
    let on_database = sys::catalog::database_settings(database);
    let of_database = |name: &str| {
        on_database
            .iter()
            .filter_map(|s| s.split_once('='))
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.to_owned())
    };
    let mut facts = Facts {
        version: setting(c"server_version_num").parse().unwrap_or(0),
        in_recovery,
        database_quoted: name,
        session_preload: setting(c"session_preload_libraries"),
        shared_preload: setting(c"shared_preload_libraries"),
        database_preload: of_database("session_preload_libraries").unwrap_or_default(),
        marked: of_database("schemaguard.protected").is_some_and(|v| settings::is_on(&v)),
        login_trigger: false,
        disabled_triggers: Vec::new(),
        statements: 0,
        refused: 0,
        approvals: 0,
        standing_rules: 0,
        declared: Vec::new(),
    };
    // One that is gone is no more there to be called disabled.
    let mut expected = vec![
        "schemaguard_ddl_command_start",
        "schemaguard_sql_drop",
        "schemaguard_ddl_command_end",
    ];
    let schemas = catalog::schemas();
    as_owner(|| {
        Spi::connect(|client| {
            if let Ok(rows) = client.select(
                "SELECT evtname::pg_catalog.text, evtenabled OPERATOR(pg_catalog.=) 'A'
                   FROM pg_catalog.pg_event_trigger
                  WHERE evtname OPERATOR(pg_catalog.~) '^schemaguard_' ORDER BY 1",
                None,
                &[],
            ) {
                for row in rows {
                    let name: String = row.get(1).ok().flatten().unwrap_or_default();
                    let always = row.get(2).ok().flatten().unwrap_or(false);
                    facts.login_trigger |= name == "schemaguard_login" && always;
                    expected.retain(|e| *e != name);
                    if !always {
                        facts.disabled_triggers.push(name);
                    }
                }
            }
            if let Ok(rows) = client.select(
                "SELECT pg_catalog.count(verdict), pg_catalog.count(*) FILTER (WHERE verdict OPERATOR(pg_catalog.=) 'refused')
                   FROM schemaguard.ddl_entry",
                None,
                &[],
            ) {
                for row in rows {
                    facts.statements = row.get(1).ok().flatten().unwrap_or(0);
                    facts.refused = row.get(2).ok().flatten().unwrap_or(0);
                }
            }
            if let Ok(rows) = client.select(
                "SELECT (SELECT pg_catalog.count(*) FROM schemaguard.approvals a WHERE a.state OPERATOR(pg_catalog.=) 'pending'),
                        (SELECT pg_catalog.count(*) FROM schemaguard.standing_rules)",
                None,
                &[],
            ) {
                for row in rows {
                    facts.approvals = row.get(1).ok().flatten().unwrap_or(0);
                    facts.standing_rules = row.get(2).ok().flatten().unwrap_or(0);
                }
            }
            if let Ok(rows) = client.select(
                "SELECT DISTINCT ON (d.name) d.name, d.version,
                        d.declared_at::pg_catalog.text OPERATOR(pg_catalog.||) CASE WHEN d.pending AND r.version IS NULL
                             THEN ', pending' ELSE '' END,
                        (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(s), ', ' ORDER BY s)
                           FROM pg_catalog.unnest($1) s
                          WHERE s OPERATOR(pg_catalog.<>) ALL (d.schemas OPERATOR(pg_catalog.||) d.unmanaged))
                   FROM schemaguard.declared d LEFT JOIN schemaguard.declared_reached r ON r.version OPERATOR(pg_catalog.=) d.version
                  ORDER BY d.name, d.version DESC",
                None,
                &[schemas.into()],
            ) {
                facts.declared = rows
                    .filter_map(|row| {
                        let others = row.get(4).ok()?;
                        Some((row.get(1).ok()??, row.get(2).ok()??, row.get(3).ok()??, others))
                    })
                    .collect();
            }
        });
    });
    facts.disabled_triggers.extend(expected.into_iter().map(|e| format!("{e} (dropped)")));
    facts
}

/// What is asked of DELETE, UPDATE and MERGE, and whether of all of them.
fn dml(database: &str, loaded: bool, cover: &str) -> (&'static str, String) {
    let mut asked = Vec::new();
    if settings::require_where() {
        asked.push("DELETE and UPDATE have to choose their rows (require_where)".to_owned());
    }
    if let Some(limit) = settings::max_rows_lost() {
        asked.push(format!("a statement may take at most {limit} rows (max_rows_lost)"));
    }
    let asked = asked.join("; ");
    match (asked.is_empty(), settings::mode(), loaded) {
        (true, ..) => (
            "off",
            format!(
                "ALTER DATABASE {database} SET schemaguard.require_where = on; or schemaguard.max_rows_lost = 1000;"
            ),
        ),
        (_, Mode::Off, _) => ("off", format!("{asked}; but schemaguard.mode is off")),
        (_, _, true) => ("covered", asked),
        (_, _, false) => {
            ("not covered", format!("{asked}; but only where the library is loaded: {cover}"))
        }
    }
}

/// How the library gets into sessions of this database.
fn preloaded(facts: &Facts) -> String {
    let has = |list: &str| list.split(',').any(|l| l.trim().trim_matches('"') == "schemaguard");
    if has(&facts.shared_preload) {
        "shared".into()
    } else if has(&facts.session_preload) || has(&facts.database_preload) {
        "session".into()
    } else {
        String::new()
    }
}

/// A preload list with ours added.
fn with_ours(list: &str) -> String {
    if list.trim().is_empty() { "schemaguard".into() } else { format!("{list}, schemaguard") }
}
