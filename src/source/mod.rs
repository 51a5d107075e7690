//! How a declared schema is written down. Pure: text in, text out; what the
//! text means is for the server to say.

pub mod prisma;
pub mod sql;
