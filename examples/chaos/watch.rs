//! What must hold on every wire, whatever happens: the rules of a call as the caller can tell them.

use std::time::{Duration, Instant};

use warmline::caller::Frame;

use crate::endpoint::{Endpoint, Tag};

/// How long a word may be on its way after its request was given up.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// One call, watched over all its sessions.
pub(crate) struct Watch {
    call: u64,
    /// Characters of speech in a second.
    rate: f64,
    /// What was not as it must be.
    pub(crate) breaks: Vec<String>,
    /// The longest silence where speech was owed.
    pub(crate) silence: Duration,
    /// The longest silence at the beginning of a session that took up a lost one.
    pub(crate) reopening: Duration,
    /// Since when the caller waits for something to be said.
    owed: Option<Instant>,
    /// Since when a new session owes its first words.
    opening: Option<Instant>,
    /// When the last sound is estimated to end.
    sound: Instant,
    /// How many frames of the session were looked at.
    pub(crate) seen: usize,
    /// The end of what was said, as far as it may not be a whole word.
    unread: String,
    /// The latest request whose words were spoken, and the latest when a reply was last closed.
    spoken: Option<u64>,
    closed: Option<u64>,
    ended: bool,
    /// The turn that is to be answered.
    turn: usize,
    /// Whether words of its answer were sent.
    pub(crate) began: bool,
    /// Whether all of it was.
    pub(crate) answered: bool,
    /// How many frames with words came since the caller spoke.
    pub(crate) texts: usize,
}

impl Watch {
    pub(crate) fn new(call: u64, rate: u64, now: Instant) -> Self {
        Self {
            call,
            rate: rate as f64,
            breaks: Vec::new(),
            silence: Duration::ZERO,
            reopening: Duration::ZERO,
            owed: None,
            opening: None,
            sound: now,
            seen: 0,
            unread: String::new(),
            spoken: None,
            closed: None,
            ended: false,
            turn: 0,
            began: false,
            answered: false,
            texts: 0,
        }
    }

    /// A session begins. One that takes up another owes its first words.
    pub(crate) fn session(&mut self, again: bool, greeting: Option<&str>, now: Instant) {
        self.seen = 0;
        // The line may have been lost in the middle of a word.
        let unread = std::mem::take(&mut self.unread);
        self.began |= Self::read(unread.trim()).is_some_and(|(tag, ..)| tag.turn == self.turn);
        (self.spoken, self.closed, self.ended) = (None, None, false);
        self.opening = again.then_some(now);
        self.sound = now;
        self.says(greeting.unwrap_or_default(), now);
    }

    /// The caller spoke, and waits for an answer from then on.
    pub(crate) fn asked(&mut self, turn: usize, now: Instant) {
        self.turn = turn;
        self.owed = Some(now);
        (self.began, self.answered, self.texts) = (false, false, 0);
    }

    /// The caller waits from this moment on, if an answer is still owed.
    pub(crate) fn put_off(&mut self, until: Instant) {
        self.owed = self.owed.map(|_| until);
    }

    /// Nothing is owed: the answer was heard, or nobody knows of the question.
    pub(crate) fn owes_nothing(&mut self) {
        self.owed = None;
    }

    /// Whether the caller waits for something to be said.
    pub(crate) fn is_owed(&self) -> bool {
        self.owed.is_some()
    }

    /// What was still to be heard is not.
    pub(crate) fn cut(&mut self, now: Instant) {
        self.sound = now;
        if self.began {
            self.answered = true;
            self.owed = None;
        }
        self.put_off(now);
    }

    /// Looks at the next frame of the session.
    pub(crate) fn frame(&mut self, frame: &Frame, endpoint: &Endpoint) {
        if self.ended {
            self.breaks.push(format!("`{}` after `end`", frame.kind));
        }
        if let Some(fault) = frame.fault {
            self.breaks.push(format!("a frame that Twilio refuses: {fault}"));
        }
        match frame.kind.as_str() {
            "text" => self.text(frame, endpoint),
            "end" => {
                self.heard_something(frame.at);
                self.owed = None;
                self.ended = true;
            }
            _ => {}
        }
    }

    fn text(&mut self, frame: &Frame, endpoint: &Endpoint) {
        if !frame.token.trim().is_empty() {
            self.texts += 1;
            self.heard_something(frame.at);
            self.says(&frame.token, frame.at);
        }
        self.unread.push_str(&frame.token);
        let whole = if frame.last {
            self.unread.len()
        } else {
            self.unread.rfind(char::is_whitespace).map_or(0, |at| at + 1)
        };
        let text: String = self.unread.drain(..whole).collect();
        for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
            if let Some((tag, request, is_answer)) = Self::read(word) {
                self.word(tag, request, is_answer, frame.at, endpoint);
            }
        }
        if frame.last {
            self.closed = self.spoken;
            if self.began {
                self.answered = true;
                self.owed = None;
            }
        }
    }

    fn read(word: &str) -> Option<(Tag, u64, bool)> {
        let (tag, request) = word.split_once('q')?;
        let (request, kind) = request.split_at_checked(request.len().checked_sub(1)?)?;
        Some((Tag::last_in(tag)?, request.parse().ok()?, kind == "a"))
    }

    fn word(&mut self, tag: Tag, request: u64, is_answer: bool, at: Instant, endpoint: &Endpoint) {
        if tag.call != self.call {
            self.breaks.push(format!("words of call {}", tag.call));
        }
        if self.spoken > Some(request) {
            self.breaks.push(format!("words of request {request} after those of {:?}", self.spoken));
        }
        if self.closed >= Some(request) {
            self.breaks.push(format!("words of request {request} after its reply was closed"));
        }
        let dropped = endpoint.dropped(request).filter(|_| is_answer);
        if dropped.is_some_and(|dropped| at > dropped + ON_ITS_WAY) {
            self.breaks.push(format!("words of request {request}, which was given up"));
        }
        self.spoken = self.spoken.max(Some(request));
        self.began |= tag.turn == self.turn;
    }

    fn says(&mut self, text: &str, at: Instant) {
        let time = Duration::from_secs_f64(text.chars().count() as f64 / self.rate);
        self.sound = self.sound.max(at) + time;
    }

    /// The silence before this moment is over.
    fn heard_something(&mut self, at: Instant) {
        if let Some(opening) = self.opening.take() {
            self.reopening = self.reopening.max(at.saturating_duration_since(opening));
            self.put_off(at);
        }
        if let Some(since) = self.owed {
            let silence = at.saturating_duration_since(since.max(self.sound));
            self.silence = self.silence.max(silence);
        }
    }
}
