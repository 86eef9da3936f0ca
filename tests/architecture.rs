//! The house, held together by a machine: who may import whom, which names no module has, how long a file is.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own tree fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every module, in ranks: a module may name those of a lower rank that stand in its row, and no others.
/// The first three ranks are the core, which compiles without the feature `server`.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // 0: what everything is made of
    ("ids", &[]),
    ("pii", &[]),
    // 1: documents, frames and words
    ("twiml", &["ids"]),
    ("relay", &["ids", "pii"]),
    ("chat", &["pii"]),
    ("handoff", &["ids", "pii"]),
    ("speech", &[]),
    ("phrases", &[]),
    ("mask", &[]),
    ("record", &["chat", "handoff", "pii"]),
    ("redact", &["handoff", "mask", "pii", "record"]),
    ("routing", &[]),
    // 2: the rules of a call
    ("session", &["chat", "handoff", "ids", "mask", "phrases", "pii", "record", "redact", "relay", "speech"]),
    // 3: the world, one thing each
    ("clock", &[]),
    ("hours", &[]),
    ("breaker", &["clock"]),
    ("telemetry", &[]),
    ("meters", &["chat", "handoff"]),
    ("outbound", &[]),
    ("profile", &["breaker", "clock", "handoff", "hours", "meters", "outbound", "pii", "routing"]),
    ("twilio", &["clock", "ids", "outbound", "pii"]),
    ("token", &["ids"]),
    ("store", &["chat", "clock", "handoff", "ids", "mask", "pii", "record", "redact"]),
    (
        "tracking",
        &[
            "clock", "handoff", "ids", "mask", "meters", "outbound", "pii", "profile", "redact", "store",
            "token",
        ],
    ),
    (
        "config",
        &[
            "handoff", "hours", "ids", "mask", "outbound", "pii", "redact", "routing", "session", "store",
            "tracking",
        ],
    ),
    ("numbers", &["ids", "store", "twilio"]),
    ("tunnel", &["clock", "config", "outbound"]),
    ("gate", &["clock", "config", "ids", "token"]),
    ("tools", &["chat", "handoff", "outbound", "pii", "prompts"]),
    ("prompts", &["chat", "handoff", "pii", "relay", "session", "twiml"]),
    ("playbook", &["chat", "handoff", "prompts", "tools"]),
    ("llm", &["breaker", "chat", "clock", "handoff", "outbound", "phrases", "pii", "playbook", "prompts"]),
    ("calls", &["clock", "handoff", "ids", "pii", "playbook", "record"]),
    (
        "live",
        &[
            "calls", "clock", "gate", "handoff", "ids", "mask", "phrases", "pii", "record", "redact",
            "store", "token",
        ],
    ),
    ("desk", &["handoff", "record", "store"]),
    // 4: one call
    (
        "driver",
        &[
            "calls", "chat", "clock", "handoff", "ids", "llm", "meters", "mask", "pii", "playbook",
            "profile", "prompts", "record", "relay", "session", "store", "token", "tools",
        ],
    ),
    // 5: the URLs
    (
        "http",
        &[
            "calls", "chat", "clock", "config", "driver", "gate", "handoff", "hours", "ids", "live", "llm",
            "meters", "mask", "outbound", "pii", "playbook", "profile", "prompts", "redact", "relay",
            "routing", "session", "store", "token", "twilio", "twiml",
        ],
    ),
    (
        "console",
        &[
            "calls", "chat", "clock", "config", "desk", "gate", "handoff", "http", "ids", "live", "pii",
            "playbook", "record", "redact", "session", "store", "token",
        ],
    ),
    // 6: everything put together, and the other end of the line
    (
        "app",
        &[
            "calls", "clock", "config", "console", "gate", "handoff", "http", "ids", "live", "llm", "meters",
            "phrases", "playbook", "profile", "prompts", "store", "token", "tools", "tracking", "twilio",
        ],
    ),
    (
        "doctor",
        &[
            "app", "chat", "clock", "config", "hours", "ids", "llm", "numbers", "outbound", "playbook",
            "profile", "store", "token", "tunnel", "twilio",
        ],
    ),
    ("caller", &["clock", "pii", "twilio", "twiml"]),
    (
        "eval",
        &[
            "caller", "chat", "clock", "handoff", "ids", "llm", "mask", "phrases", "pii", "playbook",
            "prompts", "record", "redact", "relay", "routing", "session", "store", "token", "tools",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "caller",
            "config",
            "driver",
            "eval",
            "doctor",
            "handoff",
            "hours",
            "http",
            "ids",
            "llm",
            "mask",
            "numbers",
            "outbound",
            "pii",
            "phrases",
            "playbook",
            "prompts",
            "routing",
            "store",
            "telemetry",
            "tools",
            "tunnel",
            "twiml",
            "clock",
        ],
    ),
];

