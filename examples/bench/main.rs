//! How fast, and how many: everything docs/PERFORMANCE.md states, in one go on one machine.
//!
//! ```sh
//! cargo run --release --example bench                     # all of it, some 25 minutes
//! cargo run --release --example bench -- --quick          # the same with little patience, for a first look
//! cargo run --release --example bench -- --only cpu,one-core
//! cargo run --release --example bench -- report           # table and picture from the last figures
//! ```
//!
//! The server, the hand-written variants, the model and the callers are this program once more, each in a process
//! of its own. What is compared is measured in turn, several times, and the medians count. A run in which a word
//! was lost, doubled, reordered, stale or foreign is void, and so is then everything.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod counting;
mod figures;
mod goals;
mod groups;
mod page;
mod picture;
mod profiling;
#[path = "../floor/relay/mod.rs"]
mod relay;
mod stage;
mod starting;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use figures::{Failed, Figures, Machine};
use groups::{Bench, Group, Peer};

/// Measures what the bridge takes, against the least that a server can take
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Fewer rounds, shorter ones, fewer calls
    #[arg(long)]
    quick: bool,
    /// How often each side of a comparison is measured
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PARTS")]
    only: Vec<Group>,
    /// Another server that runs already: NAME=ws-url
    #[arg(long, value_name = "NAME=URL")]
    peer: Vec<Peer>,
    /// Python with `twilio-agent-connect` 2.5.0 and `openai`, to be compared with
    #[arg(long, value_name = "PYTHON")]
    agent_connect: Option<PathBuf>,
    /// Fail if instructions or allocations are above benches/ceilings.toml
    #[arg(long)]
    gate: bool,
    /// Where the figures are kept; those of parts that are not measured stay
    #[arg(long, value_name = "FILE", default_value = "docs/performance.json")]
    figures: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Write the table and the picture of docs/PERFORMANCE.md
    Report,
    /// Show where the server's time goes, or its instructions; wants `--profile profiling`
    Profile {
        /// What is counted
        #[arg(value_enum, default_value_t = Counted::Time)]
        counted: Counted,
        /// Where the flame graph or callgrind's file goes
        #[arg(long, value_name = "FILE", default_value = "profile.svg")]
        output: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Counted {
    /// Samples of time, by perf
    Time,
    /// Instructions, by valgrind
    Instructions,
}

fn main() -> ExitCode {
    if let Some(code) = stage::play_a_role() {
        return code;
    }
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Some(Command::Report) => report(&arguments.figures),
        Some(Command::Profile { counted: Counted::Time, output }) => profiling::time(output).map(|()| true),
        Some(Command::Profile { counted: Counted::Instructions, output }) => {
            profiling::instructions(output).map(|()| true)
        }
        None => measure(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("cannot measure: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether all figures count, and none is above its ceiling.
fn measure(arguments: &Arguments) -> Result<bool, Failed> {
    let kept = Figures::read(&arguments.figures).filter(|_| !arguments.only.is_empty());
    let figures = Figures { machine: Machine::this(), ..kept.unwrap_or_default() };
    let rounds = arguments.rounds.unwrap_or(if arguments.quick { 1 } else { 5 });
    let mut bench = Bench::new(figures, rounds, arguments.quick);
    let all = Group::all();
    let groups = if arguments.only.is_empty() { all } else { &arguments.only };
    for group in groups {
        bench.measure(*group, arguments.agent_connect.as_deref(), &arguments.peer)?;
        bench.figures.write(&arguments.figures)?;
    }
    let figures = bench.figures;
    println!("\n{}", goals::table(&figures));
    let within = !arguments.gate || goals::keeps_ceilings(&figures);
    let correct = figures.faults() == 0;
    if !correct {
        println!("VOID: {} faults; no figure counts", figures.faults());
    }
    Ok(correct && within)
}

fn report(path: &Path) -> Result<bool, Failed> {
    let figures = Figures::read(path).ok_or("there are no figures yet")?;
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::write(folder.join("performance.svg"), picture::growth(&figures))?;
    page::write(&folder.join("PERFORMANCE.md"), &figures)?;
    println!("{}", goals::table(&figures));
    Ok(figures.faults() == 0)
}
