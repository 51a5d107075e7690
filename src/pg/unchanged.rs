//! What `drift()` found when this session asked last: where neither the
//! catalogs nor the declaration have changed since, it is still right. The
//! catalogs themselves are asked, not the record: that can be switched off.

use super::declared::{self, Compared};
use super::{blame, catalog};
use crate::drift::Difference;
use pgrx::pg_sys;
use std::cell::RefCell;
use std::rc::Rc;

/// What is found, and what the record has to be asked for its causes.
pub struct Found {
    pub differences: Vec<Difference>,
    pub questions: Vec<serde_json::Value>,
}

struct Kept {
    declared: String,
    role: pg_sys::Oid,
    mark: catalog::Mark,
    found: Rc<Found>,
}

/// More differences than this are not kept: a session's memory is not ours.
const MOST: usize = 10_000;

thread_local!(static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) });

/// The differences from the newest version declared under a name. SG004 where
/// there is none.
pub fn drift(name: Option<&str>) -> Rc<Found> {
    let declared = declared::expect_newest(name);
    // SAFETY: reads a variable.
    let role = unsafe { pg_sys::GetUserId() };
    let same = |kept: &Kept| kept.declared == declared.row && kept.role == role;
    if KEPT.with_borrow(|kept| kept.as_ref().is_some_and(same)) {
        let mark = catalog::mark();
        let still = KEPT.with_borrow(|kept| {
            kept.as_ref().filter(|k| k.mark == mark).map(|k| Rc::clone(&k.found))
        });
        if let Some(found) = still {
            return found;
        }
    }
    let (compared, mark) = declared::compare_marked(&declared, name);
    let questions = blame::questions(&compared);
    let Compared { differences, .. } = compared;
    let found = Rc::new(Found { differences, questions });
    let kept = Kept { declared: declared.row, role, mark, found: Rc::clone(&found) };
    KEPT.set((found.differences.len() <= MOST).then_some(kept));
    found
}
