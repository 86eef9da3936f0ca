//! What is to be told where nothing is kept: the little that is needed of each call, in memory, under the same
//! rules as in the store.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use crate::handoff::{Handoff, Outcome};
use crate::ids::CallSid;
use crate::store::spool::{
    Claimed, Due, HOLD, HandedOver, Key, Kind, Leg, SETTLE, Tracked, Trimmed, Waiting,
};
use crate::store::{Began, Came, Delivery, Note, Taken, What, moment};

/// How many calls are known. A call that waits for a person is among them, for an hour if need be.
const MOST: usize = 10_000;

/// What is known of calls, and what of them is still to be told.
#[derive(Debug)]
pub(super) struct Ledger {
    tracked: Tracked,
    calls: HashMap<CallSid, Known>,
    /// In the order in which they came.
    order: VecDeque<CallSid>,
    due: BTreeMap<Key, Due>,
    /// How many things were given up because too many calls were known.
    overflow: u64,
    most: usize,
}

#[derive(Debug, Default)]
struct Known {
    leg: Leg,
    /// Hand-offs by the session that decided them, each with when its state was heard of last.
    handoffs: BTreeMap<u8, (HandedOver, u64)>,
}

impl Ledger {
    pub(super) fn new(tracked: Tracked) -> Self {
        Self {
            tracked,
            calls: HashMap::new(),
            order: VecDeque::new(),
            due: BTreeMap::new(),
            overflow: 0,
            most: MOST,
        }
    }

    /// Takes a note.
    pub(super) fn take(&mut self, note: Note) {
        let Note { call_sid, at, what } = note;
        match what {
            What::Came(came) => self.came(&call_sid, came, at),
            What::Began(began) => self.began(&call_sid, began, at),
            What::Changed(changes) => {
                if let Some(Known { leg, .. }) = self.calls.get_mut(&call_sid) {
                    leg.language = Some(changes.state.language);
                    leg.turns = Some(changes.state.turns);
                }
            }
            What::Decided(session, handoff) => self.decided(call_sid, session, *handoff, at),
            What::Taken(taken) => self.taken(&call_sid, taken, at),
            What::Delivered(delivery) => self.delivered(&call_sid, delivery, at),
            What::Left { outcome, .. } => self.left(call_sid, outcome, at),
            What::Over => self.over(call_sid, at),
            What::Answering | What::Recorded(_) | What::Audited(_) => {}
        }
    }

    fn came(&mut self, call_sid: &CallSid, came: Came, at: u64) {
        let known = self.known(call_sid, at);
        known.leg.caller = known.leg.caller.take().or(came.caller);
        known.leg.direction = known.leg.direction.take().or(came.direction);
    }

    fn began(&mut self, call_sid: &CallSid, began: Began, at: u64) {
        let Began { session, came, language, .. } = began;
        self.came(call_sid, came, at);
        let leg = &mut self.known(call_sid, at).leg;
        leg.language.get_or_insert(language);
        let sessions = u32::from(session) + 1;
        if sessions > leg.sessions {
            (leg.sessions, leg.outcome, leg.ended_at) = (sessions, None, None);
        }
    }

    fn decided(&mut self, call_sid: CallSid, session: u8, handoff: Handoff, at: u64) {
        let escalation = self.tracked.escalation && handoff.context.outcome == Outcome::Escalated;
        let Some(known) = self.calls.get_mut(&call_sid) else { return };
        if let Some((before, _)) = known.handoffs.get_mut(&session) {
            before.handoff = handoff;
            return;
        }
        let state = "decided".to_owned();
        let handed_over = HandedOver { handoff, decided_at: at, answered_at: None, state, target: None };
        known.handoffs.insert(session, (handed_over, at));
        if escalation {
            self.due.insert(Key { call_sid, kind: Kind::Escalation, session }, Due::after(at, HOLD));
        }
    }

    /// The hand-off that is under way.
    fn under_way(&mut self, call_sid: &CallSid) -> Option<&mut (HandedOver, u64)> {
        Some(self.calls.get_mut(call_sid)?.handoffs.last_entry()?.into_mut())
    }

    fn taken(&mut self, call_sid: &CallSid, taken: Taken, at: u64) {
        let Some((handed_over, since)) = self.under_way(call_sid) else { return };
        handed_over.answered_at.get_or_insert(match taken {
            Taken::AfterQueue(seconds) => since.saturating_add(seconds.saturating_mul(1_000)),
            Taken::Ago(seconds) => at.saturating_sub(seconds.saturating_mul(1_000)),
        });
        self.hasten(call_sid, at.saturating_add(SETTLE));
    }

    fn delivered(&mut self, call_sid: &CallSid, delivery: Delivery, at: u64) {
        let Delivery { target, state } = delivery;
        if let Some((handed_over, since)) = self.under_way(call_sid) {
            handed_over.state = state.word().to_owned();
            handed_over.target = target.or(handed_over.target.take());
            *since = at;
        }
        if state.is_final() {
            self.hasten(call_sid, at);
        }
    }

