//! The parts of the benchmark: who is measured under which load, and in which order.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;

use super::counting;
use super::figures::{Failed, Figures, Idle, Run};
use super::stage::{ModelProcess, Place, Running, Side};
use super::starting;

/// How many idle calls one process is asked to hold. Open files are often limited to 20,000.
const IDLE_CALLS: u64 = 18_000;
/// Tokens a second in each stream of the model.
const RATE: u64 = 50;
/// Tokens of an answer.
const TOKENS: u64 = 60;

/// The bridge that keeps its calls, while somebody looks at them.
pub(crate) const WATCHED: &str = "with store";

/// With which share of the machine others are quiet.
const QUIET: f64 = 0.05;

/// One part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// 500 calls, everything on all cores: processor time, delay, the store's share
    Cpu,
    /// The server alone on one core, with one worker
    OneCore,
    /// The same stream of tokens, divided among more and more calls
    Growth,
    /// Memory: of the process, of an idle call, of a call that hears an answer
    Memory,
    /// 18,000 idle calls
    Idle,
    /// From the start to readiness on an existing database
    Start,
    /// Interrupts, partial prompts, persons, writes cut at random
    Correct,
    /// Instructions for each token, by valgrind
    Instructions,
    /// Allocations for each token, by a counting allocator
    Allocations,
    /// Other servers
    Peers,
}

/// Another server.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    name: String,
    url: String,
}

/// What is measured with, and what came of it so far.
pub(crate) struct Bench {
    pub(crate) figures: Figures,
    rounds: usize,
    /// How often a run is made at the most while others are busy on the machine.
    tries: usize,
    quick: bool,
}

/// Which run it is.
struct Name<'a> {
    group: &'a str,
    side: &'a str,
    round: usize,
}

/// The model, and where the server and everybody else may run.
struct Cast<'a> {
    model: &'a ModelProcess,
    server: Place,
    others: Place,
}

/// One load.
struct Load {
    calls: u64,
    /// Milliseconds between answer and question.
    think: u64,
    /// Seconds in which the calls begin, go on before it is measured, and are measured.
    ramp: u64,
    warm_up: u64,
    seconds: u64,
    more: &'static [&'static str],
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, url) = text.split_once('=').ok_or("NAME=ws-url")?;
        Ok(Self { name: name.to_owned(), url: url.to_owned() })
    }
}

impl Group {
    pub(crate) fn all() -> &'static [Self] {
        Self::value_variants()
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::OneCore => "one-core",
            Self::Growth => "growth",
            Self::Memory => "memory",
            Self::Idle => "idle",
            Self::Start => "start",
            Self::Correct => "correct",
            Self::Instructions => "instructions",
            Self::Allocations => "allocations",
            Self::Peers => "peers",
        }
    }
}

/// The bridge, with a database and settings.
pub(crate) fn warmline(database: &str, settings: &str) -> Side {
    Side::Warmline { database: database.to_owned(), settings: settings.to_owned() }
}

impl<'a> Cast<'a> {
    fn anywhere(model: &'a ModelProcess) -> Self {
        Self { model, server: Place::Anywhere, others: Place::Anywhere }
    }
}

impl Bench {
    pub(crate) fn new(figures: Figures, rounds: usize, tries: usize, quick: bool) -> Self {
        Self { figures, rounds, tries, quick }
    }

    /// Measures one part anew.
    pub(crate) fn measure(
        &mut self,
        group: Group,
        agent_connect: Option<&Path>,
        peers: &[Peer],
    ) -> Result<(), Failed> {
        println!("\n== {}", group.name());
        self.figures.runs.retain(|run| run.group != group.name());
        match group {
            Group::Cpu => self.cpu(),
            Group::OneCore => self.one_core(),
            Group::Growth => self.growth(),
            Group::Memory => self.memory(),
            Group::Idle => self.idle(),
            Group::Start => {
                self.figures.starts = starting::starts(if self.quick { 3 } else { 15 })?;
                println!("started in {:?} ms", self.figures.starts);
                Ok(())
            }
            Group::Correct => self.correct(),
            Group::Instructions => {
                self.figures.instructions_per_token = Some(counting::instructions()?);
                Ok(())
            }
            Group::Allocations => {
                self.figures.allocations_per_token = Some(counting::allocations()?);
                Ok(())
            }
            Group::Peers => self.peers(agent_connect, peers),
        }
    }

