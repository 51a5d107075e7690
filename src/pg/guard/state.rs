//! What the guard knows of the running transaction.

use super::asides::Aside;
use crate::loss::Victim;
use crate::model::Identity;
use crate::pg::identity::Address;
use crate::pg::ledger;
use crate::pg::on_drift;
use crate::pg::sys;
use crate::pg::sys::event::Dropped;
use pgrx::pg_sys;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

/// A DDL statement between its ddl_command_start and its ddl_command_end.
pub struct Running {
    /// Transaction depth at its start: a rolled back savepoint ends it.
    pub depth: i32,
    pub tag: &'static str,
    /// DROP TABLE without CASCADE: nothing goes but so many tables and their
    /// parts; 0 for other statements.
    pub drops_tables_alone: usize,
    /// The one table that goes with nothing but its parts, once it is
    /// described: of the others only sequences are looked at.
    pub alone: Option<pg_sys::Oid>,
    /// Where only one table is named: tables and sequences that go, in that order.
    pub going: Vec<(Address, Identity)>,
    pub text: Option<String>,
    /// Sent by the client itself, not run by something that it sent.
    pub by_client: bool,
    pub same_text: Option<(usize, i64)>,
    pub context: Option<String>,
    /// When looking at data has to end; set by the first look.
    pub deadline: Option<i64>,
    pub victims: Vec<Pending>,
    /// What the statement made or changed, in the order of the hook's calls.
    pub touched: Vec<Address>,
    /// What that which it renames or moves was called before.
    pub formerly: Option<Identity>,
    /// What DROP OWNED takes rights on away from.
    pub granted: Vec<Address>,
    /// Definitions of what the statement replaces or drops.
    pub definitions: HashMap<Address, String>,
    /// What goes with something else and is nothing by itself: constructors of
    /// range types, their multiranges.
    pub servants: Vec<Address>,
    /// The tables of what goes and is part of one.
    pub part_of: HashMap<Address, pg_sys::Oid>,
    /// Rows for what it dropped.
    pub dropped: Vec<ledger::Object>,
    /// How it was let through, where it destroys something.
    pub verdict: Option<(ledger::Verdict, Option<String>)>,
    pub lost: Vec<Victim>,
    /// Columns whose new values have been looked at: table, number.
    pub looked_at: HashSet<(pg_sys::Oid, i16)>,
    /// Columns that it has added: table, number.
    pub added: Vec<(pg_sys::Oid, i32)>,
    /// What is to be said at its end, where it comes to one.
    pub asides: Vec<(i32, Aside)>,
    /// Where statements are judged by the declared schema: what it found.
    pub found: Option<on_drift::Found>,
    pub gone: Vec<Dropped>,
    /// How it was let through moving away from the declared schema: message
    /// and detail.
    pub off_course: Option<(String, String)>,
}

/// A victim and how to find it among the objects that the server reports.
#[derive(Clone)]
pub struct Pending {
    pub depth: i32,
    pub address: Address,
    pub victim: Victim,
    /// Rows of a migration tool that say how the schema came to be.
    pub history: bool,
}

/// Consent to lose data, until the transaction ends.
#[derive(Clone)]
pub struct Consent {
    pub depth: i32,
    pub reason: String,
    /// The depth at which a loss was first let through by it.
    pub used: Option<i32>,
}

/// What is known of a victim beside its name.
pub struct Seen {
    pub address: Address,
    /// Until when the rows of a partition can reach, and the bound that says so.
    pub end: Option<(i64, String)>,
}

/// An approval that this transaction uses up.
pub struct Used {
    pub depth: i32,
    pub id: i64,
    /// The one command that it is for.
    pub command: u32,
}

/// A row of the record that is written at commit: what no event trigger sees.
pub struct Late {
    pub depth: i32,
    /// The client's message that it came with.
    pub message: (usize, i64),
    pub statement: ledger::Statement,
    pub objects: Vec<ledger::Object>,
}

