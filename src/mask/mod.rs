//! Digits that must not lie on a disk: payment cards, their security codes, social security numbers. Where it
//! is asked for also phone numbers and e-mail addresses ([`Also`]).
//!
//! Callers say and type them whether they are asked to or not. They are replaced character by character, so
//! that places in a text stay what they were. What only looks alike (orders, parcels, dates) stays.
//!
//! A number that is told in two utterances with a reply between them is not recognised.

mod digits;
mod emails;
mod numbers;
mod phones;

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use digits::{PLAIN, Run, runs};

/// What takes the place of a digit.
const MASK: char = '*';
/// How many characters before a short number may say what it is.
const CUE_REACH: usize = 60;

/// How many digits of a shortened text may be the beginning of a card.
const SHORTEST_TORN: usize = 9;

/// Words that say that a short number is a card's security code. Lower case.
const CODE_CUES: [&str; 16] = [
    "cvv",
    "cvc",
    "csc",
    "cv2",
    "security code",
    "verification value",
    "back of the card",
    "back of your card",
    "código de seguridad",
    "codigo de seguridad",
    "código de segurança",
    "codigo de seguranca",
    "cryptogramme",
    "code de sécurité",
    "prüfnummer",
    "sicherheitscode",
];
/// Words that say that a number is a social security number. Lower case.
const SSN_CUES: [&str; 3] = ["ssn", "social security", "seguro social"];

/// What is hidden beside cards, their codes and social security numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Also {
    /// E-mail addresses, written or said.
    pub email: bool,
    /// Phone numbers.
    pub phone: bool,
}

impl Also {
    /// Nothing beside them.
    pub const NOTHING: Self = Self { email: false, phone: false };
}

/// The text without what must not be kept. `cue` is what was said or written before it, such as the question
/// that the text answers.
pub fn mask<'a>(text: &'a str, cue: Option<&str>) -> Cow<'a, str> {
    mask_also(text, cue, Also::NOTHING)
}

/// The text without what must not be kept, and without what `also` names.
pub fn mask_also<'a>(text: &'a str, cue: Option<&str>, also: Also) -> Cow<'a, str> {
    let cue = cue.unwrap_or_default().to_lowercase();
    let mut hidden = kept_nowhere(text, &cue);
    if also.phone {
        let phones = phones::phones(text, &cue);
        // A card is longer than any phone; what is hidden of it already is none.
        let is_free = |phone: &Vec<Range<usize>>| !phone.iter().any(|digit| hidden.contains(digit));
        let phones: Vec<_> = phones.into_iter().filter(is_free).flatten().collect();
        hidden.extend(phones);
    }
    if also.email {
        hidden.extend(emails::emails(text));
    }
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    hidden.sort_unstable_by_key(|place| place.start);
    let mut places = hidden.iter().peekable();
    let letter = |(at, c): (usize, char)| {
        while places.next_if(|place| place.end <= at).is_some() {}
        let is_hidden = places.peek().is_some_and(|place| place.start <= at);
        if is_hidden { MASK } else { c }
    };
    Cow::Owned(text.char_indices().map(letter).collect())
}

/// The places of cards, their codes and social security numbers.
fn kept_nowhere(text: &str, cue: &str) -> Vec<Range<usize>> {
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for run in runs(text, &PLAIN) {
        let cards = numbers::cards(&run);
        hidden.extend(cards.iter().flat_map(|card| card.hidden.iter().cloned()));
        hidden.extend(numbers::hyphenated_ssns(&run, text));
        let count = run.digits.len();
        let cued = |cues: &[&str]| has(cue, cues) || has(&before(text, &run), cues);
        let is_code = (3..=4).contains(&count) && cued(&CODE_CUES);
        let is_ssn = (count == 4 || count == 9) && cued(&SSN_CUES);
        // A text that was shortened may end in the middle of a card.
        let is_torn = count >= SHORTEST_TORN && text[run.end()..].starts_with('…');
        if is_code || is_ssn || is_torn {
            hidden.extend(run.digits.iter().map(|digit| digit.place.clone()));
        } else if !cards.is_empty() || cued(&CODE_CUES) {
            // "4111 1111 1111 1111, 0927, 123": what follows a card is its date and its code.
            hidden.extend(run.last_groups(3..=4, cards.last().map_or(0, |card| card.end)));
        }
    }
    hidden
}

/// A JSON text without what must not be kept. A key tells what its value is; a number that is masked becomes a
/// text.
pub fn mask_json(text: &str) -> String {
    mask_json_also(text, Also::NOTHING)
}

