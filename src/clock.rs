//! The clock. Everything else is given the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tokio's clock, so that a paused runtime also pauses what depends on it.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Time since 1970, for what must mean the same on every node.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Time since the machine started, the same in every process on it: what one process stamps, another can measure.
#[cfg(feature = "caller")]
pub fn since_boot() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::try_from(now).unwrap_or_default()
}
