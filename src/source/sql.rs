//! SQL text: what psql would not send to the server, where a byte stands,
//! and which parts nobody should read.

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};
use std::borrow::Cow;

/// A text made ready for the server's parser.
#[derive(Debug, PartialEq, Eq)]
pub struct Prepared<'a> {
    /// The text with psql's commands and COPY data blanked out: every byte
    /// that is left stands where it stood.
    pub sql: Cow<'a, str>,
    /// What was left out.
    pub left_out: Vec<LeftOut>,
}

/// Something of a script that isn't for the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Line in the text, from 1.
    pub line: usize,
    pub what: String,
}

/// A script that cannot be taken, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Byte offset in the text.
    pub at: usize,
    pub message: String,
    pub hint: String,
}

/// Blanks out what psql keeps to itself: backslash commands and the data
/// lines of COPY … FROM STDIN. Commands that would bring in other text are
/// errors: without that text the schema would be another.
pub fn prepare(text: &str) -> Result<Prepared<'_>, Unreadable> {
    let mut left_out = Vec::new();
    let mut blank: Vec<(usize, usize)> = Vec::new();
    // Everything before `sure` is known not to end inside a string or comment.
    let mut sure = 0;
    let mut lines = Lines { text, at: 0, number: 0 };
    while let Some((start, line, number)) = lines.next() {
        let trimmed = line.trim_start();
        let command = trimmed.strip_prefix('\\');
        let copy = command.is_none() && is_copy_from_stdin(line);
        if command.is_none() && !copy {
            continue;
        }
        // The COPY statement itself is for the server, data lines are not.
        if !is_complete(&text[sure..start]) {
            continue;
        }
        if copy {
            let from = start + line.len();
            let mut rows = 0;
            let mut to = text.len();
            for (data_start, data, _) in lines.by_ref() {
                if data.trim_end() == "\\." {
                    to = data_start + data.len();
                    break;
                }
                rows += 1;
            }
            blank.push((from, to));
            sure = to;
            left_out.push(LeftOut {
                line: number,
                what: format!("{rows} {} of data", if rows == 1 { "row" } else { "rows" }),
            });
            continue;
        }
        let command = command.unwrap_or_default();
        let name: String =
            command.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '_').collect();
        match name.as_str() {
            "i" | "ir" | "include" | "include_relative" | "if" | "elif" | "else" | "endif"
            | "gexec" => {
                return Err(Unreadable {
                    at: start + (line.len() - trimmed.len()),
                    message: format!("psql's \\{name} can't be followed here"),
                    hint: "Declare the text that psql would run, for example the output of pg_dump --schema-only.".into(),
                });
            }
            "q" | "quit" => {
                blank.push((start, text.len()));
                left_out.push(LeftOut { line: number, what: format!("\\{name} and what follows") });
                break;
            }
            _ => {
                blank.push((start, start + line.len()));
                sure = start + line.len();
                left_out.push(LeftOut { line: number, what: format!("\\{name}") });
            }
        }
    }
    let sql = if blank.is_empty() {
        Cow::Borrowed(text)
    } else {
        let mut bytes = text.as_bytes().to_vec();
        for (from, to) in blank {
            for byte in &mut bytes[from..to] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
        Cow::Owned(String::from_utf8(bytes).expect("whole characters became spaces"))
    };
    Ok(Prepared { sql, left_out })
}

/// Lines with their byte offset and number, without the line break.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str, usize);
    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let rest = self.text.get(start..).filter(|r| !r.is_empty())?;
        let len = rest.find('\n').unwrap_or(rest.len());
        self.at = (start + len + 1).min(self.text.len());
        self.number += 1;
        Some((start, &rest[..len], self.number))
    }
}

fn is_copy_from_stdin(line: &str) -> bool {
    let line = line.trim();
    if !(line.len() > 5
        && line.is_char_boundary(5)
        && line[..5].eq_ignore_ascii_case("copy ")
        && line.ends_with(';'))
    {
        return false;
    }
    let upper = line.to_ascii_uppercase();
    upper
        .split_whitespace()
        .collect::<Vec<_>>()
        .windows(2)
        .any(|w| w[0] == "FROM" && w[1].trim_end_matches(';') == "STDIN")
}

/// Whether a piece of text ends outside of strings and comments.
fn is_complete(piece: &str) -> bool {
    piece.trim().is_empty() || tokens(piece).is_some()
}

fn tokens(text: &str) -> Option<Vec<TokenWithSpan>> {
    Tokenizer::new(&PostgreSqlDialect {}, text).with_unescape(false).tokenize_with_location().ok()
}

