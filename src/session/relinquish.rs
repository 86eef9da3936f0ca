//! The bridge cannot go on with a call: its server ends, its socket stalls, or the call floods it. A person
//! takes over, and the model is not asked.

use std::time::{Duration, Instant};

use super::turn::Stage;
use super::{Counts, Session};
use crate::handoff::{Trigger, cut};

/// How long the way out may take then. A server that ends waits ten seconds.
const WAY_OUT: Duration = Duration::from_secs(8);

/// The longest utterance that is taken in, in characters: some minutes of speech.
const LONGEST_UTTERANCE: usize = 4_000;
/// The most a caller says in a session, in bytes: about five hours of speech.
const MOST_SAID: usize = 250_000;
/// The most utterances in a row of which none was answered. The model is given up long before a person says
/// as many.
const MOST_UNANSWERED: u32 = 50;

impl Counts {
    /// Counts an utterance. Returns whether nobody speaks like this.
    fn is_flood(&mut self, text: &str, unanswered: bool) -> bool {
        self.said = self.said.saturating_add(text.len());
        self.unanswered = if unanswered { self.unanswered.saturating_add(1) } else { 0 };
        self.said > MOST_SAID || self.unanswered > MOST_UNANSWERED
    }
}

impl Session {
    /// A final prompt, held to what a person can say: whatever arrives, the conversation stays bounded.
    pub(super) fn prompted(&mut self, text: &str, now: Instant) {
        let text = cut(text, LONGEST_UTTERANCE);
        self.history.drop_empty();
        if self.counts.is_flood(&text, self.history.awaits_answer()) {
            self.relinquish(Trigger::Overload, now);
        } else {
            self.caller_said(&text, now);
        }
    }

    /// Hands the call to a person with what is known. What was said before is still heard, for a few seconds.
    pub(super) fn relinquish(&mut self, trigger: Trigger, now: Instant) {
        if self.armed.is_some() {
            // A person is due already, and there is no time for the model's summary.
            self.stop_turn();
            self.leave_armed(None, &[], now);
        } else if self.leaving.is_none() {
            let wish = match &mut self.stage {
                Stage::Running(running) => running.take_wish(),
                Stage::Idle | Stage::Asking(_) | Stage::Pausing(_) => None,
            };
            self.stop_turn();
            match wish {
                // What the model asked for waited for other tools, and waits no longer.
                Some((handoff, reply)) => self.leave(handoff, reply, now),
                None => {
                    let handoff = self.plain_handoff(trigger, now);
                    let line = self.settings.lines.transfer.within(&self.language).map(str::to_owned);
                    self.leave_saying(handoff, line, now);
                }
            }
        }
        if let Some(leaving) = &mut self.leaving {
            leaving.hurry(now + WAY_OUT);
        }
    }
}
