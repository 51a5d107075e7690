use super::*;

fn model(objects: &str) -> String {
    format!(r#"{{"reader":1,"server":15,"schemas":["public"],"objects":[{objects}]}}"#)
}

fn error(text: &str) -> String {
    Model::from_json(text).expect_err("not a model").to_string()
}

#[test]
fn identities_quote_only_dots() {
    let shown = |parts: &[&str]| Identity::new(parts.iter().copied()).to_string();
    assert_eq!(shown(&["public", "users", "emailVerified"]), "public.users.emailVerified");
    assert_eq!(shown(&["Odd.Name", "a\"b.c"]), "\"Odd.Name\".\"a\"\"b.c\"");
    assert_eq!(shown(&["order"]), "order");
    let function = Identity {
        parts: vec!["public".into(), "greet".into()],
        args: Some("text, integer".into()),
    };
    assert_eq!(function.to_string(), "public.greet(text, integer)");
    assert_eq!(function.sql(), "public.greet(text, integer)");
    assert_eq!(Identity::new(["public", "order"]).sql(), "public.\"order\"");
}

#[test]
fn identities_are_read_as_they_are_shown() {
    for parts in [
        &["public", "users", "emailVerified"][..],
        &["Odd.Name", "Strange \"Table\"", "a.b"],
        &["\"x\"", "y"],
        &["a\".b", "c"],
    ] {
        let shown = Identity::new(parts.iter().copied()).to_string();
        assert_eq!(Identity::parts_shown(&shown), parts, "{shown}");
    }
}

#[test]
fn a_model_survives_its_text() {
    let text = model(
        r#"{"kind":"function","identity":["public","f"],"args":"integer","attributes":{"body":"x","cost":100}},{"kind":"schema","identity":["public"],"attributes":{}}"#,
    );
    let read = Model::from_json(&text).expect("a model");
    assert_eq!(read.to_json(), text);
    assert_eq!(read.objects[0].attrs().shown("cost").as_deref(), Some("100"));
}

#[test]
fn what_is_no_model_says_why() {
    assert!(error("[]").contains("invalid"));
    assert!(error("{\"reader\":1").contains("line 1 column"));
    assert!(
        error(&model(r#"{"kind":"teapot","identity":["a"],"attributes":{}}"#))
            .contains("unknown object kind \"teapot\"")
    );
    assert!(
        error(&model(r#"{"kind":"table","identity":[],"attributes":{}}"#))
            .contains("a table without a name")
    );
    assert!(
        error(&model(r#"{"kind":"table","identity":["a","b"],"attributes":7}"#))
            .contains("no JSON object")
    );
    let newer = model("").replace("\"reader\":1", "\"reader\":99");
    assert!(error(&newer).contains("newer schemaguard"));
}

#[test]
fn values_are_shown_as_words() {
    let attrs = Attrs(
        serde_json::from_str(
            r#"{"labels":["a","b"],"owned_by":{"name":["public","t.x","id"]},"yes":true,"n":-5}"#,
        )
        .expect("JSON"),
    );
    assert_eq!(attrs.shown("labels").as_deref(), Some("a, b"));
    assert_eq!(attrs.shown("owned_by").as_deref(), Some("public.\"t.x\".id"));
    assert_eq!(attrs.shown("yes").as_deref(), Some("true"));
    assert_eq!(attrs.shown("n").as_deref(), Some("-5"));
    assert_eq!(attrs.shown("none"), None);
    assert!(attrs.texts().contains("public"));
}

#[test]
fn kinds_have_names_and_queries_of_their_own() {
    let mut names: Vec<_> = KINDS.iter().map(|k| k.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), KINDS.len());
    for version in [15, 17, 18] {
        for kind in KINDS {
            let query = (kind.query)(version);
            let inside = kind.scope == Scope::Schema;
            assert!(!inside || query.contains("$1"), "{} reads all schemas", kind.name);
            assert!(!query.contains('\0'));
        }
    }
}

#[test]
fn attributes_within_others_name_one_of_their_kind() {
    for kind in KINDS {
        for attribute in kind.attributes {
            assert!(!attribute.name.starts_with('_'), "{} {}", kind.name, attribute.name);
            if let Some(within) = attribute.within {
                assert!(kind.attributes.iter().any(|a| a.name == within));
                assert_ne!(within, attribute.name);
            }
        }
    }
}