    fn cpu(&mut self) -> Result<(), Failed> {
        let sides = [
            ("raw", Side::Raw),
            ("warmline", warmline("none", "")),
            (WATCHED, warmline("sqlite:calls.db", "")),
            ("floor", Side::Floor),
        ];
        let load = Load { calls: self.calls(500), ..self.load(10) };
        self.in_turn(Group::Cpu, &sides, [Place::Anywhere; 2], &load)
    }

    fn one_core(&mut self) -> Result<(), Failed> {
        let sides = [("raw", Side::Raw), ("warmline", warmline("none", ""))];
        let load = Load { calls: self.calls(500), ..self.load(10) };
        self.in_turn(Group::OneCore, &sides, [Place::Core(0), Place::Core(1)], &load)
    }

    /// Sides are measured in turn, and each round begins with another one.
    fn in_turn(
        &mut self,
        group: Group,
        sides: &[(&str, Side)],
        [server, others]: [Place; 2],
        load: &Load,
    ) -> Result<(), Failed> {
        let model = ModelProcess::start(others, &[])?;
        for round in 1..=self.rounds {
            for at in 0..sides.len() {
                let (name, side) = &sides[(at + round - 1) % sides.len()];
                let run = Name { group: group.name(), side: name, round };
                self.run(&run, side, &Cast { model: &model, server, others }, load)?;
            }
        }
        Ok(())
    }

    /// The model has 240 streams under way, whoever they are for.
    fn growth(&mut self) -> Result<(), Failed> {
        let model = ModelProcess::start(Place::Anywhere, &[])?;
        let streams = if self.quick { 60 } else { 240 };
        let sizes: &[u64] = if self.quick { &[100, 1_000] } else { &[400, 1_000, 2_000, 4_000] };
        for round in 1..=self.rounds.min(3) {
            for calls in sizes {
                let cycle = TOKENS * 1_000 / RATE * calls / streams;
                let load = Load {
                    calls: *calls,
                    think: cycle - TOKENS * 1_000 / RATE,
                    // Whoever begins speaks soon: spread like that, as many speak at any time.
                    ramp: cycle.div_ceil(1_000),
                    ..self.load(15)
                };
                let run = Name { group: Group::Growth.name(), side: &format!("{calls} calls"), round };
                self.run(&run, &warmline("none", ""), &Cast::anywhere(&model), &load)?;
            }
        }
        Ok(())
    }

    fn memory(&mut self) -> Result<(), Failed> {
        // Slow streams: all of them are under way at the same time.
        let model = ModelProcess::start(Place::Anywhere, &["--rate", "10"])?;
        let idle =
            Load { calls: self.calls(1_000), warm_up: 1, seconds: 2, more: &["--idle"], ..self.load(2) };
        let answered = Load { think: 50, ramp: 2, warm_up: 0, seconds: 3, more: &[], ..idle };
        for round in 1..=self.rounds.min(3) {
            for (name, load) in [("idle", &idle), ("answered", &answered)] {
                let run = Name { group: Group::Memory.name(), side: name, round };
                self.run(&run, &warmline("none", ""), &Cast::anywhere(&model), load)?;
            }
        }
        Ok(())
    }

    fn idle(&mut self) -> Result<(), Failed> {
        let calls = if self.quick { 2_000 } else { IDLE_CALLS };
        // The rule about silence is in force, and lets callers be silent for longer than the run takes.
        let settings = format!("[limits]\ncalls = {}\n[rules]\nsilence = 600000\n", calls + 500);
        let model = ModelProcess::start(Place::Anywhere, &[])?;
        let running = Running::start(&warmline("none", &settings), &model.url, Place::Anywhere)?;
        let load =
            Load { calls, ramp: calls / 600 + 1, warm_up: 2, seconds: 5, more: &["--idle"], ..self.load(5) };
        let report = running.call(Place::Anywhere, &load.options().each())?;
        let moments = report.moments.iter().map(|m| Idle { calls: m.connected, resident: m.resident });
        self.figures.idle = moments.collect();
        if report.is_void {
            println!("{}", report.verdict());
        }
        let run = Run::new(Group::Idle.name(), "warmline", 1, &report);
        show(&run);
        self.figures.runs.push(run);
        Ok(())
    }

