//! Which way a call goes: facts in, decision out. No clock, no input or output, nothing but the settings' rules.
//!
//! Rules are asked in their order, and the first that applies decides. A rule applies if all of its conditions
//! hold; where none applies, nothing is decided and the usual way is taken. [`Rules::explain`] tells why.

mod condition;
mod explain;
mod facts;
#[cfg(test)]
mod tests;

pub use condition::{Condition, Fault};
pub use explain::{Checked, Explanation, Tried};
pub use facts::{Fact, Facts, KNOWN, Kind, Known, Moment, TRAITS};

use std::collections::BTreeMap;

use serde_json::Value;

/// The rules of the settings.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    /// Asked when a call comes in.
    pub start: Rules<Start>,
    /// Asked when a call goes to a person.
    pub handoff: Rules<Handover>,
}

/// Whom a caller meets first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// The AI.
    Agent {
        /// The language it begins in, as a BCP 47 tag; that of the prompt without one.
        language: Option<String>,
        /// The provider's name of the voice; that of the prompt without one.
        voice: Option<String>,
        /// The variant of the prompts; chosen by the shares of calls without one.
        prompts: Option<String>,
    },
    /// A person at once.
    Person {
        /// The `reasonCode` of the document; `routing` without one.
        reason_code: Option<String>,
    },
}

/// How a call goes to a person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Handover {
    /// The targets that are tried, in this order; without any all of them, as the settings list them.
    pub targets: Vec<Place>,
    /// The priority of the Task: higher is sooner.
    pub priority: Option<u32>,
    /// What the Task gets beside the document, at its top level.
    pub attributes: BTreeMap<String, Value>,
}

/// A target, by its name and its place in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The name.
    pub name: String,
    /// Where it stands in the list, from 0.
    pub place: usize,
}

/// Rules in their order.
#[derive(Debug, Clone)]
pub struct Rules<D>(pub Vec<Rule<D>>);

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule<D> {
    /// What it is called in the log and in figures.
    pub name: String,
    /// All of these have to hold; without any the rule applies always.
    pub when: Vec<Condition>,
    /// What it decides.
    pub decision: D,
}

impl<D> Default for Rules<D> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<D> Rules<D> {
    /// The first rule that applies, with its place from 0.
    pub fn decide(&self, facts: &Facts) -> Option<(usize, &Rule<D>)> {
        let applies =
            |(_, rule): &(usize, &Rule<D>)| rule.when.iter().all(|condition| condition.holds(facts));
        self.0.iter().enumerate().find(applies)
    }
}

impl Default for Start {
    fn default() -> Self {
        Self::Agent { language: None, voice: None, prompts: None }
    }
}

impl Start {
    /// Its word in the settings.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Agent { .. } => "ai",
            Self::Person { .. } => "person",
        }
    }
}
