//! The rules of one call, as a state machine: something happened ([`Input`]), so do this ([`Outputs`]).
//!
//! No socket, no task, no clock: time is an argument, and what has to happen later is a [`Session::deadline`].
//! The driver is the only place where a session meets the world; the tests turn its clock by hand.
//!
//! What holds here, whatever comes in:
//! - the model remembers only what the caller heard (`history`, `playback`);
//! - a request that was cancelled never reaches the wire again (every [`RequestId`] is used once);
//! - `end` is sent once, last, after the goodbye was heard or its deadline passed (`leaving`);
//! - every tool call has exactly one result (`history`).

mod history;
mod keypad;
mod ladder;
mod leaving;
mod opening;
mod plain;
mod playback;
mod relinquish;
pub mod rules;
mod settings;
mod shorten;
mod speaking;
mod supervisor;
mod tools;
mod turn;

pub use plain::handoff_from;
pub use settings::{Lines, Opening, Settings, Timings, WhisperLines};

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::chat::{Message, ModelError, ModelEvent, ToolChoice};
use crate::handoff::{Handoff, Outcome, Trigger};
use crate::pii::Pii;
use crate::record::{Changes, Counted, Memory, State};
use crate::relay::{Inbound, Info, Outbound};
use history::{History, ReplyId, Step};
use keypad::Keypad;
use leaving::{Armed, Leaving};
use playback::Playback;
use rules::{Attention, Standing};
use speaking::Cycle;
use supervisor::Notes;
use tools::RunningOn;
use turn::{AskAgain, Purpose, Stage};

/// How many deadlines may fall on one moment. More would mean that one of them is never dealt with.
const MOST_AT_ONCE: usize = 8;
/// How many outputs of one input there is room for between inputs.
const MOST_KEPT: usize = 8;

/// Something that happened to the call.
#[derive(Debug)]
pub enum Input {
    /// A frame arrived from Twilio.
    Frame(Inbound),
    /// The model delivered something for a request.
    Model(RequestId, ModelEvent),
    /// A tool that the driver ran has finished; `Err` holds what the model is told.
    ToolDone(RunId, Result<Pii<String>, Pii<String>>),
    /// The bridge cannot go on with the call, for this reason: a person takes over now. May come more than once.
    Relinquish(Trigger),
    /// Somebody who looks on wants a person to take over now, for this reason if one is given.
    HandOver(Option<Pii<String>>),
    /// Somebody who looks on wants the model to know this from the next question on.
    Whisper(Pii<String>),
    /// The time given by [`Session::deadline`] has come.
    DeadlinePassed,
}

/// Something the driver must do.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Send a frame.
    Send(Outbound),
    /// Ask the model.
    Ask(Ask),
    /// Stop asking; whatever still comes for this request has no effect.
    Cancel(RequestId),
    /// Run a tool outside the session.
    Run(Run),
    /// Stop waiting for a tool. Whether it is stopped is the driver's business.
    Forget(RunId),
    /// Tell the operator that the model failed: it broke off, stayed silent, or said nothing.
    Report(ModelError),
    /// Keep this document: the action callback may come without it.
    Keep(Box<Handoff>),
}

/// What must be done, in this order.
pub type Outputs = Vec<Output>;

/// Names one request to the model. Never used twice in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(u32);

/// Names one run of a tool. Never used twice in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(u32);

impl RunId {
    /// Its number within the session.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// A question to the model. The system prompt and the tools are the driver's to add.
#[derive(Debug, PartialEq)]
pub struct Ask {
    /// Its name.
    pub id: RequestId,
    /// 1, or 2 when the first try of the same question failed.
    pub attempt: u8,
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// What the model may do about tools.
    pub choice: ToolChoice,
    /// What the model is to know beside the conversation, where that is new: a line for each note.
    pub notes: Option<Pii<String>>,
}

/// A tool to be run.
#[derive(Debug, PartialEq)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// Where the tool stands in the toolbox.
    pub tool: usize,
    /// Arguments that fit the tool's schema.
    pub arguments: Value,
}

/// One call.
pub struct Session {
    settings: Settings,
    /// When the session began.
    began: Instant,
    /// The language spoken now.
    language: String,
    history: History,
    /// How much of the conversation the model takes, where it was found to take less than all of it.
    room: Option<usize>,
    playback: Playback,
    cycle: Cycle,
    stage: Stage,
    /// Tools that an interrupt left running.
    running_on: Vec<RunningOn>,
    keypad: Keypad,
    /// Set while the model writes the summary of a hand-off that is certain.
    armed: Option<Armed>,
    /// When a question is taken up again whose answer an interrupt stopped before it began.
    ask_again: Option<AskAgain>,
    /// What the rules beside the model have counted.
    standing: Standing,
    /// What was last heard on the line.
    attention: Attention,
    /// Whether the caller is speaking, if that is reported.
    caller_speaking: bool,
    /// The time of the input that is being handled.
    now: Instant,
    /// Since when nothing is to be heard, as far as that can be estimated.
    quiet_since: Instant,
    /// Whether anything was said since the caller's last words.
    said_in_turn: bool,
    /// Set once the call is on its way out, and never unset.
    leaving: Option<Leaving>,
    ended: bool,
    /// Facts that travel with the hand-off.
    memory: BTreeMap<String, Pii<String>>,
    /// What the model is to know beside the conversation.
    notes: Notes,
    counts: Counts,
    out: Outputs,
}

