//! The trigger on tables of ours that keeps everybody but superusers from
//! changing them by SQL, whatever rights they have. What this library writes
//! fires no triggers.

use super::sys;
use pgrx::pg_sys;
use pgrx::prelude::pg_guard;

#[unsafe(no_mangle)]
#[doc(hidden)]
pub extern "C" fn pg_finfo_schemaguard_keep_out() -> &'static pg_sys::Pg_finfo_record {
    const V1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
    &V1
}

#[unsafe(no_mangle)]
#[doc(hidden)]
#[pg_guard]
pub unsafe extern "C-unwind" fn schemaguard_keep_out(
    _fcinfo: pg_sys::FunctionCallInfo,
) -> pg_sys::Datum {
    sys::entry(|| {
        // SAFETY: reads session state and the catalog.
        if !unsafe { pg_sys::superuser() } {
            sys::raise(
                "42501",
                "only a superuser can change the record and consents of schemaguard",
                None,
                None,
            );
        }
    });
    // A statement's trigger returns nothing.
    pg_sys::Datum::from(0)
}
