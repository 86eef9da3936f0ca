//! The soak: calls come and go for long, and what the server takes of the machine is watched.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use warmline::clock::now;

use crate::caller::{Caller, World};
use crate::plan::Plan;
use crate::run::Stage;
use crate::tally::Tally;

const EVERY: Duration = Duration::from_secs(10);
/// What the first samples show is a server that warms up.
const WARM_UP: f64 = 0.25;
/// How much memory may grow with each call that has ended, in KiB: its hand-off document is kept for hours, its
/// conversation for a quarter of an hour, the answers to its webhooks for a minute.
const MOST_PER_CALL: f64 = 12.0;
/// How much it may grow in a minute, in KiB, once the oldest make room: 20,000 documents are kept, and not every
/// call leaves one.
const MOST_PER_MINUTE: f64 = 256.0;
const KEPT_CALLS: u64 = 40_000;
/// Connections to the database and the like, that come and go without a call.
const MORE_FILES: u64 = 12;
/// How long connections that are kept for the next request stay open after the last one: callers keep theirs for
/// 90 s.
const COOLING: Duration = Duration::from_secs(120);
const ENDING: Duration = Duration::from_secs(20);

/// What is run.
pub(crate) struct Soak {
    pub(crate) time: Duration,
    pub(crate) calls: usize,
    pub(crate) seed: u64,
    pub(crate) speed: u64,
}

/// What the server takes of the machine.
#[derive(Debug, Clone, Copy)]
struct Sample {
    minutes: f64,
    /// Resident memory, in KiB.
    memory: u64,
    files: u64,
    threads: u64,
    ended: u64,
}

impl Sample {
    fn take(process: u32, began: Instant, ended: u64) -> Result<Self, Box<dyn Error>> {
        let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
        };
        let files = std::fs::read_dir(format!("/proc/{process}/fd"))?.count() as u64;
        let minutes = now().saturating_duration_since(began).as_secs_f64() / 60.0;
        Ok(Self { minutes, memory: field("VmRSS:"), files, threads: field("Threads:"), ended })
    }
}

/// What is counted of the calls.
#[derive(Default)]
struct Counts {
    live: AtomicU64,
    ended: AtomicU64,
    failed: AtomicU64,
}

/// Runs calls until the time is over. Returns whether the server takes no more and more of the machine.
pub(crate) async fn soak(soak: &Soak) -> Result<bool, Box<dyn Error>> {
    let stage = Stage::set(Arc::new(Tally::default()), soak.seed, soak.speed).await?;
    let process = stage.world.server.process();
    let began = now();
    let before = Sample::take(process, began, 0)?;
    let counts = Arc::new(Counts::default());
    let mut callers = JoinSet::new();
    for place in 0..soak.calls as u64 {
        let (world, counts) = (stage.world.clone(), counts.clone());
        let (seed, step, until) = (soak.seed, soak.calls as u64, began + soak.time);
        callers.spawn(async move { call_again(&world, &counts, seed, place + 1, step, until).await });
    }
    println!("minutes  live calls  ended  memory KiB  open files  threads");
    let mut samples = Vec::new();
    let mut tick = tokio::time::interval(EVERY);
    while !callers.is_empty() {
        tokio::select! {
            _ = tick.tick() => {
                let sample = Sample::take(process, began, counts.ended.load(Ordering::Relaxed))?;
                let live = counts.live.load(Ordering::Relaxed);
                let Sample { minutes, memory, files, threads, ended } = sample;
                println!("{minutes:7.1}  {live:>10}  {ended:>5}  {memory:>10}  {files:>10}  {threads:>7}");
                // While the last calls end there is less and less to be seen.
                if now() < began + soak.time {
                    samples.push(sample);
                }
            }
            Some(done) = callers.join_next() => done?,
        }
    }
    let failed = counts.failed.load(Ordering::Relaxed);
    println!("{} calls ended, {failed} of them not as they must", counts.ended.load(Ordering::Relaxed));
    let grown = !grows(&samples);
    let closed = cooled_down(process, began, before).await?;
    let ended = stage.world.server.end(ENDING).await;
    println!(
        "the server {}",
        if ended { "ended when it was told to" } else { "does not end: a call is left in it" }
    );
    Ok(grown && closed && ended && failed == 0)
}

/// One call after the other.
async fn call_again(world: &World, counts: &Counts, seed: u64, first: u64, step: u64, until: Instant) {
    let mut number = first;
    while now() < until {
        counts.live.fetch_add(1, Ordering::Relaxed);
        let plan = Plan::draw(seed, number, world.speed, true);
        let fate = Box::pin(Caller::new(world, plan).run()).await;
        counts.live.fetch_sub(1, Ordering::Relaxed);
        counts.ended.fetch_add(1, Ordering::Relaxed);
        if let Some(wrong) = fate.end.err().or(fate.watch.breaks.into_iter().next()) {
            counts.failed.fetch_add(1, Ordering::Relaxed);
            println!("call {number}: {wrong}");
        }
        number += step;
    }
}

/// Whether memory keeps growing, by the line that fits the samples best.
fn grows(samples: &[Sample]) -> bool {
    let Some(last) = samples.last() else { return false };
    let warm: Vec<&Sample> =
        samples.iter().filter(|sample| sample.minutes >= last.minutes * WARM_UP).collect();
    let by = |x: fn(&Sample) -> f64| slope(warm.iter().map(|sample| (x(sample), sample.memory as f64)));
    let (a_minute, a_call) = (by(|sample| sample.minutes), by(|sample| sample.ended as f64));
    println!("memory grows by {a_minute:.0} KiB a minute, {a_call:.2} KiB with each call that ended");
    let full: Vec<&Sample> = samples.iter().filter(|sample| sample.ended > KEPT_CALLS).collect();
    if full.len() >= 12 {
        let a_minute = slope(full.iter().map(|sample| (sample.minutes, sample.memory as f64)));
        println!("by {a_minute:.0} KiB a minute after {KEPT_CALLS} calls (limit {MOST_PER_MINUTE} KiB)");
        return a_minute > MOST_PER_MINUTE;
    }
    println!("limit {MOST_PER_CALL} KiB with each call, up to {KEPT_CALLS} calls");
    a_call > MOST_PER_CALL
}

/// Least squares.
fn slope(points: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let count = points.clone().count().max(1) as f64;
    let (x, y) = points.clone().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (x, y) = (x / count, y / count);
    let rise: f64 = points.clone().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let run: f64 = points.map(|point| (point.0 - x).powi(2)).sum();
    if run > 0.0 { rise / run } else { 0.0 }
}

/// Whether everything that calls had open is closed after the last of them.
async fn cooled_down(process: u32, began: Instant, before: Sample) -> Result<bool, Box<dyn Error>> {
    let deadline = now() + COOLING;
    loop {
        let after = Sample::take(process, began, 0)?;
        let closed = after.files <= before.files + MORE_FILES;
        if closed || now() >= deadline {
            println!("open files after the last call: {}, before the first: {}", after.files, before.files);
            return Ok(closed);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
