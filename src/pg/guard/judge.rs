//! The verdict: consent and mode decide about what the probes have found.

use super::state::{self, Pending, Running};
use super::{consent, probe, run, statement};
use crate::drift::Difference;
use crate::loss::{
    self, ALTER_COLUMN_TYPE, Count, DELETE_WITHOUT_WHERE, DROP_COLUMN, DROP_GUARD, DROP_TABLE,
    MAX_ROWS_LOST, SET_EXPRESSION, SET_UNLOGGED, TRUNCATE, UPDATE_WITHOUT_WHERE, Victim,
};
use crate::migration::prisma::PRISMA;
use crate::pg::identity::Address;
use crate::pg::ledger::{self, Verdict, Who};
use crate::pg::migration;
use crate::pg::on_drift::ON_DRIFT;
use crate::pg::settings::{self, Mode, OnDrift};
use crate::pg::sys::error::{Raised, log, raise, warning};
use crate::pg::sys::event::Dropped;
use crate::pg::sys::{self, context, scan, server, text, version};
use crate::source::sql::redact;
use pgrx::{PgList, pg_sys};
use std::borrow::Cow;

/// The statement that is being judged.
struct Case {
    /// In short, as `DROP TABLE public.users`.
    what: String,
    tag: String,
    text: Option<String>,
    /// Sent by the client itself: a comment above it may speak for it.
    by_client: bool,
    context: Option<String>,
    /// The table or column that the statement names itself.
    named: Option<String>,
}

impl Case {
    /// A statement that no event trigger tells of.
    fn without_trigger(what: &str, tag: &str) -> Case {
        let words = statement::with_current(|tree| Some(statement::words(tree)));
        let words = words.unwrap_or_else(|| statement::Words {
            text: context::query_string().map(|q| redact(q.trim()).into_owned()),
            message: None,
            context: context::call_stack().lines().next().map(str::to_owned),
        });
        Case {
            what: what.to_owned(),
            tag: tag.to_owned(),
            text: words.text,
            by_client: false,
            context: words.context,
            named: None,
        }
    }

    fn row(
        &self,
        verdict: Verdict,
        reason: Option<String>,
        victims: &[Victim],
    ) -> ledger::Statement {
        let words = loss::words(&self.what, self.text.as_deref(), None, victims);
        ledger::Statement {
            who: Who::now(verdict != Verdict::Refused),
            text: self.text.clone(),
            same_text_as: None,
            context: self.context.clone(),
            verdict,
            rule: victims.first().map(|v| v.rule.code.to_owned()),
            reason,
            message: Some(words.message),
            detail: Some(words.detail),
        }
    }

    /// The record's row for something that goes.
    fn object(&self, victim: &Victim) -> ledger::Object {
        let row = object(&self.tag, victim.rule.object_type, unquoted(&victim.object));
        // Rows go by whatever the client sent: SELECT, DO, CALL.
        let action = match victim.rule.code {
            code if code == UPDATE_WITHOUT_WHERE.code => "alter".into(),
            code if code == DELETE_WITHOUT_WHERE.code || code == MAX_ROWS_LOST.code => {
                "drop".into()
            }
            _ => row.action,
        };
        ledger::Object { action, ..row }
    }
}

/// A row for an object that nothing describes.
fn object(tag: &str, object_type: &str, object: String) -> ledger::Object {
    ledger::Object {
        command_tag: Cow::Owned(tag.to_owned()),
        action: action(tag).into(),
        object_type: Cow::Owned(object_type.to_owned()),
        object,
        parts: Vec::new(),
        formerly: None,
        definition: None,
    }
}

/// Decides about victims: comes back with how they were let through, or
/// refuses.
fn decide(case: &Case, victims: &[Victim]) -> (Verdict, Option<String>) {
    // Inside of a function the client's own statement is what has to be run again.
    let client = case.context.as_ref().and_then(|_| context::query_string());
    let sql = client.map(|q| redact(q.trim()).into_owned()).or_else(|| case.text.clone());
    let mut words = loss::words(&case.what, sql.as_deref(), case.named.as_deref(), victims);
    // The guard itself stands first where it goes.
    let guard = victims[0].rule.code == DROP_GUARD.code;
    if guard {
        let what = match case.tag.as_str() {
            tag @ "DROP EXTENSION" => format!("{tag} schemaguard"),
            tag => format!("{tag} dropping extension schemaguard"),
        };
        words.message =
            format!("{what} would take the guard away, and its record (rule drop_guard)");
    }
    if victims.iter().all(|v| v.rule.code == SET_UNLOGGED.code) {
        words.message = format!(
            "{} setting table {} UNLOGGED would put its rows at risk (rule {})",
            case.what, victims[0].object, SET_UNLOGGED.code
        );
    }
    settle(case, victims, words)
}

