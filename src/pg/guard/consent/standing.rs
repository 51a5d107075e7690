//! Standing rules: what a role loses as a matter of routine, such as the old
//! partitions that a retention job drops.

use super::{No, end, ended, must_write, needed, open, record, same_person};
use crate::consent::pattern::Pattern;
use crate::loss::{DROP_TABLE, RULES, TRUNCATE, Victim};
use crate::model::sql::unquoted;
use crate::pg::guard::state;
use crate::pg::ledger::Who;
use crate::pg::settings;
use crate::pg::sys::own::{self, Key, Row};
use crate::pg::sys::table::Value;
use crate::pg::sys::{cstring, raise, text};
use pgrx::datum::Interval;
use pgrx::{IntoDatum, pg_sys};

/// What a standing rule can cover.
const COVERED: [&str; 2] = [DROP_TABLE.code, TRUNCATE.code];

/// A rule as stored.
struct Standing {
    id: i64,
    given_by: String,
    given_as: String,
    reason: String,
    pattern: Pattern,
    rule: String,
    older_than: Option<Interval>,
}

impl Standing {
    fn of(row: &Row) -> Option<Standing> {
        Some(Standing {
            id: row.long(c"id")?,
            given_by: row.text(c"given_by")?,
            given_as: row.text(c"given_as")?,
            reason: row.text(c"reason")?,
            pattern: Pattern::new(unquoted(&row.text(c"pattern")?)).ok()?,
            rule: row.text(c"rule")?,
            older_than: row.interval(c"older_than"),
        })
    }

    /// Whether the rule is for this victim; the error says why its age
    /// speaks against it.
    fn covers(&self, victim: &Victim, now: i64) -> Result<bool, String> {
        if self.rule != victim.rule.code || !self.pattern.matches(&unquoted(&victim.object)) {
            return Ok(false);
        }
        let Some(age) = self.older_than else { return Ok(true) };
        let key = (victim.rule.code, victim.object.clone());
        let bound = state::with(|s| s.seen.get(&key).and_then(|seen| seen.end.clone()));
        let why = match bound {
            Some((end, _)) if i128::from(end) + micros(age) <= i128::from(now) => return Ok(true),
            Some((_, bound)) => format!("its rows may be younger: {bound}"),
            None => "nothing proves the age of its rows: no partition of a range of time".into(),
        };
        Err(format!(
            "{}: standing rule {} is for older rows only, and {why}",
            victim.object, self.id
        ))
    }
}

/// An interval at its longest: no setting of the session, no calendar.
fn micros(interval: Interval) -> i128 {
    const DAY: i128 = 86_400 * 1_000_000;
    i128::from(interval.months()) * 31 * DAY
        + i128::from(interval.days()) * DAY
        + i128::from(interval.micros())
}

/// Standing rules of the current role that together cover all victims.
pub fn ask(victims: &[Victim], no: &mut No) -> Option<String> {
    /// Reasons of more are not repeated.
    const NAMED: usize = 3;
    if victims.iter().any(|v| !COVERED.contains(&v.rule.code)) {
        return None;
    }
    let who = Who::now(false);
    let mut rules: Vec<Standing> = Vec::new();
    let key = Key::Text(c"role", &who.current_user, Some("consent_role_idx"));
    own::rows("consent", key, |row| rules.extend(Standing::of(row)));
    rules.retain(|r| {
        let own = settings::two_person()
            && same_person((&r.given_by, &r.given_as), (&who.session_user, &who.current_user));
        !own && ended(r.id).is_none()
    });
    rules.sort_by_key(|r| r.id);
    let mut used: Vec<&Standing> = Vec::new();
    let mut notes = Vec::new();
    let mut uncovered = Vec::new();
    for victim in victims {
        let mut too_young = None;
        let covering = rules.iter().find(|r| match r.covers(victim, who.at) {
            Ok(covers) => covers,
            Err(why) => {
                too_young.get_or_insert(why);
                false
            }
        });
        match (covering, too_young) {
            (Some(rule), _) if !used.iter().any(|u| u.id == rule.id) => used.push(rule),
            (Some(_), _) => {}
            (None, Some(why)) => notes.push(why),
            (None, None) => uncovered.push(victim),
        }
    }
    if notes.is_empty() && uncovered.is_empty() {
        let mut reasons: Vec<String> = used
            .iter()
            .take(NAMED)
            .map(|r| format!("{} (standing rule {} by {})", r.reason, r.id, r.given_by))
            .collect();
        if used.len() > NAMED {
            reasons.push("…".into());
        }
        return Some(reasons.join("; "));
    }
    if !used.is_empty() || !notes.is_empty() {
        let line = |v: &&Victim| {
            format!("{}: no standing rule of {} covers it", v.object, who.current_user)
        };
        notes.extend(uncovered.iter().map(line));
    }
    let more = notes.len().saturating_sub(20);
    no.notes.extend(notes.into_iter().take(20));
    if more > 0 {
        no.notes.push(format!("… and {more} more that standing rules do not cover"));
    }
    None
}

