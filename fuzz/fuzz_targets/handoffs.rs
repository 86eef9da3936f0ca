//! Whatever comes back as `HandoffData`: what is taken over of it fits the Task, and survives another round.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use warmline::handoff::{BUDGET, Contact, Handoff};
use warmline::ids::CallSid;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let call_sid: CallSid = "CA1".parse().expect("a call");
    let Ok(handoff) = Handoff::read(text, &call_sid, "HO1") else { return };
    let document = handoff.to_handoff_data();
    assert!(document.chars().count() <= BUDGET, "{} characters", document.chars().count());
    let again = Handoff::read(&document, &call_sid, "HO1").expect("our own document is read");
    assert_eq!(again.to_handoff_data(), document, "a second round changes it");
    let contact = Contact { from: Some("+15551230000".into()), to: None, name: None };
    let task = handoff.to_task_attributes(&contact);
    assert!(task.chars().count() <= BUDGET);
    let task: Value = serde_json::from_str(&task).expect("the Task is JSON");
    for key in ["reasonCode", "reason", "callSummary", "sentiment", "name"] {
        assert!(task[key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
    }
});
