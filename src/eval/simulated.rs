//! A caller that another model plays: it hears what the agent says, and says the next line or hangs up.

use super::asking::ask;
use super::outcome::{Line, Who};
use super::scenario::Simulated;
use crate::chat::{Message, ModelError};
use crate::llm::Model;

/// What the model writes to hang up.
const HANG_UP: &str = "[hang up]";
/// What it hears before anybody has spoken.
const CONNECTED: &str = "(The line is open. Nobody has spoken yet.)";

/// What such a caller does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Says this.
    Says(String),
    /// Says this, and hangs up once it is answered.
    SaysLast(String),
    /// Hangs up.
    HangsUp,
}

/// Asks the model for the next line.
///
/// # Errors
///
/// When it cannot be asked.
pub async fn next(
    model: &dyn Model,
    caller: &Simulated,
    language: &str,
    lines: &[&Line],
    seed: Option<u64>,
) -> Result<Next, ModelError> {
    let answer = ask(model, &instructions(caller, language), messages(lines), seed).await?;
    Ok(read(&answer))
}

/// What the model is told to be.
fn instructions(caller: &Simulated, language: &str) -> String {
    let mut text = format!(
        "You play a caller on the telephone. The other side is a company's voice agent. Stay the caller: never speak \
         for the agent, never help it, and never say that this is a test.\n\nWhat you want: {}\n",
        caller.goal
    );
    if let Some(temper) = &caller.temper {
        text.push_str(&format!("How you are: {temper}\n"));
    }
    if !caller.facts.is_empty() {
        text.push_str("What you know, and tell when it is asked for:\n");
        for (name, value) in &caller.facts {
            text.push_str(&format!("- {}: {value}\n", name.replace('_', " ")));
        }
    }
    text.push_str(&format!(
        "You know nothing beyond that: invent no numbers, names or dates.\n\nYou speak the language {language}, or the \
         agent's. Answer with what you say next and nothing else, in one or two short sentences as they are spoken. When \
         you have what you want, when it clearly cannot be had, or when the agent says goodbye, write {HANG_UP}.\n"
    ));
    text
}

/// The conversation with the parts exchanged: what the agent said is what the model is asked.
fn messages(lines: &[&Line]) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for line in lines {
        let text = line.text.trim();
        match line.who {
            Who::Agent => match messages.last_mut() {
                Some(Message::User(before)) => *before = format!("{} {text}", before.expose()).into(),
                Some(Message::Assistant { .. } | Message::Tool { .. }) | None => {
                    messages.push(Message::User(text.into()));
                }
            },
            Who::Caller => {
                if messages.is_empty() {
                    messages.push(Message::User(CONNECTED.into()));
                }
                messages.push(Message::Assistant { text: text.into(), calls: Vec::new() });
            }
            Who::Tool | Who::Event => {}
        }
    }
    match messages.last() {
        Some(Message::User(_)) => {}
        Some(Message::Assistant { .. } | Message::Tool { .. }) => {
            messages.push(Message::User("(The agent says nothing.)".into()));
        }
        None => messages.push(Message::User(CONNECTED.into())),
    }
    messages
}

/// What the model wrote, without the marks that models like to add.
fn read(answer: &str) -> Next {
    let lower = answer.to_ascii_lowercase();
    let end = lower.find(HANG_UP);
    let words = &answer[..end.unwrap_or(answer.len())];
    let words = words.trim().trim_start_matches("Caller:").trim_start_matches("caller:").trim();
    let words = words.trim_matches(['"', '“', '”']).trim().to_owned();
    match end {
        Some(_) if words.is_empty() => Next::HangsUp,
        Some(_) => Next::SaysLast(words),
        None if words.is_empty() => Next::HangsUp,
        None => Next::Says(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_without_its_marks() {
        for (answer, expected) in [
            ("Caller: \"Where is it?\"", Next::Says("Where is it?".into())),
            ("Thanks, bye. [Hang up]", Next::SaysLast("Thanks, bye.".into())),
            (" [hang up] ", Next::HangsUp),
            ("\"\"", Next::HangsUp),
        ] {
            assert_eq!(read(answer), expected, "{answer}");
        }
    }

    #[test]
    fn the_model_hears_the_agent_and_speaks_for_the_caller() {
        let line = |who, text: &str| Line { who, text: text.into(), interrupted: false };
        let lines = [
            line(Who::Agent, "Hi."),
            line(Who::Caller, "Where is it?"),
            line(Who::Tool, "find {}"),
            line(Who::Agent, "One moment."),
            line(Who::Agent, "Here."),
        ];
        let said = |lines: &[Line]| -> Vec<String> {
            let text = |message: Message| match message {
                Message::User(text) => format!("agent {}", text.expose()),
                Message::Assistant { text, .. } => format!("caller {}", text.expose()),
                Message::Tool { .. } => "tool".to_owned(),
            };
            messages(&lines.iter().collect::<Vec<_>>()).into_iter().map(text).collect()
        };
        assert_eq!(said(&lines), ["agent Hi.", "caller Where is it?", "agent One moment. Here."]);
        assert_eq!(said(&[]), [format!("agent {CONNECTED}")]);
        assert_eq!(said(&lines[1..2]).last().unwrap(), "agent (The agent says nothing.)");
    }
}
