//! Text as words that can be compared: lower case, without accents and contractions, without plural endings.

/// English contractions, so that "hasn't arrived" is "has not arrived".
const CONTRACTIONS: [(&str, &str); 6] =
    [("n't", " not"), ("'s", " is"), ("'re", " are"), ("'ve", " have"), ("'m", " am"), ("'ll", " will")];

/// The words of a text, without accents and punctuation.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let text = text.to_lowercase().replace('’', "'");
    let long = |text: String, (short, long): (&str, &str)| text.replace(short, long);
    for character in CONTRACTIONS.into_iter().fold(text, long).chars() {
        match plain(character) {
            Some(plain) => word.push(plain),
            None if !word.is_empty() => words.push(std::mem::take(&mut word)),
            None => {}
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether the words of `phrase` stand in `words` one after the other.
pub(super) fn says(words: &[String], phrase: &str) -> bool {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    words.windows(phrase.len()).any(|window| window.iter().zip(&phrase).all(|(word, wanted)| word == wanted))
}

/// Whether any of the phrases is said. Phrases are written as [`words`] returns them.
pub(super) fn says_any(words: &[String], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| says(words, phrase))
}

/// A word without the ending of a plural, good enough for English and Spanish.
pub(super) fn stem(word: &str) -> &str {
    if word.len() > 3 { word.strip_suffix('s').unwrap_or(word) } else { word }
}

fn plain(character: char) -> Option<char> {
    match character {
        'á' | 'à' | 'â' | 'ä' | 'ã' => Some('a'),
        'é' | 'è' | 'ê' | 'ë' => Some('e'),
        'í' | 'ì' | 'î' | 'ï' => Some('i'),
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => Some('o'),
        'ú' | 'ù' | 'û' | 'ü' => Some('u'),
        'ñ' => Some('n'),
        'ç' => Some('c'),
        other => other.is_alphanumeric().then_some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_punctuation_do_not_hide_a_word() {
        assert_eq!(words("¿Dónde está mi envío?"), ["donde", "esta", "mi", "envio"]);
        assert_eq!(words("Where’s it? It hasn't come"), ["where", "is", "it", "it", "has", "not", "come"]);
        assert_eq!(words(" ... "), Vec::<String>::new());
    }

    #[test]
    fn a_phrase_is_said_only_in_its_order() {
        let said = words("Are you a robot?");
        assert!(says(&said, "a robot") && !says(&said, "robot a") && !says(&said, "are you a robot or what"));
    }
}
