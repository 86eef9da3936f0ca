//! Chat completions of OpenAI, or of anything that speaks like it.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>
//!
//! async-openai gives the configuration, which knows addresses and headers, and what may be chosen of tools. The
//! request is written and sent here, and the stream is read here: the library's stream costs a task, a channel and ten
//! allocations a chunk, its request owns what it says, and its types are too strict for compatible servers.

mod answer;
mod body;
mod delta;
mod events;
mod refusal;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use async_openai::config::{Config as _, OpenAIConfig};
use futures_util::stream;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Response, Url};
use secrecy::{ExposeSecret, SecretString};

use crate::breaker::Breaker;
use crate::chat::{ModelError, ModelEvent, ToolChoice};
use crate::clock::now;
use crate::llm::hedge::hedged;
use crate::llm::{Answer, Model, Question};
use crate::outbound;
use crate::pii::bare_address;
use answer::Reading;
#[cfg(fuzzing)]
pub use answer::read_answer;
use body::{Described, Request};
use refusal::{obstacle, refusal};
use watched::Watch;

/// How long a connection may take. A caller is waiting.
const CONNECT: Duration = Duration::from_secs(2);
/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(25);
/// Room for a request, in bytes: prompt, tools and a talk of some minutes. A longer one makes itself room.
const ROOM: usize = 24 * 1024;

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
    http: reqwest::Client,
    /// Where completions are asked for, and with what.
    url: Url,
    headers: HeaderMap,
    base_url: String,
    model: Option<String>,
    breaker: Breaker,
    described: Described,
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
    /// When the HTTP client cannot be built, as no TLS provider was installed, or an address is none.
    pub fn new(primary: Endpoint, fallback: Option<Endpoint>, care: Care) -> Result<Self, reqwest::Error> {
        // HTTP/1.1: over HTTP/2 all calls would share one connection and its stream limit.
        let http =
            outbound::client().http1_only().connect_timeout(CONNECT).pool_idle_timeout(IDLE).build()?;
        let ready = |(name, endpoint): (&'static str, Endpoint)| {
            let config = OpenAIConfig::new()
                .with_api_base(endpoint.base_url.trim_end_matches('/'))
                .with_api_key(endpoint.key.expose_secret());
            let asked = http.post(config.url("/chat/completions")).headers(config.headers());
            let asked = asked.header(CONTENT_TYPE, "application/json").build()?;
            Ok(Arc::new(Ready {
                name,
                http: http.clone(),
                url: asked.url().clone(),
                headers: asked.headers().clone(),
                base_url: endpoint.base_url,
                model: endpoint.model,
                breaker: Breaker::new(care.most_failures, care.rest),
                described: Described::default(),
                silence: care.silence,
            }))
        };
        let fallback = fallback.map(|endpoint| ("fallback", endpoint));
        let endpoints = std::iter::once(("primary", primary)).chain(fallback).map(ready);
        Ok(Self { endpoints: endpoints.collect::<Result<_, reqwest::Error>>()?, care })
    }

    /// The endpoints in the order in which this try of a question asks them: the second begins elsewhere.
    fn order(&self, attempt: u8) -> impl Iterator<Item = &Arc<Ready>> {
        let first = usize::from(attempt.saturating_sub(1)).min(self.endpoints.len() - 1);
        let (before, from) = self.endpoints.split_at(first);
        from.iter().chain(before)
    }
}

/// The body of the request that a question is sent as to `model`, or to the one that the prompt names.
///
/// # Errors
///
/// Never, as long as a question is plain data.
pub fn request(question: &Question, model: Option<&str>) -> serde_json::Result<serde_json::Value> {
    let model = model.or(question.tuning.model.as_deref()).unwrap_or(OpenAi::DEFAULT_MODEL);
    let tools = Described::default().tools(&question.toolbox);
    serde_json::to_value(Request::new(question, model, tools.as_deref()))
}

/// The answer of the first endpoint that is not left alone.
fn ask_one<'a>(
    mut endpoints: impl Iterator<Item = &'a Arc<Ready>>,
    question: &Arc<Question>,
) -> Option<Answer> {
    let (ready, watch) = endpoints.find_map(|ready| Some((ready, Watch::begin(ready.clone())?)))?;
    Some(watch.over(Reading::new(ready.clone(), question.clone())))
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
        let resting = self.endpoints.iter().filter(|ready| ready.breaker.is_resting(now()));
        resting.map(|ready| ready.name.to_owned()).collect()
    }

    fn name<'a>(&'a self, question: &'a Question) -> (&'static str, &'a str) {
        let ready = self.order(question.attempt).next();
        let model = ready.and_then(|ready| ready.model.as_deref()).or(question.tuning.model.as_deref());
        ("openai", model.unwrap_or(Self::DEFAULT_MODEL))
    }

    fn describe(&self) -> String {
        let name = |ready: &Arc<Ready>| {
            let model = ready.model.as_deref().unwrap_or("the prompt's model");
            format!("{model} at {}", bare_address(&ready.base_url))
        };
        self.endpoints.iter().map(name).collect::<Vec<_>>().join(", then ")
    }
}

impl Ready {
    /// Asks, once: when to ask again is the session's to decide. A refusal is told by its kind; its text may
    /// quote the caller, and stays behind.
    async fn post(&self, request: &Request<'_>) -> Result<Response, ModelError> {
        let mut body = Vec::with_capacity(ROOM);
        serde_json::to_writer(&mut body, request).map_err(|_| ModelError::BadRequest { status: 400 })?;
        // Put together by hand: a request that is built parses its address each time.
        let mut request = reqwest::Request::new(Method::POST, self.url.clone());
        *request.headers_mut() = self.headers.clone();
        *request.body_mut() = Some(body.into());
        match self.http.execute(request).await {
            Ok(response) if response.status().is_success() => Ok(response),
            Ok(response) => Err(refusal(response).await),
            Err(error) if error.is_connect() || error.is_timeout() => {
                Err(ModelError::Unreachable(obstacle(&error)))
            }
            Err(_) => Err(ModelError::Broken),
        }
    }
}
