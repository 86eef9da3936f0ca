//! What we ask of Twilio's REST API: equal to what Twilio's own clients ask, and what becomes of every kind of answer.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use warmline::clock::now;
use warmline::twilio::rest::{
    CallChange, Channels, Client, Credentials, Hosts, Method, NewCall, NewRecording, NewTask, NumberChange,
    Numbers, RecordingStatus, RestError, Task, TaskChange, Tasks, Timeouts, WhichRecording,
};

use super::twilio_api::{Api, Asked, FakeApi, recording_started};

pub(super) const VECTORS: &str = include_str!("../fixtures/rest-vectors.json");
const HEX: &str = "0123456789abcdef0123456789abcdef";

pub(super) fn sid<T: std::str::FromStr>(prefix: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    format!("{prefix}{HEX}").parse().unwrap()
}

fn client_within(base_url: &str, timeouts: Timeouts) -> Client {
    // Fails only where another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let credentials =
        Credentials { account: sid("AC"), user: format!("AC{HEX}"), password: "authtoken".into() };
    Client::new(credentials, Hosts::At(base_url.to_owned()), timeouts).unwrap()
}

/// Twilio, at this address.
pub(super) fn client_at(base_url: &str) -> Client {
    client_within(base_url, Timeouts::default())
}

fn client(api: &FakeApi) -> Client {
    client_at(&api.base_url)
}

/// An answer that every request of the vectors can be read from.
fn anything() -> Api {
    Api::Json(
        200,
        json!({
            "sid": format!("CA{HEX}"), "status": "in-progress", "incoming_phone_numbers": [], "workflows": [],
        }),
    )
}

/// The request of a vector, as we make it.
pub(super) async fn ask(client: &Client, name: &str) -> Result<(), RestError> {
    let call = sid("CA");
    let change = |change| async move { client.change_call(&sid("CA"), &change).await.map(drop) };
    match name {
        "list numbers" => {
            let which = Numbers { phone_number: Some("+15551234567".into()), page_size: Some(20) };
            client.numbers(&which, 20).await.map(drop)
        }
        "update number" => {
            let post = Some(Method::Post);
            let change = NumberChange {
                voice_url: Some("https://bridge.example.com/voice?a=1&b=2".into()),
                voice_method: post,
                status_callback: Some("https://bridge.example.com/status".into()),
                status_callback_method: post,
                ..NumberChange::default()
            };
            // Its answer is no number's.
            let _ = client.change_number(&sid("PN"), &change).await;
            Ok(())
        }
        "fetch call" => client.call(&call).await.map(drop),
        "update call twiml" => {
            let document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say>Grüße & \"Owl\" 🦉 + 100%</Say></Response>";
            change(CallChange::Twiml(document.into())).await
        }
        "update call url" => {
            change(CallChange::Redirect("https://bridge.example.com/handoff?x=1".into(), Method::Post)).await
        }
        "complete call" => change(CallChange::Complete).await,
        "create call" => {
            let call = NewCall {
                to: "+12025550123".into(),
                from: "+15551234567".into(),
                url: "https://bridge.example.com/voice".into(),
                status_callback: Some("https://bridge.example.com/status".into()),
                status_events: vec!["initiated", "ringing", "answered", "completed"],
                timeout: Some(25),
            };
            client.make_call(&call).await.map(drop)
        }
        "flex interaction" => {
            let channel = json!({"type": "voice", "initiated_by": "customer",
                "properties": {"media_channel_sid": format!("CA{HEX}")}});
            let routing = json!({"properties": {
                "workspace_sid": format!("WS{HEX}"), "workflow_sid": format!("WW{HEX}"),
                "task_channel_unique_name": "voice",
                "attributes": {"name": "Jürgen \"J\" & Co 🦉", "reason": "live-agent-handoff"},
            }});
            client.make_interaction(&channel, &routing).await.map(drop)
        }
        "taskrouter task" => {
            let task = NewTask {
                attributes: json!({"summary": "Wants \"a person\" & <now>", "n": 1}),
                workflow: Some(sid("WW")),
                channel: Some("voice".into()),
                priority: Some(5),
                timeout: Some(120),
            };
            let _ = client.make_task(&sid("WS"), &task).await;
            Ok(())
        }
        "list workflows" => client.workflows(&sid("WS"), 20).await.map(drop),
        other => panic!("nobody asks for `{other}`"),
    }
}

