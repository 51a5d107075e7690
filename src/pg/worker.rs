//! One way to run something in a session of its own: a dynamic background
//! worker that is given a job in shared memory and leaves its answer there.

use super::sys::{self, text};
use pgrx::bgworkers::{BackgroundWorker, SignalWakeFlags};
use pgrx::pg_sys;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The head of the shared segment; the job's JSON stands behind it.
#[repr(C)]
struct Head {
    state: AtomicU32,
    /// The segment with the answer, pinned until the asker has read it.
    answer: AtomicU32,
    answer_length: AtomicU32,
    cancelled: AtomicU32,
    /// How far the work has come, as the worker says; nothing of nothing at first.
    done: AtomicU32,
    all: AtomicU32,
    job_length: u32,
    /// The process that waits for the answer.
    asker: i32,
}

const WAITING: u32 = 0;
const ANSWERED: u32 = 1;

/// How often the asker looks when no signal wakes it.
const POLL: Duration = Duration::from_millis(10);

thread_local!(static IS_WORKER: Cell<bool> = const { Cell::new(false) });

/// Whether this process is one of our own workers: nothing is guarded or
/// recorded there.
pub fn is_worker() -> bool {
    IS_WORKER.get()
}

/// A worker at work.
pub struct Running {
    segment: *mut pg_sys::dsm_segment,
    handle: *mut pg_sys::BackgroundWorkerHandle,
}

/// Starts a worker in `database` as `user` (invalid: the superuser that
/// initdb made) at one of our functions that calls [`serve`]. The error says
/// why none could be had.
pub fn start<J: Serialize>(
    function: &str,
    job: &J,
    database: pg_sys::Oid,
    user: pg_sys::Oid,
    flags: u32,
) -> Result<Running, String> {
    let bytes = serde_json::to_vec(job).map_err(|e| e.to_string())?;
    // SAFETY: the segment is as large as head and job together, and mapped
    // until `finish` or the transaction's end; strings are NUL-terminated.
    unsafe {
        let segment = pg_sys::dsm_create(size_of::<Head>() + bytes.len(), 0);
        let base = pg_sys::dsm_segment_address(segment).cast::<u8>();
        let head = Head {
            state: AtomicU32::new(WAITING),
            answer: AtomicU32::new(0),
            answer_length: AtomicU32::new(0),
            cancelled: AtomicU32::new(0),
            done: AtomicU32::new(0),
            all: AtomicU32::new(0),
            job_length: bytes.len() as u32,
            asker: pg_sys::MyProcPid,
        };
        base.cast::<Head>().write(head);
        base.add(size_of::<Head>()).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());

        let mut worker = pg_sys::BackgroundWorker::default();
        put(&mut worker.bgw_name, "schemaguard worker");
        put(&mut worker.bgw_type, "schemaguard worker");
        put(&mut worker.bgw_library_name, "schemaguard");
        put(&mut worker.bgw_function_name, function);
        put(&mut worker.bgw_extra, &format!("{} {} {flags}", database.to_u32(), user.to_u32()));
        worker.bgw_flags =
            (pg_sys::BGWORKER_SHMEM_ACCESS | pg_sys::BGWORKER_BACKEND_DATABASE_CONNECTION) as _;
        worker.bgw_start_time = pg_sys::BgWorkerStartTime::BgWorkerStart_RecoveryFinished;
        worker.bgw_restart_time = pg_sys::BGW_NEVER_RESTART;
        worker.bgw_main_arg = pg_sys::Datum::from(pg_sys::dsm_segment_handle(segment));
        worker.bgw_notify_pid = pg_sys::MyProcPid;
        let mut handle = std::ptr::null_mut();
        if !pg_sys::RegisterDynamicBackgroundWorker(&mut worker, &mut handle) {
            pg_sys::dsm_detach(segment);
            return Err("no background worker is free: raise max_worker_processes".into());
        }
        Ok(Running { segment, handle })
    }
}

fn put(field: &mut [c_char], value: &str) {
    for (to, from) in field.iter_mut().zip(value.bytes().chain([0])) {
        *to = from as c_char;
    }
}

/// What a look at a worker shows.
pub enum Look {
    Answer(Vec<u8>),
    Still(Running),
}