/// Libraries that have one home.
const HOMES: &[(&str, &[&str])] = &[
    ("argon2", &["gate"]),
    ("async_openai", &["llm"]),
    ("axum", &["app", "console", "http"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("dotenvy", &["config"]),
    ("hdrhistogram", &["caller"]),
    ("hmac", &["token", "twilio"]),
    ("hyper", &["app"]),
    ("hyper_util", &["app"]),
    ("jsonschema", &["tools"]),
    ("metrics", &["meters"]),
    ("metrics_exporter_prometheus", &["meters"]),
    ("minijinja", &["desk", "eval", "prompts"]),
    ("moka", &["calls", "gate", "http", "profile"]),
    ("rmcp", &["tools"]),
    ("rust_embed", &["console"]),
    ("rustls_platform_verifier", &["outbound"]),
    ("utoipa", &["console", "live", "store"]),
    ("utoipa_axum", &["console"]),
    ("opentelemetry", &["telemetry"]),
    ("opentelemetry_otlp", &["telemetry"]),
    ("opentelemetry_sdk", &["telemetry"]),
    ("quick_xml", &["eval", "twiml"]),
    ("jiff", &["hours", "store"]),
    ("rustix", &["clock", "tunnel"]),
    ("rustyline", &["cli"]),
    ("similar", &["cli"]),
    ("sqlx", &["store"]),
    ("tracing_opentelemetry", &["telemetry"]),
    ("tokio_tungstenite", &["caller"]),
    ("toml", &["config", "eval", "prompts"]),
    ("unicode_normalization", &["eval"]),
];

/// Libraries that the core does without, so that its rules can touch neither socket nor clock.
const NOT_IN_THE_CORE: &[&str] = &["axum", "futures_util", "reqwest", "sqlx", "tokio", "tracing"];
const CORE: &[&str] = &[
    "ids", "pii", "twiml", "relay", "chat", "handoff", "speech", "phrases", "mask", "record", "redact",
    "routing", "session",
];

/// Names that tell a kind of code and not what it is about.
const BANNED_NAMES: &[&str] = &[
    "common", "core", "handlers", "helpers", "manager", "misc", "models", "services", "shared", "types",
    "util", "utils",
];

const LONGEST_FILE: usize = 500;

/// Files that are compiled for tests only.
const SUPPORT: &[&str] = &["rehearsal", "scratch", "tests", "vectors"];

struct Source {
    path: PathBuf,
    module: String,
    /// Without its unit tests.
    code: String,
    lines: usize,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    let source = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let inside = path.strip_prefix(&root).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
        let is_test = inside.file_stem().is_some_and(|stem| SUPPORT.iter().any(|name| stem == *name));
        let lines = code.lines().count();
        let (code, lines) = if is_test { (String::new(), 0) } else { (code, lines) };
        Source { path: inside.to_owned(), module, code, lines }
    };
    found.into_iter().map(source).collect()
}

/// The names that follow `prefix` in a line of code: `a` of `crate::a::b`, and of `use crate::{a, b}` both.
fn named<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    let word = |text: &'a str| {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        &text[..end]
    };
    let mut names = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let rest = &line[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                names.extend(list.split('}').next().unwrap_or_default().split(',').map(|n| word(n.trim())))
            }
            None => names.push(word(rest)),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn code_lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let lines = source.code.lines().enumerate().map(|(number, line)| (number + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn every_module_imports_only_what_its_row_allows() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut breaches = Vec::new();
    for source in sources().iter().filter(|source| !["lib", "main"].contains(&source.module.as_str())) {
        let Some(allowed) = table.get(source.module.as_str()) else {
            breaches.push(format!("{}: `{}` is not in the table", source.path.display(), source.module));
            continue;
        };
        for (number, line) in code_lines(source) {
            for name in named(line, "crate::") {
                let own = name == source.module || !table.contains_key(name);
                if !own && !allowed.contains(&name) {
                    breaches
                        .push(format!("src/{}:{number}: may not name crate::{name}", source.path.display()));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn ranks_have_no_circles() {
    let place = |name: &str| MAY_IMPORT.iter().position(|(module, _)| *module == name);
    for (module, allowed) in MAY_IMPORT {
        for name in *allowed {
            let (above, below) = (place(module).unwrap(), place(name).unwrap_or(usize::MAX));
            // `tools` reads its files as `prompts` does, and stands before it.
            let excepted = (*module, *name) == ("tools", "prompts");
            assert!(below < above || excepted, "{module} may name {name}, which stands above it");
        }
    }
}

#[test]
fn every_library_stays_in_its_home() {
    let mut breaches = Vec::new();
    for source in &sources() {
        let module = source.module.as_str();
        for (number, line) in code_lines(source) {
            let uses = |library: &str| {
                line.match_indices(library).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    line[at + library.len()..].starts_with("::")
                        && before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
                })
            };
            for (library, homes) in HOMES.iter().filter(|(library, _)| uses(library)) {
                if !homes.contains(&module) {
                    breaches.push(format!(
                        "src/{}:{number}: {library} belongs to {homes:?}",
                        source.path.display()
                    ));
                }
            }
            for library in NOT_IN_THE_CORE.iter().filter(|library| uses(library)) {
                if CORE.contains(&module) {
                    breaches.push(format!("src/{}:{number}: {library} in the core", source.path.display()));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let long: Vec<_> = sources().into_iter().filter(|source| source.lines > LONGEST_FILE).collect();
    let long: Vec<_> =
        long.iter().map(|source| format!("src/{}: {}", source.path.display(), source.lines)).collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn no_module_is_named_for_a_kind_of_code() {
    for source in sources() {
        for part in source.path.with_extension("").iter() {
            let name = part.to_str().unwrap();
            assert!(!BANNED_NAMES.contains(&name), "src/{}: what is it about?", source.path.display());
        }
    }
}

#[test]
fn the_table_names_every_module() {
    let library = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    for module in library.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let module = module.trim_end_matches(';');
        assert!(MAY_IMPORT.iter().any(|(name, _)| *name == module), "{module} has no row");
    }
    assert!(!named("use crate::{ids::A, pii};", "crate::").is_empty(), "the reader of imports reads nothing");
    assert_eq!(named("use crate::{ids::A, pii};", "crate::"), ["ids", "pii"]);
}

#[test]
fn every_failure_is_shown_by_something_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = |folder: &str| -> Vec<PathBuf> {
        fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let tests = ["tests/it", "tests/faults", "tests/console"].into_iter().flat_map(names);
    let tests: String = tests.map(|path| fs::read_to_string(path).unwrap()).collect();
    let conversations = names("tests/calls");
    let document = fs::read_to_string(root.join("docs/RELIABILITY.md")).unwrap();
    let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| ")).collect();
    assert!(rows.len() > 30, "only {} rows", rows.len());
    for shown_by in rows.iter().map(|row| row.trim_end_matches(" |").rsplit('|').next().unwrap_or_default()) {
        for name in shown_by.split('`').skip(1).step_by(2) {
            let is_conversation = |path: &PathBuf| {
                path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&format!("{name}_")))
            };
            let there = tests.contains(&format!("fn {name}("))
                || conversations.iter().any(is_conversation)
                || root.join(name).is_file();
            assert!(there, "docs/RELIABILITY.md names {name}");
        }
    }
}
