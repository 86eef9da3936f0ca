//! Where settings come from, and what was wrong with them.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::SecretString;

use super::{ConfigError, Source, table};

/// Where settings come from: the process's environment, or a map in tests. Blank counts as unset.
pub trait Vars {
    /// The value of a setting.
    fn get(&self, name: &str) -> Option<String>;

    /// Where the value of a setting that is set comes from.
    fn source(&self, name: &str) -> Source {
        let _ = name;
        Source::Environment
    }
}

impl<V: Vars> Vars for &V {
    fn get(&self, name: &str) -> Option<String> {
        (**self).get(name)
    }

    fn source(&self, name: &str) -> Source {
        (**self).source(name)
    }
}

impl Vars for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        BTreeMap::get(self, name).cloned()
    }
}

/// The environment of the process, with what a `.env` file adds to it.
#[derive(Debug, Default)]
pub struct Environment(BTreeMap<String, (String, Source)>);

impl Environment {
    /// Reads the environment, and `.env` in the current folder if there is one.
    ///
    /// # Errors
    ///
    /// When `.env` cannot be read as `NAME=value` lines: says in which line, not what it holds.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn read() -> Result<Self, ConfigError> {
        let file = dotenv(Path::new(".env"))?.into_iter();
        let mut values: BTreeMap<_, _> = file.map(|(name, value)| (name, (value, Source::File))).collect();
        for setting in table::SETTINGS {
            if let Ok(value) = std::env::var(setting.name)
                && !value.trim().is_empty()
            {
                values.insert(setting.name.to_owned(), (value, Source::Environment));
            }
        }
        Ok(Self(values))
    }
}

fn dotenv(path: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let Ok(lines) = dotenvy::from_path_iter(path) else { return Ok(BTreeMap::new()) };
    let read: Result<BTreeMap<String, String>, _> = lines.collect();
    // The library's own message quotes the line, which may hold a secret.
    read.map_err(|_| ConfigError(vec!["`.env` has a line that is not NAME=value".to_owned()]))
}

/// A variable of the environment or of `.env`, as it is now: manifests of tools name their keys by it.
pub fn secret_named(name: &str) -> Option<SecretString> {
    Environment::read().ok()?.get(name).map(SecretString::from)
}

impl Vars for Environment {
    /// The file may name further variables, which hold secrets of its own.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn get(&self, name: &str) -> Option<String> {
        match self.0.get(name) {
            Some((value, _)) => Some(value.clone()),
            None if table::SETTINGS.iter().any(|setting| setting.name == name) => None,
            None => std::env::var(name).ok(),
        }
    }

    fn source(&self, name: &str) -> Source {
        self.0.get(name).map_or(Source::Default, |(_, source)| *source)
    }
}

/// Settings from the command line, over those of another source.
pub struct Overrides<V> {
    /// What the command line says.
    pub values: BTreeMap<String, String>,
    /// What is asked otherwise.
    pub rest: V,
}

impl<V: Vars> Vars for Overrides<V> {
    fn get(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned().or_else(|| self.rest.get(name))
    }

    fn source(&self, name: &str) -> Source {
        if self.values.contains_key(name) { Source::CommandLine } else { self.rest.source(name) }
    }
}

/// Collects problems while settings are read.
pub(super) struct Reader<'a, V> {
    pub(super) vars: &'a V,
    pub(super) problems: Vec<String>,
}

impl<V: Vars> Reader<'_, V> {
    /// A value that is set, without blanks around it.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        debug_assert!(table::SETTINGS.iter().any(|setting| setting.name == name), "{name} is not listed");
        self.vars.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// A value as it was meant, or a problem.
    pub(super) fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(name)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.push(format!("{name}: {error}"));
                None
            }
        }
    }

    /// What was read, or nothing and its problems.
    pub(super) fn taken<T>(&mut self, read: Result<T, Vec<String>>) -> Option<T> {
        read.map_err(|problems| self.problems.extend(problems)).ok()
    }

    /// Notes what is wrong.
    pub(super) fn problem(&mut self, text: &str) {
        self.problems.push(text.to_owned());
    }
}
