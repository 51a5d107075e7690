//! What becomes of values when a column's type changes.

/// Base type and modifiers: `numeric(10,2)` is `numeric` and 10, 2.
fn modifiers(of: &str) -> (String, Vec<i64>) {
    match (of.find('('), of.find(')')) {
        (Some(open), Some(close)) if open < close => (
            format!("{}{}", &of[..open], &of[close + 1..]),
            of[open + 1..close].split(',').filter_map(|m| m.trim().parse().ok()).collect(),
        ),
        _ => (of.to_owned(), Vec::new()),
    }
}

/// Whether the server converts by itself, which refuses what doesn't fit
/// where a cast would cut it off.
pub(super) fn assignable(from: &str, to: &str) -> bool {
    const GROUPS: [&[&str]; 3] = [
        &["character varying", "text", "character"],
        &["smallint", "integer", "bigint", "numeric", "real", "double precision"],
        &["date", "timestamp without time zone", "timestamp with time zone"],
    ];
    let (from, to) = (modifiers(from).0, modifiers(to).0);
    from == to || GROUPS.iter().any(|g| g.contains(&&*from) && g.contains(&&*to))
}

/// What a value goes through where the server may have no cast from one type
/// to the other.
pub(super) fn through(from: &str, to: &str) -> &'static str {
    const CAST: [&[&str]; 4] = [
        &["text", "character varying", "character", "name"],
        &["smallint", "integer", "bigint", "numeric", "real", "double precision"],
        &["date", "timestamp without time zone", "timestamp with time zone"],
        &["json", "jsonb"],
    ];
    let (from, to) = (modifiers(from).0, modifiers(to).0);
    // Of the numbers only integer is cast to boolean and back.
    match (from.as_str(), to.as_str()) {
        ("boolean", "integer") | ("integer", "boolean") => return "",
        ("boolean", number) | (number, "boolean") if CAST[1].contains(&number) => {
            return "::integer";
        }
        _ => {}
    }
    let text = [&from, &to].iter().any(|t| CAST[0].contains(&t.as_str()));
    let known = CAST.iter().any(|g| g.contains(&&*from) && g.contains(&&*to));
    if text || known || from == to { "" } else { "::text" }
}

/// Whether values of one type may not survive in another. What isn't known
/// to keep everything counts as narrower.
pub(in crate::model) fn narrows(from: &str, to: &str) -> bool {
    if from == to {
        return false;
    }
    let ((base_from, from_mods), (base_to, to_mods)) = (modifiers(from), modifiers(to));
    if base_from == base_to {
        return match (&*base_from, &from_mods[..], &to_mods[..]) {
            (_, _, []) => base_from == "character",
            ("numeric", [p, s @ ..], [q, t @ ..]) => {
                let (s, t) = (s.first().unwrap_or(&0), t.first().unwrap_or(&0));
                t < s || q - t < p - s
            }
            (_, [n], [m]) => m < n,
            _ => true,
        };
    }
    const WIDER: &[(&str, &[&str])] = &[
        ("smallint", &["integer", "bigint", "numeric", "real", "double precision", "text"]),
        ("integer", &["bigint", "numeric", "double precision", "text"]),
        ("bigint", &["numeric", "text"]),
        ("real", &["double precision", "text"]),
        ("double precision", &["text"]),
        ("numeric", &["text"]),
        ("character varying", &["text"]),
        ("character", &["text", "character varying"]),
        ("uuid", &["text"]),
        ("boolean", &["text"]),
        ("inet", &["text"]),
        ("cidr", &["inet", "text"]),
        ("json", &["text"]),
        ("jsonb", &["json", "text"]),
        ("date", &["timestamp without time zone", "timestamp with time zone", "text"]),
        ("text", &["character varying"]),
        ("bit", &["bit varying"]),
    ];
    let wider = WIDER.iter().any(|(f, list)| *f == base_from && list.contains(&&*base_to));
    let fits = match (&from_mods[..], &to_mods[..]) {
        (_, []) => true,
        ([n], [m]) => base_from.starts_with("character") && m >= n,
        _ => false,
    };
    !(wider && fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts() {
        assert_eq!(through("bigint", "boolean"), "::integer");
        assert_eq!(through("boolean", "numeric(10,2)"), "::integer");
        assert_eq!(through("integer", "boolean"), "");
        assert_eq!(through("integer", "bigint"), "");
        assert_eq!(through("boolean", "text"), "");
        assert_eq!(through("date", "integer"), "::text");
    }

    #[test]
    fn narrowing() {
        for (from, to) in [
            ("character varying(20)", "character varying(30)"),
            ("character varying(20)", "character varying"),
            ("character varying(20)", "text"),
            ("integer", "bigint"),
            ("numeric(10,2)", "numeric(12,2)"),
            ("numeric(10,2)", "numeric"),
            ("text", "character varying"),
            ("timestamp(3) without time zone", "timestamp(6) without time zone"),
        ] {
            assert!(!narrows(from, to), "{from} to {to}");
        }
        for (from, to) in [
            ("character varying(30)", "character varying(20)"),
            ("text", "character varying(20)"),
            ("bigint", "integer"),
            ("numeric(10,2)", "numeric(10,4)"),
            ("numeric(10,2)", "numeric(10,0)"),
            ("numeric", "numeric(10,2)"),
            ("timestamp with time zone", "date"),
            ("text", "integer"),
            ("timestamp(6) without time zone", "timestamp(3) without time zone"),
        ] {
            assert!(narrows(from, to), "{from} to {to}");
        }
    }
}
