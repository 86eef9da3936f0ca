//! The loop of a call: whatever happens first becomes an input, and its outputs are carried out in order.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Sleep;
use tracing::{debug, info, trace, warn};

use super::bell::Bell;
use super::observed::Observed;
use super::{Call, Lost, Wire, receive};
use crate::calls::{Calls, News, Order, Presence};
use crate::chat::{Effect, ModelError, ModelEvent, SystemPrompt, Toolbox};
use crate::clock::now;
use crate::handoff::{Handoff, Outcome, Trigger};
use crate::ids::CallSid;
use crate::llm::{Answer, Model, Question};
use crate::meters::Ran;
use crate::pii::Pii;
use crate::playbook::Playbook;
use crate::relay::{Inbound, Outbound};
use crate::session::{Ask, Input, Output, Outputs, RequestId, Run, RunId, Session, Summary};
use crate::store::{DeliveryState, Store, What};
use crate::tools::Occasion;

/// How long Twilio may take to close the socket after `end`.
const CLOSE: Duration = Duration::from_secs(5);
/// Where the alarm stands until there is a deadline.
const CALM: Duration = Duration::from_secs(24 * 60 * 60);

type ToolResult = Result<Pii<String>, Pii<String>>;

/// A call with everything it owns.
pub(super) struct Running<W> {
    wire: W,
    session: Session,
    call_sid: CallSid,
    attempt: u8,
    /// Whether the AI may have the call again after a hand-off.
    may_return: bool,
    calls: Arc<Calls>,
    store: Store,
    model: Arc<dyn Model>,
    playbook: Arc<Playbook>,
    question: Question,
    /// The system prompt without notes.
    system: Arc<SystemPrompt>,
    answer: Option<(RequestId, Answer)>,
    /// What tools are told of the call.
    occasion: Arc<Occasion>,
    tools: JoinSet<(RunId, ToolResult)>,
    runs: HashMap<RunId, (usize, AbortHandle)>,
    observed: Observed,
    /// Whether the session was told to give the call to a person.
    called_off: bool,
    /// How long one frame may take to leave.
    send: Duration,
    /// Whether one took longer.
    stalled: bool,
}

/// What is waited for beside socket, model and tools. Set up once: for each word of an answer it would cost
/// more than the word.
struct Waiting<'a, C> {
    /// Rings for the socket and all of these.
    bell: Bell,
    /// Where news comes in.
    presence: &'a Presence,
    called_off: Pin<&'a mut C>,
    /// Set to the session's deadline, or to an earlier one that it had before.
    alarm: Pin<&'a mut Sleep>,
}

impl<C> Waiting<'_, C> {
    /// Sets the alarm to a deadline. It stays where it is if that was put off: it is mostly put off again.
    fn set_alarm(&mut self, deadline: Option<Instant>) {
        if let Some(at) = deadline.map(Into::into)
            && (self.alarm.is_elapsed() || self.alarm.deadline() > at)
        {
            self.alarm.as_mut().reset(at);
            self.bell.ring();
        }
    }
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
    /// The session's deadline came, or one that it had before.
    Alarm,
    /// Somebody at the console wants something of the call.
    Order(Order),
}

impl<W: Wire> Running<W> {
    pub(super) fn new(wire: W, session: Session, question: Question, occasion: Occasion, call: Call) -> Self {
        Self {
            wire,
            session,
            call_sid: call.pass.call_sid,
            attempt: call.pass.attempt,
            may_return: call.may_return,
            calls: call.calls,
            store: call.store,
            model: call.model,
            observed: Observed::new(call.meters, call.playbook.variant()),
            playbook: call.playbook,
            system: question.system.clone(),
            question,
            answer: None,
            occasion: Arc::new(occasion),
            tools: JoinSet::new(),
            runs: HashMap::new(),
            called_off: false,
            send: call.patience.send,
            stalled: false,
        }
    }

    pub(super) async fn run(mut self: Box<Self>, opening: Outputs, presence: &Presence) {
        let superseded = self.talk(opening, presence).await;
        let summary = self.session.summary(now());
        let outcome = match summary.outcome {
            _ if superseded => "superseded",
            Some(Outcome::Escalated) => "escalated",
            Some(Outcome::Completed) => "completed",
            None => "closed",
        };
        self.observed.ended(outcome);
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
        let comes_back = self.may_return && summary.outcome == Some(Outcome::Escalated);
        if comes_back || !self.session.has_ended() {
            // The next session of this call, if there is one, goes on from here.
            self.calls.remember(&self.call_sid, self.attempt, self.session.into_memory());
        }
        presence.leave();
        if superseded {
            close(&mut self.wire, super::POLICY, "superseded").await;
        }
        // What still runs must not keep the socket open: Twilio asks the action only once that is closed.
        drop(self.wire);
        finish(self.tools, self.runs, self.observed, &self.playbook).await;
    }

