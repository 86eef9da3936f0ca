//! Whom `<Dial>` can reach.
//!
//! <https://www.twilio.com/docs/voice/twiml/number>, <https://www.twilio.com/docs/voice/twiml/sip>,
//! <https://www.twilio.com/docs/voice/twiml/client>, <https://www.twilio.com/docs/voice/twiml/conference>, <https://www.twilio.com/docs/voice/twiml/queue>

use super::attributes::{Method, attribute_methods};
use super::element::Element;

/// `<Number>`: a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(pub(super) Element);

impl Number {
    /// A number in E.164.
    pub fn new(number: &str) -> Self {
        Self(Element::with_text("Number", number))
    }
}

/// `<Sip>`: an endpoint of a PBX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sip(pub(super) Element);

impl Sip {
    /// A `sip:` URI. Its query adds headers (`?X-Reason=…`), URL-encoded, at most 1024 characters.
    pub fn new(uri: &str) -> Self {
        Self(Element::with_text("Sip", uri))
    }
}

/// `<Client>`: a browser or an app that Twilio's SDK runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client(pub(super) Element);

impl Client {
    /// Whoever registered with this identity, at most 256 characters.
    pub fn new(identity: &str) -> Self {
        let mut element = Element::new("Client");
        element.children.push(Element::with_text("Identity", identity));
        Self(element)
    }

    /// Adds an entry to the custom parameters of the call there.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        let mut parameter = Element::new("Parameter");
        parameter.set("name", name);
        parameter.set("value", value);
        self.0.children.push(parameter);
        self
    }
}

attribute_methods! { Client {
    /// TwiML that the person called hears before being joined: the whisper.
    url = "url": &str,
    /// For `url`.
    method = "method": Method,
    /// Told how the leg goes.
    status_callback = "statusCallback": &str,
    /// `initiated`, `ringing`, `answered`, `completed`, separated by spaces.
    status_callback_event = "statusCallbackEvent": &str,
    /// For `status_callback`.
    status_callback_method = "statusCallbackMethod": Method,
} }

/// What a phone and a SIP endpoint have in common, before their own.
macro_rules! leg_attributes {
    ($builder:ident { $($own:tt)+ }) => {
        attribute_methods! { $builder {
            /// TwiML that the person called hears before being joined: the whisper.
            url = "url": &str,
            /// For `url`.
            method = "method": Method,
            /// Told how the leg goes.
            status_callback = "statusCallback": &str,
            /// `initiated`, `ringing`, `answered`, `completed`, separated by spaces.
            status_callback_event = "statusCallbackEvent": &str,
            /// For `status_callback`.
            status_callback_method = "statusCallbackMethod": Method,
            /// `Enable` or `DetectMessageEnd`: find out whether a machine answered.
            machine_detection = "machineDetection": &str,
            /// Seconds to try.
            machine_detection_timeout = "machineDetectionTimeout": u32,
            /// Milliseconds of speech from which on it is a machine.
            machine_detection_speech_threshold = "machineDetectionSpeechThreshold": u32,
            /// Milliseconds of silence that end the speech.
            machine_detection_speech_end_threshold = "machineDetectionSpeechEndThreshold": u32,
            /// Milliseconds of first silence until the verdict is `unknown`.
            machine_detection_silence_timeout = "machineDetectionSilenceTimeout": u32,
            /// Told who answered.
            amd_status_callback = "amdStatusCallback": &str,
            /// For `amd_status_callback`.
            amd_status_callback_method = "amdStatusCallbackMethod": Method,
            $($own)+
        } }
    };
}

leg_attributes! { Number {
    /// Keys to press once connected; `w` waits half a second.
    send_digits = "sendDigits": &str,
    /// The BYOC trunk to go out through.
    byoc = "byoc": &str,
} }

leg_attributes! { Sip {
    /// For the endpoint's own authentication.
    username = "username": &str,
    /// For the endpoint's own authentication.
    password = "password": &str,
} }

/// `<Conference>`: a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conference(pub(super) Element);

impl Conference {
    /// A room by its name, created when first named.
    pub fn new(name: &str) -> Self {
        Self(Element::with_text("Conference", name))
    }
}

attribute_methods! { Conference {
    /// Whether the room opens when this one joins; others wait with music.
    start_conference_on_enter = "startConferenceOnEnter": bool,
    /// Whether everybody is dropped when this one goes.
    end_conference_on_exit = "endConferenceOnExit": bool,
    /// `true`, `false`, `onEnter` or `onExit`.
    beep = "beep": &str,
    /// What is heard before the room opens. Empty is silence.
    wait_url = "waitUrl": &str,
    /// For `wait_url`.
    wait_method = "waitMethod": Method,
    /// Whether this one is heard.
    muted = "muted": bool,
    /// At most 250.
    max_participants = "maxParticipants": u32,
    /// The call that alone hears this one.
    coach = "coach": &str,
    /// A name for this one in events and in the API.
    participant_label = "participantLabel": &str,
    /// Where the room is mixed.
    region = "region": &str,
    /// `small`, `medium`, `large` or `off`.
    jitter_buffer_size = "jitterBufferSize": &str,
    /// `do-not-record` or `record-from-start`.
    record = "record": &str,
    /// `trim-silence` or `do-not-trim`.
    trim = "trim": &str,
    /// Told about the recording.
    recording_status_callback = "recordingStatusCallback": &str,
    /// `in-progress`, `completed`, `absent`, separated by spaces.
    recording_status_callback_event = "recordingStatusCallbackEvent": &str,
    /// For `recording_status_callback`.
    recording_status_callback_method = "recordingStatusCallbackMethod": Method,
    /// Told how the room goes.
    status_callback = "statusCallback": &str,
    /// `start`, `end`, `join`, `leave`, `mute`, `hold`, `speaker`, separated by spaces.
    status_callback_event = "statusCallbackEvent": &str,
    /// For `status_callback`.
    status_callback_method = "statusCallbackMethod": Method,
    /// Told about the recording; the older name.
    event_callback_url = "eventCallbackUrl": &str,
} }

/// `<Queue>`: the agent's leg that takes a waiting caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue(pub(super) Element);

impl Queue {
    /// The queue of that name, first caller first.
    pub fn named(name: &str) -> Self {
        Self(Element::with_text("Queue", name))
    }

    /// The caller of a pending TaskRouter reservation, which this accepts.
    pub fn reservation(reservation_sid: &str) -> Self {
        let mut element = Element::new("Queue");
        element.set("reservationSid", reservation_sid);
        Self(element)
    }
}

attribute_methods! { Queue {
    /// TwiML that the caller hears before being joined.
    url = "url": &str,
    /// For `url`.
    method = "method": Method,
    /// What the worker does afterwards; with a reservation only.
    post_work_activity_sid = "postWorkActivitySid": &str,
} }
