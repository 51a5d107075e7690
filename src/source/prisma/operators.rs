//! Which columns an index of each kind takes, and with which operator
//! classes.

use super::schema::{Algorithm, Column, ColumnKind};
use super::syntax::Arity;

/// Operator classes for BRIN: the type, and what there is beside minmax.
const BRIN: [(&str, &str, &[&str]); 21] = [
    ("Bit", "Bit", &["MinMax"]),
    ("VarBit", "VarBit", &["MinMax"]),
    ("Char", "Bpchar", &["Bloom", "MinMax"]),
    ("ByteA", "Bytea", &["Bloom", "MinMax"]),
    ("Date", "Date", ALL),
    ("Real", "Float4", ALL),
    ("DoublePrecision", "Float8", ALL),
    ("Inet", "Inet", &["Inclusion", "Bloom", "MinMax", "MinMaxMulti"]),
    ("SmallInt", "Int2", ALL),
    ("Integer", "Int4", ALL),
    ("BigInt", "Int8", ALL),
    ("Decimal", "Numeric", ALL),
    ("Oid", "Oid", ALL),
    ("Text", "Text", &["Bloom", "MinMax"]),
    ("VarChar", "Text", &["Bloom", "MinMax"]),
    ("Timestamp", "Timestamp", ALL),
    ("Timestamptz", "TimestampTz", ALL),
    ("Time", "Time", ALL),
    ("Timetz", "TimeTz", ALL),
    ("Uuid", "Uuid", ALL),
    // No class fits, and none is the default one.
    ("Money", "", &[]),
];
const ALL: &[&str] = &["Bloom", "MinMax", "MinMaxMulti"];

const OTHERS: [(&str, &str); 5] = [
    ("InetOps", "inet_ops"),
    ("JsonbOps", "jsonb_ops"),
    ("JsonbPathOps", "jsonb_path_ops"),
    ("ArrayOps", "array_ops"),
    ("TextOps", "text_ops"),
];

/// The class as the server calls it, where Prisma has that name.
pub fn sql_name(prisma: &str) -> Option<String> {
    if let Some((_, sql)) = OTHERS.iter().find(|(name, _)| *name == prisma) {
        return Some((*sql).to_owned());
    }
    BRIN.iter()
        .find(|(_, family, kinds)| kinds.iter().any(|kind| format!("{family}{kind}Ops") == prisma))
        .map(|(_, family, _)| {
            let kind = prisma.trim_start_matches(family).trim_end_matches("Ops");
            let kind =
                if kind == "MinMaxMulti" { "minmax_multi".to_owned() } else { kind.to_lowercase() };
            format!("{}_{kind}_ops", family.to_lowercase())
        })
}

/// The classes that a column may have in such an index; the empty name where
/// none has to be named.
pub fn possible(algorithm: Algorithm, column: &Column) -> Vec<String> {
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let is_list = column.arity() == Arity::List;
    let native = match column.kind {
        ColumnKind::Scalar(_, native) => native.name(),
        ColumnKind::Unsupported(_) => {
            return own(match algorithm {
                Algorithm::Gin if is_list => &["", "ArrayOps"],
                _ => &[""],
            });
        }
        ColumnKind::Enum(_) => "",
    };
    match algorithm {
        Algorithm::BTree | Algorithm::Hash => own(&[""]),
        Algorithm::Gist => own(match native {
            "Inet" => &["InetOps"],
            // The server has no class for text; Prisma lets it pass.
            "Text" if !column.has_native => &[""],
            _ => &[],
        }),
        Algorithm::Gin => {
            let mut names = Vec::new();
            if native == "JsonB" {
                names.extend(own(&["", "JsonbOps", "JsonbPathOps"]));
            }
            if is_list {
                names.extend(own(&["", "ArrayOps"]));
            }
            names
        }
        Algorithm::SpGist => own(match native {
            "Inet" => &["", "InetOps"],
            "Text" | "VarChar" | "Char" => &["", "TextOps"],
            _ => &[],
        }),
        Algorithm::Brin => BRIN
            .iter()
            .find(|(name, _, kinds)| *name == native && !kinds.is_empty())
            .map(|(_, family, kinds)| {
                std::iter::once(String::new())
                    .chain(kinds.iter().map(|kind| format!("{family}{kind}Ops")))
                    .collect()
            })
            .unwrap_or_default(),
    }
}
