//! What the bridge itself adds: `cargo bench`.
//!
//! Prints the time from a delta of the model to its `text` frame, for one call, and the memory of an idle
//! call. Both ends of the measured path are in this process and read one clock; the bridge is a process of its
//! own, so that only its memory is counted.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::stream;
use tokio_util::sync::CancellationToken;
use url::Url;
use warmline::app::Server;
use warmline::caller::{Conversation, Rate, Twilio};
use warmline::config::Config;

const TURNS: usize = 20;
const TOKENS: u32 = 60;
const PACE: Duration = Duration::from_millis(20);
const IDLE_CALLS: usize = 1_000;
const MOST_PER_CALL: f64 = 16.0;
const SOON: Duration = Duration::from_secs(20);
/// The environment of the process that is the bridge.
const ROLE: &str = "WARMLINE_BENCH_MODEL";

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    match std::env::var(ROLE) {
        Ok(model) => runtime.block_on(bridge(model)),
        Err(_) => runtime.block_on(measure()),
    }
}

/// The bridge: prints its address, and serves until it is killed.
async fn bridge(model: String) {
    let settings = [("PORT", "0".to_owned()), ("OPENAI_BASE_URL", model)];
    let settings: BTreeMap<_, _> =
        settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let server = Server::start(Config::load(&settings).expect("settings")).await.expect("a server");
    println!("http://{}", server.address());
    server.serve(CancellationToken::new(), CancellationToken::new()).await;
}

async fn measure() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let model = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let app = Router::new().route("/v1/chat/completions", post(|| async { answer() }));
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, app).await.expect("the model serves") });
    let bridge = Process::start(&model);
    let twilio =
        Twilio::new(bridge.address.clone(), bridge.address.clone(), format!("AC{}", "0".repeat(32)), None)
            .expect("a client");
    let mut talking = connect(&twilio).await;
    delays(&mut talking).await;
    let base = bridge.resident();
    let mut idle = Vec::new();
    for _ in 0..IDLE_CALLS {
        idle.push(connect(&twilio).await);
    }
    let per_call = (bridge.resident().saturating_sub(base)) as f64 / IDLE_CALLS as f64;
    println!("idle call          {per_call:8.1} KiB  over a base of {base} KiB ({IDLE_CALLS} calls)");
    // Memory repeats itself where time does not. The socket's default read buffer alone is eight times this.
    assert!(per_call < MOST_PER_CALL, "an idle call takes more than {MOST_PER_CALL} KiB");
}

async fn connect(twilio: &Twilio) -> Conversation {
    let mut call = twilio.call("+15550100001", "+15550100002");
    call.dial().await.expect("an answer");
    call.connect(Rate::Instant).await.expect("a session")
}

/// From the model's write to the frame's arrival, in microseconds.
async fn delays(conversation: &mut Conversation) {
    let mut delays: Vec<u64> = Vec::new();
    for _ in 0..TURNS {
        let before = conversation.frames().len();
        conversation.say("go on").await.expect("a caller");
        conversation.wait_words(SOON).await.expect("a reply");
        for frame in &conversation.frames()[before..] {
            if let Ok(sent) = frame.token.trim().parse::<u64>() {
                let arrived = frame.at.duration_since(*EPOCH).as_micros() as u64;
                delays.push(arrived.saturating_sub(sent));
            }
        }
    }
    delays.sort_unstable();
    let at = |share: f64| delays[((delays.len() - 1) as f64 * share) as usize];
    println!(
        "delta to frame     p50 {} us, p95 {} us, p99 {} us  ({} deltas)",
        at(0.5),
        at(0.95),
        at(0.99),
        delays.len()
    );
    assert!(delays.len() >= TURNS * TOKENS as usize * 9 / 10, "deltas were lost");
}

/// A stream whose words are the time at which they were written.
fn answer() -> Response {
    let chunks = stream::unfold(0, |sent| async move {
        if sent > TOKENS + 1 {
            return None;
        }
        tokio::time::sleep(PACE).await;
        let chunk = if sent == TOKENS {
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#.to_owned()
        } else if sent > TOKENS {
            "[DONE]".to_owned()
        } else {
            let now = EPOCH.elapsed().as_micros();
            format!(
                r#"{{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,"delta":{{"content":" {now}"}},"logprobs":null,"finish_reason":null}}]}}"#
            )
        };
        Some((Ok::<_, Infallible>(Bytes::from(format!("data: {chunk}\n\n"))), sent + 1))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(chunks)).into_response()
}

struct Process {
    child: Child,
    address: Url,
}

impl Process {
    fn start(model: &str) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child =
            Command::new(program).env(ROLE, model).stdout(Stdio::piped()).spawn().expect("the bridge starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("its address");
        Self { child, address: Url::parse(line.trim()).expect("an address") }
    }

    /// Resident memory in KiB.
    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
