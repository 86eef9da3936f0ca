//! One session on the line: what a caller can do, and what can be waited for.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::error::CallError;
use super::frame::Frame;
use super::listening::{Ending, Happening, Listener};
use super::noun::Noun;
use super::reply::{Cut, Reply};
use super::speech::By;
use crate::clock;

/// A session: the socket, the loudspeaker, and everything that was heard.
///
/// It lives only while one of its methods is awaited: between them no time passes on the line, and what was
/// played in the meantime is reported when the next one begins.
pub struct Conversation {
    pub(super) listener: Listener,
}

/// What became of something the caller did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Whether the server was told. Keys are not without `dtmfDetection`, and what is done over a text that
    /// may not be cut off only as far as `reportInputDuringAgentSpeech` goes.
    pub reported: bool,
    /// What it cut off.
    pub cut: Option<Cut>,
}

impl Conversation {
    /// The session's identifier.
    pub fn session(&self) -> &str {
        &self.listener.session
    }

    /// What the document asked for.
    pub fn noun(&self) -> &Noun {
        &self.listener.noun
    }

    /// What Twilio speaks first.
    pub fn greeting(&self) -> Option<&str> {
        self.noun().greeting.as_deref()
    }

    /// Every frame the server sent, in order.
    pub fn frames(&self) -> &[Frame] {
        &self.listener.frames
    }

    /// Every reply so far, the greeting first if there is one, whether or not it is complete.
    pub fn replies(&self) -> impl Iterator<Item = &Reply> {
        self.listener.replies.iter()
    }

    /// How the session ended; `None` while it goes on.
    pub fn ending(&self) -> Option<&Ending> {
        self.listener.ending.as_ref()
    }

    /// The hand-off document of the server's `end`, as it was sent.
    pub fn handoff_data(&self) -> Option<&str> {
        match self.ending()? {
            Ending::Ended { handoff_data } => handoff_data.as_deref(),
            Ending::HungUp | Ending::Lost { .. } | Ending::Failed { .. } => None,
        }
    }

    /// The hand-off document, read.
    pub fn handoff(&self) -> Option<Value> {
        serde_json::from_str(self.handoff_data()?).ok()
    }

    /// Whether the AI can be heard at this moment.
    pub fn is_speaking(&self) -> bool {
        self.listener.player.playing().is_some()
    }

    /// The caller says something, whatever is being played: a final prompt, and no barge-in before it.
    ///
    /// # Errors
    ///
    /// When the session is over; so it is with everything a caller can do.
    pub async fn say(&mut self, words: &str) -> Result<(), CallError> {
        let language = self.noun().language.clone();
        self.say_in(words, &language).await
    }

    /// The same, recognised in another language.
    ///
    /// # Errors
    ///
    /// When the session is over.
    pub async fn say_in(&mut self, words: &str, language: &str) -> Result<(), CallError> {
        self.listener.begin_act()?;
        self.listener.caller_speaks(true);
        self.listener.caller_speaks(false);
        self.listener.replies.expect_next();
        self.send(&json!({ "type": "prompt", "voicePrompt": words, "lang": language, "last": true })).await
    }

    /// The caller is still talking, and this is the utterance so far. Reported only with `partialPrompts`.
    ///
    /// # Errors
    ///
    /// When the session is over.
    pub async fn say_partial(&mut self, words: &str) -> Result<Act, CallError> {
        self.listener.begin_act()?;
        let reported = self.noun().partial_prompts;
        if reported {
            let language = self.noun().language.clone();
            self.send(&json!({ "type": "prompt", "voicePrompt": words, "lang": language, "last": false }))
                .await?;
        }
        Ok(Act { reported, cut: None })
    }

    /// The caller talks as on a real line: over the AI if it speaks, which cuts it off if it may be cut.
    ///
    /// # Errors
    ///
    /// When the session is over.
    pub async fn barge_in(&mut self, words: &str) -> Result<Act, CallError> {
        let cut = self.interrupt().await?;
        let reported = !self.is_speaking() || self.noun().reported_meanwhile.allows(By::Speech);
        if reported {
            self.say(words).await?;
        }
        Ok(Act { reported, cut })
    }

    /// The caller makes a sound over the AI. `None` in silence, and over a text that may not be cut off.
    ///
    /// # Errors
    ///
    /// When the session is over.
    pub async fn interrupt(&mut self) -> Result<Option<Cut>, CallError> {
        let now = self.listener.begin_act()?;
        if !self.listener.player.playing().is_some_and(|kind| kind.allows(By::Speech)) {
            return Ok(None);
        }
        self.listener.caller_speaks(true);
        self.listener.player.interrupt(By::Speech, now);
        let cut = self.listener.after_cut(now);
        self.listener.caller_speaks(false);
        self.listener.send().await?;
        Ok(Some(cut))
    }

    /// The caller cuts in right after these words, which are waited for, and heard at once.
    ///
    /// # Errors
    ///
    /// When the words do not come, or cannot be cut off, within that time, or the session is over.
    pub async fn interrupt_after(&mut self, words: &str, within: Duration) -> Result<Cut, CallError> {
        self.hold_playback(true);
        let mut cut = None;
        let heard = |listener: &mut Listener, now| {
            cut = listener.cut_after(words, now);
            cut.is_some()
        };
        let waited = self.listener.until(within, heard).await;
        self.hold_playback(false);
        waited?;
        self.listener.send().await?;
        cut.ok_or(CallError::Over)
    }

    /// The same without waiting: `None` if the words are not there to be heard, which they may be for long if
    /// [`Conversation::hold_playback`] sees to it. The server is told when something is awaited next.
    pub fn try_interrupt_after(&mut self, words: &str) -> Option<Cut> {
        let now = self.listener.begin_act().ok()?;
        self.listener.cut_after(words, now)
    }

