//! More than a server can take: the caller goes to a person, and who is served already notices nothing.

use futures_util::future::join_all;
use serde_json::{Value, json};
use warmline::caller::Rate;

use crate::bridge::{FAST, SOON, TestBridge, task};
use crate::model::{Step, last_words};

fn answers(request: &Value) -> Vec<Step> {
    match last_words(request) {
        // Unanswered utterances are one message.
        words if words.contains("silence") && !words.contains("where") => vec![Step::Hold],
        _ => vec![Step::Say("It arrives tomorrow.".to_owned())],
    }
}

#[tokio::test]
async fn beyond_the_limit_a_call_goes_to_a_person_before_it_has_a_socket() {
    let bridge = TestBridge::configured("[limits]\ncalls = 1\n", &[], answers).await;
    let mut first = bridge.call();
    let document = first.dial().await.unwrap().clone();
    assert!(document.child("Connect").is_some());
    let mut second = bridge.call();
    let task = task(second.dial().await.unwrap());
    assert_eq!((&task["reasonCode"], &task["warmline"]["trigger"]), (&json!("overload"), &json!("overload")));
    assert_eq!(task["name"], "+15551230000", "the person knows who calls");
    assert_eq!(first.repeat().await.unwrap(), &document, "a call that was promised a session keeps it");
    let mut conversation = first.connect(Rate::Instant).await.unwrap();
    conversation.say("where is it").await.unwrap();
    assert!(conversation.wait_words(SOON).await.unwrap().text.contains("tomorrow"));
    conversation.hang_up().await.unwrap();
    first.finish(conversation).await.unwrap();
    let mut third = bridge.call();
    assert!(third.dial().await.unwrap().child("Connect").is_some(), "the place is free again");
}

#[tokio::test]
async fn of_many_calls_at_once_as_many_are_served_as_there_is_room_for() {
    let bridge = TestBridge::configured("[limits]\ncalls = 10\n", &[], answers).await;
    let dialled = join_all((0..50).map(|_| async {
        let mut call = bridge.call();
        let document = call.dial().await.unwrap();
        let (served, handed_over) =
            (document.child("Connect").is_some(), document.child("Enqueue").is_some());
        assert!(served != handed_over, "neither served nor handed over");
        served
    }));
    assert_eq!(dialled.await.into_iter().filter(|served| *served).count(), 10);
}

#[tokio::test]
async fn a_call_that_is_connected_again_needs_no_new_place() {
    let bridge = TestBridge::configured("[limits]\ncalls = 1\n", &[], answers).await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.lose_line();
    assert!(call.finish(conversation).await.unwrap().child("Connect").is_some());
    let mut conversation = call.connect(Rate::Instant).await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
}

#[tokio::test]
async fn a_server_that_occupies_too_much_memory_takes_no_more_calls() {
    let bridge = TestBridge::configured("[limits]\nmemory = 1\n", &[], answers).await;
    let mut call = bridge.call();
    assert_eq!(task(call.dial().await.unwrap())["reasonCode"], "overload");
}

#[tokio::test]
async fn a_flood_of_prompts_ends_at_a_person_and_does_not_reach_the_model() {
    let bridge = TestBridge::start(answers).await;
    let (mut call, mut conversation) = bridge.connected(FAST).await;
    for number in 0..300 {
        let prompt = json!({"type": "prompt", "voicePrompt": format!("silence {number}"), "last": true});
        // The session may be over before all of them are sent.
        if conversation.send(&prompt).await.is_err() {
            break;
        }
    }
    conversation.until_end(SOON).await.unwrap();
    let task = task(call.finish(conversation).await.unwrap());
    assert_eq!(task["reasonCode"], "overload");
    assert!(bridge.model.requests().len() <= 60, "{} requests", bridge.model.requests().len());
    bridge.model.quiet().await;
}

#[tokio::test]
async fn a_storm_of_interrupts_costs_the_caller_nothing() {
    let bridge = TestBridge::start(answers).await;
    let (_call, mut conversation) = bridge.connected(0).await;
    conversation.say("keep silence").await.unwrap();
    for _ in 0..1_000 {
        let storm =
            json!({"type": "interrupt", "utteranceUntilInterrupt": "x", "durationUntilInterruptMs": 1});
        conversation.send(&storm).await.unwrap();
    }
    conversation.say("where is it").await.unwrap();
    assert!(conversation.wait_words(SOON).await.unwrap().text.contains("tomorrow"));
    assert!(bridge.model.requests().len() <= 3, "every interrupt asked the model");
}
