//! What is counted in the results of an evaluation: each figure with its number of trials and its interval.

mod comparison;
mod measure;
mod thresholds;

pub use comparison::{Comparison, Row};
pub use measure::{Better, Measure, Unit};
pub use thresholds::{ThresholdError, Thresholds, Verdict};

use serde::Serialize;

use super::outcome::{Check, End, Results, Trial, Usage};
use super::statistics::{Cluster, Interval, bootstrap, clustered, mean};

/// What was counted for one subject: in total, for one group, or for one scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Trials that should have been held.
    pub due: u32,
    /// Trials that could not be held, such as when the model was out of reach. They are in no other figure.
    pub failed: u32,
    /// Trials that were never begun.
    pub skipped: u32,
    /// Every figure for which anything was expected.
    pub figures: Vec<Figure>,
    /// What the models read and wrote.
    pub usage: Usage,
    /// The mean of another model's marks, 1 to 5, and how many there are. No evidence by itself.
    pub judged: Option<(f64, u32)>,
}

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// Which.
    pub measure: Measure,
    /// The rate, the turn or the milliseconds.
    pub value: f64,
    /// Of rates: how many it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hits: Option<u32>,
    /// Of how many trials, expectations or answers.
    pub of: u32,
    /// Of how many scenarios.
    pub scenarios: u32,
    /// Where the figure lies with 95 % confidence; of few scenarios nothing may be known.
    pub interval: Option<Interval>,
}

/// What was found of one measure, scenario by scenario.
#[derive(Debug, Clone, PartialEq)]
enum Found {
    Rates(Vec<Cluster>),
    Values(Vec<Vec<f64>>),
}

impl Figures {
    /// Of everything.
    pub fn of(results: &Results, subject: usize) -> Self {
        Self::among(results, subject, &(0..results.cases.len()).collect::<Vec<_>>())
    }

    /// Of each group, in the order of their names.
    pub fn by_group(results: &Results, subject: usize) -> Vec<(String, Self)> {
        let mut groups: Vec<&str> = results.cases.iter().map(|case| case.group.as_str()).collect();
        groups.sort_unstable();
        groups.dedup();
        let figures = |group: &str| {
            let cases: Vec<usize> =
                (0..results.cases.len()).filter(|case| results.cases[*case].group == group).collect();
            (group.to_owned(), Self::among(results, subject, &cases))
        };
        groups.into_iter().map(figures).collect()
    }

    /// Of each scenario, in the order of the results.
    pub fn by_case(results: &Results, subject: usize) -> Vec<Self> {
        (0..results.cases.len()).map(|case| Self::among(results, subject, &[case])).collect()
    }

    /// One of them.
    pub fn get(&self, measure: Measure) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.measure == measure)
    }

    /// Trials that were held.
    pub fn held(&self) -> u32 {
        self.due.saturating_sub(self.failed + self.skipped)
    }

    fn among(results: &Results, subject: usize, cases: &[usize]) -> Self {
        let mine = |trial: &&Trial| trial.subject == subject && cases.contains(&trial.case);
        let trials: Vec<&Trial> = results.trials.iter().filter(mine).collect();
        let failed = count(trials.iter().filter(|trial| is_failed(trial)));
        let due = results.repeats.saturating_mul(count(cases.iter())).max(count(trials.iter()));
        let held: Vec<&Trial> = trials.iter().copied().filter(|trial| !is_failed(trial)).collect();
        // Within one scenario its trials are what is drawn.
        let clusters: Vec<Vec<&Trial>> = match cases {
            [_] => held.iter().map(|trial| vec![*trial]).collect(),
            _ => by_case(&held, cases),
        };
        let mut figures: Vec<Figure> =
            Measure::ALL.into_iter().filter_map(|measure| figure(measure, &clusters)).collect();
        if let [_] = cases {
            figures.iter_mut().for_each(|figure| figure.scenarios = 1);
        }
        figures.extend(unheld(&trials, due, cases, results.repeats));
        let marks = trials.iter().filter_map(|trial| trial.judgement.as_ref());
        let mut marks: Vec<f64> = marks.map(|judgement| f64::from(judgement.score)).collect();
        Self {
            due,
            failed,
            skipped: due - count(trials.iter()),
            figures,
            usage: used(&trials),
            judged: mean(&mut marks).map(|mean| (mean, count(marks.iter()))),
        }
    }
}

