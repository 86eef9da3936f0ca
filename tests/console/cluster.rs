//! Two servers on one PostgreSQL: what happens on one is seen on the other, and what is asked there reaches it.

use reqwest::Method;
use serde_json::json;

use super::{Browser, LOCKED, helpful};
use crate::bridge::{FAST, SOON, TestBridge, task};
use crate::postgres::Postgres;

#[tokio::test]
async fn a_call_on_one_server_is_live_on_the_other_and_obeys_it() {
    let Some(server) = Postgres::start() else { return };
    let url = server.url("postgres");
    let settings = [&LOCKED[..], &[("DATABASE_URL", url.as_str())]].concat();
    let (one, two) = (TestBridge::with(&settings, helpful).await, TestBridge::with(&settings, helpful).await);
    let browser = Browser::signed_in(&two).await;
    let mut events = browser.events("/api/v1/live").await;
    let (mut call, mut conversation) = one.connected(FAST).await;
    let sid = call.sid().to_owned();
    let seen = events.until(|name, call| name == "call" && call["callSid"] == sid).await;
    assert_eq!((&seen["own"], &seen["caller"]), (&json!(false), &json!("+15•••••0000")));
    assert_ne!(seen["node"], browser.get("/api/v1/session").await["node"]);
    conversation.say("tell me a story, card 4111 1111 1111 1111").await.unwrap();
    let speaking = events.until(|_, call| call["callSid"] == sid && call["state"] == "speaking").await;
    assert!(!speaking.to_string().contains("1111 1111"), "{speaking}");
    let path = format!("/api/v1/calls/{sid}");
    // What was said is read from what both share.
    browser.until(&path, |call| call["live"] == true && call["transcript"][1]["who"] == "caller").await;
    let list = browser.get("/api/v1/calls?state=live").await;
    assert_eq!((&list["items"][0]["callSid"], &list["items"][0]["node"]), (&json!(sid), &seen["node"]));
    assert_eq!(browser.post(&format!("{path}/whisper"), json!({"text": "Be kind"})).await.0, 202);
    assert_eq!(browser.post(&format!("{path}/escalate"), json!({"reason": "from afar"})).await.0, 202);
    conversation.until_end(SOON).await.unwrap();
    assert_eq!(task(call.finish(conversation).await.unwrap())["reason"], "from afar");
    events.until(|_, call| call["callSid"] == sid && call["state"] == "queued").await;
    call.set("CallStatus", "completed");
    call.notify("/voice/status", &[]).await.unwrap();
    let gone = events.until(|name, _| name == "gone").await;
    assert_eq!((&gone["callSid"], &gone["outcome"]), (&json!(sid), &json!("escalated")));
    // Who signs out on one is signed out on the other.
    let mut elsewhere = Browser::at(&one);
    elsewhere.sign_in(super::PASSWORD).await;
    let moved = Browser { base: browser.base.clone(), ..elsewhere.clone() };
    assert_eq!(moved.send(Method::GET, "/api/v1/calls", None).await.status(), 200);
    assert_eq!(elsewhere.send(Method::DELETE, "/api/v1/session", None).await.status(), 204);
    let ended = async {
        while moved.send(Method::GET, "/api/v1/calls", None).await.status() != 401 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, ended).await.expect("the session ends everywhere");
}

#[tokio::test]
async fn a_database_that_comes_back_brings_the_other_servers_back() {
    let Some(mut server) = Postgres::start() else { return };
    let url = server.url("postgres");
    let settings = [&LOCKED[..], &[("DATABASE_URL", url.as_str())]].concat();
    let (one, two) = (TestBridge::with(&settings, helpful).await, TestBridge::with(&settings, helpful).await);
    let browser = Browser::signed_in(&two).await;
    let mut events = browser.events("/api/v1/live").await;
    let (first, _conversation) = one.connected(0).await;
    events.until(|name, call| name == "call" && call["callSid"] == first.sid()).await;
    server.stop();
    let (second, _other) = one.connected(0).await;
    server.restart();
    events.until(|name, call| name == "call" && call["callSid"] == second.sid()).await;
}
