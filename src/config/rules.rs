//! `[rules]` of `warmline.toml`: what leads to a person beside the model.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use crate::session::rules::{AfterSilence, Emergencies, KeyMeaning, Rules, Topic};

/// `[rules]`; what is absent has its default.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RulesTable {
    requests: Option<bool>,
    emergencies: Option<EmergenciesWord>,
    /// Milliseconds.
    silence: Option<u64>,
    after_silence: Option<AfterSilenceWord>,
    no_progress: Option<u32>,
    tool_errors: Option<u32>,
    upset: Option<u32>,
    /// Seconds.
    longest: Option<u64>,
    most_turns: Option<u32>,
    keys: BTreeMap<Key, Meaning>,
    topics: Vec<TopicTable>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EmergenciesWord {
    Off,
    Say,
    Person,
    Both,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AfterSilenceWord {
    Person,
    Goodbye,
}

/// `{ person = "billing" }` or `{ say = "Please say that again." }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Meaning {
    Person(Filled<CODE>),
    Say(Filled<PHRASE>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct TopicTable {
    name: Filled<CODE>,
    phrases: Vec<Filled<PHRASE>>,
    #[serde(default)]
    except: Vec<Filled<PHRASE>>,
    reason_code: Option<Filled<CODE>>,
}

/// A key of the telephone that may stand alone: `#` ends an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key(char);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut keys = text.chars();
        match (keys.next(), keys.next()) {
            (Some(key), None) if "0123456789*".contains(key) => Ok(Self(key)),
            _ => Err(de::Error::custom("a key is one of 0 to 9 and *")),
        }
    }
}

/// How long a code or a name may be, as in the hand-off document.
const CODE: usize = 64;
/// How long a phrase may be.
const PHRASE: usize = 200;

/// A text of so many characters at the most, with a letter or a digit among them.
#[derive(Debug, Clone)]
struct Filled<const MOST: usize>(String);

impl<'de, const MOST: usize> Deserialize<'de> for Filled<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?.trim().to_owned();
        if !text.chars().any(char::is_alphanumeric) {
            return Err(de::Error::custom("expected words"));
        }
        if text.chars().count() > MOST {
            return Err(de::Error::custom(format!("expected at most {MOST} characters")));
        }
        Ok(Self(text))
    }
}

impl RulesTable {
    pub(super) fn rules(&self) -> Rules {
        let own = Rules::default();
        let key = |(key, meaning): (&Key, &Meaning)| {
            let meaning = match meaning.clone() {
                Meaning::Person(code) => KeyMeaning::Person(code.0),
                Meaning::Say(text) => KeyMeaning::Say(text.0),
            };
            (key.0, meaning)
        };
        Rules {
            requests: self.requests.unwrap_or(own.requests),
            emergencies: self.emergencies.map_or(own.emergencies, |word| match word {
                EmergenciesWord::Off => Emergencies::Off,
                EmergenciesWord::Say => Emergencies::Say,
                EmergenciesWord::Person => Emergencies::Person,
                EmergenciesWord::Both => Emergencies::Both,
            }),
            silence: self.silence.map_or(own.silence, Duration::from_millis),
            after_silence: self.after_silence.map_or(own.after_silence, |word| match word {
                AfterSilenceWord::Person => AfterSilence::Person,
                AfterSilenceWord::Goodbye => AfterSilence::Goodbye,
            }),
            no_progress: self.no_progress.unwrap_or(own.no_progress),
            tool_errors: self.tool_errors.unwrap_or(own.tool_errors),
            upset: self.upset.unwrap_or(own.upset),
            longest: self.longest.map_or(own.longest, Duration::from_secs),
            most_turns: self.most_turns.unwrap_or(own.most_turns),
            keys: self.keys.iter().map(key).collect(),
            topics: self.topics.iter().map(TopicTable::topic).collect(),
        }
    }
}

impl TopicTable {
    fn topic(&self) -> Topic {
        let texts = |filled: &[Filled<PHRASE>]| filled.iter().map(|text| text.0.clone()).collect::<Vec<_>>();
        let code = self.reason_code.clone().map(|code| code.0);
        Topic::new(&self.name.0, code, &texts(&self.phrases), &texts(&self.except))
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::File;
    use super::*;

    fn rules(text: &str) -> Result<Rules, String> {
        File::parse(text).map(|file| file.rules.rules())
    }

    #[test]
    fn what_is_absent_keeps_its_default() {
        assert_eq!(rules(""), Ok(Rules::default()));
        let own = rules("[rules]\nsilence = 0\nlongest = 60\nafter_silence = \"goodbye\"").unwrap();
        let expected = Rules {
            silence: Duration::ZERO,
            longest: Duration::from_secs(60),
            after_silence: AfterSilence::Goodbye,
            ..Rules::default()
        };
        assert_eq!(own, expected);
    }

    #[test]
    fn keys_and_topics_are_read() {
        let rules = rules(
            "[rules]\nemergencies = \"say\"\n[rules.keys]\n1 = { person = \"billing\" }\n\
             \"*\" = { say = \"Please say that again.\" }\n\
             [[rules.topics]]\nname = \"fraud\"\nphrases = [\"stolen card\"]\nreason_code = \"fraud_desk\"\n",
        )
        .unwrap();
        assert_eq!(rules.emergencies, Emergencies::Say);
        assert_eq!(rules.keys[&'1'], KeyMeaning::Person("billing".into()));
        assert_eq!(rules.keys[&'*'], KeyMeaning::Say("Please say that again.".into()));
        let fraud = Topic::new("fraud", Some("fraud_desk".into()), &["stolen card".into()], &[]);
        assert_eq!(rules.topics, [fraud]);
    }

    #[test]
    fn a_mistake_is_an_error_with_its_place() {
        for (text, expected) in [
            ("[rules]\nsilense = 3", "unknown field `silense`"),
            ("[rules]\nafter_silence = \"maybe\"", "unknown variant `maybe`"),
            ("[rules.keys]\n12 = { person = \"a\" }", "a key is one of"),
            ("[rules.keys]\n1 = { transfer = \"a\" }", "unknown variant `transfer`"),
            ("[[rules.topics]]\nname = \"a\"\nphrases = [\" ! \"]", "expected words"),
            ("[[rules.topics]]\nname = \"a\"", "missing field `phrases`"),
        ] {
            let error = rules(text).unwrap_err();
            assert!(error.contains(expected) && error.contains("line"), "{text}: {error}");
        }
    }

    #[test]
    fn the_example_file_says_the_defaults() {
        let file = File::parse(include_str!("../../warmline.toml.example")).unwrap();
        assert_eq!(file.rules.rules(), Rules::default());
        assert_eq!(file.timings(), File::default().timings());
        assert_eq!(file.model.care(), File::default().model.care());
    }
}
