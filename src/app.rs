//! Builds the parts from the settings: the only file that knows every type.

mod drain;
mod serving;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::Router;
use secrecy::SecretString;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::calls::Calls;
use crate::clock::{now, since_epoch};
use crate::config::{
    Access, Config, ConfigError, Limits, ModelCare, ModelSettings, NamedVariant, Origin, Origins,
    RestService, secret_named,
};
use crate::console;
use crate::gate::Gate;
use crate::handoff::DeskLinks;
use crate::http::{self, Bridge, People, Recorder, Ways};
use crate::ids::CallSid;
#[cfg(feature = "postgres")]
use crate::live::Post;
use crate::live::{Board, Keeper};
use crate::llm::Model;
use crate::llm::offline::Offline;
use crate::llm::openai::{Care, Endpoint, OpenAi};
use crate::meters::Meters;
use crate::phrases;
use crate::playbook::{InForce, Shelf, Sources};
use crate::profile::{Profiles, Service};
use crate::prompts::FileError;
use crate::store::{Store, StoreError};
use crate::token::{DeskPass, Keyring, Purpose, nonce};
use crate::tools::{self, Means, Secrets};
use crate::tracking::{self, Tracker};
use crate::twilio::rest::{Client, Credentials, Hosts, Timeouts};
use crate::twilio::signature::Verifier;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;
/// What the system may hold back of what a slow reader does not take. Left to itself it grows to megabytes.
const SEND_BUFFER: u32 = 64 * 1024;

/// How often figures are taken up that nobody asks for, and files are looked at.
const TIDY: Duration = Duration::from_secs(5);

/// How long the last notes of the store may take.
const LAST_NOTES: Duration = Duration::from_secs(5);
/// How long it may take to end what tells Segment.
const LAST_EVENTS: Duration = Duration::from_secs(5);

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
    /// The settings name something that is not there.
    #[error(transparent)]
    Settings(#[from] ConfigError),
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
    /// Ends what tells Segment what happened.
    telling: Option<tracking::Ending>,
}

impl Server {
    /// Opens the port and builds everything behind it. No connection is made to anywhere.
    ///
    /// # Errors
    ///
    /// When the port is taken, or a prompt or tool cannot be read.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let listen = |error| StartError::Listen { address: config.listen, error };
        let listener = bound(config.listen).map_err(listen)?;
        let port = listener.local_addr().map_err(listen)?.port();
        let origin: Origins = if config.origin == Origin::loopback(config.listen.port()) {
            Origin::loopback(port)
        } else {
            config.origin.clone()
        }
        .into();
        phrases::prepare();
        let mut beside = JoinSet::new();
        let store = match &config.store {
            Some(options) => {
                let (store, writer) = Store::open(options)?;
                beside.spawn(writer.run());
                store
            }
            None => Store::none(),
        };
        let keyring = Arc::new(keyring(config.secret.as_ref(), &tokens(&config)));
        let gate = Arc::new(Gate::new(&config.console, keyring.clone()).await);
        let (store, notes) = store.watched();
        let (store, told) = match &config.tracking {
            // What is kept needs no second ear.
            Some(_) if config.store.is_none() => {
                let (store, told) = store.watched();
                (store, Some(told))
            }
            Some(_) | None => (store, None),
        };
        let node = node_name();
        let calls = Arc::new(Calls::default());
        let (mut board, keeper) =
            Keeper::new(node.as_str().into(), config.redact.console, notes, calls.clone(), gate.clone());
        look_on(&store, &mut board, keeper, &keyring, &mut beside);
        let meters = Arc::new(Meters::new(since_epoch()).expect("there are bounds for times"));
        beside.spawn(keep_tidy(meters.clone()));
        let tracking = config.tracking.clone();
        let hidden = config.redact.tracking;
        let bridge = Arc::new(bridge(config, origin, store, Parts { gate, board, calls, meters })?);
        beside.spawn(look_at_prompts(bridge.shelf.clone()));
        let connected = bridge.clone();
        beside.spawn(async move { connected.shelf.keep_connected().await });
        let telling = match tracking {
            Some(tracking) => {
                let parts = tracking::Parts {
                    service: tracking::Service { base_url: tracking.base_url, write_key: tracking.write_key },
                    wanted: tracking.wanted,
                    hidden,
                    profiles: bridge.ways.profiles.clone(),
                    keyring,
                    meters: bridge.meters.clone(),
                };
                let (tracker, ending) = Tracker::ready(parts, &bridge.store, &node, told)?;
                beside.spawn(tracker.run());
                Some(ending)
            }
            None => None,
        };
        Ok(Self { listener, bridge, beside, telling })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound socket has an address")
    }

    /// What it was built of.
    pub fn bridge(&self) -> &Arc<Bridge> {
        &self.bridge
    }

    /// Answers until `ending` is cancelled and no call is left. What is left after the limit for that, or once
    /// `hurry` is cancelled, is handed to people within ten seconds.
    pub async fn serve(self, ending: CancellationToken, hurry: CancellationToken) {
        let stop = CancellationToken::new();
        let router = http::router(self.bridge.clone()).merge(console::router(self.bridge.clone()));
        let serving = serving::serve(self.listener, router, self.bridge.limits.request, stop.clone());
        let over = async {
            ending.cancelled().await;
            drain::drain(&self.bridge, &hurry).await;
            stop.cancel();
        };
        tokio::join!(serving, over);
        self.bridge.store.finish(LAST_NOTES).await;
        if let Some(telling) = self.telling {
            telling.finish(LAST_EVENTS).await;
        }
        drop(self.beside);
    }
}

