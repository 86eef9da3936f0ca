//! What the model may ask for: one manifest per tool in `tools/`, its schema compiled once per version.
//!
//! Four names belong to the session (`escalate`, `end_call`, `switch_language`, `remember`). Any other tool is an
//! HTTP endpoint that its manifest names, or one that an MCP server lists.

mod address;
mod answer;
mod binding;
mod check;
mod hosts;
mod http_tool;
mod manifest;
#[cfg(feature = "mcp")]
mod mcp;
mod means;
mod secret;
mod template;
#[cfg(test)]
mod tests;

pub use hosts::Hosts;
pub use means::{Means, Occasion};
pub use secret::Secrets;

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::chat::{CheckError, Effect, Tool, ToolKind, Toolbox};
use crate::pii::Pii;
use crate::prompts::{FileError, Folder, Text, digest};
use check::Schema;
use http_tool::HttpTool;

const EMBEDDED: Folder = Folder::Embedded(
    "tools",
    &[
        ("end_call.json", include_str!("../../tools/end_call.json")),
        ("escalate.json", include_str!("../../tools/escalate.json")),
        ("remember.json", include_str!("../../tools/remember.json")),
        ("switch_language.json", include_str!("../../tools/switch_language.json")),
    ],
);

/// How the manifest of an MCP server is named: `NAME.mcp.json`.
const MCP: &str = ".mcp.json";

/// The tools of one version, ready to be checked and run.
#[derive(Debug, Clone)]
pub struct Tools {
    /// Names this version: 12 hex digits over the names and texts of all manifests.
    pub version: String,
    /// What they say, as JSON by name, without how they are run: addresses and commands are for nobody who reads the
    /// record of a call.
    pub files: Arc<str>,
    /// In the order the model is told of them: those with a file by name, then those of each server.
    tools: Vec<Tool>,
    /// At the place of its tool.
    works: Vec<(Arc<Schema>, Way)>,
    /// How many have a file of their own.
    #[cfg(feature = "mcp")]
    own: usize,
    /// The servers, each with what it had offered when the list above was made.
    #[cfg(feature = "mcp")]
    servers: Vec<(Arc<mcp::Server>, u64)>,
}

/// How a tool is run.
#[derive(Debug, Clone)]
enum Way {
    Session,
    Http(Arc<HttpTool>),
    #[cfg(feature = "mcp")]
    Mcp(mcp::Remote),
}

impl Tools {
    /// The name of a tool by its place.
    pub fn name(&self, tool: usize) -> &str {
        self.tools().get(tool).map_or("unknown", |tool| tool.name.as_str())
    }

