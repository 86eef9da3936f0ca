//! What was said in a trial, and done.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Called;
use crate::eval::outcome::{Line, Who};
use crate::record::{Changes, TurnKey};

/// The conversation as it was heard.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    entries: Vec<Entry>,
    called: Vec<Called>,
    /// How many tools of a turn are written down.
    noted: BTreeMap<TurnKey, usize>,
}

#[derive(Debug)]
struct Entry {
    line: Line,
    /// Of the agent's: which reply it is, and how many bytes of it were heard.
    reply: Option<(usize, usize)>,
}

impl Transcript {
    /// The caller speaks.
    pub(super) fn caller(&mut self, words: &str) {
        self.push(Who::Caller, words.to_owned(), None);
    }

    /// Something happens without words.
    pub(super) fn event(&mut self, text: String) {
        self.push(Who::Event, text, None);
    }

    /// The agent sends words.
    pub(super) fn agent(&mut self, reply: usize, token: &str) {
        let known = |entry: &&mut Entry| entry.reply.is_some_and(|(known, _)| known == reply);
        match self.entries.iter_mut().rev().find(known) {
            Some(entry) => entry.line.text.push_str(token),
            None if token.is_empty() => {}
            None => self.push(Who::Agent, token.to_owned(), Some((reply, 0))),
        }
    }

    /// The caller heard more of a reply.
    pub(super) fn heard(&mut self, reply: usize, text: &str) {
        for entry in self.entries.iter_mut().rev() {
            if let Some((known, heard)) = &mut entry.reply
                && *known == reply
            {
                *heard += text.len();
                return;
            }
        }
    }

    /// The caller cut in: nothing more is heard of what was sent.
    pub(super) fn cut(&mut self) {
        for entry in &mut self.entries {
            if let Some((_, heard)) = entry.reply
                && heard < entry.line.text.len()
                && !entry.line.interrupted
            {
                let end = entry.line.text.floor_char_boundary(heard);
                entry.line.interrupted = !entry.line.text[end..].trim().is_empty();
                entry.line.text.truncate(end);
                // What is sent under this name from now on is another line.
                entry.reply = None;
            }
        }
        self.entries.retain(|entry| entry.line.who != Who::Agent || !entry.line.text.trim().is_empty());
    }

    /// Takes the tools whose results are there.
    pub(super) fn tools(&mut self, changes: &Changes) {
        for turn in &changes.turns {
            let noted = self.noted.entry(turn.key).or_default();
            let ended = turn.runs.iter().skip(*noted).take_while(|run| run.result.is_some());
            let ended: Vec<_> = ended.collect();
            *noted += ended.len();
            for run in ended {
                let result = run.result.as_ref().map_or("", |result| result.expose());
                let arguments = run.call.arguments.expose();
                let line = Line {
                    who: Who::Tool,
                    text: format!("{} {arguments} → {result}", run.call.name),
                    interrupted: false,
                };
                self.entries.push(Entry { line, reply: None });
                let arguments = serde_json::from_str(arguments).unwrap_or(Value::Null);
                self.called.push(Called { name: run.call.name.clone(), arguments });
            }
        }
    }

    /// Every tool that was called, in order.
    pub(super) fn called(&self) -> &[Called] {
        &self.called
    }

    /// The lines so far.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.entries.iter().map(|entry| &entry.line)
    }

    /// The lines, when the call is over.
    pub(super) fn into_lines(self) -> Vec<Line> {
        let tidy = |entry: Entry| Line { text: entry.line.text.trim().to_owned(), ..entry.line };
        self.entries.into_iter().map(tidy).filter(|line| !line.text.is_empty()).collect()
    }

    fn push(&mut self, who: Who, text: String, reply: Option<(usize, usize)>) {
        self.entries.push(Entry { line: Line { who, text, interrupted: false }, reply });
    }
}
