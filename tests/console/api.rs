//! The API: lists, whole calls, numbers, deletion, pages, mistakes.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Browser, LOCKED, OPEN, helpful};
use crate::bridge::{SOON, TestBridge, task};

/// A call that was answered, remembered and handed over.
async fn handed_over(bridge: &TestBridge) -> String {
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation
        .say("my order is 1182, my mail is jane@example.com, card 4111 1111 1111 1111")
        .await
        .unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    conversation.say("I was charged twice").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    task(call.finish(conversation).await.unwrap());
    call.set("CallStatus", "completed");
    call.notify("/voice/status", &[]).await.unwrap();
    assert!(bridge.store.flush().await);
    call.sid().to_owned()
}

#[tokio::test]
async fn a_call_is_listed_and_shown_with_what_must_be_hidden_hidden() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let sid = handed_over(&bridge).await;
    let browser = Browser::signed_in(&bridge).await;
    let list = browser.until("/api/v1/calls", |list| list["items"][0]["live"] == false).await;
    let call = &list["items"][0];
    assert_eq!((&list["kept"], &list["next"]), (&json!(true), &Value::Null));
    for (key, value) in [
        ("callSid", json!(sid)),
        ("caller", json!("+15•••••0000")),
        ("line", json!("+15559870000")),
        ("outcome", json!("escalated")),
        ("trigger", json!("model")),
        ("sentiment", json!("negative")),
        ("reasonCode", json!("caller_request")),
        ("turns", json!(2)),
        ("phone", json!(false)),
    ] {
        assert_eq!(call[key], value, "{key}");
    }
    let whole = browser.get(&format!("/api/v1/calls/{sid}")).await;
    assert_eq!((&whole["version"], &whole["facts"]["order"]), (&json!(1), &json!("1182")));
    let turns = whole["transcript"].as_array().unwrap();
    let said = turns.iter().find(|turn| turn["who"] == "caller").unwrap();
    assert_eq!(said["text"], "my order is 1182, my mail is ****@*******.com, card **** **** **** 1111");
    let answer = turns.iter().rfind(|turn| turn["who"] == "agent" && turn["promptedAt"].is_string()).unwrap();
    assert!(answer["promptedAt"].as_str() <= answer["steps"]["beganAt"].as_str(), "{answer}");
    assert_eq!(whole["handoffs"][0]["document"]["reason"], "billing dispute");
    assert!(!whole.to_string().contains("+15551230000"), "a number in {whole}");
    let only = browser.get(&format!("/api/v1/calls/{sid}/turns")).await;
    assert_eq!(only["items"], whole["transcript"]);
    let handoffs = browser.get("/api/v1/handoffs").await;
    let handoff = &handoffs["items"][0];
    assert_eq!((&handoff["callSid"], &handoff["reason"]), (&json!(sid), &json!("billing dispute")));
    assert!(handoff["deskUrl"].as_str().unwrap().starts_with("https://bridge.example.com/desk/"));
    for (filter, found) in [
        ("outcome=escalated", 1),
        ("outcome=closed", 0),
        ("caller=%2B15551230000", 1),
        ("caller=%2B1555", 0),
        ("state=past", 1),
        ("state=live", 0),
    ] {
        let list = browser.get(&format!("/api/v1/calls?{filter}")).await;
        assert_eq!(list["items"].as_array().unwrap().len(), found, "{filter}");
    }
}

