//! What the person who takes over reads: English, at most three sentences, the caller's words quoted.

use serde_json::{Value, json};

use super::hearing::{Heard, Number};
use super::language::Tongue;
use crate::chat::Tool;
use crate::handoff::tidy;
use crate::phrases::{Mood, mood};

/// How much of each utterance is quoted, in characters.
const LONGEST_QUOTE: usize = 160;
/// How many of the last utterances are quoted beside the first.
const LAST_UTTERANCES: usize = 3;

/// Why a person is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Asked,
    AcceptedOffer,
    Upset,
    NotUnderstood,
    /// Decided elsewhere, such as by a key.
    Decided,
}

impl Why {
    fn reason(self) -> &'static str {
        match self {
            Self::Asked => "The caller asked for a person",
            Self::AcceptedOffer => "The caller accepted the offer of a person",
            Self::Upset => "The caller is upset",
            Self::NotUnderstood => "The assistant could not answer twice in a row",
            Self::Decided => "The caller is to be connected with a person",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Asked | Self::AcceptedOffer | Self::Decided => "caller_request",
            Self::Upset => "upset_caller",
            Self::NotUnderstood => "not_understood",
        }
    }
}

/// An utterance with what was made of it.
pub(super) type Utterance<'a> = (&'a str, &'a Heard<'a>);

/// The arguments of `escalate`.
pub(super) fn arguments(tool: &Tool, why: Why, said: &[Utterance<'_>], language: &str) -> Value {
    let mood = match mood(said.iter().map(|(said, _)| *said), language) {
        Mood::Positive => "positive",
        Mood::Neutral => "neutral",
        Mood::Negative => "negative",
    };
    let mut arguments = json!({
        "reason": why.reason(),
        "reasonCode": why.code(),
        "callSummary": summary(why, said, language),
        "sentiment": mood,
    });
    let topic = said.iter().rev().find_map(|(_, heard)| heard.topic);
    if let Some(topic) = topic
        && tool.parameters.pointer("/properties/topic").is_some()
    {
        arguments["topic"] = tidy(&topic.heading, 64).into();
    }
    arguments
}

fn summary(why: Why, said: &[Utterance<'_>], language: &str) -> String {
    let mut summary = format!("{}.", why.reason());
    let quotes = quotes(said);
    if quotes.is_empty() {
        return format!("{summary} The caller has said nothing else yet.");
    }
    let spanish = said.iter().any(|(_, heard)| heard.signs.spoken == Some(Tongue::Spanish));
    let tongue = if spanish || Tongue::of(language) == Tongue::Spanish { " in Spanish" } else { "" };
    summary.push_str(&format!(" In the caller's own words{tongue}: {}.", quotes.join(", ")));
    let mut known = Vec::new();
    for (_, heard) in said {
        let number = match &heard.number {
            Some(Number::Usable(number)) => Some(format!("{} {number}", heard.number_name.replace('_', " "))),
            Some(Number::TooLong) | None => None,
        };
        let topic = heard.topic.map(|topic| format!("topic “{}”", sentence(&topic.heading)));
        for fact in [number, topic].into_iter().flatten() {
            if !known.contains(&fact) {
                known.push(fact);
            }
        }
    }
    if !known.is_empty() {
        summary.push_str(&format!(" Noted: {}.", known.join(", ")));
    }
    summary
}

/// The first and the last things the caller said; courtesies are left out if there is anything else.
fn quotes(said: &[Utterance<'_>]) -> Vec<String> {
    let mut matters: Vec<&str> =
        said.iter().filter(|(_, heard)| heard.has_matter()).map(|(said, _)| *said).collect();
    if matters.is_empty() {
        matters = said.iter().map(|(said, _)| *said).collect();
    }
    let skipped = matters.len().saturating_sub(LAST_UTTERANCES).max(1);
    let chosen = matters.iter().take(1).chain(matters.iter().skip(skipped));
    let quotes = chosen.map(|said| sentence(said)).filter(|quote| !quote.is_empty());
    quotes.map(|quote| format!("“{quote}”")).collect()
}

/// A text as part of one sentence: nothing in it ends a sentence.
fn sentence(text: &str) -> String {
    let text = tidy(text, LONGEST_QUOTE).replace(['“', '”', '"'], "'");
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.trim_end_matches(ends_sentence).chars().peekable();
    while let Some(character) = characters.next() {
        let ends = ends_sentence(character) && characters.peek().is_none_or(|next| next.is_whitespace());
        plain.push(if ends { ';' } else { character });
    }
    plain
}

fn ends_sentence(character: char) -> bool {
    matches!(character, '.' | '!' | '?' | ' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::Prompts;

    fn summary_of(why: Why, language: &str, said: &[&str]) -> String {
        let knowledge = Prompts::embedded().knowledge;
        let heard: Vec<_> = said.iter().map(|said| Heard::new(said, language, &knowledge)).collect();
        let said: Vec<_> = said.iter().copied().zip(&heard).collect();
        summary(why, &said, language)
    }

    #[test]
    fn the_facts_are_quoted_in_three_sentences() {
        assert_eq!(
            summary_of(
                Why::Asked,
                "en-US",
                &[
                    "Hello",
                    "My parcel arrived broken. It was glass!",
                    "It is 12345678",
                    "Can I talk to a real person?"
                ]
            ),
            "The caller asked for a person. In the caller's own words: “My parcel arrived broken; It was glass”, \
             “It is 12345678”. Noted: topic “Damaged parcels”, number 12345678."
        );
    }

    #[test]
    fn a_bare_request_is_quoted_itself() {
        assert_eq!(
            summary_of(Why::Asked, "en-US", &["Can I please talk to a real person?"]),
            "The caller asked for a person. In the caller's own words: “Can I please talk to a real person”."
        );
    }

    #[test]
    fn a_long_conversation_keeps_its_beginning_and_its_end() {
        let said: Vec<String> = (0..30).map(|n| format!("mumble {}", "x".repeat(n))).collect();
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let summary = summary_of(Why::NotUnderstood, "en-US", &said);
        assert_eq!(summary.matches('“').count(), 4);
        assert!(summary.contains("“mumble”") && summary.chars().count() < 1_500, "{summary}");
    }

    #[test]
    fn a_silent_caller_is_said_to_be_silent() {
        assert_eq!(
            summary_of(Why::Decided, "es-US", &[]),
            "The caller is to be connected with a person. The caller has said nothing else yet."
        );
    }
}
