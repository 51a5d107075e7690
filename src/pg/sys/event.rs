//! What the server tells an event trigger.

use pgrx::{FromDatum, pg_sys};
use std::borrow::Cow;
use std::cell::Cell;
use std::ffi::CStr;
use std::thread::LocalKey;

/// The statement that an event trigger was called for.
#[derive(Clone, Copy)]
pub struct Event {
    data: *mut pg_sys::EventTriggerData,
}

impl Event {
    /// The event of this call, or None where the function was not called by
    /// the event trigger machinery.
    ///
    /// # Safety
    /// `fcinfo` is what the server called a function with.
    pub unsafe fn of(fcinfo: pg_sys::FunctionCallInfo) -> Option<Event> {
        // SAFETY: the server's calling convention: `context` is null or a node.
        unsafe {
            let context = (*fcinfo).context;
            (!context.is_null() && (*context).type_ == pg_sys::NodeTag::T_EventTriggerData)
                .then(|| Event { data: context.cast() })
        }
    }

    /// The parse tree, owned by the server and valid during the call.
    pub fn parse_tree(&self) -> *mut pg_sys::Node {
        // SAFETY: `data` lives as long as the call.
        unsafe { (*self.data).parsetree }
    }

    /// The command tag, as `DROP TABLE`.
    pub fn tag(&self) -> &'static str {
        // SAFETY: as above; tags are static strings, of ASCII.
        unsafe { CStr::from_ptr(pg_sys::GetCommandTagName((*self.data).tag)) }
            .to_str()
            .unwrap_or_default()
    }
}

/// A word of the server's own, as a command tag or a kind of object.
pub type Word = Cow<'static, str>;

/// Those that most statements come with: not to be copied each time.
const WORDS: [&str; 16] = [
    "table",
    "ALTER TABLE",
    "CREATE TABLE",
    "index",
    "CREATE INDEX",
    "sequence",
    "CREATE SEQUENCE",
    "ALTER SEQUENCE",
    "table column",
    "table constraint",
    "type",
    "view",
    "CREATE VIEW",
    "function",
    "CREATE FUNCTION",
    "trigger",
];

fn word(word: &str) -> Word {
    match WORDS.iter().find(|w| **w == word) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(word.to_owned()),
    }
}

/// A row of pg_event_trigger_ddl_commands().
#[derive(Debug, Clone)]
pub struct Command {
    pub class: pg_sys::Oid,
    pub object: pg_sys::Oid,
    pub sub: i32,
    pub tag: Word,
    pub object_type: Word,
    pub is_temporary: bool,
    /// Null for what has none in this place: a grant.
    pub identity: Option<String>,
    pub in_extension: bool,
}

/// A row of pg_event_trigger_dropped_objects().
#[derive(Debug, Clone)]
pub struct Dropped {
    pub class: pg_sys::Oid,
    pub object: pg_sys::Oid,
    pub sub: i32,
    pub original: bool,
    /// Goes by a dependency that CASCADE follows, not as a part.
    pub normal: bool,
    pub is_temporary: bool,
    pub object_type: Word,
    pub schema: Option<String>,
    pub name: Option<String>,
    pub identity: String,
    pub names: Vec<String>,
    pub args: Vec<String>,
}

/// What the statement has created and altered. Only in ddl_command_end.
pub fn commands() -> Vec<Command> {
    thread_local!(static KNOWN: Described = const { Cell::new(std::ptr::null_mut()) });
    let mut rows = Vec::new();
    call(pg_sys::F_PG_EVENT_TRIGGER_DDL_COMMANDS, &KNOWN, |row| {
        rows.push(Command {
            class: row.oid(0),
            object: row.oid(1),
            sub: row.int(2),
            tag: row.word(3),
            object_type: row.word(4),
            is_temporary: row.str(5).is_some_and(|schema| schema.starts_with("pg_temp")),
            identity: row.text(6),
            in_extension: row.boolean(7),
        });
    });
    rows
}

/// What a statement with this tag has dropped, but for parts that nobody asks
/// for, as a relation's row type or what holds its long values. Only in
/// sql_drop.
pub fn dropped(tag: &str) -> Vec<Dropped> {
    thread_local!(static KNOWN: Described = const { Cell::new(std::ptr::null_mut()) });
    let mut rows = Vec::new();
    call(pg_sys::F_PG_EVENT_TRIGGER_DROPPED_OBJECTS, &KNOWN, |row| {
        // Parts of something else that goes: row types, defaults, the triggers
        // of keys … . Relations are told apart by who asks, and statistics
        // objects have a name of their own.
        let part = !row.boolean(3) && !row.boolean(4);
        let relation = row.oid(0) == pg_sys::RelationRelationId;
        let told = match row.oid(0) {
            pg_sys::RelationRelationId | super::catalog::STATISTICS_OBJECT => true,
            // Those of tables that go as a whole are many, and of no interest.
            super::catalog::CONSTRAINT => tag != "DROP TABLE",
            // They can go with an extension without being part of it.
            pg_sys::ProcedureRelationId | pg_sys::TriggerRelationId => tag == "DROP EXTENSION",
            _ => false,
        };
        if part && (!told || row.str(7) == Some("pg_toast")) {
            return;
        }
        rows.push(Dropped {
            class: row.oid(0),
            object: row.oid(1),
            sub: row.int(2),
            original: row.boolean(3),
            normal: row.boolean(4),
            is_temporary: row.boolean(5),
            object_type: row.word(6),
            schema: row.text(7),
            name: row.text(8),
            identity: row.text(9).unwrap_or_default(),
            names: row.texts(10),
            args: if relation { Vec::new() } else { row.texts(11) },
        });
    });
    rows
}

