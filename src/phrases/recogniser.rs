//! A table made ready: its words numbered, its phrases sorted by the words they begin with, so that an
//! utterance is compared only with phrases that can begin where it stands. A turn must not wait for this.

use std::sync::LazyLock;

use super::Meaning;
use super::english::ENGLISH;
use super::french::FRENCH;
use super::german::GERMAN;
use super::pattern::{Phrase, Sets};
use super::portuguese::PORTUGUESE;
use super::spanish::SPANISH;
use super::table::{List, Said, Table};
use super::words::{Vocabulary, Word, Words};

/// How many words an exception has at most, gaps included.
const LONGEST_EXCEPTION: usize = 12;

/// How many bridges are followed: nobody denies at greater length.
const MOST_BRIDGES: u8 = 8;

static ALL: LazyLock<[(&str, Recogniser); 5]> = LazyLock::new(|| {
    [("en", &ENGLISH), ("es", &SPANISH), ("fr", &FRENCH), ("de", &GERMAN), ("pt", &PORTUGUESE)]
        .map(|(language, table)| (language, Recogniser::of(table)))
});

/// What one language can say.
#[derive(Debug)]
pub(super) struct Recogniser {
    pub(super) vocabulary: Vocabulary,
    sets: Sets,
    fillers: Phrases,
    denials: Vec<Vec<Word>>,
    bridges: Vec<Vec<Word>>,
    asked: Vec<Vec<Word>>,
    meanings: Vec<Meant>,
    moods: Phrases,
    weights: Vec<i8>,
    reversals: Vec<Vec<Word>>,
}

/// How one meaning is said.
#[derive(Debug)]
struct Meant {
    meaning: Meaning,
    anywhere: Phrases,
    alone: Phrases,
    except: Phrases,
    told: Vec<Vec<Word>>,
}

/// Phrases, found by their first word.
#[derive(Debug)]
struct Phrases {
    phrases: Vec<Phrase>,
    first: Vec<(Word, usize)>,
}

impl Recogniser {
    /// Those for a caller with this language tag, in the order they are tried: the language, if it has a
    /// table, and English.
    pub(super) fn tried(language: &str) -> impl Iterator<Item = &'static Self> {
        let primary = language.split(['-', '_']).next().unwrap_or_default();
        let named = ALL.iter().skip(1).find(|(known, _)| known.eq_ignore_ascii_case(primary));
        named.into_iter().chain(ALL.first()).map(|(_, recogniser)| recogniser)
    }

    /// Makes a table ready.
    pub(super) fn of(table: &'static Table) -> Self {
        let mut vocabulary = Vocabulary::new(table);
        let words = &mut vocabulary;
        let sets = Sets::read(table.sets, words);
        let weighed = |(weight, list): &(i8, List)| list.entries().map(|entry| (*weight, entry)).collect();
        let moods: Vec<(i8, &str)> = table.moods.iter().flat_map::<Vec<_>, _>(weighed).collect();
        Self {
            fillers: Phrases::read(table.fillers.entries(), &sets, words),
            denials: words.learn_list(table.denials),
            bridges: words.learn_list(table.bridges),
            asked: words.learn_list(table.asked),
            meanings: table.meanings.iter().map(|said| Meant::read(said, &sets, words)).collect(),
            moods: Phrases::read(moods.iter().map(|(_, entry)| *entry), &sets, words),
            weights: moods.iter().map(|(weight, _)| *weight).collect(),
            reversals: words.learn_list(table.reversals),
            sets,
            vocabulary,
        }
    }

    /// What the words mean.
    pub(super) fn meanings(&self, words: &Words) -> impl Iterator<Item = Meaning> {
        self.meanings.iter().filter(|meant| self.recognises(meant, words)).map(|meant| meant.meaning)
    }

    /// Whether the words mean this.
    pub(super) fn says(&self, words: &Words, meaning: Meaning) -> bool {
        self.meanings.iter().any(|meant| meant.meaning == meaning && self.recognises(meant, words))
    }

    /// How the mood word weighs that begins at `at`, and where it ends: the longest one that does.
    pub(super) fn mood_at(&self, words: &Words, at: usize) -> Option<(usize, i8)> {
        let ends = self
            .moods
            .at(words, at)
            .filter_map(|(number, phrase)| Some((phrase.end(words, at, &self.sets)?, self.weights[number])));
        ends.max_by_key(|(end, _)| *end)
    }

    /// Whether praise that follows this word is a complaint.
    pub(super) fn reverses(&self, words: &Words, at: usize) -> bool {
        self.reversals.iter().any(|entry| words.continue_with(entry, at))
    }

    fn recognises(&self, meant: &Meant, words: &Words) -> bool {
        self.is_anywhere(meant, words)
            || words.sentences().any(|sentence| self.is_alone(meant, words, sentence))
    }

    fn is_anywhere(&self, meant: &Meant, words: &Words) -> bool {
        // What may be missing at the start of a phrase must not hide a denial: the leftmost start counts.
        let mut refused: Vec<(usize, usize)> = Vec::new();
        (0..words.len()).any(|at| {
            meant.anywhere.at(words, at).any(|(number, phrase)| {
                let Some(end) = phrase.end(words, at, &self.sets) else { return false };
                if refused.iter().any(|(before, reached)| *before == number && *reached >= end) {
                    return false;
                }
                let denied = phrase.deniable
                    && (self.is_denied(MOST_BRIDGES, words, at) || follows_one_of(&meant.told, words, at));
                let refuse = denied || self.is_excepted(meant, words, (at, end));
                if refuse {
                    refused.push((number, end));
                }
                !refuse
            })
        })
    }

    /// Whether the sentence is nothing but what is meant, and fillers.
    fn is_alone(&self, meant: &Meant, words: &Words, (start, end): (usize, usize)) -> bool {
        let longest = |phrases: &Phrases, at| {
            let ends = phrases.at(words, at).filter_map(|(_, phrase)| phrase.end(words, at, &self.sets));
            ends.filter(|reached| *reached <= end && *reached > at).max()
        };
        let (mut at, mut found) = (start, false);
        while at < end {
            let core =
                longest(&meant.alone, at).filter(|after| !self.is_excepted(meant, words, (at, *after)));
            found |= core.is_some();
            match core.or_else(|| longest(&self.fillers, at)) {
                Some(after) => at = after,
                None => return false,
            }
        }
        found
    }

    /// Whether one of the exceptions covers some of these words.
    fn is_excepted(&self, meant: &Meant, words: &Words, (from, to): (usize, usize)) -> bool {
        (from.saturating_sub(LONGEST_EXCEPTION)..to).any(|start| {
            let mut phrases = meant.except.at(words, start);
            phrases.any(|(_, phrase)| phrase.end(words, start, &self.sets).is_some_and(|end| end > from))
        })
    }

    /// Whether a denial reaches the word at `at`: it stands before it in the same clause, with nothing but
    /// bridges between.
    fn is_denied(&self, bridges: u8, words: &Words, at: usize) -> bool {
        if follows_one_of(&self.asked, words, at) {
            return false;
        }
        let mut starts = self.bridges.iter().filter_map(|bridge| words.start_before(bridge, at));
        follows_one_of(&self.denials, words, at)
            || (bridges > 0 && starts.any(|start| self.is_denied(bridges - 1, words, start)))
    }
}

