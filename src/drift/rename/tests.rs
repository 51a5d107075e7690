use serde_json::Value;

use super::live::alike;
use super::type_parts::{replaced, with_elements};
use super::*;
use crate::drift::Difference;
use crate::drift::compare;
use crate::drift::tests::{INT, column, model, object, table};

fn event(id: i64, formerly: Option<&str>, object: &str) -> Event {
    Event {
        id,
        statement: id,
        object: object.to_owned(),
        formerly: formerly.map(str::to_owned),
        object_type: if object.matches('.').count() == 2 { "column" } else { "table" }.to_owned(),
        drops: false,
    }
}

/// The newest comes first, as the record is read.
fn found(declared: &[String], live: &[String], events: &[Event]) -> Vec<String> {
    let (declared, mut live) = (model(declared), model(live));
    let renames = Renames::find(&declared, &live, events, || 0, |_| true);
    if !renames.is_empty() {
        renames.apply(&declared, &mut live);
    }
    let mut rows = renames.differences(&live);
    rows.extend(compare(&declared, &live));
    let row = |d: &Difference| match d.renamed_by {
        Some(id) => format!("{id}: {}", d.fix),
        None => format!("{} {}", d.object(), d.change.as_str()),
    };
    rows.iter().map(row).collect()
}

#[test]
fn a_table_and_what_is_part_of_it() {
    let declared = [table("users", ""), column("users", "id", INT)];
    let live = [table("people", ""), column("people", "id", INT), column("people", "x", INT)];
    let renamed = [event(5, Some("public.users"), "public.people")];
    assert_eq!(
        found(&declared, &live, &renamed),
        ["5: ALTER TABLE public.people RENAME TO users;", "public.users.x extra"]
    );
    // Likeness proves nothing.
    assert_eq!(found(&declared, &live, &[]).len(), 2);
    // It was dropped, and another one made.
    let again = [
        event(7, None, "public.people"),
        event(6, None, "public.people"),
        event(5, Some("public.users"), "public.people"),
    ];
    assert_eq!(found(&declared, &live, &again).len(), 2);
}

#[test]
fn one_after_the_other() {
    let declared = [table("a", ""), column("a", "x", INT)];
    let live = [table("c", ""), column("c", "y", INT)];
    let events = || {
        [
            event(9, Some("public.b"), "public.c"),
            event(8, Some("public.b.x"), "public.b.y"),
            event(7, Some("public.a"), "public.b"),
        ]
    };
    assert_eq!(
        found(&declared, &live, &events()),
        ["9: ALTER TABLE public.c RENAME TO a;", "8: ALTER TABLE public.a RENAME COLUMN y TO x;"]
    );
    // What was called c is called otherwise since.
    let left: Vec<Event> =
        [event(10, Some("public.c"), "public.d")].into_iter().chain(events()).collect();
    assert_eq!(found(&declared, &live, &left).len(), 2);
    // The column that was called x is gone.
    let gone: Vec<Event> = [event(10, None, "public.c.y")].into_iter().chain(events()).collect();
    assert_eq!(
        found(&declared, &live, &gone),
        ["9: ALTER TABLE public.c RENAME TO a;", "public.a.x missing", "public.a.y extra"]
    );
}

#[test]
fn what_was_called_otherwise_before_it_was_declared() {
    let declared = [table("users", ""), column("users", "email", INT)];
    let live = [table("users", ""), column("users", "mail", INT)];
    let events = [
        event(6, Some("public.users.email"), "public.users.mail"),
        event(5, Some("public.people"), "public.users"),
    ];
    assert_eq!(
        found(&declared, &live, &events),
        ["6: ALTER TABLE public.users RENAME COLUMN mail TO email;"]
    );
}

