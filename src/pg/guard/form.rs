//! `schemaguard.require_where`: DELETE and UPDATE have to choose their rows.
//!
//! The planner's hook looks at each statement, and marks the plan of one that
//! chooses none; the executor's start refuses to run a marked plan. So EXPLAIN
//! passes, and a cached plan is refused whenever it is run. Setting it on has
//! all plans made anew.
//!
//! Rules and views add conditions of their own before that, and those are not
//! the client's. So the client's condition is put into an AND that can be told
//! from others: it stays in all that is made of the statement, and the planner
//! folds it away. Queries that are stored analysed (bodies in BEGIN ATOMIC,
//! rules' actions) have none, and are judged by what they are in the end.
//!
//! What counts is the form, not what is in the table: after the server's own
//! folding of constants some part of the condition has to name a column of the
//! table, or to be volatile. A part that names none is the same for every row.

use super::{judge, probe, state};
use crate::loss::{self, Count, DELETE_WITHOUT_WHERE, Rule, UPDATE_WITHOUT_WHERE, Victim};
use crate::pg::settings::{self, Mode};
use crate::pg::sys::version::{self, When};
use crate::pg::sys::{self, executor, scan, server};
use pgrx::prelude::pg_guard;
use pgrx::{PgList, pg_sys};

/// A statement that chooses no rows.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Delete,
    Update,
    MergeDelete,
    MergeUpdate,
}

const FORMS: [Form; 4] = [Form::Delete, Form::Update, Form::MergeDelete, Form::MergeUpdate];

/// Marks are kept among what invalidates a plan: that list goes where the plan
/// goes, and entries with the number of no cache are never looked at. The
/// table's oid stands where the hash value would.
const MARK: i32 = -77_001;

impl Form {
    fn mark(self) -> i32 {
        MARK - self as i32
    }

    fn rule(self) -> &'static Rule {
        match self {
            Form::Delete | Form::MergeDelete => &DELETE_WITHOUT_WHERE,
            Form::Update | Form::MergeUpdate => &UPDATE_WITHOUT_WHERE,
        }
    }

    fn what(self, table: &str) -> String {
        match self {
            Form::Delete => format!("DELETE FROM {table}"),
            Form::Update => format!("UPDATE {table}"),
            Form::MergeDelete | Form::MergeUpdate => format!("MERGE INTO {table}"),
        }
    }

    fn tag(self) -> &'static str {
        match self {
            Form::Delete => "DELETE",
            Form::Update => "UPDATE",
            Form::MergeDelete | Form::MergeUpdate => "MERGE",
        }
    }
}

/// Where our AND would stand in the text; nothing stands before its start.
const OURS: i32 = -77_002;

/// Keeps the client's condition apart from what rules and views will add.
#[pg_guard]
pub unsafe extern "C-unwind" fn analysed(query: *mut pg_sys::Query) {
    // SAFETY: a query just analysed, as a whole.
    unsafe {
        if !sys::may_act() {
            return;
        }
        for part in parts(explained(query)) {
            if target(part).is_none() || (*part).commandType == pg_sys::CmdType::CMD_MERGE {
                continue;
            }
            let from = (*part).jointree;
            let own = match (*from).quals {
                none if none.is_null() => pg_sys::makeBoolConst(true, false),
                own => own,
            };
            let args = pg_sys::lappend(std::ptr::null_mut(), own.cast());
            (*from).quals = pg_sys::makeBoolExpr(pg_sys::BoolExprType::AND_EXPR, args, OURS).cast();
        }
    }
}

/// The query that EXPLAIN holds, or the query itself.
///
/// # Safety
/// `query` is a complete query.
unsafe fn explained(query: *mut pg_sys::Query) -> *mut pg_sys::Query {
    // SAFETY: each node's tag says what it is.
    unsafe {
        let statement = (*query).utilityStmt;
        if statement.is_null() || (*statement).type_ != pg_sys::NodeTag::T_ExplainStmt {
            return query;
        }
        let inner = (*statement.cast::<pg_sys::ExplainStmt>()).query;
        if (*inner).type_ == pg_sys::NodeTag::T_Query { inner.cast() } else { query }
    }
}

