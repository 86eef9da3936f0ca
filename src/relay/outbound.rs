//! What we may say to Twilio. A value of [`Outbound`] is a frame Twilio accepts: what the protocol refuses
//! (an unknown type, a null token, a bad digit, an object as `handoffData`) cannot be built.

use std::fmt::{self, Write};

use serde::Serialize;
use smol_str::SmolStr;

/// A frame we send to Twilio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Outbound {
    /// A piece of speech.
    Text(Speech),
    /// A recording to be played in the queue of speech.
    Play(Play),
    /// Keys to be pressed for the caller, in the queue of speech.
    SendDigits {
        /// The keys.
        digits: Digits,
    },
    /// The language of what follows.
    Language(LanguageSwitch),
    /// Ends the session. Twilio then requests the `<Connect>` action URL.
    #[serde(rename_all = "camelCase")]
    End {
        /// A JSON document, itself encoded as a string. Returned verbatim as form field `HandoffData`.
        #[serde(skip_serializing_if = "Option::is_none")]
        handoff_data: Option<String>,
    },
}

/// One `text` frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Speech {
    /// Spoken as it is: a model's spaces are kept.
    pub token: SmolStr,
    /// True closes our turn: exactly once per reply.
    pub last: bool,
    /// False keeps the caller from cutting this off. `None` leaves it to the `<ConversationRelay>` attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interruptible: Option<bool>,
}

/// One `play` frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Play {
    /// Where the audio is.
    pub source: MediaUrl,
    /// How often; 0 stands for 1,000 times.
    #[serde(rename = "loop")]
    pub times: u16,
    /// True lets a later message of ours cut it.
    pub preemptible: bool,
    /// False keeps the caller from cutting it.
    pub interruptible: bool,
}

/// An `http` or `https` address of audio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MediaUrl(String);

/// Keys Twilio can press: `0-9`, `*`, `#` and `w` for a pause of half a second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Digits(String);

/// A language as ConversationRelay names it: `en-US`, `es`, or `multi`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct LanguageTag(String);

/// A `language` frame: at least one of the two directions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LanguageSwitch {
    #[serde(skip_serializing_if = "Option::is_none")]
    tts_language: Option<LanguageTag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transcription_language: Option<LanguageTag>,
}

impl Outbound {
    /// A piece of speech that more follows on.
    pub fn token(token: impl Into<SmolStr>) -> Self {
        Self::Text(Speech { token: token.into(), last: false, interruptible: None })
    }

    /// The frame that closes a reply without adding to it.
    pub fn closer() -> Self {
        Self::Text(Speech { token: SmolStr::default(), last: true, interruptible: None })
    }

    /// The frame as Twilio reads it.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.write_json(&mut json).expect("a string takes everything");
        json
    }

    /// Writes the frame as Twilio reads it.
    ///
    /// # Errors
    ///
    /// When `json` takes no more.
    pub fn write_json(&self, json: &mut impl Write) -> fmt::Result {
        match self {
            Self::Text(speech) => speech.write_json(json),
            Self::Play(_) | Self::SendDigits { .. } | Self::Language(_) | Self::End { .. } => {
                json.write_str(&serde_json::to_string(self).expect("frames hold nothing but strings"))
            }
        }
    }
}

