//! Warmline.
pub mod speech;
pub mod ids;
pub mod pii;
