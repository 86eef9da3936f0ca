//! Calls as they go on, for whoever looks on: a board fed by the notes that the store gets too.
//!
//! A call's task makes a note and goes on. One task of the process folds notes into cards ([`Card`]), and shows
//! what changed at most four times a second, hidden as the settings say. Who reads too slowly gets the whole
//! board afresh in place of what was missed. Nodes that share PostgreSQL tell each other ([`cluster`]).

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

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::calls::Order;
use crate::ids::CallSid;
use crate::store::archive::Kept;

/// How many changes wait for a slow reader: four seconds of them.
const BEHIND: usize = 16;
/// How many questions to the board may wait.
const ASKS: usize = 256;
/// How many may look on at once.
const MOST: usize = 1_000;

/// The board. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Board {
    asks: mpsc::Sender<Ask>,
    changes: broadcast::Sender<Arc<Change>>,
    node: Arc<str>,
}

/// What changed since the change before.
#[derive(Debug)]
pub struct Change {
    /// As events of a stream: `call` and `gone`.
    pub events: Bytes,
    /// The calls in it.
    pub calls: BTreeSet<CallSid>,
    /// Whether a call in it is one that is over.
    pub gone: BTreeSet<CallSid>,
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
    Tell(CallSid, Order),
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

    /// Passes an order on to the node that has the call. Returns whether there are other nodes to ask.
    pub async fn tell_others(&self, call_sid: &CallSid, order: Order) -> bool {
        self.asks.send(Ask::Tell(call_sid.clone(), order)).await.is_ok()
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
