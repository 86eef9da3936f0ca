//! Keeps the document within its budget by cutting, in this order: memory, transcript, summary, keys that the settings
//! add. Never the JSON.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{BUDGET, Handoff};
use crate::handoff::cut;

/// The longest summary kept before anything is counted.
const LONGEST_SUMMARY: usize = 1_500;
/// What is left of it before keys of the settings are left out.
const SHORT_SUMMARY: usize = 300;

impl Handoff {
    /// The document as `handoffData` carries it: at most [`BUDGET`] characters of compact JSON.
    pub fn to_handoff_data(&self) -> String {
        self.clone().within_budget(BUDGET, 0, |handoff, _| handoff.document()).to_string()
    }

    /// The document as JSON, whole.
    pub(super) fn document(&self) -> Value {
        json!({
            "reasonCode": self.reason_code,
            "reason": self.reason,
            "callSummary": self.call_summary,
            "sentiment": self.sentiment,
            "warmline": self.context,
        })
    }

    /// Cuts until what `render` makes of the document and of the first so many of its `added` keys has at most
    /// `budget` characters, and returns that.
    pub(super) fn within_budget(
        mut self,
        budget: usize,
        mut added: usize,
        render: impl Fn(&Self, usize) -> Value,
    ) -> Value {
        self.call_summary = cut(self.call_summary.expose(), LONGEST_SUMMARY).into();
        let mut rendered = render(&self, added);
        while characters(&rendered) > budget {
            let before = characters(&rendered);
            let summary = self.call_summary.expose().chars().count();
            if self.context.memory.pop_last().is_some() {
            } else if !self.context.transcript.is_empty() {
                self.context.transcript.remove(0);
            } else if summary > SHORT_SUMMARY {
                self.shorten_summary(before - budget, SHORT_SUMMARY);
            } else if added > 0 {
                added -= 1;
            } else if summary > 1 {
                self.shorten_summary(before - budget, 1);
            } else {
                // Every other key is short by construction, so this is a document that a test built.
                break;
            }
            rendered = render(&self, added);
        }
        rendered
    }

    /// Drops so many characters from the summary that its JSON loses `excess` characters or more, but leaves
    /// `least` of them.
    fn shorten_summary(&mut self, excess: usize, least: usize) {
        let summary = self.call_summary.expose();
        let length = summary.chars().count();
        // An escaped character takes up to two (control characters were removed), so this may cut more than
        // was needed, and never less than one character.
        let keep = length.saturating_sub(excess.max(1) + 1).max(least);
        self.call_summary = cut(summary, keep).into();
    }
}

/// The length TaskRouter counts: characters of compact JSON.
pub(super) fn characters(value: &Value) -> usize {
    value.to_string().chars().count()
}

/// Adds the keys of `more` that `object` does not have.
pub(super) fn add_missing(object: &mut Map<String, Value>, more: impl Serialize) {
    if let Ok(Value::Object(more)) = serde_json::to_value(more) {
        for (key, value) in more {
            object.entry(key).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Line, Speaker, Trigger, tidy};
    use super::*;

    fn handoff(summary: &str, memory: usize, lines: usize) -> Handoff {
        let mut handoff = Handoff::bare("CA1".parse().unwrap(), "h1".into(), Trigger::Model);
        handoff.call_summary = tidy(summary, 4_000).into();
        for fact in 0..memory {
            handoff.context.memory.insert(format!("fact{fact}"), "\"quoted\" & <marked>".into());
        }
        let line = || Line { who: Speaker::Caller, text: "I said \"this\"".repeat(8).into() };
        handoff.context.transcript = std::iter::repeat_with(line).take(lines).collect();
        handoff
    }

    #[test]
    fn memory_goes_before_the_transcript_and_the_transcript_before_the_summary() {
        let summary = "s".repeat(1_000);
        let cut: Value = serde_json::from_str(&handoff(&summary, 20, 12).to_handoff_data()).unwrap();
        assert_eq!(cut["callSummary"], summary);
        assert!(cut["warmline"]["transcript"].as_array().unwrap().len() > 2);
        assert!(cut["warmline"]["memory"].as_object().is_none_or(|memory| memory.len() < 20));
        let whole: Value = serde_json::from_str(&handoff(&summary, 3, 2).to_handoff_data()).unwrap();
        assert_eq!(whole["warmline"]["memory"].as_object().unwrap().len(), 3);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_document_is_ever_too_long_or_broken(
            summary in "[\\PC\"\\\\\n]{0,2500}", memory in 0..60usize, lines in 0..40usize,
        ) {
            let data = handoff(&summary, memory, lines).to_handoff_data();
            prop_assert!(data.chars().count() <= BUDGET);
            prop_assert!(serde_json::from_str::<Value>(&data).is_ok());
        }
    }
}