#[tokio::test]
async fn numbers_are_shown_and_calls_deleted_and_both_are_written_down() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let sid = handed_over(&bridge).await;
    let browser = Browser::signed_in(&bridge).await;
    browser.until("/api/v1/calls?state=past", |list| list["items"][0].is_object()).await;
    let (status, numbers) = browser.post(&format!("/api/v1/calls/{sid}/reveal"), json!({})).await;
    assert_eq!(
        (status, &numbers["caller"], &numbers["line"]),
        (200, &json!("+15551230000"), &json!("+15559870000"))
    );
    let path = format!("/api/v1/calls/{sid}");
    assert_eq!(browser.send(Method::DELETE, &path, None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(browser.send(Method::DELETE, &path, None).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(browser.send(Method::GET, &path, None).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(browser.post(&format!("{path}/reveal"), json!({})).await.0, 404);
    let audit = browser.get("/api/v1/audit").await;
    let rows: Vec<_> =
        audit["items"].as_array().unwrap().iter().map(|row| row["what"].as_str().unwrap()).collect();
    assert_eq!(rows, ["delete", "reveal"]);
    for row in audit["items"].as_array().unwrap() {
        assert_eq!(row["callSid"], sid);
        assert!(row["from"].as_str().unwrap().starts_with("console "), "{row}");
    }
}

#[tokio::test]
async fn lists_go_on_where_they_stopped() {
    let bridge = TestBridge::with(&OPEN, helpful).await;
    for _ in 0..5 {
        let (mut call, conversation) = bridge.connected(0).await;
        conversation_over(&mut call, conversation).await;
    }
    assert!(bridge.store.flush().await);
    let browser = Browser::at(&bridge);
    browser
        .until("/api/v1/calls?state=past", |list| {
            list["items"].as_array().is_some_and(|items| items.len() == 5)
        })
        .await;
    let mut seen: Vec<String> = Vec::new();
    let mut path = "/api/v1/calls?limit=2".to_owned();
    let mut pages = 0;
    loop {
        let page = browser.get(&path).await;
        pages += 1;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|call| call["callSid"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/calls?limit=2&cursor={next}");
    }
    assert_eq!((pages, seen.len()), (3, 5));
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 5, "a call was listed twice");
}

async fn conversation_over(
    call: &mut warmline::caller::Call,
    mut conversation: warmline::caller::Conversation,
) {
    conversation.hang_up().await.unwrap();
    call.finish(conversation).await.unwrap();
}

#[tokio::test]
async fn every_mistake_is_a_problem() {
    let bridge = TestBridge::with(&OPEN, helpful).await;
    // The tables are there.
    assert!(bridge.store.flush().await);
    let browser = Browser::at(&bridge);
    let call = "/api/v1/calls/CA1";
    for (method, path, body, status) in [
        (Method::GET, "/api/v1/calls?cursor=forged.cursor", None, 400),
        (Method::GET, "/api/v1/calls?cursor=", None, 400),
        (Method::GET, "/api/v1/calls?limit=0", None, 400),
        (Method::GET, "/api/v1/calls?limit=201", None, 400),
        (Method::GET, "/api/v1/calls?limit=many", None, 400),
        (Method::GET, "/api/v1/calls?outcome=won", None, 400),
        (Method::GET, "/api/v1/calls?state=dead", None, 400),
        (Method::GET, call, None, 404),
        (Method::GET, "/api/v1/calls/%3Cscript%3E", None, 404),
        (Method::GET, "/api/v1/calls/CA1/live", None, 404),
        (Method::GET, "/api/v1/nothing", None, 404),
        (Method::GET, "/api/v2/calls", None, 404),
        (Method::PUT, call, Some(json!({})), 405),
        (Method::POST, "/api/v1/calls", Some(json!({})), 405),
        (Method::DELETE, "/api/v1/health", None, 405),
        (Method::POST, "/api/v1/calls/CA1/whisper", None, 415),
        (Method::POST, "/api/v1/calls/CA1/whisper", Some(json!({})), 422),
        (Method::POST, "/api/v1/calls/CA1/whisper", Some(json!({"text": ""})), 422),
        (Method::POST, "/api/v1/calls/CA1/whisper", Some(json!({"text": "x".repeat(501)})), 422),
        (Method::POST, "/api/v1/calls/CA1/whisper", Some(json!({"text": "x".repeat(20_000)})), 413),
        (Method::POST, "/api/v1/calls/CA1/whisper", Some(json!({"text": "hello"})), 404),
        (Method::POST, "/api/v1/calls/CA1/escalate", Some(json!({"reason": "x".repeat(301)})), 422),
        (Method::POST, "/api/v1/calls/CA1/escalate", None, 404),
        (Method::POST, "/api/v1/phone", Some(json!({"from": "somebody"})), 422),
    ] {
        let answer = browser.send(method.clone(), path, body).await;
        assert_eq!(answer.status(), status, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{method} {path}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!((&problem["status"], &problem["type"]), (&json!(status), &json!("about:blank")));
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
    }
    let broken = browser.request(Method::POST, "/api/v1/calls/CA1/whisper", None).header("x-warmline", "1");
    let broken =
        broken.header("content-type", "application/json").body("{\"text\": secret").send().await.unwrap();
    assert_eq!(broken.status(), 400);
    assert!(!broken.text().await.unwrap().contains("secret"), "a problem quotes nothing");
}

#[tokio::test]
async fn without_a_store_live_calls_are_all_there_is() {
    let settings = [&OPEN[..], &[("DATABASE_URL", "none")]].concat();
    let bridge = TestBridge::with(&settings, helpful).await;
    let (call, mut conversation) = bridge.connected(0).await;
    conversation.say("where is it").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    let browser = Browser::at(&bridge);
    let list = browser.until("/api/v1/calls", |list| list["items"][0]["turns"] == 1).await;
    assert_eq!((&list["kept"], &list["items"][0]["live"]), (&json!(false), &json!(true)));
    let path = format!("/api/v1/calls/{}", call.sid());
    let whole = browser.until(&path, |whole| whole["transcript"][2]["text"] == "It arrives tomorrow.").await;
    assert_eq!((&whole["live"], &whole["direction"]), (&json!(true), &json!("inbound")));
    for path in ["/api/v1/handoffs", "/api/v1/audit"] {
        assert_eq!(browser.get(path).await, json!({"items": [], "next": null, "kept": false}));
    }
    conversation.hang_up().await.unwrap();
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_a_problem_and_no_wait_without_end() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://nobody@{}/calls", silent.local_addr().unwrap());
    let settings = [&OPEN[..], &[("DATABASE_URL", url.as_str())]].concat();
    let bridge = TestBridge::with(&settings, helpful).await;
    let browser = Browser::at(&bridge);
    let answer = browser.send(Method::GET, "/api/v1/calls", None).await;
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(browser.get("/api/v1/health").await["ready"], true);
    drop(silent);
}

#[tokio::test]
async fn settings_and_health_tell_what_an_operator_asks() {
    let file = std::env::temp_dir().join(format!("warmline-about-{}.toml", std::process::id()));
    std::fs::write(&file, "[timings]\nfiller = 1234\n[redact]\ndesk = [\"phone\"]\n").unwrap();
    let file_name = file.to_str().unwrap();
    let settings =
        [&LOCKED[..], &[("HANDOFF_NUMBER", "+15550100000"), ("WARMLINE_CONFIG", file_name)]].concat();
    let bridge = TestBridge::with(&settings, helpful).await;
    let browser = Browser::signed_in(&bridge).await;
    let settings = browser.get("/api/v1/settings").await;
    let text = settings.to_string();
    for secret in [super::PASSWORD, crate::bridge::TOKEN, "sk-test", "+15550100000"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let item = |name: &str| {
        let items = settings["items"].as_array().unwrap();
        items.iter().find(|item| item["name"] == name).unwrap().clone()
    };
    assert_eq!(item("TWILIO_AUTH_TOKEN")["set"], true);
    assert_eq!(item("PUBLIC_URL")["value"], crate::bridge::PUBLIC);
    assert_eq!(item("OPENAI_MODEL")["from"], "default");
    let of_file = |table: &str, name: &str| {
        let tables = settings["file"].as_array().unwrap();
        let table = tables.iter().find(|found| found["name"] == table).unwrap();
        let values = table["values"].as_array().unwrap();
        values.iter().find(|found| found["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(of_file("timings", "filler"), "1234 ms");
    assert_eq!((of_file("redact", "desk"), of_file("redact", "task")), (json!("phone"), json!("nothing")));
    assert_eq!((of_file("rules", "upset"), of_file("desk", "link_days")), (json!("2"), json!("30")));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(settings["targets"][1], "number:+15•••••0000");
    assert_eq!(of_file("targets 2", "number"), json!("+15•••••0000"));
    assert_eq!(of_file("profile", "traits"), json!("nothing"));
    assert!(settings["tools"].as_array().unwrap().iter().any(|tool| tool["kind"] == "escalate"));
    let health = browser.get("/api/v1/health").await;
    assert_eq!((&health["ready"], &health["calls"]["live"]), (&json!(true), &json!(0)));
    assert_eq!(health["model"]["resting"], json!([]));
    let described = browser.get("/api/openapi.json").await;
    assert!(described["paths"]["/api/v1/calls/{callSid}/whisper"]["post"].is_object());
}
