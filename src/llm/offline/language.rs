//! Tells Spanish from English by the small words that only one of them has.

use super::words::says_any;

/// A language the agent has sentences in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    English,
    Spanish,
}

/// What an utterance tells about languages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Signs {
    /// What it is spoken in, if that can be told.
    pub(super) spoken: Option<Tongue>,
    /// The language it asks for by name.
    pub(super) wanted: Option<Tongue>,
}

const SPANISH: &[&str] = &[
    "adios", "al", "alguien", "ayuda", "ayudar", "buenas", "buenos", "como", "con", "cuando", "cuanto", "de",
    "del", "dia", "dias", "donde", "el", "en", "entrega", "envio", "es", "espanol", "esta", "estoy", "favor",
    "gracias", "hablar", "hola", "la", "las", "llegado", "lo", "los", "mi", "muy", "necesito", "noches",
    "numero", "para", "paquete", "pedido", "pero", "persona", "por", "porque", "puede", "puedo", "que",
    "quiero", "quisiera", "se", "su", "tardes", "tengo", "un", "una", "usted", "y", "yo",
];
/// Enough alone, when nothing English stands beside it.
const CLEARLY_SPANISH: &[&str] = &[
    "adios", "ayuda", "buenas", "buenos", "espanol", "gracias", "hola", "necesito", "paquete", "persona",
    "quiero", "usted",
];
const ENGLISH: &[&str] = &[
    "a", "and", "are", "can", "do", "does", "english", "for", "have", "hello", "help", "hi", "how", "i",
    "in", "is", "it", "like", "my", "need", "not", "of", "order", "package", "parcel", "person", "please",
    "speak", "spanish", "talk", "thank", "thanks", "that", "the", "this", "to", "want", "what", "when",
    "where", "with", "would", "you",
];
const CLEARLY_ENGLISH: &[&str] =
    &["english", "hello", "help", "package", "parcel", "person", "please", "thanks", "where", "you"];

impl Tongue {
    /// The language of a tag; English when the agent does not have it.
    pub(super) fn of(tag: &str) -> Self {
        if tag.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case("es")) {
            Self::Spanish
        } else {
            Self::English
        }
    }

    /// The primary tag.
    pub(super) fn primary(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// The tag to use when the front matter declares none.
    pub(super) fn usual_tag(self) -> &'static str {
        match self {
            Self::English => "en-US",
            Self::Spanish => "es-US",
        }
    }
}

impl Signs {
    /// Reads the words of an utterance.
    pub(super) fn of(words: &[String]) -> Self {
        let count = |list: &[&str]| words.iter().filter(|word| list.contains(&word.as_str())).count();
        let (spanish, english) = (count(SPANISH), count(ENGLISH));
        let clear = |list| says_any(words, list);
        let spoken = if spanish > english && (spanish > 1 || clear(CLEARLY_SPANISH)) {
            Some(Tongue::Spanish)
        } else if english > spanish && (english > 1 || clear(CLEARLY_ENGLISH)) {
            Some(Tongue::English)
        } else {
            None
        };
        let wanted = if clear(&["spanish", "espanol"]) {
            Some(Tongue::Spanish)
        } else if clear(&["english", "ingles"]) {
            Some(Tongue::English)
        } else {
            None
        };
        Self { spoken, wanted }
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    #[test]
    fn each_language_is_told_by_its_small_words() {
        let spoken = |text: &str| Signs::of(&words(text)).spoken;
        for text in ["Hola", "¿Dónde está mi paquete?", "Quiero hablar con una persona", "muchas gracias"]
        {
            assert_eq!(spoken(text), Some(Tongue::Spanish), "{text}");
        }
        for text in
            ["Hello", "Where is my parcel?", "Can I please talk to a real person?", "I live in Los Angeles"]
        {
            assert_eq!(spoken(text), Some(Tongue::English), "{text}");
        }
        for text in ["12345678", "no", "OK", "", "Bonjour", "la", "[keypad] 1234"] {
            assert_eq!(spoken(text), None, "{text}");
        }
    }

    #[test]
    fn a_language_is_asked_for_by_its_name_in_either() {
        let wanted = |text: &str| Signs::of(&words(text)).wanted;
        assert_eq!(wanted("Do you speak Spanish?"), Some(Tongue::Spanish));
        assert_eq!(wanted("En español, por favor"), Some(Tongue::Spanish));
        assert_eq!(wanted("¿Habla inglés?"), Some(Tongue::English));
        assert_eq!(wanted("Where is my parcel?"), None);
    }
}
