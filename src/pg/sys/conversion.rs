//! What a column's values would become: the expression that ALTER TABLE would
//! compute them with, made by the server's own parser and planner, and a look
//! at every row with it, below SQL.
//!
//! Row-level security and the session's snapshot play no part; the session's
//! settings do, as they will when ALTER TABLE computes the values itself.

use super::scan::{self, Bound};
use super::table::attribute_form;
use super::{attempt, text, version};
use crate::loss::meaning::{self, Kind};
use crate::loss::{Changed, Count};
use pgrx::pg_sys;
use std::ffi::{CStr, c_char, c_void};

/// What ALTER TABLE says about the column.
#[derive(Clone, Copy)]
pub enum New {
    /// `ALTER COLUMN … TYPE … [USING …]`.
    Type(*mut pg_sys::ColumnDef),
    /// `ALTER COLUMN … SET EXPRESSION AS (…)`.
    #[cfg_attr(feature = "pg15", allow(dead_code))]
    Expression(*mut pg_sys::Node),
}

/// A column and what is asked of it.
#[derive(Clone, Copy)]
pub struct Column {
    pub relation: pg_sys::Oid,
    pub attribute: i16,
    pub new: New,
    /// Whether values may be shown.
    pub show: bool,
}

/// How many values would change. None where that can't be computed: the
/// server will say why when it tries itself. The caller holds the lock that
/// ALTER TABLE takes.
pub fn look(column: Column, bound: Bound) -> Option<Count> {
    let mut progress = Progress::default();
    let count = attempt(|| {
        // SAFETY: in a transaction, on a locked relation; see each function.
        Some(unsafe { run(&column, bound, &mut progress) })
    });
    // The way back failed for a value: it can't be had back.
    count.or_else(|| {
        progress.on_the_way_back.then(|| {
            Count::Changed(Changed {
                changed: progress.changed + 1,
                of: progress.of,
                part: true,
                examples: std::mem::take(&mut progress.examples),
            })
        })
    })
}

#[derive(Default)]
struct Progress {
    changed: u64,
    of: u64,
    seen: u64,
    on_the_way_back: bool,
    timed_out: bool,
    examples: Vec<(String, String)>,
}

/// How old and new value are compared.
#[derive(Clone, Copy)]
enum Compare {
    /// They are of the same type.
    Direct,
    /// The new one is cast back.
    Back(*mut pg_sys::Expr),
    /// As texts; which side the text of `meaning::same` is.
    Texts { kind: Kind, old_is_text: bool },
}

/// # Safety
/// As [`look`] says.
unsafe fn run(column: &Column, bound: Bound, progress: &mut Progress) -> Count {
    // SAFETY: the server's own steps for such a statement, on a relation that
    // is locked; what they allocate goes with the statement.
    unsafe {
        let rel = pg_sys::table_open(column.relation, pg_sys::NoLock as _);
        let form = *attribute_form((*rel).rd_att, column.attribute);
        let (expr, new_type) = expression(rel, column, &form);
        let count = if is_widening(expr, column.attribute) {
            Count::Exact(0)
        } else if let Some(why) = unforeseeable(expr) {
            match scan::count(column.relation, scan::Look::Value(column.attribute), bound) {
                Count::Exact(0) => Count::Exact(0),
                _ => Count::Unknown(why),
            }
        } else {
            let old_type = pg_sys::getBaseType(form.atttypid);
            let new_type = pg_sys::getBaseType(new_type);
            let compare = comparison(old_type, new_type, form.atttypmod, expr);
            rows(rel, column, expr, (old_type, new_type), compare, bound, progress)
        };
        pg_sys::table_close(rel, pg_sys::NoLock as _);
        count
    }
}

/// Why nobody can know what the expression will give, if so.
///
/// # Safety
/// `expr` is a planned expression.
unsafe fn unforeseeable(expr: *mut pg_sys::Expr) -> Option<String> {
    // SAFETY: the caller's promise, and the name of a function.
    unsafe {
        if pg_sys::contain_volatile_functions(expr.cast()) {
            return Some(
                "its expression calls a volatile function, whose result can't be known before"
                    .into(),
            );
        }
        let function = foreign_function(expr.cast())?;
        let name = text(pg_sys::format_procedure_qualified(function)).unwrap_or_default();
        Some(format!(
            "its expression calls {name}, which need not give the same again, whatever it is marked as"
        ))
    }
}

