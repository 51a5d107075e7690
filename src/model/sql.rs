//! Writing SQL: names, literals, lists.

use std::ops::Range;

/// Words that `quote_identifier` of PostgreSQL 15 to 18 quotes: every keyword
/// that isn't "unreserved" (`pg_get_keywords()`). Sorted.
const KEYWORDS: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "merge_action",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

/// What something is called that makes way for another of its name.
pub fn set_aside(name: &str) -> String {
    format!("{name}__old")
}

/// A name as it stands in SQL, quoted where that is needed.
pub fn ident(name: &str) -> String {
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && KEYWORDS.binary_search(&name).is_err();
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A qualified name as it stands in SQL.
pub fn qualified<S: AsRef<str>>(parts: &[S]) -> String {
    parts.iter().map(|p| ident(p.as_ref())).collect::<Vec<_>>().join(".")
}

/// The parts of a name as SQL writes it.
pub fn unquoted(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let last = parts.last_mut().expect("there is always one part");
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                last.push('"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            c => last.push(c),
        }
    }
    parts
}

/// Names in a list, quoted where needed.
pub fn idents<S: AsRef<str>>(names: &[S]) -> String {
    names.iter().map(|n| ident(n.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A string as a literal that means the same whatever
/// `standard_conforming_strings` says.
pub fn literal(text: &str) -> String {
    if text.contains('\\') {
        format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// A string between dollar quotes that it doesn't hold itself.
pub fn dollar(text: &str) -> String {
    let mut tag = String::from("$$");
    let mut n = 0;
    // A body that ends in '$' would run into a bare closing `$$`.
    while text.contains(&tag) || text.ends_with('$') && n == 0 {
        n += 1;
        tag = if n == 1 { "$_$".to_owned() } else { format!("$_{n}$") };
    }
    format!("{tag}{text}{tag}")
}

/// `key=value` texts of the catalogs as `key = 'value'` for a WITH or SET list.
pub fn parameters<S: AsRef<str>>(list: &[S]) -> String {
    list.iter()
        .map(|p| {
            let (key, value) = p.as_ref().split_once('=').unwrap_or((p.as_ref(), ""));
            format!("{} = {}", parameter_name(key), literal(value))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// A parameter's name; the `toast.` of a TOAST table's parameter isn't part of it.
pub fn parameter_name(key: &str) -> String {
    match key.strip_prefix("toast.") {
        Some(rest) => format!("toast.{}", ident(rest)),
        None => ident(key),
    }
}

/// What to SET and what to RESET to get from one list of `key=value` to another.
pub fn parameter_changes(from: &[String], to: &[String]) -> (Vec<String>, Vec<String>) {
    let key = |p: &String| p.split_once('=').map_or(p.clone(), |(k, _)| k.to_owned());
    let set = to.iter().filter(|p| !from.contains(p)).cloned().collect();
    let reset = from.iter().map(key).filter(|k| !to.iter().any(|p| key(p) == *k)).collect();
    (set, reset)
}

/// Whether `text` holds `name` as SQL would write it, not as a piece of a longer name.
pub fn mentions(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == '"';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(word)
            && !text[at + name.len()..].chars().next().is_some_and(word)
    })
}

/// The literals of a deparsed text that name a relation: `'public.s'` of
/// `nextval('public.s'::regclass)`.
pub fn relations_named(text: &str) -> Vec<&str> {
    let mut named = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('\'').map(|o| at + o) {
        let mut end = open + 1;
        // An apostrophe in it stands there twice.
        loop {
            let Some(close) = text[end..].find('\'').map(|o| end + o + 1) else { return named };
            end = close;
            match text[end..].starts_with('\'') {
                true => end += 1,
                false => break,
            }
        }
        if text[end..].starts_with("::regclass") {
            let start = if text[..open].ends_with('E') { open - 1 } else { open };
            named.push(&text[start..end]);
        }
        at = end;
    }
    named
}

/// All `schema.name` pairs in a text, as they are written. Deparsed text
/// qualifies whatever isn't in pg_catalog, so that these are what it uses;
/// aliases with their columns are among them too. Names in string literals
/// count: that is how `nextval` holds its sequence.
pub fn pairs(text: &str) -> Vec<&str> {
    pair_spans(text).into_iter().map(|span| &text[span]).collect()
}

/// Where the [`pairs`] of a text stand.
pub fn pair_spans(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let Some(first) = part_end(bytes, at) else {
            at += 1;
            continue;
        };
        let mut end = first;
        if bytes.get(first) == Some(&b'.')
            && let Some(second) = part_end(bytes, first + 1)
        {
            spans.push(at..second);
            end = second;
            // Further parts are columns.
            while bytes.get(end) == Some(&b'.') {
                let Some(next) = part_end(bytes, end + 1) else {
                    break;
                };
                end = next;
            }
        }
        at = end;
    }
    spans
}

/// Where the name that begins at `at` ends.
fn part_end(bytes: &[u8], at: usize) -> Option<usize> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80;
    match bytes.get(at)? {
        b'"' => {
            let mut end = at + 1;
            loop {
                match (bytes.get(end)?, bytes.get(end + 1)) {
                    (0, _) => return None,
                    (b'"', Some(b'"')) => end += 2,
                    (b'"', _) => return Some(end + 1),
                    _ => end += 1,
                }
            }
        }
        b if word(*b) => Some(at + bytes[at..].iter().take_while(|b| word(**b)).count()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn relations_named() {
        use super::relations_named;
        assert_eq!(relations_named("nextval('public.s'::regclass)"), ["'public.s'"]);
        assert_eq!(
            relations_named(r#"f('x', 'public."it''s"'::regclass, E'public."a\\b"'::regclass)"#),
            [r#"'public."it''s"'"#, r#"E'public."a\\b"'"#]
        );
        assert!(relations_named("'open").is_empty());
        assert!(relations_named("'public.s'::text").is_empty());
    }

    use super::*;

    #[test]
    fn keywords_are_sorted() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn names() {
        assert_eq!(ident("users"), "users");
        assert_eq!(ident("order"), "\"order\"");
        assert_eq!(ident("emailVerified"), "\"emailVerified\"");
        assert_eq!(ident("a\"b"), "\"a\"\"b\"");
        assert_eq!(ident(""), "\"\"");
        assert_eq!(ident("1a"), "\"1a\"");
        assert_eq!(qualified(&["a.b", "c"]), "\"a.b\".c");
    }

    #[test]
    fn strings() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\b"), "E'a\\\\b'");
        assert_eq!(dollar("x"), "$$x$$");
        assert_eq!(dollar("x $$ y"), "$_$x $$ y$_$");
        assert_eq!(dollar("cost$"), "$_$cost$$_$");
        assert_eq!(dollar("$$ $_$"), "$_2$$$ $_$$_2$");
    }

    #[test]
    fn used_names() {
        assert_eq!(pairs("SELECT u.id FROM public.users u"), ["u.id", "public.users"]);
        assert_eq!(pairs("\"My\".\"a.b\".c, x"), ["\"My\".\"a.b\""]);
        assert_eq!(pairs("nextval('public.s'::regclass)"), ["public.s"]);
        assert_eq!(pairs("1.5 + é.ü \"open"), ["1.5", "é.ü"]);
        assert_eq!(pairs("a."), Vec::<&str>::new());
    }

    #[test]
    fn whole_names_only() {
        assert!(mentions("FROM public.users u", "public.users"));
        assert!(!mentions("FROM public.users_old u", "public.users"));
        assert!(mentions("public.users_old, public.users", "public.users"));
        assert!(!mentions("a\"b\"", "b"));
    }
}
