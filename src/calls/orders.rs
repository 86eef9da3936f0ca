//! What somebody at the console wants of a call. It waits here until the call's own task takes it; a call that
//! nobody asks anything of has no queue.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use serde::{Deserialize, Serialize};

use crate::pii::Pii;

/// How many orders may wait. A call takes one at a time, in no time.
const MOST: usize = 8;

/// What somebody at the console wants of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// A person takes over now, for this reason if there is one.
    HandOver(Option<Pii<String>>),
    /// The model is to know this.
    Whisper(Pii<String>),
}

/// Why an order is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// No session of the call runs here.
    #[error("the call is not live")]
    Unknown,
    /// Too many orders wait.
    #[error("too much is asked of the call")]
    Full,
}

#[derive(Debug, Default)]
pub(super) struct Orders {
    waiting: Mutex<VecDeque<Order>>,
    session: AtomicWaker,
}

impl Orders {
    pub(super) fn give(&self, order: Order) -> Result<(), NotTaken> {
        let mut waiting = self.waiting();
        if waiting.len() >= MOST {
            return Err(NotTaken::Full);
        }
        waiting.push_back(order);
        drop(waiting);
        self.session.wake();
        Ok(())
    }

    /// The next order, for the one task that takes them.
    pub(super) fn poll_next(&self, context: &Context<'_>) -> Poll<Order> {
        // First the task, then the question: what is given in between is seen now, or wakes the task.
        self.session.register(context.waker());
        self.waiting().pop_front().map_or(Poll::Pending, Poll::Ready)
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Order>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn whisper(text: &str) -> Order {
        Order::Whisper(text.into())
    }

    #[test]
    fn orders_are_taken_in_their_order_and_a_few_wait() {
        let orders = Orders::default();
        let next = || orders.poll_next(&Context::from_waker(Waker::noop()));
        for number in 0..MOST {
            orders.give(whisper(&number.to_string())).unwrap();
        }
        assert_eq!(orders.give(whisper("one more")), Err(NotTaken::Full));
        assert_eq!(next(), Poll::Ready(whisper("0")));
        orders.give(whisper("one more")).unwrap();
        for number in 1..MOST {
            assert_eq!(next(), Poll::Ready(whisper(&number.to_string())));
        }
        assert_eq!(next(), Poll::Ready(whisper("one more")));
        assert_eq!(next(), Poll::Pending);
    }

    #[tokio::test]
    async fn an_order_wakes_the_session_that_waits_for_it() {
        let orders = Orders::default();
        let next = std::future::poll_fn(|context| orders.poll_next(context));
        let (order, ()) = tokio::join!(next, async { orders.give(whisper("now")).unwrap() });
        assert_eq!(order, whisper("now"));
    }
}
