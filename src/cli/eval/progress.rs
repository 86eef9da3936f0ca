//! How far a run is, on one line that is written again and again. Without a terminal there is none.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use crate::clock::now;
use crate::eval::run::Progress;

/// How often the line is written at most.
const OFTEN: Duration = Duration::from_millis(100);
/// How long the bar is, in characters.
const BAR: usize = 24;

/// The line.
pub(super) struct Bar {
    shown: bool,
    began: Instant,
    written: Option<Instant>,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self { shown: std::io::stderr().is_terminal(), began: now(), written: None }
    }

    /// Writes how far it is.
    pub(super) fn show(&mut self, progress: Progress) {
        let at = now();
        let is_last = progress.done == progress.all;
        let recent = self.written.is_some_and(|written| at.saturating_duration_since(written) < OFTEN);
        if self.shown && (!recent || is_last) {
            self.written = Some(at);
            // Who closed the terminal sees no bar.
            let line = line(progress, at.saturating_duration_since(self.began));
            let _ = write!(std::io::stderr(), "\r\u{1b}[2K{line}");
        }
    }

    /// Takes the line away.
    pub(super) fn end(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\u{1b}[2K");
        }
    }
}

fn line(progress: Progress, since: Duration) -> String {
    let Progress { done, all, missed, failed } = progress;
    let filled = (BAR * done).checked_div(all).unwrap_or(BAR);
    let bar = "█".repeat(filled) + &"░".repeat(BAR - filled);
    let mut line = format!("{bar} {done}/{all} trials");
    if missed > 0 {
        line.push_str(&format!(", {missed} not as expected"));
    }
    if failed > 0 {
        line.push_str(&format!(", {failed} could not be held"));
    }
    if done > 0 && done < all {
        let left = since.mul_f64((all - done) as f64 / done as f64).as_secs();
        line.push_str(&format!(", {}:{:02} left", left / 60, left % 60));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_much_is_left() {
        let progress = Progress { done: 10, all: 40, missed: 2, failed: 1 };
        assert_eq!(
            line(progress, Duration::from_secs(30)),
            "██████░░░░░░░░░░░░░░░░░░ 10/40 trials, 2 not as expected, 1 could not be held, 1:30 left"
        );
        assert_eq!(line(Progress::default(), Duration::ZERO), "████████████████████████ 0/0 trials");
    }
}
