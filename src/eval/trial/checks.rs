//! Compares what happened with what was expected. Nothing is checked that a scenario does not ask for.

use serde_json::Value;

use super::{Called, Played};
use crate::eval::outcome::{About, Check, End, Escalation, Who};
use crate::eval::scenario::{Expect, ExpectedTool, Outcome};
use crate::eval::spelled::{Fact, Spoken, says};

/// How many characters of what was found are told.
const LONGEST: usize = 300;

/// Every expectation, met or not. What tells of a person who takes over is checked only if one does: that none did is
/// counted once.
pub(super) fn checks(expect: &Expect, end: &End, played: &Played) -> Vec<Check> {
    let mut checks = Checks(Vec::new());
    checks.ending(expect, end);
    if let End::Escalated(escalation) = end {
        checks.escalation(expect, escalation);
    }
    checks.words(expect, played);
    if let Some(language) = &expect.language {
        let met = is_spoken(language, &played.language);
        checks.add(About::Language, language.clone(), played.language.clone(), met);
    }
    for tool in &expect.tools {
        checks.tool(tool, played.transcript.called());
    }
    checks.0
}

struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, about: About, expected: String, found: String, met: bool) {
        let found = match found.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &found[..end]),
            None => found,
        };
        self.0.push(Check { about, expected, found, met });
    }

    fn ending(&mut self, expect: &Expect, end: &End) {
        let found = match end {
            End::Escalated(escalation) => format!(
                "a person takes over after turn {} ({}, {})",
                escalation.turn, escalation.reason_code, escalation.trigger
            ),
            End::Completed => "the agent ended the call".to_owned(),
            End::LeftByCaller => "the caller hung up".to_owned(),
            End::Failed { why } => why.clone(),
        };
        let escalated = matches!(end, End::Escalated(_));
        match expect.escalates {
            Some(true) => {
                self.add(About::Escalates, "a person takes over".to_owned(), found.clone(), escalated);
            }
            Some(false) => {
                let expected = "nobody takes over".to_owned();
                self.add(About::StaysWithAgent, expected, found.clone(), !escalated);
            }
            None => {}
        }
        if let Some(outcome) = expect.outcome {
            let came = match end {
                End::Escalated(_) => Some(Outcome::Escalated),
                End::Completed => Some(Outcome::Completed),
                End::LeftByCaller => Some(Outcome::Left),
                End::Failed { .. } => None,
            };
            self.add(About::Outcome, outcome.word().to_owned(), found, came == Some(outcome));
        }
    }

    fn escalation(&mut self, expect: &Expect, escalation: &Escalation) {
        if let Some(within) = expect.within_turns {
            let expected = format!("by turn {within}");
            self.add(About::Within, expected, format!("turn {}", escalation.turn), escalation.turn <= within);
        }
        let any_of = |words: &[String]| words.join(" / ");
        if !expect.reason_code.is_empty() {
            let (wanted, found) = (&expect.reason_code, &escalation.reason_code);
            self.add(About::ReasonCode, any_of(wanted), found.clone(), wanted.contains(found));
        }
        if !expect.sentiment.is_empty() {
            let (wanted, found) = (&expect.sentiment, &escalation.sentiment);
            self.add(About::Sentiment, any_of(wanted), found.clone(), wanted.contains(found));
        }
        let summary = Spoken::new(&escalation.summary);
        for fact in &expect.summary {
            let met = fact.is_in(&summary);
            self.add(About::SummaryFact, fact.shown(), escalation.summary.clone(), met);
        }
    }

    fn words(&mut self, expect: &Expect, played: &Played) {
        if expect.says.is_empty() && expect.never_says.is_empty() {
            return;
        }
        let lines = played.transcript.lines().filter(|line| line.who == Who::Agent);
        let lines: Vec<(&str, Spoken)> =
            lines.map(|line| (line.text.trim(), Spoken::new(&line.text))).collect();
        let found = |fact: &Fact| lines.iter().find(|(_, spoken)| fact.is_in(spoken)).map(|(text, _)| *text);
        for fact in &expect.says {
            let line = found(fact);
            let text = line.unwrap_or("it was not said");
            self.add(About::Words, fact.shown(), text.to_owned(), line.is_some());
        }
        for fact in &expect.never_says {
            let line = found(fact);
            let text = line.unwrap_or("it was not said");
            self.add(About::Words, format!("never: {}", fact.shown()), text.to_owned(), line.is_none());
        }
    }

    fn tool(&mut self, expected: &ExpectedTool, called: &[Called]) {
        let named: Vec<&Called> = called.iter().filter(|call| call.name == expected.name).collect();
        let fits =
            |call: &&&Called| expected.arguments.as_ref().is_none_or(|part| covers(part, &call.arguments));
        let fitting = named.iter().find(fits);
        let arguments = expected.arguments.as_ref().map(|part| format!(" {part}")).unwrap_or_default();
        let wanted = format!("{}{}{arguments}", if expected.never { "never: " } else { "" }, expected.name);
        let shown = |call: &Called| format!("{} {}", call.name, call.arguments);
        let found = match (fitting, named.last()) {
            (Some(call), _) => shown(call),
            (None, Some(other)) => shown(other),
            (None, None) => "it was not called".to_owned(),
        };
        self.add(About::Tool, wanted, found, fitting.is_some() != expected.never);
    }
}

