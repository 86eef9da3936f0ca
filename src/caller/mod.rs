//! The fake Twilio: one caller, used by `chat`, the examples, the benchmarks and the tests.
//!
//! ```text
//! Twilio ── call ──▶ Call ── dial, finish, callback ──▶ signed webhooks, TwiML back
//!                     │
//!                     └─ connect ──▶ Conversation ── say, press, interrupt, hang_up, wait_reply ──▶ frames
//! ```
//!
//! It plays speech at a speaking rate and reports what was heard, as Twilio does; it signs what Twilio signs;
//! it refuses what Twilio refuses. For many callers at once, who only count and measure, there is [`load`].
//! [`player`] and [`script`] do no input or output and are handed the time.

mod call;
mod conversation;
mod error;
mod frame;
mod leg;
mod line;
mod listening;
pub mod load;
mod noun;
pub mod player;
#[cfg(test)]
pub(crate) mod rehearsal;
mod reply;
pub mod report;
pub mod script;
mod speech;
mod wire;

pub use call::Call;
pub use conversation::{Act, Conversation};
pub use error::CallError;
pub use frame::Frame;
pub use leg::{Leg, Rung};
pub use line::{Answer, Twilio};
pub use listening::{Ending, Happening};
pub use noun::Noun;
pub use reply::{Cut, Reply};
pub use speech::{By, Interruptible, Rate};
