//! Warmline.
pub mod ids;
pub mod pii;
pub mod twiml;
