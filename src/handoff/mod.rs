//! The hand-off document: what a person gets to know about a call, and the only thing that crosses from `end`
//! to the queue. The session writes it, Twilio carries it as `HandoffData`, the action callback reads it.
//!
//! The seed's four keys stand flat at the top level, so that the plugins people already have can read them;
//! everything of ours lies under `warmline`. The schema is `docs/handoff.schema.json`.

mod budget;
mod read;
mod summary;
mod task;
mod template;

pub use read::HandoffError;
pub(crate) use read::facts;
pub use summary::summarise;
pub use task::{Contact, Extra, KnownCaller};
pub use template::{
    Call, Entry, Fault, Filled, Hide, INSIGHTS, Known, Part, REFERENCES, Source, Template, Wanted, is_number,
};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::CallSid;
use crate::pii::Pii;

/// The version of the document, raised when a key changes its meaning.
pub const VERSION: u32 = 1;

/// The most characters `handoffData` and the Task may have, each. TaskRouter allows 4,096, with the keys that
/// Twilio and Flex add counted: of a Task with long addresses in it less is ours.
pub const BUDGET: usize = 3_000;

/// What the agent reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// A short code for routing and statistics, such as `caller_request`.
    pub reason_code: String,
    /// Why, in a few words.
    pub reason: Pii<String>,
    /// What happened so far, in a few sentences.
    pub call_summary: Pii<String>,
    /// The caller's mood.
    pub sentiment: Sentiment,
    /// Everything beyond the four.
    pub context: Context,
}

/// The caller's mood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sentiment {
    /// Content.
    Positive,
    /// Neither, or not known.
    #[default]
    Neutral,
    /// Upset.
    Negative,
}

/// The part of the document under `warmline`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Context {
    /// [`VERSION`].
    pub version: u32,
    /// Names this hand-off in logs and links.
    pub handoff_id: String,
    /// The call it belongs to.
    pub call_sid: CallSid,
    /// What is to become of the call.
    pub outcome: Outcome,
    /// What led to it.
    pub trigger: Trigger,
    /// Who wrote the summary.
    pub summary_by: Author,
    /// The language spoken at the end.
    pub language: String,
    /// How many times the caller was answered.
    pub turns: u32,
    /// How long the session lasted, in seconds.
    pub seconds: u64,
    /// The prompts and tools that the AI had in it; none where the call never met it.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub prompts: Option<PromptVersion>,
    /// The page with all of it, for whoever takes the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desk_url: Option<String>,
    /// What the call is about, if the model said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<Pii<String>>,
    /// Facts the model was told to keep.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub memory: BTreeMap<String, Pii<String>>,
    /// The last lines of the conversation, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transcript: Vec<Line>,
}

/// Which prompts and tools a call was begun with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PromptVersion {
    /// The variant, or `base`.
    #[serde(rename = "promptVariant")]
    pub variant: String,
    /// Their version: 12 hex digits over all their files.
    #[serde(rename = "promptVersion")]
    pub version: String,
}

/// What is to become of a call whose session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A person takes over.
    Escalated,
    /// The caller's business is done: hang up.
    Completed,
}

/// What led to a hand-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The model asked for it.
    Model,
    /// The caller asked for a person, in words that need no model to be understood.
    Request,
    /// The caller pressed the key for a person.
    Key,
    /// The model failed.
    ModelFailure,
    /// A tool failed.
    ToolFailure,
    /// The bridge itself failed.
    BridgeFailure,
    /// The caller said nothing more.
    Silence,
    /// Caller and assistant did not understand each other.
    NoProgress,
    /// The caller sounded upset again and again.
    Sentiment,
    /// The AI had talked with the caller as long as it may.
    LongestDuration,
    /// It had as many turns as it may.
    MostTurns,
    /// The caller named a matter that is for a person.
    Topic,
    /// The caller spoke of danger to life.
    Emergency,
    /// The server ends, or is about to.
    Drain,
    /// The server has no room for the call, or the call asks for more than one call may.
    Overload,
    /// Somebody at the console took the call from the AI.
    Supervisor,
    /// A rule of routing sent the call to a person before it met the AI.
    Routing,
}

