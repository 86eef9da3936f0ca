//! What a run came to, for people and for programs.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::faults::Faults;
use super::process::Usage;
use super::run::{Load, Target};
use super::tally::{Counts, Quantiles, Tally};

/// A generator that is busier than this share of its time measures itself.
const BUSY: f64 = 0.9;

/// A run. Times are microseconds, memory is KiB.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What was called.
    pub target: String,
    /// How many calls at the same time.
    pub calls: u64,
    /// Of how many words an answer was to be.
    pub words_per_answer: u16,
    /// From the model's write of a word to its arrival.
    pub word: Quantiles,
    /// From the moment a question was due to the first word of its answer.
    pub first_word: Quantiles,
    /// From a question to the request at the model.
    pub asked: Quantiles,
    /// From dialling to the session's first frame.
    pub dialled: Quantiles,
    /// Words that were measured.
    pub words: u64,
    /// All there was, also before and after it was measured.
    pub counts: Counts,
    /// What went wrong.
    pub faults: Faults,
    /// Whether no figure counts.
    pub is_void: bool,
    /// Whether all calls ended in time.
    pub ended: bool,
    /// What the target took.
    pub measured: Measured,
    /// The target's memory over time.
    pub moments: Vec<Moment>,
}

/// What was taken of the machine.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// How many calls went on at its end.
    pub calls: u64,
    /// For how long it was measured.
    pub seconds: f64,
    /// The target before the first call.
    pub before: Usage,
    /// Once all calls had begun.
    pub connected: Usage,
    /// When the time began that is measured.
    pub opened: Usage,
    /// When it ended.
    pub closed: Usage,
    /// After the last call.
    pub after: Usage,
    /// Processor time of the callers themselves, while it was measured.
    pub own_processor: Duration,
    /// How long the processors of this machine were busy meanwhile, all together.
    pub machine: Duration,
}

/// The target at some moment.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    /// Since the first call.
    pub seconds: f64,
    /// Its resident memory.
    pub resident: u64,
    /// How many sessions went on.
    pub connected: u64,
    /// How many of them heard an answer.
    pub answered: u64,
}

impl Report {
    pub(super) fn new(
        load: &Load,
        tally: &Tally,
        measured: Measured,
        moments: Vec<Moment>,
        ended: bool,
    ) -> Self {
        let (Target::Webhook(url) | Target::Socket(url)) = &load.target;
        Self {
            target: url.to_string(),
            calls: load.plan.calls as u64,
            words_per_answer: load.plan.words,
            word: tally.word.quantiles(),
            first_word: tally.first_word.quantiles(),
            asked: tally.asked.quantiles(),
            dialled: tally.dialled.quantiles(),
            words: tally.measured,
            counts: tally.counts,
            faults: tally.faults,
            is_void: tally.faults.total() > 0 || !ended,
            ended,
            measured,
            moments,
        }
    }

    /// Processor time of the target for each word that was measured, in microseconds.
    pub fn processor_per_word(&self) -> Option<f64> {
        let Measured { opened, closed, .. } = self.measured;
        let micros = closed.processor.saturating_sub(opened.processor).as_secs_f64() * 1e6;
        (self.words > 0 && micros > 0.0).then(|| micros / self.words as f64)
    }

    /// Words in a second.
    pub fn words_per_second(&self) -> f64 {
        if self.measured.seconds > 0.0 { self.words as f64 / self.measured.seconds } else { 0.0 }
    }