    /// Keeps the clause that is being played from ending, and what is behind it from being heard.
    pub fn hold_playback(&mut self, held: bool) {
        self.listener.player.hold(held, clock::now());
    }

    /// From now on the platform reports neither who speaks nor what was played, as some do not.
    pub fn stop_reports(&mut self) {
        self.listener.noun.speaker_events = false;
        self.listener.noun.tokens_played = false;
    }

    /// The caller presses a key.
    ///
    /// # Errors
    ///
    /// When the session is over.
    pub async fn press(&mut self, key: char) -> Result<Act, CallError> {
        let now = self.listener.begin_act()?;
        let playing = self.listener.player.playing();
        let cuts = playing.is_some_and(|kind| kind.allows(By::Key));
        let heard = playing.is_none() || cuts || self.noun().reported_meanwhile.allows(By::Key);
        if !self.noun().keys || !heard {
            return Ok(Act { reported: false, cut: None });
        }
        self.listener.wire.push(&json!({ "type": "dtmf", "digit": key.to_string() }));
        let cut = if cuts {
            self.listener.player.interrupt(By::Key, now);
            Some(self.listener.after_cut(now))
        } else {
            self.listener.answer_to_keys();
            None
        };
        self.listener.send().await?;
        Ok(Act { reported: true, cut })
    }

    /// The caller hangs up. Returns when the socket is closed.
    ///
    /// # Errors
    ///
    /// When the session is over.
    pub async fn hang_up(&mut self) -> Result<(), CallError> {
        self.close(Ending::HungUp).await
    }

    /// Something of Twilio's fails, such as 64111, the voice.
    ///
    /// # Errors
    ///
    /// When the session is over.
    pub async fn fail(&mut self, code: u32, message: &str) -> Result<(), CallError> {
        self.close(Ending::Failed { code, message: message.to_owned() }).await
    }

    /// The network between us fails: the socket is gone, and nobody said goodbye.
    pub fn lose_line(&mut self) {
        self.listener.lose_line();
    }

    /// Sends any frame at all.
    ///
    /// # Errors
    ///
    /// When the session is over.
    pub async fn send(&mut self, frame: &Value) -> Result<(), CallError> {
        self.send_text(frame.to_string()).await
    }

    /// Sends any message at all, also one that is no frame.
    ///
    /// # Errors
    ///
    /// When the session is over.
    pub async fn send_text(&mut self, message: String) -> Result<(), CallError> {
        self.listener.begin_act()?;
        self.listener.wire.push_text(message);
        self.listener.send().await
    }

    /// The next thing that happens. May be dropped half way.
    pub async fn next(&mut self) -> Happening {
        self.listener.next().await
    }

    /// The next thing that happened already and was not told yet; never waits.
    pub fn happened(&mut self) -> Option<Happening> {
        self.listener.happened()
    }

    /// The next reply, once it was played to its end (or cut off by `end`). What was being said when the
    /// caller last spoke is not it.
    ///
    /// # Errors
    ///
    /// When there is none within that time, or the session is over before there is any.
    pub async fn wait_reply(&mut self, within: Duration) -> Result<Reply, CallError> {
        self.reply(within, true).await
    }

    /// The next reply, once it was sent to its end.
    ///
    /// # Errors
    ///
    /// When there is none within that time, or the session is over before there is any.
    pub async fn wait_words(&mut self, within: Duration) -> Result<Reply, CallError> {
        self.reply(within, false).await
    }

    /// The next reply if it was played to its end by now.
    pub fn take_reply(&mut self) -> Option<Reply> {
        let number = self.listener.replies.ready(true, self.listener.ending.is_some())?;
        Some(self.listener.replies.take(number))
    }

    /// Waits until nothing is being played.
    ///
    /// # Errors
    ///
    /// When it is never quiet in that time.
    pub async fn wait_quiet(&mut self, within: Duration) -> Result<(), CallError> {
        self.listener.until(within, |listener, _| listener.player.playing().is_none()).await.map(drop)
    }

    /// Waits until what was seen so far satisfies a condition.
    ///
    /// # Errors
    ///
    /// When it does not within that time, or before the session is over.
    pub async fn wait_until(
        &mut self,
        within: Duration,
        mut satisfied: impl FnMut(&[Frame]) -> bool,
    ) -> Result<(), CallError> {
        self.listener.until(within, |listener, _| satisfied(&listener.frames)).await.map(drop)
    }

    /// Lets time pass on the line, at most until the session is over.
    pub async fn rest(&mut self, time: Duration) {
        // Neither way of ending is an error: nothing was waited for.
        let _ = self.listener.until(time, |_, _| false).await;
    }

    /// Waits for the end of the session.
    ///
    /// # Errors
    ///
    /// When it does not end within that time.
    pub async fn until_end(&mut self, within: Duration) -> Result<&Ending, CallError> {
        match self.listener.until(within, |_, _| false).await {
            Err(CallError::Over) | Ok(_) => self.ending().ok_or(CallError::StillOpen),
            Err(other) => Err(other),
        }
    }

    async fn reply(&mut self, within: Duration, played: bool) -> Result<Reply, CallError> {
        let mut number = None;
        let ready = |listener: &mut Listener, _| {
            number = listener.replies.ready(played, listener.ending.is_some());
            number.is_some()
        };
        self.listener.until(within, ready).await?;
        let number = number.ok_or(CallError::Over)?;
        Ok(self.listener.replies.take(number))
    }

    async fn close(&mut self, ending: Ending) -> Result<(), CallError> {
        self.listener.begin_act()?;
        self.listener.close(ending);
        self.listener.until_closed().await;
        Ok(())
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation").field("session", &self.session()).finish_non_exhaustive()
    }
}