/// Answers with these routes as the server does, until `stop` is cancelled.
pub async fn serve_router(listener: TcpListener, router: Router, stop: CancellationToken) {
    serving::serve(listener, router, Limits::default().request, stop).await;
}

/// Listens, with small buffers for what is sent.
fn bound(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Else a server that was just stopped keeps the port for a minute.
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What tools are run with, as the settings say.
///
/// # Errors
///
/// When TLS cannot be set up.
pub fn means(config: &Config) -> Result<Means, reqwest::Error> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Means::new(tools::Hosts::new(config.tool_hosts.iter().cloned()), Secrets::new(secret_named))
}

/// The prompts and tools that the settings name.
///
/// # Errors
///
/// When one of them is broken, or a rule of routing names a variant that is not there.
pub fn shelf(config: &Config) -> Result<Shelf, StartError> {
    let sources = Sources::choose(config.prompts.clone(), config.tools.clone(), Path::new("."));
    let means = means(config)?;
    let shelf = Shelf::open(sources, means)?;
    let InForce { playbooks, .. } = shelf.in_force();
    let names: Vec<&str> = playbooks.iter().map(|(playbook, _)| playbook.variant()).collect();
    let unknown = config.variants.iter().filter(|named| !names.contains(&named.name.as_str()));
    let problem = |named: &NamedVariant| {
        let (place, name, names) = (&named.place, &named.name, names.join(", "));
        format!("{place}: prompts: there is no variant `{name}`; there are: {names}")
    };
    let problems: Vec<String> = unknown.map(problem).collect();
    if problems.is_empty() { Ok(shelf) } else { Err(ConfigError(problems).into()) }
}

/// What runs beside a bridge, and is known to it.
struct Parts {
    gate: Arc<Gate>,
    board: Board,
    calls: Arc<Calls>,
    meters: Arc<Meters>,
}

/// Keeps the board; where nodes share a database, with what the others have.
#[cfg_attr(not(feature = "postgres"), expect(unused_mut, unused_variables, reason = "no other nodes"))]
fn look_on(
    store: &Store,
    board: &mut Board,
    mut keeper: Keeper,
    keyring: &Arc<Keyring>,
    beside: &mut JoinSet<()>,
) {
    #[cfg(feature = "postgres")]
    if let (Some(exchange), Some(voice)) = (store.exchange(&keyring.names()), store.voice(&keyring.names())) {
        board.speak(keyring.clone(), voice);
        let Post { outgoing, incoming } = keeper.post(keyring.clone());
        beside.spawn(exchange.run(outgoing, incoming));
    }
    beside.spawn(keeper.run());
}

/// Takes up what was timed, also while nobody asks for it.
async fn keep_tidy(meters: Arc<Meters>) {
    let mut tick = tokio::time::interval(TIDY);
    loop {
        tick.tick().await;
        meters.tidy();
    }
}

/// Looks at prompts and tools now and then, so that who edits them is told of a mistake also while nobody calls.
async fn look_at_prompts(shelf: Arc<Shelf>) {
    let mut tick = tokio::time::interval(TIDY);
    loop {
        tick.tick().await;
        shelf.current();
    }
}

/// What this node is called: the machine, and something that tells two processes on it apart.
fn node_name() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let machine: String = machine.trim().chars().take(40).collect();
    let machine = if machine.is_empty() { "node".to_owned() } else { machine };
    let name: String = nonce().chars().filter(char::is_ascii_alphanumeric).take(4).collect();
    format!("{machine}-{name}")
}

