//! The one task of a process that keeps the board.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::{broadcast, mpsc};
use tokio::task::yield_now;

use super::card::{Card, Gone, LiveCall};
use super::cluster::{Letter, Says, pack, write};
use super::others::Others;
use super::{ASKS, Ask, BEHIND, Board, Change, Found, Watching, event};
use crate::calls::{Calls, Order};
use crate::clock::{now, since_epoch};
use crate::gate::Gate;
use crate::ids::CallSid;
use crate::mask::Also;
use crate::store::{Note, Told};

/// How often what changed is shown: four times a second.
const TICK: Duration = Duration::from_millis(250);
/// How often a node says that it is there, and tells what changed where nobody looks on elsewhere.
const BEAT: Duration = Duration::from_secs(5);
/// How often a node tells of every call it has.
const RETELL: Duration = Duration::from_secs(20);
/// How many calls are looked at in one go: the threads serve calls too.
const AT_ONCE: usize = 50;
/// How many calls the board holds. Those that wait for a person are among them, for hours if need be.
const MOST_CARDS: usize = 20_000;
/// How many letters may wait to be sent.
const LETTERS: usize = 1_024;

/// Keeps the board until nobody needs it.
pub struct Keeper {
    cards: HashMap<CallSid, Card>,
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
    letters: Option<mpsc::Sender<String>>,
    heard: mpsc::Receiver<Told>,
    node: Arc<str>,
    also: Also,
    calls: Arc<Calls>,
    gate: Arc<Gate>,
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
        let board = Board { asks, changes: changes.clone(), node: node.clone() };
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
            watchers: 0,
            pace: TICK,
            beat: at,
            retold: at,
            told: at,
        };
        (board, keeper)
    }

    /// From now on other nodes are told, and heard. Returns the ends that somebody has to carry letters between.
    pub fn post(&mut self) -> Post {
        let (letters, outgoing) = mpsc::channel(LETTERS);
        let (incoming, heard) = mpsc::channel(LETTERS);
        (self.letters, self.heard) = (Some(letters), heard);
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
        if self.cards.len() >= MOST_CARDS && !self.cards.contains_key(&call_sid) {
            return;
        }
        let card = self.cards.entry(call_sid.clone()).or_insert_with(|| Card::new(at));
        card.fold(at, what);
        if let Some(at) = card.changes_at() {
            self.alarms.insert((at, call_sid.clone()));
        }
        self.others.taken(&call_sid);
        self.untold.insert(call_sid.clone());
        self.changed.insert(call_sid);
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
            }
            Ask::List(answer) => {
                let _ = answer.send(self.all().await);
            }
            Ask::Find(call_sid, answer) => {
                let _ = answer.send(self.find(&call_sid).map(Box::new));
            }
            Ask::Tell(call_sid, order) => self.say(write(&self.node, Says::Order(call_sid, order))),
            Ask::SignedOut(id) => self.say(write(&self.node, Says::SignedOut(id))),
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
            self.untold.insert(call_sid.clone());
            self.changed.insert(call_sid);
        }
    }

    /// Takes away the cards of calls that are over.
    fn clear(&mut self, now: u64) {
        let over: Vec<CallSid> =
            self.cards.iter().filter(|(_, card)| card.is_gone(now)).map(|(sid, _)| sid.clone()).collect();
        let gone: Vec<Gone> = over.iter().map(|call_sid| self.cards[call_sid].gone(call_sid)).collect();
        for call_sid in &over {
            self.cards.remove(call_sid);
            self.changed.remove(call_sid);
            self.untold.remove(call_sid);
        }
        for letter in pack(&self.node, &gone, Says::Gone) {
            self.say(letter);
        }
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
        let _ = self.changes.send(Arc::new(Change { events: events.into(), calls, gone }));
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
            self.say(write(&self.node, Says::Alive(watchers)));
        }
    }

    /// Tells other nodes what changed: at once where somebody looks on there, else now and then.
    async fn tell(&mut self, at: Instant, now: u64) {
        let since = |before: Instant| at.saturating_duration_since(before);
        if since(self.beat) >= BEAT {
            self.beat = at;
            self.say(write(&self.node, Says::Alive(self.watchers)));
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
        for letter in pack(&self.node, &calls, Says::Calls) {
            self.say(letter);
        }
    }

    /// Sends a letter; where too many wait it is lost, and what it said is told again later.
    fn say(&mut self, letter: String) {
        if let Some(letters) = &self.letters {
            let _ = letters.try_send(letter);
        }
    }

    fn hear(&mut self, heard: Told) {
        match heard {
            Told::Connected => {
                self.say(write(&self.node, Says::Alive(self.watchers)));
                self.say(write(&self.node, Says::Tell));
                self.tell_all();
            }
            Told::Text(text) => {
                if let Some(letter) = Letter::read(&text).filter(|letter| *letter.from != *self.node) {
                    self.letter(letter);
                }
            }
        }
    }

    /// Tells of every call with the next tick.
    fn tell_all(&mut self) {
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
                self.say(write(&self.node, Says::Alive(self.watchers)));
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
            Says::Order(call_sid, order) => self.obey(&call_sid, order),
            Says::SignedOut(id) => self.gate.sign_out(&id),
        }
    }

    /// Does what another node asks for, if the call is here.
    fn obey(&self, call_sid: &CallSid, order: Order) {
        let _ = self.calls.order(call_sid, order);
    }
}

/// The time in milliseconds since 1970.
fn moment() -> u64 {
    u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX)
}
