//! What a template can refer to, and how that is written: `call.from`, `traits["a name"]`, `topic | 'none'`.

use super::Fault;

/// What a reference stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Who calls whom.
    Call(Call),
    /// The call's identifier.
    CallSid,
    /// `reasonCode` of the document.
    ReasonCode,
    /// `reason` of the document.
    Reason,
    /// `callSummary` of the document.
    CallSummary,
    /// `sentiment` of the document.
    Sentiment,
    /// What led to the hand-off.
    Trigger,
    /// What the call is about.
    Topic,
    /// The language spoken.
    Language,
    /// How many times the caller was answered.
    Turns,
    /// How long the session lasted, in seconds.
    Seconds,
    /// The hand-off's name.
    HandoffId,
    /// The variant of the prompts.
    PromptVariant,
    /// Their version.
    PromptVersion,
    /// The page for whoever takes the call.
    DeskUrl,
    /// Where the recording will be.
    RecordingUrl,
    /// Whether there is a profile of the caller.
    CallerKnown,
    /// How the network vouches for the number.
    CallerVerified,
    /// Whether the business is open.
    InBusinessHours,
    /// A fact that the model kept.
    Fact(String),
    /// A trait of the caller's profile.
    Trait(String),
    /// A text of the settings, for where nothing else is known.
    Text(String),
}

/// Who calls whom, as Twilio says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// The caller's address.
    From,
    /// The address that was called.
    To,
    /// The caller's address, if it is a number in E.164.
    Phone,
    /// The name that a look-up found.
    Name,
}

/// Every reference without a name of its own, and what it stands for.
pub const REFERENCES: [(&str, Source, &str); 22] = [
    ("call.from", Source::Call(Call::From), "the caller's address"),
    ("call.to", Source::Call(Call::To), "the address that was called"),
    ("call.phone", Source::Call(Call::Phone), "the caller's address, if it is a number in E.164"),
    ("call.name", Source::Call(Call::Name), "Twilio's `CallerName`"),
    ("call.sid", Source::CallSid, "the call's SID"),
    ("reasonCode", Source::ReasonCode, "`reasonCode` of the document"),
    ("reason", Source::Reason, "`reason` of the document"),
    ("callSummary", Source::CallSummary, "the beginning of `callSummary`"),
    ("sentiment", Source::Sentiment, "`positive`, `neutral` or `negative`"),
    ("trigger", Source::Trigger, "what led to the hand-off"),
    ("topic", Source::Topic, "what the call is about, if that is known"),
    ("language", Source::Language, "the language spoken, such as `en-US`"),
    ("turns", Source::Turns, "how many times the caller was answered"),
    ("seconds", Source::Seconds, "how long the AI talked with the caller"),
    ("handoffId", Source::HandoffId, "the hand-off's name in logs"),
    (
        "promptVariant",
        Source::PromptVariant,
        "the variant of the prompts, or `base`; where the AI had the call",
    ),
    ("promptVersion", Source::PromptVersion, "the version of prompts and tools; where the AI had the call"),
    ("deskUrl", Source::DeskUrl, "the page for whoever takes the call; not where Flex Insights reads"),
    ("recordingUrl", Source::RecordingUrl, "where the recording will be, with `[recording]`"),
    ("caller.known", Source::CallerKnown, "whether there is a profile, where callers are looked up"),
    ("caller.verified", Source::CallerVerified, "how the network vouches for the number"),
    ("inBusinessHours", Source::InBusinessHours, "`Yes` or `No`, with `[hours]`"),
];

impl Source {
    /// Whether it is hidden nowhere: who calls, and identifiers and addresses of ours, in which digits say nothing.
    pub(super) fn is_never_hidden(&self) -> bool {
        let is_identifier = matches!(self, Self::CallSid | Self::HandoffId | Self::PromptVersion);
        matches!(self, Self::Call(_)) || is_identifier || self.is_address()
    }

    /// Whether it is an address, which is whole or worth nothing.
    pub fn is_address(&self) -> bool {
        matches!(self, Self::DeskUrl | Self::RecordingUrl)
    }
}

/// The references from this place on, each with its own place, and where the brace after them ends.
pub(super) fn alternatives(text: &str, begin: usize) -> Result<(Vec<(Source, usize)>, usize), Fault> {
    let mut sources = Vec::new();
    let mut at = begin;
    loop {
        at += blanks(&text[at..]);
        let (source, end) = one(text, at)?;
        sources.push((source, at));
        at = end + blanks(&text[end..]);
        match text[at..].chars().next() {
            Some('|') => at += 1,
            Some('}') => return Ok((sources, at + 1)),
            Some(_) => return Err(fault(at, "expected `|` or `}` after a reference")),
            None => {
                return Err(fault(
                    begin - 1,
                    "`{` without a `}`; a brace of the text itself is written twice",
                ));
            }
        }
    }
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn one(text: &str, at: usize) -> Result<(Source, usize), Fault> {
    let rest = &text[at..];
    if rest.starts_with(['\'', '"']) {
        let (words, length) = quoted(rest).ok_or_else(|| fault(at, "a quote without its other end"))?;
        return Ok((Source::Text(words.to_owned()), at + length));
    }
    if let Some(named) = rest.strip_prefix("traits[") {
        let name = quoted(named).filter(|(_, length)| named[*length..].starts_with(']'));
        let (name, length) =
            name.ok_or_else(|| fault(at, "expected a name in quotes, as in `traits[\"a name\"]`"))?;
        return Ok((Source::Trait(name.to_owned()), at + "traits[".len() + length + 1));
    }
    let length = rest.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c))).unwrap_or(rest.len());
    let name = &rest[..length];
    let source = match name.split_once('.') {
        Some(("facts", fact)) if is_fact_name(fact) => Source::Fact(fact.to_owned()),
        Some(("facts", _)) => {
            return Err(fault(at, "facts have names of letters, digits and _, at most 40 of them"));
        }
        Some(("traits", name)) if !name.is_empty() => Source::Trait(name.to_owned()),
        _ => {
            let known = REFERENCES.into_iter().find(|(known, ..)| *known == name);
            known.map(|(_, source, _)| source).ok_or_else(|| unknown(at, name))?
        }
    };
    Ok((source, at + length))
}

fn is_fact_name(name: &str) -> bool {
    (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What stands between quotes at the beginning, and how long it is with them.
fn quoted(text: &str) -> Option<(&str, usize)> {
    let quote = text.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
    let end = text[1..].find(quote)?;
    Some((&text[1..=end], end + 2))
}

fn unknown(at: usize, name: &str) -> Fault {
    let names: Vec<_> = REFERENCES.iter().map(|(name, ..)| *name).collect();
    let names = names.join(", ");
    let cause = if name.is_empty() {
        format!("expected a reference; there are: {names}, facts.NAME, traits.NAME")
    } else {
        format!("unknown reference `{name}`; there are: {names}, facts.NAME, traits.NAME")
    };
    Fault { at, cause }
}

fn fault(at: usize, cause: &str) -> Fault {
    Fault { at, cause: cause.to_owned() }
}
