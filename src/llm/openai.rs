//! Chat completions of OpenAI, or of anything that speaks like it.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>
//!
//! async-openai gives the client, the configuration and the stream; the bodies are our own types, because
//! compatible servers break its strict ones. It logs and displays payloads where it cannot read them, so its
//! log target is off (`telemetry`) and its error text goes nowhere: only the kind of an error is kept.

mod body;
mod delta;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::stream::StreamResponse;
use futures_util::{StreamExt, stream};
use secrecy::{ExposeSecret, SecretString};

use crate::chat::{Finish, ModelError, ModelEvent, ToolCallAssembly};
use crate::llm::{Answer, Model, Question};
use body::Body;
use delta::Chunk;
#[cfg(fuzzing)]
pub use delta::read_chunks;
use transport::Transport;

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

/// A model behind HTTP.
pub struct OpenAi {
    /// The primary, then the fallback if there is one.
    endpoints: Vec<Arc<Ready>>,
}

struct Ready {
    client: Client<OpenAIConfig>,
    base_url: String,
    model: Option<String>,
}

impl OpenAi {
    /// The model asked when neither the settings nor the prompt name one.
    pub const DEFAULT_MODEL: &str = "gpt-4.1-mini";

    /// Asks `primary`, and `fallback` for the second try of a question.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be built: no TLS provider was installed.
    pub fn new(primary: Endpoint, fallback: Option<Endpoint>) -> Result<Self, reqwest::Error> {
        // HTTP/1.1: over HTTP/2 all calls would share one connection and its stream limit.
        let http = reqwest::Client::builder()
            .http1_only()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .build()?;
        let ready = |endpoint: Endpoint| {
            let config = OpenAIConfig::new()
                .with_api_base(endpoint.base_url.trim_end_matches('/'))
                .with_api_key(endpoint.key.expose_secret());
            let service = Transport::new(http.clone());
            Arc::new(Ready {
                client: Client::build(http.clone(), config).with_http_service(service),
                base_url: endpoint.base_url,
                model: endpoint.model,
            })
        };
        Ok(Self { endpoints: std::iter::once(primary).chain(fallback).map(ready).collect() })
    }

    fn endpoint(&self, attempt: u8) -> Arc<Ready> {
        let wanted = usize::from(attempt.saturating_sub(1)).min(self.endpoints.len() - 1);
        self.endpoints[wanted].clone()
    }
}

impl Model for OpenAi {
    fn ask(&self, question: Question) -> Answer {
        let start = Reading::Start(self.endpoint(question.attempt), Box::new(question));
        Box::pin(stream::unfold(start, next).boxed())
    }

    fn has_fallback(&self) -> bool {
        self.endpoints.len() > 1
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
    Start(Arc<Ready>, Box<Question>),
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
        if chunk.error.is_some() {
            return Some(ModelEvent::Failed(ModelError::Broken));
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
        OpenAIError::ApiError(response) => match response.status_code.as_u16() {
            status @ (401 | 403 | 404) => ModelError::Refused { status },
            429 => ModelError::RateLimited,
            status @ (408 | 409 | 500..) => ModelError::Unavailable { status },
            status => ModelError::BadRequest { status },
        },
        OpenAIError::Reqwest(error) if error.is_connect() || error.is_timeout() => ModelError::Unreachable,
        OpenAIError::InvalidArgument(_) => ModelError::BadRequest { status: 400 },
        OpenAIError::Reqwest(_)
        | OpenAIError::JSONDeserialize(..)
        | OpenAIError::StreamError(_)
        | OpenAIError::FileSaveError(_)
        | OpenAIError::FileReadError(_)
        | OpenAIError::Boxed(_) => ModelError::Broken,
    }
}
