//! How a session may end, and what comes next: back to the AI, or a person.

use serde_json::json;
use warmline::caller::Call;
use warmline::twiml::Element;

use crate::bridge::{TestBridge, task};
use crate::model::Step;

/// Those after which another try makes sense.
const AGAIN: [&str; 5] = ["39001", "64103", "64105", "64111", "64112"];
/// Those that no other try can mend, and codes that are none of the relay's.
const NEVER: [&str; 12] =
    ["64101", "64102", "64104", "64106", "64107", "64108", "64109", "64110", "64113", "11200", "", "never"];

async fn bridge() -> TestBridge {
    TestBridge::start(|_| vec![Step::Say("Yes.".to_owned())]).await
}

/// A call that has its document, and the action of that.
async fn dialled(bridge: &TestBridge) -> (Call, String) {
    let mut call = bridge.call();
    let connect = call.dial().await.unwrap().child("Connect").unwrap();
    let action = connect.attribute("action").unwrap().to_owned();
    (call, action)
}

async fn ends(bridge: &TestBridge, fields: &[(&str, &str)]) -> Element {
    let (mut call, action) = dialled(bridge).await;
    let fields: Vec<_> = [("SessionId", "VX1")].iter().chain(fields).copied().collect();
    call.callback(&action, &fields).await.unwrap().clone()
}

#[tokio::test]
async fn every_code_of_a_failed_session_leads_back_to_the_ai_or_to_a_person() {
    let bridge = bridge().await;
    for code in AGAIN {
        let document = ends(&bridge, &[("SessionStatus", "failed"), ("ErrorCode", code)]).await;
        let relay = &document.child("Connect").unwrap_or_else(|| panic!("{code}")).children[0];
        assert_eq!(relay.attribute("welcomeGreeting"), None, "{code}: greeted again");
    }
    for code in NEVER {
        let document = ends(&bridge, &[("SessionStatus", "failed"), ("ErrorCode", code)]).await;
        assert_eq!(task(&document)["reasonCode"], "bridge_failure", "{code}");
    }
    let document = ends(&bridge, &[("SessionStatus", "failed")]).await;
    assert_eq!(task(&document)["reasonCode"], "bridge_failure");
}

#[tokio::test]
async fn a_session_that_ended_without_a_document_leads_to_a_person() {
    let bridge = bridge().await;
    for status in ["ended", "", "a status of tomorrow"] {
        let document = ends(&bridge, &[("SessionStatus", status)]).await;
        assert_eq!(task(&document)["reasonCode"], "bridge_failure", "{status}");
    }
    let document = ends(&bridge, &[("SessionStatus", "completed")]).await;
    assert!(document.children.is_empty(), "the caller has gone: {document:?}");
}

#[tokio::test]
async fn a_document_of_any_size_and_form_leads_to_a_person() {
    let bridge = bridge().await;
    let long = "x".repeat(200_000);
    let deep = "[".repeat(100_000);
    let documents = [
        json!({"reason": long, "callSummary": long, "warmline": {"memory": {"a": long}}}).to_string(),
        json!({"reason": "billing", "attributes": {"reason": "billing", "callSummary": "Twice."}})
            .to_string(),
        deep,
        long,
        "{".to_owned(),
        "null".to_owned(),
        "\u{0}\u{ffff}".to_owned(),
    ];
    for data in &documents {
        let document = ends(&bridge, &[("SessionStatus", "ended"), ("HandoffData", data)]).await;
        let task = task(&document);
        assert!(task.to_string().chars().count() <= 3_000, "{} characters", task.to_string().len());
        assert!(!task["reason"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_callback_that_comes_before_the_socket_has_closed_is_answered_at_once() {
    let bridge = bridge().await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("my order is 4711").await.unwrap();
    conversation.wait_words(crate::bridge::SOON).await.unwrap();
    let action = conversation.noun().action.clone().unwrap();
    let fields = [("SessionId", "VX1"), ("SessionStatus", "failed"), ("ErrorCode", "64105")];
    assert!(call.callback(&action, &fields).await.unwrap().child("Connect").is_some());
}
