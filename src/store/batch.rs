//! What is to be written next. Notes are folded into rows: a turn that changed three times is written once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::audit::Audit;
use super::note::{Began, Came, Delivery, Note, Taken, What};
use super::recording::{self, Recorded};
use super::spool::{self, Due, Tracked};
use crate::handoff::{Handoff, Outcome, PromptVersion, Trigger};
use crate::ids::CallSid;
use crate::mask::Also;
use crate::record::{Changes, State, ToolRun, Turn, TurnKey};
use crate::redact;

/// How much a row takes beside its texts, roughly, in bytes.
const ROW: usize = 300;

/// Rows by their names, each table sorted.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) calls: BTreeMap<CallSid, CallRow>,
    pub(super) turns: BTreeMap<(CallSid, TurnKey), Turn>,
    pub(super) triggers: BTreeMap<(CallSid, u8, String), u64>,
    pub(super) handoffs: BTreeMap<String, HandoffRow>,
    pub(super) taken: BTreeMap<CallSid, TakenRow>,
    pub(super) deliveries: BTreeMap<CallSid, (Delivery, u64)>,
    /// Calls of which nothing more is awaited, and since when.
    pub(super) settled: BTreeMap<CallSid, u64>,
    pub(super) recordings: BTreeMap<CallSid, Recorded>,
    pub(super) prompts: BTreeMap<String, (Arc<str>, u64)>,
    pub(super) audits: BTreeMap<String, (CallSid, Audit, u64)>,
    /// Roughly how many bytes the texts of turns, calls and documents take.
    texts: usize,
}

/// What gets into a batch, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keeping {
    /// Whether what must not be kept is replaced.
    pub(super) masked: bool,
    /// What is to be told later.
    pub(super) tracked: Tracked,
}

/// What is known of a call, as far as it is new.
#[derive(Debug, Default)]
pub(super) struct CallRow {
    /// Set when the row may not exist yet.
    pub(super) created: Option<Created>,
    /// The newest session that anything is known of. What an older one knows is no news any more.
    pub(super) session: Option<u8>,
    pub(super) state: Option<State>,
    pub(super) ended: Option<Ended>,
    /// When its time with the AI is to be told. Here, because whether it was told already is seen by the row of
    /// the call as it was before.
    pub(super) leg: Option<Due>,
    /// The same, for a call that is over although nothing was heard of the end of its session.
    pub(super) orphan: Option<Due>,
}

#[derive(Debug)]
pub(super) struct Created {
    pub(super) came: Came,
    pub(super) language: Option<String>,
    pub(super) prompts: Option<PromptVersion>,
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
    /// When it is to be told, if it is.
    pub(super) escalation: Option<Due>,
}

