//! Somebody who is rung: a phone, a SIP endpoint, a browser. Who picks up may hear who calls before being joined.
//!
//! <https://www.twilio.com/docs/voice/twiml/dial>

use super::People;
use super::context::{sip_address, with_parameters};
use crate::config::{Line, Ring, Target};
use crate::http::Transfer;
use crate::token::{Purpose, WhisperState};
use crate::twiml::{Client, Dial, Number, Sip};

/// The verb that rings somebody. `whisper` is the address of what they hear first.
pub(super) fn dial(ring: &Ring, call: &Transfer, whisper: Option<&str>) -> Dial {
    let mut dial = Dial::new().timeout(ring.seconds).answer_on_bridge(ring.answer_on_bridge);
    if let Some(number) = &ring.caller_id {
        dial = dial.caller_id(number);
    }
    match &ring.line {
        Line::Phone(number) => {
            let number = Number::new(number);
            dial.number(match whisper {
                Some(url) => number.url(url),
                None => number,
            })
        }
        Line::Sip(address) => {
            let sip = Sip::new(&if ring.context { sip_address(address, call) } else { address.clone() });
            dial.sip(match whisper {
                Some(url) => sip.url(url),
                None => sip,
            })
        }
        Line::Client(identity) => {
            let client = Client::new(identity);
            let client = if ring.context { with_parameters(client, call) } else { client };
            dial.client(match whisper {
                Some(url) => client.url(url),
                None => client,
            })
        }
    }
}

impl People {
    /// The address of what somebody hears before the caller, if there is anything to say or to ask.
    pub(super) fn whisper(&self, target: &Target, place: usize, call: &Transfer) -> Option<String> {
        let Target::Ring(ring) = target else { return None };
        if !ring.whisper && ring.accept_key.is_none() {
            return None;
        }
        let state = WhisperState {
            call_sid: call.handoff.context.call_sid.clone(),
            target: place.try_into().unwrap_or(u8::MAX),
            language: call.language.clone(),
            summary: ring.whisper,
            shows_another: ring.caller_id.is_some(),
            key: ring.accept_key,
        };
        Some(self.origin.http(&format!("/voice/whisper?s={}", self.keyring.seal(Purpose::Whisper, &state))))
    }
}
