//! The template of Task attributes: what the settings put beside the document and in place of our own values.
//!
//! A value is a literal, or a text with references such as `{traits.tier}`. What a reference stands for becomes a
//! JSON value or a part of one: it is never read as JSON, and never looked through for references.

mod reference;

pub use reference::{Call, REFERENCES, Source};

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::task::LONGEST_INSIGHT;
use super::{Contact, Handoff, tidy};
use crate::pii::Pii;
use reference::alternatives;

/// The tables of a Task that Flex Insights reads.
pub const INSIGHTS: [&str; 2] = ["customers", "conversations"];

/// Everything that the settings say of the attributes, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Template(pub Vec<Entry>);

/// A key, and what is to become its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The table it stands in; none at the top level.
    pub table: Option<String>,
    /// Its name.
    pub key: String,
    /// Its value.
    pub wanted: Wanted,
}

/// What a value is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// There is to be no such key.
    Nothing,
    /// A number, true or false.
    Plain(Value),
    /// A text, or what a single reference stands for.
    Text(Vec<Part>),
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Plain(String),
    /// The first of these that is known.
    FirstOf(Vec<Source>),
}

/// Why a value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the text, in bytes.
    pub at: usize,
    /// What is wrong, and what would be right.
    pub cause: String,
}

/// What references stand for beside the document and who calls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// Traits of the caller's profile, without what is hidden.
    pub traits: BTreeMap<String, Pii<Value>>,
    /// Whether there is a profile; nothing where nobody is looked up.
    pub caller: Option<bool>,
    /// How the network vouches for the number.
    pub verified: &'static str,
    /// Whether the business is open; nothing where it has no hours.
    pub open: Option<bool>,
    /// Where the recording of the call will be.
    pub recording: Option<String>,
}

/// Values for the keys of a template, in its order. Those of which nothing is known are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filled(Vec<(Option<String>, String, Pii<Value>)>);

/// Hides in a text what must not leave. It gets the name of the key that the text is for.
pub type Hide<'a> = &'a dyn Fn(&str, String) -> String;

impl Wanted {
    /// Reads a text of the settings. An empty one wants no such key.
    ///
    /// # Errors
    ///
    /// Where it is no text with references, or has one that `check` has a complaint about.
    pub fn read(text: &str, check: &dyn Fn(&Source) -> Result<(), String>) -> Result<Self, Fault> {
        if text.is_empty() {
            return Ok(Self::Nothing);
        }
        let mut parts = Vec::new();
        let (mut plain, mut at) = (String::new(), 0);
        while let Some(letter) = text[at..].chars().next() {
            let doubled = text[at + letter.len_utf8()..].starts_with(letter);
            match letter {
                '{' | '}' if doubled => {
                    plain.push(letter);
                    at += 2;
                }
                '{' => {
                    if !plain.is_empty() {
                        parts.push(Part::Plain(std::mem::take(&mut plain)));
                    }
                    let (sources, end) = alternatives(text, at + 1)?;
                    for (source, at) in &sources {
                        check(source).map_err(|cause| Fault { at: *at, cause })?;
                    }
                    parts.push(Part::FirstOf(sources.into_iter().map(|(source, _)| source).collect()));
                    at = end;
                }
                '}' => {
                    let cause = "`}` without a `{`; a brace of the text itself is written twice".to_owned();
                    return Err(Fault { at, cause });
                }
                other => {
                    plain.push(other);
                    at += other.len_utf8();
                }
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        Ok(Self::Text(parts))
    }

    /// Everything that it refers to.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let parts = match self {
            Self::Text(parts) => parts.as_slice(),
            Self::Nothing | Self::Plain(_) => &[],
        };
        parts.iter().flat_map(|part| match part {
            Part::FirstOf(sources) => sources.as_slice(),
            Part::Plain(_) => &[],
        })
    }

    /// The value, if anything of it is known.
    fn value(&self, of: &Of<'_>, key: &str, hide: Hide<'_>) -> Option<Value> {
        let parts = match self {
            Self::Nothing => return Some(Value::Null),
            Self::Plain(value) => return Some(value.clone()),
            Self::Text(parts) => parts,
        };
        if let [Part::FirstOf(sources)] = parts.as_slice() {
            let (source, value) = of.first(sources)?;
            return Some(match value {
                Value::String(text) if source.is_never_hidden() => text.into(),
                Value::String(text) => hide(key, text).into(),
                other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
                // A trait can be a list, whose items may make up what each of them is not.
                other @ (Value::Array(_) | Value::Object(_)) => hide(key, other.to_string()).into(),
            });
        }
        let refers = parts.iter().any(|part| matches!(part, Part::FirstOf(_)));
        let (mut text, mut run, mut known) = (String::new(), String::new(), !refers);
        for part in parts {
            match part {
                Part::Plain(plain) => run.push_str(plain),
                Part::FirstOf(sources) => {
                    let Some((source, value)) = of.first(sources) else { continue };
                    known = true;
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    if source.is_never_hidden() {
                        // It stays, but what stands around it may be hidden.
                        text.push_str(&hide(key, std::mem::take(&mut run)));
                        text.push_str(&value);
                    } else {
                        run.push_str(&value);
                    }
                }
            }
        }
        text.push_str(&if refers { hide(key, run) } else { run });
        known.then(|| text.into())
    }
}

