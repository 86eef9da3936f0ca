//! Whether a text says something, however it is spelled: case, accents, punctuation, and spaces within numbers
//! make no difference, nor whether a digit is written or spoken.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// From so many letters on, the last word may go on: `refund` is also found in `refunds`.
const LONG_ENOUGH: usize = 4;

/// Digits as they are spoken in the languages that Warmline's own lines know.
const SPOKEN: [(&str, char); 45] = [
    ("zero", '0'),
    ("one", '1'),
    ("two", '2'),
    ("three", '3'),
    ("four", '4'),
    ("five", '5'),
    ("six", '6'),
    ("seven", '7'),
    ("eight", '8'),
    ("nine", '9'),
    ("cero", '0'),
    ("uno", '1'),
    ("dos", '2'),
    ("tres", '3'),
    ("cuatro", '4'),
    ("cinco", '5'),
    ("seis", '6'),
    ("siete", '7'),
    ("ocho", '8'),
    ("nueve", '9'),
    ("null", '0'),
    ("eins", '1'),
    ("zwei", '2'),
    ("drei", '3'),
    ("vier", '4'),
    ("funf", '5'),
    ("sechs", '6'),
    ("sieben", '7'),
    ("acht", '8'),
    ("neun", '9'),
    ("deux", '2'),
    ("trois", '3'),
    ("quatre", '4'),
    ("cinq", '5'),
    ("sept", '7'),
    ("huit", '8'),
    ("neuf", '9'),
    ("um", '1'),
    ("dois", '2'),
    ("quatro", '4'),
    ("sete", '7'),
    ("oito", '8'),
    ("nove", '9'),
    ("zwo", '2'),
    ("meia", '6'),
];

/// Something that is to be said, by any of its spellings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// As the scenario has them.
    spellings: Vec<String>,
    patterns: Vec<Vec<Token>>,
}

/// A text that facts are looked for in.
#[derive(Debug, Clone)]
pub struct Spoken(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Digits(String),
}

impl Fact {
    /// A fact by its spellings.
    ///
    /// # Errors
    ///
    /// The spelling that has neither a letter nor a digit, and so would be found everywhere.
    pub fn new(spellings: Vec<String>) -> Result<Self, String> {
        let pattern = |text: &String| {
            let tokens = joined(tokens(text));
            if tokens.is_empty() { Err(text.clone()) } else { Ok(tokens) }
        };
        let patterns = spellings.iter().map(pattern).collect::<Result<_, _>>()?;
        Ok(Self { spellings, patterns })
    }

    /// Whether a text says it.
    pub fn is_in(&self, text: &Spoken) -> bool {
        self.patterns.iter().any(|pattern| (0..text.0.len()).any(|at| starts_with(&text.0[at..], pattern)))
    }

    /// Whether another fact may be said in the same words.
    pub fn shares_spelling(&self, other: &Self) -> bool {
        self.patterns.iter().any(|pattern| other.patterns.contains(pattern))
    }

    /// Its spellings, for people.
    pub fn shown(&self) -> String {
        self.spellings.join(" / ")
    }
}

impl Spoken {
    /// Takes a text apart.
    pub fn new(text: &str) -> Self {
        Self(tokens(text))
    }
}

/// Whether one text says another, leniently. One without letters and digits has to be the same.
pub fn says(text: &str, wanted: &str) -> bool {
    match Fact::new(vec![wanted.to_owned()]) {
        Ok(fact) => fact.is_in(&Spoken::new(text)),
        Err(_) => text.trim() == wanted.trim(),
    }
}

/// Whether the tokens begin with the pattern. A number of the pattern may be several groups of digits in the text.
fn starts_with(mut text: &[Token], pattern: &[Token]) -> bool {
    for (place, wanted) in pattern.iter().enumerate() {
        let is_last = place + 1 == pattern.len();
        match wanted {
            Token::Word(word) => match text.split_first() {
                Some((Token::Word(said), rest)) if fits(said, word, is_last) => text = rest,
                _ => return false,
            },
            Token::Digits(number) => {
                let mut left = number.as_str();
                while !left.is_empty() {
                    match text.split_first() {
                        Some((Token::Digits(group), rest)) if left.starts_with(group.as_str()) => {
                            left = &left[group.len()..];
                            text = rest;
                        }
                        _ => return false,
                    }
                }
            }
        }
    }
    true
}

fn fits(said: &str, word: &str, is_last: bool) -> bool {
    said == word || (is_last && word.chars().count() >= LONG_ENOUGH && said.starts_with(word))
}

/// Neighbouring groups of digits as one number.
fn joined(tokens: Vec<Token>) -> Vec<Token> {
    let mut joined: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        match (joined.last_mut(), token) {
            (Some(Token::Digits(number)), Token::Digits(more)) => number.push_str(&more),
            (_, token) => joined.push(token),
        }
    }
    joined
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut ended = true;
    let folded = text.nfkd().filter(|c| !is_combining_mark(*c) && !matches!(c, '\'' | '’'));
    for character in folded.flat_map(char::to_lowercase) {
        if let Some(digit) = character.to_digit(10) {
            let digit = char::from_digit(digit, 10).unwrap_or(character);
            match tokens.last_mut() {
                Some(Token::Digits(group)) if !ended => group.push(digit),
                _ => tokens.push(Token::Digits(digit.to_string())),
            }
            ended = false;
        } else if character.is_alphanumeric() {
            match tokens.last_mut() {
                Some(Token::Word(word)) if !ended => word.push(character),
                _ => tokens.push(Token::Word(character.to_string())),
            }
            ended = false;
        } else {
            ended = true;
        }
    }
    for token in &mut tokens {
        if let Token::Word(word) = token
            && let Some((_, digit)) = SPOKEN.iter().find(|(spoken, _)| spoken == word)
        {
            *token = Token::Digits(digit.to_string());
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_makes_no_difference() {
        for (text, wanted) in [
            ("Your parcel 4711 0815 is here.", "47110815"),
            ("Your parcel 47110815 is here.", "4711 0815"),
            ("call 5, parcel 4711-0815", "4711 0815"),
            ("parcel four seven one one, 0815", "4711 0815"),
            ("number AB47110815", "AB 4711 0815"),
            ("CAFÉ, señor", "cafe senor"),
            ("We're open between 9 and five.", "between nine and 5"),
            ("There are refunds.", "refund"),
            ("The caller's name", "callers name"),
            ("１２３", "123"),
        ] {
            assert!(says(text, wanted), "{wanted:?} is in {text:?}");
        }
    }

    #[test]
    fn what_only_resembles_it_is_something_else() {
        for (text, wanted) in [
            ("parcel 471108155", "47110815"),
            ("parcel 1 4711 0815 2", "47110816"),
            ("It was undamaged.", "damaged"),
            ("an order", "or"),
            ("nine to five", "nine and five"),
            ("", "a"),
            ("refund now", "refund never"),
        ] {
            assert!(!says(text, wanted), "{wanted:?} is not in {text:?}");
        }
        assert_eq!(Fact::new(vec!["…".into()]), Err("…".into()));
        assert!(says("?", "?") && !says("a", "?"));
    }
}
