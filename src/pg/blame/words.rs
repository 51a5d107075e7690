//! What statements say that change something, as patterns.

use super::is_extra_index;
use crate::drift::Difference;
use std::borrow::Cow;
use std::collections::HashSet;

/// What a statement says that changes such an attribute, as a pattern. Only
/// to choose between statements that touched the object: none of them has to
/// match.
pub(super) fn words(d: &Difference) -> Option<Cow<'static, str>> {
    if d.kind.name == "default privileges" {
        return Some(r"\mdefault\s+privileges\M".into());
    }
    // A partition's index is made by nobody: it becomes one of its own.
    if is_extra_index(d) {
        return Some(r"\mdetach\M".into());
    }
    let words = match (d.kind.name, d.attribute.as_deref()?) {
        (_, "comment" | "comments_on_partitions") => r"\mcomment\M",
        (_, "column_comments") => r"\mcomment\s+on\s+column\M",
        (_, "index_comment") => r"\mcomment\s+on\s+index\M",
        (_, "constraint_comment") => r"\mcomment\s+on\s+constraint\M",
        (_, "owner") => r"\mowner\M|\mreassign\M",
        (_, "grants" | "column_grants") => return Some(words_of_rights(d, "grant|revoke").into()),
        (_, "security_labels") => r"\mlabel\M",
        (_, "depends_on_extensions") => r"\mdepends\s+on\M",
        ("column", "type" | "collation") => r"\mtype\M",
        ("column", "default") => r"\mdefault\M",
        ("column", "not_null" | "not_null_validated" | "not_null_no_inherit") => {
            r"\mnull\M|\mprimary\s+key\M"
        }
        ("column", "not_null_name") => r"\mrename\M|\mnull\M",
        ("domain", "not_null_name") => r"\m(rename|add)\M",
        ("column", "identity" | "generated") => {
            r"\m(identity|generated|expression|increment|minvalue|maxvalue|start|cache|cycle)\M"
        }
        ("column", "storage") => r"\mstorage\M",
        ("column", "compression") => r"\mcompression\M",
        ("column", "statistics") => r"\mstatistics\M",
        (
            "column" | "table" | "view" | "materialized view" | "index" | "partition index",
            "options" | "storage_parameters",
        ) => r"\m(re)?set\s*\(",
        ("partition index", "called") => r"\mrename\M",
        ("constraint", "storage_parameters") => r"\mset\s*\(|\mwith\s*\(",
        ("constraint", "validated") => r"\mvalid(ate)?\M",
        ("constraint", "triggers") => {
            r#"\m(en|dis)able\M.*\mtrigger\s+(all\M|"?RI_ConstraintTrigger)"#
        }
        ("trigger" | "rule", "enabled" | "enabled_on_partitions") => r"\m(en|dis)able\M",
        ("trigger" | "rule", "definition") => r"\mcreate\M",
        ("table" | "sequence", "persistence") => r"\m(un)?logged\M",
        ("table", "row_security") => r"\m(en|dis)able\s+row\M",
        ("table", "force_row_security") => r"\mforce\M",
        ("table", "replica_identity") => r"\mreplica\s+identity\M",
        ("table" | "materialized view", "clustered_on") => r"\mcluster\M",
        ("table", "inherits") => r"\minherit\M",
        ("table", "partition_of" | "partition_bound") => r"\m(at|de)tach\M",
        // It comes with its table, or with the table's name.
        ("table", "partition_key") => r"\mpartition\s+by\M|\mrename\s+to\M|\mset\s+schema\M",
        ("sequence", "owned_by") => r"\mowned\M",
        ("function" | "procedure", "body" | "arguments" | "result" | "language") => r"\mcreate\M",
        ("function", "volatility") => r"\m(immutable|stable|volatile|create)\M",
        ("function", "strict") => r"\m(strict|input|create)\M",
        ("function" | "procedure", "security_definer") => r"\m(definer|invoker|create)\M",
        ("function" | "procedure", "settings") => r"\m(set|reset|create)\M",
        ("function", "leakproof") => r"\m(leakproof|create)\M",
        ("function", "parallel") => r"\m(parallel|create)\M",
        ("function", "cost") => r"\m(cost|create)\M",
        ("function", "rows") => r"\m(rows|create)\M",
        ("function", "support") => r"\m(support|create)\M",
        ("view", "column_defaults") => r"\mdefault\M",
        ("enum", "labels") => r"\mvalue\M",
        ("domain", "default") => r"\mdefault\M",
        ("domain", "not_null") => r"\mnull\M",
        ("sequence", "increment" | "cache" | "cycle" | "start" | "min" | "max" | "type") => {
            return Some(words_of_sequence(d.attribute.as_deref()?).into());
        }
        ("view" | "materialized view", "definition") => r"\mcreate\M",
        ("publication", "tables") => r"\malter\s+publication\M",
        ("publication", "publish" | "via_partition_root" | "generated_columns") => r"\mpublish",
        ("foreign data wrapper" | "foreign server" | "foreign table", "options") => r"\moptions\M",
        ("foreign server", "version") => r"\mversion\M",
        ("composite", "attributes") => r"\mattribute\M",
        ("range", "multirange" | "constructor" | "multirange_constructor") => {
            r"\mrename\M|\mset\s+schema\M"
        }
        ("base type", "storage") => r"\mstorage\M",
        ("operator family", "members") => r"\m(add|drop)\M",
        ("policy", "roles") => r"\mto\M",
        ("index", "definition" | "unique" | "table") => r"\mcreate\M",
        ("extension", "schema") => r"\mschema\M",
        ("extension", "version") => r"\mupdate\M",
        _ => return None,
    };
    Some(words.into())
}

