//! `/voice/status`: the call's status changed.
//!
//! <https://www.twilio.com/docs/voice/twiml#callstatus-values>

use axum::Extension;
use axum::extract::State;
use tracing::info;

use super::form::Form;
use super::{Shared, Twiml};
use crate::store::What;
use crate::twiml::Response;

/// Takes note.
pub(super) async fn answer(State(bridge): State<Shared>, Extension(form): Extension<Form>) -> Twiml {
    let call_sid = form.call_sid();
    if let Some(call_sid) = call_sid.as_ref().filter(|_| !form.is_live()) {
        bridge.store.note(call_sid, What::Over);
        // Nothing more is asked about a call that is over.
        bridge.calls.asked(call_sid);
        bridge.calls.forget(call_sid);
    }
    info!(
        call.sid = call_sid.as_ref().map(tracing::field::display),
        status = form.word("CallStatus"),
        seconds = form.word("CallDuration"),
        "call status"
    );
    (&Response::new()).into()
}
