//! What this process knows of its calls: which are live, and what those that ended left behind.
//!
//! Nothing here is needed for a call to go on: another node without it answers every callback too, only with
//! less to say.

mod orders;
mod places;

pub use orders::{News, NotTaken, Order};

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio_util::sync::CancellationToken;

use crate::handoff::{Handoff, PromptVersion};
use crate::ids::CallSid;
use crate::playbook::Playbook;
use crate::record::Memory;
use orders::Orders;
use places::Places;

/// How long what a call left behind is kept. A queue can be long, a reconnect comes within seconds.
const KEPT: Duration = Duration::from_secs(4 * 60 * 60);
const REMEMBERED: Duration = Duration::from_secs(15 * 60);
/// How many calls' leavings are kept at most.
const MOST: u64 = 20_000;
/// How long a session waits for the one it supersedes.
const HAND_OVER: Duration = Duration::from_millis(500);
/// How long a spent pass is remembered: longer than one is valid.
const SPENT: Duration = Duration::from_secs(300);

/// The calls of this process.
pub struct Calls {
    live: Mutex<HashMap<CallSid, Live>>,
    places: Places,
    /// Cancelled when every session has to give its call to a person.
    called_off: CancellationToken,
    /// Numbers the sessions of this process.
    sessions: AtomicU64,
    /// With the number of the session each ends.
    handoffs: Cache<CallSid, (u8, Arc<Handoff>)>,
    memories: Cache<CallSid, Left>,
    spent: Cache<String, ()>,
    /// The prompts and tools a call began with: what was edited meanwhile is for the next call.
    pinned: Cache<CallSid, Arc<Playbook>>,
}

/// What a session left, with its number; taken by the next one.
type Left = Arc<Mutex<Option<(u8, Memory)>>>;

struct Live {
    session: u64,
    left: CancellationToken,
    orders: Arc<Orders>,
}

/// A call's place among the live ones, given up when dropped.
pub struct Presence {
    calls: Arc<Calls>,
    call_sid: CallSid,
    session: u64,
    /// A child of the one for all calls: a lock of its own is waited for by nobody else.
    called_off: CancellationToken,
    left: CancellationToken,
    orders: Arc<Orders>,
    /// Set when this session took over: the older one has left once it is cancelled.
    older: Option<CancellationToken>,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            live: Mutex::default(),
            places: Places::default(),
            called_off: CancellationToken::new(),
            sessions: AtomicU64::new(0),
            handoffs: cache(MOST, KEPT),
            memories: cache(MOST, REMEMBERED),
            spent: cache(10 * MOST, SPENT),
            pinned: cache(MOST, KEPT),
        }
    }
}

/// At capacity the oldest goes: the default policy would rather turn the newest call away.
fn cache<K, V>(most: u64, kept: Duration) -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(most).time_to_live(kept).eviction_policy(EvictionPolicy::lru()).build()
}

impl Calls {
    /// Marks a call as live. An older session of the same call is told that it was superseded.
    pub fn enter(self: &Arc<Self>, call_sid: &CallSid) -> Presence {
        let mut live = self.live();
        let session = self.sessions.fetch_add(1, Ordering::Relaxed);
        let left = CancellationToken::new();
        let orders = Arc::new(Orders::default());
        let entry = Live { session, left: left.clone(), orders: orders.clone() };
        let older = live.insert(call_sid.clone(), entry).map(|older| {
            older.orders.supersede();
            older.left
        });
        self.places.enter(call_sid);
        let called_off = self.called_off.child_token();
        Presence { calls: self.clone(), call_sid: call_sid.clone(), session, called_off, left, orders, older }
    }

    /// Passes an order on to the session of a call, which takes it in a moment.
    ///
    /// # Errors
    ///
    /// When there is no such session, or too many orders wait for it.
    pub fn order(&self, call_sid: &CallSid, order: Order) -> Result<(), NotTaken> {
        let orders = self.live().get(call_sid).map(|entry| entry.orders.clone());
        orders.ok_or(NotTaken::Unknown)?.give(order)
    }

    /// Holds a place for a call that gets its TwiML, unless `most` calls have one. It is given up by itself if
    /// no session begins within ten seconds.
    pub fn expect(&self, call_sid: &CallSid, most: usize) -> bool {
        self.places.expect(call_sid, most)
    }

    /// Twilio asked what comes after a session of the call.
    pub fn asked(&self, call_sid: &CallSid) {
        self.places.asked(call_sid);
    }

    /// Waits until no call is live or expected, and the action of each that ended was asked or given up.
    pub async fn all_left(&self) {
        self.places.empty().await;
    }

    /// Tells every session, also those that are still to begin, to give its call to a person.
    pub fn call_off(&self) {
        self.called_off.cancel();
    }

    /// Whether every session has to give its call to a person.
    pub fn are_called_off(&self) -> bool {
        self.called_off.is_cancelled()
    }

    /// Whether a session of the call runs here.
    pub fn is_live(&self, call_sid: &CallSid) -> bool {
        self.live().contains_key(call_sid)
    }

