//! What is done when the model fails: ask again, ask for less, wait a moment, or apologise and get a person.
//!
//! The steps in order, as long as the caller has heard nothing of the answer:
//! 1. a conversation that is too long is asked again without its oldest turns, once in a turn;
//! 2. the fallback endpoint is asked, where there is one;
//! 3. the same endpoint is asked a second time, at once, or after the pause that it asked for;
//! 4. the caller hears an apology and goes to a person, with a summary that needs no model.

use std::time::{Duration, Instant};

use super::history::Step;
use super::turn::{Purpose, Stage};
use super::{Output, Session, shorten};
use crate::chat::{Finish, ModelError};
use crate::handoff::Trigger;

/// A pause before a question is asked a second time.
#[derive(Debug)]
pub(super) struct Pausing {
    /// When it is asked.
    until: Instant,
    /// When the wait is bridged by a line.
    filler: Option<Instant>,
}

impl Pausing {
    pub(super) fn deadline(&self) -> Instant {
        self.filler.map_or(self.until, |at| at.min(self.until))
    }
}

/// Why an answer that came to its end is none, if it is none.
///
/// `spoken` is what was said of it. A stream that closes without a reason may be one of a server that never
/// gives any: what ends with a whole sentence is taken as an answer.
pub(super) fn shortcoming(finish: Finish, has_calls: bool, spoken: &str) -> Option<ModelError> {
    let ends_sentence = spoken.trim_end().ends_with(['.', '!', '?', '…', ':', '。', '"', '”']);
    match finish {
        Finish::Filtered => Some(ModelError::Filtered),
        Finish::Length if !has_calls => Some(ModelError::CutShort),
        Finish::Unsaid if has_calls || (!spoken.trim().is_empty() && !ends_sentence) => {
            Some(ModelError::Broken)
        }
        Finish::Complete | Finish::Length | Finish::Unsaid if spoken.trim().is_empty() && !has_calls => {
            Some(ModelError::Empty)
        }
        Finish::Complete | Finish::Length | Finish::Unsaid => None,
    }
}

impl Session {
    /// The answer under way failed, and nothing more will come of it.
    pub(super) fn model_failed(&mut self, error: &ModelError, now: Instant) {
        let Stage::Asking(asking) = &self.stage else { return };
        let (purpose, attempt, spoke) = (asking.purpose, asking.attempt, asking.spoke);
        self.history.mark(asking.reply, Step::Finished);
        // The request is over: there is nothing to cancel.
        self.stage = Stage::Idle;
        self.out.push(Output::Report(error.clone()));
        match purpose {
            Purpose::Summary => self.leave_armed(None, &[], now),
            Purpose::Goodbye if spoke => self.goodbye_said(now),
            Purpose::Goodbye => self.say_goodbye_line(now),
            Purpose::Answer => self.answer_failed(error, attempt, spoke, now),
        }
    }

    /// Asks once more while the caller has heard nothing of the answer; else a person takes over.
    pub(super) fn answer_failed(&mut self, error: &ModelError, attempt: u8, spoke: bool, now: Instant) {
        if spoke && *error == ModelError::CutShort {
            // The caller has heard most of an answer, and the model is there: it goes on if it is asked to.
            return self.cut_short();
        }
        if spoke {
            return self.give_up(Trigger::ModelFailure, now);
        }
        if *error == ModelError::TooLong && self.shorten() {
            return self.ask(Purpose::Answer, attempt, now);
        }
        if attempt > 1 {
            return self.give_up(Trigger::ModelFailure, now);
        }
        if self.settings.has_fallback {
            return self.ask(Purpose::Answer, 2, now);
        }
        match error.pause() {
            _ if !error.is_retryable() => self.give_up(Trigger::ModelFailure, now),
            Duration::ZERO => self.ask(Purpose::Answer, 2, now),
            // Longer than a first word may take: the caller does not wait so long for a second try either.
            pause if pause > self.settings.timings.first_token => self.give_up(Trigger::ModelFailure, now),
            pause => {
                let filler = Some(self.bridge_at());
                self.stage = Stage::Pausing(Pausing { until: now + pause, filler });
            }
        }
    }

    /// The pause is over, or has to be bridged.
    pub(super) fn pause_passed(&mut self, now: Instant) {
        let Stage::Pausing(pausing) = &mut self.stage else { return };
        if pausing.until <= now {
            self.stage = Stage::Idle;
            return self.ask(Purpose::Answer, 2, now);
        }
        if pausing.filler.take_if(|at| *at <= now).is_some() {
            let next = self.speak_filler();
            if let Stage::Pausing(pausing) = &mut self.stage {
                pausing.filler = next;
            }
        }
    }

    /// From now on the model is told of the newer half of the conversation only. Returns whether that is less
    /// than it was told before.
    fn shorten(&mut self) -> bool {
        if std::mem::replace(&mut self.counts.shortened, true) {
            return false;
        }
        let messages = self.messages();
        self.room = Some(shorten::size(&messages) / 2);
        shorten::turns(&self.messages()) < shorten::turns(&messages)
    }

    /// Says that the answer ends here, where a limit of the provider cut it.
    fn cut_short(&mut self) {
        if let Some(line) = self.settings.lines.cut_short.within(&self.language).map(str::to_owned) {
            self.speak_line(&line);
        }
        self.close_cycle();
    }

    /// Apologises and hands the call to a person, without the model.
    pub(super) fn give_up(&mut self, trigger: Trigger, now: Instant) {
        self.stop_turn();
        let handoff = self.plain_handoff(trigger, now);
        let line = self.settings.lines.apology.within(&self.language).map(str::to_owned);
        self.leave_saying(handoff, line, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_judged_by_how_it_ended() {
        use Finish::{Complete, Filtered, Length, Unsaid};
        for (finish, has_calls, spoken, expected) in [
            (Complete, false, "Yes.", None),
            (Complete, true, "", None),
            (Complete, false, " \n", Some(ModelError::Empty)),
            (Length, false, "Your parcel is", Some(ModelError::CutShort)),
            (Length, false, "", Some(ModelError::CutShort)),
            // A call that was cut fails its schema, and the model is told so.
            (Length, true, "", None),
            (Filtered, false, "Your", Some(ModelError::Filtered)),
            (Filtered, true, "", Some(ModelError::Filtered)),
            (Unsaid, false, "It arrives tomorrow. ", None),
            (Unsaid, false, "It arrives", Some(ModelError::Broken)),
            // What was to follow the call is not known.
            (Unsaid, true, "One moment.", Some(ModelError::Broken)),
            (Unsaid, false, "", Some(ModelError::Empty)),
        ] {
            assert_eq!(shortcoming(finish, has_calls, spoken), expected, "{finish:?} {has_calls} {spoken:?}");
        }
    }
}
