//! What `drift()` found when this session asked last: where neither the
//! catalogs nor the declaration have changed since, it is still right. The
//! catalogs themselves are asked, not the record alone: that can be switched off.

use super::declared::{self, Compared, Declared, Versions};
use super::{blame, catalog, ledger};
use crate::drift::Difference;
use pgrx::pg_sys;
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

/// What is found, and what the record has to be asked for its causes.
pub struct Found {
    pub differences: Vec<Difference>,
    pub questions: Vec<serde_json::Value>,
    /// Where the declared source speaks of each.
    pub places: Vec<Option<String>>,
}

struct Kept {
    /// The rows of the version in force and of the pending one.
    declared: [String; 2],
    role: pg_sys::Oid,
    mark: catalog::Mark,
    /// The newest row of the record: what went and came again has left the
    /// catalogs as they were.
    recorded: Option<i64>,
    found: Rc<Found>,
}

/// More differences than this are not kept: a session's memory is not ours.
const MOST: usize = 10_000;

thread_local!(static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) });

/// The differences from what is declared under a name. On the way to a
/// pending version only what is in neither counts, and where nothing differs
/// from it, it is reached. SG004 where nothing is declared.
pub fn drift(name: Option<&str>) -> Rc<Found> {
    let name = name.unwrap_or("main");
    let versions = declared::versions(name);
    // SAFETY: reads a variable.
    let role = unsafe { pg_sys::GetUserId() };
    let row = |version: &Option<Declared>| version.as_ref().map_or("", |v| &v.row).to_owned();
    let declared = [row(&versions.current), row(&versions.pending)];
    let same = |kept: &Kept| kept.declared == declared && kept.role == role;
    if KEPT.with_borrow(|kept| kept.as_ref().is_some_and(same)) {
        let (mark, recorded) = (catalog::mark(), ledger::newest());
        let still = KEPT.with_borrow(|kept| {
            kept.as_ref()
                .filter(|k| k.mark == mark && k.recorded == recorded)
                .map(|k| Rc::clone(&k.found))
        });
        if let Some(found) = still {
            return found;
        }
    }
    let on_the_way = versions.pending.is_some();
    let recorded = ledger::newest();
    let (mut compared, mark) = compare(name, versions);
    let questions = blame::questions(&compared);
    let places = declared::places(&mut compared);
    let Compared { differences, .. } = compared;
    let found = Rc::new(Found { differences, questions, places });
    let kept = Kept { declared, role, mark, recorded, found: Rc::clone(&found) };
    // Whether a pending version is noted as reached hangs on the transaction.
    let noted = on_the_way && found.differences.is_empty();
    KEPT.set((found.differences.len() <= MOST && !noted).then_some(kept));
    found
}

fn compare(name: &str, versions: Versions) -> (Compared, catalog::Mark) {
    let Some(pending) = versions.pending else {
        let Some(current) = versions.current else { declared::nothing_declared(name) };
        return declared::compare_with(&current);
    };
    let (ahead, mark) = declared::compare_with(&pending);
    if ahead.differences.is_empty() {
        declared::reached(&pending);
    }
    let Some(current) = versions.current.filter(|_| !ahead.differences.is_empty()) else {
        return (ahead, mark);
    };
    let (mut behind, mark) = declared::compare_with(&current);
    let about = |d: &Difference| (d.kind.name, d.identity.clone(), d.change, d.attribute.clone());
    let ahead: HashSet<_> = ahead.differences.iter().map(about).collect();
    behind.differences.retain(|d| ahead.contains(&about(d)));
    (behind, mark)
}
