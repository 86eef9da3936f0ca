//! A call with everything it does shown: what both ways of chatting have in common.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::Value;

use super::ChatError;
use super::screen::{Screen, task};
use crate::caller::player::Playback;
use crate::caller::script::OutcomeKind;
use crate::caller::{Act, Call, CallError, Conversation, Cut, Ending, Happening, Noun, Rate};

/// A call on a screen.
pub(super) struct Session<'a, W> {
    pub(super) screen: &'a mut Screen<W>,
    /// `None` when the call is not, or no longer, with the AI.
    pub(super) line: Option<Conversation>,
    /// What was said to its end, and nobody asked about yet.
    pub(super) replies: VecDeque<String>,
    call: Call,
    rate: Rate,
    greeting: Option<String>,
    last: Option<Last>,
}

/// How the last session ended.
struct Last {
    ending: Option<Ending>,
    handoff: Option<Value>,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Going,
    Ended,
}

impl<'a, W: Write> Session<'a, W> {
    /// Dials, and connects if the document says so.
    pub(super) async fn dial(call: Call, rate: Rate, screen: &'a mut Screen<W>) -> Result<Self, ChatError> {
        let replies = VecDeque::new();
        let mut session = Self { screen, line: None, replies, call, rate, greeting: None, last: None };
        session.call.dial().await?;
        session.run_document().await?;
        session.greeting = session.line.as_ref().and_then(|line| line.greeting().map(str::to_owned));
        Ok(session)
    }

    /// Shows the next thing that happens. Nothing is lost if it is dropped half way.
    pub(super) async fn next(&mut self) -> Result<Step, ChatError> {
        let Some(line) = &mut self.line else { return Ok(Step::Ended) };
        let happening = line.next().await;
        self.show(&happening)?;
        Ok(if happening == Happening::Ended { Step::Ended } else { Step::Going })
    }

    /// Shows what happened already: the words before a cut come before what it cut off.
    pub(super) fn show_happened(&mut self) -> Result<(), ChatError> {
        while let Some(happening) = self.line.as_mut().and_then(Conversation::happened) {
            self.show(&happening)?;
        }
        Ok(())
    }

    /// Shows what became of something the caller did; `otherwise` if the server was not told.
    pub(super) fn show_act(&mut self, act: &Act, otherwise: &str) -> Result<(), ChatError> {
        if let Some(cut) = &act.cut {
            self.show_happened()?;
            self.screen.cut(cut)?;
        }
        if !act.reported {
            self.screen.aside(otherwise)?;
        }
        Ok(())
    }

    fn show(&mut self, happening: &Happening) -> Result<(), ChatError> {
        let Some(line) = &mut self.line else { return Ok(()) };
        match happening {
            Happening::Frame(number) => show_frame(self.screen, line, *number)?,
            Happening::Playback(report) => {
                if let Playback::Played { reply, text } = &report.what {
                    self.screen.ai(*reply, text)?;
                }
            }
            Happening::Ended => {}
        }
        while let Some(reply) = line.take_reply() {
            self.screen.answered(reply.first_token)?;
            if let Some(unheard) = reply.text.strip_prefix(&reply.heard).filter(|rest| !rest.is_empty()) {
                self.screen.cut(&Cut { heard: reply.heard.clone(), unheard: unheard.to_owned() })?;
            }
            self.replies.push_back(reply.text);
        }
        Ok(())
    }

    /// Shows everything until something is found, which is looked for after every step.
    ///
    /// The inner error says that the session ended before, or `within` was over.
    pub(super) async fn until<T>(
        &mut self,
        within: Duration,
        mut found: impl FnMut(&mut Self) -> Option<T>,
    ) -> Result<Result<T, CallError>, ChatError> {
        let deadline = tokio::time::sleep(within);
        tokio::pin!(deadline);
        loop {
            if let Some(found) = found(self) {
                return Ok(Ok(found));
            }
            let step = tokio::select! {
                biased;
                step = self.next() => step?,
                () = &mut deadline => return Ok(Err(CallError::TimedOut(within))),
            };
            if step == Step::Ended {
                return Ok(found(self).ok_or(CallError::Over));
            }
        }
    }

    /// Waits for the reply to what was said.
    pub(super) async fn until_answered(
        &mut self,
        within: Duration,
    ) -> Result<Result<(), CallError>, ChatError> {
        self.until(within, |session| (!session.replies.is_empty()).then_some(())).await
    }

    /// Waits until the AI is silent, and everything it said was shown.
    pub(super) async fn until_quiet(&mut self, within: Duration) -> Result<Result<(), CallError>, ChatError> {
        self.rest(Duration::ZERO).await?;
        let speaking = |session: &Self| session.line.as_ref().is_some_and(Conversation::is_speaking);
        self.until(within, |session| (!speaking(session)).then_some(())).await
    }

