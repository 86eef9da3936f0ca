//! A scenario: who calls, what is said, and what must and must not come of it. One readable file each.
//!
//! `docs/EVAL.md` tells every key.

mod act;
mod check;
mod folder;
mod read;
mod reader;

pub use folder::{Set, Trade, folder};
pub use read::scenario;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::outcome::Case;
use super::spelled::Fact;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// Its line, from 1; 0 where it is about all of it.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub cause: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.cause),
            line => write!(f, "{}:{line}: {}", self.file, self.cause),
        }
    }
}

/// One call as it is to be played, and what is expected of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its folder and file without ending.
    pub name: String,
    /// The folder, which stands for a trade.
    pub group: String,
    /// One line for people.
    pub title: String,
    /// Words to sort by.
    pub tags: Vec<String>,
    /// The language in which the call begins; the prompt's own where none is given.
    pub language: Option<String>,
    /// What the caller does.
    pub part: Part,
    /// Who calls.
    pub caller: Caller,
    /// What the tools of the business answer, by name.
    pub tools: BTreeMap<String, Answers>,
    /// What must and must not happen.
    pub expect: Expect,
}

/// How the caller's part is played.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// By these acts, in order, each once the agent has finished speaking.
    Acts(Vec<Act>),
    /// By another model.
    Simulated(Simulated),
}

/// Something that a caller does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Says this.
    Say(String),
    /// Presses these keys.
    Keys(String),
    /// Says nothing for so long.
    Silence(Duration),
    /// Cuts in with these words, once so many characters of what the agent says were heard.
    Interrupt {
        /// What is said.
        words: String,
        /// After how many characters.
        after: usize,
    },
}

/// A caller that another model plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulated {
    /// What the caller wants.
    pub goal: String,
    /// What the caller is like.
    pub temper: Option<String>,
    /// What the caller knows.
    pub facts: BTreeMap<String, String>,
    /// The first words; the model finds them where none are given.
    pub opens: Option<String>,
    /// After how many turns the caller hangs up in any case.
    pub most_turns: u32,
}

/// Who calls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Caller {
    /// The number.
    pub from: Option<String>,
    /// The name, as a look-up would have it.
    pub name: Option<String>,
    /// Traits, as a profile would have them.
    pub traits: BTreeMap<String, Value>,
    /// Custom parameters of the relay session.
    pub parameters: BTreeMap<String, String>,
}

/// What a tool answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Answers {
    /// These, in turn; the last one again and again.
    Well(Vec<Value>),
    /// It fails, and the model is told this.
    Fails(String),
    /// What it answered in a recorded call.
    Recorded(Vec<Run>),
}

/// One run of a tool in a recorded call.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What it was asked with.
    pub arguments: Value,
    /// What it answered, or why it failed.
    pub result: Result<String, String>,
}

impl Answers {
    /// Which recorded run answers a call with these arguments: the first of the same that is left, else one of the same
    /// again, else the first that is left.
    pub fn recorded(runs: &[Run], arguments: &Value, is_left: impl Fn(usize) -> bool) -> Option<usize> {
        let same = |place: &usize| runs[*place].arguments == *arguments;
        let left = || (0..runs.len()).filter(|place| is_left(*place));
        left().find(same).or_else(|| (0..runs.len()).rev().find(same)).or_else(|| left().next())
    }
}

/// What must and must not happen. What is left out is not checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expect {
    /// Whether a person takes over.
    pub escalates: Option<bool>,
    /// By which of the caller's turns, if a person does.
    pub within_turns: Option<u32>,
    /// `reasonCode`, any of these, if a person does.
    pub reason_code: Vec<String>,
    /// `sentiment`, any of these, if a person does.
    pub sentiment: Vec<String>,
    /// Facts that the summary owes, if a person takes over.
    pub summary: Vec<Fact>,
    /// How the call ends.
    pub outcome: Option<Outcome>,
    /// What the agent must say.
    pub says: Vec<Fact>,
    /// What the agent must not say.
    pub never_says: Vec<Fact>,
    /// The language spoken at the end.
    pub language: Option<String>,
    /// Tools that must be called, or must not.
    pub tools: Vec<ExpectedTool>,
}

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The agent ends it.
    Completed,
    /// A person takes over.
    Escalated,
    /// The caller hangs up.
    Left,
}

/// A call of a tool that must happen, or must not.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectedTool {
    /// The tool.
    pub name: String,
    /// A part of its arguments; `None` stands for any.
    pub arguments: Option<Value>,
    /// Whether it must not happen.
    pub never: bool,
}

impl Outcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Escalated => "escalated",
            Self::Left => "left",
        }
    }
}

impl Scenario {
    /// What a report needs to know of it.
    pub fn case(&self) -> Case {
        Case {
            name: self.name.clone(),
            title: self.title.clone(),
            group: self.group.clone(),
            tags: self.tags.clone(),
            escalates: self.expect.escalates,
            within_turns: self.expect.within_turns,
        }
    }

    /// Whether another model has to play the caller.
    pub fn needs_caller_model(&self) -> bool {
        matches!(self.part, Part::Simulated(_))
    }
}

#[cfg(test)]
mod tests;
