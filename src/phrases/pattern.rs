//! How a phrase of a table is compared with words. `table.rs` tells how phrases are written.

use super::table::List;
use super::words::{Join, Vocabulary, Word, Words};

/// How often `a*` is read at most.
const MOST_REPEATS: u8 = 4;

/// The named sets of a table: for each its entries, which are one or more words.
#[derive(Debug)]
pub(super) struct Sets(Vec<(&'static str, Vec<Vec<Word>>)>);

impl Sets {
    /// Reads the sets of a table.
    pub(super) fn read(sets: &'static [(&'static str, List)], vocabulary: &mut Vocabulary) -> Self {
        let read = |(name, list): &(&'static str, List)| (*name, vocabulary.learn_list(*list));
        Self(sets.iter().map(read).collect())
    }

    /// A set that no phrase may name is as good as an empty one; a test finds it.
    fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(known, _)| *known == name)
    }
}

/// One phrase.
#[derive(Debug)]
pub(super) struct Phrase {
    tokens: Vec<Token>,
    /// Whether a denial before it turns it into its contrary.
    pub(super) deniable: bool,
}

#[derive(Debug)]
enum Token {
    One(Vec<Choice>),
    Maybe(Vec<Choice>),
    Repeated(Vec<Choice>),
    Not(Vec<Choice>),
    Gap(usize),
    /// What must stand before the next word.
    After(Join),
    /// What must stand after the last word.
    Before(Join),
}

#[derive(Debug, Clone, Copy)]
enum Choice {
    Word(Word),
    Set(usize),
}

impl Phrase {
    /// Reads a phrase as it is written in a table.
    pub(super) fn read(written: &'static str, sets: &Sets, vocabulary: &mut Vocabulary) -> Self {
        let undeniable = written.strip_prefix("= ");
        let tokens = undeniable.unwrap_or(written).split(' ');
        Self {
            tokens: tokens.map(|token| Token::read(token, sets, vocabulary)).collect(),
            deniable: undeniable.is_none(),
        }
    }

    /// Where the phrase ends that begins with the word at `at`, if it does.
    pub(super) fn end(&self, words: &Words, at: usize, sets: &Sets) -> Option<usize> {
        Reading { words, sets }.follow(&self.tokens, at)
    }

    /// Every word that the phrase can begin with.
    pub(super) fn first_words(&self, sets: &Sets) -> Vec<Word> {
        let mut first = Vec::new();
        for token in &self.tokens {
            if let Token::One(choices) | Token::Maybe(choices) | Token::Repeated(choices) = token {
                for choice in choices {
                    match choice {
                        Choice::Word(word) => first.push(*word),
                        Choice::Set(place) => first.extend(sets.0[*place].1.iter().map(|entry| entry[0])),
                    }
                }
            }
            if matches!(token, Token::One(_)) {
                break;
            }
        }
        first
    }
}

impl Token {
    fn read(token: &'static str, sets: &Sets, vocabulary: &mut Vocabulary) -> Self {
        match token {
            "^" => return Self::After(Join::Sentence),
            "," => return Self::After(Join::Clause),
            "$" => return Self::Before(Join::Sentence),
            "/" => return Self::Before(Join::Clause),
            _ => {}
        }
        if let Some(most) = token.strip_prefix("..") {
            return Self::Gap(most.parse().unwrap_or(0));
        }
        let mut choices = |choices: &'static str| {
            let read = |choice: &'static str| match choice.strip_prefix('@') {
                Some(name) => sets.place(name).map(Choice::Set),
                None => Some(Choice::Word(vocabulary.learn(choice))),
            };
            choices.split('|').filter_map(read).collect()
        };
        if let Some(none) = token.strip_prefix('!') {
            Self::Not(choices(none))
        } else if let Some(one) = token.strip_suffix('?') {
            Self::Maybe(choices(one))
        } else if let Some(one) = token.strip_suffix('*') {
            Self::Repeated(choices(one))
        } else {
            Self::One(choices(token))
        }
    }
}

struct Reading<'a> {
    words: &'a Words,
    sets: &'a Sets,
}

impl Reading<'_> {
    fn follow(&self, tokens: &[Token], at: usize) -> Option<usize> {
        let Some((token, after)) = tokens.split_first() else { return Some(at) };
        let onwards = |end| self.follow(after, end);
        match token {
            Token::One(choices) => self.choose(choices, at, onwards),
            Token::Maybe(choices) => self.choose(choices, at, onwards).or_else(|| onwards(at)),
            Token::Repeated(choices) => self.repeat(choices, MOST_REPEATS, after, at),
            Token::Not(choices) => self.choose(choices, at, Some).map_or_else(|| onwards(at), |_| None),
            Token::Gap(most) => (at..=(at + most).min(self.words.len())).find_map(onwards),
            Token::After(join) => (self.words.join_before(at) >= *join).then(|| onwards(at))?,
            Token::Before(join) => (at > 0 && self.words.join_before(at) >= *join).then(|| onwards(at))?,
        }
    }

    /// Tries every way to read one token: `onwards` gets the end of each.
    fn choose(
        &self,
        choices: &[Choice],
        at: usize,
        onwards: impl Fn(usize) -> Option<usize>,
    ) -> Option<usize> {
        let word = self.words.word(at)?;
        choices.iter().find_map(|choice| match choice {
            Choice::Word(one) => {
                if *one == word {
                    onwards(at + 1)
                } else {
                    None
                }
            }
            Choice::Set(place) => {
                let entries = self.sets.0[*place].1.iter();
                entries
                    .filter(|entry| self.words.continue_with(entry, at))
                    .find_map(|entry| onwards(at + entry.len()))
            }
        })
    }

    fn repeat(&self, choices: &[Choice], most: u8, after: &[Token], at: usize) -> Option<usize> {
        let again = |end| self.repeat(choices, most - 1, after, end);
        let longer = if most > 0 { self.choose(choices, at, again) } else { None };
        longer.or_else(|| self.follow(after, at))
    }
}
