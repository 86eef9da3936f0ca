//! How a language writes its phrases.
//!
//! A phrase is words as [`Words`] reads them (lower case, no accents) with a space between, and:
//!
//! | written   | stands for                                             |
//! |-----------|--------------------------------------------------------|
//! | `a\|b`    | one of several words                                   |
//! | `@name`   | one entry of a set of the table; an entry may be several words |
//! | `a?`      | perhaps this one                                       |
//! | `a*`      | any number of these                                    |
//! | `..3`     | up to three words, whatever they are                   |
//! | `!a`      | the next word is none of these                         |
//! | `^`, `$`  | a sentence begins, ends here                           |
//! | `,`, `/`  | a clause or a sentence begins, ends here               |
//! | `=` first | a denial before the phrase does not concern it         |

use super::Meaning;
use super::english::ENGLISH;
use super::french::FRENCH;
use super::german::GERMAN;
use super::pattern::end_of;
use super::portuguese::PORTUGUESE;
use super::spanish::SPANISH;
use super::words::{Join, Words};

/// What an apostrophe does to the words on its two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apostrophe {
    /// "don't" is written `dont`.
    Joins,
    /// "j'ai" is written `j ai`.
    Parts,
}

/// Entries with a semicolon between, so that a long list of short words stays readable.
#[derive(Debug, Clone, Copy)]
pub(super) struct List(pub(super) &'static str);

impl List {
    /// The entries in order; none of them is empty.
    pub(super) fn entries(self) -> impl Iterator<Item = &'static str> {
        self.0.split("; ").filter(|entry| !entry.is_empty())
    }
}

/// One language.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) apostrophe: Apostrophe,
    /// Sounds without meaning. They are not heard.
    pub(super) hesitations: List,
    /// Named lists, longest entries first where one begins with another.
    pub(super) sets: &'static [(&'static str, List)],
    /// Phrases that may stand beside one that is a sentence of its own.
    pub(super) fillers: List,
    /// Words that turn what follows into its contrary.
    pub(super) denials: List,
    /// Words that may stand between a denial and what it denies.
    pub(super) bridges: List,
    /// Words that end in a denial and deny nothing.
    pub(super) asked: List,
    pub(super) meanings: &'static [Said],
    /// How words of praise and complaint weigh, from -2 to 2.
    pub(super) moods: &'static [(i8, List)],
    /// Words that turn praise into a complaint, and take the edge off a complaint.
    pub(super) reversals: List,
}

/// How one meaning is said.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) meaning: Meaning,
    /// Phrases that mean it wherever they stand.
    pub(super) anywhere: &'static [&'static str],
    /// Phrases that mean it if they are all that a sentence says, but for fillers.
    pub(super) alone: List,
    /// Phrases that mean something else, though one of the others is part of them.
    pub(super) except: List,
    /// Words right before a phrase that make it a story or a question.
    pub(super) told: List,
}

impl Table {
    /// The tables for a caller with this language tag, in the order they are tried: always at least one.
    pub(super) fn tried(language: &str) -> Vec<&'static Self> {
        let primary = language.split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "es" => vec![&SPANISH, &ENGLISH],
            "fr" => vec![&FRENCH, &ENGLISH],
            "de" => vec![&GERMAN, &ENGLISH],
            "pt" => vec![&PORTUGUESE, &ENGLISH],
            _ => vec![&ENGLISH],
        }
    }

    /// A named set; empty if there is none, which a test rules out.
    pub(super) fn set(&self, name: &str) -> List {
        self.sets.iter().find(|(known, _)| *known == name).map_or(List(""), |(_, list)| *list)
    }

    /// Whether `words` mean what `said` says.
    pub(super) fn recognises(&self, said: &Said, words: &Words) -> bool {
        said.anywhere.iter().any(|phrase| self.is_anywhere(phrase, said, words))
            || words.sentences().any(|sentence| self.is_alone(said, words, sentence))
    }

    fn is_anywhere(&self, phrase: &str, said: &Said, words: &Words) -> bool {
        let (phrase, deniable) = match phrase.strip_prefix("= ") {
            Some(phrase) => (phrase, false),
            None => (phrase, true),
        };
        // What may be missing at the start of a phrase must not hide a denial: the leftmost start counts.
        let mut reached = 0;
        (0..words.len()).any(|at| {
            let Some(end) = end_of(phrase, words, at, self).filter(|end| *end > reached) else {
                return false;
            };
            reached = end;
            let denied = deniable && (self.is_denied(words, at) || ends_with_one_of(said.told, words, at));
            !denied && !self.is_excepted(said, words, (at, end))
        })
    }

    /// Whether the sentence is nothing but `said` and fillers.
    fn is_alone(&self, said: &Said, words: &Words, (start, end): (usize, usize)) -> bool {
        let longest = |phrases: List, at| {
            let ends = phrases.entries().filter_map(|phrase| end_of(phrase, words, at, self));
            ends.filter(|reached| *reached <= end && *reached > at).max()
        };
        let (mut at, mut found) = (start, false);
        while at < end {
            let core = longest(said.alone, at).filter(|after| !self.is_excepted(said, words, (at, *after)));
            found |= core.is_some();
            match core.or_else(|| longest(self.fillers, at)) {
                Some(after) => at = after,
                None => return false,
            }
        }
        found
    }

    /// Whether one of the exceptions covers some of these words.
    fn is_excepted(&self, said: &Said, words: &Words, (from, to): (usize, usize)) -> bool {
        let first = from.saturating_sub(LONGEST_EXCEPTION);
        let covers = |phrase: &str| {
            (first..to).any(|start| end_of(phrase, words, start, self).is_some_and(|end| end > from))
        };
        said.except.entries().any(covers)
    }

    /// Whether a denial reaches the word at `at`: it stands before it in the same clause, with nothing but
    /// bridges between.
    fn is_denied(&self, words: &Words, at: usize) -> bool {
        self.is_denied_over(MOST_BRIDGES, words, at)
    }

    fn is_denied_over(&self, bridges: u8, words: &Words, at: usize) -> bool {
        if ends_with_one_of(self.asked, words, at) {
            return false;
        }
        let starts = || self.bridges.entries().filter_map(|bridge| before(words, at, bridge));
        ends_with_one_of(self.denials, words, at)
            || (bridges > 0 && starts().any(|start| self.is_denied_over(bridges - 1, words, start)))
    }
}

