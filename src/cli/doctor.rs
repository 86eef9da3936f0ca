//! `warmline doctor`: what is wrong, and what to do about it, a line for each check.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::complain;
use crate::config::{ConfigError, Overrides, Vars};
use crate::doctor::{self, Finding, Report};

/// How wide a terminal is.
const WIDTH: usize = 80;
/// Where what was found begins: behind the level and the name.
const INDENT: usize = 20;

/// How to tell it.
#[derive(Debug, Args)]
#[command(about = "Check everything that a call needs, and say how to mend what is wrong")]
pub struct DoctorArgs {
    /// Where Twilio reaches the server, in place of PUBLIC_URL: the address of a tunnel that runs
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Looks, and tells. `unread` says why a source of settings could not be read.
pub fn run(vars: &impl Vars, args: &DoctorArgs, unread: Option<&ConfigError>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let public = args.url.iter().map(|url| ("PUBLIC_URL".to_owned(), url.clone())).collect();
    let vars = Overrides { values: public, rest: vars };
    let report = runtime.block_on(doctor::examine(&vars, unread));
    let mut out = std::io::stdout().lock();
    let text = if args.json {
        format!("{:#}\n", json!({ "findings": report.findings, "exit": report.code() }))
    } else {
        page(&report, out.is_terminal())
    };
    // Nobody may be reading any longer; the code says it all.
    let _ = out.write_all(text.as_bytes());
    ExitCode::from(report.code())
}

/// One line for each finding; on a terminal broken at its width, with what is wrong under each other.
fn page(report: &Report, on_terminal: bool) -> String {
    let mut text = String::new();
    for Finding { level, name, what, fix } in &report.findings {
        let head = format!("{:<4}  {name:<13} ", level.word());
        let fix = fix.as_ref().map(|fix| format!("-> {fix}"));
        if on_terminal {
            text.push_str(&broken(&head, what));
            text.push_str(&fix.map(|fix| broken(&" ".repeat(INDENT), &fix)).unwrap_or_default());
        } else {
            let fix = fix.map(|fix| format!("  {fix}")).unwrap_or_default();
            // What others say may have lines of its own.
            text.push_str(&format!("{head}{}{fix}\n", what.replace('\n', " ")));
        }
    }
    text
}

/// A paragraph of lines that fit, behind its head.
fn broken(head: &str, text: &str) -> String {
    let mut lines = vec![format!("{head:<INDENT$}")];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a line");
        let is_new = line.trim_end().chars().count() < INDENT || line.ends_with(' ');
        if !is_new && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("{}{word}", " ".repeat(INDENT)));
        } else {
            line.push_str(if is_new { "" } else { " " });
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn a_terminal_gets_80_columns_and_a_file_one_line_each() {
        let finding = |level, fix: Option<&str>| Finding {
            level,
            name: "signature",
            what:
                "a correctly signed request is refused: the server that runs has another token\nor PUBLIC_URL"
                    .into(),
            fix: fix.map(str::to_owned),
        };
        let report = Report {
            findings: vec![
                finding(
                    Level::Fail,
                    Some("start the server anew with these settings, and let the proxy pass the path"),
                ),
                finding(Level::Ok, None),
            ],
            is_readable: true,
        };
        let wide = page(&report, false);
        assert_eq!(wide.lines().count(), 2, "{wide}");
        assert!(wide.starts_with("fail  signature     a correctly") && wide.contains("  -> start"), "{wide}");
        let narrow = page(&report, true);
        assert!(narrow.lines().all(|line| line.chars().count() <= WIDTH), "{narrow}");
        assert!(narrow.contains("\n                    -> start"), "{narrow}");
        assert_eq!(report.code(), 1);
        assert_eq!(Report { is_readable: false, ..report }.code(), 64);
    }
}
