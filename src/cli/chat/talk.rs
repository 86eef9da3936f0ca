//! A conversation with somebody who types.

use std::io::Write;

use super::keyboard::Typed;
use super::screen::Screen;
use super::session::{Session, Step};
use super::{ChatError, ChatOptions, DONE};
use crate::caller::{Act, CallError, Twilio};

const HELP: [&str; 6] = [
    "a line is said; while the AI speaks it cuts in, as on a phone",
    "/dtmf 12#       press keys",
    "/interrupt      cut in without a word",
    "/partial words  words that are recognised while you still speak",
    "/hangup         end the call, and so does the end of the input",
    "/help           this",
];

/// Makes a call and talks until it is over.
pub(super) async fn run(
    options: &ChatOptions,
    twilio: &Twilio,
    mut typed: Typed,
    screen: &mut Screen<impl Write>,
) -> Result<u8, ChatError> {
    if typed.live {
        screen.aside("you are on the phone; /help lists what else you can do")?;
    }
    let call = twilio.call(&options.from, &options.to);
    let mut session = Session::dial(call, options.rate(), screen).await?;
    while session.line.is_some() {
        let hung_up = converse(options, &mut session, &mut typed).await?;
        session.finish().await?;
        if hung_up {
            return Ok(DONE);
        }
    }
    if typed.live {
        session.screen.aside("the call has left the AI; press Enter to leave too")?;
        typed.leave().await;
    }
    Ok(DONE)
}

/// Talks until the session is over. True if the caller ended it.
async fn converse<W: Write>(
    options: &ChatOptions,
    session: &mut Session<'_, W>,
    typed: &mut Typed,
) -> Result<bool, ChatError> {
    let mut waiting = false;
    loop {
        if !typed.live {
            if waiting && let Err(CallError::TimedOut(_)) = session.until_answered(options.patience()).await?
            {
                session.screen.aside("no reply")?;
            }
            // However that ends is seen below.
            let _ = session.until_quiet(options.patience()).await?;
        }
        let line = tokio::select! {
            biased;
            step = session.next() => match step? {
                Step::Ended => return Ok(false),
                Step::Going => continue,
            },
            line = typed.next() => line,
        };
        waiting = match line.as_deref().map(str::trim) {
            None | Some("/hangup") => return hang_up(session).await.map(|()| true),
            Some("") => false,
            Some(line) => {
                if !typed.live {
                    session.screen.caller(line)?;
                }
                match obey(session, line).await {
                    Err(ChatError::Call(CallError::Over)) => false,
                    other => other?,
                }
            }
        };
    }
}

async fn hang_up<W: Write>(session: &mut Session<'_, W>) -> Result<(), ChatError> {
    let Some(line) = &mut session.line else { return Ok(()) };
    match line.hang_up().await {
        // The server was quicker.
        Ok(()) | Err(CallError::Over) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Does what a line says. True if a reply is to be expected.
async fn obey<W: Write>(session: &mut Session<'_, W>, typed: &str) -> Result<bool, ChatError> {
    session.replies.clear();
    let Some(line) = &mut session.line else { return Ok(false) };
    let (command, rest) = typed.split_once(' ').map_or((typed, ""), |(command, rest)| (command, rest.trim()));
    match command {
        "/interrupt" => {
            let cut = line.interrupt().await?;
            let act = Act { reported: cut.is_some(), cut };
            session.show_act(&act, "nothing is being said that may be cut off")?;
        }
        "/dtmf" if !rest.is_empty() && rest.chars().all(|key| "0123456789*#ABCD".contains(key)) => {
            return press(session, rest).await;
        }
        "/dtmf" => session.screen.aside("keys are 0 to 9, * and #: /dtmf 12#")?,
        "/partial" if !rest.is_empty() => {
            let act = line.say_partial(rest).await?;
            session.show_act(
                &act,
                "not reported: the session has no partialPrompts; set it to true under [relay] in agent.md",
            )?;
        }
        "/help" => {
            for help in HELP {
                session.screen.aside_as_it_is(help)?;
            }
        }
        _ if command.starts_with('/') => session.screen.aside("no such command; /help lists them")?,
        _ => {
            let act = line.barge_in(typed).await?;
            session.show_act(&act, "not heard: what the AI says now may not be cut off")?;
            return Ok(act.reported);
        }
    }
    Ok(false)
}

async fn press<W: Write>(session: &mut Session<'_, W>, keys: &str) -> Result<bool, ChatError> {
    let mut reported = false;
    for key in keys.chars() {
        let Some(line) = &mut session.line else { return Ok(false) };
        let act = line.press(key).await?;
        reported = act.reported;
        session.show_act(&act, "not reported: no dtmfDetection, or a text that may not be cut off")?;
    }
    Ok(reported)
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

    /// Pipes these lines into a call to the rehearsal's server; returns what was shown.
    async fn piped(lines: &[&str]) -> String {
        let rehearsal = Rehearsal::new().await;
        let options = Arguments::parse_from(["chat", "--rate", "0", "--patience", "5"]).chat;
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out, false);
        let code = run(&options, &rehearsal.twilio, Typed::of(lines), &mut screen).await.unwrap();
        assert_eq!(code, DONE);
        String::from_utf8(out).unwrap()
    }

    #[tokio::test]
    async fn piped_lines_wait_for_each_others_replies() {
        let shown = piped(&["hello", "", "/dtmf 7"]).await;
        let shown: Vec<_> = shown.lines().filter(|line| !line.contains("first token")).collect();
        let lines = [
            "ai   Hi,",
            "     this is the rehearsal.",
            "you  hello",
            "ai   You said hello.",
            "     Is there more to tell,",
            "     or was that all?",
            "you  /dtmf 7",
            "ai   You said 7.",
            "     Is there more to tell,",
            "     or was that all?",
            "     (you hang up)",
        ];
        assert_eq!(shown, lines);
    }

    #[tokio::test]
    async fn a_call_that_reaches_a_person_shows_the_task() {
        let shown = piped(&["person", "are you there?"]).await;
        assert!(shown.contains("ai   I am connecting you with a colleague."), "{shown}");
        assert!(shown.contains("(the AI ends the session)"), "{shown}");
        assert!(shown.contains("<Enqueue workflowSid=\"WW1\" action=\"/voice/queued\">"), "{shown}");
        assert!(shown.contains("│ Reason     billing <dispute> (caller_request)"), "{shown}");
    }

    #[tokio::test]
    async fn commands_that_do_nothing_say_so() {
        let shown =
            piped(&["/interrupt", "/partial where", "/dtmf x", "/nonsense", "/help", "/hangup", "hello"])
                .await;
        for aside in ["nothing is being said", "has no partialPrompts", "no such command", "/dtmf 12#"] {
            assert!(shown.contains(aside), "{shown}");
        }
        assert!(!shown.contains("You said"), "{shown}");
    }
}
