//! The model and the tools of all calls: one HTTP server that does in each turn what the call's plan says.
//!
//! Every request has a number, and every word of its answer carries it: `k17t2q340a` is a word of request 340,
//! the answer in turn 2 of call 17. So each word on the wire tells whose it is.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::stream;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use warmline::clock::now;

use crate::plan::{Plan, ToolFault};
use crate::script::{Piece, Refusal, Steps, steps};
use crate::tally::Tally;

/// Whose turn a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Tag {
    pub(crate) call: u64,
    pub(crate) turn: usize,
}

/// What is known of the calls that are asked about.
pub(crate) struct Endpoint {
    pub(crate) tally: Arc<Tally>,
    speed: u64,
    plans: Mutex<HashMap<u64, Plan>>,
    /// How many requests each turn has led to.
    asked: Mutex<HashMap<Tag, usize>>,
    /// When a request was given up by the server before its answer was over.
    dropped: Mutex<HashMap<u64, Instant>>,
    requests: AtomicU64,
    away: watch::Sender<bool>,
}

impl Tag {
    /// The last tag in a text.
    pub(crate) fn last_in(text: &str) -> Option<Self> {
        text.split(|c: char| !c.is_ascii_alphanumeric()).rev().find_map(Self::read)
    }

    fn read(word: &str) -> Option<Self> {
        let (call, turn) = word.strip_prefix('k')?.split_once('t')?;
        Some(Self { call: call.parse().ok()?, turn: turn.parse().ok()? })
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "k{}t{}", self.call, self.turn)
    }
}

impl Endpoint {
    pub(crate) fn new(tally: Arc<Tally>, speed: u64) -> Self {
        Self {
            tally,
            speed,
            plans: Mutex::default(),
            asked: Mutex::default(),
            dropped: Mutex::default(),
            requests: AtomicU64::new(0),
            away: watch::channel(false).0,
        }
    }

    /// Answers for this call from now on.
    pub(crate) fn expect(&self, plan: &Plan) {
        lock(&self.plans).insert(plan.number, plan.clone());
    }

    /// The call is over; nothing of it is kept.
    pub(crate) fn forget(&self, call: u64) {
        lock(&self.plans).remove(&call);
        lock(&self.asked).retain(|tag, _| tag.call != call);
        let long_ago = |at: &Instant| now().saturating_duration_since(*at) > Duration::from_secs(60);
        lock(&self.dropped).retain(|_, at| !long_ago(at));
    }

    /// When the server gave this request up, if it did before the answer was over.
    pub(crate) fn dropped(&self, request: u64) -> Option<Instant> {
        lock(&self.dropped).get(&request).copied()
    }

    /// Whether anybody listens. Connections that are open break off at the next request.
    pub(crate) fn set_away(&self, away: bool) {
        self.away.send_replace(away);
    }

    /// Listens here, except while it is away.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) {
        let address = listener.local_addr().expect("a bound socket has an address");
        let app = Router::new()
            .route("/v1/chat/completions", post(answer))
            .route("/second/v1/chat/completions", post(answer))
            .route("/find", post(find))
            .with_state(self.clone());
        let mut away = self.away.subscribe();
        let mut listener = Some(listener);
        loop {
            // While the old socket is being given up, the port may be taken for a moment.
            let bound = match listener.take() {
                Some(listener) => listener,
                None => match TcpListener::bind(address).await {
                    Ok(listener) => listener,
                    Err(_) => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        continue;
                    }
                },
            };
            tokio::select! {
                served = axum::serve(bound, app.clone()).into_future() => served.expect("it serves"),
                _ = away.wait_for(|away| *away) => {}
            }
            if away.wait_for(|away| !away).await.is_err() {
                return;
            }
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(endpoint): State<Arc<Endpoint>>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let number = endpoint.requests.fetch_add(1, Ordering::Relaxed);
    let steps = if *endpoint.away.borrow() {
        Steps { refusal: None, pieces: vec![Piece::Cut] }
    } else {
        script(&endpoint, &request, number)
    };
    if let Some(Refusal { status, header, body }) = steps.refusal {
        let status = StatusCode::from_u16(status).expect("a status of the script");
        let headers = header.map(|(name, value)| [(name, value)]).unwrap_or([("x-none", String::new())]);
        return (status, headers, body).into_response();
    }
    let streaming = Streaming { endpoint, number, over: false };
    let body =
        stream::unfold((steps.pieces.into_iter(), streaming), |(mut pieces, mut streaming)| async move {
            loop {
                match pieces.next() {
                    None => {
                        streaming.is_over();
                        return None;
                    }
                    Some(Piece::Data(data)) => {
                        return Some((Ok::<_, std::io::Error>(Bytes::from(data)), (pieces, streaming)));
                    }
                    Some(Piece::Wait(time)) => tokio::time::sleep(time).await,
                    Some(Piece::Hold) => std::future::pending().await,
                    Some(Piece::Cut) => {
                        streaming.is_over();
                        return Some((Err(std::io::Error::other("cut")), (pieces, streaming)));
                    }
                }
            }
        });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

fn script(endpoint: &Endpoint, request: &Value, number: u64) -> Steps {
    let said = request["messages"].as_array().into_iter().flatten().rev();
    let said = said.filter(|message| message["role"] == "user").filter_map(|m| m["content"].as_str());
    let tag = said.into_iter().find_map(Tag::last_in);
    let plan = tag.and_then(|tag| lock(&endpoint.plans).get(&tag.call).cloned());
    let Some((tag, plan)) = tag.zip(plan) else { return Steps::lost() };
    let asked = {
        let mut asked = lock(&endpoint.asked);
        let count = asked.entry(tag).or_default();
        *count += 1;
        *count - 1
    };
    let Some(turn) = plan.turns.get(tag.turn) else { return Steps::lost() };
    steps(turn, tag, asked, number, request, endpoint.speed, &endpoint.tally)
}

/// An answer under way, which the server may give up.
struct Streaming {
    endpoint: Arc<Endpoint>,
    number: u64,
    over: bool,
}

impl Streaming {
    fn is_over(&mut self) {
        self.over = true;
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        if !self.over {
            lock(&self.endpoint.dropped).insert(self.number, now());
        }
    }
}

/// The one tool, which is told whose turn it is.
async fn find(State(endpoint): State<Arc<Endpoint>>, body: Bytes) -> Result<Response, Infallible> {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let tag = request["number"].as_str().and_then(Tag::last_in);
    let fault = tag.and_then(|tag| lock(&endpoint.plans).get(&tag.call)?.turns.get(tag.turn)?.tool);
    if let Some(fault) = fault.filter(|fault| *fault != ToolFault::Fine) {
        endpoint.tally.fault(format!("tool {fault:?}").to_lowercase());
    }
    Ok(match fault {
        None | Some(ToolFault::Fine) => r#"{"state":"on its way"}"#.into_response(),
        Some(ToolFault::Slow) => {
            tokio::time::sleep(Duration::from_millis(7_000) / endpoint.speed as u32).await;
            r#"{"state":"in the depot"}"#.into_response()
        }
        Some(ToolFault::Fails) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(ToolFault::Hangs) => std::future::pending().await,
        Some(ToolFault::Babbles) => "\u{1b}[31m{{{ ".repeat(8_000).into_response(),
    })
}