    /// How many calls are live.
    pub fn count(&self) -> usize {
        self.live().len()
    }

    /// The prompts and tools of a call: those it began with here, else those in force.
    pub fn pinned(&self, call_sid: &CallSid, current: impl FnOnce() -> Arc<Playbook>) -> Arc<Playbook> {
        self.pinned.get_with(call_sid.clone(), current)
    }

    /// Which prompts and tools a call began with here, if it did.
    pub fn pinned_before(&self, call_sid: &CallSid) -> Option<PromptVersion> {
        self.pinned.get(call_sid).map(|playbook| playbook.named.clone())
    }

    /// Spends the nonce of a pass; false when it was spent before.
    pub fn spend(&self, nonce: &str) -> bool {
        self.spent.entry(nonce.to_owned()).or_insert(()).is_fresh()
    }

    /// Keeps the document that session number `session` of a call ends with, in case its `HandoffData` does not
    /// come back.
    pub fn keep(&self, call_sid: &CallSid, session: u8, handoff: Handoff) {
        self.handoffs.insert(call_sid.clone(), (session, Arc::new(handoff)));
    }

    /// The document kept for a call, or for that session of it.
    pub fn kept(&self, call_sid: &CallSid, session: Option<u8>) -> Option<Arc<Handoff>> {
        let (of, handoff) = self.handoffs.get(call_sid)?;
        session.is_none_or(|session| session == of).then_some(handoff)
    }

    /// Keeps the conversation of a call whose socket was lost, as session number `session` left it.
    pub fn remember(&self, call_sid: &CallSid, session: u8, memory: Memory) {
        self.memories.insert(call_sid.clone(), Arc::new(Mutex::new(Some((session, memory)))));
    }

    /// The conversation of a call, as its last session here left it.
    pub fn memory(&self, call_sid: &CallSid) -> Option<Memory> {
        let memory = self.memories.get(call_sid)?;
        let left = memory.lock().unwrap_or_else(PoisonError::into_inner);
        left.as_ref().map(|(_, memory)| memory.clone())
    }

    /// Forgets what a call left: it is over, and nobody will ask again.
    pub fn forget(&self, call_sid: &CallSid) {
        self.memories.invalidate(call_sid);
        self.handoffs.invalidate(call_sid);
        self.pinned.invalidate(call_sid);
    }

    /// Takes the conversation of a call, for its next session, with the number of the one that left it.
    pub fn recall(&self, call_sid: &CallSid) -> Option<(u8, Memory)> {
        let memory = self.memories.remove(call_sid)?;
        memory.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn live(&self) -> MutexGuard<'_, HashMap<CallSid, Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presence {
    /// Waits until the session that this one supersedes has left, which takes no longer than half a second.
    pub async fn alone(&self) {
        if let Some(older) = &self.older {
            let _ = tokio::time::timeout(HAND_OVER, older.cancelled()).await;
        }
    }

    /// Says that nothing more will be left behind by this session.
    pub fn leave(&self) {
        self.left.cancel();
    }

    /// Waits until every session has to give its call to a person.
    pub async fn called_off(&self) {
        self.called_off.cancelled().await;
    }

    /// What there is to know for the task of the session: a newer session of the same call takes over, or somebody
    /// at the console wants something of it.
    pub fn poll_news(&self, context: &Context<'_>) -> Poll<News> {
        self.orders.poll_next(context)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.left.cancel();
        let mut live = self.calls.live();
        if live.get(&self.call_sid).is_some_and(|entry| entry.session == self.session) {
            live.remove(&self.call_sid);
            self.calls.places.leave(&self.call_sid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_session_supersedes_the_older_and_outlives_it() {
        let calls = Arc::new(Calls::default());
        let call_sid: CallSid = "CA1".parse().unwrap();
        let older = calls.enter(&call_sid);
        let newer = calls.enter(&call_sid);
        assert!(older.orders.is_superseded() && !newer.orders.is_superseded());
        drop(older);
        assert_eq!(calls.count(), 1);
        drop(newer);
        assert_eq!(calls.count(), 0);
    }

    #[test]
    fn a_call_that_is_over_leaves_nothing() {
        let calls = Calls::default();
        let call_sid: CallSid = "CA1".parse().unwrap();
        calls.keep(&call_sid, 0, Handoff::bare(call_sid.clone(), "HO1".into(), crate::handoff::Trigger::Key));
        calls.remember(&call_sid, 0, Memory { turns: Vec::new(), state: crate::record::State::default() });
        assert!(calls.kept(&call_sid, None).is_some() && calls.memory(&call_sid).is_some());
        assert!(calls.kept(&call_sid, Some(0)).is_some() && calls.kept(&call_sid, Some(1)).is_none());
        calls.forget(&call_sid);
        assert!(calls.kept(&call_sid, None).is_none() && calls.memory(&call_sid).is_none());
    }

    #[test]
    fn a_pass_is_spent_once() {
        let calls = Calls::default();
        assert!(calls.spend("a") && !calls.spend("a") && calls.spend("b"));
    }
}
