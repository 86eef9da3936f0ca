//! The one task of a process that keeps the board.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::{broadcast, mpsc};
use tokio::task::yield_now;
use tracing::warn;

use super::card::{Card, Gone, LiveCall};
use super::cluster::{Errand, Letter, Pen, Says};
use super::others::Others;
use super::{ASKS, Ask, BEHIND, Board, Change, Found, Watching, event};
use crate::calls::Calls;
use crate::clock::{now, since_epoch};
use crate::gate::Gate;
use crate::ids::CallSid;
use crate::mask::Also;
use crate::store::{Note, Told, What};
use crate::token::Keyring;

/// How often what changed is shown: four times a second.
const TICK: Duration = Duration::from_millis(250);
/// How often a node says that it is there, and tells what changed where nobody looks on elsewhere.
const BEAT: Duration = Duration::from_secs(5);
/// How often a node tells of every call it has.
const RETELL: Duration = Duration::from_secs(20);
/// For how long it is said again that a session of the console was ended: what is said may be lost.
const AGAIN: Duration = Duration::from_secs(60);
/// How many calls are looked at in one go: the threads serve calls too.
const AT_ONCE: usize = 50;
/// How many calls the board holds. Those that wait for a person are among them, for hours if need be.
const MOST_CARDS: usize = 20_000;
/// How many letters may wait to be sent.
const LETTERS: usize = 1_024;

/// Keeps the board until nobody needs it.
pub struct Keeper {
    cards: HashMap<CallSid, Box<Card>>,
    others: Others,
    /// Cards that changed since they were shown here.
    changed: BTreeSet<CallSid>,
    /// Cards that changed since other nodes were told.
    untold: BTreeSet<CallSid>,
    /// Calls of other nodes that changed since they were shown here.
    news: BTreeSet<CallSid>,
    gone: Vec<Gone>,
    /// When cards change by themselves.
    alarms: BTreeSet<(u64, CallSid)>,
    notes: mpsc::Receiver<Note>,
    asks: mpsc::Receiver<Ask>,
    changes: broadcast::Sender<Arc<Change>>,
    letters: Option<(Pen, mpsc::Sender<String>)>,
    heard: mpsc::Receiver<Told>,
    node: Arc<str>,
    also: Also,
    calls: Arc<Calls>,
    gate: Arc<Gate>,
    /// Sessions of the console that were ended here a moment ago.
    ended: Vec<(String, Instant)>,
    /// How many changes were shown.
    shown: u64,
    watchers: usize,
    /// How often what changed is shown.
    pub(super) pace: Duration,
    beat: Instant,
    retold: Instant,
    told: Instant,
}

/// The ends of the way to other nodes.
#[derive(Debug)]
pub struct Post {
    /// What is to be sent.
    pub outgoing: mpsc::Receiver<String>,
    /// Where what comes is put.
    pub incoming: mpsc::Sender<Told>,
}

#[derive(Serialize)]
struct Snapshot<'a> {
    calls: &'a [Arc<LiveCall>],
}

impl Keeper {
    /// A board for this node, and the task that has to run beside it. `also` is hidden in what is shown.
    pub fn new(
        node: Arc<str>,
        also: Also,
        notes: mpsc::Receiver<Note>,
        calls: Arc<Calls>,
        gate: Arc<Gate>,
    ) -> (Board, Self) {
        let (asks, asked) = mpsc::channel(ASKS);
        let (changes, _) = broadcast::channel(BEHIND);
        let board = Board { asks, changes: changes.clone(), node: node.clone(), others: None };
        let at = now();
        let (_, heard) = mpsc::channel(1);
        let keeper = Self {
            cards: HashMap::new(),
            others: Others::default(),
            changed: BTreeSet::new(),
            untold: BTreeSet::new(),
            news: BTreeSet::new(),
            gone: Vec::new(),
            alarms: BTreeSet::new(),
            notes,
            asks: asked,
            changes,
            letters: None,
            heard,
            node,
            also,
            calls,
            gate,
            ended: Vec::new(),
            shown: 0,
            watchers: 0,
            pace: TICK,
            beat: at,
            retold: at,
            told: at,
        };
        (board, keeper)
    }

