//! Finds the scenarios of a folder: a folder in it for each trade, a file in that for each scenario.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Problem, Scenario, read};

/// The largest file, in bytes.
const LARGEST: u64 = 256 * 1024;
/// Folders of a trade that hold its agent, and so no scenarios.
const PROMPTS: &str = "prompts";
const TOOLS: &str = "tools";

/// Everything that was found, by name.
#[derive(Debug, Clone, Default)]
pub struct Set {
    /// The scenarios, in the order of their names.
    pub scenarios: Vec<Scenario>,
    /// The trades, by name.
    pub trades: BTreeMap<String, Trade>,
}

/// What a trade brings along.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trade {
    /// Its prompts.
    pub prompts: Option<PathBuf>,
    /// Its tools.
    pub tools: Option<PathBuf>,
}

/// Reads all scenarios below `path`: a folder of trades, the folder of one trade, or one file.
///
/// # Errors
///
/// Everything that is wrong with all of them.
pub fn folder(path: &Path) -> Result<Set, Vec<Problem>> {
    let mut finding = Finding::default();
    if path.is_file() {
        finding.file(path, path.parent().unwrap_or(Path::new(".")));
    } else {
        finding.trade(path);
        for folder in finding.list(path, |entry| entry.is_dir()) {
            let name = folder.file_name().and_then(OsStr::to_str).unwrap_or_default();
            if ![PROMPTS, TOOLS].contains(&name) && !name.starts_with('.') {
                finding.trade(&folder);
            }
        }
    }
    if finding.set.scenarios.is_empty() && finding.problems.is_empty() {
        let cause = "there is no scenario in it: expected files such as `parcel/asks_for_a_person.toml`";
        finding.problem(path, cause);
    }
    finding.set.scenarios.sort_by(|one, other| one.name.cmp(&other.name));
    if finding.problems.is_empty() { Ok(finding.set) } else { Err(finding.problems) }
}

#[derive(Default)]
struct Finding {
    set: Set,
    problems: Vec<Problem>,
}

impl Finding {
    fn trade(&mut self, folder: &Path) {
        for file in self.list(folder, |entry| entry.extension() == Some(OsStr::new("toml"))) {
            self.file(&file, folder);
        }
    }

    fn file(&mut self, file: &Path, folder: &Path) {
        // `.` has no name of its own.
        let named = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let group = named.file_name().and_then(OsStr::to_str).unwrap_or("scenarios").to_owned();
        let stem = file.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        let there = |name: &str| Some(folder.join(name)).filter(|folder| folder.is_dir());
        let trade = Trade { prompts: there(PROMPTS), tools: there(TOOLS) };
        if self.set.trades.get(&group).is_some_and(|known| *known != trade) {
            return self.problem(file, "another folder has the same name");
        }
        self.set.trades.insert(group.clone(), trade);
        let text = match fs::metadata(file) {
            Ok(about) if about.len() > LARGEST => return self.problem(file, "it is larger than 256 KiB"),
            Ok(_) => fs::read_to_string(file),
            Err(error) => Err(error),
        };
        match text {
            Ok(text) => {
                let name = format!("{group}/{stem}");
                match read::scenario(&file.display().to_string(), &group, &name, &text) {
                    Ok(scenario) => self.set.scenarios.push(scenario),
                    Err(problems) => self.problems.extend(problems),
                }
            }
            Err(error) => self.problem(file, &format!("it cannot be read: {error}")),
        }
    }

    /// What lies in a folder, by name.
    fn list(&mut self, folder: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
        match fs::read_dir(folder) {
            Ok(entries) => {
                let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
                let mut paths: Vec<PathBuf> = paths.filter(|path| wanted(path)).collect();
                paths.sort();
                paths
            }
            Err(error) => {
                self.problem(folder, &format!("it cannot be listed: {error}"));
                Vec::new()
            }
        }
    }

    fn problem(&mut self, path: &Path, cause: &str) {
        let problem = Problem { file: path.display().to_string(), line: 0, cause: cause.to_owned() };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}
