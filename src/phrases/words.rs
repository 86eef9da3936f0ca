//! What was said, as words: lower case, without accents, with the places where a clause or a sentence ends.

use super::table::{Apostrophe, Table};

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
pub(super) struct Words {
    words: Vec<(String, Join)>,
}

impl Words {
    /// Reads an utterance the way `table` writes its phrases: with its apostrophes, without its hesitations.
    pub(super) fn read(text: &str, table: &Table) -> Self {
        let mut words = Self { words: Vec::new() };
        let mut word = String::new();
        let mut join = Join::Sentence;
        for c in text.chars() {
            // "Uh-huh" is a word, though "uh" is none.
            let joins = match c {
                '-' => is_hesitation(&word, table),
                _ => is_apostrophe(c) && table.apostrophe == Apostrophe::Joins,
            };
            if joins || fold(c, &mut word) {
                continue;
            }
            join = words.end(&mut word, join, table).max(join_of(c));
        }
        words.end(&mut word, join, table);
        words
    }

    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// A word; nothing beyond the last.
    pub(super) fn word(&self, at: usize) -> Option<&str> {
        self.words.get(at).map(|(word, _)| word.as_str())
    }

    /// What stands before a word, or after the last one.
    pub(super) fn join_before(&self, at: usize) -> Join {
        self.words.get(at).map_or(Join::Sentence, |(_, join)| *join)
    }

    /// The sentences, as ranges of words.
    pub(super) fn sentences(&self) -> impl Iterator<Item = (usize, usize)> {
        let starts = (0..self.len()).filter(|at| self.join_before(*at) == Join::Sentence);
        starts.map(|start| {
            let ends = (start + 1..=self.len()).find(|at| self.join_before(*at) == Join::Sentence);
            (start, ends.unwrap_or(self.len()))
        })
    }

    /// Takes the finished word, and tells what joins the next one as far as is known.
    fn end(&mut self, word: &mut String, join: Join, table: &Table) -> Join {
        if word.is_empty() {
            return join;
        }
        let word = std::mem::take(word);
        if is_hesitation(&word, table) {
            return join;
        }
        self.words.push((word, join));
        Join::Space
    }
}

fn is_hesitation(word: &str, table: &Table) -> bool {
    table.hesitations.entries().any(|entry| entry == word)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, language: &str) -> Vec<(String, Join)> {
        let [table, ..] = Table::tried(language)[..] else { unreachable!() };
        Words::read(text, table).words
    }

    fn joined(text: &str, language: &str) -> String {
        read(text, language).into_iter().map(|(word, _)| word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn case_accents_and_punctuation_do_not_matter() {
        assert_eq!(joined("¡PÁSEME, por favor... con Núñez!", "es"), "paseme por favor con nunez");
        assert_eq!(joined("Größe e\u{301}te\u{301} Œuvre", "de"), "grosse ete oeuvre");
        assert_eq!(joined("I don't, I'd co-operate", "en"), "i dont id co operate");
        assert_eq!(joined("J’aimerais l'opérateur, passez-moi", "fr"), "j aimerais l operateur passez moi");
    }

    #[test]
    fn hesitations_are_not_heard_but_their_commas_are() {
        let words = read("Uh, I want, um, a human. Now", "en");
        let joins: Vec<Join> = words.iter().map(|(_, join)| *join).collect();
        use Join::{Clause, Sentence, Space};
        assert_eq!(joins, [Sentence, Space, Clause, Space, Sentence]);
    }

    #[test]
    fn a_hesitation_in_a_word_is_heard() {
        assert_eq!(joined("Uh-huh, mm-hmm, uh, well-known", "en"), "uhhuh mmhmm well known");
    }

    #[test]
    fn sentences_are_found() {
        let [table, ..] = Table::tried("en")[..] else { unreachable!() };
        let words = Words::read("Agent. I was charged, twice! ", table);
        assert_eq!(words.sentences().collect::<Vec<_>>(), [(0, 1), (1, 5)]);
        assert_eq!(Words::read(" ... ", table).sentences().count(), 0);
    }
}
