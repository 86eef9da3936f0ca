//! What the model remembers. A tool call and its result live in one entry, so that neither can lose the other.

use crate::chat::{Message, ToolCall};
use crate::handoff::{Line, Speaker};
use crate::pii::Pii;

/// What a tool call is answered with when nothing else came.
const INTERRUPTED: &str = r#"{"error":"not finished: the caller interrupted"}"#;

/// Names one of our replies in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReplyId(u32);

/// The conversation, oldest entry first.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    entries: Vec<Entry>,
    next: u32,
}

#[derive(Debug, Clone)]
enum Entry {
    Caller(Pii<String>),
    Reply(Reply),
}

#[derive(Debug, Clone)]
struct Reply {
    id: ReplyId,
    /// What was sent for speech, or what of it was heard once that is known.
    text: String,
    calls: Vec<(ToolCall, Option<Pii<String>>)>,
}

impl History {
    /// Adds what the caller said. What was not answered yet becomes one message with it: some models insist
    /// that caller and assistant take turns. Returns whether the message is a new one.
    pub(super) fn caller(&mut self, text: &str) -> bool {
        self.drop_empty();
        if let Some(Entry::Caller(said)) = self.entries.last_mut() {
            *said = format!("{} {text}", said.expose()).into();
            return false;
        }
        self.entries.push(Entry::Caller(text.into()));
        true
    }

    /// Opens a reply that has said nothing yet.
    pub(super) fn open_reply(&mut self) -> ReplyId {
        let id = ReplyId(self.next);
        self.next += 1;
        self.entries.push(Entry::Reply(Reply { id, text: String::new(), calls: Vec::new() }));
        id
    }

    /// Adds spoken text to a reply. One that was dropped while it was empty stands where it begins to speak.
    pub(super) fn say(&mut self, id: ReplyId, text: &str) {
        match self.reply(id) {
            Some(reply) => reply.text.push_str(text),
            None => self.entries.push(Entry::Reply(Reply { id, text: text.to_owned(), calls: Vec::new() })),
        }
    }

    /// What a reply has said.
    pub(super) fn said(&mut self, id: ReplyId) -> &str {
        self.reply(id).map_or("", |reply| reply.text.as_str())
    }

    /// Adds the tool calls of a reply.
    pub(super) fn calls(&mut self, id: ReplyId, calls: Vec<ToolCall>) {
        self.say(id, "");
        if let Some(reply) = self.reply(id) {
            reply.calls = calls.into_iter().map(|call| (call, None)).collect();
        }
    }

    /// Answers the call at `position` of a reply. The first answer counts.
    pub(super) fn answer(&mut self, id: ReplyId, position: usize, content: &str) {
        let call = self.reply(id).and_then(|reply| reply.calls.get_mut(position));
        if let Some((_, result @ None)) = call {
            *result = Some(content.into());
        }
    }

    /// Forgets what of a reply lies beyond its first `heard` bytes.
    pub(super) fn forget_beyond(&mut self, id: ReplyId, heard: usize) {
        if let Some(reply) = self.reply(id) {
            reply.text.truncate(heard.min(reply.text.len()));
        }
    }

    /// Whether the caller was not answered: the last word is the caller's, or a tool's.
    pub(super) fn awaits_answer(&self) -> bool {
        match self.entries.last() {
            Some(Entry::Caller(_)) => true,
            Some(Entry::Reply(reply)) => !reply.calls.is_empty(),
            None => false,
        }
    }

    /// Whether the caller said anything.
    pub(super) fn has_caller(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry, Entry::Caller(_)))
    }

    /// Removes replies of which nothing remained.
    pub(super) fn drop_empty(&mut self) {
        let keep = |entry: &Entry| match entry {
            Entry::Caller(_) => true,
            Entry::Reply(reply) => !reply.text.trim().is_empty() || !reply.calls.is_empty(),
        };
        self.entries.retain(keep);
    }

    /// The conversation as a model reads it: every tool call followed by its one result, in order.
    pub(super) fn messages(&self) -> Vec<Message> {
        let mut messages = Vec::with_capacity(self.entries.len() + 2);
        for entry in &self.entries {
            match entry {
                Entry::Caller(text) => messages.push(Message::User(text.clone())),
                Entry::Reply(reply) => reply.push_messages(&mut messages),
            }
        }
        messages
    }

    /// The conversation as a person reads it.
    pub(super) fn transcript(&self) -> Vec<Line> {
        let line = |entry: &Entry| match entry {
            Entry::Caller(text) => Some(Line { who: Speaker::Caller, text: text.clone() }),
            Entry::Reply(reply) if reply.text.trim().is_empty() => None,
            Entry::Reply(reply) => Some(Line { who: Speaker::Agent, text: reply.text.trim().into() }),
        };
        self.entries.iter().filter_map(line).collect()
    }

    /// Searched from the end: what is looked for is nearly always the last entry.
    fn reply(&mut self, id: ReplyId) -> Option<&mut Reply> {
        self.entries.iter_mut().rev().find_map(|entry| match entry {
            Entry::Reply(reply) if reply.id == id => Some(reply),
            Entry::Reply(_) | Entry::Caller(_) => None,
        })
    }
}

impl Reply {
    fn push_messages(&self, messages: &mut Vec<Message>) {
        if self.text.is_empty() && self.calls.is_empty() {
            return;
        }
        let calls = self.calls.iter().map(|(call, _)| call.clone()).collect();
        messages.push(Message::Assistant { text: self.text.as_str().into(), calls });
        for (call, result) in &self.calls {
            let content = result.clone().unwrap_or_else(|| INTERRUPTED.into());
            messages.push(Message::Tool { call_id: call.id.clone(), content });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str) -> ToolCall {
        ToolCall { id: id.into(), name: "remember".into(), arguments: "{}".into() }
    }

    #[test]
    fn results_come_in_the_order_of_the_calls_and_a_missing_one_is_filled() {
        let mut history = History::default();
        history.caller("hello");
        let reply = history.open_reply();
        history.calls(reply, vec![call("a"), call("b")]);
        history.answer(reply, 1, "second");
        history.answer(reply, 1, "too late");
        let results: Vec<_> = history
            .messages()
            .into_iter()
            .filter_map(|message| match message {
                Message::Tool { call_id, content } => Some((call_id, content.into_inner())),
                Message::User(_) | Message::Assistant { .. } => None,
            })
            .collect();
        assert_eq!(results, [("a".into(), INTERRUPTED.into()), ("b".into(), "second".into())]);
    }

    #[test]
    fn what_the_caller_said_without_an_answer_is_one_message() {
        let mut history = History::default();
        history.caller("my order");
        history.open_reply();
        history.caller("is late");
        assert_eq!(history.messages(), [Message::User("my order is late".into())]);
    }

    #[test]
    fn a_goodbye_that_begins_after_the_caller_spoke_again_is_remembered() {
        let mut history = History::default();
        let goodbye = history.open_reply();
        history.caller("wait");
        history.say(goodbye, "I am connecting you.");
        let said: Vec<_> = history.transcript().into_iter().map(|line| line.text.into_inner()).collect();
        assert_eq!(said, ["wait", "I am connecting you."]);
    }

    #[test]
    fn a_reply_cut_to_nothing_keeps_its_tools() {
        let mut history = History::default();
        let (told, asked) = (history.open_reply(), history.open_reply());
        history.say(told, "Hello");
        history.say(asked, "One moment");
        history.calls(asked, vec![call("a")]);
        history.forget_beyond(told, 0);
        history.forget_beyond(asked, 0);
        history.drop_empty();
        assert_eq!(history.messages().len(), 2);
    }
}
