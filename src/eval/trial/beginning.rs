//! What a call of a trial begins with, and where it would go: as the server has it, with a caller from a file.

use std::sync::Arc;

use serde_json::Value;

use super::Setup;
use crate::clock::since_epoch;
use crate::handoff::Handoff;
use crate::ids::CallSid;
use crate::llm::Question;
use crate::prompts::CallFacts;
use crate::routing::{Fact, Facts, TRAITS};
use crate::session::{Opening, Settings};

/// The hand-off of every trial.
pub(super) const HANDOFF: &str = "HOeval";

/// The call of every trial: nobody else sees it.
pub(super) fn call_sid() -> CallSid {
    format!("CA{}", "0".repeat(32)).parse().expect("it is one")
}

/// The language in which the call begins.
fn language<'a>(setup: &Setup<'a>) -> &'a str {
    let front = &setup.agent.playbook.prompts.front;
    setup.scenario.language.as_deref().unwrap_or(&front.language)
}

/// Everything that stays the same in all questions.
pub(super) fn question(setup: &Setup<'_>) -> Question {
    Question::of(&setup.agent.playbook, &facts(setup))
}

fn facts(setup: &Setup<'_>) -> CallFacts {
    let caller = &setup.scenario.caller;
    let listed = &setup.conditions.in_prompt;
    let shown = |name: &String| listed.is_empty() || listed.contains(name);
    let traits = caller.traits.iter().filter(|(name, _)| shown(name));
    CallFacts {
        language: language(setup).to_owned(),
        direction: "inbound".to_owned(),
        reconnected: false,
        caller_name: caller.name.as_deref().map(Into::into),
        caller_known: !caller.traits.is_empty(),
        verified: "none".to_owned(),
        traits: traits.map(|(name, value)| (name.clone(), fact(value).text().into())).collect(),
        parameters: caller
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect(),
    }
}

/// What the session is started with.
pub(super) fn settings(setup: &Setup<'_>) -> Settings {
    let playbook = &setup.agent.playbook;
    let front = &playbook.prompts.front;
    let first = language(setup);
    let others = front.spoken_languages().filter(|tag| *tag != first);
    Settings {
        call_sid: call_sid(),
        attempt: 0,
        began: since_epoch(),
        handoff_id: HANDOFF.to_owned(),
        prompts: playbook.named.clone(),
        language: first.to_owned(),
        languages: std::iter::once(first).chain(others).map(str::to_owned).collect(),
        opening: match front.greeting(first) {
            Some(greeting) => Opening::Greeting(greeting.to_owned()),
            None => Opening::Silent,
        },
        has_fallback: setup.agent.model.has_fallback(),
        toolbox: playbook.tools.clone(),
        lines: playbook.prompts.lines.clone(),
        timings: setup.conditions.timings,
        person_key: front.person_key,
        keypad_length: front.keypad_length,
        rules: Arc::clone(&setup.conditions.rules),
        desk: None,
        hidden: setup.conditions.hidden,
    }
}

/// Where the rules of routing send the call. Facts of the moment, such as the time of day, are left out: a trial means
/// the same at night.
pub(super) fn targets(setup: &Setup<'_>, handoff: &Handoff) -> Vec<String> {
    let mut facts = Facts::at(i64::try_from(since_epoch().as_secs()).unwrap_or(i64::MAX));
    let caller = &setup.scenario.caller;
    facts.set_text("from", caller.from.as_deref());
    facts.set_text("direction", Some("inbound"));
    facts.set_text("verified", Some("none"));
    facts.set_text("profile", Some(if caller.traits.is_empty() { "unknown" } else { "found" }));
    for (name, value) in &caller.traits {
        facts.set(&format!("{TRAITS}{name}"), fact(value));
    }
    let context = &handoff.context;
    facts.set_text("sentiment", Some(handoff.sentiment.word()));
    facts.set_text("reason_code", Some(&handoff.reason_code));
    facts.set_text("topic", context.topic.as_ref().map(|topic| topic.expose().as_str()));
    facts.set_text("trigger", Some(&context.trigger.word()));
    facts.set_text("language", Some(&context.language));
    facts.set("turns", Fact::Number(f64::from(context.turns)));
    facts.set("seconds", Fact::Number(context.seconds as f64));
    let decided = setup.conditions.routes.decide(&facts).map(|(_, rule)| &rule.decision.targets);
    match decided.filter(|targets| !targets.is_empty()) {
        Some(targets) => targets.iter().map(|place| place.name.clone()).collect(),
        None => setup.conditions.targets.clone(),
    }
}

/// A trait as a profile would have it.
fn fact(value: &Value) -> Fact {
    match value {
        Value::Bool(flag) => Fact::Flag(*flag),
        Value::Number(number) => Fact::Number(number.as_f64().unwrap_or_default()),
        Value::String(text) => Fact::Text(text.clone()),
        Value::Array(items) => {
            let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            Fact::List(items.iter().map(text).collect())
        }
        Value::Null | Value::Object(_) => Fact::Text(value.to_string()),
    }
}
