//! The model of a trial: what it is asked, what it answers, and what that takes.

use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use futures_util::{FutureExt as _, StreamExt as _};

use super::Setup;
use crate::chat::{Message, ModelError, ModelEvent};
use crate::eval::outcome::Usage;
use crate::llm::{Answer, Model, Question, Tokens};
use crate::session::{Ask, RequestId};

/// How many characters make a token, roughly, where nobody counts.
const CHARACTERS_PER_TOKEN: u64 = 4;

/// The model, and the question it was asked.
pub(super) struct Asked {
    model: Arc<dyn Model>,
    embedded: bool,
    /// What stays the same in all questions.
    question: Question,
    /// Characters that every question has.
    usual: u64,
    answer: Option<Under>,
    tokens: Option<Arc<Tokens>>,
    usage: Usage,
    first_token: Vec<u32>,
}

/// An answer that comes.
struct Under {
    request: RequestId,
    answer: Answer,
    asked: Instant,
    began: bool,
    /// Characters of the question, and of the answer so far.
    characters: [u64; 2],
    /// How many questions the provider had counted before.
    counted: u64,
}

impl Asked {
    pub(super) fn new(setup: &Setup<'_>, mut question: Question) -> Self {
        let embedded = setup.agent.embedded;
        let tokens = (setup.conditions.counts_tokens && !embedded).then(|| Arc::new(Tokens::default()));
        question.tuning.tokens.clone_from(&tokens);
        question.tuning.seed = setup.seed;
        let tools: usize = question.toolbox.tools().iter().map(length).sum();
        Self {
            model: setup.agent.model.clone(),
            embedded,
            usual: (question.system.text().len() + tools) as u64,
            question,
            answer: None,
            tokens,
            usage: Usage::default(),
            first_token: Vec::new(),
        }
    }

    /// Asks.
    pub(super) fn ask(&mut self, ask: Ask, language: &str, now: Instant) {
        self.give_up();
        let messages: u64 = ask.messages.iter().map(characters).sum();
        let question = Question {
            messages: ask.messages,
            choice: ask.choice,
            attempt: ask.attempt,
            language: language.to_owned(),
            ..self.question.clone()
        };
        self.usage.questions += 1;
        self.answer = Some(Under {
            request: ask.id,
            answer: self.model.ask(question),
            asked: now,
            began: false,
            characters: [self.usual + messages, 0],
            counted: self.counted(),
        });
    }

    /// Whether an answer is waited for.
    pub(super) fn is_waited_for(&self) -> bool {
        self.answer.is_some()
    }

    /// Stops an answer.
    pub(super) fn cancel(&mut self, request: RequestId) {
        if self.answer.as_ref().is_some_and(|under| under.request == request) {
            self.give_up();
        }
    }

    /// What is there already.
    pub(super) fn ready(&mut self) -> Option<(RequestId, ModelEvent)> {
        self.next().now_or_never()
    }

    /// What comes next. Never, where nothing was asked.
    pub(super) fn next(&mut self) -> impl Future<Output = (RequestId, ModelEvent)> {
        std::future::poll_fn(|context| {
            let Some(under) = &mut self.answer else { return Poll::Pending };
            // A stream that ends without saying so broke off.
            let event = under.answer.poll_next_unpin(context);
            event.map(|event| (under.request, event.unwrap_or(ModelEvent::Failed(ModelError::Broken))))
        })
    }

    /// Notes what came.
    pub(super) fn heard(&mut self, event: &ModelEvent, now: Instant) {
        let Some(under) = &mut self.answer else { return };
        let calls = match event {
            ModelEvent::Words(words) => {
                under.characters[1] += words.len() as u64;
                true
            }
            ModelEvent::Progress => true,
            ModelEvent::Done { calls, .. } => {
                let length = |call: &crate::chat::ToolCall| call.name.len() + call.arguments.expose().len();
                under.characters[1] += calls.iter().map(length).sum::<usize>() as u64;
                !calls.is_empty()
            }
            ModelEvent::Failed(_) => false,
        };
        if calls && !std::mem::replace(&mut under.began, true) {
            let waited = now.saturating_duration_since(under.asked).as_millis();
            self.first_token.push(waited.try_into().unwrap_or(u32::MAX));
        }
        match event {
            // What was refused, or never arrived, was not read.
            ModelEvent::Failed(_) if !under.began => self.answer = None,
            ModelEvent::Done { .. } | ModelEvent::Failed(_) => self.give_up(),
            ModelEvent::Words(_) | ModelEvent::Progress => {}
        }
    }

    /// What all questions took, and how long each first word.
    pub(super) fn finish(mut self) -> (Usage, Vec<u32>) {
        self.give_up();
        let (prompt, completion, _) = self.tokens.as_ref().map_or((0, 0, 0), |tokens| tokens.told());
        self.usage.prompt += prompt;
        self.usage.completion += completion;
        (self.usage, self.first_token)
    }

    /// Nothing more comes of an answer. What the provider did not count is estimated.
    fn give_up(&mut self) {
        let counted = self.counted();
        let Some(under) = self.answer.take() else { return };
        if self.embedded || counted > under.counted {
            return;
        }
        let [read, written] = under.characters.map(|characters| characters.div_ceil(CHARACTERS_PER_TOKEN));
        self.usage.prompt += read;
        self.usage.completion += written;
        self.usage.estimated = true;
    }

    fn counted(&self) -> u64 {
        self.tokens.as_ref().map_or(0, |tokens| tokens.told().2)
    }
}

fn characters(message: &Message) -> u64 {
    let length = match message {
        Message::User(text) => text.expose().len(),
        Message::Assistant { text, calls } => {
            let calls = calls.iter().map(|call| call.name.len() + call.arguments.expose().len());
            text.expose().len() + calls.sum::<usize>()
        }
        Message::Tool { content, .. } => content.expose().len(),
    };
    length as u64
}

fn length(tool: &crate::chat::Tool) -> usize {
    tool.name.len() + tool.description.len() + tool.parameters.to_string().len()
}
