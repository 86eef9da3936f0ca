//! A fake of Twilio's REST API over a real socket: what it was asked, and answers in their order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::bridge::SOON;

/// What it answers.
#[derive(Debug, Clone)]
pub(crate) enum Api {
    /// This, with a status.
    Json(u16, Value),
    /// This, with a header beside it.
    With(u16, &'static str, String, Value),
    /// Bytes that are no JSON.
    Raw(u16, String),
    /// Nothing, ever.
    Silence,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
}

/// The server.
pub(crate) struct FakeApi {
    pub(crate) base_url: String,
    state: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    /// The last of them is the answer to everything that follows.
    answers: Mutex<VecDeque<Api>>,
    asked: watch::Sender<Vec<Asked>>,
}

/// The recording that Twilio starts.
pub(crate) const RECORDING: &str = "RE0123456789abcdef0123456789abcdef";

/// Twilio has started a recording.
pub(crate) fn recording_started() -> Api {
    Api::Json(201, json!({"sid": RECORDING, "status": "in-progress", "source": "StartCallRecordingAPI"}))
}

impl FakeApi {
    pub(crate) async fn start(answers: impl IntoIterator<Item = Api>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect());
        let state = Arc::new(Shared { answers, asked: watch::Sender::new(Vec::new()) });
        let app = Router::new().fallback(answer).with_state(state.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base_url, state, _tasks: tasks }
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.borrow().clone()
    }

    /// Every request, once there are so many.
    pub(crate) async fn asked_times(&self, times: usize) -> Vec<Asked> {
        let mut asked = self.state.asked.subscribe();
        let enough = asked.wait_for(|asked| asked.len() >= times);
        let found = tokio::time::timeout(SOON, enough).await.expect("it is asked in time").unwrap();
        found.clone()
    }
}

impl Asked {
    /// The value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: pairs(uri.query().unwrap_or_default().as_bytes()),
        form: pairs(&body),
        headers,
    };
    shared.asked.send_modify(|all| all.push(asked));
    let answer = {
        let mut answers = shared.answers.lock().unwrap();
        let next = answers.front().cloned().expect("an answer is scripted");
        if answers.len() > 1 {
            answers.pop_front();
        }
        next
    };
    let status = |status| StatusCode::from_u16(status).unwrap();
    match answer {
        Api::Json(code, body) => (status(code), axum::Json(body)).into_response(),
        Api::With(code, name, value, body) => {
            (status(code), [(name, value)], axum::Json(body)).into_response()
        }
        Api::Raw(code, body) => (status(code), body).into_response(),
        Api::Silence => std::future::pending().await,
    }
}
