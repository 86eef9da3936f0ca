//! Which prompts and tools are used: the compiled-in ones, or folders.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::prompts::names;

/// Where files come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Compiled in.
    Embedded,
    /// A folder, read again when a file in it changes.
    Folder(PathBuf),
}

/// Where prompts and tools come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// `WARMLINE_PROMPTS`.
    pub prompts: Source,
    /// `WARMLINE_TOOLS`.
    pub tools: Source,
}

impl Sources {
    /// Takes the settings; what is not set is looked for in the folder `here`: its `prompts` and `tools` count
    /// once `prompts/agent.md` exists, so that a stray folder of that name does nothing.
    pub fn choose(prompts: Option<PathBuf>, tools: Option<PathBuf>, here: &Path) -> Self {
        let at_home = here.join("prompts").join("agent.md").is_file();
        let beside = |name: &str| {
            let folder = here.join(name);
            (at_home && folder.is_dir()).then_some(folder)
        };
        let source = |folder: Option<PathBuf>| folder.map_or(Source::Embedded, Source::Folder);
        Self {
            prompts: source(prompts.or_else(|| beside("prompts"))),
            tools: source(tools.or_else(|| beside("tools"))),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::Folder(folder) => write!(f, "{}", folder.display()),
        }
    }
}

/// What tells one state of a folder from the next without reading it: name, time and length of each file.
pub(super) type Fingerprint = Option<Vec<(String, Option<SystemTime>, u64)>>;

impl Source {
    /// The state of the folder now; `None` when it is compiled in or cannot be listed.
    pub(super) fn fingerprint(&self, wanted: impl Fn(&str) -> bool) -> Fingerprint {
        let Self::Folder(folder) = self else { return None };
        let stat = |name: String| {
            // A file that went away since the listing counts as changed next time.
            let about = fs::metadata(folder.join(&name)).ok();
            let changed = about.as_ref().and_then(|about| about.modified().ok());
            (name, changed, about.map_or(0, |about| about.len()))
        };
        Some(names(folder, wanted).ok()?.into_iter().map(stat).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::scratch::Scratch;

    #[test]
    fn without_settings_a_folder_counts_only_with_an_agent_in_it() {
        let scratch = Scratch::new();
        let choose = || Sources::choose(None, None, scratch.path());
        scratch.write("prompts/notes.md", "");
        scratch.write("tools/escalate.json", "");
        assert_eq!(choose(), Sources { prompts: Source::Embedded, tools: Source::Embedded });
        scratch.write("prompts/agent.md", "");
        let folder = |name| Source::Folder(scratch.path().join(name));
        assert_eq!(choose(), Sources { prompts: folder("prompts"), tools: folder("tools") });
    }

    #[test]
    fn a_setting_outranks_what_lies_around() {
        let scratch = Scratch::new();
        scratch.write("prompts/agent.md", "");
        let sources = Sources::choose(Some("elsewhere".into()), None, scratch.path());
        assert_eq!(sources.prompts.to_string(), "elsewhere");
        assert_eq!(sources.tools.to_string(), "embedded");
    }
}
