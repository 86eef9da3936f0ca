//! The telephone line of a trial: speech is played at its pace, on a clock that is turned by hand.

use std::time::{Duration, Instant};

use crate::caller::player::{Playback, Player, Report, Words};
use crate::caller::{By, Interruptible, Rate};
use crate::relay::Speech;

/// The line, and what was heard on it.
pub(super) struct Line {
    player: Player,
    rate: u32,
    /// The reply that is being sent.
    reply: usize,
    /// When the clause began that is being played, while one is.
    clause: Option<Instant>,
    /// How many characters were heard since the caller last did something.
    heard: usize,
}

impl Line {
    /// A silent line, at so many characters per second.
    pub(super) fn new(rate: u32) -> Self {
        let rate = rate.max(1);
        Self { player: Player::new(Rate::per_second(rate)), rate, reply: 0, clause: None, heard: 0 }
    }

    /// Plays a piece of speech, and returns the reply it belongs to.
    pub(super) fn speak(&mut self, speech: &Speech, now: Instant) -> usize {
        let (reply, last) = (self.reply, speech.last);
        let interruptible = speech.interruptible.map_or(Interruptible::Any, Interruptible::from);
        self.player.speak(Words { token: &speech.token, last, interruptible, reply }, now);
        self.reply += usize::from(last);
        reply
    }

    /// What happened until now.
    pub(super) fn reports(&mut self, now: Instant) -> Vec<Report> {
        let reports = self.player.poll(now);
        for report in &reports {
            match &report.what {
                Playback::Speaking(on) => self.clause = on.then_some(report.at),
                Playback::Played { text, .. } => {
                    self.heard += text.chars().count();
                    self.clause = Some(report.at);
                }
                Playback::Interrupted { .. } => {}
            }
        }
        reports
    }

    /// When there is something to report.
    pub(super) fn next_report(&self) -> Option<Instant> {
        self.player.next_report()
    }

    /// Whether nothing is to be heard, now or soon.
    pub(super) fn is_quiet(&self) -> bool {
        self.player.playing().is_none() && self.player.next_report().is_none()
    }

    /// The caller does something: what is heard is counted anew.
    pub(super) fn count_anew(&mut self) {
        self.heard = 0;
    }

    /// When so many characters were heard, if what is being played lasts until then and may be cut off.
    pub(super) fn heard_at(&self, characters: usize, now: Instant) -> Option<Instant> {
        let began = self.clause?;
        self.player.playing().filter(|playing| playing.allows(By::Speech))?;
        let left = characters.saturating_sub(self.heard);
        let at = began + Duration::from_secs(left as u64) / self.rate;
        (at <= self.player.next_report()?).then_some(at.max(now))
    }

    /// The caller cuts in. Whether that was possible.
    pub(super) fn interrupt(&mut self, now: Instant) -> bool {
        self.player.interrupt(By::Speech, now)
    }
}
