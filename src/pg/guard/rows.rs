//! `schemaguard.max_rows_lost`: how many rows one statement of the client may
//! take, counted where the server deletes them: by the statement itself, by
//! functions and triggers, by foreign keys. What a savepoint takes back has
//! not gone.
//!
//! A statement is judged when it has run, with its triggers: then all numbers
//! are known. What runs inside a DO block or a procedure, or was made by a rule,
//! is judged after each part, with what went before.

use super::{judge, state};
use crate::loss::{self, Count, KeyAction, MAX_ROWS_LOST, Victim};
use crate::pg::settings::{self, Mode};
use crate::pg::sys::{self, catalog, context, executor, scan, text};
use pgrx::pg_sys;
use pgrx::prelude::pg_guard;
use std::cell::RefCell;

/// Rows that went, of one table and in one way.
struct Lost {
    depth: i32,
    table: pg_sys::Oid,
    /// The statement that the server ran for a foreign key.
    key: Option<Key>,
    /// By the client's own statement, not by something that it set off.
    own: bool,
    rows: u64,
}

#[derive(Clone)]
struct Key {
    sql: String,
    action: KeyAction,
    /// The table that it points to, where that can be told.
    from: Option<pg_sys::Oid>,
    /// ON UPDATE has done it: that deletes nothing.
    on_update: bool,
}

/// What the client sent: taken when the first rows may go, because it is no
/// more at hand when a SELECT's or a DO block's end comes.
struct Client {
    /// None where that can't be told.
    tag: Option<String>,
    text: Option<String>,
}

#[derive(Default)]
struct Counts {
    /// What runs now, outermost first, each by the depth of its transaction.
    running: Vec<i32>,
    lost: Vec<Lost>,
    /// Of which statement of the client: message and place in it.
    of: Option<((usize, i64), i32)>,
    client: Option<Client>,
}

impl Counts {
    /// What went of this table, in this way, at this depth.
    fn known(
        &mut self,
        depth: i32,
        table: pg_sys::Oid,
        own: bool,
        sql: Option<&str>,
    ) -> Option<&mut Lost> {
        self.lost.iter_mut().find(|l| {
            (l.depth, l.table, l.own) == (depth, table, own)
                && l.key.as_ref().map(|k| k.sql.as_str()) == sql
        })
    }

    fn add(&mut self, lost: Lost) {
        let sql = lost.key.as_ref().map(|k| k.sql.as_str());
        match self.known(lost.depth, lost.table, lost.own, sql) {
            Some(known) => known.rows += lost.rows,
            None => self.lost.push(lost),
        }
    }
}

thread_local! {
    // As state::STATE.
    static COUNTS: RefCell<Counts> = RefCell::new(Counts::default());
}

fn with<T>(f: impl FnOnce(&mut Counts) -> T) -> T {
    state::touch();
    COUNTS.with(|c| f(&mut c.borrow_mut()))
}

/// The transaction is over.
pub fn forget() {
    with(|c| {
        if !c.running.is_empty() || !c.lost.is_empty() || c.of.is_some() {
            *c = Counts::default();
        }
    });
}

/// A savepoint is gone.
pub fn roll_back(depth: i32) {
    with(|c| {
        c.running.retain(|d| *d < depth);
        c.lost.retain(|l| l.depth < depth);
    });
}

/// A savepoint is released. What went in it is put together with what went
/// before: a loop may make and release very many.
pub fn release(depth: i32) {
    with(|c| {
        c.running.iter_mut().filter(|d| **d >= depth).for_each(|d| *d = depth - 1);
        let (released, kept) =
            std::mem::take(&mut c.lost).into_iter().partition(|l: &Lost| l.depth >= depth);
        c.lost = kept;
        for lost in released {
            c.add(Lost { depth: depth - 1, ..lost });
        }
    });
}

/// A plan is ready to run: its nodes that take rows are to tell how many.
#[pg_guard]
pub unsafe extern "C-unwind" fn started(desc: *mut pg_sys::QueryDesc) {
    sys::entry(|| {
        if settings::mode() == Mode::Off || !super::active() {
            return;
        }
        if with(|c| c.running.is_empty()) {
            begin();
        }
        // SAFETY: a plan that was just made ready.
        unsafe {
            for node in executor::modifying(desc) {
                if !takes_rows(node) {
                    continue;
                }
                if with(|c| c.client.is_none()) {
                    let client = client();
                    with(|c| c.client = Some(client));
                }
                if !executor::count(node) {
                    sys::raise(
                        "SG001",
                        "rows that this statement deletes can't be counted (rule max_rows_lost)",
                        Some("Another library runs the server's nodes that change rows in a way of its own.".into()),
                        Some("As a superuser: SET schemaguard.max_rows_lost = -1;".into()),
                    );
                }
            }
        }
    });
}

