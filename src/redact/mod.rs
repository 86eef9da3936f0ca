//! Takes out of a record what must not leave: one implementation for the store and for every exit.
//!
//! What [`crate::mask`] hides is hidden everywhere. Phone numbers and e-mail addresses are hidden where the
//! settings say so ([`Exits`]): in what was said and written, not in the fields that say who called.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::handoff::{Handoff, Line, Speaker};
use crate::mask::{Also, mask_also, mask_json_also, mask_name, words_of};
use crate::pii::Pii;
use crate::record::Turn;

/// The arguments of a tool whose input must not be kept. Still JSON, because a model reads them again.
const SECURE: &str = r#"{"masked":true}"#;

/// What is hidden at each exit beside what is hidden everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exits {
    /// The console and its API.
    pub console: Also,
    /// The page for the person who takes the call.
    pub desk: Also,
    /// The hand-off document, in `handoffData` and as Task.
    pub task: Also,
    /// `warmline calls export` and `show`.
    pub export: Also,
    /// Events for Segment.
    pub tracking: Also,
}

impl Default for Exits {
    /// Who works with a call sees how to reach the caller; who looks on does not.
    fn default() -> Self {
        let all = Also { email: true, phone: true };
        Self { console: all, desk: Also::NOTHING, task: Also::NOTHING, export: Also::NOTHING, tracking: all }
    }
}

/// Leaves out the input of tools whose manifests say so.
pub fn secure_input(turn: &mut Turn) {
    for run in turn.runs.iter_mut().filter(|run| run.secure) {
        run.call.arguments = SECURE.into();
    }
}

/// Hides in one turn.
pub fn turn(turn: &mut Turn, also: Also) {
    let cue = turn.answers.take();
    text(&mut turn.text, cue.as_ref().map(|cue| cue.expose().as_str()), also);
    for run in &mut turn.runs {
        run.call.arguments = mask_json_also(run.call.arguments.expose(), also).into();
        if let Some(result) = &mut run.result {
            *result = mask_json_also(result.expose(), also).into();
        }
    }
}

/// What was asked before each line of a conversation. It tells what the digits in the line are.
#[derive(Default)]
struct Asked {
    /// What we said since the caller's last words.
    since: String,
    /// What we had said before those.
    before: String,
}

impl Asked {
    /// Takes the next line, and returns what it may answer.
    fn before(&mut self, who: Speaker, text: &str) -> &str {
        match who {
            // Who says something more answers the same question still.
            Speaker::Caller if self.since.is_empty() => {}
            Speaker::Caller => self.before = std::mem::take(&mut self.since),
            // We may say again what we were told.
            Speaker::Agent if text.trim().is_empty() => {}
            Speaker::Agent => {
                self.since.push_str(text);
                self.since.push(' ');
            }
        }
        &self.before
    }
}

/// Hides in a whole conversation, oldest turn first: what was asked tells what is answered.
pub fn conversation(turns: &mut [Turn], also: Also) {
    let mut asked = Asked::default();
    for said in turns {
        secure_input(said);
        let cue = asked.before(said.who, said.text.expose());
        said.answers.get_or_insert_with(|| cue.into());
        turn(said, also);
    }
}

/// Hides in the lines of a conversation, oldest first.
pub fn lines(lines: &mut [Line], also: Also) {
    let mut asked = Asked::default();
    for line in lines {
        let cue = asked.before(line.who, line.text.expose());
        text(&mut line.text, Some(cue), also);
    }
}

/// Hides in facts; the name of one tells what it is. Of two names that are alike then, one stays.
pub fn facts(facts: &mut BTreeMap<String, Pii<String>>, also: Also) {
    let hide = |(name, mut fact): (String, Pii<String>)| {
        text(&mut fact, Some(&words_of(&name)), also);
        (fact_name(name, also), fact)
    };
    *facts = std::mem::take(facts).into_iter().map(hide).collect();
}

/// The name of a fact, which a model makes up: still letters, digits and `_`.
fn fact_name(name: String, also: Also) -> String {
    match mask_name(&name, also) {
        Cow::Borrowed(_) => name,
        Cow::Owned(masked) => masked.replace('*', "_"),
    }
}

