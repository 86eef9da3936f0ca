//! The way to what is kept. A reader never takes the connections that calls need, and nobody waits for long.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::debug;

use super::problem::Problem;
use crate::store::StoreError;
use crate::store::archive::Archive;

/// How many read at once. The pool has five connections: the writer and calls that are taken up need theirs.
const READERS: usize = 2;
/// How long a request waits for what is kept, its turn counted.
const DEADLINE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) struct Reading {
    archive: Option<Archive>,
    turns: Arc<Semaphore>,
    /// What is read, also after nobody waits for it any more.
    tasks: TaskTracker,
    /// Set once the tables are known to be there: whoever asks in the first moment may be before the writer.
    ready: Arc<OnceCell<()>>,
    deadline: Duration,
}

impl Reading {
    pub(super) fn new(archive: Option<Archive>) -> Self {
        let turns = Arc::new(Semaphore::new(READERS));
        Self { archive, turns, tasks: TaskTracker::new(), ready: Arc::default(), deadline: DEADLINE }
    }

    /// Whether anything is kept.
    pub(super) fn is_kept(&self) -> bool {
        self.archive.is_some()
    }

    /// Reads or writes something in time; none where nothing is kept. What takes longer goes on until it ends,
    /// and keeps its turn: a connection whose statement still runs is free for nobody.
    pub(super) async fn within<T, F>(
        &self,
        read: impl FnOnce(Archive) -> F + Send + 'static,
    ) -> Result<Option<T>, Problem>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let Some(archive) = self.archive.clone() else { return Ok(None) };
        let reading = async {
            let turn = self.turns.clone().acquire_owned().await;
            let ready = self.ready.clone();
            let reading = self.tasks.spawn(async move {
                let _turn = turn;
                ready.get_or_try_init(|| archive.prepare()).await?;
                read(archive).await
            });
            reading.await.map_err(|_| "it was given up".to_owned())?.map_err(|error| error.to_string())
        };
        let failed = match timeout(self.deadline, reading).await {
            Ok(Ok(found)) => return Ok(Some(found)),
            Ok(Err(error)) => error,
            Err(_) => format!("nothing came within {} ms", self.deadline.as_millis()),
        };
        debug!(reason = failed, "store could not be read for the console");
        Err(Problem::later(StatusCode::SERVICE_UNAVAILABLE, "what is kept of calls cannot be read now", 5))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;
    use crate::store::spool::Tracked;
    use crate::store::{Options, Retention, Store};

    #[tokio::test]
    async fn a_read_that_takes_too_long_keeps_its_turn_until_it_ends() {
        let url = "sqlite::memory:".into();
        let options =
            Options { url, retention: Retention::Forever, masked: true, tracked: Tracked::default() };
        let (store, _writer) = Store::open(&options).unwrap();
        let patient = Reading::new(store.archive());
        assert!(patient.within(|_| async { Ok(()) }).await.is_ok());
        let reading = Reading { deadline: Duration::from_millis(10), ..patient.clone() };
        let (end, running) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
        let slow = || {
            let (end, running) = (end.clone(), running.clone());
            reading.within(move |_| async move {
                running.fetch_add(1, Ordering::SeqCst);
                end.notified().await;
                Ok(())
            })
        };
        let (one, two, three) = tokio::join!(slow(), slow(), slow());
        assert!(one.is_err() && two.is_err() && three.is_err());
        assert!(slow().await.is_err());
        assert_eq!(running.load(Ordering::SeqCst), 2, "nobody reads more while two still do");
        end.notify_waiters();
        assert!(patient.within(|_| async { Ok(()) }).await.is_ok(), "their turns are free again");
    }
}
