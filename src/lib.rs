//! Warmline.
