//! Calls as they go on, for whoever looks on: a board fed by the notes that the store gets too.
//!
//! A call's task makes a note and goes on. One task of the process folds notes into cards (`Card`), and shows
//! what changed at most four times a second, hidden as the settings say. Who reads too slowly gets the whole
//! board afresh in place of what was missed. Nodes that share PostgreSQL tell each other (`cluster`).

mod card;
mod cluster;
mod keeper;
mod others;
#[cfg(test)]
mod tests;

pub use card::{Gone, LastWords, LiveCall, LiveState};
pub use keeper::{Keeper, Post};

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::{broadcast, mpsc, oneshot};
use tracing::warn;

use crate::calls::Order;
use crate::clock::since_epoch;
use crate::ids::CallSid;
use crate::store::Voice;
use crate::store::archive::Kept;
use crate::token::{Keyring, nonce};
use cluster::{Errand, Pen, Says};

/// How many changes wait for a slow reader: four seconds of them.
const BEHIND: usize = 16;
/// How many questions to the board may wait.
const ASKS: usize = 256;
/// How many may look on at once. Each takes an open file, which the limit of calls leaves for them.
const MOST: usize = 256;
/// For how long an order may be carried out. The clocks of nodes differ by less.
const IN_TIME: Duration = Duration::from_secs(60);

/// The other nodes could not be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the other nodes cannot be told now")]
pub struct Unsent;

/// The board. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Board {
    asks: mpsc::Sender<Ask>,
    changes: broadcast::Sender<Arc<Change>>,
    node: Arc<str>,
    /// The way to the other nodes, if there can be any.
    others: Option<(Pen, Voice)>,
}

/// What changed since the change before.
#[derive(Debug)]
pub struct Change {
    /// Counts them, from 1.
    pub number: u64,
    /// As events of a stream: `call` and `gone`.
    pub events: Bytes,
    /// The calls that look different.
    pub calls: BTreeSet<CallSid>,
    /// The calls that are over.
    pub gone: BTreeSet<CallSid>,
}

impl Change {
    /// Whether there is something to tell of this call.
    pub fn concerns(&self, call_sid: &CallSid) -> bool {
        self.calls.contains(call_sid) || self.gone.contains(call_sid)
    }
}

/// What somebody who looks on gets.
#[derive(Debug)]
pub struct Watching {
    /// The whole board, as an event `snapshot`.
    pub snapshot: Bytes,
    /// What changes from there on.
    pub changes: broadcast::Receiver<Arc<Change>>,
}

/// A call of the board.
#[derive(Debug)]
pub struct Found {
    /// What the board shows of it.
    pub live: Arc<LiveCall>,
    /// All that is known of it here, with nothing hidden; none for a call of another node.
    pub kept: Option<Kept>,
}

/// A question to the board.
enum Ask {
    Watch(oneshot::Sender<Watching>),
    List(oneshot::Sender<Vec<Arc<LiveCall>>>),
    Find(CallSid, oneshot::Sender<Option<Box<Found>>>),
    Forget(CallSid, oneshot::Sender<()>),
    SignedOut(String),
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ask(..)")
    }
}

impl Board {
    /// The name of this node.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The whole board, and what changes from there on; none where too many look on already.
    pub async fn watch(&self) -> Option<Watching> {
        if self.changes.receiver_count() >= MOST {
            return None;
        }
        self.ask(Ask::Watch).await
    }

    /// Every call, the latest first.
    pub async fn calls(&self) -> Vec<Arc<LiveCall>> {
        self.ask(Ask::List).await.unwrap_or_default()
    }

    /// One call.
    pub async fn find(&self, call_sid: &CallSid) -> Option<Box<Found>> {
        self.ask(|answer| Ask::Find(call_sid.clone(), answer)).await.flatten()
    }

    /// From now on orders for the calls of other nodes can be passed on.
    pub fn speak(&mut self, keyring: Arc<Keyring>, voice: Voice) {
        self.others = Some((Pen::new(self.node.clone(), keyring), voice));
    }

    /// Passes an order on to the node that has the call.
    ///
    /// # Errors
    ///
    /// When it could not be sent.
    pub async fn tell_others(&self, call_sid: &CallSid, order: Order) -> Result<(), Unsent> {
        let until = (since_epoch() + IN_TIME).as_secs();
        self.post(Says::Order(Errand { call_sid: call_sid.clone(), order, once: nonce(), until })).await
    }

    /// Has the other nodes take a call away that is deleted.
    ///
    /// # Errors
    ///
    /// When they could not be told.
    pub async fn forget_elsewhere(&self, call_sid: &CallSid) -> Result<(), Unsent> {
        self.post(Says::Deleted(call_sid.clone())).await
    }

    /// What must not be lost is said at once, and by whoever waits for it.
    async fn post(&self, says: Says) -> Result<(), Unsent> {
        let Some((pen, voice)) = &self.others else { return Ok(()) };
        voice.say(&pen.write(says)).await.map_err(|error| {
            warn!(reason = error.to_string(), "other nodes could not be told what was asked at the console");
            Unsent
        })
    }

    /// Takes a call away that was deleted, with all that is known of it here.
    pub async fn forget(&self, call_sid: &CallSid) {
        self.ask(|done| Ask::Forget(call_sid.clone(), done)).await;
    }

    /// Tells the other nodes that a session of the console was ended.
    pub async fn signed_out(&self, id: &str) {
        let _ = self.asks.send(Ask::SignedOut(id.to_owned())).await;
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.asks.send(ask(answer)).await.ok()?;
        answered.await.ok()
    }
}

/// An event of a stream.
pub fn event(name: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n")
}
