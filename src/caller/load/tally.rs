//! What all callers of a load have counted and measured so far.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::faults::Faults;
use super::hearing::{Hearing, Sample};

/// The longest time that is told apart, in microseconds.
const LONGEST: u64 = 60_000_000;

/// Sums over all calls.
pub(super) struct Tally {
    pub(super) faults: Faults,
    pub(super) counts: Counts,
    /// Words whose delay counts.
    pub(super) measured: u64,
    pub(super) word: Spread,
    pub(super) first_word: Spread,
    pub(super) asked: Spread,
    pub(super) dialled: Spread,
}

/// How much of everything there was, from the first call to the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Calls that got a session.
    pub calls: u64,
    /// Words of answers.
    pub words: u64,
    /// Pieces of speech that belong to no answer: greetings, fillers, goodbyes.
    pub other_speech: u64,
    /// Questions that were asked.
    pub questions: u64,
    /// Answers that were interrupted.
    pub interrupts: u64,
    /// Sessions that ended with `end`.
    pub ends: u64,
    /// Requests to the model beyond one for each question.
    pub asked_again: u64,
}

/// Times, as a histogram with three digits.
pub(super) struct Spread(Histogram<u64>);

/// A histogram in a few numbers, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quantiles {
    /// How many times there are.
    pub count: u64,
    /// Half are not longer.
    pub p50: u64,
    /// 95 of 100 are not longer.
    pub p95: u64,
    /// 99 of 100 are not longer.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            faults: Faults::default(),
            counts: Counts::default(),
            measured: 0,
            word: Spread::default(),
            first_word: Spread::default(),
            asked: Spread::default(),
            dialled: Spread::default(),
        }
    }
}

impl Tally {
    /// Takes what a frame told. Only what is `measured` counts for the figures; words always count.
    pub(super) fn take(&mut self, samples: &[Sample], measured: bool) {
        for sample in samples {
            self.counts.words += u64::from(matches!(sample, Sample::Word(_)));
            if !measured {
                continue;
            }
            match sample {
                Sample::Word(time) => {
                    self.measured += 1;
                    self.word.add(*time);
                }
                Sample::FirstWord(time) => self.first_word.add(*time),
                Sample::Asked(time) => self.asked.add(*time),
            }
        }
    }

    /// A call is over.
    pub(super) fn leave(&mut self, hearing: &Hearing) {
        self.faults.add(&hearing.faults);
        self.counts.other_speech += hearing.others;
        self.counts.asked_again += hearing.asked_again;
    }
}

impl Default for Spread {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are in order"))
    }
}

impl Spread {
    pub(super) fn add(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_micros()).unwrap_or(LONGEST).max(1));
    }

    pub(super) fn quantiles(&self) -> Quantiles {
        if self.0.is_empty() {
            return Quantiles::default();
        }
        let at = |share| self.0.value_at_quantile(share);
        Quantiles { count: self.0.len(), p50: at(0.5), p95: at(0.95), p99: at(0.99), max: self.0.max() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_times() {
        let mut spread = Spread::default();
        assert_eq!(spread.quantiles(), Quantiles::default());
        for micros in 1..=1_000 {
            spread.add(Duration::from_micros(micros));
        }
        let found = spread.quantiles();
        assert_eq!((found.count, found.p50, found.p95, found.p99, found.max), (1_000, 500, 950, 990, 1_000));
    }

    #[test]
    fn a_time_beyond_all_bounds_is_the_longest() {
        let mut spread = Spread::default();
        spread.add(Duration::ZERO);
        spread.add(Duration::from_secs(3_600));
        let max = spread.quantiles().max;
        assert!((LONGEST..LONGEST + LONGEST / 500).contains(&max), "{max}");
    }

    #[test]
    fn what_comes_outside_the_measured_time_is_counted_and_not_measured() {
        let mut tally = Tally::default();
        let sample = [Sample::Word(Duration::from_millis(1))];
        tally.take(&sample, false);
        tally.take(&sample, true);
        assert_eq!((tally.counts.words, tally.measured, tally.word.quantiles().count), (2, 1, 1));
    }
}
