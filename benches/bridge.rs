//! What the bridge itself adds: `cargo bench`.
//!
//! Prints the time from a delta of the model to its `text` frame, for one call, the same while a store keeps
//! 1,000 turns a second, the same while 200 consoles look on at 500 calls, and the memory of an idle call. Both ends of the measured path are in this process and read one clock; the bridge is a process of its
//! own, so that only its memory is counted.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
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
use warmline::handoff::{PromptVersion, Speaker};
use warmline::ids::CallSid;
use warmline::record::{Changes, State, Steps, Turn, TurnKey};
use warmline::store::{Began, Came, Store, What};

const TURNS: usize = 20;
const TOKENS: u32 = 60;
const PACE: Duration = Duration::from_millis(20);
const IDLE_CALLS: usize = 1_000;
const MOST_PER_CALL: f64 = 16.0;
const SOON: Duration = Duration::from_secs(20);
/// The environment of the process that is the bridge: its model, its database, and how many turns a second
/// other calls leave in that.
const ROLE: &str = "WARMLINE_BENCH_MODEL";
const DATABASE: &str = "WARMLINE_BENCH_DATABASE";
const KEPT: &str = "WARMLINE_BENCH_TURNS";
/// In how many calls at once those turns happen; without it one call follows another.
const AT_ONCE: &str = "WARMLINE_BENCH_CALLS";
/// How many turns a second a store has to keep.
const TURNS_A_SECOND: u32 = 1_000;
/// How often both sides of a comparison are measured, in turn.
const ROUNDS: usize = 7;
/// How often the comparison is made before it counts: a busy machine can only make it look worse. A call has a
/// hundred turns at the most.
const TRIES: usize = 2;
/// How many turns a side has in each round.
const TURNS_A_ROUND: usize = 4;
/// What a store may add to a delta's way.
const MOST_RATIO: f64 = 1.1;
/// How many consoles look on, at how many calls, in which so many turns happen in a second: one in each call every
/// ten seconds.
const CONSOLES: usize = 200;
const WATCHED_CALLS: u32 = 500;
const WATCHED_TURNS: u32 = 50;
/// How long a commit may take, in milliseconds.
const MOST_LAG: u64 = 250;

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
    let variable = |name| std::env::var(name).unwrap_or_default();
    let settings =
        [("PORT", "0".to_owned()), ("OPENAI_BASE_URL", model), ("DATABASE_URL", variable(DATABASE))];
    let settings: BTreeMap<_, _> =
        settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let server = Server::start(Config::load(&settings).expect("settings")).await.expect("a server");
    println!("http://{}", server.address());
    let store = server.bridge().store.clone();
    let serving = server.serve(CancellationToken::new(), CancellationToken::new());
    match variable(KEPT).parse() {
        Ok(rate) => {
            let at_once = variable(AT_ONCE).parse().ok();
            tokio::select! {
                () = serving => {}
                () = keep(&store, rate, at_once) => {}
            }
        }
        Err(_) => serving.await,
    }
}

/// Leaves turns of made-up calls in the store, and prints every second how that goes.
async fn keep(store: &Store, rate: u32, at_once: Option<u32>) {
    const TICKS: u32 = 50;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / TICKS);
    let mut kept = 0;
    loop {
        for _ in 0..TICKS {
            tick.tick().await;
            for _ in 0..rate / TICKS {
                match at_once {
                    Some(calls) => keep_turn(store, kept % calls, kept / calls),
                    None => keep_turn(store, kept / 20, kept % 20),
                }
                kept += 1;
            }
        }
        let asked = Instant::now();
        store.flush().await;
        let health = store.health();
        println!("{kept} {} {} {}", health.lost, asked.elapsed().as_millis(), u8::from(health.away));
    }
}

