//! Whether a text and a typed value mean the same, both as the server writes
//! them: `2020-01-01T10:00:00Z` and `2020-01-01 10:00:00+00`, `yes` and `t`,
//! `{"a": 1}` and `{"a":1}`. What is in doubt differs: `007` isn't `7`, and
//! the order of an object's keys is what `json` was chosen for.

/// What the typed side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing but the text itself counts.
    Text,
    Number,
    Boolean,
    /// Date, time, timestamp, with or without a time zone; in ISO style.
    Moment,
    Uuid,
    Json,
}

/// Whether `text`, as it stands in a column of texts, and `typed`, as the
/// server writes a value of that kind, mean the same.
pub fn same(kind: Kind, text: &str, typed: &str) -> bool {
    if text == typed {
        return true;
    }
    let (text, typed) = match kind {
        Kind::Text => return false,
        Kind::Json => (text, typed),
        _ => (text.trim_matches(WHITE), typed.trim_matches(WHITE)),
    };
    match kind {
        Kind::Text => false,
        Kind::Number => number(text).is_some_and(|n| Some(n) == number(typed)),
        Kind::Boolean => boolean(text).is_some_and(|b| Some(b) == boolean(typed)),
        Kind::Moment => moments(text, typed).unwrap_or(false),
        Kind::Uuid => uuid(text).is_some_and(|u| Some(u) == uuid(typed)),
        Kind::Json => Tokens(text).eq(Tokens(typed)),
    }
}

/// What the server's input functions skip.
const WHITE: [char; 6] = [' ', '\t', '\n', '\r', '\u{b}', '\u{c}'];

/// Sign, digits before the point, digits behind it: trailing zeros behind the
/// point mean nothing, leading ones may (`007`).
fn number(text: &str) -> Option<(bool, &str, &str)> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(part) || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let part = part.trim_end_matches('0');
    let zero = whole == "0" && part.is_empty();
    Some((negative && !zero, whole, part))
}

/// The server's spellings: unique beginnings of true, false, yes, no, on, off,
/// and 1 and 0.
fn boolean(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    if begins("true", 1) || begins("yes", 1) || text == "on" || text == "1" {
        Some(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0" {
        Some(false)
    } else {
        None
    }
}

fn uuid(text: &str) -> Option<String> {
    let inner = text.strip_prefix('{').map_or(Some(text), |t| t.strip_suffix('}'))?;
    let digits: String = inner.chars().filter(|c| *c != '-').collect();
    (digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| digits.to_ascii_lowercase())
}

/// A date and time in ISO style.
#[derive(Debug, PartialEq, Eq)]
struct Moment<'a> {
    /// Days since some day.
    day: Option<i64>,
    /// Seconds of the day.
    second: i64,
    /// Digits of the fraction, without trailing zeros.
    fraction: &'a str,
    /// Seconds east of Greenwich.
    zone: Option<i64>,
}

fn moments(text: &str, typed: &str) -> Option<bool> {
    let (a, b) = (moment(text)?, moment(typed)?);
    if a.fraction != b.fraction {
        return Some(false);
    }
    Some(match (a.zone, b.zone) {
        (Some(x), Some(y)) => match (a.day, b.day) {
            (Some(d), Some(e)) => d * 86_400 + a.second - x == e * 86_400 + b.second - y,
            // Of a time with a zone the zone is a part.
            (None, None) => x == y && a.second == b.second,
            _ => false,
        },
        // A zone that the typed value has no place for is lost.
        (Some(_), None) => false,
        // Read in the session's time zone, and written in it.
        (None, _) => a.day == b.day && a.second == b.second,
    })
}

fn moment(text: &str) -> Option<Moment<'_>> {
    let (day, rest) = match date(text) {
        Some((day, "")) => {
            return Some(Moment { day: Some(day), second: 0, fraction: "", zone: None });
        }
        Some((day, rest)) => {
            (Some(day), rest.strip_prefix([' ', 'T', 't'])?.trim_start_matches(' '))
        }
        None => (None, text),
    };
    let (hour, rest) = fixed(rest, 2)?;
    let (minute, mut rest) = fixed(rest.strip_prefix(':')?, 2)?;
    let (mut second, mut fraction) = (0, "");
    if let Some(more) = rest.strip_prefix(':') {
        (second, rest) = fixed(more, 2)?;
        if let Some(more) = rest.strip_prefix('.') {
            let end = more.find(|c: char| !c.is_ascii_digit()).unwrap_or(more.len());
            fraction = more[..end].trim_end_matches('0');
            rest = &more[end..];
        }
    }
    let zone = zone(rest.trim_start_matches(' '))?;
    Some(Moment { day, second: hour * 3_600 + minute * 60 + second, fraction, zone })
}

