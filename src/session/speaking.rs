//! A talk cycle: the text frames of one reply, closed by exactly one `last:true`.

use std::time::Duration;

use smol_str::{SmolStr, format_smolstr};

use super::Session;
use super::history::{ReplyId, Step};
use crate::relay::{Outbound, Speech};
use crate::speech::Speakable;

/// The talk cycle that is open, if one is.
#[derive(Debug, Default)]
pub(super) struct Cycle {
    /// Whether text was sent that no `last:true` followed yet.
    open: bool,
    /// Whether the next text must be set apart from what was sent before it.
    seam: bool,
    /// Whether what was sent last sets the next text apart.
    spaced: bool,
    /// What makes the model's words speakable; it may hold a few characters back.
    speakable: Option<Speakable>,
    /// Reused from delta to delta.
    scratch: String,
}

impl Cycle {
    /// Begins a part of the reply that is not the continuation of a sentence.
    pub(super) fn seam(&mut self) {
        self.seam = true;
        self.speakable = None;
    }

    /// Whether what comes next is set apart already.
    fn is_spaced_seam(&self) -> bool {
        self.seam && self.open && self.spaced
    }
}

impl Session {
    /// Speaks the next words of the model. Returns whether anything was said.
    pub(super) fn speak(&mut self, reply: ReplyId, delta: &str) -> bool {
        let mut text = std::mem::take(&mut self.cycle.scratch);
        text.clear();
        let speakable = self.cycle.speakable.get_or_insert_with(|| Speakable::new(&self.language));
        speakable.push(delta, &mut text);
        let spoke = self.send_words(reply, &text);
        self.cycle.scratch = text;
        spoke
    }

    /// Speaks what was held back at the end of the model's words.
    pub(super) fn speak_rest(&mut self, reply: ReplyId) -> bool {
        let mut rest = String::new();
        if let Some(mut speakable) = self.cycle.speakable.take() {
            speakable.finish(&mut rest);
        }
        self.send_words(reply, &rest)
    }

    /// Speaks a line of our own that the model need not remember.
    pub(super) fn speak_line(&mut self, line: &str) {
        // What the model has begun and nobody heard yet goes on after the line.
        self.cycle.seam = true;
        let text = self.seamless(line);
        self.playback.queue(None, 0, &text);
        self.send_text(text);
        self.cycle.seam = true;
    }

    /// Speaks a line of our own that belongs to the conversation.
    pub(super) fn speak_reply(&mut self, line: &str) {
        let reply = self.history.open_reply();
        self.cycle.seam();
        self.send_words(reply, line);
        self.history.mark(reply, Step::Finished);
    }

    /// Closes the reply, if it has said anything that is not closed yet.
    pub(super) fn close_cycle(&mut self) {
        self.cycle.speakable = None;
        if std::mem::take(&mut self.cycle.open) {
            let interruptible = self.interruptible();
            self.send(Outbound::Text(Speech { token: SmolStr::default(), last: true, interruptible }));
        }
        self.cycle.seam = false;
    }

    fn send_words(&mut self, reply: ReplyId, words: &str) -> bool {
        let words = if self.cycle.is_spaced_seam() { words.trim_start() } else { words };
        // White space alone begins no reply, and answers nobody.
        if words.is_empty() || (words.trim().is_empty() && !self.cycle.open) {
            return false;
        }
        let text = self.seamless(words);
        let start = self.history.said(reply).len();
        if text.len() > words.len() {
            self.playback.queue(None, 0, " ");
        }
        self.history.say(reply, words);
        self.playback.queue(Some(reply), start, words);
        self.send_text(text);
        !words.trim().is_empty()
    }

    fn send_text(&mut self, token: SmolStr) {
        if let Some(leaving) = &mut self.leaving {
            leaving.said_goodbye(&token);
        }
        self.cycle.open = true;
        self.cycle.spaced = token.ends_with(char::is_whitespace);
        self.quiet_since = self.quiet_since.max(self.now) + self.speaking_time(&token);
        self.said_in_turn = true;
        let interruptible = self.interruptible();
        self.send(Outbound::Text(Speech { token, last: false, interruptible }));
    }

    /// How long it takes to say this.
    pub(super) fn speaking_time(&self, text: &str) -> Duration {
        let rate = u64::from(self.settings.timings.characters_per_second.max(1));
        Duration::from_millis(text.chars().count() as u64 * 1_000 / rate)
    }

    /// The text with a space before it, where it would run into what stands before.
    fn seamless(&mut self, text: &str) -> SmolStr {
        let spaced = self.cycle.spaced || text.starts_with(char::is_whitespace);
        let apart = std::mem::take(&mut self.cycle.seam) && self.cycle.open && !spaced;
        if apart { format_smolstr!(" {text}") } else { text.into() }
    }

    /// A goodbye cannot be talked over.
    fn interruptible(&self) -> Option<bool> {
        self.leaving.is_some().then_some(false)
    }
}
