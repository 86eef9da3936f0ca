//! What rules may ask about: every fact by name, and what is known of one call.

use std::collections::BTreeMap;
use std::fmt;

/// What stands before the name of a trait of the caller's profile.
pub const TRAITS: &str = "traits.";

/// When rules are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A call comes in.
    Start,
    /// A call goes to a person.
    Handoff,
}

/// What a fact is, and so what may be asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A number.
    Number,
    /// A time of day, `HH:MM`.
    Clock,
    /// A date, `YYYY-MM-DD`.
    Date,
    /// Whatever the profile has.
    Trait,
}

/// A fact that a rule may name.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Whether it is known when a call comes in; when it goes to a person all of them are.
    pub at_start: bool,
    /// Whether it is told by the settings' `[hours]`, and known only with them.
    pub by_hours: bool,
    /// What it says.
    pub meaning: &'static str,
}

const fn known(name: &'static str, kind: Kind, meaning: &'static str) -> Known {
    Known { name, kind, at_start: true, by_hours: false, meaning }
}

const fn hours(name: &'static str, kind: Kind, meaning: &'static str) -> Known {
    Known { name, kind, at_start: true, by_hours: true, meaning }
}

const fn later(name: &'static str, kind: Kind, meaning: &'static str) -> Known {
    Known { name, kind, at_start: false, by_hours: false, meaning }
}

const DAYS: Kind =
    Kind::Words(&["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]);
const TRIGGERS: Kind = Kind::Words(&[
    "model",
    "request",
    "key",
    "model_failure",
    "tool_failure",
    "bridge_failure",
    "silence",
    "no_progress",
    "sentiment",
    "longest_duration",
    "most_turns",
    "topic",
    "emergency",
    "drain",
    "overload",
    "supervisor",
    "routing",
]);

/// Every fact but the traits.
pub const KNOWN: &[Known] = &[
    known("from", Kind::Text, "the caller's number, as Twilio has it"),
    known("to", Kind::Text, "the number that was called"),
    known("direction", Kind::Text, "`inbound`, or `outbound-api` and the like"),
    known(
        "verified",
        Kind::Words(&["full", "partial", "gateway", "failed", "none"]),
        "how the network vouches for the caller's number",
    ),
    known(
        "profile",
        Kind::Words(&["found", "unknown", "failed", "off"]),
        "what came of looking the caller up",
    ),
    known("language", Kind::Text, "the language of the call, such as `en-US`"),
    known("calls", Kind::Number, "calls that are live on this node"),
    known("load", Kind::Number, "the same in percent of what the node takes on"),
    hours("hours", Kind::Words(&["open", "closed", "holiday"]), "whether the business is open"),
    hours("day", DAYS, "the day of the week there"),
    hours("time", Kind::Clock, "the time of day there, from `00:00` to `23:59`"),
    hours("date", Kind::Date, "the date there"),
    later("sentiment", Kind::Words(&["positive", "neutral", "negative"]), "the caller's mood"),
    later("reason_code", Kind::Text, "`reasonCode` of the document"),
    later("topic", Kind::Text, "what the call is about, if that is known"),
    later("trigger", TRIGGERS, "what led to the hand-off"),
    later("turns", Kind::Number, "how many times the caller was answered"),
    later("seconds", Kind::Number, "how long the AI talked with the caller"),
];

/// One value. Its `Debug` does not print it.
#[derive(Clone, PartialEq)]
pub enum Fact {
    /// A text.
    Text(String),
    /// A text that names a moment.
    Time {
        /// As it was written.
        text: String,
        /// In seconds since 1970.
        at: i64,
    },
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// Several texts.
    List(Vec<String>),
}

/// What is known of one call. Its `Debug` prints names and no values.
#[derive(Clone, Default)]
pub struct Facts {
    now: i64,
    values: BTreeMap<String, Fact>,
}

impl Facts {
    /// Nothing is known but the time, in seconds since 1970.
    pub fn at(now: i64) -> Self {
        Self { now, values: BTreeMap::new() }
    }

    /// Adds a fact, or puts it in the place of another.
    pub fn set(&mut self, name: &str, value: Fact) {
        self.values.insert(name.to_owned(), value);
    }

    /// Adds a text where there is one.
    pub fn set_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            self.set(name, Fact::Text(value.to_owned()));
        }
    }

    /// The value of a fact, if it is known.
    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.values.get(name)
    }

    pub(super) fn now(&self) -> i64 {
        self.now
    }
}

impl Fact {
    /// The value in words.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) | Self::Time { text, .. } => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::List(items) => items.join(", "),
        }
    }

    /// The value as a number, if it is one or is written like one.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            Self::Time { .. } | Self::Flag(_) | Self::List(_) => None,
        }
    }

    /// The moment it names, in seconds since 1970. A number is one in seconds or milliseconds.
    pub(super) fn moment(&self) -> Option<i64> {
        /// As seconds this would be in the year 5138, as milliseconds it was in 1973.
        const MILLISECONDS: f64 = 1e11;
        match self {
            Self::Time { at, .. } => Some(*at),
            Self::Text(_) | Self::Number(_) => {
                let number = self.number()?;
                let seconds = if number.abs() >= MILLISECONDS { number / 1_000.0 } else { number };
                Some(seconds as i64)
            }
            Self::Flag(_) | Self::List(_) => None,
        }
    }
}

impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fact(..)")
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
