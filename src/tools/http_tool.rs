//! A tool that is an HTTP endpoint: a request made of the arguments, of which the answer is the result.
//!
//! The model learns whether it worked, and nothing of how the endpoint is reached.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use serde_json::Value;

use super::binding::{Binding, Body, Header};
use super::secret::without;
use super::template::{Values, plainly};
use super::{NOT_REACHED, Occasion, late, lost};
use crate::chat::{Effect, Tool};
use crate::pii::Pii;

/// An endpoint with what is needed to ask it.
#[derive(Debug)]
pub(super) struct HttpTool {
    binding: Binding,
    timeout: Duration,
    effect: Effect,
    client: reqwest::Client,
}

/// A try that came to nothing.
struct Failure {
    /// Meant for the model.
    text: String,
    /// Whether it may go better the next time, and when the endpoint wants that to be.
    again: Option<Duration>,
}

impl Failure {
    fn lasting(text: impl Into<String>) -> Self {
        Self { text: text.into(), again: None }
    }
}

impl HttpTool {
    pub(super) fn new(binding: Binding, tool: &Tool, client: reqwest::Client) -> Self {
        Self { binding, timeout: tool.timeout, effect: tool.effect, client }
    }

    pub(super) fn keys(&self) -> &[Pii<String>] {
        &self.binding.keys
    }

    /// Asks the endpoint. The error is meant for the model.
    pub(super) async fn run(
        &self,
        arguments: &Value,
        occasion: &Occasion,
    ) -> Result<Pii<String>, Pii<String>> {
        let tries = self.tries(Values { arguments, occasion });
        let answer = tokio::time::timeout(self.timeout, tries).await;
        let answer = answer.unwrap_or_else(|_| Err(late(self.effect).to_owned()));
        let answer = answer.and_then(|body| self.binding.taking.of(body, occasion));
        match answer {
            Ok(text) => Ok(without(&self.binding.keys, text).into()),
            Err(text) => Err(text.into()),
        }
    }

    /// Asks until there is an answer, as often as the manifest allows. Every try is the same request, with the
    /// same idempotency key.
    async fn tries(&self, values: Values<'_>) -> Result<String, String> {
        let request = self.request(values)?;
        let (mut left, mut pause) = self.binding.retry;
        loop {
            // There is no body that is a stream.
            let Some(one) = request.try_clone() else { return Err("the tool could not be asked".to_owned()) };
            let failure = match self.once(one).await {
                Ok(body) => return Ok(body),
                Err(failure) => failure,
            };
            let Some(asked_for) = failure.again.filter(|_| left > 0) else { return Err(failure.text) };
            left -= 1;
            tokio::time::sleep(pause.max(asked_for)).await;
            pause *= 2;
        }
    }

    /// The request. The error is meant for the model.
    fn request(&self, values: Values<'_>) -> Result<reqwest::Request, String> {
        let binding = &self.binding;
        let mut request = reqwest::Request::new(binding.method.clone(), binding.address.fill(values)?);
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/plain"));
        for (name, value) in &binding.headers {
            let value = match value {
                Header::Secret(value) => value.clone(),
                Header::Text(template) => match template.fill(values, plainly)? {
                    // Nothing that could end a line is taken.
                    Some(text) => HeaderValue::from_bytes(text.as_bytes())
                        .map_err(|_| "an argument holds what cannot be sent".to_owned())?,
                    None => continue,
                },
            };
            headers.insert(name, value);
        }
        if let Some(name) = &binding.key_header {
            let key = HeaderValue::from_str(&values.occasion.key);
            headers.insert(name, key.map_err(|_| "the tool could not be asked".to_owned())?);
        }
        let body = match &binding.body {
            Body::Nothing => return Ok(request),
            Body::Arguments => values.arguments.to_string(),
            Body::Shape(shape) => shape.fill(values)?.unwrap_or_default().to_string(),
        };
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(body.into());
        Ok(request)
    }

