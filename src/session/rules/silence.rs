//! A caller who says nothing is asked once whether somebody is there. Whoever then stays silent gets a person,
//! or a goodbye.
//!
//! Silence is what the caller can hear: it begins when the last sound is estimated to have ended, or was
//! reported, and not when we sent it. The time that recognition and synthesis take is not the caller's.

use std::time::{Duration, Instant};

use super::AfterSilence;
use crate::handoff::{Outcome, Trigger};
use crate::session::Session;

/// How long somebody may be said to be speaking without a word being recognised.
const LONGEST_NOISE: Duration = Duration::from_secs(15);

/// What was last heard on the line.
#[derive(Debug, Clone, Copy)]
pub(in crate::session) struct Attention {
    /// When the caller last gave a sign, or the platform last reported a sound of ours.
    last_sign: Instant,
    /// Whether we asked since the caller's last words.
    asked: bool,
}

impl Attention {
    /// Nothing was heard before `now`.
    pub(in crate::session) fn new(now: Instant) -> Self {
        Self { last_sign: now, asked: false }
    }

    /// There was a sound, by the caller or by us.
    pub(in crate::session) fn sound(&mut self, now: Instant) {
        self.last_sign = now;
    }

    /// The caller said or typed something. Noise is no answer to our question.
    pub(in crate::session) fn words(&mut self, now: Instant) {
        *self = Self::new(now);
    }
}

impl Session {
    /// When the silence has lasted too long. Only a caller whose turn it is can be silent.
    pub(in crate::session) fn silence_at(&self) -> Option<Instant> {
        let patience = self.settings.rules.silence;
        let waits = self.is_idle() && self.ask_again.is_none() && self.keypad.deadline().is_none();
        if patience.is_zero() || !waits || self.is_certain() {
            return None;
        }
        let noise = if self.caller_speaking { LONGEST_NOISE } else { Duration::ZERO };
        let heard = self.attention.last_sign + noise;
        // Where it is reported, the end of our speech is known and need not be estimated.
        let is_played = self.playback.is_reported() && self.playback.unplayed() == 0;
        Some(if is_played { heard } else { self.quiet_since.max(heard) } + patience)
    }

    pub(in crate::session) fn silence_passed(&mut self, now: Instant) {
        if self.silence_at().is_none_or(|at| at > now) {
            return;
        }
        if !std::mem::replace(&mut self.attention.asked, true) {
            // It belongs to the conversation: "yes" is an answer to this, and not to what was said before.
            let line = self.settings.lines.still_there.within(&self.language).map(str::to_owned);
            self.attention.sound(now);
            self.speak_reply(&line.unwrap_or_default());
            return self.close_cycle();
        }
        match self.settings.rules.after_silence {
            AfterSilence::Person => self.hand_over(Trigger::Silence, now),
            AfterSilence::Goodbye => {
                let mut handoff = self.plain_handoff(Trigger::Silence, now);
                handoff.context.outcome = Outcome::Completed;
                let line = self.settings.lines.farewell.within(&self.language).map(str::to_owned);
                self.leave_saying(handoff, line, now);
            }
        }
    }
}
