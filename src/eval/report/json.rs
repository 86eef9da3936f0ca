//! The results as JSON, and read back.

use serde::{Deserialize, Serialize};

use crate::eval::figures::{Comparison, Figures};
use crate::eval::outcome::{FORMAT, Results};

/// What is written: the results, and what was counted in them. Only the results are read back.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    results: &'a Results,
    figures: Vec<Counted>,
    comparison: Option<Comparison>,
}

/// The figures of a subject.
#[derive(Serialize)]
struct Counted {
    total: Figures,
    groups: std::collections::BTreeMap<String, Figures>,
}

/// Why results cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// They were written by a newer version.
    #[error(
        "these results have format {found}, and this version of warmline reads up to {FORMAT}: use a newer one"
    )]
    Newer {
        /// Their format.
        found: u32,
    },
    /// They are something else.
    #[error("these are no results of `warmline eval --json`: {0}")]
    Foreign(#[from] serde_json::Error),
    /// A trial speaks of something that is not there.
    #[error("trial {trial} of these results names a {what} that they do not have")]
    Dangling {
        /// Its place, from 1.
        trial: usize,
        /// What is not there.
        what: &'static str,
    },
}

/// The results as JSON, with every figure.
pub fn json(results: &Results) -> String {
    let counted = |subject| Counted {
        total: Figures::of(results, subject),
        groups: Figures::by_group(results, subject).into_iter().collect(),
    };
    let figures = (0..results.subjects.len()).map(counted).collect();
    let written = Written { results, figures, comparison: Comparison::of(results) };
    serde_json::to_string_pretty(&written).expect("plain data with text as keys") + "\n"
}

/// Reads results. Keys that are not known are passed over.
///
/// # Errors
///
/// When they are of a newer format, or no results.
pub fn read(text: &str) -> Result<Results, ReadError> {
    /// Asked first: of a newer format nothing else may be understood.
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let Head { format } = serde_json::from_str(text)?;
    if format > FORMAT {
        return Err(ReadError::Newer { found: format });
    }
    let results: Results = serde_json::from_str(text)?;
    for (place, trial) in results.trials.iter().enumerate() {
        let what = match (results.subjects.get(trial.subject), results.cases.get(trial.case)) {
            (None, _) => "subject",
            (_, None) => "case",
            _ => continue,
        };
        return Err(ReadError::Dangling { trial: place + 1, what });
    }
    Ok(results)
}