/// What a caller says, what is answered, and four reports of how much of that was heard.
fn keep_turn(store: &Store, call: u32, position: u32) {
    let call: CallSid = format!("CA{call:032}").parse().expect("a call");
    if position == 0 {
        let came = Came::new(None, Some("inbound"), Some("+15550100001"), Some("+15550100002"));
        store.note(&call, What::Came(came.clone()));
        let prompts = || PromptVersion { variant: "base".to_owned(), version: "v".to_owned() };
        let (language, prompts, files) = ("en-US".to_owned(), prompts(), "{}".into());
        store.note(&call, What::Began(Began { session: 0, came, language, prompts, files }));
    }
    let turn = |who, position, text: &str, heard| Turn {
        key: TurnKey { session: 0, position },
        who,
        text: text.into(),
        heard,
        interrupted: false,
        runs: Vec::new(),
        steps: Steps::default(),
        answers: None,
    };
    let state = State { language: "en-US".to_owned(), ..State::default() };
    let question = turn(Speaker::Caller, position * 2, "Where is my parcel, number 4711 0815?", 37);
    store.note(&call, What::Changed(Changes { session: 0, turns: vec![question], state: state.clone() }));
    for heard in [0, 60, 120, 180] {
        let text = "It left the depot this morning and is on its way to you. ".repeat(4);
        let answer = turn(Speaker::Agent, position * 2 + 1, &text, heard);
        store.note(&call, What::Changed(Changes { session: 0, turns: vec![answer], state: state.clone() }));
    }
}

async fn measure() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let model = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let app = Router::new().route("/v1/chat/completions", post(|| async { answer() }));
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, app).await.expect("the model serves") });
    let bridge = Process::start(&model, "none", 0, None);
    let twilio = bridge.twilio();
    let mut talking = connect(&twilio).await;
    let delays = delays(&mut talking, TURNS).await;
    println!(
        "delta to frame     p50 {} us, p95 {} us, p99 {} us  ({} deltas)",
        at(&delays, 0.5),
        at(&delays, 0.95),
        at(&delays, 0.99),
        delays.len()
    );
    with_a_store(&model, &mut talking).await;
    with_consoles(&model).await;
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

/// The same way of a delta while a store keeps many turns a second, against the bridge that keeps nothing.
async fn with_a_store(model: &str, without: &mut Conversation) {
    let folder = std::env::temp_dir().join(format!("warmline-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = format!("sqlite:{}", folder.join("calls.db").display());
    let bridge = Process::start(model, &file, TURNS_A_SECOND, None);
    let mut with = connect(&bridge.twilio()).await;
    let began = Instant::now();
    let Compared { off, on, tries } = compare(without, &mut with).await;
    let (cpu, seconds) = (bridge.processor_seconds(), began.elapsed().as_secs_f64());
    let ratio = on as f64 / off as f64;
    let reports = bridge.reports();
    let lag = reports.iter().map(|report| report.lag).max().unwrap_or(u64::MAX);
    let last = reports.last().expect("it ran for some seconds");
    println!(
        "with a store       p50 {on} us, without {off} us, ratio {ratio:.2} ({ROUNDS} rounds, in turn; try {tries} of {TRIES})",
    );
    println!(
        "turns kept         {:.0} a second for {seconds:.0} s, {} lost, committed within {lag} ms, {:.0} % of a core",
        f64::from(last.kept) / reports.len() as f64,
        last.lost,
        cpu / seconds * 100.0
    );
    let _ = std::fs::remove_dir_all(&folder);
    assert!(last.lost == 0 && !last.away, "turns were lost");
    assert!(lag <= MOST_LAG, "a commit took {lag} ms");
    assert!(ratio <= MOST_RATIO, "a store adds more than a tenth to a delta's way");
}

/// The same way of a delta while many look on at many calls, against a bridge with as many calls and nobody.
async fn with_consoles(model: &str) {
    let alone = Process::start(model, "none", WATCHED_TURNS, Some(WATCHED_CALLS));
    let watched = Process::start(model, "none", WATCHED_TURNS, Some(WATCHED_CALLS));
    let (mut without, mut with) = (connect(&alone.twilio()).await, connect(&watched.twilio()).await);
    // All of the calls are there after ten seconds.
    tokio::time::sleep(Duration::from_secs(11)).await;
    let bytes = Arc::new(AtomicU64::new(0));
    let mut consoles = tokio::task::JoinSet::new();
    for _ in 0..CONSOLES {
        consoles.spawn(look_on(watched.address.clone(), bytes.clone()));
    }
    let (cpu, began) = (watched.processor_seconds(), Instant::now());
    let Compared { off, on, tries } = compare(&mut without, &mut with).await;
    let seconds = began.elapsed().as_secs_f64();
    let ratio = on as f64 / off as f64;
    println!(
        "with consoles      p50 {on} us, without {off} us, ratio {ratio:.2} ({CONSOLES} consoles, {WATCHED_CALLS} calls; try {tries} of {TRIES})"
    );
    println!(
        "shown              {:.0} KiB a second to each console, {:.0} % of a core in all",
        bytes.load(Ordering::Relaxed) as f64 / 1024.0 / seconds / CONSOLES as f64,
        (watched.processor_seconds() - cpu) / seconds * 100.0
    );
    assert_eq!(consoles.len(), CONSOLES, "a console was dropped");
    assert!(ratio <= MOST_RATIO, "consoles add more than a tenth to a delta's way");
}

/// A console: reads the board until it ends.
async fn look_on(address: Url, bytes: Arc<AtomicU64>) {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
    let url = address.join("/api/v1/live").expect("an address");
    let mut board = client.get(url).send().await.expect("a board");
    while let Ok(Some(chunk)) = board.chunk().await {
        bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
    }
}

/// The medians of two sides in microseconds.
struct Compared {
    off: u64,
    on: u64,
    tries: usize,
}

/// Measures both in turn, so that what the machine does beside it meets both.
async fn compare(without: &mut Conversation, with: &mut Conversation) -> Compared {
    let mut tries = 0;
    loop {
        tries += 1;
        let (mut off, mut on) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            off.push(at(&delays(without, TURNS_A_ROUND).await, 0.5));
            on.push(at(&delays(with, TURNS_A_ROUND).await, 0.5));
        }
        off.sort_unstable();
        on.sort_unstable();
        let (off, on) = (off[ROUNDS / 2], on[ROUNDS / 2]);
        if tries >= TRIES || on as f64 <= off as f64 * MOST_RATIO {
            return Compared { off, on, tries };
        }
    }
}

async fn connect(twilio: &Twilio) -> Conversation {
    let mut call = twilio.call("+15550100001", "+15550100002");
    call.dial().await.expect("an answer");
    call.connect(Rate::Instant).await.expect("a session")
}

/// From the model's write to the frame's arrival, in microseconds, sorted.
async fn delays(conversation: &mut Conversation, turns: usize) -> Vec<u64> {
    let mut delays: Vec<u64> = Vec::new();
    for turn in 0..turns {
        let before = conversation.frames().len();
        // Not the same each time: who repeats oneself is handed over.
        conversation.say(&format!("go on with part {turn}")).await.expect("a caller");
        conversation.wait_words(SOON).await.expect("a reply");
        for frame in &conversation.frames()[before..] {
            if let Ok(sent) = frame.token.trim().parse::<u64>() {
                let arrived = frame.at.duration_since(*EPOCH).as_micros() as u64;
                delays.push(arrived.saturating_sub(sent));
            }
        }
    }
    delays.sort_unstable();
    assert!(delays.len() >= turns * TOKENS as usize * 9 / 10, "deltas were lost");
    delays
}

fn at(sorted: &[u64], share: f64) -> u64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
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
    output: Arc<Mutex<Vec<String>>>,
}

