//! docs/SETTINGS.md is written from the code and the example files; here they are held to each other.
//! `UPDATE_DOCS=1 cargo test --test it settings_page` writes the page anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use warmline::config::Config;
use warmline::config::table::SETTINGS;

const EXAMPLE: &str = include_str!("../../warmline.toml.example");

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), name].iter().collect()
}

/// A table of the example file, or a part of it that is commented out as a whole.
#[derive(Default)]
struct Section {
    heading: String,
    prose: Vec<String>,
    /// Key, default, meaning.
    rows: Vec<[String; 3]>,
    /// What is written before it, and the lines without their `#`.
    examples: Vec<(String, Vec<String>)>,
}

/// `routes.start` of `[[routes.start]]`.
fn table_of(line: &str) -> Option<&str> {
    let inside = line.strip_prefix('[')?.trim_start_matches('[');
    inside.split(']').next()
}

/// `# text` explains, `#text` is a setting that is commented out.
fn sections(example: &str) -> (Vec<String>, Vec<Section>) {
    let (mut opening, mut sections) = (Vec::new(), Vec::<Section>::new());
    let mut said = Vec::<String>::new();
    let mut in_example = false;
    for line in example.lines().chain([""]) {
        if let Some(text) = line.strip_prefix("# ") {
            said.push(text.to_owned());
        } else if let Some(code) = line.strip_prefix('#') {
            if !in_example {
                let table =
                    table_of(code).unwrap_or_else(|| panic!("an example begins with a table: {line}"));
                let inside = |section: &Section| table.starts_with(&format!("{}.", section.heading));
                if !sections.last().is_some_and(inside) {
                    sections.push(Section { heading: table.to_owned(), ..Section::default() });
                }
                let section = sections.last_mut().unwrap();
                section.examples.push((said.join(" "), Vec::new()));
                said.clear();
                in_example = true;
            }
            let (_, lines) = sections.last_mut().unwrap().examples.last_mut().unwrap();
            lines.extend(said.drain(..).map(|text| format!("# {text}")));
            lines.push(code.to_owned());
        } else if line.is_empty() {
            in_example = false;
            if sections.is_empty() {
                opening.append(&mut said);
            }
            assert!(said.is_empty(), "{said:?} explains nothing");
        } else if let Some(table) = table_of(line) {
            let prose = std::mem::take(&mut said);
            sections.push(Section { heading: table.to_owned(), prose, ..Section::default() });
        } else {
            let (key, value) = line.split_once(" = ").unwrap();
            let meaning = std::mem::take(&mut said).join(" ");
            sections.last_mut().unwrap().rows.push([key.to_owned(), format!("`{value}`"), meaning]);
        }
    }
    (opening, sections)
}

/// `docs/STORE.md` becomes a link from a page beside it.
fn linked(text: &str) -> String {
    let link = |word: &str| match word.split_once("docs/") {
        // It may stand first in its line.
        Some((before, rest)) if before.is_empty() || before.ends_with('\n') => {
            let (name, end) = rest.split_once(".md").unwrap_or((rest, ""));
            format!("{before}[{name}.md]({name}.md){end}")
        }
        _ => word.to_owned(),
    };
    text.split(' ').map(link).collect::<Vec<_>>().join(" ")
}

