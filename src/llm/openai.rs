//! Chat completions of OpenAI, or of anything that speaks like it.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>
//!
//! async-openai gives the client, the configuration and the stream; the bodies are our own types, because
//! compatible servers break its strict ones. It logs and displays payloads where it cannot read them, so its
//! log target is off (`telemetry`) and its error text goes nowhere: only the kind of an error is kept.

mod body;
mod delta;
mod refusal;
mod transport;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::stream::StreamResponse;
use futures_util::{StreamExt, stream};
use secrecy::{ExposeSecret, SecretString};

use crate::chat::{Finish, ModelError, ModelEvent, ToolCallAssembly, ToolChoice};
use crate::llm::breaker::Breaker;
use crate::llm::hedge::hedged;
use crate::llm::{Answer, Model, Question};
use body::Body;
use delta::Chunk;
#[cfg(fuzzing)]
pub use delta::read_chunks;
use refusal::{is_too_long, obstacle};
use transport::Transport;
use watched::Watch;

/// How long a connection may take. A caller is waiting.
const CONNECT: Duration = Duration::from_secs(2);
/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(25);

/// One place that answers.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Up to and without `/chat/completions`.
    pub base_url: String,
    /// Sent as bearer token; empty where none is wanted.
    pub key: SecretString,
    /// The model to ask for, over what the prompt's front matter names.
    pub model: Option<String>,
}

/// How endpoints are dealt with that fail or are late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Care {
    /// After how many failures in a row an endpoint is left alone; 0 for never.
    pub most_failures: u32,
    /// For how long.
    pub rest: Duration,
    /// How long an endpoint may send nothing before it counts as one that failed, once it is given up.
    pub silence: Duration,
    /// When a second request is made beside a late one, if at all.
    pub hedge: Option<Duration>,
}

/// A model behind HTTP.
pub struct OpenAi {
    /// The primary, then the fallback if there is one.
    endpoints: Vec<Arc<Ready>>,
    care: Care,
}

struct Ready {
    /// What the log calls it.
    name: &'static str,
    client: Client<OpenAIConfig>,
    base_url: String,
    model: Option<String>,
    breaker: Breaker,
    /// As in [`Care::silence`].
    silence: Duration,
}

impl OpenAi {
    /// The model asked when neither the settings nor the prompt name one.
    pub const DEFAULT_MODEL: &str = "gpt-4.1-mini";

    /// Asks `primary`, and `fallback` for the second try of a question.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be built: no TLS provider was installed.
    pub fn new(primary: Endpoint, fallback: Option<Endpoint>, care: Care) -> Result<Self, reqwest::Error> {
        // HTTP/1.1: over HTTP/2 all calls would share one connection and its stream limit.
        let http = reqwest::Client::builder()
            .http1_only()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .build()?;
        let ready = |(name, endpoint): (&'static str, Endpoint)| {
            let config = OpenAIConfig::new()
                .with_api_base(endpoint.base_url.trim_end_matches('/'))
                .with_api_key(endpoint.key.expose_secret());
            let service = Transport::new(http.clone());
            Arc::new(Ready {
                name,
                client: Client::build(http.clone(), config).with_http_service(service),
                base_url: endpoint.base_url,
                model: endpoint.model,
                breaker: Breaker::new(care.most_failures, care.rest),
                silence: care.silence,
            })
        };
        let fallback = fallback.map(|endpoint| ("fallback", endpoint));
        Ok(Self {
            endpoints: std::iter::once(("primary", primary)).chain(fallback).map(ready).collect(),
            care,
        })
    }

    /// The endpoints in the order in which this try of a question asks them: the second begins elsewhere.
    fn order(&self, attempt: u8) -> impl Iterator<Item = &Arc<Ready>> {
        let first = usize::from(attempt.saturating_sub(1)).min(self.endpoints.len() - 1);
        let (before, from) = self.endpoints.split_at(first);
        from.iter().chain(before)
    }
}

/// The answer of the first endpoint that is not left alone.
fn ask_one<'a>(
    mut endpoints: impl Iterator<Item = &'a Arc<Ready>>,
    question: &Arc<Question>,
) -> Option<Answer> {
    let (ready, watch) = endpoints.find_map(|ready| Some((ready, Watch::begin(ready.clone())?)))?;
    let start = Reading::Start(ready.clone(), question.clone());
    Some(watch.over(Box::pin(stream::unfold(start, next))))
}

/// What is answered when every endpoint is left alone.
fn resting() -> Answer {
    Box::pin(stream::iter([ModelEvent::Failed(ModelError::Resting)]))
}

