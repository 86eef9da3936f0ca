//! The connection to one server: made, looked after, and made again when it is lost.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{ClientCapabilities, ClientConfig, ClientRequest, Implementation, PingRequest, Tool};
use rmcp::service::{ClientInitializeError, NotificationContext, Peer, RunningService, ServiceError};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientHandler, RoleClient, ServiceExt};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::State;
use super::manifest::Reach;

/// How long a server may take to begin: one that is fetched and built first takes a while.
const BEGIN: Duration = Duration::from_secs(30);
/// How long a list may take, with all its pages.
const LIST: Duration = Duration::from_secs(10);
/// The pause before the connection is made again: the first, and the longest that doubling makes of it.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long a connection must have lasted before the pauses are short again: a server may die whenever it is asked.
const STEADY: Duration = Duration::from_secs(30);
/// The largest message, in bytes.
const LARGEST_MESSAGE: usize = 4 * 1024 * 1024;
/// What a process of ours gets of our own environment: how to find programs and its home, and no key.
const PASSED_ON: [&str; 9] =
    ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"];

/// Keeps the connection until `ending` is cancelled.
pub(super) async fn keep(state: Arc<State>, client: reqwest::Client, ending: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    loop {
        let held = hold(&state, &client, &mut pause);
        tokio::select! {
            biased;
            () = ending.cancelled() => return,
            cause = held => state.away(cause),
        }
        tokio::select! {
            () = ending.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Connects, and stays as long as somebody is there. Returns why nobody is.
async fn hold(state: &Arc<State>, client: &reqwest::Client, pause: &mut Duration) -> &'static str {
    let ears = Ears(state.clone());
    let service = match tokio::time::timeout(BEGIN, connect(state, client, ears)).await {
        Ok(Ok(service)) => service,
        Ok(Err(cause)) => return cause,
        Err(_) => return "it did not begin in time",
    };
    let peer = service.peer().clone();
    let waiting = service.waiting();
    let steady = tokio::time::sleep(STEADY);
    tokio::pin!(waiting, steady);
    let mut is_steady = false;
    loop {
        tokio::select! {
            _ = &mut waiting => return "it ended the connection",
            listed = list(&peer) => match listed {
                Ok(tools) => state.offer(peer.clone(), tools),
                Err(cause) => return cause,
            },
        }
        loop {
            tokio::select! {
                _ = &mut waiting => return "it ended the connection",
                () = &mut steady, if !is_steady => (*pause, is_steady) = (FIRST_PAUSE, true),
                () = state.look.notified() => break,
            }
        }
    }
}

/// What the server lists. It is asked whether it is there before, as a list may be one that was kept.
async fn list(peer: &Peer<RoleClient>) -> Result<Vec<Tool>, &'static str> {
    let listed = async {
        peer.send_request(ClientRequest::PingRequest(PingRequest::default())).await?;
        peer.list_all_tools().await
    };
    match tokio::time::timeout(LIST, listed).await {
        Ok(Ok(tools)) => Ok(tools),
        Ok(Err(ServiceError::McpError(_))) => Err("it lists no tools"),
        Ok(Err(_)) => Err("it could not be reached"),
        Err(_) => Err("it did not list its tools in time"),
    }
}

type Service = RunningService<RoleClient, Ears>;

async fn connect(state: &State, client: &reqwest::Client, ears: Ears) -> Result<Service, &'static str> {
    let begun = match &state.manifest.reach {
        Reach::Process { command, args, env } => {
            let process = process(command, args, env).map_err(|error| {
                if error.kind() == std::io::ErrorKind::NotFound {
                    "there is no such command"
                } else {
                    "its command could not be run"
                }
            })?;
            ears.serve(process).await
        }
        Reach::Http { url, headers } => {
            let config = StreamableHttpClientTransportConfig::with_uri(url.as_str())
                .custom_headers(headers.clone())
                .max_sse_event_size(LARGEST_MESSAGE)
                .max_json_response_size(LARGEST_MESSAGE);
            ears.serve(StreamableHttpClientTransport::with_client(client.clone(), config)).await
        }
    };
    begun.map_err(|error| cause(&error))
}

/// Why a connection was not made. The library's own words may quote addresses and what the server said.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library adds to its errors")]
fn cause(error: &ClientInitializeError) -> &'static str {
    match error {
        ClientInitializeError::ConnectionClosed(_) => "it ended the connection at once",
        ClientInitializeError::TransportError { .. } => "it could not be reached",
        ClientInitializeError::JsonRpcError(_) => "it does not want to begin",
        _ => "it does not answer as an MCP server does",
    }
}

/// Starts a process that ends with us: at the latest when its input does.
fn process(
    command: &str,
    args: &[String],
    env: &[(String, crate::pii::Pii<String>)],
) -> std::io::Result<TokioChildProcess> {
    let mut process = Command::new(command);
    // In a group of its own: Ctrl-C ends the server, which takes its time while callers talk.
    process.args(args).env_clear().kill_on_drop(true).process_group(0);
    for name in PASSED_ON {
        if let Some(value) = std::env::var_os(name) {
            process.env(name, value);
        }
    }
    for (name, value) in env {
        process.env(name, value.expose());
    }
    // What it writes there may be a caller's words.
    let (process, _) = TokioChildProcess::builder(process).stderr(Stdio::null()).spawn()?;
    Ok(process)
}

/// Listens to what a server says of itself.
struct Ears(Arc<State>);

impl ClientHandler for Ears {
    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.0.look.notify_one();
    }

    fn get_info(&self) -> ClientConfig {
        let name = Implementation::new("warmline", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), name)
    }
}
