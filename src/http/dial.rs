//! `/voice/dial`: the number where people answer was dialled.
//!
//! <https://www.twilio.com/docs/voice/twiml/dial#action>

use axum::Extension;
use axum::extract::State;
use tracing::{info, warn};

use super::form::Form;
use super::{People, Shared, Twiml};
use crate::store::DeliveryState;
use crate::twiml::Response;

/// Answers how the dialled call ended.
pub(super) async fn answer(State(bridge): State<Shared>, Extension(form): Extension<Form>) -> Twiml {
    let status = form.word("DialCallStatus").unwrap_or("none");
    let call_sid = form.call_sid();
    let call_sid = call_sid.as_ref().map(tracing::field::display);
    let document = if matches!(status, "completed" | "answered") || !form.is_live() {
        info!(call.sid = call_sid, status, "dialled call is over");
        if matches!(status, "completed" | "answered") {
            bridge.delivered(&form, DeliveryState::Answered.into());
        } else {
            bridge.delivered(&form, DeliveryState::Abandoned.into());
        }
        Response::new().hangup()
    } else {
        warn!(call.sid = call_sid, status, "nobody answered the dialled number; offering the voicemail");
        bridge.delivered(&form, People::last());
        bridge.people.voicemail()
    };
    (&document).into()
}
