//! One table for every exit: what is hidden, and what only looks alike and stays.

use serde_json::json;

use super::*;
use crate::handoff::Trigger;
use crate::record::{Steps, TurnKey};

const ALL: Also = Also { email: true, phone: true };

/// What was asked, what was said, and what is left of it where everything is hidden.
const TABLE: [(&str, &str, &str); 37] = [
    // Hidden everywhere.
    ("", "it is 4111 1111 1111 1111 thanks", "it is **** **** **** 1111 thanks"),
    ("What is the security code?", "123", "***"),
    ("And your SSN?", "123456789", "*********"),
    // Phones, in all forms.
    ("", "call me at +15551230000", "call me at +***********"),
    ("", "it is +49 30 1234567.", "it is +** ** *******."),
    ("", "(555) 234-5678 is mine", "(***) ***-**** is mine"),
    ("", "555-234-5678", "***-***-****"),
    ("", "1.555.234.5678", "*.***.***.****"),
    ("", "my phone is 5552345678", "my phone is **********"),
    ("", "dial 0049 30 1234567", "dial **** ** *******"),
    ("What is your phone number?", "030 1234567", "*** *******"),
    (
        "Can I have a phone number?",
        "five five five two three four five six seven eight",
        "**** **** **** *** ***** **** **** *** ***** *****",
    ),
    ("", "my smartphone is 5552345678", "my smartphone is **********"),
    ("", "mein Mobiltelefon ist 030 1234567", "mein Mobiltelefon ist *** *******"),
    ("¿Cuál es su teléfono?", "cinco cinco cinco 12 34", "***** ***** ***** ** **"),
    // Addresses, written and said.
    ("", "write to jane.doe+x@example.co.uk.", "write to ****.***+*@*******.**.uk."),
    ("", "it's jane at example dot com", "it's **** at ******* dot com"),
    ("", "jane dot doe at mail dot example dot org", "**** dot *** at **** dot ******* dot org"),
    ("", "j a n e 7 at example dot com", "* * * * * at ******* dot com"),
    ("", "ana arroba ejemplo punto es", "*** arroba ******* punto es"),
    // What only looks alike.
    ("", "my order is 4711 0815", "my order is 4711 0815"),
    ("What is your order number?", "5552345678", "5552345678"),
    ("", "call me about order 5552345678", "call me about order 5552345678"),
    ("", "from 2024-01-02 to 2025-03-04", "from 2024-01-02 to 2025-03-04"),
    ("", "zip 12345-6789", "zip 12345-6789"),
    ("", "it costs 1,299.00 or 1,399.00", "it costs 1,299.00 or 1,399.00"),
    ("", "parcel 1Z999AA10123456784", "parcel 1Z999AA10123456784"),
    ("", "IBAN DE89370400440532013000", "IBAN DE89370400440532013000"),
    ("", "at 10.30 on the 24.12.", "at 10.30 on the 24.12."),
    ("", "look at northwind dot com", "look at northwind dot com"),
    ("", "we met at noon", "we met at noon"),
    ("", "find it at the point of sale", "find it at the point of sale"),
    ("", "user@localhost and @home", "user@localhost and @home"),
    ("What is your phone number?", "I have 2 of them", "I have 2 of them"),
    // A word within another one says nothing.
    ("", "hotel 5551234", "hotel 5551234"),
    ("", "automobile 5551234", "automobile 5551234"),
    ("What is your phone number?", "the showcase, 5551234", "the showcase, *******"),
];

fn said(who: Speaker, text: &str) -> Turn {
    Turn {
        key: TurnKey::default(),
        who,
        text: text.into(),
        heard: 0,
        interrupted: false,
        runs: Vec::new(),
        steps: Steps::default(),
        answers: None,
    }
}

#[test]
fn every_exit_hides_the_same() {
    for (asked, words, left) in TABLE {
        let mut turns = [said(Speaker::Agent, asked), said(Speaker::Caller, words)];
        conversation(&mut turns, ALL);
        assert_eq!(turns[1].text.expose(), left, "in a conversation, asked {asked:?}");
        let mut document_of = Handoff::bare("CA1".parse().unwrap(), "HO1".into(), Trigger::Key);
        document_of.reason = words.into();
        document_of.context.transcript = vec![
            Line { who: Speaker::Agent, text: asked.into() },
            Line { who: Speaker::Caller, text: words.into() },
        ];
        let mut written: Value = serde_json::from_str(&document_of.to_handoff_data()).unwrap();
        handoff(&mut document_of, ALL);
        assert_eq!(document_of.context.transcript[1].text.expose(), left, "in a document, asked {asked:?}");
        assert_eq!(document_of.reason.expose(), left, "as a reason, asked {asked:?}");
        document(&mut written, ALL);
        assert_eq!(written["warmline"]["transcript"][1]["text"], left, "as written, asked {asked:?}");
        assert_eq!(written["reason"], left);
    }
}

