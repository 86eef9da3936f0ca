//! `<Gather>`: keys that somebody presses while something is said.
//!
//! <https://www.twilio.com/docs/voice/twiml/gather>

use super::attributes::{Method, attribute_methods};
use super::element::Element;
use super::verbs::Say;

/// `<Gather>`. Where nothing is pressed, the document goes on behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gather(pub(super) Element);

impl Gather {
    /// Listens for keys alone.
    pub fn keys() -> Self {
        let mut element = Element::new("Gather");
        element.set("input", "dtmf");
        Self(element)
    }

    /// Says something meanwhile; the first key ends it.
    pub fn say(mut self, say: Say) -> Self {
        self.0.children.push(say.0);
        self
    }
}

attribute_methods! { Gather {
    /// Where Twilio asks what comes next once keys were pressed, with `Digits`.
    action = "action": &str,
    /// For `action`; POST if absent.
    method = "method": Method,
    /// Seconds without a key until it is given up, counted from the last word.
    timeout = "timeout": u32,
    /// How many keys there are to be.
    num_digits = "numDigits": u32,
    /// The key that ends an entry; empty is none.
    finish_on_key = "finishOnKey": &str,
    /// Whether `action` is asked as well if nothing was pressed.
    action_on_empty_result = "actionOnEmptyResult": bool,
} }
