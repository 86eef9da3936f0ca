//! Tools of MCP servers: <https://modelcontextprotocol.io/specification/>
//!
//! A file `NAME.mcp.json` names a server and the tools that may be used of it. The connection is kept in the
//! background ([`Servers::keep`]), so that no call and no start waits for it: a call that begins gets the tools of
//! the servers that are there at that moment.

mod answer;
mod connection;
mod listed;
mod manifest;
#[cfg(test)]
mod tests;

pub(super) use listed::{Offered, Remote};
pub(super) use manifest::Manifest;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rmcp::RoleClient;
use rmcp::service::Peer;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::pii::Pii;
use crate::prompts::FileError;

/// All servers that manifests name. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Servers {
    client: reqwest::Client,
    known: Arc<Mutex<Known>>,
    /// There are servers that are yet to be connected to.
    news: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Known {
    /// A server that no tools refer to any more is gone.
    servers: Vec<Weak<Server>>,
    /// Those that are yet to be connected to.
    fresh: Vec<(Arc<State>, CancellationToken)>,
}

/// A server. Once the last tools that refer to it are gone, its connection ends.
#[derive(Debug)]
pub(super) struct Server {
    state: Arc<State>,
    _ending: DropGuard,
}

/// What is known of a server.
#[derive(Debug)]
struct State {
    manifest: Manifest,
    now: Mutex<Now>,
    /// Counts the changes of what is known; 0 until the first try to connect has ended.
    version: watch::Sender<u64>,
    /// The connection is to be looked at: the list changed, or a run found nobody.
    look: Notify,
}

#[derive(Debug, Default)]
struct Now {
    peer: Option<Peer<RoleClient>>,
    offered: Arc<[Offered]>,
    /// Whether it was found away, and nobody answered since.
    is_away: bool,
    problems: Vec<Problem>,
    /// The tools whose names other tools had before.
    doubled: Vec<Problem>,
}

/// Why something is not offered, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    /// By the server's name for it; all of them, if there is none.
    tool: Option<String>,
    cause: String,
}

impl Problem {
    fn whole(cause: impl Into<String>) -> Self {
        Self { tool: None, cause: cause.into() }
    }

    fn of(tool: &str, cause: impl Into<String>) -> Self {
        Self { tool: Some(tool.to_owned()), cause: cause.into() }
    }
}

impl Servers {
    pub(super) fn new(client: reqwest::Client) -> Self {
        Self { client, known: Arc::default(), news: Arc::default() }
    }

    /// The server of a manifest: the one that is there if its manifest did not change.
    pub(super) fn of(&self, manifest: Manifest) -> Arc<Server> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.servers.retain(|server| server.strong_count() > 0);
        let same = |server: &Arc<Server>| server.state.manifest == manifest;
        if let Some(server) = known.servers.iter().filter_map(Weak::upgrade).find(same) {
            return server;
        }
        let ending = CancellationToken::new();
        let now =
            Now { problems: vec![Problem::whole("the server is not connected to yet")], ..Now::default() };
        let state = Arc::new(State {
            manifest,
            now: Mutex::new(now),
            version: watch::Sender::new(0),
            look: Notify::new(),
        });
        known.fresh.push((state.clone(), ending.clone()));
        let server = Arc::new(Server { state, _ending: ending.drop_guard() });
        known.servers.push(Arc::downgrade(&server));
        self.news.notify_one();
        server
    }

    /// Keeps the connections, also those of manifests that are read later.
    pub(super) async fn keep(&self) {
        let mut connections = JoinSet::new();
        loop {
            let fresh = std::mem::take(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner).fresh);
            for (state, ending) in fresh {
                connections.spawn(connection::keep(state, self.client.clone(), ending));
            }
            tokio::select! {
                () = self.news.notified() => {}
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

impl Server {
    /// The keys that its manifest names.
    pub(super) fn keys(&self) -> &[Pii<String>] {
        &self.state.manifest.keys
    }

    /// Counts the changes of what it offers.
    pub(super) fn version(&self) -> u64 {
        *self.state.version.borrow()
    }

    /// Waits until it offers something else than in this version.
    pub(super) async fn passed(&self, version: u64) {
        let _ = self.state.version.subscribe().wait_for(|now| *now != version).await;
    }

    /// What it offers, and as which version.
    pub(super) fn offered(&self) -> (u64, Arc<[Offered]>) {
        let now = self.state.now();
        (self.version(), now.offered.clone())
    }

    /// Notes that a name is that of another tool already.
    pub(super) fn doubled(&self, name: &str) {
        let problem = Problem::of(name, "another tool has this name; `prefix` makes a difference");
        let mut now = self.state.now();
        if !now.doubled.contains(&problem) {
            self.state.report(&problem);
            now.doubled.push(problem);
        }
    }

    /// What is wrong at this moment.
    pub(super) fn problems(&self) -> Vec<FileError> {
        let now = self.state.now();
        let cause = |problem: &Problem| match &problem.tool {
            Some(tool) => format!("`{tool}` is left out: {}", problem.cause),
            None => problem.cause.clone(),
        };
        let causes = now.problems.iter().chain(&now.doubled).map(cause);
        causes.map(|cause| FileError::whole(&self.state.manifest.file, cause)).collect()
    }
}

impl State {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a list: from now on calls begin with these tools.
    fn offer(&self, peer: Peer<RoleClient>, listed: Vec<rmcp::model::Tool>) {
        let (offered, problems) = listed::chosen(&self.manifest, listed);
        let mut now = self.now();
        if now.peer.replace(peer).is_none() || now.offered.len() != offered.len() {
            tracing::info!(server = self.manifest.name, tools = offered.len(), "MCP server answers");
        }
        if now.problems != problems {
            problems.iter().for_each(|problem| self.report(problem));
        }
        now.is_away = false;
        now.offered = offered.into();
        now.problems = problems;
        now.doubled.clear();
        self.version.send_modify(|version| *version += 1);
    }

    /// Nobody is there: from now on calls begin without its tools.
    fn away(&self, cause: &'static str) {
        let mut now = self.now();
        // One that stays away is reported once.
        if !std::mem::replace(&mut now.is_away, true) {
            tracing::warn!(server = self.manifest.name, cause, "MCP server is away");
        }
        now.peer = None;
        now.offered = Arc::default();
        now.problems = vec![Problem::whole(format!("the server is away: {cause}"))];
        self.version.send_modify(|version| *version += 1);
    }

    fn report(&self, problem: &Problem) {
        let tool = problem.tool.as_deref().unwrap_or_default();
        tracing::warn!(server = self.manifest.name, tool.name = tool, cause = problem.cause, "tool left out");
    }
}
