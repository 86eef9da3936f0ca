//! The page for the person who takes a call.

use reqwest::Method;
use serde_json::{Value, json};
use warmline::token::{DeskPass, Purpose};

use super::{Browser, LOCKED, OPEN, helpful};
use crate::bridge::{FAST, PUBLIC, SOON, TestBridge, task};

async fn page(bridge: &TestBridge, path: &str) -> (u16, reqwest::header::HeaderMap, String) {
    let answer = Browser::at(bridge).send(Method::GET, path, None).await;
    (answer.status().as_u16(), answer.headers().clone(), answer.text().await.unwrap())
}

async fn escalated(bridge: &TestBridge) -> Value {
    let (mut call, mut conversation) = bridge.connected(FAST).await;
    conversation.say("tell me a story, I am <b>Ann</b>, my mail is ann@example.com").await.unwrap();
    conversation.interrupt_after("Once upon", SOON).await.unwrap();
    conversation.say("my order is 1182").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    conversation.say("I was charged twice, card 4111 1111 1111 1111").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    task(call.finish(conversation).await.unwrap())
}

#[tokio::test]
async fn the_link_in_the_task_shows_the_hand_off_and_nothing_else() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let task = escalated(&bridge).await;
    assert!(!task.to_string().contains("1111 1111 1111"), "a card in {task}");
    assert!(task.to_string().contains("ann@example.com"), "who takes the call may answer by mail");
    let url = task["warmline"]["deskUrl"].as_str().unwrap();
    let path = url.strip_prefix(PUBLIC).unwrap();
    let (status, headers, text) = page(&bridge, path).await;
    assert_eq!(status, 200);
    for shown in [
        "billing dispute",
        "<header data-mood=\"negative\">",
        "Upset",
        "Caller was charged twice for order 1182 &amp; wants &lt;a refund&gt;.",
        "+15551230000",
        "The network vouches for the number. Who is calling was not verified.",
        "<dt>order</dt><dd>1182</dd>",
        "<dd class=\"verified\" data-verified=\"yes\">",
        "Once upon <s><span class=\"aside\">cut off: </span>a time.",
        "**** **** **** 1111",
        "ann@example.com",
        "&lt;b&gt;Ann&lt;",
    ] {
        assert!(text.contains(shown), "{shown} not in {text}");
    }
    assert!(!text.contains("<script") && !text.contains("4111 1111"));
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("frame-ancestors 'self' https://flex.twilio.com"), "{policy}");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["cache-control"], "no-store");
    // Deleted is deleted, whoever has the link.
    assert!(bridge.store.flush().await);
    let browser = Browser::signed_in(&bridge).await;
    let call = format!("/api/v1/calls/{}", task["warmline"]["callSid"].as_str().unwrap());
    assert!(browser.send(Method::DELETE, &call, None).await.status().is_success());
}

#[tokio::test]
async fn a_link_that_was_changed_or_is_too_old_shows_a_friendly_page() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let task = escalated(&bridge).await;
    let call_sid: warmline::ids::CallSid = task["warmline"]["callSid"].as_str().unwrap().parse().unwrap();
    let handoff_id = task["warmline"]["handoffId"].as_str().unwrap().to_owned();
    let sealed = |purpose, pass: &DeskPass| format!("/desk/{}", bridge.inner.keyring.seal(purpose, pass));
    let pass = DeskPass { handoff_id, call_sid, expires: u64::MAX };
    assert_eq!(page(&bridge, &sealed(Purpose::Desk, &pass)).await.0, 200);
    let other_call = DeskPass { call_sid: "CA1".parse().unwrap(), ..pass.clone() };
    let other_handoff = DeskPass { handoff_id: "HO1".into(), ..pass.clone() };
    let old = DeskPass { expires: 1, ..pass.clone() };
    for path in [
        sealed(Purpose::Desk, &old),
        sealed(Purpose::Desk, &other_call),
        sealed(Purpose::Desk, &other_handoff),
        sealed(Purpose::Relay, &pass),
        "/desk/anything".to_owned(),
    ] {
        let (status, headers, text) = page(&bridge, &path).await;
        assert_eq!(status, 404, "{path}");
        assert!(
            text.contains("There is nothing to show here") && headers.contains_key("content-security-policy")
        );
    }
}

#[tokio::test]
async fn without_a_store_the_document_has_to_do() {
    let settings = [&OPEN[..], &[("DATABASE_URL", "none")]].concat();
    let bridge = TestBridge::with(&settings, helpful).await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("I was charged twice").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    let document = call.finish(conversation).await.unwrap();
    let task: Value =
        serde_json::from_str(&document.child("Enqueue").unwrap().child("Task").unwrap().text).unwrap();
    let url = url::Url::parse(task["warmline"]["deskUrl"].as_str().unwrap()).unwrap();
    assert_eq!(page(&bridge, url.path()).await.0, 200);
    assert_eq!(task["warmline"]["trigger"], json!("model"));
}

#[tokio::test]
async fn no_link_is_sent_to_a_page_that_nobody_reaches() {
    // A token and no public address: only this machine reaches the page, and people sit elsewhere.
    let bridge = TestBridge::with(&[("PUBLIC_URL", "")], helpful).await;
    assert!(bridge.inner.people.desk.is_none());
}
