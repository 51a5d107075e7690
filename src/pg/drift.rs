//! stub
use pgrx::prelude::*;
#[pg_extern]
fn drift(_name: &str) -> i32 { 0 }
#[pg_extern]
fn fix(_name: &str, _allow_loss: bool) -> i32 { 0 }
#[pg_extern]
fn snapshot(_schemas: Option<Vec<String>>) -> i32 { 0 }
