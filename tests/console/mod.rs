//! The console on whole servers: its API, who may use it, the live board, the phone in the browser, the desk.

mod access;
mod actions;
mod api;
mod cluster;
mod desk;
mod live;
mod phone;

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::bridge::{SOON, TestBridge, escalation};
use crate::model::{Step, after_tool, last_words};

pub(super) const PASSWORD: &str = "correct horse battery";
/// A server that Twilio signs for and people sign in to.
pub(super) const LOCKED: [(&str, &str); 1] = [("WARMLINE_CONSOLE_PASSWORD", PASSWORD)];
/// A server of this machine alone.
pub(super) const OPEN: [(&str, &str); 3] =
    [("TWILIO_AUTH_TOKEN", ""), ("PUBLIC_URL", ""), ("TWILIO_WORKFLOW_SID", "")];

/// Answers, remembers, escalates, and talks on where it is asked to.
pub(super) fn helpful(request: &Value) -> Vec<Step> {
    let said = last_words(request);
    let say = |text: &str| vec![Step::Say(text.to_owned())];
    if after_tool(request) {
        say("Noted, I am connecting you.")
    } else if said.contains("order is") {
        vec![Step::Tool("remember", json!({"facts": {"order": "1182"}}))]
    } else if said.contains("charged twice") {
        vec![Step::Tool("escalate", escalation())]
    } else if said.contains("story") {
        vec![Step::Say("Once upon a time. ".repeat(3)), Step::Hold]
    } else {
        say("It arrives tomorrow.")
    }
}

/// Somebody at a browser.
#[derive(Clone)]
pub(super) struct Browser {
    client: Client,
    base: String,
    cookie: Option<String>,
}

impl Browser {
    pub(super) fn at(bridge: &TestBridge) -> Self {
        Self::new(bridge.base.as_str().trim_end_matches('/'))
    }

    pub(super) fn new(base: &str) -> Self {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self { client, base: base.to_owned(), cookie: None }
    }

    /// Somebody who has signed in.
    pub(super) async fn signed_in(bridge: &TestBridge) -> Self {
        let mut browser = Self::at(bridge);
        browser.sign_in(PASSWORD).await;
        browser
    }

    pub(super) async fn sign_in(&mut self, password: &str) {
        let answer = self.send(Method::POST, "/api/v1/session", Some(json!({"password": password}))).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
    }

    pub(super) fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// As the console's own page sends it.
    pub(super) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        self.request(method, path, body).header("x-warmline", "1").send().await.unwrap()
    }

    pub(super) fn request(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::RequestBuilder {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        match body {
            Some(body) => {
                request.header("content-type", "application/json").body(serde_json::to_vec(&body).unwrap())
            }
            None => request,
        }
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path, None).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self.send(Method::POST, path, Some(body)).await;
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    /// Asks until the answer is as it should be.
    pub(super) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = async {
            loop {
                let answer = self.send(Method::GET, path, None).await;
                let text = answer.text().await.unwrap();
                let value: Value = serde_json::from_str(&text).unwrap_or_default();
                if wanted(&value) {
                    return value;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SOON, found).await.unwrap_or_else(|_| panic!("{path} never came to be so"))
    }

    /// Events of a stream, as they come.
    pub(super) async fn events(&self, path: &str) -> Events {
        let answer = self.send(Method::GET, path, None).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Events { answer, text: String::new(), size: 0 }
    }
}

/// A stream of events.
pub(super) struct Events {
    answer: Response,
    text: String,
    pub(super) size: usize,
}

impl Events {
    /// The next event: its name and its data.
    pub(super) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let line =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let (Some(name), Some(data)) = (line("event: "), line("data: ")) else { continue };
                return Some((name, serde_json::from_str(&data).unwrap()));
            }
            let more = self.answer.chunk().await.ok().flatten()?;
            self.size += more.len();
            self.text.push_str(std::str::from_utf8(&more).unwrap());
        }
    }

    /// The next event that is as it should be.
    pub(super) async fn until(&mut self, wanted: impl Fn(&str, &Value) -> bool) -> Value {
        let found = async {
            while let Some((name, data)) = self.next().await {
                if wanted(&name, &data) {
                    return data;
                }
            }
            panic!("the stream ended first");
        };
        tokio::time::timeout(SOON, found).await.expect("the event comes")
    }
}

/// The parameters of a form, as the page reads and writes them.
pub(super) fn form(value: &Value) -> BTreeMap<String, String> {
    let fields = value.as_object().unwrap().iter();
    fields.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}
