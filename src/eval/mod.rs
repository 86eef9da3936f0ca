//! Measures prompts and models on scenarios before they meet callers.
//!
//! ```text
//! folder ── scenario ──▶ Set ─┐
//!                             ├─ run ──▶ trial (a Session, a clock turned by hand) ──▶ outcome::Results
//! prompts, model ── subject ──┘
//! ```

pub mod outcome;

mod asking;
pub mod figures;
pub mod judge;
pub mod replay;
pub mod report;
pub mod run;
pub mod scenario;
pub mod simulated;
pub mod spelled;
pub mod statistics;
pub mod subject;
pub mod trial;

#[cfg(test)]
mod scratch;
