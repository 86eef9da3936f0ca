//! `/voice/incoming`: a call comes in, and is connected to its relay session.
//!
//! <https://www.twilio.com/docs/voice/twiml/connect/conversationrelay>

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use tracing::{error, info, warn};

use super::form::Form;
use super::{Shared, Twiml, replay};
use crate::clock::since_epoch;
use crate::handoff::{Handoff, Trigger};
use crate::ids::CallSid;
use crate::playbook::Playbook;
use crate::prompts::SpokenLanguage;
use crate::token::{ActionState, Purpose, RelayPass, nonce};
use crate::twiml::{Connect, Language, Relay, RelayAttribute, Response};

/// How long a relay URL stays valid. Twilio opens it within two seconds.
const PASS: u64 = 120;

/// Answers an incoming call.
pub(super) async fn answer(
    State(bridge): State<Shared>,
    headers: HeaderMap,
    Extension(form): Extension<Form>,
) -> Twiml {
    let ringing = form.text("CallStatus").is_none_or(|status| status == "ringing");
    let key = replay::key("incoming", &headers, &form, &[]).filter(|_| ringing || is_retry(&headers));
    bridge.answered.once(key, || (&connect_or_hand_over(&bridge, &form)).into())
}

fn is_retry(headers: &HeaderMap) -> bool {
    headers.contains_key("i-twilio-idempotency-token")
}

fn connect_or_hand_over(bridge: &Shared, form: &Form) -> Response {
    let Some(call_sid) = form.call_sid() else {
        error!("incoming call without a usable CallSid; it goes to a person");
        return bridge.people.nameless(Trigger::BridgeFailure);
    };
    if !bridge.is_ready() {
        info!(call.sid = %call_sid, "draining: the call goes to a person");
        let handoff = Handoff::bare(call_sid, nonce(), Trigger::BridgeFailure);
        return bridge.people.take(&handoff, &form.contact());
    }
    if !form.is_live() {
        warn!(call.sid = %call_sid, status = form.word("CallStatus"), "incoming call is over already");
        return Response::new();
    }
    info!(call.sid = %call_sid, "incoming call");
    connect(bridge, form, call_sid, 0, Voice::Configured)
}

/// The document that opens a relay session: the first of a call, or one more after its socket was lost.
pub(super) fn connect(
    bridge: &Shared,
    form: &Form,
    call_sid: CallSid,
    attempt: u8,
    voice: Voice,
) -> Response {
    let state = ActionState { call_sid: call_sid.clone(), attempt };
    let action = format!("/voice/handoff?s={}", bridge.keyring.seal(Purpose::Action, &state));
    let pass = RelayPass {
        call_sid: call_sid.clone(),
        account_sid: form.account_sid(),
        attempt,
        nonce: nonce(),
        expires: since_epoch().as_secs() + PASS,
    };
    let path = format!("/voice/relay/{}", bridge.keyring.seal(Purpose::Relay, &pass));
    let playbook = bridge.calls.pinned(&call_sid, || bridge.shelf.current());
    let relay = relay(&bridge.origin.websocket(&path), &playbook, attempt == 0, voice);
    Response::new().connect(Connect::new(relay).action(&bridge.origin.http(&action)))
}

/// Who speaks in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// Whom the prompt names.
    Configured,
    /// Somebody else, because that provider failed.
    Other,
}

/// Twilio's own choice where none is made.
const DEFAULT_PROVIDER: &str = "ElevenLabs";

/// The noun as the prompt's front matter has it.
pub fn relay(url: &str, playbook: &Playbook, greet: bool, voice: Voice) -> Relay {
    let front = &playbook.prompts.front;
    let mut relay = Relay::new(url);
    if let Some(greeting) = front.greeting(&front.language).filter(|_| greet) {
        relay = relay.greeting(greeting);
    }
    relay = relay.set(RelayAttribute::Language, &front.language);
    let mut attributes = front.relay_attributes();
    if voice == Voice::Other {
        attributes.remove(&RelayAttribute::Voice);
        let failed = attributes.remove(&RelayAttribute::TtsProvider).unwrap_or(DEFAULT_PROVIDER);
        let other = if failed == DEFAULT_PROVIDER { "Google" } else { DEFAULT_PROVIDER };
        attributes.insert(RelayAttribute::TtsProvider, other);
    }
    for (attribute, value) in attributes {
        relay = relay.set(attribute, value);
    }
    front.languages.iter().fold(relay, |relay, spoken| relay.language(language(spoken)))
}

fn language(spoken: &SpokenLanguage) -> Language {
    let mut language = Language::new(&spoken.code);
    if let Some(provider) = &spoken.tts_provider {
        language = language.tts_provider(provider);
    }
    if let Some(voice) = &spoken.voice {
        language = language.voice(voice);
    }
    if let Some(provider) = &spoken.transcription_provider {
        language = language.transcription_provider(provider);
    }
    match &spoken.speech_model {
        Some(model) => language.speech_model(model),
        None => language,
    }
}
