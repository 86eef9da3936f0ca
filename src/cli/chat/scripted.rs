//! A conversation that a `.call` file holds and checks.

use std::io::Write;
use std::time::Duration;

use serde_json::Value;

use super::screen::Screen;
use super::session::Session;
use super::{ChatError, ChatOptions, DONE, FAILED, USAGE};
use crate::caller::script::{self, Cue, Expectation, Item, Line, Mistake, Outcome};
use crate::caller::{CallError, Twilio};

/// Plays a script and returns the exit code.
pub(super) async fn run(
    options: &ChatOptions,
    twilio: &Twilio,
    script: &str,
    screen: &mut Screen<impl Write>,
) -> Result<u8, ChatError> {
    let lines = match playable(script) {
        Ok(lines) => lines,
        Err(mistakes) => {
            for mistake in mistakes {
                screen.failure(&mistake)?;
            }
            return Ok(USAGE);
        }
    };
    let call = twilio.call(&options.from, &options.to);
    let session = Session::dial(call, options.rate(), screen).await?;
    let mut play =
        Play { session, patience: options.patience(), owed: false, timed: false, frames: 0, failures: 0 };
    for line in &lines {
        if !Box::pin(play.line(line)).await? {
            break;
        }
    }
    play.end().await
}

/// The script's lines, if all of them mean something on a live call.
fn playable(text: &str) -> Result<Vec<Line>, Vec<String>> {
    let lines = script::parse(text).map_err(|all| all.iter().map(Mistake::to_string).collect::<Vec<_>>())?;
    let objections = lines.iter().filter_map(|line| {
        let reason = if line.item.needs_scripted_model() {
            "this line is about a scripted model, and the model of this call is the server's"
        } else if line.item.needs_scripted_playback() {
            "on a live call, playback is reported without being told"
        } else {
            return None;
        };
        Some(format!("line {}: {reason}", line.number))
    });
    let objections: Vec<_> = objections.collect();
    if lines.is_empty() {
        return Err(vec!["there is nothing in it to play".to_owned()]);
    }
    if objections.is_empty() { Ok(lines) } else { Err(objections) }
}

struct Play<'a, W> {
    session: Session<'a, W>,
    patience: Duration,
    /// Something was said, and its reply was not waited for yet.
    owed: bool,
    /// The script itself says when the next thing is done.
    timed: bool,
    /// Frames before this one were expected, or passed over.
    frames: usize,
    failures: usize,
}