/// When somebody took a call: at a time, or so many milliseconds after its last station.
#[derive(Debug, Clone, Copy)]
pub(super) struct TakenRow {
    pub(super) at: Option<u64>,
    pub(super) after: Option<u64>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.rows() == 0 && self.prompts.is_empty()
    }

    /// How many rows wait.
    pub(super) fn rows(&self) -> usize {
        self.calls.len()
            + self.turns.len()
            + self.triggers.len()
            + self.handoffs.len()
            + self.taken.len()
            + self.deliveries.len()
            + self.settled.len()
            + self.recordings.len()
            + self.audits.len()
    }

    /// Roughly how many bytes all of it takes.
    pub(super) fn size(&self) -> usize {
        self.texts + self.rows() * ROW
    }

    /// Takes a note.
    pub(super) fn fold(&mut self, note: Note, keeping: Keeping) {
        let Note { call_sid, at, what } = note;
        let Keeping { masked, tracked } = keeping;
        match what {
            What::Came(came) => self.came(call_sid, came, at),
            What::Began(began) => self.began(call_sid, began, at),
            What::Changed(changes) => self.changed(&call_sid, changes, masked),
            What::Decided(session, handoff) => self.decided(call_sid, session, *handoff, at, keeping),
            What::Taken(taken) => {
                if tracked.escalation {
                    self.settled.entry(call_sid.clone()).or_insert(at.saturating_add(spool::SETTLE));
                }
                self.taken(call_sid, taken, at);
            }
            What::Delivered(delivery) => {
                if tracked.escalation && delivery.state.is_final() {
                    self.settled.insert(call_sid.clone(), at);
                }
                self.delivered(call_sid, delivery, at);
            }
            What::Left { outcome, trigger, session } => {
                if tracked.leg {
                    self.call(call_sid.clone()).leg = Some(Due::of_leg(outcome, at));
                }
                self.left(call_sid, outcome, trigger, session, at);
            }
            What::Answering => {}
            What::Recorded(recorded) => recording::fold(&mut self.recordings, call_sid, recorded),
            What::Audited(audit) => {
                self.audits.insert(audit.id.clone(), (call_sid, audit, at));
            }
            What::Over => {
                if tracked.leg || tracked.escalation {
                    self.settled.insert(call_sid.clone(), at);
                }
                let row = self.call(call_sid);
                row.orphan = tracked.leg.then(|| Due::after(at, spool::SETTLE));
                row.ended.get_or_insert_default().at = at;
            }
        }
    }

    /// Takes what is newer than this.
    pub(super) fn absorb(&mut self, newer: Self) {
        for (call_sid, row) in newer.calls {
            self.texts += weigh_state(row.state.as_ref());
            let before = self.call(call_sid).absorb(row);
            self.texts -= before;
        }
        for (call_sid, (delivery, at)) in newer.deliveries {
            self.delivered(call_sid, delivery, at);
        }
        for (call_sid, recorded) in newer.recordings {
            recording::fold(&mut self.recordings, call_sid, recorded);
        }
        for ((call_sid, _), turn) in newer.turns {
            self.turn(call_sid, turn);
        }
        for (name, row) in newer.handoffs {
            self.handoff(name, row);
        }
        for (name, at) in newer.triggers {
            self.triggers.entry(name).or_insert(at);
        }
        for (call_sid, taken) in newer.taken {
            self.taken.entry(call_sid).or_insert(taken);
        }
        self.settled.extend(newer.settled);
        self.prompts.extend(newer.prompts);
        self.audits.extend(newer.audits);
    }

    /// Takes so many rows out, in the order in which they can be written: a call before what belongs to it.
    pub(super) fn piece(&mut self, most: usize) -> Self {
        let mut piece = Self { prompts: std::mem::take(&mut self.prompts), ..Self::default() };
        let mut room = most;
        move_some(&mut self.audits, &mut piece.audits, &mut room);
        move_some(&mut self.calls, &mut piece.calls, &mut room);
        // A recording belongs to a call that may only come with a later piece.
        if self.calls.is_empty() {
            move_some(&mut self.recordings, &mut piece.recordings, &mut room);
        }
        move_some(&mut self.turns, &mut piece.turns, &mut room);
        move_some(&mut self.triggers, &mut piece.triggers, &mut room);
        move_some(&mut self.handoffs, &mut piece.handoffs, &mut room);
        // A state is that of the latest hand-off, so it waits until all of them are there.
        if self.handoffs.is_empty() {
            move_some(&mut self.taken, &mut piece.taken, &mut room);
            move_some(&mut self.deliveries, &mut piece.deliveries, &mut room);
            move_some(&mut self.settled, &mut piece.settled, &mut room);
        }
        piece.weigh();
        self.texts = self.texts.saturating_sub(piece.texts);
        piece
    }

    fn weigh(&mut self) {
        let states = self.calls.values().map(|row| weigh_state(row.state.as_ref()));
        let turns = self.turns.values().map(weigh_turn);
        let documents = self.handoffs.values().map(|row| row.document.len());
        self.texts = states.chain(turns).chain(documents).sum();
    }

    fn call(&mut self, call_sid: CallSid) -> &mut CallRow {
        self.calls.entry(call_sid).or_default()
    }

    fn turn(&mut self, call_sid: CallSid, turn: Turn) {
        self.texts += weigh_turn(&turn);
        if let Some(before) = self.turns.insert((call_sid, turn.key), turn) {
            self.texts -= weigh_turn(&before);
        }
    }

    fn handoff(&mut self, name: String, row: HandoffRow) {
        self.texts += row.document.len();
        if let Some(before) = self.handoffs.insert(name, row) {
            self.texts -= before.document.len();
        }
    }

    fn came(&mut self, call_sid: CallSid, came: Came, at: u64) {
        let created = Created { came, language: None, prompts: None, sessions: 0, at };
        self.call(call_sid).create(created);
    }

    fn began(&mut self, call_sid: CallSid, began: Began, at: u64) {
        self.prompts.insert(began.prompts.version.clone(), (began.files, at));
        let row = self.call(call_sid);
        if row.session < Some(began.session) {
            row.session = Some(began.session);
            row.ended = None;
        }
        row.create(Created {
            came: began.came,
            language: Some(began.language),
            prompts: Some(began.prompts),
            sessions: began.session.saturating_add(1),
            at,
        });
    }

    fn changed(&mut self, call_sid: &CallSid, changes: Changes, masked: bool) {
        let Changes { session, turns, mut state } = changes;
        for mut turn in turns {
            redact::secure_input(&mut turn);
            if masked {
                redact::turn(&mut turn, Also::NOTHING);
            }
            self.turn(call_sid.clone(), turn);
        }
        if masked {
            redact::facts(&mut state.facts, Also::NOTHING);
            state.notes.iter_mut().for_each(|note| redact::text(note, None, Also::NOTHING));
        }
        let row = self.call(call_sid.clone());
        if row.session <= Some(session) {
            row.session = Some(session);
            let weight = weigh_state(Some(&state));
            let before = row.state.replace(state);
            self.texts = self.texts + weight - weigh_state(before.as_ref());
        }
    }

    fn decided(&mut self, call_sid: CallSid, session: u8, mut handoff: Handoff, at: u64, keeping: Keeping) {
        let Keeping { masked, tracked } = keeping;
        if masked {
            redact::handoff(&mut handoff, Also::NOTHING);
        }
        let document = handoff.to_handoff_data();
        let is_escalation = handoff.context.outcome == Outcome::Escalated;
        let escalation = (is_escalation && tracked.escalation).then(|| Due::after(at, spool::HOLD));
        if is_escalation {
            let name = handoff.context.trigger.word();
            self.triggers.entry((call_sid.clone(), session, name)).or_insert(at);
        }
        let row = HandoffRow { call_sid, session, document, at, escalation };
        self.handoff(handoff.context.handoff_id, row);
    }

    fn taken(&mut self, call_sid: CallSid, taken: Taken, at: u64) {
        let waiting = self.deliveries.get(&call_sid).map(|(_, since)| *since);
        let row = match taken {
            Taken::Ago(seconds) => {
                TakenRow { at: Some(at.saturating_sub(seconds.saturating_mul(1_000))), after: None }
            }
            Taken::AfterQueue(seconds) => {
                let after = seconds.saturating_mul(1_000);
                match waiting {
                    // The station it came after is not written yet.
                    Some(since) => TakenRow { at: Some(since.saturating_add(after)), after: None },
                    None => TakenRow { at: None, after: Some(after) },
                }
            }
        };
        self.taken.entry(call_sid).or_insert(row);
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
        let trigger = trigger.filter(|_| outcome == Some(Outcome::Escalated));
        let outcome = match outcome {
            Some(Outcome::Escalated) => "escalated",
            Some(Outcome::Completed) => "completed",
            None => "closed",
        };
        if let Some(trigger) = trigger {
            self.triggers.entry((call_sid.clone(), session, trigger.word())).or_insert(at);
        }
        let row = self.call(call_sid);
        if row.session <= Some(session) {
            row.session = Some(session);
            row.ended = Some(Ended { at, outcome: Some(outcome) });
        }
    }
}

