//! The document as Task attributes: what Flex, Flex Insights and a workflow's expressions read.
//!
//! <https://www.twilio.com/docs/flex/developer/insights/enhance-integration>

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::budget::{add_missing, characters};
use super::read::fact_name;
use super::{BUDGET, Filled, Handoff};
use crate::handoff::cut;
use crate::pii::Pii;

/// Flex Insights keeps the first 128 characters of a value.
pub(super) const LONGEST_INSIGHT: usize = 128;

/// What TaskRouter takes, in characters.
const TASK_ROUTER: usize = 4_096;
/// What of it Twilio and Flex take beside the addresses: the names of the 25 keys of a call, three identifiers, status,
/// direction, version, the places of both ends, `worker_call_sid`, and Flex's `conference`.
///
/// <https://www.twilio.com/docs/taskrouter/twiml-queue-calls>
const OF_TWILIO: usize = 1_032;
/// The longest address that is counted with: Twilio's own limit.
const LONGEST_ADDRESS: usize = 255;

/// The most characters that traits of a profile may take, as JSON.
const MOST_TRAITS: usize = 600;

/// The keys that every Task has beside the document, unless the template takes one away.
const USUAL: [&str; 4] = ["name", "type", "customers", "conversations"];

/// What a Task gets beside the document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extra {
    /// Keys of the settings, at the top level.
    pub attributes: BTreeMap<String, Value>,
    /// What is known of the line the caller is on, under `warmline.caller`.
    pub caller: Option<KnownCaller>,
    /// Where the recording of the call will be.
    pub recording: Option<String>,
    /// What the template of the settings has for it.
    pub filled: Filled,
}

/// What is known of the line the caller is on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KnownCaller {
    /// Whether there is a profile of it.
    pub known: bool,
    /// How the network vouches for the number.
    pub verified: &'static str,
    /// Traits of that profile, the most important first. Those that find no room are left out.
    pub traits: Vec<(String, Pii<Value>)>,
}

impl KnownCaller {
    /// An expression of a workflow would read a hyphen in a name as a subtraction.
    fn json(&self) -> Value {
        let mut traits = Map::new();
        let mut room = MOST_TRAITS;
        for (name, value) in &self.traits {
            let Some(name) = fact_name(name) else { continue };
            let value = match value.expose() {
                Value::String(text) => insight(text).into(),
                other @ (Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_)) => other.clone(),
            };
            // Quotes, colon and comma.
            let takes = name.chars().count() + characters(&value) + 4;
            if takes <= room && !traits.contains_key(&name) {
                room -= takes;
                traits.insert(name, value);
            }
        }
        json!({ "known": self.known, "verified": self.verified, "traits": traits })
    }
}

/// Who calls, as the action callback says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// The caller's address: E.164 as a rule.
    pub from: Option<Pii<String>>,
    /// The address that was called.
    pub to: Option<Pii<String>>,
    /// The caller's name, from a look-up or a profile.
    pub name: Option<Pii<String>>,
}

impl Contact {
    /// What the agent's task card shows: the name, else the number.
    pub fn display_name(&self) -> String {
        let known = |text: &&Pii<String>| !text.expose().trim().is_empty();
        let shown = self.name.as_ref().filter(known).or(self.from.as_ref().filter(known));
        shown.map_or_else(|| "Unknown caller".to_owned(), |text| insight(text.expose()))
    }

    /// How many characters of a Task are ours: Twilio writes each address twice.
    fn budget(&self) -> usize {
        let characters = |address: &Pii<String>| characters(&address.expose().as_str().into());
        let length = |address: &Option<_>| address.as_ref().map_or(0, characters).min(LONGEST_ADDRESS);
        BUDGET.min(TASK_ROUTER - OF_TWILIO - 2 * (length(&self.from) + length(&self.to)))
    }

    /// The caller's address, if it is a number in E.164.
    pub(super) fn phone(&self) -> Option<&str> {
        let from = self.from.as_ref()?.expose().as_str();
        let digits = from.strip_prefix('+')?;
        ((7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())).then_some(from)
    }
}

impl Handoff {
    /// The attributes of the Task: the document, who calls, and what analytics read, within the budget.
    pub fn to_task_attributes(&self, contact: &Contact) -> String {
        self.to_task_attributes_with(contact, &Extra::default())
    }

    /// The same, with what the settings and a profile add. No key of the document is replaced; a rule's attributes
    /// outrank those of the template.
    pub fn to_task_attributes_with(&self, contact: &Contact, extra: &Extra) -> String {
        let render = |handoff: &Self, added| handoff.attributes(contact, extra, added);
        self.clone().within_budget(contact.budget(), extra.filled.len(), render).to_string()
    }