impl<W: Write> Play<'_, W> {
    /// Plays a line. False if nothing after it makes sense.
    async fn line(&mut self, line: &Line) -> Result<bool, ChatError> {
        let outcome = match &line.item {
            Item::Caller(cue) => self.cue(cue).await?,
            Item::Wait(time) => {
                (self.timed, self.owed) = (true, false);
                self.session.rest(*time).await?;
                Ok(())
            }
            Item::Expect(expectation) => return self.expect(line.number, expectation).await,
            Item::Ends(outcome) => {
                self.ends(line.number, outcome).await?;
                Ok(())
            }
            // Refused before the call began.
            Item::Model(_) | Item::Tool(_) | Item::Supervisor(_) => Ok(()),
        };
        match outcome {
            Ok(()) => Ok(true),
            Err(error) => {
                self.fail(line.number, &error.to_string())?;
                Ok(false)
            }
        }
    }

    async fn cue(&mut self, cue: &Cue) -> Result<Result<(), CallError>, ChatError> {
        let turn = self.wait_turn(cue).await?;
        if self.session.resume().await? {
            // What the caller says next is said to the new session.
            self.frames = 0;
        } else if let Err(error) = turn {
            return Ok(Err(error));
        }
        self.session.take_greeting();
        self.session.replies.clear();
        if let Cue::Interrupt { after } = cue {
            return self.interrupt(after).await;
        }
        let Session { line: Some(line), screen, .. } = &mut self.session else {
            return Ok(Err(CallError::Over));
        };
        self.owed = matches!(cue, Cue::Says { last: true, .. } | Cue::Frame(_));
        match cue {
            Cue::Says { words, .. } => screen.caller(words)?,
            Cue::Press(key) => screen.caller(&format!("[{key}]"))?,
            Cue::Frame(_) | Cue::Interrupt { .. } | Cue::Played(_) | Cue::Speaking(_) | Cue::HangUp => {}
        }
        let acted = match cue {
            Cue::Says { words, last: true } => line.barge_in(words).await,
            Cue::Says { words, last: false } => line.say_partial(words).await,
            Cue::Press(key) => line.press(*key).await,
            Cue::HangUp => return Ok(line.hang_up().await),
            Cue::Frame(frame) => return Ok(line.send_text(frame.clone()).await),
            Cue::Interrupt { .. } | Cue::Played(_) | Cue::Speaking(_) => return Ok(Ok(())),
        };
        match acted {
            Ok(act) => {
                self.session.show_act(&act, "the server is not told: its session does not ask for it")?
            }
            Err(error) => return Ok(Err(error)),
        }
        Ok(Ok(()))
    }

    /// Who has manners waits for the reply, and for its end.
    async fn wait_turn(&mut self, cue: &Cue) -> Result<Result<(), CallError>, ChatError> {
        let timed = std::mem::take(&mut self.timed);
        if timed || matches!(cue, Cue::Interrupt { .. }) {
            return Ok(Ok(()));
        }
        if std::mem::take(&mut self.owed)
            && let Err(error) = self.session.until_answered(self.patience).await?
        {
            return Ok(Err(error));
        }
        self.session.until_quiet(self.patience).await
    }

    async fn interrupt(&mut self, after: &str) -> Result<Result<(), CallError>, ChatError> {
        self.owed = false;
        let Some(line) = &mut self.session.line else { return Ok(Err(CallError::Over)) };
        line.hold_playback(true);
        let cut = |session: &mut Session<'_, W>| session.line.as_mut()?.try_interrupt_after(after);
        let cut = self.session.until(self.patience, cut).await?;
        if let Some(line) = &mut self.session.line {
            line.hold_playback(false);
        }
        if let Ok(cut) = &cut {
            // The fragment that was heard is shown before what was not.
            self.session.show_happened()?;
            self.session.screen.cut(cut)?;
        }
        Ok(cut.map(drop))
    }

    async fn expect(&mut self, number: usize, expectation: &Expectation) -> Result<bool, ChatError> {
        match expectation {
            Expectation::Words(words) => self.expect_words(number, words).await,
            Expectation::Frame(frame) => self.expect_frame(number, frame).await,
            Expectation::Ask(_) | Expectation::Cancel | Expectation::Run { .. } | Expectation::Forget(_) => {
                Ok(true)
            }
        }
    }

    async fn expect_words(&mut self, number: usize, words: &str) -> Result<bool, ChatError> {
        self.owed = false;
        let reply = match self.session.take_greeting() {
            Some(greeting) => self.session.until_quiet(self.patience).await?.map(|()| greeting),
            None => self.next_reply().await?,
        };
        match reply {
            Ok(reply) if plain(&reply).contains(&plain(words)) => {
                self.session.screen.success(&format!("line {number}: {words:?}"))?;
                Ok(true)
            }
            Ok(_) => {
                self.fail(number, &format!("the reply does not contain {words:?}"))?;
                Ok(true)
            }
            Err(error) => {
                self.fail(number, &format!("no reply that could contain {words:?}: {error}"))?;
                Ok(false)
            }
        }
    }

    /// The next reply, of the next session if this one is lost.
    async fn next_reply(&mut self) -> Result<Result<String, CallError>, ChatError> {
        loop {
            let reply = self.session.until(self.patience, |session| session.replies.pop_front()).await?;
            if !matches!(reply, Err(CallError::Over)) || !self.session.resume().await? {
                return Ok(reply);
            }
            self.frames = 0;
        }
    }

    async fn expect_frame(&mut self, number: usize, frame: &Value) -> Result<bool, ChatError> {
        let from = self.frames;
        let found = |session: &mut Session<'_, W>| {
            let frames = session.line.as_ref()?.frames();
            frames.iter().skip(from).position(|known| known.raw == *frame)
        };
        match self.session.until(self.patience, found).await? {
            Ok(position) => {
                self.frames = from + position + 1;
                self.session.screen.success(&format!("line {number}: {frame}"))?;
                Ok(true)
            }
            Err(error) => {
                self.fail(number, &format!("the frame {frame} did not come: {error}"))?;
                Ok(false)
            }
        }
    }

    async fn ends(&mut self, number: usize, outcome: &Outcome) -> Result<(), ChatError> {
        while self.session.line.is_some() {
            if let Err(error) = self.session.until_ended(self.patience).await? {
                return self.fail(number, &format!("the session does not end: {error}"));
            }
            self.session.finish().await?;
        }
        let (kind, document) = self.session.outcome();
        let differences = match kind {
            Some(kind) => outcome.differences(kind, document.as_ref()),
            None => vec![format!("expected the call to end {}, its line was lost", outcome.kind)],
        };
        for difference in &differences {
            self.fail(number, difference)?;
        }
        if differences.is_empty() {
            self.session.screen.success(&format!("line {number}: {}", outcome.kind))?;
        }
        Ok(())
    }

    /// The script is over: so is the call.
    async fn end(mut self) -> Result<u8, ChatError> {
        if let Some(line) = &mut self.session.line {
            // Whoever hung up first.
            let _ = line.hang_up().await;
            self.session.finish().await?;
        }
        let verdict = match self.failures {
            0 => "everything was as the script has it".to_owned(),
            1 => "one line was not as the script has it".to_owned(),
            failures => format!("{failures} lines were not as the script has it"),
        };
        self.session.screen.aside(&verdict)?;
        Ok(if self.failures == 0 { DONE } else { FAILED })
    }

    fn fail(&mut self, number: usize, text: &str) -> Result<(), ChatError> {
        self.failures += 1;
        Ok(self.session.screen.failure(&format!("line {number}: {text}"))?)
    }
}

