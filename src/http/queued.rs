//! `/voice/queued`: the call has left the queue, or never got in.
//!
//! <https://www.twilio.com/docs/voice/twiml/enqueue#attributes-action>

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use tracing::{info, warn};

use super::form::Form;
use super::{Shared, Transfer, Twiml, replay};
use crate::twiml::Response;

/// Answers what the queue made of the call.
pub(super) async fn answer(
    State(bridge): State<Shared>,
    headers: HeaderMap,
    Extension(form): Extension<Form>,
) -> Twiml {
    let key = replay::key("queued", &headers, &form, &["QueueResult", "s"]);
    bridge.answered.once(key, || (&next(&bridge, &form)).into())
}

fn next(bridge: &Shared, form: &Form) -> Response {
    let result = form.word("QueueResult").unwrap_or("none");
    let call_sid = form.call_sid();
    let call_sid = call_sid.as_ref().map(tracing::field::display);
    match result {
        // Somebody has the call, or nobody is on it: hanging up here would cut them off.
        "bridged" | "bridging-in-process" | "redirected" | "redirected-from-bridged" | "hangup" => {
            info!(call.sid = call_sid, result, "call left the queue");
            Response::new()
        }
        _ if !form.is_live() => Response::new(),
        _ => {
            let (call, tried) = Transfer::under_way(bridge, form);
            warn!(call.sid = call_sid, result, tried, "queue did not take the call; trying the next target");
            // A queue we cannot place was the first, as it nearly always is.
            bridge.people.after(tried.unwrap_or(0), &call)
        }
    }
}
