//! The document as Task attributes: what Flex, Flex Insights and a workflow's expressions read.
//!
//! <https://www.twilio.com/docs/flex/developer/insights/enhance-integration>

use serde_json::{Value, json};

use super::budget::add_missing;
use super::{Handoff, Sentiment};
use crate::handoff::cut;
use crate::pii::Pii;

/// Flex Insights keeps the first 128 characters of a value.
const LONGEST_INSIGHT: usize = 128;

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

    fn phone(&self) -> Option<&str> {
        let from = self.from.as_ref()?.expose().as_str();
        let digits = from.strip_prefix('+')?;
        ((7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())).then_some(from)
    }
}

impl Handoff {
    /// The attributes of the Task: the document, who calls, and what analytics read, within the budget.
    pub fn to_task_attributes(&self, contact: &Contact) -> String {
        self.clone().within_budget(|handoff| handoff.attributes(contact)).to_string()
    }

    fn attributes(&self, contact: &Contact) -> Value {
        let mut document = self.document();
        let object = document.as_object_mut().expect("the document is an object");
        add_missing(
            object,
            json!({
                "name": contact.display_name(),
                "type": "inbound",
                "customers": {
                    // Flex Insights wants all three as soon as one is given.
                    "name": contact.name.as_ref().map(|name| insight(name.expose())),
                    "phone": contact.phone(),
                    "email": null,
                },
                "conversations": self.conversations(contact),
            }),
        );
        document
    }

    fn conversations(&self, contact: &Contact) -> Value {
        let mood = match self.sentiment {
            Sentiment::Positive => "positive",
            Sentiment::Neutral => "neutral",
            Sentiment::Negative => "negative",
        };
        json!({
            "conversation_attribute_1": insight(&self.reason_code),
            "conversation_attribute_2": mood,
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
        })
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