fn bridge(config: Config, origin: Origins, store: Store, parts: Parts) -> Result<Bridge, StartError> {
    let shelf = Arc::new(shelf(&config)?);
    let embedded = config.models.is_none();
    let people = people(&config, origin.clone());
    let file = config.file_tables();
    let verifier = Verifier::new(tokens(&config));
    let service = config.profiles.map(|service| Service {
        base_url: service.base_url,
        space: service.space,
        token: service.token,
    });
    let profiles = Arc::new(Profiles::new(service, config.traits.read, parts.meters.clone())?);
    let ways = Ways {
        routes: config.routes,
        profiles,
        in_task: config.traits.task,
        in_prompt: config.traits.prompt.into(),
        hours: config.hours,
        template: Arc::new(config.attributes),
    };
    let recorder =
        config.rest.filter(|_| config.records).map(rest_client).transpose()?.map(|client| {
            Arc::new(Recorder::new(client, origin.clone(), store.clone(), parts.meters.clone()))
        });
    Ok(Bridge {
        recorder,
        keyring: people.keyring.clone(),
        verifier,
        access: config.access,
        people,
        centres: http::Centres::new()?,
        whispers: http::Whispers::default(),
        ways,
        origin,
        instance: nonce(),
        model: match config.models {
            Some(models) => {
                let fallback = models.fallback.map(endpoint);
                let ModelCare { most_failures, rest, hedge } = config.care;
                let care = Care { most_failures, rest, hedge, silence: config.timings.first_token };
                Arc::new(OpenAi::new(endpoint(models.primary), fallback, care)?) as Arc<dyn Model>
            }
            None => Arc::new(Offline),
        },
        shelf,
        calls: parts.calls,
        store,
        meters: parts.meters,
        metrics_token: config.metrics_token,
        timings: config.timings,
        rules: Arc::new(config.rules),
        room: http::Room::new(&config.limits),
        limits: config.limits,
        sockets: TaskTracker::new(),
        answered: http::Answered::default(),
        draining: AtomicBool::new(false),
        gate: parts.gate,
        board: parts.board,
        exits: config.redact,
        desk: config.desk,
        shown: config.shown,
        file,
        embedded,
        started: now(),
    })
}

/// Where people answer, as the settings say.
pub fn people(config: &Config, origin: impl Into<Origins>) -> People {
    let origin = origin.into();
    let keyring = Arc::new(keyring(config.secret.as_ref(), &tokens(config)));
    // A page that nobody else reaches is no use to a person elsewhere; on this machine it is.
    let public = config.origin != Origin::loopback(config.listen.port());
    let reachable = config.is_open() || public || config.tunnelled;
    let links = || {
        let (origin, keyring) = (origin.clone(), keyring.clone());
        Arc::new(Links { origin, keyring, valid: config.desk.valid }) as Arc<dyn DeskLinks>
    };
    let desk = reachable.then(links);
    People { targets: config.targets.clone(), origin, keyring, desk, hidden: config.redact.task }
}

/// Makes the links to pages of hand-offs.
struct Links {
    origin: Origins,
    keyring: Arc<Keyring>,
    valid: Duration,
}

impl DeskLinks for Links {
    fn link(&self, call_sid: &CallSid, handoff_id: &str) -> String {
        let expires = (since_epoch() + self.valid).as_secs();
        let pass = DeskPass { handoff_id: handoff_id.to_owned(), call_sid: call_sid.clone(), expires };
        self.origin.http(&format!("/desk/{}", self.keyring.seal(Purpose::Desk, &pass)))
    }
}

fn tokens(config: &Config) -> Vec<SecretString> {
    match &config.access {
        Access::Signed(tokens) => tokens.clone(),
        Access::Loopback => Vec::new(),
    }
}

/// Asks Twilio's REST API.
pub type RestClient = Client;

/// A text that nobody else has, to name something by.
pub fn chance() -> String {
    nonce()
}

/// What asks Twilio's REST API, as the settings say.
///
/// # Errors
///
/// When TLS cannot be set up.
pub fn rest_client(service: RestService) -> Result<RestClient, reqwest::Error> {
    client_within(service, Timeouts::default())
}

fn client_within(service: RestService, timeouts: Timeouts) -> Result<RestClient, reqwest::Error> {
    let RestService { account, user, password, region, base_url } = service;
    let hosts = match (base_url, region) {
        (Some(base_url), _) => Hosts::At(base_url),
        (None, Some((edge, region))) => Hosts::Region { edge, region },
        (None, None) => Hosts::Usual,
    };
    Client::new(Credentials { account, user, password }, hosts, timeouts)
}

/// The same for somebody who does not wait for long.
///
/// # Errors
///
/// When TLS cannot be set up.
pub fn hurried_client(service: RestService, patience: Duration) -> Result<RestClient, reqwest::Error> {
    client_within(service, Timeouts { one: patience, all: patience })
}

/// What signs our own links and tokens, as the settings say.
pub fn keyring_of(config: &Config) -> Keyring {
    keyring(config.secret.as_ref(), &tokens(config))
}

/// A model that is to be measured: it is asked every time, and nobody answers in its place. `silence` is how long it may
/// send nothing.
///
/// # Errors
///
/// When the HTTP client cannot be built.
pub fn model_to_measure(settings: ModelSettings, silence: Duration) -> Result<Arc<dyn Model>, StartError> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let care = Care { most_failures: 0, rest: Duration::ZERO, hedge: None, silence };
    Ok(Arc::new(OpenAi::new(endpoint(settings), None, care)?))
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