/// What is counted in a call.
#[derive(Debug, Default)]
struct Counts {
    turns: u32,
    requests: u32,
    runs: u32,
    fillers: usize,
    /// How often the model asked for tools in this turn.
    rounds: u8,
    /// Whether the model was told of less in this turn, because all of it was too long.
    shortened: bool,
    /// How much the caller said in this session, in bytes.
    said: usize,
    /// How many utterances in a row none of which was answered.
    unanswered: u32,
}

/// What is known of a call when its session is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What became of it; `None` when the socket was lost or the caller hung up.
    pub outcome: Option<Outcome>,
    /// What led to it.
    pub trigger: Option<Trigger>,
    /// How many times the caller was answered.
    pub turns: u32,
    /// How long it lasted.
    pub lasted: Duration,
}

impl Session {
    /// A session whose `setup` was just accepted.
    ///
    /// With `memory` it goes on where an earlier session of the same call stopped.
    pub fn new(settings: Settings, memory: Option<Memory>, now: Instant) -> (Self, Outputs) {
        let mut session = Self {
            began: now,
            language: settings.language.clone(),
            history: History::restored(Vec::new(), settings.attempt),
            room: None,
            playback: Playback::default(),
            cycle: Cycle::default(),
            stage: Stage::Idle,
            running_on: Vec::new(),
            keypad: Keypad::default(),
            armed: None,
            ask_again: None,
            standing: Standing::default(),
            attention: Attention::new(now),
            caller_speaking: false,
            now,
            quiet_since: now,
            said_in_turn: false,
            leaving: None,
            ended: false,
            memory: BTreeMap::new(),
            notes: Notes::default(),
            counts: Counts::default(),
            out: Vec::new(),
            settings,
        };
        let restored = memory.is_some_and(|memory| session.recall(memory));
        session.history.set_time(session.moment(now));
        session.open(restored, now);
        let outputs = std::mem::take(&mut session.out);
        (session, outputs)
    }

    /// Applies one input at time `now` and returns what to do about it, in order.
    ///
    /// `now` must not go backwards. Inputs for a request or a run that is over are accepted and have no
    /// effect, because a stream may deliver a few words after it was told to stop. After `end` nothing has.
    #[must_use = "the outputs are the only way the session acts"]
    pub fn handle_input(&mut self, input: Input, now: Instant) -> Outputs {
        self.now = now;
        self.history.set_time(self.moment(now));
        if !self.ended {
            match input {
                Input::Frame(frame) => self.hear(frame, now),
                Input::Model(request, event) => self.model(request, event, now),
                Input::ToolDone(run, result) => self.tool_done(run, result, now),
                Input::Relinquish(trigger) => self.relinquish(trigger, now),
                Input::HandOver(reason) => self.take_over(reason.as_ref(), now),
                Input::Whisper(note) => self.whisper(&note),
                Input::DeadlinePassed => self.deadline_passed(now),
            }
        }
        std::mem::take(&mut self.out)
    }

    /// Takes the outputs of the last input back, once they are carried out: their place is used again.
    pub fn recycle(&mut self, mut outputs: Outputs) {
        outputs.clear();
        if self.out.is_empty() && outputs.capacity() <= MOST_KEPT {
            self.out = outputs;
        }
    }

    /// When to call [`Session::handle_input`] with [`Input::DeadlinePassed`].
    pub fn deadline(&self) -> Option<Instant> {
        if self.ended {
            return None;
        }
        let leaving = self.leaving.as_ref().map(Leaving::deadline);
        let ask_again = self.ask_again.map(|again| again.at);
        let rules = [self.silence_at(), self.longest_at()];
        let running_on = self.running_on.iter().map(RunningOn::deadline).min();
        let own = [self.stage.deadline(), self.keypad.deadline(), ask_again, leaving, running_on];
        own.into_iter().chain(rules).flatten().min()
    }

    /// The language spoken now, as a BCP 47 tag.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// Whether `end` was sent.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// What is known of the call now.
    pub fn summary(&self, now: Instant) -> Summary {
        let context = self.leaving.as_ref().map(|leaving| &leaving.handoff.context);
        Summary {
            outcome: context.map(|context| context.outcome),
            trigger: context.map(|context| context.trigger),
            turns: self.counts.turns,
            lasted: now.saturating_duration_since(self.began),
        }
    }