/// Whether a language is the one that was wanted; without a region any of it will do.
fn is_spoken(wanted: &str, spoken: &str) -> bool {
    let primary = spoken.split('-').next().unwrap_or_default();
    wanted.eq_ignore_ascii_case(spoken) || wanted.eq_ignore_ascii_case(primary)
}

/// Whether a value holds everything that is wanted of it.
fn covers(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.iter().all(|(name, value)| found.get(name).is_some_and(|found| covers(value, found)))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.iter().all(|wanted| found.iter().any(|found| covers(wanted, found)))
        }
        // A number is this one, and not the beginning of a longer one.
        (Value::String(wanted), Value::String(found)) => match (digits(wanted), digits(found)) {
            (Some(wanted), Some(found)) => wanted == found,
            _ => says(found, wanted),
        },
        (Value::String(text), Value::Number(number)) | (Value::Number(number), Value::String(text)) => {
            says(text, &number.to_string())
        }
        (Value::Number(wanted), Value::Number(found)) => wanted == found || wanted.as_f64() == found.as_f64(),
        (wanted, found) => wanted == found,
    }
}

/// The digits of a text that has nothing else but spaces.
fn digits(text: &str) -> Option<String> {
    let is_number = text.chars().all(|c| c.is_ascii_digit() || c == ' ');
    is_number.then(|| text.chars().filter(char::is_ascii_digit).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_part_of_the_arguments_is_enough() {
        let found = json!({ "facts": { "tracking_number": "4711 0815", "weight": 3 }, "tags": ["a", "b"] });
        for part in [
            json!({}),
            json!({ "facts": { "tracking_number": "47110815" } }),
            json!({ "facts": { "tracking_number": 47_110_815 } }),
            json!({ "facts": { "weight": 3.0 } }),
            json!({ "tags": ["B"] }),
        ] {
            assert!(covers(&part, &found), "{part}");
        }
        for part in [
            json!({ "facts": { "tracking_number": "47110816" } }),
            json!({ "facts": { "tracking_number": "4711" } }),
            json!({ "facts": { "colour": "red" } }),
            json!({ "facts": "4711" }),
            json!({ "tags": ["c"] }),
        ] {
            assert!(!covers(&part, &found), "{part}");
        }
    }

    #[test]
    fn a_language_without_a_region_means_any_of_it() {
        assert!(is_spoken("es", "es-US") && is_spoken("es-us", "es-US") && is_spoken("es", "es"));
        assert!(!is_spoken("es-MX", "es-US") && !is_spoken("e", "es"));
    }
}
