use super::*;

pub(super) fn object(kind: &str, identity: &[&str], attributes: &str) -> String {
    format!(
        r#"{{"kind":"{kind}","identity":{},"attributes":{attributes}}}"#,
        serde_json::to_string(identity).expect("strings")
    )
}

pub(super) fn model(objects: &[String]) -> Model {
    Model::from_json(&format!(
        r#"{{"reader":1,"server":15,"schemas":["public"],"objects":[{}]}}"#,
        objects.join(",")
    ))
    .expect("a model")
}

pub(super) fn table(name: &str, more: &str) -> String {
    object("table", &["public", name], &format!(r#"{{"persistence":"permanent"{more}}}"#))
}

pub(super) fn column(table: &str, name: &str, attributes: &str) -> String {
    object("column", &["public", table, name], attributes)
}

fn foreign_key(table: &str, name: &str, to: &str) -> String {
    object(
        "constraint",
        &["public", table, name],
        &format!(
            r#"{{"type":"foreign key","columns":["id"],"references":"public.{to}(id)","_references":{{"name":["public","{to}"]}}}}"#
        ),
    )
}

fn rows(declared: &[String], live: &[String]) -> Vec<String> {
    compare(&model(declared), &model(live))
        .iter()
        .map(|d| {
            format!(
                "{} {} {} {}",
                d.object_type(),
                d.object(),
                d.change.as_str(),
                d.attribute.as_deref().unwrap_or_default()
            )
            .trim_end()
            .to_owned()
        })
        .collect()
}

pub(super) const INT: &str = r#"{"type":"integer"}"#;

#[test]
fn what_jsonb_does_to_text_is_no_drift() {
    let declared = [table("t", ""), column("t", "a", r#"{"type":"integer","not_null":true}"#)];
    let live = [table("t", ""), column("t", "a", r#"{"not_null": true, "type": "integer"}"#)];
    assert!(rows(&declared, &live).is_empty());
    let helpers =
        [table("t", ""), column("t", "a", r#"{"type":"integer","not_null":true,"_x":1}"#)];
    assert!(rows(&declared, &helpers).is_empty());
}

#[test]
fn a_table_comes_and_goes_as_one() {
    let with = [
        table("t", ""),
        column("t", "a", INT),
        object("constraint", &["public", "t", "c"], r#"{"type":"check","expression":"(a > 0)"}"#),
        object(
            "index",
            &["public", "i"],
            r#"{"table":{"name":["public","t"]},"definition":"btree (a)"}"#,
        ),
        object(
            "sequence",
            &["public", "s"],
            r#"{"type":"bigint","owned_by":{"name":["public","t","a"]}}"#,
        ),
        object(
            "trigger",
            &["public", "t", "tr"],
            r#"{"definition":"CREATE TRIGGER tr","enabled":"origin"}"#,
        ),
    ];
    assert_eq!(rows(&with, &[]), ["table public.t missing"]);
    assert_eq!(rows(&[], &with), ["table public.t extra"]);
    let found = compare(&model(&with), &model(&[]));
    let fix = &found[0].fix;
    for part in [
        "CREATE SEQUENCE",
        "CREATE TABLE",
        "CHECK ((a > 0))",
        "CREATE INDEX",
        "CREATE TRIGGER",
        "OWNED BY",
    ] {
        assert!(fix.contains(part), "{part} in {fix}");
    }
    assert!(compare(&model(&[]), &model(&with))[0].data_loss);
}

#[test]
fn keys_of_tables_that_come_later_stand_with_those() {
    let declared = [
        table("a", ""),
        column("a", "id", INT),
        foreign_key("a", "a_b", "b"),
        table("b", ""),
        column("b", "id", INT),
        foreign_key("b", "b_a", "a"),
    ];
    let found = compare(&model(&declared), &model(&[]));
    assert_eq!(found.len(), 2);
    assert!(!found[0].fix.contains("FOREIGN KEY"));
    assert_eq!(found[1].fix.matches("FOREIGN KEY").count(), 2);
}

#[test]
fn children_echo_their_parents_and_nothing_else() {
    let base = |default: &str, child: &str| {
        [
            table("p", ""),
            table("c", r#","inherits":[{"name":["public","p"]}]"#),
            column("p", "a", &format!(r#"{{"type":"text"{default}}}"#)),
            column("c", "a", &format!(r#"{{"type":"text"{child},"_inherited":true}}"#)),
        ]
    };
    let d = r#","default":"1""#;
    assert_eq!(rows(&base(d, d), &base("", "")), ["column public.p.a changed default"]);
    assert_eq!(rows(&base(d, d), &base(d, "")), ["column public.c.a changed default"]);
}

#[test]
fn order_counts_only_among_columns_of_both_sides() {
    let columns = |names: &[&str]| {
        let mut objects = vec![table("t", "")];
        objects.extend(names.iter().map(|n| column("t", n, INT)));
        objects
    };
    assert_eq!(
        rows(&columns(&["a", "b", "c"]), &columns(&["a", "x", "b", "c"])),
        ["column public.t.x extra"]
    );
    assert_eq!(
        rows(&columns(&["a", "b", "c", "d"]), &columns(&["a", "c", "d", "b"])),
        ["column public.t.b changed position"]
    );
    let found = compare(&model(&columns(&["a", "b"])), &model(&columns(&["b", "a"])));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Info);
}

#[test]
fn what_is_left_out_keeps_what_it_uses() {
    let live = [
        object("enum", &["public", "mood"], r#"{"labels":["a"]}"#),
        object("enum", &["public", "other"], r#"{"labels":["a"]}"#),
        table("t", ""),
        column("t", "m", r#"{"type":"public.mood"}"#),
    ];
    let (declared, live) = (model(&[]), model(&live));
    let found = compare(&declared, &live);
    let sql = |loss| -> Vec<String> {
        script(&declared, &live, &found, How { allow_loss: loss, gentle: false })
            .steps
            .into_iter()
            .filter_map(|s| s.sql)
            .collect()
    };
    assert_eq!(sql(false), ["DROP TYPE IF EXISTS public.other"]);
    assert_eq!(sql(true)[0], "DROP TABLE IF EXISTS public.t");
    assert_eq!(sql(true).len(), 3);
    let notes = script(&declared, &live, &found, How { allow_loss: false, gentle: false });
    assert!(notes.steps.iter().any(|s| s.data_loss && s.sql.is_none() && s.note.is_some()));
}

#[test]
fn views_make_way_and_come_back() {
    let view = |name: &str, of: &str| {
        object(
            "view",
            &["public", name],
            &format!(r#"{{"definition":" SELECT x.email FROM {of} x;"}}"#),
        )
    };
    let side = |of: &str| {
        vec![
            table("t", ""),
            column("t", "email", &format!(r#"{{"type":"{of}"}}"#)),
            view("v", "public.t"),
            view("w", "public.v"),
        ]
    };
    let found = compare(&model(&side("text")), &model(&side("character varying(5)")));
    assert_eq!(found.len(), 1);
    let lines: Vec<&str> = found[0].fix.lines().filter(|l| !l.starts_with(' ')).collect();
    assert_eq!(
        lines,
        [
            "DROP VIEW IF EXISTS public.w;",
            "DROP VIEW IF EXISTS public.v;",
            "ALTER TABLE public.t ALTER COLUMN email TYPE text;",
            "CREATE VIEW public.v AS",
            "CREATE VIEW public.w AS",
        ]
    );
}

#[test]
fn a_name_taken_by_another_kind_is_freed_first() {
    let declared = [object("enum", &["public", "x"], r#"{"labels":["a"]}"#)];
    let live = [object("range", &["public", "x"], r#"{"subtype":"integer"}"#)];
    assert_eq!(rows(&declared, &live), ["type public.x extra", "type public.x missing"]);
}

/// Each attribute is flipped by one of the changes that are made to a live
/// database.
#[test]
fn every_attribute_has_a_change() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/drift_changes/");
    let changes: String = [
        "changes.txt",
        "kinds.txt",
        "../../expected/drift_attributes_18.out",
        "../../expected/drift_partition_indexes.out",
    ]
    .iter()
    .map(|file| std::fs::read_to_string(format!("{folder}{file}")).expect("the changes"))
    .collect();
    let shown: HashSet<(&str, &str)> = changes
        .lines()
        .filter_map(|line| {
            let row: Vec<&str> = line.strip_prefix("> ").unwrap_or(line).split('|').collect();
            match row[..] {
                [object_type, _, "changed", attribute, ..] => Some((object_type, attribute)),
                _ => None,
            }
        })
        .collect();
    let mut never: Vec<String> = Vec::new();
    for kind in crate::model::KINDS {
        for attribute in kind.attributes {
            if !shown.contains(&(kind.object_type, attribute.name)) {
                never.push(format!("{} {}", kind.name, attribute.name));
            }
        }
    }
    assert!(never.is_empty(), "{}", never.join(", "));
}

#[test]
fn a_child_comes_back_whose_column_may_be_null() {
    let parent = [table("p", ""), column("p", "id", r#"{"type":"integer","not_null":true}"#)];
    let with = |more: &str, id: &str| {
        let child = [table("c", more), column("c", "id", id)];
        parent.iter().cloned().chain(child).collect::<Vec<_>>()
    };
    let declared = model(&with(
        r#","inherits":[{"name":["public","p"]}]"#,
        r#"{"type":"integer","_inherited":true}"#,
    ));
    let live = model(&with("", INT));
    let fixes: Vec<_> = compare(&declared, &live).into_iter().map(|d| d.fix).collect();
    assert_eq!(
        fixes,
        ["ALTER TABLE ONLY public.c ALTER COLUMN id SET NOT NULL;\n\
          ALTER TABLE public.c INHERIT public.p;\n\
          ALTER TABLE ONLY public.c ALTER COLUMN id DROP NOT NULL;"]
    );
}
