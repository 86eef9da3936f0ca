//! Nobody is stranded: many calls at once, and something goes wrong in most of them.
//!
//! ```sh
//! cargo run --release --example chaos -- --calls 500 --seed 7
//! cargo run --release --example chaos -- soak --minutes 30 --calls 200
//! ```
//!
//! The server is this program once more, in a process of its own, on a port and a database file that it finds
//! again when it was killed. The callers, the model and the tools are here. What happens in a call is drawn
//! from the seed before it begins, so `--only 17` repeats call 17, with what it brings upon the server.
//! docs/RELIABILITY.md tells more.

#![expect(clippy::print_stdout, reason = "a run prints its figures")]

mod caller;
mod dice;
mod ending;
mod endpoint;
mod plan;
mod run;
mod script;
mod server;
mod soak;
mod tally;
mod trouble;
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use warmline::config::Environment;

/// Calls with random trouble, against a server of their own
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    mode: Option<Mode>,
    /// How many calls
    #[arg(long, default_value_t = 500)]
    calls: u64,
    /// What everything is drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many calls go on at the same time
    #[arg(long, default_value_t = 50)]
    at_once: usize,
    /// How many times faster everything goes: speech, and the timings in warmline.toml
    #[arg(long, default_value_t = 2)]
    speed: u64,
    /// This call alone
    #[arg(long)]
    only: Option<u64>,
    /// How many milliseconds a busy machine may add to a silence
    #[arg(long, default_value_t = 250)]
    slack: u64,
}

#[derive(Subcommand)]
enum Mode {
    /// The same number of calls at the same time for long, while memory, open files and threads are watched
    Soak {
        /// For how long
        #[arg(long, default_value_t = 30)]
        minutes: u64,
        /// How many calls go on at the same time
        #[arg(long, default_value_t = 200)]
        calls: usize,
        /// What everything is drawn from
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many times faster everything goes
        #[arg(long, default_value_t = 3)]
        speed: u64,
    },
}

fn main() -> ExitCode {
    if std::env::var_os(server::ROLE).is_some() {
        server::end_with_its_parent();
        return match Environment::read() {
            Ok(environment) => {
                warmline::cli::serve::run(&environment, &warmline::cli::serve::ServeArgs::default())
            }
            Err(_) => ExitCode::FAILURE,
        };
    }
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let done = match arguments.mode {
        Some(Mode::Soak { minutes, calls, seed, speed }) => {
            let time = Duration::from_secs(60 * minutes);
            runtime.block_on(soak::soak(&soak::Soak { time, calls, seed, speed }))
        }
        None => {
            let Arguments { calls, seed, at_once, speed, only, slack, .. } = arguments;
            let slack = Duration::from_millis(slack);
            runtime.block_on(run::chaos(&run::Run { calls, seed, at_once, speed, only, slack }))
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("cannot run: {error}");
            ExitCode::FAILURE
        }
    }
}
