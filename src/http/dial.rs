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
    let document = if matches!(status, "completed" | "answered") || !form.is_live() {
        info!(call.sid = call_sid, status, "dialled call is over");
        let answered = matches!(status, "completed" | "answered");
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
            status, tried, "nobody answered the dialled number; trying the next target"
        );
        // Of a number we cannot place nobody knows what comes next, but a message can be left.
        bridge.pass_on(&form, tried.unwrap_or(usize::MAX), &call)
    };
    (&document).into()
}
