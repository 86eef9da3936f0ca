//! Signatures made by Twilio's own libraries and printed in its documentation.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Deserialize;

use super::signature::{Body, Verifier, form, sign};

const VECTORS: &str = include_str!("../../tests/fixtures/signature-vectors.json");

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Request>,
    acceptance: Vec<Acceptance>,
}

#[derive(Deserialize)]
struct Request {
    id: String,
    auth_token: String,
    url: String,
    body: String,
    params: Option<Vec<(String, String)>>,
    json_body: Option<String>,
    signature: String,
}

impl Request {
    fn body(&self) -> Body<'_> {
        match (&self.params, &self.json_body) {
            (Some(fields), _) => Body::Form(fields),
            (None, Some(json)) => Body::Raw(json.as_bytes()),
            (None, None) => Body::None,
        }
    }
}

#[derive(Deserialize)]
struct Acceptance {
    id: String,
    signed_url: String,
    seen_url: String,
    params: Option<Vec<(String, String)>>,
    auth_token: String,
    signature_npm: String,
    accepted_npm: bool,
    accepted_pypi: bool,
}

fn vectors() -> Vectors {
    serde_json::from_str(VECTORS).unwrap()
}

fn verifies(token: &str, signature: &str, url: &str, body: Body<'_>) -> bool {
    Verifier::new([SecretString::from(token)]).verifies(signature, url, body)
}

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The signature with one bit of its 160 turned, for each of them.
fn forgeries(signature: &str) -> Vec<String> {
    let bytes = STANDARD.decode(signature).unwrap();
    (0..bytes.len() * 8)
        .map(|bit| {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            STANDARD.encode(forged)
        })
        .collect()
}

/// The signature with one character changed to another of the alphabet, at each place.
fn misspellings(signature: &str) -> Vec<String> {
    (0..signature.len())
        .map(|at| {
            let other = if &signature[at..=at] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &signature[..at], &signature[at + 1..])
        })
        .collect()
}

#[test]
fn every_signature_of_the_official_libraries_is_ours_too() {
    let vectors = vectors().vectors;
    assert!(vectors.len() >= 27);
    for request in vectors {
        let id = &request.id;
        let signed = request.params.as_deref().unwrap_or_default();
        assert_eq!(sign(&request.auth_token, &request.url, signed), request.signature, "{id}");
        assert!(verifies(&request.auth_token, &request.signature, &request.url, request.body()), "{id}");
        if let Some(fields) = &request.params {
            assert_eq!(form(request.body.as_bytes()), *fields, "{id}");
        }
    }
}

#[test]
fn a_changed_signature_token_url_or_body_is_refused() {
    for request in vectors().vectors {
        let Request { id, auth_token, url, signature, .. } = &request;
        for changed in forgeries(signature).iter().chain(&misspellings(signature)) {
            assert!(!verifies(auth_token, changed, url, request.body()), "{id}: {changed}");
        }
        assert!(!verifies(&format!("{auth_token}0"), signature, url, request.body()), "{id}");
        assert!(!verifies(auth_token, signature, &format!("{url}0"), request.body()), "{id}");
        let more = [request.params.clone().unwrap_or_default(), fields(&[("Added", "1")])].concat();
        assert!(!verifies(auth_token, signature, url, Body::Form(&more)), "{id}");
        let other = format!("{}0", request.body);
        assert!(!verifies(auth_token, signature, url, Body::Raw(other.as_bytes())), "{id}");
    }
}

#[test]
fn another_spelling_of_the_url_is_accepted_where_both_libraries_accept_it() {
    for case in vectors().acceptance {
        let params = case.params.as_deref();
        assert_eq!(sign(&case.auth_token, &case.signed_url, params.unwrap_or_default()), case.signature_npm);
        let body = params.map_or(Body::None, Body::Form);
        let accepted = verifies(&case.auth_token, &case.signature_npm, &case.seen_url, body);
        let wanted = match case.id.as_str() {
            // Both libraries take 80 for the port of `wss`. Should Twilio sign with 443, it is still Twilio.
            "wss-signed-443-seen-bare" => true,
            // Where they disagree, we side with the stricter.
            _ => case.accepted_npm && case.accepted_pypi,
        };
        assert_eq!(accepted, wanted, "{}", case.id);
    }
}

const TOKEN: &str = "12345";
const SHOP: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
/// Two keys of which one begins with the other: sorted as pairs they would swap.
const CONFERENCE: [(&str, &str); 7] = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("Reason", "Participant"),
    ("ReasonConferenceEnded", "test"),
    ("To", "+18005551212"),
];
const CALL: [(&str, &str); 5] = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
];