/// Decides with the words given.
fn settle(case: &Case, victims: &[Victim], words: loss::Words) -> (Verdict, Option<String>) {
    let sqlstate = victims[0].rule.sqlstate;
    let guard = victims[0].rule.code == DROP_GUARD.code;
    let no = match consent::ask(case.text.as_deref(), case.by_client, victims) {
        Ok(reason) => {
            if guard {
                log(format!("schemaguard: {} by consent: {reason}", case.what), Some(words.detail));
            }
            return (Verdict::Accepted, Some(reason));
        }
        Err(no) => no,
    };
    match settings::mode() {
        Mode::Off => (Verdict::Unguarded, None),
        Mode::Observe => (Verdict::Observed, None),
        Mode::Warn => {
            let way = "schemaguard.mode is warn: the statement goes through. In a transaction, ROLLBACK takes it back.";
            warning(Raised {
                sqlstate,
                message: words.message,
                detail: Some(words.detail),
                hint: Some(way.into()),
            });
            (Verdict::Warned, None)
        }
        Mode::Enforce => {
            let asked = consent::asked(case.text.as_deref(), victims);
            let why_not = (!no.notes.is_empty()).then(|| no.notes.join("\n"));
            let mut row = case.row(Verdict::Refused, why_not, victims);
            row.message = Some(words.message.clone());
            row.detail = Some(words.detail.clone());
            let mut detail = vec![words.detail];
            detail.extend(no.notes);
            let recorded = ledger::write_refused(&row, &case.object(&victims[0]), asked.as_ref());
            let digest = asked.filter(|_| recorded).map(|a| a.digest);
            let under = row.who.migration.as_ref().filter(|m| m.tool == PRISMA.name);
            let mut more = no.hints;
            let hints = match under {
                Some(migration) => {
                    more.extend(run::done(Some(&migration.name)));
                    more.push(crate::migration::prisma::again(&migration.name));
                    let own = crate::migration::prisma::accepting(
                        &migration.name,
                        case.context.is_none(),
                    );
                    let lossless = words.hint.rsplit_once('\n').map_or("", |w| w.0);
                    format!("{lossless}\n{own}")
                }
                None => {
                    more.extend(run::done(None));
                    words.hint
                }
            };
            let hint = hint(&hints, digest.as_deref(), more);
            raise(sqlstate, words.message, Some(detail.join("\n")), Some(hint))
        }
    }
}

/// Decides about a statement that has moved the schema away from the declared
/// one; `running` notes how it is let through.
pub fn off_course(running: &mut Running, away: &[Difference]) {
    const NAMED: usize = 10;
    let object = away[0].object();
    let message =
        format!("{} moves the schema away from the declared one (rule {ON_DRIFT})", running.tag);
    let mut detail: Vec<String> =
        away.iter().take(NAMED).map(|d| format!("{}.", d.off())).collect();
    if away.len() > NAMED {
        detail.push(format!("And {} more differences.", away.len() - NAMED));
    }
    let detail = detail.join("\n");
    let consent = state::with(|s| s.off_course.last().map(|c| c.1.clone()));
    let (verdict, reason) = match (consent, settings::on_drift()) {
        (Some(reason), _) => (Verdict::Accepted, Some(reason)),
        (None, OnDrift::Refuse) => {
            let row = ledger::Statement {
                who: Who::now(false),
                text: running.text.clone(),
                same_text_as: None,
                context: running.context.clone(),
                verdict: Verdict::Refused,
                rule: Some(ON_DRIFT.to_owned()),
                reason: None,
                message: Some(message.clone()),
                detail: Some(detail.clone()),
            };
            let object = self::object(running.tag, away[0].object_type(), object);
            ledger::write_refused(&row, &object, None);
            raise("SG002", message, Some(detail), Some(OFF_COURSE.to_owned()))
        }
        (None, OnDrift::Warn | OnDrift::Off) => {
            warning(Raised {
                sqlstate: "SG002",
                message: message.clone(),
                detail: Some(detail.clone()),
                hint: Some(
                    "schemaguard.on_drift is warn: the statement goes through. Declare the schema as it is to be: SELECT schemaguard.declare(…);"
                        .to_owned(),
                ),
            });
            (Verdict::Warned, None)
        }
    };
    running.off_course = Some((message, detail));
    // A loss that was let through says more.
    running.verdict.get_or_insert((verdict, reason));
}

