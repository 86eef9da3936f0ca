//! Recorded calls against other prompts or another model: where would they now go to a person?
//!
//! The caller's words are fed as they were said, turn by turn. Once an answer differs, a real caller might have said
//! something else: everything behind that place ([`Call::diverged`]) is a guess, and is shown as one.

mod compared;
mod hidden;
mod page;
mod recorded;
mod table;

pub use page::html;
pub use recorded::{Exchange, HandOff, RecordError, Recorded, Tool};
pub use table::table;

use std::collections::BTreeMap;

use serde::Serialize;

use super::outcome::{Escalation, Line, Results, Subject};
use super::scenario::{Caller, Expect, Part, Scenario, Set, Trade};
use crate::mask::Also;

/// The group of all recorded calls.
const GROUP: &str = "calls";

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replay {
    /// The form of this JSON.
    pub format: u32,
    /// What answered this time.
    pub subject: Subject,
    /// How many calls came out in each way.
    pub counts: BTreeMap<Change, u32>,
    /// Every call, those that changed first.
    pub calls: Vec<Call>,
    /// Whether phone numbers and e-mail addresses are hidden.
    pub masked: bool,
}

/// One call, then and now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// Its name.
    pub call_sid: String,
    /// When it came in.
    pub began_at: String,
    /// The version of its prompts.
    pub prompts: Option<String>,
    /// What changed.
    pub change: Change,
    /// How it ended.
    pub then: Ending,
    /// How it ends now.
    pub now: Ending,
    /// The first of the caller's turns that is answered differently; 0 is the greeting. From there on the caller's words
    /// may not be what would have been said.
    pub diverged: Option<u32>,
    /// What was said.
    pub said_then: Vec<Line>,
    /// What is said now.
    pub said_now: Vec<Line>,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// No person takes over any more, as far as the caller's words go.
    NoLonger,
    /// A person takes over now.
    Newly,
    /// A person takes over sooner.
    Earlier,
    /// A person takes over later.
    Later,
    /// A person takes over after the same turn, or in neither.
    Same,
    /// A person took over by something that no prompt and no model decides.
    Beyond,
    /// It could not be replayed.
    Failed,
}

/// How a call ends.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Ending {
    /// A person takes over.
    Escalated(Escalation),
    /// The agent ended it.
    Completed,
    /// The caller's words ran out, or the caller hung up.
    Left {
        /// After so many of the caller's turns.
        turn: u32,
    },
    /// It could not be replayed.
    Failed {
        /// Why.
        why: String,
    },
}

impl Change {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 7] =
        [Self::NoLonger, Self::Newly, Self::Earlier, Self::Later, Self::Same, Self::Beyond, Self::Failed];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoLonger => "no longer escalates",
            Self::Newly => "newly escalates",
            Self::Earlier => "escalates earlier",
            Self::Later => "escalates later",
            Self::Same => "same",
            Self::Beyond => "not decided by the agent",
            Self::Failed => "could not be replayed",
        }
    }
}

impl Ending {
    /// In words, on one line.
    pub fn words(&self) -> String {
        match self {
            Self::Escalated(it) => format!(
                "a person after turn {}: {} ({}, {}, by {})",
                it.turn, it.reason, it.reason_code, it.sentiment, it.trigger
            ),
            Self::Completed => "the agent ended the call".to_owned(),
            Self::Left { turn } => format!("no person; the caller's words end after turn {turn}"),
            Self::Failed { why } => why.clone(),
        }
    }
}

/// The calls as scenarios that expect nothing. Their names are their places in the list.
pub fn scenarios(calls: &[Recorded]) -> Set {
    let scenario = |(place, call): (usize, &Recorded)| Scenario {
        name: format!("{GROUP}/{place:06}"),
        group: GROUP.to_owned(),
        title: call.call_sid.clone(),
        tags: Vec::new(),
        language: None,
        part: Part::Acts(call.acts()),
        caller: Caller::default(),
        tools: call.answers(),
        expect: Expect::default(),
    };
    Set {
        scenarios: calls.iter().enumerate().map(scenario).collect(),
        trades: BTreeMap::from([(GROUP.to_owned(), Trade::default())]),
    }
}

impl Replay {
    /// Puts the calls beside what came of [`scenarios`] of the same calls. `also` is hidden beside what is hidden
    /// everywhere.
    pub fn of(recorded: Vec<Recorded>, results: &Results, also: Also) -> Option<Self> {
        let subject = results.subjects.first()?.clone();
        let call = |(place, recorded): (usize, Recorded)| {
            let trial = results.trials.iter().find(|trial| trial.case == place);
            let mut call = compared::call(recorded, trial);
            hidden::hide(&mut call, also);
            call
        };
        let mut calls: Vec<Call> = recorded.into_iter().enumerate().map(call).collect();
        calls.sort_by_key(|call| call.change);
        let mut counts = BTreeMap::new();
        for call in &calls {
            *counts.entry(call.change).or_insert(0) += 1;
        }
        Some(Self { format: 1, subject, counts, calls, masked: also != Also::NOTHING })
    }
}

#[cfg(test)]
mod tests;
