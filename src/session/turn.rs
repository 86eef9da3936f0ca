//! A turn: the caller spoke, the model is asked, its words are spoken, its tools are run, until it has answered.

use std::time::{Duration, Instant};

use super::history::{ReplyId, Step};
use super::ladder::{Pausing, shortcoming};
use super::tools::Running;
use super::{Ask, Output, RequestId, Session, shorten};
use crate::chat::{Finish, Message, ModelError, ModelEvent, ToolCall, ToolChoice};
use crate::handoff::Trigger;
use crate::phrases::{Meaning, means};

/// How long a tool call may be written at the most.
const LONGEST_CALL: Duration = Duration::from_secs(15);

/// How long somebody may go on speaking before a question is taken up again all the same.
const LONGEST_HOLD: Duration = Duration::from_secs(15);

/// A question that an interrupt left without an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskAgain {
    /// When it is asked again.
    pub(super) at: Instant,
    /// When it is asked again whoever speaks.
    latest: Instant,
}

/// Where the turn stands.
#[derive(Debug)]
pub(super) enum Stage {
    /// Nothing is due from us.
    Idle,
    /// The model was asked.
    Asking(Asking),
    /// The model failed, and is asked again in a moment.
    Pausing(Pausing),
    /// Tools are running.
    Running(Running),
}

/// One request to the model.
#[derive(Debug)]
pub(super) struct Asking {
    id: RequestId,
    pub(super) purpose: Purpose,
    pub(super) attempt: u8,
    /// The entry of the history that the answer fills.
    pub(super) reply: ReplyId,
    /// Whether words of this answer were sent.
    pub(super) spoke: bool,
    /// When the request was made, or its last words came.
    last_sign: Instant,
    /// When it is given up unless words come.
    give_up: Instant,
    /// When its lateness is bridged by a line.
    filler: Option<Instant>,
    /// When a tool call that is still being written is given up; set by its first piece.
    latest: Option<Instant>,
    /// The words beside the summary: its goodbye, if the call in it turns out to be valid.
    held: String,
}

/// What the model is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// An answer to the caller.
    Answer,
    /// The summary of a hand-off that is certain. Its words are not spoken.
    Summary,
    /// Its last words in this call.
    Goodbye,
}

impl Stage {
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Idle => None,
            Self::Asking(asking) => Some(asking.filler.map_or(asking.give_up, |at| at.min(asking.give_up))),
            Self::Pausing(pausing) => Some(pausing.deadline()),
            Self::Running(running) => running.deadline(),
        }
    }

    /// Whether the caller waits for an answer of which nothing was said.
    fn owes_answer(&self) -> bool {
        match self {
            Self::Idle => false,
            Self::Asking(asking) => !asking.spoke,
            Self::Pausing(_) | Self::Running(_) => true,
        }
    }

    fn escalates(&self) -> bool {
        matches!(self, Self::Running(running) if running.escalates())
    }
}