/// The ways to move the schema.
const OFF_COURSE: &str = "Declare the schema as it is to be first, then run the statement again: SELECT schemaguard.declare(…, pending => true);
To do it all the same, in one transaction: BEGIN; SELECT schemaguard.accept_drift('why'); the statement; COMMIT;";

/// The way without a loss, then the ways to consent: one's own, and somebody
/// else's, who can approve only what is in the record.
fn hint(words: &str, digest: Option<&str>, more: Vec<String>) -> String {
    let (lossless, own) = words.rsplit_once('\n').unwrap_or((words, ""));
    let mut lines = vec![lossless.to_owned()];
    let alone = settings::two_person();
    // Who may not consent is not told to.
    let may = server::own_function("accept_data_loss").is_some_and(version::may_execute);
    if !alone && may {
        lines.push(own.to_owned());
    }
    match digest {
        Some(digest) if !alone && !may => lines.push(format!(
            "To lose it on purpose, a role that may consent runs it, or approves it, once: SELECT schemaguard.approve('{digest}', 'why');"
        )),
        Some(digest) if alone => lines.push(format!(
            "To lose it on purpose, somebody else runs: SELECT schemaguard.approve('{digest}', 'why');"
        )),
        Some(digest) => lines.push(format!(
            "Or somebody else approves it, once: SELECT schemaguard.approve('{digest}', 'why');"
        )),
        None if alone => lines.push(
            "While schemaguard.two_person is on nobody can consent to this; a superuser can switch that off."
                .to_owned(),
        ),
        None => {}
    }
    lines.extend(more);
    lines.join("\n")
}

/// A DML statement, worded by its rule. `client` is its text where the client
/// sent it itself.
pub fn dml(what: &str, tag: &str, client: Option<String>, words: loss::Words, victims: &[Victim]) {
    let mut case = Case::without_trigger(what, tag);
    if let Some(text) = client {
        case.text = Some(redact(&text).into_owned());
        case.context = None;
        case.by_client = true;
    }
    let said = words.clone();
    let (verdict, reason) = settle(&case, victims, words);
    let mut row = case.row(verdict, reason, victims);
    row.message = Some(said.message);
    row.detail = Some(said.detail);
    let mut objects: Vec<ledger::Object> = Vec::new();
    for victim in victims {
        let object = case.object(victim);
        if !objects.iter().any(|o| o.object == object.object) {
            objects.push(object);
        }
    }
    state::late(row, objects);
}

/// `create`, `alter` or `drop`, by the command tag.
pub fn action(tag: &str) -> &'static str {
    match tag.split(' ').next() {
        Some("CREATE" | "SELECT" | "IMPORT") => "create",
        Some("DROP" | "TRUNCATE") => "drop",
        _ => "alter",
    }
}

/// A victim's name as the record writes names.
fn unquoted(object: &str) -> String {
    crate::model::Identity::new(crate::model::sql::unquoted(object)).to_string()
}

/// At the end of a DDL statement, with the objects that it has dropped.
pub fn end_of_statement(dropped: &[Dropped]) {
    let taken = state::with(|s| {
        s.running.last_mut().filter(|r| !r.victims.is_empty()).map(|r| {
            (
                std::mem::take(&mut r.victims),
                Case {
                    what: r.tag.to_owned(),
                    tag: r.tag.to_owned(),
                    text: r.text.clone(),
                    by_client: r.by_client,
                    context: r.context.clone(),
                    named: None,
                },
            )
        })
    });
    let Some((pending, mut case)) = taken else {
        return;
    };
    // `migrate reset` of empty tables: what the history tells of is gone with
    // it, and the record has the migrations.
    if pending.iter().all(|p| p.history) && migration::nothing_left() {
        return;
    }
    let originals: Vec<&Dropped> = dropped.iter().filter(|d| d.original).collect();
    case.what = what(&case.tag, &originals);
    let mut victims = name_ways(pending, &originals);
    victims.sort_by_key(|v| v.rule.code != DROP_GUARD.code);
    // A way out for what the statement names, if that is of the first victim's kind.
    let named = match victims[0].rule.object_type {
        "table" => "table",
        _ => "table column",
    };
    case.named = originals
        .first()
        .filter(|d| d.object_type == named && !is_own_change(&victims[0]))
        .map(|d| d.identity.clone());
    judged(&case, victims);
}

