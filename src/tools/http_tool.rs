//! A tool that is an HTTP endpoint: the arguments go there as JSON, what it answers is the result.
//!
//! The model learns whether it worked, and nothing of how the endpoint is reached.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::outbound;
use crate::pii::Pii;

/// The largest answer that is read, in bytes. More would cost the caller seconds of the model's time.
const LARGEST_ANSWER: usize = 16 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Where a tool is found, as its manifest says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Endpoint {
    url: String,
    #[serde(default)]
    method: Method,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Method {
    #[default]
    Post,
    Put,
}

/// An endpoint with what is needed to ask it.
#[derive(Debug)]
pub(super) struct HttpTool {
    endpoint: Endpoint,
    timeout: Duration,
    client: reqwest::Client,
}

/// A client that follows no redirect.
pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    outbound::client().connect_timeout(CONNECT_TIMEOUT).build()
}

impl Endpoint {
    /// A caller's words travel encrypted, or do not leave the machine.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let Ok(url) = Url::parse(&self.url) else { return Err("`url` is no address") };
        if url.host().is_none() {
            return Err("`url` is no address");
        }
        let problem = "`url` must begin with https:// (http:// is for this machine alone)";
        outbound::is_private(&url).then_some(()).ok_or(problem)
    }
}

impl HttpTool {
    pub(super) fn new(endpoint: Endpoint, timeout: Duration, client: reqwest::Client) -> Self {
        Self { endpoint, timeout, client }
    }

    /// Asks the endpoint. The error is meant for the model.
    pub(super) async fn run(&self, arguments: &Value) -> Result<Pii<String>, Pii<String>> {
        let method = match self.endpoint.method {
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let request = self
            .client
            .request(method, &self.endpoint.url)
            .timeout(self.timeout)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/plain")
            .body(arguments.to_string());
        let response = request.send().await.map_err(|error| trouble(&error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(format!("the tool failed with status {}", status.as_u16()).into());
        }
        read(response).await
    }
}

async fn read(mut response: reqwest::Response) -> Result<Pii<String>, Pii<String>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| trouble(&error))? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err("the tool's answer was too long".into());
        }
        body.extend_from_slice(&chunk);
    }
    match String::from_utf8(body) {
        Ok(text) => Ok(text.into()),
        Err(_) => Err("the tool's answer was not text".into()),
    }
}

/// Says nothing of addresses: the error's own text has the URL.
fn trouble(error: &reqwest::Error) -> Pii<String> {
    let text =
        if error.is_timeout() { "the tool did not answer in time" } else { "the tool could not be reached" };
    text.into()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::response::Redirect;
    use axum::routing::{post, put};
    use serde_json::json;
    use tokio::net::TcpListener;

    use super::*;

    /// Runs a tool at `path` of a server that knows a few ways to answer.
    async fn run(path: &str, method: Method) -> Result<String, String> {
        rustls::crypto::ring::default_provider().install_default().ok();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{path}", listener.local_addr().unwrap());
        let routes = Router::new()
            .route("/echo", post(async |body: String| format!("got {body}")))
            .route("/put", put(async || "put"))
            .route("/broken", post(async || (StatusCode::INTERNAL_SERVER_ERROR, "stack trace")))
            .route("/long", post(async || "x".repeat(LARGEST_ANSWER + 1)))
            .route("/full", post(async || "x".repeat(LARGEST_ANSWER)))
            .route("/bytes", post(async || vec![0xff, 0xfe]))
            .route("/away", post(async || Redirect::temporary("/echo")))
            .route("/never", post(async || std::future::pending::<()>().await));
        let endpoint = Endpoint { url, method };
        endpoint.check().unwrap();
        let timeout = Duration::from_millis(if path == "/never" { 50 } else { 10_000 });
        let tool = HttpTool::new(endpoint, timeout, client().unwrap());
        let arguments = json!({"number": "12345678"});
        tokio::select! {
            answer = tool.run(&arguments) => answer.map(Pii::into_inner).map_err(Pii::into_inner),
            _ = axum::serve(listener, routes) => unreachable!("the server outlives the question"),
        }
    }

    #[tokio::test]
    async fn the_arguments_go_there_as_json_and_the_answer_comes_back() {
        assert_eq!(run("/echo", Method::Post).await, Ok(r#"got {"number":"12345678"}"#.to_owned()));
        assert_eq!(run("/put", Method::Put).await, Ok("put".to_owned()));
        assert_eq!(run("/full", Method::Post).await.map(|text| text.len()), Ok(LARGEST_ANSWER));
    }

    #[tokio::test]
    async fn the_model_learns_that_it_failed_and_nothing_of_the_inside() {
        for (path, expected) in [
            ("/broken", "the tool failed with status 500"),
            ("/nowhere", "the tool failed with status 404"),
            ("/away", "the tool failed with status 307"),
            ("/long", "the tool's answer was too long"),
            ("/bytes", "the tool's answer was not text"),
            ("/never", "the tool did not answer in time"),
        ] {
            assert_eq!(run(path, Method::Post).await, Err(expected.to_owned()), "{path}");
        }
    }

    #[tokio::test]
    async fn an_endpoint_that_is_not_there_is_said_to_be_out_of_reach() {
        rustls::crypto::ring::default_provider().install_default().ok();
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let endpoint = Endpoint { url: format!("http://{address}/"), method: Method::Post };
        let tool = HttpTool::new(endpoint, Duration::from_secs(10), client().unwrap());
        let error = tool.run(&json!({})).await.unwrap_err();
        assert_eq!(error.expose(), "the tool could not be reached");
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        let check = |url: &str| Endpoint { url: url.into(), method: Method::Post }.check().is_ok();
        assert!(
            check("https://tools.example.com/a") && check("http://localhost:3000/") && check("http://[::1]/")
        );
        assert!(!check("http://tools.example.com/a") && !check("http://127.0.0.1.example.com/"));
        assert!(!check("file:///etc/passwd") && !check("tools.example.com"));
    }
}
