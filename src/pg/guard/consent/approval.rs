//! Approval: somebody lets a refused statement run once. It is bound to the
//! statement's words, to who ran it and where, and to what was at stake.

use super::{No, end, ended, is_for_others, must_write, needed, open, record, same_person};
use crate::consent::stake::{self, Stake};
use crate::loss::Victim;
use crate::pg::guard::state;
use crate::pg::ledger::{Asked, Who};
use crate::pg::settings;
use crate::pg::sys::own::{self, Key, Row};
use crate::pg::sys::table::Value;
use crate::pg::sys::{self, error, raise};
use crate::source::sql::{NOT_KEPT, fingerprint};
use std::collections::HashSet;

/// Who wants to run what, as a hash: the statement's words as they are
/// recorded, the roles, the database. None where the words aren't known.
fn request(text: Option<&str>, who: &Who) -> Option<String> {
    let text = text.filter(|t| !t.is_empty() && *t != NOT_KEPT)?;
    let all = (&who.session_user, &who.current_user, &who.database, fingerprint(text));
    Some(sys::sha256(&serde_json::to_string(&all).unwrap_or_default()))
}

/// Tells a victim from another of the same name: after a rename, the approval
/// of one is none of the other. A hash, since oids don't outlive a dump.
fn mark(victim: &Victim) -> Option<String> {
    let key = (victim.rule.code, victim.object.clone());
    let address = state::with(|s| s.seen.get(&key).map(|seen| seen.address))?;
    let mut mark = sys::sha256(&format!("{:?} {address:?}", sys::database()));
    mark.truncate(16);
    Some(mark)
}

/// What somebody else would have to approve; None where nobody can.
pub fn asked(text: Option<&str>, victims: &[Victim]) -> Option<Asked> {
    /// Enough digits to tell refusals apart. Only what is in the record can be
    /// approved, and it is looked up there: nothing hangs on these few digits.
    const DIGITS: usize = 16;
    if !is_for_others(victims) {
        return None;
    }
    let request = request(text, &Who::now(false))?;
    let shown = serde_json::to_string(&stake::of(victims, |_| None)).ok()?;
    let mut digest = sys::sha256(&format!("{request} {shown}"));
    digest.truncate(DIGITS);
    let at_stake = serde_json::to_string(&stake::of(victims, mark)).ok()?;
    Some(Asked { digest, request, at_stake })
}

/// A stored approval.
struct Approval {
    id: i64,
    given_by: String,
    given_as: String,
    reason: String,
    valid_until: i64,
    at_stake: Vec<Stake>,
}

impl Approval {
    fn of(row: &Row) -> Option<Approval> {
        Some(Approval {
            id: row.long(c"id")?,
            given_by: row.text(c"given_by")?,
            given_as: row.text(c"given_as")?,
            reason: row.text(c"reason")?,
            valid_until: row.long(c"valid_until")?,
            at_stake: serde_json::from_str(&row.json(c"at_stake")?).ok()?,
        })
    }
}

/// An approval that covers all victims; it is used up with this transaction.
pub fn ask(text: Option<&str>, victims: &[Victim], no: &mut No) -> Option<String> {
    const DAY: i64 = 86_400 * 1_000_000;
    let who = Who::now(false);
    let request = request(text, &who)?;
    let mut known: Vec<Approval> = Vec::new();
    own::rows("consent", Key::Text(c"request", &request, Some("consent_request_idx")), |row| {
        known.extend(Approval::of(row));
    });
    known.sort_by_key(|a| a.id);
    // Of those that are over for long, nobody thinks that they cover anything.
    known.retain(|a| a.valid_until > who.at.saturating_sub(DAY));
    // TRUNCATE is judged table by table: its one approval holds for all.
    let command = sys::command_id();
    let mut why_not = Vec::new();
    for approval in known {
        let by = person(&approval.given_by, &approval.given_as);
        let in_use = state::with(|s| {
            s.approvals.iter().any(|used| used.id == approval.id && used.command == command)
        });
        let beyond = || {
            let lines = stake::beyond(&approval.at_stake, victims, mark).into_iter();
            lines.map(|line| format!("beyond the approval by {by}: {line}")).collect()
        };
        why_not = if in_use {
            beyond()
        } else if let Some(state) = ended(approval.id) {
            vec![if state == "used" {
                format!("the approval by {by} has been used")
            } else {
                format!("the approval by {by} was taken back")
            }]
        } else if approval.valid_until <= who.at {
            vec![format!("the approval by {by} has expired")]
        } else if settings::two_person()
            && same_person(
                (&approval.given_by, &approval.given_as),
                (&who.session_user, &who.current_user),
            )
        {
            vec![format!(
                "the approval by {by} is by the one who asks (schemaguard.two_person is on)"
            )]
        } else {
            beyond()
        };
        if !why_not.is_empty() {
            continue;
        }
        if !in_use {
            if !end(approval.id, "used", &who) {
                why_not = vec![format!("the approval by {by} has been used")];
                continue;
            }
            let depth = sys::transaction_depth();
            state::with(|s| {
                s.approvals.push(state::Used { depth, id: approval.id, command });
            });
        }
        return Some(format!("{} (approved by {by})", approval.reason));
    }
    no.notes.append(&mut why_not);
    None
}

/// A refused statement, as the record has it.
struct Refusal {
    id: i64,
    request: String,
    session_user: String,
    current_user: String,
    database: String,
    statement: String,
    detail: String,
    at_stake: String,
    /// An earlier one with the same digest was of other objects: the names
    /// are the same, and all that a person is shown.
    renamed: bool,
}

