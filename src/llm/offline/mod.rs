//! The embedded agent: what answers when no model is configured, so that a call works with no account at all.
//!
//! It is no language model and says so. It finds topics in the knowledge files by the words a caller uses, and
//! escalates by rule. The same conversation always gets the same answer.

mod answer;
mod dialogue;
mod hearing;
mod language;
mod sentences;
mod summary;
mod topics;
mod words;

use futures_util::stream;

use crate::chat::{Finish, ModelEvent};
use crate::llm::{Answer, Model, Question};
use answer::Reply;

/// The embedded agent. It answers from the knowledge that a call was begun with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offline;

impl Model for Offline {
    fn ask(&self, question: Question) -> Answer {
        let events = move || events(answer::reply(&question, &question.prompts));
        Box::pin(stream::iter(std::iter::once_with(events).flatten()))
    }

    fn name<'a>(&'a self, _: &'a Question) -> (&'static str, &'a str) {
        ("warmline", "embedded")
    }

    fn describe(&self) -> String {
        "embedded agent (fixed rules, no language model)".to_owned()
    }
}

/// Word by word, as a model would.
fn events(reply: Reply) -> Vec<ModelEvent> {
    let words = reply.words.split_inclusive(' ').map(|word| ModelEvent::Words(word.into()));
    let done = ModelEvent::Done { calls: reply.calls, finish: Finish::Complete };
    words.chain([done]).collect()
}

#[cfg(test)]
mod tests;
