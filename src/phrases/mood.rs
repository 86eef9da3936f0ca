//! How a caller feels, from the words they choose: enough to warn the person who takes over.

use super::recogniser::Recogniser;
use super::words::{Join, Words};
use super::{Meaning, Meanings, means};

/// How the caller sounds at the end of what was heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Mood {
    /// Content, or thankful in more than one word.
    Positive,
    /// Neither, or not known.
    #[default]
    Neutral,
    /// Angry, or unhappy with us.
    Negative,
}

/// How much of its weight an utterance keeps when another follows.
const KEPT: f32 = 0.5;
/// The most one utterance can weigh.
const MOST: i8 = 4;
/// What it takes to be more than neutral.
const ENOUGH: f32 = 1.5;
/// How many words before another can reverse it.
const REACH: usize = 3;

/// The mood after these utterances of one caller, oldest first. Later ones weigh more.
pub fn mood<'a>(utterances: impl Iterator<Item = &'a str>, language: &str) -> Mood {
    let weight = utterances.fold(0.0, |before, text| before * KEPT + f32::from(weigh(text, language)));
    if weight >= ENOUGH {
        Mood::Positive
    } else if weight <= -ENOUGH {
        Mood::Negative
    } else {
        Mood::Neutral
    }
}

/// Whether one utterance sounds angry or unhappy by itself. `said` is what it [`means`].
pub fn sounds_upset(text: &str, said: Meanings, language: &str) -> bool {
    f32::from(weigh_meant(text, said, language)) <= -ENOUGH
}

fn weigh(text: &str, language: &str) -> i8 {
    weigh_meant(text, means(text, language), language)
}

fn weigh_meant(text: &str, said: Meanings, language: &str) -> i8 {
    let manner = match (said.has(Meaning::Anger), said.has(Meaning::Thanks)) {
        (true, _) => -3,
        (false, true) => 1,
        (false, false) => 0,
    };
    // A word that two languages share weighs once: English is asked only where the caller's language is
    // silent.
    let mut weights = Recogniser::tried(language).map(|recogniser| weigh_words(text, recogniser));
    let words = weights.find(|weight| *weight != 0).unwrap_or(0);
    words.saturating_add(manner).clamp(-MOST, MOST)
}

fn weigh_words(text: &str, recogniser: &Recogniser) -> i8 {
    let words = Words::read(text, &recogniser.vocabulary);
    let (mut at, mut sum) = (0, 0_i8);
    while at < words.len() {
        let (end, weight) = recogniser.mood_at(&words, at).unwrap_or((at + 1, 0));
        let is_reversed = weight != 0 && is_reversed(&words, at, recogniser);
        sum = sum.saturating_add(if is_reversed { reversed(weight) } else { weight });
        at = end;
    }
    sum
}

/// "Not good" is bad, but "not bad" is not yet good.
fn reversed(weight: i8) -> i8 {
    if weight > 0 { -2 } else { 0 }
}

fn is_reversed(words: &Words, at: usize, recogniser: &Recogniser) -> bool {
    let same_clause = (0..REACH.min(at)).take_while(|back| words.join_before(at - back) == Join::Space);
    same_clause.into_iter().any(|back| recogniser.reverses(words, at - back - 1))
}
