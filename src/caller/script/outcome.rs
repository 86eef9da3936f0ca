//! What a script says about the end of a call, and whether the call agrees.

use std::fmt;

use serde_json::Value;

use super::Cause;

/// How a call has to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// In which way.
    pub kind: OutcomeKind,
    /// What the hand-off document has to hold.
    pub checks: Vec<Check>,
}

/// The ways a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeKind {
    /// A person takes over.
    Escalated,
    /// The AI ended it, and nobody else is needed.
    Completed,
    /// The caller left.
    HungUp,
}

/// A statement about one value of the hand-off document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Where it stands: names (or positions in a list) joined by dots.
    pub path: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// What it is compared with. Values that are not text are compared by their JSON.
    pub value: String,
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// It is exactly that.
    Is,
    /// It contains that, in any case.
    Contains,
}

impl Outcome {
    /// What differs, one sentence each; empty if the call ended as it should.
    pub fn differences(&self, kind: OutcomeKind, document: Option<&Value>) -> Vec<String> {
        let mut differences = Vec::new();
        if kind != self.kind {
            differences.push(format!("expected the call to end {}, it ended {kind}", self.kind));
        }
        let document = document.unwrap_or(&Value::Null);
        differences.extend(self.checks.iter().filter_map(|check| check.difference(document)));
        differences
    }
}

impl Check {
    fn difference(&self, document: &Value) -> Option<String> {
        let Self { path, comparison, value } = self;
        let found = match lookup(document, path) {
            None => return Some(format!("{path} is missing, expected {value:?}")),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        match comparison {
            Comparison::Is => (found != *value).then(|| format!("{path} is {found:?}, expected {value:?}")),
            Comparison::Contains => {
                let holds = found.to_lowercase().contains(&value.to_lowercase());
                (!holds).then(|| format!("{path} is {found:?}, expected it to contain {value:?}"))
            }
        }
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Escalated => "escalated",
            Self::Completed => "completed",
            Self::HungUp => "hungup",
        })
    }
}

/// The value at a dotted path. A name that holds dots itself is found too, as Flex has such names.
fn lookup<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    let step = |name: &str| document.get(name).or_else(|| document.get(name.parse::<usize>().ok()?));
    step(path).or_else(|| {
        path.match_indices('.').find_map(|(dot, _)| lookup(step(&path[..dot])?, &path[dot + 1..]))
    })
}

/// Reads `path=value path~"a value"`.
pub(super) fn parse_checks(mut text: &str) -> Result<Vec<Check>, Cause> {
    let mut checks = Vec::new();
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return Ok(checks);
        }
        let at = text.find(['=', '~']).ok_or(Cause::Check)?;
        let path = &text[..at];
        if path.is_empty() || path.contains(char::is_whitespace) {
            return Err(Cause::Check);
        }
        let comparison = if text[at..].starts_with('=') { Comparison::Is } else { Comparison::Contains };
        let (value, rest) = value(&text[at + 1..])?;
        checks.push(Check { path: path.to_owned(), comparison, value });
        text = rest;
    }
}

fn value(text: &str) -> Result<(String, &str), Cause> {
    if !text.starts_with('"') {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let value = values.next().ok_or(Cause::Check)?.map_err(|error| Cause::Json(error.to_string()))?;
    let rest = &text[values.byte_offset()..];
    if rest.is_empty() || rest.starts_with(char::is_whitespace) {
        Ok((value, rest))
    } else {
        Err(Cause::Check)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Item, parse};
    use super::*;

    fn outcome(line: &str) -> Outcome {
        let Item::Ends(outcome) = parse(line).unwrap().remove(0).item else { panic!("{line} is no outcome") };
        outcome
    }

    #[test]
    fn a_call_that_ends_as_stated_differs_in_nothing() {
        let document = json!({
            "reasonCode": "caller_request",
            "callSummary": "Charged twice for order 1182.",
            "conversations.outcome": "x",
            "warmline": { "trigger": "key", "turns": 3, "facts": [{ "order": "1182" }] },
        });
        let stated = outcome(
            "= escalated reasonCode=caller_request callSummary~\"charged TWICE\" warmline.trigger=key \
             warmline.turns=3 warmline.facts.0.order=1182 conversations.outcome=x callSummary~\"\"",
        );
        assert_eq!(stated.differences(OutcomeKind::Escalated, Some(&document)), Vec::<String>::new());
    }

    #[test]
    fn every_difference_is_told() {
        let document = json!({ "reason": "Billing", "warmline": { "turns": 3 } });
        let stated = outcome("= completed reason=billing reason~order warmline.turns=4 warmline.none.at=all");
        let differences = [
            "expected the call to end completed, it ended escalated",
            "reason is \"Billing\", expected \"billing\"",
            "reason is \"Billing\", expected it to contain \"order\"",
            "warmline.turns is \"3\", expected \"4\"",
            "warmline.none.at is missing, expected \"all\"",
        ];
        assert_eq!(stated.differences(OutcomeKind::Escalated, Some(&document)), differences);
        assert_eq!(outcome("= hungup").differences(OutcomeKind::HungUp, None), Vec::<String>::new());
        assert_eq!(outcome("= hungup a=b").differences(OutcomeKind::HungUp, None).len(), 1);
    }

    #[test]
    fn a_check_needs_a_path_and_closed_quotation_marks() {
        for (line, cause) in [
            ("= escalated reason", Cause::Check),
            ("= escalated =x", Cause::Check),
            ("= escalated a b=c", Cause::Check),
            ("= escalated a=\"b\"c", Cause::Check),
        ] {
            assert_eq!(parse(line).unwrap_err()[0].cause, cause, "{line}");
        }
        assert!(matches!(parse("= escalated a=\"b").unwrap_err()[0].cause, Cause::Json(_)));
    }
}
