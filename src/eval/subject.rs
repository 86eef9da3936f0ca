//! Who is measured: prompts and tools of a version, read by a model.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::outcome::Subject;
use super::scenario::Set;
use super::trial::Agent;
use crate::llm::Model;
use crate::llm::offline::Offline;
use crate::playbook::{Playbook, Source, Sources};
use crate::prompts::{BASE, FileError};
use crate::tools::Means;

/// What the embedded agent is called.
pub const EMBEDDED: &str = "embedded agent";

/// A model that can be asked.
pub type Asked = Arc<dyn Model>;
/// A model beside the one that is measured, with its name.
pub type Second = (Asked, String);

/// What somebody wants to measure.
#[derive(Clone)]
pub struct Wanted {
    /// What it is called in tables.
    pub label: String,
    /// The folder of prompts, over that of a trade.
    pub prompts: Option<PathBuf>,
    /// The folder of tools, over that of a trade.
    pub tools: Option<PathBuf>,
    /// The variant of these prompts; the base without one.
    pub variant: Option<String>,
    /// The model, with its name; the embedded agent without one.
    pub model: Option<(Arc<dyn Model>, Option<String>)>,
    /// The price of a million tokens read, and of a million written.
    pub prices: Option<(f64, f64)>,
}

/// The same, read and ready.
pub struct Ready {
    /// How it stands in the results.
    pub subject: Subject,
    /// Who answers, for each group of scenarios.
    pub agents: BTreeMap<String, Agent>,
    /// The price of a million tokens read, and of a million written.
    pub prices: Option<(f64, f64)>,
}

/// Reads the prompts and tools of a subject for all scenarios.
///
/// # Errors
///
/// The first mistake in them, with file, line and cause.
pub fn ready(wanted: &Wanted, set: &Set, usual: &Sources) -> Result<Ready, FileError> {
    // Scenarios answer in the place of tools.
    let means =
        Means::to_read().map_err(|error| FileError::whole("the client of tools", error.to_string()))?;
    let mut agents = BTreeMap::new();
    let (mut versions, mut places, mut named) = (Vec::new(), Vec::new(), None);
    for (group, trade) in &set.trades {
        let folder = |own: &Option<PathBuf>, trade: &Option<PathBuf>, usual: &Source| {
            own.clone().or_else(|| trade.clone()).map_or_else(|| usual.clone(), Source::Folder)
        };
        let sources = Sources {
            prompts: folder(&wanted.prompts, &trade.prompts, &usual.prompts),
            tools: folder(&wanted.tools, &trade.tools, &usual.tools),
        };
        let variant = wanted.variant.as_deref().unwrap_or(BASE);
        if variant != BASE && !sources.variants()?.iter().any(|known| known == variant) {
            let cause = format!(
                "there is no variant `{variant}` for the scenarios of `{group}`; --only leaves scenarios out"
            );
            return Err(FileError::whole(&sources.prompts.to_string(), cause));
        }
        let playbook = Arc::new(Playbook::load(&sources, variant, &means)?);
        note(&mut versions, playbook.version().to_owned());
        note(&mut places, sources.prompts.to_string());
        named = named.or_else(|| playbook.prompts.front.model.clone());
        agents.insert(group.clone(), agent(wanted, playbook));
    }
    let model = match &wanted.model {
        None => EMBEDDED.to_owned(),
        Some((_, name)) => {
            let name = name.clone().or(named);
            name.unwrap_or_else(|| crate::llm::openai::OpenAi::DEFAULT_MODEL.to_owned())
        }
    };
    let subject = Subject {
        label: wanted.label.clone(),
        prompts: places.join(", "),
        version: versions.join("+"),
        model,
    };
    Ok(Ready { subject, agents, prices: wanted.prices })
}

fn agent(wanted: &Wanted, playbook: Arc<Playbook>) -> Agent {
    match &wanted.model {
        Some((model, _)) => Agent { playbook, model: model.clone(), embedded: false },
        None => Agent { playbook, model: Arc::new(Offline), embedded: true },
    }
}

fn note(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}

/// The folder of prompts that a name stands for, if it does: itself, or one that holds `prompts/agent.md`. The second is
/// its folder of tools, where it brings one.
pub fn folders(name: &str) -> Option<(PathBuf, Option<PathBuf>)> {
    let path = Path::new(name);
    let tools = |folder: PathBuf| Some(folder).filter(|folder| folder.is_dir());
    if path.join("agent.md").is_file() {
        return Some((path.to_owned(), tools(path.join("tools"))));
    }
    let inside = path.join("prompts");
    inside.join("agent.md").is_file().then(|| (inside, tools(path.join("tools"))))
}