/// One row of a function's result.
struct Row {
    slot: *mut pg_sys::TupleTableSlot,
}

impl Row {
    fn get<'a, T: FromDatum + 'a>(&'a self, at: usize) -> Option<T> {
        // SAFETY: the slot is fully deformed, and `T` is the column's type as
        // the server's own catalog declares it.
        unsafe { T::from_datum(*(*self.slot).tts_values.add(at), *(*self.slot).tts_isnull.add(at)) }
    }
    fn oid(&self, at: usize) -> pg_sys::Oid {
        self.get(at).unwrap_or(pg_sys::InvalidOid)
    }
    fn int(&self, at: usize) -> i32 {
        self.get(at).unwrap_or(0)
    }
    fn boolean(&self, at: usize) -> bool {
        self.get(at).unwrap_or(false)
    }
    fn text(&self, at: usize) -> Option<String> {
        self.get(at)
    }
    fn str(&self, at: usize) -> Option<&str> {
        self.get(at)
    }
    fn word(&self, at: usize) -> Word {
        word(self.str(at).unwrap_or_default())
    }
    fn texts(&self, at: usize) -> Vec<String> {
        let array: Option<Vec<Option<String>>> = self.get(at);
        array.unwrap_or_default().into_iter().flatten().collect()
    }
}

/// A function's rows, as the server describes them once.
type Described = Cell<pg_sys::TupleDesc>;

/// Calls a set-returning function of the server that takes no argument and
/// fills a tuplestore. Straight, without SQL: it runs in every DDL statement.
fn call(function: u32, known: &'static LocalKey<Described>, mut each: impl FnMut(Row)) {
    // SAFETY: the set-returning protocol in materialize mode; everything is
    // allocated in a context of its own that is deleted at the end.
    unsafe {
        let context = pg_sys::AllocSetContextCreateInternal(
            pg_sys::CurrentMemoryContext,
            c"schemaguard event".as_ptr(),
            pg_sys::ALLOCSET_SMALL_MINSIZE as _,
            pg_sys::ALLOCSET_SMALL_INITSIZE as _,
            pg_sys::ALLOCSET_SMALL_MAXSIZE as _,
        );
        let before = pg_sys::MemoryContextSwitchTo(context);
        // Of an expression context such a function looks at this only.
        let mut econtext = pg_sys::ExprContext {
            type_: pg_sys::NodeTag::T_ExprContext,
            ecxt_per_query_memory: context,
            ecxt_per_tuple_memory: context,
            ..Default::default()
        };
        let mut info = pg_sys::FmgrInfo::default();
        pg_sys::fmgr_info(pg_sys::Oid::from(function), &mut info);
        let entry = info.fn_addr.expect("a built-in function has an address");
        let described = known.get();
        if !described.is_null() {
            // To put its columns together from the catalog is half of all the
            // work. It is spared to a function whose result only its caller
            // knows: this one is called as if it were such a one.
            info.fn_oid = pg_sys::Oid::from(pg_sys::F_RECORD_IN);
        }
        let mut result = pg_sys::ReturnSetInfo {
            type_: pg_sys::NodeTag::T_ReturnSetInfo,
            econtext: &raw mut econtext,
            expectedDesc: described,
            allowedModes: pg_sys::SetFunctionReturnMode::SFRM_Materialize as _,
            ..Default::default()
        };
        let mut fcinfo = pg_sys::FunctionCallInfoBaseData {
            flinfo: &mut info,
            resultinfo: (&raw mut result).cast(),
            ..Default::default()
        };
        let fcinfo = &raw mut fcinfo;
        pg_sys::ffi::pg_guard_ffi_boundary(|| entry(fcinfo));
        if !result.setResult.is_null() {
            if described.is_null() {
                pg_sys::MemoryContextSwitchTo(pg_sys::TopMemoryContext);
                known.set(pg_sys::CreateTupleDescCopy(result.setDesc));
                pg_sys::MemoryContextSwitchTo(context);
            }
            let slot = pg_sys::MakeSingleTupleTableSlot(
                result.setDesc,
                &raw const pg_sys::TTSOpsMinimalTuple,
            );
            while pg_sys::tuplestore_gettupleslot(result.setResult, true, false, slot) {
                pg_sys::slot_getsomeattrs_int(slot, (*result.setDesc).natts);
                each(Row { slot });
            }
            pg_sys::ExecDropSingleTupleTableSlot(slot);
            pg_sys::tuplestore_end(result.setResult);
        }
        pg_sys::MemoryContextSwitchTo(before);
        pg_sys::MemoryContextDelete(context);
    }
}