#[test]
fn what_speaks_of_it_is_as_declared() {
    let view = |name: &str, column: &str| {
        let text = format!("SELECT {name}.{column} FROM public.{name} WHERE ({name}.id > 1)");
        object("view", &["public", "v"], &format!(r#"{{"definition":"{text}"}}"#))
    };
    let of = |name: &str, mail: &str, column_: &str| {
        vec![
            table(name, ""),
            column(name, mail, INT),
            column(name, "id", r#"{"type":"integer","default":"nextval('public.s'::regclass)"}"#),
            view(name, column_),
        ]
    };
    let events = [
        event(6, Some("public.people.email"), "public.people.mail"),
        event(5, Some("public.users"), "public.people"),
    ];
    let declared = of("users", "email", "email");
    assert_eq!(found(&declared, &of("people", "mail", "mail AS email"), &events).len(), 2);
    let other = found(&declared, &of("people", "mail", "id"), &events);
    assert_eq!(other[2..], ["public.v changed"]);
}

#[test]
fn names_follow_and_words_do_not() {
    let with = |table_: &str, body: &str| {
        vec![
            table(table_, ""),
            object("function", &["public", "f"], &format!(r#"{{"body":"{body}"}}"#)),
        ]
    };
    let events = [event(5, Some("public.users"), "public.people")];
    let declared = with("users", "TABLE public.users");
    assert_eq!(found(&declared, &with("people", "TABLE public.users"), &events).len(), 1);
    assert_eq!(found(&declared, &with("people", "TABLE public.people"), &events).len(), 2);
}

#[test]
fn tokens_stand_for_each_other() {
    let names =
        [("email", "mail"), ("users", "people")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    let alike = |a: &str, b: &str| {
        let value = |s: &str| Value::String(s.to_owned());
        alike(&value(a), &value(b), &names)
    };
    assert!(alike("(email ~~ '%@%'::text)", "(mail ~~ '%@%'::text)"));
    assert!(alike("SELECT users.email FROM x", "SELECT people.mail AS email FROM x"));
    assert!(alike("SELECT users.email AS mail FROM x", "SELECT people.mail FROM x"));
    assert!(!alike("(mail > 1)", "(email > 1)"));
    assert!(!alike("('email' = x)", "('mail' = x)"));
    assert!(!alike("(email > 1)", "(mail > 2)"));
    assert!(!alike("SELECT users.email", "SELECT people.mail AS other"));
}

#[test]
fn labels_and_attributes() {
    let mood =
        |labels: &str| object("enum", &["public", "mood"], &format!(r#"{{"labels":[{labels}]}}"#));
    let of = |default: &str| {
        column("t", "m", &format!(r#"{{"type":"public.mood","default":"{default}"}}"#))
    };
    let declared = [mood(r#""sad","ok""#), table("t", ""), of("'sad'::public.mood")];
    let live = [mood(r#""blue","ok""#), table("t", ""), of("'blue'::public.mood")];
    let renamed = event(5, Some("public.mood.sad"), "public.mood.blue");
    assert_eq!(
        found(&declared, &live, &[renamed]),
        ["5: ALTER TYPE public.mood RENAME VALUE 'blue' TO 'sad';"]
    );
    // The type was made again since.
    let again =
        [event(7, None, "public.mood"), event(5, Some("public.mood.sad"), "public.mood.blue")];
    assert_eq!(found(&declared, &live, &again), ["public.mood changed", "public.t.m changed"]);
    // Another text that says the same is another text.
    let live = [mood(r#""blue","ok""#), table("t", ""), of("'blue'::text")];
    let renamed = event(5, Some("public.mood.sad"), "public.mood.blue");
    assert_eq!(found(&declared, &live, &[renamed]).len(), 2);

    let pair = |name: &str| {
        let attributes = format!(r#"{{"attributes":["{name} integer"],"_names":["{name}"]}}"#);
        object("composite", &["public", "pair"], &attributes)
    };
    let renamed = event(5, Some("public.pair.a"), "public.pair.b");
    assert_eq!(
        found(&[pair("a")], &[pair("b")], &[renamed]),
        ["5: ALTER TYPE public.pair RENAME ATTRIBUTE b TO a CASCADE;"]
    );
}

#[test]
fn literals() {
    assert_eq!(
        replaced("'x''a'::t = 'a'::t OR 'a'::tt", "'a'::t", "'b'::t"),
        "'x''a'::t = 'b'::t OR 'a'::tt"
    );
    assert_eq!(
        with_elements("x = ANY ('{a,ab,a}'::t[])", "t", "a", "b"),
        "x = ANY ('{b,ab,b}'::t[])"
    );
    assert_eq!(with_elements("'{a,\"a b\"}'::t[]", "t", "a", "b"), "'{a,\"a b\"}'::t[]");
}
