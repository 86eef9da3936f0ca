//! The conversation as the agent needs it: what the caller said, what we answered, and which tools have run since.

use serde_json::Value;

use crate::chat::{Message, ToolCall};

/// A conversation, oldest turn first.
#[derive(Debug, Default)]
pub(super) struct Dialogue<'a> {
    /// What we said before the caller said anything.
    pub(super) opening: String,
    pub(super) turns: Vec<Turn<'a>>,
    /// How many tool calls there were.
    pub(super) calls: usize,
}

/// Something the caller said, and what followed.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) said: &'a str,
    /// What we answered, as far as the caller heard it.
    pub(super) answered: String,
    pub(super) calls: Vec<Called<'a>>,
}

/// A tool call with what became of it.
#[derive(Debug)]
pub(super) struct Called<'a> {
    call: &'a ToolCall,
    pub(super) failed: bool,
}

impl<'a> Dialogue<'a> {
    pub(super) fn read(messages: &'a [Message]) -> Self {
        let mut dialogue = Self::default();
        for message in messages {
            match message {
                Message::User(said) => {
                    let turn = Turn { said: said.expose(), answered: String::new(), calls: Vec::new() };
                    dialogue.turns.push(turn);
                }
                Message::Assistant { text, calls } => dialogue.answer(text.expose(), calls),
                Message::Tool { call_id, content } => dialogue.result(call_id, content.expose()),
            }
        }
        dialogue
    }

    /// The turn that is to be answered now.
    pub(super) fn last(&self) -> Option<&Turn<'a>> {
        self.turns.last()
    }

    /// What we said before the caller's last words.
    pub(super) fn before_last(&self) -> &str {
        match self.turns.len().checked_sub(2).and_then(|index| self.turns.get(index)) {
            Some(turn) => &turn.answered,
            None => &self.opening,
        }
    }

    fn answer(&mut self, text: &str, calls: &'a [ToolCall]) {
        self.calls += calls.len();
        let answered = match self.turns.last_mut() {
            Some(turn) => {
                turn.calls.extend(calls.iter().map(|call| Called { call, failed: false }));
                &mut turn.answered
            }
            None => &mut self.opening,
        };
        if !answered.is_empty() {
            answered.push(' ');
        }
        answered.push_str(text.trim());
    }

    fn result(&mut self, call_id: &str, content: &str) {
        let calls = self.turns.last_mut().into_iter().flat_map(|turn| &mut turn.calls);
        if let Some(called) = calls.rev().find(|called| called.call.id == call_id) {
            called.failed =
                serde_json::from_str::<Value>(content).is_ok_and(|result| result.get("error").is_some());
        }
    }
}

impl<'a> Turn<'a> {
    /// The calls of one tool in this turn.
    pub(super) fn calls_of<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Called<'a>> {
        self.calls.iter().filter(move |called| called.call.name == name)
    }

    /// Whether a tool did its work in this turn.
    pub(super) fn has_done(&self, name: &str) -> bool {
        self.calls_of(name).any(|called| !called.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_belong_to_the_words_they_followed() {
        let call =
            |id: &str, name: &str| ToolCall { id: id.into(), name: name.into(), arguments: "{}".into() };
        let messages = [
            Message::Assistant { text: "Hello.".into(), calls: Vec::new() },
            Message::User("12345678".into()),
            Message::Assistant { text: "".into(), calls: vec![call("a", "remember"), call("b", "escalate")] },
            Message::Tool { call_id: "a".into(), content: "{\"status\":\"remembered\"}".into() },
            Message::Tool { call_id: "b".into(), content: "{\"error\":\"no\"}".into() },
            Message::Assistant { text: "Noted.".into(), calls: Vec::new() },
            Message::User("Thanks".into()),
        ];
        let dialogue = Dialogue::read(&messages);
        assert_eq!(
            (dialogue.opening.as_str(), dialogue.before_last(), dialogue.calls),
            ("Hello.", "Noted.", 2)
        );
        let first = &dialogue.turns[0];
        assert!(first.has_done("remember") && !first.has_done("escalate"));
        assert_eq!(dialogue.last().unwrap().said, "Thanks");
        assert!(dialogue.last().unwrap().calls.is_empty());
    }
}