    /// What runs a tool: `session`, `http` or `mcp`.
    pub fn way(&self, tool: usize) -> &'static str {
        match self.works.get(tool) {
            Some((_, Way::Http(_))) => "http",
            #[cfg(feature = "mcp")]
            Some((_, Way::Mcp(_))) => "mcp",
            Some((_, Way::Session)) | None => "session",
        }
    }

    /// The tools that were compiled in. None of them needs the network.
    pub fn embedded() -> Self {
        Self::read(&EMBEDDED, None).expect("a test reads the embedded tools")
    }

    /// Reads every `*.json` of a folder. A tool of the session that is absent is not offered; `escalate` must
    /// be there. Nothing is connected to; [`Means::keep_connected`] does that.
    ///
    /// # Errors
    ///
    /// The first mistake, with file, line and cause.
    pub fn load(folder: &Path, means: &Means) -> Result<Self, FileError> {
        Self::read(&Folder::Directory(folder.to_owned()), Some(means))
    }

    /// The same with the manifests of `above` in place of those of the same name. Without `folder` those below are the
    /// ones that were compiled in.
    ///
    /// # Errors
    ///
    /// The first mistake, with file, line and cause.
    pub fn load_variant(folder: Option<&Path>, above: &Path, means: &Means) -> Result<Self, FileError> {
        Self::read(&overlaid(folder, Some(above)), Some(means))
    }

    /// The manifests of a folder as they stand there, or those that were compiled in, with those of a variant over
    /// them.
    pub(crate) fn texts(folder: Option<&Path>, above: Option<&Path>) -> Result<Vec<Text>, FileError> {
        overlaid(folder, above).texts(&Self::reads)
    }

    /// What tools without keys and listed hosts are run with.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn client() -> Result<Means, reqwest::Error> {
        Means::new(Hosts::default(), Secrets::default())
    }

    /// The tools as they are now, if an MCP server came, went, or changed its list since these were made.
    pub fn renewed(&self) -> Option<Self> {
        #[cfg(feature = "mcp")]
        if self.servers.iter().any(|(server, seen)| server.version() != *seen) {
            let mut tools = self.clone();
            tools.offer();
            return Some(tools);
        }
        None
    }

    /// Whether these are run with the same keys as others of the same version: a key may have been replaced.
    pub(crate) fn has_keys_of(&self, other: &Self) -> bool {
        let keys = |tools: &Self| -> Vec<Pii<String>> {
            let of_way = |way: &Way| match way {
                Way::Http(http) => http.keys().to_vec(),
                Way::Session => Vec::new(),
                #[cfg(feature = "mcp")]
                Way::Mcp(_) => Vec::new(),
            };
            let keys = tools.works.iter().flat_map(|(_, way)| of_way(way));
            #[cfg(feature = "mcp")]
            let keys = keys.chain(tools.servers.iter().flat_map(|(server, _)| server.keys().to_vec()));
            keys.collect()
        };
        keys(self) == keys(other)
    }

    /// Waits until every MCP server was connected to or found away, while somebody keeps the connections.
    pub async fn settled(&self) {
        #[cfg(feature = "mcp")]
        for (server, _) in &self.servers {
            server.passed(0).await;
        }
    }

    /// What keeps tools of MCP servers from being offered at this moment: a server that is away, a tool that it
    /// does not have, a schema that cannot be used.
    pub fn problems(&self) -> Vec<FileError> {
        #[cfg(feature = "mcp")]
        return self.servers.iter().flat_map(|(server, _)| server.problems()).collect();
        #[cfg(not(feature = "mcp"))]
        Vec::new()
    }

    /// Runs the tool at `index` of [`Toolbox::tools`] with arguments that passed [`Toolbox::check`].
    ///
    /// # Errors
    ///
    /// What went wrong, in words meant for the model.
    pub async fn run(
        &self,
        index: usize,
        arguments: &Value,
        occasion: &Occasion,
    ) -> Result<Pii<String>, Pii<String>> {
        match self.works.get(index) {
            Some((_, Way::Http(http))) => http.run(arguments, occasion).await,
            #[cfg(feature = "mcp")]
            Some((_, Way::Mcp(remote))) => remote.run(arguments, occasion).await,
            Some((_, Way::Session)) | None => Err("this tool is not run here".into()),
        }
    }

    /// Whether a file of the folder is a manifest. Editors leave hidden files beside it.
    pub(crate) fn reads(name: &str) -> bool {
        name.ends_with(".json") && !name.starts_with('.')
    }

    fn read(folder: &Folder, means: Option<&Means>) -> Result<Self, FileError> {
        let texts = folder.texts(&Self::reads)?;
        let mut tools = Self {
            version: digest(texts.iter().flat_map(|text| [text.name.as_str(), text.text.as_str()])),
            files: files(&texts),
            tools: Vec::new(),
            works: Vec::new(),
            #[cfg(feature = "mcp")]
            own: 0,
            #[cfg(feature = "mcp")]
            servers: Vec::new(),
        };
        for text in texts {
            if text.name.ends_with(MCP) {
                tools.read_server(&text, means)?;
            } else {
                tools.read_tool(&text, means)?;
            }
        }
        if tools.of_kind(ToolKind::Escalate).is_none() {
            let cause = "there is no such file; without it nobody reaches a person";
            return Err(FileError::whole(&folder.path_of("escalate.json"), cause));
        }
        #[cfg(feature = "mcp")]
        {
            tools.own = tools.tools.len();
            tools.offer();
        }
        Ok(tools)
    }

    fn read_tool(&mut self, text: &Text, means: Option<&Means>) -> Result<(), FileError> {
        let (tool, schema, binding) = manifest::read(text, means)?;
        let way = match (binding, means) {
            (Some(binding), Some(means)) => {
                Way::Http(Arc::new(HttpTool::new(binding, &tool, means.client.clone())))
            }
            (_, _) => Way::Session,
        };
        self.tools.push(tool);
        self.works.push((Arc::new(schema), way));
        Ok(())
    }

    #[cfg(feature = "mcp")]
    fn read_server(&mut self, text: &Text, means: Option<&Means>) -> Result<(), FileError> {
        let Some(means) = means else { return Err(no_means(text)) };
        let manifest = mcp::Manifest::read(text, means)?;
        self.servers.push((means.servers.of(manifest), 0));
        Ok(())
    }

    #[cfg(not(feature = "mcp"))]
    fn read_server(&mut self, text: &Text, _: Option<&Means>) -> Result<(), FileError> {
        Err(FileError::whole(&text.file, "this Warmline was built without the feature `mcp`"))
    }

    /// Puts what the servers offer now behind the tools that have a file.
    #[cfg(feature = "mcp")]
    fn offer(&mut self) {
        self.tools.truncate(self.own);
        self.works.truncate(self.own);
        let mut servers = std::mem::take(&mut self.servers);
        for (server, seen) in &mut servers {
            let (version, offered) = server.offered();
            *seen = version;
            for offered in offered.iter() {
                if self.position(&offered.tool.name).is_some() {
                    server.doubled(&offered.tool.name);
                    continue;
                }
                self.tools.push(offered.tool.clone());
                self.works.push((offered.schema.clone(), Way::Mcp(offered.remote(server))));
            }
        }
        self.servers = servers;
    }
}

