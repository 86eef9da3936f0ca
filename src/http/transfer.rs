//! A call that goes to people: its document, who calls, and what is said on the way, in the call's language.

use std::sync::Arc;

use super::Shared;
use super::form::Form;
use super::known::Way;
use crate::chat;
use crate::handoff::{Contact, Handoff, Trigger};
use crate::ids::CallSid;
use crate::mask::words_of;
use crate::pii::Pii;
use crate::playbook::Playbook;
use crate::redact;
use crate::session::Lines;
use crate::token::{Course, Purpose, TargetState, nonce};
use crate::twiml::Say;

/// What English is spoken with where a sentence has no translation.
const ENGLISH: &str = "en-US";

/// A call on its way to people.
pub struct Transfer {
    /// What the person is to know.
    pub handoff: Handoff,
    /// Who calls.
    pub contact: Contact,
    /// Our own sentences.
    pub lines: Arc<Lines>,
    /// The language spoken, as a BCP 47 tag.
    pub language: String,
    /// How it goes there.
    pub way: Way,
    /// How it came here.
    pub course: Course,
}

impl Transfer {
    /// A call with its document. Where that names no language, the prompt's is spoken.
    pub fn new(handoff: Handoff, contact: Contact, playbook: &Playbook) -> Self {
        let spoken = Some(&handoff.context.language).filter(|language| !language.is_empty());
        let language = spoken.unwrap_or(&playbook.prompts.front.language).clone();
        Self {
            handoff,
            contact,
            lines: playbook.prompts.lines.clone(),
            language,
            way: Way::default(),
            course: Course::default(),
        }
    }

    /// The same call, on the way that routing chose. Its document is the one that leaves.
    pub(super) fn by(self, mut way: Way) -> Self {
        let hide = |key: &str, text: String| {
            let mut text = Pii::from(text);
            redact::text(&mut text, Some(&words_of(key)), way.hidden);
            text.into_inner()
        };
        way.extra.filled = way.template.fill(&self.handoff, &self.contact, &way.known, &hide);
        Self { way, ..self }
    }

    /// The same call, as it came here.
    pub(super) fn on(self, course: Course) -> Self {
        Self { course, ..self }
    }

    /// A call of which nothing is known.
    pub fn nameless(trigger: Trigger, playbook: &Playbook) -> Self {
        Self::new(Handoff::bare(Self::unknown(), nonce(), trigger), Contact::default(), playbook)
    }

    /// The name of a call that has none.
    pub(super) fn unknown() -> CallSid {
        "unknown".parse().expect("a plain word is an identifier")
    }

    /// The call of a callback, and which target it had tried, if our own part of the address says so. Its
    /// document is the one that was decided on, else what is known of the call.
    pub(super) async fn under_way(bridge: &Shared, form: &Form) -> (Self, Option<usize>) {
        let Some(call_sid) = form.call_sid() else {
            return (Self::nameless(Trigger::BridgeFailure, &bridge.shelf.current()), None);
        };
        let state =
            form.text("s").and_then(|state| bridge.keyring.open::<TargetState>(Purpose::Target, state));
        let state = state.filter(|state| state.call_sid == call_sid);
        let document = async {
            match bridge.decided(&call_sid, None).await {
                Some(decided) => decided,
                None => bridge.told(&call_sid).await,
            }
        };
        let (handoff, caller) = tokio::join!(document, bridge.caller(form));
        let caller = caller.vouched(state.as_ref().and_then(|state| state.course.verified.as_deref()));
        let way = match &state {
            Some(state) => bridge.way_again(state.rule, &caller),
            None => bridge.way(form, &caller, &handoff),
        };
        let spoken = state.as_ref().map(|state| state.course.spoken.clone()).unwrap_or_default();
        let playbook = bridge.playbook(&call_sid, &spoken);
        let mut call = Self::new(bridge.people.leaving(handoff), form.contact(), &playbook).by(way);
        let tried = state.map(|state| {
            call.language = state.language;
            call.course = state.course;
            usize::from(state.target)
        });
        (call, tried)
    }

    /// One of our sentences in the language of the call, or in English with an English voice.
    pub fn say(&self, line: &chat::Say) -> Say {
        say(line, &self.language)
    }

    /// Words that were made of a sentence of ours, spoken like it.
    pub(super) fn say_like(&self, line: &chat::Say, text: &str) -> Say {
        Say::new(text).language(tongue(line, &self.language))
    }
}

/// One of our sentences in this language, or in English with an English voice.
pub(super) fn say(line: &chat::Say, language: &str) -> Say {
    Say::new(line.within(language).unwrap_or_default()).language(tongue(line, language))
}

/// What a sentence of ours is spoken with: this language, or English where it has no translation.
fn tongue<'a>(line: &chat::Say, language: &'a str) -> &'a str {
    let text = line.within(language).unwrap_or_default();
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let untranslated = primary(language) != "en" && line.within("en") == Some(text);
    if untranslated { ENGLISH } else { language }
}