/// `YYYY-MM-DD` at the beginning, as days, and what follows.
fn date(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).filter(|end| (4..=6).contains(end))?;
    let year: i64 = text[..end].parse().ok()?;
    let (month, rest) = fixed(text[end..].strip_prefix('-')?, 2)?;
    let (day, rest) = fixed(rest.strip_prefix('-')?, 2)?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || rest.ends_with("BC") {
        return None;
    }
    // Days of the civil calendar, years beginning in March.
    let y = if month <= 2 { year - 1 } else { year };
    let days = 365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400);
    Some((days + (153 * ((month + 9) % 12) + 2) / 5 + day, rest))
}

/// A number of just so many digits at the beginning, and what follows.
fn fixed(text: &str, digits: usize) -> Option<(i64, &str)> {
    let head = text.get(..digits).filter(|h| h.bytes().all(|b| b.is_ascii_digit()))?;
    Some((head.parse().ok()?, &text[digits..]))
}

/// The whole of a zone: nothing, `Z`, `+02`, `+0230`, `+02:30`, `+02:30:15`.
fn zone(text: &str) -> Option<Option<i64>> {
    if text.is_empty() {
        return Some(None);
    }
    if text.eq_ignore_ascii_case("z") {
        return Some(Some(0));
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, mut rest) = fixed(&text[1..], 2)?;
    let mut seconds = hours * 3_600;
    for unit in [60, 1] {
        if rest.is_empty() {
            break;
        }
        let (n, more) = fixed(rest.strip_prefix(':').unwrap_or(rest), 2)?;
        seconds += n * unit;
        rest = more;
    }
    rest.is_empty().then_some(Some(sign * seconds))
}

/// The tokens of a JSON text; what is no JSON ends in a token that equals
/// nothing but itself.
struct Tokens<'a>(&'a str);

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Mark(char),
    String(String),
    /// Sign, digits before and behind the point, exponent worked in.
    Number(bool, String, String),
    Other(&'a str),
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.0 = self.0.trim_start_matches(WHITE);
        let first = self.0.chars().next()?;
        let (token, rest) = match first {
            '{' | '}' | '[' | ']' | ',' | ':' => (Token::Mark(first), &self.0[1..]),
            '"' => match json_string(&self.0[1..]) {
                Some((s, rest)) => (Token::String(s), rest),
                None => (Token::Other(self.0), ""),
            },
            _ => {
                let end = self.0.find(|c| WHITE.contains(&c) || "{}[],:\"".contains(c));
                let (word, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
                (json_number(word).unwrap_or(Token::Other(word)), rest)
            }
        };
        self.0 = rest;
        Some(token)
    }
}

/// A string behind its opening quote, and what follows its closing one.
fn json_string(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    // The first half of a pair of UTF-16.
    let mut high: Option<u32> = None;
    while let Some((at, c)) = chars.next() {
        let c = match c {
            '"' if high.is_none() => return Some((out, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let unit = u32::from_str_radix(text.get(at + 2..at + 6)?, 16).ok()?;
                    chars.nth(3)?;
                    match (high.take(), unit) {
                        (None, 0xd800..0xdc00) => {
                            high = Some(unit);
                            continue;
                        }
                        (Some(h), 0xdc00..0xe000) => {
                            char::from_u32(0x10000 + ((h - 0xd800) << 10) + (unit - 0xdc00))?
                        }
                        (None, _) => char::from_u32(unit)?,
                        (Some(_), _) => return None,
                    }
                }
                c => c,
            },
            c => c,
        };
        if high.is_some() {
            return None;
        }
        out.push(c);
    }
    None
}

