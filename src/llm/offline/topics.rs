//! Finds the topic a caller means. A word that many topics list says little; a phrase says more than a word.

use std::collections::BTreeMap;

use super::words::{stem, words};
use crate::prompts::Topic;

/// What a topic must score at least: half of what one word of its own is worth.
const ENOUGH: f64 = 0.5;
/// How many other words may stand between two words of a phrase.
const LONGEST_GAP: usize = 2;

/// Words that carry no topic, in English and Spanish.
const SMALL: &[&str] = &[
    "a", "al", "am", "an", "and", "are", "at", "be", "can", "con", "could", "de", "del", "did", "do", "does",
    "el", "en", "es", "esta", "estan", "for", "had", "has", "have", "i", "in", "is", "it", "la", "las", "le",
    "lo", "los", "me", "mi", "mis", "my", "of", "on", "our", "para", "please", "por", "que", "se", "su",
    "sus", "the", "to", "un", "una", "was", "we", "will", "would", "y", "yo", "you", "your",
];

/// The topic that fits best, if one fits at all. Of equals the first counts.
pub(super) fn find<'a>(topics: &'a [Topic], said: &str) -> Option<&'a Topic> {
    let said = content(said);
    let phrases: Vec<Vec<Vec<String>>> = topics.iter().map(phrases).collect();
    let mut listed: BTreeMap<&[String], f64> = BTreeMap::new();
    for phrase in phrases.iter().flatten() {
        *listed.entry(phrase).or_default() += 1.0;
    }
    let worth = |phrase: &Vec<String>| phrase.len() as f64 / listed[phrase.as_slice()];
    let mut best = None;
    for (topic, phrases) in topics.iter().zip(&phrases) {
        let score: f64 = phrases.iter().filter(|phrase| is_said(&said, phrase)).map(worth).sum();
        if score >= ENOUGH && best.is_none_or(|(_, most)| score > most) {
            best = Some((topic, score));
        }
    }
    best.map(|(topic, _)| topic)
}

/// What a topic listens to: its words, and its heading as one phrase. Each counts once.
fn phrases(topic: &Topic) -> Vec<Vec<String>> {
    let mut phrases: Vec<_> =
        topic.words.iter().chain([&topic.heading]).map(|phrase| content(phrase)).collect();
    phrases.retain(|phrase| !phrase.is_empty());
    phrases.sort();
    phrases.dedup();
    phrases
}

/// The words of a text that may carry a topic, by their stems.
pub(super) fn content(text: &str) -> Vec<String> {
    let words = words(text).into_iter().filter(|word| !SMALL.contains(&word.as_str()));
    words.map(|word| stem(&word).to_owned()).collect()
}

/// Whether the words of a phrase are said in its order, nearly together.
fn is_said(said: &[String], phrase: &[String]) -> bool {
    (0..said.len()).any(|start| {
        let mut rest = &said[start..];
        phrase.iter().enumerate().all(|(index, wanted)| {
            let reach = if index == 0 { 1 } else { LONGEST_GAP + 1 };
            match rest.iter().take(reach).position(|word| word == wanted) {
                Some(at) => {
                    rest = &rest[at + 1..];
                    true
                }
                None => false,
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::Prompts;

    fn heading(language: &str, said: &str) -> Option<String> {
        let prompts = Prompts::embedded();
        let topics = &prompts.knowledge.within(language).unwrap().topics;
        find(topics, said).map(|topic| topic.heading.clone())
    }

    #[test]
    fn what_callers_say_leads_to_their_topic() {
        for (said, expected) in [
            ("Where is my parcel?", "Tracking a parcel"),
            ("where's the package, it has not arrived", "Tracking a parcel"),
            ("I want to track something", "Tracking a parcel"),
            ("How long does it usually take?", "Delivery times"),
            ("Do you deliver on Saturdays?", "Delivery times"),
            ("I missed the driver", "Missed delivery"),
            ("Can I change the delivery address?", "Changing an address or a day"),
            ("My parcel arrived broken", "Damaged parcels"),
            ("I think it is lost", "Lost parcels"),
            ("How do I send a parcel to Boston?", "Sending a parcel"),
            ("How much is it?", "Prices"),
            ("When do you open?", "Opening hours"),
            ("I was charged twice, I want a refund", "Refunds and bills"),
        ] {
            assert_eq!(heading("en-US", said).as_deref(), Some(expected), "{said}");
        }
        for (said, expected) in [
            ("¿Dónde está mi paquete?", "Seguimiento de un paquete"),
            ("cuanto tarda un envio", "Plazos de entrega"),
            ("¿Cuánto cuesta?", "Precios"),
            ("Quiero cambiar mi dirección", "Cambiar la dirección o el día"),
            ("El paquete llegó roto", "Paquetes dañados"),
            ("Quiero un reembolso", "Reembolsos y facturas"),
        ] {
            assert_eq!(heading("es-US", said).as_deref(), Some(expected), "{said}");
        }
    }

    #[test]
    fn small_talk_and_other_subjects_lead_nowhere() {
        for said in ["", "What is the capital of France?", "My dog is called Bruno", "parcel", "hello there"]
        {
            assert_eq!(heading("en-US", said), None, "{said}");
        }
    }

    #[test]
    fn every_topic_is_found_by_each_of_its_own_phrases() {
        let prompts = Prompts::embedded();
        for language in ["en", "es"] {
            let topics = &prompts.knowledge.within(language).unwrap().topics;
            assert!((8..=10).contains(&topics.len()));
            for topic in topics {
                for phrase in &topic.words {
                    assert_eq!(
                        find(topics, phrase).map(|found| &found.heading),
                        Some(&topic.heading),
                        "{phrase}"
                    );
                }
            }
        }
    }
}
