//! Measures prompts and models on scenarios before they meet callers.

pub mod outcome;
