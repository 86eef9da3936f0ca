//! Warmline.
pub mod phrases;
pub mod speech;
pub mod ids;
pub mod pii;