/// The planned expression for the new value, and its type. Raises what the
/// server raises.
///
/// # Safety
/// `rel` is open, the nodes are those of the statement's parse tree.
unsafe fn expression(
    rel: pg_sys::Relation,
    column: &Column,
    form: &pg_sys::FormData_pg_attribute,
) -> (*mut pg_sys::Expr, pg_sys::Oid) {
    // SAFETY: the caller's promise; parse analysis gets copies, for it
    // scribbles on what it is given.
    unsafe {
        let pstate = pg_sys::make_parsestate(std::ptr::null_mut());
        (*pstate).p_sourcetext = pg_sys::debug_query_string;
        let item = pg_sys::addRangeTableEntryForRelation(
            pstate,
            rel,
            pg_sys::AccessShareLock as _,
            std::ptr::null_mut(),
            false,
            true,
        );
        pg_sys::addNSItemToQuery(pstate, item, false, true, true);
        let (expr, new_type) = match column.new {
            New::Type(def) => {
                let (mut new_type, mut typmod) = (pg_sys::InvalidOid, -1);
                pg_sys::typenameTypeIdAndMod(pstate, (*def).typeName, &mut new_type, &mut typmod);
                let value: *mut pg_sys::Node = if (*def).raw_default.is_null() {
                    pg_sys::makeVar(
                        1,
                        column.attribute,
                        form.atttypid,
                        form.atttypmod,
                        form.attcollation,
                        0,
                    )
                    .cast()
                } else {
                    pg_sys::transformExpr(
                        pstate,
                        pg_sys::copyObjectImpl((*def).raw_default.cast()).cast(),
                        pg_sys::ParseExprKind::EXPR_KIND_ALTER_COL_TRANSFORM,
                    )
                };
                let value = pg_sys::coerce_to_target_type(
                    pstate,
                    value,
                    pg_sys::exprType(value),
                    new_type,
                    typmod,
                    pg_sys::CoercionContext::COERCION_ASSIGNMENT,
                    pg_sys::CoercionForm::COERCE_IMPLICIT_CAST,
                    -1,
                );
                if value.is_null() {
                    // No such cast: what the server will say is better than
                    // what could be said here.
                    pgrx::error!("there is no such cast");
                }
                pg_sys::assign_expr_collations(pstate, value);
                (version::expand_generated(value, rel), new_type)
            }
            New::Expression(raw) => {
                let value = pg_sys::cookDefault(
                    pstate,
                    pg_sys::copyObjectImpl(raw.cast()).cast(),
                    form.atttypid,
                    form.atttypmod,
                    form.attname.data.as_ptr(),
                    form.attgenerated,
                );
                (value, form.atttypid)
            }
        };
        let expr = pg_sys::expression_planner(expr.cast());
        pg_sys::free_parsestate(pstate);
        (expr, new_type)
    }
}

/// Functions that give a value of a wider type which means the same and leads
/// back to the same. They cost no look at the rows.
const WIDENING: &[u32] = &[
    pg_sys::F_INT4_INT2,
    pg_sys::F_INT8_INT2,
    pg_sys::F_INT8_INT4,
    pg_sys::F_INT8_OID.to_u32(),
    pg_sys::F_NUMERIC_INT2,
    pg_sys::F_NUMERIC_INT4,
    pg_sys::F_NUMERIC_INT8,
    pg_sys::F_FLOAT4_INT2,
    pg_sys::F_FLOAT8_INT2,
    pg_sys::F_FLOAT8_INT4,
    pg_sys::F_FLOAT8_FLOAT4,
    pg_sys::F_TIMESTAMP_DATE,
    pg_sys::F_TEXT_BPCHAR,
    pg_sys::F_TEXT_NAME,
    pg_sys::F_TEXT_BOOL,
];

/// Types whose text form is exact whatever the session's settings are, so
/// that a text column holds all that they hold.
const EXACT_TEXT: &[pg_sys::Oid] = &[
    pg_sys::INT2OID,
    pg_sys::INT4OID,
    pg_sys::INT8OID,
    pg_sys::OIDOID,
    pg_sys::NUMERICOID,
    pg_sys::BOOLOID,
    pg_sys::UUIDOID,
    pg_sys::JSONOID,
    pg_sys::JSONBOID,
    pg_sys::MACADDROID,
    pg_sys::BYTEAOID,
    pg_sys::CHAROID,
];