/// Has victims judged at the end of the statement that is running, or at once
/// where no event trigger will come: they are switched off.
pub fn later(address: Address, victims: Vec<Victim>) {
    if victims.is_empty() {
        return;
    }
    // What goes through something else is another object than this.
    victims.iter().filter(|v| v.through.is_none()).for_each(|v| consent::note(address, v));
    let depth = sys::transaction_depth();
    let history = address.sub == 0
        && address.class == pg_sys::RelationRelationId
        && victims.iter().all(|v| v.rule.code == DROP_TABLE.code)
        && migration::is_prismas(address.object);
    let pending: Vec<Pending> =
        victims.into_iter().map(|victim| Pending { depth, address, victim, history }).collect();
    let stray = state::with(|s| match s.running.last_mut() {
        Some(running) => {
            running.victims.extend(pending);
            false
        }
        None => {
            s.stray.extend(pending);
            true
        }
    });
    if stray {
        self::stray();
    }
}

/// Judges at the start of a DDL statement, before it has done anything; `what`
/// is the statement in short.
pub fn start_of_statement(what: String, victims: Vec<(Address, Victim)>) {
    victims.iter().for_each(|(address, victim)| consent::note(*address, victim));
    let victims = victims.into_iter().map(|v| v.1).collect();
    let case = state::with(|s| {
        s.running.last().map(|r| Case {
            what,
            tag: r.tag.to_owned(),
            text: r.text.clone(),
            by_client: r.by_client,
            context: r.context.clone(),
            named: None,
        })
    });
    if let Some(case) = case {
        judged(&case, victims);
    }
}

/// Decides, and keeps what is let through with the running statement.
fn judged(case: &Case, victims: Vec<Victim>) {
    let (verdict, reason) = decide(case, &victims);
    state::with(|s| {
        if let Some(r) = s.running.last_mut() {
            r.verdict = Some((verdict, reason));
            r.lost.extend(victims);
        }
    });
}

/// `DROP TABLE public.a, public.b`.
fn what(tag: &str, originals: &[&Dropped]) -> String {
    const NAMED: usize = 3;
    if originals.is_empty() {
        return tag.to_owned();
    }
    let mut names: Vec<String> = originals.iter().take(NAMED).map(|d| d.identity.clone()).collect();
    if originals.len() > NAMED {
        names.push("…".into());
    }
    if tag.starts_with("DROP ") && !tag.ends_with("OWNED") {
        format!("{tag} {}", names.join(", "))
    } else {
        let kind = match &*originals[0].object_type {
            "table column" => "column",
            "composite type column" => "attribute",
            other => other,
        };
        format!("{tag} dropping {kind} {}", names.join(", "))
    }
}

/// What a statement changes itself, rather than by something that it drops.
fn is_own_change(victim: &Victim) -> bool {
    [ALTER_COLUMN_TYPE.code, SET_EXPRESSION.code, SET_UNLOGGED.code].contains(&victim.rule.code)
}

/// Tells for each victim through what it goes, where the statement doesn't
/// name it.
fn name_ways(pending: Vec<Pending>, originals: &[&Dropped]) -> Vec<Victim> {
    pending
        .into_iter()
        .map(|p| {
            let named = originals.iter().any(|d| {
                (d.class, d.object, d.sub) == (p.address.class, p.address.object, p.address.sub)
            });
            let mut victim = p.victim;
            if !named && victim.through.is_none() && !is_own_change(&victim) {
                victim.through = match originals {
                    [] => None,
                    [one] => Some(format!("{} {}", one.object_type, one.identity)),
                    _ => Some("cascade".into()),
                };
            }
            victim
        })
        .collect()
}

/// Drops that no event trigger brackets: refused or recorded at once.
pub fn stray() {
    let pending = state::with(|s| std::mem::take(&mut s.stray));
    if pending.is_empty() {
        return;
    }
    let tag = portal_tag();
    let case = Case::without_trigger(&tag, &tag);
    let mut victims: Vec<Victim> = pending.into_iter().map(|p| p.victim).collect();
    // What such a statement names is no column.
    if ["DROP", "DISCARD", "CREATE", NAMELESS].iter().any(|t| tag.starts_with(t)) {
        for victim in victims.iter_mut().filter(|v| v.rule.code == DROP_COLUMN.code) {
            victim.through.get_or_insert_with(|| "cascade".into());
        }
    }
    let (verdict, reason) = decide(&case, &victims);
    record(&case, verdict, reason, &victims);
}

