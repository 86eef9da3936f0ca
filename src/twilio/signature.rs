//! `X-Twilio-Signature`: proof that a webhook or a socket's handshake comes from Twilio.
//!
//! HMAC-SHA1 under the account's auth token over the URL and, for a form, its fields.
//!
//! <https://www.twilio.com/docs/usage/security#validating-requests>

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use url::form_urlencoded;

use super::signed_url::{candidates, without_fragment};

/// The part of a request that is signed beside its URL.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    /// A GET or a socket's handshake: the URL says everything.
    None,
    /// A form, decoded by [`form`] and nothing else: a trimmed value breaks the signature.
    Form(&'a [(String, String)]),
    /// Anything else, as received. The URL must carry its hash as `bodySHA256`.
    Raw(&'a [u8]),
}

/// The auth tokens of the account, of which any may have signed.
#[derive(Debug, Clone)]
pub struct Verifier {
    tokens: Vec<SecretString>,
}

impl Verifier {
    /// Two tokens while the account's is being rotated, else one. Blank ones are dropped, since anybody
    /// could sign with them; without a token nothing verifies.
    pub fn new(tokens: impl IntoIterator<Item = SecretString>) -> Self {
        let known = |token: &SecretString| !token.expose_secret().trim().is_empty();
        Self { tokens: tokens.into_iter().filter(known).collect() }
    }

    /// Whether Twilio signed this request.
    ///
    /// `header` is the value of `X-Twilio-Signature`, empty if there is none. `url` is the public one: the
    /// configured origin, then path and query as received. Never build it from `Host`, which the sender picks.
    pub fn verifies(&self, header: &str, url: &str, body: Body<'_>) -> bool {
        let Ok(given) = STANDARD.decode(header) else { return false };
        let fields = match body {
            Body::None => String::new(),
            Body::Form(fields) => signed_fields(fields),
            Body::Raw(bytes) if is_hash_in(url, bytes) => String::new(),
            Body::Raw(_) => return false,
        };
        let candidates = candidates(url);
        let mut verified = Choice::from(0);
        for token in &self.tokens {
            for url in &candidates {
                verified |= mac(token.expose_secret(), url, &fields).ct_eq(given.as_slice());
            }
        }
        verified.into()
    }
}

/// The signature that Twilio would send, for a caller who plays Twilio. No fields for anything but a form.
pub fn sign(token: &str, url: &str, fields: &[(String, String)]) -> String {
    STANDARD.encode(mac(token, without_fragment(url), &signed_fields(fields)))
}

/// The decoded fields of an `application/x-www-form-urlencoded` body, in order, repeated ones included.
pub fn form(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().collect()
}

fn mac(token: &str, url: &str, fields: &str) -> [u8; 20] {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).expect("a key may have any length");
    mac.update(url.as_bytes());
    mac.update(fields.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Sorted by key and by value as bytes, and equal values once: what npm and PyPI do, and Java does not.
fn signed_fields(fields: &[(String, String)]) -> String {
    let mut sorted = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (key, value) in fields {
        sorted.entry(key).or_default().insert(value);
    }
    let pairs = sorted.iter().flat_map(|(key, values)| values.iter().flat_map(move |value| [*key, *value]));
    pairs.collect()
}

fn is_hash_in(url: &str, body: &[u8]) -> bool {
    let query = without_fragment(url).split_once('?').map_or("", |(_, query)| query);
    let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == "bodySHA256")
        .is_some_and(|(_, claimed)| claimed == hash)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const URL: &str = "https://bridge.example.com/voice";

    fn verifier(tokens: &[&str]) -> Verifier {
        Verifier::new(tokens.iter().map(|token| SecretString::from(*token)))
    }

    #[test]
    fn either_token_counts_while_one_replaces_the_other() {
        let both = verifier(&["old", "new"]);
        for token in ["old", "new"] {
            assert!(both.verifies(&sign(token, URL, &[]), URL, Body::None), "{token}");
        }
        assert!(!both.verifies(&sign("older", URL, &[]), URL, Body::None));
    }

    #[test]
    fn a_blank_token_verifies_nothing() {
        let signature = sign("", URL, &[]);
        assert!(!verifier(&[""]).verifies(&signature, URL, Body::None));
        assert!(!verifier(&[" ", ""]).verifies(&sign(" ", URL, &[]), URL, Body::None));
        assert!(!verifier(&[]).verifies(&signature, URL, Body::None));
    }

    #[test]
    fn a_body_must_be_the_one_whose_hash_was_signed() {
        let hash: String = Sha256::digest(b"{}").iter().map(|byte| format!("{byte:02x}")).collect();
        let hashed = format!("{URL}?bodySHA256={hash}");
        let signature = sign("t", &hashed, &[]);
        assert!(verifier(&["t"]).verifies(&signature, &hashed, Body::Raw(b"{}")));
        assert!(!verifier(&["t"]).verifies(&signature, &hashed, Body::Raw(b"{ }")));
        assert!(!verifier(&["t"]).verifies(&sign("t", URL, &[]), URL, Body::Raw(b"{}")));
        assert!(!verifier(&["t"]).verifies(&sign("t", URL, &[]), URL, Body::Raw(b"")));
    }

    #[test]
    fn a_signature_is_whole_or_nothing() {
        let signature = sign("t", URL, &[]);
        let longer = STANDARD.encode([STANDARD.decode(&signature).unwrap(), vec![0]].concat());
        let shorter = STANDARD.encode(&STANDARD.decode(&signature).unwrap()[..19]);
        let unpadded = signature.trim_end_matches('=');
        for header in ["", "=", "é", &longer, &shorter, unpadded, &format!(" {signature}")] {
            assert!(!verifier(&["t"]).verifies(header, URL, Body::None), "{header}");
        }
    }

    #[test]
    fn connection_overrides_are_not_signed() {
        let overridden = format!("{URL}#rc=2&rp=ct");
        assert_eq!(sign("t", &overridden, &[]), sign("t", URL, &[]));
        assert!(verifier(&["t"]).verifies(&sign("t", URL, &[]), &overridden, Body::None));
    }

    fn anything() -> impl Strategy<Value = String> {
        vec(
            prop_oneof![
                proptest::sample::select(vec!['/', ':', '?', '#', '@', '\'', '=', '[']),
                any::<char>()
            ],
            0..20,
        )
        .prop_map(|characters| characters.into_iter().collect())
    }

    fn url() -> impl Strategy<Value = String> {
        let scheme = proptest::sample::select(vec!["https://", "wss://", "http://", "ws://", ""]);
        (scheme, anything()).prop_map(|(scheme, rest)| format!("{scheme}{rest}"))
    }

    fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
        vec((anything(), anything()), 0..6)
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies_in_any_order_of_fields(
            (sent, seen) in fields().prop_flat_map(|fields| (Just(fields.clone()), Just(fields).prop_shuffle())),
            url in url(),
            token in "[0-9a-f]{32}",
        ) {
            let signature = sign(&token, &url, &sent);
            prop_assert!(verifier(&[&token]).verifies(&signature, &url, Body::Form(&seen)));
            let repeated = [seen.clone(), seen].concat();
            prop_assert!(verifier(&[&token]).verifies(&signature, &url, Body::Form(&repeated)));
        }

        #[test]
        fn nothing_forged_verifies_and_nothing_panics(
            header in prop_oneof![anything(), vec(any::<u8>(), 20).prop_map(|bytes| STANDARD.encode(bytes))],
            url in url(),
            fields in fields(),
            body in vec(any::<u8>(), 0..40),
            token in anything(),
        ) {
            let verifier = verifier(&[&token]);
            for body in [Body::None, Body::Form(&fields), Body::Form(&form(&body)), Body::Raw(&body)] {
                prop_assert!(!verifier.verifies(&header, &url, body));
            }
        }
    }
}
