//! Warmline.
pub mod ids;
pub mod pii;
#[cfg(feature = "server")]
pub mod twilio;
pub mod twiml;
pub mod relay;
#[cfg(feature = "server")]
pub mod clock;
#[cfg(feature = "caller")]
pub mod caller;
#[cfg(feature = "server")]
pub mod cli;