    /// Which share of one core the callers took.
    pub fn own_share(&self) -> f64 {
        if self.measured.seconds > 0.0 {
            self.measured.own_processor.as_secs_f64() / self.measured.seconds
        } else {
            0.0
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measured { seconds, before, connected, opened, closed, .. } = self.measured;
        writeln!(
            f,
            "{}  {} calls, {} answer words a second for {seconds:.1} s",
            self.target,
            self.measured.calls,
            self.words_per_second().round()
        )?;
        writeln!(
            f,
            "\n{:<34}{:>9}{:>9}{:>9}{:>9}{:>10}",
            "microseconds", "p50", "p95", "p99", "max", "count"
        )?;
        for (name, times) in [
            ("word: model's write to here", &self.word),
            ("question to first word", &self.first_word),
            ("question to request at the model", &self.asked),
            ("dialled to session", &self.dialled),
        ] {
            let Quantiles { count, p50, p95, p99, max } = times;
            writeln!(f, "{name:<34}{p50:>9}{p95:>9}{p99:>9}{max:>9}{count:>10}")?;
        }
        if closed.resident > 0 {
            let per_call = |now: Usage| {
                (now.resident.saturating_sub(before.resident)) as f64 / self.measured.calls.max(1) as f64
            };
            let switches =
                (closed.waits + closed.preemptions).saturating_sub(opened.waits + opened.preemptions);
            let per_word = |number: f64| number / self.words.max(1) as f64;
            writeln!(f)?;
            if let Some(micros) = self.processor_per_word() {
                writeln!(f, "processor time per word   {micros:.2} us")?;
            }
            writeln!(f, "context switches per word {:.2}", per_word(switches as f64))?;
            writeln!(
                f,
                "memory                    {} KiB before, {} KiB with all calls ({:.1} KiB each), {} KiB at the end ({:.1}), {} KiB at most",
                before.resident,
                connected.resident,
                per_call(connected),
                closed.resident,
                per_call(closed),
                closed.most_resident
            )?;
        }
        let Counts { calls, words, other_speech, questions, interrupts, ends, asked_again } = self.counts;
        writeln!(
            f,
            "\nin all: {calls} calls, {questions} questions, {words} words, {interrupts} interrupts, {ends} ends, \
             {other_speech} pieces of other speech, {asked_again} questions asked twice"
        )?;
        if self.own_share() > BUSY {
            writeln!(
                f,
                "the callers took {:.0} % of a core: times may be their own",
                self.own_share() * 100.0
            )?;
        }
        f.write_str(&self.verdict())
    }
}

impl Report {
    /// Whether the figures count, in one line.
    pub fn verdict(&self) -> String {
        if !self.is_void {
            return "correct: no word was lost, doubled, reordered, stale or foreign".to_owned();
        }
        let mut text = "VOID: the figures above do not count".to_owned();
        for (name, count) in self.faults.each().into_iter().filter(|(_, count)| *count > 0) {
            let _ = write!(text, ", {count} {name}");
        }
        if !self.ended {
            text.push_str(", calls that do not end");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let usage = |millis, resident| Usage {
            processor: Duration::from_millis(millis),
            resident,
            ..Usage::default()
        };
        let measured = Measured {
            calls: 10,
            seconds: 2.0,
            before: usage(0, 1_000),
            connected: usage(50, 1_100),
            opened: usage(100, 1_200),
            closed: usage(200, 1_500),
            own_processor: Duration::from_millis(1_900),
            ..Measured::default()
        };
        Report { words: 10_000, measured, ended: true, ..Report::default() }
    }

    #[test]
    fn figures_are_those_of_the_measured_time() {
        let report = report();
        assert_eq!(report.processor_per_word(), Some(10.0));
        assert_eq!(report.words_per_second(), 5_000.0);
        let text = report.to_string();
        assert!(text.contains("10.00 us") && text.contains("(10.0 KiB each)"), "{text}");
        assert!(text.contains("95 % of a core"), "{text}");
        assert!(text.ends_with("foreign"), "{text}");
    }

    #[test]
    fn a_run_with_a_fault_is_void_and_says_so() {
        let faults = Faults { foreign: 2, ..Faults::default() };
        let report = Report { faults, is_void: true, ..report() };
        assert!(report.to_string().ends_with("VOID: the figures above do not count, 2 foreign words"));
    }

    #[test]
    fn programs_can_read_it() {
        let text = serde_json::to_string(&report()).unwrap();
        let read: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(read.measured.closed, report().measured.closed);
        assert!(text.contains(r#""isVoid":false"#));
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        let nothing = Report::default();
        assert_eq!(
            (nothing.processor_per_word(), nothing.words_per_second(), nothing.own_share()),
            (None, 0.0, 0.0)
        );
    }
}
