//! The board as those who look on get it, and as nodes tell each other of it.

use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use super::*;
use crate::calls::Calls;
use crate::clock::since_epoch;
use crate::config::Console;
use crate::gate::{COOKIE, Gate};
use crate::mask::Also;
use crate::store::{Came, Note, Told, What};
use crate::token::Keyring;

const SOON: Duration = Duration::from_secs(10);

/// A node whose board is shown a thousand times a second.
struct Node {
    board: Board,
    notes: mpsc::Sender<Note>,
    gate: Arc<Gate>,
    post: Option<Post>,
    _keeper: JoinSet<()>,
}

impl Node {
    async fn new(name: &str) -> Self {
        let (notes, noted) = mpsc::channel(64);
        let calls = Arc::new(Calls::default());
        let keyring = Arc::new(Keyring::new([&SecretString::from("the secret that both share")]));
        let gate = Arc::new(Gate::new(&Console::Password("correct horse".into()), keyring.clone()).await);
        let all = Also { email: true, phone: true };
        let (board, mut keeper) = Keeper::new(name.into(), all, noted, calls, gate.clone());
        keeper.pace = Duration::from_millis(1);
        let post = Some(keeper.post(keyring));
        let mut running = JoinSet::new();
        running.spawn(keeper.run());
        Self { board, notes, gate, post, _keeper: running }
    }

    async fn note(&self, call_sid: &str, what: What) {
        let call_sid = call_sid.parse().unwrap();
        self.notes.send(Note { call_sid, at: now(), what }).await.unwrap();
    }

    async fn call(&self, call_sid: &str, caller: &str) {
        self.note(call_sid, What::Came(Came::new(None, None, Some(caller), None))).await;
    }
}

fn now() -> u64 {
    u64::try_from(since_epoch().as_millis()).unwrap()
}

/// Carries letters between two nodes, each of which hears its own too.
fn carry(one: &mut Node, two: &mut Node) -> JoinSet<()> {
    let (
        Post { outgoing: mut from_one, incoming: to_one },
        Post { outgoing: mut from_two, incoming: to_two },
    ) = (one.post.take().unwrap(), two.post.take().unwrap());
    let mut carrying = JoinSet::new();
    carrying.spawn(async move {
        for node in [&to_one, &to_two] {
            node.send(Told::Connected).await.unwrap();
        }
        loop {
            let letter = tokio::select! {
                letter = from_one.recv() => letter,
                letter = from_two.recv() => letter,
            };
            let Some(letter) = letter else { return };
            for node in [&to_one, &to_two] {
                let _ = node.send(Told::Text(letter.clone())).await;
            }
        }
    });
    carrying
}

async fn until<T>(find: impl AsyncFn() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = find().await {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, found).await.expect("it comes to be so")
}

#[tokio::test]
async fn a_slow_reader_gets_the_board_afresh_and_no_backlog() {
    let node = Node::new("one").await;
    let (mut slow, mut quick) = (node.board.watch().await.unwrap(), node.board.watch().await.unwrap());
    assert_eq!(slow.snapshot, "event: snapshot\ndata: {\"calls\":[]}\n\n");
    for number in 0..BEHIND + 2 {
        node.call(&format!("CA{number}"), "+15551230000").await;
        let change = quick.changes.recv().await.unwrap();
        assert!(change.calls.contains(&format!("CA{number}").parse().unwrap()));
    }
    assert!(matches!(slow.changes.recv().await, Err(RecvError::Lagged(2..))));
    let afresh = node.board.watch().await.unwrap().snapshot;
    let afresh = std::str::from_utf8(&afresh).unwrap();
    assert_eq!(afresh.matches("\"callSid\"").count(), BEHIND + 2);
    assert!(!afresh.contains("+15551230000"), "{afresh}");
}

#[tokio::test]
async fn many_changes_of_a_call_are_shown_as_one() {
    let node = Node::new("one").await;
    let mut watching = node.board.watch().await.unwrap();
    for _ in 0..20 {
        node.call("CA1", "+15551230000").await;
    }
    let change = watching.changes.recv().await.unwrap();
    let events = std::str::from_utf8(&change.events).unwrap();
    assert_eq!(events.matches("event: call").count(), 1, "{events}");
}

#[tokio::test]
async fn nodes_tell_each_other_what_they_have_and_who_signed_out() {
    let (mut one, mut two) = (Node::new("one").await, Node::new("two").await);
    // Before they hear of each other.
    one.call("CA1", "+15551230000").await;
    let _carrying = carry(&mut one, &mut two);
    let mut watching = two.board.watch().await.unwrap();
    let sid: CallSid = "CA1".parse().unwrap();
    let seen = until(async || two.board.find(&sid).await).await;
    assert_eq!((seen.live.own, seen.live.node.as_str(), seen.kept.is_none()), (false, "one", true));
    assert!(one.board.find(&sid).await.unwrap().live.own);
    one.note("CA1", What::Over).await;
    let gone = async { while !watching.changes.recv().await.unwrap().gone.contains(&sid) {} };
    tokio::time::timeout(SOON, gone).await.expect("it is gone on the other node too");
    assert!(two.board.find(&sid).await.is_none());
    let cookie = one.gate.sign_in("correct horse".into(), None).await.unwrap();
    let header = format!("{COOKIE}={cookie}");
    let visitor = two.gate.visitor(Some(&header)).expect("one session for all nodes");
    one.board.signed_out(&visitor.id).await;
    until(async || two.gate.visitor(Some(&header)).is_none().then_some(())).await;
}
