//! A server that is told to end: nobody who is on the line loses it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use url::Url;
use warmline::caller::{Call, Conversation, Ending, Rate, Twilio};

use crate::bridge::{FAST, SOON, TestBridge, task};
use crate::model::{Step, last_words};

/// How long a server without calls may take to end.
const AT_ONCE: Duration = Duration::from_secs(3);

fn answers(request: &Value) -> Vec<Step> {
    if last_words(request).contains("wait") {
        vec![Step::Say("Your parcel is ".to_owned()), Step::Hold]
    } else {
        vec![Step::Say("It arrives tomorrow.".to_owned())]
    }
}

/// The call was handed over with what was said in it.
async fn is_handed_over(mut call: Call, mut conversation: Conversation, said: &str) {
    let ending = conversation.until_end(SOON).await.unwrap();
    assert!(matches!(ending, Ending::Ended { handoff_data: Some(_) }), "cut off: {ending:?}");
    let goodbye = conversation.replies().last().unwrap();
    assert_eq!(goodbye.heard.trim(), "I am connecting you with a person now.", "not heard to its end");
    let task = task(call.finish(conversation).await.unwrap());
    assert_eq!((&task["reasonCode"], &task["warmline"]["trigger"]), (&"drain".into(), &"drain".into()));
    assert!(task["callSummary"].as_str().unwrap().contains(said), "{task}");
}

async fn is_draining(bridge: &TestBridge) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    while client.get(bridge.local("/readyz")).send().await.unwrap().status() != 503 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_without_calls_ends_at_once() {
    let mut bridge = TestBridge::start(answers).await;
    bridge.ending.cancel();
    bridge.ended(AT_ONCE).await;
}

#[tokio::test]
async fn a_second_signal_hands_the_live_calls_over_and_then_the_server_ends() {
    let mut bridge = TestBridge::start(answers).await;
    let (answered, mut quiet) = bridge.connected(FAST).await;
    quiet.say("where is order 4711").await.unwrap();
    quiet.wait_reply(SOON).await.unwrap();
    let (asked, mut busy) = bridge.connected(FAST).await;
    busy.say("wait for order 4712").await.unwrap();
    busy.wait_until(SOON, |frames| frames.iter().any(|frame| frame.token.contains("is"))).await.unwrap();
    bridge.ending.cancel();
    is_draining(&bridge).await;
    bridge.hurry.cancel();
    tokio::join!(is_handed_over(answered, quiet, "4711"), is_handed_over(asked, busy, "4712"));
    bridge.ended(AT_ONCE).await;
}

#[tokio::test]
async fn a_call_that_is_on_its_way_to_a_person_keeps_its_reason() {
    // The model never writes the summary that a person was promised with.
    let mut bridge = TestBridge::start(|_| vec![Step::Hold]).await;
    let (mut call, mut conversation) = bridge.connected(FAST).await;
    conversation.say("I want to talk to a real person about 4711").await.unwrap();
    while bridge.model.requests().is_empty() {
        conversation.next().await;
    }
    bridge.ending.cancel();
    bridge.hurry.cancel();
    conversation.until_end(SOON).await.unwrap();
    let task = task(call.finish(conversation).await.unwrap());
    assert_eq!(task["warmline"]["trigger"], "request");
    assert!(task["callSummary"].as_str().unwrap().contains("4711"), "{task}");
    bridge.ended(AT_ONCE).await;
}

#[tokio::test]
async fn what_is_left_after_the_limit_is_handed_over() {
    let mut bridge = TestBridge::configured("[limits]\ndrain = 100\n", &[], answers).await;
    let (call, mut conversation) = bridge.connected(FAST).await;
    conversation.say("where is order 4711").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    bridge.ending.cancel();
    is_handed_over(call, conversation, "4711").await;
    bridge.ended(AT_ONCE).await;
}

