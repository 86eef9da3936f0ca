//! What an evaluation found, written for people, for CI and for other programs.
//!
//! Transcripts are data in all of them: control characters do not reach a terminal, and nothing in a page or in XML
//! is markup.

mod chart;
mod html;
mod json;
mod junit;
mod table;

pub use html::html;
pub(crate) use html::render;
pub use json::{ReadError, json, read};
pub use junit::junit;
pub use table::table;
pub(crate) use table::{plain, wrapped};

/// What must be known before any figure is believed.
const CAUTION: &str = "Rates of few trials: the intervals (95%) say how far they can be trusted, and take into \
                       account that trials of one scenario resemble each other.";

#[cfg(test)]
mod tests;
