//! `<Connect>` and its noun `<ConversationRelay>`: the call is handed to our WebSocket.
//!
//! <https://www.twilio.com/docs/voice/twiml/connect/conversationrelay>

use std::fmt;

use super::attributes::{Method, attribute_methods};
use super::element::Element;

/// `<Connect>` around exactly one relay session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect(pub(super) Element);

impl Connect {
    /// Connects the caller to a session.
    pub fn new(relay: Relay) -> Self {
        let mut element = Element::new("Connect");
        element.children.push(relay.0);
        Self(element)
    }
}

attribute_methods! { Connect {
    /// Where Twilio asks what comes next when the session ends, whatever the cause. Without it every
    /// hand-off is lost.
    action = "action": &str,
    /// For `action`; POST if absent.
    method = "method": Method,
} }

/// `<ConversationRelay>`: one session of speech in, text out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay(pub(super) Element);

impl Relay {
    /// A session with the socket at a `wss://` URL. The handshake is signed over exactly this text.
    pub fn new(url: &str) -> Self {
        let mut element = Element::new("ConversationRelay");
        element.set("url", url);
        Self(element)
    }

    /// What the caller hears first. Leave it out on a reconnect, or it is spoken again.
    pub fn greeting(mut self, text: &str) -> Self {
        self.0.set("welcomeGreeting", text);
        self
    }

    /// Sets one attribute. The value is not checked: Twilio's list of voices and models grows.
    pub fn set(mut self, attribute: RelayAttribute, value: impl fmt::Display) -> Self {
        self.0.set(attribute.name(), value);
        self
    }

    /// Declares the voice and recogniser of a further language, without switching to it.
    pub fn language(mut self, language: Language) -> Self {
        self.0.children.push(language.0);
        self
    }

    /// Adds an entry to `customParameters` of the `setup` frame. Never card data.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        let mut parameter = Element::new("Parameter");
        parameter.set("name", name);
        parameter.set("value", value);
        self.0.children.push(parameter);
        self
    }
}

/// `<Language>` inside a relay session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language(Element);

impl Language {
    /// A BCP-47 tag, or `multi`.
    pub fn new(code: &str) -> Self {
        let mut element = Element::new("Language");
        element.set("code", code);
        Self(element)
    }
}

attribute_methods! { Language {
    /// Whose voice: `ElevenLabs`, `Google` or `Amazon`.
    tts_provider = "ttsProvider": &str,
    /// The provider's name of the voice; must fit the provider.
    voice = "voice": &str,
    /// Whose recogniser: `Deepgram` or `Google`.
    transcription_provider = "transcriptionProvider": &str,
    /// The recogniser's model.
    speech_model = "speechModel": &str,
} }

macro_rules! relay_attributes {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal,)+) => {
        /// The attributes of a session that a prompt's front matter may set.
        ///
        /// `url` and `welcomeGreeting` are ours and have methods of [`Relay`]. `applicationReconnect` is
        /// absent on purpose: we restore a call ourselves, and two reconnects would fight.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RelayAttribute {
            $($(#[$doc])+ $variant,)+
        }

        impl RelayAttribute {
            /// Every attribute.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

relay_attributes! {
    /// What may cut the greeting short: `none`, `dtmf`, `speech` or `any`.
    WelcomeGreetingInterruptible = "welcomeGreetingInterruptible",
    /// Both directions, a BCP-47 tag or `multi`.
    Language = "language",
    /// Speech only; outranks `language`.
    TtsLanguage = "ttsLanguage",
    /// Recognition only; outranks `language`.
    TranscriptionLanguage = "transcriptionLanguage",
    /// `ElevenLabs`, `Google` or `Amazon`; must fit the voice.
    TtsProvider = "ttsProvider",
    /// The provider's name of the voice, without a prefix.
    Voice = "voice",
    /// `Deepgram` or `Google`.
    TranscriptionProvider = "transcriptionProvider",
    /// The recogniser's model.
    SpeechModel = "speechModel",
    /// What may cut a reply short: `none`, `dtmf`, `speech` or `any`.
    Interruptible = "interruptible",
    /// `high`, `medium` or `low`.
    InterruptSensitivity = "interruptSensitivity",
    /// Whether "uh-huh" leaves the reply running.
    IgnoreBackchannel = "ignoreBackchannel",
    /// What is reported while the agent speaks: `none`, `dtmf`, `speech` or `any`.
    ReportInputDuringAgentSpeech = "reportInputDuringAgentSpeech",
    /// Whether new text replaces what is being spoken.
    Preemptible = "preemptible",
    /// Whether keys are reported at all.
    DtmfDetection = "dtmfDetection",
    /// Whether unfinished transcripts are reported.
    PartialPrompts = "partialPrompts",
    /// Silence that ends an utterance: `auto` or 600 to 5000 ms.
    SpeechTimeout = "speechTimeout",
    /// 0.5 to 0.9, for Deepgram Flux.
    EotThreshold = "eotThreshold",
    /// Twilio's own detection of a turn's end.
    TurnDetection = "turnDetection",
    /// Whether Deepgram formats numbers and dates.
    DeepgramSmartFormat = "deepgramSmartFormat",
    /// Phrases to expect, separated by commas. Never card data.
    Hints = "hints",
    /// Whether swearing is masked in transcripts.
    ProfanityFilter = "profanityFilter",
    /// `on`, `auto` or `off`; `on` costs time.
    ElevenlabsTextNormalization = "elevenlabsTextNormalization",
    /// Whether the caller's line is cleaned of noise.
    BackgroundNoiseReduction = "backgroundNoiseReduction",
    /// Whether transcripts of the agent's own echo are dropped.
    EchoPromptFiltering = "echoPromptFiltering",
    /// Extra frames, separated by spaces: `speaker-events`, `tokens-played`, `config-updated`.
    Events = "events",
    /// `debugging`; older form of `events`.
    Debug = "debug",
    /// The Conversational Intelligence service that gets the transcript.
    IntelligenceService = "intelligenceService",
    /// A configuration of Conversation Orchestrator.
    ConversationConfiguration = "conversationConfiguration",
    /// A conversation of Conversation Orchestrator.
    ConversationId = "conversationId",
}

impl RelayAttribute {
    /// The attribute of that exact name, camelCase and case-sensitive.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|attribute| attribute.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_relay_attribute_is_found_by_its_exact_name_only() {
        for attribute in RelayAttribute::ALL {
            assert_eq!(RelayAttribute::from_name(attribute.name()), Some(*attribute));
            let lowered = attribute.name().to_lowercase();
            assert_eq!(RelayAttribute::from_name(&lowered).is_some(), lowered == attribute.name());
        }
        for absent in ["url", "welcomeGreeting", "applicationReconnect", "interruptByDtmf", ""] {
            assert_eq!(RelayAttribute::from_name(absent), None, "{absent}");
        }
    }
}
