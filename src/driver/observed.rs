//! What is measured of a call while it runs: figures for Prometheus, spans for a collector. Neither holds a word
//! of anybody.
//!
//! Spans follow the conventions for generative AI:
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{Span, debug_span, field};

use crate::chat::{Finish, ModelEvent};
use crate::clock::now;
use crate::llm::{Model, Question};
use crate::meters::{Meters, Ran};
use crate::session::RunId;

/// The figures and spans of one call.
pub(super) struct Observed {
    meters: Arc<Meters>,
    /// The variant of the prompts.
    variant: Box<str>,
    /// When the caller finished speaking, until the first word of the answer has left.
    prompted: Option<Instant>,
    /// The same, until the model is asked.
    unasked: Option<Instant>,
    /// When the model was asked, until its first word comes.
    asked: Option<Instant>,
    /// When its first word came, until that has left.
    spoke: Option<Instant>,
    /// Text frames that were sent and not counted yet.
    frames: u64,
    turn: Span,
    request: Span,
    tools: HashMap<RunId, (Instant, Span)>,
}

impl Observed {
    pub(super) fn new(meters: Arc<Meters>, variant: &str) -> Self {
        Self {
            meters,
            variant: variant.into(),
            prompted: None,
            unasked: None,
            asked: None,
            spoke: None,
            frames: 0,
            turn: Span::none(),
            request: Span::none(),
            tools: HashMap::new(),
        }
    }

    /// The caller finished speaking.
    pub(super) fn prompted(&mut self) {
        let now = now();
        (self.prompted, self.unasked) = (Some(now), Some(now));
        self.end_turn();
    }

    /// The model is asked.
    pub(super) fn asked(&mut self, model: &dyn Model, question: &Question) {
        let now = now();
        self.asked = Some(now);
        self.spoke = None;
        if let Some(prompted) = self.unasked.take() {
            self.meters.prompt_to_request.record(now.saturating_duration_since(prompted).as_secs_f64());
        }
        if question.attempt == 1 {
            self.meters.turns.increment(1);
        }
        if self.turn.is_none() {
            self.turn = debug_span!(
                target: "warmline::trace",
                "turn",
                call.language = question.language,
                turn.first_word_ms = field::Empty,
            );
        }
        self.request = debug_span!(
            target: "warmline::trace",
            parent: &self.turn,
            "chat",
            otel.name = field::Empty,
            otel.kind = "client",
            otel.status_code = field::Empty,
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = field::Empty,
            gen_ai.request.model = field::Empty,
            gen_ai.response.finish_reasons = field::Empty,
            gen_ai.response.first_token_ms = field::Empty,
            request.attempt = question.attempt,
            request.cancelled = field::Empty,
            error.r#type = field::Empty,
        );
        if !self.request.is_disabled() {
            let (provider, name) = model.name(question);
            self.request.record("otel.name", format!("chat {name}"));
            self.request.record("gen_ai.provider.name", provider);
            self.request.record("gen_ai.request.model", name);
        }
    }

    /// Something of an answer came.
    pub(super) fn heard(&mut self, event: &ModelEvent) {
        match event {
            ModelEvent::Words(_) => {
                let Some(asked) = self.asked.take() else { return };
                let now = now();
                let waited = now.saturating_duration_since(asked);
                self.spoke = Some(now);
                self.meters.first_token.record(waited.as_secs_f64());
                self.request.record("gen_ai.response.first_token_ms", milliseconds(waited));
            }
            ModelEvent::Progress => {}
            ModelEvent::Done { calls, finish } => {
                let reason = match finish {
                    Finish::Length => "length",
                    Finish::Filtered => "content_filter",
                    Finish::Complete | Finish::Unsaid if !calls.is_empty() => "tool_calls",
                    Finish::Complete => "stop",
                    Finish::Unsaid => "none",
                };
                self.request.record("gen_ai.response.finish_reasons", reason);
                self.end_request();
                if calls.is_empty() {
                    self.end_turn();
                }
            }
            ModelEvent::Failed(error) => {
                self.request.record("otel.status_code", "ERROR");
                self.request.record("error.type", crate::meters::kind(error));
                self.end_request();
            }
        }
    }

    /// The answer is not waited for any longer.
    pub(super) fn cancelled(&mut self) {
        self.request.record("request.cancelled", true);
        self.end_request();
    }

    /// A text frame left. Returns how long the caller had waited, where it is the first of an answer.
    pub(super) fn sent(&mut self) -> Option<Duration> {
        self.frames += 1;
        if let Some(spoke) = self.spoke.take() {
            self.meters.delta_to_frame.record(now().saturating_duration_since(spoke).as_secs_f64());
        }
        let prompted = self.prompted.take()?;
        let waited = now().saturating_duration_since(prompted);
        self.meters.first_word.record(waited.as_secs_f64());
        self.turn.record("turn.first_word_ms", milliseconds(waited));
        Some(waited)
    }

    /// A tool begins to run.
    pub(super) fn runs(&mut self, run: RunId, tool: &str) {
        let span = debug_span!(
            target: "warmline::trace",
            parent: &self.turn,
            "execute_tool",
            otel.name = field::Empty,
            otel.status_code = field::Empty,
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = tool,
        );
        if !span.is_disabled() {
            span.record("otel.name", format!("execute_tool {tool}"));
        }
        self.tools.insert(run, (now(), span));
    }

    /// A tool's run is over.
    pub(super) fn ran(&mut self, run: RunId, tool: &str, ran: Ran) {
        let Some((began, span)) = self.tools.remove(&run) else { return };
        if ran != Ran::Well {
            span.record("otel.status_code", "ERROR");
        }
        self.meters.tool_ran(tool, ran, now().saturating_duration_since(began));
    }

    /// A frame from Twilio could not be read.
    pub(super) fn dropped(&self) {
        self.meters.dropped.increment(1);
    }

    /// The session is over.
    pub(super) fn ended(&mut self, outcome: &'static str) {
        self.meters.session_ended(outcome, &self.variant);
        self.end_request();
        self.end_turn();
    }

    pub(super) fn meters(&self) -> &Meters {
        &self.meters
    }

    fn end_request(&mut self) {
        self.asked = None;
        self.meters.frames.increment(std::mem::take(&mut self.frames));
        self.request = Span::none();
    }

    fn end_turn(&mut self) {
        self.turn = Span::none();
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
