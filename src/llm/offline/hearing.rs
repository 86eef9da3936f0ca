//! What one utterance says, taken by itself.

use super::language::Signs;
use super::topics;
use super::words::{says, says_any, words};
use crate::phrases::{Meaning, Meanings, means, sounds_upset};
use crate::prompts::{Knowledge, Topic};

/// How many digits a number has that is worth keeping. Longer numbers may be cards, and are not kept.
const NUMBER: std::ops::RangeInclusive<usize> = 4..=12;

const ASKS_WHAT_WE_ARE: &[&str] = &[
    "a robot",
    "a bot",
    "a machine",
    "a computer",
    "a recording",
    "an ai",
    "a chatbot",
    "chatgpt",
    "are you human",
    "are you a human",
    "are you real",
    "are you a person",
    "are you a real person",
    "language model",
    "artificial intelligence",
    "who are you",
    "what are you",
    "un robot",
    "una maquina",
    "un bot",
    "una grabacion",
    "eres humano",
    "eres humana",
    "es usted humano",
    "es usted humana",
    "eres una persona",
    "es usted una persona",
    "eres real",
    "inteligencia artificial",
    "una ia",
    "quien eres",
    "que eres",
    "quien es usted",
];
const ASKS_FOR_HELP: &[&str] = &[
    "help",
    "a question",
    "some questions",
    "una pregunta",
    "una consulta",
    "what can you do",
    "what can i ask",
    "options",
    "menu",
    "ayuda",
    "ayudarme",
    "que puedes hacer",
    "que puede hacer",
    "opciones",
];
const ASKS_AGAIN: &[&str] = &[
    "repeat",
    "say that again",
    "say it again",
    "come again",
    "pardon",
    "what did you say",
    "repita",
    "repite",
    "repetir",
    "otra vez",
    "como dice",
    "como ha dicho",
    "que dijo",
    "que ha dicho",
];

/// What numbers are called, with the word for it in English and Spanish.
const NUMBER_NAMES: &[(&str, &str, &str)] = &[
    ("tracking_number", "tracking number", "numero de seguimiento"),
    ("order_number", "order number", "numero de pedido"),
    ("customer_number", "customer number", "numero de cliente"),
    ("account_number", "account number", "numero de cuenta"),
    ("invoice_number", "invoice number", "numero de factura"),
    ("contract_number", "contract number", "numero de contrato"),
    ("reference_number", "reference number", "numero de referencia"),
    ("phone_number", "phone number", "numero de telefono"),
];

/// Words of greetings and other small talk by their stems, which are no matter by themselves.
const COURTESY: &[&str] = &[
    "hi",
    "hello",
    "hey",
    "hiya",
    "howdy",
    "good",
    "morning",
    "afternoon",
    "evening",
    "day",
    "there",
    "how",
    "today",
    "doing",
    "this",
    "name",
    "speaking",
    "calling",
    "thank",
    "so",
    "much",
    "very",
    "okay",
    "ok",
    "yeah",
    "yes",
    "no",
    "not",
    "hola",
    "bueno",
    "buena",
    "dia",
    "tarde",
    "noche",
    "muy",
    "tal",
    "gracia",
    "si",
    "um",
    "uh",
];
/// How many words beside those make a greeting more than one.
const MORE_THAN_GREETING: usize = 4;
/// How many make anything a colleague would want to read.
const MATTER: usize = 7;

const DECLINES: &[&str] = &["do not want", "rather not", "no quiero", "prefiero no"];
const IS_DONE: &[&str] = &["that is all", "that was all", "nothing else", "eso es todo", "nada mas"];

/// What an utterance says.
#[derive(Debug)]
pub(super) struct Heard<'a> {
    pub(super) signs: Signs,
    meanings: Meanings,
    pub(super) topic: Option<&'a Topic>,
    pub(super) number: Option<Number>,
    /// What the caller calls the number, in snake case.
    pub(super) number_name: &'static str,
    /// How many words carry a matter.
    weight: usize,
    pub(super) asks_what_we_are: bool,
    pub(super) asks_for_help: bool,
    pub(super) asks_again: bool,
    pub(super) is_done: bool,
    pub(super) declines: bool,
    /// Whether the caller sounds angry or unhappy.
    pub(super) is_upset: bool,
}

/// A number in an utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Number {
    /// It may be that of an order, a customer or the like.
    Usable(String),
    /// It may be a card.
    TooLong,
}

impl<'a> Heard<'a> {
    /// Reads an utterance in a call whose language is `language`.
    pub(super) fn new(said: &str, language: &str, knowledge: &'a Knowledge) -> Self {
        let spoken_words = words(said);
        let signs = Signs::of(&spoken_words);
        let language = match signs.spoken {
            Some(tongue) => tongue.primary(),
            None => language,
        };
        let topics = knowledge.within(language).map_or(&[][..], |article| &article.topics);
        let asks = |phrases| says_any(&spoken_words, phrases);
        let meanings = means(said, language);
        Self {
            signs,
            meanings,
            is_upset: sounds_upset(said, meanings, language),
            topic: topics::find(topics, said),
            number: number(said),
            number_name: number_name(&spoken_words),
            weight: topics::content(said).iter().filter(|word| !COURTESY.contains(&word.as_str())).count(),
            asks_what_we_are: asks(ASKS_WHAT_WE_ARE),
            asks_for_help: asks(ASKS_FOR_HELP),
            asks_again: asks(ASKS_AGAIN),
            is_done: asks(IS_DONE),
            declines: asks(DECLINES),
        }
    }

