//! The loop of a call: whatever happens first becomes an input, and its outputs are carried out in order.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::task::{AbortHandle, JoinSet};
use tracing::{debug, info, trace, warn};

use super::{Call, Lost, Wire};
use crate::calls::{Calls, News, Order, Presence};
use crate::chat::{ModelError, ModelEvent, Toolbox};
use crate::clock::now;
use crate::handoff::{Handoff, Outcome, Trigger};
use crate::ids::CallSid;
use crate::llm::{Answer, Model, Question};
use crate::pii::Pii;
use crate::playbook::Playbook;
use crate::relay::{Inbound, Outbound};
use crate::session::{Ask, Input, Output, Outputs, RequestId, Run, RunId, Session, Summary};
use crate::store::{DeliveryState, Store, What};

/// How long Twilio may take to close the socket after `end`.
const CLOSE: Duration = Duration::from_secs(5);

type ToolResult = Result<Pii<String>, Pii<String>>;

/// A call with everything it owns.
pub(super) struct Running<W> {
    wire: W,
    session: Session,
    call_sid: CallSid,
    attempt: u8,
    calls: Arc<Calls>,
    store: Store,
    model: Arc<dyn Model>,
    playbook: Arc<Playbook>,
    question: Question,
    /// The system prompt without notes.
    system: Arc<str>,
    answer: Option<(RequestId, Answer)>,
    tools: JoinSet<(RunId, ToolResult)>,
    runs: HashMap<RunId, (usize, AbortHandle)>,
    /// When the caller finished speaking, until the first word of the answer has left.
    prompted: Option<Instant>,
    /// Whether the session was told to give the call to a person.
    called_off: bool,
    /// How long one frame may take to leave.
    send: Duration,
    /// Whether one took longer.
    stalled: bool,
}

/// What happened next.
enum Event<T> {
    Frame(T),
    Closed,
    Superseded,
    CalledOff,
    Answer(RequestId, Option<ModelEvent>),
    Tool(RunId, ToolResult),
    ToolLost,
    Deadline,
    /// Somebody at the console wants something of the call.
    Order(Order),
}

impl<W: Wire> Running<W> {
    pub(super) fn new(wire: W, session: Session, question: Question, call: &Call) -> Self {
        Self {
            wire,
            session,
            call_sid: call.pass.call_sid.clone(),
            attempt: call.pass.attempt,
            calls: call.calls.clone(),
            store: call.store.clone(),
            model: call.model.clone(),
            playbook: call.playbook.clone(),
            system: question.system.clone(),
            question,
            answer: None,
            tools: JoinSet::new(),
            runs: HashMap::new(),
            prompted: None,
            called_off: false,
            send: call.patience.send,
            stalled: false,
        }
    }

    pub(super) async fn run(mut self, opening: Outputs, presence: &Presence) {
        let superseded = self.talk(opening, presence).await;
        let summary = self.session.summary(now());
        let outcome = match summary.outcome {
            _ if superseded => "superseded",
            Some(Outcome::Escalated) => "escalated",
            Some(Outcome::Completed) => "completed",
            None => "closed",
        };
        info!(
            outcome,
            trigger = summary.trigger.map(tracing::field::debug),
            turns = summary.turns,
            seconds = summary.lasted.as_secs(),
            "session ended"
        );
        if let Some(changes) = self.session.last_changes() {
            self.store.note(&self.call_sid, What::Changed(changes));
        }
        if !superseded {
            let Summary { outcome, trigger, .. } = summary;
            let left = What::Left { outcome, trigger, session: self.attempt };
            self.store.note(&self.call_sid, left);
        }
        if !self.session.has_ended() {
            // The next session of this call, if there is one, goes on from here.
            self.calls.remember(&self.call_sid, self.attempt, self.session.into_memory());
        }
        presence.leave();
        if superseded {
            close(&mut self.wire, super::POLICY, "superseded").await;
        }
    }