/// Line and column (both from 1, columns in characters) of a byte offset.
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// A statement's words without what doesn't matter: white space, comments, the
/// case of unquoted words, the semicolon at its end. Two texts with the same
/// words are the same statement; literals count to the letter.
pub fn fingerprint(text: &str) -> Cow<'_, str> {
    /// Longer ones are taken as they are: nobody types them anew.
    const LONG: usize = 1 << 20;
    /// Stands in no statement.
    const SEPARATOR: char = '\u{1f}';
    let text = text.trim();
    let Some(tokens) = (text.len() <= LONG).then(|| tokens(text)).flatten() else {
        return Cow::Borrowed(text);
    };
    let mut words = String::with_capacity(text.len());
    let mut pending = 0;
    for token in tokens {
        let word = match token.token {
            Token::Whitespace(_) => continue,
            Token::SemiColon => {
                pending += 1;
                continue;
            }
            Token::Word(w) if w.quote_style.is_none() => w.value.to_ascii_lowercase(),
            other => other.to_string(),
        };
        if !words.is_empty() {
            (0..pending).for_each(|_| words.extend([SEPARATOR, ';']));
            words.push(SEPARATOR);
        }
        pending = 0;
        words.push_str(&word);
    }
    Cow::Owned(words)
}

/// What stands in place of a secret.
const HIDDEN: &str = "'***'";

/// What stands in place of a text that can't be searched for secrets.
pub const NOT_KEPT: &str = "(not kept: it may hold a secret, and could not be read)";

/// Words before a literal that make it a secret: `PASSWORD 'x'`,
/// `OPTIONS (secret_key 'x')`.
const SECRET: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
    "credential",
];

/// Whether a text has one of those words' letters in a row, or an address's
/// `://`. Most have not, and need not be read as SQL.
fn may_hold_secret(text: &[u8]) -> bool {
    let begins = |rest: &[u8], word: &str| {
        // Nearly always the first letter tells.
        rest[0].to_ascii_lowercase() == word.as_bytes()[0]
            && rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
    };
    let tells = |rest: &[u8]| begins(rest, "://") || SECRET.iter().any(|word| begins(rest, word));
    (0..text.len()).any(|at| tells(&text[at..]))
}

