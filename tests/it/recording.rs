//! Recordings of calls: started beside the call by a fake of Twilio's REST API, which may answer whatever it likes.

use serde_json::{Value, json};
use warmline::caller::Call;
use warmline::clock::now;
use warmline::ids::CallSid;
use warmline::twiml::Element;

use super::bridge::{PUBLIC, SOON, TestBridge, escalating, escalation, task};
use super::twilio_api::{Api, FakeApi, RECORDING, recording_started};

const ENABLED: &str = "[recording]\nenabled = true\n";
const KEY: &str = "SKcccccccccccccccccccccccccccccccc";
const SECRET: &str = "cinnamon";

fn account() -> String {
    format!("AC{}", "a".repeat(32))
}

/// A server that records, at this API.
async fn recording(api: &FakeApi, toml: &str, settings: &[(&str, &str)]) -> TestBridge {
    let account = account();
    let usual = [
        ("TWILIO_ACCOUNT_SID", account.as_str()),
        ("TWILIO_API_KEY", KEY),
        ("TWILIO_API_SECRET", SECRET),
        ("TWILIO_API_BASE_URL", &api.base_url),
    ];
    let settings: Vec<_> = usual.iter().chain(settings).copied().collect();
    TestBridge::configured(&format!("{ENABLED}{toml}"), &settings, escalating).await
}

/// Waits until a figure is there: what happens beside a call is told by nothing else.
async fn counted(bridge: &TestBridge, result: &str) {
    let line = format!("warmline_recordings_total{{result=\"{result}\"}} 1");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let began = now();
    loop {
        let figures = client.get(bridge.local("/metrics")).send().await.unwrap().text().await.unwrap();
        if figures.lines().any(|said| said == line) {
            return;
        }
        assert!(now() - began < SOON, "{line} is not in:\n{figures}");
    }
}

/// The verbs of a document.
fn verbs(document: &Element) -> Vec<&str> {
    document.children.iter().map(|verb| verb.name.as_str()).collect()
}

/// The call goes on to a person; returns its Task.
async fn handed_over(mut call: Call, mut conversation: warmline::caller::Conversation) -> (Call, Value) {
    conversation.say("get me an humain").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    let task = task(call.finish(conversation).await.unwrap());
    (call, task)
}

fn link() -> String {
    format!("/2010-04-01/Accounts/{}/Recordings/{RECORDING}.mp3", account())
}

#[tokio::test]
async fn a_call_is_recorded_once_the_caller_was_told_and_its_task_says_where() {
    let api = FakeApi::start([recording_started()]).await;
    let template = "[attributes]\nlisten = \"{recordingUrl}\"\n";
    let bridge = recording(&api, template, &[]).await;
    let mut call = bridge.call();
    let document = call.dial().await.unwrap();
    assert_eq!(verbs(document), ["Say", "Connect"]);
    assert_eq!(document.child("Say").unwrap().text, "This call is recorded.");
    assert!(api.asked().is_empty(), "nothing is recorded before the caller knows");
    let mut conversation = call.connect(warmline::caller::Rate::per_second(0)).await.unwrap();
    conversation.wait_quiet(SOON).await.unwrap();
    let asked = api.asked_times(1).await;
    let path = format!("/2010-04-01/Accounts/{}/Calls/{}/Recordings.json", account(), call.sid());
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("POST", path.as_str()));
    let callback = format!("{PUBLIC}/voice/recorded");
    for (name, value) in [
        ("RecordingChannels", "dual"),
        ("RecordingStatusCallback", callback.as_str()),
        ("RecordingStatusCallbackEvent", "in-progress completed absent"),
    ] {
        assert_eq!(asked[0].field(name), Some(value));
    }
    // The key and its secret.
    assert_eq!(
        asked[0].headers["authorization"],
        "Basic U0tjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjYzpjaW5uYW1vbg=="
    );
    counted(&bridge, "started").await;
    let (mut call, task) = handed_over(call, conversation).await;
    for said in [&task["conversations"]["segment_link"], &task["listen"]] {
        assert!(said.as_str().is_some_and(|url| url.ends_with(&link())), "{task}");
    }
    // What Twilio says of it comes in any order, and more than once.
    for (status, seconds) in [("completed", "42"), ("in-progress", "-1"), ("completed", "42")] {
        let fields = [
            ("RecordingSid", RECORDING),
            ("RecordingStatus", status),
            ("RecordingDuration", seconds),
            ("RecordingUrl", "https://api.twilio.com/elsewhere"),
        ];
        let answer = call.callback(&callback, &fields).await.unwrap();
        assert!(answer.children.is_empty());
    }
    assert!(bridge.store.flush().await);
    let sid: CallSid = call.sid().parse().unwrap();
    let kept = bridge.store.archive().unwrap().kept(&sid).await.unwrap().unwrap().call.recording.unwrap();
    assert_eq!((kept.sid.as_str(), kept.state.as_str(), kept.seconds), (RECORDING, "completed", Some(42)));
    assert!(kept.url.ends_with(&link()), "{kept:?}");
    assert_eq!(api.asked().len(), 1);
}

