//! Somebody who looks on: takes the call from the AI, or tells it something the caller does not hear.

use std::time::Instant;

use super::Session;
use super::leaving::outrank_completion;
use super::rules::Cause;
use super::turn::Stage;
use crate::handoff::{Handoff, Trigger, tidy};
use crate::pii::Pii;

/// How many notes the model is told of: the latest.
const MOST: usize = 8;
/// The longest note, in characters.
const LONGEST: usize = 500;
/// The longest reason for a hand-off, in characters.
const LONGEST_REASON: usize = 300;

/// What the model is to know beside the conversation.
#[derive(Debug, Default)]
pub(super) struct Notes {
    notes: Vec<Pii<String>>,
    /// Whether it was not told of all of them yet.
    news: bool,
}

impl Notes {
    /// Those of an earlier session.
    pub(super) fn restored(notes: Vec<Pii<String>>) -> Self {
        Self { news: !notes.is_empty(), notes }
    }

    pub(super) fn all(&self) -> &[Pii<String>] {
        &self.notes
    }

    /// All of them, a line for each, where one is new since this was asked before.
    pub(super) fn news(&mut self) -> Option<Pii<String>> {
        let line = |note: &Pii<String>| format!("- {}", note.expose());
        std::mem::take(&mut self.news)
            .then(|| self.notes.iter().map(line).collect::<Vec<_>>().join("\n").into())
    }

    fn add(&mut self, note: String) {
        if self.notes.len() >= MOST {
            self.notes.remove(0);
        }
        self.notes.push(note.into());
        self.news = true;
    }
}

impl Session {
    /// Keeps a note for the model. It is one line, so that it cannot pass for another part of the prompt.
    pub(super) fn whisper(&mut self, note: &Pii<String>) {
        let note = tidy(note.expose(), LONGEST);
        if !note.is_empty() {
            self.notes.add(note);
        }
    }

    /// A person takes over at once. The model is not asked for a summary nor for a goodbye: the last words may be
    /// ours, and somebody has decided already. Their reason stands over what a model or a rule gave.
    pub(super) fn take_over(&mut self, reason: Option<&Pii<String>>, now: Instant) {
        let reason = reason.map(|reason| tidy(reason.expose(), LONGEST_REASON));
        let reason = reason.filter(|reason| !reason.is_empty()).map(Pii::from);
        let cause = Cause { reason, ..Trigger::Supervisor.into() };
        if self.leaving.is_some() {
            // A call that was done is not done; one that goes to a person goes there.
            return self.person_outranks(&cause);
        }
        if let Some(armed) = &mut self.armed {
            armed.cause.reason = cause.reason.or(armed.cause.reason.take());
            self.stop_turn();
            return self.leave_armed(None, &[], now);
        }
        let wish = match &mut self.stage {
            Stage::Running(running) => running.take_wish(),
            Stage::Idle | Stage::Asking(_) | Stage::Pausing(_) => None,
        };
        self.stop_turn();
        let Some((mut handoff, reply)) = wish else {
            let mut handoff = self.plain_handoff(Trigger::Supervisor, now);
            cause.mark(&mut handoff);
            return self.leave_with_line(handoff, now);
        };
        // The model's own hand-off waited for other tools, and waits no longer.
        if !outrank_completion(&mut handoff, &cause)
            && let Some(reason) = cause.reason
        {
            handoff.reason = reason;
        }
        if self.history.said(reply).trim().is_empty() {
            self.leave_with_line(handoff, now);
        } else {
            self.leave(handoff, reply, now);
        }
    }

    /// Leaves with the sentence that connects the caller with a person.
    fn leave_with_line(&mut self, handoff: Handoff, now: Instant) {
        let line = self.settings.lines.transfer.within(&self.language).map(str::to_owned);
        self.leave_saying(handoff, line, now);
    }
}
