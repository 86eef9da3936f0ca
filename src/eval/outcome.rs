//! What an evaluation found, as plain data: it is written as JSON, and read again to be compared or shown.
//!
//! Nothing in here is judged twice: a trial carries its checks, and every figure is counted from them.

use serde::{Deserialize, Serialize};

/// The form of the JSON; it changes when an older program could misread a newer file.
pub const FORMAT: u32 = 1;

/// Everything one run of `eval` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// [`FORMAT`].
    pub format: u32,
    /// When it began, in milliseconds since 1970.
    pub began: u64,
    /// How long it took, in milliseconds.
    pub lasted: u64,
    /// How often each scenario was tried with each subject.
    pub repeats: u32,
    /// What was measured: one, or two that are compared.
    pub subjects: Vec<Subject>,
    /// The scenarios, in the order of their names.
    pub cases: Vec<Case>,
    /// Every trial, by subject, case and number.
    pub trials: Vec<Trial>,
    /// The model that gave [`Judgement`]s, if any did.
    pub judge: Option<String>,
    /// The model that played callers, if one did.
    #[serde(default)]
    pub caller: Option<String>,
    /// Scenarios that were not tried, by name: they need a model that plays the caller, and there was none.
    #[serde(default)]
    pub skipped: Vec<String>,
}

/// A version of the prompts and tools, with the model that reads them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// What it is called in tables: a variant, a folder, a model.
    pub label: String,
    /// Where its prompts come from: `embedded` or a folder.
    pub prompts: String,
    /// The version of its prompts and tools; scenarios that bring prompts of their own add theirs.
    pub version: String,
    /// The model's name; `embedded agent` without one.
    pub model: String,
}

/// A scenario, as far as a report needs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its folder and file without ending, such as `parcel/asks_for_a_person`.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// The folder, which stands for a trade.
    pub group: String,
    /// Words to sort by, such as `near-miss`.
    pub tags: Vec<String>,
    /// Whether a person must take over; `None` where either is right.
    pub escalates: Option<bool>,
    /// By which of the caller's turns.
    pub within_turns: Option<u32>,
}

/// One run of one scenario with one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Index into [`Results::subjects`].
    pub subject: usize,
    /// Index into [`Results::cases`].
    pub case: usize,
    /// 1, 2, … Trials of the same number are pairs when two subjects are compared.
    pub number: u32,
    /// How it came out.
    pub end: End,
    /// How many times the caller spoke.
    pub turns: u32,
    /// Every expectation, met or not.
    pub checks: Vec<Check>,
    /// From the question to the model's first word or tool call, for each question, in milliseconds.
    pub first_token: Vec<u32>,
    /// What the model read and wrote.
    pub usage: Usage,
    /// What was said, and done.
    pub transcript: Vec<Line>,
    /// What another model made of it. Never among the checks.
    pub judgement: Option<Judgement>,
    /// How long it took in real time, in milliseconds; speech takes none.
    pub lasted: u64,
}

/// How a trial came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum End {
    /// A person takes over.
    Escalated(Escalation),
    /// The agent ended the call.
    Completed,
    /// The caller had nothing more to say and hung up.
    LeftByCaller,
    /// The trial could not be held, such as when the model was out of reach. Counted apart, never as a miss.
    Failed {
        /// What, where and how to mend it.
        why: String,
    },
}

/// What a person would have got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Escalation {
    /// After which of the caller's turns, from 1; 0 before the first.
    pub turn: u32,
    /// `reasonCode`.
    pub reason_code: String,
    /// `reason`.
    pub reason: String,
    /// `sentiment`.
    pub sentiment: String,
    /// `callSummary`.
    pub summary: String,
    /// `warmline.trigger`: the model, or which rule beside it.
    pub trigger: String,
    /// The targets by their names or kinds, in the order the routing rules put them; empty where unknown.
    pub targets: Vec<String>,
}

/// One expectation of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What it is about.
    pub about: About,
    /// What was expected, in a few words.
    pub expected: String,
    /// What was found, in a few words.
    pub found: String,
    /// Whether it is met.
    pub met: bool,
}

/// What an expectation is about; each kind is one figure of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A person must take over, and does: else it is a missed escalation.
    Escalates,
    /// No person may take over, and none does: else it is a needless escalation.
    StaysWithAgent,
    /// In time.
    Within,
    /// The code of the reason.
    ReasonCode,
    /// The caller's mood.
    Sentiment,
    /// One fact that the summary owes.
    SummaryFact,
    /// One call of a tool that must happen, with its arguments, or must not.
    Tool,
    /// Words that must be spoken, or must not.
    Words,
    /// The language spoken at the end.
    Language,
    /// How the call ends.
    Outcome,
}

/// What a model read and wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Questions asked.
    pub questions: u32,
    /// Tokens read.
    pub prompt: u64,
    /// Tokens written.
    pub completion: u64,
    /// Whether the tokens are estimated, because the provider told none.
    pub estimated: bool,
    /// The price, if prices are known.
    pub price: Option<f64>,
}

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Whose.
    pub who: Who,
    /// What was said; of a tool its name, arguments and result.
    pub text: String,
    /// Whether the caller cut it off.
    pub interrupted: bool,
}

/// How an event begins in which the caller keys something in.
pub const PRESSES: &str = "the caller presses";

/// Whose line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The caller.
    Caller,
    /// The agent, or the bridge in its place.
    Agent,
    /// A tool.
    Tool,
    /// What happened without words, such as a key or silence.
    Event,
}

/// What another model made of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// 1 (bad) to 5 (good).
    pub score: u8,
    /// Why, in a sentence or two.
    pub why: String,
}

impl Trial {
    /// Whether all expectations are met. A failed trial meets none.
    pub fn passed(&self) -> bool {
        !matches!(self.end, End::Failed { .. }) && self.checks.iter().all(|check| check.met)
    }

    /// The checks of one kind.
    pub fn about(&self, about: About) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.about == about)
    }
}
