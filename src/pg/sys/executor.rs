//! The hooks around planning and running a statement. They pass on to the
//! server outside of any guard of pgrx, in frames that own nothing: an error
//! of the server goes through them with all that it holds.

use pgrx::pg_sys;
use pgrx::prelude::pg_guard;
use std::ffi::{c_char, c_int, c_void};

/// Who watches. Where both settings are off, the first two are all that is
/// asked of a statement.
pub struct Observer {
    /// Whether the form of statements is looked at.
    pub looks_at_form: fn() -> bool,
    /// Whether rows are counted.
    pub counts_rows: fn() -> bool,
    /// A query has been analysed; rules and views come next.
    pub analysed: unsafe extern "C-unwind" fn(*mut pg_sys::Query),
    /// A copy of what is about to be planned, null where it is of no interest.
    pub before_plan: unsafe extern "C-unwind" fn(*mut pg_sys::Query) -> *mut pg_sys::Query,
    /// Marks for the plan of such a copy.
    pub marks: unsafe extern "C-unwind" fn(*mut pg_sys::Query) -> *mut pg_sys::List,
    /// A plan is about to be run that has marks.
    pub before_start: unsafe extern "C-unwind" fn(*mut pg_sys::QueryDesc),
    /// A plan is ready to run.
    pub started: unsafe extern "C-unwind" fn(*mut pg_sys::QueryDesc),
    /// It runs from here …
    pub enter: unsafe extern "C-unwind" fn(),
    /// … to here. The last time with its triggers behind it, and not null.
    pub leave: unsafe extern "C-unwind" fn(finished: *mut pg_sys::QueryDesc),
    /// A node has deleted or changed so many rows.
    pub rows: unsafe extern "C-unwind" fn(*mut pg_sys::ModifyTableState, u64),
}

static mut OBSERVER: Option<&'static Observer> = None;
static mut NEXT_ANALYSE: pg_sys::post_parse_analyze_hook_type = None;
static mut NEXT_PLANNER: pg_sys::planner_hook_type = None;
static mut NEXT_START: pg_sys::ExecutorStart_hook_type = None;
static mut NEXT_RUN: pg_sys::ExecutorRun_hook_type = None;
static mut NEXT_FINISH: pg_sys::ExecutorFinish_hook_type = None;
/// What runs a ModifyTable node in the server.
static mut MODIFY: pg_sys::ExecProcNodeMtd = None;

unsafe extern "C-unwind" {
    // Not pgrx's wrappers: see above.
    #[link_name = "standard_planner"]
    fn raw_standard_planner(
        parse: *mut pg_sys::Query,
        query_string: *const c_char,
        cursor_options: c_int,
        bound_params: pg_sys::ParamListInfo,
    ) -> *mut pg_sys::PlannedStmt;
    #[link_name = "standard_ExecutorStart"]
    fn raw_start(desc: *mut pg_sys::QueryDesc, eflags: c_int);
    #[cfg(not(feature = "pg18"))]
    #[link_name = "standard_ExecutorRun"]
    fn raw_run(
        desc: *mut pg_sys::QueryDesc,
        direction: pg_sys::ScanDirection::Type,
        count: pg_sys::uint64,
        execute_once: bool,
    );
    #[cfg(feature = "pg18")]
    #[link_name = "standard_ExecutorRun"]
    fn raw_run(
        desc: *mut pg_sys::QueryDesc,
        direction: pg_sys::ScanDirection::Type,
        count: pg_sys::uint64,
    );
    #[link_name = "standard_ExecutorFinish"]
    fn raw_finish(desc: *mut pg_sys::QueryDesc);
    #[link_name = "ParamsErrorCallback"]
    fn raw_params_error_callback(arg: *mut c_void);
}

/// Called once, when the library is loaded.
pub fn install(observer: &'static Observer) {
    // SAFETY: once, while the library is loaded, by the only thread.
    unsafe {
        OBSERVER = Some(observer);
        NEXT_ANALYSE = pg_sys::post_parse_analyze_hook;
        pg_sys::post_parse_analyze_hook = Some(on_analyse);
        NEXT_PLANNER = pg_sys::planner_hook;
        pg_sys::planner_hook = Some(on_plan);
        NEXT_START = pg_sys::ExecutorStart_hook;
        pg_sys::ExecutorStart_hook = Some(on_start);
        NEXT_RUN = pg_sys::ExecutorRun_hook;
        pg_sys::ExecutorRun_hook = Some(on_run);
        NEXT_FINISH = pg_sys::ExecutorFinish_hook;
        pg_sys::ExecutorFinish_hook = Some(on_finish);
    }
}

unsafe extern "C-unwind" fn on_analyse(
    state: *mut pg_sys::ParseState,
    query: *mut pg_sys::Query,
    jumble: *mut pg_sys::JumbleState,
) {
    // SAFETY: passes on what the server gave.
    unsafe {
        if let Some(next) = NEXT_ANALYSE {
            next(state, query, jumble);
        }
        if let Some(o) = OBSERVER
            && (o.looks_at_form)()
        {
            (o.analysed)(query);
        }
    }
}

