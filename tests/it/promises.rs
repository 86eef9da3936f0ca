//! What every surveyed bridge gets wrong, one test each: whole servers over real sockets.

use serde_json::{Value, json};
use warmline::caller::{CallError, Ending, Frame, Rate};

use super::bridge::{FAST, SOON, TestBridge, escalation, task};
use super::model::{FakeModel, Step, after_tool, last_words};

fn say(text: &str) -> Vec<Step> {
    vec![Step::Say(text.to_owned())]
}

fn texts(frames: &[Frame]) -> impl Iterator<Item = &Frame> {
    frames.iter().filter(|frame| frame.kind == "text")
}

/// Answers questions, escalates when a person is wanted, and says six words as goodbye.
fn helpful(request: &Value) -> Vec<Step> {
    if after_tool(request) {
        say("Sure, I am connecting you now.")
    } else if last_words(request).contains("human") {
        vec![Step::Tool("escalate", escalation())]
    } else {
        say("Your parcel left the depot this morning and arrives tomorrow.")
    }
}

#[tokio::test]
async fn two_calls_at_once_never_share_a_word() {
    let bridge = TestBridge::start(|request| {
        let who = if last_words(request).contains("first") { "alpha " } else { "omega " };
        say(&who.repeat(60))
    })
    .await;
    let (_one, mut first) = bridge.connected(0).await;
    let (_two, mut second) = bridge.connected(0).await;
    first.say("I am the first").await.unwrap();
    second.say("I am the other").await.unwrap();
    let (first, second) = tokio::join!(first.wait_words(SOON), second.wait_words(SOON));
    assert_eq!(first.unwrap().text.trim(), "alpha ".repeat(60).trim());
    assert_eq!(second.unwrap().text.trim(), "omega ".repeat(60).trim());
}

#[tokio::test]
async fn end_comes_after_all_words_of_the_goodbye_were_heard() {
    let bridge = TestBridge::start(helpful).await;
    let (mut call, mut conversation) = bridge.connected(FAST).await;
    conversation.say("I was charged twice, I want a human").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    let frames = conversation.frames();
    assert_eq!(frames.last().unwrap().kind, "end");
    let goodbye = conversation.replies().last().unwrap();
    assert_eq!(goodbye.text, "Sure, I am connecting you now.");
    assert_eq!(goodbye.heard, goodbye.text, "cut off by `end`");
    assert!(texts(frames).all(|frame| frame.interruptible == Some(false)), "a goodbye cannot be talked over");
    let document = call.finish(conversation).await.unwrap();
    let task = task(document);
    assert_eq!(task["callSummary"], escalation()["callSummary"]);
    assert_eq!(task["sentiment"], "negative");
    assert_eq!(task["name"], "+15551230000");
    assert_eq!(task["warmline"]["transcript"][1]["text"], "I was charged twice, I want a human");
}

#[tokio::test]
async fn an_interrupted_goodbye_still_ends_in_end() {
    let bridge = TestBridge::start(|request| {
        if after_tool(request) {
            say("Bye.")
        } else {
            vec![
                // Words before the call are spoken before anybody knows that they are a goodbye.
                Step::Say(
                    "I am connecting you with a colleague right away, please stay on the line. ".to_owned(),
                ),
                Step::Tool("escalate", escalation()),
            ]
        }
    })
    .await;
    let (mut call, mut conversation) = bridge.connected(60).await;
    conversation.say("my invoice is wrong").await.unwrap();
    // Sent to its end, and with it the tool call: from here the hand-off is certain.
    conversation.wait_words(SOON).await.unwrap();
    conversation.interrupt_after("I am connecting you", SOON).await.unwrap();
    let ending = conversation.until_end(SOON).await.unwrap();
    assert!(matches!(ending, Ending::Ended { handoff_data: Some(_) }), "{ending:?}");
    let heard: Vec<_> = conversation.replies().map(|reply| reply.text.clone()).collect();
    assert!(!heard.iter().any(|reply| reply.contains("Bye.")), "a second goodbye: {heard:?}");
    assert_eq!(task(call.finish(conversation).await.unwrap())["reason"], "billing dispute");
}