/// Who wrote a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// The model.
    Model,
    /// We did, from the transcript.
    Transcript,
}

/// One line of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Who said it.
    pub who: Speaker,
    /// What was said; of ours, as far as the caller heard it.
    pub text: Pii<String>,
}

/// Who said a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// The caller.
    Caller,
    /// The bridge.
    Agent,
}

/// Makes the link to the page of a hand-off. Whoever has it sees that hand-off and nothing else.
pub trait DeskLinks: Send + Sync {
    /// The address.
    fn link(&self, call_sid: &CallSid, handoff_id: &str) -> String;
}

impl Sentiment {
    /// The word for it in documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Neutral => "neutral",
            Self::Negative => "negative",
        }
    }
}

impl Speaker {
    /// The word for it in documents and in the store.
    pub fn word(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Agent => "agent",
        }
    }
}

impl Trigger {
    /// Its name in documents and in the store.
    pub fn word(self) -> String {
        let word = serde_json::to_value(self).ok();
        word.as_ref().and_then(|word| word.as_str()).unwrap_or_default().to_owned()
    }

    /// The `reasonCode` when no model gave one.
    pub fn reason_code(self) -> &'static str {
        match self {
            Self::Model | Self::Request | Self::Key => "caller_request",
            Self::ModelFailure => "model_failure",
            Self::ToolFailure => "tool_failure",
            Self::BridgeFailure => "bridge_failure",
            Self::Silence => "silence",
            Self::NoProgress => "no_progress",
            Self::Sentiment => "sentiment",
            Self::LongestDuration => "longest_duration",
            Self::MostTurns => "most_turns",
            Self::Topic => "topic",
            Self::Emergency => "emergency",
            Self::Drain => "drain",
            Self::Overload => "overload",
            Self::Supervisor => "supervisor",
            Self::Routing => "routing",
        }
    }

    /// The `reason` when no model gave one, in words for the agent.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Model => "The assistant asked for a person",
            Self::Request => "The caller asked for a person",
            Self::Key => "The caller pressed the key for a person",
            Self::ModelFailure => "The assistant could not answer",
            Self::ToolFailure => "A tool of the assistant failed",
            Self::BridgeFailure => "The assistant was not available",
            Self::Silence => "The caller said nothing more",
            Self::NoProgress => "The caller and the assistant did not understand each other",
            Self::Sentiment => "The caller sounded upset again and again",
            Self::LongestDuration => "The call with the assistant lasted long",
            Self::MostTurns => "The talk with the assistant went on and on",
            Self::Topic => "The caller named a matter for a person",
            Self::Emergency => "The caller spoke of an emergency",
            Self::Drain => "The assistant was being restarted",
            Self::Overload => "The assistant was busy",
            Self::Supervisor => "A supervisor asked for a person to take over",
            Self::Routing => "The call was routed to a person at once",
        }
    }
}

impl Handoff {
    /// A hand-off of a call nothing is known of: its session was never here, or its document was lost.
    pub fn bare(call_sid: CallSid, handoff_id: String, trigger: Trigger) -> Self {
        Self {
            reason_code: trigger.reason_code().to_owned(),
            reason: trigger.reason().into(),
            call_summary: "No summary: the conversation was not at hand when the call was passed on.".into(),
            sentiment: Sentiment::Neutral,
            context: Context {
                version: VERSION,
                handoff_id,
                call_sid,
                outcome: Outcome::Escalated,
                trigger,
                summary_by: Author::Transcript,
                language: String::new(),
                turns: 0,
                seconds: 0,
                prompts: None,
                desk_url: None,
                topic: None,
                memory: BTreeMap::new(),
                transcript: Vec::new(),
            },
        }
    }
}

/// Removes control characters, squeezes white space and cuts at `most` characters, with `…` where cut.
pub(crate) fn tidy(text: &str, most: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(&clean.split_whitespace().collect::<Vec<_>>().join(" "), most)
}

/// The first `most` characters, the last of them `…` where something was cut.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}
