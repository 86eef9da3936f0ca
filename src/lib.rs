//! Warmline.
pub mod ids;
pub mod pii;
pub mod relay;
pub mod chat;
pub mod handoff;
