//! What the model would be asked first, without a call: the session itself is asked, so that nothing is different.

use std::sync::Arc;

use super::asked;
use crate::clock::{now, since_epoch};
use crate::llm::Question;
use crate::mask::Also;
use crate::playbook::Playbook;
use crate::prompts::CallFacts;
use crate::relay::Inbound;
use crate::session::rules::Rules;
use crate::session::{Input, Opening, Output, Session, Settings, Timings};

/// The question that a call with these facts leads to when the caller says this first. `None` where the rules beside
/// the model have an answer of their own, and no model is asked.
pub fn first_turn(playbook: &Playbook, facts: &CallFacts, said: &str, rules: Arc<Rules>) -> Option<Question> {
    let question = Question::of(playbook, facts);
    let prompts = &playbook.prompts;
    let opening = match prompts.front.greeting(&facts.language) {
        greeting if facts.reconnected => Opening::Reconnected(greeting.map(str::to_owned)),
        Some(greeting) => Opening::Greeting(greeting.to_owned()),
        None => Opening::Silent,
    };
    let settings = Settings {
        call_sid: "unknown".parse().expect("a plain word is an identifier"),
        attempt: facts.reconnected.into(),
        began: since_epoch(),
        handoff_id: String::new(),
        language: facts.language.clone(),
        languages: prompts.front.spoken_languages().map(str::to_owned).collect(),
        opening,
        has_fallback: false,
        prompts: playbook.named.clone(),
        toolbox: playbook.tools.clone(),
        lines: prompts.lines.clone(),
        timings: Timings::default(),
        person_key: prompts.front.person_key,
        keypad_length: prompts.front.keypad_length,
        rules,
        desk: None,
        hidden: Also::NOTHING,
    };
    let (mut session, _) = Session::new(settings, None, now());
    let words = Inbound::Prompt { text: said.into(), language: None, last: true };
    let outputs = session.handle_input(Input::Frame(words), now());
    let language = session.language().to_owned();
    outputs.into_iter().find_map(|output| match output {
        Output::Ask(ask) => Some(asked(&question, ask, &language)),
        Output::Send(_)
        | Output::Cancel(_)
        | Output::Run(_)
        | Output::Forget(_)
        | Output::Report(_)
        | Output::Keep(_) => None,
    })
}
