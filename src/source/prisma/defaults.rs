//! `@default(…)`: which values a field can have, and how the server writes
//! them.

use super::Mistakes;
use super::arguments::Visit;
use super::schema::{ColumnKind, Default, Scalar, Schema};
use super::syntax::{Arguments, Arity, Field, Span, Value, Word};

/// Reads the attribute; none where it is of no use.
pub fn read<'a>(
    mut visit: Visit<'a>,
    field: &'a Field<'a>,
    kind: ColumnKind,
    schema: &Schema,
    mistakes: &mut Mistakes,
) -> Option<Default<'a>> {
    let value = visit.need_first("value", "@default(…) with the value in it", mistakes);
    let at = visit.at();
    if visit.take_map(mistakes).is_some() {
        mistakes.say(at, "PostgreSQL has no names for defaults", "Take map away.");
    }
    visit.finish(mistakes);
    let value = value?;
    let list = field.arity == Arity::List;
    if let Value::Call(name, arguments, at) = value {
        return function(name, arguments, *at, kind, mistakes);
    }
    let before = mistakes.count();
    match (kind, list, value) {
        (ColumnKind::Unsupported(_), _, _) => mistakes.say(
            value.at(),
            "a field of an unsupported type has no default but SQL",
            "Write @default(dbgenerated(\"…\")).",
        ),
        (_, true, Value::Array(items, _)) => {
            for item in items {
                single(item, kind, schema, mistakes);
            }
        }
        (_, true, other) => mistakes.say(
            other.at(),
            format!("the default of a list is a list, not {other}"),
            "Put it in brackets.",
        ),
        (_, false, Value::Array(_, at)) => mistakes.say(
            *at,
            format!("field {} is no list, and its default is one", field.name.text),
            "Take the brackets away, or make the field a list.",
        ),
        (_, false, value) => single(value, kind, schema, mistakes),
    }
    (mistakes.count() == before).then_some(Default::Literal(value))
}

fn function<'a>(
    name: &Word<'a>,
    arguments: &'a Arguments<'a>,
    at: Span,
    kind: ColumnKind,
    mistakes: &mut Mistakes,
) -> Option<Default<'a>> {
    let list = arguments.list.as_slice();
    if name.text == "dbgenerated" {
        return match list {
            [] => Some(Default::Client),
            [one] => match &one.value {
                Value::Text(sql, at) if !sql.is_empty() => {
                    Some(Default::Generated(sql.clone(), *at))
                }
                other => {
                    mistakes.say(
                        other.at(),
                        "dbgenerated(…) takes SQL as a text, or nothing",
                        "Write dbgenerated(\"gen_random_uuid()\").",
                    );
                    None
                }
            },
            _ => {
                mistakes.say(at, "dbgenerated(…) takes one text", "Write dbgenerated(\"…\").");
                None
            }
        };
    }
    let scalar = match kind {
        ColumnKind::Scalar(scalar, _) => scalar,
        ColumnKind::Enum(_) => {
            mistakes.say(
                at,
                format!("{}() makes no value of an enum", name.text),
                "Write one of its values.",
            );
            return None;
        }
        ColumnKind::Unsupported(_) => {
            mistakes.say(
                at,
                "a field of an unsupported type has no default but SQL",
                "Write @default(dbgenerated(\"…\")).",
            );
            return None;
        }
    };
    let number = match list {
        [one] => match &one.value {
            Value::Number(word) => word.text.parse::<u32>().ok(),
            _ => None,
        },
        _ => None,
    };
    let (fits, of, arguments_fit, default, example) = match name.text {
        "autoincrement" => (
            matches!(scalar, Scalar::Int | Scalar::BigInt),
            "Int and BigInt",
            list.is_empty(),
            Default::Autoincrement,
            "autoincrement()",
        ),
        "now" => (scalar == Scalar::DateTime, "DateTime", list.is_empty(), Default::Now, "now()"),
        "uuid" => (
            scalar == Scalar::String,
            "String",
            list.is_empty() || matches!(number, Some(4 | 7)),
            Default::Client,
            "uuid(), uuid(4) or uuid(7)",
        ),
        "cuid" => (
            scalar == Scalar::String,
            "String",
            list.is_empty() || matches!(number, Some(1 | 2)),
            Default::Client,
            "cuid(), cuid(1) or cuid(2)",
        ),
        "nanoid" => (
            scalar == Scalar::String,
            "String",
            list.is_empty() || matches!(number, Some(2..=255)),
            Default::Client,
            "nanoid(), or nanoid(n) with a length from 2 to 255",
        ),
        "ulid" => (scalar == Scalar::String, "String", list.is_empty(), Default::Client, "ulid()"),
        other => {
            mistakes.say(
                name.at,
                format!("{other}() is no function for a default in PostgreSQL"),
                "There are: autoincrement(), now(), uuid(), cuid(), nanoid(), ulid(), dbgenerated(\"…\").",
            );
            return None;
        }
    };
    if !fits {
        mistakes.say(
            at,
            format!("{}() is for fields of type {of}, not {}", name.text, scalar.name()),
            "Change the type or the default.",
        );
        return None;
    }
    if !arguments_fit {
        mistakes.say(
            at,
            format!("{}(…) doesn't take these arguments", name.text),
            format!("Write {example}."),
        );
        return None;
    }
    Some(default)
}