    async fn once(&self, request: reqwest::Request) -> Result<String, Failure> {
        // Its own text has the address.
        let out_of_reach = |error: reqwest::Error| {
            let text = if error.is_connect() { NOT_REACHED } else { lost(self.effect) };
            Failure { text: text.to_owned(), again: Some(Duration::ZERO) }
        };
        let mut response = self.client.execute(request).await.map_err(out_of_reach)?;
        let status = response.status();
        if !status.is_success() {
            let text = format!("the tool failed with status {}", status.as_u16());
            return Err(Failure { text, again: passes(status).then(|| pause_asked_for(&response)) });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(out_of_reach)? {
            if body.len() + chunk.len() > self.binding.most_bytes {
                return Err(Failure::lasting("the tool's answer was too long"));
            }
            body.extend_from_slice(&chunk);
        }
        String::from_utf8(body).map_err(|_| Failure::lasting("the tool's answer was not text"))
    }
}

/// Whether a status tells of something that passes.
fn passes(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// The pause that an endpoint asks for, in whole seconds.
fn pause_asked_for(response: &reqwest::Response) -> Duration {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::body::Bytes;
    use axum::extract::{Request, State};
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Redirect, Response};
    use secrecy::SecretString;
    use serde_json::json;
    use tokio::net::TcpListener;

    use super::*;
    use crate::chat::Toolbox;
    use crate::prompts::scratch::Scratch;
    use crate::tools::answer::LONGEST;
    use crate::tools::{Hosts, Means, Secrets, Tools};

    /// What the endpoint was asked: method, path with query, headers, body.
    type Asked = Arc<Mutex<Vec<String>>>;

    async fn answered(State(asked): State<Asked>, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_else(|_| Bytes::new());
        let mut headers: Vec<String> = head
            .headers
            .iter()
            .filter(|(name, _)| {
                name.as_str().starts_with("x-")
                    || ["authorization", "idempotency-key", "content-type"].contains(&name.as_str())
            })
            .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        headers.sort();
        let (path, body) = (head.uri.to_string(), String::from_utf8_lossy(&body).into_owned());
        let heard = format!("{} {path} [{}] {body}", head.method, headers.join(", "));
        let times = {
            let mut asked = asked.lock().unwrap();
            asked.push(heard.clone());
            u32::try_from(asked.len()).unwrap()
        };
        match head.uri.path() {
            "/broken" => (StatusCode::INTERNAL_SERVER_ERROR, "stack trace").into_response(),
            "/nowhere" => StatusCode::NOT_FOUND.into_response(),
            "/shaky" if times < 3 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            "/long" => "x".repeat(LONGEST + 1).into_response(),
            "/full" => "x".repeat(LONGEST).into_response(),
            "/bytes" => vec![0xff, 0xfe].into_response(),
            "/away" => Redirect::temporary("/echo").into_response(),
            "/never" => std::future::pending().await,
            "/parcel" => r#"{"parcel": {"state": "on its way", "inside": 1}}"#.into_response(),
            _ => heard.into_response(),
        }
    }

    /// A tool at a path of a server that knows a few ways to answer, with what else its manifest says. Returns
    /// what came of the run, and what the server was asked.
    async fn run(
        path: &str,
        http: Value,
        top: Value,
        arguments: Value,
    ) -> (Result<String, String>, Vec<String>) {
        rustls::crypto::ring::default_provider().install_default().ok();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut manifest = json!({
            "name": "tool", "description": "A tool.",
            "parameters": {"type": "object", "properties": {
                "number": {"type": "string"}, "day": {"type": "string"}, "people": {"type": "integer"}, "list": {},
            }, "required": ["number"]},
            "http": {"url": format!("http://{}{path}", listener.local_addr().unwrap())},
        });
        let put = |to: &mut Value, from: Value| {
            from.as_object().unwrap().iter().for_each(|(name, value)| to[name] = value.clone())
        };
        put(&mut manifest["http"], http);
        put(&mut manifest, top);
        let scratch = Scratch::new();
        scratch.write("escalate.json", include_str!("../../tools/escalate.json"));
        scratch.write("tool.json", &manifest.to_string());
        let secrets = Secrets::new(|name| (name == "KEY").then(|| SecretString::from("a-key-of-ours")));
        let tools = Tools::load(scratch.path(), &Means::new(Hosts::default(), secrets).unwrap()).unwrap();
        assert!(!format!("{tools:?}").contains("a-key-of-ours"));
        let occasion = Occasion {
            call_sid: "CA1".into(),
            language: "de-DE".into(),
            from: Some("+15550100".into()),
            key: "CA1-0-7".into(),
            ..Occasion::default()
        };
        let index = tools.position("tool").unwrap();
        let asked = Asked::default();
        let routes = Router::new().fallback(answered).with_state(asked.clone());
        let answer = tokio::select! {
            answer = tools.run(index, &arguments, &occasion) => answer.map(Pii::into_inner).map_err(Pii::into_inner),
            _ = axum::serve(listener, routes) => unreachable!("the server outlives the question"),
        };
        let asked = std::mem::take(&mut *asked.lock().unwrap());
        (answer, asked)
    }

    async fn asked(path: &str, http: Value, arguments: Value) -> String {
        let (answer, mut asked) = run(path, http, json!({}), arguments).await;
        answer.unwrap();
        asked.remove(0)
    }

    #[tokio::test]
    async fn without_a_word_about_it_the_arguments_are_posted() {
        let posted = asked("/echo", json!({}), json!({"number": "7"})).await;
        assert_eq!(
            posted,
            r#"POST /echo [content-type=application/json, idempotency-key=CA1-0-7] {"number":"7"}"#
        );
        let put = asked("/echo", json!({"method": "PUT"}), json!({"number": "7"})).await;
        assert!(put.starts_with("PUT /echo"), "{put}");
    }

    #[tokio::test]
    async fn a_request_is_made_of_arguments_and_of_what_the_manifest_asks_for() {
        let got = asked(
            "/p/{number}?day={day}&lang={call.language}",
            json!({"method": "GET", "headers": {
                "x-people": "for {people}", "x-day": "{day}", "x-caller": "{call.from}",
                "authorization": {"env": "KEY", "prefix": "Bearer "},
            }}),
            json!({"number": "a/../b", "people": 2}),
        );
        assert_eq!(
            got.await,
            "GET /p/a%2F..%2Fb?lang=de-DE [authorization=Bearer a-key-of-ours, x-caller=+15550100, x-people=for 2] "
        );
        let shape = json!({"parcel": "{number}", "for": "{people}", "note": "No. {number} \"{{\"", "on": "{day}", "all": ["{list}", 1]});
        let patched = asked(
            "/echo",
            json!({"method": "PATCH", "body": shape, "idempotency_header": "x-request-id"}),
            json!({"number": "\"}, {", "people": 2, "list": [1, 2]}),
        );
        assert_eq!(
            patched.await,
            r#"PATCH /echo [content-type=application/json, x-request-id=CA1-0-7] {"all":[[1,2],1],"for":2,"note":"No. \"}, { \"{\"","parcel":"\"}, {"}"#
        );
        let deleted = asked("/p/{number}", json!({"method": "DELETE"}), json!({"number": "7"})).await;
        assert_eq!(deleted, "DELETE /p/7 [idempotency-key=CA1-0-7] ");
    }

    #[tokio::test]
    async fn an_argument_cannot_begin_a_header_of_its_own() {
        let http = json!({"method": "GET", "headers": {"x-number": "{number}"}});
        let (answer, asked) = run("/echo", http, json!({}), json!({"number": "7\r\nx-evil: 1"})).await;
        assert_eq!((answer, asked), (Err("an argument holds what cannot be sent".to_owned()), vec![]));
    }

    #[tokio::test]
    async fn the_model_gets_a_part_and_no_key() {
        let http = json!({"answer": {"at": "/parcel", "text": "It is {state}."}});
        let (answer, _) = run("/parcel", http, json!({}), json!({"number": "7"})).await;
        assert_eq!(answer, Ok("It is on its way.".to_owned()));
        let http = json!({"headers": {"x-key": {"env": "KEY"}}});
        let (answer, _) = run("/echo", http, json!({}), json!({"number": "7"})).await;
        assert!(answer.as_ref().is_ok_and(|text| text.contains("x-key=***")), "{answer:?}");
    }

    #[tokio::test]
    async fn the_model_learns_that_it_failed_and_nothing_of_the_inside() {
        for (path, expected) in [
            ("/broken", "the tool failed with status 500"),
            ("/nowhere", "the tool failed with status 404"),
            ("/away", "the tool failed with status 307"),
            ("/long", "the tool's answer was too long"),
            ("/bytes", "the tool's answer was not text"),
            ("/never", late(Effect::Write)),
        ] {
            let timeout = if path == "/never" { 100 } else { 10_000 };
            let (answer, asked) =
                run(path, json!({}), json!({"timeout_ms": timeout}), json!({"number": "7"})).await;
            assert_eq!((answer, asked.len()), (Err(expected.to_owned()), 1), "{path}");
        }
        let (answer, _) = run("/full", json!({}), json!({}), json!({"number": "7"})).await;
        assert_eq!(answer.map(|text| text.len()), Ok(LONGEST));
        let (answer, _) = run("/full", json!({"max_bytes": 100}), json!({}), json!({"number": "7"})).await;
        assert_eq!(answer, Err("the tool's answer was too long".to_owned()));
    }

    #[tokio::test]
    async fn what_passes_is_tried_again_with_the_same_key_and_within_the_time() {
        let retry = json!({"retry": {"times": 2, "wait_ms": 10}});
        let (answer, asked) = run("/shaky", retry.clone(), json!({}), json!({"number": "7"})).await;
        assert!(answer.is_ok(), "{answer:?}");
        assert_eq!(asked.len(), 3);
        assert!(
            asked.iter().all(|one| *one == asked[0] && one.contains("idempotency-key=CA1-0-7")),
            "{asked:?}"
        );
        let (answer, asked) = run("/broken", retry.clone(), json!({}), json!({"number": "7"})).await;
        assert_eq!((answer, asked.len()), (Err("the tool failed with status 500".to_owned()), 3));
        let (answer, asked) = run("/nowhere", retry, json!({}), json!({"number": "7"})).await;
        assert_eq!((answer, asked.len()), (Err("the tool failed with status 404".to_owned()), 1));
        let slow = json!({"retry": {"times": 5, "wait_ms": 10_000}});
        let (answer, asked) = run("/broken", slow, json!({"timeout_ms": 100}), json!({"number": "7"})).await;
        assert_eq!((answer, asked.len()), (Err(late(Effect::Write).to_owned()), 1));
    }

    #[tokio::test]
    async fn an_endpoint_that_is_not_there_is_said_to_be_out_of_reach() {
        let url =
            format!("http://{}/", TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap());
        let (answer, asked) = run("/echo", json!({"url": url}), json!({}), json!({"number": "7"})).await;
        assert_eq!((answer, asked), (Err("the tool could not be reached".to_owned()), vec![]));
    }

    #[tokio::test]
    async fn a_host_at_a_private_address_is_not_connected_to() {
        // The one name for this machine that every machine knows, in a spelling that is not this machine's own.
        let reached = Arc::new(AtomicU32::new(0));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost.:{}/", listener.local_addr().unwrap().port());
        let count = reached.clone();
        let accepting = async move {
            loop {
                let _ = listener.accept().await;
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        let (answer, _) = tokio::select! {
            done = run("/echo", json!({"url": url}), json!({}), json!({"number": "7"})) => done,
            () = accepting => unreachable!("it accepts for ever"),
        };
        assert_eq!(answer, Err("the tool could not be reached".to_owned()));
        assert_eq!(reached.load(Ordering::Relaxed), 0);
    }
}