unsafe extern "C-unwind" fn on_plan(
    parse: *mut pg_sys::Query,
    query_string: *const c_char,
    cursor_options: c_int,
    bound_params: pg_sys::ParamListInfo,
) -> *mut pg_sys::PlannedStmt {
    // SAFETY: passes on what the server gave. The planner changes the query,
    // so a copy is looked at; afterwards, so that errors in it are the
    // planner's own.
    unsafe {
        let mut copy = std::ptr::null_mut();
        if let Some(o) = OBSERVER
            && (o.looks_at_form)()
        {
            copy = (o.before_plan)(parse);
        }
        let planned = match NEXT_PLANNER {
            Some(next) => next(parse, query_string, cursor_options, bound_params),
            None => raw_standard_planner(parse, query_string, cursor_options, bound_params),
        };
        if let Some(o) = OBSERVER
            && !copy.is_null()
        {
            add_marks(planned, (o.marks)(copy));
        }
        planned
    }
}

#[pg_guard]
extern "C-unwind" fn add_marks(planned: *mut pg_sys::PlannedStmt, marks: *mut pg_sys::List) {
    // SAFETY: a plan just made, and a list made in the same memory context.
    unsafe { (*planned).invalItems = pg_sys::list_concat((*planned).invalItems, marks) }
}

unsafe extern "C-unwind" fn on_start(desc: *mut pg_sys::QueryDesc, eflags: c_int) {
    // SAFETY: passes on what the server gave.
    unsafe {
        let runs = eflags & pg_sys::EXEC_FLAG_EXPLAIN_ONLY as c_int == 0;
        if let Some(o) = OBSERVER
            && (o.looks_at_form)()
            && runs
            && !(*(*desc).plannedstmt).invalItems.is_null()
        {
            (o.before_start)(desc);
        }
        match NEXT_START {
            Some(next) => next(desc, eflags),
            None => raw_start(desc, eflags),
        }
        if let Some(o) = OBSERVER
            && (o.counts_rows)()
            && runs
        {
            (o.started)(desc);
        }
    }
}

macro_rules! on_run {
    ($($name:ident: $kind:ty),*) => {
        unsafe extern "C-unwind" fn on_run(
            desc: *mut pg_sys::QueryDesc,
            direction: pg_sys::ScanDirection::Type,
            count: pg_sys::uint64,
            $($name: $kind),*
        ) {
            // SAFETY: passes on what the server gave.
            unsafe {
                let counted = enter();
                match NEXT_RUN {
                    Some(next) => next(desc, direction, count, $($name),*),
                    None => raw_run(desc, direction, count, $($name),*),
                }
                leave(counted, std::ptr::null_mut());
            }
        }
    };
}
// 18 dropped the flag.
#[cfg(not(feature = "pg18"))]
on_run!(execute_once: bool);
#[cfg(feature = "pg18")]
on_run!();

unsafe extern "C-unwind" fn on_finish(desc: *mut pg_sys::QueryDesc) {
    // SAFETY: passes on what the server gave.
    unsafe {
        let counted = enter();
        match NEXT_FINISH {
            Some(next) => next(desc),
            None => raw_finish(desc),
        }
        leave(counted, desc);
    }
}

/// Whether this run is counted: the setting may change while it goes on.
unsafe fn enter() -> bool {
    // SAFETY: written once, while the library was loaded.
    unsafe {
        match OBSERVER {
            Some(o) if (o.counts_rows)() => {
                (o.enter)();
                true
            }
            _ => false,
        }
    }
}

unsafe fn leave(counted: bool, finished: *mut pg_sys::QueryDesc) {
    // SAFETY: as above.
    unsafe {
        if let Some(o) = OBSERVER
            && counted
        {
            (o.leave)(finished);
        }
    }
}

/// Has what a ModifyTable node does counted. False where something else than
/// the server's own function runs the node.
///
/// # Safety
/// `node` was just made ready, and has not run.
pub unsafe fn count(node: *mut pg_sys::ModifyTableState) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let real = (*node).ps.ExecProcNodeReal;
        let known = MODIFY.map(|f| f as usize);
        if known.is_some() && known != real.map(|f| f as usize) {
            return false;
        }
        MODIFY = real;
        // A DELETE in WITH counts its rows only where it sets the command's
        // tag; what it adds there is taken off again below.
        if (*node).operation == pg_sys::CmdType::CMD_DELETE {
            (*node).canSetTag = true;
        }
        pg_sys::ExecSetExecProcNode(&raw mut (*node).ps, Some(counted));
        true
    }
}

