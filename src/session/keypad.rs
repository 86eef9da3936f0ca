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

impl Keypad {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.complete_at
    }
}

impl Session {
    pub(super) fn key_pressed(&mut self, key: char, now: Instant) {
        if self.leaving.is_some() {
            if matches!(self.meaning(key), Some(KeyMeaning::Person(_))) {
                self.person_outranks(Trigger::Key);
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
                Some(KeyMeaning::Person(code)) => {
                    let key = std::mem::take(&mut self.keypad).keys;
                    self.person_key_pressed(&key, &code, now);
                }
                Some(KeyMeaning::Say(text)) => {
                    self.keypad = Keypad::default();
                    self.caller_said(&text, now);
                }
                None => self.complete_entry(now),
            }
        }
    }

    /// Whether a key for a person stands alone.
    pub(super) fn is_person_key(&self) -> bool {
        matches!(self.lone_key(), Some(KeyMeaning::Person(_)))
    }

    /// What the key means that stands alone, if it means anything.
    fn lone_key(&self) -> Option<KeyMeaning> {
        let mut keys = self.keypad.keys.chars();
        let key = keys.next().filter(|_| keys.next().is_none())?;
        self.meaning(key)
    }

    /// What a key means that stands alone. The prompt's key for a person is one whatever else it is said to be.
    fn meaning(&self, key: char) -> Option<KeyMeaning> {
        let meaning = self.settings.rules.keys.get(&key);
        if Some(key) != self.settings.person_key || matches!(meaning, Some(KeyMeaning::Person(_))) {
            return meaning.cloned();
        }
        Some(KeyMeaning::Person(Trigger::Key.reason_code().to_owned()))
    }

    fn complete_entry(&mut self, now: Instant) {
        let entry = std::mem::take(&mut self.keypad).keys;
        if !entry.is_empty() {
            self.caller_said(&message(&entry), now);
        }
    }

    fn person_key_pressed(&mut self, key: &str, code: &str, now: Instant) {
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
                let mapped = Some(code).filter(|code| *code != Trigger::Key.reason_code());
                let code = mapped.map(str::to_owned);
                self.arm(Cause { code, ..Trigger::Key.into() }, None, now);
            }
        }
    }
}

/// Keys as the model reads them.
fn message(keys: &str) -> String {
    format!("[keypad] {keys}")
}
