//! Puts the figures into docs/PERFORMANCE.md, between its two marks.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::figures::{Failed, Figures, Run};
use super::goals;

const BEGIN: &str = "<!-- figures: written by `cargo run --release --example bench -- report` -->";
const END: &str = "<!-- end of figures -->";

pub(crate) fn write(path: &Path, figures: &Figures) -> Result<(), Failed> {
    let page = fs::read_to_string(path)?;
    let page = replaced(&page, &section(figures)).ok_or("the page has no place for the figures")?;
    Ok(fs::write(path, page)?)
}

/// The page with other figures.
fn replaced(page: &str, section: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{section}\n{END}{after}"))
}

fn section(figures: &Figures) -> String {
    let machine = &figures.machine;
    let mut text = format!(
        "{} cores of {}, {}, {} open files at most.\n\n{}\n",
        machine.cores,
        machine.processor,
        machine.system,
        machine.open_files,
        goals::table(figures)
    );
    text.push_str("Medians of all rounds:\n\n");
    text.push_str("| Load | Server | Calls | Tokens/s | CPU µs/token | Switches/token | Delay µs p50 / p95 / p99 | Question → model µs p50 / p99 | First token µs p50 |\n");
    text.push_str("|---|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for (group, side) in sides(figures) {
        let median = |figure: &dyn Fn(&Run) -> f64| figures.median(group, side, figure).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {group} | {side} | {:.0} | {:.0} | {:.1} | {:.2} | {:.0} / {:.0} / {:.0} | {:.0} / {:.0} | {:.0} |",
            median(&|run| run.calls as f64),
            median(&|run| run.words_per_second),
            median(&|run| run.processor),
            median(&|run| run.switches),
            median(&|run| run.word.p50 as f64),
            median(&|run| run.word.p95 as f64),
            median(&|run| run.word.p99 as f64),
            median(&|run| run.asked.p50 as f64),
            median(&|run| run.asked.p99 as f64),
            median(&|run| run.first_word.p50 as f64),
        );
    }
    text
}

/// Groups and sides in which tokens were measured, in the order of the runs.
fn sides(figures: &Figures) -> Vec<(&str, &str)> {
    let mut sides = Vec::new();
    for run in figures.runs.iter().filter(|run| run.words_per_second > 0.0 && run.group != "memory") {
        let side = (run.group.as_str(), run.side.as_str());
        if !sides.contains(&side) {
            sides.push(side);
        }
    }
    sides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let page = format!("# Title\n{BEGIN}\nold\n{END}\nmore\n");
        assert_eq!(replaced(&page, "new\n").unwrap(), format!("# Title\n{BEGIN}\n\nnew\n\n{END}\nmore\n"));
        assert_eq!(replaced("# Title", "new"), None);
    }

    #[test]
    fn the_page_has_a_place_for_the_figures() {
        assert!(replaced(include_str!("../../docs/PERFORMANCE.md"), "").is_some());
    }
}
