//! `--fail-under`: which figures are good enough.

use std::str::FromStr;

use super::{Better, Figures, Measure};

/// The least (or, where less is better, the most) that figures may be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Thresholds(Vec<(Measure, f64)>);

/// Why thresholds cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// No such figure.
    #[error("--fail-under: there is no figure {name:?}; there are {}", known())]
    Unknown {
        /// As it was given.
        name: String,
    },
    /// No such number.
    #[error("--fail-under: {name} wants {wanted}, not {value:?}")]
    Value {
        /// The figure.
        name: &'static str,
        /// What it wants.
        wanted: &'static str,
        /// As it was given.
        value: String,
    },
    /// Given twice.
    #[error("--fail-under: {0} is given twice")]
    Twice(&'static str),
}

/// One threshold, and whether it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The figure.
    pub measure: Measure,
    /// What it is compared with.
    pub threshold: f64,
    /// What was found; none where no trial measured it.
    pub found: Option<f64>,
    /// Whether that is good enough. A figure that nothing measured is not.
    pub holds: bool,
}

impl Thresholds {
    /// Each threshold, held against the figures of a subject. Trials that were not held do not pass unnoticed: without
    /// a threshold for them there may be none.
    pub fn verdicts(&self, figures: &Figures) -> Vec<Verdict> {
        let mut thresholds = self.0.clone();
        if !thresholds.is_empty() && !thresholds.iter().any(|(measure, _)| *measure == Measure::Unheld) {
            thresholds.push((Measure::Unheld, 0.0));
        }
        let verdict = |(measure, threshold): (Measure, f64)| {
            let found = figures.get(measure).map(|figure| figure.value);
            // Where all were held there is no such figure.
            let found =
                if measure == Measure::Unheld && figures.due > 0 { found.or(Some(0.0)) } else { found };
            let holds = found.is_some_and(|found| match measure.better() {
                Better::Higher => found >= threshold - 1e-9,
                Better::Lower => found <= threshold + 1e-9,
            });
            Verdict { measure, threshold, found, holds }
        };
        thresholds.into_iter().map(verdict).collect()
    }
}

impl FromStr for Thresholds {
    type Err = ThresholdError;

    /// `0.9`, which is the share that passes, or `pass=0.9,missed=0.05,first_token_p95=900`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut thresholds: Vec<(Measure, f64)> = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (name, value) = part.split_once('=').unwrap_or((Measure::Pass.name(), part));
            let measure =
                named(name.trim()).ok_or_else(|| ThresholdError::Unknown { name: name.trim().to_owned() })?;
            let (largest, wanted) = match measure.unit() {
                super::Unit::Rate => (1.0, "a share from 0 to 1"),
                super::Unit::Turns => (f64::MAX, "a number of turns"),
                super::Unit::Milliseconds => (f64::MAX, "milliseconds"),
            };
            let number = value.trim().parse::<f64>().ok();
            let number = number.filter(|it| it.is_finite() && (0.0..=largest).contains(it));
            let number = number.ok_or_else(|| ThresholdError::Value {
                name: measure.name(),
                wanted,
                value: value.trim().to_owned(),
            })?;
            if thresholds.iter().any(|(known, _)| *known == measure) {
                return Err(ThresholdError::Twice(measure.name()));
            }
            thresholds.push((measure, number));
        }
        Ok(Self(thresholds))
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { measure, threshold, found, holds } = self;
        let sign = if measure.better() == Better::Higher { "at least" } else { "at most" };
        let found = found.map_or("not measured by any trial".to_owned(), |found| measure.written(found));
        let word = if *holds { "holds" } else { "FAILS" };
        write!(f, "{word}: {} {found}, wanted {sign} {}", measure.name(), measure.written(*threshold))
    }
}

fn every() -> impl Iterator<Item = Measure> {
    Measure::ALL.into_iter().chain([Measure::Unheld])
}

fn named(name: &str) -> Option<Measure> {
    every().find(|measure| measure.name() == name)
}

fn known() -> String {
    every().map(Measure::name).collect::<Vec<_>>().join(", ")
}
