//! DELETE, or MERGE … DELETE, without a condition that chooses rows. A rule of
//! the site, about the statement's form: `schemaguard.require_where`.

use super::{NAMED, Rule, Victim, Words, accepting};

pub const DELETE_WITHOUT_WHERE: Rule = Rule {
    code: "delete_without_where",
    sqlstate: "SG001",
    object_type: "table",
    unit: ("row", "rows"),
    lossless: |object| {
        format!("To delete just some rows: a WHERE that names a column of {object}.")
    },
};

/// Words a statement without a condition that chooses rows: `victims` has the
/// tables that it would change as a whole.
pub fn without_where(what: &str, sql: Option<&str>, victims: &[Victim]) -> Words {
    let merge = what.starts_with("MERGE");
    let rule = victims.first().map_or("", |v| v.rule.code);
    let mut detail: Vec<String> = victims
        .iter()
        .take(NAMED)
        .map(|v| format!("{}: {}", v.object, v.count.words(v.rule.unit)))
        .collect();
    detail.push(
        "schemaguard.require_where is on. A condition that is the same for every row, such as WHERE true, chooses none."
            .to_owned(),
    );
    let lossless = victims.first().map_or(String::new(), |v| match merge {
        true => format!("To choose rows: ON or WHEN … AND with a column of {}.", v.object),
        false => (v.rule.lossless)(&v.object),
    });
    let missing = if merge { "condition" } else { "WHERE" };
    Words {
        message: format!("{what} has no {missing} that chooses rows (rule {rule})"),
        detail: detail.join("\n"),
        hint: format!("{lossless}\nIf every row is meant: {}", accepting(sql)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Count;
    use super::*;

    #[test]
    fn says_what_is_missing_and_both_ways_on() {
        let victim = Victim {
            rule: &DELETE_WITHOUT_WHERE,
            object: "public.users".into(),
            count: Count::Told("every row would be deleted".into()),
            through: None,
        };
        let w = without_where("DELETE FROM public.users", Some("DELETE FROM users"), &[victim]);
        assert_eq!(
            w.message,
            "DELETE FROM public.users has no WHERE that chooses rows (rule delete_without_where)"
        );
        assert!(w.detail.starts_with("public.users: every row would be deleted\n"), "{}", w.detail);
        assert_eq!(
            w.hint,
            "To delete just some rows: a WHERE that names a column of public.users.\nIf every row is meant: BEGIN; SELECT schemaguard.accept_data_loss('why'); DELETE FROM users; COMMIT;"
        );
    }
}