#[tokio::test]
async fn whatever_the_api_does_no_call_is_disturbed() {
    let limited = json!({"code": 20429, "message": "Too many requests", "status": 429});
    let wrong = json!({"code": 20003, "message": "Authenticate", "status": 401});
    let over = json!({"code": 21220, "message": "Call is not in-progress", "status": 400});
    for (answers, result) in [
        (vec![Api::Json(401, wrong)], Some("unauthorised")),
        (vec![Api::With(429, "retry-after", "1".into(), limited), recording_started()], Some("started")),
        (vec![Api::Raw(500, "<html>".into())], Some("unavailable")),
        (vec![Api::Json(400, over)], Some("refused")),
        (vec![Api::Raw(201, "{}".into())], Some("broken")),
        // Nobody waits for it, however long it takes.
        (vec![Api::Silence], None),
    ] {
        let api = FakeApi::start(answers.clone()).await;
        let bridge = recording(&api, "", &[]).await;
        let (call, conversation) = bridge.connected(0).await;
        api.asked_times(1).await;
        if let Some(result) = result {
            counted(&bridge, result).await;
        }
        let (_, task) = handed_over(call, conversation).await;
        let linked = task["conversations"].get("segment_link").is_some();
        assert_eq!(linked, result == Some("started"), "{answers:?}: {task}");
        assert_eq!(task["callSummary"], escalation()["callSummary"]);
    }
}

#[tokio::test]
async fn another_node_knows_the_recording_and_one_that_was_not_made_is_not_linked() {
    let file = std::env::temp_dir().join(format!("warmline-recording-{}.db", std::process::id()));
    let database = format!("sqlite:{}", file.display());
    let api = FakeApi::start([recording_started()]).await;
    let settings = [("DATABASE_URL", database.as_str())];
    let (first, second) = (recording(&api, "", &settings).await, recording(&api, "", &settings).await);
    for (status, linked) in [("in-progress", true), ("absent", false)] {
        let (mut call, conversation) = first.connected(0).await;
        let sid: CallSid = call.sid().parse().unwrap();
        let began = now();
        while first.store.recording(&sid).await.is_none() {
            assert!(now() - began < SOON, "it is written in time");
            first.store.flush().await;
        }
        let fields = [("RecordingSid", RECORDING), ("RecordingStatus", status)];
        call.notify(&format!("{PUBLIC}/voice/recorded"), &fields).await.unwrap();
        assert!(first.store.flush().await);
        call.reach(second.base.clone());
        let (_, task) = handed_over(call, conversation).await;
        let link = task["conversations"].get("segment_link");
        assert_eq!(link.is_some(), linked, "{status}: {task}");
    }
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
}

#[tokio::test]
async fn calls_of_another_account_and_those_of_a_server_that_does_not_record_are_left_alone() {
    let api = FakeApi::start([recording_started()]).await;
    let other = format!("AC{}", "b".repeat(32));
    let elsewhere = recording(&api, "", &[("TWILIO_ACCOUNT_SID", &other)]).await;
    let off = [("TWILIO_API_BASE_URL", api.base_url.as_str()), ("TWILIO_ACCOUNT_SID", &account())];
    let off = TestBridge::with(&off, escalating).await;
    for bridge in [&elsewhere, &off] {
        let mut call = bridge.call();
        assert_eq!(verbs(call.dial().await.unwrap()), ["Connect"]);
        let mut conversation = call.connect(warmline::caller::Rate::per_second(0)).await.unwrap();
        conversation.wait_quiet(SOON).await.unwrap();
        let (_, task) = handed_over(call, conversation).await;
        assert!(task["conversations"].get("segment_link").is_none(), "{task}");
    }
    assert!(api.asked().is_empty());
}

#[tokio::test]
async fn news_that_nobody_can_use_change_nothing() {
    let api = FakeApi::start([recording_started()]).await;
    let bridge = recording(&api, "", &[]).await;
    let (mut call, _conversation) = bridge.connected(0).await;
    counted(&bridge, "started").await;
    let callback = format!("{PUBLIC}/voice/recorded");
    for fields in [
        vec![],
        vec![("RecordingSid", "../x"), ("RecordingStatus", "completed")],
        vec![("RecordingSid", RECORDING), ("RecordingStatus", "unheard-of")],
    ] {
        assert!(call.callback(&callback, &fields).await.unwrap().children.is_empty());
    }
    assert!(bridge.store.flush().await);
    let sid: CallSid = call.sid().parse().unwrap();
    let kept = bridge.store.archive().unwrap().kept(&sid).await.unwrap().unwrap().call.recording.unwrap();
    assert_eq!((kept.state.as_str(), kept.seconds), ("in-progress", None));
    call.sign_with(Some("forged".into()));
    let fields = [("RecordingSid", RECORDING), ("RecordingStatus", "failed")];
    assert_eq!(call.notify(&callback, &fields).await.unwrap().status, 403);
}

#[tokio::test]
async fn who_is_told_elsewhere_hears_nothing_of_it_here() {
    let api = FakeApi::start([recording_started()]).await;
    let folder = std::env::temp_dir().join(format!("warmline-told-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/agent.md"), folder.join("agent.md")).unwrap();
    for (lines, expected) in [
        ("recording = \"\"\n", None),
        ("[recording]\nen = \"Recorded, all of it.\"\n", Some("Recorded, all of it.")),
    ] {
        std::fs::write(folder.join("lines.toml"), lines).unwrap();
        let bridge = recording(&api, "", &[("WARMLINE_PROMPTS", folder.to_str().unwrap())]).await;
        let mut call = bridge.call();
        let said = call.dial().await.unwrap().child("Say").map(|say| say.text.clone());
        assert_eq!(said.as_deref(), expected);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