/// A URL, its fields, the signature.
type Published = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// From the tests of Twilio's libraries and its documentation, then of sockets and their `action`.
const PUBLISHED: &[Published] = &[
    (SHOP, &CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ("https://mycompany.com:443/myapp.php?foo=1&bar=2", &CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
    ("http://mycompany.com:80/myapp.php?foo=1&bar=2", &CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", &CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    (SHOP, &[], "zYQTYrRWXE7LtzbG4PfP7/bkkGo="),
    ("https://mycompany.com/myapp.php", &CALL, "1xaxFBvyzXYvWplzNOSs28HWO94="),
    (
        SHOP,
        &[
            ("Sid", "CA123"),
            ("SidAccount", "AC123"),
            ("Digits", "5678"),
            ("Digits", "1234"),
            ("Digits", "1234"),
        ],
        "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
    ),
    (
        SHOP,
        &[("MessagingBinding.Address", "+1415xxxxxxx"), ("MessagingBinding.Address", "+1325xxxxxxx")],
        "83O6e2vORAoJHUNzJjDWN1jz+BA=",
    ),
    (SHOP, &CONFERENCE, "vOEb5UThFn24KEfnOFLQY2AE5FY="),
    (
        SHOP,
        &[
            ("Message", "Hello & goodbye! @#$%^*()"),
            ("From", "+1 (415) 867-5309"),
            ("Special", "unicode: ñáéíóú"),
        ],
        "dCPiR4WtQ6QFN6pJh81CtlCcWLQ=",
    ),
    (
        SHOP,
        &[("callSid", "lowercase"), ("CallSid", "uppercase"), ("CALLSID", "allcaps")],
        "jDK7WKT8wiNrwggd4ceTv4e1MJ4=",
    ),
    (
        SHOP,
        &[("Digits", ""), ("CallSid", "CA1234567890ABCDE"), ("EmptyParam", "")],
        "9HHp/OqQMEwdrVebHDdA/+tqjX8=",
    ),
    (
        "https://mycompany.com/myapp.php?foo=hello%20world&bar=test%2Bvalue",
        &CALL,
        "er2tvAP1Wx+iuTTE2BPgvEaN1cs=",
    ),
    ("https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", &CALL, "CukzLTc1tT5dXEDIHm/tKBanW10="),
    ("https://user:pass@mycompany.com:443/myapp.php?foo=1&bar=2", &CALL, "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="),
    (
        "https://example.com/myapp.php?foo=1&bar=2",
        &[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675310"),
            ("Digits", "1234"),
            ("From", "+14158675310"),
            ("To", "+18005551212"),
        ],
        "L/OH5YylLD5NRKLltdqwSvS0BnU=",
    ),
    ("wss://voice.example.com/relay/abc", &[], "QmvN5WpWhbr7ZUPAikhpMf/fy5A="),
    ("wss://voice.example.com/relay/abc/", &[], "UGf9LswZboLPAhiZLD6evI8ZpG4="),
    ("https://voice.example.com/relay/abc", &[], "WqLcDiGDiD5k2fv6vLNFdZvVcos="),
    (
        "https://voice.example.com/action",
        &[
            ("CallSid", "CA00000000000000000000000000000001"),
            ("HandoffData", r#"{"reason":"billing"}"#),
            ("SessionDuration", "9"),
            ("SessionStatus", "ended"),
        ],
        "D3LQOATXtiiCritwjU+nxP9/HYU=",
    ),
];

#[test]
fn every_published_signature_is_ours_too() {
    for (url, pairs, signature) in PUBLISHED {
        let fields = fields(pairs);
        assert_eq!(sign(TOKEN, url, &fields), *signature, "{url}");
        assert!(verifies(TOKEN, signature, url, Body::Form(&fields)), "{url}");
    }
}

#[test]
fn a_request_without_a_port_is_accepted_as_signed_with_one() {
    let call = fields(&CALL);
    for (seen, signature) in [
        (SHOP, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        ("https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="),
        // Signed without the user, as the documentation says.
        ("https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ] {
        assert!(verifies(TOKEN, signature, seen, Body::Form(&call)), "{seen} {signature}");
    }
    let quoted = "https://mycompany.com/myapp.php?foo=1&bar=2&Body=It's+amazing";
    assert!(verifies(TOKEN, "TfZzewPq8wqrGlMfyAud8+/IvJ0=", quoted, Body::Form(&call)));
}

#[test]
fn published_bodies_verify_by_their_hash() {
    let body = br#"{"property": "value", "boolean": true}"#;
    let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let long = format!("{SHOP}&bodySHA256={hash}");
    let short = format!("https://mycompany.com/myapp.php?bodySHA256={hash}");
    let braces = format!("{SHOP}&bodySHA256={empty}");
    assert!(verifies(TOKEN, "a9nBmqA0ju/hNViExpshrM61xv4=", &long, Body::Raw(body)));
    assert!(verifies(TOKEN, "y77kIzt2vzLz71DgmJGsen2scGs=", &short, Body::Raw(body)));
    assert!(verifies(TOKEN, "Ldidvp12m26NI7eqEvxnEpkd9Hc=", &braces, Body::Raw(b"{}")));
    assert!(!verifies(TOKEN, "a9nBmqA0ju/hNViExpshrM61xv4=", &long, Body::Raw(b"{}")));
    assert!(!verifies(TOKEN, "zYQTYrRWXE7LtzbG4PfP7/bkkGo=", SHOP, Body::Raw(body)));
}

#[test]
fn signatures_over_the_wrong_text_are_refused() {
    let conference = fields(&CONFERENCE);
    assert!(!verifies(TOKEN, "95+Bu0JVPi0r/SsESZCVf0dWAjw=", SHOP, Body::Form(&conference)));
    let socket = "wss://voice.example.com/relay/abc";
    assert!(!verifies(TOKEN, "WqLcDiGDiD5k2fv6vLNFdZvVcos=", socket, Body::None));
    assert!(verifies(TOKEN, "UGf9LswZboLPAhiZLD6evI8ZpG4=", socket, Body::None));
}
