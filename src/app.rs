//! Builds the parts from the settings: the only file that knows every type.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::serve::ListenerExt;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::calls::Calls;
use crate::config::{Access, Config, ModelCare, ModelSettings, Origin};
use crate::http::{self, Bridge, People};
use crate::ids::WorkflowSid;
use crate::llm::Model;
use crate::llm::offline::Offline;
use crate::llm::openai::{Care, Endpoint, OpenAi};
use crate::playbook::{Shelf, Sources};
use crate::prompts::FileError;
use crate::store::{Store, StoreError};
use crate::token::{Keyring, nonce};
use crate::tools::Tools;
use crate::twilio::signature::Verifier;

/// How long live calls may go on after the server was told to end.
const DRAIN: Duration = Duration::from_secs(600);
/// How long the action callbacks of the last calls may take.
const LAST_CALLBACKS: Duration = Duration::from_secs(5);

/// How long the last notes of the store may take.
const LAST_NOTES: Duration = Duration::from_secs(5);

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}; PORT or --port names another")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// A prompt or a tool manifest is broken.
    #[error(transparent)]
    Playbook(#[from] FileError),
    /// The address of the database cannot be read.
    #[error("DATABASE_URL: {0}")]
    Store(#[from] StoreError),
    /// The HTTP client for the model cannot be built.
    #[error("cannot set up the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// A server that listens, and does not answer yet.
pub struct Server {
    listener: TcpListener,
    bridge: Arc<Bridge>,
    /// What runs beside the server and ends with it.
    beside: JoinSet<()>,
}

impl Server {
    /// Opens the port and builds everything behind it. No connection is made to anywhere.
    ///
    /// # Errors
    ///
    /// When the port is taken, or a prompt or tool cannot be read.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let listen = |error| StartError::Listen { address: config.listen, error };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let port = listener.local_addr().map_err(listen)?.port();
        let origin = if config.origin == Origin::loopback(config.listen.port()) {
            Origin::loopback(port)
        } else {
            config.origin.clone()
        };
        let mut beside = JoinSet::new();
        let store = match &config.store {
            Some(options) => {
                let (store, writer) = Store::open(options)?;
                beside.spawn(writer.run());
                store
            }
            None => Store::none(),
        };
        let bridge = Arc::new(bridge(config, origin, store)?);
        Ok(Self { listener, bridge, beside })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound socket has an address")
    }

    /// What it was built of.
    pub fn bridge(&self) -> &Arc<Bridge> {
        &self.bridge
    }

    /// Answers until `ending` is cancelled and the calls of that moment are over, or `now` is cancelled.
    ///
    /// # Errors
    ///
    /// When the listener fails.
    pub async fn serve(self, ending: CancellationToken, at_once: CancellationToken) -> std::io::Result<()> {
        let bridge = self.bridge.clone();
        // Twilio's frames are small and many: Nagle would hold each until the one before is acknowledged.
        let listener = self.listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                warn!(%error, "TCP_NODELAY could not be set");
            }
        });
        let over = async move {
            ending.cancelled().await;
            tokio::select! {
                () = drain(&bridge) => {}
                () = at_once.cancelled() => warn!(calls = bridge.calls.count(), "ending at once"),
            }
        };
        let store = self.bridge.store.clone();
        let serving = axum::serve(listener, http::router(self.bridge)).into_future();
        let served = tokio::select! {
            served = serving => served,
            () = over => Ok(()),
        };
        if tokio::time::timeout(LAST_NOTES, store.flush()).await != Ok(true) {
            let waiting = store.health().waiting;
            warn!(waiting, "store is away at the end: what waited is not kept");
        }
        drop(self.beside);
        served
    }
}

/// Waits until no call is live and the last callbacks were answered. Meanwhile new calls go to people.
async fn drain(bridge: &Bridge) {
    bridge.draining.store(true, Ordering::Relaxed);
    let calls = bridge.calls.count();
    info!(calls, "draining: new calls go to people, live ones go on");
    bridge.sockets.close();
    if tokio::time::timeout(DRAIN, bridge.sockets.wait()).await.is_err() {
        warn!(calls = bridge.calls.count(), "drain took too long");
    }
    if calls > 0 {
        tokio::time::sleep(LAST_CALLBACKS).await;
    }
}

/// The prompts and tools that the settings name.
///
/// # Errors
///
/// When one of them is broken.
pub fn shelf(config: &Config) -> Result<Shelf, StartError> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sources = Sources::choose(config.prompts.clone(), config.tools.clone(), Path::new("."));
    Ok(Shelf::open(sources, Tools::client()?)?)
}

fn bridge(config: Config, origin: Origin, store: Store) -> Result<Bridge, StartError> {
    let shelf = Arc::new(shelf(&config)?);
    let (tokens, workflow) = match &config.access {
        Access::Signed(tokens) => (tokens.clone(), config.workflow),
        Access::Loopback => (Vec::new(), Some(config.workflow.unwrap_or_else(WorkflowSid::nobody))),
    };
    Ok(Bridge {
        keyring: keyring(config.secret.as_ref(), &tokens),
        verifier: Verifier::new(tokens),
        access: config.access,
        people: People { workflow, number: config.handoff_number, origin: origin.clone() },
        origin,
        model: match config.models {
            Some(models) => {
                let fallback = models.fallback.map(endpoint);
                let ModelCare { most_failures, rest, hedge } = config.care;
                let care = Care { most_failures, rest, hedge, silence: config.timings.first_token };
                Arc::new(OpenAi::new(endpoint(models.primary), fallback, care)?) as Arc<dyn Model>
            }
            None => Arc::new(Offline::new(shelf.clone())),
        },
        shelf,
        calls: Arc::new(Calls::default()),
        store,
        timings: config.timings,
        rules: Arc::new(config.rules),
        sockets: TaskTracker::new(),
        answered: http::Answered::default(),
        draining: AtomicBool::new(false),
    })
}

fn endpoint(settings: ModelSettings) -> Endpoint {
    Endpoint { base_url: settings.base_url, key: settings.key, model: settings.model }
}

/// Our own secret, else one derived from each auth token, else one that lives as long as this process.
fn keyring(secret: Option<&SecretString>, tokens: &[SecretString]) -> Keyring {
    match (secret, tokens) {
        (Some(secret), _) => Keyring::new([secret]),
        (None, []) => Keyring::new([&SecretString::from(nonce())]),
        (None, tokens) => Keyring::new(tokens),
    }
}
