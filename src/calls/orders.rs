//! What somebody at the console wants of a call. It waits here until the call's own task takes it; a call that
//! nobody asks anything of has no queue.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

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
    given: Notify,
}

impl Orders {
    pub(super) fn give(&self, order: Order) -> Result<(), NotTaken> {
        let mut waiting = self.waiting();
        if waiting.len() >= MOST {
            return Err(NotTaken::Full);
        }
        waiting.push_back(order);
        drop(waiting);
        self.given.notify_one();
        Ok(())
    }

    /// The next order. The future may be dropped and asked for again.
    pub(super) async fn next(&self) -> Order {
        loop {
            if let Some(order) = self.waiting().pop_front() {
                return order;
            }
            self.given.notified().await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Order>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::task::{Context, Waker};

    use super::*;

    fn whisper(text: &str) -> Order {
        Order::Whisper(text.into())
    }

    #[tokio::test]
    async fn orders_are_taken_in_their_order_and_a_few_wait() {
        let orders = Orders::default();
        for number in 0..MOST {
            orders.give(whisper(&number.to_string())).unwrap();
        }
        assert_eq!(orders.give(whisper("one more")), Err(NotTaken::Full));
        assert_eq!(orders.next().await, whisper("0"));
        orders.give(whisper("one more")).unwrap();
        for number in 1..MOST {
            assert_eq!(orders.next().await, whisper(&number.to_string()));
        }
        assert_eq!(orders.next().await, whisper("one more"));
    }

    #[tokio::test]
    async fn an_order_that_comes_while_nobody_waits_is_not_lost() {
        let orders = Orders::default();
        {
            let waiting = orders.next();
            tokio::pin!(waiting);
            let mut context = Context::from_waker(Waker::noop());
            assert!(waiting.as_mut().poll(&mut context).is_pending());
            orders.give(whisper("now")).unwrap();
            // Dropped before it was looked at again, as in the loop of a call.
        }
        assert_eq!(orders.next().await, whisper("now"));
    }
}
