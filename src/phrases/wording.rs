//! Phrases of the settings: words that follow one another, whatever their case, accents and punctuation.

use super::words::plain;

/// How one matter is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    phrases: Vec<Vec<String>>,
    except: Vec<Vec<String>>,
}

impl Wording {
    /// What is said with one of `phrases`, unless that is part of one of `except`. A phrase without words
    /// means nothing.
    pub fn new(phrases: &[String], except: &[String]) -> Self {
        let read = |phrases: &[String]| {
            let words = phrases.iter().map(|phrase| plain(phrase));
            words.filter(|words| !words.is_empty()).collect()
        };
        Self { phrases: read(phrases), except: read(except) }
    }

    /// Whether `text` says it.
    pub fn is_in(&self, text: &str) -> bool {
        let words = plain(text);
        let excepted = places(&self.except, &words);
        places(&self.phrases, &words)
            .iter()
            .any(|(start, end)| !excepted.iter().any(|(from, to)| from <= start && end <= to))
    }
}

/// Where the phrases stand.
fn places(phrases: &[Vec<String>], words: &[String]) -> Vec<(usize, usize)> {
    let found = |phrase: &Vec<String>| {
        let length = phrase.len();
        let starts = words.windows(length).enumerate().filter(|(_, window)| *window == phrase.as_slice());
        starts.map(|(start, _)| (start, start + length)).collect::<Vec<_>>()
    };
    phrases.iter().flat_map(found).collect()
}

/// The words of a text, for comparison with those of another: lower case, without accents and punctuation.
pub fn plain_words(text: &str) -> String {
    plain(text).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wording(phrases: &[&str], except: &[&str]) -> Wording {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Wording::new(&owned(phrases), &owned(except))
    }

    #[test]
    fn whole_words_in_their_order_are_found_and_near_misses_are_not() {
        let fraud =
            wording(&["stolen card", "fraud", "Kündigung", "n'a pas reçu"], &["fraud prevention tips"]);
        for text in [
            "I have a stolen card",
            "STOLEN, card!",
            "is this fraud?",
            "ich möchte eine Kündigung einreichen",
            "KUNDIGUNG",
            "il n’a pas reçu",
            "fraud prevention tips? no, this is fraud",
        ] {
            assert!(fraud.is_in(text), "{text}");
        }
        for text in [
            "the card was not stolen",
            "stolen cards",
            "fraudulent",
            "your fraud prevention tips",
            "",
            "card stolen",
        ] {
            assert!(!fraud.is_in(text), "{text}");
        }
    }

    #[test]
    fn a_phrase_without_words_means_nothing() {
        assert!(!wording(&["", " …"], &[]).is_in("anything at all"));
    }
}
