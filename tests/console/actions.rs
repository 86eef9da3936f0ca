//! What somebody at the console does to a running call.

use serde_json::json;
use warmline::caller::Ending;

use super::{Browser, LOCKED, helpful};
use crate::bridge::{FAST, SOON, TestBridge, task};

#[tokio::test]
async fn a_running_call_is_handed_over_and_written_down() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let browser = Browser::signed_in(&bridge).await;
    let (mut call, mut conversation) = bridge.connected(FAST).await;
    conversation.say("tell me a story").await.unwrap();
    let path = format!("/api/v1/calls/{}", call.sid());
    browser.until(&path, |call| call["turns"] == 1).await;
    let reason = json!({"reason": "a good customer"});
    assert_eq!(browser.post(&format!("{path}/escalate"), reason).await.0, 202);
    // It is there at once, whatever the writer of calls still has to do.
    let audit = browser.get("/api/v1/audit").await;
    assert_eq!(audit["items"][0]["what"], "escalate");
    let ending = conversation.until_end(SOON).await.unwrap();
    assert!(matches!(ending, Ending::Ended { handoff_data: Some(_) }), "{ending:?}");
    let task = task(call.finish(conversation).await.unwrap());
    assert_eq!((&task["reason"], &task["reasonCode"]), (&json!("a good customer"), &json!("supervisor")));
    assert_eq!(task["warmline"]["trigger"], "supervisor");
    browser.until(&path, |call| call["handoffs"][0]["state"] == "queued").await;
    assert!(bridge.store.flush().await);
    for (filter, found) in [("caller=%2B15551230000", 1), ("caller=%2B15551230001", 0), ("outcome=closed", 0)]
    {
        let list = browser.get(&format!("/api/v1/calls?state=live&{filter}")).await;
        assert_eq!(list["items"].as_array().unwrap().len(), found, "{filter}");
    }
    let (status, problem) = browser.post(&format!("{path}/escalate"), json!({})).await;
    assert_eq!(status, 409, "{problem}");
    assert!(bridge.store.flush().await);
    let audit = browser.get("/api/v1/audit").await;
    assert_eq!(
        (&audit["items"][0]["what"], &audit["items"][0]["callSid"]),
        (&json!("escalate"), &json!(call.sid()))
    );
    assert_eq!(audit["items"].as_array().unwrap().len(), 1, "what was not done is not written down");
}

#[tokio::test]
async fn a_whisper_reaches_the_model_and_nobody_else() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let browser = Browser::signed_in(&bridge).await;
    let (call, mut conversation) = bridge.connected(0).await;
    let path = format!("/api/v1/calls/{}", call.sid());
    browser.until(&path, |call| call["live"] == true).await;
    let note = "Offer a voucher of ten dollars";
    assert_eq!(browser.post(&format!("{path}/whisper"), json!({"text": note})).await.0, 202);
    // It is taken before the next words of the caller, which come later on the same task.
    while bridge.model.requests().last().is_none_or(|request| !request.to_string().contains("voucher")) {
        conversation.say("where is it").await.unwrap();
        conversation.wait_words(SOON).await.unwrap();
    }
    let request = bridge.model.requests().pop().unwrap();
    let messages = request["messages"].as_array().unwrap();
    assert_eq!(messages[0]["role"], "system");
    assert!(messages[0]["content"].as_str().unwrap().contains(note));
    assert_eq!(messages.last().unwrap()["content"], "where is it", "the caller's words come last");
    assert!(!messages[1..].iter().any(|message| message.to_string().contains("voucher")));
    let whole = browser.get(&path).await;
    assert!(!whole.to_string().contains("voucher"), "{whole}");
    assert!(!conversation.frames().iter().any(|frame| frame.raw.to_string().contains("voucher")));
    assert!(bridge.store.flush().await);
    assert_eq!(browser.get("/api/v1/audit").await["items"][0]["what"], "whisper");
}
