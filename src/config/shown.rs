//! The settings as they were read, for people. A secret is shown to nobody.

use super::table::{SETTINGS, Setting};
use super::vars::Vars;
use crate::pii::bare_address;
use crate::redact::number;

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Where its name and meaning stand.
    pub name: &'static str,
    /// What it means, and what holds without it.
    pub meaning: &'static str,
    /// Its value; none if it is not set, or secret.
    pub value: Option<String>,
    /// Whether the value is shown to nobody.
    pub secret: bool,
    /// Where it comes from.
    pub source: Source,
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The command line.
    CommandLine,
    /// The environment.
    Environment,
    /// A `.env` file.
    File,
    /// It is not set.
    Default,
}

/// The one setting that may hold somebody's number.
const NUMBER: &str = "HANDOFF_NUMBER";

pub(super) fn all(vars: &impl Vars) -> Vec<Shown> {
    let shown = |Setting { name, meaning, secret }: &Setting| {
        let value = vars.get(name).filter(|value| !value.trim().is_empty());
        let source = if value.is_some() { vars.source(name) } else { Source::Default };
        let value = value.filter(|_| !secret);
        let value = value.map(|value| if *name == NUMBER { number(&value) } else { bare_address(&value) });
        Shown { name, meaning, value, secret: *secret, source }
    };
    SETTINGS.iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn secrets_and_numbers_are_not_shown() {
        let secret = "hunter2-hunter2";
        let vars: BTreeMap<String, String> =
            SETTINGS.iter().map(|setting| (setting.name.to_owned(), secret.to_owned())).collect();
        for shown in all(&vars) {
            let hides = shown.secret || shown.name == NUMBER;
            assert_eq!(shown.value.as_deref() == Some(secret), !hides, "{}", shown.name);
            assert_eq!(shown.source, Source::Environment);
        }
        let gateway = "https://someone:hunter2@gateway.example.com/v1?api-key=hunter2";
        let vars = BTreeMap::from([("OPENAI_BASE_URL".to_owned(), gateway.to_owned())]);
        let shown = all(&vars).into_iter().find_map(|shown| shown.value);
        assert_eq!(shown.as_deref(), Some("https://gateway.example.com/v1"));
        // A name that sounds secret is one.
        for setting in SETTINGS {
            let sounds = ["TOKEN", "SECRET", "PASSWORD", "KEY", "DATABASE", "HEADERS"];
            assert_eq!(
                sounds.iter().any(|word| setting.name.contains(word)),
                setting.secret,
                "{}",
                setting.name
            );
        }
        assert!(all(&BTreeMap::new()).iter().all(|shown| shown.source == Source::Default));
    }
}
