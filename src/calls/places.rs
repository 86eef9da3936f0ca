//! The calls that hold a place in this process, and until when. A call holds one from its TwiML on, before it
//! has a socket, and gives it up once its action was answered: so a server knows what it has promised, and when
//! it may end.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::clock::now;
use crate::ids::CallSid;

/// How long a call may take from its TwiML to its first frame. Twilio opens the socket within two seconds.
const TO_CONNECT: Duration = Duration::from_secs(10);
/// How long Twilio may take from the end of a session to its action. A second is usual.
const TO_ASK: Duration = Duration::from_secs(5);
/// How often places that nobody took are cleared away.
const SWEEP: Duration = Duration::from_secs(1);

/// All places that are held.
#[derive(Default)]
pub(super) struct Places {
    held: Mutex<Held>,
    changed: Notify,
}

#[derive(Default)]
struct Held {
    calls: HashMap<CallSid, Place>,
    swept: Option<Instant>,
}

#[derive(Clone, Copy)]
enum Place {
    /// It has its TwiML; the socket is to come by then.
    Expected(Instant),
    /// A session runs. Whether the action was asked already: Twilio may be faster than our end of the socket.
    Live { asked: bool },
    /// The session is over; the action is to come by then.
    Leaving(Instant),
}

impl Place {
    /// Whether it counts towards what the server serves.
    fn is_served(self, now: Instant) -> bool {
        match self {
            Self::Expected(until) => until > now,
            Self::Live { .. } => true,
            Self::Leaving(_) => false,
        }
    }

    /// Until when it is held in any case; `None` while a session runs.
    fn until(self) -> Option<Instant> {
        match self {
            Self::Expected(until) | Self::Leaving(until) => Some(until),
            Self::Live { .. } => None,
        }
    }
}

impl Places {
    /// Holds a place for a call that gets its TwiML, unless that many are served already. One that has a place
    /// keeps it.
    pub(super) fn expect(&self, call_sid: &CallSid, most: usize) -> bool {
        let now = now();
        let mut held = self.held();
        held.sweep(now);
        let served = |place: &Place| place.is_served(now);
        if held.calls.get(call_sid).is_some_and(served) {
            return true;
        }
        // What was swept a moment ago is nearly all that is not served.
        let full =
            held.calls.len() >= most && held.calls.values().filter(|place| served(place)).count() >= most;
        if !full {
            held.calls.insert(call_sid.clone(), Place::Expected(now + TO_CONNECT));
        }
        !full
    }

    /// A session of the call began.
    pub(super) fn enter(&self, call_sid: &CallSid) {
        self.held().calls.insert(call_sid.clone(), Place::Live { asked: false });
    }

    /// The last session of the call is over.
    pub(super) fn leave(&self, call_sid: &CallSid) {
        let mut held = self.held();
        match held.calls.get(call_sid) {
            Some(Place::Live { asked: true }) => {
                held.calls.remove(call_sid);
            }
            _ => {
                held.calls.insert(call_sid.clone(), Place::Leaving(now() + TO_ASK));
            }
        }
        self.changed.notify_waiters();
    }

    /// Twilio asked what comes after the session.
    pub(super) fn asked(&self, call_sid: &CallSid) {
        let mut held = self.held();
        match held.calls.get_mut(call_sid) {
            Some(Place::Live { asked }) => *asked = true,
            Some(Place::Expected(_) | Place::Leaving(_)) => {
                held.calls.remove(call_sid);
            }
            None => {}
        }
        self.changed.notify_waiters();
    }

    /// Waits until no place is held.
    pub(super) async fn empty(&self) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Listens from here on, so that no change between the look and the wait is missed.
            changed.as_mut().enable();
            let Some(next) = self.held().next_change(now()) else { return };
            match next {
                Some(at) => {
                    let _ = tokio::time::timeout_at(at.into(), changed).await;
                }
                None => changed.await,
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_none_or(|swept| now.saturating_duration_since(swept) >= SWEEP) {
            self.swept = Some(now);
            self.calls.retain(|_, place| place.until().is_none_or(|until| until > now));
        }
    }

    /// `None` when no place is held; else when the first of them is given up by itself, if any is.
    fn next_change(&self, now: Instant) -> Option<Option<Instant>> {
        let held =
            || self.calls.values().map(|place| place.until()).filter(|until| until.is_none_or(|at| at > now));
        held().next()?;
        Some(held().flatten().min())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(number: u32) -> CallSid {
        format!("CA{number}").parse().unwrap()
    }

    #[test]
    fn a_call_without_a_socket_counts_and_one_that_left_does_not() {
        let places = Places::default();
        assert!(places.expect(&call(1), 1));
        assert!(!places.expect(&call(2), 1), "the first call has its TwiML already");
        assert!(places.expect(&call(1), 1), "a repeated request is the same call");
        places.enter(&call(1));
        assert!(!places.expect(&call(2), 1));
        places.leave(&call(1));
        assert!(places.expect(&call(2), 1));
    }

    #[tokio::test]
    async fn places_are_empty_once_every_action_was_asked() {
        let places = Places::default();
        places.empty().await;
        places.enter(&call(1));
        places.enter(&call(2));
        places.leave(&call(1));
        let mut empty = std::pin::pin!(places.empty());
        assert!(futures_util::poll!(&mut empty).is_pending());
        places.asked(&call(1));
        // Twilio is faster than our end of the socket.
        places.asked(&call(2));
        assert!(futures_util::poll!(&mut empty).is_pending());
        places.leave(&call(2));
        empty.await;
    }
}