/// The client's own part of a condition, where it was kept apart.
///
/// # Safety
/// `condition` is null or a condition that is not folded yet.
unsafe fn clients(condition: *mut pg_sys::Node) -> Option<*mut pg_sys::Node> {
    // SAFETY: each node's tag says what it is.
    unsafe {
        if condition.is_null() || (*condition).type_ != pg_sys::NodeTag::T_BoolExpr {
            return None;
        }
        let all = condition.cast::<pg_sys::BoolExpr>();
        if (*all).location == OURS {
            return Some(condition);
        }
        if (*all).boolop != pg_sys::BoolExprType::AND_EXPR {
            return None;
        }
        PgList::<pg_sys::Node>::from_pg((*all).args).iter_ptr().find_map(|n| clients(n))
    }
}

/// A copy of a query that changes rows.
#[pg_guard]
pub unsafe extern "C-unwind" fn before_plan(query: *mut pg_sys::Query) -> *mut pg_sys::Query {
    use pg_sys::CmdType::{CMD_DELETE, CMD_MERGE, CMD_UPDATE};
    // SAFETY: a complete query of the server's.
    unsafe {
        let changes = matches!((*query).commandType, CMD_DELETE | CMD_MERGE | CMD_UPDATE);
        if (changes || (*query).hasModifyingCTE) && sys::may_act() {
            pg_sys::copyObjectImpl(query.cast()).cast()
        } else {
            std::ptr::null_mut()
        }
    }
}

/// A mark for each part of the query that changes rows and chooses none.
#[pg_guard]
pub unsafe extern "C-unwind" fn marks(query: *mut pg_sys::Query) -> *mut pg_sys::List {
    // SAFETY: a complete query.
    unsafe {
        let mut found = Vec::new();
        for part in parts(query) {
            look(part, &mut found);
        }
        let mut marks = std::ptr::null_mut();
        for (form, table) in found {
            let size = size_of::<pg_sys::PlanInvalItem>();
            let item = pg_sys::palloc0(size).cast::<pg_sys::PlanInvalItem>();
            (*item).type_ = pg_sys::NodeTag::T_PlanInvalItem;
            (*item).cacheId = form.mark();
            (*item).hashValue = table.into();
            marks = pg_sys::lappend(marks, item.cast());
        }
        marks
    }
}

/// A query and those in its WITH that change rows.
///
/// # Safety
/// `query` is a complete query.
unsafe fn parts(query: *mut pg_sys::Query) -> Vec<*mut pg_sys::Query> {
    // SAFETY: the caller's promise.
    unsafe {
        let mut parts = vec![query];
        if (*query).hasModifyingCTE {
            let ctes = PgList::<pg_sys::CommonTableExpr>::from_pg((*query).cteList);
            parts.extend(ctes.iter_ptr().map(|cte| (*cte).ctequery.cast::<pg_sys::Query>()));
        }
        parts
    }
}

/// The table that a query changes.
#[derive(Clone, Copy)]
struct Target {
    table: pg_sys::Oid,
    /// Its number among the query's relations.
    number: i32,
    /// The condition names a twin: a view with INSTEAD OF triggers, what a
    /// rule's statement began with.
    has_twin: bool,
}

/// What a DELETE, an UPDATE or a MERGE is about.
///
/// # Safety
/// `query` is a complete query.
unsafe fn target(query: *mut pg_sys::Query) -> Option<Target> {
    use pg_sys::CmdType::{CMD_DELETE, CMD_MERGE, CMD_UPDATE};
    // SAFETY: the caller's promise; the command says which parts there are.
    unsafe {
        if !matches!((*query).commandType, CMD_DELETE | CMD_MERGE | CMD_UPDATE) {
            return None;
        }
        let number = (*query).resultRelation;
        let relations = PgList::<pg_sys::RangeTblEntry>::from_pg((*query).rtable);
        let entry = relations.get_ptr(usize::try_from(number - 1).ok()?)?;
        let has_twin = (*entry).relkind as u8 == pg_sys::RELKIND_VIEW;
        Some(Target { table: (*entry).relid, number, has_twin })
    }
}

