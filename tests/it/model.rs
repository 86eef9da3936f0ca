//! A scripted model behind a real socket: what a compatible server sends, and what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// One thing the model does in an answer.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Says this, word by word.
    Say(String),
    /// Asks for a tool.
    Tool(&'static str, Value),
    /// Says nothing more, and keeps the stream open.
    Hold,
    /// Answers with this status.
    Status(u16),
    /// Answers with this status, a header and a body.
    Refuse(u16, Option<(&'static str, &'static str)>, &'static str),
    /// Ends the stream with this reason, or closes it without any.
    Stop(Option<&'static str>),
    /// Sends bytes of its own.
    Raw(&'static str),
    /// Breaks the connection off.
    Cut,
}

/// What the model does about a request.
pub(crate) type Script = dyn Fn(&Value) -> Vec<Step> + Send + Sync;

/// The server.
pub(crate) struct FakeModel {
    pub(crate) base_url: String,
    state: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    script: Box<Script>,
    requests: Mutex<Vec<Value>>,
    /// How many answers are being streamed.
    open: watch::Sender<usize>,
}

impl FakeModel {
    pub(crate) async fn start(script: impl Fn(&Value) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let state = Arc::new(Shared {
            script: Box::new(script),
            requests: Mutex::default(),
            open: watch::channel(0).0,
        });
        let app = Router::new().route("/v1/chat/completions", post(answer)).with_state(state.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base_url, state, _tasks: tasks }
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.state.requests.lock().unwrap().clone()
    }

    /// The conversation of the last request, without the system prompt.
    pub(crate) fn last_messages(&self) -> Vec<Value> {
        let requests = self.requests();
        let messages = requests.last().expect("a request")["messages"].as_array().unwrap();
        messages.iter().filter(|message| message["role"] != "system").cloned().collect()
    }

    /// Waits until no answer is being streamed any more.
    pub(crate) async fn quiet(&self) {
        let mut open = self.state.open.subscribe();
        let quiet = open.wait_for(|open| *open == 0);
        tokio::time::timeout(Duration::from_secs(5), quiet).await.expect("the stream is dropped").unwrap();
    }
}

/// The words the caller said last.
pub(crate) fn last_words(request: &Value) -> &str {
    let messages = request["messages"].as_array().unwrap();
    let said = messages.iter().rev().find(|message| message["role"] == "user");
    said.and_then(|message| message["content"].as_str()).unwrap_or_default()
}

/// Whether the model is asked to go on after a tool's result.
pub(crate) fn after_tool(request: &Value) -> bool {
    request["messages"].as_array().unwrap().last().unwrap()["role"] == "tool"
}

struct Streaming(Arc<Shared>);

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}

async fn answer(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap();
    shared.requests.lock().unwrap().push(request.clone());
    let steps = (shared.script)(&request);
    if let Some(Step::Status(status)) = steps.first() {
        let body = json!({"error": {"message": "injected: the caller said hello", "type": "server_error"}});
        return (StatusCode::from_u16(*status).unwrap(), body.to_string()).into_response();
    }
    if let Some(Step::Refuse(status, header, body)) = steps.first() {
        let headers = header.map(|(name, value)| [(name, value)]);
        return (StatusCode::from_u16(*status).unwrap(), headers.unwrap_or([("x-none", "")]), *body)
            .into_response();
    }
    shared.open.send_modify(|open| *open += 1);
    let chunks = chunks(steps);
    let streaming = Streaming(shared);
    let body = stream::unfold((chunks.into_iter(), streaming), |(mut chunks, streaming)| async move {
        let chunk: Result<Bytes, std::io::Error> = match chunks.next()? {
            Piece::Data(data) => Ok(data.into()),
            Piece::Hold => std::future::pending().await,
            Piece::Cut => Err(std::io::Error::other("cut")),
        };
        tokio::task::yield_now().await;
        Some((chunk, (chunks, streaming)))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

enum Piece {
    Data(String),
    Hold,
    Cut,
}

fn chunks(steps: Vec<Step>) -> Vec<Piece> {
    let data = |delta: Value, finish: Option<&str>| {
        let chunk = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}],
        });
        Piece::Data(format!("data: {chunk}\n\n"))
    };
    let mut pieces = vec![data(json!({"role": "assistant", "content": ""}), None)];
    let mut calls = 0;
    for step in steps {
        match step {
            Step::Say(text) => {
                pieces.extend(text.split_inclusive(' ').map(|word| data(json!({"content": word}), None)));
            }
            Step::Tool(name, arguments) => {
                let head = json!({"index": calls, "id": format!("call_{calls}"), "type": "function",
                                  "function": {"name": name, "arguments": ""}});
                pieces.push(data(json!({"tool_calls": [head]}), None));
                let arguments = arguments.to_string();
                let characters: Vec<char> = arguments.chars().collect();
                for piece in characters.chunks(7) {
                    let piece: String = piece.iter().collect();
                    let more = json!({"index": calls, "function": {"arguments": piece}});
                    pieces.push(data(json!({"tool_calls": [more]}), None));
                }
                calls += 1;
            }
            Step::Raw(text) => pieces.push(Piece::Data(text.to_owned())),
            Step::Hold => pieces.push(Piece::Hold),
            Step::Cut => pieces.push(Piece::Cut),
            Step::Stop(Some(reason)) => {
                pieces.push(data(json!({}), Some(reason)));
                pieces.push(Piece::Data("data: [DONE]\n\n".to_owned()));
                return pieces;
            }
            Step::Stop(None) => return pieces,
            Step::Status(_) | Step::Refuse(..) => unreachable!("a status is the whole answer"),
        }
    }
    pieces.push(data(json!({}), Some(if calls > 0 { "tool_calls" } else { "stop" })));
    pieces.push(Piece::Data("data: [DONE]\n\n".to_owned()));
    pieces
}
