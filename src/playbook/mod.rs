//! The prompts and tools in force, and their variants. An edit counts from the next call on; a broken edit is
//! reported once, and the last good version keeps answering.

mod shelf;
mod source;

pub use shelf::{InForce, Shelf};
pub use source::{Source, Sources};

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::chat::SystemPrompt;
use crate::handoff::PromptVersion;
use crate::prompts::{BASE, CallFacts, FileError, Prompts, digest, names};
use crate::tools::{Means, Tools};

/// How many texts are compared before a call gets one of its own.
const SHARED_PROMPTS: usize = 16;

/// What one call is started with. It does not change while the call lasts.
#[derive(Debug)]
pub struct Playbook {
    /// Which variant it is, and its version: 12 hex digits over all files of prompts and tools.
    pub named: PromptVersion,
    /// The prompts.
    pub prompts: Arc<Prompts>,
    /// The tools.
    pub tools: Arc<Tools>,
    /// What it was read from, as a JSON object by name, without the addresses of tools.
    pub files: Arc<str>,
    /// The system prompts in use. Most calls have the same facts, and so share one text of some KiB.
    rendered: Mutex<Vec<Weak<SystemPrompt>>>,
}

impl Playbook {
    /// Reads a variant as it is now, or the base: [`BASE`]. The tools are run with `means`.
    ///
    /// # Errors
    ///
    /// The first mistake, with file, line and cause.
    pub fn load(sources: &Sources, variant: &str, means: &Means) -> Result<Self, FileError> {
        if variant == BASE {
            let prompts = match &sources.prompts {
                Source::Embedded => Prompts::embedded(),
                Source::Folder(folder) => Prompts::load(folder)?,
            };
            return Ok(Self::new(BASE, prompts, sources.base_tools(means)?));
        }
        let (folder, above) = sources.folders_of(variant)?;
        let has_tools = source::holds(&above.join(TOOLS), &Tools::reads);
        if !has_tools && !source::holds(&above, &Prompts::reads) {
            let cause =
                "nothing in it differs from the base: expected agent.md, lines.toml, knowledge.md or tools/";
            return Err(FileError::whole(&above.display().to_string(), cause));
        }
        let prompts = Prompts::load_variant(&folder, &above)?;
        let tools = if has_tools {
            Tools::load_variant(sources.tools.folder(), &above.join(TOOLS), means)?
        } else {
            sources.base_tools(means)?
        };
        Ok(Self::new(variant, prompts, tools))
    }

    fn new(variant: &str, prompts: Prompts, tools: Tools) -> Self {
        let version = digest([prompts.version.as_str(), tools.version.as_str()]);
        let named = PromptVersion { variant: variant.to_owned(), version };
        let files = format!("{{\"prompts\":{},\"tools\":{}}}", prompts.files, tools.files).into();
        let (prompts, tools) = (Arc::new(prompts), Arc::new(tools));
        Self { named, prompts, tools, files, rendered: Mutex::default() }
    }

    /// The same with its tools as they are now, if a server of tools came, went, or changed its list.
    fn renewed(&self) -> Option<Self> {
        let tools = Arc::new(self.tools.renewed()?);
        let (named, prompts, files) = (self.named.clone(), self.prompts.clone(), self.files.clone());
        Some(Self { named, prompts, tools, files, rendered: Mutex::default() })
    }

    /// Its variant; [`BASE`] without one.
    pub fn variant(&self) -> &str {
        &self.named.variant
    }

    /// Its version: 12 hex digits over all files of prompts and tools.
    pub fn version(&self) -> &str {
        &self.named.version
    }

    /// The system prompt of one call. A template that fails on these facts is reported, and the embedded
    /// prompt takes its place: no caller is lost to it.
    pub fn system_prompt(&self, facts: &CallFacts) -> Arc<SystemPrompt> {
        let prompt = self.prompts.render(facts).unwrap_or_else(|error| {
            report(&error, "the prompt failed for this call, the embedded one is used");
            Prompts::embedded().render(facts).unwrap_or_default()
        });
        let prompt = SystemPrompt::new(&prompt);
        let mut rendered = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        let in_use = rendered.iter().take(SHARED_PROMPTS).filter_map(Weak::upgrade);
        if let Some(same) = in_use.into_iter().find(|other| **other == prompt) {
            return same;
        }
        let prompt = Arc::new(prompt);
        rendered.retain(|other| other.strong_count() > 0);
        rendered.truncate(SHARED_PROMPTS - 1);
        rendered.push(Arc::downgrade(&prompt));
        prompt
    }
}

/// The folder of variants, in that of the prompts.
const VARIANTS: &str = "variants";
/// The folder of a variant's tools, in its own.
const TOOLS: &str = "tools";

impl Sources {
    /// The files of a variant, or of the base, by name, as they stand there.
    ///
    /// # Errors
    ///
    /// When one cannot be read, or there is no such variant.
    pub fn texts(&self, variant: &str) -> Result<Vec<(String, String)>, FileError> {
        let above = if variant == BASE { None } else { Some(self.folders_of(variant)?.1) };
        let tools = above.as_ref().map(|above| above.join(TOOLS)).filter(|folder| folder.is_dir());
        let prompts = Prompts::texts(self.prompts.folder(), above.as_deref())?;
        let tools = Tools::texts(self.tools.folder(), tools.as_deref())?;
        let prompts = prompts.into_iter().map(|text| (format!("prompts/{}", text.name), text.text));
        let tools = tools.into_iter().map(|text| (format!("tools/{}", text.name), text.text));
        Ok(prompts.chain(tools).collect())
    }

    /// The files that a variant has itself; of the base, all.
    ///
    /// # Errors
    ///
    /// When one cannot be read, or there is no such variant.
    pub fn own_files(&self, variant: &str) -> Result<Vec<String>, FileError> {
        if variant == BASE {
            return Ok(self.texts(BASE)?.into_iter().map(|(name, _)| name).collect());
        }
        let (_, above) = self.folders_of(variant)?;
        let unreadable = |error: std::io::Error| FileError::unreadable(&above.display().to_string(), &error);
        let mut files = names(&above, Prompts::reads).map_err(unreadable)?;
        let tools = names(&above.join(TOOLS), Tools::reads).unwrap_or_default();
        files.extend(tools.into_iter().map(|name| format!("{TOOLS}/{name}")));
        Ok(files)
    }

    /// The folder of the prompts, and that of a variant in it.
    fn folders_of(&self, variant: &str) -> Result<(PathBuf, PathBuf), FileError> {
        let folder = self.prompts.folder().map(|folder| (folder, folder.join(VARIANTS).join(variant)));
        match folder.filter(|(_, above)| above.is_dir()) {
            Some((folder, above)) => Ok((folder.to_owned(), above)),
            None => {
                let names = self.variants().unwrap_or_default();
                let names: Vec<&str> =
                    std::iter::once(BASE).chain(names.iter().map(String::as_str)).collect();
                let cause = format!("there is no variant `{variant}`; there are: {}", names.join(", "));
                Err(FileError::whole(&self.prompts.to_string(), cause))
            }
        }
    }

    fn base_tools(&self, means: &Means) -> Result<Tools, FileError> {
        match &self.tools {
            Source::Embedded => Ok(Tools::embedded()),
            Source::Folder(folder) => Tools::load(folder, means),
        }
    }
}

fn report(error: &FileError, message: &str) {
    tracing::warn!(file = error.file, line = error.line, cause = error.cause, "{message}");
}