/// Whether the expression is the column itself, as a type that holds all of
/// its values: the server's planner has taken out what does nothing.
///
/// # Safety
/// `expr` is a planned expression.
unsafe fn is_widening(expr: *mut pg_sys::Expr, attribute: i16) -> bool {
    // SAFETY: each node's tag says what it is.
    unsafe {
        match (*expr).type_ {
            pg_sys::NodeTag::T_Var => {
                let var = expr.cast::<pg_sys::Var>();
                (*var).varattno == attribute
            }
            // An element, inside of an array's conversion.
            pg_sys::NodeTag::T_CaseTestExpr => true,
            pg_sys::NodeTag::T_RelabelType => {
                let relabel = expr.cast::<pg_sys::RelabelType>();
                let from = pg_sys::exprType((*relabel).arg.cast());
                is_relabelled(from, (*relabel).resulttype) && is_widening((*relabel).arg, attribute)
            }
            pg_sys::NodeTag::T_CoerceToDomain => {
                is_widening((*expr.cast::<pg_sys::CoerceToDomain>()).arg, attribute)
            }
            pg_sys::NodeTag::T_FuncExpr => {
                let call = expr.cast::<pg_sys::FuncExpr>();
                WIDENING.contains(&(*call).funcid.to_u32())
                    && is_widening(pg_sys::list_nth((*call).args, 0).cast(), attribute)
            }
            pg_sys::NodeTag::T_CoerceViaIO => {
                let via = expr.cast::<pg_sys::CoerceViaIO>();
                let from = pg_sys::getBaseType(pg_sys::exprType((*via).arg.cast()));
                let exact = EXACT_TEXT.contains(&from)
                    || pg_sys::get_typtype(from) as u8 == pg_sys::TYPTYPE_ENUM;
                exact
                    && matches!((*via).resulttype, pg_sys::TEXTOID | pg_sys::VARCHAROID)
                    && is_widening((*via).arg, attribute)
            }
            pg_sys::NodeTag::T_ArrayCoerceExpr => {
                let array = expr.cast::<pg_sys::ArrayCoerceExpr>();
                is_widening((*array).elemexpr, attribute) && is_widening((*array).arg, attribute)
            }
            _ => false,
        }
    }
}

/// Whether the same bytes mean the same in both types. Not so for oid and
/// integer, above all: 4294967295 is -1.
fn is_relabelled(from: pg_sys::Oid, to: pg_sys::Oid) -> bool {
    const STRINGS: [pg_sys::Oid; 3] = [pg_sys::TEXTOID, pg_sys::VARCHAROID, pg_sys::XMLOID];
    const BITS: [pg_sys::Oid; 2] = [pg_sys::BITOID, pg_sys::VARBITOID];
    const ADDRESSES: [pg_sys::Oid; 2] = [pg_sys::CIDROID, pg_sys::INETOID];
    const OBJECTS: [pg_sys::Oid; 11] = [
        pg_sys::OIDOID,
        pg_sys::REGPROCOID,
        pg_sys::REGPROCEDUREOID,
        pg_sys::REGOPEROID,
        pg_sys::REGOPERATOROID,
        pg_sys::REGCLASSOID,
        pg_sys::REGCOLLATIONOID,
        pg_sys::REGTYPEOID,
        pg_sys::REGROLEOID,
        pg_sys::REGNAMESPACEOID,
        pg_sys::REGCONFIGOID,
    ];
    // SAFETY: catalog lookups.
    let base = |oid| unsafe { pg_sys::getBaseType(oid) };
    let (from, to) = (base(from), base(to));
    let both = |types: &[pg_sys::Oid]| types.contains(&from) && types.contains(&to);
    from == to || both(&STRINGS) || both(&BITS) || both(&ADDRESSES) || both(&OBJECTS)
}

