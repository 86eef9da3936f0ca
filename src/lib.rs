//! Warmline.
pub mod ids;
pub mod pii;
pub mod relay;
pub mod chat;
pub mod handoff;
pub mod twiml;
pub mod speech;
pub mod phrases;
pub mod session;
#[cfg(feature = "server")]
pub mod llm;
#[cfg(feature = "server")]
pub mod clock;
#[cfg(feature = "server")]
pub mod twilio;
