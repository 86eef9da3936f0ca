//! The way out of a call: the goodbye, the wait until it was heard, and `end`.
//!
//! From here nothing leads back. An interrupt, a new prompt, a failing model or a repeated tool call may
//! shorten the goodbye; none of them can cancel the hand-off.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::history::ReplyId;
use super::keypad::Keypad;
use super::plain::{excerpt, plain};
use super::rules::Cause;
use super::turn::{Purpose, Stage};
use super::{Output, Session};
use crate::chat::{ToolCall, ToolKind};
use crate::handoff::{Author, Handoff, Outcome, Sentiment, Trigger, tidy};
use crate::mask::Also;
use crate::pii::Pii;
use crate::redact;
use crate::relay::Outbound;

/// What the model reads as the result of its escalation.
pub(super) const ESCALATED: &str = r#"{"status":"a person takes over; say goodbye in one short sentence"}"#;

/// A hand-off that is certain, and waits for its summary.
#[derive(Debug)]
pub(super) struct Armed {
    pub(super) cause: Cause,
    /// The reply whose words are the goodbye, if they were said before.
    goodbye: Option<ReplyId>,
}

/// A call on its way out.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) handoff: Handoff,
    /// How many characters of goodbye were sent.
    goodbye: usize,
    /// When the goodbye counts as heard; set once all of it was sent.
    end_at: Option<Instant>,
    /// When it ends in any case.
    latest: Instant,
}

impl Leaving {
    pub(super) fn deadline(&self) -> Instant {
        self.end_at.map_or(self.latest, |at| at.min(self.latest))
    }

    /// Sets a nearer end to the way out.
    pub(super) fn hurry(&mut self, latest: Instant) {
        self.latest = self.latest.min(latest);
    }

    /// Counts text sent as goodbye.
    pub(super) fn said_goodbye(&mut self, text: &str) {
        self.goodbye += text.chars().count();
    }
}

impl Session {
    /// Leaves because the model asked for it. Its words before that are the goodbye, if there were any.
    pub(super) fn leave(&mut self, handoff: Handoff, reply: ReplyId, now: Instant) {
        let before = self.history.said(reply).trim().chars().count();
        self.set_leaving(handoff, before, now);
        if before > 0 {
            self.goodbye_said(now);
        } else {
            self.ask(Purpose::Goodbye, 1, now);
        }
    }

    /// Leaves with a line of our own.
    pub(super) fn leave_saying(&mut self, handoff: Handoff, line: Option<String>, now: Instant) {
        self.set_leaving(handoff, 0, now);
        if let Some(line) = line {
            self.speak_reply(&line);
        }
        self.goodbye_said(now);
    }

    fn set_leaving(&mut self, mut handoff: Handoff, goodbye: usize, now: Instant) {
        // Calls beside the one that leaves may have come after it.
        handoff.context.memory.clone_from(&self.memory);
        handoff.context.language.clone_from(&self.language);
        // A key that was still waiting for a second one changes nothing any more, unless it asked for a person.
        if let Some(cause) = self.waiting_person() {
            outrank_completion(&mut handoff, &cause);
        }
        self.keypad = Keypad::default();
        self.ask_again = None;
        self.keep(handoff.clone());
        let latest = now + self.settings.timings.leaving;
        self.leaving = Some(Leaving { handoff, goodbye, end_at: None, latest });
    }

    /// A person takes over, that is certain; the model may write the summary, in the time that leaves.
    ///
    /// After an escalation that did not fit its schema, `goodbye` is the reply whose words were the goodbye.
    pub(super) fn arm(&mut self, cause: Cause, goodbye: Option<ReplyId>, now: Instant) {
        // Should the line drop meanwhile, the caller still gets a person.
        let mut handoff = self.plain_handoff(cause.trigger, now);
        cause.mark(&mut handoff);
        self.armed = Some(Armed { cause, goodbye });
        self.keep(handoff);
        self.ask(Purpose::Summary, 1, now);
    }

