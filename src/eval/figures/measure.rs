//! What a figure measures.

use serde::{Serialize, Serializer};

use crate::eval::outcome::{About, End, Trial};
use crate::eval::statistics::{Cluster, Statistic, mean, median, p95};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Trials that met every expectation.
    Pass,
    /// Trials in which a person had to take over and none did.
    Missed,
    /// Trials in which no person was to take over and one did.
    Needless,
    /// The mean of the caller's turns until a person took over, where one may.
    Turns,
    /// A person came in time.
    Within,
    /// The code of the reason fits.
    Reason,
    /// The caller's mood is judged as a person did.
    Sentiment,
    /// Facts found in the summary, of those due.
    Summary,
    /// Calls of tools as they should be.
    Tools,
    /// What had to be said was said, and nothing else that must not be.
    Words,
    /// The language spoken at the end.
    Language,
    /// How the call ended.
    Outcome,
    /// The median of the time until the model's first word or tool call.
    FirstTokenP50,
    /// The time within which 95 % of the model's answers begin.
    FirstTokenP95,
    /// Trials that could not be held, or were never begun.
    Unheld,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More.
    Higher,
    /// Less.
    Lower,
}

/// How a figure is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share, from 0 to 1.
    Rate,
    /// The caller's turns.
    Turns,
    /// Milliseconds.
    Milliseconds,
}

impl Measure {
    /// All that are counted from trials that were held, in the order of the report.
    pub const ALL: [Self; 14] = [
        Self::Pass,
        Self::Missed,
        Self::Needless,
        Self::Turns,
        Self::Within,
        Self::Reason,
        Self::Sentiment,
        Self::Summary,
        Self::Tools,
        Self::Words,
        Self::Language,
        Self::Outcome,
        Self::FirstTokenP50,
        Self::FirstTokenP95,
    ];

    /// Its name in `--fail-under` and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Missed => "missed",
            Self::Needless => "needless",
            Self::Turns => "turns",
            Self::Within => "within",
            Self::Reason => "reason",
            Self::Sentiment => "sentiment",
            Self::Summary => "summary",
            Self::Tools => "tools",
            Self::Words => "words",
            Self::Language => "language",
            Self::Outcome => "outcome",
            Self::FirstTokenP50 => "first_token_p50",
            Self::FirstTokenP95 => "first_token_p95",
            Self::Unheld => "unheld",
        }
    }

    /// What it is called in a report.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pass => "All expectations met",
            Self::Missed => "Missed escalations",
            Self::Needless => "Needless escalations",
            Self::Turns => "Turns to a person",
            Self::Within => "A person in time",
            Self::Reason => "Reason code",
            Self::Sentiment => "Sentiment agreement",
            Self::Summary => "Summary completeness",
            Self::Tools => "Tool accuracy",
            Self::Words => "Words",
            Self::Language => "Language",
            Self::Outcome => "Outcome",
            Self::FirstTokenP50 => "First token, p50",
            Self::FirstTokenP95 => "First token, p95",
            Self::Unheld => "Trials not held",
        }
    }

    /// What it counts, for its `of`.
    pub fn counts(self) -> &'static str {
        match self {
            Self::Summary => "facts",
            Self::Tools => "tool calls",
            Self::Words => "expectations",
            Self::FirstTokenP50 | Self::FirstTokenP95 => "answers",
            Self::Turns => "escalations",
            Self::Pass
            | Self::Missed
            | Self::Needless
            | Self::Within
            | Self::Reason
            | Self::Sentiment
            | Self::Language
            | Self::Outcome
            | Self::Unheld => "trials",
        }
    }

    /// Which way is better.
    pub fn better(self) -> Better {
        match self {
            Self::Missed
            | Self::Needless
            | Self::Turns
            | Self::FirstTokenP50
            | Self::FirstTokenP95
            | Self::Unheld => Better::Lower,
            Self::Pass
            | Self::Within
            | Self::Reason
            | Self::Sentiment
            | Self::Summary
            | Self::Tools
            | Self::Words
            | Self::Language
            | Self::Outcome => Better::Higher,
        }
    }

    /// How it is written.
    pub fn unit(self) -> Unit {
        if self == Self::Turns {
            Unit::Turns
        } else if matches!(self, Self::FirstTokenP50 | Self::FirstTokenP95) {
            Unit::Milliseconds
        } else {
            Unit::Rate
        }
    }

    /// A value of it, for people: `91.7%`, `2.4`, `312 ms`.
    pub fn written(self, value: f64) -> String {
        match self.unit() {
            Unit::Rate => format!("{:.1}%", value * 100.0),
            Unit::Turns => format!("{value:.1}"),
            Unit::Milliseconds => format!("{value:.0} ms"),
        }
    }

    /// A difference of two values, with its sign: `+4.2 pp` (percentage points), `-0.5`, `+12 ms`.
    pub fn difference(self, value: f64) -> String {
        // No sign before what rounds to nothing.
        match self.unit() {
            Unit::Rate => format!("{:+.1} pp", (value * 1000.0).round() / 10.0 + 0.0),
            Unit::Turns => format!("{:+.1}", (value * 10.0).round() / 10.0 + 0.0),
            Unit::Milliseconds => format!("{:+.0} ms", value.round() + 0.0),
        }
    }

    /// How it is computed, if it is no rate.
    pub(super) fn statistic(self) -> Option<Statistic> {
        match self.unit() {
            Unit::Turns => Some(mean),
            Unit::Milliseconds if self == Self::FirstTokenP50 => Some(median),
            Unit::Milliseconds => Some(p95),
            Unit::Rate => None,
        }
    }

    /// What a trial adds to it, if it is no rate.
    pub(super) fn values(self, trial: &Trial) -> Vec<f64> {
        match (self, &trial.end) {
            // What came of an escalation that nobody wanted tells nothing about how soon one comes.
            (Self::Turns, End::Escalated(it)) if trial.about(About::StaysWithAgent).next().is_none() => {
                vec![f64::from(it.turn)]
            }
            (Self::FirstTokenP50 | Self::FirstTokenP95, _) => {
                trial.first_token.iter().map(|it| f64::from(*it)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a trial adds to a rate; none where it expects nothing of the kind.
    pub(super) fn rate(self, trial: &Trial) -> Option<Cluster> {
        let about = match self {
            Self::Pass => return Some(Cluster { hits: trial.passed().into(), of: 1 }),
            Self::Missed => About::Escalates,
            Self::Needless => About::StaysWithAgent,
            Self::Within => About::Within,
            Self::Reason => About::ReasonCode,
            Self::Sentiment => About::Sentiment,
            Self::Summary => About::SummaryFact,
            Self::Tools => About::Tool,
            Self::Words => About::Words,
            Self::Language => About::Language,
            Self::Outcome => About::Outcome,
            Self::Turns | Self::FirstTokenP50 | Self::FirstTokenP95 | Self::Unheld => return None,
        };
        // What is counted of these two is what must not be.
        let counted = !matches!(self, Self::Missed | Self::Needless);
        let mut rate = Cluster::default();
        for check in trial.about(about) {
            rate.of += 1;
            rate.hits += u32::from(check.met == counted);
        }
        (rate.of > 0).then_some(rate)
    }
}

impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
