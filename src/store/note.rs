//! What the store is told of a call. A note is made where it happens, in no time; when it is written is the
//! writer's business.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::audit::Audit;
use super::recording::Recorded;
use crate::handoff::{Handoff, Outcome, PromptVersion, Trigger, cut};
use crate::ids::{AccountSid, CallSid};
use crate::pii::Pii;
use crate::record::Changes;

/// The longest number or address that is kept, in characters. SIP addresses can be long.
const LONGEST_ADDRESS: usize = 256;

/// Something that happened, and when.
#[derive(Debug, Clone)]
pub struct Note {
    /// The call.
    pub call_sid: CallSid,
    /// In milliseconds since 1970.
    pub at: u64,
    /// What happened.
    pub what: What,
}

/// Something that happened to a call.
#[derive(Debug, Clone)]
pub enum What {
    /// It came in.
    Came(Came),
    /// A relay session began.
    Began(Began),
    /// Something was said, heard or done in it.
    Changed(Changes),
    /// A hand-off or the end of the call became certain, in a session of it.
    Decided(u8, Box<Handoff>),
    /// The hand-off went on its way.
    Delivered(Delivery),
    /// Somebody took the call from the target it was sent to. What comes of it is noted after this.
    Taken(Taken),
    /// A relay session is over.
    Left {
        /// What the session decided; `None` when the caller hung up or the socket was lost.
        outcome: Option<Outcome>,
        /// What led to it.
        trigger: Option<Trigger>,
        /// The number of the session.
        session: u8,
    },
    /// The caller has gone, or was handed on: nothing more is heard of the call.
    Over,
    /// The first words of an answer have left. It is recorded with what follows, and told to who looks on.
    Answering,
    /// Something became of its recording.
    Recorded(Recorded),
    /// Somebody did something to it.
    Audited(Audit),
}

impl What {
    /// Whether the writer is told.
    pub(super) fn is_kept(&self) -> bool {
        !matches!(self, Self::Answering)
    }

    /// Whether who looks on is told.
    pub(super) fn is_seen(&self) -> bool {
        !matches!(self, Self::Audited(_))
    }
}

/// Who calls whom.
#[derive(Debug, Clone, Default)]
pub struct Came {
    /// The account of the webhook.
    pub account_sid: Option<AccountSid>,
    /// `inbound`, `outbound-api`, …
    pub direction: Option<String>,
    /// Whom we talk with.
    pub caller: Option<Pii<String>>,
    /// Our own number.
    pub line: Option<Pii<String>>,
    /// How the network vouches for the caller's number, in Twilio's words.
    pub verified: Option<String>,
}

/// A relay session.
#[derive(Debug, Clone)]
pub struct Began {
    /// Its number in the call, from 0.
    pub session: u8,
    /// Who calls whom, for a call whose webhook was answered elsewhere.
    pub came: Came,
    /// The language it begins in.
    pub language: String,
    /// Which prompts and tools it has.
    pub prompts: PromptVersion,
    /// Their files, as JSON.
    pub files: Arc<str>,
}

/// How far a hand-off has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where the call was sent, if it was sent anywhere new.
    pub target: Option<String>,
    /// What is known of it.
    pub state: DeliveryState,
}

/// When somebody took a call. Twilio tells it only once it is over, by a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// After so many seconds in the queue that it was sent to last.
    AfterQueue(u64),
    /// So many seconds ago.
    Ago(u64),
}

/// The stations of a hand-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// Certain, but the session has not ended.
    Decided,
    /// The session ended with it.
    Sent,
    /// It waits in a queue.
    Queued,
    /// A number is being dialled.
    Dialled,
    /// Another system has the call, and decides what becomes of it.
    Passed,
    /// Nobody was free, and the AI has the call again.
    Returned,
    /// A person has the call.
    Answered,
    /// Nobody answered: the caller is asked for a message.
    Voicemail,
    /// The caller left a message.
    Message,
    /// The caller hung up before anybody answered.
    Abandoned,
    /// There was nothing to hand over: the caller's business was done.
    Completed,
}

/// The same target, a new state.
impl From<DeliveryState> for Delivery {
    fn from(state: DeliveryState) -> Self {
        Self { target: None, state }
    }
}

impl DeliveryState {
    /// Whether it is known by now whether anybody took the call, and when.
    pub fn is_final(self) -> bool {
        match self {
            // Who was passed on is heard of no more, and who came back was taken by nobody.
            Self::Answered
            | Self::Passed
            | Self::Returned
            | Self::Message
            | Self::Abandoned
            | Self::Completed => true,
            Self::Decided | Self::Sent | Self::Queued | Self::Dialled | Self::Voicemail => false,
        }
    }

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Sent => "sent",
            Self::Queued => "queued",
            Self::Dialled => "dialled",
            Self::Passed => "passed",
            Self::Returned => "returned",
            Self::Answered => "answered",
            Self::Voicemail => "voicemail",
            Self::Message => "message",
            Self::Abandoned => "abandoned",
            Self::Completed => "completed",
        }
    }
}

impl Came {
    /// Tells the caller from ours by the direction of the call.
    pub fn new(
        account_sid: Option<AccountSid>,
        direction: Option<&str>,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Self {
        let outbound = direction.is_some_and(|direction| direction.starts_with("outbound"));
        let (caller, line) = if outbound { (to, from) } else { (from, to) };
        let filled = |text: Option<&str>| {
            text.filter(|text| !text.is_empty()).map(|text| Pii::from(cut(text, LONGEST_ADDRESS)))
        };
        Self {
            account_sid,
            direction: direction.map(str::to_owned),
            caller: filled(caller),
            line: filled(line),
            verified: None,
        }
    }
}

/// What the writer is sent.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all orders are notes")]
pub(super) enum Order {
    /// To be kept.
    Keep(Note),
    /// To answer once everything before it was written, or could not be.
    Flush(oneshot::Sender<bool>),
}
