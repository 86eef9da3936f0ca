//! The parameters of a voice webhook, once its signature was checked.

use std::sync::Arc;

use crate::handoff::Contact;
use crate::ids::{AccountSid, CallSid};
use crate::pii::Pii;
use crate::store::Came;

/// All pairs as received. New names may appear at any time, and any may be missing.
#[derive(Debug, Clone)]
pub(super) struct Form(Arc<Vec<(Pii<String>, Pii<String>)>>);

impl Form {
    pub(super) fn new(pairs: Vec<(String, String)>) -> Self {
        Self(Arc::new(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect()))
    }

    /// The first value of a name that is not blank.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let named = self.0.iter().filter(|(key, _)| key.expose() == name);
        named.map(|(_, value)| value.expose().as_str()).find(|value| !value.trim().is_empty())
    }

    /// A word of Twilio's own vocabulary, for logs: nothing a caller could have chosen.
    pub(super) fn word(&self, name: &str) -> Option<&str> {
        let word = |text: &&str| {
            text.len() <= 32 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        self.text(name).filter(word)
    }

    pub(super) fn call_sid(&self) -> Option<CallSid> {
        self.text("CallSid")?.parse().ok()
    }

    pub(super) fn account_sid(&self) -> Option<AccountSid> {
        self.text("AccountSid")?.parse().ok()
    }

    pub(super) fn contact(&self) -> Contact {
        let pii = |name| self.text(name).map(Pii::from);
        Contact { from: pii("From"), to: pii("To"), name: pii("CallerName") }
    }

    /// Who calls whom.
    pub(super) fn came(&self) -> Came {
        Came {
            verified: self.word("StirVerstat").map(str::to_owned),
            ..Came::new(self.account_sid(), self.word("Direction"), self.text("From"), self.text("To"))
        }
    }

    /// Whether somebody is still on the line. A status we do not know counts as somebody.
    pub(super) fn is_live(&self) -> bool {
        let over = ["completed", "busy", "failed", "no-answer", "canceled"];
        self.text("CallStatus").is_none_or(|status| !over.contains(&status))
    }
}
