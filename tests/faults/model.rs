//! The model fails, in every way it can: the caller is answered all the same, or gets a person.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use warmline::chat::{Message, ModelError, ModelEvent, Obstacle, SystemPrompt, ToolChoice};
use warmline::llm::openai::{Care, Endpoint, OpenAi};
use warmline::llm::{Model, Question, Tuning};
use warmline::prompts::Prompts;

use crate::bridge::{FAST, SOON, TestBridge, task};
use crate::model::{FakeModel, Step, last_words};
use crate::rehearsal::toolbox;

/// A `warmline.toml` that lives as long as the test.
pub(crate) struct SettingsFile(PathBuf);

impl SettingsFile {
    pub(crate) fn new(text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("warmline-faults-{}-{}.toml", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for SettingsFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn say(text: &str) -> Vec<Step> {
    vec![Step::Say(text.to_owned())]
}

/// Asks one question, and returns what was heard in answer to it.
async fn answered(bridge: &TestBridge) -> String {
    let (_call, mut conversation) = bridge.connected(0).await;
    conversation.say("where is my parcel").await.unwrap();
    conversation.wait_words(SOON).await.unwrap().text
}

/// Asks one question, and returns the Task that comes of it.
async fn handed_over(bridge: &TestBridge) -> Value {
    let (mut call, mut conversation) = bridge.connected(FAST).await;
    conversation.say("where is my parcel 1182").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    assert!(conversation.replies().last().unwrap().heard.len() > 20, "a sentence is heard");
    let task = task(call.finish(conversation).await.unwrap());
    assert!(task["callSummary"].as_str().unwrap().contains("1182"), "{task}");
    task
}

/// A port on which nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What an endpoint at this address answers to a plain question.
async fn told_by(base_url: &str) -> ModelEvent {
    let endpoint = Endpoint { base_url: base_url.to_owned(), key: "sk-test".into(), model: None };
    let toolbox = toolbox();
    let care = Care { most_failures: 0, rest: Duration::ZERO, silence: Duration::from_secs(3), hedge: None };
    let model = OpenAi::new(endpoint, None, care).unwrap();
    let question = Question {
        system: SystemPrompt::new("You are an AI.").into(),
        messages: vec![Message::User("hello".into())],
        toolbox,
        choice: ToolChoice::Auto,
        attempt: 1,
        language: "en-US".into(),
        tuning: Tuning::default(),
        prompts: Arc::new(Prompts::embedded()),
    };
    model.ask(question).next().await.unwrap()
}

#[tokio::test]
async fn what_stands_between_us_and_an_endpoint_is_told_apart() {
    let plain = FakeModel::start(|_| say("Hello.")).await;
    for (url, obstacle) in [
        (format!("http://127.0.0.1:{}/v1", closed_port()), Obstacle::Refused),
        (plain.base_url.replace("http://", "https://"), Obstacle::Tls),
        ("http://nowhere.invalid/v1".to_owned(), Obstacle::Name),
    ] {
        let expected = ModelEvent::Failed(ModelError::Unreachable(obstacle));
        assert_eq!(told_by(&url).await, expected, "{url}");
    }
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_reached_leads_to_a_person() {
    let url = format!("http://127.0.0.1:{}/v1", closed_port());
    let bridge = TestBridge::with(&[("OPENAI_BASE_URL", url.as_str())], |_| Vec::new()).await;
    assert_eq!(handed_over(&bridge).await["warmline"]["trigger"], "model_failure");
}

#[tokio::test]
async fn a_conversation_that_is_too_long_is_cut_and_asked_again() {
    let refusals = [
        Step::Refuse(400, None, r#"{"error":{"code":"context_length_exceeded","message":"quokka"}}"#),
        Step::Refuse(400, None, r#"{"message":"This model's maximum context length is 8192 tokens"}"#),
        Step::Refuse(413, None, "too large"),
        Step::Refuse(500, None, r#"{"error":{"type":"exceed_context_size_error"}}"#),
        Step::Raw("data: {\"error\":{\"code\":\"context_length_exceeded\"}}\n\n"),
    ];
    for refusal in refusals {
        let refuses = refusal.clone();
        let bridge = TestBridge::start(move |request| {
            let whole = request["messages"].as_array().unwrap().len() > 2;
            let second = last_words(request).contains("tomorrow");
            if second && whole { vec![refuses.clone()] } else { say("Yes, it does.") }
        })
        .await;
        let (_call, mut conversation) = bridge.connected(0).await;
        conversation.say("where is my parcel, the one that I was told about last week").await.unwrap();
        conversation.wait_words(SOON).await.unwrap();
        conversation.say("does it come tomorrow").await.unwrap();
        assert_eq!(conversation.wait_words(SOON).await.unwrap().text, "Yes, it does.", "{refusal:?}");
        let requests = bridge.model.requests();
        assert_eq!(requests.len(), 3, "{refusal:?}");
        assert_eq!(requests[2]["messages"][0]["role"], "system");
        assert_eq!(
            bridge.model.last_messages(),
            [json!({"role": "user", "content": "does it come tomorrow"})],
            "{refusal:?}"
        );
    }
}

#[tokio::test]
async fn another_bad_request_is_not_cut_and_not_repeated() {
    let bridge = TestBridge::start(|_| {
        vec![Step::Refuse(400, None, r#"{"error":{"code":"invalid_function_parameters"}}"#)]
    })
    .await;
    assert_eq!(handed_over(&bridge).await["reasonCode"], "model_failure");
    assert_eq!(bridge.model.requests().len(), 1);
}

#[tokio::test]
async fn a_short_wait_that_a_provider_asks_for_is_granted_and_a_long_one_is_not() {
    for status in [408, 409, 429, 503] {
        let asked = AtomicUsize::new(0);
        let bridge = TestBridge::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
            0 => vec![Step::Refuse(status, Some(("retry-after-ms", "20")), "")],
            _ => say("On its way."),
        })
        .await;
        assert_eq!(answered(&bridge).await, "On its way.", "{status}");
        let bridge =
            TestBridge::start(move |_| vec![Step::Refuse(status, Some(("retry-after", "30")), "")]).await;
        handed_over(&bridge).await;
        assert_eq!(bridge.model.requests().len(), 1, "{status}: waited for half a minute");
    }
}

#[tokio::test]
async fn how_an_answer_ends_is_heard() {
    for (reason, heard) in [
        (Some("length"), "I have to stop there"),
        (Some("content_filter"), "something went wrong"),
        (None, "something went wrong"),
    ] {
        let bridge =
            TestBridge::start(move |_| vec![Step::Say("Your parcel is with".to_owned()), Step::Stop(reason)])
                .await;
        let (_call, mut conversation) = bridge.connected(0).await;
        conversation.say("where is it").await.unwrap();
        if reason != Some("length") {
            conversation.until_end(SOON).await.unwrap();
        } else {
            conversation.wait_words(SOON).await.unwrap();
        }
        let replies: Vec<_> = conversation.replies().map(|reply| reply.text.clone()).collect();
        assert!(replies.last().unwrap().contains(heard), "{reason:?}: {replies:?}");
    }
}

#[tokio::test]
async fn what_the_first_model_will_not_or_cannot_answer_the_fallback_does() {
    for failure in [
        vec![Step::Stop(Some("content_filter"))],
        vec![Step::Stop(Some("length"))],
        vec![Step::Stop(None)],
        vec![Step::Refuse(413, None, "too large, and nothing to leave out")],
        vec![Step::Refuse(429, Some(("retry-after", "60")), "")],
        vec![Step::Cut],
    ] {
        let second = FakeModel::start(|_| say("It comes tomorrow.")).await;
        let settings = [("OPENAI_FALLBACK_BASE_URL", second.base_url.as_str())];
        let steps = failure.clone();
        let bridge = TestBridge::with(&settings, move |_| steps.clone()).await;
        assert_eq!(answered(&bridge).await, "It comes tomorrow.", "{failure:?}");
        assert_eq!((bridge.model.requests().len(), second.requests().len()), (1, 1), "{failure:?}");
    }
}

#[tokio::test]
async fn a_dead_model_is_left_alone_by_the_callers_that_follow() {
    let file = SettingsFile::new("[model]\nmost_failures = 3\n");
    let bridge =
        TestBridge::with(&[("WARMLINE_CONFIG", file.path())], |_| vec![Step::Refuse(500, None, "")]).await;
    for _ in 0..10 {
        assert_eq!(handed_over(&bridge).await["reasonCode"], "model_failure");
    }
    // Two tries of the first caller, one of the second; from then on nobody waits.
    assert_eq!(bridge.model.requests().len(), 3);
}

#[tokio::test]
async fn while_the_first_model_is_left_alone_the_second_is_asked_at_once() {
    let second = FakeModel::start(|_| say("It comes tomorrow.")).await;
    let file = SettingsFile::new("[model]\nmost_failures = 2\n");
    let settings = [("OPENAI_FALLBACK_BASE_URL", second.base_url.as_str()), ("WARMLINE_CONFIG", file.path())];
    let bridge = TestBridge::with(&settings, |_| vec![Step::Refuse(503, None, "")]).await;
    for _ in 0..5 {
        assert_eq!(answered(&bridge).await, "It comes tomorrow.");
    }
    assert_eq!((bridge.model.requests().len(), second.requests().len()), (2, 5));
}

#[tokio::test]
async fn a_silent_model_is_left_alone_too() {
    let second = FakeModel::start(|_| say("It comes tomorrow.")).await;
    let file = SettingsFile::new("[timings]\nfirst_token = 100\n[model]\nmost_failures = 1\n");
    let settings = [("OPENAI_FALLBACK_BASE_URL", second.base_url.as_str()), ("WARMLINE_CONFIG", file.path())];
    let bridge = TestBridge::with(&settings, |_| vec![Step::Hold]).await;
    for _ in 0..3 {
        assert_eq!(answered(&bridge).await, "It comes tomorrow.");
    }
    assert_eq!(bridge.model.requests().len(), 1);
}

#[tokio::test]
async fn a_model_that_recovers_is_asked_again() {
    let file = SettingsFile::new("[model]\nmost_failures = 1\nrest = 1\n");
    let asked = AtomicUsize::new(0);
    let bridge = TestBridge::with(&[("WARMLINE_CONFIG", file.path())], move |_| {
        match asked.fetch_add(1, Ordering::Relaxed) {
            0 => vec![Step::Refuse(500, None, "")],
            _ => say("On its way."),
        }
    })
    .await;
    // The first caller's second try comes too early, or is the probe.
    let (_call, mut conversation) = bridge.connected(0).await;
    conversation.say("where is my parcel").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    assert_eq!(answered(&bridge).await, "On its way.");
}

#[tokio::test]
async fn a_late_model_is_hedged_and_the_loser_is_cancelled() {
    let second = FakeModel::start(|_| say("It comes tomorrow.")).await;
    let file = SettingsFile::new("[model]\nhedge = 50\n");
    let settings = [("OPENAI_FALLBACK_BASE_URL", second.base_url.as_str()), ("WARMLINE_CONFIG", file.path())];
    let bridge = TestBridge::with(&settings, |_| vec![Step::Hold]).await;
    let (_call, mut conversation) = bridge.connected(0).await;
    conversation.say("where is my parcel").await.unwrap();
    let reply = conversation.wait_words(SOON).await.unwrap();
    // Long before the first token of the late one was due, and with no filler before it.
    assert_eq!(reply.text, "It comes tomorrow.");
    assert_eq!((bridge.model.requests().len(), second.requests().len()), (1, 1));
    bridge.model.quiet().await;
}

#[tokio::test]
async fn hedging_is_off_unless_it_is_asked_for_and_needs_no_second_endpoint() {
    for (hedge, requests) in [(0, 1), (20, 2)] {
        let file = SettingsFile::new(&format!("[timings]\nfiller = 200\n[model]\nhedge = {hedge}\n"));
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let bridge = TestBridge::with(&[("WARMLINE_CONFIG", file.path())], move |_| {
            match count.fetch_add(1, Ordering::Relaxed) {
                0 => vec![Step::Hold],
                _ => say("On its way."),
            }
        })
        .await;
        let (_call, mut conversation) = bridge.connected(0).await;
        conversation.say("where is my parcel").await.unwrap();
        // The filler of a late answer, or the answer.
        while !conversation.frames().iter().any(|frame| frame.kind == "text") {
            conversation.next().await;
        }
        assert_eq!(asked.load(Ordering::Relaxed), requests, "hedge = {hedge}");
    }
}
