//! The small verbs: speaking, waiting, recording, going elsewhere.
//!
//! <https://www.twilio.com/docs/voice/twiml/say>, <https://www.twilio.com/docs/voice/twiml/play>,
//! <https://www.twilio.com/docs/voice/twiml/pause>, <https://www.twilio.com/docs/voice/twiml/record>,
//! <https://www.twilio.com/docs/voice/twiml/redirect>, <https://www.twilio.com/docs/voice/twiml/reject>

use std::fmt;

use super::attributes::{Method, attribute_methods};
use super::element::Element;

/// `<Say>`: text in Twilio's own voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say(pub(super) Element);

impl Say {
    /// Plain text; markup in it is spoken, not obeyed.
    pub fn new(text: &str) -> Self {
        Self(Element::with_text("Say", text))
    }
}

impl From<&str> for Say {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

attribute_methods! { Say {
    /// With the provider's prefix here, unlike in a relay session: `Polly.Amy-Neural`.
    voice = "voice": &str,
    /// A BCP-47 tag.
    language = "language": &str,
    /// How often; 0 is until the call ends.
    times = "loop": u32,
} }

/// `<Play>`: an audio file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Play(pub(super) Element);

impl Play {
    /// The file at a URL, MP3 or WAV among others.
    pub fn new(url: &str) -> Self {
        Self(Element::with_text("Play", url))
    }
}

impl From<&str> for Play {
    fn from(url: &str) -> Self {
        Self::new(url)
    }
}

attribute_methods! { Play {
    /// How often; 0 is until the call ends.
    times = "loop": u32,
    /// Keys to press instead of a file; `w` waits half a second.
    digits = "digits": &str,
} }

/// `<Pause>`: silence, of one second unless told otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause(pub(super) Element);

impl Pause {
    /// Twilio's default length.
    pub fn new() -> Self {
        Self(Element::new("Pause"))
    }
}

impl Default for Pause {
    fn default() -> Self {
        Self::new()
    }
}

impl From<u32> for Pause {
    fn from(seconds: u32) -> Self {
        Self::new().length(seconds)
    }
}

attribute_methods! { Pause {
    /// In seconds.
    length = "length": u32,
} }

/// `<Record>`: a message of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record(pub(super) Element);

impl Record {
    /// With Twilio's defaults: until 5 s of silence, at most an hour, after a beep.
    pub fn new() -> Self {
        Self(Element::new("Record"))
    }
}

impl Default for Record {
    fn default() -> Self {
        Self::new()
    }
}

attribute_methods! { Record {
    /// Where Twilio asks what comes next. Without it the same document is asked for again, for ever.
    action = "action": &str,
    /// For `action`; POST if absent.
    method = "method": Method,
    /// In seconds.
    max_length = "maxLength": u32,
    /// Seconds of silence that end the message.
    timeout = "timeout": u32,
    /// Keys that end the message; empty is none.
    finish_on_key = "finishOnKey": &str,
    /// Whether a beep invites to speak.
    play_beep = "playBeep": bool,
    /// `trim-silence` or `do-not-trim`.
    trim = "trim": &str,
    /// Told when the recording can be fetched.
    recording_status_callback = "recordingStatusCallback": &str,
    /// `in-progress`, `completed`, `absent`, separated by spaces.
    recording_status_callback_event = "recordingStatusCallbackEvent": &str,
    /// For `recording_status_callback`.
    recording_status_callback_method = "recordingStatusCallbackMethod": Method,
    /// Whether Twilio transcribes; English only.
    transcribe = "transcribe": bool,
    /// Told the transcript.
    transcribe_callback = "transcribeCallback": &str,
} }

/// `<Redirect>`: the call goes on with another document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect(pub(super) Element);

impl Redirect {
    /// The document's URL, absolute or relative.
    pub fn new(url: &str) -> Self {
        Self(Element::with_text("Redirect", url))
    }
}

impl From<&str> for Redirect {
    fn from(url: &str) -> Self {
        Self::new(url)
    }
}

attribute_methods! { Redirect {
    /// POST if absent.
    method = "method": Method,
} }

/// `<Reject>`: the call is declined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject(pub(super) Element);

impl Reject {
    /// As "not in service".
    pub fn new() -> Self {
        Self(Element::new("Reject"))
    }
}

impl Default for Reject {
    fn default() -> Self {
        Self::new()
    }
}

attribute_methods! { Reject {
    /// What the caller hears.
    reason = "reason": RejectReason,
} }

/// What a declined caller hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectReason {
    /// "The number you have dialled is not in service".
    Rejected,
    /// The busy tone.
    Busy,
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rejected => "rejected",
            Self::Busy => "busy",
        })
    }
}
