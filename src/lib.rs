//! Warmline.
pub mod ids;
pub mod pii;
