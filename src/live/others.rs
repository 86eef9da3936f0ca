//! The calls of other nodes, as far as these told of them. Time is an argument.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::card::{Gone, LiveCall};
use crate::ids::CallSid;

/// After how long without a sign of life a node counts as gone. It gives one every five seconds.
const DEAD: Duration = Duration::from_secs(16);
/// After how long a call is dropped that its node tells nothing of. It tells of each every twenty seconds.
const FORGOTTEN: Duration = Duration::from_secs(65);

/// What is known of other nodes.
#[derive(Debug, Default)]
pub(super) struct Others {
    nodes: HashMap<String, Node>,
    calls: HashMap<CallSid, (Arc<LiveCall>, Instant)>,
}

#[derive(Debug)]
struct Node {
    heard: Instant,
    watchers: usize,
}

impl Others {
    /// A node gave a sign of life.
    pub(super) fn alive(&mut self, node: &str, watchers: usize, now: Instant) {
        self.nodes.insert(node.to_owned(), Node { heard: now, watchers });
    }

    /// A node told of a call. Returns whether that is news.
    pub(super) fn call(&mut self, call: LiveCall, now: Instant) -> Option<Arc<LiveCall>> {
        let call = Arc::new(LiveCall { own: false, ..call });
        if let Some(node) = self.nodes.get_mut(&call.node) {
            node.heard = node.heard.max(now);
        }
        let known = self.calls.insert(call.call_sid.clone(), (call.clone(), now));
        known.is_none_or(|(known, _)| known != call).then_some(call)
    }

    /// A node told that a call is over. Returns whether it was known, and that node's.
    pub(super) fn gone(&mut self, node: &str, call_sid: &CallSid) -> bool {
        let theirs = self.calls.get(call_sid).is_some_and(|(call, _)| call.node == node);
        theirs && self.calls.remove(call_sid).is_some()
    }

    /// Drops the nodes that are silent with all their calls, and calls that nobody speaks of any more.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Gone> {
        self.nodes.retain(|_, node| now.saturating_duration_since(node.heard) < DEAD);
        let nodes = &self.nodes;
        let is_gone = |(call, seen): &(Arc<LiveCall>, Instant)| {
            !nodes.contains_key(&call.node) || now.saturating_duration_since(*seen) >= FORGOTTEN
        };
        let lost: Vec<CallSid> =
            self.calls.iter().filter(|(_, known)| is_gone(known)).map(|(sid, _)| sid.clone()).collect();
        let gone = |call_sid: CallSid| {
            let (call, _) = self.calls.remove(&call_sid)?;
            Some(Gone { call_sid, outcome: None, trigger: call.trigger })
        };
        lost.into_iter().filter_map(gone).collect()
    }

    /// Whether somebody looks on elsewhere.
    pub(super) fn look_on(&self) -> bool {
        self.nodes.values().any(|node| node.watchers > 0)
    }

    pub(super) fn calls(&self) -> impl Iterator<Item = &Arc<LiveCall>> {
        self.calls.values().map(|(call, _)| call)
    }

    pub(super) fn find(&self, call_sid: &CallSid) -> Option<&Arc<LiveCall>> {
        self.calls.get(call_sid).map(|(call, _)| call)
    }

    /// Forgets a call that this node has now.
    pub(super) fn taken(&mut self, call_sid: &CallSid) {
        self.calls.remove(call_sid);
    }
}

#[cfg(test)]
mod tests {
    use super::super::card::LiveState;
    use super::*;
    use crate::clock::now;
    use crate::store::archive::Moment;

    fn call(sid: &str, node: &str, state: LiveState) -> LiveCall {
        LiveCall {
            call_sid: sid.parse().unwrap(),
            caller: None,
            line: None,
            language: None,
            state,
            sentiment: None,
            turns: 0,
            began_at: Moment(0),
            last_words: None,
            trigger: None,
            node: node.into(),
            own: true,
            phone: false,
        }
    }

    #[test]
    fn only_news_is_shown_and_never_as_our_own() {
        let (mut others, at) = (Others::default(), now());
        others.alive("one", 0, at);
        assert!(!others.call(call("CA1", "one", LiveState::Ringing), at).unwrap().own);
        assert_eq!(others.call(call("CA1", "one", LiveState::Ringing), at), None);
        assert!(others.call(call("CA1", "one", LiveState::Thinking), at).is_some());
        let sid = "CA1".parse().unwrap();
        assert!(!others.gone("two", &sid), "it is not theirs");
        assert!(others.gone("one", &sid) && !others.gone("one", &sid));
    }

    #[test]
    fn a_dead_node_takes_its_calls_along() {
        let (mut others, at) = (Others::default(), now());
        others.alive("one", 1, at);
        others.alive("two", 0, at + DEAD / 2);
        others.call(call("CA1", "one", LiveState::Ringing), at);
        others.call(call("CA2", "two", LiveState::Ringing), at);
        assert!(others.look_on());
        let gone = others.expire(at + DEAD);
        assert_eq!(gone.iter().map(|gone| gone.call_sid.as_str()).collect::<Vec<_>>(), ["CA1"]);
        assert!(!others.look_on() && others.calls().count() == 1);
        others.alive("two", 0, at + FORGOTTEN);
        assert_eq!(others.expire(at + FORGOTTEN).len(), 1, "its node speaks of it no more");
    }
}
