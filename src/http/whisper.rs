//! `/voice/whisper`: somebody picked up, and hears who calls before being joined to the caller, who still hears it
//! ring. A key takes the call; without it the caller goes on to the next target.
//!
//! Asked by the leg of the person called, which is a call of its own: the caller's is in our part of the address.
//!
//! <https://www.twilio.com/docs/voice/twiml/number#url>

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tracing::{info, warn};
use url::form_urlencoded::byte_serialize;

use super::form::Form;
use super::{Bridge, Shared, Transfer, Twiml};
use crate::chat;
use crate::handoff::{Contact, Handoff, Sentiment, Trigger, cut, tidy};
use crate::ids::CallSid;
use crate::pii::Pii;
use crate::session::WhisperLines;
use crate::token::{Purpose, WhisperState, nonce};
use crate::twiml::{Gather, Response, Say};

/// How long after the last word a key is waited for, in seconds.
const WAIT: u32 = 5;
/// The longest reason that is read out, in characters: some six seconds of speech.
const LONGEST_REASON: usize = 100;
/// The key where our part of the address cannot be verified: then who picked up may be a machine.
const KEY: char = '1';
/// The longest name that is read out, in characters.
const LONGEST_NAME: usize = 40;
/// How much of a number is read out.
const END_OF_NUMBER: usize = 4;
/// As long as a call may wait for people.
const KEPT: Duration = Duration::from_secs(4 * 60 * 60);
const MOST: u64 = 20_000;

/// What those who were rung made of it, and who calls. Of the calls of this process.
pub struct Whispers {
    /// Whether somebody was asked to take the call, and has not done so.
    open: Cache<CallSid, bool>,
    contacts: Cache<CallSid, Contact>,
}

impl Default for Whispers {
    fn default() -> Self {
        let lru = EvictionPolicy::lru;
        Self {
            open: Cache::builder().max_capacity(MOST).time_to_live(KEPT).eviction_policy(lru()).build(),
            contacts: Cache::builder().max_capacity(MOST).time_to_live(KEPT).eviction_policy(lru()).build(),
        }
    }
}

impl Whispers {
    /// Keeps who calls: the leg of the person called may show another number.
    pub(super) fn meet(&self, call_sid: &CallSid, contact: Contact) {
        self.contacts.insert(call_sid.clone(), contact);
    }

    /// Forgets who was asked: somebody else is tried.
    pub(super) fn close(&self, call_sid: &CallSid) {
        self.open.invalidate(call_sid);
    }

    /// Whether somebody was asked to take the call, and has not done so.
    pub(super) fn is_open(&self, call_sid: &CallSid) -> bool {
        self.open.get(call_sid).unwrap_or(false)
    }
}

/// Says who calls, or takes the key.
pub(super) async fn answer(State(bridge): State<Shared>, Extension(form): Extension<Form>) -> Twiml {
    let state = form.text("s").and_then(|state| bridge.keyring.open::<WhisperState>(Purpose::Whisper, state));
    let call_sid = state.as_ref().map(|state| tracing::field::display(&state.call_sid));
    let key = state.as_ref().map_or(Some(KEY), |state| state.key);
    let document = match (form.text("Digits"), key) {
        (Some(pressed), Some(key)) => {
            let taken = pressed.starts_with(key);
            info!(call.sid = call_sid, taken, "a key was pressed by who picked up");
            if let Some(state) = state.as_ref().filter(|_| taken) {
                bridge.whispers.open.insert(state.call_sid.clone(), false);
            }
            // A document that ends joins the two.
            if taken { Response::new() } else { Response::new().hangup() }
        }
        (_, key) => {
            info!(call.sid = call_sid, asked = key.is_some(), "somebody picked up where it was dialled");
            if let Some(state) = state.as_ref().filter(|_| key.is_some()) {
                bridge.whispers.open.insert(state.call_sid.clone(), true);
            }
            let spoken = spoken(&bridge, &form, state.as_ref()).await;
            ask(&bridge, &form, spoken, key)
        }
    };
    (&document).into()
}