    /// Runs until the socket is closed. Returns whether a newer session took over.
    async fn talk(&mut self, opening: Outputs, presence: &Presence) -> bool {
        let mut waiting = Waiting {
            bell: Bell::new(),
            presence,
            called_off: pin!(presence.called_off()),
            alarm: pin!(tokio::time::sleep(CALM)),
        };
        let mut lost = self.perform(opening).await;
        while lost.is_ok() {
            if self.session.has_ended() {
                self.await_close().await;
                return false;
            }
            // Nothing moves it while nothing happens.
            let deadline = self.session.deadline();
            waiting.set_alarm(deadline);
            let event = poll_fn(|context| self.poll(&mut waiting, deadline, context)).await;
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
        self.calls.keep(&self.call_sid, self.attempt, handoff);
    }

    /// What happens next. Twilio comes first: an interrupt must not queue behind the words it interrupts.
    fn poll(
        &mut self,
        waiting: &mut Waiting<'_, impl Future<Output = ()>>,
        deadline: Option<Instant>,
        context: &mut Context<'_>,
    ) -> Poll<Event<W::Text>> {
        let Waiting { bell, presence, called_off, alarm } = waiting;
        let rung = bell.poll(context, |context| {
            if let Poll::Ready(frame) = self.wire.poll_receive(context) {
                return Poll::Ready(frame.map_or(Event::Closed, Event::Frame));
            }
            if let Poll::Ready(news) = presence.poll_news(context) {
                return Poll::Ready(match news {
                    News::Superseded => Event::Superseded,
                    News::Order(order) => Event::Order(order),
                });
            }
            if !self.called_off && called_off.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::CalledOff);
            }
            // Asked also while there is no deadline: one that is not asked wakes nobody.
            while alarm.as_mut().poll(context).is_ready() {
                if deadline.is_some() {
                    return Poll::Ready(Event::Alarm);
                }
                alarm.as_mut().reset((now() + CALM).into());
            }
            Poll::Pending
        });
        if rung.is_ready() {
            return rung;
        }
        if let Some((request, answer)) = &mut self.answer
            && let Poll::Ready(event) = answer.poll_next_unpin(context)
        {
            return Poll::Ready(Event::Answer(*request, event));
        }
        match self.tools.poll_join_next(context) {
            Poll::Ready(Some(Ok((run, result)))) => Poll::Ready(Event::Tool(run, result)),
            // Forgotten, or it panicked: then its deadline answers for it.
            Poll::Ready(Some(Err(_))) => Poll::Ready(Event::ToolLost),
            // There is none.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    fn input(&mut self, event: Event<W::Text>) -> Option<Input> {
        match event {
            Event::Frame(text) => self.frame(&text),
            Event::Answer(request, event) => {
                // A stream that ends without saying so broke off.
                let event = event.unwrap_or(ModelEvent::Failed(ModelError::Broken));
                self.observed.heard(&event);
                if matches!(event, ModelEvent::Done { .. } | ModelEvent::Failed(_)) {
                    self.answer = None;
                }
                Some(Input::Model(request, event))
            }
            Event::Tool(run, result) => {
                if let Some((tool, _)) = self.runs.remove(&run) {
                    let ran = if result.is_ok() { Ran::Well } else { Ran::Badly };
                    self.observed.ran(run, self.playbook.tools.name(tool), ran);
                    if result.is_err() {
                        warn!(tool.name = self.playbook.tools.name(tool), "tool failed");
                    }
                }
                Some(Input::ToolDone(run, result))
            }
            Event::CalledOff => {
                self.called_off = true;
                Some(Input::Relinquish(Trigger::Drain))
            }
            Event::Alarm => {
                let passed = self.session.deadline().is_some_and(|at| at <= now());
                passed.then_some(Input::DeadlinePassed)
            }
            Event::Order(Order::HandOver(reason)) => Some(Input::HandOver(reason)),
            Event::Order(Order::Whisper(note)) => Some(Input::Whisper(note)),
            Event::ToolLost | Event::Closed | Event::Superseded => None,
        }
    }

