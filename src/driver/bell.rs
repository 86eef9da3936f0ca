//! Tells which of the things that a task waits for woke it.
//!
//! An answer's words come fifty times a second, while socket, alarm and orders are silent: asking all of them
//! at every word would cost more than the word. What has a bell is polled only once it has rung.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Stands between a task and some of the things it waits for.
pub(super) struct Bell {
    rung: Arc<Rung>,
    waker: Waker,
}

struct Rung {
    /// Whether something woke the task through this bell since it was polled.
    yes: AtomicBool,
    task: AtomicWaker,
}

impl Bell {
    /// A bell that has rung: what is behind it was never polled.
    pub(super) fn new() -> Self {
        let rung = Arc::new(Rung { yes: AtomicBool::new(true), task: AtomicWaker::new() });
        Self { waker: Waker::from(rung.clone()), rung }
    }

    /// Polls what is behind the bell at the next occasion, also if nothing wakes the task.
    pub(super) fn ring(&self) {
        self.rung.yes.store(true, Ordering::Release);
    }

    /// Polls what is behind the bell, if it has rung.
    pub(super) fn poll<T>(
        &self,
        context: &Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        // First the task, then the question: what rings in between is seen now, or wakes the task.
        self.rung.task.register(context.waker());
        if !self.rung.yes.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let polled = poll(&mut Context::from_waker(&self.waker));
        if polled.is_ready() {
            // There may be more, of which nothing will wake us.
            self.ring();
        }
        polled
    }
}

impl Wake for Rung {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.yes.store(true, Ordering::Release);
        self.task.wake();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn what_did_not_ring_is_not_polled() {
        let bell = Bell::new();
        let (sender, mut receiver) = mpsc::channel(4);
        let task = Waker::noop();
        let polls = std::cell::Cell::new(0);
        let mut poll = || {
            bell.poll(&Context::from_waker(task), |context| {
                polls.set(polls.get() + 1);
                receiver.poll_recv(context)
            })
        };
        assert_eq!(poll(), Poll::Pending);
        assert_eq!(poll(), Poll::Pending);
        assert_eq!(polls.get(), 1);
        sender.try_send(1).unwrap();
        sender.try_send(2).unwrap();
        assert_eq!(poll(), Poll::Ready(Some(1)));
        // The second came with the first, and woke nobody again.
        assert_eq!(poll(), Poll::Ready(Some(2)));
        assert_eq!(poll(), Poll::Pending);
        assert_eq!(poll(), Poll::Pending);
        assert_eq!(polls.get(), 4);
        bell.ring();
        assert_eq!(poll(), Poll::Pending);
        assert_eq!(polls.get(), 5);
    }

    #[tokio::test]
    async fn a_bell_wakes_the_task() {
        let (sender, mut receiver) = mpsc::channel(1);
        let bell = Bell::new();
        let mut waits =
            std::future::poll_fn(|context| bell.poll(context, |context| receiver.poll_recv(context)));
        assert_eq!((&mut waits).now_or_never(), None);
        let (got, ()) = tokio::join!(waits, async {
            tokio::task::yield_now().await;
            sender.send(7).await.unwrap();
        });
        assert_eq!(got, Some(7));
    }
}
