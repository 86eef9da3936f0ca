//! What we ask of Twilio's REST API against Twilio's own description of it, as two mock servers of others read it.
//! `.ci/rest` starts them.

use std::env;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use warmline::ids::PhoneNumberSid;
use warmline::numbers::{Places, Wiring};
use warmline::twilio::rest::{Client, RecordingStatus, RestError, TaskChange, Tasks, WhichRecording};

use super::rest::{VECTORS, ask, client_at, recording, sid};

/// A station on the way to a mock server, which notes what the server thinks of each request.
struct Station {
    base_url: String,
    notes: Arc<Notes>,
    _tasks: JoinSet<()>,
}

struct Notes {
    mock: String,
    client: reqwest::Client,
    /// Status, and Steady's count of errors.
    seen: Mutex<Vec<(u16, Option<String>, String)>>,
}

impl Station {
    async fn before(mock: String) -> Self {
        // Fails only where another test was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let notes = Arc::new(Notes { mock, client, seen: Mutex::default() });
        let app = Router::new().fallback(pass_on).with_state(notes.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base_url, notes, _tasks: tasks }
    }

    /// What was thought of the latest request.
    fn latest(&self) -> (u16, Option<String>, String) {
        self.notes.seen.lock().unwrap().last().expect("a request was made").clone()
    }
}

async fn pass_on(State(notes): State<Arc<Notes>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, 1 << 20).await.unwrap();
    let mut headers = parts.headers;
    headers.remove("host");
    let url = format!("{}{}", notes.mock, parts.uri);
    let answer = notes.client.request(parts.method, url).headers(headers).body(body).send().await.unwrap();
    let status = answer.status();
    let errors = answer.headers().get("x-steady-error-count").map(|count| count.to_str().unwrap().to_owned());
    let body = answer.text().await.unwrap();
    notes.seen.lock().unwrap().push((status.as_u16(), errors, body.clone()));
    (status, body).into_response()
}

/// What is asked beside the vectors.
const MORE: [&str; 15] = [
    "start recording",
    "stop recording",
    "pause recording",
    "fetch account",
    "list workspaces",
    "fetch number",
    "point number",
    "put number back",
    "fetch task",
    "list tasks",
    "cancel task",
    "rewrite task",
    "fetch workflow",
    "list queues",
    "fetch queue",
];

async fn ask_more(client: &Client, name: &str) -> Result<(), RestError> {
    let (call, workspace, task) = (sid("CA"), sid("WS"), sid("WT"));
    let change = TaskChange {
        attributes: (name == "rewrite task").then(|| json!({"callSummary": "\"<&>\" ✓"})),
        assignment_status: (name == "cancel task").then_some("canceled"),
        reason: (name == "cancel task").then(|| "caller hung up".to_owned()),
        version: Some("\"7\"".to_owned()),
        ..TaskChange::default()
    };
    match name {
        "start recording" => client.start_recording(&call, &recording()).await.map(drop),
        "stop recording" => {
            let stop = RecordingStatus::Stopped;
            client.change_recording(&call, &WhichRecording::Named(sid("RE")), stop).await.map(drop)
        }
        "pause recording" => {
            let pause = RecordingStatus::Paused;
            client.change_recording(&call, &WhichRecording::Named(sid("RE")), pause).await.map(drop)
        }
        "fetch account" => client.read_account().await.map(drop),
        "list workspaces" => client.workspaces(20).await.map(drop),
        // As `warmline number` does it, with everything that it may name.
        "point number" | "put number back" => {
            let places = Places {
                incoming: "https://bridge.example.com/voice/incoming".into(),
                fallback: "https://bridge.example.com/voice/fallback".into(),
                status: "https://bridge.example.com/voice/status".into(),
            };
            // An empty text clears a field at Twilio; its description, which wants addresses and SIDs, has no word
            // for that.
            let was = Wiring {
                voice_url: "https://demo.twilio.com/welcome/voice/".into(),
                voice_method: "GET".into(),
                voice_fallback_url: "https://handler.twilio.com/twiml/EH1".into(),
                status_callback: "https://elsewhere.example.com/status".into(),
                voice_application_sid: sid::<PhoneNumberSid>("PN").to_string().replace("PN", "AP"),
                trunk_sid: sid::<PhoneNumberSid>("PN").to_string().replace("PN", "TK"),
                ..Wiring::default()
            };
            let here = was.pointed_at(&places, true);
            let change = if name == "point number" {
                was.change(&was.pointed_at(&places, false))
            } else {
                here.change(&was)
            };
            client.change_number(&sid("PN"), &change).await.map(drop)
        }
        "fetch number" => client.number(&sid("PN")).await.map(drop),
        "fetch task" => client.task(&workspace, &task).await.map(drop),
        "list tasks" => {
            let which = Tasks {
                workflow: Some(sid("WW")),
                assignment_status: Some("pending"),
                ordering: Some("DateCreated:desc"),
            };
            client.tasks(&workspace, &which, 20).await.map(drop)
        }
        "cancel task" | "rewrite task" => client.change_task(&workspace, &task, &change).await.map(drop),
        "fetch workflow" => client.workflow(&workspace, &sid("WW")).await.map(drop),
        "list queues" => client.task_queues(&workspace, 20).await.map(drop),
        "fetch queue" => client.task_queue(&workspace, &sid("WQ")).await.map(drop),
        other => panic!("nobody asks for `{other}`"),
    }
}

