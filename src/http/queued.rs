//! `/voice/queued`: the call has left the queue, or never got in.
//!
//! <https://www.twilio.com/docs/voice/twiml/enqueue#attributes-action>

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use tracing::{info, warn};

use super::form::Form;
use super::{Shared, Transfer, Twiml, replay};
use crate::store::{DeliveryState, Taken, What};
use crate::twiml::Response;

/// Answers what the queue made of the call.
pub(super) async fn answer(
    State(bridge): State<Shared>,
    headers: HeaderMap,
    Extension(form): Extension<Form>,
) -> Twiml {
    let key = replay::key("queued", &headers, &form, &["QueueResult", "s"]);
    let (call, tried) = Transfer::under_way(&bridge, &form).await;
    bridge.answered.once(key, || (&next(&bridge, &form, &call, tried)).into())
}

fn next(bridge: &Shared, form: &Form, call: &Transfer, tried: Option<usize>) -> Response {
    let result = form.word("QueueResult").unwrap_or("none");
    let call_sid = form.call_sid();
    let call_sid = call_sid.as_ref().map(tracing::field::display);
    match result {
        // Somebody has the call, or nobody is on it: hanging up here would cut them off.
        "bridged" | "bridging-in-process" | "redirected" | "redirected-from-bridged" | "hangup" => {
            info!(call.sid = call_sid, result, "call left the queue");
            match result {
                "hangup" => bridge.delivered(form, DeliveryState::Abandoned.into()),
                "bridged" | "bridging-in-process" => {
                    taken(bridge, form);
                    bridge.delivered(form, DeliveryState::Answered.into());
                }
                // Somebody else decides what becomes of it: in Flex, who took the call into a conference.
                _ => taken(bridge, form),
            }
            Response::new()
        }
        _ if !form.is_live() => {
            bridge.delivered(form, DeliveryState::Abandoned.into());
            Response::new()
        }
        _ => {
            warn!(call.sid = call_sid, result, tried, "queue did not take the call; trying the next target");
            // A queue we cannot place was the first, as it nearly always is.
            bridge.pass_on(form, tried.unwrap_or(0), call)
        }
    }
}

/// Notes how long the caller waited in the queue. Twilio asks only once the parties have parted.
fn taken(bridge: &Shared, form: &Form) {
    let seconds = form.word("QueueTime").and_then(|seconds| seconds.parse().ok());
    if let (Some(call_sid), Some(seconds)) = (form.call_sid(), seconds) {
        bridge.store.note(&call_sid, What::Taken(Taken::AfterQueue(seconds)));
    }
}