/// How values of two base types are compared.
///
/// # Safety
/// `expr` is the planned expression for the new value.
unsafe fn comparison(
    old: pg_sys::Oid,
    new: pg_sys::Oid,
    old_modifier: i32,
    expr: *mut pg_sys::Expr,
) -> Compare {
    if old == new {
        return Compare::Direct;
    }
    let texts = |kind, old_is_text| Compare::Texts { kind, old_is_text };
    match (is_string(old), is_string(new)) {
        (true, true) => return texts(Kind::Text, true),
        (true, false) => return texts(kind(new), true),
        (false, true) if has_certain_text(old) => return texts(kind(old), false),
        _ => {}
    }
    if kind(old) == Kind::Json && kind(new) == Kind::Json {
        return texts(Kind::Json, old == pg_sys::JSONOID);
    }
    // SAFETY: a node made here and the server's own look for a cast.
    unsafe {
        if (*expr).type_ == pg_sys::NodeTag::T_RelabelType
            && (*(*expr.cast::<pg_sys::RelabelType>()).arg).type_ == pg_sys::NodeTag::T_Var
        {
            // The same bytes under another name: what they are shown as tells.
            return texts(Kind::Text, true);
        }
        let value =
            pg_sys::palloc0(size_of::<pg_sys::CaseTestExpr>()).cast::<pg_sys::CaseTestExpr>();
        (*value).xpr.type_ = pg_sys::NodeTag::T_CaseTestExpr;
        (*value).typeId = new;
        (*value).typeMod = -1;
        (*value).collation = pg_sys::get_typcollation(new);
        if let Some(back) = other_zone(expr, value) {
            return Compare::Back(back);
        }
        // A length would cut what doesn't fit, and hide it; bits need theirs.
        let length = if old == pg_sys::BITOID { old_modifier } else { -1 };
        let back = pg_sys::coerce_to_target_type(
            std::ptr::null_mut(),
            value.cast(),
            new,
            old,
            length,
            pg_sys::CoercionContext::COERCION_EXPLICIT,
            pg_sys::CoercionForm::COERCE_EXPLICIT_CAST,
            -1,
        );
        // No function of a user's own runs but those that ALTER TABLE runs.
        if back.is_null() || foreign_function(back).is_some() {
            return texts(Kind::Text, true);
        }
        pg_sys::assign_expr_collations(std::ptr::null_mut(), back);
        Compare::Back(pg_sys::expression_planner(back.cast()))
    }
}

/// The way back from `column AT TIME ZONE 'constant'`: the same the other way
/// round. It is how people give timestamps their zone.
///
/// # Safety
/// `expr` is a planned expression, `value` stands for the new value.
unsafe fn other_zone(
    expr: *mut pg_sys::Expr,
    value: *mut pg_sys::CaseTestExpr,
) -> Option<*mut pg_sys::Expr> {
    // SAFETY: each node's tag says what it is.
    unsafe {
        if (*expr).type_ != pg_sys::NodeTag::T_FuncExpr {
            return None;
        }
        let call = expr.cast::<pg_sys::FuncExpr>();
        let (back, result) = match (*call).funcid.to_u32() {
            pg_sys::F_TIMEZONE_TEXT_TIMESTAMP => {
                (pg_sys::F_TIMEZONE_TEXT_TIMESTAMPTZ, pg_sys::TIMESTAMPOID)
            }
            pg_sys::F_TIMEZONE_TEXT_TIMESTAMPTZ => {
                (pg_sys::F_TIMEZONE_TEXT_TIMESTAMP, pg_sys::TIMESTAMPTZOID)
            }
            _ => return None,
        };
        let zone = pg_sys::list_nth((*call).args, 0).cast::<pg_sys::Node>();
        let column = pg_sys::list_nth((*call).args, 1).cast::<pg_sys::Node>();
        if (*zone).type_ != pg_sys::NodeTag::T_Const || (*column).type_ != pg_sys::NodeTag::T_Var {
            return None;
        }
        let args =
            pg_sys::lappend(pg_sys::lappend(std::ptr::null_mut(), zone.cast()), value.cast());
        let back = pg_sys::makeFuncExpr(
            pg_sys::Oid::from(back),
            result,
            args,
            pg_sys::InvalidOid,
            (*call).inputcollid,
            pg_sys::CoercionForm::COERCE_EXPLICIT_CALL,
        );
        Some(back.cast())
    }
}

