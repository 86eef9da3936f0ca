//! Repeated misunderstanding, as far as it can be told without a model.
//!
//! A turn is without progress if the answer before it said that we had not understood, if the caller says so,
//! or if the caller says again what was said in the turn before. Any other turn ends the row.

use serde::{Deserialize, Serialize};

use crate::phrases::{Meaning, Meanings, plain_words, says};
use crate::pii::Pii;

/// How many words it takes to say the same again.
const FEWEST_WORDS: usize = 3;

/// The turns in a row without progress.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    /// Before the turn under way, and with it.
    before: u32,
    with_this: u32,
    /// The caller's words of the turn before and of this one, as they are compared. Kept in the turns alone.
    #[serde(skip)]
    words_before: Pii<String>,
    #[serde(skip)]
    words: Pii<String>,
    /// Whether our last answer said that we had not understood; and the one before this turn.
    we_are_lost: bool,
    were_lost: bool,
}

impl Progress {
    /// Takes the caller's words. Returns how many turns in a row are without progress, this one counted.
    pub(super) fn hear(&mut self, text: &str, said: Meanings, begins: bool) -> u32 {
        let mut words = plain_words(text);
        if begins {
            self.before = self.with_this;
            self.words_before = std::mem::take(&mut self.words);
            self.were_lost = std::mem::take(&mut self.we_are_lost);
        } else {
            words = format!("{} {words}", self.words.expose());
        }
        // "Yes, please" twice is two answers, and "go on" twice is progress: a few words say too little.
        let tells = words.split(' ').count() >= FEWEST_WORDS
            && ![Meaning::Yes, Meaning::No, Meaning::Thanks].iter().any(|m| said.has(*m));
        let repeated = tells && words == *self.words_before.expose();
        self.words = words.into();
        let without = self.were_lost || repeated || said.has(Meaning::NotUnderstood);
        self.with_this = if without { self.before + 1 } else { 0 };
        self.with_this
    }

    /// Takes our answer, as it was spoken.
    pub(super) fn answered(&mut self, spoken: &str, language: &str) {
        self.we_are_lost = says(spoken, language, Meaning::NotUnderstood);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrases::means;

    /// A talk of caller and assistant by turns, and the count after each of the caller's words.
    fn counts(talk: &[(&str, &str)]) -> Vec<u32> {
        let mut progress = Progress::default();
        let turn = |(caller, assistant): &(&str, &str)| {
            let count = progress.hear(caller, means(caller, "en-US"), true);
            progress.answered(assistant, "en-US");
            count
        };
        talk.iter().map(turn).collect()
    }

    #[test]
    fn answers_that_did_not_understand_are_counted_and_one_that_did_ends_the_row() {
        let lost = "I'm sorry, I didn't catch that. Could you say it again?";
        assert_eq!(
            counts(&[("blah", lost), ("blub", lost), ("number 12", "Thank you."), ("yes", "")]),
            [0, 1, 2, 0]
        );
    }

    #[test]
    fn the_same_words_again_are_no_progress() {
        let talk = [
            ("Where is my parcel?", "Which number?"),
            ("Where is my parcel", "I need the number."),
            ("where, is my PARCEL!", "The number, please."),
            ("it is 1182", "Thank you."),
        ];
        assert_eq!(counts(&talk), [0, 1, 2, 0]);
    }

    #[test]
    fn short_answers_may_be_the_same() {
        assert_eq!(
            counts(&[("yes please", "a?"), ("yes please", "b?"), ("go on", "c."), ("go on", "d.")]),
            [0, 0, 0, 0]
        );
    }

    #[test]
    fn a_caller_who_does_not_understand_us_makes_no_progress() {
        assert_eq!(counts(&[("I don't understand", "a"), ("that's not what I asked", "b")]), [1, 2]);
    }

    #[test]
    fn words_in_two_pieces_are_one_turn() {
        let mut progress = Progress::default();
        let none = Meanings::default();
        assert_eq!(progress.hear("where is my parcel", none, true), 0);
        assert_eq!(progress.hear("where is", none, true), 0);
        assert_eq!(progress.hear("my parcel", none, false), 1);
        assert_eq!(progress.hear("number 12", none, false), 0);
    }
}