    /// Waits until the session is over.
    pub(super) async fn until_ended(&mut self, within: Duration) -> Result<Result<(), CallError>, ChatError> {
        Ok(match self.until(within, |_| None).await? {
            Err(CallError::Over) => Ok(()),
            other => other,
        })
    }

    /// Lets time pass.
    pub(super) async fn rest(&mut self, time: Duration) -> Result<(), ChatError> {
        self.until(time, |_| None::<()>).await.map(drop)
    }

    /// The greeting, if nothing else was heard or said since.
    pub(super) fn take_greeting(&mut self) -> Option<String> {
        self.greeting.take()
    }

    /// The session may have ended while nobody looked. True if another one goes on instead.
    pub(super) async fn resume(&mut self) -> Result<bool, ChatError> {
        if self.line.as_ref().is_none_or(|line| line.ending().is_none()) {
            return Ok(false);
        }
        self.finish().await?;
        Ok(self.line.is_some())
    }

    /// The session is over: asks what comes next, shows it, and connects again if that is it.
    pub(super) async fn finish(&mut self) -> Result<(), ChatError> {
        let Some(line) = self.line.take() else { return Ok(()) };
        let last = self.last.insert(Last { ending: line.ending().cloned(), handoff: line.handoff() });
        self.screen.aside(match &last.ending {
            Some(Ending::Ended { .. }) => "the AI ends the session",
            Some(Ending::HungUp) => "you hang up",
            Some(Ending::Lost { .. }) => "the line to the AI is lost",
            Some(Ending::Failed { .. }) | None => "the session fails",
        })?;
        let hung_up = last.ending == Some(Ending::HungUp);
        match self.call.finish(line).await {
            Ok(_) if hung_up => Ok(()),
            Ok(_) => self.run_document().await,
            Err(CallError::NoAction) => Ok(self.screen.aside("nothing comes after it: the call is over")?),
            Err(error) => Err(error.into()),
        }
    }

    /// How the call ended, once it has, and the hand-off document. No kind if the line was just lost.
    pub(super) fn outcome(&self) -> (Option<OutcomeKind>, Option<Value>) {
        let document = self.call.document();
        let verb = |name| document.is_some_and(|document| document.child(name).is_some());
        let ending = self.last.as_ref().and_then(|last| last.ending.as_ref());
        let kind = match ending {
            Some(Ending::HungUp) => Some(OutcomeKind::HungUp),
            _ if verb("Enqueue") || verb("Dial") || verb("Redirect") => Some(OutcomeKind::Escalated),
            Some(Ending::Ended { .. }) | None => Some(OutcomeKind::Completed),
            Some(Ending::Lost { .. } | Ending::Failed { .. }) => None,
        };
        let handoff = self.last.as_ref().and_then(|last| last.handoff.clone());
        (kind, handoff.or_else(|| document.and_then(task)))
    }

    async fn run_document(&mut self) -> Result<(), ChatError> {
        let Some(document) = self.call.document() else { return Ok(()) };
        if Noun::read(document).is_none() {
            return Ok(self.screen.document(document)?);
        }
        if self.last.is_some() {
            self.screen.aside("the server asks to connect again")?;
        }
        self.line = Some(self.call.connect(self.rate).await?);
        Ok(())
    }
}

fn show_frame(screen: &mut Screen<impl Write>, line: &Conversation, number: usize) -> io::Result<()> {
    let frame = &line.frames()[number];
    let field = |name: &str| frame.raw[name].as_str().unwrap_or_default();
    if let Some(fault) = frame.fault {
        return screen.failure(&format!("Twilio would refuse this frame: {fault}: {}", frame.raw));
    }
    if matches!(line.ending(), Some(Ending::Ended { .. }))
        && line.frames()[..number].iter().any(|f| f.kind == "end")
    {
        return screen.failure(&format!("a frame after `end`: {}", frame.raw));
    }
    match frame.kind.as_str() {
        "play" => screen.aside(&format!("plays {}", field("source"))),
        "sendDigits" => screen.aside(&format!("presses {}", field("digits"))),
        "language" => {
            let ways = [("speaks", field("ttsLanguage")), ("listens for", field("transcriptionLanguage"))];
            let ways = ways.iter().filter(|(_, tag)| !tag.is_empty());
            let ways: Vec<_> = ways.map(|(verb, tag)| format!("{verb} {tag}")).collect();
            screen.aside(&format!("from now on the AI {}", ways.join(" and ")))
        }
        _ => Ok(()),
    }
}
