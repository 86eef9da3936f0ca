//! Many callers at once, who count every word and measure how long it took: `warmline bench`.
//!
//! ```text
//! Load ── one task per call ──▶ Talk (what to do) ── Hearing (what came) ──▶ Tally ──▶ Report
//! model ── stamped words, as OpenAI streams them ──▶ the server under test ──▶ Hearing
//! ```
//!
//! The model here stamps each word with call, turn, place and time; all processes read one clock. So a caller
//! knows of each word whether it is theirs, whether it is the next, and how long it was on its way. A run with a
//! single [fault](Faults) is void, however fast it was.

mod faults;
mod hearing;
mod line;
mod mark;
pub mod model;
mod plan;
mod process;
mod report;
mod run;
mod said;
mod socket;
mod talk;
mod tally;

pub use faults::Faults;
pub use hearing::{Hearing, Sample, Standing};
pub use mark::{BEFORE_QUESTION, Kind, Question, Reader, Stamp, Wish, Word};
pub use plan::{Dice, Plan};
pub use process::{Process, Usage, machine_busy};
pub use report::{Measured, Moment, Report};
pub use run::{Load, Target};
pub use tally::{Counts, Quantiles};
