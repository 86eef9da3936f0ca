//! `NAME.mcp.json`: a server, how it is reached, and what may be used of it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use url::Url;

use crate::chat::{Effect, Say};
use crate::outbound;
use crate::pii::Pii;
use crate::prompts::{FileError, Text};
use crate::tools::Means;
use crate::tools::answer::LONGEST;
use crate::tools::binding::{header_name, secret_header};
use crate::tools::manifest::{EffectWord, at, parse_error, timeout};
use crate::tools::secret::Given;

/// The largest result that may be asked for, in bytes.
const LARGEST: usize = 256 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    command: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, Given>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Given>,
    allow: Vec<String>,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    say: Say,
    timeout_ms: Option<u64>,
    max_bytes: Option<usize>,
    #[serde(default)]
    tools: BTreeMap<String, ToolTable>,
}

/// What is different for one tool.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolTable {
    description: Option<String>,
    say: Option<Say>,
    timeout_ms: Option<u64>,
    effect: Option<EffectWord>,
    #[serde(default)]
    secure: bool,
}

/// A server as its manifest describes it. Two that are equal are one server.
#[derive(Debug, PartialEq)]
pub(in crate::tools) struct Manifest {
    /// The name of the file without its ending.
    pub(super) name: String,
    /// The file, with its folder.
    pub(super) file: String,
    pub(super) reach: Reach,
    /// The tools that may be used, by the server's names, in the order of the file.
    pub(super) allowed: Vec<Allowed>,
    /// Stands before the names.
    pub(super) prefix: String,
    /// The longest result, in bytes.
    pub(super) most_bytes: usize,
    /// The keys it is reached with.
    pub(super) keys: Vec<Pii<String>>,
}

/// How a server is reached.
#[derive(Debug, PartialEq)]
pub(super) enum Reach {
    /// It is a process of ours, which reads and writes messages.
    Process { command: String, args: Vec<String>, env: Vec<(String, Pii<String>)> },
    /// It is asked by HTTP.
    Http { url: String, headers: HashMap<HeaderName, HeaderValue> },
}

/// A tool that may be used.
#[derive(Debug, PartialEq)]
pub(super) struct Allowed {
    /// The server's name for it.
    pub(super) theirs: String,
    /// In place of the server's own.
    pub(super) description: Option<String>,
    pub(super) say: Say,
    pub(super) timeout: Duration,
    /// In place of what the server says of it.
    pub(super) effect: Option<Effect>,
    pub(super) secure: bool,
}

impl Manifest {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// What is wrong, with file and line.
    pub(in crate::tools) fn read(text: &Text, means: &Means) -> Result<Self, FileError> {
        let mut table: Table = serde_json::from_str(&text.text).map_err(|error| parse_error(text, &error))?;
        let mut keys = Vec::new();
        let reach = reach(text, &mut table, means, &mut keys)?;
        let most_bytes = table.max_bytes.unwrap_or(LONGEST);
        if !(1..=LARGEST).contains(&most_bytes) {
            let cause = format!("`max_bytes` must lie between 1 and {LARGEST}");
            return Err(at(text, "max_bytes", &cause));
        }
        let usual = timeout(text, table.timeout_ms)?;
        let allowed = allowed(text, &mut table, usual)?;
        if let Some(name) = table.tools.keys().next() {
            return Err(at(text, name, &format!("`{name}` is not among the names in `allow`")));
        }
        Ok(Self {
            name: text.name.strip_suffix(super::super::MCP).unwrap_or(&text.name).to_owned(),
            file: text.file.clone(),
            reach,
            allowed,
            prefix: table.prefix,
            most_bytes,
            keys,
        })
    }
}

