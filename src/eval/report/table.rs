//! The results for a terminal of 80 columns.

use std::fmt::Write;

use super::CAUTION;
use crate::eval::figures::{Comparison, Figure, Figures, Measure, Row, is_failed, unmet};
use crate::eval::outcome::{End, Line, Results, Subject, Trial, Who};

const WIDTH: usize = 80;
/// What a scenario's name may take of a line.
const NAME: usize = 40;

/// The results as text: figures, groups, comparison, and what was not met.
pub fn table(results: &Results) -> String {
    let mut page = String::new();
    let all =
        |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    let heading = format!(
        "{}, {} each, {} in {}",
        all(results.cases.len(), "scenario"),
        all(results.repeats as usize, "trial"),
        all(results.trials.len(), "trial"),
        lasted(results.lasted)
    );
    line(&mut page, &heading);
    for (subject, about) in results.subjects.iter().enumerate() {
        page.push('\n');
        line(&mut page, &named(about));
        figures(&mut page, &Figures::of(results, subject));
        groups(&mut page, &Figures::by_group(results, subject));
    }
    if let Some(comparison) = Comparison::of(results) {
        page.push('\n');
        compared(&mut page, results, &comparison);
    }
    for (subject, about) in results.subjects.iter().enumerate() {
        not_met(&mut page, results, subject, about);
    }
    page.push('\n');
    if !results.skipped.is_empty() {
        let names = results.skipped.join(", ");
        wrapped(
            &mut page,
            &plain(&format!("Not tried, for want of a model that plays the caller: {names}")),
            "",
        );
    }
    wrapped(&mut page, CAUTION, "");
    if let Some(caller) = &results.caller {
        wrapped(
            &mut page,
            &plain(&format!("Callers without lines of their own were played by {caller}.")),
            "",
        );
    }
    if let Some(judge) = &results.judge {
        let note = format!(
            "Marks were given by {}. They are an opinion: no expectation was judged by it.",
            plain(judge)
        );
        wrapped(&mut page, &note, "");
    }
    page
}

fn named(subject: &Subject) -> String {
    let Subject { label, prompts, version, model } = subject;
    plain(&format!("{label}: {model}, prompts {prompts} ({version})"))
}

fn figures(page: &mut String, of: &Figures) {
    if of.figures.is_empty() {
        line(page, "  nothing was measured");
    }
    for figure in &of.figures {
        let Figure { measure, value, interval, .. } = figure;
        let interval = interval.map_or("unknown: one scenario".to_owned(), |it| {
            format!("{} to {}", measure.written(it.low), measure.written(it.high))
        });
        let text = format!(
            "  {:<22}{:>9}  {:<20}  {}",
            measure.label(),
            measure.written(*value),
            interval,
            counted(figure)
        );
        line(page, &text);
    }
    let usage = of.usage;
    if usage.questions > 0 {
        let about = if usage.estimated { "about " } else { "" };
        let price = usage.price.map_or(String::new(), |price| format!(", {price:.4} in all"));
        let text = format!(
            "  {} questions, {about}{} tokens read and {} written{price}",
            usage.questions, usage.prompt, usage.completion
        );
        line(page, &text);
    }
    if let Some((mean, count)) = of.judged {
        line(page, &format!("  Mark of the judge: {mean:.1} of 5 over {count} trials (an opinion)"));
    }
}

/// `3 of 36 trials`
pub(super) fn counted(figure: &Figure) -> String {
    let Figure { measure, hits, of, .. } = figure;
    match hits {
        Some(hits) => format!("{hits} of {of} {}", measure.counts()),
        None => format!("{of} {}", measure.counts()),
    }
}

fn groups(page: &mut String, groups: &[(String, Figures)]) {
    if groups.len() < 2 {
        return;
    }
    page.push('\n');
    let row = |name: &str, cells: [String; 5]| {
        format!(
            "  {:<26}{:>8}{:>9}{:>10}{:>9}{:>9}",
            cut(name, 25),
            cells[0],
            cells[1],
            cells[2],
            cells[3],
            cells[4]
        )
    };
    let measures = [Measure::Pass, Measure::Missed, Measure::Needless, Measure::Summary, Measure::Tools];
    line(page, &row("by group", measures.map(|measure| measure.name().to_owned())));
    for (name, of) in groups {
        let cell = |measure| of.get(measure).map_or("-".to_owned(), |it: &Figure| measure_cell(it));
        line(page, &row(&plain(name), measures.map(cell)));
    }
}

