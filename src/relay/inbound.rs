//! What Twilio says to us.
//!
//! Read leniently: the protocol has grown several times, two platforms speak it, and a frame we cannot read
//! must cost the caller nothing. Unknown types, names and fields are tolerated; a field whose form is wrong
//! counts as absent wherever the frame means something without it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::ids::{AccountSid, CallSid, SessionId};
use crate::pii::Pii;

/// A frame Twilio sends to us.
#[derive(Debug, Clone, PartialEq)]
pub enum Inbound {
    /// First frame of every session.
    Setup(Box<Setup>),
    /// The caller spoke.
    Prompt {
        /// The whole utterance so far, never a delta.
        text: Pii<String>,
        /// The language recognised, where the provider says so: `en-US`, or `en` alone.
        language: Option<String>,
        /// Whether the utterance is complete. Partial ones come only with `partialPrompts` (always on Telnyx).
        last: bool,
    },
    /// The caller talked over us, or pressed a key while we spoke.
    Interrupt {
        /// What was played of the *segment* that was playing, not of the whole reply. May be empty.
        heard: Pii<String>,
        /// How long that segment had been playing.
        after: Option<Duration>,
    },
    /// The caller pressed a key: one of `0-9 * #` (Telnyx also `A-D`).
    Dtmf {
        /// The key.
        digit: char,
    },
    /// Twilio could not use a frame of ours. To be logged, never answered.
    Error {
        /// Free text that may quote our frame, and so the call.
        description: Pii<String>,
    },
    /// A report we asked for with the `events` attribute.
    Info(Info),
    /// A type added to the protocol after this was written.
    Unknown,
}

/// What an `info` frame reports.
#[derive(Debug, Clone, PartialEq)]
pub enum Info {
    /// Our speech started (true) or stopped being played.
    AgentSpeaking(bool),
    /// The caller started (true) or stopped speaking.
    ClientSpeaking(bool),
    /// This text was played. Leading spaces are kept, so that the values concatenate to what was heard.
    TokensPlayed(Pii<String>),
    /// Network delay between Twilio and us.
    RoundTrip(Duration),
    /// A report added after this was written, or one whose value we cannot read.
    Other,
}

/// The first frame of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// New for each session, also on the same call.
    pub session_id: SessionId,
    /// The only identifier that is stable over a reconnect.
    pub call_sid: CallSid,
    /// Absent on platforms that have no accounts.
    pub account_sid: Option<AccountSid>,
    /// The caller's address: E.164, `client:…`, a SIP address, or whatever withheld numbers look like.
    pub from: Pii<String>,
    /// The address that was called.
    pub to: Pii<String>,
    /// `inbound`, `outbound-api`, …
    pub direction: Option<String>,
    /// The caller's name, where a look-up is switched on.
    pub caller_name: Option<Pii<String>>,
    /// What the `<Parameter>` elements carried.
    pub parameters: BTreeMap<String, Pii<String>>,
}

/// Why a message is not a frame. Never holds the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Not a JSON object.
    #[error("not a JSON object ({length} bytes)")]
    NotAnObject {
        /// How long the message was.
        length: usize,
    },
    /// No `type` text.
    #[error("no `type`")]
    NoType,
    /// A frame that cannot mean anything without this field.
    #[error("`{frame}` without a usable `{field}`")]
    Missing {
        /// The frame's type.
        frame: &'static str,
        /// The field.
        field: &'static str,
    },
}

impl Inbound {
    /// Reads one WebSocket text message.
    ///
    /// # Errors
    ///
    /// When the message is not a JSON object with a `type`, or lacks the one field its type lives by. The
    /// session goes on; the frame is dropped.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        let frame: Map<String, Value> =
            serde_json::from_str(text).map_err(|_| FrameError::NotAnObject { length: text.len() })?;
        match frame.get("type").and_then(Value::as_str).ok_or(FrameError::NoType)? {
            "setup" => setup(&frame).map(|setup| Self::Setup(Box::new(setup))),
            "prompt" => Ok(Self::Prompt {
                text: string(&frame, "voicePrompt").ok_or(missing("prompt", "voicePrompt"))?.into(),
                language: string(&frame, "lang").filter(|lang| !lang.is_empty()),
                // Absent means complete: a platform without partial prompts has no reason to send it.
                last: flag(&frame, "last").unwrap_or(true),
            }),
            "interrupt" => Ok(Self::Interrupt {
                heard: string(&frame, "utteranceUntilInterrupt").unwrap_or_default().into(),
                after: milliseconds(frame.get("durationUntilInterruptMs")),
            }),
            "dtmf" => {
                let digit = string(&frame, "digit").and_then(|digit| key(&digit));
                digit.map(|digit| Self::Dtmf { digit }).ok_or(missing("dtmf", "digit"))
            }
            "error" => {
                Ok(Self::Error { description: string(&frame, "description").unwrap_or_default().into() })
            }
            "info" => Ok(Self::Info(info(&frame))),
            _ => Ok(Self::Unknown),
        }
    }
}

