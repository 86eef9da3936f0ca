//! `/voice/handoff`: a relay session is over. What becomes of the caller is decided here, on any node.
//!
//! <https://www.twilio.com/docs/voice/conversationrelay/onboarding>

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use tracing::{info, info_span, warn};

use super::form::Form;
use super::incoming::{self, Opened};
use super::known::Caller;
use super::{Shared, Twiml, noun, replay};
use crate::handoff::{Handoff, Outcome, Trigger};
use crate::ids::CallSid;
use crate::store::{DeliveryState, What};
use crate::token::{ActionState, Course, Purpose, nonce};
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
    let handoff = document(&bridge, &form).await;
    if let Some(call_sid) = form.call_sid() {
        // From here on a server that ends does not wait for this call any more.
        bridge.calls.asked(&call_sid);
    }
    let caller = bridge.caller(&form).await;
    bridge.answered.once(key, || (&next(&bridge, &form, handoff, caller)).into())
}

/// The document of the call: what came back, if it is this call's and can be used; else what the session had
/// decided on; else, unless the call is to be connected again, what is known of it.
async fn document(bridge: &Shared, form: &Form) -> Option<Handoff> {
    let call_sid = form.call_sid()?;
    let session = state(bridge, form, &call_sid).map(|state| state.attempt);
    let returned = form.text("HandoffData").map(|data| Handoff::read(data, &call_sid, &nonce()));
    let broken = match returned {
        Some(Ok(handoff)) => return Some(handoff),
        Some(Err(error)) => {
            warn!(call.sid = %call_sid, %error, "HandoffData cannot be used");
            true
        }
        None => false,
    };
    let decided = bridge.decided(&call_sid, session).await;
    let is_over = !form.is_live() || status(form) == "completed";
    if decided.is_some() || is_over || (!broken && reconnect(bridge, form, &call_sid).is_some()) {
        return decided;
    }
    warn!(
        call.sid = %call_sid, status = status(form), code = form.word("ErrorCode"),
        "session ended without a document"
    );
    Some(bridge.told(&call_sid).await)
}

fn status(form: &Form) -> &str {
    form.word("SessionStatus").unwrap_or("none")
}

fn next(bridge: &Shared, form: &Form, handoff: Option<Handoff>, caller: Caller) -> Response {
    let Some(call_sid) = form.call_sid() else {
        warn!("session end without a usable CallSid; the call goes to a person");
        return super::nameless(bridge, Trigger::BridgeFailure);
    };
    let _span = info_span!("call", call.sid = %call_sid).entered();
    if !form.is_live() || status(form) == "completed" {
        info!(status = status(form), "caller has gone");
        if let Some(handoff) = handoff {
            let done = handoff.context.outcome == Outcome::Completed;
            let state = if done { DeliveryState::Completed } else { DeliveryState::Abandoned };
            bridge.delivered(form, state.into());
        }
        bridge.store.note(&call_sid, What::Over);
        bridge.calls.forget(&call_sid);
        return Response::new();
    }
    let state = state(bridge, form, &call_sid);
    let caller = caller.vouched(state.as_ref().and_then(|state| state.verified.as_deref()));
    let resumed = state.as_ref().and_then(|state| state.resumed.clone());
    let course = Course {
        session: state.as_ref().map_or(0, |state| state.attempt),
        returns: resumed.as_ref().map_or(0, |resumed| resumed.returns),
        spoken: state.map(|state| state.spoken).unwrap_or_default(),
        verified: caller.to_remember(),
    };
    match handoff {
        Some(handoff) if handoff.context.outcome == Outcome::Completed => {
            bridge.settled(form, course.session, &handoff);
            bridge.delivered(form, DeliveryState::Completed.into());
            Response::new().hangup()
        }
        Some(handoff) => bridge.hand_over_again(form, course, handoff, &caller, resumed.as_ref()),
        None => match reconnect(bridge, form, &call_sid) {
            Some((attempt, provider)) => {
                info!(attempt, code = form.word("ErrorCode"), "socket was lost; connecting again");
                let opened = Opened { attempt, provider, spoken: course.spoken, resumed, returned: false };
                incoming::connect(bridge, form, call_sid, opened, caller.to_remember())
            }
            // The server was told to end since the document was looked for.
            None => {
                let handoff = Handoff::bare(call_sid, nonce(), Trigger::BridgeFailure);
                bridge.hand_over_again(form, course, handoff, &caller, resumed.as_ref())
            }
        },
    }
}

/// What our own URL remembers, if it is this call's and was not changed.
fn state(bridge: &Shared, form: &Form, call_sid: &CallSid) -> Option<ActionState> {
    let state = form.text("s").and_then(|state| bridge.keyring.open::<ActionState>(Purpose::Action, state));
    state.filter(|state| state.call_sid == *call_sid)
}

/// The number of the next try, where there is to be one, and who speaks in it. The count travels in our own
/// URL, signed; one that cannot be verified is that of a call we do not know, and gets one try.
fn reconnect(bridge: &Shared, form: &Form, call_sid: &CallSid) -> Option<(u8, Option<String>)> {
    let code = form.text("ErrorCode")?;
    // A drain lets calls go on, and so does it let them come back, until what is left is handed over.
    if status(form) != "failed" || !RETRYABLE.contains(&code) || bridge.calls.are_called_off() {
        return None;
    }
    let state = state(bridge, form, call_sid);
    let before = state.as_ref().map_or(1, |state| state.attempt);
    // A session that began because nobody was free was not a reconnection.
    let returns =
        state.as_ref().and_then(|state| state.resumed.as_ref()).map_or(0, |resumed| resumed.returns);
    let (spoke, spoken) = state.map(|state| (state.provider, state.spoken)).unwrap_or_default();
    let playbook = || bridge.playbook(call_sid, &spoken);
    let provider = if VOICE_FAILED.contains(&code) {
        Some(noun::other_provider(spoke.as_deref(), &playbook(), &spoken))
    } else {
        spoke
    };
    let lost = before.saturating_sub(returns);
    (lost < MOST_RECONNECTS).then_some((before + 1, provider))
}
