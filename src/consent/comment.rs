//! Consent in a migration file: a comment that stands right above the
//! statement, `-- schemaguard: accept data loss: <reason>`.
//!
//! What is searched is never a whole script, but what stands between the end
//! of the statement before (the server's parser says where) and the first
//! word of this one. No string can be there, so none can be mistaken.

/// What the comments above a statement say to the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Above {
    /// Nothing.
    Silent,
    /// Consent, for this reason.
    Accept(String),
    /// Consent without a reason: none.
    WithoutReason,
    /// Meant for the guard, and not understood.
    Unclear(String),
    /// Behind another statement, on its last line: whose it is can't be told.
    Behind,
}

/// Reads what stands before a statement; what follows its first word doesn't
/// matter. Of several, the last that is understood holds.
pub fn above(text: &str) -> Above {
    let mut found = Above::Silent;
    let mut rest = text;
    // Whether a statement has ended on this line.
    let mut behind = false;
    loop {
        let from = rest;
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0c', '\x0b']);
        behind &= !from[..from.len() - rest.len()].contains('\n');
        let comment;
        if let Some(line) = rest.strip_prefix("--") {
            let end = line.find(['\n', '\r']).unwrap_or(line.len());
            (comment, rest) = (&line[..end], &line[end..]);
        } else if rest.starts_with("/*") {
            let Some(end) = end_of_block(rest) else {
                return found;
            };
            (comment, rest) = (&rest[2..end - 2], &rest[end..]);
        } else if let Some(next) = rest.strip_prefix(';') {
            // An empty statement: what stood above it was its own.
            (found, rest, behind) = (Above::Silent, next, true);
            continue;
        } else {
            return found;
        }
        let said = read(comment.trim());
        let misplaced = behind && said != Above::Silent;
        behind &= !comment.contains('\n');
        match if misplaced { Above::Behind } else { said } {
            Above::Silent => {}
            said @ Above::Accept(_) => found = said,
            said => {
                if !matches!(found, Above::Accept(_)) {
                    found = said;
                }
            }
        }
    }
}

/// Where a block comment ends that `text` begins with: they nest.
fn end_of_block(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0usize, 0);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// One comment's text.
fn read(comment: &str) -> Above {
    let Some(said) = without(comment, "schemaguard") else {
        return Above::Silent;
    };
    // Others may write about the guard; only what is addressed to it counts.
    let Some(said) = said.trim_start().strip_prefix(':') else {
        return if without(said.trim_start(), "accept").is_some() {
            Above::Unclear(comment.to_owned())
        } else {
            Above::Silent
        };
    };
    let mut said = said;
    for word in ["accept", "data", "loss"] {
        match without(said.trim_start(), word) {
            Some(behind) => said = behind,
            None => return Above::Unclear(comment.to_owned()),
        }
    }
    match said.trim_start().strip_prefix(':').map(str::trim) {
        Some("") => Above::WithoutReason,
        Some(reason) => Above::Accept(reason.to_owned()),
        None if said.trim().is_empty() => Above::WithoutReason,
        None => Above::Unclear(comment.to_owned()),
    }
}

