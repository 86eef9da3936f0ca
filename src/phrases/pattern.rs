//! How a phrase of a table is compared with words.

use super::table::Table;
use super::words::{Join, Words};

/// Where the phrase ends that begins with the word at `at`, if it does.
pub(super) fn end_of(phrase: &str, words: &Words, at: usize, table: &Table) -> Option<usize> {
    Phrase { words, table }.follow(phrase, at)
}

/// How often `a*` is read at most.
const MOST_REPEATS: u8 = 4;

struct Phrase<'a> {
    words: &'a Words,
    table: &'a Table,
}

impl Phrase<'_> {
    fn follow(&self, phrase: &str, at: usize) -> Option<usize> {
        if phrase.is_empty() {
            return Some(at);
        }
        let (token, after) = phrase.split_once(' ').unwrap_or((phrase, ""));
        if let Some(allowed) = self.between(token, at) {
            return if allowed { self.follow(after, at) } else { None };
        }
        if let Some(most) = token.strip_prefix("..") {
            let most = most.parse().unwrap_or(0);
            return (at..=(at + most).min(self.words.len())).find_map(|at| self.follow(after, at));
        }
        if let Some(one) = token.strip_suffix('?') {
            return self.choose(one, at, |end| self.follow(after, end)).or_else(|| self.follow(after, at));
        }
        if let Some(one) = token.strip_suffix('*') {
            return self.repeat(one, MOST_REPEATS, after, at);
        }
        self.choose(token, at, |end| self.follow(after, end))
    }

    fn repeat(&self, one: &str, most: u8, after: &str, at: usize) -> Option<usize> {
        let again = |end| self.repeat(one, most - 1, after, end);
        let longer = if most > 0 { self.choose(one, at, again) } else { None };
        longer.or_else(|| self.follow(after, at))
    }

    /// A token that takes no word: whether it holds here.
    fn between(&self, token: &str, at: usize) -> Option<bool> {
        match token {
            "^" => Some(self.words.join_before(at) == Join::Sentence),
            "$" => Some(at > 0 && self.words.join_before(at) == Join::Sentence),
            "," => Some(self.words.join_before(at) >= Join::Clause),
            "/" => Some(at > 0 && self.words.join_before(at) >= Join::Clause),
            _ => token.strip_prefix('!').map(|one| self.choose(one, at, Some).is_none()),
        }
    }

    /// Tries every way to read one token: `onwards` gets the end of each.
    fn choose(&self, token: &str, at: usize, onwards: impl Fn(usize) -> Option<usize>) -> Option<usize> {
        token.split('|').find_map(|choice| match choice.strip_prefix('@') {
            Some(name) => {
                let set = self.table.set(name).entries();
                set.filter_map(|entry| self.literally(entry, at)).find_map(&onwards)
            }
            None => self.literally(choice, at).and_then(&onwards),
        })
    }

    fn literally(&self, entry: &str, at: usize) -> Option<usize> {
        let mut end = at;
        for word in entry.split(' ') {
            if self.words.word(end) != Some(word) {
                return None;
            }
            end += 1;
        }
        Some(end)
    }
}
