//! `/voice/recording`: a caller left a message. It stays with Twilio; the log says where.
//!
//! <https://www.twilio.com/docs/voice/twiml/record>

use axum::Extension;
use axum::extract::State;
use tracing::warn;

use super::form::Form;
use super::{Shared, Transfer, Twiml};
use crate::store::DeliveryState;
use crate::twiml::Response;

/// Thanks the caller, and tells the operator.
pub(super) async fn answer(State(bridge): State<Shared>, Extension(form): Extension<Form>) -> Twiml {
    let call_sid = form.call_sid();
    warn!(
        call.sid = call_sid.as_ref().map(tracing::field::display),
        recording.sid = form.word("RecordingSid"),
        seconds = form.word("RecordingDuration"),
        "a caller left a message: somebody should call back"
    );
    bridge.delivered(&form, DeliveryState::Message.into());
    let (call, _) = Transfer::under_way(&bridge, &form).await;
    (&Response::new().say(call.say(&call.lines.message_left)).hangup()).into()
}