    /// From now on other nodes are told, and heard if they have the same key. Returns the ends that somebody has
    /// to carry letters between.
    pub fn post(&mut self, keyring: Arc<Keyring>) -> Post {
        let (letters, outgoing) = mpsc::channel(LETTERS);
        let (incoming, heard) = mpsc::channel(LETTERS);
        self.heard = heard;
        self.letters = Some((Pen::new(self.node.clone(), keyring), letters));
        Post { outgoing, incoming }
    }

    /// Runs until every [`Board`] is gone.
    pub async fn run(mut self) {
        let mut tick = tokio::time::interval(self.pace);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ask = self.asks.recv() => match ask {
                    Some(ask) => self.answer(ask).await,
                    None => return,
                },
                Some(note) = self.notes.recv() => self.note(note),
                Some(heard) = self.heard.recv(), if self.letters.is_some() => self.hear(heard),
                _ = tick.tick() => self.tick().await,
            }
        }
    }

    fn note(&mut self, note: Note) {
        let Note { call_sid, at, what } = note;
        // What is told late of a call that is over does not bring it back.
        let is_new = matches!(what, What::Came(_) | What::Began(_)) && self.cards.len() < MOST_CARDS;
        let card = match self.cards.entry(call_sid.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) if is_new => place.insert(Box::new(Card::new(at))),
            Entry::Vacant(_) => return,
        };
        card.fold(at, what);
        if let Some(at) = card.changes_at().filter(|_| self.watchers > 0 || self.letters.is_some()) {
            self.alarms.insert((at, call_sid.clone()));
        }
        self.others.taken(&call_sid);
        self.mark(call_sid);
    }

    /// Notes that a card changed, for whoever is there to be told.
    fn mark(&mut self, call_sid: CallSid) {
        if self.letters.is_some() {
            self.untold.insert(call_sid.clone());
        }
        if self.watchers > 0 {
            self.changed.insert(call_sid);
        }
    }

    async fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Watch(answer) => {
                let calls = self.all().await;
                let snapshot = Bytes::from(event("snapshot", &Snapshot { calls: &calls }));
                // What is in it need not be told again.
                let changes = self.changes.subscribe();
                let _ = answer.send(Watching { snapshot, changes });
                self.count_watchers();
                // Nobody has looked on so far, so nothing was to be shown at a time of its own.
                let alarms = self
                    .cards
                    .iter()
                    .filter_map(|(call_sid, card)| Some((card.changes_at()?, call_sid.clone())));
                self.alarms.extend(alarms);
            }
            Ask::List(answer) => {
                let _ = answer.send(self.all().await);
            }
            Ask::Find(call_sid, answer) => {
                let _ = answer.send(self.find(&call_sid).map(Box::new));
            }
            Ask::Forget(call_sid, done) => {
                self.forget(&call_sid);
                let _ = done.send(());
            }
            Ask::SignedOut(id) => {
                self.say(Says::SignedOut(vec![id.clone()]));
                self.ended.push((id, now()));
            }
        }
    }

    /// Takes away all that is known of a call that was deleted.
    fn forget(&mut self, call_sid: &CallSid) {
        self.calls.forget(call_sid);
        for changes in [&mut self.changed, &mut self.untold, &mut self.news] {
            changes.remove(call_sid);
        }
        if let Some(card) = self.cards.remove(call_sid) {
            let gone = card.gone(call_sid);
            self.say_all(std::slice::from_ref(&gone), Says::Gone);
            self.gone.push(gone);
        } else if let Some(call) = self.others.find(call_sid) {
            self.gone.push(Gone { call_sid: call_sid.clone(), outcome: None, trigger: call.trigger });
            self.others.taken(call_sid);
        }
    }

    fn find(&mut self, call_sid: &CallSid) -> Option<Found> {
        let now = moment();
        if let Some(card) = self.cards.get_mut(call_sid).filter(|card| !card.is_gone(now)) {
            let live = Arc::new(card.view(call_sid, &self.node, self.also, now));
            return Some(Found { live, kept: Some(card.kept(call_sid)) });
        }
        self.others.find(call_sid).map(|call| Found { live: call.clone(), kept: None })
    }

    /// Every call, the latest first.
    async fn all(&mut self) -> Vec<Arc<LiveCall>> {
        let now = moment();
        let mut calls: Vec<Arc<LiveCall>> = self.others.calls().cloned().collect();
        for (count, (call_sid, card)) in self.cards.iter_mut().enumerate() {
            if !card.is_gone(now) {
                calls.push(Arc::new(card.view(call_sid, &self.node, self.also, now)));
            }
            if count % AT_ONCE == AT_ONCE - 1 {
                yield_now().await;
            }
        }
        calls.sort_by(|a, b| (b.began_at, &a.call_sid).cmp(&(a.began_at, &b.call_sid)));
        calls
    }

    async fn tick(&mut self) {
        let (at, now) = (now(), moment());
        self.count_watchers();
        self.wake(now);
        self.clear(now);
        let lost = self.others.expire(at);
        self.gone.extend(lost);
        if self.watchers > 0 {
            self.show(now).await;
        } else {
            // Whoever comes gets the whole board.
            self.changed.clear();
            self.news.clear();
            self.gone.clear();
        }
        if self.letters.is_some() {
            self.tell(at, now).await;
        }
    }

    /// Cards that look different by now although nothing happened.
    fn wake(&mut self, now: u64) {
        while let Some((at, call_sid)) = self.alarms.pop_first() {
            if at > now {
                self.alarms.insert((at, call_sid));
                return;
            }
            self.mark(call_sid);
        }
    }

    /// Takes away the cards of calls that are over, and of those whose session is gone without a word: that it
    /// left may have been told while too many notes waited.
    fn clear(&mut self, now: u64) {
        let calls = &self.calls;
        let is_over = |call_sid: &CallSid, card: &Card| {
            card.is_gone(now) || (card.is_silent(now) && !calls.is_live(call_sid))
        };
        let over = self.cards.iter().filter(|(call_sid, card)| is_over(call_sid, card));
        let over: Vec<CallSid> = over.map(|(call_sid, _)| call_sid.clone()).collect();
        let gone: Vec<Gone> = over.iter().map(|call_sid| self.cards[call_sid].gone(call_sid)).collect();
        for call_sid in &over {
            self.cards.remove(call_sid);
            self.changed.remove(call_sid);
            self.untold.remove(call_sid);
        }
        self.say_all(&gone, Says::Gone);
        self.gone.extend(gone);
    }

    /// Shows what changed.
    async fn show(&mut self, now: u64) {
        let changed = std::mem::take(&mut self.changed);
        let news = std::mem::take(&mut self.news);
        let gone = std::mem::take(&mut self.gone);
        if changed.is_empty() && news.is_empty() && gone.is_empty() {
            return;
        }
        let mut events = String::new();
        for call in self.views(&changed, now).await {
            events.push_str(&event("call", &*call));
        }
        for call in news.iter().filter_map(|call_sid| self.others.find(call_sid)) {
            events.push_str(&event("call", &**call));
        }
        gone.iter().for_each(|gone| events.push_str(&event("gone", gone)));
        let gone = gone.into_iter().map(|gone| gone.call_sid).collect();
        let calls = changed.into_iter().chain(news).collect();
        self.shown += 1;
        let _ =
            self.changes.send(Arc::new(Change { number: self.shown, events: events.into(), calls, gone }));
    }

    async fn views(&mut self, call_sids: &BTreeSet<CallSid>, now: u64) -> Vec<Arc<LiveCall>> {
        let mut views = Vec::with_capacity(call_sids.len());
        for (count, call_sid) in call_sids.iter().enumerate() {
            if let Some(card) = self.cards.get_mut(call_sid) {
                views.push(Arc::new(card.view(call_sid, &self.node, self.also, now)));
            }
            if count % AT_ONCE == AT_ONCE - 1 {
                yield_now().await;
            }
        }
        views
    }

    fn count_watchers(&mut self) {
        let watchers = self.changes.receiver_count();
        let is_news = (watchers > 0) != (self.watchers > 0);
        self.watchers = watchers;
        if is_news {
            self.say(Says::Alive(watchers));
        }
    }

    /// Tells other nodes what changed: at once where somebody looks on there, else now and then.
    async fn tell(&mut self, at: Instant, now: u64) {
        let since = |before: Instant| at.saturating_duration_since(before);
        if since(self.beat) >= BEAT {
            self.beat = at;
            self.say(Says::Alive(self.watchers));
            self.ended.retain(|(_, ended)| since(*ended) < AGAIN);
            let ended: Vec<String> = self.ended.iter().map(|(id, _)| id.clone()).collect();
            self.say_all(&ended, Says::SignedOut);
        }
        let all = since(self.retold) >= RETELL;
        if all {
            self.retold = at;
            self.untold.extend(self.cards.keys().cloned());
        }
        if self.untold.is_empty() || !(all || self.others.look_on() || since(self.told) >= BEAT) {
            return;
        }
        self.told = at;
        let untold = std::mem::take(&mut self.untold);
        let calls: Vec<LiveCall> =
            self.views(&untold, now).await.into_iter().map(|call| (*call).clone()).collect();
        self.say_all(&calls, Says::Calls);
    }

    /// Sends a letter; where too many wait it is lost, and what it said is told again later.
    fn say(&self, says: Says) {
        if let Some((pen, letters)) = &self.letters {
            let _ = letters.try_send(pen.write(says));
        }
    }

    /// Sends as many letters as it takes.
    fn say_all<T: Serialize + Clone>(&self, items: &[T], says: impl Fn(Vec<T>) -> Says) {
        if let Some((pen, letters)) = &self.letters {
            for letter in pen.pack(items, says) {
                let _ = letters.try_send(letter);
            }
        }
    }

    fn hear(&mut self, heard: Told) {
        match heard {
            Told::Connected => {
                self.say(Says::Alive(self.watchers));
                self.say(Says::Tell);
                self.tell_all();
            }
            Told::Text(text) => {
                let letter = self.letters.as_ref().and_then(|(pen, _)| pen.read(&text));
                if let Some(letter) = letter {
                    self.letter(letter);
                }
            }
        }
    }

    /// Tells of every call with the next tick, and of the sessions that were ended, at once.
    fn tell_all(&mut self) {
        self.say_all(&self.gate.ended(), Says::SignedOut);
        self.untold.extend(self.cards.keys().cloned());
        if let Some(before) = self.told.checked_sub(BEAT) {
            self.told = before;
        }
    }

    fn letter(&mut self, letter: Letter) {
        let Letter { from, says } = letter;
        let at = now();
        match says {
            Says::Alive(watchers) => self.others.alive(&from, watchers, at),
            Says::Tell => {
                self.say(Says::Alive(self.watchers));
                self.tell_all();
            }
            Says::Calls(calls) => {
                for call in calls.into_iter().filter(|call| call.node == from) {
                    // A call that came back to this node is no other's, whatever that one says late.
                    if !self.cards.contains_key(&call.call_sid)
                        && let Some(call) = self.others.call(call, at)
                    {
                        self.news.insert(call.call_sid.clone());
                    }
                }
            }
            Says::Gone(gone) => {
                let (others, news) = (&mut self.others, &mut self.news);
                let theirs = gone.into_iter().filter(|gone| others.gone(&from, &gone.call_sid));
                for gone in theirs {
                    news.remove(&gone.call_sid);
                    self.gone.push(gone);
                }
            }
            Says::Order(errand) => self.obey(errand),
            Says::Deleted(call_sid) => self.forget(&call_sid),
            Says::SignedOut(ids) => ids.iter().for_each(|id| self.gate.sign_out(id)),
        }
    }

    /// Does what another node asks for, once and in time, if the call is here.
    fn obey(&self, errand: Errand) {
        let Errand { call_sid, order, once, until } = errand;
        let ours = self.calls.is_live(&call_sid) && self.calls.spend(&once);
        if !ours {
            return;
        }
        let taken = if until < since_epoch().as_secs() {
            Err("it came too late, or the clocks of two nodes differ".to_owned())
        } else {
            self.calls.order(&call_sid, order).map_err(|error| error.to_string())
        };
        if let Err(reason) = taken {
            warn!(call.sid = %call_sid, reason, "order from another node was not carried out");
        }
    }
}