fn json_number(word: &str) -> Option<Token<'static>> {
    /// A longer number is compared as it is written.
    const LONGEST: i64 = 1_000;
    let (mantissa, exponent) = word.split_once(['e', 'E']).unwrap_or((word, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (negative, whole, part) = number(mantissa)?;
    if exponent.abs() > LONGEST {
        return None;
    }
    let digits = format!("{whole}{part}");
    let point = whole.len() as i64 + exponent;
    let (whole, part) = if point <= 0 {
        (String::new(), format!("{}{digits}", "0".repeat(-point as usize)))
    } else if point as usize >= digits.len() {
        (format!("{digits}{}", "0".repeat(point as usize - digits.len())), String::new())
    } else {
        (digits[..point as usize].to_owned(), digits[point as usize..].to_owned())
    };
    let whole = whole.trim_start_matches('0').to_owned();
    let part = part.trim_end_matches('0').to_owned();
    let zero = whole.is_empty() && part.is_empty();
    Some(Token::Number(negative && !zero, whole, part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(kind: Kind, alike: &[(&str, &str)], different: &[(&str, &str)]) {
        for (a, b) in alike {
            assert!(same(kind, a, b), "{kind:?}: {a} and {b} are the same");
        }
        for (a, b) in different {
            assert!(!same(kind, a, b), "{kind:?}: {a} and {b} differ");
        }
    }

    #[test]
    fn numbers() {
        all(
            Kind::Number,
            &[("1.50", "1.5"), (" 12 ", "12"), ("+5", "5"), (".5", "0.5"), ("-0", "0")],
            &[
                ("007", "7"),
                ("1.5", "1.50001"),
                ("1", "-1"),
                ("1e3", "1000"),
                ("", "0"),
                (".", "0"),
            ],
        );
    }

    #[test]
    fn booleans() {
        all(
            Kind::Boolean,
            &[("yes", "t"), ("TRUE", "t"), ("off", "f"), ("0", "f"), (" 1 ", "t"), ("n", "f")],
            &[("yes", "f"), ("maybe", "t"), ("", "f"), ("o", "t"), ("o", "f")],
        );
    }

    #[test]
    fn moments_in_iso_style() {
        all(
            Kind::Moment,
            &[
                ("2020-01-01T10:00:00Z", "2020-01-01 10:00:00+00"),
                ("2020-01-01T12:30:00.250+02:30", "2020-01-01 10:00:00.25+00"),
                ("2020-01-01 01:00:00+0200", "2019-12-31 23:00:00+00"),
                ("2020-02-29", "2020-02-29 00:00:00"),
                ("2020-01-01 00:00", "2020-01-01"),
                ("2020-01-01 10:00", "2020-01-01 10:00:00+01"),
                ("10:00", "10:00:00"),
            ],
            &[
                ("2020-01-01 10:30", "2020-01-01"),
                ("2020-01-01T10:00:00Z", "2020-01-01 10:00:00"),
                ("2020-01-01 10:00:00.1234567", "2020-01-01 10:00:00.123457"),
                ("2020-01-01", "2020-01-02"),
                ("10:00:00+02", "08:00:00+00"),
                ("01/02/2020", "2020-01-02"),
                ("2020-01-01 BC", "2020-01-01"),
                ("yesterday", "2020-01-01"),
            ],
        );
    }

    #[test]
    fn uuids() {
        all(
            Kind::Uuid,
            &[("{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")],
            &[("a0eebc99", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")],
        );
    }

    #[test]
    fn json_without_its_spaces() {
        all(
            Kind::Json,
            &[
                (r#"{"a":1,"b":[true,null]}"#, r#"{"a": 1, "b": [true, null]}"#),
                (r#""\u00e9\n""#, "\"é\\n\""),
                (r#""\ud83d\ude00""#, "\"😀\""),
                ("1e2", "100"),
                ("1.50", "1.5"),
                ("-0.0", "0"),
                ("25e-1", "2.5"),
            ],
            &[
                (r#"{"a":1,"a":2}"#, r#"{"a": 2}"#),
                (r#"{"b":1,"a":2}"#, r#"{"a": 2, "b": 1}"#),
                (r#"["1"]"#, "[1]"),
                (r#""a b""#, r#""ab""#),
                (r#"{"a":1"#, r#"{"a":1}"#),
                (r#""\ud83d""#, r#""""#),
            ],
        );
    }

    const KINDS: [Kind; 6] =
        [Kind::Text, Kind::Number, Kind::Boolean, Kind::Moment, Kind::Uuid, Kind::Json];

    proptest! {
        #[test]
        fn any_texts_are_compared_without_a_panic(a in ".{0,40}", b in ".{0,40}") {
            for kind in KINDS {
                prop_assert!(same(kind, &a, &a));
                same(kind, &a, &b);
            }
        }

        #[test]
        fn no_two_numbers_are_taken_for_one(a in any::<i64>(), b in any::<i64>()) {
            for kind in [Kind::Number, Kind::Json] {
                prop_assert_eq!(same(kind, &a.to_string(), &b.to_string()), a == b);
            }
        }

        #[test]
        fn json_like_texts_never_panic(a in r#"[\\"{}\[\]:,ud8c0-9eE.+\- a]{0,30}"#) {
            same(Kind::Json, &a, "{}");
            same(Kind::Moment, &a, "2020-01-01");
        }
    }
}