/// The statement's text with secrets blanked: what is recorded is read by
/// more people than may log in with it.
pub fn redact(text: &str) -> Cow<'_, str> {
    if !may_hold_secret(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let Some(tokens) = tokens(text) else {
        return Cow::Borrowed(NOT_KEPT);
    };
    let offsets = Offsets::new(text);
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let significant: Vec<&TokenWithSpan> =
        tokens.iter().filter(|t| !matches!(t.token, Token::Whitespace(_))).collect();
    let settings = matches!(
        significant.first().map(|t| word(&t.token)),
        Some(Some(first)) if first == "set" || first == "alter"
    );
    for (i, t) in significant.iter().enumerate() {
        let (from, to) = (offsets.of(t.span.start), offsets.of(t.span.end));
        let before = |n: usize| i.checked_sub(n).and_then(|at| significant.get(at));
        let replacement = match &t.token {
            Token::SingleQuotedString(inside)
            | Token::EscapedStringLiteral(inside)
            | Token::UnicodeStringLiteral(inside)
            | Token::NationalStringLiteral(inside) => {
                let named = before(1).and_then(|p| word(&p.token));
                let assigned = before(1).is_some_and(|p| {
                    settings && (p.token == Token::Eq || word(&p.token).as_deref() == Some("to"))
                });
                let owner = if assigned { before(2).and_then(|p| word(&p.token)) } else { named };
                if owner.is_some_and(|w| is_secret(&w)) {
                    Some(HIDDEN.to_owned())
                } else {
                    mask(inside).map(|m| {
                        let raw = &text[from..to];
                        raw.replacen(inside.as_str(), &m, 1)
                    })
                }
            }
            Token::DollarQuotedString(body) => match redact(&body.value) {
                Cow::Owned(inner) => {
                    let tag = body.tag.as_deref().unwrap_or_default();
                    Some(format!("${tag}${inner}${tag}$"))
                }
                Cow::Borrowed(_) => None,
            },
            _ => None,
        };
        if let Some(replacement) = replacement {
            out.push_str(&text[copied..from]);
            out.push_str(&replacement);
            copied = to;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

fn word(token: &Token) -> Option<String> {
    match token {
        Token::Word(w) => Some(w.value.to_ascii_lowercase()),
        _ => None,
    }
}

fn is_secret(word: &str) -> bool {
    SECRET.iter().any(|s| word.contains(s))
}

/// Blanks secrets inside a string: `password=x` of a connection string, the
/// password of a URL, `password ''x''` of SQL in a string.
fn mask(inside: &str) -> Option<String> {
    let mut out = inside.to_owned();
    let mut from = 0;
    while let Some(found) = out[from..].to_ascii_lowercase().find("password") {
        let mut at = from + found + "password".len();
        let rest = &out[at..];
        let gap = rest.len() - rest.trim_start().len();
        let rest = &rest[gap..];
        if let Some(value) = rest.strip_prefix('=') {
            let skip = value.len() - value.trim_start().len();
            let start = at + gap + 1 + skip;
            let len = value_length(&out[start..]);
            out.replace_range(start..start + len, "***");
            at = start + 3;
        } else if rest.starts_with('\'') {
            let start = at + gap;
            let len = quoted_length(&out[start..]);
            out.replace_range(start..start + len, "''***''");
            at = start + 7;
        }
        from = at;
    }
    let mut from = 0;
    while let Some(found) = out[from..].find("://") {
        let start = from + found + 3;
        let end = out[start..].find(['/', ' ', '?', '\'']).map_or(out.len(), |n| start + n);
        let authority = out[start..end].to_owned();
        if let Some((login, host)) = authority.rsplit_once('@')
            && let Some((user, _)) = login.split_once(':')
        {
            out.replace_range(start..end, &format!("{user}:***@{host}"));
        }
        from = start;
    }
    (out != inside).then_some(out)
}

/// Length of a connection string's value: up to white space, or quoted.
fn value_length(rest: &str) -> usize {
    if rest.starts_with('\'') {
        quoted_length(rest)
    } else {
        rest.find(char::is_whitespace).unwrap_or(rest.len())
    }
}

/// Length of a text in quotes, however often those are doubled.
fn quoted_length(rest: &str) -> usize {
    let quotes = rest.len() - rest.trim_start_matches('\'').len();
    match rest[quotes..].find('\'') {
        Some(n) => {
            let tail = &rest[quotes + n..];
            let closing = tail.len() - tail.trim_start_matches('\'').len();
            quotes + n + closing.min(quotes)
        }
        None => rest.len(),
    }
}

/// From the tokenizer's lines and columns (in characters) to byte offsets.
struct Offsets<'a> {
    text: &'a str,
    lines: Vec<usize>,
}

impl<'a> Offsets<'a> {
    fn new(text: &'a str) -> Self {
        let mut lines = vec![0];
        lines.extend(text.match_indices('\n').map(|(i, _)| i + 1));
        Offsets { text, lines }
    }

    fn of(&self, location: Location) -> usize {
        let line = (location.line.max(1) as usize - 1).min(self.lines.len() - 1);
        let start = self.lines[line];
        let column = location.column.max(1) as usize - 1;
        self.text[start..].char_indices().nth(column).map_or(self.text.len(), |(i, _)| start + i)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blanked(text: &str) -> String {
        prepare(text).unwrap().sql.into_owned()
    }

    #[test]
    fn plain_sql_is_left_alone() {
        let text = "CREATE TABLE t (a text DEFAULT E'\\n');\n";
        let prepared = prepare(text).unwrap();
        assert!(matches!(prepared.sql, Cow::Borrowed(_)));
        assert!(prepared.left_out.is_empty());
    }

    #[test]
    fn psql_commands_are_blanked_in_place() {
        let text = "\\restrict abc'def\nCREATE TABLE t ();\n\\connect x\n";
        let sql = blanked(text);
        assert_eq!(sql.len(), text.len());
        assert_eq!(sql.trim(), "CREATE TABLE t ();");
        let left: Vec<_> =
            prepare(text).unwrap().left_out.into_iter().map(|l| (l.line, l.what)).collect();
        assert_eq!(left, [(1, "\\restrict".to_owned()), (3, "\\connect".to_owned())]);
    }

    #[test]
    fn copy_data_is_blanked_whatever_is_in_it() {
        let text =
            "COPY public.t (a, b) FROM stdin;\n1\tit's; $$\n\\N\t/*\n\\.\n\nCREATE TABLE u ();\n";
        assert_eq!(
            blanked(text).split_whitespace().collect::<Vec<_>>().join(" "),
            "COPY public.t (a, b) FROM stdin; CREATE TABLE u ();"
        );
        assert_eq!(prepare(text).unwrap().left_out[0].what, "2 rows of data");
    }

    #[test]
    fn a_backslash_inside_a_string_or_body_is_text() {
        for text in [
            "SELECT '\n\\x\n';",
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $b$\n\\x\n$b$;",
            "/* a comment\n\\x\n*/ SELECT 1;",
            "SELECT '\nCOPY t FROM stdin;\n1\n';",
        ] {
            assert_eq!(blanked(text), text);
        }
    }

    #[test]
    fn text_from_elsewhere_is_refused_where_it_stands() {
        let error = prepare("SELECT 1;\n  \\i other.sql\n").unwrap_err();
        assert_eq!(line_and_column("SELECT 1;\n  \\i other.sql\n", error.at), (2, 3));
        assert!(error.message.contains("\\i"));
    }

    #[test]
    fn quit_ends_the_script() {
        assert_eq!(blanked("SELECT 1;\n\\q\nSELECT 2;\n").trim(), "SELECT 1;");
    }

    #[test]
    fn positions_count_characters() {
        assert_eq!(line_and_column("ä€\nxyz", 0), (1, 1));
        assert_eq!(line_and_column("ä€\nxyz", 5), (1, 3));
        assert_eq!(line_and_column("ä€\nxyz", 8), (2, 3));
        assert_eq!(line_and_column("a", 99), (1, 2));
    }

    #[test]
    fn secrets_are_hidden() {
        let cases = [
            ("ALTER ROLE a PASSWORD 'x'", "ALTER ROLE a PASSWORD '***'"),
            (
                "create user a with encrypted password 'it''s' login",
                "create user a with encrypted password '***' login",
            ),
            (
                "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password 'p')",
                "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password '***')",
            ),
            (
                "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (aws_secret_access_key 'p')",
                "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (aws_secret_access_key '***')",
            ),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'host=h password=p user=u' PUBLICATION q",
                "CREATE SUBSCRIPTION s CONNECTION 'host=h password=*** user=u' PUBLICATION q",
            ),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'postgres://u:p@h/db' PUBLICATION q",
                "CREATE SUBSCRIPTION s CONNECTION 'postgres://u:***@h/db' PUBLICATION q",
            ),
            ("ALTER DATABASE d SET my.token = 'p'", "ALTER DATABASE d SET my.token = '***'"),
            (
                "DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''x'''; END $$",
                "DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''***'''; END $$",
            ),
        ];
        for (text, hidden) in cases {
            assert_eq!(redact(text), hidden);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "CREATE TABLE users (password text DEFAULT 'none', token uuid)",
            "COMMENT ON COLUMN users.password IS 'a hash'",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (url LIKE 'https://%')",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn a_fingerprint_is_of_the_words() {
        let same = [
            "DROP TABLE a, \"B\" -- gone",
            " drop  table /* why /* not */ */ A,\n\t\"B\" ; ",
            "-- a comment\nDrop Table a,\"B\";;",
        ];
        for text in same {
            assert_eq!(fingerprint(text), fingerprint(same[0]), "{text}");
        }
        let others = [
            "DROP TABLE a, \"b\"",
            "DROP TABLE a, B",
            "DROP TABLE a",
            "DROP TABLE aa, \"B\"",
            "DROP TABLE a; DROP TABLE \"B\"",
            "DROP TABLE 'a', \"B\"",
        ];
        for text in others {
            assert_ne!(fingerprint(text), fingerprint(same[0]), "{text}");
        }
        for (a, b) in [
            ("SELECT 'a b'", "SELECT 'a  b'"),
            ("SELECT 'a'", "SELECT 'A'"),
            ("SELECT '-- x'", "SELECT '-- y'"),
            ("DO $$ a $$", "DO $$ b $$"),
            ("DO $x$ a $x$", "DO $x$ a -- c\n$x$"),
            ("SELECT E'a'", "SELECT 'a'"),
            ("SELECT ab", "SELECT a b"),
        ] {
            assert_ne!(fingerprint(a), fingerprint(b));
        }
    }

    proptest! {
        #[test]
        fn a_fingerprint_tells_literals_apart(a in "[a-z \n-]{1,20}", b in "[a-z \n-]{1,20}") {
            let text = |s: &str| format!("COMMENT ON TABLE t IS '{s}'");
            prop_assert_eq!(fingerprint(&text(&a)) == fingerprint(&text(&b)), a == b);
        }

        #[test]
        fn a_fingerprint_never_fails(text in "(?s).{0,200}") {
            let _ = fingerprint(&text);
        }

        #[test]
        fn preparing_keeps_every_position(text in "(?s)[ -~\n\\\\'$ä]{0,200}") {
            if let Ok(prepared) = prepare(&text) {
                prop_assert_eq!(prepared.sql.matches('\n').count(), text.matches('\n').count());
                prop_assert_eq!(prepared.sql.len(), text.len());
            }
        }

        #[test]
        fn redacting_never_shows_the_password(secret in "[a-zA-Z0-9!#%&*+-]{8,20}", quoted in any::<bool>()) {
            let text = if quoted {
                format!("ALTER ROLE \"we ird\" VALID UNTIL 'x' PASSWORD\n '{secret}'")
            } else {
                format!("CREATE SUBSCRIPTION s CONNECTION 'password = {secret}' PUBLICATION p")
            };
            prop_assert!(!redact(&text).contains(&secret));
        }

        #[test]
        fn redacting_never_fails(text in "(?s).{0,200}") {
            let _ = redact(&text);
            let _ = redact(&format!("{text} password 'x' {text}"));
        }
    }
}
