//! The command line.

#[cfg(feature = "caller")]
pub mod bench;
pub mod calls;
#[cfg(feature = "caller")]
pub mod chat;
#[cfg(feature = "caller")]
mod own_call;
pub mod prompts;
pub mod route;
pub mod serve;
pub mod twiml;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::app::StartError;
use crate::config::{Config, ConfigError, Environment, Overrides, Vars, table};

/// What went wrong with the settings, by the usual number.
const USAGE: u8 = 64;

/// A realtime voice-AI escalation bridge: from Twilio ConversationRelay to the right person, warm.
#[derive(Debug, Parser)]
#[command(name = "warmline", version, after_long_help = table::help())]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

/// Options of every command; each stands over the setting of the same name.
#[derive(Debug, Args)]
pub struct Options {
    /// Port to listen on
    #[arg(long, global = true, value_name = "PORT")]
    port: Option<String>,
    /// Folder of prompts
    #[arg(long, global = true, value_name = "DIR")]
    prompts: Option<PathBuf>,
    /// Folder of tool manifests
    #[arg(long, global = true, value_name = "DIR")]
    tools: Option<PathBuf>,
    /// File of structured settings
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer calls (what happens without a command)
    Serve,
    #[cfg(feature = "caller")]
    Chat(Box<chat::ChatOptions>),
    #[cfg(feature = "caller")]
    Bench(Box<bench::BenchArgs>),
    /// List, show, export and delete what is kept of calls
    Calls(calls::CallsArgs),
    Prompts(prompts::PromptsArgs),
    Route(route::RouteArgs),
    /// Print the documents that are served
    Twiml(twiml::TwimlArgs),
}

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no mistakes; clap prints each to where it belongs.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let vars = match Environment::read() {
        Ok(rest) => Overrides { values: cli.options.values(), rest },
        Err(error) => return refuse(&error),
    };
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(&vars),
        #[cfg(feature = "caller")]
        Command::Chat(options) => own_call::run(&vars, *options),
        #[cfg(feature = "caller")]
        Command::Bench(args) => bench::run(*args, cli.options.port.as_deref()),
        Command::Calls(args) => calls::run(&vars, args),
        Command::Prompts(args) => prompts::run(&vars, &args),
        Command::Route(args) => route::run(&vars, &args),
        Command::Twiml(args) => twiml::run(&vars, &args),
    }
}

impl Options {
    fn values(&self) -> BTreeMap<String, String> {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let values = [
            ("PORT", self.port.clone()),
            ("WARMLINE_PROMPTS", path(&self.prompts)),
            ("WARMLINE_TOOLS", path(&self.tools)),
            ("WARMLINE_CONFIG", path(&self.config)),
        ];
        values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// Says what is wrong with the settings, and how to go on.
fn refuse(error: &ConfigError) -> ExitCode {
    complain(&format!("{error}\nEvery setting: warmline --help"));
    ExitCode::from(USAGE)
}

/// Says why a server could not be started: a broken prompt or tool is a matter of settings.
fn not_started(error: &StartError) -> ExitCode {
    complain(&error.to_string());
    ExitCode::from(match error {
        StartError::Playbook(_) | StartError::Settings(_) | StartError::Store(_) => USAGE,
        StartError::Listen { .. } | StartError::Client(_) => 1,
    })
}

#[expect(clippy::print_stderr, reason = "a command line speaks to its terminal")]
fn complain(text: &str) {
    eprintln!("warmline: {text}");
}

fn load(vars: &impl Vars) -> Result<Config, ExitCode> {
    Config::load(vars).map_err(|error| refuse(&error))
}
