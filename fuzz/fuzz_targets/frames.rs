//! Whatever arrives on the socket: it is read or refused, and what a frame writes is JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use warmline::relay::{Inbound, Outbound, Speech};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Inbound::parse(text) {
        // An error is logged, so it has no room to quote what came.
        Err(error) => assert!(error.to_string().len() < 80, "{error}"),
        Ok(frame) => assert!(text.len() < 24 || !format!("{frame:?}").contains(text)),
    }
    let speech = Speech { token: text.into(), last: data.len() % 2 == 0, interruptible: None };
    for frame in [Outbound::Text(speech), Outbound::End { handoff_data: Some(text.to_owned()) }] {
        let json: Value = serde_json::from_str(&frame.to_json()).expect("frames are JSON");
        let kept = json["token"].as_str().or(json["handoffData"].as_str());
        assert_eq!(kept, Some(text));
    }
});