impl CallRow {
    /// Takes who calls whom, where that is not known, and what the newest session is.
    fn create(&mut self, new: Created) {
        let Some(known) = &mut self.created else {
            self.created = Some(new);
            return;
        };
        let Came { account_sid, direction, caller, line, verified } = new.came;
        let came = &mut known.came;
        came.account_sid = came.account_sid.take().or(account_sid);
        came.direction = came.direction.take().or(direction);
        came.caller = came.caller.take().or(caller);
        came.line = came.line.take().or(line);
        came.verified = came.verified.take().or(verified);
        known.language = new.language.or(known.language.take());
        known.prompts = known.prompts.take().or(new.prompts);
        known.sessions = known.sessions.max(new.sessions);
        known.at = known.at.min(new.at);
    }

    /// Takes what is newer. Returns how much of what was here is not needed any more, in bytes.
    fn absorb(&mut self, newer: Self) -> usize {
        if let Some(created) = newer.created {
            self.create(created);
        }
        if newer.session > self.session {
            self.session = newer.session;
            self.ended = None;
        }
        if let Some(ended) = newer.ended {
            let outcome = ended.outcome.or(self.ended.and_then(|before| before.outcome));
            self.ended = Some(Ended { outcome, ..ended });
        }
        self.leg = newer.leg.or(self.leg);
        self.orphan = newer.orphan.or(self.orphan);
        let replaced = newer.state.and_then(|state| self.state.replace(state));
        weigh_state(replaced.as_ref())
    }
}

/// Moves the first of the rows, as many as there is room for.
fn move_some<K: Ord, V>(from: &mut BTreeMap<K, V>, to: &mut BTreeMap<K, V>, room: &mut usize) {
    while *room > 0
        && let Some((key, value)) = from.pop_first()
    {
        to.insert(key, value);
        *room -= 1;
    }
}

fn weigh_turn(turn: &Turn) -> usize {
    let run = |run: &ToolRun| {
        let result = run.result.as_ref().map_or(0, |result| result.expose().len());
        ROW + run.call.arguments.expose().len() + result
    };
    turn.text.expose().len() + turn.runs.iter().map(run).sum::<usize>()
}

fn weigh_state(state: Option<&State>) -> usize {
    let facts = state.into_iter().flat_map(|state| &state.facts);
    facts.map(|(name, fact)| name.len() + fact.expose().len()).sum()
}
