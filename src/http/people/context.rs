//! What is known of a call, for who cannot read a Task: SIP headers, and parameters of a client.
//!
//! Codes and links, and no words of the caller: headers pass through networks and logs of others.
//!
//! <https://www.twilio.com/docs/voice/twiml/sip#custom-headers>,
//! <https://www.twilio.com/docs/voice/how-share-information-between-your-applications>

use url::form_urlencoded::byte_serialize;

use crate::handoff::{Handoff, Sentiment};
use crate::http::Transfer;
use crate::twiml::Client;

/// The most characters of headers in a SIP address, as written there. Twilio drops what is beyond.
const MOST_HEADERS: usize = 1_024;
/// The most bytes of names and values of a client's parameters.
const MOST_PARAMETERS: usize = 800;
/// The longest `reasonCode`, in characters; it is free text.
const LONGEST_CODE: usize = 64;

/// Names and values, the most important first: where there is no room, the last are left out.
fn facts(handoff: &Handoff) -> Vec<(&'static str, String)> {
    let context = &handoff.context;
    let mood = match handoff.sentiment {
        Sentiment::Positive => "positive",
        Sentiment::Neutral => "neutral",
        Sentiment::Negative => "negative",
    };
    let code: String = handoff.reason_code.chars().filter(|c| !c.is_control()).take(LONGEST_CODE).collect();
    let mut facts = vec![
        ("Call", context.call_sid.to_string()),
        ("Handoff", context.handoff_id.clone()),
        ("Reason", code),
        ("Sentiment", mood.to_owned()),
        ("Trigger", context.trigger.word()),
        ("Language", context.language.clone()),
    ];
    facts.extend(context.desk_url.clone().map(|url| ("Desk", url)));
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

/// The address with headers: `User-to-User` (RFC 7433) with the call's identifier, and ours as `X-Warmline-…`.
pub(super) fn sip_address(address: &str, call: &Transfer) -> String {
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let user = format!("{};encoding=hex", hex(call.handoff.context.call_sid.as_str()));
    let facts = facts(&call.handoff).into_iter();
    let ours = facts.map(|(name, value)| (format!("X-Warmline-{name}"), value));
    let mut written = address.to_owned();
    // The settings may have headers of their own.
    let mut taken = address.split_once('?').map_or(0, |(_, headers)| headers.chars().count() + 1);
    for (name, value) in ours.chain([("User-to-User".to_owned(), user)]) {
        let header = format!("{name}={}", encoded(&value));
        // With the separator before it.
        if taken + header.len() < MOST_HEADERS {
            written.push(if taken == 0 { '?' } else { '&' });
            written.push_str(&header);
            taken += header.len() + 1;
        }
    }
    written
}

/// The client with parameters: `reason`, `sentiment` and so on.
pub(super) fn with_parameters(client: Client, call: &Transfer) -> Client {
    let mut taken = 0;
    facts(&call.handoff).into_iter().fold(client, |client, (name, value)| {
        let name = name.to_ascii_lowercase();
        taken += name.len() + value.len();
        if taken > MOST_PARAMETERS {
            taken -= name.len() + value.len();
            return client;
        }
        client.parameter(&name, &value)
    })
}

/// Everything but letters, digits and `*-._`.
fn encoded(value: &str) -> String {
    byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::Trigger;
    use crate::http::people::tests::going;
    use crate::twiml::{Dial, Response};

    fn call(reason_code: &str, desk: usize) -> Transfer {
        let mut handoff = Handoff::bare("CA1".parse().unwrap(), "HO1".into(), Trigger::Model);
        handoff.reason_code = reason_code.to_owned();
        handoff.context.desk_url = Some(format!("https://bridge.example.com/desk/{}", "x".repeat(desk)));
        going(handoff)
    }

    #[test]
    fn headers_are_encoded_and_the_link_goes_where_there_is_room() {
        let address = sip_address("sip:people@example.com", &call("a&b=c?d; ü\r\nX-Evil: 1", 10));
        let (before, headers) = address.split_once('?').unwrap();
        assert_eq!(before, "sip:people@example.com");
        let reason = headers.split('&').find(|header| header.starts_with("X-Warmline-Reason=")).unwrap();
        assert_eq!(reason, "X-Warmline-Reason=a%26b%3Dc%3Fd%3B%20%C3%BCX-Evil%3A%201");
        assert!(
            headers.contains("X-Warmline-Call=CA1&") && headers.contains("&X-Warmline-Desk=https%3A%2F%2F")
        );
        assert!(headers.ends_with("&User-to-User=434131%3Bencoding%3Dhex"), "{headers}");
        let long = sip_address("sip:people@example.com?X-Skill=billing", &call("billing", 1_000));
        assert!(long.starts_with("sip:people@example.com?X-Skill=billing&X-Warmline-Call=CA1&"), "{long}");
        assert!(!long.contains("Desk") && long.contains("X-Warmline-Reason=billing"), "{long}");
    }

    #[test]
    fn headers_and_parameters_stay_within_their_limits() {
        for (code, desk) in [("ü".repeat(200), 0), ("billing".to_owned(), 700), ("b".repeat(70), 800)] {
            let call = call(&code, desk);
            let address = sip_address("sip:people@example.com", &call);
            assert!(address.len() - "sip:people@example.com".len() <= MOST_HEADERS, "{}", address.len());
            let client = with_parameters(Client::new("jane"), &call);
            let document = Response::new().dial(Dial::new().client(client)).to_xml();
            let root = crate::twiml::parse(&document).unwrap();
            let client = root.child("Dial").unwrap().child("Client").unwrap();
            let length: usize =
                client.children.iter().flat_map(|child| &child.attributes).map(|(_, v)| v.len()).sum();
            assert!(client.children.len() >= 5 && length <= MOST_PARAMETERS, "{length}");
        }
    }
}
