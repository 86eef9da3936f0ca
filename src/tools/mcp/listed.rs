//! What a server lists, and which of it is offered to the model.

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, JsonObject, RequestMetaObject};
use serde_json::Value;

use super::answer::{Came, came};
use super::manifest::{Allowed, Manifest};
use super::{Problem, Server};
use crate::chat::{Effect, Tool, ToolKind};
use crate::handoff::cut;
use crate::pii::Pii;
use crate::tools::check::Schema;
use crate::tools::manifest::is_name;
use crate::tools::secret::without;
use crate::tools::{Occasion, late, lost};

/// The longest description that a model is told, in characters.
const LONGEST_DESCRIPTION: usize = 1_024;
/// The largest schema, in bytes: it is part of every question to the model.
const LARGEST_SCHEMA: usize = 32 * 1024;
/// The longest failure that a model is told, in characters.
const LONGEST_FAILURE: usize = 500;
/// Where a server finds the key of a run: the same for each try of it.
const KEY: &str = "warmline/idempotencyKey";

/// A tool that is offered.
#[derive(Debug)]
pub(in crate::tools) struct Offered {
    pub(in crate::tools) tool: Tool,
    pub(in crate::tools) schema: Arc<Schema>,
    theirs: String,
}

/// A tool of a server, ready to be run.
#[derive(Debug, Clone)]
pub(in crate::tools) struct Remote {
    server: Arc<Server>,
    theirs: Arc<str>,
    timeout: Duration,
    effect: Effect,
}

impl Offered {
    pub(in crate::tools) fn remote(&self, server: &Arc<Server>) -> Remote {
        Remote {
            server: server.clone(),
            theirs: self.theirs.as_str().into(),
            timeout: self.tool.timeout,
            effect: self.tool.effect,
        }
    }
}

/// The tools of a list that the manifest allows, in its order, and why others of them are left out.
pub(super) fn chosen(manifest: &Manifest, listed: Vec<rmcp::model::Tool>) -> (Vec<Offered>, Vec<Problem>) {
    let (mut offered, mut problems) = (Vec::new(), Vec::new());
    for allowed in &manifest.allowed {
        let found = listed.iter().find(|tool| tool.name == allowed.theirs);
        match found
            .ok_or_else(|| "the server has no such tool".to_owned())
            .and_then(|tool| offer(manifest, allowed, tool))
        {
            Ok(tool) => offered.push(tool),
            Err(cause) => problems.push(Problem::of(&allowed.theirs, cause)),
        }
    }
    (offered, problems)
}

fn offer(manifest: &Manifest, allowed: &Allowed, tool: &rmcp::model::Tool) -> Result<Offered, String> {
    let name = format!("{}{}", manifest.prefix, allowed.theirs);
    if !is_name(&name) {
        return Err(format!("`{name}` is no name for a model: 1 to 64 letters, digits, `_` and `-`"));
    }
    let parameters = Value::Object(tool.input_schema.as_ref().clone());
    if parameters.to_string().len() > LARGEST_SCHEMA {
        return Err(format!("its schema has more than {LARGEST_SCHEMA} bytes"));
    }
    let schema = Schema::new(&parameters)?;
    let description = allowed.description.as_deref().or(tool.description.as_deref()).unwrap_or_default();
    // What a server says of a tool is trusted in one direction only: nothing is broken off because of silence.
    let reads = tool.annotations.as_ref().is_some_and(|said| said.read_only_hint == Some(true));
    let effect = allowed.effect.unwrap_or(if reads { Effect::Read } else { Effect::Write });
    let tool = Tool {
        name,
        description: cut(description, LONGEST_DESCRIPTION),
        parameters,
        say: allowed.say.clone(),
        timeout: allowed.timeout,
        kind: ToolKind::External,
        secure: allowed.secure,
        effect,
    };
    Ok(Offered { tool, schema: Arc::new(schema), theirs: allowed.theirs.clone() })
}

impl Remote {
    /// Asks the server. The error is meant for the model.
    pub(in crate::tools) async fn run(
        &self,
        arguments: &Value,
        occasion: &Occasion,
    ) -> Result<Pii<String>, Pii<String>> {
        let state = &self.server.state;
        let peer = state.now().peer.clone();
        let Some(peer) = peer else { return Err("the tool could not be reached".into()) };
        let mut request = CallToolRequestParams::new(self.theirs.to_string());
        request.arguments = arguments.as_object().cloned();
        let key = JsonObject::from_iter([(KEY.to_owned(), Value::from(occasion.key.as_str()))]);
        request.meta = Some(RequestMetaObject::from(key));
        // Broken off, it tells the server so.
        let result = tokio::time::timeout(self.timeout, peer.call_tool(request)).await;
        let manifest = &state.manifest;
        match result.map_or(Came::Late, |result| came(result, manifest.most_bytes)) {
            Came::Well(text) => Ok(without(&manifest.keys, text).into()),
            // A key that is cut would not be found.
            Came::Badly(text) => Err(cut(&without(&manifest.keys, text), LONGEST_FAILURE).into()),
            Came::Late => Err(late(self.effect).into()),
            Came::Lost => {
                state.look.notify_one();
                Err(lost(self.effect).into())
            }
        }
    }
}