/// What a model is told of a tool that cannot be asked at all.
const NOT_REACHED: &str = "the tool could not be reached";

/// What a model is told of a tool that does not answer. One that changes something may have done so.
fn late(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "the tool did not answer in time",
        Effect::Write => {
            "the tool did not answer in time; whether it was done is not known, so do not ask again"
        }
    }
}

/// The same for one whose connection was lost.
fn lost(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => NOT_REACHED,
        Effect::Write => "the connection was lost; whether it was done is not known, so do not ask again",
    }
}

fn no_means(text: &Text) -> FileError {
    FileError::whole(&text.file, "nothing to run it with")
}

fn overlaid(folder: Option<&Path>, above: Option<&Path>) -> Folder {
    let below = folder.map_or(EMBEDDED, |folder| Folder::Directory(folder.to_owned()));
    match above {
        Some(above) => Folder::Overlaid(Box::new(below), Box::new(Folder::Directory(above.to_owned()))),
        None => below,
    }
}

/// What a manifest says of how its tools are run: addresses, commands, headers, and what keys are called.
const HOW_IT_IS_RUN: [&str; 6] = ["http", "url", "headers", "command", "args", "env"];

fn files(texts: &[Text]) -> Arc<str> {
    let file = |text: &Text| {
        let mut manifest: Value = serde_json::from_str(&text.text).unwrap_or_default();
        if let Some(manifest) = manifest.as_object_mut() {
            for key in HOW_IT_IS_RUN {
                manifest.remove(key);
            }
        }
        (text.name.clone(), manifest)
    };
    Value::Object(texts.iter().map(file).collect()).to_string().into()
}

impl Toolbox for Tools {
    fn tools(&self) -> &[Tool] {
        &self.tools
    }

    fn check(&self, index: usize, arguments: &str) -> Result<Value, CheckError> {
        match self.works.get(index) {
            Some((schema, _)) => schema.check(arguments),
            None => Err(CheckError("there is no such tool".into())),
        }
    }
}
