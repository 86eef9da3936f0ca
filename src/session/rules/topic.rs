//! Matters that are for a person, told by phrases of the settings.

use super::Cause;
use crate::handoff::Trigger;
use crate::phrases::Wording;

/// A matter that is for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    name: String,
    code: Option<String>,
    wording: Wording,
}

impl Topic {
    /// A matter that is recognised by one of `phrases`, and not where it stands within one of `except`. `code`
    /// is the `reasonCode` of its hand-off.
    pub fn new(name: &str, code: Option<String>, phrases: &[String], except: &[String]) -> Self {
        Self { name: name.to_owned(), code, wording: Wording::new(phrases, except) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the caller's words name it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.wording.is_in(text)
    }

    /// Why a person takes over.
    pub(super) fn cause(&self) -> Cause {
        Cause { code: self.code.clone(), topic: Some(self.name.clone()), ..Trigger::Topic.into() }
    }
}
