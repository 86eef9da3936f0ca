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
    let mut decided = None;
    if let Some(call_sid) = form.call_sid() {
        let kept = bridge.calls.kept(&call_sid).map(|kept| (*kept).clone());
        let known = match kept {
            Some(kept) => Some(kept),
            None => bridge.store.decided(&call_sid, None).await,
        };
        decided = Some(known.unwrap_or_else(|| Handoff::bare(call_sid, nonce(), Trigger::BridgeFailure)));
    }
    bridge.delivered(&form, bridge.people.first());
    (&bridge.people.without_callbacks(decided.as_ref(), &form.contact())).into()
}