/// Whether a node may take rows of a table that matters.
///
/// # Safety
/// `node` was just made ready.
unsafe fn takes_rows(node: *mut pg_sys::ModifyTableState) -> bool {
    use pg_sys::CmdType::{CMD_DELETE, CMD_MERGE, CMD_UPDATE};
    // SAFETY: the caller's promise.
    unsafe {
        let kind = match (*node).operation {
            CMD_DELETE | CMD_MERGE => true,
            CMD_UPDATE => foreign_key(node).is_some(),
            _ => false,
        };
        let rel = (*(*node).rootResultRelInfo).ri_RelationDesc;
        let class = (*rel).rd_rel;
        // Old tables may be partitions or children of one that is new.
        let results = std::slice::from_raw_parts((*node).resultRelInfo, (*node).mt_nrels as usize);
        let old = results.iter().any(|r| (*r.ri_RelationDesc).rd_createSubid == 0);
        kind && old
            && (*class).relpersistence as u8 != pg_sys::RELPERSISTENCE_TEMP
            // What stands behind a view is counted where it goes; REFRESH takes
            // rows that can be computed again.
            && !matches!((*class).relkind as u8, pg_sys::RELKIND_VIEW | pg_sys::RELKIND_MATVIEW)
    }
}

/// The statement of a foreign key's action, where it is one. Nothing but the
/// server's own foreign keys runs without forced row-level security.
///
/// # Safety
/// `node` is a node of a plan that runs.
unsafe fn foreign_key(node: *mut pg_sys::ModifyTableState) -> Option<(String, KeyAction)> {
    // SAFETY: the caller's promise.
    unsafe {
        if !pg_sys::InNoForceRLSOperation() {
            return None;
        }
        let sql = text((*(*node).ps.state).es_sourceText)?;
        let action = loss::key_action(&sql)?;
        Some((sql, action))
    }
}

/// Something begins that nothing else runs: a new statement of the client's,
/// one more of those that a rule has made of it, or one inside of a DO block.
fn begin() {
    let Some(at) = executor::clients_location() else { return };
    let of = Some((context::query_identity(), at));
    if with(|c| c.of != of) {
        settle(true);
        with(|c| c.of = of);
    }
}

/// A node has taken rows.
#[pg_guard]
pub unsafe extern "C-unwind" fn tally(node: *mut pg_sys::ModifyTableState, rows: u64) {
    sys::entry(|| {
        // SAFETY: a node that has just run.
        let (table, key) =
            unsafe { ((*(*(*node).rootResultRelInfo).ri_RelationDesc).rd_id, foreign_key(node)) };
        let depth = sys::transaction_depth();
        let own = with(|c| c.running.len() == 1) && executor::is_clients_own();
        let sql = key.as_ref().map(|k| k.0.as_str());
        let known =
            with(|c| c.known(depth, table, own, sql).map(|known| known.rows += rows).is_some());
        if known {
            return;
        }
        let key = key.map(|(sql, action)| origin(table, sql, action));
        with(|c| c.add(Lost { depth, table, key, own, rows }));
    });
}

/// Which foreign key it is: of those with this action and these columns the
/// one to a table that has lost rows.
fn origin(table: pg_sys::Oid, sql: String, action: KeyAction) -> Key {
    let condition = sql.rsplit_once(" WHERE ").map_or("", |w| w.1);
    let named = |column: &i16| {
        // SAFETY: a catalog lookup.
        let name = unsafe { text(pg_sys::get_attname(table, *column, true)) };
        name.is_some_and(|n| condition.contains(&format!("\"{}\"", n.replace('"', "\"\""))))
    };
    let keys: Vec<_> = catalog::foreign_keys_of(table)
        .into_iter()
        .filter(|k| k.columns.iter().all(named))
        .filter(|k| k.on_delete == action.letter() || k.on_update == action.letter())
        .collect();
    let lost: Vec<pg_sys::Oid> = with(|c| c.lost.iter().map(|l| l.table).collect());
    let from = keys
        .iter()
        .find(|k| k.on_delete == action.letter() && lost.contains(&k.references))
        .map(|k| k.references);
    let on_update = from.is_none()
        && action != KeyAction::Cascade
        && keys.iter().any(|k| k.on_update == action.letter());
    let from = from.or_else(|| keys.first().map(|k| k.references));
    Key { sql, action, from, on_update }
}

