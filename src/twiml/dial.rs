//! `<Dial>`: joins the caller to a person without TaskRouter.
//!
//! <https://www.twilio.com/docs/voice/twiml/dial>

use super::attributes::{Method, attribute_methods};
use super::element::Element;
use super::nouns::{Client, Conference, Number, Queue, Sip};

/// `<Dial>`. Several numbers, SIP endpoints or clients ring at once, at most ten, and the first to answer has the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial(pub(super) Element);

impl Dial {
    /// Dials the nouns that are added.
    pub fn new() -> Self {
        Self(Element::new("Dial"))
    }

    /// Dials one number (E.164), written as plain text.
    pub fn plain(number: &str) -> Self {
        Self(Element::with_text("Dial", number))
    }

    /// Rings a phone.
    pub fn number(self, number: Number) -> Self {
        self.noun(number.0)
    }

    /// Rings a SIP endpoint.
    pub fn sip(self, sip: Sip) -> Self {
        self.noun(sip.0)
    }

    /// Rings a browser or an app.
    pub fn client(self, client: Client) -> Self {
        self.noun(client.0)
    }

    /// Joins a conference; the only noun then.
    pub fn conference(self, conference: Conference) -> Self {
        self.noun(conference.0)
    }

    /// Takes the first caller out of a queue; the only noun then.
    pub fn queue(self, queue: Queue) -> Self {
        self.noun(queue.0)
    }

    fn noun(mut self, noun: Element) -> Self {
        self.0.children.push(noun);
        self
    }
}

impl Default for Dial {
    fn default() -> Self {
        Self::new()
    }
}

attribute_methods! { Dial {
    /// Where Twilio asks what comes next when the dialled leg is over, with `DialCallStatus`.
    action = "action": &str,
    /// For `action`; POST if absent.
    method = "method": Method,
    /// Seconds to ring before `no-answer`.
    timeout = "timeout": u32,
    /// The number shown to the person called.
    caller_id = "callerId": &str,
    /// Whether the caller hears ringing, and is answered, only once somebody picks up.
    answer_on_bridge = "answerOnBridge": bool,
    /// The country whose ringing tone is played.
    ring_tone = "ringTone": &str,
    /// Whether the caller ends this leg with `*`.
    hangup_on_star = "hangupOnStar": bool,
    /// Seconds the joined call may last.
    time_limit = "timeLimit": u32,
    /// Whether several targets ring one after another instead of at once.
    sequential = "sequential": bool,
    /// `do-not-record`, `record-from-answer`, `record-from-ringing`, or either with `-dual`.
    record = "record": &str,
    /// The recording configuration to use.
    recording_configuration_id = "recordingConfigurationId": &str,
    /// Told about the recording.
    recording_status_callback = "recordingStatusCallback": &str,
    /// For `recording_status_callback`.
    recording_status_callback_method = "recordingStatusCallbackMethod": Method,
    /// `in-progress`, `completed`, `absent`, separated by spaces.
    recording_status_callback_event = "recordingStatusCallbackEvent": &str,
    /// `inbound`, `outbound` or `both`.
    recording_track = "recordingTrack": &str,
    /// `trim-silence` or `do-not-trim`.
    trim = "trim": &str,
    /// Asked when a SIP endpoint transfers the call.
    refer_url = "referUrl": &str,
    /// For `refer_url`.
    refer_method = "referMethod": Method,
    /// The events of the call to report.
    events = "events": &str,
} }
