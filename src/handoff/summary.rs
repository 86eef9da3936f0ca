//! The summary when no model can write one: taken from what was said, and marked as such.

use super::{Line, Speaker, tidy};

/// How many of the caller's last utterances are quoted beside the first.
const LAST_UTTERANCES: usize = 2;
/// How much of each utterance is quoted, in characters.
const LONGEST_QUOTE: usize = 240;

/// Summarises a conversation by quoting it: how the caller began, what the caller said last, what we answered.
pub fn summarise(transcript: &[Line]) -> String {
    let said = |who| {
        let lines = transcript.iter().filter(move |line| line.who == who);
        lines.map(|line| format!("“{}”", tidy(line.text.expose(), LONGEST_QUOTE))).collect::<Vec<_>>()
    };
    let (caller, agent) = (said(Speaker::Caller), said(Speaker::Agent));
    let Some((first, rest)) = caller.split_first() else {
        return "The caller has not said anything yet.".to_owned();
    };
    let mut summary = format!("The caller began with {first}.");
    let last = &rest[rest.len().saturating_sub(LAST_UTTERANCES)..];
    if !last.is_empty() {
        summary.push_str(&format!(" Last said: {}.", last.join(", ")));
    }
    if let Some(answer) = agent.last() {
        summary.push_str(&format!(" The assistant's last words were {answer}."));
    }
    summary
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(who: Speaker, text: &str) -> Line {
        Line { who, text: text.into() }
    }

    #[test]
    fn the_beginning_and_the_end_are_quoted() {
        let transcript = [
            line(Speaker::Agent, "Hello, how can I help?"),
            line(Speaker::Caller, "I was charged twice"),
            line(Speaker::Agent, "For which order?"),
            line(Speaker::Caller, "1182"),
            line(Speaker::Caller, "hello?"),
            line(Speaker::Caller, "are you there?"),
        ];
        assert_eq!(
            summarise(&transcript),
            "The caller began with “I was charged twice”. Last said: “hello?”, “are you there?”. \
             The assistant's last words were “For which order?”."
        );
    }

    #[test]
    fn a_silent_caller_is_said_to_be_silent() {
        assert_eq!(summarise(&[line(Speaker::Agent, "Hello?")]), "The caller has not said anything yet.");
    }
}