/// `text` without the word that it begins with, in whatever case.
fn without<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(word.len())?;
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (head.eq_ignore_ascii_case(word) && ends).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accept(reason: &str) -> Above {
        Above::Accept(reason.to_owned())
    }

    #[test]
    fn consent_stands_right_above_its_statement() {
        for text in [
            "-- schemaguard: accept data loss: ticket 7\nDROP TABLE t",
            "--schemaguard: accept data loss: ticket 7\nDROP TABLE t",
            "/* schemaguard: accept data loss: ticket 7 */ DROP TABLE t",
            "\n  -- SchemaGuard :  ACCEPT  data loss :ticket 7  \r\n\n DROP TABLE t",
            "-- schemaguard: accept data loss: ticket 7\n-- more\n/* and /* more */ */ DROP TABLE t",
            "; -- other\n -- schemaguard: accept data loss: ticket 7\nDROP TABLE t",
            "; /* other\n*/ -- schemaguard: accept data loss: ticket 7\nDROP TABLE t",
            ";;\n/* schemaguard: accept data loss: ticket 7 */ DROP TABLE t",
            "-- schemaguard: accept data los: x\n-- schemaguard: accept data loss: ticket 7\nDROP",
            "-- schemaguard: accept data loss: ticket 7\n-- schemaguard: accept data los: x\nDROP",
            "-- schemaguard: accept data loss: x\n-- schemaguard: accept data loss: ticket 7\nDROP",
        ] {
            assert_eq!(above(text), accept("ticket 7"), "{text}");
        }
    }

    #[test]
    fn elsewhere_it_is_text() {
        for text in [
            "DROP TABLE t -- schemaguard: accept data loss: x",
            "'\n-- schemaguard: accept data loss: x\n'",
            "$$\n-- schemaguard: accept data loss: x\n$$",
            "/* /* schemaguard: accept data loss: x */ */ DROP TABLE t",
            "/* -- schemaguard: accept data loss: x\n */ DROP TABLE t",
            "-- /* schemaguard: accept data loss: x */\nDROP TABLE t",
            "/* schemaguard: accept data loss: x",
            "-- schemaguard: accept data loss: x\n; DROP TABLE t",
            "--- schemaguard: accept data loss: x\nDROP TABLE t",
            "-- schemaguards: accept data loss: x\nDROP TABLE t",
            "-- schemaguard refuses this where it is installed\nDROP TABLE t",
            "-- we said: schemaguard: accept data loss: x\nDROP TABLE t",
            "",
        ] {
            assert_eq!(above(text), Above::Silent, "{text}");
        }
    }

    #[test]
    fn what_is_not_right_grants_nothing() {
        for said in [
            "schemaguard: accept dataloss",
            "schemaguard: accept data loss ticket 7",
            "schemaguard: accept data losses: ticket 7",
            "schemaguard accept data loss: ticket 7",
            "schemaguard: ok",
            "schemaguard:",
        ] {
            assert_eq!(above(&format!("-- {said}\nDROP")), Above::Unclear(said.to_owned()));
            assert_eq!(above(&format!("/* {said} */DROP")), Above::Unclear(said.to_owned()));
        }
        for said in ["schemaguard: accept data loss:", "schemaguard: accept data loss"] {
            assert_eq!(above(&format!("--{said}  \nDROP")), Above::WithoutReason);
            assert_eq!(above(&format!("/*{said}\n*/DROP")), Above::WithoutReason);
        }
    }

    #[test]
    fn behind_another_statement_it_is_nobodys() {
        for text in [
            "; -- schemaguard: accept data loss: x\nDROP TABLE t",
            ";/* schemaguard: accept data loss: x */ DROP TABLE t",
            ";/* schemaguard: accept data loss: x\n */ DROP TABLE t",
            "; /* other */ -- schemaguard: accept data loss: x\nDROP TABLE t",
            "\n; -- schemaguard: accept dataloss: x\n\nDROP TABLE t",
        ] {
            assert_eq!(above(text), Above::Behind, "{text}");
        }
        assert_eq!(above("-- schemaguard: accept data loss: x\n;\nDROP"), Above::Silent);
    }

    #[test]
    fn a_reason_may_hold_anything_that_a_comment_may() {
        assert_eq!(
            above("-- schemaguard: accept data loss: it's: \"ünusual\" ; */"),
            accept("it's: \"ünusual\" ; */")
        );
        assert_eq!(
            above("/* schemaguard: accept data loss: a\n   b /* c */ */"),
            accept("a\n   b /* c */")
        );
    }

    proptest! {
        #[test]
        fn what_begins_a_statement_ends_the_search(word in "['\"$(a-zA-Z0-9_]", junk in "(?s).{0,40}") {
            let text = format!("{word}{junk}\n-- schemaguard: accept data loss: x\n");
            prop_assert_eq!(above(&text), Above::Silent);
        }

        #[test]
        fn nothing_fails(text in "(?s)[-/*; \nschemaguard:äx]{0,200}") {
            let _ = above(&text);
        }

        #[test]
        fn a_reason_is_given_back(reason in "[a-zäö0-9][a-zäö0-9 :;']{0,30}[a-z]") {
            prop_assert_eq!(above(&format!("-- schemaguard: accept data loss: {reason}\nDROP")), accept(&reason));
            prop_assert_eq!(above(&format!("/*schemaguard:accept data loss:{reason}*/DROP")), accept(&reason));
        }
    }
}
