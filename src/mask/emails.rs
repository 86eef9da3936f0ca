//! E-mail addresses, as they are written and as they are said.

use std::ops::Range;

use super::digits::is_digit_word;

/// What stands for `@` where it is said.
const AT: [&str; 7] = ["at", "arroba", "arobase", "chez", "ät", "klammeraffe", "@"];
/// What stands for the signs within a name.
const SIGNS: [&str; 15] = [
    "dot",
    "punto",
    "point",
    "punkt",
    "ponto",
    "period",
    "underscore",
    "unterstrich",
    "tiret",
    "dash",
    "hyphen",
    "minus",
    "guion",
    "plus",
    ".",
];
/// What stands for the dots of a domain.
const DOTS: [&str; 6] = ["dot", "punto", "point", "punkt", "ponto", "."];
/// How an address that is said may end. Any other ending may be the end of a sentence.
const ENDINGS: [&str; 27] = [
    "com", "org", "net", "edu", "gov", "io", "co", "uk", "us", "de", "fr", "es", "it", "mx", "br", "pt",
    "at", "ch", "ca", "eu", "nl", "be", "info", "biz", "app", "dev", "me",
];
/// Words that stand before the address of a place, and are nobody's name.
const NOBODY: [&str; 26] = [
    "look", "looked", "looking", "us", "me", "it", "them", "visit", "online", "site", "website", "page",
    "see", "find", "found", "order", "ordered", "shop", "is", "are", "was", "more", "out", "up", "bought",
    "address",
];

/// The places of the letters and digits of every address, but for its ending.
pub(super) fn emails(text: &str) -> Vec<Range<usize>> {
    let mut hidden = written(text);
    hidden.extend(said(text));
    hidden
}

fn written(text: &str) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    for (at, _) in text.match_indices('@') {
        let local = |c: char| c.is_alphanumeric() || "._%+'-".contains(c);
        let domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
        let from = text[..at].char_indices().rev().take_while(|(_, c)| local(*c)).last().map(|(at, _)| at);
        let after = &text[at + 1..];
        let to = after.find(|c| !domain(c)).unwrap_or(after.len());
        // A dot at the end is the sentence's.
        let host = after[..to].trim_end_matches(['.', '-']);
        let (Some(from), Some((_, ending))) = (from, host.rsplit_once('.')) else { continue };
        if ending.chars().count() < 2 || !ending.chars().all(char::is_alphabetic) {
            continue;
        }
        hidden.extend(letters(text, from..at));
        hidden.extend(letters(text, at + 1..at + 1 + host.len() - ending.len()));
    }
    hidden
}

fn letters(text: &str, within: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let from = within.start;
    let places = text[within].char_indices().filter(|(_, c)| c.is_alphanumeric());
    places.map(move |(at, c)| from + at..from + at + c.len_utf8())
}

fn said(text: &str) -> Vec<Range<usize>> {
    let words: Vec<(Range<usize>, String)> = words(text);
    let mut hidden = Vec::new();
    for at in 1..words.len() {
        if !AT.contains(&words[at].1.as_str()) {
            continue;
        }
        let Some(ending) = ending(&words, at) else { continue };
        let from = beginning(&words, at);
        if from + 1 == at && NOBODY.contains(&words[from].1.as_str()) {
            continue;
        }
        let is_name = |word: &&(Range<usize>, String)| {
            !SIGNS.contains(&word.1.as_str()) && !AT.contains(&word.1.as_str())
        };
        hidden.extend(words[from..ending].iter().filter(is_name).map(|(place, _)| place.clone()));
    }
    hidden
}

/// Where the domain after `at` ends: before the last word of it.
fn ending(words: &[(Range<usize>, String)], at: usize) -> Option<usize> {
    let word = |at: usize| words.get(at).map(|(_, word)| word.as_str());
    let mut next = at + 1;
    // A name of one word, or of letters one by one.
    word(next).filter(|word| !DOTS.contains(word))?;
    next += 1;
    while word(next - 1).is_some_and(is_letter) && word(next).is_some_and(is_letter) {
        next += 1;
    }
    let mut found = None;
    while word(next).is_some_and(|word| DOTS.contains(&word)) && word(next + 1).is_some() {
        if word(next + 1).is_some_and(|word| ENDINGS.contains(&word)) {
            found = Some(next + 1);
        }
        next += 2;
    }
    found
}

/// Where the name before `at` begins.
fn beginning(words: &[(Range<usize>, String)], at: usize) -> usize {
    let word = |at: usize| words[at].1.as_str();
    let mut from = at - 1;
    while from > 0 {
        if from > 1 && SIGNS.contains(&word(from - 1)) {
            from -= 2;
        } else if is_letter(word(from)) && is_letter(word(from - 1)) {
            from -= 1;
        } else {
            break;
        }
    }
    from
}

/// Whether a word is a letter or a digit of a name that is spelled.
fn is_letter(word: &str) -> bool {
    let one = word.chars().count() == 1 && word.chars().all(char::is_alphanumeric);
    one || is_digit_word(word)
}

/// Every word in lower case; a sign that stands alone is one.
fn words(text: &str) -> Vec<(Range<usize>, String)> {
    let mut words = Vec::new();
    let mut rest = 0;
    while let Some(from) = text[rest..].find(|c: char| c.is_alphanumeric() || c == '@').map(|at| rest + at) {
        let end = text[from..].find(|c: char| !c.is_alphanumeric()).map_or(text.len(), |at| from + at);
        let end = if end == from { from + 1 } else { end };
        words.push((from..end, text[from..end].to_lowercase()));
        rest = end;
    }
    words
}
