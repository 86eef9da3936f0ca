//! One streamed answer from a model. A provider's own types do not leave this module.

mod hedge;
pub mod offline;
pub mod openai;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::Stream;

use crate::chat::{Message, ModelEvent, SystemPrompt, ToolChoice, Toolbox};
use crate::playbook::Playbook;
use crate::prompts::{CallFacts, Prompts};

/// A question, complete.
#[derive(Clone)]
pub struct Question {
    /// The system prompt, rendered once per call.
    pub system: Arc<SystemPrompt>,
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
            tuning: Tuning {
                model: front.model.clone(),
                temperature: front.temperature,
                ..Tuning::default()
            },
            prompts: playbook.prompts.clone(),
        }
    }
}

/// How a model is to be asked: what the prompt wants of it, and what whoever measures it wants.
#[derive(Debug, Clone, Default)]
pub struct Tuning {
    /// The model's name, where the settings name none.
    pub model: Option<String>,
    /// Randomness, 0 to 2.
    pub temperature: Option<f32>,
    /// Makes the randomness the same again, where the provider can do that.
    pub seed: Option<u64>,
    /// Counts what is read and written, where somebody wants to know. A caller's question asks for no count.
    pub tokens: Option<Arc<Tokens>>,
}

/// What the provider says it has read and written, over any number of questions.
#[derive(Debug, Default)]
pub struct Tokens {
    prompt: AtomicU64,
    completion: AtomicU64,
    questions: AtomicU64,
}

impl Tokens {
    /// Adds what one question took.
    pub fn add(&self, prompt: u64, completion: u64) {
        self.prompt.fetch_add(prompt, Ordering::Relaxed);
        self.completion.fetch_add(completion, Ordering::Relaxed);
        self.questions.fetch_add(1, Ordering::Relaxed);
    }

    /// Tokens read, tokens written, and the number of questions that they were told of.
    pub fn told(&self) -> (u64, u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.prompt), read(&self.completion), read(&self.questions))
    }
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
