//! How a caller feels, from the words they choose: enough to warn the person who takes over.

use super::pattern::end_of;
use super::table::Table;
use super::words::{Join, Words};
use super::{Meaning, means};

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

fn weigh(text: &str, language: &str) -> i8 {
    let said = means(text, language);
    let manner = match (said.has(Meaning::Anger), said.has(Meaning::Thanks)) {
        (true, _) => -3,
        (false, true) => 1,
        (false, false) => 0,
    };
    // A word that two languages share weighs once.
    let tables = Table::tried(language);
    let table = tables.iter().find(|table| !table.moods.is_empty());
    let words = table.map_or(0, |table| weigh_words(&Words::read(text, table), table));
    let elsewhere = tables.iter().skip(1).map(|table| weigh_words(&Words::read(text, table), table));
    let words = if words == 0 { elsewhere.sum() } else { words };
    words.saturating_add(manner).clamp(-MOST, MOST)
}

/// The longest entry counts where several begin: "very helpful" is not "helpful" as well.
fn weigh_words(words: &Words, table: &Table) -> i8 {
    let (mut at, mut sum) = (0, 0_i8);
    while at < words.len() {
        let entries =
            table.moods.iter().flat_map(|(weight, entries)| entries.entries().map(|entry| (*weight, entry)));
        let found = entries.filter_map(|(weight, entry)| Some((end_of(entry, words, at, table)?, weight)));
        match found.max_by_key(|(end, _)| *end) {
            Some((end, weight)) => {
                sum =
                    sum.saturating_add(if is_reversed(words, at, table) { reversed(weight) } else { weight });
                at = end;
            }
            None => at += 1,
        }
    }
    sum
}

/// "Not good" is bad, but "not bad" is not yet good.
fn reversed(weight: i8) -> i8 {
    if weight > 0 { -2 } else { 0 }
}

fn is_reversed(words: &Words, at: usize, table: &Table) -> bool {
    let same_clause = (0..REACH.min(at)).take_while(|back| words.join_before(at - back) == Join::Space);
    same_clause
        .filter_map(|back| words.word(at - back - 1))
        .any(|word| table.reversals.entries().any(|entry| entry == word))
}
