//! `[profile]` of `warmline.toml`: which traits of a caller are read, and who gets to see them.

use std::borrow::Cow;

use serde::Deserialize;

use super::values::listed;

/// The hosts of the two regions.
const US: &str = "https://profiles.segment.com/v1";
const EU: &str = "https://profiles.euw1.segment.com/v1";
/// The most traits that can be read at once.
const MOST: usize = 200;
/// The longest name of one, in characters.
const LONGEST: usize = 100;

/// Which traits are read, and who gets to see them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileTraits {
    /// Read, and known to the rules of routing.
    pub read: Vec<String>,
    /// Of them, those that the prompt may use.
    pub prompt: Vec<String>,
    /// Of them, those that go into the Task.
    pub task: Vec<String>,
}

/// The table.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ProfileTable {
    region: Region,
    traits: Vec<String>,
    prompt: Vec<String>,
    task: Vec<String>,
}

/// Where the workspace is.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Region {
    #[default]
    Us,
    Eu,
}

impl Region {
    /// Its word in the file.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eu => "eu",
        }
    }
}

impl ProfileTable {
    /// Where profiles are, unless the settings name another address.
    pub(super) fn base_url(&self) -> &'static str {
        match self.region {
            Region::Us => US,
            Region::Eu => EU,
        }
    }

    pub(super) fn traits(&self) -> ProfileTraits {
        let (read, prompt, task) = (self.traits.clone(), self.prompt.clone(), self.task.clone());
        ProfileTraits { read, prompt, task }
    }

    /// What the table says, for people.
    pub(super) fn told(&self) -> Vec<(Cow<'static, str>, String)> {
        vec![
            ("region".into(), self.region.word().to_owned()),
            ("traits".into(), listed(&self.traits)),
            ("prompt".into(), listed(&self.prompt)),
            ("task".into(), listed(&self.task)),
        ]
    }

    /// What is wrong with it.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let fits = |name: &String| {
            let length = name.chars().count();
            (1..=LONGEST).contains(&length) && name.trim() == name && !name.contains([',', '"', '\''])
        };
        if self.traits.len() > MOST || !self.traits.iter().all(fits) {
            problems.push(format!(
                "[profile] traits: expected at most {MOST} names of 1 to {LONGEST} characters, without commas and quotes"
            ));
        }
        for (key, names) in [("prompt", &self.prompt), ("task", &self.task)] {
            if let Some(name) = names.iter().find(|name| !self.traits.contains(name)) {
                problems.push(format!("[profile] {key}: `{name}` is not listed in `traits`"));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use crate::config::file::File;

    #[test]
    fn a_trait_reaches_nobody_unless_it_is_listed_as_read() {
        let problems = |text: &str| File::parse(text).map(|file| file.profile.problems());
        assert_eq!(problems("[profile]\ntraits = [\"a\", \"b c?\"]\nprompt = [\"a\"]"), Ok(vec![]));
        assert_eq!(
            problems("[profile]\ntraits = [\"a\"]\nprompt = [\"b\"]\ntask = [\"c\"]").unwrap().len(),
            2
        );
        assert_eq!(problems("[profile]\ntraits = [\"a,b\"]").unwrap().len(), 1);
        assert!(problems("[profile]\nregion = \"mars\"").is_err());
        let eu = File::parse("[profile]\nregion = \"eu\"").unwrap();
        assert_eq!(eu.profile.base_url(), "https://profiles.euw1.segment.com/v1");
        assert_eq!(File::default().profile.base_url(), "https://profiles.segment.com/v1");
    }
}