#[pg_guard]
pub unsafe extern "C-unwind" fn enter() {
    let depth = sys::transaction_depth();
    with(|c| c.running.push(depth));
}

#[pg_guard]
pub unsafe extern "C-unwind" fn leave(finished: *mut pg_sys::QueryDesc) {
    sys::entry(|| {
        let outermost = with(|c| {
            c.running.pop();
            c.running.is_empty()
        });
        if outermost && !finished.is_null() {
            // SAFETY: it has just run.
            settle(unsafe { executor::is_clients_end(finished) });
        }
    });
}

/// Before commit: what has been done by a statement whose end was not seen.
pub fn before_commit() {
    settle(true);
}

/// Judges what went so far. `over` where no more comes with it: until then
/// there is nothing to do but to refuse.
fn settle(over: bool) {
    if with(|c| c.lost.is_empty()) {
        if over {
            with(|c| (c.of, c.client) = (None, None));
        }
        return;
    }
    let limit = settings::max_rows_lost();
    let total: u64 = with(|c| c.lost.iter().filter(|l| l.counts()).map(|l| l.rows).sum());
    let too_many = limit.filter(|limit| total > *limit && settings::mode() != Mode::Off);
    if let Some(limit) = too_many {
        // More may come: who approves has to see all of it.
        if !over {
            return;
        }
        let client = with(|c| c.client.take()).unwrap_or_else(client);
        let own = with(|c| c.lost.iter().any(|l| l.own));
        let victims = victims();
        forget_lost(over);
        state::busy(|| {
            if sys::extension().is_some() {
                judge(client, own, limit, &victims);
            }
        });
    } else if over {
        forget_lost(true);
    }
}

/// What is judged is not judged again. A refusal ends the statement, or is
/// caught by one that goes on: the savepoint's end takes back what went.
fn forget_lost(over: bool) {
    if over {
        with(|c| {
            c.lost.clear();
            (c.of, c.client) = (None, None);
        });
    }
}

fn client() -> Client {
    match executor::clients_tag() {
        Some(tag) if tag == "COMMIT" => Client { tag: Some(tag), text: None },
        tag => Client { tag, text: executor::clients_statement() },
    }
}

impl Lost {
    /// A value that ON UPDATE sets is not taken by a row that goes.
    fn counts(&self) -> bool {
        self.key.as_ref().is_none_or(|k| !k.on_update)
    }
}

/// What went, each table and way once: by the statement itself first.
fn victims() -> Vec<Victim> {
    let mut lost: Vec<(pg_sys::Oid, Option<Key>, bool, u64)> = with(|c| {
        let counted = c.lost.iter().filter(|l| l.counts());
        counted.map(|l| (l.table, l.key.clone(), l.own, l.rows)).collect()
    });
    lost.sort_by_key(|l| !l.2);
    let mut victims: Vec<(Victim, u64)> = Vec::new();
    for (table, key, _, rows) in lost {
        let object = scan::relation_name(table);
        let through = key.map(|k| {
            let from =
                k.from.map_or(String::new(), |f| format!(" from {}", scan::relation_name(f)));
            format!("ON DELETE {}{from}", k.action.as_str())
        });
        match victims.iter_mut().find(|(v, _)| v.object == object && v.through == through) {
            Some((_, all)) => *all += rows,
            None => {
                let count = Count::Exact(0);
                victims.push((Victim { rule: &MAX_ROWS_LOST, object, count, through }, rows));
            }
        }
    }
    let counted = victims.into_iter().map(|(v, rows)| Victim { count: Count::Exact(rows), ..v });
    counted.collect()
}

fn judge(client: Client, own: bool, limit: u64, victims: &[Victim]) {
    let table = &victims[0].object;
    let what = match client.tag.as_deref() {
        Some("DELETE") if own => format!("DELETE FROM {table}"),
        Some("MERGE") if own => format!("MERGE INTO {table}"),
        tag => format!("{} deleting from {table}", tag.unwrap_or("a statement")),
    };
    let words = loss::too_many_rows(&what, client.text.as_deref(), limit, victims);
    judge::dml(&what, client.tag.as_deref().unwrap_or("DELETE"), client.text, words, victims);
}