/// What a statement says of a sequence.
fn words_of_sequence(attribute: &str) -> String {
    match attribute {
        // A sequence of another type has other bounds.
        "min" | "max" => format!(r"\m({attribute}value|as)\M"),
        "type" => r"\mas\M".to_owned(),
        _ => format!(r"\m{attribute}\M"),
    }
}

/// What a statement says that gives or takes these rights; another owner has
/// other rights.
pub(super) fn words_of_rights(d: &Difference, verbs: &str) -> String {
    let rights = |text: &Option<String>| -> HashSet<(String, String)> {
        let mut rights = HashSet::new();
        let mut before = Vec::new();
        for item in text.as_deref().unwrap_or_default().split(", ") {
            let (right, role) = match item.split_once(" TO ") {
                Some((right, role)) => (right, Some(role)),
                None => (item, None),
            };
            // A view's columns stand before theirs.
            let right = right.rsplit(' ').next().unwrap_or_default();
            before.push(right.trim_end_matches('*').to_owned());
            if let Some(role) = role {
                let role = role.trim_matches('"');
                rights.extend(before.drain(..).map(|right| (right, role.to_owned())));
            }
        }
        rights
    };
    let (declared, actual) = (rights(&d.declared), rights(&d.actual));
    let mut differing: Vec<_> = declared.symmetric_difference(&actual).collect();
    differing.sort();
    let owners = differing.iter().any(|(_, role)| role == "its owner");
    let roles: Vec<String> = differing.iter().map(|(_, role)| escaped(role)).collect();
    let roles = match owners || roles.is_empty() {
        true => String::new(),
        false => format!(r".*({}|\mcurrent_|\msession_user)", roles.join("|")),
    };
    // Whose rights one side doesn't list has there what he has by default.
    let lists =
        |side: &HashSet<(String, String)>, whose: &str| side.iter().any(|(_, r)| r == whose);
    let by_default = ["its owner", "PUBLIC"]
        .iter()
        .any(|whose| lists(&declared, whose) != lists(&actual, whose));
    let rights: Vec<&str> = differing.iter().map(|(right, _)| right.as_str()).collect();
    let rights = match rights.is_empty() || rights.contains(&"nothing") || by_default {
        true => String::new(),
        false => format!(r".*\m(all|{})\M", rights.join("|")),
    };
    format!(r"\m(owner|owned)\M|\m({verbs})\M{rights}{roles}")
}

/// A text as a pattern that only it matches.
fn escaped(text: &str) -> String {
    let special = |c: char| !c.is_alphanumeric() && c != '_' && c.is_ascii();
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// A name in a statement, not as a piece of a longer one, as a pattern; one
/// that every statement matches for none.
pub(super) fn word(name: &str) -> String {
    match name {
        "" => String::new(),
        _ => format!(r"(^|\W){}(\W|$)", escaped(name)),
    }
}

/// The same where it isn't known: mostly it is said as the attribute is called.
pub(super) fn guessed(d: &Difference) -> String {
    let attribute = d.attribute.as_deref().unwrap_or_default();
    match attribute.is_empty() {
        true => String::new(),
        false => format!(r"\m({})\M", attribute.replace('_', "|")),
    }
}

/// The command tags of statements that change such an attribute, as a pattern.
pub(super) fn tags(d: &Difference) -> &'static str {
    if d.kind.name == "default privileges" {
        return "";
    }
    match d.attribute.as_deref() {
        Some(
            "comment"
            | "comments_on_partitions"
            | "column_comments"
            | "index_comment"
            | "constraint_comment",
        ) => "^COMMENT",
        Some("security_labels") => "^SECURITY LABEL",
        Some("grants" | "column_grants" | "sequence_grants") => {
            "^(GRANT|REVOKE|ALTER|REASSIGN|DROP)"
        }
        Some("owner") => "^(ALTER|REASSIGN)",
        _ => "^(?!COMMENT|GRANT|REVOKE|SECURITY LABEL|REASSIGN)",
    }
}
