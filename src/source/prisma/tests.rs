//! Whole schemas.