/// Makes a standing rule and returns its number.
pub fn allow(
    role: &str,
    pattern: &str,
    rule: &str,
    reason: &str,
    older_than: Option<Interval>,
) -> i64 {
    must_write(c"allow()");
    let reason = needed(reason, "SELECT schemaguard.allow('…', '…', '…', 'why');");
    // SAFETY: a catalog lookup by name.
    let role_oid = unsafe { pg_sys::get_role_oid(cstring(role).as_ptr(), true) };
    if role_oid == pg_sys::InvalidOid {
        raise("SG005", format!("role \"{role}\" does not exist"), None, None);
    }
    if !COVERED.contains(&rule) {
        let known = RULES.iter().any(|r| r.code == rule);
        let what = if known { "can not be allowed for good" } else { "does not exist" };
        raise(
            "SG005",
            format!("rule \"{rule}\" {what}"),
            None,
            Some(format!("A standing rule covers {}.", COVERED.join(" or "))),
        );
    }
    if let Err(why) = Pattern::new(unquoted(pattern)) {
        raise(
            "SG005",
            format!("pattern \"{pattern}\" can not be taken: {why}"),
            None,
            Some(
                "Name the schema and most of the name, with % for any characters: public.events_%"
                    .into(),
            ),
        );
    }
    if older_than.is_some_and(|age| micros(age) <= 0) {
        raise(
            "SG005",
            "older_than has to be a time before now",
            None,
            Some("For example: older_than => '90 days'.".into()),
        );
    }
    let who = Who::now(true);
    // SAFETY: membership lookups.
    let own = unsafe {
        [pg_sys::GetSessionUserId(), pg_sys::GetUserId()]
            .into_iter()
            .any(|user| pg_sys::is_member_of_role_nosuper(user, role_oid))
    };
    if settings::two_person() && own {
        raise(
            "SG005",
            format!("who can act as role {role} may not allow it anything"),
            Some("schemaguard.two_person is on.".into()),
            Some("Ask somebody else, who is no member of that role.".into()),
        );
    }
    let mut table = open("consent");
    let id = table.append(1, |_| {
        let mut row = vec![
            Value::from("standing rule"),
            Value::from(reason.as_str()),
            Value::from(who.session_user.as_str()),
            Value::from(who.current_user.as_str()),
            Value::Timestamp(who.at),
        ];
        // The columns of an approval.
        row.extend((0..9).map(|_| Value::Null));
        row.extend([
            Value::from(role),
            Value::from(pattern),
            Value::from(rule),
            older_than.map_or(Value::Null, Value::Interval),
        ]);
        vec![row]
    });
    table.close();
    let object = format!("standing rule {id}");
    record(&who, "ALLOW", "create", &object, Some(&reason), words(role, pattern, rule, older_than));
    id
}

/// What a rule allows, in words.
fn words(role: &str, pattern: &str, rule: &str, older_than: Option<Interval>) -> String {
    let age = older_than.and_then(IntoDatum::into_datum).and_then(|age| {
        // SAFETY: the output function of the value's type.
        unsafe {
            text(pg_sys::OidOutputFunctionCall(pg_sys::Oid::from(pg_sys::F_INTERVAL_OUT), age))
        }
    });
    let age = age.map_or(String::new(), |age| format!(", rows older than {age}"));
    format!("role {role}: {rule} of {pattern}{age}")
}

/// Takes a standing rule back.
pub fn disallow(id: Option<i64>) {
    must_write(c"disallow()");
    let who = Who::now(true);
    let mut found = None;
    if let Some(id) = id {
        own::rows("consent", Key::Number(id, "consent_pkey"), |row| {
            if row.text(c"kind").as_deref() == Some("standing rule") {
                let word = |name| row.text(name).unwrap_or_default();
                let age = row.interval(c"older_than");
                found = Some((id, words(&word(c"role"), &word(c"pattern"), &word(c"rule"), age)));
            }
        });
    }
    match found {
        Some((id, words)) if end(id, "void", &who) => {
            record(&who, "DISALLOW", "drop", &format!("standing rule {id}"), None, words);
        }
        _ => raise(
            "SG005",
            format!(
                "there is no standing rule {}",
                id.map_or("NULL".to_owned(), |id| id.to_string())
            ),
            None,
            Some("Those in force: SELECT * FROM schemaguard.standing_rules;".into()),
        ),
    }
}