    /// What is new since this was asked before, if that is worth recording now. Asking costs nothing while
    /// the model is only adding words.
    pub fn changes(&mut self) -> Option<Changes> {
        let turns = self.history.take_news(|reply| self.playback.heard_of(reply));
        let session = self.settings.attempt;
        (!turns.is_empty()).then(|| Changes { session, turns, state: self.state() })
    }

    /// What is new at the end of the session, also words that nothing has followed.
    pub fn last_changes(&mut self) -> Option<Changes> {
        self.history.close();
        self.changes()
    }

    /// What the next session of the same call needs to go on. Twilio drops what it had not played when the
    /// socket is lost.
    pub fn into_memory(self) -> Memory {
        let turns = self.history.turns(|reply| self.playback.heard_of(reply));
        Memory { turns, state: self.state() }
    }

    fn state(&self) -> State {
        let mut standing = self.standing.clone();
        standing.lasted += self.now.saturating_duration_since(self.began);
        State {
            language: self.language.clone(),
            prompts: Some(self.settings.prompts.clone()),
            facts: self.memory.clone(),
            notes: self.notes.all().to_vec(),
            turns: self.counts.turns,
            counted: Counted::of(&standing),
            reported: self.playback.is_reported(),
        }
    }

    /// Goes on where an earlier session stopped. Returns whether there was a conversation: a line that dropped
    /// before anything was heard had none, and the call begins afresh.
    fn recall(&mut self, memory: Memory) -> bool {
        let Memory { turns, state } = memory;
        let history = History::restored(turns, self.settings.attempt);
        if !state.reported && !history.has_caller() {
            return false;
        }
        self.history = history;
        if !state.language.is_empty() {
            self.language = state.language;
        }
        self.memory = state.facts;
        self.notes = Notes::restored(state.notes);
        self.counts.turns = state.turns;
        self.standing = state.counted.read().unwrap_or_default();
        self.playback = Playback::new(state.reported);
        true
    }

    /// The time in milliseconds since 1970.
    fn moment(&self, now: Instant) -> u64 {
        let since = self.settings.began + now.saturating_duration_since(self.began);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn hear(&mut self, frame: Inbound, now: Instant) {
        match frame {
            Inbound::Prompt { text, last: true, .. } => {
                self.attention.words(now);
                self.prompted(text.expose(), now);
            }
            Inbound::Interrupt { heard, .. } => {
                self.attention.sound(now);
                self.interrupted(heard.expose(), now);
            }
            Inbound::Dtmf { digit } => {
                self.attention.words(now);
                self.key_pressed(digit, now);
            }
            Inbound::Info(Info::TokensPlayed(text)) => {
                self.attention.sound(now);
                self.played(text.expose());
                self.goodbye_progress(now);
            }
            Inbound::Info(Info::AgentSpeaking(on)) => {
                self.attention.sound(now);
                self.playback.speaking(on);
                if let Some(reply) = self.playback.replies().first().copied().filter(|_| on) {
                    self.history.mark(reply, Step::Speaking);
                }
                self.goodbye_progress(now);
            }
            // A partial prompt starts no turn, but somebody is speaking.
            Inbound::Prompt { last: false, .. } => {
                self.attention.words(now);
                self.hold_question(now);
            }
            Inbound::Info(Info::ClientSpeaking(on)) => {
                self.attention.sound(now);
                self.caller_speaking = on;
                self.hold_question(now);
            }
            // The rest is for the log, or says nothing we act on.
            Inbound::Info(Info::RoundTrip(_) | Info::Other)
            | Inbound::Setup(_)
            | Inbound::Error { .. }
            | Inbound::Unknown => {}
        }
    }

    /// Follows what was played, reply by reply.
    fn played(&mut self, text: &str) {
        let before = self.playback.replies();
        // Until the first report all that was queued counted as heard.
        let is_first = !self.playback.is_reported();
        self.playback.played(text);
        self.note_heard(&before, is_first);
    }

    /// Notes for replies that were queued how they were heard since.
    fn note_heard(&mut self, before: &[ReplyId], all: bool) {
        let left = self.playback.replies();
        for reply in before.iter().filter(|reply| !left.contains(reply)) {
            self.history.mark(*reply, Step::Heard);
        }
        for reply in &left[..if all { left.len() } else { left.len().min(1) }] {
            self.history.mark(*reply, Step::Progress);
        }
    }

    /// Every deadline that has come acts, also one that another has just set; one that was moved does not.
    fn deadline_passed(&mut self, now: Instant) {
        for _ in 0..MOST_AT_ONCE {
            if self.deadline().is_none_or(|at| at > now) {
                return;
            }
            self.keypad_passed(now);
            if self.ask_again.is_some_and(|again| again.at <= now) {
                self.ask_again = None;
                self.ask(Purpose::Answer, 1, now);
            }
            self.stage_passed(now);
            self.running_on_passed(now);
            self.silence_passed(now);
            self.longest_passed(now);
            self.goodbye_passed(now);
        }
    }

    fn send(&mut self, frame: Outbound) {
        self.out.push(Output::Send(frame));
    }
}