/// A function in an expression that is neither the server's own nor an
/// extension's: somebody may have it answer otherwise the next time, whatever
/// it is marked as.
///
/// # Safety
/// `node` is an analysed expression.
unsafe fn foreign_function(node: *mut pg_sys::Node) -> Option<pg_sys::Oid> {
    unsafe extern "C-unwind" fn check(function: pg_sys::Oid, found: *mut c_void) -> bool {
        // SAFETY: a catalog lookup, and the place that the caller gave.
        unsafe {
            let foreign = function.to_u32() >= pg_sys::FirstNormalObjectId
                && raw_extension_of(pg_sys::ProcedureRelationId, function) == pg_sys::InvalidOid;
            if foreign {
                *found.cast::<pg_sys::Oid>() = function;
            }
            foreign
        }
    }
    unsafe extern "C-unwind" fn walk(node: *mut pg_sys::Node, found: *mut c_void) -> bool {
        // SAFETY: the server's own walk through the expression.
        unsafe {
            !node.is_null()
                && (raw_check_functions(node, check, found)
                    || version::raw_walk_expression(node, walk, found))
        }
    }
    let mut found = pg_sys::InvalidOid;
    // SAFETY: the caller's promise; one guard around the whole walk.
    unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| walk(node, (&raw mut found).cast())) };
    (found != pg_sys::InvalidOid).then_some(found)
}

fn is_string(type_oid: pg_sys::Oid) -> bool {
    let (mut category, mut preferred) = (0 as c_char, false);
    // SAFETY: a catalog lookup.
    unsafe { pg_sys::get_type_category_preferred(type_oid, &mut category, &mut preferred) };
    category as u8 == pg_sys::TYPCATEGORY_STRING
}

/// Whether a type's text form has everything that its values have.
fn has_certain_text(type_oid: pg_sys::Oid) -> bool {
    // SAFETY: reads of a setting and of a catalog. Other styles write zones
    // that are read as others' (IST, CST).
    let iso = unsafe { pg_sys::DateStyle } == pg_sys::USE_ISO_DATES as i32;
    EXACT_TEXT.contains(&type_oid)
        || (kind(type_oid) == Kind::Moment && iso)
        || type_oid == pg_sys::INTERVALOID
        || unsafe { pg_sys::get_typtype(type_oid) } as u8 == pg_sys::TYPTYPE_ENUM
}

fn kind(type_oid: pg_sys::Oid) -> Kind {
    match type_oid {
        pg_sys::INT2OID
        | pg_sys::INT4OID
        | pg_sys::INT8OID
        | pg_sys::NUMERICOID
        | pg_sys::FLOAT4OID
        | pg_sys::FLOAT8OID => Kind::Number,
        pg_sys::BOOLOID => Kind::Boolean,
        pg_sys::DATEOID
        | pg_sys::TIMEOID
        | pg_sys::TIMETZOID
        | pg_sys::TIMESTAMPOID
        | pg_sys::TIMESTAMPTZOID => Kind::Moment,
        pg_sys::UUIDOID => Kind::Uuid,
        pg_sys::JSONOID | pg_sys::JSONBOID => Kind::Json,
        _ => Kind::Text,
    }
}

/// The equality that says of two values of a type whether they mean the same.
/// None: only the same bytes do. `1.20` is `1.2`; but 24 hours aren't a day,
/// and what a type of the user's own calls equal may not be the same.
fn equality(type_oid: pg_sys::Oid) -> Option<u32> {
    let numbers = |oid| matches!(oid, pg_sys::NUMERICOID | pg_sys::FLOAT4OID | pg_sys::FLOAT8OID);
    match type_oid {
        pg_sys::NUMERICOID => return Some(pg_sys::F_NUMERIC_EQ),
        pg_sys::FLOAT4OID => return Some(pg_sys::F_FLOAT4EQ),
        pg_sys::FLOAT8OID => return Some(pg_sys::F_FLOAT8EQ),
        pg_sys::BPCHAROID => return Some(pg_sys::F_BPCHAREQ),
        pg_sys::NUMRANGEOID => return Some(pg_sys::F_RANGE_EQ),
        _ => {}
    }
    // SAFETY: catalog lookups.
    unsafe {
        let element = pg_sys::get_element_type(type_oid);
        // The same array may be laid out with or without a map of its nulls.
        if numbers(element)
            || matches!(
                element,
                pg_sys::INT2OID
                    | pg_sys::INT4OID
                    | pg_sys::INT8OID
                    | pg_sys::OIDOID
                    | pg_sys::BOOLOID
                    | pg_sys::TEXTOID
                    | pg_sys::VARCHAROID
                    | pg_sys::BPCHAROID
                    | pg_sys::BYTEAOID
                    | pg_sys::UUIDOID
                    | pg_sys::DATEOID
                    | pg_sys::TIMESTAMPOID
                    | pg_sys::TIMESTAMPTZOID
                    | pg_sys::JSONBOID
            )
        {
            return Some(pg_sys::F_ARRAY_EQ);
        }
        if pg_sys::get_typtype(type_oid) as u8 == pg_sys::TYPTYPE_COMPOSITE {
            return Some(pg_sys::F_RECORD_IMAGE_EQ);
        }
    }
    None
}