unsafe extern "C-unwind" fn counted(node: *mut pg_sys::PlanState) -> *mut pg_sys::TupleTableSlot {
    // SAFETY: only ModifyTable nodes are given this function.
    unsafe {
        let Some(modify) = MODIFY else { return std::ptr::null_mut() };
        let state = node.cast::<pg_sys::ModifyTableState>();
        let estate = (*node).state;
        let (processed, merged) = ((*estate).es_processed, (*state).mt_merge_deleted);
        let slot = modify(node);
        let rows = if (*state).operation == pg_sys::CmdType::CMD_MERGE {
            ((*state).mt_merge_deleted - merged) as u64
        } else {
            (*estate).es_processed - processed
        };
        let tag = (*(*node).plan.cast::<pg_sys::ModifyTable>()).canSetTag;
        if !tag && (*state).operation == pg_sys::CmdType::CMD_DELETE {
            (*estate).es_processed = processed;
        }
        if let Some(o) = OBSERVER
            && rows > 0
        {
            (o.rows)(state, rows);
        }
        slot
    }
}

/// The nodes of a statement that change rows: its own and those in WITH.
///
/// # Safety
/// `desc` was just started.
pub unsafe fn modifying(desc: *mut pg_sys::QueryDesc) -> Vec<*mut pg_sys::ModifyTableState> {
    // SAFETY: the caller's promise; tags tell what the nodes are.
    unsafe {
        let mut nodes: Vec<_> =
            pgrx::PgList::<pg_sys::ModifyTableState>::from_pg((*(*desc).estate).es_auxmodifytables)
                .iter_ptr()
                .collect();
        let top = (*desc).planstate;
        // A rule's statement that doesn't set the command's tag is in both places.
        if !top.is_null()
            && (*top).type_ == pg_sys::NodeTag::T_ModifyTableState
            && !nodes.contains(&top.cast())
        {
            nodes.push(top.cast());
        }
        nodes
    }
}

/// Whether nothing stands between the client and the statement that runs. In
/// the extended protocol the portal's parameters stand on the error stack.
pub fn is_clients_own() -> bool {
    // SAFETY: reads of the error stack.
    unsafe {
        let top = pg_sys::error_context_stack;
        top.is_null()
            || ((*top).previous.is_null()
                && (*top).callback.map(|f| f as usize)
                    == Some(raw_params_error_callback as *const () as usize))
    }
}

/// The statements of the portal that runs, the first one's place in the
/// client's message, and whether it is a utility statement (DO, CALL).
fn portal() -> Option<(pgrx::PgList<pg_sys::PlannedStmt>, i32, bool)> {
    // SAFETY: the active portal and its statements live as long as it runs.
    unsafe {
        let portal = pg_sys::ActivePortal;
        if portal.is_null() {
            return None;
        }
        let statements = pgrx::PgList::<pg_sys::PlannedStmt>::from_pg((*portal).stmts);
        let first = statements.get_ptr(0)?;
        let utility = (*first).commandType == pg_sys::CmdType::CMD_UTILITY;
        Some((statements, (*first).stmt_location, utility))
    }
}

/// Where the client's statement stands in its message that runs what runs
/// now; None where that can't be told.
pub fn clients_location() -> Option<i32> {
    let own = is_clients_own();
    portal().filter(|(_, _, utility)| own || *utility).map(|(_, at, _)| at)
}

/// Whether the client's statement is over with this: it is no utility
/// statement, and the last of what rules have made of it.
///
/// # Safety
/// `desc` has just run.
pub unsafe fn is_clients_end(desc: *mut pg_sys::QueryDesc) -> bool {
    if !is_clients_own() {
        return false;
    }
    let Some((statements, _, utility)) = portal() else { return true };
    // SAFETY: the caller's promise.
    let plan = unsafe { (*desc).plannedstmt };
    let more =
        statements.iter_ptr().position(|s| s == plan).is_some_and(|at| at + 1 < statements.len());
    !utility && !more
}

/// The command tag of what the client sent; None where the portal that runs
/// is not the client's. Triggers that wait for the end run in none.
pub fn clients_tag() -> Option<String> {
    // SAFETY: the active portal, if any; tags are static strings.
    unsafe {
        let portal = pg_sys::ActivePortal;
        if portal.is_null() {
            return Some("COMMIT".into());
        }
        let nested_cursor = !is_clients_own()
            && super::text((*portal).name).is_some_and(|n| n.starts_with("<unnamed portal"));
        if nested_cursor {
            return None;
        }
        super::text(pg_sys::GetCommandTagName((*portal).commandTag)).filter(|t| t != "???")
    }
}

/// The client's own statement out of its message.
pub fn clients_statement() -> Option<String> {
    let message = super::context::query_string()?;
    // SAFETY: as above.
    let span = unsafe {
        let portal = pg_sys::ActivePortal;
        if portal.is_null() || super::text((*portal).sourceText).as_ref() != Some(&message) {
            None
        } else {
            pgrx::PgList::<pg_sys::PlannedStmt>::from_pg((*portal).stmts)
                .get_ptr(0)
                .map(|first| ((*first).stmt_location, (*first).stmt_len))
        }
    };
    let own = span.and_then(|(at, len)| {
        let at = usize::try_from(at).ok()?;
        let end = if len > 0 { at + len as usize } else { message.len() };
        message.get(at..end)
    });
    Some(own.unwrap_or(&message).trim().to_owned())
}