impl Session {
    /// The caller finished an utterance, or an entry on the keypad.
    pub(super) fn caller_said(&mut self, text: &str, now: Instant) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let said = means(text, &self.language);
        if self.emergency(text, said, now) {
            return;
        }
        let wants_person = self.settings.rules.requests && said.has(Meaning::WantsPerson);
        if wants_person && self.leaving.is_none() {
            return self.person_requested(text, now);
        }
        if wants_person {
            self.person_outranks(&Trigger::Request.into());
        }
        if self.is_certain() {
            self.history.caller(text);
            return;
        }
        let begins = self.begin_turn(text, now);
        match self.before_model(text, said, begins) {
            Some(cause) => self.arm(cause, None, now),
            None => self.ask(Purpose::Answer, 1, now),
        }
    }

    /// Whether it is certain what becomes of the call, so that nothing the caller says changes it.
    pub(super) fn is_certain(&self) -> bool {
        self.leaving.is_some() || self.armed.is_some() || self.stage.escalates()
    }

    /// Whether nothing is due from us.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle)
    }

    /// Stops what is under way and takes the caller's words. Fragments of one utterance meet here too: while
    /// nothing was answered they join one message. Returns whether they begin a new one.
    pub(super) fn begin_turn(&mut self, text: &str, now: Instant) -> bool {
        self.stop_turn();
        self.playback.settle();
        let begins = self.history.caller(text);
        self.counts.turns += u32::from(begins);
        self.counts.rounds = 0;
        self.counts.shortened = false;
        self.owe_words(now);
        begins
    }

    /// The caller asked for a person in plain words: that needs no model to be understood.
    fn person_requested(&mut self, text: &str, now: Instant) {
        if self.armed.is_some() {
            // Asked twice: there is no time for a summary.
            self.history.caller(text);
            self.stop_turn();
            self.leave_armed(None, &[], now);
        } else if self.stage.escalates() {
            self.history.caller(text);
        } else {
            self.begin_turn(text, now);
            self.arm(Trigger::Request.into(), None, now);
        }
    }

    /// The caller cut us off.
    pub(super) fn interrupted(&mut self, heard: &str, now: Instant) {
        let queued = self.playback.replies();
        let cut = self.playback.interrupt(heard);
        let all_heard = |reply: &ReplyId| cut.iter().all(|(cut, _)| cut != reply);
        for reply in queued.into_iter().filter(all_heard) {
            self.history.mark(reply, Step::Heard);
        }
        for (reply, heard) in cut {
            self.history.forget_beyond(reply, heard);
        }
        self.quiet_since = now;
        if self.leaving.is_some() {
            self.goodbye_cut_off(now);
        } else if self.stage.escalates() || self.armed.is_some() {
            self.close_cycle();
        } else {
            let owed = self.stage.owes_answer();
            self.stop_turn();
            self.history.drop_empty();
            if owed || self.history.awaits_answer() {
                // A cough must not cost the caller the answer: unless something is said now, it is asked again.
                self.ask_again = Some(AskAgain { at: now, latest: now + LONGEST_HOLD });
                self.hold_question(now);
            }
        }
        self.history.drop_empty();
    }

    /// Puts off the question that is to be asked again, while or because the caller speaks.
    pub(super) fn hold_question(&mut self, now: Instant) {
        let hold = if self.caller_speaking { LONGEST_HOLD } else { self.settings.timings.ask_again };
        if let Some(again) = &mut self.ask_again {
            again.at = (now + hold).min(again.latest);
        }
    }

    /// From now on the caller waits for something to be said.
    pub(super) fn owe_words(&mut self, now: Instant) {
        self.quiet_since = now;
        self.said_in_turn = false;
    }

    /// When the silence is to be bridged: soon if nothing was said yet, else after a longer pause.
    pub(super) fn bridge_at(&self) -> Instant {
        let timings = &self.settings.timings;
        let pause = if self.said_in_turn { timings.tool_line } else { timings.filler };
        (self.quiet_since + pause).max(self.now)
    }

    /// Whether a person takes over once the tools of the answer are done.
    pub(super) fn escalates(&self) -> bool {
        self.stage.escalates()
    }

    /// Stops whatever is under way, so that none of it can reach the caller any more.
    pub(super) fn stop_turn(&mut self) {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle | Stage::Pausing(_) => {}
            Stage::Asking(asking) => {
                self.history.mark(asking.reply, Step::Finished);
                self.out.push(Output::Cancel(asking.id));
            }
            Stage::Running(running) => self.let_go(running),
        }
        self.close_cycle();
    }

    pub(super) fn ask(&mut self, purpose: Purpose, attempt: u8, now: Instant) {
        self.ask_again = None;
        let timings = &self.settings.timings;
        let patience = match (purpose, attempt) {
            (Purpose::Summary, _) => timings.summary,
            (Purpose::Goodbye, _) => timings.goodbye_start,
            (Purpose::Answer, 1) => timings.first_token,
            (Purpose::Answer, _) => timings.second_first_token,
        };
        let mut give_up = now + patience;
        if purpose == Purpose::Goodbye {
            // No filler bridges it, so a silence that has lasted for long leaves it less time.
            give_up = give_up.min((self.quiet_since + timings.tool_line).max(now));
        }
        // A first filler bridges the first try, a second one the second.
        let filler = (purpose != Purpose::Goodbye).then(|| self.bridge_at());
        let choice = match purpose {
            Purpose::Answer => ToolChoice::Auto,
            Purpose::Summary => ToolChoice::Escalate,
            Purpose::Goodbye => ToolChoice::Never,
        };
        self.history.drop_empty();
        let messages = self.messages();
        let id = RequestId(self.counts.requests);
        self.counts.requests += 1;
        self.cycle.seam();
        let reply = self.history.open_reply();
        let notes = self.notes.news();
        self.out.push(Output::Ask(Ask { id, attempt, messages, choice, notes }));
        self.stage = Stage::Asking(Asking {
            id,
            purpose,
            attempt,
            reply,
            spoke: false,
            last_sign: now,
            give_up,
            filler,
            latest: None,
            held: String::new(),
        });
    }

    /// The conversation as the model is told of it: all of it, or as much as it was found to take.
    pub(super) fn messages(&self) -> Vec<Message> {
        let mut messages = self.history.messages();
        if let Some(room) = self.room {
            shorten::keep_newest(&mut messages, room);
        }
        messages
    }

    pub(super) fn model(&mut self, request: RequestId, event: ModelEvent, now: Instant) {
        // Late news of a request that was cancelled ends here.
        let Stage::Asking(asking) = &mut self.stage else { return };
        if asking.id != request {
            return;
        }
        match event {
            ModelEvent::Words(words) if asking.purpose == Purpose::Summary => asking.held.push_str(&words),
            ModelEvent::Progress if asking.purpose == Purpose::Answer => {
                let latest = *asking.latest.get_or_insert(now + LONGEST_CALL);
                asking.last_sign = now;
                asking.give_up = (now + self.settings.timings.stall).min(latest);
                if asking.filler.is_none() {
                    let bridge = self.bridge_at();
                    if let Stage::Asking(asking) = &mut self.stage {
                        asking.filler = Some(bridge);
                    }
                }
            }
            ModelEvent::Progress => {}
            ModelEvent::Words(words) => {
                // White space is no sign of life.
                if !words.trim().is_empty() {
                    asking.last_sign = now;
                    asking.give_up = now + self.settings.timings.stall;
                }
                let reply = asking.reply;
                self.history.mark(reply, Step::FirstDelta);
                if self.speak(reply, &words)
                    && let Stage::Asking(asking) = &mut self.stage
                {
                    asking.spoke = true;
                    asking.filler = None;
                }
            }
            ModelEvent::Done { calls, finish } => self.answered(calls, finish, now),
            ModelEvent::Failed(error) => self.model_failed(&error, now),
        }
    }

    fn answered(&mut self, calls: Vec<ToolCall>, finish: Finish, now: Instant) {
        let Stage::Asking(asking) = &mut self.stage else { return };
        let (reply, purpose) = (asking.reply, asking.purpose);
        let spoke = asking.spoke;
        self.history.mark(reply, Step::Finished);
        let held = std::mem::take(&mut asking.held);
        let spoke = self.speak_rest(reply) || spoke;
        if let Stage::Asking(asking) = &mut self.stage {
            asking.spoke = spoke;
        }
        match purpose {
            Purpose::Summary => self.leave_armed(Some((reply, &held)), &calls, now),
            Purpose::Goodbye if spoke => self.goodbye_said(now),
            Purpose::Goodbye => self.say_goodbye_line(now),
            Purpose::Answer => match shortcoming(finish, !calls.is_empty(), self.history.said(reply)) {
                Some(error) => self.model_failed(&error, now),
                None if calls.is_empty() => {
                    self.stage = Stage::Idle;
                    self.close_cycle();
                    self.note_answer(reply);
                }
                None => {
                    self.stage = Stage::Idle;
                    self.run_tools(reply, calls, now);
                }
            },
        }
    }

    pub(super) fn stage_passed(&mut self, now: Instant) {
        match &mut self.stage {
            Stage::Asking(asking) if asking.give_up <= now => {
                let id = asking.id;
                let waited = now.saturating_duration_since(asking.last_sign);
                self.out.push(Output::Cancel(id));
                let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
                let endless = asking.latest == Some(asking.give_up);
                let error = if endless { ModelError::Endless } else { ModelError::Silent { waited_ms } };
                self.model_failed(&error, now);
            }
            Stage::Asking(asking) if asking.filler.is_some_and(|at| at <= now) => {
                asking.filler = None;
                let next = self.speak_filler();
                if let Stage::Asking(asking) = &mut self.stage {
                    asking.filler = next;
                }
            }
            Stage::Running(_) => self.tools_passed(now),
            Stage::Pausing(_) => self.pause_passed(now),
            Stage::Asking(_) | Stage::Idle => {}
        }
    }

    /// Says that the caller is not forgotten. Returns when the next such line is due, if there are any.
    pub(super) fn speak_filler(&mut self) -> Option<Instant> {
        let line = self.settings.filler(self.counts.fillers, &self.language)?.to_owned();
        self.counts.fillers += 1;
        self.speak_line(&line);
        Some(self.bridge_at())
    }
}