/// Conversations in which a line is told by another than the one right before it, and what is left of each line.
const TALKS: [&[(Speaker, &str, &str)]; 3] = [
    &[
        (Speaker::Agent, "And your SSN?", "And your SSN?"),
        (Speaker::Caller, "123456789", "*********"),
        (Speaker::Caller, "thanks", "thanks"),
        (Speaker::Agent, "I have 123456789", "I have *********"),
    ],
    &[
        (Speaker::Agent, "What is the security code?", "What is the security code?"),
        (Speaker::Caller, "wait", "wait"),
        (Speaker::Caller, "123", "***"),
    ],
    // Another question has been asked since.
    &[
        (Speaker::Agent, "What is the security code?", "What is the security code?"),
        (Speaker::Caller, "123", "***"),
        (Speaker::Agent, "Which gate?", "Which gate?"),
        (Speaker::Caller, "gate 123", "gate 123"),
    ],
];

#[test]
fn every_exit_hides_the_same_in_a_longer_talk() {
    for talk in TALKS {
        let mut turns: Vec<Turn> = talk.iter().map(|(who, text, _)| said(*who, text)).collect();
        let mut spoken = Handoff::bare("CA1".parse().unwrap(), "HO1".into(), Trigger::Key);
        spoken.context.transcript =
            talk.iter().map(|(who, text, _)| Line { who: *who, text: (*text).into() }).collect();
        let mut written: Value = serde_json::from_str(&spoken.to_handoff_data()).unwrap();
        conversation(&mut turns, ALL);
        handoff(&mut spoken, ALL);
        document(&mut written, ALL);
        for (at, (_, text, left)) in talk.iter().enumerate() {
            assert_eq!(turns[at].text.expose(), left, "in a conversation: {text}");
            assert_eq!(spoken.context.transcript[at].text.expose(), left, "in a document: {text}");
            assert_eq!(written["warmline"]["transcript"][at]["text"], *left, "as written: {text}");
        }
    }
}

#[test]
fn what_a_model_may_write_anything_into_is_hidden_too() {
    for (code, left) in [
        ("ssn_123456789", "ssn_*********"),
        ("card 4111111111111111", "card ************1111"),
        ("call_me_at 5552345678", "call_me_at **********"),
        ("tier_2", "tier_2"),
    ] {
        let mut spoken = Handoff::bare("CA1".parse().unwrap(), "HO1".into(), Trigger::Model);
        spoken.reason_code = code.into();
        let name = code.replace(' ', "_");
        spoken.context.memory.insert(name.clone(), "yes".into());
        let mut written: Value = serde_json::from_str(&spoken.to_handoff_data()).unwrap();
        handoff(&mut spoken, ALL);
        document(&mut written, ALL);
        assert_eq!(spoken.reason_code, left);
        assert_eq!(written["reasonCode"], left);
        // A name has letters, digits and `_` only.
        let hidden = left.replace(['*', ' '], "_");
        let expected = BTreeMap::from([(hidden.clone(), Pii::from("yes"))]);
        assert_eq!(spoken.context.memory, expected);
        assert_eq!(written["warmline"]["memory"], json!({hidden: "yes"}));
        let arguments = json!({"facts": {name: "yes"}}).to_string();
        let masked = mask_json_also(&arguments, ALL);
        assert!(masked.contains(left) || masked.contains(&left.replace(' ', "_")), "{masked}");
    }
}

#[test]
fn contacts_stay_where_the_settings_let_them() {
    for (asked, words, left) in &TABLE[3..20] {
        let mut turns = [said(Speaker::Agent, asked), said(Speaker::Caller, words)];
        conversation(&mut turns, Also::NOTHING);
        assert_eq!(turns[1].text.expose(), words);
        assert_ne!(words, left);
    }
    for (asked, words, left) in &TABLE[..3] {
        let mut turns = [said(Speaker::Agent, asked), said(Speaker::Caller, words)];
        conversation(&mut turns, Also::NOTHING);
        assert_eq!(turns[1].text.expose(), left, "{words} is kept nowhere");
    }
}

#[test]
fn facts_and_tools_are_told_by_their_names() {
    let mut known = BTreeMap::from([
        ("phone_number".to_owned(), Pii::from("5552345678")),
        ("order_number".to_owned(), Pii::from("5552345678")),
        ("email".to_owned(), Pii::from("a@b.com")),
    ]);
    facts(&mut known, ALL);
    assert_eq!(known["phone_number"].expose(), "**********");
    assert_eq!(known["order_number"].expose(), "5552345678");
    assert_eq!(known["email"].expose(), "*@*.com");
    let tool = json!({"mobilePhone": 5_552_345_678_u64, "order": 5_552_345_678_u64}).to_string();
    let left: Value = serde_json::from_str(&mask_json_also(&tool, ALL)).unwrap();
    assert_eq!(left, json!({"mobilePhone": "**********", "order": 5_552_345_678_u64}));
}

#[test]
fn a_number_is_shown_by_its_ends() {
    for (given, shown) in [
        ("+15551230001", "+15•••••0001"),
        ("+4930123456789", "+49•••••••6789"),
        ("anonymous", "anonymous"),
        ("sip:jane@example.com", "sip•••"),
        ("+12345", "+12•••"),
        ("", "•••"),
    ] {
        assert_eq!(number(given), shown);
    }
}