impl Template {
    /// The traits that it refers to.
    pub fn traits(&self) -> impl Iterator<Item = &str> {
        let sources = self.0.iter().flat_map(|entry| entry.wanted.sources());
        sources.filter_map(|source| if let Source::Trait(name) = source { Some(name.as_str()) } else { None })
    }

    /// The values for a hand-off.
    pub fn fill(&self, handoff: &Handoff, contact: &Contact, known: &Known, hide: Hide<'_>) -> Filled {
        let of = Of { handoff, contact, known };
        let filled = self.0.iter().filter_map(|entry| {
            let value = fitting(entry, entry.wanted.value(&of, &entry.key, hide)?)?;
            Some((entry.table.clone(), entry.key.clone(), Pii::new(value)))
        });
        Filled(filled.collect())
    }
}

/// The value as its readers take it: as long as Flex Insights keeps it, and a number where it wants one.
fn fitting(entry: &Entry, value: Value) -> Option<Value> {
    let is_number = entry.table.as_deref().is_some_and(|table| is_number(table, &entry.key));
    match value {
        Value::String(text) if is_number => {
            let float = text.trim().parse::<f64>().ok();
            text.trim().parse().ok().map(Value::Number).or(float.and_then(Number::from_f64).map(Into::into))
        }
        // Half an address leads nowhere.
        Value::String(text) if entry.wanted.sources().any(Source::is_address) => Some(text.into()),
        Value::String(text) => Some(tidy(&text, LONGEST_INSIGHT).into()),
        Value::Bool(_) if is_number => None,
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Some(other)
        }
    }
}

/// Whether Flex Insights takes numbers only under this key.
///
/// <https://www.twilio.com/docs/flex/developer/insights/enhance-integration>
pub fn is_number(table: &str, key: &str) -> bool {
    match table {
        "customers" => matches!(key, "acquisition_cost" | "business_value"),
        "conversations" => {
            key.starts_with("conversation_measure_")
                || matches!(
                    key,
                    "order"
                        | "activity_time"
                        | "average_response_time"
                        | "first_response_time"
                        | "focus_time"
                        | "hold_time"
                        | "ivr_time"
                )
        }
        _ => false,
    }
}

/// What references are looked up in.
struct Of<'a> {
    handoff: &'a Handoff,
    contact: &'a Contact,
    known: &'a Known,
}

impl Of<'_> {
    /// The first that is known and not blank.
    fn first<'s>(&self, sources: &'s [Source]) -> Option<(&'s Source, Value)> {
        let found = sources.iter().filter_map(|source| Some((source, self.find(source)?)));
        found
            .into_iter()
            .find(|(_, value)| !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty()))
    }

    fn find(&self, source: &Source) -> Option<Value> {
        let Self { handoff, contact, known } = self;
        let context = &handoff.context;
        let text = |text: &Pii<String>| Value::from(text.expose().as_str());
        Some(match source {
            Source::Call(Call::From) => text(contact.from.as_ref()?),
            Source::Call(Call::To) => text(contact.to.as_ref()?),
            Source::Call(Call::Name) => text(contact.name.as_ref()?),
            Source::Call(Call::Phone) => contact.phone()?.into(),
            Source::CallSid => context.call_sid.as_str().into(),
            Source::ReasonCode => handoff.reason_code.as_str().into(),
            Source::Reason => text(&handoff.reason),
            Source::CallSummary => text(&handoff.call_summary),
            Source::Sentiment => handoff.sentiment.word().into(),
            Source::Trigger => context.trigger.word().into(),
            Source::Topic => text(context.topic.as_ref()?),
            Source::Language => context.language.as_str().into(),
            Source::Turns => context.turns.into(),
            Source::Seconds => context.seconds.into(),
            Source::HandoffId => context.handoff_id.as_str().into(),
            Source::PromptVariant => context.prompts.as_ref()?.variant.as_str().into(),
            Source::PromptVersion => context.prompts.as_ref()?.version.as_str().into(),
            Source::DeskUrl => context.desk_url.as_deref()?.into(),
            Source::RecordingUrl => known.recording.as_deref()?.into(),
            Source::CallerKnown => known.caller?.into(),
            Source::CallerVerified => Some(known.verified).filter(|word| !word.is_empty())?.into(),
            Source::InBusinessHours => if known.open? { "Yes" } else { "No" }.into(),
            Source::Fact(name) => text(context.memory.get(name)?),
            Source::Trait(name) => known.traits.get(name)?.expose().clone(),
            Source::Text(text) => text.as_str().into(),
        })
    }
}

impl Filled {
    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Puts the first `most` of them into the attributes, in place of what is there. One that is null takes its key
    /// away, but not from the three that Flex Insights wants together.
    pub(super) fn lay_over(&self, object: &mut Map<String, Value>, most: usize) {
        for (table, key, value) in self.0.iter().take(most) {
            let within = match table {
                None => &mut *object,
                Some(table) => {
                    let table = object.entry(table.as_str()).or_insert_with(|| Map::new().into());
                    let Value::Object(table) = table else { continue };
                    table
                }
            };
            let together =
                table.as_deref() == Some("customers") && ["name", "phone", "email"].contains(&key.as_str());
            if value.expose().is_null() && !together {
                within.remove(key);
            } else {
                within.insert(key.clone(), value.expose().clone());
            }
        }
    }
}

#[cfg(test)]
mod tests;
