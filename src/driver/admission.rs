//! The first frame: a socket serves the call its URL was made for, once.

use tracing::warn;

use super::running::close;
use super::{Call, POLICY, Wire, receive};
use crate::relay::{Inbound, Setup};
use crate::token::RelayPass;

/// The `setup`, if it is the one the pass admits. Else the socket is closed.
pub(super) async fn admitted(wire: &mut impl Wire, call: &Call) -> Option<Box<Setup>> {
    let first = tokio::time::timeout(call.patience.setup, receive(wire)).await;
    let refused = match first {
        Err(_) => "no setup in time",
        Ok(None) => "closed before setup",
        Ok(Some(text)) => match Inbound::parse(&text) {
            Ok(Inbound::Setup(setup)) => match refusal(&setup, call) {
                None => return Some(setup),
                Some(refused) => refused,
            },
            Ok(_) | Err(_) => "first frame is no setup",
        },
    };
    warn!(reason = refused, "socket refused");
    close(wire, POLICY, refused).await;
    None
}

fn refusal(setup: &Setup, call: &Call) -> Option<&'static str> {
    let pass = &call.pass;
    if setup.call_sid != pass.call_sid {
        Some("setup of another call")
    } else if is_other_account(setup, pass) {
        Some("setup of another account")
    } else if !call.calls.spend(&pass.nonce) {
        Some("address used before")
    } else {
        None
    }
}

fn is_other_account(setup: &Setup, pass: &RelayPass) -> bool {
    matches!((&setup.account_sid, &pass.account_sid), (Some(theirs), Some(ours)) if theirs != ours)
}