#[derive(Default)]
pub struct State {
    #[expect(clippy::vec_box, reason = "each is large, and most of the time there is but one")]
    pub running: Vec<Box<Running>>,
    /// The last one is in force; a savepoint's end may bring back another.
    pub consents: Vec<Consent>,
    pub approvals: Vec<Used>,
    /// Consent to move away from the declared schema: depth, reason.
    pub off_course: Vec<(i32, String)>,
    /// What victims are, by rule and name: when somebody is asked, they may
    /// be gone from the catalog.
    pub seen: HashMap<(&'static str, String), Seen>,
    /// Victims seen outside of any statement's bracket.
    pub stray: Vec<Pending>,
    pub late: Vec<Late>,
    /// Columns added in this transaction: depth, table, number.
    pub new_columns: Vec<(i32, pg_sys::Oid, i32)>,
    /// Statement rows whose text others may point to: message, row.
    pub texts: Option<((usize, i64), i64)>,
    /// Set while the guard itself works: its own catalog access isn't judged.
    pub busy: bool,
}

thread_local! {
    // A backend is one thread. Never borrowed across a call of the server
    // that could come back here.
    static STATE: RefCell<State> = RefCell::new(State::default());
}

/// Short access to the state.
pub fn with<T>(f: impl FnOnce(&mut State) -> T) -> T {
    touch();
    STATE.with(|s| f(&mut s.borrow_mut()))
}

thread_local!(static TOUCHED: Cell<bool> = const { Cell::new(false) });

/// Notes that this transaction leaves something to do at its end.
pub fn touch() {
    TOUCHED.set(true);
}

/// Whether the guard has had anything to do since [`forget`]: most
/// transactions are none of its business, and should cost nothing.
pub fn is_touched() -> bool {
    TOUCHED.get()
}

/// The transaction is over.
pub fn forget() {
    STATE.set(State::default());
    TOUCHED.set(false);
}

/// Marks the guard as working for the time of `f`; None where it is already.
pub fn busy<T>(f: impl FnOnce() -> T) -> Option<T> {
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            with(|s| s.busy = false);
        }
    }
    if with(|s| std::mem::replace(&mut s.busy, true)) {
        return None;
    }
    let _done = Done;
    Some(f())
}

/// A savepoint is gone: what happened since has not happened.
pub fn roll_back(depth: i32) {
    with(|s| {
        s.running.retain(|r| r.depth < depth);
        for r in &mut s.running {
            r.victims.retain(|v| v.depth < depth);
            r.asides.retain(|a| a.0 < depth);
        }
        s.stray.retain(|v| v.depth < depth);
        s.late.retain(|l| l.depth < depth);
        s.new_columns.retain(|c| c.0 < depth);
        s.consents.retain(|c| c.depth < depth);
        s.approvals.retain(|a| a.depth < depth);
        s.off_course.retain(|c| c.0 < depth);
        for c in &mut s.consents {
            c.used.take_if(|used| *used >= depth);
        }
        s.texts = None;
    });
}

/// A savepoint is released: what happened in it belongs to the level above.
pub fn release(depth: i32) {
    with(|s| {
        let up = |d: &mut i32| {
            if *d >= depth {
                *d = depth - 1;
            }
        };
        s.running.iter_mut().for_each(|r| {
            up(&mut r.depth);
            r.victims.iter_mut().for_each(|v| up(&mut v.depth));
            r.asides.iter_mut().for_each(|a| up(&mut a.0));
        });
        s.stray.iter_mut().for_each(|v| up(&mut v.depth));
        s.late.iter_mut().for_each(|l| up(&mut l.depth));
        s.new_columns.iter_mut().for_each(|c| up(&mut c.0));
        s.approvals.iter_mut().for_each(|a| up(&mut a.depth));
        s.off_course.iter_mut().for_each(|c| up(&mut c.0));
        for c in &mut s.consents {
            up(&mut c.depth);
            c.used.iter_mut().for_each(up);
        }
    });
}

/// Keeps a row for the record until commit. A statement that is seen object by
/// object (TRUNCATE, DROP ROLE a, b) is one statement in the record.
pub fn late(statement: ledger::Statement, objects: Vec<ledger::Object>) {
    let depth = sys::transaction_depth();
    let message = sys::context::query_identity();
    with(|s| match s.late.last_mut() {
        Some(last)
            if last.message == message
                && last.depth == depth
                && last.statement.rule == statement.rule
                && !last.objects.iter().any(|o| objects.iter().any(|n| n.object == o.object))
                && last.statement.text == statement.text
                && last.statement.verdict == statement.verdict =>
        {
            last.objects.extend(objects);
            if let (Some(all), Some(more)) = (&mut last.statement.detail, statement.detail) {
                all.push('\n');
                all.push_str(&more);
            }
        }
        _ => s.late.push(Late { depth, message, statement, objects }),
    });
}
