//! `warmline prompts render`: what the model would get for the first turn of a call.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{broken, plain_call, say, subject};
use crate::cli::complain;
use crate::cli::route::trait_value;
use crate::config::Config;
use crate::driver::first_turn;
use crate::llm::openai::request;
use crate::pii::Pii;
use crate::playbook::Playbook;
use crate::prompts::{BASE, CallFacts, FileError, estimated_tokens, given};

/// What is known of the call.
#[derive(Debug, Args)]
#[command(about = "Print the messages and tools that the model would get for the first turn of a call")]
pub(super) struct RenderArgs {
    /// The variant, or a folder of prompts
    #[arg(long, value_name = "NAME", default_value = BASE)]
    variant: String,
    /// Traits of the caller's profile: a JSON object, or TOML
    #[arg(long, value_name = "FILE")]
    traits: Option<PathBuf>,
    /// The language the call begins in [default: the prompt's]
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// Who called whom
    #[arg(long, value_name = "WORD", default_value = "inbound")]
    direction: String,
    /// The caller's name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How the network vouches for the number
    #[arg(long, value_enum, default_value_t = Verified::None)]
    verified: Verified,
    /// A custom parameter of the call; can be given again
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// The line had dropped, and nothing is known of the conversation before
    #[arg(long)]
    reconnected: bool,
    /// What the caller says first
    #[arg(long, value_name = "WORDS", default_value = "Hello?")]
    says: String,
    /// The request as JSON, with the estimates
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Verified {
    Full,
    Partial,
    Gateway,
    Failed,
    None,
}

/// Renders and prints.
pub(super) fn run(config: &Config, client: &reqwest::Client, args: &RenderArgs) -> ExitCode {
    let playbook = match subject(config, client, &args.variant) {
        Ok(subject) => subject.playbook,
        Err(error) => return broken(&error),
    };
    let facts = match facts(config, args, &playbook) {
        Ok(facts) => facts,
        Err(problem) => return broken(&problem),
    };
    // A call would go on with the embedded prompt. Who tunes one wants to know.
    if let Err(error) = playbook.prompts.render(&facts) {
        complain(&error.to_string());
        return ExitCode::FAILURE;
    }
    let Some(question) = first_turn(&playbook, &facts, &args.says, Arc::new(config.rules.clone())) else {
        complain("a rule of [rules] answers these words: no model is asked");
        return ExitCode::FAILURE;
    };
    let model = config.models.as_ref().and_then(|models| models.primary.model.as_deref());
    match request(&question, model) {
        Ok(body) if args.json => say(&format!("{:#}\n", told(&playbook, body))),
        Ok(body) => say(&page(&playbook, &body)),
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn facts(config: &Config, args: &RenderArgs, playbook: &Playbook) -> Result<CallFacts, FileError> {
    let mut facts = plain_call(playbook);
    if let Some(path) = &args.traits {
        let traits = given(path)?;
        facts.caller_known = true;
        for (name, value) in traits {
            if !config.traits.prompt.contains(&name) {
                complain(&format!(
                    "the trait {name} is not in `prompt` of [profile], so the model does not see it"
                ));
            } else if !value.is_null() {
                facts.traits.insert(name, Pii::from(trait_value(&value.to_string()).text()));
            }
        }
    }
    if let Some(language) = &args.language {
        facts.language.clone_from(language);
    }
    for parameter in &args.parameters {
        let Some((name, value)) = parameter.split_once('=') else {
            return Err(FileError {
                file: format!("--parameter {parameter}"),
                line: None,
                cause: "expected NAME=VALUE".into(),
            });
        };
        facts.parameters.insert(name.to_owned(), Pii::from(value));
    }
    facts.direction.clone_from(&args.direction);
    facts.caller_name = args.name.as_deref().map(Pii::from);
    facts.reconnected = args.reconnected;
    facts.verified = match args.verified {
        Verified::Full => "full",
        Verified::Partial => "partial",
        Verified::Gateway => "gateway",
        Verified::Failed => "failed",
        Verified::None => "none",
    }
    .to_owned();
    Ok(facts)
}

/// The estimates: of the messages, and of the tools.
fn tokens(body: &Value) -> (usize, usize) {
    let messages = body["messages"].as_array().into_iter().flatten();
    let messages = messages.map(|message| estimated_tokens(message["content"].as_str().unwrap_or_default()));
    (messages.sum(), tools(body))
}

fn tools(body: &Value) -> usize {
    body.get("tools").map_or(0, |tools| estimated_tokens(&tools.to_string()))
}

fn told(playbook: &Playbook, body: Value) -> Value {
    let (messages, tools) = tokens(&body);
    json!({
        "variant": playbook.variant(),
        "version": playbook.version(),
        "estimatedTokens": { "messages": messages, "tools": tools, "all": messages + tools },
        "request": body,
    })
}

fn page(playbook: &Playbook, body: &Value) -> String {
    let (messages, tools) = tokens(body);
    let mut page = format!(
        "{} {}, for {}: about {} tokens\n",
        playbook.variant(),
        playbook.version(),
        body["model"].as_str().unwrap_or_default(),
        messages + tools
    );
    for message in body["messages"].as_array().into_iter().flatten() {
        let text = message["content"].as_str().unwrap_or_default();
        let who = message["role"].as_str().unwrap_or_default();
        page.push_str(&heading(who, estimated_tokens(text)));
        page.push_str(text.trim_end());
        page.push('\n');
    }
    if let Some(listed) = body.get("tools") {
        page.push_str(&heading("tools", tools));
        page.push_str(&format!("{listed:#}\n"));
    }
    page
}

fn heading(name: &str, tokens: usize) -> String {
    format!("\n--- {name} (about {tokens} tokens)\n")
}