/// Words without their case and spacing.
fn plain(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::caller::rehearsal::Rehearsal;

    #[derive(clap::Parser)]
    struct Arguments {
        #[command(flatten)]
        chat: ChatOptions,
    }

    /// Plays a script against the rehearsal's server; returns the exit code and what was shown.
    async fn played(script: &str) -> (u8, String) {
        let rehearsal = Rehearsal::new().await;
        let options = Arguments::parse_from(["chat", "--script", "a.call", "--patience", "5"]).chat;
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out, false);
        let code = run(&options, &rehearsal.twilio, script, &mut screen).await.unwrap();
        (code, String::from_utf8(out).unwrap())
    }

    #[tokio::test]
    async fn a_conversation_that_goes_as_stated_is_done() {
        let (code, shown) = played(
            "> this is the REHEARSAL\n\
             < hello\n\
             > you said hello.\n\
             < press 7\n\
             > you said 7\n\
             < person\n\
             > {\"type\":\"text\",\"token\":\"I am connecting you with a colleague.\",\"last\":true,\"interruptible\":false}\n\
             = escalated reasonCode=caller_request callSummary~\"charged TWICE\" warmline.trigger=request\n",
        )
        .await;
        assert_eq!(code, DONE, "{shown}");
        let first =
            "ai   Hi,\n     this is the rehearsal.\nok   line 1: \"this is the REHEARSAL\"\nyou  hello\n";
        assert!(shown.starts_with(first), "{shown}");
        assert!(shown.contains("│ Summary    Charged twice & upset."), "{shown}");
        assert!(shown.ends_with("(everything was as the script has it)\n"), "{shown}");
    }

    #[tokio::test]
    async fn what_differs_is_told_line_by_line() {
        let (code, shown) =
            played("< hello\n> good night\n< bye\n= escalated reasonCode=caller_request\n").await;
        assert_eq!(code, FAILED);
        for failure in [
            "FAIL line 2: the reply does not contain \"good night\"\n",
            "FAIL line 4: expected the call to end escalated, it ended completed\n",
            "FAIL line 4: reasonCode is missing, expected \"caller_request\"\n",
            "(3 lines were not as the script has it)",
        ] {
            assert!(shown.contains(failure), "{shown}");
        }
    }

    #[tokio::test]
    async fn a_caller_may_cut_in_and_hang_up() {
        let script = "< hello\n< interrupt after \"Is there\"\n< once more\n> you said once more\n< hangup\n= hungup\n";
        let (code, shown) = played(script).await;
        assert_eq!(code, DONE, "{shown}");
        let cut = "      Is there\n     (cut off there)\n     never heard: more to tell, or was that all?\nyou  once more\n";
        assert!(shown.contains(&cut[1..]), "{shown}");
    }

    #[tokio::test]
    async fn a_call_goes_on_after_a_lost_line() {
        let (code, shown) = played("< crash\n< hello\n> you said hello\n< bye\n= completed\n").await;
        assert_eq!(code, DONE, "{shown}");
        assert!(
            shown.contains("(the line to the AI is lost)\n     (the server asks to connect again)"),
            "{shown}"
        );
    }

    #[tokio::test]
    async fn a_script_that_means_nothing_here_is_refused_before_anybody_is_called() {
        let (code, shown) = played("< hello\nm done\n> ask\n< speaking on\n").await;
        assert_eq!(code, USAGE);
        assert_eq!(shown.lines().filter(|line| line.starts_with("FAIL line ")).count(), 3);
        let (code, shown) = played("hello\n").await;
        assert_eq!((code, shown.starts_with("FAIL line 1: a line begins with")), (USAGE, true));
    }
}
