//! `tools/*.json`: one tool each. The file is named as the tool is.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::check::Schema;
use super::http_tool::Endpoint;
use crate::chat::{Say, Tool, ToolKind};
use crate::prompts::{FileError, Text};

/// How long a tool may run when its manifest does not say.
const TIMEOUT_MS: u64 = 10_000;

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
    http: Option<Endpoint>,
}

/// Reads one manifest.
pub(super) fn read(text: &Text) -> Result<(Tool, Schema, Option<Endpoint>), FileError> {
    let manifest: Manifest = serde_json::from_str(&text.text).map_err(|error| parse_error(text, &error))?;
    check_words(text, &manifest)?;
    let kind = kind(text, &manifest)?;
    let timeout = manifest.timeout_ms.unwrap_or(TIMEOUT_MS);
    if !(100..=60_000).contains(&timeout) {
        return Err(at(text, "timeout_ms", "`timeout_ms` must lie between 100 and 60000"));
    }
    if let Some(http) = &manifest.http {
        http.check().map_err(|cause| at(text, "url", cause))?;
    }
    let schema = Schema::new(&manifest.parameters).map_err(|cause| at(text, "parameters", &cause))?;
    let tool = Tool {
        name: manifest.name,
        description: manifest.description,
        parameters: manifest.parameters,
        say: manifest.say,
        timeout: Duration::from_millis(timeout),
        kind,
        secure: manifest.secure,
    };
    Ok((tool, schema, manifest.http))
}

fn check_words(text: &Text, manifest: &Manifest) -> Result<(), FileError> {
    let file = text.name.strip_suffix(".json").unwrap_or(&text.name);
    if manifest.name != file {
        let cause = format!("the tool must be named as its file is, `{file}`");
        return Err(at(text, "name", &cause));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=64).contains(&file.len()) || !file.bytes().all(allowed) {
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
fn at(text: &Text, key: &str, cause: &str) -> FileError {
    let key = format!("\"{key}\"");
    let line = text.text.lines().position(|line| line.contains(&key)).map(|index| index + 1);
    FileError { file: text.file.clone(), line, cause: cause.to_owned() }
}

fn parse_error(text: &Text, error: &serde_json::Error) -> FileError {
    let cause = error.to_string();
    // The line stands in the error already.
    let cause = cause.split(" at line ").next().unwrap_or(&cause);
    FileError::at(&text.file, error.line().max(1), cause)
}