impl Model for OpenAi {
    fn ask(&self, question: Question) -> Answer {
        let question = Arc::new(question);
        let Some(first) = ask_one(self.order(question.attempt), &question) else { return resting() };
        // Last words and summaries have their own, shorter limits.
        let hedges = question.attempt == 1 && question.choice == ToolChoice::Auto;
        let Some(delay) = self.care.hedge.filter(|_| hedges) else { return first };
        let others: Vec<Arc<Ready>> = self.order(2).cloned().collect();
        let second = move || ask_one(others.iter(), &question);
        hedged(first, Box::pin(tokio::time::sleep(delay)), Box::new(second))
    }

    fn has_fallback(&self) -> bool {
        self.endpoints.len() > 1
    }

    fn resting(&self) -> Vec<String> {
        let resting = self.endpoints.iter().filter(|ready| ready.breaker.is_resting());
        resting.map(|ready| ready.name.to_owned()).collect()
    }

    fn describe(&self) -> String {
        let name = |ready: &Arc<Ready>| {
            let model = ready.model.as_deref().unwrap_or("the prompt's model");
            format!("{model} at {}", ready.base_url)
        };
        self.endpoints.iter().map(name).collect::<Vec<_>>().join(", then ")
    }
}

/// Where an answer stands.
enum Reading {
    Start(Arc<Ready>, Arc<Question>),
    Open(Box<Open>),
    Over,
}

struct Open {
    chunks: StreamResponse<Chunk>,
    calls: ToolCallAssembly,
    finish: Option<Finish>,
}

async fn next(mut reading: Reading) -> Option<(ModelEvent, Reading)> {
    loop {
        reading = match reading {
            Reading::Over => return None,
            Reading::Start(ready, question) => match open(&ready, &question).await {
                Ok(open) => Reading::Open(Box::new(open)),
                Err(error) => return Some((ModelEvent::Failed(error), Reading::Over)),
            },
            Reading::Open(mut open) => match open.step().await {
                None => Reading::Open(open),
                Some(last @ (ModelEvent::Done { .. } | ModelEvent::Failed(_))) => {
                    return Some((last, Reading::Over));
                }
                Some(more) => return Some((more, Reading::Open(open))),
            },
        };
    }
}

async fn open(ready: &Ready, question: &Question) -> Result<Open, ModelError> {
    let model = ready.model.as_deref().or(question.tuning.model.as_deref());
    let body = Body::new(question, model.unwrap_or(OpenAi::DEFAULT_MODEL));
    let chunks = ready.client.chat().create_stream_byot(body).await.map_err(|error| kind(&error))?;
    Ok(Open { chunks, calls: ToolCallAssembly::default(), finish: None })
}

impl Open {
    /// Reads one chunk; `None` when it says nothing.
    async fn step(&mut self) -> Option<ModelEvent> {
        let chunk = match self.chunks.next().await {
            None => return Some(self.done()),
            // One chunk that cannot be read costs its words, not the answer.
            Some(Err(OpenAIError::JSONDeserialize(..))) => return None,
            Some(Err(_)) => return Some(ModelEvent::Failed(ModelError::Broken)),
            Some(Ok(chunk)) => chunk,
        };
        if let Some(error) = chunk.error {
            let too_long = is_too_long(&error.to_string());
            let error = if too_long { ModelError::TooLong } else { ModelError::Broken };
            return Some(ModelEvent::Failed(error));
        }
        let choice = chunk.choices.into_iter().next()?;
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
            self.finish = Some(finish(&reason));
        }
        let delta = choice.delta?;
        let fragments = delta.tool_calls.unwrap_or_default();
        let progress = (!fragments.is_empty()).then_some(ModelEvent::Progress);
        for fragment in fragments {
            self.calls.push(fragment.into());
        }
        delta.content.filter(|words| !words.is_empty()).map(ModelEvent::Words).or(progress)
    }

    fn done(&mut self) -> ModelEvent {
        let calls = std::mem::take(&mut self.calls).finish();
        ModelEvent::Done { calls, finish: self.finish.unwrap_or(Finish::Unsaid) }
    }
}

fn finish(reason: &str) -> Finish {
    match reason {
        "length" => Finish::Length,
        "content_filter" => Finish::Filtered,
        _ => Finish::Complete,
    }
}

/// What kind of error it is; its text stays behind.
fn kind(error: &OpenAIError) -> ModelError {
    match error {
        OpenAIError::Boxed(error) => {
            error.downcast_ref::<ModelError>().cloned().unwrap_or(ModelError::Broken)
        }
        OpenAIError::Reqwest(error) if error.is_connect() || error.is_timeout() => {
            ModelError::Unreachable(obstacle(error))
        }
        OpenAIError::InvalidArgument(_) => ModelError::BadRequest { status: 400 },
        OpenAIError::ApiError(_)
        | OpenAIError::Reqwest(_)
        | OpenAIError::JSONDeserialize(..)
        | OpenAIError::StreamError(_)
        | OpenAIError::FileSaveError(_)
        | OpenAIError::FileReadError(_) => ModelError::Broken,
    }
}
