//! Takes out of what is to be written what must not lie on a disk.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::handoff::{Handoff, Speaker};
use crate::mask::{mask, mask_json};
use crate::pii::Pii;
use crate::record::Turn;

/// The arguments of a tool whose input must not be kept. Still JSON, because a model reads them again.
const SECURE: &str = r#"{"masked":true}"#;

/// Leaves out the input of tools whose manifests say so.
pub(super) fn secure_input(turn: &mut Turn) {
    for run in turn.runs.iter_mut().filter(|run| run.secure) {
        run.call.arguments = SECURE.into();
    }
}

pub(super) fn turn(turn: &mut Turn) {
    let cue = turn.answers.take();
    text(&mut turn.text, cue.as_ref().map(|cue| cue.expose().as_str()));
    for run in &mut turn.runs {
        run.call.arguments = mask_json(run.call.arguments.expose()).into();
        if let Some(result) = &mut run.result {
            *result = mask_json(result.expose()).into();
        }
    }
}

pub(super) fn facts(facts: &mut BTreeMap<String, Pii<String>>) {
    for (name, fact) in facts {
        text(fact, Some(&crate::mask::words_of(name)));
    }
}

pub(super) fn handoff(handoff: &mut Handoff) {
    let context = &mut handoff.context;
    let asked = context.transcript.iter().filter(|line| line.who == Speaker::Agent);
    // A summary quotes answers without their questions.
    let asked: Vec<&str> = asked.map(|line| line.text.expose().as_str()).collect();
    let asked = asked.join(" ");
    for text_of in [&mut handoff.reason, &mut handoff.call_summary] {
        text(text_of, Some(&asked));
    }
    if let Some(topic) = &mut context.topic {
        text(topic, None);
    }
    facts(&mut context.memory);
    let (mut asked, mut before) = (String::new(), String::new());
    for line in &mut context.transcript {
        match line.who {
            Speaker::Caller => {
                text(&mut line.text, Some(&asked));
                before = std::mem::take(&mut asked);
            }
            // We may say again what we were told.
            Speaker::Agent => {
                asked.push_str(line.text.expose());
                asked.push(' ');
                text(&mut line.text, Some(&before));
            }
        }
    }
}

fn text(text: &mut Pii<String>, cue: Option<&str>) {
    if let Cow::Owned(masked) = mask(text.expose(), cue) {
        *text = masked.into();
    }
}
