//! A fake of Segment's Profile API: what it is asked, and what it answers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What it answers.
#[derive(Debug, Clone)]
pub(crate) enum Segment {
    /// These traits.
    Traits(Value),
    /// Nobody of that number.
    Nobody,
    /// This status, with a body that quotes the request.
    Status(u16),
    /// These bytes.
    Raw(String),
    /// Traits, letter by letter and without an end.
    Drip,
    /// Nothing, ever.
    Silence,
}

/// The server.
pub(crate) struct FakeSegment {
    base_url: String,
    state: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    answers: Segment,
    asked: Mutex<Vec<(String, String)>>,
}

impl FakeSegment {
    pub(crate) async fn start(answers: Segment) -> Self {
        let state = Arc::new(Shared { answers, asked: Mutex::default() });
        let app = Router::new().fallback(answer).with_state(state.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base_url, state, _tasks: tasks }
    }

    /// The settings that lead to it.
    pub(crate) fn settings(&self) -> [(&'static str, &str); 3] {
        [
            ("SEGMENT_SPACE_ID", "spa_x"),
            ("SEGMENT_PROFILE_TOKEN", "segment-token"),
            ("SEGMENT_PROFILE_BASE_URL", &self.base_url),
        ]
    }

    /// Every request so far: its address, and how it was authorised.
    pub(crate) fn asked(&self) -> Vec<(String, String)> {
        self.state.asked.lock().unwrap().clone()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let authorised = headers["authorization"].to_str().unwrap().to_owned();
    shared.asked.lock().unwrap().push((uri.to_string(), authorised));
    let error = |status: StatusCode| {
        let body = json!({"error": {"code": "injected", "message": format!("quokka {uri}")}});
        (status, axum::Json(body)).into_response()
    };
    match &shared.answers {
        Segment::Traits(traits) => {
            let cursor = json!({"url": "", "has_more": false, "next": "", "limit": 200});
            axum::Json(json!({"traits": traits, "cursor": cursor})).into_response()
        }
        Segment::Nobody => error(StatusCode::NOT_FOUND),
        Segment::Status(status) => error(StatusCode::from_u16(*status).unwrap()),
        Segment::Raw(body) => body.clone().into_response(),
        Segment::Drip => {
            // Each piece comes in time for a timeout between two of them.
            let pieces = stream::unfold("{\"traits\": {\"tier\": \"", |piece| async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Ok::<_, std::convert::Infallible>(piece), "x"))
            });
            Body::from_stream(pieces).into_response()
        }
        Segment::Silence => std::future::pending().await,
    }
}
