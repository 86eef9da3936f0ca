//! `warmline prompts list`.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{plain_call, say, sources};
use crate::cli::complain;
use crate::config::Config;
use crate::llm::Question;
use crate::llm::openai::request;
use crate::playbook::{Playbook, Sources};
use crate::prompts::{BASE, estimated_tokens};
use crate::tools::Means;

/// How wide a line may be.
const WIDTH: usize = 80;
/// How far the files of a variant are moved in.
const INDENT: usize = 2;

/// One variant, as far as it can be read.
struct Row {
    name: String,
    share: f64,
    version: Option<String>,
    /// Of the system prompt of a plain call, and of the tools, roughly.
    tokens: Option<(usize, usize)>,
    files: Vec<String>,
}

/// Lists everything. Fails where something is broken.
pub(super) fn run(config: &Config, means: &Means, as_json: bool) -> ExitCode {
    let sources = sources(config);
    let mut problems = Vec::new();
    let names = sources.variants().unwrap_or_else(|error| {
        problems.push(error.to_string());
        Vec::new()
    });
    let shares = sources.shares(&names).unwrap_or_else(|error| {
        problems.push(error.to_string());
        Default::default()
    });
    let mut rows = Vec::new();
    for name in std::iter::once(BASE).chain(names.iter().map(String::as_str)) {
        let playbook = match Playbook::load(&sources, name, means) {
            Ok(playbook) => Some(playbook),
            Err(error) => {
                problems.push(error.to_string());
                None
            }
        };
        rows.push(row(&sources, name, shares.of(name), playbook.as_ref()));
    }
    let known = |name: &str| name == BASE || names.iter().any(|known| known == name);
    for named in config.variants.iter().filter(|named| !known(&named.name)) {
        problems.push(format!("{}: prompts: there is no variant `{}`", named.place, named.name));
    }
    if as_json {
        let rows: Vec<Value> = rows.iter().map(Row::json).collect();
        let source = sources.prompts.to_string();
        say(&format!("{:#}\n", json!({ "source": source, "variants": rows, "problems": problems })));
    } else {
        say(&page(&sources, &rows));
        problems.iter().for_each(|problem| complain(problem));
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn row(sources: &Sources, name: &str, share: f64, playbook: Option<&Playbook>) -> Row {
    let tokens = |playbook: &Playbook| {
        let question = Question::of(playbook, &plain_call(playbook));
        let body = request(&question, None).unwrap_or_default();
        (estimated_tokens(&question.system.text()), estimated_tokens(&body["tools"].to_string()))
    };
    Row {
        name: name.to_owned(),
        share,
        version: playbook.map(|playbook| playbook.version().to_owned()),
        tokens: playbook.map(tokens),
        files: sources.own_files(name).unwrap_or_default(),
    }
}

impl Row {
    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "share": self.share,
            "version": self.version,
            "promptTokens": self.tokens.map(|(prompt, _)| prompt),
            "toolTokens": self.tokens.map(|(_, tools)| tools),
            "tokensAre": "estimated",
            "files": self.files,
        })
    }
}

fn page(sources: &Sources, rows: &[Row]) -> String {
    let mut page = format!("prompts {}, tools {}\n\n", sources.prompts, sources.tools);
    page.push_str(&format!(
        "{:<32}  {:>8}  {:<12}  {:>8}  {:>8}\n",
        "VARIANT", "SHARE", "VERSION", "PROMPT", "TOOLS"
    ));
    for row in rows {
        let tokens = |count: Option<usize>| count.map_or_else(|| "–".to_owned(), |count| format!("~{count}"));
        page.push_str(&format!(
            "{:<32}  {:>6} %  {:<12}  {:>8}  {:>8}\n",
            row.name,
            row.share,
            row.version.as_deref().unwrap_or("broken"),
            tokens(row.tokens.map(|(prompt, _)| prompt)),
            tokens(row.tokens.map(|(_, tools)| tools)),
        ));
        page.push_str(&wrapped(&row.files));
    }
    page.push_str("\nPROMPT and TOOLS are estimates, in tokens, for a plain call.\n");
    page
}

/// Names, as many in a line as there is room for.
fn wrapped(names: &[String]) -> String {
    let mut text = String::new();
    let mut line = String::new();
    for name in names {
        if !line.is_empty() && INDENT + line.len() + 1 + name.len() > WIDTH {
            text.push_str(&format!("{:INDENT$}{line}\n", ""));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(name);
    }
    if !line.is_empty() {
        text.push_str(&format!("{:INDENT$}{line}\n", ""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let names: Vec<String> = (0..20).map(|number| format!("knowledge.l{number}.md")).collect();
        let row = |name: &str| Row {
            name: name.to_owned(),
            share: 99.99,
            version: Some("0a1b2c3d4e5f".to_owned()),
            tokens: Some((123_456, 1_234_567)),
            files: names.clone(),
        };
        let sources =
            Sources { prompts: crate::playbook::Source::Embedded, tools: crate::playbook::Source::Embedded };
        let page = page(&sources, &[row(BASE), row(&"x".repeat(32))]);
        for line in page.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        assert!(names.iter().all(|name| page.contains(name)));
    }
}
