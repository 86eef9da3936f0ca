//! Keys: one alone may lead to a person, several are an entry that the model gets as one message.

use std::time::Instant;

use super::Session;
use super::rules::{Cause, KeyMeaning};
use crate::handoff::Trigger;

/// An entry longer than this is complete, whatever follows.
const LONGEST_ENTRY: usize = 64;

/// The keys pressed so far.
#[derive(Debug, Default)]
pub(super) struct Keypad {
    keys: String,
    /// When the entry is complete.
    complete_at: Option<Instant>,
}

/// What a key means that stands alone.
enum Lone {
    /// A person takes over.
    Person(Cause),
    /// As if the caller had said this.
    Say(String),
}

impl Keypad {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.complete_at
    }
}

impl Session {
    pub(super) fn key_pressed(&mut self, key: char, now: Instant) {
        if self.leaving.is_some() {
            if let Some(Lone::Person(cause)) = self.meaning(key) {
                self.person_outranks(&cause);
            }
            return;
        }
        // A `#` without an entry is the late end of one that is complete already.
        if key == '#' {
            return self.complete_entry(now);
        }
        self.ask_again = None;
        self.keypad.keys.push(key);
        let length = self.settings.keypad_length.unwrap_or(LONGEST_ENTRY).min(LONGEST_ENTRY);
        let is_lone = self.lone_key().is_some();
        if self.keypad.keys.len() >= length && !is_lone {
            return self.complete_entry(now);
        }
        let timings = &self.settings.timings;
        let wait = if is_lone { timings.key_alone } else { timings.keypad };
        self.keypad.complete_at = Some(now + wait);
    }

    pub(super) fn keypad_passed(&mut self, now: Instant) {
        if self.keypad.complete_at.is_some_and(|at| at <= now) {
            match self.lone_key() {
                Some(Lone::Person(cause)) => {
                    let key = std::mem::take(&mut self.keypad).keys;
                    self.person_key_pressed(&key, cause, now);
                }
                Some(Lone::Say(text)) => {
                    self.keypad = Keypad::default();
                    self.caller_said(&text, now);
                }
                None => self.complete_entry(now),
            }
        }
    }

    /// Why a person is about to take over, if a key for one stands alone.
    pub(super) fn waiting_person(&self) -> Option<Cause> {
        match self.lone_key()? {
            Lone::Person(cause) => Some(cause),
            Lone::Say(_) => None,
        }
    }

    /// What the key means that stands alone, if it means anything.
    fn lone_key(&self) -> Option<Lone> {
        let mut keys = self.keypad.keys.chars();
        let key = keys.next().filter(|_| keys.next().is_none())?;
        self.meaning(key)
    }

    /// What a key means that stands alone. The prompt's key for a person is one whatever else it is said to be.
    fn meaning(&self, key: char) -> Option<Lone> {
        match self.settings.rules.keys.get(&key) {
            Some(KeyMeaning::Person(code)) => {
                Some(Lone::Person(Cause { code: Some(code.clone()), ..Trigger::Key.into() }))
            }
            _ if Some(key) == self.settings.person_key => Some(Lone::Person(Trigger::Key.into())),
            Some(KeyMeaning::Say(text)) => Some(Lone::Say(text.clone())),
            None => None,
        }
    }

    fn complete_entry(&mut self, now: Instant) {
        let entry = std::mem::take(&mut self.keypad).keys;
        if !entry.is_empty() {
            self.caller_said(&message(&entry), now);
        }
    }

    fn person_key_pressed(&mut self, key: &str, cause: Cause, now: Instant) {
        match self.armed {
            Some(_) => {
                self.stop_turn();
                self.leave_armed(None, &[], now);
            }
            // A person takes over already.
            None if self.escalates() => drop(self.history.caller(&message(key))),
            None => {
                self.stop_turn();
                self.history.caller(&message(key));
                // The key was pressed a moment ago.
                self.owe_words(now - self.settings.timings.key_alone);
                self.arm(cause, None, now);
            }
        }
    }
}

/// Keys as the model reads them.
fn message(keys: &str) -> String {
    format!("[keypad] {keys}")
}
