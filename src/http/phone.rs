//! Calls from the console's own page. It plays Twilio and cannot sign as Twilio does: a ticket for one call
//! stands in for the signature, and for the socket the relay's own pass. Both count only from somebody who is
//! signed in, and only from our own page, so that no other page can make calls in their name.

use axum::http::{HeaderMap, header};

use super::form::Form;
use super::own_page::{Sender, sender};
use super::{Bridge, Shared};
use crate::gate::Visitor;
use crate::ids::AccountSid;
use crate::token::{Purpose, RelayPass};

const HEADER: &str = "x-warmline-phone";
const SOCKET: &str = "/voice/relay/";

/// Whether a request says that it comes from there. A socket cannot carry a header of ours: it has a cookie,
/// which Twilio's has not.
pub(super) fn is_claimed(headers: &HeaderMap) -> bool {
    let is_socket = headers.contains_key(header::SEC_WEBSOCKET_KEY);
    headers.contains_key(HEADER)
        || (is_socket && headers.contains_key(header::ORIGIN) && headers.contains_key(header::COOKIE))
}

/// Whether it does.
pub(super) fn admits(bridge: &Shared, headers: &HeaderMap, path: &str, form: &Form) -> bool {
    if !bridge.gate.is_on() || sender(headers, &bridge.origin.current()) != Sender::Ours {
        return false;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(visitor) = bridge.gate.visitor(text(header::COOKIE.as_str())) else { return false };
    match path.strip_prefix(SOCKET) {
        Some(token) => headers.contains_key(header::ORIGIN) && is_of_phone(bridge, token),
        None => text(HEADER).is_some_and(|ticket| is_for(bridge, ticket, &visitor, form)),
    }
}

/// Whether a ticket is for the call of a webhook.
fn is_for(bridge: &Bridge, ticket: &str, visitor: &Visitor, form: &Form) -> bool {
    let call_sid = bridge.gate.admitted(ticket, visitor);
    call_sid.is_some() && call_sid == form.call_sid() && form.account_sid() == Some(AccountSid::phone())
}

/// Whether a relay address was made for a call from the console.
fn is_of_phone(bridge: &Bridge, token: &str) -> bool {
    let pass = bridge.keyring.open::<RelayPass>(Purpose::Relay, token);
    pass.is_some_and(|pass| pass.account_sid == Some(AccountSid::phone()))
}
