//! `/voice/handoff`: a relay session is over. What becomes of the caller is decided here, on any node.
//!
//! <https://www.twilio.com/docs/voice/conversationrelay/onboarding>

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use tracing::{info, info_span, warn};

use super::form::Form;
use super::{Shared, Transfer, Twiml, incoming, replay};
use crate::handoff::{Handoff, Outcome, Trigger};
use crate::ids::CallSid;
use crate::token::{ActionState, Purpose, nonce};
use crate::twiml::Response;

/// How often a call whose socket was lost is connected again.
const MOST_RECONNECTS: u8 = 2;
/// Codes after which another try makes sense: the socket or a provider failed, not the settings.
const RETRYABLE: [&str; 5] = ["39001", "64103", "64105", "64111", "64112"];
/// Those of them after which another provider has to speak.
const VOICE_FAILED: [&str; 2] = ["64111", "64112"];

/// Answers the end of a session.
pub(super) async fn answer(
    State(bridge): State<Shared>,
    headers: HeaderMap,
    Extension(form): Extension<Form>,
) -> Twiml {
    if let Some(call_sid) = form.call_sid() {
        bridge.calls.asked(&call_sid);
    }
    let key = replay::key("handoff", &headers, &form, &["SessionId", "SessionStatus"]);
    bridge.answered.once(key, || (&next(&bridge, &form)).into())
}

fn next(bridge: &Shared, form: &Form) -> Response {
    let Some(call_sid) = form.call_sid() else {
        warn!("session end without a usable CallSid; the call goes to a person");
        return super::nameless(bridge, Trigger::BridgeFailure);
    };
    let _span = info_span!("call", call.sid = %call_sid).entered();
    let status = form.word("SessionStatus").unwrap_or("none");
    if !form.is_live() || status == "completed" {
        info!(status, "caller has gone");
        return Response::new();
    }
    if let Some(handoff) = document(bridge, form, &call_sid) {
        return match handoff.context.outcome {
            Outcome::Completed => Response::new().hangup(),
            Outcome::Escalated => escalate(bridge, form, handoff),
        };
    }
    match reconnect(bridge, form, status, &call_sid) {
        Some((attempt, provider)) => {
            info!(attempt, code = form.word("ErrorCode"), "socket was lost; connecting again");
            incoming::connect(bridge, form, call_sid, attempt, provider)
        }
        None => {
            warn!(status, code = form.word("ErrorCode"), "session ended without a document");
            let handoff = Handoff::bare(call_sid, nonce(), Trigger::BridgeFailure);
            escalate(bridge, form, handoff)
        }
    }
}

/// What came back, if it is this call's and can be used; else what the session kept.
fn document(bridge: &Shared, form: &Form, call_sid: &CallSid) -> Option<Handoff> {
    let returned = form.text("HandoffData").map(|data| Handoff::read(data, call_sid, &nonce()));
    let kept = || bridge.calls.kept(call_sid).map(|kept| (*kept).clone());
    match returned {
        Some(Ok(handoff)) => Some(handoff),
        Some(Err(error)) => {
            warn!(%error, "HandoffData cannot be used");
            Some(kept().unwrap_or_else(|| Handoff::bare(call_sid.clone(), nonce(), Trigger::BridgeFailure)))
        }
        None => kept(),
    }
}

fn escalate(bridge: &Shared, form: &Form, handoff: Handoff) -> Response {
    let context = &handoff.context;
    info!(handoff.id = context.handoff_id, trigger = ?context.trigger, "call goes to a person");
    let call_sid = context.call_sid.clone();
    // The next target gets it too, should the first not take the call.
    bridge.calls.keep(&call_sid, handoff.clone());
    let playbook = bridge.calls.pinned(&call_sid, || bridge.shelf.current());
    bridge.people.take(&Transfer::new(handoff, form.contact(), &playbook))
}

/// The number of the next try, where there is to be one, and who speaks in it. The count travels in our own
/// URL, signed; one that cannot be verified is that of a call we do not know, and gets one try.
fn reconnect(bridge: &Shared, form: &Form, status: &str, call_sid: &CallSid) -> Option<(u8, Option<String>)> {
    let code = form.text("ErrorCode")?;
    // A drain lets calls go on, and so does it let them come back, until what is left is handed over.
    if status != "failed" || !RETRYABLE.contains(&code) || bridge.calls.are_called_off() {
        return None;
    }
    let state = form.text("s").and_then(|state| bridge.keyring.open::<ActionState>(Purpose::Action, state));
    let state = state.filter(|state| state.call_sid == *call_sid);
    let before = state.as_ref().map_or(1, |state| state.attempt);
    let spoke = state.and_then(|state| state.provider);
    let playbook = || bridge.calls.pinned(call_sid, || bridge.shelf.current());
    let provider = if VOICE_FAILED.contains(&code) {
        Some(incoming::other_provider(spoke.as_deref(), &playbook()))
    } else {
        spoke
    };
    (before < MOST_RECONNECTS).then_some((before + 1, provider))
}
