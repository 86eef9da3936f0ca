//! What the model remembers. A tool call and its result live in one entry, so that neither can lose the other.

mod recording;

pub(super) use recording::Step;

use crate::chat::{Message, ToolCall};
use crate::handoff::{Line, Speaker};
use crate::pii::Pii;
use crate::record::{Steps, Turn, TurnKey};

/// What a tool call is answered with when nothing else came.
const INTERRUPTED: &str = r#"{"error":"not finished: the caller interrupted"}"#;
/// The same for a call that was not broken off.
const RUNS_ON: &str =
    r#"{"status":"still running; whether it was done is not known yet, so do not ask for it again"}"#;
/// The same for a call of an earlier session.
const LOST: &str = r#"{"error":"the line dropped before it answered; whether it was done is not known"}"#;

/// Names one of our replies in the history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReplyId(u32);

/// The conversation, oldest entry first.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: Vec<Entry>,
    next_reply: u32,
    /// The key of the entry that comes next.
    next: TurnKey,
    /// The time of the input that is being handled, in milliseconds since 1970.
    at: u64,
    /// Whether something changed that is worth recording at once. More words of a reply alone are not.
    news: bool,
    /// Entries that were removed after they had been recorded, as they were at the end.
    gone: Vec<Turn>,
}

#[derive(Debug)]
struct Entry {
    key: TurnKey,
    steps: Steps,
    /// Whether it changed since it was recorded.
    changed: bool,
    recorded: bool,
    said: Said,
}

#[derive(Debug)]
enum Said {
    Caller(Pii<String>),
    Reply(Reply),
}

#[derive(Debug, Default)]
struct Reply {
    id: ReplyId,
    /// What was sent for speech, or what of it was heard once that is known.
    text: String,
    /// What was sent beyond that, and is known not to have been heard.
    unheard: String,
    interrupted: bool,
    calls: Vec<Call>,
}

/// A tool that was asked for.
#[derive(Debug)]
struct Call {
    call: ToolCall,
    result: Option<Pii<String>>,
    secure: bool,
    /// What the model is told while there is no result.
    unanswered: &'static str,
    began: u64,
    ended: Option<u64>,
}

impl History {
    /// Adds what the caller said. What was not answered yet becomes one message with it: some models insist
    /// that caller and assistant take turns. Returns whether the message is a new one.
    pub(super) fn caller(&mut self, text: &str) -> bool {
        self.drop_empty();
        self.news = true;
        if let Some(Entry { said: Said::Caller(said), changed, .. }) = self.entries.last_mut() {
            *said = format!("{} {text}", said.expose()).into();
            *changed = true;
            return false;
        }
        self.push(Said::Caller(text.into()));
        true
    }

    /// Opens a reply that has said nothing yet.
    pub(super) fn open_reply(&mut self) -> ReplyId {
        let id = ReplyId(self.next_reply);
        self.next_reply += 1;
        self.push(Said::Reply(Reply { id, ..Reply::default() }));
        id
    }

    /// Adds spoken text to a reply. One that was dropped while it was empty stands where it begins to speak.
    pub(super) fn say(&mut self, id: ReplyId, text: &str) {
        if self.entry(id).is_none() {
            self.push(Said::Reply(Reply { id, ..Reply::default() }));
        }
        let at = self.at;
        if let Some((entry, reply)) = self.entry(id) {
            reply.text.push_str(text);
            *entry.changed = true;
            if !text.is_empty() {
                entry.steps.first_frame.get_or_insert(at);
            }
        }
    }

    /// What a reply has said.
    pub(super) fn said(&mut self, id: ReplyId) -> &str {
        self.entry(id).map_or("", |(_, reply)| reply.text.as_str())
    }

    /// Adds the tool calls of a reply. `is_secure` tells of a tool whether its input must not be kept.
    pub(super) fn calls(&mut self, id: ReplyId, calls: Vec<ToolCall>, is_secure: impl Fn(&str) -> bool) {
        self.say(id, "");
        let began = self.at;
        let asked = |call: ToolCall| {
            let secure = is_secure(&call.name);
            Call { call, result: None, secure, unanswered: INTERRUPTED, began, ended: None }
        };
        if let Some((_, reply)) = self.entry(id) {
            reply.calls = calls.into_iter().map(asked).collect();
            self.news = true;
        }
    }

    /// Answers the call at `position` of a reply. The first answer counts.
    pub(super) fn answer(&mut self, id: ReplyId, position: usize, content: &str) {
        let at = self.at;
        let Some((entry, reply)) = self.entry(id) else { return };
        if let Some(call @ Call { result: None, .. }) = reply.calls.get_mut(position) {
            call.result = Some(content.into());
            call.ended = Some(at);
            *entry.changed = true;
            self.news = true;
        }
    }