#[tokio::test]
async fn nothing_is_sent_after_an_interrupt_and_the_model_remembers_what_was_heard() {
    let bridge = TestBridge::start(|request| {
        if last_words(request).contains("more") {
            say("Gladly.")
        } else {
            vec![Step::Say("One two three. Four five six. Seven eight nine. ".repeat(5)), Step::Hold]
        }
    })
    .await;
    let (_call, mut conversation) = bridge.connected(60).await;
    conversation.say("tell me").await.unwrap();
    let cut = conversation.interrupt_after("Four five", SOON).await.unwrap();
    assert_eq!(cut.heard, "One two three. Four five");
    bridge.model.quiet().await;
    let before = conversation.frames().len();
    conversation.say("something more").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    let after: Vec<_> = texts(&conversation.frames()[before..]).map(|frame| frame.token.as_str()).collect();
    // At the most the closer of the reply that was cut, then the new one.
    assert_eq!(after.concat(), "Gladly.");
    assert_eq!(
        bridge.model.last_messages()[1..],
        [
            json!({"role": "user", "content": "tell me"}),
            json!({"role": "assistant", "content": "One two three. Four five"}),
            json!({"role": "user", "content": "something more"}),
        ]
    );
}

#[tokio::test]
async fn an_interrupt_after_the_model_had_finished_still_shortens_the_reply() {
    let bridge = TestBridge::start(|_| say("Monday is fine. Tuesday is too. Wednesday is not.")).await;
    let (_call, mut conversation) = bridge.connected(60).await;
    conversation.say("which day").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    bridge.model.quiet().await;
    conversation.interrupt_after("Tuesday", SOON).await.unwrap();
    conversation.say("thanks").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    assert_eq!(bridge.model.last_messages()[2]["content"], "Monday is fine. Tuesday");
}

#[tokio::test]
async fn a_model_that_fails_leads_to_a_sentence_and_a_person() {
    for status in [500, 401, 429] {
        let bridge = TestBridge::start(move |_| vec![Step::Status(status)]).await;
        let (mut call, mut conversation) = bridge.connected(FAST).await;
        conversation.say("where is my order 1182").await.unwrap();
        conversation.until_end(SOON).await.unwrap();
        assert!(conversation.replies().last().unwrap().heard.len() > 20, "a sentence is heard");
        let task = task(call.finish(conversation).await.unwrap());
        assert_eq!(task["reasonCode"], "model_failure", "{status}");
        assert_eq!(task["warmline"]["summaryBy"], "transcript");
        assert!(task["callSummary"].as_str().unwrap().contains("1182"), "{task}");
        // Wrong settings cannot heal within a call; everything else gets a second try.
        assert_eq!(bridge.model.requests().len(), if status == 401 { 1 } else { 2 }, "{status}");
    }
}

#[tokio::test]
async fn a_refused_request_is_answered_by_the_fallback() {
    let second = FakeModel::start(helpful).await;
    for refusal in [401, 400, 429] {
        let settings = [("OPENAI_FALLBACK_BASE_URL", second.base_url.as_str())];
        let bridge = TestBridge::with(&settings, move |_| vec![Step::Status(refusal)]).await;
        let (_call, mut conversation) = bridge.connected(0).await;
        conversation.say("where is my parcel").await.unwrap();
        assert!(conversation.wait_words(SOON).await.unwrap().text.contains("tomorrow"), "{refusal}");
    }
    assert_eq!(second.requests().len(), 3);
}

#[tokio::test]
async fn a_stream_that_breaks_off_leads_to_a_person() {
    let bridge = TestBridge::start(|_| vec![Step::Say("Your parcel is ".to_owned()), Step::Cut]).await;
    let (mut call, mut conversation) = bridge.connected(FAST).await;
    conversation.say("where is it").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    assert_eq!(bridge.model.requests().len(), 1, "no retry once words were spoken");
    let closers = texts(conversation.frames()).filter(|frame| frame.last).count();
    assert_eq!(closers, 2, "the broken reply and the apology are closed once each");
    assert_eq!(task(call.finish(conversation).await.unwrap())["warmline"]["trigger"], "model_failure");
}

