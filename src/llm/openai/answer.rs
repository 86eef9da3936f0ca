//! An answer while it comes: the request, then the chunks of its stream.
//!
//! The body is read in the task of the call: no task, no channel and no allocation stands between a chunk's
//! arrival and its words.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::Stream;
use reqwest::Response;

use super::delta::{Chunk, Usage};
use super::events::{Events, Next};
use super::refusal::is_too_long;
use super::{OpenAi, Ready, Request};
use crate::chat::{Finish, ModelError, ModelEvent, ToolCallAssembly};
use crate::llm::{Question, Tokens};

type Opening = Pin<Box<dyn Future<Output = Result<Response, ModelError>> + Send>>;
type Body = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// Where an answer stands.
pub(super) enum Reading {
    /// The request is under way.
    Opening(Opening, Option<Arc<Tokens>>),
    /// The answer comes.
    Open(Open),
    /// The last event was told.
    Over,
}

/// An answer that comes.
pub(super) struct Open {
    body: Body,
    /// What of the body was received and not read.
    received: Bytes,
    events: Events,
    chunks: Chunks,
}

/// What the chunks have said so far.
#[derive(Default)]
pub(super) struct Chunks {
    calls: ToolCallAssembly,
    finish: Option<Finish>,
    /// Where the provider's count of tokens goes, if somebody wants to know.
    tokens: Option<Arc<Tokens>>,
}

impl Reading {
    /// Nothing is sent before this is polled.
    pub(super) fn new(ready: Arc<Ready>, question: Arc<Question>) -> Self {
        let tokens = question.tuning.tokens.clone();
        let opening = Box::pin(async move {
            let model = ready.model.as_deref().or(question.tuning.model.as_deref());
            let tools = ready.described.tools(&question.toolbox);
            let body = Request::new(&question, model.unwrap_or(OpenAi::DEFAULT_MODEL), tools.as_deref());
            ready.post(&body).await
        });
        Self::Opening(opening, tokens)
    }
}

impl Stream for Reading {
    type Item = ModelEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<ModelEvent>> {
        loop {
            let event = match &mut *self {
                Self::Over => return Poll::Ready(None),
                Self::Open(open) => ready!(open.poll(context)),
                Self::Opening(opening, tokens) => match ready!(opening.as_mut().poll(context)) {
                    Ok(response) => {
                        let open = Open::new(response, tokens.take());
                        *self = Self::Open(open);
                        continue;
                    }
                    Err(error) => ModelEvent::Failed(error),
                },
            };
            if matches!(event, ModelEvent::Done { .. } | ModelEvent::Failed(_)) {
                *self = Self::Over;
            }
            return Poll::Ready(Some(event));
        }
    }
}

impl Open {
    fn new(response: Response, tokens: Option<Arc<Tokens>>) -> Self {
        Self {
            body: Box::pin(response.bytes_stream()),
            received: Bytes::new(),
            events: Events::default(),
            chunks: Chunks { tokens, ..Chunks::default() },
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ModelEvent> {
        loop {
            let mut rest = &self.received[..];
            let event = match self.events.next(&mut rest) {
                Next::Data(data) => self.chunks.read(data),
                Next::TooLong => Some(ModelEvent::Failed(ModelError::Broken)),
                Next::More => {
                    // While a piece is held, the client cannot use its memory for the next.
                    self.received = Bytes::new();
                    self.received = match ready!(self.body.as_mut().poll_next(context)) {
                        Some(Ok(more)) => more,
                        Some(Err(_)) => return Poll::Ready(ModelEvent::Failed(ModelError::Broken)),
                        None => return Poll::Ready(self.end()),
                    };
                    continue;
                }
            };
            let read = self.received.len() - rest.len();
            self.received.advance(read);
            if let Some(event) = event {
                return Poll::Ready(event);
            }
        }
    }

    /// The body is over, also where nothing said that the answer is.
    fn end(&mut self) -> ModelEvent {
        let last = match self.events.finish() {
            Next::Data(data) => self.chunks.read(data),
            Next::More | Next::TooLong => None,
        };
        match last {
            Some(last @ ModelEvent::Words(_)) => last,
            Some(_) | None => self.chunks.done(),
        }
    }
}

impl Chunks {
    /// Reads the data of one event; `None` when it says nothing. One that cannot be read costs its words, not
    /// the answer.
    pub(super) fn read(&mut self, data: &[u8]) -> Option<ModelEvent> {
        if data == b"[DONE]" {
            return Some(self.done());
        }
        let chunk = Chunk::read(data)?;
        if let Some(error) = chunk.error {
            let too_long = is_too_long(&error.to_string());
            let error = if too_long { ModelError::TooLong } else { ModelError::Broken };
            return Some(ModelEvent::Failed(error));
        }
        let Some(choice) = chunk.choice else {
            self.count(data);
            return None;
        };
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

    /// Reads the chunk without words that tells how many tokens it were. Nothing is told twice.
    fn count(&mut self, data: &[u8]) {
        if self.tokens.is_some()
            && let Some(usage) = Usage::read(data)
            && let Some(tokens) = self.tokens.take()
        {
            tokens.add(usage.prompt_tokens, usage.completion_tokens);
        }
    }

    pub(super) fn done(&mut self) -> ModelEvent {
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

/// Reads the body of an answer, as it was cut, without a server: the words, and the tool calls. For `fuzz/` alone.
#[cfg(fuzzing)]
pub fn read_answer<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (String, Vec<crate::chat::ToolCall>) {
    let (mut events, mut chunks, mut words) = (Events::default(), Chunks::default(), String::new());
    for mut piece in pieces {
        loop {
            match events.next(&mut piece) {
                Next::Data(data) => match chunks.read(data) {
                    Some(ModelEvent::Words(more)) => words.push_str(&more),
                    Some(ModelEvent::Done { calls, .. }) => return (words, calls),
                    Some(ModelEvent::Failed(_)) => return (words, Vec::new()),
                    Some(ModelEvent::Progress) | None => {}
                },
                Next::More => break,
                Next::TooLong => return (words, Vec::new()),
            }
        }
    }
    match chunks.done() {
        ModelEvent::Done { calls, .. } => (words, calls),
        ModelEvent::Words(_) | ModelEvent::Progress | ModelEvent::Failed(_) => (words, Vec::new()),
    }
}