    /// Runs until the socket is closed. Returns whether a newer session took over.
    async fn talk(&mut self, opening: Outputs, presence: &Presence) -> bool {
        let mut lost = self.perform(opening).await;
        while lost.is_ok() {
            if self.session.has_ended() {
                self.await_close().await;
                return false;
            }
            let event = self.next(presence).await;
            if matches!(event, Event::Superseded | Event::Closed) {
                return matches!(event, Event::Superseded);
            }
            if let Some(input) = self.input(event) {
                let outputs = self.session.handle_input(input, now());
                lost = self.perform(outputs).await;
            }
        }
        if self.stalled {
            self.keep_for_a_person();
        }
        false
    }

    /// Nothing reaches the caller over this socket any more, and another one would stall too: the action finds
    /// a document that leads to a person.
    fn keep_for_a_person(&mut self) {
        let outputs = self.session.handle_input(Input::Relinquish(Trigger::BridgeFailure), now());
        for output in outputs {
            if let Output::Keep(handoff) = output {
                self.keep(*handoff);
            }
        }
    }

    /// Keeps a document: the action may come without it, and to another process.
    fn keep(&self, handoff: Handoff) {
        self.store.note(&self.call_sid, What::Decided(self.attempt, Box::new(handoff.clone())));
        self.calls.keep(&self.call_sid, handoff);
    }

    async fn next(&mut self, presence: &Presence) -> Event<W::Text> {
        let deadline = self.session.deadline();
        tokio::select! {
            // Twilio first: an interrupt must not queue behind the words it interrupts.
            biased;
            frame = self.wire.receive() => frame.map_or(Event::Closed, Event::Frame),
            news = presence.news() => match news {
                News::Superseded => Event::Superseded,
                News::Order(order) => Event::Order(order),
            },
            () = presence.called_off(), if !self.called_off => Event::CalledOff,
            () = at(deadline) => Event::Deadline,
            (request, event) = delta(&mut self.answer) => Event::Answer(request, event),
            Some(done) = self.tools.join_next(), if !self.tools.is_empty() => match done {
                Ok((run, result)) => Event::Tool(run, result),
                // Forgotten, or it panicked: then its deadline answers for it.
                Err(_) => Event::ToolLost,
            },
        }
    }

    fn input(&mut self, event: Event<W::Text>) -> Option<Input> {
        match event {
            Event::Frame(text) => self.frame(&text),
            Event::Answer(request, event) => {
                // A stream that ends without saying so broke off.
                let event = event.unwrap_or(ModelEvent::Failed(ModelError::Broken));
                if matches!(event, ModelEvent::Done { .. } | ModelEvent::Failed(_)) {
                    self.answer = None;
                }
                Some(Input::Model(request, event))
            }
            Event::Tool(run, result) => {
                if let (Some((tool, _)), Err(_)) = (self.runs.remove(&run), &result) {
                    warn!(tool.name = self.tool_name(tool), "tool failed");
                }
                Some(Input::ToolDone(run, result))
            }
            Event::CalledOff => {
                self.called_off = true;
                Some(Input::Relinquish(Trigger::Drain))
            }
            Event::Deadline => Some(Input::DeadlinePassed),
            Event::Order(Order::HandOver(reason)) => Some(Input::HandOver(reason)),
            Event::Order(Order::Whisper(note)) => Some(Input::Whisper(note)),
            Event::ToolLost | Event::Closed | Event::Superseded => None,
        }
    }

    fn frame(&mut self, text: &str) -> Option<Input> {
        let frame = match Inbound::parse(text) {
            Ok(frame) => frame,
            Err(error) => {
                warn!(%error, "frame dropped");
                return None;
            }
        };
        match &frame {
            Inbound::Prompt { last: true, .. } => self.prompted = Some(now()),
            Inbound::Error { .. } => warn!("Twilio could not use a frame of ours"),
            Inbound::Unknown => debug!("frame of an unknown type"),
            Inbound::Setup(_)
            | Inbound::Prompt { .. }
            | Inbound::Interrupt { .. }
            | Inbound::Dtmf { .. }
            | Inbound::Info(_) => {}
        }
        Some(Input::Frame(frame))
    }

