//! The command line.

#[cfg(feature = "caller")]
pub mod chat;