/// The last refusal with a digest.
fn refusal(digest: &str) -> Option<Refusal> {
    let mut last: Option<Refusal> = None;
    let mut marks: HashSet<String> = HashSet::new();
    own::rows("ddl_entry", Key::Text(c"digest", digest, None), |row| {
        let id = row.long(c"id").unwrap_or(0);
        if row.text(c"verdict").as_deref() != Some("refused") {
            return;
        }
        let at_stake = row.json(c"at_stake").unwrap_or_default();
        marks.insert(at_stake.clone());
        if last.as_ref().is_some_and(|l| l.id > id) {
            return;
        }
        let text = |name| row.text(name).unwrap_or_default();
        last = Some(Refusal {
            id,
            request: text(c"request"),
            session_user: text(c"session_user_name"),
            current_user: text(c"current_user_name"),
            database: text(c"database"),
            statement: text(c"statement"),
            detail: text(c"detail"),
            at_stake,
            renamed: false,
        });
    });
    last.map(|l| Refusal { renamed: marks.len() > 1, ..l })
}

/// Approves a refused statement.
pub fn approve(digest: &str, reason: &str, valid_for: Option<i128>) {
    const SECOND: i128 = 1_000_000;
    const LONGEST: i128 = 7 * 86_400 * SECOND;
    must_write(c"approve()");
    let reason = needed(reason, "SELECT schemaguard.approve('…', 'why');");
    let valid_for = valid_for.filter(|v| (1..=LONGEST).contains(v)).unwrap_or_else(|| {
        raise(
            "SG005",
            "an approval is valid for some time, and for 7 days at most",
            None,
            Some("For example: valid_for => '2 hours'.".into()),
        )
    });
    let digest = digest.trim().to_ascii_lowercase();
    let Some(refused) = refusal(&digest) else { unknown(&digest) };
    let who = Who::now(true);
    if refused.database != who.database {
        raise(
            "SG005",
            format!("the statement with digest {digest} was refused in database {}", refused.database),
            None,
            Some("An approval holds for one database. Run the statement here: the refusal has the digest.".into()),
        );
    }
    let asker = (refused.session_user.as_str(), refused.current_user.as_str());
    if settings::two_person() && same_person(asker, (&who.session_user, &who.current_user)) {
        raise(
            "SG005",
            "who wants to run a statement may not approve it",
            Some(format!(
                "It was refused to {}; schemaguard.two_person is on.",
                person(asker.0, asker.1)
            )),
            Some("Ask somebody else, who logs in as another role and approves without SET ROLE to yours.".into()),
        );
    }
    let until = who.at.saturating_add(i64::try_from(valid_for).unwrap_or(0));
    let mut table = open("consent");
    table.append(1, |_| {
        vec![vec![
            Value::from("approval"),
            Value::from(reason.as_str()),
            Value::from(who.session_user.as_str()),
            Value::from(who.current_user.as_str()),
            Value::Timestamp(who.at),
            Value::Timestamp(until),
            Value::from(digest.as_str()),
            Value::from(refused.request.as_str()),
            Value::from(refused.database.as_str()),
            Value::from(refused.session_user.as_str()),
            Value::from(refused.current_user.as_str()),
            Value::from(refused.statement.as_str()),
            Value::from(refused.detail.as_str()),
            Value::Input(&refused.at_stake),
        ]]
    });
    table.close();
    let mut detail = format!("{}\n{}", refused.statement, refused.detail);
    if refused.renamed {
        detail.push_str(
            "\nAn earlier refusal with this digest was of another object with the same name. This is for the last one.",
        );
    }
    record(&who, "APPROVE", "create", &digest, Some(&reason), detail.clone());
    error::notice_with_detail(
        format!("{} may run this once, if no more is at stake by then", person(asker.0, asker.1)),
        detail,
    );
}

/// `alice`, or `alice as app` after SET ROLE.
fn person(session_user: &str, current_user: &str) -> String {
    if session_user == current_user {
        session_user.to_owned()
    } else {
        format!("{session_user} as {current_user}")
    }
}

fn unknown(digest: &str) -> ! {
    raise(
        "SG005",
        format!("no statement was refused with digest \"{digest}\" in this database"),
        None,
        Some(
            "The refusal's hint has it; all are in: SELECT at, digest, statement, detail FROM schemaguard.refused ORDER BY id DESC;"
                .into(),
        ),
    )
}

/// Takes back every approval with this digest that can still be used.
pub fn revoke(digest: &str) {
    must_write(c"revoke_approval()");
    let digest = digest.trim().to_ascii_lowercase();
    let who = Who::now(true);
    let Some(refused) = refusal(&digest) else { unknown(&digest) };
    let mut open_ones: Vec<i64> = Vec::new();
    let key = Key::Text(c"request", &refused.request, Some("consent_request_idx"));
    own::rows("consent", key, |row| {
        let valid = row.long(c"valid_until").is_some_and(|until| until > who.at);
        if valid && row.text(c"digest").as_deref() == Some(digest.as_str()) {
            open_ones.extend(row.long(c"id"));
        }
    });
    let taken = open_ones.into_iter().filter(|id| end(*id, "void", &who)).count();
    if taken == 0 {
        raise(
            "SG005",
            format!("no approval of {digest} can be taken back"),
            Some(
                "There is none, or it was used or has expired: schemaguard.approvals tells.".into(),
            ),
            None,
        );
    }
    record(&who, "REVOKE APPROVAL", "drop", &digest, None, refused.statement);
}
