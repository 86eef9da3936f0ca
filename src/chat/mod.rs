//! The words that session, model and tools share: messages, tool calls, and what may go wrong with a model.
//! A provider's own types stop in `llm`.

mod assembly;
mod error;
mod system;
mod tool;

pub use assembly::{Fragment, ToolCallAssembly};
pub use error::{ModelError, Obstacle};
pub use system::SystemPrompt;
pub use tool::{CheckError, Effect, Say, Tool, ToolKind, Toolbox};

use smol_str::SmolStr;

use crate::pii::Pii;

/// One entry of the conversation as a model reads it. The system prompt is not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// What the caller said or typed on the keypad.
    User(Pii<String>),
    /// What we said, as far as the caller heard it, and the tools that were asked for.
    Assistant {
        /// Empty when the model only asked for tools.
        text: Pii<String>,
        /// Each is answered by exactly one [`Message::Tool`] that follows.
        calls: Vec<ToolCall>,
    },
    /// What a tool answered.
    Tool {
        /// The [`ToolCall::id`] this answers.
        call_id: String,
        /// Text or JSON.
        content: Pii<String>,
    },
}

/// A tool the model asked for, as the model wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The provider's name for this call, or ours when it gave none.
    pub id: String,
    /// The tool's name, which need not exist.
    pub name: String,
    /// Meant to be a JSON object that fits the tool's schema.
    pub arguments: Pii<String>,
}

/// What the model may do about tools in one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolChoice {
    /// Talk, or ask for tools.
    Auto,
    /// Talk only.
    Never,
    /// Ask for the tool that escalates.
    Escalate,
}

/// What a model's stream delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelEvent {
    /// The next words.
    Words(SmolStr),
    /// A piece of a tool call: nothing to say yet, but the model is alive.
    Progress,
    /// The answer is complete.
    Done {
        /// The tools asked for, in the order of the answer.
        calls: Vec<ToolCall>,
        /// Why the answer ended.
        finish: Finish,
    },
    /// The answer will not be completed.
    Failed(ModelError),
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// All was said, or tools were asked for.
    Complete,
    /// The provider's limit cut it.
    Length,
    /// The provider's filter cut it.
    Filtered,
    /// The stream closed without saying why.
    Unsaid,
}
