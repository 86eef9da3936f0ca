//! Twilio's identifiers, parsed once at the edge.
//!
//! Settings are held to Twilio's form (two letters and 32 hex digits), because a bad workflow there costs a
//! caller. What arrives in frames and callbacks only has to be a harmless identifier: compatible platforms
//! (Telnyx) use UUIDs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not an identifier of the wanted kind. Never holds the text itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A setting that is not `prefix` and 32 hex digits.
    #[error("expected `{prefix}` and 32 hex digits, got {length} characters")]
    NotASid {
        /// The two letters that were expected.
        prefix: &'static str,
        /// How long the refused text was.
        length: usize,
    },
    /// An identifier from the wire that is empty, too long, or has characters no platform uses.
    #[error("expected 1 to 64 letters, digits, `-`, `_`, `.` or `:`, got {length} characters")]
    NotAnId {
        /// How long the refused text was.
        length: usize,
    },
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                let check: fn(&str) -> Result<(), IdError> = $check;
                check(&text)?;
                Ok(Self(text))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id_type! {
    /// One phone call. Stable across the webhook, every relay session and the queue.
    CallSid, wire_id
}
id_type! {
    /// One `<ConversationRelay>` run. A reconnected call has a new one.
    SessionId, wire_id
}
id_type! {
    /// The account a request speaks for.
    AccountSid, wire_id
}
id_type! {
    /// The TaskRouter workflow that decides which queue an escalated call joins.
    WorkflowSid, |text| sid("WW", text)
}
id_type! {
    /// A flow of Twilio Studio.
    FlowSid, |text| sid("FW", text)
}

id_type! {
    /// The TaskRouter workspace that workflows, queues and Tasks belong to.
    WorkspaceSid, |text| sid("WS", text)
}
id_type! {
    /// A queue of Tasks.
    TaskQueueSid, |text| sid("WQ", text)
}
id_type! {
    /// A Task: one call that waits for a person, or is with one.
    TaskSid, |text| sid("WT", text)
}
id_type! {
    /// The recording of a call.
    RecordingSid, |text| sid("RE", text)
}
id_type! {
    /// A telephone number of the account.
    PhoneNumberSid, |text| sid("PN", text)
}

impl AccountSid {
    /// An account as the settings must name it: `AC` and 32 hex digits.
    ///
    /// # Errors
    ///
    /// When the text has another form.
    pub fn configured(text: &str) -> Result<Self, IdError> {
        sid("AC", text)?;
        Ok(Self(text.to_owned()))
    }
}

impl AccountSid {
    /// The account of calls from the browser: well formed, and no account's of Twilio.
    pub fn phone() -> Self {
        Self(format!("AC{}", "f".repeat(32)))
    }
}

impl WorkflowSid {
    /// The workflow of a server without an account: well formed, and visibly nobody's.
    pub fn nobody() -> Self {
        Self(format!("WW{}", "0".repeat(32)))
    }
}

fn sid(prefix: &'static str, text: &str) -> Result<(), IdError> {
    let hex = text.strip_prefix(prefix).unwrap_or_default();
    if hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(IdError::NotASid { prefix, length: text.chars().count() })
    }
}

fn wire_id(text: &str) -> Result<(), IdError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.:".contains(&b);
    if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(())
    } else {
        Err(IdError::NotAnId { length: text.chars().count() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_sid_is_not_a_workflow_sid() {
        let call = format!("CA{}", "0".repeat(32));
        assert!(call.parse::<CallSid>().is_ok());
        let error = call.parse::<WorkflowSid>().unwrap_err();
        assert_eq!(error.to_string(), "expected `WW` and 32 hex digits, got 34 characters");
    }

    #[test]
    fn a_uuid_of_a_compatible_platform_is_a_call() {
        assert!("v3:0a1b2c3d-0000-4000-8000-000000000000".parse::<CallSid>().is_ok());
        assert!("".parse::<CallSid>().is_err());
        assert!("CA<script>".parse::<CallSid>().is_err());
    }
}