/// A value that is no list and no function.
fn single(value: &Value, kind: ColumnKind, schema: &Schema, mistakes: &mut Mistakes) {
    match kind {
        ColumnKind::Enum(number) => {
            let one = &schema.enums[number];
            let known =
                matches!(value, Value::Constant(word) if one.numbers.contains_key(word.text));
            if !known {
                mistakes.say(
                    value.at(),
                    format!("{value} is no value of enum {}", one.ast.name.text),
                    "Write one of its values as it stands in the schema, without quotes.",
                );
            }
        }
        ColumnKind::Scalar(scalar, _) => {
            if let Err(wrong) = literal(value, scalar) {
                let what = match wrong {
                    Wrong::Kind => format!("{value} is no {}", scalar.name()),
                    Wrong::Content(what) => what,
                };
                mistakes.say(value.at(), what, example(scalar));
            }
        }
        ColumnKind::Unsupported(_) => {}
    }
}

fn example(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Int | Scalar::BigInt => "Write a whole number: 42.",
        Scalar::Float => "Write a number: 1.5.",
        Scalar::Boolean => "Write true or false.",
        Scalar::String => "Write a text in double quotes.",
        Scalar::DateTime => "Write \"2024-12-31T23:59:59Z\", or now().",
        Scalar::Json => "Write JSON as a text: \"{\\\"a\\\": 1}\".",
        Scalar::Bytes => "Write the bytes in base64: \"SGVsbG8=\".",
        Scalar::Decimal => "Write a number, or one in double quotes: \"1.50\".",
    }
}

enum Wrong {
    Kind,
    Content(String),
}

/// The value as the server takes it in DEFAULT.
fn literal(value: &Value, scalar: Scalar) -> Result<Literal, Wrong> {
    let content = |what: String| Wrong::Content(what);
    match (scalar, value) {
        (Scalar::String, Value::Text(text, _)) => Ok(Literal::Quoted(text.clone())),
        (Scalar::Json, Value::Text(text, _)) => {
            match serde_json::from_str::<serde_json::Value>(text) {
                Ok(_) => Ok(Literal::Quoted(text.clone())),
                Err(e) => Err(content(format!("this is no JSON: {e}"))),
            }
        }
        (Scalar::Bytes, Value::Text(text, _)) => match from_base64(text) {
            Some(bytes) => {
                let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
                Ok(Literal::Quoted(format!("\\x{hex}")))
            }
            None => Err(content(format!("\"{text}\" is no base64"))),
        },
        (Scalar::DateTime, Value::Text(text, _)) => match timestamp(text) {
            Some(text) => Ok(Literal::Quoted(text)),
            None => Err(content(format!("\"{text}\" is no date and time with its zone"))),
        },
        (Scalar::Int | Scalar::BigInt, Value::Number(word)) => match word.text.parse::<i64>() {
            Ok(number) => Ok(Literal::Plain(number.to_string())),
            Err(_) => Err(content(format!("{} is no whole number of 64 bits", word.text))),
        },
        (Scalar::Float, Value::Number(word)) | (Scalar::Decimal, Value::Number(word)) => {
            decimal(word.text)
                .map(Literal::Plain)
                .ok_or_else(|| content(format!("{} is no number", word.text)))
        }
        (Scalar::Decimal, Value::Text(text, _)) => decimal(text)
            .map(Literal::Plain)
            .ok_or_else(|| content(format!("\"{text}\" is no number"))),
        (Scalar::Boolean, Value::Constant(word)) if matches!(word.text, "true" | "false") => {
            Ok(Literal::Plain(word.text.to_owned()))
        }
        _ => Err(Wrong::Kind),
    }
}

/// A value as SQL: in quotes or not.
pub enum Literal {
    Quoted(String),
    Plain(String),
}

/// The literal of a field whose default was found good.
pub fn sql_literal(value: &Value, kind: ColumnKind, schema: &Schema) -> Option<Literal> {
    match (kind, value) {
        (ColumnKind::Scalar(scalar, _), value) => literal(value, scalar).ok(),
        (ColumnKind::Enum(number), Value::Constant(word)) => {
            let one = &schema.enums[number];
            Some(Literal::Quoted(one.labels[*one.numbers.get(word.text)?].clone()))
        }
        _ => None,
    }
}