impl Speech {
    /// The most frequent frame is written by hand: a quarter of the work of the general way.
    fn write_json(&self, json: &mut impl Write) -> fmt::Result {
        let is_plain = self.token.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\');
        if is_plain {
            json.write_str(r#"{"type":"text","token":""#)?;
            json.write_str(&self.token)?;
            json.write_str(r#"","last":"#)?;
        } else {
            let token = serde_json::to_string(&self.token).expect("a string is always JSON");
            write!(json, r#"{{"type":"text","token":{token},"last":"#)?;
        }
        json.write_str(if self.last { "true" } else { "false" })?;
        if let Some(interruptible) = self.interruptible {
            write!(json, r#","interruptible":{interruptible}"#)?;
        }
        json.write_char('}')
    }
}

impl MediaUrl {
    /// An address that begins with `http://` or `https://` and has no white space.
    pub fn new(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
        (!rest.is_empty() && !url.contains(char::is_whitespace)).then(|| Self(url.to_owned()))
    }
}

impl Digits {
    /// Up to 64 keys.
    pub fn new(keys: &str) -> Option<Self> {
        let pressable = (1..=64).contains(&keys.len()) && keys.chars().all(|k| "0123456789*#w".contains(k));
        pressable.then(|| Self(keys.to_owned()))
    }
}

impl LanguageTag {
    /// Letters and digits in parts of at most eight, joined by `-`, as BCP 47 has it.
    pub fn new(tag: &str) -> Option<Self> {
        let part = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let first = tag.split('-').next().unwrap_or_default();
        let named = first.len() >= 2 && first.bytes().all(|byte| byte.is_ascii_alphabetic());
        (named && tag.split('-').all(part)).then(|| Self(tag.to_owned()))
    }

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language without its region: `es` of `es-MX`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LanguageSwitch {
    /// Speech and recognition both in `tag`.
    pub fn both(tag: LanguageTag) -> Self {
        Self { tts_language: Some(tag.clone()), transcription_language: Some(tag) }
    }

    /// Only what we say.
    pub fn speech(tag: LanguageTag) -> Self {
        Self { tts_language: Some(tag), transcription_language: None }
    }

    /// Only what we hear.
    pub fn recognition(tag: LanguageTag) -> Self {
        Self { tts_language: None, transcription_language: Some(tag) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frames_are_written_as_the_protocol_has_them() {
        let tag = LanguageTag::new("es-MX").unwrap();
        let frames = [
            (Outbound::token("Hello "), r#"{"type":"text","token":"Hello ","last":false}"#),
            (Outbound::closer(), r#"{"type":"text","token":"","last":true}"#),
            (
                Outbound::Text(Speech { token: "Bye".into(), last: true, interruptible: Some(false) }),
                r#"{"type":"text","token":"Bye","last":true,"interruptible":false}"#,
            ),
            (
                Outbound::Language(LanguageSwitch::both(tag)),
                r#"{"type":"language","ttsLanguage":"es-MX","transcriptionLanguage":"es-MX"}"#,
            ),
            (
                Outbound::SendDigits { digits: Digits::new("1w#").unwrap() },
                r#"{"type":"sendDigits","digits":"1w#"}"#,
            ),
            (
                Outbound::Play(Play {
                    source: MediaUrl::new("https://example.com/hold.mp3").unwrap(),
                    times: 0,
                    preemptible: true,
                    interruptible: false,
                }),
                r#"{"type":"play","source":"https://example.com/hold.mp3","loop":0,"preemptible":true,"interruptible":false}"#,
            ),
            (Outbound::End { handoff_data: None }, r#"{"type":"end"}"#),
            (
                Outbound::End { handoff_data: Some(r#"{"reason":"x"}"#.into()) },
                r#"{"type":"end","handoffData":"{\"reason\":\"x\"}"}"#,
            ),
        ];
        for (frame, json) in frames {
            assert_eq!(frame.to_json(), json);
        }
    }

    #[test]
    fn what_twilio_would_refuse_cannot_be_built() {
        assert!(Digits::new("12A").is_none());
        assert!(Digits::new("").is_none());
        assert!(LanguageTag::new("english please").is_none());
        assert!(LanguageTag::new("e").is_none());
        assert!(LanguageTag::new("en_US").is_none());
        assert!(LanguageTag::new("multi").is_some());
        assert!(MediaUrl::new("ftp://example.com/a.mp3").is_none());
    }

    proptest! {
        #[test]
        fn the_hand_written_text_frame_equals_the_general_one(
            token in ".{0,40}", last: bool, interruptible: Option<bool>,
        ) {
            let frame = Outbound::Text(Speech { token: token.into(), last, interruptible });
            prop_assert_eq!(frame.to_json(), serde_json::to_string(&frame).unwrap());
        }
    }
}