impl Running {
    fn head(&self) -> &Head {
        // SAFETY: written by `start`, mapped as long as self.
        unsafe { &*pg_sys::dsm_segment_address(self.segment).cast::<Head>() }
    }

    fn stopped(&self) -> bool {
        let mut pid = 0;
        // SAFETY: a handle that RegisterDynamicBackgroundWorker gave.
        unsafe {
            pg_sys::GetBackgroundWorkerPid(self.handle, &mut pid)
                == pg_sys::BgwHandleStatus::BGWH_STOPPED
        }
    }

    /// How far it has come: so many of so many.
    pub fn progress(&self) -> (usize, usize) {
        let head = self.head();
        (head.done.load(Ordering::Relaxed) as usize, head.all.load(Ordering::Relaxed) as usize)
    }

    /// Waits for the answer. With a limit the worker is stopped when the time
    /// is up; without, the wait can be cancelled: the worker is told, given
    /// time to clean up behind itself, and the cancel goes on.
    pub fn wait(
        self,
        limit: Option<Duration>,
        tell: impl Fn((usize, usize)),
    ) -> Result<Vec<u8>, String> {
        let begin = Instant::now();
        let mut interrupt = None;
        let mut cleaning: Option<Instant> = None;
        loop {
            if self.head().state.load(Ordering::Acquire) == ANSWERED {
                break;
            }
            if self.stopped() && self.head().state.load(Ordering::Acquire) != ANSWERED {
                break;
            }
            if limit.is_some_and(|l| begin.elapsed() > l)
                || cleaning.is_some_and(|c| c.elapsed() > Duration::from_secs(20))
            {
                self.terminate();
                break;
            }
            nap();
            tell(self.progress());
            // While the worker cleans up, too: DROP DATABASE waits until every
            // process of the server has looked.
            if limit.is_none()
                && let Err(payload) = interrupted()
                && interrupt.is_none()
            {
                self.head().cancelled.store(1, Ordering::Release);
                self.terminate();
                interrupt = Some(payload);
                cleaning = Some(Instant::now());
            }
        }
        let answer = self.take_answer();
        // SAFETY: mapped by `start`.
        unsafe { pg_sys::dsm_detach(self.segment) };
        if let Some(payload) = interrupt {
            resume_unwind(payload);
        }
        answer
    }

    /// The answer, if it is there.
    pub fn look(self) -> Result<Look, String> {
        if self.head().state.load(Ordering::Acquire) == ANSWERED || self.stopped() {
            let answer = self.take_answer();
            // SAFETY: mapped by `start`.
            unsafe { pg_sys::dsm_detach(self.segment) };
            return answer.map(Look::Answer);
        }
        Ok(Look::Still(self))
    }

    /// Stops the worker and waits until it is gone, or all but.
    pub fn stop(self) {
        self.head().cancelled.store(1, Ordering::Release);
        self.terminate();
        let begin = Instant::now();
        while !self.stopped() && begin.elapsed() < Duration::from_secs(10) {
            nap();
            let _ = interrupted();
        }
        // An answer that came after all must not stay in memory.
        if self.head().state.load(Ordering::Acquire) == ANSWERED {
            let _ = self.take_answer();
        }
        // SAFETY: mapped by `start`.
        unsafe { pg_sys::dsm_detach(self.segment) };
    }

    fn terminate(&self) {
        // SAFETY: as in `stopped`.
        unsafe { pg_sys::TerminateBackgroundWorker(self.handle) }
    }

    fn take_answer(&self) -> Result<Vec<u8>, String> {
        let head = self.head();
        if head.state.load(Ordering::Acquire) != ANSWERED {
            return Err("the background worker ended without an answer".into());
        }
        let handle = head.answer.load(Ordering::Acquire);
        read_pinned(handle, head.answer_length.load(Ordering::Acquire) as usize)
    }
}

