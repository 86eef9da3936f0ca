//! `warmline prompts`: which variants there are, how they differ, and what the model would get.

mod diff;
mod list;
mod render;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{USAGE, complain, load};
use crate::config::{Config, Vars};
use crate::playbook::{Playbook, Source, Sources};
use crate::prompts::{BASE, CallFacts, FileError, is_variant};
use crate::tools::Tools;

/// What to do with the prompts.
#[derive(Debug, Args)]
#[command(about = "List, compare and render the prompts and their variants")]
pub struct PromptsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the base and its variants: share, version, tokens, files, and what is wrong with them
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Compare two variants, or two folders: their files, and the system prompt that comes of them
    Diff {
        /// A variant, `base`, or a folder such as ./prompts
        from: String,
        /// The other one
        to: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    Render(Box<render::RenderArgs>),
}

/// A playbook that was asked for, and where it is.
struct Subject {
    /// As it was asked for.
    name: String,
    sources: Sources,
    variant: String,
    playbook: Playbook,
}

/// Runs what was asked for.
pub fn run(vars: &impl Vars, args: &PromptsArgs) -> ExitCode {
    let config = match load(vars) {
        Ok(config) => config,
        Err(code) => return code,
    };
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = match Tools::client() {
        Ok(client) => client,
        Err(error) => {
            complain(&format!("cannot set up the HTTP client: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match &args.action {
        Action::List { json } => list::run(&config, &client, *json),
        Action::Diff { from, to, json } => diff::run(&config, &client, (from, to), *json),
        Action::Render(args) => render::run(&config, &client, args),
    }
}

fn sources(config: &Config) -> Sources {
    Sources::choose(config.prompts.clone(), config.tools.clone(), Path::new("."))
}

/// A variant by its name, or a folder of prompts, which has the tools of the settings.
fn subject(config: &Config, client: &reqwest::Client, name: &str) -> Result<Subject, FileError> {
    let mut sources = sources(config);
    let variants = sources.variants().unwrap_or_default();
    let is_folder = !is_variant(name) || !variants.iter().any(|known| known == name);
    let variant = if name != BASE && is_folder && Path::new(name).is_dir() {
        sources.prompts = Source::Folder(PathBuf::from(name));
        BASE.to_owned()
    } else {
        name.to_owned()
    };
    let playbook = Playbook::load(&sources, &variant, client)?;
    Ok(Subject { name: name.to_owned(), sources, variant, playbook })
}

/// The facts of a plain call.
fn plain_call(playbook: &Playbook) -> CallFacts {
    CallFacts {
        language: playbook.prompts.front.language.clone(),
        direction: "inbound".to_owned(),
        verified: "none".to_owned(),
        ..CallFacts::default()
    }
}

/// Says what is wrong with a file: a matter of settings.
fn broken(error: &FileError) -> ExitCode {
    complain(&error.to_string());
    ExitCode::from(USAGE)
}

#[expect(clippy::print_stdout, reason = "a command line speaks to its terminal")]
fn say(text: &str) {
    print!("{text}");
}
