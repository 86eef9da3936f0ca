//! Twilio's REST API, as far as we ask it: one small typed layer over reqwest.
//!
//! One client serves all products. Bodies are forms, whose objects are JSON in a text; lists come in pages. A
//! request that was not processed (429) is made again after the time that Twilio asks for. One that may have been
//! processed is made again only if that does no harm. What Twilio says about an error may quote our values, so it
//! reaches people and no log.
//!
//! <https://www.twilio.com/docs/usage/requests-to-twilio>

mod account;
mod answer;
mod calls;
mod error;
mod flex;
mod hosts;
mod numbers;
mod recordings;
mod request;
mod taskrouter;

pub use account::Account;
pub use calls::{Call, CallChange, Method, NewCall};
pub use error::{Problem, RestError};
pub use flex::Interaction;
pub use hosts::{Hosts, Product};
pub use numbers::{Number, NumberChange, Numbers};
pub use recordings::{Channels, NewRecording, Recording, RecordingStatus, WhichRecording};
pub use taskrouter::{NewTask, Task, TaskChange, TaskQueue, Tasks, Workflow, Workspace};

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, IF_MATCH};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::now;
use crate::ids::AccountSid;
use crate::outbound;
use answer::Answer;
use request::{Request, Verb};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long one try may take.
const TRY: Duration = Duration::from_secs(10);
/// How long a request may take with all its tries.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many times a request is made at most.
const TRIES: u32 = 4;
/// The pause before the second try, where Twilio names none. It doubles.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a connection may stay unused.
const IDLE: Duration = Duration::from_secs(60);
/// How many pages of a list are read at most.
const MOST_PAGES: usize = 50;

/// Who asks.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The account that the resources belong to.
    pub account: AccountSid,
    /// An API key (`SK…`), or the account's own SID.
    pub user: String,
    /// The key's secret, or the account's auth token.
    pub password: SecretString,
}

/// How long requests may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// One try.
    pub one: Duration,
    /// All tries of a request.
    pub all: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { one: TRY, all: PATIENCE }
    }
}

/// Asks Twilio. Cheap to clone; all clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    credentials: Credentials,
    hosts: Hosts,
    timeouts: Timeouts,
    http: reqwest::Client,
}

impl Client {
    /// A client. No connection is made.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn new(credentials: Credentials, hosts: Hosts, timeouts: Timeouts) -> Result<Self, reqwest::Error> {
        let http = outbound::client().connect_timeout(CONNECT).pool_idle_timeout(IDLE).build()?;
        Ok(Self { credentials, hosts, timeouts, http })
    }

    /// The account that is asked for.
    pub fn account(&self) -> &AccountSid {
        &self.credentials.account
    }

    /// What a request answers, read as `T`.
    async fn ask<T: DeserializeOwned>(&self, request: Request) -> Result<T, RestError> {
        serde_json::from_value(self.send(&request).await?.body).map_err(|_| RestError::Broken)
    }

    /// Everything in a list, up to `most` items, page after page. `key` names the list in the answer.
    async fn list<T: DeserializeOwned>(
        &self,
        first: Request,
        key: &str,
        most: usize,
    ) -> Result<Vec<T>, RestError> {
        let mut items = Vec::new();
        let mut next = Some(first);
        for _ in 0..MOST_PAGES {
            let Some(request) = next else { break };
            let mut page = self.send(&request).await?.body;
            let Value::Array(found) = page[key].take() else { return Err(RestError::Broken) };
            for item in found {
                items.push(serde_json::from_value(item).map_err(|_| RestError::Broken)?);
            }
            next = request.next_page(&page).filter(|_| items.len() < most);
        }
        items.truncate(most);
        Ok(items)
    }

    /// Makes a request, again where that does no harm, until it is answered or its time is over.
    async fn send(&self, request: &Request) -> Result<Answer, RestError> {
        let began = now();
        let mut pause = PAUSE;
        for tried in 1.. {
            let left = self.timeouts.all.saturating_sub(now().saturating_duration_since(began));
            let one = tokio::time::timeout(self.timeouts.one.min(left), self.send_once(request)).await;
            let error = match one.unwrap_or(Err(RestError::Late)) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let asked_for = if let RestError::RateLimited { wait } = error { wait } else { None };
            let wait = jittered(asked_for.unwrap_or(pause));
            let left = self.timeouts.all.saturating_sub(now().saturating_duration_since(began));
            if tried >= TRIES || !error.may_be_repeated(request.verb) || wait >= left {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            pause *= 2;
        }
        unreachable!("the number of tries is limited")
    }

    async fn send_once(&self, request: &Request) -> Result<Answer, RestError> {
        let url = self.hosts.address(request.product, &request.path_and_query());
        let (method, body) = match request.verb {
            Verb::Get => (reqwest::Method::GET, None),
            Verb::Post => (reqwest::Method::POST, Some(request.body())),
        };
        let Credentials { user, password, .. } = &self.credentials;
        let mut asked = self
            .http
            .request(method, url)
            .basic_auth(user, Some(password.expose_secret()))
            .header(ACCEPT, "application/json");
        if let Some(body) = body {
            asked = asked.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        }
        if let Some(version) = &request.version {
            asked = asked.header(IF_MATCH, version.as_str());
        }
        // What the library says about an error has the address in it.
        let response = asked
            .send()
            .await
            .map_err(|error| if error.is_connect() { RestError::Unreachable } else { RestError::Lost })?;
        answer::read(response).await
    }
}

/// A little more than that, so that many who were refused at once do not come back at once.
fn jittered(wait: Duration) -> Duration {
    let mut random = [0];
    // Without randomness all wait alike.
    let _ = getrandom::fill(&mut random);
    wait + wait.mul_f64(f64::from(random[0]) / f64::from(u8::MAX) / 4.0)
}
