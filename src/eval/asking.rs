//! Asks a model for a text: one that plays a caller, or one that judges.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;

use crate::chat::{CheckError, Message, ModelError, ModelEvent, SystemPrompt, Tool, ToolChoice, Toolbox};
use crate::llm::{Model, Question, Tuning};
use crate::prompts::Prompts;

/// How often a question is asked.
const TRIES: u8 = 3;
/// How much of an answer is read, in bytes. A small model may never come to an end.
const LONGEST: usize = 2_000;
/// How long an answer may take. Nobody waits on the telephone, but a run must come to its end.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest pause that a provider is granted before the next try.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// No tools.
struct Nothing;

impl Toolbox for Nothing {
    fn tools(&self) -> &[Tool] {
        &[]
    }

    fn check(&self, _: usize, _: &str) -> Result<Value, CheckError> {
        Err(CheckError("there is no such tool".into()))
    }
}

/// What a model answers.
///
/// # Errors
///
/// Why it did not, after some tries.
pub(super) async fn ask(
    model: &dyn Model,
    system: &str,
    messages: Vec<Message>,
    seed: Option<u64>,
) -> Result<String, ModelError> {
    let system = Arc::new(SystemPrompt::new(system));
    let mut failure = ModelError::Empty;
    for attempt in 1..=TRIES {
        let question = Question {
            system: system.clone(),
            messages: messages.clone(),
            toolbox: Arc::new(Nothing),
            choice: ToolChoice::Never,
            attempt: attempt.min(2),
            language: String::new(),
            tuning: Tuning { seed, ..Tuning::default() },
            prompts: Arc::new(Prompts::embedded()),
        };
        let answer = tokio::time::timeout(PATIENCE, whole(model, question)).await;
        match answer.unwrap_or(Err(ModelError::Broken)) {
            Ok(text) if !text.trim().is_empty() => return Ok(text),
            Ok(_) => {}
            Err(error) if error.is_retryable() && error.pause() <= LONGEST_PAUSE => {
                if attempt < TRIES {
                    tokio::time::sleep(error.pause()).await;
                }
                failure = error;
            }
            Err(error) => return Err(error),
        }
    }
    Err(failure)
}

async fn whole(model: &dyn Model, question: Question) -> Result<String, ModelError> {
    let mut answer = model.ask(question);
    let mut text = String::new();
    while let Some(event) = answer.next().await {
        match event {
            ModelEvent::Words(words) => {
                text.push_str(&words);
                if text.len() > LONGEST {
                    return Ok(text);
                }
            }
            ModelEvent::Progress => {}
            ModelEvent::Done { .. } => return Ok(text),
            ModelEvent::Failed(error) => return Err(error),
        }
    }
    Err(ModelError::Broken)
}