/// A decimal number without exponent, as Prisma prints it.
fn decimal(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut all: String = format!("{whole}{fraction}").replace('_', "");
    let starts_well =
        whole.bytes().chain(fraction.bytes()).next().is_some_and(|b| b.is_ascii_digit());
    if !starts_well || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut scale = fraction.replace('_', "").len() as i64 - exponent;
    // Nobody wants that many zeros written out.
    const MOST: i64 = 1_000;
    if scale.abs() > MOST {
        return Some(text.replace('_', ""));
    }
    while scale < 0 {
        all.push('0');
        scale += 1;
    }
    let scale = scale as usize;
    let all = format!("{}{all}", "0".repeat((scale + 1).saturating_sub(all.len())));
    let (whole, fraction) = all.split_at(all.len() - scale);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let is_zero = all.bytes().all(|b| b == b'0');
    let sign = if negative && !is_zero { "-" } else { "" };
    Some(if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// Bytes of base64 with its padding.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(4) {
        return None;
    }
    let padding = bytes.iter().rev().take_while(|b| **b == b'=').count();
    if padding > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let mut group = 0u32;
    for (number, byte) in bytes[..bytes.len() - padding].iter().enumerate() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        group = group << 6 | u32::from(value);
        if number % 4 == 3 {
            out.extend(&group.to_be_bytes()[1..]);
            group = 0;
        }
    }
    // What is left over has to be zero.
    match padding {
        1 if group & 0b11 == 0 => out.extend(&(group >> 2).to_be_bytes()[2..]),
        2 if group & 0b1111 == 0 => out.extend(&(group >> 4).to_be_bytes()[3..]),
        0 => {}
        _ => return None,
    }
    Some(out)
}

/// A date and time of RFC 3339 as Prisma prints it.
fn timestamp(text: &str) -> Option<String> {
    let number = |from: usize, len: usize| -> Option<u32> {
        let part = text.get(from..from + len)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let sign = |at: usize, allowed: &[u8]| {
        text.as_bytes().get(at).is_some_and(|b| allowed.contains(b)).then_some(())
    };
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    sign(4, b"-")?;
    sign(7, b"-")?;
    sign(10, b"Tt ")?;
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    sign(13, b":")?;
    sign(16, b":")?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if day == 0 || day > days || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = &text[19..];
    let mut fraction = String::new();
    if let Some(after) = rest.strip_prefix('.') {
        let len = after.bytes().take_while(u8::is_ascii_digit).count();
        if len == 0 {
            return None;
        }
        fraction = format!("{:0<9}", &after[..len.min(9)]);
        let digits = match fraction.trim_end_matches('0').len() {
            0 => 0,
            1..=3 => 3,
            4..=6 => 6,
            _ => 9,
        };
        fraction.truncate(digits);
        rest = &after[len..];
    }
    let zone = match rest {
        "Z" | "z" => "+00:00".to_owned(),
        _ => {
            let digit = |at: usize| rest.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
            if rest.len() != 6
                || !rest.starts_with(['+', '-'])
                || rest.as_bytes()[3] != b':'
                || ![1, 2, 4, 5].into_iter().all(digit)
                || rest[1..3].parse::<u32>().ok()? > 23
                || rest[4..].parse::<u32>().ok()? > 59
            {
                return None;
            }
            if &rest[1..] == "00:00" { "+00:00".to_owned() } else { rest.to_owned() }
        }
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{} {}{point}{fraction} {zone}", &text[..10], &text[11..19]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_lose_their_exponent() {
        for (text, plain) in [
            ("1.50", "1.50"),
            ("00012.340", "12.340"),
            ("1e5", "100000"),
            ("1.10e1", "11.0"),
            ("-1.5E2", "-150"),
            ("1e-3", "0.001"),
            (".5", "0.5"),
            ("1.", "1"),
            ("+5", "5"),
            ("1_000", "1000"),
            ("-0.0", "0.0"),
            ("0", "0"),
        ] {
            assert_eq!(decimal(text).as_deref(), Some(plain), "{text}");
        }
        for text in ["", "x", "-", "1e", ".", " 1", "NaN", "1.2.3", "_1"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_rfc_3339() {
        for (text, printed) in [
            ("2020-01-01T00:00:00.1Z", "2020-01-01 00:00:00.100 +00:00"),
            ("2020-01-01 00:00:00z", "2020-01-01 00:00:00 +00:00"),
            ("2020-02-29T12:30:00.0001-05:30", "2020-02-29 12:30:00.000100 -05:30"),
            ("2020-01-01T00:00:00-00:00", "2020-01-01 00:00:00 +00:00"),
        ] {
            assert_eq!(timestamp(text).as_deref(), Some(printed));
        }
        for text in [
            "2020-01-01",
            "2020-01-01T00:00:00",
            "2021-02-29T00:00:00Z",
            "2020-01-01T24:00:00Z",
            "2020-01-01T00:00:00.Z",
            "2020-01-01T00:00:00+0200",
            "2020-01-01T00:00:00+24:00",
            "",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn base64_is_exact() {
        assert_eq!(from_base64("SGVsbG8=").as_deref(), Some(b"Hello".as_slice()));
        assert_eq!(from_base64("").as_deref(), Some(b"".as_slice()));
        for text in ["SGVsbG8", "SGVsbG9=", "!!!!", "====", "A===", "SGVs bG8="] {
            assert_eq!(from_base64(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at(text in "\\PC{0,40}", time in "[0-9TZ:.+ -]{0,32}", number in "[0-9eE.+_-]{0,12}") {
            let _ = (decimal(&text), timestamp(&text), from_base64(&text), timestamp(&time), decimal(&number));
        }
    }
}
