//! What was measured, as it is kept.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use warmline::caller::load::{Quantiles, Report};

/// Why something could not be measured.
pub(crate) type Failed = Box<dyn std::error::Error>;

/// Everything that was measured.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Figures {
    pub(crate) machine: Machine,
    pub(crate) runs: Vec<Run>,
    /// Milliseconds from the start of the process to its readiness.
    pub(crate) starts: Vec<f64>,
    /// The memory of idle calls, as they became more.
    pub(crate) idle: Vec<Idle>,
    pub(crate) instructions_per_token: Option<f64>,
    pub(crate) allocations_per_token: Option<f64>,
}

/// Where it was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) system: String,
    pub(crate) open_files: String,
}

/// One run of the load against one server.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    pub(crate) group: String,
    pub(crate) side: String,
    pub(crate) round: usize,
    pub(crate) calls: u64,
    pub(crate) words_per_second: f64,
    /// Processor time for each word, in microseconds.
    pub(crate) processor: f64,
    pub(crate) switches: f64,
    pub(crate) word: Quantiles,
    pub(crate) first_word: Quantiles,
    pub(crate) asked: Quantiles,
    /// Resident memory in KiB: before the first call, with all of them, at most while nearly all heard an answer.
    pub(crate) base: u64,
    pub(crate) connected: u64,
    pub(crate) answered: u64,
    /// Which share of a core the callers took.
    pub(crate) callers: f64,
    pub(crate) faults: u64,
    /// Which share of the machine others took meanwhile.
    pub(crate) neighbours: f64,
}

/// So many idle calls, and what they occupy in KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Idle {
    pub(crate) calls: u64,
    pub(crate) resident: u64,
}

impl Figures {
    pub(crate) fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Failed> {
        Ok(fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
    }

    /// All runs of a side in a group, by round.
    pub(crate) fn of<'a>(&'a self, group: &'a str, side: &'a str) -> impl Iterator<Item = &'a Run> {
        self.runs.iter().filter(move |run| run.group == group && run.side == side)
    }

    /// The median of a figure over all rounds.
    pub(crate) fn median(&self, group: &str, side: &str, figure: impl Fn(&Run) -> f64) -> Option<f64> {
        median(self.of(group, side).map(figure).collect())
    }

    /// The median of what two sides of the same round make together.
    pub(crate) fn compared(
        &self,
        (group, side): (&str, &str),
        (other_group, other): (&str, &str),
        figure: impl Fn(&Run, &Run) -> f64,
    ) -> Option<f64> {
        let pair = |run: &Run| {
            let same = self.of(other_group, other).find(|other| other.round == run.round)?;
            Some(figure(run, same))
        };
        median(self.of(group, side).filter_map(pair).collect())
    }

    /// All faults of all runs.
    pub(crate) fn faults(&self) -> u64 {
        self.runs.iter().map(|run| run.faults).sum()
    }
}

impl Run {
    pub(crate) fn new(group: &str, side: &str, round: usize, report: &Report) -> Self {
        let measured = &report.measured;
        let switched = |usage: warmline::caller::load::Usage| usage.waits + usage.preemptions;
        let switches = switched(measured.closed).saturating_sub(switched(measured.opened));
        let nearly_all = report.calls * 9 / 10;
        let answered = report.moments.iter().filter(|moment| moment.answered >= nearly_all);
        Self {
            group: group.to_owned(),
            side: side.to_owned(),
            round,
            calls: measured.calls,
            words_per_second: rounded(report.words_per_second()),
            processor: rounded(report.processor_per_word().unwrap_or_default()),
            switches: rounded(switches as f64 / report.words.max(1) as f64),
            word: report.word,
            first_word: report.first_word,
            asked: report.asked,
            base: measured.before.resident,
            connected: measured.connected.resident,
            answered: answered.map(|moment| moment.resident).max().unwrap_or_default(),
            callers: rounded(report.own_share()),
            // Calls that do not end are a fault too.
            faults: report.faults.total() + u64::from(!report.ended),
            neighbours: 0.0,
        }
    }

    /// The same, on a machine of so many cores, with what the model took in the whole run.
    pub(crate) fn beside(self, report: &Report, model: Duration, cores: usize) -> Self {
        let measured = &report.measured;
        let server = measured.closed.processor.saturating_sub(measured.opened.processor);
        let words = report.words as f64 / report.counts.words.max(1) as f64;
        let ours = server + measured.own_processor + model.mul_f64(words.min(1.0));
        let room = measured.seconds * cores.max(1) as f64;
        let others = measured.machine.saturating_sub(ours).as_secs_f64();
        Self { neighbours: if room > 0.0 { rounded(others / room) } else { 0.0 }, ..self }
    }
}

impl Machine {
    pub(crate) fn this() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let line = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.trim_start_matches(name).trim_start_matches([' ', '\t', ':']).trim().to_owned()
        };
        let limits = line(&read("/proc/self/limits"), "Max open files");
        Self {
            processor: line(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            system: format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()),
            open_files: limits.split_whitespace().next().unwrap_or_default().to_owned(),
        }
    }
}

/// Two digits are more than is repeatable.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The value in the middle, or between the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 0 { f64::midpoint(values[middle - 1], upper) } else { upper })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, f64::NAN, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn sides_are_compared_round_by_round() {
        let run = |side: &str, round, processor| Run {
            group: "cpu".to_owned(),
            side: side.to_owned(),
            round,
            processor,
            ..Run::default()
        };
        // The machine was twice as slow in the second round.
        let runs = vec![
            run("raw", 1, 10.0),
            run("warmline", 1, 13.0),
            run("warmline", 2, 26.0),
            run("raw", 2, 20.0),
        ];
        let figures = Figures { runs, ..Figures::default() };
        let ratio = figures.compared(("cpu", "warmline"), ("cpu", "raw"), |a, b| a.processor / b.processor);
        assert_eq!(ratio, Some(1.3));
        assert_eq!(figures.median("cpu", "raw", |run| run.processor), Some(15.0));
    }
}