/// # Safety
/// `query` is a complete query.
unsafe fn look(query: *mut pg_sys::Query, found: &mut Vec<(Form, pg_sys::Oid)>) {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(target) = target(query) else { return };
        let form = match (*query).commandType {
            pg_sys::CmdType::CMD_MERGE => return look_at_merge(query, &target, found),
            pg_sys::CmdType::CMD_DELETE => Form::Delete,
            _ => Form::Update,
        };
        let condition = (*(*query).jointree).quals;
        // In what a rule has made, the client's condition names another table.
        let by_rule = (*query).querySource != pg_sys::QuerySource::QSRC_ORIGINAL;
        let clients_target = Target { has_twin: target.has_twin || by_rule, ..target };
        let own = clients(condition).map(|own| choice(own, &clients_target));
        if own == Some(Choice::Every) || choice(condition, &target) == Choice::Every {
            found.push((form, target.table));
        }
    }
}

/// Each WHEN of a MERGE is a statement of its own: what ON leaves, what the
/// WHENs before it leave, and its own condition.
///
/// # Safety
/// `query` is a complete MERGE.
unsafe fn look_at_merge(
    query: *mut pg_sys::Query,
    target: &Target,
    found: &mut Vec<(Form, pg_sys::Oid)>,
) {
    use pg_sys::CmdType::{CMD_DELETE, CMD_UPDATE};
    // SAFETY: the caller's promise.
    unsafe {
        let on = choice(version::merge_condition(query), target);
        let mut chosen = Vec::new();
        for action in PgList::<pg_sys::MergeAction>::from_pg((*query).mergeActionList).iter_ptr() {
            let when = version::merge_when(action);
            let joined = match (when, on) {
                (When::NotMatchedByTarget, _) | (When::Matched, Choice::None) => continue,
                // Without a match for any row, all of them have none.
                (When::NotMatchedBySource, Choice::None) => Choice::Every,
                (_, on) => on,
            };
            let own = choice((*action).qual, target);
            let form = match (*action).commandType {
                CMD_DELETE => Some(Form::MergeDelete),
                CMD_UPDATE => Some(Form::MergeUpdate),
                _ => None,
            };
            let every = joined == Choice::Every && own == Choice::Every && !chosen.contains(&when);
            if let Some(form) = form
                && every
                && !found.contains(&(form, target.table))
            {
                found.push((form, target.table));
            }
            if own == Choice::Some {
                chosen.push(when);
            }
        }
    }
}

/// What a condition makes of a table's rows.
#[derive(Clone, Copy, PartialEq)]
enum Choice {
    None,
    Some,
    /// All of them, or all or none.
    Every,
}

/// # Safety
/// `condition` is null or a condition of a query with this target.
unsafe fn choice(condition: *mut pg_sys::Node, target: &Target) -> Choice {
    if condition.is_null() {
        return Choice::Every;
    }
    // SAFETY: the caller's promise; folding may change what it is given.
    unsafe {
        let copy = pg_sys::copyObjectImpl(condition.cast()).cast();
        let folded = pg_sys::eval_const_expressions(std::ptr::null_mut(), copy);
        let parts = PgList::<pg_sys::Node>::from_pg(pg_sys::make_ands_implicit(
            folded.cast::<pg_sys::Expr>(),
        ));
        let mut choice = Choice::Every;
        for part in parts.iter_ptr() {
            if (*part).type_ == pg_sys::NodeTag::T_Const {
                // TRUE is folded away: this one is FALSE or NULL.
                return Choice::None;
            }
            let names = pg_sys::pull_varnos(std::ptr::null_mut(), part);
            let of_row = if target.has_twin {
                !names.is_null()
            } else {
                pg_sys::bms_is_member(target.number, names)
            };
            let chooses =
                (of_row && !holds_always(part, target)) || pg_sys::contain_volatile_functions(part);
            if chooses {
                choice = Choice::Some;
            }
        }
        choice
    }
}