/// Pairs without regard to their order, JSON as JSON.
fn decoded(pairs: &[(String, String)]) -> BTreeMap<&str, Vec<Value>> {
    let mut decoded: BTreeMap<_, Vec<Value>> = BTreeMap::new();
    for (name, value) in pairs {
        let json = serde_json::from_str(value).ok().filter(Value::is_object);
        decoded.entry(name.as_str()).or_default().push(json.unwrap_or_else(|| value.as_str().into()));
    }
    decoded
}

#[tokio::test]
async fn requests_are_those_of_twilios_own_clients() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let vectors = vectors["requests"].as_array().unwrap();
    assert_eq!(vectors.len(), 10);
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let api = FakeApi::start([anything()]).await;
        ask(&client(&api), name).await.unwrap();
        let asked = api.asked();
        let [asked] = asked.as_slice() else { panic!("{name}: {} requests", asked.len()) };
        let pairs = |key: &str| serde_json::from_value::<Vec<(String, String)>>(vector[key].clone()).unwrap();
        let header = |name: &str| asked.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(asked.method, vector["method"], "{name}");
        assert_eq!(asked.path, vector["path"], "{name}");
        assert_eq!(decoded(&asked.query), decoded(&pairs("query")), "{name}");
        assert_eq!(decoded(&asked.form), decoded(&pairs("form")), "{name}");
        assert_eq!(header("authorization"), vector["authorization"].as_str(), "{name}");
        assert_eq!(header("content-type"), vector["content_type"].as_str(), "{name}");
        assert_eq!(header("accept"), vector["accept"].as_str(), "{name}");
        // The host is one of Twilio's products, which one base URL stands for here.
        let hosts = ["api.twilio.com", "flex-api.twilio.com", "taskrouter.twilio.com"];
        assert!(hosts.contains(&vector["host"].as_str().unwrap()), "{name}");
    }
}

fn task_json(version: &str) -> Value {
    json!({"sid": format!("WT{HEX}"), "assignment_status": "pending", "attributes": format!("{{\"v\":{version}}}")})
}

#[tokio::test]
async fn a_task_is_changed_only_in_the_version_that_was_read() {
    let conflict = json!({"code": 20412, "message": "Precondition failed", "status": 412});
    let api =
        FakeApi::start([Api::With(200, "etag", "\"7\"".into(), task_json("1")), Api::Json(412, conflict)])
            .await;
    let client = client(&api);
    let Task { version, attributes, .. } = client.task(&sid("WS"), &sid("WT")).await.unwrap();
    assert_eq!((version.as_deref(), attributes.expose().as_str()), (Some("\"7\""), "{\"v\":1}"));
    let change = TaskChange {
        assignment_status: Some("canceled"),
        reason: Some("caller hung up".into()),
        version,
        ..TaskChange::default()
    };
    let error = client.change_task(&sid("WS"), &sid("WT"), &change).await.unwrap_err();
    assert_eq!(error.problem().unwrap().code, Some(20_412));
    let asked = api.asked();
    assert_eq!(asked[1].headers["if-match"], "\"7\"");
    assert_eq!((asked[1].field("AssignmentStatus"), asked[1].field("Attributes")), (Some("canceled"), None));
}

