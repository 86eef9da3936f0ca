//! What a tool is to the session: who runs it, what is said meanwhile, and how its arguments are checked.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// A tool the model may ask for, as its manifest describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// The name the model calls it by.
    pub name: String,
    /// What the model is told about it.
    pub description: String,
    /// The JSON schema of its arguments.
    pub parameters: Value,
    /// What the caller hears while it runs; for `escalate` and `end_call`, the goodbye of last resort.
    pub say: Say,
    /// How long it may run.
    pub timeout: Duration,
    /// Who runs it.
    pub kind: ToolKind,
    /// Whether its arguments must not be kept anywhere.
    pub secure: bool,
    /// What an interrupt may do to a run of it.
    pub effect: Effect,
}

/// What a run of a tool leaves behind, which decides whether it may be broken off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: an interrupt breaks it off.
    Read,
    /// Something: it runs on to its end, and the model is told what came of it.
    #[default]
    Write,
}

/// Who runs a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolKind {
    /// The session: hands the call to a person.
    Escalate,
    /// The session: says goodbye and ends the call.
    EndCall,
    /// The session: speaks and listens in another language from here on.
    SwitchLanguage,
    /// The session: keeps facts that travel with the hand-off.
    Remember,
    /// The driver, outside the rules of the call.
    External,
}

/// A sentence in several languages, by primary tag (`en`, `es`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Say(BTreeMap<String, String>);

impl Say {
    /// Sentences by primary language tag.
    pub fn new(sentences: BTreeMap<String, String>) -> Self {
        Self(sentences)
    }

    /// The sentence for a language tag: its own, else the English, else the first there is.
    pub fn within(&self, language: &str) -> Option<&str> {
        let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let found = self.0.get(&primary).or_else(|| self.0.get("en")).or_else(|| self.0.values().next());
        found.map(String::as_str)
    }
}

/// Reads one sentence for all languages, or sentences by primary tag, as manifests and prompt files have them.
impl<'de> Deserialize<'de> for Say {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SayVisitor)
    }
}

struct SayVisitor;

impl<'de> Visitor<'de> for SayVisitor {
    type Value = Say;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sentence, or sentences by language such as `en` and `es`")
    }

    fn visit_str<E: de::Error>(self, sentence: &str) -> Result<Say, E> {
        Ok(Say(BTreeMap::from([("en".to_owned(), sentence.to_owned())])))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Say, A::Error> {
        let mut sentences = BTreeMap::new();
        while let Some(PrimaryTag(language)) = map.next_key()? {
            sentences.insert(language, map.next_value()?);
        }
        Ok(Say(sentences))
    }
}

/// The key of a sentence. A region would never be found, so it is refused where the file is read.
struct PrimaryTag(String);

impl<'de> Deserialize<'de> for PrimaryTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tag = String::deserialize(deserializer)?;
        if (2..=3).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Ok(Self(tag));
        }
        Err(de::Error::custom(format!("`{tag}` is no language without its region, such as `en`")))
    }
}

/// The tools of one call.
///
/// The session asks it about every call before anything happens; what it implements is compiled once per
/// manifest and shared by all calls that were started with it.
pub trait Toolbox: Send + Sync {
    /// All tools, in the order the model is told of them.
    fn tools(&self) -> &[Tool];

    /// The arguments of a call to the tool at `index`, if they are JSON and fit its schema.
    ///
    /// # Errors
    ///
    /// What is wrong, in words meant for the model.
    fn check(&self, index: usize, arguments: &str) -> Result<Value, CheckError>;

    /// Where a tool stands in [`Toolbox::tools`].
    fn position(&self, name: &str) -> Option<usize> {
        self.tools().iter().position(|tool| tool.name == name)
    }

    /// The tool of a kind that the session runs itself.
    fn of_kind(&self, kind: ToolKind) -> Option<&Tool> {
        self.tools().iter().find(|tool| tool.kind == kind)
    }
}

/// Why arguments were not accepted. The text goes back to the model, never to a log: it may quote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckError(pub crate::pii::Pii<String>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_read_for_all_languages_or_for_each() {
        let one: Say = serde_json::from_str(r#""Bye.""#).unwrap();
        assert_eq!(one.within("de-DE"), Some("Bye."));
        let more: Say = serde_json::from_str(r#"{"en": "Bye.", "es": "Adiós."}"#).unwrap();
        assert_eq!((more.within("es-MX"), more.within("fr")), (Some("Adiós."), Some("Bye.")));
    }

    #[test]
    fn a_language_that_would_never_be_found_is_refused() {
        let error = serde_json::from_str::<Say>(r#"{"es-US": "Adiós."}"#).unwrap_err().to_string();
        assert!(error.contains("`es-US` is no language without its region"), "{error}");
    }
}
