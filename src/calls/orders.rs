//! What reaches a call's own task from elsewhere: that a newer session took over, and what somebody at the console
//! wants of it. A call that nobody asks anything of has no queue.

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

/// What reaches a call from elsewhere in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A newer session of the same call took over.
    Superseded,
    /// Somebody at the console wants something.
    Order(Order),
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
    waiting: Mutex<Waiting>,
    given: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    orders: VecDeque<Order>,
    superseded: bool,
}

impl Orders {
    pub(super) fn give(&self, order: Order) -> Result<(), NotTaken> {
        let mut waiting = self.waiting();
        if waiting.orders.len() >= MOST {
            return Err(NotTaken::Full);
        }
        waiting.orders.push_back(order);
        drop(waiting);
        self.given.notify_one();
        Ok(())
    }

    /// Says that a newer session took over. That stays so.
    pub(super) fn supersede(&self) {
        self.waiting().superseded = true;
        self.given.notify_one();
    }

    #[cfg(test)]
    pub(super) fn is_superseded(&self) -> bool {
        self.waiting().superseded
    }

    /// What is next. The future may be dropped and asked for again.
    pub(super) async fn next(&self) -> News {
        loop {
            if let Some(news) = self.waiting().next() {
                return news;
            }
            self.given.notified().await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn next(&mut self) -> Option<News> {
        if self.superseded { Some(News::Superseded) } else { self.orders.pop_front().map(News::Order) }
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

    fn news(text: &str) -> News {
        News::Order(whisper(text))
    }

    #[tokio::test]
    async fn orders_are_taken_in_their_order_and_a_few_wait() {
        let orders = Orders::default();
        for number in 0..MOST {
            orders.give(whisper(&number.to_string())).unwrap();
        }
        assert_eq!(orders.give(whisper("one more")), Err(NotTaken::Full));
        assert_eq!(orders.next().await, news("0"));
        orders.give(whisper("one more")).unwrap();
        for number in 1..MOST {
            assert_eq!(orders.next().await, news(&number.to_string()));
        }
        assert_eq!(orders.next().await, news("one more"));
        orders.give(whisper("too late")).unwrap();
        orders.supersede();
        assert_eq!((orders.next().await, orders.next().await), (News::Superseded, News::Superseded));
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
        assert_eq!(orders.next().await, news("now"));
    }
}
