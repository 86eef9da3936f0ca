//! What the figures should be, and what they are.

use std::fmt::Write as _;

use super::figures::{Figures, Idle, Run, median};

/// One line of the table.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) goal: &'static str,
    pub(crate) measured: String,
    /// `None` where it was not measured.
    pub(crate) met: Option<bool>,
}

/// Ceilings that CI holds.
#[derive(serde::Deserialize)]
struct Ceilings {
    instructions_per_token: f64,
    allocations_per_token: f64,
}

const CPU: &str = "cpu";

/// All lines.
pub(crate) fn rows(figures: &Figures) -> Vec<Row> {
    let processor = |run: &Run, other: &Run| run.processor / other.processor;
    let against = |group, other| figures.compared((group, "warmline"), (group, other), processor);
    let one_core = figures.median("one-core", "warmline", |run| run.processor);
    let delay = |run: &Run, floor: &Run| run.word.p50 as f64 - floor.word.p50 as f64;
    let growth = |size: &str| figures.median("growth", size, |run| run.processor);
    let grown = growth("4000 calls").zip(growth("400 calls")).map(|(large, small)| large / small);
    let (base, idle, answered) = memory(figures);
    let correct = (!figures.runs.is_empty()).then(|| figures.faults() as f64);
    vec![
        ratio("CPU per token against `raw`, 500 calls, two busy cores", "≤ 1.4×", against(CPU, "raw"), 1.4),
        ratio("The same, one worker alone on one core", "≤ 1.3×", against("one-core", "raw"), 1.3),
        share(
            "CPU per token against Twilio Agent Connect 2.5.0, 100 calls",
            against("peers", "agent connect"),
        ),
        row(
            "User instructions per token in a whole server",
            "≤ 20,000",
            figures.instructions_per_token,
            20_000.0,
            |n| format!("{n:.0}"),
        ),
        row("Allocations per token after warm-up", "≤ 0.2", figures.allocations_per_token, 0.2, |n| {
            format!("{n:.2}")
        }),
        row(
            "Added delay p50 over `floor`, 500 calls",
            "≤ +100 µs",
            figures.compared((CPU, "warmline"), (CPU, "floor"), delay),
            100.0,
            |n| format!("{n:+.0} µs"),
        ),
        row(
            "Prompt received → model request written, p99, 500 calls",
            "≤ 1 ms",
            figures.median(CPU, "warmline", |run| run.asked.p99 as f64 / 1e3),
            1.0,
            |n| format!("{n:.2} ms"),
        ),
        row("Memory: base", "≤ 20 MiB", base, 20.0, |n| format!("{n:.1} MiB")),
        row("Memory: an idle call above the base", "≤ 12 KiB", idle, 12.0, |n| format!("{n:.1} KiB")),
        row("Memory: more while an answer streams", "≤ 40 KiB", answered, 40.0, |n| format!("{n:.1} KiB")),
        tokens(one_core),
        held(&figures.idle),
        row(
            "Start to ready on an existing SQLite file",
            "≤ 50 ms",
            median(figures.starts.clone()),
            50.0,
            |n| format!("{n:.0} ms"),
        ),
        ratio(
            "CPU per token with store and console against neither",
            "≤ 1.1×",
            figures.compared((CPU, "with store"), (CPU, "warmline"), processor),
            1.1,
        ),
        ratio("CPU per token at 4,000 calls against 400", "≤ 1.2×", grown, 1.2),
        row("Lost, doubled, reordered, stale or foreign tokens, in all runs", "0", correct, 0.0, |n| {
            format!("{n:.0}")
        }),
    ]
}

fn row(
    what: &'static str,
    goal: &'static str,
    measured: Option<f64>,
    most: f64,
    show: impl Fn(f64) -> String,
) -> Row {
    let text = measured.map_or_else(|| "not measured".to_owned(), show);
    Row { what, goal, measured: text, met: measured.map(|measured| measured <= most) }
}

fn ratio(what: &'static str, goal: &'static str, measured: Option<f64>, most: f64) -> Row {
    row(what, goal, measured, most, |n| format!("{n:.2}×"))
}

/// A fraction reads better from the other side.
fn share(what: &'static str, measured: Option<f64>) -> Row {
    row(what, "≤ 1/10", measured, 0.1, |n| format!("1/{:.1}", 1.0 / n))
}

fn tokens(processor: Option<f64>) -> Row {
    let a_second = processor.filter(|micros| *micros > 0.0).map(|micros| 1e6 / micros);
    Row {
        what: "Tokens per second through one core",
        goal: "≥ 65,000",
        measured: a_second.map_or_else(|| "not measured".to_owned(), |n| format!("{n:.0}")),
        met: a_second.map(|n| n >= 65_000.0),
    }
}

/// The base in MiB; an idle call, and what is added while it hears an answer, in KiB.
fn memory(figures: &Figures) -> (Option<f64>, Option<f64>, Option<f64>) {
    let a_call =
        |run: &Run, resident: u64| resident.saturating_sub(run.base) as f64 / run.calls.max(1) as f64;
    let base = figures.median("memory", "idle", |run| run.base as f64 / 1024.0);
    let idle = figures.median("memory", "idle", |run| a_call(run, run.connected));
    let answered = figures.of("memory", "answered").filter(|run| run.answered > 0);
    let answered = median(answered.map(|run| a_call(run, run.answered)).collect());
    (base, idle, answered.zip(idle).map(|(answered, idle)| answered - idle))
}