#[tokio::test]
async fn lists_are_read_to_their_end_in_both_kinds_of_paging() {
    let number = |n: usize| json!({"sid": format!("PN{n:032x}"), "phone_number": format!("+1555123000{n}")});
    let path = format!("/2010-04-01/Accounts/AC{HEX}/IncomingPhoneNumbers.json");
    let next = format!("{path}?PageSize=2&Page=1&PageToken=PAx%2B1");
    let pages = [
        Api::Json(200, json!({"incoming_phone_numbers": [number(1), number(2)], "next_page_uri": next})),
        Api::Json(200, json!({"incoming_phone_numbers": [number(3)], "next_page_uri": null})),
    ];
    let api = FakeApi::start(pages).await;
    let which = Numbers { page_size: Some(2), ..Numbers::default() };
    let found = client(&api).numbers(&which, 10).await.unwrap();
    assert_eq!(
        found.iter().map(|number| number.phone_number.as_str()).collect::<Vec<_>>().concat().len(),
        36
    );
    let asked = api.asked();
    assert_eq!(asked.len(), 2);
    assert!(asked[1].query.contains(&("PageToken".to_owned(), "PAx+1".to_owned())), "{:?}", asked[1].query);

    // The other kind names a whole address: of it the host is not believed.
    let elsewhere = format!("https://evil.example.com/v1/Workspaces/WS{HEX}/Tasks?PageSize=1&PageToken=b");
    let pages = [
        Api::Json(200, json!({"tasks": [task_json("1")], "meta": {"next_page_url": elsewhere}})),
        Api::Json(200, json!({"tasks": [task_json("2")], "meta": {"next_page_url": null}})),
    ];
    let api = FakeApi::start(pages).await;
    let which = Tasks { assignment_status: Some("pending,reserved"), ..Tasks::default() };
    assert_eq!(client(&api).tasks(&sid("WS"), &which, 50).await.unwrap().len(), 2);
    assert_eq!(api.asked()[1].query[1], ("PageToken".to_owned(), "b".to_owned()));
    // As many as were asked for, and no page beyond.
    let api = FakeApi::start([Api::Json(
        200,
        json!({"task_queues": [
        {"sid": format!("WQ{HEX}"), "friendly_name": "a"}, {"sid": format!("WQ{HEX}"), "friendly_name": "b"},
    ], "meta": {"next_page_url": "https://taskrouter.twilio.com/v1/x"}}),
    )])
    .await;
    assert_eq!(client(&api).task_queues(&sid("WS"), 1).await.unwrap()[0].friendly_name, "a");
    assert_eq!(api.asked().len(), 1);
}

#[tokio::test]
async fn a_request_that_was_not_processed_is_made_again_when_twilio_says() {
    let limited = json!({"code": 20429, "message": "Too many requests", "status": 429});
    let later = Api::With(429, "retry-after", "1".into(), limited.clone());
    let api = FakeApi::start([later, recording_started()]).await;
    let began = now();
    let started = client(&api).start_recording(&sid("CA"), &recording()).await.unwrap();
    assert_eq!(started.status, "in-progress");
    assert!(now() - began >= Duration::from_secs(1));
    assert_eq!(api.asked().len(), 2);
    // Without a time, and never granted: four tries, and an end.
    let api = FakeApi::start([Api::Json(429, limited.clone())]).await;
    let error = client(&api).change_call(&sid("CA"), &CallChange::Complete).await.unwrap_err();
    assert_eq!((error, api.asked().len()), (RestError::RateLimited { wait: None }, 4));
    // Longer than anybody waits.
    let api = FakeApi::start([Api::With(429, "retry-after", "3600".into(), limited)]).await;
    let error = client(&api).call(&sid("CA")).await.unwrap_err();
    assert_eq!(error, RestError::RateLimited { wait: Some(Duration::from_secs(3_600)) });
    assert_eq!(api.asked().len(), 1);
}

