//! `/voice/dial`: the number where people answer was dialled.
//!
//! <https://www.twilio.com/docs/voice/twiml/dial#action>

use axum::Extension;
use axum::extract::State;
use tracing::{info, warn};

use super::form::Form;
use super::{Shared, Transfer, Twiml};
use crate::store::{DeliveryState, Taken, What};
use crate::twiml::Response;

/// Answers how the dialled call ended.
pub(super) async fn answer(State(bridge): State<Shared>, Extension(form): Extension<Form>) -> Twiml {
    let status = form.word("DialCallStatus").unwrap_or("none");
    let sid = form.call_sid();
    let call_sid = sid.as_ref().map(tracing::field::display);
    // A call that somebody picked up and did not take is `completed` as well.
    let answered = matches!(status, "completed" | "answered") && was_joined(&bridge, &form);
    let document = if answered || !form.is_live() {
        info!(call.sid = call_sid, status, "dialled call is over");
        let state = if answered { DeliveryState::Answered } else { DeliveryState::Abandoned };
        let talked = form.word("DialCallDuration").and_then(|seconds| seconds.parse().ok());
        if let (Some(sid), Some(talked), true) = (&sid, talked, answered) {
            bridge.store.note(sid, What::Taken(Taken::Ago(talked)));
        }
        bridge.delivered(&form, state.into());
        // Twilio asks once the dialled person has hung up, and we hang up too.
        if let Some(sid) = &sid {
            bridge.store.note(sid, What::Over);
        }
        Response::new().hangup()
    } else {
        let (call, tried) = Transfer::under_way(&bridge, &form).await;
        warn!(
            call.sid = call_sid,
            status, tried, "nobody took the call where it was dialled; trying the next target"
        );
        if let Some(sid) = &sid {
            bridge.whispers.close(sid);
        }
        // Of a number we cannot place nobody knows what comes next, but a message can be left.
        bridge.pass_on(&form, tried.unwrap_or(usize::MAX), &call)
    };
    (&document).into()
}

/// Whether the caller was joined to who picked up: as Twilio says it, else as far as we know that somebody was asked
/// to take the call.
fn was_joined(bridge: &Shared, form: &Form) -> bool {
    match form.word("DialBridged") {
        Some("true") => true,
        Some("false") => false,
        Some(_) | None => form.call_sid().is_none_or(|call_sid| !bridge.whispers.is_open(&call_sid)),
    }
}
