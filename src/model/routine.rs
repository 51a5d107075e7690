//! What functions and procedures have in common.

use super::mend::{Change, Mend, Phase, Side, Step, Target};
use super::{Attribute, Attrs, Object, column, fragment, sql};

pub(super) static ATTRIBUTES: &[Attribute] = &[
    Attribute::error("arguments"),
    Attribute::error("result"),
    Attribute::error("language"),
    Attribute::error("body"),
    Attribute::error("volatility"),
    Attribute::error("strict").absent("false"),
    Attribute::error("security_definer").absent("false"),
    Attribute::error("leakproof").absent("false"),
    Attribute::error("window").absent("false"),
    Attribute::error("settings"),
    Attribute::warning("parallel"),
    Attribute::warning("cost"),
    Attribute::warning("rows"),
    Attribute::warning("support"),
    Attribute::warning("transforms"),
];

pub(super) fn query(prokind: &str) -> String {
    format!(
        "WITH {},
         -- Members of extensions, and the constructors of range types.
         ext AS MATERIALIZED (
         SELECT objid FROM pg_depend
          WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND classid = 'pg_proc'::regclass
         UNION ALL
         SELECT d.objid FROM pg_range r
           JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass
                           AND d.refobjid IN (r.rngtypid, r.rngmultitypid)
                           AND d.deptype = 'i' AND d.classid = 'pg_proc'::regclass)
         SELECT ARRAY[ns.nspname, p.proname]::text[], oidvectortypes(p.proargtypes),
                json_strip_nulls(json_build_object(
                    'arguments', nullif(pg_get_function_arguments(p.oid), ''),
                    'result', pg_get_function_result(p.oid),
                    'language', l.lanname,
                    'body', CASE WHEN p.prosqlbody IS NOT NULL THEN pg_get_function_sqlbody(p.oid)
                                 WHEN p.probin IS NOT NULL THEN p.probin || ', ' || p.prosrc
                                 ELSE p.prosrc END,
                    '_body', CASE WHEN p.prosqlbody IS NOT NULL THEN 'sql'
                                  WHEN p.probin IS NOT NULL THEN p.probin END,
                    'volatility', CASE WHEN p.prokind = 'p' THEN NULL ELSE
                         CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END END,
                    'strict', nullif(p.proisstrict, false),
                    'security_definer', nullif(p.prosecdef, false),
                    'leakproof', nullif(p.proleakproof, false),
                    'window', nullif(p.prokind = 'w', false),
                    'settings', {settings},
                    'parallel', CASE WHEN p.prokind = 'p' THEN NULL ELSE
                         CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END END,
                    'cost', CASE WHEN p.prokind = 'p' THEN NULL ELSE p.procost END,
                    'rows', nullif(p.prorows, 0),
                    'support', CASE WHEN p.prosupport <> 0 THEN p.prosupport::text END,
                    'transforms', CASE WHEN p.protrftypes IS NOT NULL THEN
                         (SELECT json_agg(format_type(t, NULL) ORDER BY n)
                            FROM unnest(p.protrftypes) WITH ORDINALITY u(t, n)) END,
                    '_names', CASE WHEN p.proargnames IS NOT NULL THEN
                         (SELECT json_agg(coalesce(nullif(p.proargmodes[n]::text, 'i'), '') || '=' || coalesce(name, '') ORDER BY n)
                            FROM unnest(p.proargnames) WITH ORDINALITY u(name, n)) END,
                    '_defaults', nullif(p.pronargdefaults, 0)))::text, p.oid
           FROM pg_proc p
           JOIN ns ON ns.oid = p.pronamespace
           JOIN pg_language l ON l.oid = p.prolang
          WHERE p.prokind IN ({prokind}) AND p.oid NOT IN (SELECT objid FROM ext) {only}",
        fragment::SCHEMAS,
        settings = fragment::sorted("p.proconfig"),
        only = fragment::only("p.oid"),
    )
}

fn what(o: &Object) -> &'static str {
    if o.kind.name == "procedure" { "PROCEDURE" } else { "FUNCTION" }
}

