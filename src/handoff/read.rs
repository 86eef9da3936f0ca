//! Reads what came back in `HandoffData`. It crossed the network and another product may have written it, so
//! only known keys are taken, each with its limits.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Author, Context, Handoff, Line, Outcome, PromptVersion, Sentiment, Trigger, VERSION, tidy};
use crate::ids::CallSid;
use crate::pii::Pii;

/// Limits on what is taken over, in characters.
const LONGEST: Limits =
    Limits { code: 64, variant: 32, version: 12, reason: 300, summary: 4_000, fact: 200, line: 400 };
const MOST_FACTS: usize = 50;
const MOST_LINES: usize = 40;

struct Limits {
    code: usize,
    variant: usize,
    version: usize,
    reason: usize,
    summary: usize,
    fact: usize,
    line: usize,
}

/// Why a `HandoffData` cannot be used. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandoffError {
    /// Not a JSON object.
    #[error("not a JSON object")]
    NotAnObject,
    /// Neither a reason nor a summary.
    #[error("neither `reason` nor `callSummary` in it")]
    SaysNothing,
    /// Written for another call.
    #[error("it belongs to another call")]
    Foreign,
}

impl Handoff {
    /// Reads `HandoffData` that came back for the call `call_sid`.
    ///
    /// Accepts our own document, the seed's four flat keys, and Agent Connect's `{"attributes": {…}}`.
    ///
    /// # Errors
    ///
    /// When it cannot be used; the one the session kept is to be used instead.
    pub fn read(data: &str, call_sid: &CallSid, handoff_id: &str) -> Result<Self, HandoffError> {
        let document: Map<String, Value> =
            serde_json::from_str(data).map_err(|_| HandoffError::NotAnObject)?;
        let document = match document.get("attributes") {
            Some(Value::Object(inner)) => inner.clone(),
            _ => document,
        };
        let ours = document.get("warmline").and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(theirs) = ours.get("callSid")
            && theirs.as_str() != Some(call_sid.as_str())
        {
            return Err(HandoffError::Foreign);
        }
        let mut handoff = Self::bare(call_sid.clone(), handoff_id.to_owned(), Trigger::Model);
        let reason = text(&document, "reason", LONGEST.reason);
        let summary = text(&document, "callSummary", LONGEST.summary);
        if reason.is_none() && summary.is_none() {
            return Err(HandoffError::SaysNothing);
        }
        handoff.reason_code = text(&document, "reasonCode", LONGEST.code).unwrap_or(handoff.reason_code);
        handoff.reason = reason.map_or(handoff.reason, Pii::from);
        handoff.call_summary = summary.map_or(handoff.call_summary, Pii::from);
        handoff.sentiment = parsed(&document, "sentiment").unwrap_or_default();
        context(&ours, &mut handoff.context);
        Ok(handoff)
    }
}

fn context(ours: &Map<String, Value>, context: &mut Context) {
    let number = |key| ours.get(key).and_then(Value::as_u64);
    context.version = VERSION;
    context.handoff_id = text(ours, "handoffId", LONGEST.code).unwrap_or(context.handoff_id.clone());
    context.outcome = parsed(ours, "outcome").unwrap_or(Outcome::Escalated);
    context.trigger = parsed(ours, "trigger").unwrap_or(Trigger::Model);
    context.summary_by = parsed(ours, "summaryBy").unwrap_or(Author::Model);
    context.language = text(ours, "language", LONGEST.code).unwrap_or_default();
    context.turns = number("turns").and_then(|turns| turns.try_into().ok()).unwrap_or(0);
    context.seconds = number("seconds").unwrap_or(0);
    context.prompts = text(ours, "promptVariant", LONGEST.variant)
        .zip(text(ours, "promptVersion", LONGEST.version))
        .map(|(variant, version)| PromptVersion { variant, version });
    context.topic = text(ours, "topic", LONGEST.code).map(Pii::from);
    context.memory = facts(ours.get("memory").and_then(Value::as_object));
    let lines = ours.get("transcript").and_then(Value::as_array).into_iter().flatten();
    let line = |line: &Value| {
        let mut line: Line = serde_json::from_value(line.clone()).ok()?;
        line.text = tidy(line.text.expose(), LONGEST.line).into();
        Some(line)
    };
    context.transcript = lines.take(MOST_LINES).filter_map(line).collect();
}

