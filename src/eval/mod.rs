//! Measures prompts and models on scenarios before they meet callers.

pub mod outcome;

#[cfg(feature = "caller")]
pub mod figures;
#[cfg(feature = "caller")]
pub mod report;
#[cfg(feature = "caller")]
pub mod statistics;

#[cfg(test)]
mod scratch;
