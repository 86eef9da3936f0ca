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
    let kept = form.call_sid().map(|call_sid| {
        let kept = bridge.calls.kept(&call_sid).map(|kept| (*kept).clone());
        kept.unwrap_or_else(|| Handoff::bare(call_sid, nonce(), Trigger::BridgeFailure))
    });
    (&bridge.people.without_callbacks(kept.as_ref(), &form.contact())).into()
}
