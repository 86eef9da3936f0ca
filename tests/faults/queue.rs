//! The queue does not take the caller: the next target does, and at the very end a voicemail with a promise.

use warmline::twiml::Element;

use crate::bridge::{SOON, TestBridge, WORKFLOW, escalation, task};
use crate::model::{Step, after_tool, last_words};

const LIST: &str = r#"
[[targets]]
workflow = "WWcccccccccccccccccccccccccccccccc"
[[targets]]
workflow = "WWdddddddddddddddddddddddddddddddd"
[[targets]]
queue = "support"
[[targets]]
number = "+15550001111"
[[targets]]
sip = "sip:people@example.com"
"#;

const NOT_TAKEN: [&str; 5] = ["queue-full", "error", "system-error", "leave", "something-new"];
const TAKEN: [&str; 5] =
    ["bridged", "bridging-in-process", "redirected", "redirected-from-bridged", "hangup"];

async fn listed() -> TestBridge {
    TestBridge::configured(LIST, &[], |request| {
        if after_tool(request) {
            vec![Step::Say("Goodbye then.".to_owned())]
        } else if last_words(request).contains("humain") {
            vec![Step::Tool("escalate", escalation())]
        } else {
            vec![Step::Say("Yes.".to_owned())]
        }
    })
    .await
}

fn action<'a>(document: &'a Element, verb: &str) -> &'a str {
    document.child(verb).and_then(|verb| verb.attribute("action")).unwrap_or_else(|| panic!("{document:?}"))
}

fn workflow(document: &Element) -> Option<&str> {
    document.child("Enqueue")?.attribute("workflowSid")
}

#[tokio::test]
async fn every_target_is_tried_in_its_order_and_the_last_is_a_voicemail() {
    let bridge = listed().await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("my invoice is wrong, get me an humain").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    let mut document = call.finish(conversation).await.unwrap().clone();
    let mut next = action(&document, "Enqueue").to_owned();
    let task = |document: &Element| document.child("Enqueue").unwrap().child("Task").unwrap().text.clone();
    let first = task(&document);
    assert!(workflow(&document).unwrap().ends_with("ccc"));

    document = call.callback(&next, &[("QueueResult", "queue-full")]).await.unwrap().clone();
    assert!(workflow(&document).unwrap().ends_with("ddd"));
    assert_eq!(task(&document), first, "the second workflow knows less than the first");
    next = action(&document, "Enqueue").to_owned();

    document = call.callback(&next, &[("QueueResult", "queue-full")]).await.unwrap().clone();
    assert_eq!(document.child("Enqueue").unwrap().text, "support");
    next = action(&document, "Enqueue").to_owned();

    document = call.callback(&next, &[("QueueResult", "leave")]).await.unwrap().clone();
    assert_eq!(document.child("Dial").unwrap().child("Number").unwrap().text, "+15550001111");
    next = action(&document, "Dial").to_owned();

    document = call.callback(&next, &[("DialCallStatus", "busy")]).await.unwrap().clone();
    let sip = &document.child("Dial").unwrap().child("Sip").unwrap().text;
    assert!(sip.starts_with("sip:people@example.com?X-Warmline-Call=CA"), "{sip}");
    next = action(&document, "Dial").to_owned();

    document = call.callback(&next, &[("DialCallStatus", "failed")]).await.unwrap().clone();
    assert!(document.child("Dial").is_none());
    assert!(document.child("Say").unwrap().text.contains("call you back"));
    next = action(&document, "Record").to_owned();

    document = call.callback(&next, &[("RecordingSid", "RE1")]).await.unwrap().clone();
    assert!(document.child("Say").unwrap().text.contains("call you back"));
    assert_eq!(document.children.last().unwrap().name, "Hangup");
}

#[tokio::test]
async fn a_caller_whom_somebody_took_is_left_alone_at_every_target() {
    let bridge = listed().await;
    let mut call = bridge.call();
    let mut document = call.callback("/voice/handoff", &[("SessionStatus", "ended")]).await.unwrap().clone();
    for _ in 0..3 {
        let next = action(&document, "Enqueue").to_owned();
        for result in TAKEN {
            let answer = call.callback(&next, &[("QueueResult", result)]).await.unwrap();
            assert!(answer.children.is_empty(), "{result}: {answer:?}");
        }
        document = call.callback(&next, &[("QueueResult", "error")]).await.unwrap().clone();
    }
}

#[tokio::test]
async fn whatever_the_queue_reports_nobody_is_hung_up_on_without_a_word() {
    let bridge = listed().await;
    for result in NOT_TAKEN {
        let mut call = bridge.call();
        let document = call.callback("/voice/handoff", &[("SessionStatus", "ended")]).await.unwrap();
        let next = action(document, "Enqueue").to_owned();
        let document = call.callback(&next, &[("QueueResult", result)]).await.unwrap();
        assert!(workflow(document).unwrap().ends_with("ddd"), "{result}");
    }
}

