//! The words that session, model and tools share: messages, tool calls, and what may go wrong with a model.
//! A provider's own types stop in `llm`.

mod assembly;
mod tool;

pub use assembly::{Fragment, ToolCallAssembly};
pub use tool::{CheckError, Say, Tool, ToolKind, Toolbox};

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
    Words(String),
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

/// Why a model's answer failed. Holds no payload: a provider's error text may quote the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No connection: refused, DNS, TLS.
    #[error("model endpoint could not be reached")]
    Unreachable,
    /// Nothing came within the time a caller can wait.
    #[error("model sent nothing for {waited_ms} ms")]
    Silent {
        /// How long nothing came.
        waited_ms: u64,
    },
    /// 401, 403, 404: the settings are wrong, so asking again cannot help.
    #[error(
        "model endpoint refused the request with status {status}: check OPENAI_API_KEY, OPENAI_MODEL and OPENAI_BASE_URL"
    )]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// Another 4xx.
    #[error("model endpoint did not accept the request, status {status}")]
    BadRequest {
        /// The HTTP status.
        status: u16,
    },
    /// 429.
    #[error("model provider is rate limiting")]
    RateLimited,
    /// 5xx, 408, 409.
    #[error("model provider failed with status {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// The stream broke off, or carried an error.
    #[error("model stream broke off")]
    Broken,
    /// A tool call was still being written when nobody could wait any longer.
    #[error("model did not come to the end of a tool call")]
    Endless,
    /// Neither words nor tools.
    #[error("model answered with nothing")]
    Empty,
}

impl ModelError {
    /// Whether the same question may be asked again at the same endpoint while the caller waits.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::BadRequest { .. } | Self::Endless => false,
            Self::Unreachable
            | Self::Silent { .. }
            | Self::RateLimited
            | Self::Unavailable { .. }
            | Self::Broken
            | Self::Empty => true,
        }
    }
}
