//! Takes out of what is to be written what must not lie on a disk.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::handoff::{Handoff, Speaker};
use crate::mask::{mask, mask_json};
use crate::pii::Pii;
use crate::record::Turn;

/// The arguments of a tool whose input must not be kept. Still JSON, because a model reads them again.
const SECURE: &str = r#"{"masked":true}"#;

pub(super) fn turn(turn: &mut Turn) {
    let cue = turn.answers.take();
    text(&mut turn.text, cue.as_ref().map(|cue| cue.expose().as_str()));
    for run in &mut turn.runs {
        run.call.arguments =
            if run.secure { SECURE.into() } else { mask_json(run.call.arguments.expose()).into() };
        if let Some(result) = &mut run.result {
            *result = mask_json(result.expose()).into();
        }
    }
}

pub(super) fn facts(facts: &mut BTreeMap<String, Pii<String>>) {
    for (name, fact) in facts {
        text(fact, Some(name));
    }
}

pub(super) fn handoff(handoff: &mut Handoff) {
    text(&mut handoff.reason, None);
    text(&mut handoff.call_summary, None);
    let context = &mut handoff.context;
    if let Some(topic) = &mut context.topic {
        text(topic, None);
    }
    facts(&mut context.memory);
    let mut before: Option<String> = None;
    for line in &mut context.transcript {
        let said = line.text.expose().clone();
        let cue = before.take().filter(|_| line.who == Speaker::Caller);
        text(&mut line.text, cue.as_deref());
        before = Some(said).filter(|_| line.who == Speaker::Agent);
    }
}

fn text(text: &mut Pii<String>, cue: Option<&str>) {
    if let Cow::Owned(masked) = mask(text.expose(), cue) {
        *text = masked.into();
    }
}