/// Whether a part holds for every row by the table's own rules: `id = id` and
/// `id IS NOT NULL` of a column that is NOT NULL, or something else OR that.
///
/// # Safety
/// `part` is an expression of a query with this target.
unsafe fn holds_always(part: *mut pg_sys::Node, target: &Target) -> bool {
    // SAFETY: each node's tag says what it is.
    unsafe {
        let column = match (*part).type_ {
            pg_sys::NodeTag::T_NullTest => {
                let test = part.cast::<pg_sys::NullTest>();
                if (*test).nulltesttype != pg_sys::NullTestType::IS_NOT_NULL || (*test).argisrow {
                    return false;
                }
                (*test).arg.cast::<pg_sys::Node>()
            }
            pg_sys::NodeTag::T_OpExpr => {
                let operation = part.cast::<pg_sys::OpExpr>();
                let args = PgList::<pg_sys::Node>::from_pg((*operation).args);
                let (Some(left), Some(right)) = (args.get_ptr(0), args.get_ptr(1)) else {
                    return false;
                };
                let same = pg_sys::equal(left.cast(), right.cast())
                    && pg_sys::op_mergejoinable((*operation).opno, pg_sys::exprType(left))
                    && pg_sys::op_strict((*operation).opno);
                if !same {
                    return false;
                }
                left
            }
            pg_sys::NodeTag::T_BoolExpr => {
                let list = part.cast::<pg_sys::BoolExpr>();
                let list_args = PgList::<pg_sys::Node>::from_pg((*list).args);
                let mut args = list_args.iter_ptr();
                return match (*list).boolop {
                    pg_sys::BoolExprType::OR_EXPR => args.any(|a| holds_always(a, target)),
                    pg_sys::BoolExprType::AND_EXPR => args.all(|a| holds_always(a, target)),
                    _ => false,
                };
            }
            _ => return false,
        };
        if (*column).type_ != pg_sys::NodeTag::T_Var {
            return false;
        }
        let column = column.cast::<pg_sys::Var>();
        (*column).varlevelsup == 0
            && (*column).varno as i32 == target.number
            && ((*column).varattno < 0
                || sys::catalog::is_not_null(target.table, (*column).varattno))
    }
}

/// Refuses to run a marked plan.
#[pg_guard]
pub unsafe extern "C-unwind" fn before_start(desc: *mut pg_sys::QueryDesc) {
    sys::entry(|| {
        // SAFETY: a plan that is about to run.
        let found = unsafe { marked((*desc).plannedstmt) };
        if found.is_empty() || settings::mode() == Mode::Off || !super::active() {
            return;
        }
        state::busy(|| {
            if sys::extension().is_some() {
                refuse(found);
            }
        });
    });
}

/// # Safety
/// `plan` is a complete plan.
unsafe fn marked(plan: *mut pg_sys::PlannedStmt) -> Vec<(Form, pg_sys::Oid)> {
    // SAFETY: the caller's promise.
    unsafe {
        PgList::<pg_sys::PlanInvalItem>::from_pg((*plan).invalItems)
            .iter_ptr()
            .filter_map(|item| {
                let form = FORMS.into_iter().find(|f| f.mark() == (*item).cacheId)?;
                Some((form, pg_sys::Oid::from_u32((*item).hashValue)))
            })
            .collect()
    }
}

fn refuse(mut found: Vec<(Form, pg_sys::Oid)>) {
    // Old tables may be partitions or children of one that is new.
    found.retain(|(_, table)| {
        server::with_children(*table).into_iter().any(|t| !probe::is_disposable(t))
    });
    let Some(&(first, table)) = found.first() else { return };
    let victims: Vec<Victim> = found
        .iter()
        .map(|(form, table)| {
            let done = if form.rule().code == DELETE_WITHOUT_WHERE.code {
                "every row would be deleted"
            } else {
                "every row would be changed"
            };
            Victim {
                rule: form.rule(),
                object: scan::relation_name(*table),
                count: Count::Told(done.into()),
                through: None,
            }
        })
        .collect();
    let what = first.what(&scan::relation_name(table));
    let clients = executor::clients_statement();
    let words = loss::without_where(&what, clients.as_deref(), &victims);
    let own = clients.filter(|_| executor::is_clients_own());
    judge::dml(&what, first.tag(), own, words, &victims);
}
