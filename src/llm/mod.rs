//! One streamed answer from a model. A provider's own types do not leave this module.

mod hedge;
pub mod offline;
pub mod openai;

use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;

use crate::chat::{Message, ModelEvent, ToolChoice, Toolbox};
use crate::playbook::Playbook;
use crate::prompts::{CallFacts, Prompts};

/// A question, complete.
#[derive(Clone)]
pub struct Question {
    /// The system prompt, rendered once per call.
    pub system: Arc<str>,
    /// The conversation, ending with the caller's words or a tool's result.
    pub messages: Vec<Message>,
    /// The tools of the call.
    pub toolbox: Arc<dyn Toolbox>,
    /// What the model may do about them.
    pub choice: ToolChoice,
    /// 2 when the first try of the same question failed.
    pub attempt: u8,
    /// The language spoken now, as a BCP 47 tag.
    pub language: String,
    /// What the prompt's front matter asks for.
    pub tuning: Tuning,
    /// The prompts of the call, for who answers without a language model.
    pub prompts: Arc<Prompts>,
}

impl Question {
    /// What stays the same in all questions of a call.
    pub fn of(playbook: &Playbook, facts: &CallFacts) -> Self {
        let front = &playbook.prompts.front;
        Self {
            system: playbook.system_prompt(facts),
            messages: Vec::new(),
            toolbox: playbook.tools.clone(),
            choice: ToolChoice::Auto,
            attempt: 1,
            language: facts.language.clone(),
            tuning: Tuning { model: front.model.clone(), temperature: front.temperature },
            prompts: playbook.prompts.clone(),
        }
    }
}

/// How a prompt wants its model to be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tuning {
    /// The model's name, where the settings name none.
    pub model: Option<String>,
    /// Randomness, 0 to 2.
    pub temperature: Option<f32>,
}

/// The answer while it comes. It ends after [`ModelEvent::Done`] or [`ModelEvent::Failed`]; dropping it before
/// closes the connection to the model at once.
pub type Answer = Pin<Box<dyn Stream<Item = ModelEvent> + Send>>;

/// Something that answers.
pub trait Model: Send + Sync {
    /// Starts an answer. Nothing is sent before the stream is polled.
    fn ask(&self, question: Question) -> Answer;

    /// Whether a second try of a question goes to another endpoint.
    fn has_fallback(&self) -> bool {
        false
    }

    /// The endpoints that are left alone for a while, because they failed again and again.
    fn resting(&self) -> Vec<String> {
        Vec::new()
    }

    /// Who is asked first, for traces: the provider, and the model.
    fn name<'a>(&'a self, question: &'a Question) -> (&'static str, &'a str);

    /// What an operator reads about it in the first lines of the log: no keys.
    fn describe(&self) -> String;
}