    fn left(&mut self, call_sid: CallSid, outcome: Option<Outcome>, at: u64) {
        let Some(Known { leg, .. }) = self.calls.get_mut(&call_sid) else { return };
        let told = leg.outcome.is_some();
        leg.outcome = Some(
            match outcome {
                Some(Outcome::Escalated) => "escalated",
                Some(Outcome::Completed) => "completed",
                None => "closed",
            }
            .to_owned(),
        );
        leg.ended_at = Some(at);
        let key = Key { call_sid, kind: Kind::Leg, session: 0 };
        let due = Due::of_leg(outcome, at);
        match self.due.get_mut(&key) {
            Some(known) => *known = Due { due_at: known.due_at.min(due.due_at), ..due },
            None if self.tracked.leg && !told => {
                self.due.insert(key, due);
            }
            None => {}
        }
    }

    fn over(&mut self, call_sid: CallSid, at: u64) {
        let Some(Known { leg, .. }) = self.calls.get_mut(&call_sid) else { return };
        leg.ended_at = Some(at);
        let told = leg.outcome.is_some();
        self.hasten(&call_sid, at);
        if self.tracked.leg && !told {
            let key = Key { call_sid, kind: Kind::Leg, session: 0 };
            self.due.entry(key).or_insert(Due::after(at, SETTLE));
        }
    }

    /// Nothing more is waited for.
    fn hasten(&mut self, call_sid: &CallSid, at: u64) {
        for (_, due) in self.of(call_sid) {
            due.due_at = due.due_at.min(at);
        }
    }

    fn of(&mut self, call_sid: &CallSid) -> impl Iterator<Item = (&Key, &mut Due)> {
        let key = |kind, session| Key { call_sid: call_sid.clone(), kind, session };
        self.due.range_mut(key(Kind::Leg, 0)..=key(Kind::Escalation, u8::MAX))
    }

    /// Everything is due now: the process ends.
    pub(super) fn settle(&mut self) {
        self.due.values_mut().for_each(|due| due.due_at = 0);
    }

    /// What is due, up to `most` things.
    pub(super) fn claim(&self, most: usize, now: u64) -> Vec<Claimed> {
        let due = self.due.iter().filter(|(_, due)| due.due_at <= now).take(most);
        due.filter_map(|(key, due)| {
            let known = self.calls.get(&key.call_sid)?;
            let handed_over = match key.kind {
                Kind::Leg => known.handoffs.last_key_value().map(|(_, handoff)| handoff),
                Kind::Escalation => known.handoffs.get(&key.session),
            };
            let handed_over = handed_over.map(|(handed_over, _)| handed_over.clone());
            let leg = Leg { handed_over, ..known.leg.clone() };
            Some(Claimed { key: key.clone(), made_at: due.made_at, leg })
        })
        .collect()
    }

    /// These were told, or will never be.
    pub(super) fn done(&mut self, keys: &[Key]) {
        for key in keys {
            self.due.remove(key);
            // That it is known has to stay known, so that it is not told twice; its words need not.
            if self.of(&key.call_sid).next().is_none()
                && let Some(known) = self.calls.get_mut(&key.call_sid)
            {
                known.handoffs.values_mut().for_each(|(handed_over, _)| {
                    let context = &handed_over.handoff.context;
                    let (sid, id) = (context.call_sid.clone(), context.handoff_id.clone());
                    handed_over.handoff = Handoff::bare(sid, id, context.trigger);
                });
            }
        }
    }

    /// Gives up what is too old, and says what else was given up.
    pub(super) fn trim(&mut self, age: Duration, now: u64) -> Trimmed {
        let before = now.saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        let count = self.due.len();
        self.due.retain(|_, due| due.made_at >= before);
        let old = (count - self.due.len()) as u64;
        Trimmed { old, overflow: std::mem::take(&mut self.overflow) }
    }

    /// How much waits.
    pub(super) fn waiting(&self) -> Waiting {
        let now = moment();
        let oldest = self.due.values().map(|due| due.due_at).min().unwrap_or(now);
        Waiting { count: self.due.len() as u64, lag: Duration::from_millis(now.saturating_sub(oldest)) }
    }