fn row(cells: &[&str]) -> String {
    let cells = cells.iter().map(|cell| linked(&cell.replace('|', "\\|")));
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// `port to listen on [8080]` in its two parts.
fn meaning_and_default(text: &str) -> (&str, &str) {
    let parts = text.strip_suffix(']').and_then(|text| text.split_once(" ["));
    parts.unwrap_or((text, "–"))
}

fn page() -> String {
    let mut page = String::from(
        "# Every setting\n\n\
         <!-- Written by `UPDATE_DOCS=1 cargo test --test it settings_page`, from src/config/table.rs and\n     \
         warmline.toml.example. Edit those. -->\n\n\
         What is one value is a variable of the environment; what has a structure stands in `warmline.toml`. A server \
         reads\nboth once, when it starts, and reports every problem at once. Prompts and tools are files of their own \
         and are followed\nwhile it runs: [prompts](../prompts/README.md), [tools](../tools/README.md).\n\n\
         The command line (`--port`, `--prompts`, `--tools`, `--config`) outranks the environment, that the file \
         `.env` in the\ncurrent folder, that the front matter of `agent.md`, that `warmline.toml`. A blank value \
         counts as unset.\n\n\
         ## Environment\n\n\
         `.env.example` has a line to copy for each. What is secret is shown nowhere, neither in the log nor in the \
         console.\n\n",
    );
    page.push_str("| Name | What | Without it |\n|---|---|---|\n");
    for setting in SETTINGS {
        let (meaning, default) = meaning_and_default(setting.meaning);
        let secret = if setting.secret { " (secret)" } else { "" };
        page.push_str(&row(&[&format!("`{}`", setting.name), &format!("{meaning}{secret}"), default]));
    }
    let (opening, sections) = sections(EXAMPLE);
    page.push_str(&format!("\n## `warmline.toml`\n\n{}\n", linked(&opening.join("\n"))));
    for section in &sections {
        page.push_str(&format!("\n### `{}`\n", section.heading));
        if !section.prose.is_empty() {
            page.push_str(&format!("\n{}\n", linked(&section.prose.join("\n"))));
        }
        if !section.rows.is_empty() {
            page.push_str("\n| Key | Default | What |\n|---|---|---|\n");
        }
        for [key, default, meaning] in &section.rows {
            page.push_str(&row(&[&format!("`{key}`"), default, meaning]));
        }
        for (prose, lines) in &section.examples {
            page.push_str(&format!("\n{}\n\n```toml\n{}\n```\n", linked(prose), lines.join("\n")));
        }
    }
    page
}

#[test]
fn the_page_of_all_settings_says_what_the_code_says() {
    let (page, place) = (page(), path("docs/SETTINGS.md"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&place, &page).unwrap();
    }
    let written = fs::read_to_string(place).unwrap_or_default();
    assert!(
        written == page,
        "docs/SETTINGS.md is out of date: UPDATE_DOCS=1 cargo test --test it settings_page"
    );
}

#[test]
fn every_key_that_is_read_stands_in_the_example_file() {
    let (_, sections) = sections(EXAMPLE);
    let tables = Config::load(&BTreeMap::new()).unwrap().file_tables();
    assert!(tables.len() > 8);
    // Lists are told entry by entry, and `attributes` by the keys that it adds.
    let named = tables.iter().filter(|table| !table.name.contains(' ') && table.name != "attributes");
    for table in named {
        let section = sections.iter().find(|section| section.heading == table.name);
        let section = section.unwrap_or_else(|| panic!("warmline.toml.example lacks [{}]", table.name));
        for (key, _) in &table.values {
            let commented = |line: &String| {
                line.split(" = ").next() == Some(key)
                    || table_of(line) == Some(&format!("{}.{key}", table.name))
            };
            let known = section.rows.iter().any(|[name, ..]| name == key)
                || section.examples.iter().any(|(_, lines)| lines.iter().any(commented));
            assert!(known, "warmline.toml.example lacks {key} of [{}]", table.name);
        }
    }
}

#[test]
fn what_is_commented_out_in_the_example_file_is_toml() {
    for section in sections(EXAMPLE).1 {
        for (_, lines) in section.examples {
            let text = lines.join("\n");
            toml::from_str::<toml::Table>(&text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        }
    }
}

#[test]
fn every_variable_stands_in_the_example_and_in_the_readme() {
    let example = fs::read_to_string(path(".env.example")).unwrap();
    let named = example.lines().filter_map(|line| line.strip_prefix('#')?.split_once('='));
    let named: BTreeSet<_> = named.map(|(name, _)| name).filter(|name| !name.contains(' ')).collect();
    let known: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(named, known, ".env.example and src/config/table.rs");
    let readme = fs::read_to_string(path("README.md")).unwrap();
    for name in known {
        assert!(readme.contains(&format!("`{name}`")), "README.md does not name {name}");
    }
}