/// A value for SET: lists of names are kept as the list that was given.
fn setting(text: &str) -> String {
    const LISTS: [&str; 6] = [
        "search_path",
        "datestyle",
        "local_preload_libraries",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
    ];
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let name_sql = name.split('.').map(sql::ident).collect::<Vec<_>>().join(".");
    let value = if LISTS.contains(&&*name.to_lowercase()) && !value.trim().is_empty() {
        split_names(value).iter().map(|v| sql::literal(v)).collect::<Vec<_>>().join(", ")
    } else {
        sql::literal(value)
    };
    format!("SET {name_sql} TO {value}")
}

/// The elements of a list of names as the server keeps it.
fn split_names(list: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut quoted = false;
    let mut chars = list.chars().peekable();
    while let Some(c) = chars.next() {
        let name = names.last_mut().expect("never empty");
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                name.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => names.push(String::new()),
            c if c.is_whitespace() && !quoted => {}
            c => name.push(c),
        }
    }
    names
}

/// The definition, complete: replacing resets whatever isn't said.
fn definition(o: &Object, replace: bool) -> String {
    let attrs = o.attrs();
    let mut text = format!(
        "CREATE {}{} {}({})",
        if replace { "OR REPLACE " } else { "" },
        what(o),
        sql::qualified(&o.identity.parts),
        attrs.text("arguments").unwrap_or_default()
    );
    if let Some(result) = attrs.text("result") {
        text.push_str(&format!("\n RETURNS {result}"));
    }
    text.push_str(&format!("\n LANGUAGE {}", sql::ident(attrs.text("language").unwrap_or("sql"))));
    let transforms = attrs.list("transforms");
    if !transforms.is_empty() {
        let list: Vec<_> = transforms.iter().map(|t| format!("FOR TYPE {t}")).collect();
        text.push_str(&format!("\n TRANSFORM {}", list.join(", ")));
    }
    if attrs.is("window") {
        text.push_str(" WINDOW");
    }
    if let Some(volatility) = attrs.text("volatility").filter(|v| *v != "volatile") {
        text.push_str(&format!(" {}", volatility.to_uppercase()));
    }
    if attrs.is("leakproof") {
        text.push_str(" LEAKPROOF");
    }
    if attrs.is("strict") {
        text.push_str(" STRICT");
    }
    if attrs.is("security_definer") {
        text.push_str(" SECURITY DEFINER");
    }
    if let Some(parallel) = attrs.text("parallel").filter(|p| *p != "unsafe") {
        text.push_str(&format!(" PARALLEL {}", parallel.to_uppercase()));
    }
    let usual_cost = match attrs.text("language") {
        Some("c" | "internal") => "1",
        _ => "100",
    };
    for (option, usual) in [("cost", usual_cost), ("rows", "1000")] {
        if let Some(value) = attrs.shown(option).filter(|v| v != usual) {
            text.push_str(&format!(" {} {value}", option.to_uppercase()));
        }
    }
    if let Some(support) = attrs.text("support") {
        text.push_str(&format!(" SUPPORT {support}"));
    }
    for config in attrs.list("settings") {
        text.push_str(&format!("\n {}", setting(&config)));
    }
    let body = attrs.text("body").unwrap_or_default();
    match attrs.text("_body") {
        Some("sql") => text.push_str(&format!("\n{}", body.trim_end().trim_end_matches(';'))),
        Some(library) => {
            let symbol = body.get(library.len() + 2..).unwrap_or_default();
            text.push_str(&format!("\nAS {}, {}", sql::literal(library), sql::literal(symbol)));
        }
        None => text.push_str(&format!("\nAS {}", sql::dollar(body))),
    }
    text
}

/// The relations whose rows it takes or gives, or which its parsed body
/// names: it can't be there without them.
fn relations<'m>(o: &Object, side: &Side<'m>) -> Vec<&'m Object> {
    let text = held_by(o);
    sql::pairs(&text).into_iter().filter_map(|name| side.relation_in_sql(name)).collect()
}

/// What of its text the server binds it to. A body that is only text isn't.
pub fn held_by(o: &Object) -> String {
    let attrs = o.attrs();
    format!(
        "{} {} {}",
        attrs.text("arguments").unwrap_or_default(),
        attrs.text("result").unwrap_or_default(),
        if attrs.text("_body") == Some("sql") {
            attrs.text("body").unwrap_or_default()
        } else {
            ""
        }
    )
}

