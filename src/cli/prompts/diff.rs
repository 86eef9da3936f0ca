//! `warmline prompts diff`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use serde_json::{Value, json};
use similar::TextDiff;

use super::{Subject, broken, plain_call, say, subject};
use crate::config::Config;
use crate::prompts::FileError;
use crate::tools::Means;

/// How many lines around a change are shown.
const AROUND: usize = 3;
/// What the system prompt is called among the files.
const SYSTEM: &str = "system prompt of a plain call";

/// Compares two playbooks.
pub(super) fn run(config: &Config, means: &Means, (from, to): (&str, &str), as_json: bool) -> ExitCode {
    let compared = subject(config, means, from)
        .and_then(|from| Ok((from, subject(config, means, to)?)))
        .and_then(|(from, to)| Ok((changes(&from, &to)?, from, to)));
    let (changes, from, to) = match compared {
        Ok(compared) => compared,
        Err(error) => return broken(&error),
    };
    if as_json {
        let side = |subject: &Subject| json!({ "name": subject.name, "version": subject.playbook.version() });
        let change = |(name, diff): &(String, String)| json!({ "name": name, "diff": diff });
        let changes: Vec<Value> = changes.iter().map(change).collect();
        say(&format!("{:#}\n", json!({ "from": side(&from), "to": side(&to), "changes": changes })));
    } else if changes.is_empty() {
        say(&format!("no difference: both are version {}\n", to.playbook.version()));
    } else {
        changes.iter().for_each(|(_, diff)| say(diff));
    }
    ExitCode::SUCCESS
}

/// What differs, by name: files first, then what comes of them.
fn changes(from: &Subject, to: &Subject) -> Result<Vec<(String, String)>, FileError> {
    let (before, after) = (from.sources.texts(&from.variant)?, to.sources.texts(&to.variant)?);
    let names: BTreeSet<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
    let text = |texts: &[(String, String)], name: &str| {
        texts.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone())
    };
    let mut changes = Vec::new();
    for name in names {
        let (old, new) = (text(&before, name), text(&after, name));
        let title = |subject: &Subject, there: bool| match there {
            true => format!("{}: {name}", subject.name),
            false => "/dev/null".to_owned(),
        };
        let titles = (title(from, old.is_some()), title(to, new.is_some()));
        changes.extend(difference(&old.unwrap_or_default(), &new.unwrap_or_default(), titles, name));
    }
    let system = |subject: &Subject| {
        subject.playbook.system_prompt(&plain_call(&subject.playbook)).text().into_owned()
    };
    let title = |subject: &Subject| format!("{}: {SYSTEM}", subject.name);
    changes.extend(difference(&system(from), &system(to), (title(from), title(to)), SYSTEM));
    Ok(changes)
}

fn difference(old: &str, new: &str, titles: (String, String), name: &str) -> Option<(String, String)> {
    if old == new {
        return None;
    }
    let diff = TextDiff::from_lines(old, new);
    let text = diff.unified_diff().context_radius(AROUND).header(&titles.0, &titles.1).to_string();
    Some((name.to_owned(), text))
}