    pub(super) fn is(&self, meaning: Meaning) -> bool {
        self.meanings.has(meaning)
    }

    /// Whether the agent can make nothing of it.
    pub(super) fn is_unknown(&self) -> bool {
        let asks =
            self.asks_what_we_are || self.asks_for_help || self.asks_again || self.is_done || self.declines;
        let has_matter = self.topic.is_some() || self.number.is_some() || self.signs.wanted.is_some();
        let nothing_meant =
            self.meanings.is_at_most(Meaning::NotUnderstood) || self.only_opens_with_greeting();
        !asks && !has_matter && nothing_meant
    }

    /// Whether it brings something a colleague would want to read.
    pub(super) fn has_matter(&self) -> bool {
        self.topic.is_some()
            || self.number.is_some()
            || self.is(Meaning::Emergency)
            || self.is_unknown()
            || self.weight >= MATTER
    }

    /// Whether a greeting is all that was recognised, but other words follow it.
    fn only_opens_with_greeting(&self) -> bool {
        self.meanings.is_at_most(Meaning::Greeting) && self.weight >= MORE_THAN_GREETING
    }
}

/// What the number of an utterance is called.
fn number_name(words: &[String]) -> &'static str {
    let named =
        NUMBER_NAMES.iter().find(|(_, english, spanish)| says(words, english) || says(words, spanish));
    named.map_or("number", |(name, ..)| name)
}

/// The longest number of an utterance, spoken in groups or not. Times, prices and years are none.
fn number(said: &str) -> Option<Number> {
    let typed = said.contains("[keypad]");
    let mut longest = String::new();
    let mut run = String::new();
    for token in said.split_whitespace() {
        let token = token.trim_matches(|c: char| ".,;!?()[]\"'“”".contains(c));
        let digits = token.chars().filter(char::is_ascii_digit).count();
        let is_code = token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let code = || token.chars().filter(|c| *c != '-').collect::<String>().to_ascii_uppercase();
        match (is_code, code()) {
            (true, code) if digits > 0 && digits == code.len() => run.push_str(&code),
            (true, code) if digits >= *NUMBER.start() => run = code,
            _ => run.clear(),
        }
        if run.len() > longest.len() {
            longest.clone_from(&run);
        }
    }
    let digits = longest.chars().filter(char::is_ascii_digit).count();
    let is_year = longest.len() == 4 && (longest.starts_with("19") || longest.starts_with("20")) && !typed;
    if digits < *NUMBER.start() || is_year {
        None
    } else if digits > *NUMBER.end() || longest.len() > 24 {
        Some(Number::TooLong)
    } else {
        Some(Number::Usable(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_as_callers_say_it() {
        for (said, expected) in [
            ("[keypad] 2024", Some("2024")),
            ("My tracking number is 12345678.", Some("12345678")),
            ("it is 1234 5678 90", Some("1234567890")),
            ("1-2-3-4-5-6", Some("123456")),
            ("np12345678, I think", Some("NP12345678")),
            ("order 4711 and 998877", Some("998877")),
        ] {
            assert_eq!(number(said), expected.map(|text| Number::Usable(text.to_owned())), "{said}");
        }
        for said in
            ["", "at 10:30", "$1,200", "in 2024", "two parcels", "12 and 34", "[keypad] 12", "1.5 kilos"]
        {
            assert_eq!(number(said), None, "{said}");
        }
        assert_eq!(number("my card is 4111 1111 1111 1111"), Some(Number::TooLong));
    }

    #[test]
    fn a_number_is_called_what_the_caller_calls_it() {
        for (said, expected) in [
            ("My tracking number is 12345678.", "tracking_number"),
            ("um customer number 4 4 0 1 7 2 9", "customer_number"),
            ("mi número de pedido es 12345", "order_number"),
            ("it is 12345678", "number"),
            ("my number is 12345678", "number"),
        ] {
            assert_eq!(number_name(&words(said)), expected, "{said}");
        }
    }

    #[test]
    fn a_greeting_does_not_hide_what_follows_it() {
        let knowledge = crate::prompts::Prompts::embedded().knowledge;
        let heard = |said: &'static str| Heard::new(said, "en-US", &knowledge);
        for said in [
            "Hi is your driver supposed to come around the back",
            "Hello so my sister bakes cookies every year and this time they tasted of soap",
        ] {
            assert!(heard(said).is_unknown() && heard(said).has_matter(), "{said}");
        }
        for said in
            ["Hi", "Hello there, good morning", "Hi, how are you doing today?", "Hi, my name is Ana Lopez"]
        {
            assert!(!heard(said).is_unknown() && !heard(said).has_matter(), "{said}");
        }
        let complaint = heard("No, I tried the box under the stairs and the lamp blinks purple all night");
        assert!(complaint.has_matter() && !complaint.is_unknown());
    }

    #[test]
    fn what_nothing_was_made_of_is_unknown() {
        let knowledge = crate::prompts::Prompts::embedded().knowledge;
        let unknown = |said: &str| Heard::new(said, "en-US", &knowledge).is_unknown();
        assert!(unknown("What is the capital of France?") && unknown("mumble"));
        assert!(!unknown("Are you a robot?") && !unknown("Where is my parcel?") && !unknown("12345678"));
    }
}