    /// What the model made of the summary, with the words beside it; anything but a valid `escalate` means
    /// that we write it.
    pub(super) fn leave_armed(&mut self, answer: Option<(ReplyId, &str)>, calls: &[ToolCall], now: Instant) {
        let Some(Armed { cause, goodbye }) = self.armed.take() else { return };
        self.stage = Stage::Idle;
        // As far as it was heard, when the caller cut in meanwhile.
        let goodbye = goodbye.map_or(0, |reply| self.history.said(reply).trim().chars().count());
        let valid = calls.iter().find_map(|call| self.valid_arguments(call, ToolKind::Escalate));
        // Facts beside the summary travel with it.
        let facts = calls.iter().filter_map(|call| self.valid_arguments(call, ToolKind::Remember));
        let facts: Vec<Value> = facts.collect();
        facts.iter().for_each(|arguments| self.remember(arguments));
        let Some(((reply, words), arguments)) = answer.zip(valid) else {
            let mut handoff = self.plain_handoff(cause.trigger, now);
            cause.mark(&mut handoff);
            self.set_leaving(handoff, goodbye, now);
            return if goodbye > 0 { self.goodbye_said(now) } else { self.say_goodbye_line(now) };
        };
        let mut handoff = self.model_handoff(&arguments, now);
        cause.mark(&mut handoff);
        self.note_calls(reply, calls.to_vec());
        for position in 0..calls.len() {
            self.history.answer(reply, position, ESCALATED);
        }
        self.set_leaving(handoff, goodbye, now);
        if goodbye > 0 {
            self.goodbye_said(now);
        } else {
            let spoke = self.speak(reply, words);
            if self.speak_rest(reply) || spoke {
                self.goodbye_said(now);
            } else {
                self.ask(Purpose::Goodbye, 1, now);
            }
        }
    }

    fn valid_arguments(&self, call: &ToolCall, kind: ToolKind) -> Option<Value> {
        let toolbox = &self.settings.toolbox;
        let index = toolbox.position(&call.name)?;
        let meant = toolbox.tools()[index].kind == kind;
        meant.then(|| toolbox.check(index, call.arguments.expose()).ok()).flatten()
    }

    /// The caller asks for a person while a call that was done is being ended: then it is not done.
    pub(super) fn person_outranks(&mut self, cause: &Cause) {
        if let Some(leaving) = &mut self.leaving
            && outrank_completion(&mut leaving.handoff, cause)
        {
            let handoff = leaving.handoff.clone();
            self.keep(handoff);
        }
    }

    /// Keeps a document, should the line drop before it has left.
    pub(super) fn keep(&mut self, mut handoff: Handoff) {
        self.hide(&mut handoff, Also::NOTHING);
        self.out.push(Output::Keep(Box::new(handoff)));
    }

    /// Hides in a document. All that was said tells what digits are, also what the document leaves out: it has
    /// the last lines only, and of a long one the beginning.
    fn hide(&self, handoff: &mut Handoff, also: Also) {
        handoff.context.transcript = self.history.transcript();
        redact::handoff(handoff, also);
        handoff.context.transcript = excerpt(std::mem::take(&mut handoff.context.transcript));
    }

    /// The model had no goodbye in time: the manifest's line takes its place.
    pub(super) fn say_goodbye_line(&mut self, now: Instant) {
        let Some(leaving) = &self.leaving else { return };
        let lines = &self.settings.lines;
        let (kind, fallback) = match leaving.handoff.context.outcome {
            Outcome::Escalated => (ToolKind::Escalate, &lines.transfer),
            Outcome::Completed => (ToolKind::EndCall, &lines.farewell),
        };
        let tool = self.settings.toolbox.of_kind(kind);
        let line = tool.and_then(|tool| tool.say.within(&self.language));
        let line = line.or_else(|| fallback.within(&self.language)).map(str::to_owned);
        self.speak_reply(&line.unwrap_or_default());
        self.goodbye_said(now);
    }

    /// All of the goodbye was sent: now it has to be heard.
    pub(super) fn goodbye_said(&mut self, now: Instant) {
        self.stage = Stage::Idle;
        self.close_cycle();
        let wait = self.goodbye_wait();
        if let Some(leaving) = &mut self.leaving {
            leaving.end_at = Some(now + wait);
        }
        self.goodbye_progress(now);
    }

    /// How long what is still to be heard may take.
    fn goodbye_wait(&self) -> Duration {
        let timings = &self.settings.timings;
        let characters = match &self.leaving {
            _ if self.playback.is_reported() => self.playback.unplayed(),
            Some(leaving) => leaving.goodbye,
            None => 0,
        };
        let millis = characters as u64 * 1_000 / u64::from(timings.characters_per_second.max(1));
        (timings.goodbye_grace + Duration::from_millis(millis)).min(timings.goodbye_longest)
    }

    /// A report of playback came: each moves the deadline, the last one ends the wait.
    pub(super) fn goodbye_progress(&mut self, now: Instant) {
        let Some(Leaving { end_at: Some(_), .. }) = self.leaving else { return };
        if !self.playback.is_reported() {
            return;
        }
        let wait = match self.playback.unplayed() {
            0 if !self.playback.is_speaking() => return self.end(now),
            0 => self.settings.timings.speaking_off,
            _ => self.goodbye_wait(),
        };
        if let Some(leaving) = &mut self.leaving {
            leaving.end_at = Some(now + wait);
        }
    }

