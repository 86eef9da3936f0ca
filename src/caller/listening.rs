//! What goes on while nobody does anything: frames arrive, speech is played and reported, the session ends.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::json;

use super::error::CallError;
use super::frame::Frame;
use super::noun::Noun;
use super::player::Words;
use super::player::{Playback, Player, Report};
use super::reply::{Cut, Replies};
use super::speech::{By, Interruptible, Rate};
use super::wire::{Received, Wire};
use crate::clock;

/// What Twilio writes when it closes.
const REASON: &str = "Closing websocket session";
/// So many bad messages in a row end the session.
const TOO_MANY_FAULTS: u32 = 10;
/// How long the server gets to answer a close frame.
const CLOSING: Duration = Duration::from_secs(2);

/// Something that happened on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// The server sent this frame, by its number in [`Conversation::frames`](super::Conversation::frames).
    Frame(usize),
    /// Something was played.
    Playback(Report),
    /// The session is over, and the socket closed.
    Ended,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The server sent `end`.
    Ended {
        /// The hand-off document, as it was sent.
        handoff_data: Option<String>,
    },
    /// The caller hung up.
    HungUp,
    /// The server closed the socket or let it drop.
    Lost {
        /// The code of its close frame, if it sent one.
        code: Option<u16>,
    },
    /// Something of Twilio's failed.
    Failed {
        /// Twilio's error code.
        code: u32,
        /// And its message.
        message: String,
    },
}

/// One session, seen from the end of the line.
pub(super) struct Listener {
    pub(super) session: String,
    pub(super) noun: Noun,
    pub(super) wire: Wire,
    pub(super) player: Player,
    pub(super) replies: Replies,
    pub(super) frames: Vec<Frame>,
    pub(super) ending: Option<Ending>,
    pub(super) opened: Instant,
    pub(super) ended: Option<Instant>,
    acted: Instant,
    /// The socket is closed, and so is the matter.
    closed: bool,
    faults: u32,
    happenings: VecDeque<Happening>,
}

impl Listener {
    /// A session on a socket that was just opened.
    pub(super) fn new(session: String, noun: Noun, wire: Wire, rate: Rate) -> Self {
        let now = clock::now();
        Self {
            session,
            noun,
            wire,
            player: Player::new(rate),
            replies: Replies::default(),
            frames: Vec::new(),
            ending: None,
            opened: now,
            ended: None,
            acted: now,
            closed: false,
            faults: 0,
            happenings: VecDeque::new(),
        }
    }

    /// Twilio speaks the greeting.
    pub(super) fn greet(&mut self) {
        if let Some(token) = &self.noun.greeting {
            let reply = self.replies.greet(token);
            let interruptible = self.noun.greeting_interruptible;
            self.player.speak(Words { token, last: true, interruptible, reply }, clock::now());
        }
    }

    /// The caller is about to do something: what happened until now comes first.
    pub(super) fn begin_act(&mut self) -> Result<Instant, CallError> {
        while let Some(received) = self.wire.receive_now() {
            self.take(received);
        }
        if self.ending.is_some() {
            return Err(CallError::Over);
        }
        let now = clock::now();
        self.play(now);
        self.acted = now;
        Ok(now)
    }

    /// The caller cuts in after these words, if they are there to be heard.
    pub(super) fn cut_after(&mut self, words: &str, now: Instant) -> Option<Cut> {
        if !self.player.interrupt_after(words, By::Speech, now) {
            return None;
        }
        self.caller_speaks(true);
        let cut = self.after_cut(now);
        self.caller_speaks(false);
        Some(cut)
    }

    /// Reports an interrupt, and settles what was heard.
    pub(super) fn after_cut(&mut self, now: Instant) -> Cut {
        self.play(now);
        self.replies.cut()
    }

    /// A key is a question too, unless something is being said: then that may be the answer.
    pub(super) fn answer_to_keys(&mut self) {
        if self.player.playing().is_none() {
            self.replies.expect_next();
        }
    }

    /// Sends what is queued.
    pub(super) async fn send(&mut self) -> Result<(), CallError> {
        if self.wire.flush().await {
            Ok(())
        } else {
            self.lose_line();
            Err(CallError::Over)
        }
    }

    /// Reports, if wanted, that the caller's voice is heard.
    pub(super) fn caller_speaks(&mut self, on: bool) {
        if self.noun.speaker_events {
            self.wire.push(&info("clientSpeaking", if on { "on" } else { "off" }));
        }
    }

    /// Reports what was played until now.
    pub(super) fn play(&mut self, now: Instant) {
        for report in self.player.poll(now) {
            match &report.what {
                Playback::Speaking(on) if self.noun.speaker_events => {
                    self.wire.push(&info("agentSpeaking", if *on { "on" } else { "off" }));
                }
                Playback::Speaking(_) => {}
                Playback::Played { reply, text } => {
                    if let Some(reply) = reply {
                        self.replies.played(*reply, text);
                    }
                    if self.noun.tokens_played {
                        self.wire.push(&info("tokensPlayed", text));
                    }
                }
                Playback::Interrupted { heard, after } => self.wire.push(&json!({
                    "type": "interrupt",
                    "utteranceUntilInterrupt": heard,
                    "durationUntilInterruptMs": after.as_millis() as u64,
                })),
            }
            self.happenings.push_back(Happening::Playback(report));
        }
    }