pub(super) fn create(o: &Object, side: &Side) -> Vec<Step> {
    let relations = relations(o, side);
    let phase = if relations.iter().any(|r| r.kind.name.ends_with("view")) {
        Phase::CreateView
    } else if relations.is_empty() {
        Phase::CreateRoutine
    } else {
        Phase::CreateLateRoutine
    };
    vec![Step::new(phase, definition(o, false))]
}

pub(super) fn drop(o: &Object, side: &Side) -> Mend {
    // Views may use it as it may use them: their phase puts them in order.
    let phase = if relations(o, side).is_empty() { Phase::DropRoutine } else { Phase::DropView };
    Mend::step(phase, format!("DROP {} IF EXISTS {}", what(o), o.identity.sql()))
        .clearing(Target::Routine(o.identity.clone()))
}

pub(super) fn alter(c: &Change) -> Mend {
    let defaults = |a: &Attrs| a.get("_defaults").and_then(|v| v.as_i64()).unwrap_or(0);
    // Names of arguments, defaults that go and another result are refused by
    // CREATE OR REPLACE; so is another kind of function.
    let same_names = c.to.get("_names") == c.from.get("_names") || c.from.get("_names").is_none();
    let replaceable = same_names
        && defaults(c.to) >= defaults(c.from)
        && c.to.get("result") == c.from.get("result")
        && c.to.get("window") == c.from.get("window");
    if replaceable {
        return Mend::step(Phase::CreateLateRoutine, definition(c.declared, true));
    }
    let Mend { steps, clears, .. } = drop(c.live, c.live_side);
    let mut mend = Mend { clears, ..Mend::default() };
    let call = format!("{}(", sql::qualified(&c.live.identity.parts));
    let back = make_way(c, &mut mend, &call);
    mend.steps.extend(steps.into_iter().map(|s| Step { phase: Phase::CreateLateRoutine, ..s }));
    let mut mend = mend.and(Phase::CreateLateRoutine, definition(c.declared, false));
    mend.steps.extend(back);
    mend
}

/// Has defaults and computed columns that call a function, or an operator, make
/// way for it, and gives back what brings them back.
pub(super) fn make_way(c: &Change, mend: &mut Mend, call: &str) -> Vec<Step> {
    let mut back = Vec::new();
    for kind in ["domain", "column"] {
        for user in c.live_side.all(kind).filter(|o| o.may_name(c.live.identity.name())) {
            let phase = Phase::CreateLateRoutine;
            let calls = |_: &Attrs, text: &str| text.contains(call);
            if let Some(way) = column::around(c, user, phase, calls) {
                mend.steps.push(Step::new(phase, way.away));
                mend.clears.extend(way.clears);
                back.extend(way.back);
                continue;
            }
            let attrs = user.attrs();
            let Some(default) = attrs.text("default").filter(|d| d.contains(call)) else {
                continue;
            };
            let what = match kind {
                "domain" => format!("ALTER DOMAIN {}", user.identity.sql()),
                _ => format!(
                    "ALTER TABLE ONLY {} ALTER COLUMN {}",
                    user.identity.prefix(2).sql(),
                    sql::ident(user.identity.name())
                ),
            };
            mend.steps.push(Step::new(phase, format!("{what} DROP DEFAULT")));
            let declared = c.declared_side.get(user.kind, &user.identity).map(Object::attrs);
            // Another one has a row of its own, which comes later.
            if declared.is_none_or(|d| d.text("default") == Some(default)) {
                back.push(Step::new(phase, format!("{what} SET DEFAULT {default}")));
            }
        }
    }
    back
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings() {
        assert_eq!(
            setting("search_path=public, \"My, One\""),
            "SET search_path TO 'public', 'My, One'"
        );
        assert_eq!(setting("search_path=\"\""), "SET search_path TO ''");
        assert_eq!(setting("work_mem=64MB"), "SET work_mem TO '64MB'");
        assert_eq!(setting("my.thing=a, b"), "SET my.thing TO 'a, b'");
    }
}