/// Reads and frees an answer's segment.
fn read_pinned(handle: u32, length: usize) -> Result<Vec<u8>, String> {
    // SAFETY: the worker made and pinned the segment, `length` bytes of it.
    unsafe {
        let segment = pg_sys::dsm_attach(handle);
        if segment.is_null() {
            return Err("the background worker's answer is gone".into());
        }
        let base = pg_sys::dsm_segment_address(segment).cast::<u8>();
        let bytes = std::slice::from_raw_parts(base, length).to_vec();
        pg_sys::dsm_unpin_segment(handle);
        pg_sys::dsm_detach(segment);
        Ok(bytes)
    }
}

/// Serves what other processes ask of this one; the error is a cancel on its
/// way to the client.
pub fn interrupted() -> std::thread::Result<()> {
    catch_unwind(AssertUnwindSafe(|| {
        pgrx::check_for_interrupts!();
    }))
}

/// A short sleep that ends when somebody has something to say.
pub fn nap() {
    // SAFETY: the process's own latch.
    unsafe {
        pg_sys::WaitLatch(
            pg_sys::MyLatch,
            (pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH) as _,
            POLL.as_millis() as _,
            pg_sys::PG_WAIT_EXTENSION,
        );
        pg_sys::ResetLatch(pg_sys::MyLatch);
    }
}

/// Whether this server has any place for background workers.
pub fn workers_exist() -> bool {
    // SAFETY: reads a setting.
    unsafe { pg_sys::max_worker_processes > 0 }
}

/// The worker's side of the shared segment.
pub struct Desk {
    segment: *mut pg_sys::dsm_segment,
}

impl Desk {
    fn head(&self) -> &Head {
        // SAFETY: attached in `schemaguard_worker`, mapped until it ends.
        unsafe { &*pg_sys::dsm_segment_address(self.segment).cast::<Head>() }
    }

    /// Whether nobody waits for the answer any more.
    pub fn abandoned(&self) -> bool {
        // SAFETY: a look at shared memory; an asker that was terminated tells
        // nobody.
        let gone = unsafe { pg_sys::BackendPidGetProc(self.head().asker).is_null() };
        gone || self.head().cancelled.load(Ordering::Acquire) != 0
            || BackgroundWorker::sigterm_received()
    }

    /// Says how far the work has come.
    pub fn progress(&self, (done, all): (usize, usize)) {
        self.head().all.store(all as u32, Ordering::Relaxed);
        self.head().done.store(done as u32, Ordering::Relaxed);
    }

    fn job<J: DeserializeOwned>(&self) -> Option<J> {
        let length = self.head().job_length as usize;
        // SAFETY: the asker wrote so many bytes behind the head.
        let bytes = unsafe {
            let base = pg_sys::dsm_segment_address(self.segment).cast::<u8>();
            std::slice::from_raw_parts(base.add(size_of::<Head>()), length)
        };
        serde_json::from_slice(bytes).ok()
    }

    /// Leaves an answer. Where nobody waits any more, nothing is left.
    fn answer(&self, bytes: &[u8]) {
        if self.head().cancelled.load(Ordering::Acquire) != 0 {
            return;
        }
        // SAFETY: the segment is as large as the answer.
        unsafe {
            let segment = pg_sys::dsm_create(bytes.len().max(1), 0);
            let base = pg_sys::dsm_segment_address(segment).cast::<u8>();
            base.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            pg_sys::dsm_pin_segment(segment);
            let head = self.head();
            head.answer.store(pg_sys::dsm_segment_handle(segment), Ordering::Release);
            head.answer_length.store(bytes.len() as u32, Ordering::Release);
            head.state.store(ANSWERED, Ordering::Release);
            pg_sys::dsm_detach(segment);
        }
    }
}

/// What a worker does with SIGTERM.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OnTerm {
    /// Ends, as a client's session does.
    End,
    /// Looks at [`Desk::abandoned`] and cleans up behind itself first.
    CleanUp,
}

