//! The `[relay]` table of the front matter. Twilio drops a misspelt attribute, or a value it does not know,
//! without a word; here both are errors.
//!
//! <https://www.twilio.com/docs/voice/twiml/connect/conversationrelay#conversationrelay-attributes>

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};

use crate::twiml::RelayAttribute;

/// Attributes and their values as TwiML writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RelayAttributes(pub(super) BTreeMap<RelayAttribute, String>);

const WHAT_INTERRUPTS: &[&str] = &["none", "dtmf", "speech", "any", "true", "false"];
const YES_OR_NO: &[&str] = &["true", "false"];

/// Attributes with a closed list of values. Providers, voices and models are not among them: those lists grow.
const CHOICES: &[(RelayAttribute, &[&str])] = &[
    (RelayAttribute::WelcomeGreetingInterruptible, WHAT_INTERRUPTS),
    (RelayAttribute::Interruptible, WHAT_INTERRUPTS),
    (RelayAttribute::InterruptSensitivity, &["high", "medium", "low"]),
    (RelayAttribute::IgnoreBackchannel, YES_OR_NO),
    (RelayAttribute::ReportInputDuringAgentSpeech, &["none", "dtmf", "speech", "any"]),
    (RelayAttribute::Preemptible, YES_OR_NO),
    (RelayAttribute::DtmfDetection, YES_OR_NO),
    (RelayAttribute::PartialPrompts, YES_OR_NO),
    (RelayAttribute::DeepgramSmartFormat, YES_OR_NO),
    (RelayAttribute::ProfanityFilter, YES_OR_NO),
    (RelayAttribute::ElevenlabsTextNormalization, &["on", "auto", "off"]),
    (RelayAttribute::EchoPromptFiltering, YES_OR_NO),
];

impl<'de> Deserialize<'de> for RelayAttributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TableVisitor)
    }
}

struct TableVisitor;

impl<'de> Visitor<'de> for TableVisitor {
    type Value = RelayAttributes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("attributes of ConversationRelay")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RelayAttributes, A::Error> {
        let mut attributes = BTreeMap::new();
        while let Some(Name(attribute)) = map.next_key()? {
            attributes.insert(attribute, map.next_value_seed(ValueOf(attribute))?);
        }
        Ok(RelayAttributes(attributes))
    }
}

struct Name(RelayAttribute);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let cause = match RelayAttribute::from_name(&name) {
            Some(RelayAttribute::Language) => {
                "`language` stands before the tables, not in `[relay]`".to_owned()
            }
            Some(attribute) => return Ok(Self(attribute)),
            None => format!("`{name}` is no attribute of ConversationRelay{}", suggestion(&name)),
        };
        Err(de::Error::custom(cause))
    }
}

fn suggestion(name: &str) -> String {
    let near = |attribute: &&RelayAttribute| attribute.name().eq_ignore_ascii_case(&name.replace('_', ""));
    let near = RelayAttribute::ALL.iter().find(near);
    near.map(|attribute| format!("; did you mean `{}`?", attribute.name())).unwrap_or_default()
}

struct ValueOf(RelayAttribute);

impl<'de> DeserializeSeed<'de> for ValueOf {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let value = deserializer.deserialize_any(ScalarVisitor)?;
        check(self.0, &value).map_err(de::Error::custom)?;
        Ok(value)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number, true or false")
    }

    fn visit_str<E>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }

    fn visit_bool<E>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E>(self, value: f64) -> Result<String, E> {
        Ok(value.to_string())
    }
}

fn check(attribute: RelayAttribute, value: &str) -> Result<(), String> {
    let name = attribute.name();
    let choices = CHOICES.iter().find(|(listed, _)| *listed == attribute).map(|(_, choices)| *choices);
    if let Some(choices) = choices
        && !choices.contains(&value)
    {
        return Err(format!("`{name}` must be one of {}", choices.join(", ")));
    }
    let between = |low: f64, high: f64| value.parse().is_ok_and(|value: f64| (low..=high).contains(&value));
    if attribute == RelayAttribute::SpeechTimeout && value != "auto" && !between(600.0, 5_000.0) {
        return Err(format!("`{name}` must be auto, or 600 to 5000 milliseconds"));
    }
    if attribute == RelayAttribute::EotThreshold && !between(0.5, 0.9) {
        return Err(format!("`{name}` must lie between 0.5 and 0.9"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<Vec<String>, String> {
        let table = toml::from_str::<RelayAttributes>(toml).map_err(|error| error.message().to_owned())?;
        Ok(table.0.iter().map(|(attribute, value)| format!("{}={value}", attribute.name())).collect())
    }

    #[test]
    fn values_are_written_as_twiml_has_them() {
        assert_eq!(
            read("dtmfDetection = true\nspeechTimeout = 800\neotThreshold = 0.75\nvoice = \"Joanna-Neural\""),
            Ok(["voice=Joanna-Neural", "dtmfDetection=true", "speechTimeout=800", "eotThreshold=0.75"]
                .map(String::from)
                .into())
        );
    }

    #[test]
    fn what_twilio_would_drop_without_a_word_is_refused() {
        for (toml, expected) in [
            ("interruptByDtmf = true", "`interruptByDtmf` is no attribute of ConversationRelay"),
            (
                "dtmf_detection = true",
                "`dtmf_detection` is no attribute of ConversationRelay; did you mean `dtmfDetection`?",
            ),
            (
                "speechtimeout = 800",
                "`speechtimeout` is no attribute of ConversationRelay; did you mean `speechTimeout`?",
            ),
            ("url = \"wss://x\"", "`url` is no attribute of ConversationRelay"),
            ("language = \"en-US\"", "`language` stands before the tables, not in `[relay]`"),
            (
                "interruptible = \"sometimes\"",
                "`interruptible` must be one of none, dtmf, speech, any, true, false",
            ),
            ("dtmfDetection = \"on\"", "`dtmfDetection` must be one of true, false"),
            ("speechTimeout = 50", "`speechTimeout` must be auto, or 600 to 5000 milliseconds"),
            ("eotThreshold = 1", "`eotThreshold` must lie between 0.5 and 0.9"),
        ] {
            assert_eq!(read(toml), Err(expected.to_owned()), "{toml}");
        }
    }
}
