//! What is counted in a run.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Counts of all calls so far.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Counts>);

/// The figures.
#[derive(Default)]
pub(crate) struct Counts {
    /// Faults that were met, by kind.
    pub(crate) faults: BTreeMap<String, u64>,
    /// How callers ended, by where they got to.
    pub(crate) ends: BTreeMap<&'static str, u64>,
    /// Turns that were answered by the model.
    pub(crate) answers: u64,
    /// The longest silence in a call where speech was owed, and in which call.
    pub(crate) silence: (Duration, u64),
    /// The longest silence at the beginning of a session that took a lost one up again.
    pub(crate) reopening: (Duration, u64),
    /// Calls in which something was not as it must be.
    pub(crate) failed: Vec<u64>,
}

impl Tally {
    /// Counts a fault that was met.
    pub(crate) fn fault(&self, kind: impl Into<String>) {
        *self.counts().faults.entry(kind.into()).or_default() += 1;
    }

    /// The figures, for as long as nobody else is to change them.
    pub(crate) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