#[tokio::test]
async fn twilios_own_way_on_stands_behind_every_queue() {
    let bridge = listed().await;
    let mut call = bridge.call();
    let document = call.callback("/voice/handoff", &[("SessionStatus", "ended")]).await.unwrap();
    let verbs: Vec<_> = document.children.iter().map(|verb| verb.name.as_str()).collect();
    assert_eq!(verbs, ["Enqueue", "Enqueue", "Enqueue", "Dial", "Dial", "Say", "Record", "Hangup"]);
}

#[tokio::test]
async fn any_node_knows_which_target_is_next_and_a_forged_state_leads_to_people_too() {
    let (one, other) = (listed().await, listed().await);
    let mut call = one.call();
    let document = call.callback("/voice/handoff", &[("SessionStatus", "ended")]).await.unwrap();
    let next = action(document, "Enqueue").to_owned();
    let second = call.callback(&next, &[("QueueResult", "error")]).await.unwrap();
    let next = action(second, "Enqueue").to_owned();
    let mut elsewhere = other.call();
    elsewhere.set("CallSid", call.sid());
    let third = elsewhere.callback(&next, &[("QueueResult", "error")]).await.unwrap();
    assert_eq!(third.child("Enqueue").unwrap().text, "support");
    for forged in ["/voice/queued", "/voice/queued?s=forged.state", next.as_str()] {
        // The last is a true state, of another call.
        let mut stranger = one.call();
        let document = stranger.callback(forged, &[("QueueResult", "error")]).await.unwrap();
        assert!(workflow(document).unwrap().ends_with("ddd"), "{forged}");
    }
}

#[tokio::test]
async fn the_last_words_are_said_in_the_language_of_the_call() {
    for (language, promise) in [
        ("en-GB", "call you back"),
        ("es-US", "devolveremos"),
        ("fr-FR", "rappellerons"),
        ("de-DE", "rufen Sie zurück"),
        ("pt-BR", "ligaremos de volta"),
    ] {
        let number = [("HANDOFF_NUMBER", "+15550001111")];
        let bridge = TestBridge::with(&number, |_| vec![Step::Say("Yes.".to_owned())]).await;
        let mut call = bridge.call();
        let data = format!(r#"{{"reason":"r","callSummary":"s","warmline":{{"language":"{language}"}}}}"#);
        let fields = [("SessionId", "VX1"), ("SessionStatus", "ended"), ("HandoffData", data.as_str())];
        let document = call.callback("/voice/handoff", &fields).await.unwrap().clone();
        assert_eq!(workflow(&document), Some(WORKFLOW));
        assert_eq!(task(&document)["warmline"]["language"], language);
        let next = action(&document, "Enqueue").to_owned();
        let next =
            action(call.callback(&next, &[("QueueResult", "error")]).await.unwrap(), "Dial").to_owned();
        let voicemail = call.callback(&next, &[("DialCallStatus", "no-answer")]).await.unwrap().clone();
        let next = action(&voicemail, "Record").to_owned();
        let thanks = call.callback(&next, &[("RecordingSid", "RE1")]).await.unwrap();
        for document in [&voicemail, thanks] {
            let said = document.child("Say").unwrap();
            assert!(said.text.to_lowercase().contains(&promise.to_lowercase()), "{language}: {}", said.text);
            assert_eq!(said.attribute("language"), Some(language));
        }
    }
}

#[tokio::test]
async fn a_language_without_sentences_of_ours_hears_english_with_an_english_voice() {
    let bridge = listed().await;
    let mut call = bridge.call();
    let data = r#"{"reason":"r","callSummary":"s","warmline":{"language":"it-IT"}}"#;
    let fields = [("SessionId", "VX1"), ("SessionStatus", "ended"), ("HandoffData", data)];
    let said = call.callback("/voice/handoff", &fields).await.unwrap().child("Say").unwrap();
    assert_eq!((said.attribute("language"), said.text.contains("call you back")), (Some("en-US"), true));
}

#[tokio::test]
async fn the_numbers_own_net_needs_neither_a_model_nor_anything_else() {
    // Nobody answers at the model's address, and the server has room for no call.
    let toml = format!("{LIST}\n[limits]\ncalls = 0\nmemory = 1\n");
    let down = [("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")];
    let bridge = TestBridge::configured(&toml, &down, |_| vec![Step::Status(500)]).await;
    let mut call = bridge.call();
    let document = call.callback("/voice/fallback", &[("ErrorCode", "11200")]).await.unwrap();
    let verbs: Vec<_> = document.children.iter().map(|verb| verb.name.as_str()).collect();
    assert_eq!(verbs, ["Enqueue", "Enqueue", "Enqueue", "Dial", "Hangup"]);
    assert!(
        document.children.iter().all(|verb| verb.attribute("action").is_none()),
        "it asks a server again"
    );
}
