//! What tools are run with, and what they are told of the call.

use std::collections::BTreeMap;
use std::time::Duration;

use super::hosts::Hosts;
#[cfg(feature = "mcp")]
use super::mcp::Servers;
use super::secret::Secrets;
use crate::outbound;
use crate::pii::Pii;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// What tools are run with. Clones share it.
#[derive(Debug, Clone)]
pub struct Means {
    pub(super) client: reqwest::Client,
    pub(super) hosts: Hosts,
    pub(super) secrets: Secrets,
    #[cfg(feature = "mcp")]
    pub(super) servers: Servers,
}

impl Means {
    /// The client follows no redirect, so that a caller's words go nowhere else, and asks no proxy, which would
    /// look up the host itself.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn new(hosts: Hosts, secrets: Secrets) -> Result<Self, reqwest::Error> {
        let client = outbound::client().connect_timeout(CONNECT_TIMEOUT).no_proxy();
        let client = client.dns_resolver(hosts.clone()).build()?;
        Ok(Self {
            #[cfg(feature = "mcp")]
            servers: Servers::new(client.clone()),
            client,
            hosts,
            secrets,
        })
    }

    /// For tools that are read and never run: no key needs to be there.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn to_read() -> Result<Self, reqwest::Error> {
        Self::new(Hosts::any(), Secrets::new(|_| Some("none".into())))
    }

    /// Keeps the connections to MCP servers, now and after every edit, until it is dropped. Without it none is
    /// connected to.
    pub async fn keep_connected(&self) {
        #[cfg(feature = "mcp")]
        self.servers.keep().await;
        #[cfg(not(feature = "mcp"))]
        std::future::pending::<()>().await;
    }
}

/// What a run is told of its call. None of it goes anywhere unless a manifest asks for it by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Occasion {
    /// `call.sid`.
    pub call_sid: String,
    /// `call.language`, as a BCP 47 tag.
    pub language: String,
    /// `call.direction`: `inbound` or `outbound`.
    pub direction: String,
    /// `call.from`, the caller's number on a call that came in.
    pub from: Option<Pii<String>>,
    /// `call.to`.
    pub to: Option<Pii<String>>,
    /// `call.traits.NAME`, those of the caller's profile that the settings list for the prompt.
    pub traits: BTreeMap<String, Pii<String>>,
    /// What tells this run from every other one: the same for each try of it.
    pub key: String,
}
