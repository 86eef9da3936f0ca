//! The tunnel of a server: which one, and what is said of it while it lasts.

use std::io::Write;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::complain;
use super::serve::ServeArgs;
use crate::config::{Config, Origin, Origins};
use crate::tunnel::{Agent, Command, Event, Heard, Tunnel};

/// How long the first lines wait for the first address.
const FIRST: Duration = Duration::from_secs(15);
/// How many events may wait.
const EVENTS: usize = 16;

/// Why there is no tunnel.
pub(super) enum NoTunnel {
    /// It would open a server that anybody could use.
    Open,
    /// There is no agent to ask, and none to start.
    NoAgent(u16),
    /// The HTTP client cannot be built.
    Client(reqwest::Error),
}

impl std::fmt::Display for NoTunnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open => f.write_str(
                "a tunnel would open this server to anybody who finds its address: set TWILIO_AUTH_TOKEN, and \
                 TWILIO_WORKFLOW_SID or HANDOFF_NUMBER",
            ),
            Self::NoAgent(port) => write!(
                f,
                "--ngrok: no ngrok agent runs here, and `ngrok` is not installed (https://ngrok.com/download). Run \
                 `ngrok http {port}` elsewhere on this machine, or name another tunnel with --tunnel-command"
            ),
            Self::Client(error) => write!(f, "cannot set up the HTTP client: {error}"),
        }
    }
}

/// What a tunnel is to the server that it leads to.
pub(super) struct Opened {
    events: mpsc::Receiver<Event>,
    /// Ends the tunnel when it is dropped.
    _tasks: JoinSet<()>,
}

/// What the settings say of a tunnel's address.
pub(super) struct Wanted {
    /// `PUBLIC_URL`, if it is set.
    pub(super) address: Option<Origin>,
    /// `NGROK_AUTHTOKEN`.
    pub(super) token: Option<String>,
}

impl Wanted {
    /// Reads them, before the settings become a server.
    pub(super) fn of(config: &Config, token: Option<String>) -> Self {
        let public = config.origin != Origin::loopback(config.listen.port());
        Self { address: public.then(|| config.origin.clone()), token }
    }
}

/// Opens what the command line asks for, to this port.
pub(super) async fn open(args: &ServeArgs, port: u16, wanted: Wanted) -> Result<Option<Opened>, NoTunnel> {
    let tunnel = match &args.tunnel_command {
        Some(line) => Tunnel::Command(Command::shell(line, port)),
        None if args.ngrok => ngrok(args, port, wanted).await?,
        None => return Ok(None),
    };
    let (tell, events) = mpsc::channel(EVENTS);
    let mut tasks = JoinSet::new();
    tasks.spawn(tunnel.keep(tell));
    Ok(Some(Opened { events, _tasks: tasks }))
}

/// An agent that runs and leads here, else one of our own.
async fn ngrok(args: &ServeArgs, port: u16, wanted: Wanted) -> Result<Tunnel, NoTunnel> {
    let agent = Agent::at(&args.ngrok_api).map_err(NoTunnel::Client)?;
    match agent.ask(port).await {
        Heard::Ours(_) => Ok(Tunnel::Agent(agent, port)),
        Heard::Others | Heard::Nothing | Heard::Silence if Command::has_ngrok() => {
            Ok(Tunnel::Command(Command::ngrok(port, wanted.address.as_ref(), wanted.token)))
        }
        // It may be told to lead here any moment.
        Heard::Others | Heard::Nothing => Ok(Tunnel::Agent(agent, port)),
        Heard::Silence => Err(NoTunnel::NoAgent(port)),
    }
}

impl Opened {
    /// Waits for the first address. False if there is none yet.
    pub(super) async fn first(&mut self, origins: &Origins) -> bool {
        let first = async {
            while let Some(event) = self.events.recv().await {
                if let Event::At(origin) = event {
                    origins.move_to(origin);
                    return true;
                }
                told(&event);
            }
            false
        };
        tokio::time::timeout(FIRST, first).await.unwrap_or(false)
    }

    /// Makes every further address that of the server, for as long as this is polled.
    pub(super) async fn follow(mut self, origins: &Origins) {
        while let Some(event) = self.events.recv().await {
            match &event {
                Event::At(origin) if origins.move_to(origin.clone()) => {
                    // No caller's number or word is in it, and it is not secret: Twilio's requests name it too.
                    info!(address = %origin, "the tunnel leads here from another address; new calls use it");
                    say(&how_to_point(origin));
                }
                Event::At(_) => info!("the tunnel leads here again"),
                Event::Lost | Event::Ended { .. } => told(&event),
            }
        }
        std::future::pending().await
    }
}

/// How a number is pointed at an address: one more of the first lines.
pub(super) fn how_to_point(origin: &impl std::fmt::Display) -> String {
    format!("  number     warmline number set +1… --url {origin}\n")
}

/// Says what became of a tunnel that leads nowhere now.
fn told(event: &Event) {
    match event {
        Event::At(_) => {}
        Event::Lost => warn!("the ngrok agent has no tunnel to this server any more; Twilio cannot reach it"),
        Event::Ended { status, last, pause } => {
            let seconds = pause.as_secs();
            warn!(status, seconds, "the tunnel's program ended; it is started again");
            for line in last {
                complain(&format!("tunnel: {line}"));
            }
        }
    }
}

/// A server whose output nobody reads goes on.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