/// The time in milliseconds since 1970.
fn moment() -> u64 {
    u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::Order;
    use crate::config::Console;
    use crate::handoff::PromptVersion;
    use crate::store::{Began, Came, DeliveryState};

    async fn keeper() -> Keeper {
        let keyring = Arc::new(Keyring::new([&"secret".into()]));
        let gate = Arc::new(Gate::new(&Console::Open, keyring).await);
        let (_, notes) = mpsc::channel(1);
        Keeper::new("node".into(), Also::NOTHING, notes, Arc::default(), gate).1
    }

    fn note(what: What) -> Note {
        Note { call_sid: "CA1".parse().unwrap(), at: moment(), what }
    }

    #[tokio::test]
    async fn what_is_told_of_a_call_that_is_over_does_not_bring_it_back() {
        let mut keeper = keeper().await;
        keeper.note(note(What::Came(Came::default())));
        assert_eq!(keeper.all().await.len(), 1);
        keeper.note(note(What::Over));
        keeper.clear(moment());
        assert_eq!(keeper.gone.len(), 1);
        keeper.note(note(What::Delivered(DeliveryState::Abandoned.into())));
        keeper.note(note(What::Over));
        keeper.clear(moment());
        assert_eq!((keeper.all().await.len(), keeper.gone.len()), (0, 1), "it went once");
    }

    #[tokio::test]
    async fn a_call_whose_session_is_gone_without_a_word_goes_too() {
        let mut keeper = keeper().await;
        let began = Began {
            session: 0,
            came: Came::default(),
            language: "en-US".into(),
            prompts: PromptVersion { variant: "base".into(), version: "v".into() },
            files: "{}".into(),
        };
        let presence = keeper.calls.enter(&"CA1".parse().unwrap());
        keeper.note(note(What::Began(began)));
        let later = moment() + 60_000;
        keeper.clear(later);
        assert_eq!(keeper.all().await.len(), 1, "a caller may think for a minute");
        drop(presence);
        keeper.clear(moment());
        assert_eq!(keeper.all().await.len(), 1, "a socket that was lost may come back");
        keeper.clear(later);
        assert_eq!(keeper.all().await.len(), 0);
    }

    #[tokio::test]
    async fn an_order_from_another_node_counts_once_and_in_time() {
        let keeper = keeper().await;
        let call_sid: CallSid = "CA1".parse().unwrap();
        let presence = keeper.calls.enter(&call_sid);
        let soon = since_epoch().as_secs() + 60;
        for (once, until) in [("a", soon), ("a", soon), ("b", 1), ("c", soon)] {
            let order = Order::Whisper(once.into());
            keeper.obey(Errand { call_sid: call_sid.clone(), order, once: once.into(), until });
        }
        let context = std::task::Context::from_waker(std::task::Waker::noop());
        let next = || presence.poll_news(&context);
        for once in ["a", "c"] {
            assert_eq!(
                next(),
                std::task::Poll::Ready(crate::calls::News::Order(Order::Whisper(once.into())))
            );
        }
        assert!(next().is_pending());
    }

    #[tokio::test]
    async fn a_deleted_call_leaves_the_board_and_is_told_to_have_gone() {
        let mut keeper = keeper().await;
        keeper.note(note(What::Came(Came::default())));
        keeper.forget(&"CA1".parse().unwrap());
        assert_eq!((keeper.all().await.len(), keeper.gone.len()), (0, 1));
        keeper.note(note(What::Delivered(DeliveryState::Answered.into())));
        assert_eq!(keeper.all().await.len(), 0);
    }
}
