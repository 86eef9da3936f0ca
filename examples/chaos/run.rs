//! The run: every call once, the weather beside them, and the figures at the end.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use warmline::clock::now;

use crate::caller::{Caller, Fate, World};
use crate::dice::Dice;
use crate::endpoint::Endpoint;
use crate::plan::{Plan, Weather};
use crate::server::{Server, Setting};
use crate::tally::Tally;

/// The longest silence that a caller may have to hear who is owed speech, at normal speed.
const SILENCE: Duration = Duration::from_secs(3);
/// How long the model is not listening, at normal speed.
const MODEL_AWAY: Duration = Duration::from_secs(3);
/// How long the store is away: longer than a database that is locked is waited for.
const STORE_AWAY: Duration = Duration::from_secs(8);
/// How long the server may take to end after the last call.
const ENDING: Duration = Duration::from_secs(20);
const WEATHER: usize = 16;

/// What is run.
pub(crate) struct Run {
    pub(crate) calls: u64,
    pub(crate) seed: u64,
    pub(crate) at_once: usize,
    pub(crate) speed: u64,
    pub(crate) only: Option<u64>,
    pub(crate) slack: Duration,
}

/// A server with everything around it.
pub(crate) struct Stage {
    pub(crate) world: Arc<World>,
    /// The endpoint and the weather, which end with it.
    _tasks: JoinSet<()>,
}

impl Stage {
    pub(crate) async fn set(tally: Arc<Tally>, seed: u64, speed: u64) -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let endpoint = Arc::new(Endpoint::new(tally, speed));
        // One run in two has a second model.
        let fallback = Dice::of_call(seed, 0).percent(50);
        let server = Server::start(&Setting { endpoint: &address, fallback, speed }).await?;
        let (weather, coming) = mpsc::channel(WEATHER);
        let twilio = server.twilio()?;
        let world = Arc::new(World { endpoint: endpoint.clone(), server, twilio, speed, weather });
        let mut tasks = JoinSet::new();
        tasks.spawn(endpoint.serve(listener));
        tasks.spawn(weather_comes(world.clone(), coming));
        Ok(Self { world, _tasks: tasks })
    }
}

/// Does what calls bring upon the server as a whole.
async fn weather_comes(world: Arc<World>, mut coming: mpsc::Receiver<Weather>) {
    let mut under_way = JoinSet::new();
    while let Some(weather) = coming.recv().await {
        let world = world.clone();
        under_way.spawn(async move {
            match weather {
                Weather::Kill => world.server.restart().await,
                Weather::StoreLocked => world.server.lock_store(STORE_AWAY).await,
                Weather::StoreGone => world.server.lose_store(STORE_AWAY / 2).await,
                Weather::ModelAway => {
                    world.endpoint.set_away(true);
                    tokio::time::sleep(MODEL_AWAY / world.speed as u32).await;
                    world.endpoint.set_away(false);
                }
            }
        });
        while under_way.try_join_next().is_some() {}
    }
}

/// Runs all calls. Returns whether everything was as it must be.
pub(crate) async fn chaos(run: &Run) -> Result<bool, Box<dyn Error>> {
    let tally = Arc::new(Tally::default());
    let stage = Stage::set(tally.clone(), run.seed, run.speed).await?;
    let limit = SILENCE / run.speed as u32 + run.slack;
    let began = now();
    let mut calls = JoinSet::new();
    let numbers = run.only.map_or(1..=run.calls, |only| only..=only);
    for number in numbers {
        while calls.len() >= run.at_once {
            judge(calls.join_next().await, run, limit, &tally)?;
        }
        let (world, plan) = (stage.world.clone(), Plan::draw(run.seed, number, run.speed, false));
        calls.spawn(async move { Box::pin(Caller::new(&world, plan).run()).await });
    }
    while !calls.is_empty() {
        judge(calls.join_next().await, run, limit, &tally)?;
    }
    let panics = stage.world.server.panics();
    let ended = stage.world.server.end(ENDING).await;
    if !ended {
        println!("the server does not end after the last call: something of one is left");
    }
    for panic in &panics {
        println!("{panic}");
    }
    Ok(report(run, &tally, limit, began) && ended && panics.is_empty())
}

/// Counts a call, and tells its story if something was not as it must be.
fn judge(
    fate: Option<Result<Fate, tokio::task::JoinError>>,
    run: &Run,
    limit: Duration,
    tally: &Tally,
) -> Result<(), Box<dyn Error>> {
    let Some(fate) = fate else { return Ok(()) };
    let fate = fate?;
    let mut wrong = fate.watch.breaks.clone();
    wrong.dedup();
    if let Err(why) = &fate.end {
        wrong.push(format!("stranded: {why}"));
    }
    if fate.watch.silence > limit {
        wrong.push(format!("silent for {} ms", fate.watch.silence.as_millis()));
    }
    // What is waited for then is fixed in the code, so it does not scale.
    if fate.watch.reopening > SILENCE {
        wrong.push(format!("silent for {} ms when taken up again", fate.watch.reopening.as_millis()));
    }
    count(&fate, &wrong, tally);
    if !wrong.is_empty() {
        println!("\ncall {} of seed {}: {}", fate.number, run.seed, wrong.join("; "));
        println!("  repeat it with --seed {} --speed {} --only {}", run.seed, run.speed, fate.number);
        println!("  {:?}", Plan::draw(run.seed, fate.number, run.speed, false));
        for line in &fate.trace {
            println!("  {line}");
        }
    }
    Ok(())
}

fn count(fate: &Fate, wrong: &[String], tally: &Tally) {
    let mut counts = tally.counts();
    let end = fate.end.as_ref().map_or("stranded", |end| end);
    *counts.ends.entry(end).or_default() += 1;
    counts.answers += fate.answers;
    counts.silence = counts.silence.max((fate.watch.silence, fate.number));
    counts.reopening = counts.reopening.max((fate.watch.reopening, fate.number));
    if !wrong.is_empty() {
        counts.failed.push(fate.number);
    }
}

fn report(run: &Run, tally: &Tally, limit: Duration, began: Instant) -> bool {
    let counts = tally.counts();
    let calls: u64 = counts.ends.values().sum();
    let seconds = now().saturating_duration_since(began).as_secs();
    println!("\nseed {}, {calls} calls in {seconds} s, {} times as fast as a call", run.seed, run.speed);
    println!("faults, {} in all", counts.faults.values().sum::<u64>());
    for (kind, count) in &counts.faults {
        println!("  {count:>5}  {kind}");
    }
    println!("where callers got to");
    for (end, count) in &counts.ends {
        println!("  {count:>5}  {end}");
    }
    println!("  {:>5}  answers of the AI on the way there", counts.answers);
    let told = |(silence, call): (Duration, u64)| format!("{} ms in call {call}", silence.as_millis());
    println!(
        "longest silence where speech was owed    {} (limit {} ms)",
        told(counts.silence),
        limit.as_millis()
    );
    println!(
        "longest until a lost line speaks again   {} (limit {} ms)",
        told(counts.reopening),
        SILENCE.as_millis()
    );
    println!("calls in which a rule was broken         {}", counts.failed.len());
    counts.failed.is_empty()
}
