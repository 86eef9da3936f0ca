//! Which prompts and tools are used: the compiled-in ones, or folders.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{TOOLS, VARIANTS};
use crate::prompts::{BASE, FileError, MOST_VARIANTS, Prompts, SHARES, Shares, is_variant, names};
use crate::tools::Tools;

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

/// What tells one state of files from the next without reading them: path, time and length of each.
pub(super) type Fingerprint = Vec<(PathBuf, Option<SystemTime>, u64)>;

impl Source {
    /// The folder, if it is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Embedded => None,
            Self::Folder(folder) => Some(folder),
        }
    }
}

impl Sources {
    /// The names of the variants, sorted. Hidden folders are none.
    ///
    /// # Errors
    ///
    /// When a folder has a name that no variant may have, or there are too many.
    pub fn variants(&self) -> Result<Vec<String>, FileError> {
        let Some(folder) = self.prompts.folder().map(|folder| folder.join(VARIANTS)) else {
            return Ok(Vec::new());
        };
        let listed = folders(&folder);
        if let Some(name) = listed.iter().find(|name| !is_variant(name)) {
            let cause = if name == BASE {
                "`base` is what the prompts without a variant are called"
            } else {
                "a variant is named by up to 32 lower-case letters, digits, - and _"
            };
            return Err(FileError::whole(&folder.join(name).display().to_string(), cause));
        }
        if listed.len() > MOST_VARIANTS {
            let cause = format!("{} variants; {MOST_VARIANTS} are the most", listed.len());
            return Err(FileError::whole(&folder.display().to_string(), cause));
        }
        Ok(listed)
    }

    /// How many calls each of these variants gets.
    ///
    /// # Errors
    ///
    /// The first mistake, with file, line and cause.
    pub fn shares(&self, variants: &[String]) -> Result<Shares, FileError> {
        let Some(file) = self.prompts.folder().map(|folder| folder.join(SHARES)) else {
            return Ok(Shares::default());
        };
        let name = file.display().to_string();
        match fs::read_to_string(&file) {
            Ok(text) => Shares::read(&name, &text, variants),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Shares::default()),
            Err(error) => Err(FileError::unreadable(&name, &error)),
        }
    }

    /// The state of everything that is read.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let mut seen = Fingerprint::new();
        if let Some(folder) = self.tools.folder() {
            add(&mut seen, folder, &Tools::reads);
        }
        if let Some(folder) = self.prompts.folder() {
            add(&mut seen, folder, &|name| Prompts::reads(name) || name == SHARES);
            let folder = folder.join(VARIANTS);
            for variant in folders(&folder) {
                let variant = folder.join(variant);
                // An empty one is news too.
                seen.push((variant.clone(), None, 0));
                add(&mut seen, &variant, &Prompts::reads);
                add(&mut seen, &variant.join(TOOLS), &Tools::reads);
            }
        }
        seen
    }
}

/// Whether there is a file in a folder that is `wanted`.
pub(super) fn holds(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> bool {
    names(folder, wanted).is_ok_and(|names| !names.is_empty())
}

fn add(seen: &mut Fingerprint, folder: &Path, wanted: &dyn Fn(&str) -> bool) {
    for name in names(folder, wanted).unwrap_or_default() {
        let file = folder.join(name);
        // A file that went away since the listing counts as changed next time.
        let about = fs::metadata(&file).ok();
        let changed = about.as_ref().and_then(|about| about.modified().ok());
        seen.push((file, changed, about.map_or(0, |about| about.len())));
    }
}

/// The folders in a folder, sorted, without hidden ones.
fn folders(folder: &Path) -> Vec<String> {
    let visible = names(folder, |name| !name.starts_with('.')).unwrap_or_default();
    visible.into_iter().filter(|name| folder.join(name).is_dir()).collect()
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
    fn a_folder_that_cannot_be_a_variant_is_named() {
        let scratch = Scratch::new();
        let sources = Sources::choose(Some(scratch.path().into()), None, scratch.path());
        let variants = || sources.variants().map_err(|error| error.to_string());
        assert_eq!(variants(), Ok(Vec::new()));
        for name in ["b", "a", ".git"] {
            scratch.write(&format!("variants/{name}/agent.md"), "");
        }
        scratch.write("variants/README.md", "Notes.");
        assert_eq!(variants(), Ok(vec!["a".to_owned(), "b".to_owned()]));
        scratch.write("variants/Short answers/agent.md", "");
        assert!(variants().unwrap_err().contains("variants/Short answers: a variant is named by"));
        fs::rename(scratch.path().join("variants/Short answers"), scratch.path().join("variants/base"))
            .unwrap();
        assert!(variants().unwrap_err().contains("variants/base: `base` is what"));
        fs::remove_dir_all(scratch.path().join("variants/base")).unwrap();
        for number in 0..8 {
            scratch.write(&format!("variants/v{number}/agent.md"), "");
        }
        assert!(variants().unwrap_err().contains("variants: 10 variants; 8 are the most"));
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
