//! `tools/*.json`: one tool each. The file is named as the tool is.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::Means;
use super::binding::{Binding, HttpTable};
use super::check::Schema;
use crate::chat::{Effect, Say, Tool, ToolKind};
use crate::prompts::{FileError, Text};

/// How long a tool may run when its manifest does not say.
const TIMEOUT_MS: u64 = 10_000;

/// What an interrupt may do to a run, as manifests word it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum EffectWord {
    Read,
    Write,
}

impl From<EffectWord> for Effect {
    fn from(word: EffectWord) -> Self {
        match word {
            EffectWord::Read => Self::Read,
            EffectWord::Write => Self::Write,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: String,
    description: String,
    parameters: Value,
    #[serde(default)]
    say: Say,
    timeout_ms: Option<u64>,
    #[serde(default)]
    secure: bool,
    effect: Option<EffectWord>,
    http: Option<HttpTable>,
}

/// Reads one manifest.
pub(super) fn read(text: &Text, means: Option<&Means>) -> Result<(Tool, Schema, Option<Binding>), FileError> {
    let manifest: Manifest = serde_json::from_str(&text.text).map_err(|error| parse_error(text, &error))?;
    check_words(text, &manifest)?;
    let kind = kind(text, &manifest)?;
    let timeout = timeout(text, manifest.timeout_ms)?;
    let schema = Schema::new(&manifest.parameters).map_err(|cause| at(text, "parameters", &cause))?;
    let effect = match (manifest.effect, &manifest.http) {
        (Some(word), Some(_)) => word.into(),
        (None, Some(http)) => http.effect(),
        (Some(_), None) => {
            return Err(at(text, "effect", "the session runs this tool, so it has no `effect`"));
        }
        (None, None) => Effect::default(),
    };
    let binding = match (manifest.http, means) {
        (Some(http), Some(means)) => {
            let binding = http.read(effect, &manifest.parameters, means);
            Some(binding.map_err(|(key, cause)| place(text, &key, &cause))?)
        }
        (Some(_), None) => return Err(super::no_means(text)),
        (None, _) => None,
    };
    let tool = Tool {
        name: manifest.name,
        description: manifest.description,
        parameters: manifest.parameters,
        say: manifest.say,
        timeout,
        kind,
        secure: manifest.secure,
        effect,
    };
    Ok((tool, schema, binding))
}

/// How long a tool may run.
pub(super) fn timeout(text: &Text, given: Option<u64>) -> Result<Duration, FileError> {
    let given = given.unwrap_or(TIMEOUT_MS);
    if !(100..=60_000).contains(&given) {
        return Err(at(text, "timeout_ms", "`timeout_ms` must lie between 100 and 60000"));
    }
    Ok(Duration::from_millis(given))
}

/// Whether a name is one that models take.
pub(super) fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

fn check_words(text: &Text, manifest: &Manifest) -> Result<(), FileError> {
    let file = text.name.strip_suffix(".json").unwrap_or(&text.name);
    if manifest.name != file {
        let cause = format!("the tool must be named as its file is, `{file}`");
        return Err(at(text, "name", &cause));
    }
    if !is_name(file) {
        return Err(at(text, "name", "a name has 1 to 64 letters, digits, `_` and `-`"));
    }
    if manifest.description.trim().is_empty() {
        return Err(at(
            text,
            "description",
            "`description` is empty, so the model cannot know when to call it",
        ));
    }
    Ok(())
}

fn kind(text: &Text, manifest: &Manifest) -> Result<ToolKind, FileError> {
    let kind = match manifest.name.as_str() {
        "escalate" => ToolKind::Escalate,
        "end_call" => ToolKind::EndCall,
        "switch_language" => ToolKind::SwitchLanguage,
        "remember" => ToolKind::Remember,
        _ if manifest.http.is_some() => return Ok(ToolKind::External),
        _ => {
            let cause = "neither a tool of the session (escalate, end_call, switch_language, remember) nor one \
                         with `http`";
            return Err(FileError::whole(&text.file, cause));
        }
    };
    match manifest.http {
        None => Ok(kind),
        Some(_) => Err(at(text, "http", "the session runs this tool, so it has no `http`")),
    }
}

/// An error at the line of a key: JSON values do not remember where they stood.
pub(super) fn at(text: &Text, key: &str, cause: &str) -> FileError {
    found(text, &format!("\"{key}\""), cause)
}

/// An error at the line of a key or, if it has braces, of a place for a value.
pub(super) fn place(text: &Text, key: &str, cause: &str) -> FileError {
    if key.starts_with('{') { found(text, key, cause) } else { at(text, key, cause) }
}

fn found(text: &Text, words: &str, cause: &str) -> FileError {
    let line = text.text.lines().position(|line| line.contains(words)).map(|index| index + 1);
    FileError { file: text.file.clone(), line, cause: cause.to_owned() }
}

pub(super) fn parse_error(text: &Text, error: &serde_json::Error) -> FileError {
    let cause = error.to_string();
    // The line stands in the error already.
    let cause = cause.split(" at line ").next().unwrap_or(&cause);
    FileError::at(&text.file, error.line().max(1), cause)
}
