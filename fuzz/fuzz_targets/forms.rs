//! Whatever arrives as a form: it is read the same in any order of calls, and never signed by accident.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warmline::twilio::signature::{Body, Verifier, form, sign};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const URL: &str = "https://bridge.example.com/voice/incoming?s=state";

fuzz_target!(|data: &[u8]| {
    let fields = form(data);
    assert_eq!(fields, form(data));
    let verifier = Verifier::new(vec![TOKEN.into()]);
    let signature = sign(TOKEN, URL, &fields);
    assert!(verifier.verifies(&signature, URL, Body::Form(&fields)));
    let mut more = fields.clone();
    more.push(("CallSid".to_owned(), "CA1".to_owned()));
    let known = fields.contains(more.last().expect("one was added"));
    assert!(known || !verifier.verifies(&signature, URL, Body::Form(&more)), "a field was added unseen");
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(text == signature || !verifier.verifies(text, URL, Body::Form(&fields)));
    }
});