/// Named facts: short texts under names that workflow expressions can read.
pub(crate) fn facts(object: Option<&Map<String, Value>>) -> BTreeMap<String, Pii<String>> {
    let fact = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some((fact_name(name)?, Pii::from(tidy(&value, LONGEST.fact))))
    };
    object.into_iter().flatten().filter_map(fact).take(MOST_FACTS).collect()
}

/// A workflow expression reads `order-number` as a subtraction, so names hold letters, digits and `_` only.
pub(super) fn fact_name(name: &str) -> Option<String> {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(40).collect();
    name.chars().any(|c| c != '_').then_some(name)
}

fn text(object: &Map<String, Value>, key: &str, most: usize) -> Option<String> {
    let text = tidy(object.get(key)?.as_str()?, most);
    (!text.is_empty()).then_some(text)
}

fn parsed<T: serde::de::DeserializeOwned>(object: &Map<String, Value>, key: &str) -> Option<T> {
    serde_json::from_value(object.get(key)?.clone()).ok()
}

impl Sentiment {
    /// Reads the word a model used.
    pub fn from_word(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "positive" => Self::Positive,
            "negative" => Self::Negative,
            _ => Self::Neutral,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn call() -> CallSid {
        "CA00000000000000000000000000000001".parse().unwrap()
    }

    #[test]
    fn our_own_document_comes_back_whole() {
        let mut handoff = Handoff::bare(call(), "h1".into(), Trigger::Key);
        handoff.reason_code = "billing".into();
        handoff.call_summary = "Charged twice for \"1182\" & wants <a refund>.".into();
        handoff.sentiment = Sentiment::Negative;
        handoff.context.outcome = Outcome::Completed;
        handoff.context.turns = 3;
        handoff.context.prompts =
            Some(PromptVersion { variant: "brief".into(), version: "0a1b2c3d4e5f".into() });
        handoff.context.language = "es-MX".into();
        handoff.context.memory.insert("order".into(), "1182".into());
        handoff.context.transcript = vec![Line { who: super::super::Speaker::Agent, text: "Hello".into() }];
        let back = Handoff::read(&handoff.to_handoff_data(), &call(), "other");
        assert_eq!(back, Ok(handoff));
    }

    #[test]
    fn the_seeds_four_keys_and_agent_connects_shape_are_enough() {
        let flat = r#"{"reasonCode":"live-agent-handoff","reason":"billing","callSummary":"Twice.","sentiment":"negative"}"#;
        for data in [flat.to_owned(), format!(r#"{{"attributes":{flat}}}"#)] {
            let handoff = Handoff::read(&data, &call(), "h1").unwrap();
            assert_eq!(handoff.reason_code, "live-agent-handoff");
            assert_eq!(handoff.call_summary.expose(), "Twice.");
            assert_eq!(handoff.sentiment, Sentiment::Negative);
            assert_eq!(handoff.context.handoff_id, "h1");
        }
    }

    #[test]
    fn what_cannot_be_used_is_told_apart() {
        let read = |data| Handoff::read(data, &call(), "h1").unwrap_err();
        assert_eq!(read("OK"), HandoffError::NotAnObject);
        assert_eq!(read(r#"{"sentiment":"negative"}"#), HandoffError::SaysNothing);
        assert_eq!(read(r#"{"reason":"x","warmline":{"callSid":"CA2"}}"#), HandoffError::Foreign);
    }

    #[test]
    fn only_known_keys_and_short_facts_are_taken() {
        let long = "x".repeat(9_000);
        let data = serde_json::json!({
            "reason": long, "callSummary": "s", "skills": ["admin"], "direction": "outbound",
            "warmline": {"memory": {"order-number": 7, "deep": {"a": 1}, "--": "x", "note": long}},
        });
        let handoff = Handoff::read(&data.to_string(), &call(), "h1").unwrap();
        assert_eq!(handoff.reason.expose().chars().count(), 300);
        let names: Vec<_> = handoff.context.memory.keys().map(String::as_str).collect();
        assert_eq!(names, ["note", "order_number"]);
        assert!(!handoff.to_handoff_data().contains("skills"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(data in ".{0,300}") {
            let _ = Handoff::read(&data, &call(), "h1");
        }
    }
}
