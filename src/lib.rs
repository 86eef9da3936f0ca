//! Warmline.
pub mod ids;
pub mod pii;
#[cfg(feature = "server")]
pub mod twilio;
pub mod twiml;