// Not pgrx's wrappers: one guard around a whole scan or walk, not one around each
// of its calls.
unsafe extern "C-unwind" {
    #[link_name = "datum_image_eq"]
    fn raw_datum_image_eq(
        a: pg_sys::Datum,
        b: pg_sys::Datum,
        by_value: bool,
        length: std::ffi::c_int,
    ) -> bool;
    #[link_name = "OutputFunctionCall"]
    fn raw_output(function: *mut pg_sys::FmgrInfo, value: pg_sys::Datum) -> *const c_char;
    #[link_name = "FunctionCall2Coll"]
    fn raw_call2(
        function: *mut pg_sys::FmgrInfo,
        collation: pg_sys::Oid,
        a: pg_sys::Datum,
        b: pg_sys::Datum,
    ) -> pg_sys::Datum;
    #[link_name = "MemoryContextReset"]
    fn raw_reset(context: pg_sys::MemoryContext);
    #[link_name = "slot_getsomeattrs_int"]
    fn raw_deform(slot: *mut pg_sys::TupleTableSlot, attribute: std::ffi::c_int);
    #[link_name = "ProcessInterrupts"]
    fn raw_interrupts();
    #[link_name = "GetCurrentTimestamp"]
    fn raw_now() -> i64;
    #[link_name = "getExtensionOfObject"]
    fn raw_extension_of(class: pg_sys::Oid, object: pg_sys::Oid) -> pg_sys::Oid;
    #[link_name = "check_functions_in_node"]
    fn raw_check_functions(
        node: *mut pg_sys::Node,
        check: unsafe extern "C-unwind" fn(pg_sys::Oid, *mut c_void) -> bool,
        context: *mut c_void,
    ) -> bool;
}

/// Everything that a row is looked at with. Owns nothing: the server's errors
/// leave by longjmp.
struct Looking {
    slot: *mut pg_sys::TupleTableSlot,
    econtext: *mut pg_sys::ExprContext,
    forward: *mut pg_sys::ExprState,
    back: *mut pg_sys::ExprState,
    equal: *mut pg_sys::FmgrInfo,
    old_out: *mut pg_sys::FmgrInfo,
    new_out: *mut pg_sys::FmgrInfo,
    compare: Compare,
    attribute: i16,
    by_value: bool,
    length: i16,
    /// Trailing blanks of this side mean nothing.
    blank_padded: (bool, bool),
    /// Whether a side's text is shown in quotes.
    quoted: (bool, bool),
    show: bool,
}