impl Meant {
    fn read(said: &'static Said, sets: &Sets, vocabulary: &mut Vocabulary) -> Self {
        Self {
            meaning: said.meaning,
            anywhere: Phrases::read(said.anywhere.iter().copied(), sets, vocabulary),
            alone: Phrases::read(said.alone.entries(), sets, vocabulary),
            except: Phrases::read(said.except.entries(), sets, vocabulary),
            told: vocabulary.learn_list(said.told),
        }
    }
}

impl Phrases {
    fn read(written: impl Iterator<Item = &'static str>, sets: &Sets, vocabulary: &mut Vocabulary) -> Self {
        let phrases: Vec<Phrase> = written.map(|phrase| Phrase::read(phrase, sets, vocabulary)).collect();
        let numbered = phrases.iter().enumerate();
        let mut first: Vec<(Word, usize)> = numbered
            .flat_map(|(number, phrase)| phrase.first_words(sets).into_iter().map(move |word| (word, number)))
            .collect();
        first.sort_unstable();
        first.dedup();
        Self { phrases, first }
    }

    /// The phrases that can begin with the word at `at`, and their numbers.
    fn at(&self, words: &Words, at: usize) -> impl Iterator<Item = (usize, &Phrase)> {
        let word = words.word(at);
        let start = self.first.partition_point(|(first, _)| Some(*first) < word);
        let same = self.first[start..].iter().take_while(move |(first, _)| Some(*first) == word);
        same.map(|(_, number)| (*number, &self.phrases[*number]))
    }
}

/// Whether the words before `at`, in its clause, end with one of the entries.
fn follows_one_of(entries: &[Vec<Word>], words: &Words, at: usize) -> bool {
    entries.iter().any(|entry| words.start_before(entry, at).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_reaches_over_bridges_but_not_over_a_comma() {
        let english = &ALL[0].1;
        let denied =
            |text: &str, at| english.is_denied(MOST_BRIDGES, &Words::read(text, &english.vocabulary), at);
        assert!(denied("I don't want to talk to a human", 4));
        assert!(!denied("I don't understand get me a human", 3));
        assert!(!denied("I don't, talk to a human", 2));
        assert!(!denied("why not talk to a human", 2));
        assert!(denied("better not talk to a human", 2));
    }

    #[test]
    fn every_phrase_begins_with_words() {
        for (language, recogniser) in ALL.iter() {
            for meant in &recogniser.meanings {
                for phrases in [&meant.anywhere, &meant.alone, &meant.except] {
                    for phrase in &phrases.phrases {
                        assert!(!phrase.first_words(&recogniser.sets).is_empty(), "{language} {phrase:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_language_is_tried_before_english_and_english_always() {
        let vocabularies =
            |language| Recogniser::tried(language).map(|r| r.vocabulary.len()).collect::<Vec<_>>();
        let english = vocabularies("en-GB");
        assert_eq!(english.len(), 1);
        assert_eq!(vocabularies("ja"), english);
        let spanish = vocabularies("ES_mx");
        assert_eq!((spanish.len(), spanish[1]), (2, english[0]));
        assert_ne!(spanish[0], english[0]);
    }
}
