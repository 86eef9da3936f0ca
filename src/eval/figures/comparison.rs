//! Two subjects on the same scenarios.

use serde::Serialize;

use super::{Better, Found, Measure, by_case, found, is_failed};
use crate::eval::outcome::{Results, Trial};
use crate::eval::statistics::{Difference, paired_rates, paired_values};

/// What the second subject does differently from the first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Figure by figure.
    pub rows: Vec<Row>,
}

/// One figure of both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Row {
    /// Which.
    pub measure: Measure,
    /// What they differ in, over the scenarios that both have; each scenario of a rate counts the same.
    pub difference: Difference,
}

impl Comparison {
    /// Of the first two subjects; none where there is but one.
    pub fn of(results: &Results) -> Option<Self> {
        (results.subjects.len() >= 2).then(|| Self {
            rows: Measure::ALL.into_iter().filter_map(|measure| row(results, measure)).collect(),
        })
    }

    /// One of them.
    pub fn get(&self, measure: Measure) -> Option<&Row> {
        self.rows.iter().find(|row| row.measure == measure)
    }
}

impl Row {
    /// Whether the second is better: none where the interval allows either, or chance would do as much.
    pub fn is_better(&self) -> Option<bool> {
        let Difference { interval, p, .. } = self.difference;
        if p >= 0.05 {
            return None;
        }
        let is_higher = match (interval.low > 0.0, interval.high < 0.0) {
            (true, _) => true,
            (_, true) => false,
            _ => return None,
        };
        Some(is_higher == (self.measure.better() == Better::Higher))
    }
}

fn row(results: &Results, measure: Measure) -> Option<Row> {
    let cases: Vec<usize> = (0..results.cases.len()).collect();
    let of = |subject: usize| {
        let mine = |trial: &&Trial| trial.subject == subject && !is_failed(trial);
        let held: Vec<&Trial> = results.trials.iter().filter(mine).collect();
        found(measure, &by_case(&held, &cases))
    };
    let difference = match (of(0)?, of(1)?) {
        (Found::Rates(first), Found::Rates(second)) => {
            paired_rates(&first.into_iter().zip(second).collect::<Vec<_>>())?
        }
        (Found::Values(first), Found::Values(second)) => {
            let pairs: Vec<_> = first.into_iter().zip(second).collect();
            paired_values(&pairs, measure.statistic()?)?
        }
        _ => return None,
    };
    Some(Row { measure, difference })
}
