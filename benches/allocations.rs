//! How often the allocator is called for each token: `cargo bench --bench allocations`.
//!
//! The server runs in this process, which counts; the model and the callers are this program once more. Answers of
//! 120 tokens are compared with answers of 20, so that only what a token takes is left. The figure repeats itself
//! on any machine, and is held against `benches/ceilings.toml`.
//!
//! `-- --profile FILE` writes where everything was allocated, for <https://nnethercote.github.io/dh_view/dh_view.html>.
//! Build it with names then: `CARGO_PROFILE_BENCH_STRIP=none CARGO_PROFILE_BENCH_DEBUG=line-tables-only`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};

use dhat::HeapStats;
use tokio::task::{JoinSet, spawn_blocking};
use tokio_util::sync::CancellationToken;
use warmline::app::Server;
use warmline::caller::load::Report;
use warmline::config::Config;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Tells this program that it is `warmline`.
const ROLE: &str = "WARMLINE_ALLOCATIONS_ROLE";
const SHORT: u64 = 20;
const LONG: u64 = 120;
const CALLS: u64 = 4;
const TURNS: u64 = 5;

#[derive(serde::Deserialize)]
struct Ceilings {
    allocations_per_token: f64,
}

fn main() -> ExitCode {
    if std::env::var_os(ROLE).is_some() {
        return warmline::cli::main();
    }
    let mut arguments = std::env::args_os().skip_while(|argument| argument != "--profile").skip(1);
    let profile = arguments.next().map(PathBuf::from);
    let profiler = dhat::Profiler::builder();
    let counting = match &profile {
        // In testing mode the counts can be asked for; else they are written at the end.
        Some(file) => profiler.file_name(file).build(),
        None => profiler.testing().build(),
    };
    // One thread, so that nothing depends on how work is divided.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if profile.is_some() {
        runtime.block_on(Box::pin(measure(&[LONG])));
        drop(counting);
        return ExitCode::SUCCESS;
    }
    let counts = runtime.block_on(Box::pin(measure(&[SHORT, SHORT, LONG])));
    // The first load warms up.
    let (short, long) = (counts[2] - counts[1], counts[3] - counts[2]);
    let tokens = ((LONG - SHORT) * CALLS * TURNS) as f64;
    let per_token = long.saturating_sub(short) as f64 / tokens;
    let ceilings: Ceilings = toml::from_str(include_str!("ceilings.toml")).expect("the file is TOML");
    let ceiling = ceilings.allocations_per_token;
    println!("allocations per token  {per_token:.2}  (ceiling {ceiling})");
    if per_token > ceiling {
        println!("that is above the ceiling in benches/ceilings.toml");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Runs these loads against a server in this process. Returns how many blocks were allocated before the first and
/// after each.
async fn measure(loads: &[u64]) -> Vec<u64> {
    let (model, url) = model();
    let settings = [("PORT", "0"), ("OPENAI_BASE_URL", &url), ("DATABASE_URL", "none")];
    let settings: BTreeMap<_, _> =
        settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let server = Server::start(Config::load(&settings).expect("settings")).await.expect("a server");
    let webhook = format!("http://{}/voice/incoming", server.address());
    let mut serving = JoinSet::new();
    serving.spawn(Box::pin(server.serve(CancellationToken::new(), CancellationToken::new())));
    let is_testing = loads.len() > 1;
    let blocks = || if is_testing { HeapStats::get().total_blocks } else { 0 };
    let mut counts = vec![blocks()];
    for tokens in loads {
        let (webhook, tokens) = (webhook.clone(), *tokens);
        let report = spawn_blocking(move || call(&webhook, tokens)).await.expect("the callers run");
        assert!(!report.is_void, "{}", report.verdict());
        assert_eq!(report.counts.words, tokens * CALLS * TURNS);
        counts.push(blocks());
    }
    drop(model);
    counts
}

struct Model(Child);

impl Drop for Model {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn warmline() -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env_clear().env(ROLE, "1").stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

fn model() -> (Model, String) {
    let child = warmline().args(["bench", "model", "--rate", "100"]).spawn().expect("the model starts");
    let mut model = Model(child);
    let mut line = String::new();
    let output = model.0.stdout.as_mut().expect("its output");
    BufReader::new(output).read_line(&mut line).expect("its address");
    (model, line.trim().to_owned())
}

fn call(webhook: &str, tokens: u64) -> Report {
    let (calls, turns, tokens) = (CALLS.to_string(), TURNS.to_string(), tokens.to_string());
    let options = ["--calls", &calls, "--turns", &turns, "--tokens", &tokens, "--once", "--think", "50"];
    let mut command = warmline();
    let command = command.args(["bench", "--json", "--pid", "none", "--webhook", webhook]).args(options);
    let output = command.output().expect("the callers run");
    serde_json::from_slice(&output.stdout).expect("the callers tell what came of it")
}
