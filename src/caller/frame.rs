//! What the server sends, read leniently, and judged as Twilio judges it.
//!
//! <https://www.twilio.com/docs/voice/conversationrelay/websocket-messages>

use std::time::Instant;

use serde_json::Value;

/// One message from the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Its `type`; empty if it has none.
    pub kind: String,
    /// `text`: what is spoken.
    pub token: String,
    /// `text`: whether the reply is complete. False if absent.
    pub last: bool,
    /// `text`: the language it is spoken in, if not the session's.
    pub lang: Option<String>,
    /// Whether the caller may cut it off, if not as the session has it.
    pub interruptible: Option<bool>,
    /// `sendDigits`: the keys.
    pub digits: Option<String>,
    /// `end`: the hand-off document, a string.
    pub handoff_data: Option<String>,
    /// `language`: the language of what follows.
    pub tts_language: Option<String>,
    /// Why Twilio would not accept it; it answers with an `error` frame then, and forgets the message.
    pub fault: Option<&'static str>,
    /// The whole message; null if it is not JSON.
    pub raw: Value,
    /// When it arrived.
    pub at: Instant,
}

impl Frame {
    /// Reads a message that arrived at `at`.
    pub fn read(message: &str, at: Instant) -> Self {
        let raw: Value = serde_json::from_str(message).unwrap_or_default();
        let text = |name: &str| raw.get(name).and_then(Value::as_str).map(str::to_owned);
        let flag = |name: &str| raw.get(name).and_then(Value::as_bool);
        Self {
            kind: text("type").unwrap_or_default(),
            token: text("token").unwrap_or_default(),
            last: flag("last").unwrap_or_default(),
            lang: text("lang"),
            interruptible: flag("interruptible"),
            digits: text("digits"),
            handoff_data: text("handoffData"),
            tts_language: text("ttsLanguage"),
            fault: fault(&raw),
            at,
            raw,
        }
    }
}

/// The rules of Twilio's validation, as far as they were seen.
fn fault(frame: &Value) -> Option<&'static str> {
    let needs_text = |name: &str| !frame.get(name).is_some_and(Value::is_string);
    let mistaken = |names: &[&str], is: fn(&Value) -> bool| {
        names.iter().any(|name| frame.get(name).is_some_and(|value| !is(value)))
    };
    if mistaken(&["last", "interruptible", "preemptible"], Value::is_boolean) {
        return Some("a flag that is no boolean");
    }
    if mistaken(&["lang", "ttsLanguage", "transcriptionLanguage", "handoffData"], Value::is_string) {
        return Some("a field that has to be a string and is not");
    }
    match frame.get("type").and_then(Value::as_str) {
        None => Some("not a JSON object with a `type`"),
        Some("text") => needs_text("token").then_some("`text` without `token`"),
        Some("play") if mistaken(&["loop"], Value::is_u64) => Some("`play` with a `loop` that is no number"),
        Some("play") => needs_text("source").then_some("`play` without `source`"),
        Some("sendDigits") => {
            let digits = frame.get("digits").and_then(Value::as_str).unwrap_or_default();
            let pressable = !digits.is_empty() && digits.chars().all(|key| "0123456789w#*".contains(key));
            (!pressable).then_some("`sendDigits` without usable `digits`")
        }
        Some("language") => {
            let nothing = needs_text("ttsLanguage") && needs_text("transcriptionLanguage");
            nothing.then_some("`language` without a language")
        }
        Some("end" | "config" | "hints") => None,
        Some(_) => Some("an unknown `type`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::{Digits, LanguageSwitch, LanguageTag, MediaUrl, Outbound, Play};

    fn fault_of(message: &str) -> Option<&'static str> {
        Frame::read(message, crate::clock::now()).fault
    }

    #[test]
    fn what_we_can_send_has_no_fault() {
        let frames = [
            Outbound::token("Hello "),
            Outbound::closer(),
            Outbound::Language(LanguageSwitch::speech(LanguageTag::new("es-MX").unwrap())),
            Outbound::Language(LanguageSwitch::recognition(LanguageTag::new("es-MX").unwrap())),
            Outbound::SendDigits { digits: Digits::new("1w#").unwrap() },
            Outbound::Play(Play {
                source: MediaUrl::new("https://example.com/hold.mp3").unwrap(),
                times: 0,
                preemptible: true,
                interruptible: false,
            }),
            Outbound::End { handoff_data: None },
            Outbound::End { handoff_data: Some("{}".into()) },
        ];
        for frame in frames {
            assert_eq!(fault_of(&frame.to_json()), None, "{frame:?}");
        }
    }

    #[test]
    fn what_twilio_refuses_has_one() {
        let messages = [
            "not json",
            "[]",
            r#"{"token":"a"}"#,
            r#"{"type":"text","token":null}"#,
            r#"{"type":"text","token":"a","last":"true"}"#,
            r#"{"type":"end","handoffData":{"reason":"x"}}"#,
            r#"{"type":"play","loop":1}"#,
            r#"{"type":"play","source":"https://example.com/a.mp3","loop":"1"}"#,
            r#"{"type":"sendDigits","digits":"12A"}"#,
            r#"{"type":"language"}"#,
            r#"{"type":"pong"}"#,
        ];
        for message in messages {
            assert!(fault_of(message).is_some(), "{message}");
        }
    }

    #[test]
    fn a_frame_is_read_field_by_field() {
        let now = crate::clock::now();
        let message =
            r#"{"type":"text","token":" hi","last":true,"lang":"es-US","interruptible":false,"new":1}"#;
        let frame = Frame::read(message, now);
        assert_eq!((frame.kind.as_str(), frame.token.as_str(), frame.last), ("text", " hi", true));
        assert_eq!((frame.lang.as_deref(), frame.interruptible, frame.at), (Some("es-US"), Some(false), now));
        assert_eq!(frame.raw["new"], 1);
        let end = Frame::read(r#"{"type":"end","handoffData":"{\"a\":1}"}"#, now);
        assert_eq!(end.handoff_data.as_deref(), Some(r#"{"a":1}"#));
    }
}
