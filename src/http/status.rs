//! `/voice/status`: the call's status changed.
//!
//! <https://www.twilio.com/docs/voice/twiml#callstatus-values>

use axum::Extension;
use tracing::info;

use super::Twiml;
use super::form::Form;
use crate::twiml::Response;

/// Takes note.
pub(super) async fn answer(Extension(form): Extension<Form>) -> Twiml {
    let call_sid = form.call_sid();
    info!(
        call.sid = call_sid.as_ref().map(tracing::field::display),
        status = form.word("CallStatus"),
        seconds = form.word("CallDuration"),
        "call status"
    );
    (&Response::new()).into()
}
