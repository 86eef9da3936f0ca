//! Rules beside the model: what leads to a person although no model asked for one.
//!
//! Each is deterministic, can be turned off, and names itself as the `trigger` of the hand-off. There are three
//! moments at which one may speak up, and each has one place:
//! - the caller said something, before the model is asked (`before_model`, here);
//! - time passed (`silence`, `limits`);
//! - the model's tools failed (`tools_failed`, here).
//!
//! Requests for a person and the key for one are older than these and stand in `turn` and `keypad`.

mod limits;
mod progress;
mod silence;
mod topic;

pub use topic::Topic;

pub(super) use silence::Attention;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Session;
use super::history::ReplyId;
use crate::handoff::{Handoff, Trigger};
use crate::phrases::{Meaning, Meanings, sounds_upset};
use crate::pii::Pii;
use progress::Progress;

/// The rules of a call. A number of 0 turns a rule off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Whether a plain request for a person is recognised before the model is asked.
    pub requests: bool,
    /// What is done about words that tell of danger to life.
    pub emergencies: Emergencies,
    /// How long a caller may be silent before we ask whether somebody is there, and then once more.
    pub silence: Duration,
    /// What follows a silence that our question did not end.
    pub after_silence: AfterSilence,
    /// After how many turns in a row without progress a person takes over.
    pub no_progress: u32,
    /// After how many answers in a row whose tools failed a person takes over.
    pub tool_errors: u32,
    /// After how many utterances in a row that sound upset a person takes over.
    pub upset: u32,
    /// How long the AI may talk with a caller.
    pub longest: Duration,
    /// How many turns the AI may have with a caller.
    pub most_turns: u32,
    /// What single keys mean, beside the key for a person.
    pub keys: BTreeMap<char, KeyMeaning>,
    /// Matters that are for a person.
    pub topics: Vec<Topic>,
}

/// What is done about words that tell of danger to life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emergencies {
    /// They are left to the model.
    Off,
    /// The caller is told to call the emergency number, once; the AI goes on.
    Say,
    /// A person takes over at once.
    Person,
    /// Both.
    Both,
}

/// What follows a silence that our question did not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterSilence {
    /// A person takes over.
    Person,
    /// We say goodbye and hang up.
    Goodbye,
}

/// What a key means that is pressed alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyMeaning {
    /// A person takes over, with this `reasonCode`.
    Person(String),
    /// As if the caller had said this.
    Say(String),
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            requests: true,
            emergencies: Emergencies::Both,
            silence: Duration::from_secs(10),
            after_silence: AfterSilence::Person,
            no_progress: 3,
            tool_errors: 3,
            upset: 2,
            longest: Duration::from_secs(1_800),
            most_turns: 100,
            keys: BTreeMap::new(),
            topics: Vec::new(),
        }
    }
}

/// What the rules have counted in a call. It outlives a lost socket.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Standing {
    progress: Progress,
    /// Utterances in a row that sound upset: before this turn, and with it.
    upset_before: u32,
    upset: u32,
    /// Answers in a row whose tools failed.
    failed_rounds: u32,
    /// Whether the caller was told to call the emergency number.
    told_emergency: bool,
    /// How long earlier sessions of the call lasted.
    pub(super) lasted: Duration,
}

/// Why a person takes over, and what the rule says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) trigger: Trigger,
    /// The `reasonCode`, where the settings name one.
    pub(super) code: Option<String>,
    /// The matter, where it has a name.
    pub(super) topic: Option<String>,
    /// Why, in the words of whoever decided it.
    pub(super) reason: Option<Pii<String>>,
}

impl From<Trigger> for Cause {
    fn from(trigger: Trigger) -> Self {
        Self { trigger, code: None, topic: None, reason: None }
    }
}

