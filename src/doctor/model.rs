//! Whether the model answers: one streamed word, and one forced tool call, as calls ask for them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;

use super::{Finding, PATIENCE};
use crate::app;
use crate::chat::{Message, ModelError, ModelEvent, SystemPrompt, ToolChoice};
use crate::clock::now;
use crate::config::{Config, ModelSettings};
use crate::llm::{Model, Question, Tuning};
use crate::playbook::Playbook;

/// Later than that a caller hears a filler first.
const SLOW: Duration = Duration::from_millis(1_500);
/// The system prompt of both questions.
const BRIEF: &str = "You are being tested. Do what you are asked, in as few words as possible.";
/// A silence that nobody waits for: each question has a limit of its own.
const UNWATCHED: Duration = Duration::from_secs(60 * 60);

/// What every model of the settings makes of it.
pub(super) async fn answers(config: &Config) -> Vec<Finding> {
    let Some(models) = &config.models else {
        let what = "the embedded agent answers, which is no language model";
        return vec![Finding::skip_until("model", what, "set OPENAI_API_KEY or OPENAI_BASE_URL for a model")];
    };
    let Ok(shelf) = app::shelf(config) else {
        return vec![Finding::skip("model", "not asked: prompts or tools cannot be read")];
    };
    let playbook = shelf.latest();
    let first = asked(["model", "model tool"], "OPENAI", &models.primary, &playbook);
    match &models.fallback {
        None => first.await,
        Some(fallback) => {
            let second = asked(["fallback", "fallback tool"], "OPENAI_FALLBACK", fallback, &playbook);
            let (mut first, second) = tokio::join!(first, second);
            first.extend(second);
            first
        }
    }
}

async fn asked(
    names: [&'static str; 2],
    prefix: &str,
    settings: &ModelSettings,
    playbook: &Arc<Playbook>,
) -> Vec<Finding> {
    let model = match app::model_to_measure(settings.clone(), UNWATCHED) {
        Ok(model) => model,
        Err(_) => return vec![Finding::skip(names[0], "no HTTPS client can be set up")],
    };
    let front = &playbook.prompts.front;
    let question = |choice, words: &str| Question {
        system: SystemPrompt::new(BRIEF).into(),
        messages: vec![Message::User(words.into())],
        toolbox: playbook.tools.clone(),
        choice,
        attempt: 1,
        language: front.language.clone(),
        tuning: Tuning { model: front.model.clone(), temperature: front.temperature, ..Tuning::default() },
        prompts: playbook.prompts.clone(),
    };
    let words = question(ToolChoice::Never, "Say the word hello.");
    let tool = question(ToolChoice::Escalate, "I want to talk to a person about my bill, please.");
    let who = model.describe();
    let (words, tool) = tokio::join!(streamed(&*model, words), escalated(&*model, tool));
    let why = |error: &Trouble| (error.what.clone(), error.fix(prefix));
    let words = match words {
        Ok(took) if took > SLOW => {
            let fix = "callers hear a filler first; take a faster model, or one that is nearer";
            Finding::warn(names[0], format!("{who}: first word after {} ms", took.as_millis()), fix)
        }
        Ok(took) => Finding::ok(names[0], format!("{who}: first word after {} ms", took.as_millis())),
        Err(error) => {
            let (what, fix) = why(&error);
            Finding::fail(names[0], format!("{who}: {what}"), fix)
        }
    };
    let tool = match tool {
        Ok(took) => Finding::ok(names[1], format!("escalates when it has to, after {} ms", took.as_millis())),
        Err(error) => {
            let (what, fix) = why(&error);
            Finding::fail(names[1], what, fix)
        }
    };
    vec![words, tool]
}

/// Why a model is of no use.
struct Trouble {
    what: String,
    error: Option<ModelError>,
}

impl Trouble {
    fn of(what: &str) -> Self {
        Self { what: what.to_owned(), error: None }
    }

    fn fix(&self, prefix: &str) -> String {
        match &self.error {
            Some(ModelError::Unreachable(_)) => {
                format!("look at {prefix}_BASE_URL, and whether it is reached from here")
            }
            Some(ModelError::Refused { .. }) => {
                format!("look at {prefix}_API_KEY, {prefix}_MODEL and {prefix}_BASE_URL")
            }
            Some(ModelError::RateLimited { .. }) => {
                "the account's limits are reached: raise them, or wait".to_owned()
            }
            Some(_) => {
                format!("look at {prefix}_MODEL and {prefix}_BASE_URL, and at the provider's status page")
            }
            None => format!("take another {prefix}_MODEL: it has to stream, and to call tools when told to"),
        }
    }
}

impl From<ModelError> for Trouble {
    fn from(error: ModelError) -> Self {
        Self { what: error.to_string(), error: Some(error) }
    }
}

/// How long the first word takes.
async fn streamed(model: &dyn Model, question: Question) -> Result<Duration, Trouble> {
    let began = now();
    let mut answer = model.ask(question);
    let first = async {
        while let Some(event) = answer.next().await {
            match event {
                ModelEvent::Words(_) => return Ok(now().saturating_duration_since(began)),
                ModelEvent::Progress => {}
                ModelEvent::Done { .. } => return Err(Trouble::of("it answered without a word")),
                ModelEvent::Failed(error) => return Err(error.into()),
            }
        }
        Err(Trouble::of("it answered without a word"))
    };
    tokio::time::timeout(PATIENCE, first).await.unwrap_or_else(|_| Err(Trouble::of("no word in 5 s")))
}

/// How long a forced tool call takes, whole and with arguments that fit.
async fn escalated(model: &dyn Model, question: Question) -> Result<Duration, Trouble> {
    let (began, toolbox) = (now(), question.toolbox.clone());
    let mut answer = model.ask(question);
    let whole = async {
        while let Some(event) = answer.next().await {
            match event {
                ModelEvent::Words(_) | ModelEvent::Progress => {}
                ModelEvent::Failed(error) => return Err(error.into()),
                ModelEvent::Done { calls, .. } => {
                    let call = calls.iter().find(|call| call.name == "escalate");
                    let call = call.ok_or_else(|| Trouble::of("it was told to escalate, and did not"))?;
                    let at = toolbox.tools().iter().position(|tool| tool.name == call.name);
                    let fits = at.is_some_and(|at| toolbox.check(at, call.arguments.expose()).is_ok());
                    return if fits {
                        Ok(now().saturating_duration_since(began))
                    } else {
                        Err(Trouble::of("it escalated with arguments that do not fit the tool"))
                    };
                }
            }
        }
        Err(Trouble::of("it was told to escalate, and did not"))
    };
    tokio::time::timeout(PATIENCE, whole).await.unwrap_or_else(|_| Err(Trouble::of("no tool call in 5 s")))
}
