//! How many passwords may be tried: a few a minute from one address, more from all together. Past that one every
//! few seconds, and not none: else anybody could keep everybody out by guessing.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::clock::now;

/// How many from one address in a minute.
pub(super) const MOST: u32 = 8;
/// How many from all addresses together in a minute.
const MOST_OF_ALL: u32 = 120;
const WINDOW: Duration = Duration::from_secs(60);
/// How long after the last one there may be another from an address that had its share, and from all of them.
const SLOWLY: Duration = Duration::from_secs(5);
const SLOWLY_OF_ALL: Duration = Duration::from_secs(1);
/// How many addresses are remembered.
const ADDRESSES: u64 = 10_000;

/// Tries of the last minute. `None` stands for all addresses together.
pub(super) struct Attempts(Cache<Option<IpAddr>, Arc<Mutex<Tried>>>);

struct Tried {
    count: u32,
    last: Instant,
}

impl Default for Attempts {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(ADDRESSES).time_to_live(WINDOW).build())
    }
}

impl Attempts {
    /// Counts a try. Where there were too many, says after how many seconds there may be another.
    pub(super) fn may(&self, from: Option<IpAddr>) -> Result<(), u64> {
        self.may_at(from, now())
    }

    fn may_at(&self, from: Option<IpAddr>, now: Instant) -> Result<(), u64> {
        self.count(Some(whose(from)), MOST, SLOWLY, now)?;
        self.count(None, MOST_OF_ALL, SLOWLY_OF_ALL, now)
    }

    /// Forgets the tries of an address: the right password came from there.
    pub(super) fn forgive(&self, from: Option<IpAddr>) {
        self.0.invalidate(&Some(whose(from)));
    }

    fn count(&self, from: Option<IpAddr>, most: u32, slowly: Duration, now: Instant) -> Result<(), u64> {
        let tried = self.0.get_with(from, || Arc::new(Mutex::new(Tried { count: 0, last: now })));
        let mut tried = tried.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = now.saturating_duration_since(tried.last);
        if tried.count < most || waited >= slowly {
            (tried.count, tried.last) = (tried.count.saturating_add(1), now);
            return Ok(());
        }
        Err((slowly - waited).as_secs().max(1))
    }
}

/// Whoever has one address of IPv6 has as a rule all that begin with the same 64 bits.
fn whose(from: Option<IpAddr>) -> IpAddr {
    match from.map(|from| from.to_canonical()) {
        Some(IpAddr::V6(address)) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        Some(address) => address,
        None => [0, 0, 0, 0].into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_the_limit_there_is_one_try_every_few_seconds() {
        let (attempts, from, at) = (Attempts::default(), Some("192.0.2.1".parse().unwrap()), now());
        for _ in 0..MOST {
            assert_eq!(attempts.may_at(from, at), Ok(()));
        }
        assert_eq!(attempts.may_at(from, at + SLOWLY / 2), Err(2));
        assert_eq!(attempts.may_at(from, at + SLOWLY), Ok(()), "whoever knows the password gets in");
        assert!(attempts.may_at(from, at + SLOWLY).is_err());
        attempts.forgive(from);
        assert_eq!(attempts.may_at(from, at + SLOWLY), Ok(()));
    }

    #[test]
    fn guesses_from_everywhere_keep_nobody_out_for_long() {
        let (attempts, at) = (Attempts::default(), now());
        let address = |number: u32| Some(std::net::Ipv4Addr::from_bits(number).into());
        for number in 1..=MOST_OF_ALL {
            assert_eq!(attempts.may_at(address(number), at), Ok(()));
        }
        assert_eq!(attempts.may_at(address(1_000), at), Err(1));
        assert_eq!(attempts.may_at(address(1_001), at + SLOWLY_OF_ALL), Ok(()));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let (attempts, at) = (Attempts::default(), now());
        for number in 0..MOST {
            let from = format!("2001:db8:1:2:{number:x}::1").parse().ok();
            assert_eq!(attempts.may_at(from, at), Ok(()));
        }
        assert!(attempts.may_at("2001:db8:1:2::ffff".parse().ok(), at).is_err());
        assert_eq!(attempts.may_at("2001:db8:1:3::1".parse().ok(), at), Ok(()));
    }
}
