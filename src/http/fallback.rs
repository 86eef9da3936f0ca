//! `/voice/fallback`: for the number's fallback URL. Twilio asks it when another document failed.
//!
//! <https://www.twilio.com/docs/usage/webhooks/voice-webhooks>

use axum::Extension;
use axum::extract::State;
use tracing::warn;

use super::form::Form;
use super::{Shared, Twiml};
use crate::handoff::{Handoff, Trigger};
use crate::token::nonce;

/// Hands the call to a person, whatever went wrong.
pub(super) async fn answer(State(bridge): State<Shared>, Extension(form): Extension<Form>) -> Twiml {
    warn!(code = form.word("ErrorCode"), "Twilio fell back: another document failed");
    let document = match form.call_sid() {
        Some(call_sid) => {
            let kept = bridge.calls.kept(&call_sid).map(|kept| (*kept).clone());
            let bare = || Handoff::bare(call_sid, nonce(), Trigger::BridgeFailure);
            bridge.people.take(&kept.unwrap_or_else(bare), &form.contact())
        }
        None => bridge.people.nameless(Trigger::BridgeFailure),
    };
    (&document).into()
}
