//! How long the AI may talk with a caller.

use std::time::{Duration, Instant};

use crate::handoff::Trigger;
use crate::session::Session;

/// How long an answer that is under way may still take.
const GRACE: Duration = Duration::from_secs(15);

impl Session {
    /// When the AI has talked long enough. An answer that is under way gets its chance to end.
    pub(in crate::session) fn longest_at(&self) -> Option<Instant> {
        let longest = self.settings.rules.longest;
        if longest.is_zero() || self.is_certain() {
            return None;
        }
        let at = self.began + longest.saturating_sub(self.standing.lasted);
        Some(if self.is_idle() { at } else { at + GRACE })
    }

    pub(in crate::session) fn longest_passed(&mut self, now: Instant) {
        if self.longest_at().is_some_and(|at| at <= now) {
            self.hand_over(Trigger::LongestDuration, now);
        }
    }
}