fn setup(frame: &Map<String, Value>) -> Result<Setup, FrameError> {
    let id = |field| string(frame, field).unwrap_or_default();
    let text = |field| string(frame, field).filter(|text| !text.is_empty());
    let parameters = frame.get("customParameters").and_then(Value::as_object);
    Ok(Setup {
        session_id: id("sessionId").parse().map_err(|_| missing("setup", "sessionId"))?,
        call_sid: id("callSid").parse().map_err(|_| missing("setup", "callSid"))?,
        account_sid: id("accountSid").parse().ok(),
        from: id("from").into(),
        to: id("to").into(),
        direction: text("direction"),
        caller_name: text("callerName").map(Pii::from),
        parameters: parameters
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), scalar(value)?.into())))
            .collect(),
    })
}

fn info(frame: &Map<String, Value>) -> Info {
    let name = string(frame, "name").unwrap_or_default();
    let value = frame.get("value");
    let switched = || match value? {
        Value::Bool(on) => Some(*on),
        Value::String(text) => switch(text),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match name.as_str() {
        "agentSpeaking" => switched().map_or(Info::Other, Info::AgentSpeaking),
        "clientSpeaking" => switched().map_or(Info::Other, Info::ClientSpeaking),
        "tokensPlayed" => {
            value.and_then(Value::as_str).map_or(Info::Other, |played| Info::TokensPlayed(played.into()))
        }
        "roundTripDelayMs" => milliseconds(value).map_or(Info::Other, Info::RoundTrip),
        _ => Info::Other,
    }
}

const fn missing(frame: &'static str, field: &'static str) -> FrameError {
    FrameError::Missing { frame, field }
}

fn string(frame: &Map<String, Value>, field: &str) -> Option<String> {
    frame.get(field).and_then(Value::as_str).map(str::to_owned)
}

/// A text, number or boolean as text. Custom parameters are texts, but nothing is gained by insisting.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn flag(frame: &Map<String, Value>, field: &str) -> Option<bool> {
    match frame.get(field)? {
        Value::Bool(value) => Some(*value),
        Value::String(text) => switch(text),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "on" | "true" => Some(true),
        "off" | "false" => Some(false),
        _ => None,
    }
}

/// Twilio has documented durations both as numbers and as quoted numbers, so both are read.
fn milliseconds(value: Option<&Value>) -> Option<Duration> {
    let number = match value? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }?;
    Duration::try_from_secs_f64(number / 1000.0).ok()
}