/// What is said, in the language of the call.
async fn spoken(bridge: &Bridge, form: &Form, state: Option<&WhisperState>) -> Spoken {
    let Some(state) = state else {
        warn!("a whisper whose address cannot be verified: it asks for the key alone");
        let call = Transfer::nameless(Trigger::BridgeFailure, &bridge.shelf.current());
        return Spoken { call, text: String::new() };
    };
    let call_sid = &state.call_sid;
    let handoff = match bridge.decided(call_sid, None).await {
        Some(decided) => decided,
        None if state.summary => bridge.told(call_sid).await,
        None => Handoff::bare(call_sid.clone(), nonce(), Trigger::BridgeFailure),
    };
    let known = bridge.whispers.contacts.get(call_sid);
    // Without a number of the settings Twilio shows the caller's own.
    let shown = || Contact { to: None, ..form.contact() };
    let contact = known.or_else(|| (!state.shows_another).then(shown)).unwrap_or_default();
    let variant = handoff.context.prompts.as_ref().map(|prompts| prompts.variant.as_str());
    let playbook = bridge.calls.pinned(call_sid, || bridge.shelf.variant(variant));
    let mut call = Transfer::new(bridge.people.leaving(handoff), contact, &playbook);
    call.language.clone_from(&state.language);
    let text = if state.summary { summary(&call) } else { String::new() };
    Spoken { call, text }
}

struct Spoken {
    call: Transfer,
    text: String,
}

/// Who calls, why, and in what mood. What must not leave is out of the document already.
fn summary(call: &Transfer) -> String {
    let lines = &call.lines.whisper;
    let within = |line: &chat::Say| line.within(&call.language).unwrap_or_default().to_owned();
    let mood = match call.handoff.sentiment {
        Sentiment::Negative => within(&lines.upset),
        Sentiment::Positive => within(&lines.content),
        Sentiment::Neutral => String::new(),
    };
    // What was masked would be read out star by star.
    let reason = call.handoff.reason.expose().replace('*', " ");
    let reason = tidy(reason.trim_end_matches(['.', '!', '?', ' ']), LONGEST_REASON);
    let stop = if reason.is_empty() || reason.ends_with('…') { "" } else { "." };
    let reason = format!("{reason}{stop}");
    let parts = [who(&call.contact, lines, &call.language), reason, mood];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// By name, else by the end of the number.
fn who(contact: &Contact, lines: &WhisperLines, language: &str) -> String {
    let said = |line: &chat::Say, who: &str| line.within(language).unwrap_or_default().replace("{who}", who);
    let text = |text: &Option<Pii<String>>| {
        text.as_ref().map(|text| text.expose().trim().to_owned()).filter(|text| !text.is_empty())
    };
    let number = text(&contact.from).and_then(|number| {
        let digits: Vec<char> = number.strip_prefix('+')?.chars().filter(char::is_ascii_digit).collect();
        let end = digits.get(digits.len().checked_sub(END_OF_NUMBER)?..)?;
        // Digit by digit, or it would be read as one number.
        Some(end.iter().map(char::to_string).collect::<Vec<_>>().join(" "))
    });
    match (text(&contact.name), number) {
        (Some(name), _) => said(&lines.from, &cut(&name, LONGEST_NAME)),
        (None, Some(end)) => said(&lines.from_number, &end),
        (None, None) => said(&lines.from_nobody, ""),
    }
}

/// Says it, and waits for the key where there is one: twice, and then hangs up.
fn ask(bridge: &Bridge, form: &Form, spoken: Spoken, key: Option<char>) -> Response {
    let Spoken { call, text } = spoken;
    // All sentences are translated, or none.
    let say = |text: &str| call.say_like(&call.lines.whisper.accept, text);
    let Some(key) = key else {
        // What ends joins the two.
        return if text.is_empty() { Response::new() } else { Response::new().say(say(&text)) };
    };
    let line = call.lines.whisper.accept.within(&call.language).unwrap_or_default();
    let accept = line.replace("{key}", &key.to_string());
    let state = form.text("s").unwrap_or_default();
    // As it was asked: one that cannot be verified may hold anything.
    let state: String = byte_serialize(state.as_bytes()).collect();
    let action = bridge.origin.http(&format!("/voice/whisper?s={state}"));
    let gather = |said: Vec<Say>| {
        let gather = Gather::keys().action(&action).num_digits(1).timeout(WAIT).finish_on_key("");
        said.into_iter().fold(gather, Gather::say)
    };
    let first = [text, accept.clone()].into_iter().filter(|text| !text.is_empty());
    let first = first.map(|text| say(&text)).collect();
    Response::new().gather(gather(first)).gather(gather(vec![say(&accept)])).hangup()
}
