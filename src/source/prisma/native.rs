//! `@db.…`: the server's types by the names that Prisma gives them.

use super::schema::Scalar;

/// A type of the server with its arguments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Native {
    kind: &'static Kind,
    arguments: [Option<u32>; 2],
}

#[derive(Debug, PartialEq)]
pub struct Kind {
    pub prisma: &'static str,
    sql: &'static str,
    pub scalar: Scalar,
    takes: Takes,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Takes {
    Nothing,
    /// A length from 0.
    Length,
    /// A length from 1.
    Bits,
    /// Digits of a second, up to six.
    Seconds,
    /// Precision and scale, both or none.
    Digits,
}

const fn kind(prisma: &'static str, sql: &'static str, scalar: Scalar, takes: Takes) -> Kind {
    Kind { prisma, sql, scalar, takes }
}

static KINDS: [Kind; 26] = [
    kind("SmallInt", "SMALLINT", Scalar::Int, Takes::Nothing),
    kind("Integer", "INTEGER", Scalar::Int, Takes::Nothing),
    kind("BigInt", "BIGINT", Scalar::BigInt, Takes::Nothing),
    kind("Decimal", "DECIMAL", Scalar::Decimal, Takes::Digits),
    kind("Money", "MONEY", Scalar::Decimal, Takes::Nothing),
    kind("Inet", "INET", Scalar::String, Takes::Nothing),
    kind("Oid", "OID", Scalar::Int, Takes::Nothing),
    kind("Citext", "CITEXT", Scalar::String, Takes::Nothing),
    kind("Real", "REAL", Scalar::Float, Takes::Nothing),
    kind("DoublePrecision", "DOUBLE PRECISION", Scalar::Float, Takes::Nothing),
    kind("VarChar", "VARCHAR", Scalar::String, Takes::Length),
    kind("Char", "CHAR", Scalar::String, Takes::Length),
    kind("Text", "TEXT", Scalar::String, Takes::Nothing),
    kind("ByteA", "BYTEA", Scalar::Bytes, Takes::Nothing),
    kind("Timestamp", "TIMESTAMP", Scalar::DateTime, Takes::Seconds),
    kind("Timestamptz", "TIMESTAMPTZ", Scalar::DateTime, Takes::Seconds),
    kind("Date", "DATE", Scalar::DateTime, Takes::Nothing),
    kind("Time", "TIME", Scalar::DateTime, Takes::Seconds),
    kind("Timetz", "TIMETZ", Scalar::DateTime, Takes::Seconds),
    kind("Boolean", "BOOLEAN", Scalar::Boolean, Takes::Nothing),
    kind("Bit", "BIT", Scalar::String, Takes::Bits),
    kind("VarBit", "VARBIT", Scalar::String, Takes::Bits),
    kind("Uuid", "UUID", Scalar::String, Takes::Nothing),
    kind("Xml", "XML", Scalar::String, Takes::Nothing),
    kind("Json", "JSON", Scalar::Json, Takes::Nothing),
    kind("JsonB", "JSONB", Scalar::Json, Takes::Nothing),
];

/// The type of that name, where there is one.
pub fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.prisma == name)
}

/// The names of all types that a field of this type may have.
pub fn names_for(scalar: Scalar) -> Vec<&'static str> {
    KINDS.iter().filter(|kind| kind.scalar == scalar).map(|kind| kind.prisma).collect()
}

impl Native {
    /// What a field gets without `@db.…`.
    pub fn usual(scalar: Scalar) -> Native {
        let (name, arguments) = match scalar {
            Scalar::Int => ("Integer", [None; 2]),
            Scalar::BigInt => ("BigInt", [None; 2]),
            Scalar::Float => ("DoublePrecision", [None; 2]),
            Scalar::Boolean => ("Boolean", [None; 2]),
            Scalar::String => ("Text", [None; 2]),
            Scalar::DateTime => ("Timestamp", [Some(3), None]),
            Scalar::Json => ("JsonB", [None; 2]),
            Scalar::Bytes => ("ByteA", [None; 2]),
            Scalar::Decimal => ("Decimal", [Some(65), Some(30)]),
        };
        Native { kind: named(name).expect("a name of the list"), arguments }
    }

    pub fn name(&self) -> &'static str {
        self.kind.prisma
    }

    /// As in CREATE TABLE.
    pub fn sql(&self) -> String {
        match self.arguments {
            [Some(a), Some(b)] => format!("{}({a},{b})", self.kind.sql),
            [Some(a), None] => format!("{}({a})", self.kind.sql),
            _ => self.kind.sql.to_owned(),
        }
    }

    /// The type of a column that counts by itself; OID can't.
    pub fn serial(&self) -> String {
        match self.kind.prisma {
            "SmallInt" => "SMALLSERIAL".to_owned(),
            "Integer" => "SERIAL".to_owned(),
            "BigInt" => "BIGSERIAL".to_owned(),
            _ => self.sql(),
        }
    }
}

impl Kind {
    /// The type with these arguments, as they are written. Errors: what is
    /// wrong with them and what to write.
    pub fn with(&'static self, arguments: &[String]) -> Result<Native, (String, String)> {
        let name = self.prisma;
        let most = match self.takes {
            Takes::Nothing => 0,
            Takes::Length | Takes::Bits | Takes::Seconds => 1,
            Takes::Digits => 2,
        };
        let example = match self.takes {
            Takes::Nothing => format!("Write @db.{name}."),
            Takes::Length | Takes::Bits => format!("Write @db.{name} or @db.{name}(20)."),
            Takes::Seconds => format!("Write @db.{name} or @db.{name}(6)."),
            Takes::Digits => format!("Write @db.{name} or @db.{name}(10, 2)."),
        };
        if arguments.len() > most {
            return Err((
                format!("{name} takes {} here", count_of(most, arguments.len())),
                example,
            ));
        }
        let mut numbers = [None; 2];
        for (number, argument) in numbers.iter_mut().zip(arguments) {
            *number = Some(argument.parse::<u32>().map_err(|_| {
                (
                    format!("{argument} is no argument for {name}: it takes numbers from 0"),
                    example.clone(),
                )
            })?);
        }
        match (self.takes, numbers) {
            (Takes::Digits, [Some(_), None]) => Err((
                "Decimal takes two numbers, its digits and how many of them stand behind the point"
                    .to_owned(),
                format!("Write @db.Decimal({}, 0).", arguments[0]),
            )),
            (Takes::Digits, [Some(digits), Some(scale)]) if scale > digits => Err((
                format!("{scale} digits behind the point are more than {digits} in all"),
                example,
            )),
            (Takes::Digits, [Some(digits), _]) if digits == 0 || digits > 1000 => {
                Err((format!("Decimal has 1 to 1000 digits, not {digits}"), example))
            }
            (Takes::Bits, [Some(0), _]) => Err((format!("{name} holds at least one bit"), example)),
            (Takes::Seconds, [Some(digits), _]) if digits > 6 => {
                Err((format!("{name} has at most 6 digits of a second, not {digits}"), example))
            }
            _ => Ok(Native { kind: self, arguments: numbers }),
        }
    }
}

fn count_of(most: usize, given: usize) -> String {
    let most = match most {
        0 => "no argument".to_owned(),
        1 => "one argument".to_owned(),
        n => format!("{n} arguments"),
    };
    format!("{most}, not {given}")
}
