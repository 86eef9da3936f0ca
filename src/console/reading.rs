//! The way to what is kept. A reader never takes the connections that calls need, and nobody waits for long.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;
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
    /// Set once the tables are known to be there: whoever asks in the first moment may be before the writer.
    ready: Arc<OnceCell<()>>,
}

impl Reading {
    pub(super) fn new(archive: Option<Archive>) -> Self {
        Self { archive, turns: Arc::new(Semaphore::new(READERS)), ready: Arc::default() }
    }

    /// Whether anything is kept.
    pub(super) fn is_kept(&self) -> bool {
        self.archive.is_some()
    }

    /// Reads or writes something in time; none where nothing is kept.
    pub(super) async fn within<T, F>(&self, read: impl FnOnce(Archive) -> F) -> Result<Option<T>, Problem>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let Some(archive) = self.archive.clone() else { return Ok(None) };
        let reading = async {
            let _turn = self.turns.acquire().await;
            self.ready.get_or_try_init(|| archive.prepare()).await?;
            read(archive).await
        };
        let failed = match timeout(DEADLINE, reading).await {
            Ok(Ok(found)) => return Ok(Some(found)),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("nothing came within {} ms", DEADLINE.as_millis()),
        };
        debug!(reason = failed, "store could not be read for the console");
        Err(Problem::later(StatusCode::SERVICE_UNAVAILABLE, "what is kept of calls cannot be read now", 5))
    }
}
