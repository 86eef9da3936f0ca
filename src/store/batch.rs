//! What is to be written next. Notes are folded into rows: a turn that changed three times is written once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::hide;
use super::note::{Began, Came, Delivery, Note, What};
use crate::handoff::{Handoff, Outcome, Trigger};
use crate::ids::CallSid;
use crate::record::{Changes, State, Turn, TurnKey};

/// How much a row takes beside its texts, roughly, in bytes.
const ROW: usize = 200;

/// Rows by their names. They are written in this order, each table sorted: two processes that write the same
/// rows never wait for each other in a circle.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) calls: BTreeMap<CallSid, CallRow>,
    pub(super) turns: BTreeMap<(CallSid, TurnKey), Turn>,
    pub(super) triggers: BTreeMap<(CallSid, u8, String), u64>,
    pub(super) handoffs: BTreeMap<String, HandoffRow>,
    pub(super) deliveries: BTreeMap<CallSid, (Delivery, u64)>,
    pub(super) prompts: BTreeMap<String, (Arc<str>, u64)>,
    /// Roughly how many bytes all of it takes.
    pub(super) size: usize,
}

/// What is known of a call, as far as it is new.
#[derive(Debug, Default)]
pub(super) struct CallRow {
    /// Set when the row may not exist yet.
    pub(super) created: Option<Created>,
    /// The newest session that anything is known of.
    pub(super) session: Option<u8>,
    pub(super) state: Option<State>,
    pub(super) ended: Option<Ended>,
}

#[derive(Debug)]
pub(super) struct Created {
    pub(super) came: Came,
    pub(super) language: Option<String>,
    pub(super) prompts: Option<String>,
    pub(super) sessions: u8,
    pub(super) at: u64,
}

#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Ended {
    pub(super) at: u64,
    pub(super) outcome: Option<&'static str>,
}

#[derive(Debug)]
pub(super) struct HandoffRow {
    pub(super) call_sid: CallSid,
    pub(super) session: u8,
    pub(super) document: String,
    pub(super) at: u64,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
            && self.turns.is_empty()
            && self.triggers.is_empty()
            && self.handoffs.is_empty()
            && self.deliveries.is_empty()
            && self.prompts.is_empty()
    }

    /// How many rows wait.
    pub(super) fn rows(&self) -> usize {
        self.calls.len()
            + self.turns.len()
            + self.triggers.len()
            + self.handoffs.len()
            + self.deliveries.len()
    }

    /// Takes a note. With `masked` nothing gets in that must not be kept.
    pub(super) fn fold(&mut self, note: Note, masked: bool) {
        let Note { call_sid, at, what } = note;
        match what {
            What::Came(came) => self.came(call_sid, came, at),
            What::Began(began) => self.began(call_sid, began, at),
            What::Changed(changes) => self.changed(&call_sid, changes, masked),
            What::Decided(session, handoff) => self.decided(call_sid, session, *handoff, at, masked),
            What::Delivered(delivery) => self.delivered(call_sid, delivery, at),
            What::Left { outcome, trigger, session } => self.left(call_sid, outcome, trigger, session, at),
            What::Over => self.call(call_sid).ended.get_or_insert_default().at = at,
        }
    }

    /// Takes what is newer than this.
    pub(super) fn absorb(&mut self, newer: Self) {
        for (call_sid, row) in newer.calls {
            self.call(call_sid).absorb(row);
        }
        for (call_sid, (delivery, at)) in newer.deliveries {
            self.delivered(call_sid, delivery, at);
        }
        self.turns.extend(newer.turns);
        self.triggers.extend(newer.triggers);
        self.handoffs.extend(newer.handoffs);
        self.prompts.extend(newer.prompts);
        self.size += newer.size;
    }

    fn call(&mut self, call_sid: CallSid) -> &mut CallRow {
        self.calls.entry(call_sid).or_default()
    }

    fn came(&mut self, call_sid: CallSid, came: Came, at: u64) {
        self.size += ROW;
        let row = self.call(call_sid);
        row.ended = None;
        let created = Created { came, language: None, prompts: None, sessions: 0, at };
        row.created = Some(created);
    }

    fn began(&mut self, call_sid: CallSid, began: Began, at: u64) {
        self.size += ROW;
        self.prompts.insert(began.prompts.clone(), (began.files, at));
        let row = self.call(call_sid);
        row.session = Some(began.session);
        row.ended = None;
        let sessions = began.session.saturating_add(1);
        let (language, prompts) = (Some(began.language), Some(began.prompts));
        match &mut row.created {
            Some(created) => {
                *created = Created { language, prompts, sessions, came: created.came.clone(), at: created.at }
            }
            none => *none = Some(Created { came: began.came, language, prompts, sessions, at }),
        }
    }

    fn changed(&mut self, call_sid: &CallSid, changes: Changes, masked: bool) {
        let Changes { session, turns, mut state } = changes;
        for mut turn in turns {
            if masked {
                hide::turn(&mut turn);
            }
            self.size += ROW + turn.text.expose().len();
            self.turns.insert((call_sid.clone(), turn.key), turn);
        }
        if masked {
            hide::facts(&mut state.facts);
        }
        let row = self.call(call_sid.clone());
        row.session = row.session.max(Some(session));
        row.state = Some(state);
    }

    fn decided(&mut self, call_sid: CallSid, session: u8, mut handoff: Handoff, at: u64, masked: bool) {
        if masked {
            hide::handoff(&mut handoff);
        }
        let document = handoff.to_handoff_data();
        self.size += ROW + document.len();
        let name = word(handoff.context.trigger);
        self.triggers.entry((call_sid.clone(), session, name)).or_insert(at);
        let row = HandoffRow { call_sid, session, document, at };
        self.handoffs.insert(handoff.context.handoff_id, row);
    }

    fn delivered(&mut self, call_sid: CallSid, delivery: Delivery, at: u64) {
        let target = self.deliveries.remove(&call_sid).and_then(|(before, _)| before.target);
        let delivery = Delivery { target: delivery.target.or(target), ..delivery };
        self.deliveries.insert(call_sid, (delivery, at));
    }

    fn left(
        &mut self,
        call_sid: CallSid,
        outcome: Option<Outcome>,
        trigger: Option<Trigger>,
        session: u8,
        at: u64,
    ) {
        let outcome = match outcome {
            Some(Outcome::Escalated) => "escalated",
            Some(Outcome::Completed) => "completed",
            None => "closed",
        };
        if let Some(trigger) = trigger {
            self.triggers.entry((call_sid.clone(), session, word(trigger))).or_insert(at);
        }
        let row = self.call(call_sid);
        row.session = row.session.max(Some(session));
        row.ended = Some(Ended { at, outcome: Some(outcome) });
    }
}

impl CallRow {
    fn absorb(&mut self, newer: Self) {
        if newer.created.is_some() {
            self.ended = None;
        }
        if let Some(created) = newer.created {
            let (came, at) = match self.created.take() {
                Some(before) => (before.came, before.at),
                None => (created.came.clone(), created.at),
            };
            self.created = Some(Created { came, at, ..created });
        }
        self.session = self.session.max(newer.session);
        self.state = newer.state.or(self.state.take());
        if let Some(ended) = newer.ended {
            let outcome = ended.outcome.or(self.ended.and_then(|before| before.outcome));
            self.ended = Some(Ended { outcome, ..ended });
        }
    }
}

/// The name of a trigger, as in the document.
fn word(trigger: Trigger) -> String {
    let word = serde_json::to_value(trigger).ok();
    word.as_ref().and_then(|word| word.as_str()).unwrap_or_default().to_owned()
}
