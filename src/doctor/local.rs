//! What is on this machine, and the store and Segment beside it.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};

use secrecy::ExposeSecret;
use serde_json::Value;

use super::Finding;
use crate::config::Config;
use crate::profile::{self, Outcome, Service};
use crate::store::condition::{self, Condition};

/// What is at the port that we would listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Port {
    /// Nobody.
    Free,
    /// Warmline, under the name of its process.
    Ours(String),
    /// Another program.
    Taken,
    /// It may not be listened on.
    Refused(ErrorKind),
}

/// Looks at the port.
pub(super) async fn port(config: &Config, http: &reqwest::Client) -> Port {
    let address = config.listen;
    let error = match TcpListener::bind(address) {
        Ok(_) => return Port::Free,
        Err(error) => error.kind(),
    };
    if error != ErrorKind::AddrInUse {
        return Port::Refused(error);
    }
    let host = if address.ip().is_unspecified() { IpAddr::from([127, 0, 0, 1]) } else { address.ip() };
    let url = format!("http://{}/healthz", SocketAddr::new(host, address.port()));
    match http.get(url).send().await {
        Ok(answer) => instance(answer).await.map_or(Port::Taken, Port::Ours),
        Err(_) => Port::Taken,
    }
}

/// The name of the process that answered, if it is Warmline.
pub(super) async fn instance(answer: reqwest::Response) -> Option<String> {
    let said: Value = serde_json::from_slice(&answer.bytes().await.ok()?).ok()?;
    said["instance"].as_str().map(str::to_owned)
}

impl Port {
    /// What it means.
    pub(super) fn finding(&self, config: &Config) -> Finding {
        let address = config.listen;
        match self {
            Self::Free => Finding::ok("port", format!("{address} is free")),
            Self::Ours(_) => Finding::ok("port", format!("Warmline listens on {address}")),
            Self::Taken => Finding::fail(
                "port",
                format!("another program listens on {address}"),
                "end it, or choose another PORT",
            ),
            Self::Refused(kind) => Finding::fail(
                "port",
                format!("{address} cannot be listened on: {kind}"),
                "choose a PORT above 1023, and a BIND that this machine has",
            ),
        }
    }
}

/// Whether calls can be kept. Nothing is made, and nothing changed.
pub(super) async fn store(config: &Config) -> Vec<Finding> {
    let Some(options) = &config.store else {
        return vec![Finding::skip("store", "DATABASE_URL is `none`: nothing is kept of calls")];
    };
    vec![match condition::of(options).await {
        Err(error) => Finding::fail(
            "store",
            format!("it cannot be used: {error}"),
            "look at DATABASE_URL, and whether it is up",
        ),
        Ok(Condition::Absent { folder: true }) => {
            Finding::ok("store", "there is none yet: the server makes it when it starts")
        }
        Ok(Condition::Absent { folder: false }) => {
            Finding::fail("store", "the folder of DATABASE_URL is not there", "make it, or name another")
        }
        Ok(Condition::Present { writable: Some(why), .. }) => Finding::fail(
            "store",
            format!("it can be read, and not written: {why}"),
            "give this user the right to write, or look for a full or read-only disk",
        ),
        Ok(Condition::Present { applied, known, .. }) if applied < known => Finding::warn(
            "store",
            format!("its schema is {applied} of {known}: older than this version"),
            "the server brings it up to date when it starts; nothing is to be done",
        ),
        Ok(Condition::Present { applied, known, .. }) if applied > known => Finding::warn(
            "store",
            format!("its schema is {applied}, newer than the {known} of this version"),
            "a newer Warmline uses it; bring this one up to date",
        ),
        Ok(Condition::Present { applied, .. }) => Finding::ok("store", format!("writable, schema {applied}")),
    }]
}

/// Whether Segment can be asked and told.
pub(super) async fn segment(config: &Config) -> Vec<Finding> {
    let profiles = match &config.profiles {
        None => Finding::skip("profiles", "no SEGMENT_SPACE_ID: nobody is looked up"),
        Some(service) => {
            let service = Service {
                base_url: service.base_url.clone(),
                space: service.space.clone(),
                token: service.token.clone(),
            };
            match profile::probe(&service).await {
                Ok(Outcome::Found | Outcome::Unknown) => {
                    Finding::ok("profiles", "Segment's Profile API answers the token")
                }
                Ok(Outcome::Failed | Outcome::Off) => Finding::skip("profiles", "nobody was asked"),
                Err(why) => Finding::fail(
                    "profiles",
                    format!("Segment's Profile API: {why}; every caller would be unknown"),
                    "look at SEGMENT_SPACE_ID, SEGMENT_PROFILE_TOKEN and the region in [profile]",
                ),
            }
        }
    };
    let tracking = match &config.tracking {
        None => Finding::skip("tracking", "no SEGMENT_WRITE_KEY: Segment is told nothing"),
        Some(service) if service.write_key.expose_secret().chars().any(char::is_whitespace) => Finding::fail(
            "tracking",
            "SEGMENT_WRITE_KEY has blanks in it",
            "copy the write key of the source again",
        ),
        // It says yes to every key, so there is nothing to ask.
        Some(_) => {
            Finding::ok("tracking", "a write key is set; whether it is right shows in the source's debugger")
        }
    };
    vec![profiles, tracking]
}
