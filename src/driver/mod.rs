//! Runs one call: the only place where a session meets its socket, the model, its tools and the clock.
//!
//! One task per call owns everything of that call, so nothing of it outlives it.

mod admission;
mod bell;
mod observed;
mod preview;
mod running;

pub use preview::first_turn;

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tracing::{info, warn};

use crate::calls::{Calls, Presence};
use crate::clock::{now, since_epoch};
use crate::handoff::{DeskLinks, PromptVersion};
use crate::ids::{AccountSid, CallSid};
use crate::llm::{Model, Question};
use crate::mask::Also;
use crate::meters::Meters;
use crate::pii::Pii;
use crate::playbook::Playbook;
use crate::profile::{Outcome, Profile, Profiles};
use crate::prompts::CallFacts;
use crate::record::Memory;
use crate::relay::{Outbound, Setup};
use crate::session::rules::Rules;
use crate::session::{Ask, Opening, Outputs, Session, Settings, Timings};
use crate::store::{Began, Came, Store, What};
use crate::token::{RelayPass, nonce};
use crate::tools::Occasion;
use running::Running;

/// Close code of a socket that is not, or no longer, the one for its call.
const POLICY: u16 = 1008;

/// A socket that carries frames.
pub trait Wire: Send {
    /// A received text.
    type Text: Deref<Target = str> + Send;

    /// The next text message; `None` once the socket is closed.
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<Self::Text>>;

    /// Sends a frame and flushes it.
    fn send(&mut self, frame: &Outbound) -> impl Future<Output = Result<(), Lost>> + Send;

    /// Closes the socket.
    fn close(&mut self, code: u16, reason: &'static str) -> impl Future<Output = ()> + Send;
}

/// The next text message of a socket; `None` once it is closed.
async fn receive<W: Wire>(wire: &mut W) -> Option<W::Text> {
    std::future::poll_fn(|context| wire.poll_receive(context)).await
}

/// The socket is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost;

/// Records calls. Nobody waits for it.
pub trait Recorder: Send + Sync {
    /// A call of this account begins to talk with the agent, in its session of this number.
    fn begin(&self, call_sid: &CallSid, account: Option<&AccountSid>, session: u8);
}

/// What a call is run with.
pub struct Call {
    /// What the relay URL admitted.
    pub pass: RelayPass,
    /// Who answers.
    pub model: Arc<dyn Model>,
    /// Who knows callers.
    pub profiles: Arc<Profiles>,
    /// The traits of a caller that the prompt may use.
    pub in_prompt: Arc<[String]>,
    /// Prompts and tools, as they were when the call began.
    pub playbook: Arc<Playbook>,
    /// The calls of this process.
    pub calls: Arc<Calls>,
    /// Where calls are kept.
    pub store: Store,
    /// What is counted and timed.
    pub meters: Arc<Meters>,
    /// How long everything may take.
    pub timings: Timings,
    /// What leads to a person beside the model.
    pub rules: Arc<Rules>,
    /// How long the other end of the socket may take.
    pub patience: Patience,
    /// Whether the AI may have a call again because nobody was free.
    pub may_return: bool,
    /// Makes the link to the page of a hand-off, where it can be reached.
    pub desk: Option<Arc<dyn DeskLinks>>,
    /// What is hidden in the hand-off document beside what is hidden everywhere.
    pub hidden: Also,
    /// Records it, where calls are recorded.
    pub recorder: Option<Arc<dyn Recorder>>,
}

/// How long the other end of a socket may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until the first frame.
    pub setup: Duration,
    /// For one frame of ours to leave. A reader slower than that is as good as gone.
    pub send: Duration,
}

/// Runs a call until its socket is closed.
pub fn run(wire: impl Wire, call: Call) -> impl Future<Output = ()> + Send {
    // A future is as large as its largest moment, for as long as it lives. The beginning needs the most, for some
    // milliseconds; a call is idle for minutes.
    let begun = Box::pin(begin(wire, call));
    async {
        if let Some(begun) = begun.await {
            begun.running.run(begun.opening, &begun.presence).await;
        }
    }
}

/// A session at its beginning.
struct Begun<W> {
    running: Box<Running<W>>,
    opening: Outputs,
    presence: Presence,
}

/// Admits the socket, and takes up the conversation where an earlier session of the call left one.
async fn begin<W: Wire>(mut wire: W, call: Call) -> Option<Begun<W>> {
    let setup = admission::admitted(&mut wire, &call).await?;
    let presence = call.calls.enter(&call.pass.call_sid);
    if let Some(recorder) = &call.recorder {
        recorder.begin(&call.pass.call_sid, call.pass.account_sid.as_ref(), call.pass.attempt);
    }
    let profile = profile(&call, &setup).await;
    let question = first_question(&call, &setup, &profile);
    let occasion = occasion(&call, &setup, &profile);
    // The socket of the session before may still be open on our side: it leaves the conversation first.
    presence.alone().await;
    let memory = memory(&call).await;
    if call.pass.attempt > 0 && !call.pass.returned {
        call.meters.reconnects.increment(1);
    }
    call.store.note(&call.pass.call_sid, What::Began(began(&call, &setup)));
    let PromptVersion { variant, version } = &call.playbook.named;
    info!(
        attempt = call.pass.attempt,
        restored = memory.is_some(),
        prompts.variant = variant,
        prompts.version = version,
        "session began"
    );
    let before = memory.as_ref().and_then(|memory| memory.state.prompts.as_ref());
    if let Some(before) = before.filter(|before| **before != call.playbook.named) {
        warn!(
            prompts.version = version,
            prompts.before = before.version,
            "the call goes on with other prompts than before: this node does not have those"
        );
    }
    let (session, opening) = Session::new(settings(&call), memory, now());
    let running = Box::new(Running::new(wire, session, question, occasion, call));
    Some(Begun { running, opening, presence })
}

