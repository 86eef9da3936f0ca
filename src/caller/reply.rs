//! What the AI says, reply by reply: what was sent, what was heard, and what never was.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::frame::Frame;

/// One reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// All that was sent.
    pub text: String,
    /// What was played of it.
    pub heard: String,
    /// From the caller's last act to the first token.
    pub first_token: Duration,
    /// Where its frames are, in [`Conversation::frames`](super::Conversation::frames).
    pub frames: Range<usize>,
}

/// What an interrupt did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// What was heard of the reply that was playing.
    pub heard: String,
    /// What had arrived and was never played.
    pub unheard: String,
}

/// All replies of a session, the greeting first if there is one.
#[derive(Debug, Default)]
pub(super) struct Replies {
    talks: Vec<Talk>,
    awaited: usize,
}

#[derive(Debug)]
struct Talk {
    reply: Reply,
    /// Sent, and not played yet.
    queued: String,
    closed: bool,
}

impl Replies {
    /// The greeting, which Twilio speaks by itself. Nobody waits for it as for a reply.
    pub(super) fn greet(&mut self, text: &str) -> usize {
        let reply =
            Reply { text: text.to_owned(), heard: String::new(), first_token: Duration::ZERO, frames: 0..0 };
        self.talks.push(Talk { reply, queued: text.to_owned(), closed: true });
        self.expect_next();
        self.talks.len() - 1
    }

    /// Takes a `text` frame; returns the number of its reply. A closer without a reply has none.
    pub(super) fn hear(&mut self, frame: &Frame, index: usize, asked: Instant) -> Option<usize> {
        if self.talks.last().is_none_or(|talk| talk.closed) {
            if frame.token.is_empty() {
                return None;
            }
            let first_token = frame.at.saturating_duration_since(asked);
            let reply =
                Reply { text: String::new(), heard: String::new(), first_token, frames: index..index };
            self.talks.push(Talk { reply, queued: String::new(), closed: false });
        }
        let number = self.talks.len() - 1;
        let talk = self.talks.last_mut()?;
        talk.reply.text.push_str(&frame.token);
        talk.queued.push_str(&frame.token);
        talk.reply.frames.end = index + 1;
        talk.closed = frame.last;
        Some(number)
    }

    /// Takes a playback report.
    pub(super) fn played(&mut self, number: usize, text: &str) {
        if let Some(talk) = self.talks.get_mut(number) {
            talk.reply.heard.push_str(text);
            talk.queued.drain(..text.len().min(talk.queued.len()));
        }
    }

    /// The caller acted: what is being said now is not the answer to it, and neither is its rest.
    pub(super) fn expect_next(&mut self) {
        self.awaited = self.talks.len();
    }

    /// Everything that was queued will not be played.
    pub(super) fn cut(&mut self) -> Cut {
        let mut cut = Cut { heard: String::new(), unheard: String::new() };
        for talk in &mut self.talks {
            if !talk.queued.is_empty() && cut.unheard.is_empty() {
                cut.heard.clone_from(&talk.reply.heard);
            }
            cut.unheard.push_str(&std::mem::take(&mut talk.queued));
        }
        if cut.unheard.is_empty() {
            // Cut at its very last word.
            cut.heard = self.talks.last().map(|talk| talk.reply.heard.clone()).unwrap_or_default();
        }
        self.expect_next();
        cut
    }

    /// The next reply somebody waits for, if it is complete, and was played if that matters.
    pub(super) fn ready(&self, played: bool, over: bool) -> Option<usize> {
        let complete = |talk: &Talk| over || (talk.closed && (!played || talk.queued.is_empty()));
        let number = self.awaited + self.talks.get(self.awaited..)?.iter().position(Talk::has_words)?;
        complete(&self.talks[number]).then_some(number)
    }

    /// Hands a reply to who waited for it; what is waited for from now on comes after it.
    pub(super) fn take(&mut self, number: usize) -> Reply {
        self.awaited = number + 1;
        self.talks[number].reply.clone()
    }

    /// All replies so far.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Reply> {
        self.talks.iter().map(|talk| &talk.reply)
    }
}

impl Talk {
    fn has_words(&self) -> bool {
        !self.reply.text.trim().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Heard {
        replies: Replies,
        frames: usize,
        start: Instant,
    }

    impl Heard {
        fn new() -> Self {
            Self { replies: Replies::default(), frames: 0, start: crate::clock::now() }
        }

        fn text(&mut self, token: &str, last: bool) -> Option<usize> {
            let message = serde_json::json!({ "type": "text", "token": token, "last": last }).to_string();
            let frame = Frame::read(&message, self.start + Duration::from_millis(40));
            self.frames += 1;
            self.replies.hear(&frame, self.frames - 1, self.start)
        }

        fn reply(&mut self, played: bool) -> Option<Reply> {
            self.replies.ready(played, false).map(|number| self.replies.take(number))
        }
    }

    #[test]
    fn a_reply_is_complete_when_it_was_closed_and_played() {
        let mut heard = Heard::new();
        heard.text("Your order ", false);
        assert_eq!(heard.reply(false), None);
        heard.text("left.", true);
        assert_eq!(heard.reply(true), None);
        heard.replies.played(0, "Your order left.");
        let reply = heard.reply(true).unwrap();
        assert_eq!((reply.text.as_str(), reply.heard.as_str()), ("Your order left.", "Your order left."));
        assert_eq!((reply.first_token, reply.frames), (Duration::from_millis(40), 0..2));
        assert_eq!(heard.reply(true), None);
    }

    #[test]
    fn the_rest_of_a_reply_that_was_cut_is_not_the_next_reply() {
        let mut heard = Heard::new();
        heard.text("One. Two.", false);
        heard.replies.played(0, "One.");
        assert_eq!(heard.replies.cut(), Cut { heard: "One.".into(), unheard: " Two.".into() });
        heard.text(" Three.", false);
        heard.text("", true);
        assert_eq!(heard.reply(false), None);
        heard.text("Yes?", true);
        assert_eq!(heard.reply(false).unwrap().text, "Yes?");
    }

    #[test]
    fn a_closer_alone_is_no_reply() {
        let mut heard = Heard::new();
        assert_eq!(heard.text("", true), None);
        heard.text("Hello.", true);
        assert_eq!(heard.text("", true), None);
        assert_eq!(heard.reply(false).unwrap().text, "Hello.");
        assert_eq!(heard.reply(false), None);
    }

    #[test]
    fn replies_are_waited_for_one_by_one() {
        let mut heard = Heard::new();
        heard.replies.greet("Hi.");
        heard.text("One.", true);
        heard.text("Two.", true);
        assert_eq!(heard.reply(false).unwrap().text, "One.");
        assert_eq!(heard.reply(false).unwrap().text, "Two.");
        heard.text("Three.", true);
        heard.replies.expect_next();
        assert_eq!(heard.reply(false), None);
    }

    #[test]
    fn a_session_that_ends_completes_what_was_being_said() {
        let mut heard = Heard::new();
        heard.text("I am connecting", false);
        assert_eq!(heard.replies.ready(true, false), None);
        assert_eq!(heard.replies.ready(true, true), Some(0));
    }
}