fn mock(name: &str) -> String {
    let address = env::var_os(name).unwrap_or_else(|| panic!("{name} is not set: run .ci/rest"));
    address.into_string().unwrap()
}

#[tokio::test]
#[ignore = "needs the mock servers that .ci/rest starts"]
async fn what_is_asked_is_what_twilio_describes() {
    let vectors: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
    let vectors: Vec<&str> = vectors["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vector| vector["name"].as_str().unwrap())
        .collect();
    let steady = Station::before(mock("WARMLINE_TEST_STEADY")).await;
    let prism = Station::before(mock("WARMLINE_TEST_PRISM")).await;
    for name in vectors.iter().copied().chain(MORE) {
        for station in [&steady, &prism] {
            let before = station.notes.seen.lock().unwrap().len();
            let client = client_at(&station.base_url);
            let asked = if vectors.contains(&name) {
                ask(&client, name).await
            } else {
                ask_more(&client, name).await
            };
            assert!(station.notes.seen.lock().unwrap().len() > before, "{name}: nothing was asked");
            let (status, errors, body) = station.latest();
            // Prism knows no list in a form, neither as a repeated field nor as one with spaces, as Twilio wants it
            // for recordings.
            if station.base_url == prism.base_url && ["create call", "start recording"].contains(&name) {
                assert!(status == 422 && body.contains("must be array"), "{name}: {status}: {body}");
                continue;
            }
            assert!((200..300).contains(&status), "{name}: {status}: {body}");
            if station.base_url == steady.base_url {
                assert_eq!(errors.as_deref(), Some("0"), "{name}: {body}");
            }
            // Answers are Twilio's own examples.
            assert_eq!(asked, Ok(()), "{name}: {body}");
        }
    }
    // Both find what is wrong, or their silence says nothing.
    let misspelt = |client: &reqwest::Client, base: &str| {
        let path = format!("/2010-04-01/Accounts/AC{0}/Calls/CA{0}.json", "0".repeat(32));
        let form = "application/x-www-form-urlencoded";
        client.post(format!("{base}{path}")).header("content-type", form).body("Statuss=completed")
    };
    let client = &steady.notes.client;
    let answer = misspelt(client, &steady.base_url).send().await.unwrap();
    assert_eq!(answer.status(), 400, "Steady takes a field that is not there");
    let answer = misspelt(client, &prism.base_url).send().await.unwrap();
    assert_eq!(answer.status(), 401, "Prism takes a request without credentials");
}
