//! `[model]` of `warmline.toml`: what is done about endpoints that fail or are late.

use std::time::Duration;

use serde::Deserialize;

/// `[model]`, times in milliseconds.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ModelTable {
    most_failures: u32,
    rest: u64,
    hedge: u64,
}

impl Default for ModelTable {
    fn default() -> Self {
        Self { most_failures: 5, rest: 10_000, hedge: 0 }
    }
}

/// What is done about endpoints that fail or are late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelCare {
    /// After how many failures in a row an endpoint is left alone; 0 for never.
    pub most_failures: u32,
    /// For how long.
    pub rest: Duration,
    /// When a second request is made beside a late one, if at all.
    pub hedge: Option<Duration>,
}

impl ModelTable {
    pub(super) fn care(&self) -> ModelCare {
        ModelCare {
            most_failures: self.most_failures,
            rest: Duration::from_millis(self.rest),
            hedge: (self.hedge > 0).then(|| Duration::from_millis(self.hedge)),
        }
    }
}
