//! What is kept of a call: plain data that crosses from the session to the store, and back when the call is
//! taken up again by another session, process or node.
//!
//! Times are milliseconds since 1970, so that they mean the same on every node.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::chat::ToolCall;
use crate::handoff::{PromptVersion, Speaker};
use crate::pii::Pii;

/// Names a turn within its call, and tells its place in it: turns are read in the order of their keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TurnKey {
    /// The session that began it: 0 for the first of a call, then how many times it was reconnected. What a
    /// node still writes after it lost a call so never collides with what the next one writes.
    pub session: u8,
    /// Its place among the turns of that session.
    pub position: u32,
}

/// Something that was said, by one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Its name and place.
    pub key: TurnKey,
    /// Who spoke.
    pub who: Speaker,
    /// Everything that was said; of ours, all that was sent for speech.
    pub text: Pii<String>,
    /// How many characters of `text` were heard.
    pub heard: usize,
    /// Whether the caller cut it off.
    pub interrupted: bool,
    /// The tools that were asked for after it.
    pub runs: Vec<ToolRun>,
    /// When it happened.
    pub steps: Steps,
    /// What we had asked: before it, where the caller speaks, else before the caller spoke. It tells what digits
    /// in the turn may be.
    pub answers: Option<Pii<String>>,
}

/// One run of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolRun {
    /// What was asked for.
    pub call: ToolCall,
    /// What came of it; `None` while it runs, or when it never ended.
    pub result: Option<Pii<String>>,
    /// Whether the manifest says that its input must not be kept.
    pub secure: bool,
    /// When it was asked for.
    pub began: u64,
    /// When it was answered.
    pub ended: Option<u64>,
}

/// The steps of a turn. Of what a caller said only `began` is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Steps {
    /// The caller's words arrived, or the model was asked.
    pub began: u64,
    /// The model's first word arrived.
    pub first_delta: Option<u64>,
    /// The first frame left.
    pub first_frame: Option<u64>,
    /// The platform began to speak it, where that is reported.
    pub speaking: Option<u64>,
    /// The model had nothing more to say.
    pub finished: Option<u64>,
    /// The caller had heard all of it, where that is reported.
    pub heard: Option<u64>,
}

/// What the next session of a call needs to know beside the turns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The language spoken, as a BCP 47 tag.
    pub language: String,
    /// The prompts and tools that it had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompts: Option<PromptVersion>,
    /// Facts that travel with the hand-off.
    pub facts: BTreeMap<String, Pii<String>>,
    /// What somebody who looks on wanted the model to know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Pii<String>>,
    /// How many times the caller was answered.
    pub turns: u32,
    /// Whether the platform reports playback.
    pub reported: bool,
    /// What the session has counted beside that, in its own terms.
    pub counted: Counted,
}

/// What a session has counted: JSON of its own, which is kept as it was written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counted(Box<RawValue>);

/// What a session leaves behind for the next one of the same call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// The conversation, oldest turn first.
    pub turns: Vec<Turn>,
    /// The rest.
    pub state: State,
}

/// What changed in a call since it was last recorded: whole turns, as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The number of the session.
    pub session: u8,
    /// The turns that are new or different.
    pub turns: Vec<Turn>,
    /// The rest, as it is now.
    pub state: State,
}

impl Counted {
    /// Keeps this, or nothing where it cannot be written as JSON.
    pub fn of(counts: &impl Serialize) -> Self {
        to_raw_value(counts).map(Self).unwrap_or_default()
    }

    /// What was kept, if it is of this kind.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(self.0.get()).ok()
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Eq for Counted {}

impl Turn {
    /// What of it was heard.
    pub fn heard_text(&self) -> &str {
        let text = self.text.expose();
        let end = text.char_indices().nth(self.heard).map_or(text.len(), |(at, _)| at);
        &text[..end]
    }
}
