//! The settings. All of them weaken or strengthen the guard, so all are for
//! superusers only.

use std::cell::Cell;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting, PostgresGucEnum};

/// What the guard does with a statement that would destroy data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PostgresGucEnum)]
pub enum Mode {
    #[name = c"enforce"]
    Enforce,
    #[name = c"warn"]
    Warn,
    #[name = c"observe"]
    Observe,
    #[name = c"off"]
    Off,
}

impl Mode {
    /// The setting's value as SQL writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Enforce => "enforce",
            Mode::Warn => "warn",
            Mode::Observe => "observe",
            Mode::Off => "off",
        }
    }
}

/// What happens to a statement that moves the schema away from the declared
/// one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PostgresGucEnum)]
pub enum OnDrift {
    #[name = c"off"]
    Off,
    #[name = c"warn"]
    Warn,
    #[name = c"refuse"]
    Refuse,
}

static MODE: GucSetting<Mode> = GucSetting::<Mode>::new(Mode::Enforce);
static PROBE_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(5_000);
static SHOW_VALUES: GucSetting<bool> = GucSetting::<bool>::new(true);
static LARGE_OBJECTS: GucSetting<bool> = GucSetting::<bool>::new(false);
static PROTECTED: GucSetting<bool> = GucSetting::<bool>::new(false);
static REQUIRE_WHERE: GucSetting<bool> = GucSetting::<bool>::new(false);
static MAX_ROWS_LOST: GucSetting<i32> = GucSetting::<i32>::new(-1);
static TWO_PERSON: GucSetting<bool> = GucSetting::<bool>::new(false);
static ON_DRIFT: GucSetting<OnDrift> = GucSetting::<OnDrift>::new(OnDrift::Off);

/// `schemaguard.on_drift` of this session.
pub fn on_drift() -> OnDrift {
    ON_DRIFT.get()
}

/// `schemaguard.two_person`: who wants to lose data may not consent to it.
pub fn two_person() -> bool {
    TWO_PERSON.get()
}

/// `schemaguard.mode` of this session.
pub fn mode() -> Mode {
    MODE.get()
}

/// `schemaguard.probe_timeout` in microseconds; 0 stands for no limit.
pub fn probe_timeout() -> i64 {
    match PROBE_TIMEOUT.get() {
        0 => i64::MAX / 4,
        ms => i64::from(ms) * 1_000,
    }
}

/// `schemaguard.show_values`.
pub fn show_values() -> bool {
    SHOW_VALUES.get()
}

/// `schemaguard.guard_large_objects` of this session.
pub fn guard_large_objects() -> bool {
    LARGE_OBJECTS.get()
}

/// `schemaguard.require_where` of this session.
pub fn require_where() -> bool {
    REQUIRE_WHERE.get()
}

/// `schemaguard.max_rows_lost` of this session; None where it is off.
pub fn max_rows_lost() -> Option<u64> {
    u64::try_from(MAX_ROWS_LOST.get()).ok()
}

/// Called once, when the library is loaded.
pub fn define() {
    // SAFETY: the assign hook can't fail.
    unsafe {
        GucRegistry::define_enum_guc_with_hooks(
        c"schemaguard.mode",
        c"What happens to a statement that would destroy data.",
        c"enforce refuses it, warn and observe let it through with a warning or silently and record it, off doesn't look.",
        &MODE,
        GucContext::Suset,
        GucFlags::default(),
        None,
        Some(on_mode),
        None,
    )
    };
    GucRegistry::define_int_guc(
        c"schemaguard.probe_timeout",
        c"How long a statement may look at the data that it would destroy.",
        c"Past that time it is refused as unproven. 0 looks as long as it takes.",
        &PROBE_TIMEOUT,
        0,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_bool_guc(
        c"schemaguard.show_values",
        c"Whether a refusal shows values that would change.",
        c"At most three, shortened, and only to whom the table's values may be shown; they stand in the record and in the server's log, too.",
        &SHOW_VALUES,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"schemaguard.guard_large_objects",
        c"Whether lo_unlink() of a large object that holds something is refused.",
        c"Off by default: it is data manipulation, as DELETE is. DDL that takes large objects along is always guarded.",
        &LARGE_OBJECTS,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"schemaguard.protected",
        c"Marks a database that DROP DATABASE must not destroy.",
        c"Set on the database itself, by CREATE EXTENSION; read from whatever database the DROP comes from.",
        &PROTECTED,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"schemaguard.two_person",
        c"Consent to lose data has to come from somebody else.",
        c"On: accept_data_loss() and comments grant nothing, and nobody approves what he wants to run himself.",
        &TWO_PERSON,
        GucContext::Suset,
        GucFlags::default(),
    );
    // SAFETY: the assign hook can't fail.
    unsafe {
        GucRegistry::define_bool_guc_with_hooks(
            c"schemaguard.require_where",
            c"Refuses DELETE and UPDATE without a condition that chooses rows.",
            c"A condition that names no column of the table is none. Off by default.",
            &REQUIRE_WHERE,
            GucContext::Suset,
            GucFlags::default(),
            None,
            Some(on_require_where),
            None,
        )
    };
    GucRegistry::define_int_guc(
        c"schemaguard.max_rows_lost",
        c"How many rows one statement may delete, with what foreign keys take along.",
        c"More are refused before commit. 0 lets no row go, -1 switches it off.",
        &MAX_ROWS_LOST,
        -1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_enum_guc(
        c"schemaguard.on_drift",
        c"What happens to DDL that moves the schema away from the declared one.",
        c"refuse refuses it, warn lets it through with a warning; judged at the end of each statement, on what it has touched, by the schema declared as main.",
        &ON_DRIFT,
        GucContext::Suset,
        GucFlags::default(),
    );
    // SAFETY: a static string; keeps ordinary roles from making placeholders.
    unsafe { pgrx::pg_sys::MarkGUCPrefixReserved(c"schemaguard".as_ptr()) };
}

thread_local!(static MODE_SET: Cell<bool> = const { Cell::new(false) });

/// Notes a change that a transaction makes, not one that its end takes back
/// or that comes with the configuration files.
extern "C-unwind" fn on_mode(_: std::ffi::c_int, _: *mut std::ffi::c_void) {
    // SAFETY: reads the transaction's state.
    if unsafe { pgrx::pg_sys::IsTransactionState() } {
        MODE_SET.set(true);
    }
}

/// Plans that were made while the setting was off have no marks (see
/// guard::form): all of them are made anew.
extern "C-unwind" fn on_require_where(on: bool, _: *mut std::ffi::c_void) {
    if on && !require_where() {
        // SAFETY: only marks cached plans as no longer valid.
        unsafe { pgrx::pg_sys::ResetPlanCache() }
    }
}

/// Whether `schemaguard.mode` was set since [`take_mode_set`].
pub fn is_mode_set() -> bool {
    MODE_SET.get()
}

/// Whether `schemaguard.mode` was set since the last call.
pub fn take_mode_set() -> bool {
    MODE_SET.take()
}

/// Whether a boolean setting's text says yes, by the server's spellings.
pub fn is_on(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    ["true", "yes", "on", "1"]
        .iter()
        .any(|yes| yes.starts_with(&value) && !value.is_empty() && value != "o")
}