fn measure_cell(figure: &Figure) -> String {
    figure.measure.written(figure.value)
}

fn compared(page: &mut String, results: &Results, comparison: &Comparison) {
    let [first, second, ..] = results.subjects.as_slice() else { return };
    let heading = format!("{} compared with {}, scenario by scenario", second.label, first.label);
    line(page, &plain(&heading));
    for row in &comparison.rows {
        let Row { measure, difference } = row;
        let word = match row.is_better() {
            Some(true) => "better",
            Some(false) => "worse",
            None => "",
        };
        let interval = format!(
            "{} to {}",
            measure.difference(difference.interval.low),
            measure.difference(difference.interval.high)
        );
        let effect = measure.difference(difference.effect);
        let p = chance(difference.p);
        line(page, &format!("  {:<22}{effect:>9}  {interval:<24} {p:<10}{word}", measure.label()));
    }
    wrapped(
        page,
        "p: how often chance alone makes a difference at least as large. Each figure is tested by itself; with many \
         of them one looks unlikely by chance.",
        "  ",
    );
}

/// `p 0.042`
pub(super) fn chance(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p {p:.3}") }
}

fn not_met(page: &mut String, results: &Results, subject: usize, about: &Subject) {
    let mine = |trial: &&Trial| trial.subject == subject && !trial.passed();
    let mut trials: Vec<&Trial> = results.trials.iter().filter(mine).collect();
    if trials.is_empty() {
        return;
    }
    trials.sort_by_key(|trial| (is_failed(trial), trial.case, trial.number));
    page.push('\n');
    line(page, &plain(&format!("Not met by {}", about.label)));
    for trial in trials {
        let case = &results.cases[trial.case];
        let end = match &trial.end {
            End::Escalated(it) => format!("a person after turn {}", it.turn),
            End::Completed => "the agent ended the call".to_owned(),
            End::LeftByCaller => "the caller hung up".to_owned(),
            End::Failed { .. } => "could not be held".to_owned(),
        };
        let name = cut(&plain(&case.name), NAME);
        line(page, &format!("  {name} #{}: {end}", trial.number));
        if let End::Failed { why } = &trial.end {
            wrapped(page, &plain(why), "    ");
        }
        for check in unmet(trial) {
            wrapped(page, &plain(&format!("wanted {}; found {}", check.expected, check.found)), "    - ");
        }
    }
}

/// `caller: Where is my parcel?`
pub(super) fn line_of(line: &Line) -> String {
    let who = match line.who {
        Who::Caller => "caller",
        Who::Agent => "agent",
        Who::Tool => "tool",
        Who::Event => "event",
    };
    let cut_off = if line.interrupted { " [cut off]" } else { "" };
    format!("{who}: {}{cut_off}", line.text)
}

/// `2m 10s`
pub(super) fn lasted(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match (seconds / 60, seconds % 60) {
        (0, 0) => format!("{milliseconds} ms"),
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// On one line, without what a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    let words =
        text.split_whitespace().map(|word| word.chars().filter(|c| !c.is_control()).collect::<String>());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A paragraph, broken between words; `first` stands before its first line, and as much room before the others.
pub(crate) fn wrapped(page: &mut String, text: &str, first: &str) {
    let indent = first.chars().count();
    let mut current = first.to_owned();
    let mut is_empty = true;
    let words = text.split_whitespace().flat_map(|word| {
        let letters: Vec<char> = word.chars().collect();
        letters.chunks(WIDTH - indent).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>()
    });
    for word in words {
        if !is_empty && current.chars().count() + 1 + word.chars().count() > WIDTH {
            line(page, &current);
            current = " ".repeat(indent);
            is_empty = true;
        }
        if !is_empty {
            current.push(' ');
        }
        current.push_str(&word);
        is_empty = false;
    }
    line(page, &current);
}

/// At most so many characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

fn line(page: &mut String, text: &str) {
    let _ = writeln!(page, "{}", cut(text.trim_end(), WIDTH));
}
