//! `/voice/fallback`: for the number's fallback URL. Twilio asks it when another document failed.
//!
//! <https://www.twilio.com/docs/usage/webhooks/voice-webhooks>

use axum::Extension;
use axum::extract::State;
use tracing::warn;

use super::form::Form;
use super::{Shared, Transfer, Twiml};

/// Hands the call to a person, whatever went wrong.
pub(super) async fn answer(State(bridge): State<Shared>, Extension(form): Extension<Form>) -> Twiml {
    warn!(code = form.word("ErrorCode"), "Twilio fell back: another document failed");
    let (call, _) = Transfer::under_way(&bridge, &form).await;
    if form.call_sid().is_some() {
        bridge.settled(&form, 0, &call.handoff);
        if let Some(delivery) = bridge.people.delivery_without_callbacks(&call) {
            bridge.delivered(&form, delivery);
        }
    }
    (&bridge.people.without_callbacks(&call)).into()
}