/// How the store does, as told every second.
struct Report {
    kept: u32,
    lost: u64,
    lag: u64,
    away: bool,
}

impl Process {
    fn start(model: &str, database: &str, turns: u32, at_once: Option<u32>) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        command.env(ROLE, model).env(DATABASE, database).stdout(Stdio::piped());
        if turns > 0 {
            command.env(KEPT, turns.to_string());
        }
        if let Some(calls) = at_once {
            command.env(AT_ONCE, calls.to_string());
        }
        let mut child = command.spawn().expect("the bridge starts");
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().expect("its output"));
        reader.read_line(&mut line).expect("its address");
        let output = Arc::new(Mutex::new(Vec::new()));
        let lines = output.clone();
        std::thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                lines.lock().expect("nobody panics with it").push(line);
            }
        });
        Self { child, address: Url::parse(line.trim()).expect("an address"), output }
    }

    fn twilio(&self) -> Twilio {
        let account = format!("AC{}", "0".repeat(32));
        Twilio::new(self.address.clone(), self.address.clone(), account, None).expect("a client")
    }

    fn reports(&self) -> Vec<Report> {
        let read = |line: &String| {
            let words: Vec<u64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
            Report { kept: words[0] as u32, lost: words[1], lag: words[2], away: words[3] == 1 }
        };
        self.output.lock().expect("nobody panics with it").iter().map(read).collect()
    }

    /// User and system time so far.
    fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("a process");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: f64 = [fields[11], fields[12]].iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
        // Linux counts in hundredths of a second for every program.
        ticks / 100.0
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
