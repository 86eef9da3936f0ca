//! `/voice/handoff`: a relay session is over. What becomes of the caller is decided here, on any node.
//!
//! <https://www.twilio.com/docs/voice/conversationrelay/onboarding>

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use tracing::{info, info_span, warn};

use super::form::Form;
use super::{Shared, Twiml, incoming, replay};
use crate::handoff::{Handoff, Outcome, Trigger};
use crate::ids::CallSid;
use crate::store::{DeliveryState, What};
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
    let key = replay::key("handoff", &headers, &form, &["SessionId", "SessionStatus"]);
    let decided = decided(&bridge, &form).await;
    if let Some(call_sid) = form.call_sid() {
        // From here on a server that ends does not wait for this call any more.
        bridge.calls.asked(&call_sid);
    }
    bridge.answered.once(key, || (&next(&bridge, &form, decided)).into())
}

/// What the session had decided on, where it does not come back in `HandoffData`: in this process or in the
/// store. A node that knows nothing of it goes on without.
async fn decided(bridge: &Shared, form: &Form) -> Option<Handoff> {
    let call_sid = form.call_sid().filter(|_| form.is_live())?;
    let returned = form.text("HandoffData").map(|data| Handoff::read(data, &call_sid, &nonce()));
    if matches!(returned, Some(Ok(_))) {
        return None;
    }
    let session = state(bridge, form, &call_sid).map(|state| state.attempt);
    bridge.document(&call_sid, session).await
}

fn next(bridge: &Shared, form: &Form, decided: Option<Handoff>) -> Response {
    let Some(call_sid) = form.call_sid() else {
        warn!("session end without a usable CallSid; the call goes to a person");
        return super::nameless(bridge, Trigger::BridgeFailure);
    };
    let _span = info_span!("call", call.sid = %call_sid).entered();
    let status = form.word("SessionStatus").unwrap_or("none");
    if !form.is_live() || status == "completed" {
        info!(status, "caller has gone");
        bridge.store.note(&call_sid, What::Over);
        return Response::new();
    }
    if let Some(handoff) = document(form, &call_sid, decided) {
        return match handoff.context.outcome {
            Outcome::Completed => {
                bridge.delivered(form, DeliveryState::Completed.into());
                Response::new().hangup()
            }
            Outcome::Escalated => bridge.hand_over(form, handoff),
        };
    }
    match reconnect(bridge, form, status, &call_sid) {
        Some((attempt, provider)) => {
            info!(attempt, code = form.word("ErrorCode"), "socket was lost; connecting again");
            incoming::connect(bridge, form, call_sid, attempt, provider)
        }
        None => {
            warn!(status, code = form.word("ErrorCode"), "session ended without a document");
            let session = state(bridge, form, &call_sid).map_or(0, |state| state.attempt);
            bridge.hand_over_bare(form, call_sid, session, Trigger::BridgeFailure)
        }
    }
}

/// What came back, if it is this call's and can be used; else what the session had decided on.
fn document(form: &Form, call_sid: &CallSid, decided: Option<Handoff>) -> Option<Handoff> {
    match form.text("HandoffData").map(|data| Handoff::read(data, call_sid, &nonce())) {
        Some(Ok(handoff)) => Some(handoff),
        Some(Err(error)) => {
            warn!(%error, "HandoffData cannot be used");
            let bare = || Handoff::bare(call_sid.clone(), nonce(), Trigger::BridgeFailure);
            Some(decided.unwrap_or_else(bare))
        }
        None => decided,
    }
}

/// What our own URL remembers, if it is this call's and was not changed.
fn state(bridge: &Shared, form: &Form, call_sid: &CallSid) -> Option<ActionState> {
    let state = form.text("s").and_then(|state| bridge.keyring.open::<ActionState>(Purpose::Action, state));
    state.filter(|state| state.call_sid == *call_sid)
}

/// The number of the next try, where there is to be one, and who speaks in it. The count travels in our own
/// URL, signed; one that cannot be verified is that of a call we do not know, and gets one try.
fn reconnect(bridge: &Shared, form: &Form, status: &str, call_sid: &CallSid) -> Option<(u8, Option<String>)> {
    let code = form.text("ErrorCode")?;
    // A drain lets calls go on, and so does it let them come back, until what is left is handed over.
    if status != "failed" || !RETRYABLE.contains(&code) || bridge.calls.are_called_off() {
        return None;
    }
    let state = state(bridge, form, call_sid);
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