/// The body of a worker's function: takes the job, connects, does it and
/// leaves the answer.
pub fn serve<J: DeserializeOwned, A: Serialize>(
    segment: pg_sys::Datum,
    on_term: OnTerm,
    work: impl FnOnce(&J, &Desk) -> A,
) {
    IS_WORKER.set(true);
    // SAFETY: the entry that the asker filled in.
    let extra = unsafe { text((*pg_sys::MyBgworkerEntry).bgw_extra.as_ptr()) }.unwrap_or_default();
    let mut numbers = extra.split(' ').map(|n| n.parse::<u32>().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    let (database, user, flags) = (next(), next(), next());

    // SAFETY: maps the segment for this process's life; null where the asker
    // has gone meanwhile.
    let segment = unsafe { pg_sys::dsm_attach(segment.value() as u32) };
    if segment.is_null() {
        return;
    }
    // SAFETY: keeps the mapping over the ends of transactions.
    unsafe { pg_sys::dsm_pin_mapping(segment) };
    let desk = Desk { segment };
    let Some(job) = desk.job() else { return };
    match on_term {
        OnTerm::CleanUp => BackgroundWorker::attach_signal_handlers(SignalWakeFlags::SIGTERM),
        OnTerm::End => {
            sys::version::end_on_sigterm();
            // SAFETY: signals were blocked until there is a handler.
            unsafe { pg_sys::BackgroundWorkerUnblockSignals() };
        }
    }
    // SAFETY: once in a worker's life; a failure ends the process.
    unsafe {
        pg_sys::BackgroundWorkerInitializeConnectionByOid(
            pg_sys::Oid::from_u32(database),
            pg_sys::Oid::from_u32(user),
            flags,
        );
    }
    let answer = work(&job, &desk);
    desk.answer(&serde_json::to_vec(&answer).unwrap_or_default());
}

/// Defines a function that a worker begins at.
#[macro_export]
macro_rules! worker_function {
    ($name:ident, $on_term:expr, $work:expr) => {
        #[unsafe(no_mangle)]
        #[doc(hidden)]
        #[pgrx::prelude::pg_guard]
        pub extern "C-unwind" fn $name(segment: pgrx::pg_sys::Datum) {
            $crate::pg::sys::entry(|| $crate::pg::worker::serve(segment, $on_term, $work));
        }
    };
}

/// Runs `f` in a transaction of its own; the error is the server's message.
pub fn attempt<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    transaction(f).map_err(|e| e.message)
}

/// A server error, caught in a worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    pub sqlstate: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
}

/// Runs `f` in a transaction of its own with a snapshot, and commits; on an
/// error the transaction is rolled back.
pub fn transaction<T>(f: impl FnOnce() -> T) -> Result<T, Failure> {
    caught(|| {
        // SAFETY: a worker's own transaction.
        unsafe {
            pg_sys::SetCurrentStatementStartTimestamp();
            pg_sys::StartTransactionCommand();
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        }
        let value = f();
        // SAFETY: begun above.
        unsafe {
            if pg_sys::ActiveSnapshotSet() {
                pg_sys::PopActiveSnapshot();
            }
            pg_sys::CommitTransactionCommand();
        }
        value
    })
}

/// Runs `f`; a server error or one of ours rolls back whatever transaction
/// is open and becomes a value.
pub fn caught<T>(f: impl FnOnce() -> T) -> Result<T, Failure> {
    let rolled_back = |failure: Failure| {
        // SAFETY: outside of any transaction block from here on.
        unsafe { pg_sys::AbortOutOfAnyTransaction() };
        Err(failure)
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        pgrx::PgTryBuilder::new(AssertUnwindSafe(|| Ok(f())))
            .catch_others(|error| Err(Failure::of(error)))
            .execute()
    }));
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(failure)) => rolled_back(failure),
        Err(payload) => match payload.downcast::<sys::Raised>() {
            Ok(raised) => rolled_back(Failure {
                sqlstate: raised.sqlstate.into(),
                message: raised.message,
                detail: raised.detail,
                hint: raised.hint,
            }),
            Err(other) => resume_unwind(other),
        },
    }
}

impl Failure {
    /// What pgrx caught.
    pub fn of(error: pg_sys::panic::CaughtError) -> Failure {
        use pg_sys::panic::CaughtError::{ErrorReport, PostgresError, RustPanic};
        match error {
            PostgresError(e) | ErrorReport(e) | RustPanic { ereport: e, .. } => Failure {
                sqlstate: sys::error::sqlstate_text(e.sql_error_code() as i32),
                message: e.message().to_owned(),
                detail: e.detail().map(str::to_owned),
                hint: e.hint().map(str::to_owned),
            },
        }
    }
}
