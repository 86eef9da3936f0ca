//! How a language writes its phrases.
//!
//! A phrase is words as `words.rs` hears them (lower case, no accents) with a space between, and:
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrases::english::ENGLISH;
    use crate::phrases::french::FRENCH;
    use crate::phrases::german::GERMAN;
    use crate::phrases::portuguese::PORTUGUESE;
    use crate::phrases::spanish::SPANISH;
    use crate::phrases::words::spelled;

    const TABLES: [&Table; 5] = [&ENGLISH, &SPANISH, &FRENCH, &GERMAN, &PORTUGUESE];

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
        for table in TABLES {
            for part in phrases(table).flat_map(parts) {
                assert!(
                    part.strip_prefix('@')
                        .is_none_or(|name| table.sets.iter().any(|(known, _)| *known == name)),
                    "{part}"
                );
            }
        }
    }

    #[test]
    fn every_word_is_written_as_words_are_read() {
        for table in TABLES {
            let lists = [table.denials, table.bridges, table.asked, table.reversals];
            let told = table.meanings.iter().map(|said| said.told);
            let sets = table.sets.iter().map(|(_, entries)| *entries);
            let moods = table.moods.iter().map(|(_, entries)| *entries);
            let lists = lists.into_iter().chain(told).chain(sets).chain(moods);
            let entries = lists.flat_map(List::entries);
            let literal = phrases(table).flat_map(parts).filter(|part| !part.starts_with('@'));
            for entry in entries.chain(literal) {
                assert_eq!(spelled(entry, table), entry);
            }
        }
    }

    #[test]
    fn a_meaning_has_one_entry_in_a_table() {
        for table in TABLES {
            for meaning in Meaning::ALL {
                let entries = table.meanings.iter().filter(|said| said.meaning == meaning).count();
                assert!(entries <= 1, "{meaning:?} {entries}");
            }
        }
    }
}