#[tokio::test]
async fn a_call_that_has_its_document_and_no_socket_yet_is_waited_for() {
    let mut bridge = TestBridge::start(answers).await;
    let mut call = bridge.call();
    call.dial().await.unwrap();
    bridge.ending.cancel();
    is_draining(&bridge).await;
    let mut conversation = call.connect(Rate::Instant).await.expect("the socket that was promised");
    conversation.say("where is it").await.unwrap();
    assert!(conversation.wait_words(SOON).await.unwrap().text.contains("tomorrow"));
    conversation.hang_up().await.unwrap();
    call.finish(conversation).await.unwrap();
    bridge.ended(AT_ONCE).await;
}

#[tokio::test]
async fn a_line_that_drops_while_the_server_drains_is_taken_up_again() {
    let mut bridge = TestBridge::start(answers).await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("where is order 4711").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    bridge.ending.cancel();
    is_draining(&bridge).await;
    conversation.lose_line();
    assert!(call.finish(conversation).await.unwrap().child("Connect").is_some());
    let mut conversation = call.connect(Rate::Instant).await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    conversation.press('0').await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    let task = task(call.finish(conversation).await.unwrap());
    assert!(task["callSummary"].as_str().unwrap().contains("4711"), "{task}");
    bridge.ended(AT_ONCE).await;
}

#[tokio::test]
async fn a_session_that_begins_too_late_is_handed_over_too() {
    let mut bridge = TestBridge::start(answers).await;
    let mut call = bridge.call();
    call.dial().await.unwrap();
    bridge.ending.cancel();
    bridge.hurry.cancel();
    is_draining(&bridge).await;
    let mut conversation = call.connect(Rate::per_second(FAST)).await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    assert_eq!(task(call.finish(conversation).await.unwrap())["reasonCode"], "drain");
    bridge.ended(AT_ONCE).await;
}

#[tokio::test]
async fn the_server_waits_until_twilio_has_asked_what_comes_next() {
    let mut bridge = TestBridge::start(answers).await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    bridge.ending.cancel();
    is_draining(&bridge).await;
    conversation.press('0').await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    // The session is over; were the server gone, nobody would take the caller.
    let document = call.finish(conversation).await.expect("an answer").clone();
    assert_eq!(task(&document)["warmline"]["trigger"], "key");
    bridge.ended(AT_ONCE).await;
}

/// The program itself, as an orchestrator runs it.
struct Process(Child);

impl Process {
    fn start() -> (Self, Url) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_warmline"))
            .args(["serve", "--port", "0"])
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // To its last line: a program whose output nobody takes would fail.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.find_map(|line| {
            let (_, address) = line.split_once("listening  ")?;
            Url::parse(address.split(' ').next()?).ok()
        });
        lines.find(|line| line.contains("try it")).expect("it says how to call it");
        (Self(child), address.expect("it says where it listens"))
    }

    fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn two_signals_end_the_program_with_success_after_its_call_was_handed_over() {
    let (mut process, address) = Process::start();
    let twilio = Twilio::new(address.clone(), address.clone(), "AC1", None).unwrap();
    let mut call = twilio.call("+15551230000", "+15559870000");
    call.dial().await.unwrap();
    let mut conversation = call.connect(Rate::per_second(FAST)).await.unwrap();
    conversation.wait_quiet(SOON).await.unwrap();
    process.terminate();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ready = address.join("/readyz").unwrap();
    while client.get(ready.clone()).send().await.unwrap().status() != 503 {
        tokio::task::yield_now().await;
    }
    process.terminate();
    let ending = conversation.until_end(SOON).await.unwrap();
    assert!(matches!(ending, Ending::Ended { handoff_data: Some(_) }), "{ending:?}");
    assert!(call.finish(conversation).await.unwrap().child("Enqueue").is_some());
    let ended = tokio::task::spawn_blocking(move || process.0.wait());
    assert!(tokio::time::timeout(SOON, ended).await.unwrap().unwrap().unwrap().success());
}