/// What an earlier session of the call left: in this process if that was the one before, else in the store.
async fn memory(call: &Call) -> Option<Memory> {
    let RelayPass { call_sid, attempt, .. } = &call.pass;
    if *attempt == 0 {
        return None;
    }
    match call.calls.recall(call_sid) {
        Some((before, memory)) if before.saturating_add(1) == *attempt => Some(memory),
        // Another process may have had the call meanwhile.
        older => call.store.memory(call_sid).await.or(older.map(|(_, memory)| memory)),
    }
}

fn began(call: &Call, setup: &Setup) -> Began {
    let playbook = &call.playbook;
    let (from, to) = (setup.from.expose().as_str(), setup.to.expose().as_str());
    Began {
        session: call.pass.attempt,
        came: Came::new(setup.account_sid.clone(), setup.direction.as_deref(), Some(from), Some(to)),
        language: language(call).to_owned(),
        prompts: playbook.named.clone(),
        files: playbook.files.clone(),
    }
}

/// Who calls: looked up when the call came in, as a rule, and kept since.
async fn profile(call: &Call, setup: &Setup) -> Arc<Profile> {
    let (from, to) = (setup.from.expose().as_str(), setup.to.expose().as_str());
    let came = Came::new(None, setup.direction.as_deref(), Some(from), Some(to));
    call.profiles.find(came.caller.as_ref().map(|number| number.expose().as_str())).await
}

/// Everything that stays the same in all questions of a call.
fn first_question(call: &Call, setup: &Setup, profile: &Profile) -> Question {
    let facts = CallFacts {
        language: language(call).to_owned(),
        direction: setup.direction.clone().unwrap_or_else(|| "inbound".to_owned()),
        reconnected: call.pass.attempt > 0 && !call.pass.returned,
        caller_name: setup.caller_name.clone(),
        caller_known: profile.outcome == Outcome::Found,
        verified: call.pass.verified.clone().unwrap_or_else(|| "none".to_owned()),
        traits: profile
            .named(&call.in_prompt)
            .map(|(name, value)| (name.to_owned(), value.text().into()))
            .collect(),
        parameters: setup.parameters.clone(),
    };
    Question::of(&call.playbook, &facts)
}

/// The question that the model is asked, as the session has it.
fn asked(question: &Question, ask: Ask, language: &str) -> Question {
    Question {
        messages: ask.messages,
        choice: ask.choice,
        attempt: ask.attempt,
        language: language.to_owned(),
        ..question.clone()
    }
}

/// What tools are told of the call, if their manifests ask for it.
fn occasion(call: &Call, setup: &Setup, profile: &Profile) -> Occasion {
    let filled = |number: &Pii<String>| Some(number.clone()).filter(|number| !number.expose().is_empty());
    Occasion {
        call_sid: call.pass.call_sid.to_string(),
        language: language(call).to_owned(),
        direction: setup.direction.clone().unwrap_or_else(|| "inbound".to_owned()),
        from: filled(&setup.from),
        to: filled(&setup.to),
        traits: profile
            .named(&call.in_prompt)
            .map(|(name, value)| (name.to_owned(), value.text().into()))
            .collect(),
        key: String::new(),
    }
}

fn settings(call: &Call) -> Settings {
    let prompts = &call.playbook.prompts;
    let opening = match prompts.front.greeting(language(call)) {
        greeting if call.pass.returned => Opening::Returned(greeting.map(str::to_owned)),
        greeting if call.pass.attempt > 0 => Opening::Reconnected(greeting.map(str::to_owned)),
        Some(greeting) => Opening::Greeting(greeting.to_owned()),
        None => Opening::Silent,
    };
    Settings {
        call_sid: call.pass.call_sid.clone(),
        attempt: call.pass.attempt,
        began: since_epoch(),
        handoff_id: format!("HO{}", nonce()),
        language: language(call).to_owned(),
        languages: languages(call),
        opening,
        has_fallback: call.model.has_fallback(),
        prompts: call.playbook.named.clone(),
        toolbox: call.playbook.tools.clone(),
        lines: prompts.lines.clone(),
        timings: call.timings,
        person_key: prompts.front.person_key,
        keypad_length: prompts.front.keypad_length,
        rules: call.rules.clone(),
        desk: call.desk.clone(),
        hidden: call.hidden,
    }
}

/// The language that a session begins in: that of a rule, else the prompt's.
fn language(call: &Call) -> &str {
    call.pass.spoken.language.as_deref().unwrap_or(&call.playbook.prompts.front.language)
}

/// The languages that a session declares, the one it begins in first.
fn languages(call: &Call) -> Vec<String> {
    let first = language(call);
    let others = call.playbook.prompts.front.spoken_languages().filter(|tag| *tag != first);
    std::iter::once(first).chain(others).map(str::to_owned).collect()
}