/// Whether the second half of the calls takes no more than the first.
fn held(idle: &[Idle]) -> Row {
    const MOST: f64 = 1.1;
    let slopes = slopes(idle);
    let calls = idle.iter().map(|idle| idle.calls).max().unwrap_or_default();
    Row {
        what: "Idle calls held by one process, and memory of each in the first and the second half",
        goal: "18,000, flat",
        measured: slopes.map_or_else(
            || "not measured".to_owned(),
            |(first, second)| format!("{calls}: {first:.1} and {second:.1} KiB"),
        ),
        met: slopes.map(|(first, second)| calls >= 18_000 && second <= first * MOST),
    }
}

/// KiB for each call, up to half of the calls and from there on.
fn slopes(idle: &[Idle]) -> Option<(f64, f64)> {
    let (first, last) = (idle.first()?, idle.iter().max_by_key(|idle| idle.calls)?);
    let middle = idle.iter().min_by_key(|idle| idle.calls.abs_diff(last.calls / 2))?;
    let slope = |from: &Idle, to: &Idle| {
        let calls = to.calls.checked_sub(from.calls).filter(|calls| *calls > 0)?;
        Some((to.resident as f64 - from.resident as f64) / calls as f64)
    };
    Some((slope(first, middle)?, slope(middle, last)?))
}

/// For a terminal, and for Markdown.
pub(crate) fn table(figures: &Figures) -> String {
    let mut text = "| What | Goal | Measured | Met |\n|---|---|--:|---|\n".to_owned();
    for Row { what, goal, measured, met } in rows(figures) {
        let met = match met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "–",
        };
        let _ = writeln!(text, "| {what} | {goal} | {measured} | {met} |");
    }
    text
}

/// Whether no count is above its ceiling. Says which one is.
pub(crate) fn keeps_ceilings(figures: &Figures) -> bool {
    let ceilings: Ceilings =
        toml::from_str(include_str!("../../benches/ceilings.toml")).expect("the file is TOML");
    let counts = [
        ("instructions", figures.instructions_per_token, ceilings.instructions_per_token),
        ("allocations", figures.allocations_per_token, ceilings.allocations_per_token),
    ];
    let mut keeps = true;
    for (name, count, ceiling) in counts {
        let Some(count) = count else {
            println!("{name} per token were not counted");
            keeps = false;
            continue;
        };
        if count > ceiling {
            println!(
                "{count:.2} {name} per token are more than {ceiling}, the ceiling in benches/ceilings.toml"
            );
            keeps = false;
        }
    }
    keeps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(group: &str, side: &str, processor: f64) -> Run {
        Run { group: group.into(), side: side.into(), round: 1, processor, ..Run::default() }
    }

    fn met(figures: &Figures, what: &str) -> (String, Option<bool>) {
        let row = rows(figures).into_iter().find(|row| row.what.starts_with(what)).unwrap();
        (row.measured, row.met)
    }

    #[test]
    fn nothing_is_met_that_was_not_measured() {
        assert!(rows(&Figures::default()).iter().all(|row| row.met.is_none()));
    }

    #[test]
    fn goals_are_compared_with_what_was_measured() {
        let runs = vec![
            run("cpu", "raw", 10.0),
            run("cpu", "warmline", 13.9),
            run("cpu", "with store", 15.5),
            run("one-core", "raw", 10.0),
            run("one-core", "warmline", 14.0),
            run("peers", "agent connect", 300.0),
            run("peers", "warmline", 20.0),
            run("growth", "400 calls", 10.0),
            run("growth", "4000 calls", 11.0),
        ];
        let figures = Figures { runs, instructions_per_token: Some(16_400.0), ..Figures::default() };
        assert_eq!(met(&figures, "CPU per token against `raw`"), ("1.39×".into(), Some(true)));
        assert_eq!(met(&figures, "The same, one worker"), ("1.40×".into(), Some(false)));
        assert_eq!(met(&figures, "CPU per token against Twilio"), ("1/15.0".into(), Some(true)));
        assert_eq!(met(&figures, "Tokens per second"), ("71429".into(), Some(true)));
        assert_eq!(met(&figures, "CPU per token with store"), ("1.12×".into(), Some(false)));
        assert_eq!(met(&figures, "CPU per token at 4,000"), ("1.10×".into(), Some(true)));
        assert_eq!(met(&figures, "User instructions"), ("16400".into(), Some(true)));
        assert_eq!(met(&figures, "Lost"), ("0".into(), Some(true)));
    }

    #[test]
    fn memory_is_counted_for_each_call() {
        let memory = |side: &str, connected, answered| Run {
            calls: 100,
            base: 10_240,
            connected,
            answered,
            ..run("memory", side, 0.0)
        };
        let runs = vec![memory("idle", 11_240, 0), memory("answered", 11_240, 14_240)];
        let figures = Figures { runs, ..Figures::default() };
        assert_eq!(met(&figures, "Memory: base").0, "10.0 MiB");
        assert_eq!(met(&figures, "Memory: an idle call").0, "10.0 KiB");
        assert_eq!(met(&figures, "Memory: more").0, "30.0 KiB");
    }

    #[test]
    fn memory_that_grows_with_the_number_of_calls_is_not_flat() {
        let idle = |last| Figures {
            idle: vec![
                Idle { calls: 0, resident: 10_000 },
                Idle { calls: 9_000, resident: 100_000 },
                Idle { calls: 18_000, resident: last },
            ],
            ..Figures::default()
        };
        assert_eq!(met(&idle(190_000), "Idle calls"), ("18000: 10.0 and 10.0 KiB".into(), Some(true)));
        assert_eq!(met(&idle(210_000), "Idle calls").1, Some(false));
    }
}
