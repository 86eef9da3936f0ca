//! Everything of the server but its terminal, for the tests that ask it.

pub(crate) mod depot;
mod mcp;
pub(crate) mod rest;
