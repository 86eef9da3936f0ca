//! What went wrong in calls. With a single one of these, no figure of a run counts.

use serde::{Deserialize, Serialize};

/// How often each thing happened that must not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Faults {
    /// Words of another call, or of a turn that this call has not had.
    pub foreign: u64,
    /// Words of an answer that was over: after an interrupt was acknowledged or its grace had passed, after the
    /// reply was closed, or of an earlier turn.
    pub stale: u64,
    /// Words that never came.
    pub lost: u64,
    /// Words that came again.
    pub doubled: u64,
    /// Words that came after a later one.
    pub reordered: u64,
    /// Questions whose answer did not come to its end.
    pub unanswered: u64,
    /// Replies that were not closed by `last: true`.
    pub unclosed: u64,
    /// Replies that were closed a second time.
    pub closed_again: u64,
    /// `end` that was due and did not come.
    pub ends_lost: u64,
    /// `end` that came again.
    pub ends_doubled: u64,
    /// `end` that nobody had asked for.
    pub ends_unasked: u64,
    /// Other frames after `end`.
    pub after_end: u64,
    /// Frames that cannot be read.
    pub unreadable: u64,
    /// Sockets that were closed or lost in the middle of a call.
    pub dropped: u64,
    /// Calls that were not taken: no TwiML with a session, or no socket.
    pub refused: u64,
    /// Ends of sessions that the action did not answer with TwiML.
    pub actions: u64,
}

impl Faults {
    /// Everything with its name, in the order of the fields.
    pub fn each(&self) -> [(&'static str, u64); 16] {
        [
            ("foreign words", self.foreign),
            ("stale words", self.stale),
            ("lost words", self.lost),
            ("doubled words", self.doubled),
            ("reordered words", self.reordered),
            ("unanswered questions", self.unanswered),
            ("unclosed replies", self.unclosed),
            ("replies closed again", self.closed_again),
            ("lost `end`", self.ends_lost),
            ("doubled `end`", self.ends_doubled),
            ("unasked `end`", self.ends_unasked),
            ("frames after `end`", self.after_end),
            ("unreadable frames", self.unreadable),
            ("dropped sockets", self.dropped),
            ("refused calls", self.refused),
            ("failed actions", self.actions),
        ]
    }

    /// How many there are in all.
    pub fn total(&self) -> u64 {
        self.each().iter().map(|(_, count)| count).sum()
    }

    /// Adds those of another call.
    pub fn add(&mut self, other: &Self) {
        self.foreign += other.foreign;
        self.stale += other.stale;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.reordered += other.reordered;
        self.unanswered += other.unanswered;
        self.unclosed += other.unclosed;
        self.closed_again += other.closed_again;
        self.ends_lost += other.ends_lost;
        self.ends_doubled += other.ends_doubled;
        self.ends_unasked += other.ends_unasked;
        self.after_end += other.after_end;
        self.unreadable += other.unreadable;
        self.dropped += other.dropped;
        self.refused += other.refused;
        self.actions += other.actions;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_counts_and_has_a_name() {
        let count = serde_json::to_value(Faults::default()).unwrap().as_object().unwrap().len();
        let one_of_each: serde_json::Map<String, serde_json::Value> = serde_json::to_value(Faults::default())
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .map(|name| (name.clone(), 1.into()))
            .collect();
        let one_of_each: Faults = serde_json::from_value(one_of_each.into()).unwrap();
        assert_eq!(one_of_each.total(), count as u64);
        let mut twice = one_of_each;
        twice.add(&one_of_each);
        assert!(twice.each().iter().all(|(_, count)| *count == 2));
    }
}
