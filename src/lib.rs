//! Warmline.
pub mod ids;
pub mod pii;
pub mod twiml;
pub mod relay;
pub mod chat;
pub mod handoff;
pub mod speech;
pub mod phrases;
pub mod session;
#[cfg(feature = "server")]
pub mod prompts;
#[cfg(feature = "server")]
pub mod tools;
#[cfg(feature = "server")]
pub mod playbook;
#[cfg(feature = "server")]
pub mod llm;