fn key(digit: &str) -> Option<char> {
    let mut characters = digit.chars();
    let key = characters.next()?.to_ascii_uppercase();
    (characters.next().is_none() && "0123456789*#ABCD".contains(key)).then_some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RECORDED_SETUP: &str = r#"{"type":"setup","sessionId":"VX00000000000000000000000000000001",
        "accountSid":"AC00000000000000000000000000000000","parentCallSid":"",
        "callSid":"CA00000000000000000000000000000001","from":"+15550100001","to":"+15550100002",
        "forwardedFrom":"","callType":"PSTN","callerName":"","direction":"inbound","callStatus":"RINGING",
        "customParameters":{"tenant":"acme","level":3}}"#;

    #[test]
    fn a_recorded_setup_is_read() {
        let Ok(Inbound::Setup(setup)) = Inbound::parse(RECORDED_SETUP) else { panic!("not a setup") };
        assert_eq!(setup.call_sid.as_str(), "CA00000000000000000000000000000001");
        assert_eq!(setup.from.expose(), "+15550100001");
        assert_eq!(setup.caller_name, None);
        assert_eq!(setup.parameters["tenant"].expose(), "acme");
        assert_eq!(setup.parameters["level"].expose(), "3");
    }

    #[test]
    fn a_setup_of_telnyx_is_read() {
        let frame = r#"{"type":"setup","sessionId":"5b0c8f44-91f5-4d0b-a28c-3b8c9f1f8f0e",
            "callSid":"v3:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ","callControlId":"v3:x",
            "callSessionId":"428c31b6","callLegId":"428c31b6","from":"+15550100001","to":"+15550100002",
            "direction":"inbound","callStatus":"active","customParameters":null}"#;
        let Ok(Inbound::Setup(setup)) = Inbound::parse(frame) else { panic!("not a setup") };
        assert_eq!(setup.account_sid, None);
        assert!(setup.parameters.is_empty());
    }

    #[test]
    fn an_interrupt_duration_may_be_a_number_or_a_quoted_number() {
        for duration in ["684", "\"684\"", "684.0"] {
            let frame = format!(
                r#"{{"type":"interrupt","utteranceUntilInterrupt":"Sen","durationUntilInterruptMs":{duration}}}"#
            );
            let expected =
                Inbound::Interrupt { heard: "Sen".into(), after: Some(Duration::from_millis(684)) };
            assert_eq!(Inbound::parse(&frame), Ok(expected));
        }
        assert_eq!(
            Inbound::parse(r#"{"type":"interrupt","durationUntilInterruptMs":-1}"#),
            Ok(Inbound::Interrupt { heard: "".into(), after: None })
        );
    }

    #[test]
    fn a_partial_prompt_is_told_from_a_complete_one() {
        let last = |frame| match Inbound::parse(frame) {
            Ok(Inbound::Prompt { last, .. }) => last,
            other => panic!("not a prompt: {other:?}"),
        };
        assert!(!last(r#"{"type":"prompt","voicePrompt":"I","lang":"en-US","last":false}"#));
        assert!(last(r#"{"type":"prompt","voicePrompt":"I want","lang":"en-US","last":true}"#));
        assert!(last(r#"{"type":"prompt","voicePrompt":"I want"}"#));
    }

    #[test]
    fn reports_of_playback_are_read() {
        let info = |name: &str, value: &str| match Inbound::parse(&format!(
            r#"{{"type":"info","name":"{name}","value":{value}}}"#
        )) {
            Ok(Inbound::Info(info)) => info,
            other => panic!("not an info: {other:?}"),
        };
        assert_eq!(info("agentSpeaking", "\"on\""), Info::AgentSpeaking(true));
        assert_eq!(info("clientSpeaking", "\"off\""), Info::ClientSpeaking(false));
        assert_eq!(info("tokensPlayed", "\" Holding.\""), Info::TokensPlayed(" Holding.".into()));
        assert_eq!(info("roundTripDelayMs", "\"148\""), Info::RoundTrip(Duration::from_millis(148)));
        assert_eq!(info("configUpdated", "{}"), Info::Other);
    }

    #[test]
    fn unknown_types_are_tolerated_and_broken_frames_are_named() {
        assert_eq!(Inbound::parse(r#"{"type":"somethingNew","a":1}"#), Ok(Inbound::Unknown));
        assert_eq!(Inbound::parse("[1]"), Err(FrameError::NotAnObject { length: 3 }));
        assert_eq!(Inbound::parse("{}"), Err(FrameError::NoType));
        assert_eq!(Inbound::parse(r#"{"type":"dtmf","digit":"12"}"#), Err(missing("dtmf", "digit")));
        let error = Inbound::parse(r#"{"type":"setup","callSid":"CA1"}"#).unwrap_err();
        assert_eq!(error.to_string(), "`setup` without a usable `sessionId`");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            let name = prop_oneof![
                Just("type".to_owned()),
                Just("voicePrompt".to_owned()),
                Just("name".to_owned()),
                Just("value".to_owned()),
                Just("digit".to_owned()),
                Just("durationUntilInterruptMs".to_owned()),
                ".{0,6}",
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(name, inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_json_makes_the_parser_panic(mut frame in any_json(), kind in "(setup|prompt|interrupt|dtmf|error|info|x)") {
            let _ = Inbound::parse(&frame.to_string());
            if let Value::Object(object) = &mut frame {
                object.insert("type".into(), kind.into());
                let _ = Inbound::parse(&frame.to_string());
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,200}") {
            let _ = Inbound::parse(&text);
        }
    }
}