fn by_case<'a>(held: &[&'a Trial], cases: &[usize]) -> Vec<Vec<&'a Trial>> {
    let of = |case: &usize| held.iter().copied().filter(|trial| trial.case == *case).collect();
    cases.iter().map(of).collect()
}

fn figure(measure: Measure, clusters: &[Vec<&Trial>]) -> Option<Figure> {
    let (value, hits, of, scenarios, interval) = match found(measure, clusters)? {
        Found::Rates(rates) => {
            let of: u32 = rates.iter().map(|rate| rate.of).sum();
            let hits: u32 = rates.iter().map(|rate| rate.hits).sum();
            let scenarios = count(rates.iter().filter(|rate| rate.of > 0));
            (f64::from(hits) / f64::from(of), Some(hits), of, scenarios, clustered(&rates))
        }
        Found::Values(values) => {
            let statistic = measure.statistic()?;
            let value = statistic(&mut values.concat())?;
            let scenarios = count(values.iter().filter(|values| !values.is_empty()));
            let of = count(values.iter().flatten());
            (value, None, of, scenarios, bootstrap(&values, statistic))
        }
    };
    Some(Figure { measure, value, hits, of, scenarios, interval })
}

/// What there is of a measure; none where nothing was expected.
fn found(measure: Measure, clusters: &[Vec<&Trial>]) -> Option<Found> {
    if measure.statistic().is_some() {
        let values = clusters.iter().map(|trials| trials.iter().flat_map(|it| measure.values(it)).collect());
        let values: Vec<Vec<f64>> = values.collect();
        return values.iter().any(|values| !values.is_empty()).then_some(Found::Values(values));
    }
    let rate = |trials: &Vec<&Trial>| {
        trials
            .iter()
            .filter_map(|trial| measure.rate(trial))
            .fold(Cluster::default(), |sum, it| Cluster { hits: sum.hits + it.hits, of: sum.of + it.of })
    };
    let rates: Vec<Cluster> = clusters.iter().map(rate).collect();
    rates.iter().any(|rate| rate.of > 0).then_some(Found::Rates(rates))
}

/// The share of trials that were not held, if there are any.
fn unheld(trials: &[&Trial], due: u32, cases: &[usize], repeats: u32) -> Option<Figure> {
    let failed = count(trials.iter().filter(|trial| is_failed(trial)));
    let hits = failed + (due - count(trials.iter()));
    let per_case = cases.iter().map(|case| {
        let of_case = trials.iter().filter(|trial| trial.case == *case);
        let held = count(of_case.clone().filter(|trial| !is_failed(trial)));
        let of = repeats.max(count(of_case));
        Cluster { hits: of.saturating_sub(held), of }
    });
    let per_case: Vec<Cluster> = per_case.collect();
    (hits > 0).then(|| Figure {
        measure: Measure::Unheld,
        value: f64::from(hits) / f64::from(due),
        hits: Some(hits),
        of: due,
        scenarios: count(cases.iter()),
        interval: clustered(&per_case),
    })
}

fn used(trials: &[&Trial]) -> Usage {
    let mut sum = Usage::default();
    for usage in trials.iter().map(|trial| trial.usage) {
        sum.questions += usage.questions;
        sum.prompt += usage.prompt;
        sum.completion += usage.completion;
        sum.estimated |= usage.estimated;
        if let Some(price) = usage.price {
            *sum.price.get_or_insert(0.0) += price;
        }
    }
    sum
}

/// Whether a trial could not be held.
pub(super) fn is_failed(trial: &Trial) -> bool {
    matches!(trial.end, End::Failed { .. })
}

/// The expectations that a trial did not meet.
pub(super) fn unmet(trial: &Trial) -> impl Iterator<Item = &Check> {
    trial.checks.iter().filter(|check| !check.met)
}

fn count<T>(of: impl Iterator<Item = T>) -> u32 {
    u32::try_from(of.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
