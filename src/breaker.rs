//! An endpoint that failed several times in a row is left alone for a while, by all calls: so the hundredth
//! caller does not wait for a model or a profile that ninety-nine have waited for in vain.
//!
//! Time is an argument. After the pause one request tries the endpoint; the others go on elsewhere until that
//! one has shown whether it answers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest time for which an endpoint is left alone because it asked for it.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Whether an endpoint is asked.
#[derive(Debug)]
pub struct Breaker {
    /// How many failures in a row are too many; 0 for any number.
    most_failures: u32,
    /// For how long it is left alone then.
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// In a row.
    failures: u32,
    /// Set while the endpoint is left alone.
    resting_until: Option<Instant>,
    /// Whether a request is finding out whether it answers again.
    probing: bool,
}

/// Leave to ask, to be given back with what came of it.
#[derive(Debug)]
pub struct Pass {
    /// Whether this request finds out whether the endpoint answers again.
    is_probe: bool,
}

/// What a report changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// From now on the endpoint is left alone.
    Opened,
    /// From now on it is asked again.
    Closed,
}

impl Breaker {
    /// Leaves an endpoint alone for `rest` after so many failures in a row.
    pub fn new(most_failures: u32, rest: Duration) -> Self {
        Self { most_failures, rest, state: Mutex::default() }
    }

    /// Whether the endpoint is left alone now.
    pub fn is_resting(&self, now: Instant) -> bool {
        self.state().resting_until.is_some_and(|until| now < until)
    }

    /// Leave to ask the endpoint now, unless it is left alone.
    pub fn admit(&self, now: Instant) -> Option<Pass> {
        let mut state = self.state();
        match state.resting_until {
            None => Some(Pass { is_probe: false }),
            Some(until) if now < until || state.probing => None,
            Some(_) => {
                state.probing = true;
                Some(Pass { is_probe: true })
            }
        }
    }

    /// The endpoint began to answer. That ends the rest, on probation: the next failure begins it again.
    pub fn began(&self, pass: &mut Pass) -> Change {
        if !std::mem::take(&mut pass.is_probe) {
            return Change::None;
        }
        *self.state() = State { failures: self.most_failures.saturating_sub(1), ..State::default() };
        Change::Closed
    }

    /// The endpoint answered to the end.
    pub fn answered(&self, pass: Pass) -> Change {
        let mut state = self.state();
        // What was asked before the rest began may still be answered, and says that the endpoint lives.
        let closes = pass.is_probe || state.resting_until.is_some();
        *state = State::default();
        if closes { Change::Closed } else { Change::None }
    }

    /// The endpoint failed. `retry_after` is how long it asked to be left alone.
    pub fn failed(&self, pass: Pass, retry_after: Option<Duration>, now: Instant) -> Change {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        let rests = state.resting_until.is_some();
        if pass.is_probe {
            state.probing = false;
        } else if rests || self.most_failures == 0 || state.failures < self.most_failures {
            return Change::None;
        }
        let rest = self.rest.max(retry_after.unwrap_or_default().min(LONGEST_REST));
        state.resting_until = Some(now + rest);
        if rests { Change::None } else { Change::Opened }
    }

    /// Nobody waited for the answer any longer, which says nothing about the endpoint.
    pub fn left(&self, pass: Pass) {
        if pass.is_probe {
            self.state().probing = false;
        }
    }

    /// No code panics while it holds this, and a count is valid at any time.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(10);

    struct Turned {
        breaker: Breaker,
        now: Instant,
    }

    impl Turned {
        fn new(most_failures: u32) -> Self {
            Self { breaker: Breaker::new(most_failures, REST), now: crate::clock::now() }
        }

        fn passes(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }

        fn admit(&self) -> Option<Pass> {
            self.breaker.admit(self.now)
        }

        fn fail(&self) -> Change {
            let pass = self.admit().expect("it is asked");
            self.breaker.failed(pass, None, self.now)
        }
    }

    #[test]
    fn failures_in_a_row_open_it_and_an_answer_between_them_does_not() {
        let turned = Turned::new(3);
        assert_eq!((turned.fail(), turned.fail()), (Change::None, Change::None));
        let pass = turned.admit().unwrap();
        assert_eq!(turned.breaker.answered(pass), Change::None);
        assert_eq!((turned.fail(), turned.fail()), (Change::None, Change::None));
        assert_eq!(turned.fail(), Change::Opened);
        assert!(turned.admit().is_none());
    }

    #[test]
    fn after_the_rest_one_request_tries_and_the_others_wait_for_it() {
        let mut turned = Turned::new(1);
        turned.fail();
        turned.passes(9);
        assert!(turned.admit().is_none());
        turned.passes(1);
        let mut probe = turned.admit().unwrap();
        assert!(turned.admit().is_none(), "a second probe");
        assert_eq!(turned.breaker.began(&mut probe), Change::Closed);
        assert!(turned.admit().is_some());
        assert_eq!(turned.breaker.answered(probe), Change::None);
    }

    #[test]
    fn a_probe_that_fails_begins_the_rest_again() {
        let mut turned = Turned::new(2);
        assert_eq!((turned.fail(), turned.fail()), (Change::None, Change::Opened));
        turned.passes(10);
        assert_eq!(turned.fail(), Change::None);
        turned.passes(9);
        assert!(turned.admit().is_none());
        turned.passes(1);
        assert!(turned.admit().is_some());
    }

    #[test]
    fn one_that_begins_well_and_breaks_off_is_on_probation() {
        let mut turned = Turned::new(3);
        assert_eq!(
            (turned.fail(), turned.fail(), turned.fail()),
            (Change::None, Change::None, Change::Opened)
        );
        turned.passes(10);
        let mut probe = turned.admit().unwrap();
        turned.breaker.began(&mut probe);
        assert_eq!(turned.breaker.failed(probe, None, turned.now), Change::Opened);
    }

    #[test]
    fn a_caller_who_hangs_up_frees_the_place_of_the_probe() {
        let mut turned = Turned::new(1);
        turned.fail();
        turned.passes(10);
        let probe = turned.admit().unwrap();
        turned.breaker.left(probe);
        assert!(turned.admit().is_some());
    }

    #[test]
    fn what_was_asked_before_the_rest_neither_lengthens_it_nor_is_held_against_it() {
        let mut turned = Turned::new(1);
        let (early, late) = (turned.admit().unwrap(), turned.admit().unwrap());
        turned.fail();
        turned.passes(5);
        assert_eq!(turned.breaker.failed(early, None, turned.now), Change::None);
        turned.passes(5);
        let probe = turned.admit().unwrap();
        turned.breaker.left(late);
        assert!(turned.admit().is_none(), "the probe's place was given away");
        turned.breaker.left(probe);
        let early = turned.admit().unwrap();
        assert_eq!(turned.breaker.answered(early), Change::Closed);
    }

    #[test]
    fn a_provider_is_left_alone_as_long_as_it_asks_but_not_for_ever() {
        for (asked, rests) in [(3, 10), (30, 30), (3_600, 60)] {
            let mut turned = Turned::new(1);
            let pass = turned.admit().unwrap();
            turned.breaker.failed(pass, Some(Duration::from_secs(asked)), turned.now);
            turned.passes(rests - 1);
            assert!(turned.admit().is_none(), "{asked}");
            turned.passes(1);
            assert!(turned.admit().is_some(), "{asked}");
        }
    }

    #[test]
    fn zero_failures_means_that_it_never_opens() {
        let turned = Turned::new(0);
        assert!((0..100).all(|_| turned.fail() == Change::None));
    }
}