    pub(super) fn goodbye_passed(&mut self, now: Instant) {
        if self.leaving.as_ref().is_some_and(|leaving| leaving.deadline() <= now) {
            // Nothing is under way any more, unless the model is still talking.
            self.stop_turn();
            self.end(now);
        }
    }

    /// The caller talked over the goodbye, and what was queued of it is gone: there is nothing to wait for.
    pub(super) fn goodbye_cut_off(&mut self, now: Instant) {
        if self.leaving.as_ref().is_some_and(|leaving| leaving.goodbye > 0) {
            self.stop_turn();
            self.end(now);
        } else {
            // What was cut off was said before; the goodbye is still to come.
            self.close_cycle();
        }
    }

    /// Ends the session. Nothing is sent after this.
    fn end(&mut self, now: Instant) {
        let Some(leaving) = self.leaving.as_mut().filter(|_| !self.ended) else { return };
        leaving.handoff.context.seconds = now.saturating_duration_since(self.began).as_secs();
        let handoff = leaving.handoff.clone();
        let handoff_data = Some(self.leaving_document(handoff.clone()).to_handoff_data());
        self.keep(handoff);
        self.send(Outbound::End { handoff_data });
        self.ended = true;
    }

    /// The document as Twilio gets it: it travels through other hands.
    fn leaving_document(&self, mut handoff: Handoff) -> Handoff {
        self.hide(&mut handoff, self.settings.hidden);
        let context = &mut handoff.context;
        if context.outcome == Outcome::Escalated {
            let desk = self.settings.desk.as_ref();
            context.desk_url = desk.map(|desk| desk.link(&context.call_sid, &context.handoff_id));
        }
        handoff
    }

    /// The document as the model's `escalate` arguments have it. They fit the schema.
    pub(super) fn model_handoff(&self, arguments: &Value, now: Instant) -> Handoff {
        let text = |key: &str, most| arguments.get(key).and_then(Value::as_str).map(|text| tidy(text, most));
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let mut handoff = self.plain_handoff(Trigger::Model, now);
        if let Some(code) = filled(text("reasonCode", 64)) {
            handoff.reason_code = code;
        }
        if let Some(reason) = filled(text("reason", 300)) {
            handoff.reason = reason.into();
        }
        if let Some(summary) = filled(text("callSummary", 1_500)) {
            handoff.call_summary = summary.into();
            handoff.context.summary_by = Author::Model;
        }
        if let Some(word) = text("sentiment", 16) {
            handoff.sentiment = Sentiment::from_word(&word);
        }
        handoff.context.topic = filled(text("topic", 64)).map(Pii::from);
        handoff
    }

    /// The document of a call whose business is done, as the model's `end_call` arguments have it.
    pub(super) fn farewell(&self, arguments: &Value, now: Instant) -> Handoff {
        let reason = arguments.get("reason").and_then(Value::as_str).map(|text| tidy(text, 300));
        let reason = reason.filter(|reason| !reason.is_empty());
        let mut handoff = self.plain_handoff(Trigger::Model, now);
        handoff.reason_code = "completed".to_owned();
        handoff.reason = reason.unwrap_or_else(|| "The caller has what was wanted".to_owned()).into();
        handoff.context.outcome = Outcome::Completed;
        handoff
    }

    /// The document as the transcript alone has it.
    pub(super) fn plain_handoff(&self, trigger: Trigger, now: Instant) -> Handoff {
        let (call_sid, handoff_id) = (self.settings.call_sid.clone(), self.settings.handoff_id.clone());
        let mut handoff = plain(call_sid, handoff_id, trigger, self.history.transcript(), &self.language);
        let context = &mut handoff.context;
        context.prompts = Some(self.settings.prompts.clone());
        context.turns = self.counts.turns;
        context.seconds = now.saturating_duration_since(self.began).as_secs();
        context.memory.clone_from(&self.memory);
        handoff
    }
}

/// A person outranks the end of the call. Returns whether that changed anything.
pub(super) fn outrank_completion(handoff: &mut Handoff, cause: &Cause) -> bool {
    let completed = handoff.context.outcome == Outcome::Completed;
    if completed {
        handoff.context.outcome = Outcome::Escalated;
        handoff.reason_code = cause.trigger.reason_code().to_owned();
        handoff.reason = cause.trigger.reason().into();
        cause.mark(handoff);
    }
    completed
}