    /// Twilio closes the session, after what is queued for the server.
    pub(super) fn close(&mut self, ending: Ending) {
        let code = if matches!(ending, Ending::Lost { .. }) { 1007 } else { 1000 };
        let reason = if code == 1007 { "Too many consecutive malformed messages." } else { REASON };
        self.end(ending);
        self.wire.push_close(code, reason);
    }

    /// The line drops.
    pub(super) fn lose_line(&mut self) {
        self.end(Ending::Lost { code: None });
        self.gone();
    }

    /// What happened already and was not told yet.
    pub(super) fn happened(&mut self) -> Option<Happening> {
        self.happenings.pop_front()
    }

    /// What happens next. Nothing is lost if it is dropped half way.
    pub(super) async fn next(&mut self) -> Happening {
        loop {
            if let Some(happening) = self.step(None).await {
                return happening;
            }
        }
    }

    /// Waits until `done`, which is asked after everything that happens; returns the moment.
    pub(super) async fn until(
        &mut self,
        within: Duration,
        mut done: impl FnMut(&mut Self, Instant) -> bool,
    ) -> Result<Instant, CallError> {
        let deadline = clock::now() + within;
        loop {
            let now = clock::now();
            if done(self, now) {
                return Ok(now);
            }
            match self.step(Some(deadline)).await {
                Some(Happening::Ended) if done(self, now) => return Ok(now),
                Some(Happening::Ended) => return Err(CallError::Over),
                Some(Happening::Frame(_) | Happening::Playback(_)) => {}
                None => return Err(CallError::TimedOut(within)),
            }
        }
    }

    /// Waits until the socket is closed.
    pub(super) async fn until_closed(&mut self) {
        while self.next().await != Happening::Ended {}
    }

    async fn step(&mut self, deadline: Option<Instant>) -> Option<Happening> {
        loop {
            self.play(clock::now());
            if !self.wire.flush().await {
                self.lose_line();
            }
            if let Some(happening) = self.happenings.pop_front() {
                return Some(happening);
            }
            if self.closed {
                return Some(Happening::Ended);
            }
            let closing = self.ended.map(|ended| ended + CLOSING);
            let wake = [deadline, closing, self.player.next_report()].into_iter().flatten().min();
            tokio::select! {
                biased;
                received = self.wire.receive() => self.take(received),
                () = sleep_until(wake) => {}
            }
            let now = clock::now();
            if closing.is_some_and(|closing| closing <= now) {
                self.gone();
            }
            if deadline.is_some_and(|deadline| deadline <= now) && self.happenings.is_empty() {
                return None;
            }
        }
    }

    fn take(&mut self, received: Received) {
        match received {
            Received::Text(message) => self.hear(&message),
            Received::Binary => self.hear(""),
            Received::Control => {}
            Received::Close(code) => self.end(Ending::Lost { code }),
            Received::Gone => self.lose_line(),
        }
    }

    fn hear(&mut self, message: &str) {
        let frame = Frame::read(message, clock::now());
        if self.ending.is_none() {
            self.play(frame.at);
            self.obey(&frame, message);
        }
        self.happenings.push_back(Happening::Frame(self.frames.len()));
        self.frames.push(frame);
    }

    fn obey(&mut self, frame: &Frame, message: &str) {
        if frame.fault.is_some() {
            return self.refuse(message);
        }
        self.faults = 0;
        match frame.kind.as_str() {
            "text" => {
                if let Some(reply) = self.replies.hear(frame, self.frames.len(), self.acted) {
                    let interruptible =
                        frame.interruptible.map_or(self.noun.interruptible, Interruptible::from);
                    let words = Words { token: &frame.token, last: frame.last, interruptible, reply };
                    self.player.speak(words, frame.at);
                }
            }
            "sendDigits" => self.player.press(frame.digits.as_deref().unwrap_or_default(), frame.at),
            "end" => self.close(Ending::Ended { handoff_data: frame.handoff_data.clone() }),
            _ => {}
        }
    }

    fn refuse(&mut self, message: &str) {
        let description = format!("Invalid message received, code: 64107, {message}");
        self.wire.push(&json!({ "type": "error", "description": description }));
        self.faults += 1;
        if self.faults == TOO_MANY_FAULTS {
            self.close(Ending::Lost { code: None });
        }
    }

    /// The session is over: what was not heard by now never will be.
    fn end(&mut self, ending: Ending) {
        if self.ending.is_none() {
            self.ending = Some(ending);
            self.ended = Some(clock::now());
            self.player.silence();
        }
    }

    fn gone(&mut self) {
        self.wire.drop_line();
        self.closed = true;
    }
}

fn info(name: &str, value: &str) -> serde_json::Value {
    json!({ "type": "info", "name": name, "value": value })
}

async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}
