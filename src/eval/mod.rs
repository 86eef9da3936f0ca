//! Measures prompts and models on scenarios before they meet callers.
//!
//! ```text
//! folder ── scenario ──▶ Set ─┐
//!                             ├─ run ──▶ trial (a Session, a clock turned by hand) ──▶ outcome::Results
//! prompts, model ── subject ──┘
//! ```

pub mod outcome;

#[cfg(feature = "caller")]
mod asking;
#[cfg(feature = "caller")]
pub mod figures;
#[cfg(feature = "caller")]
pub mod judge;
#[cfg(feature = "caller")]
pub mod replay;
#[cfg(feature = "caller")]
pub mod report;
#[cfg(feature = "caller")]
pub mod run;
#[cfg(feature = "caller")]
pub mod scenario;
#[cfg(feature = "caller")]
pub mod simulated;
#[cfg(feature = "caller")]
pub mod spelled;
#[cfg(feature = "caller")]
pub mod statistics;
#[cfg(feature = "caller")]
pub mod subject;
#[cfg(feature = "caller")]
pub mod trial;

#[cfg(test)]
mod scratch;