    /// Notes that the call at `position` of a reply was not broken off: its answer may still come.
    pub(super) fn runs_on(&mut self, id: ReplyId, position: usize) {
        let Some((_, reply)) = self.entry(id) else { return };
        if let Some(call) = reply.calls.get_mut(position) {
            call.unanswered = RUNS_ON;
        }
    }

    /// Forgets what of a reply lies beyond its first `heard` bytes, because the caller cut it off.
    pub(super) fn forget_beyond(&mut self, id: ReplyId, heard: usize) {
        let Some((entry, reply)) = self.entry(id) else { return };
        if heard < reply.text.len() {
            let rest = reply.text.split_off(heard);
            reply.unheard.insert_str(0, &rest);
            reply.interrupted = true;
            *entry.changed = true;
            self.news = true;
        }
    }

    /// Whether the caller was not answered: the last word is the caller's, or a tool's.
    pub(super) fn awaits_answer(&self) -> bool {
        match self.entries.last().map(|entry| &entry.said) {
            Some(Said::Caller(_)) => true,
            Some(Said::Reply(reply)) => !reply.calls.is_empty(),
            None => false,
        }
    }

    /// Whether the caller said anything.
    pub(super) fn has_caller(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.said, Said::Caller(_)))
    }

    /// Removes replies of which nothing remained.
    pub(super) fn drop_empty(&mut self) {
        if !self.entries.iter().any(Entry::is_empty) {
            return;
        }
        for entry in self.entries.extract_if(.., |entry| entry.is_empty()) {
            if entry.changed && (entry.recorded || entry.has_unheard()) {
                self.gone.push(entry.turn(usize::MAX, None));
            }
        }
    }

    /// The conversation as a model reads it: every tool call followed by its one result, in order.
    pub(super) fn messages(&self) -> Vec<Message> {
        let mut messages = Vec::with_capacity(self.entries.len() + 2);
        for entry in &self.entries {
            match &entry.said {
                Said::Caller(text) => messages.push(Message::User(text.clone())),
                Said::Reply(reply) => reply.push_messages(&mut messages),
            }
        }
        messages
    }

    /// The conversation as a person reads it.
    pub(super) fn transcript(&self) -> Vec<Line> {
        let line = |entry: &Entry| match &entry.said {
            Said::Caller(text) => Some(Line { who: Speaker::Caller, text: text.clone() }),
            Said::Reply(reply) if reply.text.trim().is_empty() => None,
            Said::Reply(reply) => Some(Line { who: Speaker::Agent, text: reply.text.trim().into() }),
        };
        self.entries.iter().filter_map(line).collect()
    }

    fn push(&mut self, said: Said) {
        let steps = Steps { began: self.at, ..Steps::default() };
        self.entries.push(Entry { key: self.next, steps, changed: true, recorded: false, said });
        self.next.position += 1;
    }

    /// Searched from the end: what is looked for is nearly always the last entry.
    fn entry(&mut self, id: ReplyId) -> Option<(Marks<'_>, &mut Reply)> {
        self.entries.iter_mut().rev().find_map(|entry| match &mut entry.said {
            Said::Reply(reply) if reply.id == id => {
                Some((Marks { steps: &mut entry.steps, changed: &mut entry.changed }, reply))
            }
            Said::Reply(_) | Said::Caller(_) => None,
        })
    }
}

/// The part of an entry that is only for the record.
struct Marks<'a> {
    steps: &'a mut Steps,
    changed: &'a mut bool,
}

impl Entry {
    /// Whether nothing of it remained.
    fn is_empty(&self) -> bool {
        match &self.said {
            Said::Caller(_) => false,
            Said::Reply(reply) => reply.text.trim().is_empty() && reply.calls.is_empty(),
        }
    }
}

impl Entry {
    /// Whether it said something of which nothing was heard.
    fn has_unheard(&self) -> bool {
        matches!(&self.said, Said::Reply(reply) if !reply.unheard.is_empty())
    }
}

impl Reply {
    fn push_messages(&self, messages: &mut Vec<Message>) {
        if self.text.is_empty() && self.calls.is_empty() {
            return;
        }
        let calls = self.calls.iter().map(|asked| asked.call.clone()).collect();
        messages.push(Message::Assistant { text: self.text.as_str().into(), calls });
        for asked in &self.calls {
            let content = asked.result.clone().unwrap_or_else(|| asked.unanswered.into());
            messages.push(Message::Tool { call_id: asked.call.id.clone(), content });
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
        history.calls(reply, vec![call("a"), call("b")], |_| false);
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
        history.calls(asked, vec![call("a")], |_| false);
        history.forget_beyond(told, 0);
        history.forget_beyond(asked, 0);
        history.drop_empty();
        assert_eq!(history.messages().len(), 2);
    }
}
