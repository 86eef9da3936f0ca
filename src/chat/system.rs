//! The system prompt of a call: long, the same in every question, and so written as JSON once.

use std::borrow::Cow;

use serde_json::value::{RawValue, to_raw_value};

/// A system prompt. It may hold what is on record of a caller, and so never shows itself.
pub struct SystemPrompt {
    /// The text as a JSON string.
    written: Box<RawValue>,
}

impl SystemPrompt {
    /// The prompt of this text.
    pub fn new(text: &str) -> Self {
        Self { written: to_raw_value(text).expect("every text can be written as JSON") }
    }

    /// The text.
    pub fn text(&self) -> Cow<'_, str> {
        let text: Written<'_> = serde_json::from_str(self.written.get()).expect("it was written from a text");
        text.0
    }

    /// The text as a request has it.
    pub fn written(&self) -> &RawValue {
        &self.written
    }
}

impl PartialEq for SystemPrompt {
    fn eq(&self, other: &Self) -> bool {
        self.written.get() == other.written.get()
    }
}

/// Borrowed where nothing in it had to be escaped.
#[derive(serde::Deserialize)]
struct Written<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_as_it_was() {
        for text in ["", "You are \"Ada\".\nSay \\ and é\u{1}.", "plain"] {
            assert_eq!(SystemPrompt::new(text).text(), text);
        }
    }
}
