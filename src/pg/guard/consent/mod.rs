//! Consent to lose data, in the order in which it is looked for: for the rest
//! of the transaction, by a comment above the statement, by somebody else's
//! approval, by a standing rule.
//!
//! Nothing here is asked before something would be lost. What is kept in
//! tables is read and written below SQL.

mod approval;
mod standing;

pub use approval::{approve, asked, revoke as revoke_approval};
pub use standing::{allow, disallow};

use super::state::{self, Consent, Seen};
use super::statement;
use crate::consent::comment::Above;
use crate::loss::{DROP_DATABASE, DROP_GUARD, Victim};
use crate::pg::identity::Address;
use crate::pg::ledger::{self, Verdict, Who};
use crate::pg::settings;
use crate::pg::sys::own::{self, Key};
use crate::pg::sys::table::{Table, Value};
use crate::pg::sys::{self, catalog, context, raise, server, version};
use crate::source::sql::redact;
use pgrx::pg_sys;

/// Takes consent; an empty reason is refused with SG005.
pub fn accept(reason: &str) {
    if settings::two_person() {
        raise(
            "SG005",
            "consent to lose data has to come from somebody else",
            Some("schemaguard.two_person is on.".into()),
            Some(
                "Run the statement without it: the refusal has the call of schemaguard.approve() that somebody else makes."
                    .into(),
            ),
        );
    }
    let reason = needed(reason, "SELECT schemaguard.accept_data_loss('…');");
    let depth = sys::transaction_depth();
    state::with(|s| {
        s.consents.push(Consent { depth, reason, used: None });
    });
}

/// Takes consent to move the schema away from the declared one; an empty
/// reason is refused with SG005.
pub fn accept_drift(reason: &str) {
    let reason = reason.trim();
    if reason.is_empty() {
        raise(
            "SG005",
            "consent to leave the declared schema needs a reason",
            None,
            Some("Say why: SELECT schemaguard.accept_drift('…');".to_owned()),
        );
    }
    let depth = sys::transaction_depth();
    state::with(|s| s.off_course.push((depth, reason.to_owned())));
}

/// The reason, which must not be empty.
fn needed(reason: &str, call: &str) -> String {
    let reason = reason.trim();
    if reason.is_empty() {
        raise(
            "SG005",
            "consent to lose data needs a reason",
            None,
            Some(format!("Say what is lost and why that is right: {call}")),
        );
    }
    reason.to_owned()
}

/// The reason in force, if there is one.
pub fn in_force() -> Option<String> {
    state::with(|s| s.consents.last().map(|c| c.reason.clone()))
}

/// Why there is no consent, where somebody may think that there is.
#[derive(Default)]
pub struct No {
    /// For the detail of the refusal, below the victims.
    pub notes: Vec<String>,
    /// For its hint.
    pub hints: Vec<String>,
}

/// Whether somebody has consented to lose `victims` by the statement with
/// this text; the reason, with whose it is.
///
/// `by_client` tells that the statement is the client's own, not one that
/// runs inside of it: only for that a comment can speak.
pub fn ask(text: Option<&str>, by_client: bool, victims: &[Victim]) -> Result<String, No> {
    let depth = sys::transaction_depth();
    let two_person = settings::two_person();
    let mut no = No::default();
    let given = state::with(|s| {
        let consent = s.consents.last_mut().filter(|_| !two_person)?;
        consent.used.get_or_insert(depth);
        Some(consent.reason.clone())
    });
    if let Some(reason) = given {
        return Ok(reason);
    }
    if !is_for_others(victims) {
        return Err(no);
    }
    if let Some(reason) = by_comment(by_client, &mut no) {
        return Ok(reason);
    }
    if let Some(reason) = approval::ask(text, victims, &mut no) {
        return Ok(reason);
    }
    standing::ask(victims, &mut no).ok_or(no)
}

/// Notes what a victim is, while the catalog still knows it.
pub fn note(address: Address, victim: &Victim) {
    let table = address.class == pg_sys::RelationRelationId && address.sub == 0;
    let end = if table { catalog::partition_ends(address.object) } else { None };
    let key = (victim.rule.code, victim.object.clone());
    state::with(|s| s.seen.insert(key, Seen { address, end }));
}

/// Whether anything but accept_data_loss() can cover these. Where the guard
/// itself goes, so do the tables and functions that would have to be asked;
/// a database is marked on itself.
fn is_for_others(victims: &[Victim]) -> bool {
    let own_way = [DROP_GUARD.code, DROP_DATABASE.code];
    !victims.iter().any(|v| own_way.contains(&v.rule.code)) && sys::extension().is_some()
}

