//! Speech as time: how long words take, where a voice pauses, and what may cut it off.

use std::num::NonZeroU32;
use std::time::Duration;

/// How fast speech is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// Heard the moment it arrives. Nothing can be interrupted then.
    Instant,
    /// Characters per second.
    PerSecond(NonZeroU32),
}

/// What may cut a text off, and what is reported while it plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruptible {
    /// Nothing.
    No,
    /// A key alone.
    Keys,
    /// Speech alone.
    Speech,
    /// Both.
    Any,
}

/// What the caller does to cut in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Talks.
    Speech,
    /// Presses a key.
    Key,
}

impl Rate {
    /// Unhurried English speech.
    pub const SPEECH: Self = Self::PerSecond(NonZeroU32::new(15).expect("15 is not 0"));

    /// So many characters per second; 0 stands for [`Rate::Instant`].
    pub fn per_second(characters: u32) -> Self {
        NonZeroU32::new(characters).map_or(Self::Instant, Self::PerSecond)
    }

    /// How long it takes to speak `text`.
    pub fn time_for(self, text: &str) -> Duration {
        match self {
            Self::Instant => Duration::ZERO,
            Self::PerSecond(rate) => {
                Duration::from_secs(text.chars().count() as u64).div_f64(f64::from(rate.get()))
            }
        }
    }

    /// The words of `text` that are over after `elapsed`.
    pub(super) fn heard_after(self, text: &str, elapsed: Duration) -> &str {
        let Self::PerSecond(rate) = self else { return text };
        let characters = (elapsed.as_secs_f64() * f64::from(rate.get())) as usize;
        let Some((end, next)) = text.char_indices().nth(characters) else { return text };
        let begun = &text[..end];
        if next.is_whitespace() { begun } else { &begun[..begun.rfind(char::is_whitespace).unwrap_or(0)] }
    }
}

impl Interruptible {
    /// Reads the attribute of a `<ConversationRelay>`: `none`, `dtmf`, `speech`, `any`, or a boolean.
    pub fn from_attribute(value: &str) -> Option<Self> {
        match value {
            "none" | "false" => Some(Self::No),
            "dtmf" => Some(Self::Keys),
            "speech" => Some(Self::Speech),
            "any" | "true" => Some(Self::Any),
            _ => None,
        }
    }

    /// Whether it lets this pass.
    pub fn allows(self, by: By) -> bool {
        match self {
            Self::No => false,
            Self::Keys => by == By::Key,
            Self::Speech => by == By::Speech,
            Self::Any => true,
        }
    }
}

impl From<bool> for Interruptible {
    /// As a `text` frame has it.
    fn from(interruptible: bool) -> Self {
        if interruptible { Self::Any } else { Self::No }
    }
}

/// Where the first clause of `text` ends, in bytes: after a stop that a space or nothing follows.
pub(super) fn first_clause_end(text: &str) -> Option<usize> {
    text.char_indices().find_map(|(start, character)| {
        let end = start + character.len_utf8();
        let followed = || text[end..].chars().next().is_none_or(char::is_whitespace);
        let ends = "。！？、，".contains(character) || (",.!?;:".contains(character) && followed());
        ends.then_some(end)
    })
}