/// Hides in a hand-off document.
pub fn handoff(handoff: &mut Handoff, also: Also) {
    let context = &mut handoff.context;
    let asked = context.transcript.iter().filter(|line| line.who == Speaker::Agent);
    // A summary quotes answers without their questions.
    let asked: Vec<&str> = asked.map(|line| line.text.expose().as_str()).collect();
    let asked = asked.join(" ");
    for text_of in [&mut handoff.reason, &mut handoff.call_summary] {
        text(text_of, Some(&asked), also);
    }
    if let Some(topic) = &mut context.topic {
        text(topic, None, also);
    }
    if let Cow::Owned(masked) = mask_name(&handoff.reason_code, also) {
        handoff.reason_code = masked;
    }
    facts(&mut context.memory, also);
    lines(&mut context.transcript, also);
}

/// Hides in a hand-off document as it was written.
pub fn document(document: &mut Value, also: Also) {
    let said = |document: &Value, key: &str| document[key].as_str().map(str::to_owned);
    let lines = document["warmline"]["transcript"].as_array();
    let ours = lines.into_iter().flatten().filter(|line| line["who"] == "agent");
    let asked: Vec<String> = ours.filter_map(|line| said(line, "text")).collect();
    let asked = asked.join(" ");
    let hide = |value: &mut Value, cue: Option<&str>| {
        if let Some(Cow::Owned(masked)) = value.as_str().map(|text| mask_also(text, cue, also)) {
            *value = masked.into();
        }
    };
    for key in ["reason", "callSummary"] {
        if let Some(value) = document.get_mut(key) {
            hide(value, Some(&asked));
        }
    }
    if let Some(code) = document.get_mut("reasonCode")
        && let Some(Cow::Owned(masked)) = code.as_str().map(|code| mask_name(code, also))
    {
        *code = masked.into();
    }
    let Some(ours) = document.get_mut("warmline") else { return };
    if let Some(topic) = ours.get_mut("topic") {
        hide(topic, None);
    }
    if let Some(memory) = ours.get_mut("memory").and_then(Value::as_object_mut) {
        let named = |(name, mut fact): (String, Value)| {
            hide(&mut fact, Some(&words_of(&name)));
            (fact_name(name, also), fact)
        };
        *memory = std::mem::take(memory).into_iter().map(named).collect();
    }
    let mut asked = Asked::default();
    for line in ours.get_mut("transcript").and_then(Value::as_array_mut).into_iter().flatten() {
        let who = if line["who"] == "caller" { Speaker::Caller } else { Speaker::Agent };
        let text = said(line, "text").unwrap_or_default();
        hide(&mut line["text"], Some(asked.before(who, &text)));
    }
}

/// Hides in a text. `cue` is what was said before it.
pub fn text(text: &mut Pii<String>, cue: Option<&str>, also: Also) {
    if let Cow::Owned(masked) = mask_also(text.expose(), cue, also) {
        *text = masked.into();
    }
}

/// How much of the end of a number is shown.
const SHOWN: usize = 4;
/// What networks send in place of a number.
const WITHHELD: [&str; 5] = ["anonymous", "unknown", "restricted", "unavailable", "withheld"];

/// A caller's number as lists show it: enough to tell two callers apart.
pub fn number(number: &str) -> String {
    if WITHHELD.contains(&number.to_ascii_lowercase().as_str()) {
        return number.to_owned();
    }
    let letters: Vec<char> = number.chars().collect();
    let begins = letters.len().min(3);
    // Of a short number or another kind of address the end would tell too much.
    let ends = if letters.first() == Some(&'+') && letters.len() > begins + SHOWN + 2 { SHOWN } else { 0 };
    let hidden = letters.len() - begins - ends;
    let hidden = if ends == 0 { 3 } else { hidden };
    letters[..begins]
        .iter()
        .chain(std::iter::repeat_n(&'•', hidden))
        .chain(&letters[letters.len() - ends..])
        .collect()
}