/// What a comment above a statement that lost nothing would have consented to:
/// not worth a word to the client, whose file serves full and empty databases,
/// but in the record.
pub fn unused_comment() -> Option<String> {
    match statement::above() {
        Above::Accept(reason) => {
            Some(format!("{reason} (comment above the statement, which lost nothing)"))
        }
        _ => None,
    }
}

/// By a comment right above the statement, if the role may consent at all.
fn by_comment(by_client: bool, no: &mut No) -> Option<String> {
    const RIGHT: &str = "It has to read: -- schemaguard: accept data loss: why";
    match statement::above() {
        Above::Silent => None,
        Above::Accept(_) if !by_client => {
            no.notes.push(
                "The comment above the statement covers that alone, not what runs inside of it."
                    .into(),
            );
            None
        }
        Above::Behind => {
            no.hints.push(
                "The comment behind the statement before grants nothing: it has to begin on a line of its own."
                    .into(),
            );
            None
        }
        Above::Accept(_) if settings::two_person() => {
            no.notes.push(
                "The comment above the statement grants nothing: schemaguard.two_person is on."
                    .into(),
            );
            None
        }
        Above::Accept(reason) => {
            if server::own_function("accept_data_loss").is_some_and(version::may_execute) {
                return Some(format!("{reason} (comment above the statement)"));
            }
            no.notes.push(format!(
                "The comment above the statement grants nothing: role {} has no EXECUTE on schemaguard.accept_data_loss(text).",
                Who::now(false).current_user
            ));
            None
        }
        Above::WithoutReason => {
            no.hints.push(format!(
                "The comment above the statement gives no reason, and so no consent. {RIGHT}"
            ));
            None
        }
        Above::Unclear(said) => {
            let said: String = said.lines().next().unwrap_or_default().chars().take(80).collect();
            no.hints.push(format!(
                "The comment above the statement was not understood, and grants nothing: {said}\n{RIGHT}"
            ));
            None
        }
    }
}

/// Raises where this session must not write: READ ONLY, a standby.
fn must_write(function: &std::ffi::CStr) {
    // SAFETY: a check that raises.
    unsafe { pg_sys::PreventCommandIfReadOnly(function.as_ptr()) };
}

fn open(table: &str) -> Table {
    Table::open(table).unwrap_or_else(|| {
        raise("SG005", "the extension schemaguard is not installed in this database", None, None)
    })
}

/// What ended an approval or a standing rule: `used` or `void`.
fn ended(consent: i64) -> Option<String> {
    let mut state = None;
    own::rows("consent_end", Key::Number(consent, "consent_end_pkey"), |row| {
        state = row.text(c"state");
    });
    state
}

/// Ends an approval or a standing rule in this transaction. False where
/// another transaction, that is waited for, has done so.
fn end(consent: i64, state: &str, who: &Who) -> bool {
    let mut table = open("consent_end");
    table.lock_number(consent);
    let free = ended(consent).is_none();
    if free {
        // SAFETY: in a transaction that writes.
        let transaction = unsafe { pg_sys::GetTopFullTransactionId() }.value;
        table.insert(vec![
            Value::Long(consent),
            Value::from(state),
            Value::Timestamp(who.at),
            Value::TransactionId(transaction),
            Value::from(who.session_user.as_str()),
            Value::from(who.current_user.as_str()),
        ]);
    }
    table.close();
    free
}

/// Keeps for the record what was consented to, or taken back.
fn record(
    who: &Who,
    tag: &'static str,
    action: &'static str,
    object: &str,
    reason: Option<&str>,
    detail: String,
) {
    let statement = ledger::Statement {
        who: who.clone(),
        text: context::query_string().map(|q| redact(q.trim()).into_owned()),
        same_text_as: None,
        context: statement::inside().and_then(|stack| stack.lines().next().map(str::to_owned)),
        verdict: Verdict::Allowed,
        rule: None,
        reason: reason.map(str::to_owned),
        message: None,
        detail: Some(detail),
    };
    let object = ledger::Object {
        command_tag: tag.into(),
        action: action.into(),
        object_type: "consent".into(),
        object: object.to_owned(),
        parts: Vec::new(),
        formerly: None,
        definition: None,
    };
    ledger::write(&statement, &[object]);
}

/// Whether two people are one: by the role that logged in or the one acted as.
fn same_person(who: (&str, &str), other: (&str, &str)) -> bool {
    [who.0, who.1].iter().any(|name| *name == other.0 || *name == other.1)
}
