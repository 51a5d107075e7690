//! Consent to lose data, as far as it is text and numbers: what a comment
//! says, what was at stake and what is now, which tables a pattern names.
//! Pure: who may give it and where it is kept is the server side's.

pub mod comment;
pub mod pattern;
pub mod stake;