    fn attributes(&self, contact: &Contact, extra: &Extra, added: usize) -> Value {
        let mut document = self.document();
        if let (Some(caller), Some(ours)) = (&extra.caller, document["warmline"].as_object_mut()) {
            ours.insert("caller".to_owned(), caller.json());
        }
        let object = document.as_object_mut().expect("the document is an object");
        let usual = json!({
            "name": contact.display_name(),
            "type": "inbound",
            "customers": {
                // Flex Insights wants all three as soon as one is given.
                "name": contact.name.as_ref().map(|name| insight(name.expose())),
                "phone": contact.phone(),
                "email": null,
            },
            "conversations": self.conversations(contact, extra),
        });
        let Value::Object(mut usual) = usual else { return document };
        extra.filled.lay_over(&mut usual, added);
        for key in USUAL {
            if let Some(value) = usual.remove(key) {
                object.entry(key).or_insert(value);
            }
        }
        add_missing(object, &extra.attributes);
        add_missing(object, usual);
        document
    }

    fn conversations(&self, contact: &Contact, extra: &Extra) -> Value {
        let mut ours = json!({
            "conversation_attribute_1": insight(&self.reason_code),
            "conversation_attribute_2": self.sentiment.word(),
            "conversation_attribute_3": self.context.trigger,
            "conversation_label_1": self.context.call_sid,
            "conversation_label_2": self.context.handoff_id,
            "external_contact": contact.to.as_ref().map(|to| insight(to.expose())),
            "initiated_by": "Customer",
            "ivr_path": "voice-ai",
            "ivr_time": self.context.seconds,
            "language": self.context.language,
            "outcome": "Escalated",
            "reason": insight(self.reason.expose()),
        });
        if let (Some(url), Some(ours)) = (&extra.recording, ours.as_object_mut()) {
            ours.insert("segment_link".to_owned(), url.as_str().into());
        }
        ours
    }
}

/// As much of a text as Flex Insights keeps.
fn insight(text: &str) -> String {
    cut(text, LONGEST_INSIGHT)
}

#[cfg(test)]
mod tests {
    use super::super::{BUDGET, Trigger};
    use super::*;

    fn attributes(from: &str, name: Option<&str>) -> Value {
        let handoff = Handoff::bare("CA1".parse().unwrap(), "h1".into(), Trigger::Model);
        let contact = Contact { from: Some(from.into()), to: None, name: name.map(Pii::from) };
        serde_json::from_str(&handoff.to_task_attributes(&contact)).unwrap()
    }

    #[test]
    fn a_task_card_shows_the_name_else_the_number() {
        assert_eq!(attributes("+15551230000", Some("Jane Doe"))["name"], "Jane Doe");
        assert_eq!(attributes("+15551230000", None)["name"], "+15551230000");
        assert_eq!(attributes("", Some(" "))["name"], "Unknown caller");
    }

    #[test]
    fn a_withheld_number_is_no_phone_of_a_customer() {
        assert_eq!(attributes("+15551230000", None)["customers"]["phone"], "+15551230000");
        assert_eq!(attributes("anonymous", None)["customers"]["phone"], Value::Null);
    }

    #[test]
    fn what_is_added_fits_and_replaces_nothing() {
        let mut handoff = Handoff::bare("CA1".parse().unwrap(), "h1".into(), Trigger::Model);
        handoff.call_summary = "s".repeat(4_000).into();
        let attributes = [("skill", "billing"), ("reason", "mine"), ("name", "mine")];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.into()));
        let long = |name: usize| (format!("long-{name}"), Pii::new(Value::from("\"".repeat(5_000))));
        let traits =
            [("tier-name".to_owned(), Pii::new("gold".into())), ("!".to_owned(), Pii::new(1.into()))];
        let caller = KnownCaller {
            known: true,
            verified: "full",
            traits: traits.into_iter().chain((0..200).map(long)).collect(),
        };
        let extra = Extra { attributes: attributes.into(), caller: Some(caller), ..Extra::default() };
        let task = handoff.to_task_attributes_with(&Contact::default(), &extra);
        assert!(task.chars().count() <= BUDGET, "{}", task.len());
        let task: Value = serde_json::from_str(&task).unwrap();
        assert_eq!((&task["skill"], &task["name"]), (&"billing".into(), &"Unknown caller".into()));
        assert_ne!(task["reason"], "mine");
        let caller = &task["warmline"]["caller"];
        assert_eq!((&caller["traits"]["tier_name"], &caller["verified"]), (&"gold".into(), &"full".into()));
        assert!(caller["traits"].as_object().unwrap().len() < 6, "{caller}");
        assert!(task["callSummary"].as_str().unwrap().len() > 500);
    }

    #[test]
    fn the_seeds_keys_stay_flat_and_the_whole_fits() {
        let mut handoff = Handoff::bare("CA1".parse().unwrap(), "h1".into(), Trigger::Model);
        handoff.call_summary = "<&\">".repeat(2_000).into();
        let endless = Some(Pii::from("9".repeat(5_000)));
        let contact = Contact { from: endless.clone(), to: endless.clone(), name: endless };
        let task = handoff.to_task_attributes(&contact);
        assert!(task.chars().count() <= BUDGET);
        let task: Value = serde_json::from_str(&task).unwrap();
        for key in ["reasonCode", "reason", "callSummary", "sentiment"] {
            assert!(task[key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
        }
    }
}
