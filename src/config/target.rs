//! Where people answer: what an entry of `[[targets]]` is once it was read.

use secrecy::{ExposeSecret, SecretString};

use crate::ids::{AccountSid, FlowSid, WorkflowSid};
use crate::pii::bare_address;
use crate::redact;

/// How long somebody is rung, in seconds, unless the settings say so.
const RING: u32 = 30;
/// The key that takes a call, unless the settings name another.
const ACCEPT: char = '1';

/// One place where people answer, or leave word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A TaskRouter workflow: the call becomes a Task.
    Workflow(WorkflowSid),
    /// A voice queue by name; agents dial into it.
    Queue(String),
    /// Somebody is rung.
    Ring(Ring),
    /// A flow of Twilio Studio, which does with the call what it likes. Nothing leads back.
    Studio(Studio),
    /// Another contact centre, which is asked what to do with the call.
    Webhook(Webhook),
    /// The AI has the call again, and remembers it.
    Agent,
    /// The caller leaves a message. Always the last of a list.
    Voicemail,
}

/// Somebody who is rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// Who.
    pub line: Line,
    /// For how long, in seconds.
    pub seconds: u32,
    /// The number that is shown there; the caller's own without one.
    pub caller_id: Option<String>,
    /// Whether the caller hears it ring until somebody has taken the call.
    pub answer_on_bridge: bool,
    /// Whether what is known of the call goes along: SIP headers, parameters of a client.
    pub context: bool,
    /// Whether who picks up hears who calls, why, and in what mood.
    pub whisper: bool,
    /// The key that takes the call; without one it is taken by picking up.
    pub accept_key: Option<char>,
}

/// What can be rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// An E.164 number.
    Phone(String),
    /// A SIP URI.
    Sip(String),
    /// The identity of a browser or an app that Twilio's SDK runs in.
    Client(String),
}

/// A flow of Twilio Studio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Studio {
    /// The account it belongs to.
    pub account: AccountSid,
    /// The flow.
    pub flow: FlowSid,
}

/// Another contact centre.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where it is asked.
    pub url: String,
    /// What requests are signed with.
    pub secret: SecretString,
}

impl Ring {
    /// Rings somebody as the settings do where they say nothing else. Who picks up a phone may be a machine, so
    /// there a key takes the call.
    pub fn new(line: Line) -> Self {
        let accept_key = matches!(line, Line::Phone(_)).then_some(ACCEPT);
        Self {
            line,
            seconds: RING,
            caller_id: None,
            answer_on_bridge: true,
            context: true,
            whisper: true,
            accept_key,
        }
    }
}

impl Target {
    /// Whether a call reaches it while this server cannot be asked.
    pub(super) fn needs_nothing_of_us(&self) -> bool {
        match self {
            Self::Workflow(_) | Self::Queue(_) | Self::Ring(_) | Self::Studio(_) => true,
            Self::Webhook(_) | Self::Agent | Self::Voicemail => false,
        }
    }

    /// What it is, in the words of the settings.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Workflow(_) => "workflow",
            Self::Queue(_) => "queue",
            Self::Ring(ring) => match ring.line {
                Line::Phone(_) => "number",
                Line::Sip(_) => "sip",
                Line::Client(_) => "client",
            },
            Self::Studio(_) => "studio",
            Self::Webhook(_) => "webhook",
            Self::Agent => "ai",
            Self::Voicemail => "voicemail",
        }
    }

    /// Who or what it is, for people: without a whole number, or what an address has beside its host and path.
    pub fn shown(&self) -> String {
        match self {
            Self::Workflow(workflow) => workflow.to_string(),
            Self::Queue(name) => name.clone(),
            Self::Ring(ring) => match &ring.line {
                Line::Phone(address) | Line::Sip(address) => redact::number(address),
                Line::Client(identity) => identity.clone(),
            },
            Self::Studio(studio) => studio.flow.to_string(),
            Self::Webhook(webhook) => bare_address(&webhook.url),
            Self::Agent | Self::Voicemail => "true".to_owned(),
        }
    }

    /// Whether nothing that stands behind it in a list is ever reached.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Studio(_) | Self::Voicemail)
    }
}

impl PartialEq for Webhook {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url && self.secret.expose_secret() == other.secret.expose_secret()
    }
}

impl Eq for Webhook {}