#[tokio::test]
async fn a_garbage_chunk_costs_its_words_and_nothing_else() {
    let bridge = TestBridge::start(|_| {
        vec![
            Step::Say("Here ".to_owned()),
            Step::Raw("data: {oops\n\n: ping\n\n"),
            Step::Say("it is.".to_owned()),
        ]
    })
    .await;
    let (_call, mut conversation) = bridge.connected(0).await;
    conversation.say("where").await.unwrap();
    assert_eq!(conversation.wait_words(SOON).await.unwrap().text, "Here it is.");
}

#[tokio::test]
async fn an_unsigned_socket_is_refused_before_it_opens() {
    let bridge = TestBridge::start(helpful).await;
    for token in [None, Some("another token".into())] {
        let mut call = bridge.call();
        call.dial().await.unwrap();
        call.sign_with(token);
        let refused = call.connect(Rate::Instant).await.err();
        assert!(matches!(refused, Some(CallError::SocketRefused(403))), "{refused:?}");
    }
}

#[tokio::test]
async fn every_reply_is_closed_exactly_once() {
    let bridge = TestBridge::start(helpful).await;
    let (_call, mut conversation) = bridge.connected(0).await;
    for turn in 1..=3 {
        conversation.say("where is my parcel").await.unwrap();
        conversation.wait_words(SOON).await.unwrap();
        let closers = texts(conversation.frames()).filter(|frame| frame.last).count();
        assert_eq!(closers, turn);
        let tokens = texts(conversation.frames()).filter(|frame| !frame.token.is_empty()).count();
        assert!(tokens >= 4 * turn, "not streamed: {tokens} tokens");
    }
    assert!(conversation.frames().iter().all(|frame| frame.fault.is_none()), "Twilio would refuse a frame");
}

#[tokio::test]
async fn partial_prompts_start_no_turn() {
    let bridge = TestBridge::start(helpful).await;
    let (_call, mut conversation) = bridge.connected(0).await;
    for words in ["where", "where is", "where is my parcel"] {
        // Sent as frames, because this prompt asks for no partial ones and Telnyx sends them all the same.
        conversation.send(&json!({"type": "prompt", "voicePrompt": words, "last": false})).await.unwrap();
    }
    conversation.say("where is my parcel").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    assert_eq!(bridge.model.requests().len(), 1);
}

#[tokio::test]
async fn a_tool_call_and_its_result_stay_together_over_the_whole_call() {
    let bridge = TestBridge::start(|request| {
        if after_tool(request) {
            say("Noted.")
        } else if last_words(request).contains("4711") {
            vec![
                Step::Tool("remember", json!({"facts": {"order": "4711"}})),
                Step::Tool("no_such_tool", json!({})),
                Step::Tool("switch_language", json!({"language": "es-US"})),
            ]
        } else {
            say("Yes.")
        }
    })
    .await;
    let (_call, mut conversation) = bridge.connected(0).await;
    conversation.say("my order is 4711").await.unwrap();
    assert_eq!(conversation.wait_words(SOON).await.unwrap().text, "Noted.");
    let switched = conversation.frames().iter().filter_map(|frame| frame.tts_language.as_deref());
    assert_eq!(switched.collect::<Vec<_>>(), ["es-US"]);
    conversation.say("and now").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    let messages = bridge.model.last_messages();
    let roles: Vec<_> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["assistant", "user", "assistant", "tool", "tool", "tool", "assistant", "user"]);
    for (call, result) in messages[2]["tool_calls"].as_array().unwrap().iter().zip(&messages[3..6]) {
        assert_eq!(call["id"], result["tool_call_id"]);
    }
    assert!(messages[4]["content"].as_str().unwrap().contains("no such tool"));
}
