//! What an answer of Segment means, and when to try again: as its own library for Node does it.
//!
//! <https://github.com/segmentio/analytics-next/blob/master/packages/node/src/plugins/segmentio/publisher.ts>

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Seconds until the limit of requests is lifted.
const RATE_LIMIT_RESET: &str = "x-ratelimit-reset";
/// The longest pause that is taken because Segment asked for it.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// The first pause after a failure, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));

/// What becomes of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Segment has it.
    Taken,
    /// It will never be taken.
    Refused(&'static str),
    /// It has to be sent again; not before `wait` is over.
    Later {
        /// What was wrong.
        kind: &'static str,
        /// How long Segment asked to wait.
        wait: Option<Duration>,
    },
}

/// What the status says.
pub(super) fn verdict(status: StatusCode, headers: &HeaderMap) -> Verdict {
    let later = |kind| Verdict::Later { kind, wait: None };
    match status.as_u16() {
        200..=299 => Verdict::Taken,
        400 => Verdict::Refused("bad_request"),
        401 | 403 => Verdict::Refused("unauthorised"),
        413 => Verdict::Refused("too_large"),
        429 => Verdict::Later { kind: "rate_limited", wait: asked(headers) },
        408 | 410 | 460 => later("unavailable"),
        501 | 505 | 511 => Verdict::Refused("unsupported"),
        500..=599 => later("unavailable"),
        // A redirect leads to where the key must not go.
        _ => Verdict::Refused("refused"),
    }
}

/// How long Segment asks to wait.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let seconds = |value: &reqwest::header::HeaderValue| value.to_str().ok()?.trim().parse().ok();
    let seconds: u64 = headers
        .get(RETRY_AFTER)
        .and_then(seconds)
        .or_else(|| headers.get(RATE_LIMIT_RESET).and_then(seconds))?;
    Some(Duration::from_secs(seconds.max(1)).min(LONGEST_WAIT))
}

/// When the next request may be sent.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Since something was taken last, with those that Segment asked to wait after.
    failures: u32,
    /// The same without those.
    counted: u32,
    not_before: Option<Instant>,
}

impl Pace {
    pub(super) fn is_ready(&self, now: Instant) -> bool {
        self.not_before.is_none_or(|until| until <= now)
    }

    /// How many requests in a row failed.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Segment answers.
    pub(super) fn taken(&mut self) {
        *self = Self::default();
    }

    /// A request failed. Returns how long nothing is sent: as long as Segment asked for, which does not lengthen
    /// later pauses, else twice as long as before, with up to half of it taken away by `jitter`, from 0 to 1.
    pub(super) fn failed(&mut self, wait: Option<Duration>, jitter: f64, now: Instant) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let pause = wait.unwrap_or_else(|| {
            let longest = PAUSES.0.saturating_mul(1 << self.counted.min(10)).min(PAUSES.1);
            self.counted = self.counted.saturating_add(1);
            longest.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
        });
        self.not_before = Some(now + pause);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn each_status_has_its_row_of_the_table() {
        let verdict = |status| verdict(StatusCode::from_u16(status).unwrap(), &HeaderMap::new());
        for status in [200, 202, 204] {
            assert_eq!(verdict(status), Verdict::Taken, "{status}");
        }
        for status in [301, 307, 400, 401, 402, 403, 404, 405, 413, 414, 422, 501, 505, 511] {
            assert!(matches!(verdict(status), Verdict::Refused(_)), "{status}");
        }
        for status in [408, 410, 429, 460, 500, 502, 503, 504, 508, 599] {
            assert!(matches!(verdict(status), Verdict::Later { wait: None, .. }), "{status}");
        }
    }

    #[test]
    fn a_limit_says_how_long_to_wait() {
        let wait = |pairs: &[_]| match verdict(StatusCode::TOO_MANY_REQUESTS, &headers(pairs)) {
            Verdict::Later { wait, .. } => wait.map(|wait| wait.as_secs()),
            other @ (Verdict::Taken | Verdict::Refused(_)) => panic!("{other:?}"),
        };
        assert_eq!(wait(&[("retry-after", "7")]), Some(7));
        assert_eq!(wait(&[("retry-after", "7"), ("x-ratelimit-reset", "3")]), Some(7));
        assert_eq!(wait(&[("x-ratelimit-reset", "3")]), Some(3));
        assert_eq!(wait(&[("retry-after", "0")]), Some(1), "no tight loop");
        assert_eq!(wait(&[("retry-after", "86400")]), Some(300));
        assert_eq!(wait(&[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")]), None);
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_end_with_the_first_success() {
        let mut clock = crate::clock::now();
        let mut pace = Pace::default();
        assert!(pace.is_ready(clock) && pace.failures() == 0);
        for expected in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            let pause = Duration::from_millis(expected);
            assert_eq!(pace.failed(None, 0.0, clock), pause);
            assert!(!pace.is_ready(clock + pause - Duration::from_millis(1)));
            clock += pause;
            assert!(pace.is_ready(clock));
        }
        assert_eq!(pace.failures(), 9);
        pace.taken();
        assert_eq!((pace.failures(), pace.failed(None, 1.0, clock)), (0, Duration::from_millis(250)));
    }

    #[test]
    fn a_wait_that_was_asked_for_lengthens_no_later_pause() {
        let (clock, wait) = (crate::clock::now(), Duration::from_secs(40));
        let mut pace = Pace::default();
        assert_eq!(pace.failed(Some(wait), 0.0, clock), wait);
        assert!(!pace.is_ready(clock + Duration::from_secs(39)) && pace.is_ready(clock + wait));
        assert_eq!(pace.failed(Some(wait), 0.0, clock), wait);
        assert_eq!(pace.failed(None, 0.0, clock), Duration::from_millis(500));
        assert_eq!(pace.failures(), 3);
    }
}
