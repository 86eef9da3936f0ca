//! Digits as they are said and written: `4111 1111`, `4-1-1-1`, `four one one one`.

use std::ops::{Range, RangeInclusive};

/// The words of each digit, in the languages that requests for a person are recognised in.
const WORDS: [&[&str]; 10] = [
    &["zero", "oh", "cero", "zéro", "null"],
    &["one", "uno", "un", "eins", "um"],
    &["two", "dos", "deux", "zwei", "zwo", "dois"],
    &["three", "tres", "trois", "drei", "três"],
    &["four", "cuatro", "quatre", "vier", "quatro"],
    &["five", "cinco", "cinq", "fünf"],
    &["six", "seis", "sechs", "meia"],
    &["seven", "siete", "sept", "sieben", "sete"],
    &["eight", "ocho", "huit", "acht", "oito"],
    &["nine", "nueve", "neuf", "neun", "nove"],
];

/// How digits are put together.
pub(super) struct Writing {
    /// What may stand between two digits of one number.
    separators: &'static [char],
    /// How many characters of it.
    longest: usize,
    /// Whether a number may begin with `+`.
    plus: bool,
}

/// As cards and the like are written. A `+` is a phone's, and a phone is no card.
pub(super) const PLAIN: Writing = Writing { separators: &[' ', '-', '.', ','], longest: 2, plus: false };
/// As phone numbers are written.
pub(super) const PHONE: Writing =
    Writing { separators: &[' ', '-', '.', ',', '(', ')', '/'], longest: 3, plus: true };

/// A digit, and its place in the text in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digit {
    pub(super) value: u8,
    pub(super) place: Range<usize>,
}

/// Digits that may be one number, or several in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) digits: Vec<Digit>,
    /// Where groups begin among the digits: `4111 1111` has two groups. Ends with the number of digits.
    pub(super) edges: Vec<usize>,
}

impl Run {
    /// Where it ends in the text.
    pub(super) fn end(&self) -> usize {
        self.digits.last().map_or(0, |digit| digit.place.end)
    }

    /// The places of its last groups, as long as each has so many digits and begins at a place of the text or later.
    pub(super) fn last_groups(&self, sizes: RangeInclusive<usize>, from: usize) -> Vec<Range<usize>> {
        let groups = self.edges.windows(2).rev().map(|edges| &self.digits[edges[0]..edges[1]]);
        let fits = |group: &&[Digit]| sizes.contains(&group.len()) && group[0].place.start >= from;
        groups.take_while(fits).flatten().map(|digit| digit.place.clone()).collect()
    }
}

/// Every run of digits in a text.
pub(super) fn runs(text: &str, writing: &Writing) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut last_end = None;
    for group in groups(text, writing.plus) {
        let joins = last_end.is_some_and(|end: usize| writing.separates(&text[end..group[0].place.start]));
        last_end = group.last().map(|digit| digit.place.end);
        match runs.last_mut().filter(|_| joins) {
            Some(run) => {
                run.digits.extend(group);
                run.edges.push(run.digits.len());
            }
            None => runs.push(Run { edges: vec![0, group.len()], digits: group }),
        }
    }
    runs
}

impl Writing {
    fn separates(&self, between: &str) -> bool {
        between.chars().count() <= self.longest && between.chars().all(|c| self.separators.contains(&c))
    }
}

/// Words of digits, or single digit words. Letters and digits in one word are no number of these kinds, and
/// without `plus` neither is a number that begins with one.
fn groups(text: &str, plus: bool) -> Vec<Vec<Digit>> {
    let mut groups = Vec::new();
    let mut rest = 0;
    while let Some(begin) = text[rest..].find(char::is_alphanumeric).map(|at| rest + at) {
        let end = text[begin..].find(|c: char| !c.is_alphanumeric()).map_or(text.len(), |at| begin + at);
        rest = end;
        let word = &text[begin..end];
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            if plus || !text[..begin].ends_with('+') {
                let digit =
                    |(at, byte): (usize, u8)| Digit { value: byte - b'0', place: begin + at..begin + at + 1 };
                groups.push(word.bytes().enumerate().map(digit).collect());
            }
        } else if let Some(value) = digit_word(word) {
            groups.push(vec![Digit { value, place: begin..end }]);
        }
    }
    groups
}

/// Whether this word is a digit.
pub(super) fn is_digit_word(word: &str) -> bool {
    digit_word(word).is_some()
}

fn digit_word(word: &str) -> Option<u8> {
    // The longest of them has six letters, one of which takes two bytes.
    if word.len() > 7 {
        return None;
    }
    let word = word.to_lowercase();
    let value = WORDS.iter().position(|words| words.contains(&word.as_str()))?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let digits = |run: &Run| run.digits.iter().map(|digit| char::from(b'0' + digit.value)).collect();
        runs(text, &PLAIN).iter().map(digits).collect()
    }

    #[test]
    fn digits_are_read_as_they_are_said_and_written() {
        assert_eq!(read("it is 41 1-1, then, 7"), ["4111", "7"]);
        assert_eq!(read("cuatro uno, Four ONE"), ["4141"]);
        assert_eq!(read("A1 12b +1555 99"), ["99"]);
        assert_eq!(runs("12 345", &PLAIN)[0].edges, [0, 2, 5]);
    }
}
