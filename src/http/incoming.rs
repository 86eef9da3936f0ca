//! `/voice/incoming`: a call comes in, and is connected to its relay session.
//!
//! <https://www.twilio.com/docs/voice/twiml/connect/conversationrelay>

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use tracing::{error, info, warn};

use super::form::Form;
use super::known::Caller;
use super::transfer::say;
use super::{Shared, Twiml, replay};
use crate::clock::since_epoch;
use crate::handoff::{Handoff, Trigger};
use crate::ids::CallSid;
use crate::playbook::Playbook;
use crate::prompts::SpokenLanguage;
use crate::routing::Start;
use crate::store::What;
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
    let caller = bridge.caller(&form).await;
    bridge.answered.once(key, || (&connect_or_hand_over(&bridge, &form, &caller)).into())
}

fn is_retry(headers: &HeaderMap) -> bool {
    headers.contains_key("i-twilio-idempotency-token")
}

fn connect_or_hand_over(bridge: &Shared, form: &Form, caller: &Caller) -> Response {
    let Some(call_sid) = form.call_sid() else {
        error!("incoming call without a usable CallSid; it goes to a person");
        return super::nameless(bridge, Trigger::BridgeFailure);
    };
    if !bridge.is_ready() {
        bridge.meters.shed("draining");
        info!(call.sid = %call_sid, "draining: the call goes to a person");
        return bridge.hand_over(form, 0, bare(call_sid, Trigger::Drain), caller);
    }
    if !form.is_live() {
        warn!(call.sid = %call_sid, status = form.word("CallStatus"), "incoming call is over already");
        return Response::new();
    }
    if let Start::Person { reason_code } = bridge.first(form, caller) {
        bridge.meters.shed("routing");
        let mut handoff = bare(call_sid, Trigger::Routing);
        handoff.reason_code = reason_code.unwrap_or(handoff.reason_code);
        return bridge.hand_over(form, 0, handoff, caller);
    }
    if let Err(full) = bridge.room.take(&bridge.calls, &call_sid) {
        bridge.meters.shed(full);
        warn!(call.sid = %call_sid, full, calls = bridge.calls.count(), "no room: the call goes to a person");
        return bridge.hand_over(form, 0, bare(call_sid, Trigger::Overload), caller);
    }
    info!(call.sid = %call_sid, "incoming call");
    bridge.store.note(&call_sid, What::Came(form.came()));
    connect(bridge, form, call_sid, 0, None, caller)
}

/// The document of a call that never met the agent.
fn bare(call_sid: CallSid, trigger: Trigger) -> Handoff {
    Handoff::bare(call_sid, format!("HO{}", nonce()), trigger)
}

/// The document that opens a relay session: the first of a call, or one more after its socket was lost.
pub(super) fn connect(
    bridge: &Shared,
    form: &Form,
    call_sid: CallSid,
    attempt: u8,
    provider: Option<String>,
    caller: &Caller,
) -> Response {
    // A call that is connected again is served already, whatever the limit says.
    bridge.calls.expect(&call_sid, usize::MAX);
    let state = ActionState { call_sid: call_sid.clone(), attempt, provider: provider.clone() };
    let action = format!("/voice/handoff?s={}", bridge.keyring.seal(Purpose::Action, &state));
    let pass = RelayPass {
        call_sid: call_sid.clone(),
        account_sid: form.account_sid(),
        attempt,
        nonce: nonce(),
        expires: since_epoch().as_secs() + PASS,
        verified: Some(caller.verified().to_owned()),
    };
    let path = format!("/voice/relay/{}", bridge.keyring.seal(Purpose::Relay, &pass));
    let playbook = bridge.calls.pinned(&call_sid, || bridge.shelf.current());
    let relay = relay(&bridge.origin.websocket(&path), &playbook, attempt == 0, provider.as_deref());
    let connect = Connect::new(relay).action(&bridge.origin.http(&action));
    match bridge
        .recorder
        .as_ref()
        .filter(|recorder| attempt == 0 && recorder.records(form.account_sid().as_ref()))
    {
        Some(_) => told_of_recording(&playbook).connect(connect),
        None => Response::new().connect(connect),
    }
}

/// A recording begins with the session, so who calls hears of it before, in a voice that cannot be talked over.
fn told_of_recording(playbook: &Playbook) -> Response {
    let (line, language) = (&playbook.prompts.lines.recording, &playbook.prompts.front.language);
    match line.within(language) {
        Some(text) if !text.trim().is_empty() => Response::new().say(say(line, language)),
        _ => Response::new(),
    }
}

/// Twilio's own choice where none is made.
const DEFAULT_PROVIDER: &str = "ElevenLabs";

/// Who is to speak where `failed` could not; the prompt's own provider where that is not known.
pub(super) fn other_provider(failed: Option<&str>, playbook: &Playbook) -> String {
    let named = playbook.prompts.front.relay_attributes().get(&RelayAttribute::TtsProvider).copied();
    let failed = failed.or(named).unwrap_or(DEFAULT_PROVIDER);
    if failed == DEFAULT_PROVIDER { "Google".to_owned() } else { DEFAULT_PROVIDER.to_owned() }
}

/// The noun as the prompt's front matter has it, but for the provider of speech where one is named.
pub fn relay(url: &str, playbook: &Playbook, greet: bool, provider: Option<&str>) -> Relay {
    let front = &playbook.prompts.front;
    let mut relay = Relay::new(url);
    if let Some(greeting) = front.greeting(&front.language).filter(|_| greet) {
        relay = relay.greeting(greeting);
    }
    relay = relay.set(RelayAttribute::Language, &front.language);
    let mut attributes = front.relay_attributes();
    if let Some(provider) = provider {
        // A voice is its provider's own.
        attributes.remove(&RelayAttribute::Voice);
        attributes.insert(RelayAttribute::TtsProvider, provider);
    }
    for (attribute, value) in attributes {
        relay = relay.set(attribute, value);
    }
    front.languages.iter().fold(relay, |relay, spoken| relay.language(language(spoken, provider)))
}

fn language(spoken: &SpokenLanguage, provider: Option<&str>) -> Language {
    let mut language = Language::new(&spoken.code);
    if let Some(provider) = provider.or(spoken.tts_provider.as_deref()) {
        language = language.tts_provider(provider);
    }
    if let Some(voice) = spoken.voice.as_ref().filter(|_| provider.is_none()) {
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