    fn correct(&mut self) -> Result<(), Failed> {
        const EVERYTHING: &[&str] =
            &["--turns", "6", "--interrupts", "0.2", "--escalations", "0.03", "--partials", "2"];
        let load = Load { calls: self.calls(200), more: EVERYTHING, ..self.load(20) };
        for (name, options) in
            [("split", ["--split", "--jitter", "1"]), ("together", ["--together", "5", "--split"])]
        {
            let model = ModelProcess::start(Place::Anywhere, &options)?;
            let run = Name { group: Group::Correct.name(), side: name, round: 1 };
            self.run(&run, &warmline("sqlite:calls.db", ""), &Cast::anywhere(&model), &load)?;
        }
        Ok(())
    }

    fn peers(&mut self, agent_connect: Option<&Path>, peers: &[Peer]) -> Result<(), Failed> {
        let mut sides = vec![("warmline".to_owned(), warmline("none", ""))];
        sides.extend(
            agent_connect.map(|python| ("agent connect".to_owned(), Side::AgentConnect(python.to_owned()))),
        );
        sides.extend(peers.iter().map(|peer| (peer.name.clone(), Side::Peer(peer.url.clone()))));
        if sides.len() == 1 {
            println!("no peer was named");
            return Ok(());
        }
        let sides: Vec<(&str, Side)> =
            sides.iter().map(|(name, side)| (name.as_str(), side.clone())).collect();
        let load = Load { calls: self.calls(100), ..self.load(10) };
        self.in_turn(Group::Peers, &sides, [Place::Anywhere; 2], &load)
    }

    /// One run, kept and shown. While others are busy on this machine it is repeated, and the quietest one counts.
    fn run(&mut self, run: &Name<'_>, side: &Side, cast: &Cast<'_>, load: &Load) -> Result<(), Failed> {
        let cores = self.figures.machine.cores;
        let mut quietest: Option<Run> = None;
        // Memory and faults are the same whoever else is busy.
        let is_timed = ![Group::Memory.name(), Group::Correct.name()].contains(&run.group);
        for _ in 0..if is_timed { self.tries } else { 1 } {
            let running = Running::start(side, &cast.model.url, cast.server)?;
            if run.side == WATCHED {
                running.watch()?;
            }
            let model = cast.model.processor();
            let report = running.call(cast.others, &load.options().each())?;
            let model = cast.model.processor().saturating_sub(model);
            if report.is_void {
                println!("{}", report.verdict());
            }
            let found = Run::new(run.group, run.side, run.round, &report).beside(&report, model, cores);
            show(&found);
            // Noise excuses no fault.
            let is_first = quietest.as_ref().is_none_or(|quiet| found.neighbours < quiet.neighbours);
            if found.faults > 0 || is_first {
                quietest = Some(found);
            }
            if quietest.as_ref().is_some_and(|run| run.faults > 0 || run.neighbours <= QUIET) {
                break;
            }
        }
        self.figures.runs.extend(quietest);
        Ok(())
    }

    fn load(&self, seconds: u64) -> Load {
        let seconds = if self.quick { 3 } else { seconds };
        Load { calls: 100, think: 500, ramp: 2, warm_up: 2, seconds, more: &[] }
    }

    fn calls(&self, calls: u64) -> u64 {
        if self.quick { calls / 5 } else { calls }
    }
}

fn show(run: &Run) {
    println!(
        "{:<9} {:<14} round {}: {:>5} calls, {:>6.0} tokens/s, {:>6.2} us/token, delay p50 {:>4} us p99 {:>6} us, \
         asked p99 {:>5} us, {} KiB with all calls, callers {:.0} % of a core, neighbours {:.0} % of the machine",
        run.group,
        run.side,
        run.round,
        run.calls,
        run.words_per_second,
        run.processor,
        run.word.p50,
        run.word.p99,
        run.asked.p99,
        run.connected,
        run.callers * 100.0,
        run.neighbours * 100.0
    );
}

impl Load {
    fn options(&self) -> Options {
        let mut options = vec![("--tokens", TOKENS)];
        options.extend([("--calls", self.calls), ("--think", self.think), ("--ramp", self.ramp)]);
        options.extend([("--warm-up", self.warm_up), ("--seconds", self.seconds)]);
        let texts = options.into_iter().flat_map(|(name, value)| [name.to_owned(), value.to_string()]);
        Options(texts.chain(self.more.iter().map(|text| (*text).to_owned())).collect())
    }
}

struct Options(Vec<String>);

impl Options {
    fn each(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

/// How long a server may take to end once it is asked to.
pub(crate) const ENDING: Duration = Duration::from_secs(60);
