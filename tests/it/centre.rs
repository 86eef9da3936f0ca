//! Another contact centre: what it is asked, and what it answers.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(crate) const SECRET: &str = "a secret of the centre's own";

/// What it answers; what is answered last is answered from then on.
#[derive(Debug, Clone)]
pub(crate) enum Centre {
    /// This status and this body.
    Answer(u16, String),
    /// A redirect to itself.
    Elsewhere,
    /// Nothing, ever.
    Silence,
}

/// The server.
pub(crate) struct FakeCentre {
    pub(crate) url: String,
    state: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    answers: Mutex<Vec<Centre>>,
    asked: Mutex<Vec<(HeaderMap, Bytes)>>,
}

impl FakeCentre {
    pub(crate) async fn start(answers: Vec<Centre>) -> Self {
        let state = Arc::new(Shared { answers: Mutex::new(answers), asked: Mutex::default() });
        let app = Router::new().fallback(answer).with_state(state.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/calls", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, state, _tasks: tasks }
    }

    /// One that takes every call.
    pub(crate) async fn taking() -> Self {
        let document =
            "<Response><Dial action=\"https://centre.example.com/next\">+15557770000</Dial></Response>";
        Self::start(vec![Centre::Answer(200, document.to_owned())]).await
    }

    /// The entry of `[[targets]]` that leads to it.
    pub(crate) fn target(&self) -> String {
        format!("[[targets]]\nwebhook = \"{}\"\nsecret_env = \"CENTRE_SECRET\"\n", self.url)
    }

    /// Every request so far: its headers and its body.
    pub(crate) fn asked(&self) -> Vec<(HeaderMap, Bytes)> {
        self.state.asked.lock().unwrap().clone()
    }

    /// The body of the last one.
    pub(crate) fn last(&self) -> Value {
        serde_json::from_slice(&self.asked().last().expect("a request").1).unwrap()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    shared.asked.lock().unwrap().push((headers, body));
    let answer = {
        let mut answers = shared.answers.lock().unwrap();
        if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
    };
    match answer {
        Centre::Answer(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Centre::Elsewhere => (StatusCode::TEMPORARY_REDIRECT, [("location", "/calls")]).into_response(),
        Centre::Silence => std::future::pending().await,
    }
}