/// Whether the running statement is a DROP OWNED, the one DDL statement that
/// takes large objects along.
pub fn is_drop_owned() -> bool {
    match state::with(|s| s.running.last().map(|r| r.tag == "DROP OWNED")) {
        Some(is) => is,
        None => statement::with_current(|tree| {
            // SAFETY: a complete parse tree.
            Some(unsafe { (*tree).type_ } == pg_sys::NodeTag::T_DropOwnedStmt)
        })
        .unwrap_or(false),
    }
}

/// The command tag of what the client sent.
fn portal_tag() -> String {
    // SAFETY: the active portal, if any; tags are static strings.
    let tag = unsafe {
        let portal = pg_sys::ActivePortal;
        if portal.is_null() { None } else { text(pg_sys::GetCommandTagName((*portal).commandTag)) }
    };
    tag.filter(|t| t != "???").unwrap_or_else(|| NAMELESS.into())
}

/// Where there is no statement: the end of a session, for one.
const NAMELESS: &str = "this statement";

/// A table that TRUNCATE would empty and that holds rows.
pub fn truncate(relation: pg_sys::Oid, victim: Victim) {
    let found = statement::with_current(|tree| {
        // SAFETY: the node's tag says what it is.
        unsafe {
            let truncate = (*tree).type_ == pg_sys::NodeTag::T_TruncateStmt;
            truncate.then(|| truncated(tree.cast()))
        }
    });
    let by_client = found.is_some() && statement::inside().is_none();
    let (names, relations) = found.unwrap_or_default();
    let what = format!("TRUNCATE {names}");
    let mut case = Case::without_trigger(what.trim_end(), "TRUNCATE TABLE");
    case.by_client = by_client;
    let mut victims = vec![victim];
    if let Some((_, through)) = relations.iter().find(|r| r.0 == relation) {
        victims[0].through.clone_from(through);
    }
    // Where it isn't refused, each table comes by itself, with its own lock.
    let refused = settings::mode() == Mode::Enforce
        && consent::ask(case.text.as_deref(), by_client, &victims).is_err();
    if refused {
        for (other, through) in relations.into_iter().filter(|r| r.0 != relation) {
            victims.extend(also_truncated(other, through));
        }
    }
    let (verdict, reason) = decide(&case, &victims);
    record(&case, verdict, reason, &victims);
}

/// A further table of a TRUNCATE that is being refused. No lock is needed to
/// be named there, so none is waited for; and nobody is told about a table
/// that he may not empty.
fn also_truncated(relation: pg_sys::Oid, through: Option<String>) -> Option<Victim> {
    if probe::is_disposable_unlocked(relation) || !probe::may_truncate(relation) {
        return None;
    }
    let object = scan::relation_name(relation);
    // SAFETY: a lock that is given at once or not at all.
    let locked =
        unsafe { pg_sys::ConditionalLockRelationOid(relation, pg_sys::AccessShareLock as _) };
    let (rule, count) = if locked {
        probe::rows(relation, &TRUNCATE)
    } else {
        (&TRUNCATE, Count::Unknown("locked by another session".into()))
    };
    let victim = Victim { rule, object, count, through };
    if victim.count.harmless() {
        return None;
    }
    let address = Address { class: pg_sys::RelationRelationId, object: relation, sub: 0 };
    consent::note(address, &victim);
    Some(victim)
}