/// How many words an exception has at most, gaps included.
const LONGEST_EXCEPTION: usize = 12;

/// How many bridges are followed: nobody denies at greater length.
const MOST_BRIDGES: u8 = 8;

/// Whether the words before `at`, in its clause, end with an entry of the list.
fn ends_with_one_of(list: List, words: &Words, at: usize) -> bool {
    list.entries().any(|entry| before(words, at, entry).is_some())
}

/// Where the words of `sequence` begin that end right before `at`, in the same clause.
fn before(words: &Words, at: usize, sequence: &str) -> Option<usize> {
    let mut start = at;
    for word in sequence.rsplit(' ') {
        if words.join_before(start) != Join::Space {
            return None;
        }
        start = start.checked_sub(1)?;
        if words.word(start) != Some(word) {
            return None;
        }
    }
    Some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [&str; 5] = ["en", "es", "fr", "de", "pt"];

    fn tables() -> impl Iterator<Item = &'static Table> {
        LANGUAGES.iter().map(|language| Table::tried(language)[0])
    }

    fn phrases(table: &'static Table) -> impl Iterator<Item = &'static str> {
        let said = |said: &'static Said| {
            said.anywhere.iter().copied().chain(said.alone.entries()).chain(said.except.entries())
        };
        table.meanings.iter().flat_map(said).chain(table.fillers.entries())
    }

    /// The words of a phrase, without what is no word.
    fn parts(phrase: &str) -> Vec<&str> {
        let tokens = phrase.strip_prefix("= ").unwrap_or(phrase).split(' ');
        let words = tokens.filter(|token| !["^", "$", ",", "/"].contains(token) && !token.starts_with(".."));
        words
            .flat_map(|token| token.trim_start_matches('!').trim_end_matches(['?', '*']).split('|'))
            .collect()
    }

    #[test]
    fn every_set_that_a_phrase_names_is_there() {
        for table in tables() {
            for part in phrases(table).flat_map(parts) {
                assert!(
                    part.strip_prefix('@').is_none_or(|name| table.set(name).entries().next().is_some()),
                    "{part}"
                );
            }
        }
    }

    #[test]
    fn every_word_is_written_as_words_are_read() {
        for table in tables() {
            let lists = [table.denials, table.bridges, table.asked, table.reversals];
            let told = table.meanings.iter().map(|said| said.told);
            let sets = table.sets.iter().map(|(_, entries)| *entries);
            let moods = table.moods.iter().map(|(_, entries)| *entries);
            let lists = lists.into_iter().chain(told).chain(sets).chain(moods);
            let entries = lists.flat_map(List::entries);
            let literal = phrases(table).flat_map(parts).filter(|part| !part.starts_with('@'));
            for entry in entries.chain(literal) {
                let words = Words::read(entry, table);
                let read: Vec<&str> = (0..words.len()).filter_map(|at| words.word(at)).collect();
                assert_eq!(read.join(" "), entry);
            }
        }
    }

    #[test]
    fn a_meaning_has_one_entry_in_a_table() {
        for table in tables() {
            for meaning in Meaning::ALL {
                let entries = table.meanings.iter().filter(|said| said.meaning == meaning).count();
                assert!(entries <= 1, "{meaning:?} {entries}");
            }
        }
    }

    #[test]
    fn a_denial_reaches_over_bridges_but_not_over_a_comma() {
        let denied = |text: &str, at| ENGLISH.is_denied(&Words::read(text, &ENGLISH), at);
        assert!(denied("I don't want to talk to a human", 4));
        assert!(!denied("I don't understand get me a human", 3));
        assert!(!denied("I don't, talk to a human", 2));
        assert!(!denied("why not talk to a human", 2));
        assert!(denied("better not talk to a human", 2));
    }
}