/// A JSON text without what must not be kept, and without what `also` names.
pub fn mask_json_also(text: &str, also: Also) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            mask_value(&mut value, None, also);
            value.to_string()
        }
        Err(_) => mask_also(text, None, also).into_owned(),
    }
}

fn mask_value(value: &mut Value, key: Option<&str>, also: Also) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(masked) = mask_also(text, key.map(words_of).as_deref(), also) {
                *text = masked;
            }
        }
        Value::Number(number) => {
            if let Cow::Owned(masked) = mask_also(&number.to_string(), key.map(words_of).as_deref(), also) {
                *value = Value::String(masked);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| mask_value(value, key, also)),
        Value::Object(map) => {
            map.iter_mut().for_each(|(key, value)| mask_value(value, Some(key), also));
            // Of two keys that are alike then, one stays.
            if map.keys().any(|key| matches!(mask_name(key, also), Cow::Owned(_))) {
                let named = |(key, value): (String, Value)| (mask_name(&key, also).into_owned(), value);
                *map = std::mem::take(map).into_iter().map(named).collect();
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// A name or a code such as `account_ending_1234` without what must not be kept, and without what `also` names.
pub(crate) fn mask_name(name: &str, also: Also) -> Cow<'_, str> {
    match mask_also(&name.replace('_', " "), None, also) {
        Cow::Borrowed(_) => Cow::Borrowed(name),
        Cow::Owned(masked) => {
            let letter = |(c, masked)| if masked == MASK { MASK } else { c };
            Cow::Owned(name.chars().zip(masked.chars()).map(letter).collect())
        }
    }
}

/// The words of a name such as `cardCvv` or `security_code`.
pub(crate) fn words_of(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut after_small = false;
    for letter in name.chars() {
        if letter.is_uppercase() && after_small {
            words.push(' ');
        }
        after_small = letter.is_lowercase();
        words.push(if letter.is_alphanumeric() { letter } else { ' ' });
    }
    words
}

/// The text shortly before a run, in lower case.
fn before(text: &str, run: &Run) -> String {
    let before = &text[..run.digits[0].place.start];
    let from = before.char_indices().rev().nth(CUE_REACH).map_or(0, |(at, _)| at);
    before[from..].to_lowercase()
}

/// Whether one of the cues stands in a text, as words of their own.
fn has(text: &str, cues: &[&str]) -> bool {
    cues.iter().any(|cue| ends_of(text, cue).next().is_some())
}

/// Where a cue ends in a text, wherever it stands as words of its own: "tel" is none in "hotel".
fn ends_of<'a>(text: &'a str, cue: &'a str) -> impl Iterator<Item = usize> {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphabetic());
    text.match_indices(cue).map(|(at, cue)| (at, at + cue.len())).filter_map(move |(at, end)| {
        let stands = edge(text[..at].chars().next_back()) && edge(text[end..].chars().next());
        stands.then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cards_are_masked_but_for_their_last_four_digits() {
        for (said, kept) in [
            ("it is 4111 1111 1111 1111 thanks", "it is **** **** **** 1111 thanks"),
            ("[keypad] 5500005555555559", "[keypad] ************5559"),
            ("amex 3782-822463-10005.", "amex ****-******-*0005."),
            ("4 1 1 1, 1 1 1 1, 1 1 1 1, 1 1 1 1", "* * * *, * * * *, * * * *, 1 1 1 1"),
            ("order 12 and card 6011111111111117", "order 12 and card ************1117"),
            ("12 4111 1111 1111 1111", "12 **** **** **** 1111"),
            (
                "four one one one one one one one one one one one one one one one",
                "**** *** *** *** *** *** *** *** *** *** *** *** one one one one",
            ),
            ("4111.1111.1111.1111", "****.****.****.1111"),
            ("Visa:4222222222222", "Visa:*********2222"),
            ("my card is 4111 1111 11…", "my card is **** **** **…"),
        ] {
            assert_eq!(mask(said, None), kept);
        }
    }

    #[test]
    fn what_only_looks_like_a_card_stays() {
        for said in [
            "my order is 4711 0815",
            "order 4111111111111112",                  // a wrong check digit
            "parcel 1Z999AA10123456784",               // letters in it
            "track 4111111111111111111111",            // too long
            "call me at +15551230000 or 555 123 4567", // phones
            "IMEI 356938035643809", // 15 digits with a right check digit, and no card begins so
            "from 2024-01-02 to 2025-03-04", // dates
            "IBAN DE89370400440532013000", // letters before it
            "room 101, floor 2, 14 people",
            "it costs 1,299.00 or 1,399.00",
        ] {
            assert_eq!(mask(said, None), said);
        }
    }

    #[test]
    fn a_security_code_is_told_by_the_words_before_it() {
        for (said, kept) in [
            ("the CVV is 123", "the CVV is ***"),
            ("cvc 1 2 3 4", "cvc * * * *"),
            ("el código de seguridad es 987", "el código de seguridad es ***"),
            (
                "three digits on the back of the card: one two three",
                "three digits on the back of the card: *** *** *****",
            ),
        ] {
            assert_eq!(mask(said, None), kept);
        }
        assert_eq!(mask("123", Some("What is the security code?")), "***");
        let all = Some("Card number, expiry and security code, please.");
        assert_eq!(mask("0927, 123", all), "****, ***");
        assert_eq!(mask("4111 1111 1111 1111, 0927, 123", None), "**** **** **** 1111, ****, ***");
        assert_eq!(mask("it's four five six", Some("Your CVV, please.")), "it's **** **** ***");
        for (said, cue) in [
            ("I live at number 123", "Where do you live?"),
            ("gate 1234 of the security company", "Which gate?"),
            ("cvv 12345", ""),
            ("the order is 123", "Which order?"),
            ("civic 123", ""),
        ] {
            assert_eq!(mask(said, Some(cue)), said, "{cue}");
        }
    }

    #[test]
    fn social_security_numbers_are_told_by_their_form_or_by_words() {
        for (said, kept) in [
            ("it is 123-45-6789", "it is ***-**-****"),
            ("123 45 6789", "*** ** ****"),
            ("my social security number is 123456789", "my social security number is *********"),
            ("SSN: 1 2 3 4 5 6 7 8 9", "SSN: * * * * * * * * *"),
            ("last four of my social security: 6789", "last four of my social security: ****"),
        ] {
            assert_eq!(mask(said, None), kept);
        }
        assert_eq!(mask("123456789", Some("And your SSN?")), "*********");
        for said in [
            "call 555-123-4567",
            "zip 12345-6789",
            "reference 123456789",
            "12-31-2024",
            "000-12-3456",
            "666-12-3456",
            "123-00-4567",
            "part 123-45-6789-01",
            "lesson 4 of class 12",
        ] {
            assert_eq!(mask(said, None), said);
        }
    }

    #[test]
    fn json_is_masked_by_its_keys_and_stays_json() {
        let masked = mask_json(
            r#"{"cardCvv": 123, "security_code": "456", "card": "4111111111111111", "n": 4111111111111111, "order": 123}"#,
        );
        let masked: Value = serde_json::from_str(&masked).unwrap();
        assert_eq!((&masked["cardCvv"], &masked["security_code"]), (&"***".into(), &"***".into()));
        assert_eq!(masked["card"], "************1111");
        assert_eq!(masked["n"], "************1111");
        assert_eq!(masked["order"], 123);
        assert_eq!(mask_json("not json 4111111111111111"), "not json ************1111");
    }

    proptest! {
        #[test]
        fn a_masked_text_has_as_many_characters_and_no_new_digits(text in "[0-9 a-zé,.*+-]{0,60}") {
            let masked = mask(&text, Some("cvv ssn"));
            prop_assert_eq!(masked.chars().count(), text.chars().count());
            for (before, after) in text.chars().zip(masked.chars()) {
                prop_assert!(before == after || after == MASK);
            }
            prop_assert_eq!(mask(&masked, Some("cvv ssn")).len(), masked.len());
        }

        #[test]
        fn hiding_more_hides_no_less_and_keeps_every_place(
            text in "[0-9 a-z@.+()/-]{0,60}|([a-z]{1,5} (at|dot|call|five|0|@|\\+1 555) ){0,9}com",
        ) {
            let less = mask(&text, Some("phone"));
            let more = mask_also(&text, Some("phone"), Also { email: true, phone: true });
            prop_assert_eq!(more.chars().count(), text.chars().count());
            for (less, more) in less.chars().zip(more.chars()) {
                prop_assert!(less == more || more == MASK);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}", cue in ".{0,40}") {
            let all = Also { email: true, phone: true };
            let _ = mask_also(&text, Some(&cue), all);
            let _ = mask_json_also(&text, all);
        }
    }
}