    fn frame(&mut self, text: &str) -> Option<Input> {
        let frame = match Inbound::parse(text) {
            Ok(frame) => frame,
            Err(error) => {
                self.observed.dropped();
                warn!(%error, "frame dropped");
                return None;
            }
        };
        match &frame {
            Inbound::Prompt { last: true, .. } => self.observed.prompted(),
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

    async fn perform(&mut self, mut outputs: Outputs) -> Result<(), Lost> {
        let mut state = Ok(());
        for output in outputs.drain(..) {
            match output {
                // What has to be kept is kept, also when the socket is lost half way.
                Output::Send(frame) if state.is_ok() => state = self.send(&frame).await,
                Output::Send(_) => {}
                Output::Ask(ask) => self.ask(ask),
                Output::Cancel(request) => {
                    if self.answer.take_if(|(asked, _)| *asked == request).is_some() {
                        self.observed.cancelled();
                    }
                }
                Output::Run(run) => self.start(run),
                Output::Forget(run) => {
                    if let Some((tool, task)) = self.runs.remove(&run) {
                        self.observed.ran(run, self.playbook.tools.name(tool), Ran::GivenUp);
                        info!(tool.name = self.playbook.tools.name(tool), "tool given up");
                        task.abort();
                    }
                }
                Output::Report(error) => {
                    self.observed.meters().model_failed(&error);
                    warn!(%error, "model failed");
                }
                Output::Keep(handoff) => self.keep(*handoff),
            }
        }
        self.session.recycle(outputs);
        if let Some(changes) = self.session.changes() {
            self.store.note(&self.call_sid, What::Changed(changes));
        }
        state
    }

    async fn send(&mut self, frame: &Outbound) -> Result<(), Lost> {
        trace!("frame sent");
        let mut sending = pin!(self.wire.send(frame));
        // Nearly every frame leaves at once, and needs no timer.
        let at_once = poll_fn(|context| Poll::Ready(sending.as_mut().poll(context))).await;
        let sent = match at_once {
            Poll::Ready(sent) => Ok(sent),
            Poll::Pending => tokio::time::timeout(self.send, sending).await,
        };
        let sent = sent.unwrap_or_else(|_| {
            warn!("socket takes no frames");
            self.stalled = true;
            Err(Lost)
        });
        if let (Outbound::Text(_), Ok(())) = (frame, sent)
            && let Some(waited) = self.observed.sent()
        {
            debug!(first_word_ms = waited.as_millis(), "answering");
            self.store.note(&self.call_sid, What::Answering);
        }
        if let (Outbound::End { .. }, Ok(())) = (frame, sent) {
            self.store.note(&self.call_sid, What::Delivered(DeliveryState::Sent.into()));
        }
        sent
    }

    fn ask(&mut self, ask: Ask) {
        if let Some(notes) = &ask.notes {
            self.question.system = with_notes(&self.system.text(), notes.expose());
        }
        let id = ask.id;
        let question = super::asked(&self.question, ask, self.session.language());
        self.observed.asked(&*self.model, &question);
        self.answer = Some((id, self.model.ask(question)));
    }

    fn start(&mut self, run: Run) {
        let tools = self.playbook.tools.clone();
        let (id, tool) = (run.id, run.tool);
        let occasion = Occasion {
            language: self.session.language().to_owned(),
            // No run of another call, or of another session of this one, has the same.
            key: format!("{}-{}-{}", self.call_sid, self.attempt, id.number()),
            ..(*self.occasion).clone()
        };
        let task =
            self.tools.spawn(async move { (id, tools.run(run.tool, &run.arguments, &occasion).await) });
        self.observed.runs(id, self.playbook.tools.name(tool));
        self.runs.insert(id, (tool, task));
    }

    /// After `end` there is nothing to say; Twilio closes the socket.
    async fn await_close(&mut self) {
        let closed = async { while receive(&mut self.wire).await.is_some() {} };
        if tokio::time::timeout(CLOSE, closed).await.is_err() {
            close(&mut self.wire, 1000, "session ended").await;
        }
    }
}

/// The system prompt with what somebody at the console wants the model to know. It stands there, and not in the
/// conversation: the last message stays the caller's, and nobody takes a note for the caller's words.
fn with_notes(system: &str, notes: &str) -> Arc<SystemPrompt> {
    let text = format!(
        "{system}\n\n# Notes from your supervisor\n\nDo as they say. The caller knows nothing of them: never read them out.\n\n{notes}"
    );
    Arc::new(SystemPrompt::new(&text))
}

/// Lets what changes something come to its end, as the line dropped after the caller had agreed to it. Each run has a
/// deadline of its own. What only reads is broken off.
async fn finish(
    mut tools: JoinSet<(RunId, ToolResult)>,
    mut runs: HashMap<RunId, (usize, AbortHandle)>,
    mut observed: Observed,
    playbook: &Playbook,
) {
    let writes =
        |tool: usize| playbook.tools.tools().get(tool).is_some_and(|tool| tool.effect == Effect::Write);
    runs.values().filter(|(tool, _)| !writes(*tool)).for_each(|(_, task)| task.abort());
    while let Some(ended) = tools.join_next().await {
        let Ok((run, result)) = ended else { continue };
        let Some((tool, _)) = runs.remove(&run) else { continue };
        let (name, ran) = (playbook.tools.name(tool), if result.is_ok() { Ran::Well } else { Ran::Badly });
        observed.ran(run, name, ran);
        info!(tool.name = name, failed = result.is_err(), "tool ended after its call");
    }
}

/// A peer that takes no frames takes no goodbye either.
pub(super) async fn close(wire: &mut impl Wire, code: u16, reason: &'static str) {
    let _ = tokio::time::timeout(CLOSE, wire.close(code, reason)).await;
}
