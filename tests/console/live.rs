//! Calls as they go on.

use std::time::Duration;

use serde_json::json;

use super::{Browser, LOCKED, OPEN, helpful};
use crate::bridge::{SOON, TestBridge, task};

#[tokio::test]
async fn a_call_is_followed_from_its_first_ring_to_its_person() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let browser = Browser::signed_in(&bridge).await;
    let mut events = browser.events("/api/v1/live").await;
    assert_eq!(events.next().await.unwrap(), ("snapshot".to_owned(), json!({"calls": []})));
    let (mut call, mut conversation) = bridge.connected(0).await;
    let sid = call.sid().to_owned();
    let is = |state: &'static str| {
        let sid = sid.clone();
        move |name: &str, call: &serde_json::Value| {
            name == "call" && call["callSid"] == sid && call["state"] == state
        }
    };
    let listening = events.until(is("listening")).await;
    assert_eq!((&listening["caller"], &listening["own"]), (&json!("+15•••••0000"), &json!(true)));
    assert_eq!(listening["node"], browser.get("/api/v1/session").await["node"]);
    conversation.say("tell me a story, my card is 4111 1111 1111 1111").await.unwrap();
    let speaking = events.until(is("speaking")).await;
    assert!(!speaking.to_string().contains("1111 1111 1111"), "{speaking}");
    conversation.say("I was charged twice, this is terrible").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    task(call.finish(conversation).await.unwrap());
    let queued = events.until(is("queued")).await;
    assert_eq!((&queued["trigger"], &queued["sentiment"]), (&json!("model"), &json!("negative")));
    call.callback("/voice/queued", &[("QueueResult", "bridged")]).await.unwrap();
    events.until(is("withPerson")).await;
    call.set("CallStatus", "completed");
    call.notify("/voice/status", &[]).await.unwrap();
    let gone = events.until(|name, _| name == "gone").await;
    assert_eq!(gone, json!({"callSid": sid, "outcome": "escalated", "trigger": "model"}));
}

#[tokio::test]
async fn a_dialled_call_is_over_with_the_conversation_and_shows_nobodys_number() {
    let settings = [&LOCKED[..], &[("TWILIO_WORKFLOW_SID", ""), ("HANDOFF_NUMBER", "+15550001111")]].concat();
    let bridge = TestBridge::with(&settings, helpful).await;
    let browser = Browser::signed_in(&bridge).await;
    let mut events = browser.events("/api/v1/live").await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("I was charged twice").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    assert!(call.finish(conversation).await.unwrap().child("Dial").is_some());
    events.until(|name, call| name == "call" && call["state"] == "queued").await;
    let path = format!("/api/v1/calls/{}", call.sid());
    assert!(bridge.store.flush().await);
    for whole in [browser.get(&path).await, browser.get("/api/v1/handoffs").await] {
        assert!(whole.to_string().contains("number:+15•••••1111"), "{whole}");
        assert!(!whole.to_string().contains("+15550001111"), "{whole}");
    }
    call.callback("/voice/dial", &[("DialCallStatus", "completed")]).await.unwrap();
    events.until(|name, _| name == "gone").await;
    assert!(bridge.store.flush().await);
    assert_eq!(browser.get(&path).await["handoffs"][0]["state"], "answered");
}

#[tokio::test]
async fn one_call_is_followed_with_all_that_is_said() {
    let settings = [&OPEN[..], &[("DATABASE_URL", "none")]].concat();
    let bridge = TestBridge::with(&settings, helpful).await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    let browser = Browser::at(&bridge);
    let path = format!("/api/v1/calls/{}", call.sid());
    browser.until(&path, |call| call["live"] == true).await;
    let mut events = browser.events(&format!("{path}/live")).await;
    conversation.say("where is it").await.unwrap();
    let answered =
        events.until(|name, call| name == "call" && call["transcript"][2]["heard"].is_string()).await;
    assert_eq!(answered["transcript"][1]["text"], "where is it");
    let reveal = browser.post(&format!("{path}/reveal"), json!({})).await;
    assert_eq!(reveal.0, 409, "nothing can be written down: {}", reveal.1);
    assert_eq!(answered["transcript"][2]["text"], "It arrives tomorrow.");
    conversation.hang_up().await.unwrap();
    call.finish(conversation).await.unwrap();
    events.until(|name, _| name == "gone").await;
    assert!(events.next().await.is_none(), "nothing follows");
}

#[tokio::test]
async fn a_board_is_shown_four_times_a_second_at_the_most() {
    let bridge = TestBridge::with(&OPEN, helpful).await;
    let browser = Browser::at(&bridge);
    let mut events = browser.events("/api/v1/live").await;
    events.next().await.unwrap();
    let (_call, mut conversation) = bridge.connected(0).await;
    let began = warmline::clock::now();
    for turn in 0..12 {
        conversation.say(&format!("question number {turn}")).await.unwrap();
        conversation.wait_words(SOON).await.unwrap();
    }
    let mut shown = 0;
    events.until(|_, call| call["turns"] == 12 && call["state"] == "listening").await;
    let lasted = began.elapsed();
    // What is still to come says how much came before.
    while let Ok(Some(_)) = tokio::time::timeout(Duration::from_millis(600), events.next()).await {
        shown += 1;
    }
    assert!(shown <= 4, "{shown} more after {lasted:?}");
    let most = (lasted.as_millis() / 250 + 3) as usize * 900;
    assert!(events.size <= most, "{} bytes in {lasted:?}", events.size);
}
