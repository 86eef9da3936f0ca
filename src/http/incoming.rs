//! `/voice/incoming`: a call comes in, and is connected to its relay session.
//!
//! <https://www.twilio.com/docs/voice/twiml/connect/conversationrelay>

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use tracing::{error, info, warn};

use super::form::Form;
use super::known::Caller;
use super::noun::{Speech, relay};
use super::transfer::say;
use super::{Shared, Twiml, replay};
use crate::clock::since_epoch;
use crate::handoff::{Handoff, Trigger};
use crate::ids::CallSid;
use crate::playbook::Playbook;
use crate::prompts::BASE;
use crate::routing::Start;
use crate::store::What;
use crate::token::{ActionState, Course, Purpose, RelayPass, Resumed, Spoken, nonce};
use crate::twiml::{Connect, Response};

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
        return bridge.hand_over(form, Course::default(), bare(call_sid, Trigger::Drain), caller);
    }
    if !form.is_live() {
        warn!(call.sid = %call_sid, status = form.word("CallStatus"), "incoming call is over already");
        return Response::new();
    }
    let (mut spoken, named) = match bridge.first(form, caller) {
        Start::Agent { language, voice, prompts } => (Spoken { language, voice, variant: None }, prompts),
        Start::Person { reason_code } => {
            bridge.meters.shed("routing");
            let mut handoff = bare(call_sid, Trigger::Routing);
            handoff.reason_code = reason_code.unwrap_or(handoff.reason_code);
            return bridge.hand_over(form, Course::default(), handoff, caller);
        }
    };
    if let Err(full) = bridge.room.take(&bridge.calls, &call_sid) {
        bridge.meters.shed(full);
        warn!(call.sid = %call_sid, full, calls = bridge.calls.count(), "no room: the call goes to a person");
        let course = Course { spoken, ..Course::default() };
        return bridge.hand_over(form, course, bare(call_sid, Trigger::Overload), caller);
    }
    // Chosen once: from here on it travels with the call, whatever becomes of the shares meanwhile.
    let choose = || bridge.shelf.choose(call_sid.as_str(), named.as_deref());
    let playbook = bridge.calls.pinned(&call_sid, choose);
    spoken.variant = Some(playbook.variant()).filter(|name| *name != BASE).map(str::to_owned);
    info!(call.sid = %call_sid, prompts.variant = playbook.variant(), "incoming call");
    bridge.store.note(&call_sid, What::Came(form.came()));
    let opened = Opened { spoken, ..Opened::default() };
    connect(bridge, form, call_sid, opened, caller.to_remember())
}

/// A relay session that is to be opened.
#[derive(Default)]
pub(super) struct Opened {
    /// Its number in the call.
    pub(super) attempt: u8,
    /// Who speaks in it, where that is not whom the prompt names.
    pub(super) provider: Option<String>,
    /// How it is spoken, where that is not as the prompt has it.
    pub(super) spoken: Spoken,
    /// Where the next hand-off goes on, if people were tried before.
    pub(super) resumed: Option<Resumed>,
    /// Whether that was just now.
    pub(super) returned: bool,
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
    opened: Opened,
    verified: Option<String>,
) -> Response {
    let Opened { attempt, provider, spoken, resumed, returned } = opened;
    // A call that is connected again is served already, whatever the limit says.
    bridge.calls.expect(&call_sid, usize::MAX);
    let state = ActionState {
        call_sid: call_sid.clone(),
        attempt,
        provider: provider.clone(),
        spoken: spoken.clone(),
        resumed,
        verified: verified.clone(),
    };
    let action = format!("/voice/handoff?s={}", bridge.keyring.seal(Purpose::Action, &state));
    let pass = RelayPass {
        call_sid: call_sid.clone(),
        account_sid: form.account_sid(),
        attempt,
        nonce: nonce(),
        expires: since_epoch().as_secs() + PASS,
        verified,
        spoken: spoken.clone(),
        returned,
    };
    let path = format!("/voice/relay/{}", bridge.keyring.seal(Purpose::Relay, &pass));
    let playbook = bridge.playbook(&call_sid, &spoken);
    let spoken = Speech { provider: provider.as_deref(), spoken: Some(&spoken) };
    let relay = relay(&bridge.origin.websocket(&path), &playbook, attempt == 0, spoken);
    let language = state.spoken.language.as_deref().unwrap_or(&playbook.prompts.front.language);
    let connect = Connect::new(relay).action(&bridge.origin.http(&action));
    match bridge
        .recorder
        .as_ref()
        .filter(|recorder| attempt == 0 && recorder.records(form.account_sid().as_ref()))
    {
        Some(_) => told_of_recording(&playbook, language).connect(connect),
        None => Response::new().connect(connect),
    }
}

/// A recording begins with the session, so who calls hears of it before, in a voice that cannot be talked over.
fn told_of_recording(playbook: &Playbook, language: &str) -> Response {
    let line = &playbook.prompts.lines.recording;
    match line.within(language) {
        Some(text) if !text.trim().is_empty() => Response::new().say(say(line, language)),
        _ => Response::new(),
    }
}