/// The names in a TRUNCATE, and all that it would empty: with what it goes,
/// where it isn't named.
///
/// # Safety
/// `stmt` is a complete parse tree.
unsafe fn truncated(
    stmt: *mut pg_sys::TruncateStmt,
) -> (String, Vec<(pg_sys::Oid, Option<String>)>) {
    const NAMED: usize = 3;
    let mut names = Vec::new();
    let mut relations: Vec<(pg_sys::Oid, Option<String>)> = Vec::new();
    // SAFETY: lookups by name and catalog reads, nothing is kept.
    let (ranges, cascade) = unsafe {
        let cascade = (*stmt).behavior == pg_sys::DropBehavior::DROP_CASCADE;
        (PgList::<pg_sys::RangeVar>::from_pg((*stmt).relations), cascade)
    };
    let mut children = Vec::new();
    for range in ranges.iter_ptr() {
        // SAFETY: as above.
        let (oid, with_children) = unsafe { (server::relation_named(range), (*range).inh) };
        let Some(oid) = oid else { continue };
        let name = scan::relation_name(oid);
        relations.push((oid, None));
        if with_children {
            let way = format!("table {name}");
            children.extend(server::with_children(oid).into_iter().map(|c| (c, way.clone())));
        }
        names.push(name);
    }
    let add = |relations: &mut Vec<(pg_sys::Oid, Option<String>)>, oid, way: String| {
        if !relations.iter().any(|r| r.0 == oid) {
            relations.push((oid, Some(way)));
        }
    };
    children.into_iter().for_each(|(oid, way)| add(&mut relations, oid, way));
    let mut known = 0;
    while cascade && known < relations.len() {
        known = relations.len();
        for oid in server::referencing(relations.clone().iter().map(|r| r.0)) {
            add(&mut relations, oid, "cascade".into());
        }
    }
    if names.len() > NAMED {
        names.truncate(NAMED);
        names.push("…".into());
    }
    (names.join(", "), relations)
}

/// A protected database that would be dropped.
pub fn database(victim: Victim) {
    let what = format!("DROP DATABASE {}", victim.object);
    let case = Case::without_trigger(&what, "DROP DATABASE");
    if settings::mode() != Mode::Enforce || state::with(|s| !s.consents.is_empty()) {
        let victims = [victim];
        let (verdict, reason) = decide(&case, &victims);
        return record(&case, verdict, reason, &victims);
    }
    // DROP DATABASE can't run in a transaction, so consent is given on the
    // database itself.
    let words = loss::words(&what, None, None, std::slice::from_ref(&victim));
    if crate::pg::sys::extension().is_some() {
        let row = case.row(Verdict::Refused, None, std::slice::from_ref(&victim));
        ledger::write_refused(&row, &case.object(&victim), None);
    } else {
        log(format!("schemaguard refused: {what}"), None);
    }
    raise(
        "SG001",
        format!("{what} would destroy a protected database (rule drop_database)"),
        Some(words.detail),
        Some(format!(
            "{}\nTo destroy it on purpose, as a superuser: ALTER DATABASE {} SET schemaguard.protected = off; then drop it.",
            words.hint.lines().next().unwrap_or_default(),
            victim.object
        )),
    )
}

/// Keeps a loss outside of any bracket for the record.
fn record(case: &Case, verdict: Verdict, reason: Option<String>, victims: &[Victim]) {
    if crate::pg::sys::extension().is_none() {
        return;
    }
    let objects = victims.iter().map(|v| case.object(v)).collect();
    state::late(case.row(verdict, reason, victims), objects);
}

/// Keeps something for the record that no event trigger tells of.
pub fn record_late(
    tag: &str,
    object_type: &str,
    object: &str,
    formerly: Option<String>,
    verdict: Verdict,
) {
    // SAFETY: reads a flag: what an extension's script does is its own doing.
    if unsafe { pg_sys::creating_extension } {
        return;
    }
    let case = Case::without_trigger(tag, tag);
    let mut row = case.row(verdict, None, &[]);
    row.message = None;
    row.detail = None;
    let object = self::object(tag, object_type, object.to_owned());
    state::late(row, vec![ledger::Object { formerly, ..object }]);
}

/// Keeps for the record that a consent covered nothing.
pub fn record_unused(reason: &str) {
    let row = ledger::Statement {
        who: Who::now(true),
        text: None,
        same_text_as: None,
        context: None,
        verdict: Verdict::Allowed,
        rule: None,
        reason: Some(reason.to_owned()),
        message: None,
        detail: None,
    };
    state::late(row, vec![object("UNUSED CONSENT", "consent", String::new())]);
}

/// Before commit: whatever nobody has judged yet.
pub fn before_commit() {
    stray();
    // Brackets that were never closed: the trigger that does so is disabled.
    for mut running in state::with(|s| std::mem::take(&mut s.running)) {
        // What the client has sent by now is another statement.
        running.by_client = false;
        let tag = running.tag;
        state::with(|s| s.running.push(running));
        end_of_statement(&[]);
        let judged = state::with(|s| s.running.pop());
        if let Some((verdict, reason)) = judged.as_ref().and_then(|r| r.verdict.clone()) {
            let lost = judged.map(|r| r.lost).unwrap_or_default();
            record(&Case::without_trigger(tag, tag), verdict, reason, &lost);
        }
    }
}