/// Looks at every row.
///
/// # Safety
/// `rel` is open and locked, `expr` was planned for it.
unsafe fn rows(
    rel: pg_sys::Relation,
    column: &Column,
    expr: *mut pg_sys::Expr,
    (old_type, new_type): (pg_sys::Oid, pg_sys::Oid),
    compare: Compare,
    bound: Bound,
    progress: &mut Progress,
) -> Count {
    // SAFETY: plain table access through the table's own access method and the
    // executor's own way to compute an expression; everything is released on
    // the way out, and on error by the server.
    unsafe {
        let estate = pg_sys::CreateExecutorState();
        let before = pg_sys::MemoryContextSwitchTo((*estate).es_query_cxt);
        let econtext = pg_sys::CreateExprContext(estate);
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        // What SQL in the expression reads is what ALTER TABLE itself would.
        pg_sys::PushActiveSnapshot(snapshot);
        let slot = pg_sys::table_slot_create(rel, std::ptr::null_mut());
        (*econtext).ecxt_scantuple = slot;
        let function = |oid: pg_sys::Oid| {
            let info = pg_sys::palloc0(size_of::<pg_sys::FmgrInfo>()).cast::<pg_sys::FmgrInfo>();
            pg_sys::fmgr_info(oid, info);
            info
        };
        let output = |type_oid| {
            let (mut out, mut variable) = (pg_sys::InvalidOid, false);
            pg_sys::getTypeOutputInfo(type_oid, &mut out, &mut variable);
            function(out)
        };
        let (mut length, mut by_value) = (0i16, false);
        pg_sys::get_typlenbyval(old_type, &mut length, &mut by_value);
        let looking = Looking {
            slot,
            econtext,
            forward: pg_sys::ExecInitExpr(expr, std::ptr::null_mut()),
            back: match compare {
                Compare::Back(back) => pg_sys::ExecInitExpr(back, std::ptr::null_mut()),
                _ => std::ptr::null_mut(),
            },
            equal: equality(old_type)
                .map_or(std::ptr::null_mut(), |oid| function(pg_sys::Oid::from(oid))),
            old_out: output(old_type),
            new_out: output(new_type),
            compare,
            attribute: column.attribute,
            by_value,
            length,
            blank_padded: (old_type == pg_sys::BPCHAROID, new_type == pg_sys::BPCHAROID),
            quoted: (is_string(old_type), is_string(new_type)),
            show: column.show,
        };
        let am = &*(*rel).rd_tableam;
        let (begin, next, end) =
            (am.scan_begin.unwrap(), am.scan_getnextslot.unwrap(), am.scan_end.unwrap());
        let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN
            | pg_sys::ScanOptions::SO_ALLOW_STRAT
            | pg_sys::ScanOptions::SO_ALLOW_PAGEMODE;
        let scan = pg_sys::ffi::pg_guard_ffi_boundary(|| {
            begin(rel, snapshot, 0, std::ptr::null_mut(), std::ptr::null_mut(), flags)
        });
        let context = (*econtext).ecxt_per_tuple_memory;
        let outer = pg_sys::MemoryContextSwitchTo(context);
        let (begin_at, mut next_look) = (scan::now(), 1);
        pg_sys::ffi::pg_guard_ffi_boundary(|| {
            while next(scan, pg_sys::ScanDirection::ForwardScanDirection, slot) {
                if pg_sys::InterruptPending != 0 {
                    raw_interrupts();
                }
                looking.row(progress);
                raw_reset(context);
                if progress.changed > bound.limit {
                    break;
                }
                if progress.seen >= next_look {
                    let now = raw_now();
                    if now > bound.deadline {
                        progress.timed_out = true;
                        break;
                    }
                    // About once a millisecond, however slow the expression is.
                    let each = (now - begin_at) as u64 / progress.seen;
                    next_look = progress.seen + (1_000 / (each + 1)).clamp(1, 64);
                }
            }
            end(scan);
        });
        pg_sys::MemoryContextSwitchTo(outer);
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::PopActiveSnapshot();
        pg_sys::UnregisterSnapshot(snapshot);
        pg_sys::MemoryContextSwitchTo(before);
        pg_sys::FreeExecutorState(estate);
        match (progress.changed, progress.timed_out) {
            (0, false) => Count::Exact(0),
            (0, true) => Count::TimedOut(progress.seen),
            (changed, timed_out) => Count::Changed(Changed {
                changed,
                of: progress.of,
                part: timed_out || changed > bound.limit,
                examples: std::mem::take(&mut progress.examples),
            }),
        }
    }
}

type Value = Option<pg_sys::Datum>;

impl Looking {
    /// # Safety
    /// The slot holds a row; below a guard, in the row's memory context.
    unsafe fn row(&self, progress: &mut Progress) {
        // SAFETY: the caller's promise; nothing here owns memory of Rust's
        // while the server is called.
        unsafe {
            progress.seen += 1;
            progress.on_the_way_back = false;
            if (*self.slot).tts_nvalid < self.attribute {
                raw_deform(self.slot, self.attribute.into());
            }
            let at = self.attribute as usize - 1;
            let old: Value =
                (!*(*self.slot).tts_isnull.add(at)).then(|| *(*self.slot).tts_values.add(at));
            let new = self.evaluate(self.forward);
            if old.is_none() && new.is_none() {
                return;
            }
            progress.of += 1;
            progress.on_the_way_back = true;
            let same = match (old, new) {
                (Some(old), Some(new)) => self.same(old, new),
                _ => false,
            };
            if !same {
                progress.changed += 1;
                if self.show && progress.examples.len() < EXAMPLES {
                    self.keep_example(old, new, progress);
                }
            }
            progress.on_the_way_back = false;
        }
    }

    /// # Safety
    /// As [`Looking::row`].
    unsafe fn evaluate(&self, state: *mut pg_sys::ExprState) -> Value {
        // SAFETY: the executor's own protocol.
        unsafe {
            let mut null = false;
            let function = (*state).evalfunc.unwrap_unchecked();
            let value = function(state, self.econtext, &mut null);
            (!null).then_some(value)
        }
    }