pub(super) fn recording() -> NewRecording {
    NewRecording {
        channels: Channels::Dual,
        status_callback: Some("https://bridge.example.com/voice/recorded".into()),
        status_events: &["in-progress", "completed", "absent"],
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_twice_and_reading_is_tried_again() {
    let api = FakeApi::start([Api::Raw(503, "<html>".into()), anything()]).await;
    assert!(client(&api).call(&sid("CA")).await.is_ok());
    assert_eq!(api.asked().len(), 2);
    let api = FakeApi::start([Api::Raw(500, String::new()), recording_started()]).await;
    let error = client(&api).start_recording(&sid("CA"), &recording()).await.unwrap_err();
    assert_eq!((error, api.asked().len()), (RestError::Unavailable { status: 500 }, 1));
    let api = FakeApi::start([Api::Silence]).await;
    let short = Timeouts { one: Duration::from_millis(100), all: Duration::from_secs(5) };
    let error = client_within(&api.base_url, short).start_recording(&sid("CA"), &recording()).await;
    assert_eq!((error.unwrap_err(), api.asked().len()), (RestError::Late, 1));
    let nobody = client_within("http://127.0.0.1:1", short).call(&sid("CA")).await.unwrap_err();
    assert_eq!(nobody, RestError::Unreachable);
}

#[tokio::test]
async fn what_is_wrong_is_told_by_its_kind() {
    let body = |code: u32| json!({"code": code, "message": "+15551230000 is wrong", "status": 0});
    for (answer, word, code) in [
        (Api::Json(401, body(20_003)), "unauthorised", Some(20_003)),
        (Api::Json(404, body(20_404)), "not_found", Some(20_404)),
        (Api::Json(400, body(21_220)), "refused", Some(21_220)),
        (Api::Json(400, json!({"errors": [{"code": 45_004, "message": "x"}]})), "refused", Some(45_004)),
        (Api::Raw(403, "<html>".into()), "unauthorised", None),
        (Api::Raw(200, "<html>".into()), "broken", None),
        (Api::Raw(200, "x".repeat(5 * 1024 * 1024)), "broken", None),
        (Api::Json(200, json!({"sid": 7})), "broken", None),
        (Api::With(302, "location", "http://127.0.0.1:1/".into(), json!({})), "refused", None),
    ] {
        let api = FakeApi::start([answer.clone()]).await;
        let error = client(&api).change_call(&sid("CA"), &CallChange::Complete).await.unwrap_err();
        assert_eq!(error.word(), word, "{answer:?}");
        assert_eq!(error.problem().and_then(|problem| problem.code), code, "{answer:?}");
        assert!(!format!("{error} {error:?}").contains("555"), "{error:?}");
        assert_eq!(api.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_recording_is_started_and_ended() {
    let api = FakeApi::start([recording_started()]).await;
    let client = client(&api);
    let started = client.start_recording(&sid("CA"), &recording()).await.unwrap();
    let stop = RecordingStatus::Stopped;
    client.change_recording(&sid("CA"), &WhichRecording::Current, stop).await.unwrap();
    let named = WhichRecording::Named(started.sid.clone());
    client.change_recording(&sid("CA"), &named, RecordingStatus::Paused).await.unwrap();
    let asked = api.asked();
    let path = |asked: &Asked| asked.path.rsplit_once(&format!("/CA{HEX}")).unwrap().1.to_owned();
    assert_eq!(
        asked.iter().map(path).collect::<Vec<_>>(),
        [
            "/Recordings.json".to_owned(),
            "/Recordings/Twilio.CURRENT.json".to_owned(),
            format!("/Recordings/{}.json", started.sid),
        ]
    );
    assert_eq!(asked[0].field("RecordingChannels"), Some("dual"));
    assert_eq!(asked[0].field("RecordingStatusCallbackEvent"), Some("in-progress completed absent"));
    assert_eq!(asked[1].form, [("Status".to_owned(), "stopped".to_owned())]);
    assert_eq!(asked[2].field("PauseBehavior"), Some("silence"));
    let url = client.recording_url(&started.sid);
    assert!(url.ends_with(&format!("/2010-04-01/Accounts/AC{HEX}/Recordings/RE{HEX}.mp3")), "{url}");
}