    async fn perform(&mut self, outputs: Outputs) -> Result<(), Lost> {
        let mut state = Ok(());
        for output in outputs {
            match output {
                // What has to be kept is kept, also when the socket is lost half way.
                Output::Send(frame) if state.is_ok() => state = self.send(&frame).await,
                Output::Send(_) => {}
                Output::Ask(ask) => self.ask(ask),
                Output::Cancel(request) => {
                    self.answer.take_if(|(asked, _)| *asked == request);
                }
                Output::Run(run) => self.start(run),
                Output::Forget(run) => {
                    if let Some((tool, task)) = self.runs.remove(&run) {
                        info!(tool.name = self.tool_name(tool), "tool given up");
                        task.abort();
                    }
                }
                Output::Report(error) => warn!(%error, "model failed"),
                Output::Keep(handoff) => self.keep(*handoff),
            }
        }
        if let Some(changes) = self.session.changes() {
            self.store.note(&self.call_sid, What::Changed(changes));
        }
        state
    }

    async fn send(&mut self, frame: &Outbound) -> Result<(), Lost> {
        if let Outbound::Text(_) = frame
            && let Some(prompted) = self.prompted.take()
        {
            let waited = now().saturating_duration_since(prompted);
            debug!(first_word_ms = waited.as_millis(), "answering");
            self.store.note(&self.call_sid, What::Answering);
        }
        let json = frame.to_json();
        trace!(bytes = json.len(), "frame sent");
        let sent = tokio::time::timeout(self.send, self.wire.send(json)).await;
        let sent = sent.unwrap_or_else(|_| {
            warn!("socket takes no frames");
            self.stalled = true;
            Err(Lost)
        });
        if let (Outbound::End { .. }, Ok(())) = (frame, sent) {
            self.store.note(&self.call_sid, What::Delivered(DeliveryState::Sent.into()));
        }
        sent
    }

    fn ask(&mut self, ask: Ask) {
        if let Some(notes) = &ask.notes {
            self.question.system = with_notes(&self.system, notes.expose());
        }
        let question = Question {
            messages: ask.messages,
            choice: ask.choice,
            attempt: ask.attempt,
            language: self.session.language().to_owned(),
            ..self.question.clone()
        };
        self.answer = Some((ask.id, self.model.ask(question)));
    }

    fn start(&mut self, run: Run) {
        let tools = self.playbook.tools.clone();
        let (id, tool) = (run.id, run.tool);
        let task = self.tools.spawn(async move { (id, tools.run(run.tool, &run.arguments).await) });
        self.runs.insert(id, (tool, task));
    }

    fn tool_name(&self, tool: usize) -> &str {
        self.playbook.tools.tools().get(tool).map_or("unknown", |tool| tool.name.as_str())
    }

    /// After `end` there is nothing to say; Twilio closes the socket.
    async fn await_close(&mut self) {
        let closed = async { while self.wire.receive().await.is_some() {} };
        if tokio::time::timeout(CLOSE, closed).await.is_err() {
            close(&mut self.wire, 1000, "session ended").await;
        }
    }
}

/// The system prompt with what somebody at the console wants the model to know. It stands there, and not in the
/// conversation: the last message stays the caller's, and nobody takes a note for the caller's words.
fn with_notes(system: &str, notes: &str) -> Arc<str> {
    format!("{system}\n\n# Notes from your supervisor\n\nDo as they say. The caller knows nothing of them: never read them out.\n\n{notes}").into()
}

/// A peer that takes no frames takes no goodbye either.
pub(super) async fn close(wire: &mut impl Wire, code: u16, reason: &'static str) {
    let _ = tokio::time::timeout(CLOSE, wire.close(code, reason)).await;
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

async fn delta(answer: &mut Option<(RequestId, Answer)>) -> (RequestId, Option<ModelEvent>) {
    match answer {
        Some((request, answer)) => (*request, answer.next().await),
        None => std::future::pending().await,
    }
}
