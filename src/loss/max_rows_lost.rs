//! One statement takes more rows than `schemaguard.max_rows_lost` allows: what
//! it deletes itself, what triggers and functions delete for it, and what
//! foreign keys take along.

use super::{Count, NAMED, Rule, Victim, Words, accepting, grouped};

pub const MAX_ROWS_LOST: Rule = Rule {
    code: "max_rows_lost",
    sqlstate: "SG001",
    object_type: "table",
    unit: ("row", "rows"),
    lossless: |_| "To take fewer: a narrower WHERE, or smaller batches.".to_owned(),
};

/// Words a statement that takes too many rows. `victims` has the exact counts;
/// `through` is the foreign key's action, where one took them.
pub fn too_many_rows(what: &str, sql: Option<&str>, limit: u64, victims: &[Victim]) -> Words {
    let total = victims
        .iter()
        .map(|v| match v.count {
            Count::Exact(n) => n,
            _ => 0,
        })
        .sum();
    let mut detail: Vec<String> = victims
        .iter()
        .take(NAMED)
        .map(|v| {
            let way = v.through.as_ref().map_or(String::new(), |t| format!(" ({t})"));
            format!("{}: {}{way}", v.object, v.count.words(v.rule.unit))
        })
        .collect();
    if victims.len() > NAMED {
        detail.push(format!("… and {} more", grouped((victims.len() - NAMED) as u64)));
    }
    let allowed = match limit {
        0 => "no row may go".to_owned(),
        n => format!("more than the {} that may go", grouped(n)),
    };
    Words {
        message: format!(
            "{what} would take {}: {allowed} (rule {})",
            Count::Exact(total).words(MAX_ROWS_LOST.unit),
            MAX_ROWS_LOST.code
        ),
        detail: detail.join("\n"),
        hint: format!(
            "{} The limit is schemaguard.max_rows_lost.\nTo lose them on purpose: {}",
            (MAX_ROWS_LOST.lossless)(""),
            accepting(sql)
        ),
    }
}

/// What a foreign key does to the rows that pointed to one that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAction {
    Cascade,
    SetNull,
    SetDefault,
}

impl KeyAction {
    pub fn as_str(self) -> &'static str {
        match self {
            KeyAction::Cascade => "CASCADE",
            KeyAction::SetNull => "SET NULL",
            KeyAction::SetDefault => "SET DEFAULT",
        }
    }

    /// The letter in pg_constraint.
    pub fn letter(self) -> u8 {
        match self {
            KeyAction::Cascade => b'c',
            KeyAction::SetNull => b'n',
            KeyAction::SetDefault => b'd',
        }
    }
}

/// The action in a statement that the server itself runs for a foreign key.
/// Names in it are always quoted; ON UPDATE CASCADE writes a parameter.
pub fn key_action(sql: &str) -> Option<KeyAction> {
    if sql.starts_with("DELETE FROM ") {
        return Some(KeyAction::Cascade);
    }
    let mut rest = sql.strip_prefix("UPDATE ")?;
    rest = rest.strip_prefix("ONLY ").unwrap_or(rest);
    rest = behind_name(rest)?;
    rest = behind_name(rest.strip_prefix(" SET ")?)?.strip_prefix(" = ")?;
    match rest {
        r if r.starts_with("NULL") => Some(KeyAction::SetNull),
        r if r.starts_with("DEFAULT") => Some(KeyAction::SetDefault),
        _ => None,
    }
}

/// What stands behind a quoted name, with or without a schema.
fn behind_name(text: &str) -> Option<&str> {
    let mut quoted = false;
    for (i, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '.' => {}
            _ if quoted => {}
            _ if i > 0 => return Some(&text[i..]),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_of_foreign_keys_are_told_by_their_statements() {
        let cases = [
            (
                r#"DELETE FROM ONLY "public"."c" WHERE $1 OPERATOR(pg_catalog.=) "p""#,
                Some(KeyAction::Cascade),
            ),
            (
                r#"UPDATE ONLY "public"."c" SET "p" = NULL WHERE $1 OPERATOR(pg_catalog.=) "p""#,
                Some(KeyAction::SetNull),
            ),
            (
                r#"UPDATE "s "" SET "".""."."x" SET "y "" = " = DEFAULT, "q" = DEFAULT WHERE $1"#,
                Some(KeyAction::SetDefault),
            ),
            (r#"UPDATE ONLY "public"."c" SET "p" = $1 WHERE $2 OPERATOR(pg_catalog.=) "p""#, None),
            (r#"SELECT 1 FROM ONLY "public"."c" x FOR KEY SHARE OF x"#, None),
            ("UPDATE c SET p = NULL", None),
            ("UPDATE ", None),
        ];
        for (sql, action) in cases {
            assert_eq!(key_action(sql), action, "{sql}");
        }
    }

    #[test]
    fn tells_each_table_and_what_took_its_rows() {
        let victim = |object: &str, n, through: Option<&str>| Victim {
            rule: &MAX_ROWS_LOST,
            object: object.into(),
            count: Count::Exact(n),
            through: through.map(str::to_owned),
        };
        let w = too_many_rows(
            "DELETE FROM public.users",
            None,
            1_000,
            &[
                victim("public.users", 1, None),
                victim("public.orders", 12_000, Some("ON DELETE CASCADE from public.users")),
            ],
        );
        assert_eq!(
            w.message,
            "DELETE FROM public.users would take 12,001 rows: more than the 1,000 that may go (rule max_rows_lost)"
        );
        assert_eq!(
            w.detail,
            "public.users: 1 row\npublic.orders: 12,000 rows (ON DELETE CASCADE from public.users)"
        );
        assert!(w.hint.contains("schemaguard.max_rows_lost"), "{}", w.hint);
    }

    #[test]
    fn zero_is_a_limit() {
        let w = too_many_rows("DELETE FROM t", None, 0, &[]);
        assert!(w.message.contains("no row may go"), "{}", w.message);
    }
}
