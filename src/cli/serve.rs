//! `warmline serve`: answers calls until it is told to end.

use std::io::Write;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::tunnel::{self, NoTunnel, Wanted};
use super::{complain, load};
use crate::app::Server;
use crate::config::{Config, Line, Origin, Target, Vars};
use crate::http::Bridge;
use crate::telemetry::{self, Collector};

/// How it is reached from outside.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Be reached by ngrok: an agent that runs on this machine, else one that is started
    #[arg(long, conflicts_with = "tunnel_command")]
    pub(super) ngrok: bool,
    /// Where the API of an ngrok agent is
    #[arg(long, value_name = "URL", default_value = crate::tunnel::agent::USUAL, hide = true)]
    pub(super) ngrok_api: String,
    /// Be reached by a tunnel that this command opens, and prints the https:// address of; $PORT is our port
    #[arg(long, value_name = "COMMAND")]
    pub(super) tunnel_command: Option<String>,
}

impl Default for ServeArgs {
    fn default() -> Self {
        Self { ngrok: false, ngrok_api: crate::tunnel::agent::USUAL.to_owned(), tunnel_command: None }
    }
}

/// Runs the server.
pub fn run(vars: &impl Vars, args: &ServeArgs) -> ExitCode {
    let collector = Collector::read(
        vars.get("OTEL_EXPORTER_OTLP_ENDPOINT"),
        vars.get("OTEL_EXPORTER_OTLP_HEADERS"),
        vars.get("OTEL_SERVICE_NAME"),
    );
    let rust_log = vars.get("RUST_LOG");
    let started = collector.and_then(|collector| telemetry::start(rust_log.as_deref(), collector.as_ref()));
    // Kept until the server has ended: what waits leaves then.
    let _traces = match started {
        Ok(traces) => traces,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::from(super::USAGE);
        }
    };
    let mut config = match load(vars) {
        Ok(config) => config,
        Err(code) => return code,
    };
    config.tunnelled = args.ngrok || args.tunnel_command.is_some();
    if config.tunnelled && config.is_open() {
        complain(&NoTunnel::Open.to_string());
        return ExitCode::from(super::USAGE);
    }
    let wanted = Wanted::of(&config, vars.get("NGROK_AUTHTOKEN").filter(|token| !token.trim().is_empty()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(serve(config, args, wanted)),
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config, args: &ServeArgs, wanted: Wanted) -> ExitCode {
    let (open, people) = (config.is_open(), people(&config));
    let public = config.origin != Origin::loopback(config.listen.port());
    let server = match Server::start(config).await {
        Ok(server) => server,
        Err(error) => {
            return super::not_started(&error);
        }
    };
    let origins = server.bridge().origin.clone();
    let tunnel = match tunnel::open(args, server.address().port(), wanted).await {
        Ok(tunnel) => tunnel,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::from(super::USAGE);
        }
    };
    let (ending, hurry) = (CancellationToken::new(), CancellationToken::new());
    // From here on somebody may end us, and what we started ends with us.
    let mut signals = pin!(end_on_signals(ending.clone(), hurry.clone()));
    let (bridge, address) = (server.bridge().clone(), server.address());
    let announce = |public| announce(&first_lines(&bridge, address, open, public, &people));
    // The server answers meanwhile: under `PUBLIC_URL` it may be reached already.
    let following = async {
        let Some(mut tunnel) = tunnel else {
            announce(public);
            return std::future::pending().await;
        };
        let found = tunnel.first(&origins).await;
        if !found {
            complain("the tunnel has no address yet; it is told here once it has");
        }
        announce(public || found);
        if public || found {
            let _ = std::io::stdout().write_all(tunnel::how_to_point(&origins).as_bytes());
        }
        tunnel.follow(&origins).await
    };
    tokio::select! {
        biased;
        () = server.serve(ending, hurry) => {
            info!("ended");
            ExitCode::SUCCESS
        }
        () = following => ExitCode::FAILURE,
        Err(error) = &mut signals => {
            complain(&format!("signals cannot be had: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// The first signal drains, the second hands over what is left. Never finishes on its own, unless signals cannot
/// be had.
async fn end_on_signals(ending: CancellationToken, hurry: CancellationToken) -> std::io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if ending.is_cancelled() {
            hurry.cancel();
        }
        ending.cancel();
    }
}

/// Where people answer, without their numbers.
fn people(config: &Config) -> String {
    if !config.has_people() {
        return "nobody yet: set TWILIO_WORKFLOW_SID or HANDOFF_NUMBER".to_owned();
    }
    let name = |target: &Target| match target {
        Target::Workflow(workflow) => workflow.to_string(),
        Target::Queue(name) => format!("the queue {name}"),
        Target::Ring(ring) => match &ring.line {
            Line::Phone(_) => "a number, by phone".to_owned(),
            Line::Sip(_) => "an address, by SIP".to_owned(),
            Line::Client(identity) => format!("the client {identity}"),
        },
        Target::Studio(studio) => format!("the Studio flow {}", studio.flow),
        Target::Webhook(_) => format!("another contact centre, at {}", target.shown()),
        Target::Agent => "the AI again".to_owned(),
        Target::Voicemail => "a voicemail".to_owned(),
    };
    config.targets.iter().map(name).collect::<Vec<_>>().join(", then ")
}

/// The first lines: what is served, to whom, with what. A server whose output nobody reads goes on.
fn announce(lines: &str) {
    let _ = std::io::stdout().write_all(lines.as_bytes());
}

fn first_lines(bridge: &Bridge, address: SocketAddr, open: bool, public: bool, people: &str) -> String {
    let reach = if open { "this machine only: no TWILIO_AUTH_TOKEN" } else { "Twilio's signature required" };
    let reached = if open || public { "" } else { " (no PUBLIC_URL: Twilio cannot reach this address)" };
    let voice = bridge.origin.http("/voice/incoming");
    let (answers, sources) = (bridge.model.describe(), bridge.shelf.sources());
    let (prompts, tools, record) = (&sources.prompts, &sources.tools, bridge.store.describe());
    let calls = bridge.limits.calls;
    let console = match (bridge.gate.is_on(), bridge.gate.is_open()) {
        (false, _) => "off: set WARMLINE_CONSOLE_PASSWORD".to_owned(),
        (true, true) => format!("http://{address}/"),
        (true, false) => format!("{} (with the password)", bridge.origin.http("/")),
    };
    let how = if open { format!(" --url http://{address}") } else { String::new() };
    format!(
        "Warmline {}\n  \
           listening  http://{address} ({reach})\n  \
           voice URL  {voice}{reached}\n  \
           answers    {answers}\n  \
           prompts    {prompts}\n  \
           tools      {tools}\n  \
           people     {people}\n  \
           calls      up to {calls} at once; beyond that they go to people\n  \
           record     {record}\n  \
           console    {console}\n  \
           try it     warmline chat{how}\n",
        env!("CARGO_PKG_VERSION")
    )
}
