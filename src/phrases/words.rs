//! What was said, as words: lower case, without accents, with the places where a clause or a sentence ends.

use std::collections::HashMap;

use super::table::{Apostrophe, List, Table};

/// A word of a table, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word(u16);

/// A word that no phrase has.
const UNKNOWN: Word = Word(u16::MAX);

/// The words of a table, and how it hears.
#[derive(Debug)]
pub(super) struct Vocabulary {
    numbers: HashMap<&'static str, Word>,
    apostrophe: Apostrophe,
    hesitations: Vec<&'static str>,
}

impl Vocabulary {
    /// No words yet.
    pub(super) fn new(table: &'static Table) -> Self {
        Self {
            numbers: HashMap::new(),
            apostrophe: table.apostrophe,
            hesitations: table.hesitations.entries().collect(),
        }
    }

    /// A word's number; a new one if it had none.
    pub(super) fn learn(&mut self, word: &'static str) -> Word {
        let next = u16::try_from(self.numbers.len()).map_or(UNKNOWN, Word);
        *self.numbers.entry(word).or_insert(next)
    }

    /// The entries of a list, each as its words.
    pub(super) fn learn_list(&mut self, list: List) -> Vec<Vec<Word>> {
        list.entries().map(|entry| entry.split(' ').map(|word| self.learn(word)).collect()).collect()
    }

    /// How many words are known.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    fn is_hesitation(&self, word: &str) -> bool {
        self.hesitations.contains(&word)
    }
}

/// What stands between a word and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Join {
    /// A space or a hyphen.
    Space,
    /// A comma or the like.
    Clause,
    /// A full stop, a question mark, or the start of it all.
    Sentence,
}

/// One utterance.
#[derive(Debug)]
pub(super) struct Words(Vec<(Word, Join)>);

impl Words {
    /// Reads an utterance the way a table writes its phrases: with its apostrophes, without its
    /// hesitations.
    pub(super) fn read(text: &str, vocabulary: &Vocabulary) -> Self {
        let mut words = Vec::new();
        hear(text, vocabulary, |word, join| {
            words.push((vocabulary.numbers.get(word).copied().unwrap_or(UNKNOWN), join));
        });
        Self(words)
    }

    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// A word; nothing beyond the last.
    pub(super) fn word(&self, at: usize) -> Option<Word> {
        self.0.get(at).map(|(word, _)| *word)
    }

    /// What stands before a word, or after the last one.
    pub(super) fn join_before(&self, at: usize) -> Join {
        self.0.get(at).map_or(Join::Sentence, |(_, join)| *join)
    }

    /// Whether these words follow one another from `at` on.
    pub(super) fn continue_with(&self, sequence: &[Word], at: usize) -> bool {
        let here = self.0[at.min(self.len())..].iter().map(|(word, _)| word);
        here.take(sequence.len()).eq(sequence)
    }

    /// Where these words begin, if they end right before `at` in the same clause.
    pub(super) fn start_before(&self, sequence: &[Word], at: usize) -> Option<usize> {
        let start = at.checked_sub(sequence.len())?;
        let flows = (start + 1..=at).all(|at| self.join_before(at) == Join::Space);
        (flows && self.continue_with(sequence, start)).then_some(start)
    }

    /// The sentences, as ranges of words.
    pub(super) fn sentences(&self) -> impl Iterator<Item = (usize, usize)> {
        let starts = (0..self.len()).filter(|at| self.join_before(*at) == Join::Sentence);
        starts.map(|start| {
            let ends = (start + 1..=self.len()).find(|at| self.join_before(*at) == Join::Sentence);
            (start, ends.unwrap_or(self.len()))
        })
    }
}

/// Takes an utterance apart: every word that is one, and what joins it to the word before.
fn hear(text: &str, vocabulary: &Vocabulary, mut heard: impl FnMut(&str, Join)) {
    let mut word = String::new();
    let mut join = Join::Sentence;
    let mut rest = text;
    loop {
        rest = plain_run(rest, &mut word);
        let mut characters = rest.chars();
        let next = characters.next();
        rest = characters.as_str();
        // All of it ends as a sentence does.
        let c = next.unwrap_or('.');
        // "Uh-huh" is a word, though "uh" is none.
        let joins = match c {
            '-' => vocabulary.is_hesitation(&word),
            _ => is_apostrophe(c) && vocabulary.apostrophe == Apostrophe::Joins,
        };
        if joins || fold(c, &mut word) {
            continue;
        }
        if !word.is_empty() && !vocabulary.is_hesitation(&word) {
            heard(&word, join);
            join = Join::Space;
        }
        word.clear();
        join = join.max(join_of(c));
        if next.is_none() {
            return;
        }
    }
}