fn allowed(text: &Text, table: &mut Table, usual: Duration) -> Result<Vec<Allowed>, FileError> {
    if table.allow.is_empty() {
        return Err(at(text, "allow", "`allow` names no tool, so there is nothing to use of the server"));
    }
    let mut allowed: Vec<Allowed> = Vec::new();
    for theirs in std::mem::take(&mut table.allow) {
        if allowed.iter().any(|other| other.theirs == theirs) {
            return Err(at(text, &theirs, &format!("`allow` names `{theirs}` twice")));
        }
        let own = table.tools.remove(&theirs);
        let (description, say, given, effect, secure) = match own {
            Some(own) => (own.description, own.say, own.timeout_ms, own.effect, own.secure),
            None => (None, None, None, None, false),
        };
        allowed.push(Allowed {
            theirs,
            description,
            say: say.unwrap_or_else(|| table.say.clone()),
            timeout: given.map_or(Ok(usual), |given| timeout(text, Some(given)))?,
            effect: effect.map(Effect::from),
            secure,
        });
    }
    Ok(allowed)
}

fn reach(
    text: &Text,
    table: &mut Table,
    means: &Means,
    keys: &mut Vec<Pii<String>>,
) -> Result<Reach, FileError> {
    match (table.command.take(), table.url.take()) {
        (Some(command), None) if table.headers.is_empty() => {
            if command.trim().is_empty() {
                return Err(at(text, "command", "`command` is empty"));
            }
            let env = environment(text, std::mem::take(&mut table.env), means, keys)?;
            Ok(Reach::Process { command, args: std::mem::take(&mut table.args), env })
        }
        (None, Some(url)) if table.args.is_empty() && table.env.is_empty() => {
            check_url(&url, means).map_err(|cause| at(text, "url", &cause))?;
            let headers = headers(text, std::mem::take(&mut table.headers), means, keys)?;
            Ok(Reach::Http { url, headers })
        }
        _ => Err(FileError::whole(
            &text.file,
            "a server has a `command` with `args` and `env`, or a `url` with `headers`",
        )),
    }
}

fn check_url(url: &str, means: &Means) -> Result<(), String> {
    let url = Url::parse(url).ok().filter(Url::has_host).ok_or("`url` is no address")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "`url` holds a name or a password; they belong into `headers`, from the environment".into()
        );
    }
    if !outbound::is_private(&url) {
        return Err("`url` must begin with https:// (http:// is for this machine alone)".to_owned());
    }
    means.hosts.check(&url)
}

fn environment(
    text: &Text,
    given: BTreeMap<String, Given>,
    means: &Means,
    keys: &mut Vec<Pii<String>>,
) -> Result<Vec<(String, Pii<String>)>, FileError> {
    let mut env = Vec::new();
    for (name, value) in given {
        let value = match value {
            Given::Text(text) => text.into(),
            Given::Secret(named) => {
                let found = named.find(&means.secrets).map_err(|cause| at(text, named.name(), &cause))?;
                keys.push(found.1);
                found.0
            }
        };
        env.push((name, value));
    }
    Ok(env)
}

fn headers(
    text: &Text,
    given: BTreeMap<String, Given>,
    means: &Means,
    keys: &mut Vec<Pii<String>>,
) -> Result<HashMap<HeaderName, HeaderValue>, FileError> {
    let mut headers = HashMap::new();
    for (name, value) in given {
        let header = header_name(&name).map_err(|cause| at(text, &name, &cause))?;
        if header.as_str() == "accept" || header.as_str().starts_with("mcp-") || header == "last-event-id" {
            return Err(at(text, &name, &format!("`{name}` belongs to the protocol")));
        }
        let value = match value {
            Given::Text(value) => HeaderValue::from_str(&value)
                .map_err(|_| at(text, &name, &format!("`{name}` holds what no header can hold")))?,
            Given::Secret(named) => {
                let found = secret_header(&named, &means.secrets);
                let (value, key) = found.map_err(|cause| at(text, named.name(), &cause))?;
                keys.push(key);
                value
            }
        };
        headers.insert(header, value);
    }
    Ok(headers)
}
