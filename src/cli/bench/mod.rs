//! `warmline bench`: many callers at once against a server, and the model that stands behind it meanwhile.

mod model;
mod options;

use std::io::Write as _;
use std::process::ExitCode;

use super::complain;
use crate::caller::load::{Load, Report};
pub use model::ModelOptions;
pub use options::BenchOptions;
use options::Refused;

/// What makes no sense on the command line.
const USAGE: u8 = 64;

/// Call a server many times at once, count every word and measure how long it took
///
/// The server's model has to be `warmline bench model`, whose words can be recognised. Exit code 1 says that a
/// word was lost, doubled, reordered, stale or foreign, or a call went wrong otherwise: no figure counts then.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct BenchArgs {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    load: BenchOptions,
}

#[derive(Debug, clap::Subcommand)]
enum Role {
    Model(ModelOptions),
}

/// Runs the load, or the model on this port.
pub fn run(args: BenchArgs, port: Option<&str>) -> ExitCode {
    // One thread: the machine is there for the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let port = match port.map_or(Ok(0), str::parse) {
        Ok(port) => port,
        Err(_) => {
            complain("--port takes a number from 0 to 65535");
            return ExitCode::from(USAGE);
        }
    };
    match args.role {
        Some(Role::Model(options)) => runtime.block_on(model::run(&options, port)),
        None => match args.load.load() {
            Ok(load) => runtime.block_on(call(load, args.load.json)),
            Err(Refused(reason)) => {
                complain(&reason);
                ExitCode::from(USAGE)
            }
        },
    }
}

async fn call(load: Load, json: bool) -> ExitCode {
    match Box::pin(load.run()).await {
        Ok(report) => print(&report, json),
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn print(report: &Report, json: bool) -> ExitCode {
    let text = if json {
        serde_json::to_string(report).expect("a report is made of numbers and names")
    } else {
        report.to_string()
    };
    // With the output closed there is nobody left to tell.
    let _ = writeln!(std::io::stdout(), "{text}");
    if report.is_void {
        complain(&report.verdict());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