/// Appends the plain letters and digits that a text begins with to a word, and returns the rest of the text. Nearly
/// all of every text, so not character by character.
fn plain_run<'a>(text: &'a str, word: &mut String) -> &'a str {
    let end = text.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (run, rest) = text.split_at(end);
    let start = word.len();
    word.push_str(run);
    word[start..].make_ascii_lowercase();
    rest
}

fn join_of(c: char) -> Join {
    match c {
        '.' | '!' | '?' | '…' | '¿' | '¡' | '\n' => Join::Sentence,
        ',' | ';' | ':' | '–' | '—' | '(' | ')' => Join::Clause,
        _ => Join::Space,
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`' | '´')
}

/// Appends what `c` is to a word, if it is part of one.
fn fold(c: char, word: &mut String) -> bool {
    if c.is_ascii_alphanumeric() {
        word.push(c.to_ascii_lowercase());
        return true;
    }
    // Accents that stand on their own.
    if matches!(c, '\u{300}'..='\u{36F}') {
        return true;
    }
    if !c.is_alphanumeric() {
        return false;
    }
    for c in c.to_lowercase() {
        match unaccented(c) {
            Some(plain) => word.push_str(plain),
            None => word.push(c),
        }
    }
    true
}

/// The words of a text, without what a table knows about its language.
pub(super) fn plain(text: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    for c in text.chars().chain([' ']) {
        if !is_apostrophe(c) && !fold(c, &mut word) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    words
}

fn unaccented(c: char) -> Option<&'static str> {
    Some(match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' | 'ª' => "a",
        'é' | 'è' | 'ê' | 'ë' => "e",
        'í' | 'ì' | 'î' | 'ï' => "i",
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' | 'º' => "o",
        'ú' | 'ù' | 'û' | 'ü' => "u",
        'ñ' => "n",
        'ç' => "c",
        'ÿ' | 'ý' => "y",
        'ß' => "ss",
        'œ' => "oe",
        'æ' => "ae",
        _ => return None,
    })
}

/// The words of an utterance as they are compared.
#[cfg(test)]
pub(super) fn spelled(text: &str, table: &'static Table) -> String {
    let mut words = Vec::new();
    hear(text, &Vocabulary::new(table), |word, _| words.push(word.to_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrases::english::ENGLISH;
    use crate::phrases::french::FRENCH;
    use crate::phrases::german::GERMAN;
    use crate::phrases::spanish::SPANISH;

    fn read(text: &str, table: &'static Table) -> Vec<(String, Join)> {
        let mut words = Vec::new();
        hear(text, &Vocabulary::new(table), |word, join| words.push((word.to_owned(), join)));
        words
    }

    #[test]
    fn case_accents_and_punctuation_do_not_matter() {
        assert_eq!(spelled("¡PÁSEME, por favor... con Núñez!", &SPANISH), "paseme por favor con nunez");
        assert_eq!(spelled("Größe e\u{301}te\u{301} Œuvre", &GERMAN), "grosse ete oeuvre");
        assert_eq!(spelled("I don't, I'd co-operate", &ENGLISH), "i dont id co operate");
        assert_eq!(
            spelled("J’aimerais l'opérateur, passez-moi", &FRENCH),
            "j aimerais l operateur passez moi"
        );
    }

    #[test]
    fn hesitations_are_not_heard_but_their_commas_are() {
        let words = read("Uh, I want, um, a human. Now", &ENGLISH);
        let joins: Vec<Join> = words.iter().map(|(_, join)| *join).collect();
        use Join::{Clause, Sentence, Space};
        assert_eq!(joins, [Sentence, Space, Clause, Space, Sentence]);
    }

    #[test]
    fn a_hesitation_in_a_word_is_heard() {
        assert_eq!(spelled("Uh-huh, mm-hmm, uh, well-known", &ENGLISH), "uhhuh mmhmm well known");
    }

    #[test]
    fn sentences_are_found() {
        let english = Vocabulary::new(&ENGLISH);
        let words = Words::read("Agent. I was charged, twice! ", &english);
        assert_eq!(words.sentences().collect::<Vec<_>>(), [(0, 1), (1, 5)]);
        assert_eq!(Words::read(" ... ", &english).sentences().count(), 0);
    }
}