    /// What is known of a call, which may be new. The oldest goes where there are too many.
    fn known(&mut self, call_sid: &CallSid, at: u64) -> &mut Known {
        if !self.calls.contains_key(call_sid) {
            if self.calls.len() >= self.most
                && let Some(oldest) = self.order.pop_front()
            {
                let keys: Vec<Key> = self.of(&oldest).map(|(key, _)| key.clone()).collect();
                for key in &keys {
                    self.due.remove(key);
                }
                self.overflow += keys.len() as u64;
                self.calls.remove(&oldest);
            }
            self.order.push_back(call_sid.clone());
        }
        self.calls.entry(call_sid.clone()).or_insert_with(|| Known {
            leg: Leg { began_at: at, ..Leg::default() },
            handoffs: BTreeMap::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::{PromptVersion, Trigger};
    use crate::store::DeliveryState;

    fn ledger() -> Ledger {
        Ledger::new(Tracked { leg: true, escalation: true })
    }

    fn note(ledger: &mut Ledger, call: &str, at: u64, what: What) {
        ledger.take(Note { call_sid: call.parse().unwrap(), at, what });
    }

    fn began(session: u8) -> What {
        What::Began(Began {
            session,
            came: Came::new(None, Some("inbound"), Some("+15551230000"), None),
            language: "en-US".into(),
            prompts: PromptVersion { variant: "base".into(), version: "v".into() },
            files: "{}".into(),
        })
    }

    fn left(outcome: Option<Outcome>) -> What {
        What::Left { outcome, trigger: None, session: 0 }
    }

    fn decided() -> What {
        What::Decided(0, Box::new(Handoff::bare("CA1".parse().unwrap(), "HO1".into(), Trigger::Key)))
    }

    fn kinds(claimed: &[Claimed]) -> Vec<Kind> {
        claimed.iter().map(|claimed| claimed.key.kind).collect()
    }

    fn done(ledger: &mut Ledger, claimed: &[Claimed]) {
        ledger.done(&claimed.iter().map(|claimed| claimed.key.clone()).collect::<Vec<_>>());
    }

    #[test]
    fn an_escalation_waits_for_its_person_and_a_leg_for_nobody() {
        let mut ledger = ledger();
        note(&mut ledger, "CA1", 1_000, began(0));
        note(&mut ledger, "CA1", 60_000, decided());
        note(&mut ledger, "CA1", 61_000, left(Some(Outcome::Escalated)));
        let told = ledger.claim(10, 61_000);
        assert_eq!((kinds(&told), told[0].made_at), (vec![Kind::Leg], 61_000));
        done(&mut ledger, &told);
        // The action says the same again.
        note(&mut ledger, "CA1", 61_500, decided());
        note(&mut ledger, "CA1", 61_500, left(Some(Outcome::Escalated)));
        note(&mut ledger, "CA1", 62_000, What::Delivered(DeliveryState::Queued.into()));
        assert!(ledger.claim(10, 1_000_000).is_empty());
        note(&mut ledger, "CA1", 500_000, What::Taken(Taken::AfterQueue(30)));
        note(&mut ledger, "CA1", 500_000, What::Delivered(DeliveryState::Answered.into()));
        let told = ledger.claim(10, 500_000);
        assert_eq!(kinds(&told), [Kind::Escalation]);
        let handed_over = told[0].leg.handed_over.as_ref().unwrap();
        assert_eq!((handed_over.decided_at, handed_over.answered_at), (60_000, Some(92_000)));
        done(&mut ledger, &told);
        note(&mut ledger, "CA1", 600_000, What::Over);
        assert!(ledger.claim(10, u64::MAX).is_empty() && ledger.waiting().count == 0);
    }

    #[test]
    fn nobody_knows_whether_a_person_answered_for_an_hour_at_most() {
        let mut ledger = ledger();
        note(&mut ledger, "CA1", 0, began(0));
        note(&mut ledger, "CA1", 1_000, decided());
        assert!(ledger.claim(10, 1_000 + HOLD - 1).is_empty());
        assert_eq!(ledger.claim(10, 1_000 + HOLD).len(), 1);
    }

    #[test]
    fn a_call_that_comes_back_is_told_once_with_its_last_session() {
        let mut ledger = ledger();
        note(&mut ledger, "CA1", 0, began(0));
        note(&mut ledger, "CA1", 10_000, left(None));
        assert!(ledger.claim(10, 69_999).is_empty(), "it may come back");
        note(&mut ledger, "CA1", 12_000, began(1));
        let live = ledger.claim(10, 70_000);
        assert!(live[0].leg.ended_at.is_none(), "there is nothing to tell of it");
        done(&mut ledger, &live);
        note(&mut ledger, "CA1", 90_000, left(None));
        note(&mut ledger, "CA1", 91_000, What::Over);
        let told = ledger.claim(10, 91_000);
        assert_eq!((told.len(), told[0].made_at, told[0].leg.sessions), (1, 90_000, 2));
    }

    #[test]
    fn a_call_that_is_over_without_a_word_is_told_in_a_moment() {
        let mut ledger = ledger();
        note(&mut ledger, "CA1", 0, began(0));
        note(&mut ledger, "CA1", 5_000, What::Over);
        assert!(ledger.claim(10, 5_000).is_empty());
        assert_eq!(ledger.claim(10, 5_000 + SETTLE).len(), 1);
    }

    #[test]
    fn what_is_too_old_or_too_much_is_given_up_and_counted() {
        let mut ledger = Ledger { most: 2, ..ledger() };
        for (at, call) in ["CA1", "CA2", "CA3"].into_iter().enumerate() {
            note(&mut ledger, call, at as u64, began(0));
            note(&mut ledger, call, at as u64, left(Some(Outcome::Completed)));
        }
        assert_eq!(ledger.waiting().count, 2);
        assert_eq!(ledger.trim(Duration::from_millis(10), 11), Trimmed { old: 0, overflow: 1 });
        assert_eq!(ledger.trim(Duration::from_millis(10), 12), Trimmed { old: 1, overflow: 0 });
        ledger.settle();
        assert_eq!(ledger.claim(10, 0).len(), 1);
    }
}
