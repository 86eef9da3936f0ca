//! What a caller means, where no model is needed to tell.
//!
//! A plain request for a person must work when the model does not, and an emergency must not wait for one.
//! So there is a table of phrases per language: words, with gaps and exceptions, compared with what was
//! said after case, accents and punctuation are out of the way. A language is one file; `table.rs` says how
//! its phrases are written. Callers mix languages, so English is always tried as well.

mod english;
mod english_danger;
mod french;
mod german;
mod mood;
mod pattern;
mod portuguese;
mod recogniser;
mod spanish;
mod table;
mod wording;
mod words;

use std::fmt;

use recogniser::Recogniser;
use words::Words;

pub use mood::{Mood, mood, sounds_upset};
pub use wording::{Wording, plain_words};

/// Something a caller may mean. One utterance may mean several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// To be put through to a person. Not: to mention one, to ask whether we are one, or to refuse one.
    WantsPerson,
    /// Anger at us, or swearing.
    Anger,
    /// Thanks. "No, thanks" is [`Meaning::No`] alone.
    Thanks,
    /// To end the call.
    Goodbye,
    /// Yes, as an answer.
    Yes,
    /// No, as an answer. Not every sentence with a "no" in it.
    No,
    /// Danger to life: the caller needs the emergency number, not us.
    Emergency,
    /// A greeting at the beginning of a sentence.
    Greeting,
    /// That one did not understand the other, or was not understood. Both sides of a call say so.
    NotUnderstood,
}

impl Meaning {
    const ALL: [Self; 9] = [
        Self::WantsPerson,
        Self::Anger,
        Self::Thanks,
        Self::Goodbye,
        Self::Yes,
        Self::No,
        Self::Emergency,
        Self::Greeting,
        Self::NotUnderstood,
    ];
}

/// All that an utterance was recognised to mean; often nothing.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Meanings(u16);

impl Meanings {
    /// Whether the utterance means this, among other things.
    pub fn has(self, meaning: Meaning) -> bool {
        self.0 & bit(meaning) != 0
    }

    /// Whether nothing was recognised.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether nothing but this was recognised, if even that.
    pub fn is_at_most(self, meaning: Meaning) -> bool {
        self.0 & !bit(meaning) == 0
    }

    fn add(&mut self, meaning: Meaning) {
        self.0 |= bit(meaning);
    }
}

impl fmt::Debug for Meanings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Meaning::ALL.iter().filter(|meaning| self.has(**meaning))).finish()
    }
}

/// What `text` means to a caller who speaks the language of this BCP-47 tag, or English.
///
/// `text` is one utterance as speech recognition wrote it; punctuation helps but is not needed.
pub fn means(text: &str, language: &str) -> Meanings {
    let mut meanings = Meanings::default();
    for recogniser in Recogniser::tried(language) {
        let words = Words::read(text, &recogniser.vocabulary);
        recogniser.meanings(&words).for_each(|meaning| meanings.add(meaning));
    }
    meanings
}

/// Whether `text` means this, as far as [`means`] would say so too.
pub fn says(text: &str, language: &str, meaning: Meaning) -> bool {
    Recogniser::tried(language).any(|recogniser| {
        let words = Words::read(text, &recogniser.vocabulary);
        recogniser.says(&words, meaning)
    })
}

/// Makes the tables ready. Else the first caller waits for it, some milliseconds.
pub fn prepare() {
    Recogniser::tried("en").for_each(drop);
}

fn bit(meaning: Meaning) -> u16 {
    1 << meaning as u16
}

#[cfg(test)]
mod tests;