    /// # Safety
    /// As [`Looking::row`]; both values are of the types compared.
    unsafe fn same(&self, old: pg_sys::Datum, new: pg_sys::Datum) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            match self.compare {
                Compare::Direct => self.equal(old, new),
                Compare::Back(_) => {
                    (*self.econtext).caseValue_datum = new;
                    (*self.econtext).caseValue_isNull = false;
                    self.evaluate(self.back).is_some_and(|back| self.equal(old, back))
                }
                Compare::Texts { kind, old_is_text } => {
                    let old = trimmed(self.out(self.old_out, Some(old)), self.blank_padded.0);
                    let new = trimmed(self.out(self.new_out, Some(new)), self.blank_padded.1);
                    old == new
                        || kind != Kind::Text && {
                            let (text, typed) = if old_is_text { (old, new) } else { (new, old) };
                            match (str::from_utf8(text), str::from_utf8(typed)) {
                                (Ok(text), Ok(typed)) => {
                                    // A panic must not cross the server's frames.
                                    std::panic::catch_unwind(|| meaning::same(kind, text, typed))
                                        .unwrap_or(false)
                                }
                                _ => false,
                            }
                        }
                }
            }
        }
    }

    /// # Safety
    /// As [`Looking::row`]; both are values of the old type.
    unsafe fn equal(&self, a: pg_sys::Datum, b: pg_sys::Datum) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            if self.equal.is_null() {
                raw_datum_image_eq(a, b, self.by_value, self.length.into())
            } else {
                raw_call2(self.equal, pg_sys::C_COLLATION_OID, a, b).value() & 1 == 1
            }
        }
    }

    /// # Safety
    /// As [`Looking::row`].
    unsafe fn keep_example(&self, old: Value, new: Value, progress: &mut Progress) {
        // SAFETY: the caller's promise.
        unsafe {
            let before = self.out(self.old_out, old);
            let after = self.out(self.new_out, new);
            // What looks the same tells nothing: 0.1 as real is another number.
            let back = (before == after && !self.back.is_null())
                .then(|| self.out(self.old_out, self.evaluate(self.back)));
            let mut new = shown(after, self.quoted.1);
            if let Some(back) = back {
                new.push_str(&format!(" (back again {})", shown(back, self.quoted.0)));
            }
            progress.examples.push((shown(before, self.quoted.0), new));
        }
    }

    /// A value's text, in the row's memory context; None for null.
    ///
    /// # Safety
    /// As [`Looking::row`]; the function belongs to the value's type.
    unsafe fn out<'a>(&self, function: *mut pg_sys::FmgrInfo, value: Value) -> Option<&'a [u8]> {
        // SAFETY: the caller's promise; output functions give C strings.
        value.map(|value| unsafe { CStr::from_ptr(raw_output(function, value)) }.to_bytes())
    }
}

fn trimmed(text: Option<&[u8]>, blank_padded: bool) -> &[u8] {
    let mut text = text.unwrap_or_default();
    while blank_padded && let Some(rest) = text.strip_suffix(b" ") {
        text = rest;
    }
    text
}

/// A refusal shows so many values.
const EXAMPLES: usize = 3;

/// A value as a refusal shows it: short, in quotes where blanks would not be
/// seen otherwise.
fn shown(text: Option<&[u8]>, quoted: bool) -> String {
    const LONGEST: usize = 40;
    let Some(text) = text else { return "NULL".into() };
    let text = String::from_utf8_lossy(text);
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    if quoted { format!("'{short}'") } else { short }
}

/// Whether the session's user may see the column's values: as the server
/// decides it for the values that its own errors show.
pub fn may_be_shown(relation: pg_sys::Oid, attribute: i16) -> bool {
    // SAFETY: permission checks.
    unsafe {
        let user = pg_sys::GetUserId();
        let granted =
            pg_sys::pg_attribute_aclcheck(relation, attribute, user, pg_sys::ACL_SELECT as _)
                == pg_sys::AclResult::ACLCHECK_OK
                || pg_sys::pg_class_aclcheck(relation, user, pg_sys::ACL_SELECT as _)
                    == pg_sys::AclResult::ACLCHECK_OK;
        let security = pg_sys::check_enable_rls(relation, pg_sys::InvalidOid, true);
        granted && security != pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32
    }
}
