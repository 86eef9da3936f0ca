//! The front matter of `agent.md`: how the agent speaks and listens, as TOML between two lines of `+++`.
//!
//! Everything has a default, nothing unknown is accepted: a misspelt key is an error with its line.

use std::collections::BTreeMap;

use serde::de::{self, Deserialize, Deserializer};

use super::FileError;
use super::relay_attributes::RelayAttributes;
use crate::chat::Say;
use crate::relay::LanguageTag;
use crate::twiml::RelayAttribute;

/// What stands around the front matter.
const FENCE: &str = "+++";

/// Without keys nobody reaches a person by one, and without the events nobody knows what the caller heard.
const RELIED_ON: [(RelayAttribute, &str); 2] =
    [(RelayAttribute::DtmfDetection, "true"), (RelayAttribute::Events, "speaker-events tokens-played")];

/// What `agent.md` says before the prompt itself.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FrontMatter {
    /// The model, where the settings name none.
    #[serde(deserialize_with = "filled")]
    pub model: Option<String>,
    /// Randomness, 0 to 2.
    #[serde(deserialize_with = "temperature")]
    pub temperature: Option<f32>,
    /// The language a call begins in, as a BCP 47 tag.
    #[serde(deserialize_with = "language")]
    pub language: String,
    greeting: Say,
    /// The key that leads to a person.
    #[serde(deserialize_with = "key")]
    pub person_key: Option<char>,
    /// How many keys complete an entry without `#`.
    #[serde(deserialize_with = "keypad_length")]
    pub keypad_length: Option<usize>,
    /// The voice and recogniser of [`FrontMatter::language`].
    pub voice: Voice,
    relay: RelayAttributes,
    /// Further languages a call may switch to.
    pub languages: Vec<SpokenLanguage>,
}

/// Who speaks and who listens; what is absent is left to Twilio.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Voice {
    /// `ElevenLabs`, `Google` or `Amazon`; must fit the voice.
    pub tts_provider: Option<String>,
    /// The provider's name of the voice, without a prefix.
    pub voice: Option<String>,
    /// `Deepgram` or `Google`.
    pub transcription_provider: Option<String>,
    /// The recogniser's model.
    pub speech_model: Option<String>,
}

/// A language with its voice and recogniser.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SpokenLanguage {
    /// A BCP 47 tag, or `multi`.
    #[serde(deserialize_with = "language")]
    pub code: String,
    /// As in [`Voice::tts_provider`].
    pub tts_provider: Option<String>,
    /// As in [`Voice::voice`].
    pub voice: Option<String>,
    /// As in [`Voice::transcription_provider`].
    pub transcription_provider: Option<String>,
    /// As in [`Voice::speech_model`].
    pub speech_model: Option<String>,
}

impl FrontMatter {
    /// What the caller hears first; `None` when the caller is to speak first.
    pub fn greeting(&self, language: &str) -> Option<&str> {
        self.greeting.within(language).map(str::trim).filter(|greeting| !greeting.is_empty())
    }

    /// The attributes of `<ConversationRelay>`: what the rules of a call rely on, what `[voice]` asks for, what
    /// `[relay]` asks for; of the same attribute the last counts.
    pub fn relay_attributes(&self) -> BTreeMap<RelayAttribute, &str> {
        let voice = &self.voice;
        let of_voice = [
            (RelayAttribute::TtsProvider, &voice.tts_provider),
            (RelayAttribute::Voice, &voice.voice),
            (RelayAttribute::TranscriptionProvider, &voice.transcription_provider),
            (RelayAttribute::SpeechModel, &voice.speech_model),
        ];
        let mut attributes = BTreeMap::from(RELIED_ON);
        attributes
            .extend(of_voice.iter().filter_map(|(attribute, value)| Some((*attribute, value.as_deref()?))));
        attributes.extend(self.relay.0.iter().map(|(attribute, value)| (*attribute, value.as_str())));
        attributes
    }

    /// The languages a call can be held in: the one it begins in first.
    pub fn spoken_languages(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.language.as_str())
            .chain(self.languages.iter().map(|spoken| spoken.code.as_str()))
    }

    /// The tag to speak a language with: the one declared for it, else `None`.
    pub fn tag_of(&self, primary: &str) -> Option<&str> {
        let codes = [&self.language].into_iter().chain(self.languages.iter().map(|language| &language.code));
        codes.map(String::as_str).find(|code| code.split('-').next() == Some(primary))
    }
}

impl Default for FrontMatter {
    fn default() -> Self {
        Self {
            model: None,
            temperature: None,
            language: "en-US".to_owned(),
            greeting: Say::new(
                [
                    ("en", "Hello, you are talking to an AI assistant. How can I help?"),
                    (
                        "es",
                        "Hola, habla con un asistente de inteligencia artificial. ¿En qué puedo ayudarle?",
                    ),
                ]
                .map(|(language, sentence)| (language.to_owned(), sentence.to_owned()))
                .into(),
            ),
            person_key: Some('0'),
            keypad_length: None,
            voice: Voice::default(),
            relay: RelayAttributes::default(),
            languages: Vec::new(),
        }
    }
}

/// Splits `agent.md` into its front matter and the prompt, with the line on which the prompt begins.
pub(super) fn split(file: &str, text: &str) -> Result<(FrontMatter, String, usize), FileError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines();
    if lines.next().map(str::trim_end) != Some(FENCE) {
        if let Some(line) = text.lines().position(|line| line.trim_end() == FENCE) {
            let cause = "the front matter must begin with `+++` on the first line";
            return Err(FileError::at(file, line + 1, cause));
        }
        return Ok((FrontMatter::default(), text.to_owned(), 1));
    }
    let front: Vec<&str> = lines.by_ref().take_while(|line| line.trim_end() != FENCE).collect();
    let begins = front.len() + 3;
    if text.lines().nth(begins - 2).map(str::trim_end) != Some(FENCE) {
        return Err(FileError::at(file, 1, "the front matter has no closing line of `+++`"));
    }
    let front = front.join("\n");
    let parsed = toml::from_str(&front).map_err(|error| FileError::toml(file, &front, 1, &error))?;
    Ok((parsed, lines.collect::<Vec<_>>().join("\n"), begins))
}

fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.trim().is_empty()).then_some(text))
}

fn temperature<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f32>, D::Error> {
    let value = f32::deserialize(deserializer)?;
    if (0.0..=2.0).contains(&value) {
        return Ok(Some(value));
    }
    Err(de::Error::custom("`temperature` must lie between 0 and 2"))
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let tag = String::deserialize(deserializer)?;
    match LanguageTag::new(&tag) {
        Some(_) => Ok(tag),
        None => Err(de::Error::custom(format!("`{tag}` is no language tag such as `en-US`"))),
    }
}

fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<char>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let mut keys = text.chars();
    match (keys.next(), keys.next()) {
        (None, None) => Ok(None),
        (Some(key), None) if "0123456789*".contains(key) => Ok(Some(key)),
        _ => Err(de::Error::custom(
            "`person_key` must be one of 0 to 9 and *, or empty for none: # ends an entry",
        )),
    }
}

fn keypad_length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    let length = usize::deserialize(deserializer)?;
    if (1..=64).contains(&length) {
        return Ok(Some(length));
    }
    Err(de::Error::custom("`keypad_length` must lie between 1 and 64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(toml: &str) -> Result<FrontMatter, String> {
        let text = format!("+++\n{toml}\n+++\nBody\n");
        split("agent.md", &text).map(|(front, ..)| front).map_err(|error| error.to_string())
    }

    #[test]
    fn an_error_names_file_line_and_cause() {
        for (toml, expected) in [
            ("model = \"m\"\ntemprature = 1", "agent.md:3: unknown field `temprature`"),
            ("\n\ntemperature = 3", "agent.md:4: `temperature` must lie between 0 and 2"),
            ("temperature = \"hot\"", "agent.md:2: invalid type"),
            ("language = \"english please\"", "agent.md:2: `english please` is no language tag"),
            ("person_key = \"00\"", "agent.md:2: `person_key` must be one of"),
            ("[voice]\nttsprovider = \"Google\"", "agent.md:3: unknown field `ttsprovider`"),
            ("[relay]\n\ninterruptByDtmf = true", "agent.md:4: `interruptByDtmf` is no attribute"),
            ("[[languages]]\nvoice = \"v\"", "agent.md:2: missing field `code`"),
            ("[[languages]]\ncode = \"es-US\"\nprovider = \"x\"", "agent.md:4: unknown field `provider`"),
            ("greeting = { \"en-US\" = \"Hi\" }", "agent.md:2: `en-US` is no language without its region"),
            ("language = ", "agent.md:2: "),
        ] {
            let error = front(toml).unwrap_err();
            assert!(error.starts_with(expected), "{toml}: {error}");
        }
    }

    #[test]
    fn a_front_matter_without_an_end_is_reported_at_its_beginning() {
        let error = split("agent.md", "+++\nlanguage = \"de-DE\"\nYou are").unwrap_err();
        assert_eq!(error.to_string(), "agent.md:1: the front matter has no closing line of `+++`");
    }

    #[test]
    fn a_prompt_alone_has_every_default_and_says_that_it_is_an_ai() {
        let (front, body, begins) = split("agent.md", "You are helpful.\n").unwrap();
        assert_eq!((body.as_str(), begins), ("You are helpful.\n", 1));
        assert_eq!((front.language.as_str(), front.person_key), ("en-US", Some('0')));
        assert!(front.greeting("en-GB").unwrap().contains("AI"));
    }

    #[test]
    fn what_is_set_to_nothing_means_none() {
        let front = front("model = \" \"\ngreeting = \"\"\nperson_key = \"\"").unwrap();
        assert_eq!((front.model.as_deref(), front.greeting("en-US"), front.person_key), (None, None, None));
    }

    #[test]
    fn windows_line_ends_and_a_byte_order_mark_are_read() {
        let (front, body, begins) =
            split("agent.md", "\u{feff}+++\r\nlanguage = \"es-US\"\r\n+++\r\nEres.\r\n").unwrap();
        assert_eq!((front.language.as_str(), body.as_str(), begins), ("es-US", "Eres.", 4));
    }

    #[test]
    fn the_relay_table_outranks_the_voice_and_what_the_rules_rely_on_is_there() {
        let front = front(
            "[voice]\nvoice = \"a\"\nttsProvider = \"Google\"\n[relay]\nvoice = \"b\"\nevents = \"tokens-played\"",
        )
        .unwrap();
        let attributes = front.relay_attributes();
        let attributes: Vec<_> =
            attributes.iter().map(|(attribute, value)| (attribute.name(), *value)).collect();
        assert_eq!(
            attributes,
            [
                ("ttsProvider", "Google"),
                ("voice", "b"),
                ("dtmfDetection", "true"),
                ("events", "tokens-played")
            ]
        );
        assert_eq!(
            FrontMatter::default().relay_attributes()[&RelayAttribute::Events],
            "speaker-events tokens-played"
        );
    }

    #[test]
    fn the_tag_of_a_language_is_the_declared_one() {
        let front = front("[[languages]]\ncode = \"es-MX\"").unwrap();
        assert_eq!(
            (front.tag_of("es"), front.tag_of("en"), front.tag_of("fr")),
            (Some("es-MX"), Some("en-US"), None)
        );
    }
}
