//! Settings, prompts, tools and rules: what is read at the start of a server.

use std::collections::BTreeMap;

use super::Finding;
use crate::app;
use crate::chat::Toolbox;
use crate::config::{Config, ConfigError, Overrides, Vars, table};

/// How often a setting that cannot be read is left out before nothing is looked at any more.
const TRIES: usize = 4;
/// Stands for people while the settings name none: nobody is called there.
const SOMEBODY: &str = "sip:nobody@example.invalid";

/// The settings, and what is wrong with them. What cannot be read is left out, so that the rest can be looked at.
pub(super) fn load(vars: &impl Vars, unread: Option<&ConfigError>) -> (Option<Config>, Vec<Finding>) {
    let mut findings = Vec::new();
    let fix = "mend it in the environment, .env or warmline.toml; every setting: warmline --help";
    findings.extend(
        unread.into_iter().flat_map(|error| &error.0).map(|problem| Finding::fail("settings", problem, fix)),
    );
    let mut left_out = BTreeMap::new();
    for tried in 0..TRIES {
        let problems = match Config::load(&Overrides { values: left_out.clone(), rest: vars }) {
            Ok(config) => {
                if findings.is_empty() {
                    findings.push(Finding::ok("settings", format!("{} are set", count(&config))));
                }
                return (Some(config), findings);
            }
            Err(ConfigError(problems)) => problems,
        };
        if tried == 0 {
            findings.extend(problems.iter().map(|problem| Finding::fail("settings", problem, fix)));
        }
        for problem in &problems {
            leave_out(problem, &mut left_out);
        }
    }
    (None, findings)
}

/// Leaves out what a problem is about.
fn leave_out(problem: &str, left_out: &mut BTreeMap<String, String>) {
    let about = problem.split(':').next().unwrap_or_default();
    let named: Vec<_> =
        table::SETTINGS.iter().filter(|setting| about.split(' ').any(|word| word == setting.name)).collect();
    match named[..] {
        // Two that stand for each other: one of them is missing.
        [_, _, ..] => {
            left_out.insert("HANDOFF_NUMBER".to_owned(), SOMEBODY.to_owned());
        }
        [setting] if setting.name != "WARMLINE_CONFIG" => {
            left_out.insert(setting.name.to_owned(), String::new());
        }
        // The file, or something in it.
        _ => {
            left_out.insert("WARMLINE_CONFIG".to_owned(), "/dev/null".to_owned());
        }
    }
}

fn count(config: &Config) -> usize {
    use crate::config::Source;

    config.shown.iter().filter(|shown| shown.source != Source::Default).count()
}

/// Prompts, tools and rules.
pub(super) fn playbook(config: &Config) -> Vec<Finding> {
    let (start, handoff) = (config.routes.start.0.len(), config.routes.handoff.0.len());
    let rules = Finding::ok("rules", format!("{start} for calls that come in, {handoff} for hand-offs"));
    let shelf = match app::shelf(config) {
        Ok(shelf) => shelf,
        Err(error) => {
            let error = error.to_string();
            let name = if error.contains(".json") { "tools" } else { "prompts" };
            let fix = "mend the file, or move the folder away to use the embedded ones";
            return vec![Finding::fail(name, error, fix), rules];
        }
    };
    let (sources, playbook) = (shelf.sources(), shelf.latest());
    let names: Vec<&str> = playbook.tools.tools().iter().map(|tool| tool.name.as_str()).collect();
    vec![
        Finding::ok("prompts", format!("{}, version {}", sources.prompts, playbook.version())),
        Finding::ok("tools", format!("{}: {}", sources.tools, names.join(", "))),
        rules,
    ]
}
