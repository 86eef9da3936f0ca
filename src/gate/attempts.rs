//! How many passwords may be tried: a few a minute from one address, more from all together.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::clock::now;

/// How many from one address in a minute.
pub(super) const MOST: u32 = 8;
/// How many from all addresses together in a minute.
const MOST_OF_ALL: u32 = 120;
const WINDOW: Duration = Duration::from_secs(60);
/// How many addresses are remembered.
const ADDRESSES: u64 = 10_000;

/// Tries of the last minute. `None` stands for all addresses together.
pub(super) struct Attempts(Cache<Option<IpAddr>, Arc<Tried>>);

struct Tried {
    count: AtomicU32,
    since: Instant,
}

impl Default for Attempts {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(ADDRESSES).time_to_live(WINDOW).build())
    }
}

impl Attempts {
    /// Counts a try. Where there were too many, says after how many seconds there may be another.
    pub(super) fn may(&self, from: Option<IpAddr>) -> Result<(), u64> {
        self.count(Some(from.unwrap_or([0, 0, 0, 0].into())), MOST)?;
        self.count(None, MOST_OF_ALL)
    }

    /// Forgets the tries of an address: the right password came from there.
    pub(super) fn forgive(&self, from: Option<IpAddr>) {
        self.0.invalidate(&Some(from.unwrap_or([0, 0, 0, 0].into())));
    }

    fn count(&self, from: Option<IpAddr>, most: u32) -> Result<(), u64> {
        let fresh = || Arc::new(Tried { count: AtomicU32::new(0), since: now() });
        let tried = self.0.get_with(from, fresh);
        if tried.count.fetch_add(1, Ordering::Relaxed) < most {
            return Ok(());
        }
        let waited = now().saturating_duration_since(tried.since);
        Err(WINDOW.saturating_sub(waited).as_secs().max(1))
    }
}
