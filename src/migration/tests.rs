use super::*;
use serde_json::json;

/// Stands in for SHA-256: what is hashed can be read.
fn hash(text: &str) -> String {
    format!("h({text})")
}

fn rows(rows: Value) -> Vec<Row> {
    let Value::Array(rows) = rows else { panic!("an array") };
    rows.into_iter()
        .map(|row| match row {
            Value::Object(map) => Row(map),
            _ => panic!("an object"),
        })
        .collect()
}

fn told(tool: &Tool, given: Value, files: Option<Value>) -> Vec<(String, &'static str, String)> {
    let files = files.map(|f| File::list(&f).unwrap());
    review(tool, &rows(given), files.as_deref(), &hash)
        .into_iter()
        .map(|e| (e.name, e.state.as_str(), e.issues.join(", ")))
        .collect()
}

fn row(name: &str, state: &'static str, issues: &str) -> (String, &'static str, String) {
    (name.to_owned(), state, issues.to_owned())
}

#[test]
fn prisma_says_how_each_migration_ended() {
    let given = json!([
        {"migration_name": "1", "finished_at": "x", "applied_steps_count": 1, "checksum": "h(a\r\nb)"},
        {"migration_name": "2", "rolled_back_at": "x", "applied_steps_count": 0, "checksum": "h(old)"},
        {"migration_name": "2", "finished_at": "x", "applied_steps_count": 1, "checksum": "h(new)"},
        {"migration_name": "4", "finished_at": "x", "applied_steps_count": 1, "checksum": "h(4)"},
        {"migration_name": "3", "finished_at": "x", "applied_steps_count": 0, "checksum": "h(3)"},
        {"migration_name": "5", "logs": "no", "applied_steps_count": 0, "checksum": "h(5)"},
        {"migration_name": "6", "logs": null, "applied_steps_count": 0, "checksum": "h(6)"},
    ]);
    let files = json!([
        {"name": "1", "text": "a\nb"}, {"name": "2", "text": "new"}, {"name": "3", "text": "other"},
        {"name": "5", "checksum": "H(5)"}, {"name": "6"}, {"name": "7", "text": ""},
    ]);
    assert_eq!(
        told(&prisma::PRISMA, given, Some(files)),
        [
            row("1", "applied", ""),
            row("2", "rolled back", ""),
            row("2", "applied", ""),
            row("4", "applied", "unknown"),
            row("3", "applied", "out of order, edited"),
            row("5", "failed", ""),
            row("6", "unfinished", ""),
            row("7", "missing", ""),
        ]
    );
}

#[test]
fn prisma_tells_what_was_only_marked_as_applied() {
    let note = |started: &str, steps: i32| {
        let given = json!([{"migration_name": "1", "started_at": started, "finished_at": "x", "applied_steps_count": steps}]);
        review(&prisma::PRISMA, &rows(given), None, &hash).remove(0).note
    };
    assert!(note("x", 0).is_some_and(|n| n.contains("was not run")));
    assert_eq!([note("w", 0), note("x", 1)], [None, None]);
}

#[test]
fn a_migration_that_was_rolled_back_is_missing() {
    let given = json!([{"migration_name": "1", "rolled_back_at": "x", "checksum": "h(a)"}]);
    assert_eq!(
        told(&prisma::PRISMA, given, Some(json!({"1": "a"}))),
        [row("1", "rolled back", ""), row("1", "missing", "")]
    );
}

#[test]
fn what_only_says_where_it_stands_misses_nothing() {
    let given = json!([{"version_num": "ab12"}]);
    assert_eq!(
        told(&alembic::ALEMBIC, given, Some(json!(["ab12", "0001"]))),
        [row("ab12", "applied", "")]
    );
    let given = json!([{"version": 7, "dirty": true}]);
    assert_eq!(told(&golang_migrate::GOLANG_MIGRATE, given, None), [row("7", "unfinished", "")]);
}

#[test]
fn drizzle_knows_files_by_their_text() {
    let given = json!([{"id": 1, "hash": "h(a)", "created_at": 17}, {"id": 2, "hash": "h(b)", "created_at": 18}]);
    assert_eq!(
        told(&drizzle::DRIZZLE, given, Some(json!({"0000_a": "a", "0001_b": "changed"}))),
        [row("17", "applied", ""), row("18", "applied", "unknown"), row("0001_b", "missing", "")]
    );
}

#[test]
fn flyway_orders_versions_as_numbers() {
    let given = json!([
        {"type": "SCHEMA", "script": "\"a\"", "success": true},
        {"type": "SQL", "script": "V1_9__a.sql", "success": true, "checksum": 12},
        {"type": "SQL", "script": "V1_10__b.sql", "success": true},
        {"type": "SQL", "script": "V1_9_1__c.sql", "success": true},
        {"type": "SQL", "script": "R__views.sql", "success": true},
        {"type": "SQL", "script": "V2__d.sql", "success": false},
    ]);
    let files = json!([{"name": "V1_9__a.sql", "checksum": 13}, "V1_10__b.sql", "V1_9_1__c.sql", "R__views.sql", "V2__d.sql"]);
    assert_eq!(
        told(&flyway::FLYWAY, given, Some(files)),
        [
            row("V1_9__a.sql", "applied", "edited"),
            row("V1_10__b.sql", "applied", ""),
            row("V1_9_1__c.sql", "applied", "out of order"),
            row("R__views.sql", "applied", ""),
            row("V2__d.sql", "failed", ""),
        ]
    );
}

#[test]
fn typeorm_orders_by_the_time_in_the_name() {
    let given =
        json!([{"id": 1, "name": "B20"}, {"id": 2, "name": "A10"}, {"id": 3, "name": "C30"}]);
    assert_eq!(
        told(&typeorm::TYPEORM, given, None),
        [
            row("B20", "applied", ""),
            row("A10", "applied", "out of order"),
            row("C30", "applied", "")
        ]
    );
}

#[test]
fn files_that_are_none_are_refused_with_the_reason() {
    let cases = [
        (json!(1), "files is "),
        (json!([1]), "file 1 is neither"),
        (json!([{"text": "x"}]), "file 1 has no name"),
        (json!([{"name": "x", "text": 1}]), "file 1: text is no text"),
        (json!({"x": 1}), "file \"x\""),
        (json!(["x", {"name": "x"}]), "file \"x\" is given twice"),
    ];
    for (given, said) in cases {
        let error = File::list(&given).unwrap_err();
        assert!(error.starts_with(said), "{given}: {error}");
    }
}

#[test]
fn each_tool_reads_only_columns_that_it_names() {
    for tool in TOOLS {
        let all = tool.columns.iter().map(|(name, _)| ((*name).to_owned(), json!("1"))).collect();
        assert!((tool.read)(&Row(all)).is_some(), "{tool:?} reads a column that it doesn't name");
        if let Some(applied) = tool.applied {
            assert!(tool.columns.iter().any(|c| c.0 == applied), "{tool:?}");
        }
    }
}

#[test]
fn versions_are_ordered_by_their_numbers() {
    let mut names = ["1.10", "1.9", "2024_b", "10", "1.9.1"];
    names.sort_by_key(|n| by_number(n));
    assert_eq!(names, ["1.9", "1.9.1", "1.10", "10", "2024_b"]);
}
