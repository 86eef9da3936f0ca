//! The hand-off document that needs no model: written from what was said, and from nothing else.

use crate::handoff::{Author, Handoff, Line, Sentiment, Speaker, Trigger, cut, summarise};
use crate::ids::CallSid;
use crate::mask::Also;
use crate::phrases::{Mood, mood};
use crate::record::Memory;
use crate::redact;

/// How much of the conversation travels with the document.
const TRANSCRIPT_LINES: usize = 12;
const TRANSCRIPT_LINE: usize = 200;

/// The document of a call whose session is gone, from what it left behind.
pub fn handoff_from(memory: &Memory, call_sid: CallSid, handoff_id: String, trigger: Trigger) -> Handoff {
    let line = |(who, text): (Speaker, &str)| Line { who, text: text.trim().into() };
    let said = memory.turns.iter().map(|turn| (turn.who, turn.heard_text()));
    let transcript = said.filter(|(_, text)| !text.trim().is_empty()).map(line).collect();
    let mut handoff = plain(call_sid, handoff_id, trigger, transcript, &memory.state.language);
    let began = memory.turns.iter().map(|turn| turn.steps.began).min().unwrap_or(0);
    let ended = memory.turns.iter().map(|turn| turn.steps.began).max().unwrap_or(0);
    handoff.context.prompts.clone_from(&memory.state.prompts);
    handoff.context.turns = memory.state.turns;
    handoff.context.seconds = (ended - began) / 1000;
    handoff.context.memory.clone_from(&memory.state.facts);
    handoff
}

pub(super) fn plain(
    call_sid: CallSid,
    handoff_id: String,
    trigger: Trigger,
    mut transcript: Vec<Line>,
    language: &str,
) -> Handoff {
    // All of it, before anything is cut: what is left out may tell what digits are.
    redact::lines(&mut transcript, Also::NOTHING);
    let caller = transcript.iter().filter(|line| line.who == Speaker::Caller);
    let mut handoff = Handoff::bare(call_sid, handoff_id, trigger);
    handoff.sentiment = match mood(caller.map(|line| line.text.expose().as_str()), language) {
        Mood::Positive => Sentiment::Positive,
        Mood::Neutral => Sentiment::Neutral,
        Mood::Negative => Sentiment::Negative,
    };
    handoff.call_summary = summarise(&transcript).into();
    handoff.context.summary_by = Author::Transcript;
    language.clone_into(&mut handoff.context.language);
    handoff.context.transcript = excerpt(transcript);
    handoff
}

/// The last lines, each cut to a readable length.
pub(super) fn excerpt(mut transcript: Vec<Line>) -> Vec<Line> {
    transcript.drain(..transcript.len().saturating_sub(TRANSCRIPT_LINES));
    for line in &mut transcript {
        line.text = cut(line.text.expose(), TRANSCRIPT_LINE).into();
    }
    transcript
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{State, Steps, Turn, TurnKey};

    #[test]
    fn a_question_that_is_cut_tells_what_was_answered() {
        let question = format!("{} what is the security code?", "so that I can look it up for you".repeat(7));
        let turn = |who, text: &str| Turn {
            key: TurnKey::default(),
            who,
            text: text.into(),
            heard: usize::MAX,
            interrupted: false,
            runs: Vec::new(),
            steps: Steps::default(),
            answers: None,
        };
        let small_talk = [(Speaker::Agent, "Thank you."), (Speaker::Caller, "hello?")].repeat(6);
        for later in [0, small_talk.len()] {
            let mut turns = vec![turn(Speaker::Agent, &question), turn(Speaker::Caller, "123")];
            turns.extend(small_talk[..later].iter().map(|(who, text)| turn(*who, text)));
            let memory = Memory { turns, state: State::default() };
            let handoff = handoff_from(&memory, "CA1".parse().unwrap(), "HO1".into(), Trigger::Key);
            let document = handoff.to_handoff_data();
            assert!(document.contains("***") && !document.contains("123"), "{document}");
        }
    }
}