impl Cause {
    /// Writes itself into the document, over what a model may have made of it.
    pub(super) fn mark(&self, handoff: &mut Handoff) {
        handoff.context.trigger = self.trigger;
        if let Some(code) = &self.code {
            handoff.reason_code.clone_from(code);
        }
        if let Some(topic) = &self.topic {
            handoff.context.topic = Some(topic.as_str().into());
        }
        if let Some(reason) = &self.reason {
            handoff.reason.clone_from(reason);
        }
    }
}

/// Whether a rule that counts speaks up.
fn reached(count: u32, most: u32) -> bool {
    most > 0 && count >= most
}

impl Session {
    /// What a rule makes of the caller's words, before the model is asked. `begins` says whether they begin a
    /// turn; else they go on with the one that was not answered yet.
    pub(super) fn before_model(&mut self, text: &str, said: Meanings, begins: bool) -> Option<Cause> {
        let (rules, standing) = (&self.settings.rules, &mut self.standing);
        if begins {
            standing.upset_before = standing.upset;
        }
        standing.upset = if sounds_upset(text, said, &self.language) { standing.upset_before + 1 } else { 0 };
        let stuck = standing.progress.hear(text, said, begins);
        let topic = rules.topics.iter().find(|topic| topic.is_in(text));
        if let Some(topic) = topic {
            return Some(topic.cause());
        }
        let broken = [
            (reached(standing.upset, rules.upset), Trigger::Sentiment),
            (reached(stuck, rules.no_progress), Trigger::NoProgress),
            // The turns before this one.
            (reached(self.counts.turns.saturating_sub(1), rules.most_turns), Trigger::MostTurns),
        ];
        broken.into_iter().find_map(|(broken, trigger)| broken.then(|| trigger.into()))
    }

    /// An answer was spoken to its end.
    pub(super) fn note_answer(&mut self, reply: ReplyId) {
        self.standing.progress.answered(self.history.said(reply), &self.language);
    }

    /// Counts the answers whose tools failed. Returns whether there were too many in a row.
    pub(super) fn tools_failed(&mut self, failed: bool) -> bool {
        let count = &mut self.standing.failed_rounds;
        *count = if failed { *count + 1 } else { 0 };
        reached(*count, self.settings.rules.tool_errors)
    }

    /// Whether words that tell of danger to life were dealt with.
    pub(super) fn emergency(&mut self, text: &str, said: Meanings, now: Instant) -> bool {
        let rule = self.settings.rules.emergencies;
        if rule == Emergencies::Off || !said.has(Meaning::Emergency) {
            return false;
        }
        let says = matches!(rule, Emergencies::Say | Emergencies::Both);
        let line = self.settings.lines.emergency.within(&self.language).filter(|_| says).map(str::to_owned);
        if self.leaving.is_some() || self.escalates() {
            // The goodbye goes on, but the call does not end without a person.
            if rule != Emergencies::Say {
                self.person_outranks(&Trigger::Emergency.into());
            }
            return false;
        }
        if rule == Emergencies::Say {
            if self.armed.is_some() || std::mem::replace(&mut self.standing.told_emergency, true) {
                return false;
            }
            self.begin_turn(text, now);
            self.speak_reply(&line.unwrap_or_default());
            self.close_cycle();
            return true;
        }
        self.begin_turn(text, now);
        self.armed = None;
        let transfer = self.settings.lines.transfer.within(&self.language).unwrap_or_default();
        let line = line.map_or(transfer.to_owned(), |line| format!("{line} {transfer}"));
        let handoff = self.plain_handoff(Trigger::Emergency, now);
        self.leave_saying(handoff, Some(line), now);
        true
    }

    /// A person takes over because of a rule that the clock decided. No model is asked: the last words of the
    /// conversation need not be the caller's.
    fn hand_over(&mut self, trigger: Trigger, now: Instant) {
        self.stop_turn();
        let handoff = self.plain_handoff(trigger, now);
        let line = self.settings.lines.transfer.within(&self.language).map(str::to_owned);
        self.leave_saying(handoff, line, now);
    }
}
