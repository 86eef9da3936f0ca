//! The one place that reads the clock. Everything else is given the time.

use std::time::Instant;

/// The present moment, as the runtime's timers count it.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
