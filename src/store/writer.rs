//! The one task of a process that writes. Notes are gathered for a moment and committed together; while the
//! database is slow or away they wait in memory, and calls go on.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use sqlx::Connection;
use tokio::sync::{mpsc, oneshot};
use tracing::{error, info, warn};

use super::batch::{Batch, Keeping};
use super::connect::Database;
use super::note::{Note, Order, What};
use super::{Limits, Retention, archive, is_of_data, reason, rows, write};
use crate::clock::now;

/// How long notes are gathered before they are committed.
const GATHER: Duration = Duration::from_millis(50);
/// How long a commit may take before it counts as failed.
const SLOWEST: Duration = Duration::from_secs(10);
/// How long to wait after a failure before the next try, at first and at the most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3));
/// How often what is too old is looked for, and how often a version of the prompts is written again.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// What is known of the store, for whoever asks.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    pub(super) away: AtomicBool,
    pub(super) waiting: AtomicU64,
    pub(super) lost: AtomicU64,
    /// When the oldest note was taken that is not written yet, in milliseconds since 1970; 0 when all are.
    pub(super) oldest: AtomicU64,
    /// Whether notes came faster than they were taken, since it was last told.
    pub(super) overrun: AtomicBool,
}

/// Writes what it is sent until every sender is gone.
pub struct Writer {
    database: Database,
    orders: mpsc::Receiver<Order>,
    gauge: Arc<Gauge>,
    retention: Retention,
    keeping: Keeping,
    limits: Limits,
    /// Whether the schema is known to be up to date.
    prepared: bool,
    next: Batch,
    /// When the oldest note in that was taken.
    oldest: Option<u64>,
    flushes: Vec<oneshot::Sender<bool>>,
    /// Bytes that are being written.
    writing: usize,
    /// When each version of the prompts was written last: all nodes write the same row.
    prompts: HashMap<String, Instant>,
    gap: Option<Gap>,
    prune_at: Instant,
    closed: bool,
}

/// A time in which nothing could be written.
struct Gap {
    since: Instant,
    pause: Duration,
    lost_before: u64,
    full: bool,
}

impl Writer {
    pub(super) fn new(
        database: Database,
        orders: mpsc::Receiver<Order>,
        gauge: Arc<Gauge>,
        retention: Retention,
        keeping: Keeping,
        limits: Limits,
    ) -> Self {
        Self {
            database,
            orders,
            gauge,
            retention,
            keeping,
            limits,
            prepared: false,
            next: Batch::default(),
            oldest: None,
            flushes: Vec::new(),
            writing: 0,
            prompts: HashMap::new(),
            gap: None,
            prune_at: now(),
            closed: false,
        }
    }

    /// Runs until every [`super::Store`] is gone and what they noted is written, or cannot be.
    pub async fn run(mut self) {
        // The schema is brought up to date at once, not with the first call.
        while !self.closed || !self.next.is_empty() {
            if self.prepared && self.next.is_empty() && self.flushes.is_empty() {
                self.idle().await;
            }
            self.gather().await;
            let written = self.write().await;
            if !written && self.closed {
                break;
            }
            if written && self.prune_at <= now() {
                self.prune().await;
            }
        }
    }

    /// Waits for something to do.
    async fn idle(&mut self) {
        match tokio::time::timeout_at(self.prune_at.into(), self.orders.recv()).await {
            Ok(Some(order)) => self.take(order),
            Ok(None) => self.closed = true,
            Err(_) => {}
        }
    }

    /// Takes what comes within a moment. A flush waits no longer.
    async fn gather(&mut self) {
        let until = now() + GATHER;
        while self.flushes.is_empty() && self.next.rows() < self.limits.piece && !self.closed {
            match tokio::time::timeout_at(until.into(), self.orders.recv()).await {
                Ok(Some(order)) => self.take(order),
                Ok(None) => self.closed = true,
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Flush(done) => self.flushes.push(done),
            Order::Keep(note) if self.has_room(&note) => {
                let oldest = *self.oldest.get_or_insert(note.at);
                // What is being written is older.
                let _ = self.gauge.oldest.compare_exchange(0, oldest, Ordering::Relaxed, Ordering::Relaxed);
                self.next.fold(note, self.keeping);
            }
            Order::Keep(_) => {
                self.gauge.lost.fetch_add(1, Ordering::Relaxed);
                if let Some(gap) = self.gap.as_mut().filter(|gap| !gap.full) {
                    gap.full = true;
                    let bytes = self.limits.waiting;
                    warn!(bytes, "store is away and no more can wait: what is said is not kept");
                }
            }
        }
    }

    /// Words wait while there is room. The little that is known of a call beside them has some more, so that
    /// what waits already still has a call to belong to.
    fn has_room(&self, note: &Note) -> bool {
        let words = matches!(note.what, What::Changed(_));
        let most = if words { self.limits.waiting } else { self.limits.waiting / 4 * 5 };
        self.next.size() + self.writing < most
    }

    /// Writes what was gathered, piece by piece, and goes on gathering meanwhile. Returns whether all of it was
    /// written.
    async fn write(&mut self) -> bool {
        let mut backlog = std::mem::take(&mut self.next);
        let (oldest, flushes) = (self.oldest.take(), std::mem::take(&mut self.flushes));
        backlog.prompts.retain(|version, _| {
            self.prompts.get(version).is_none_or(|at| now().saturating_duration_since(*at) > HOUR)
        });
        let rows = backlog.rows();
        self.writing = backlog.size();
        let mut written = self.write_piece(&mut backlog, self.limits.piece).await;
        while written.is_ok() && !backlog.is_empty() {
            self.writing = backlog.size();
            written = self.write_piece(&mut backlog, self.limits.piece).await;
        }
        self.writing = 0;
        if let Err(error) = &written {
            // What came meanwhile is newer.
            backlog.absorb(std::mem::take(&mut self.next));
            self.next = backlog;
            self.oldest = oldest.or(self.oldest);
            self.failed(error);
        } else {
            self.succeeded(rows);
        }
        self.gauge.oldest.store(self.oldest.unwrap_or(0), Ordering::Relaxed);
        self.gauge.waiting.store(self.next.rows() as u64, Ordering::Relaxed);
        for done in flushes {
            let _ = done.send(written.is_ok());
        }
        if let Some(pause) = self.gap.as_ref().map(|gap| gap.pause) {
            self.pause(pause).await;
        }
        written.is_ok()
    }

    /// Writes so many rows. What the database refuses for what is in it is found by halves and left out: one
    /// row must not keep all others from being written.
    async fn write_piece(&mut self, backlog: &mut Batch, most: usize) -> sqlx::Result<()> {
        let piece = Arc::new(backlog.piece(most));
        let work = attempt(self.database.clone(), !self.prepared, piece.clone());
        let written = self.meanwhile(work).await;
        // The future that shared it is gone.
        let piece = Arc::try_unwrap(piece).unwrap_or_default();
        match written {
            Ok(()) => {
                self.prepared = true;
                self.prompts.extend(piece.prompts.into_keys().map(|version| (version, now())));
                Ok(())
            }
            Err(error) if is_of_data(&error) && piece.rows() <= 1 => {
                self.gauge.lost.fetch_add(piece.rows() as u64, Ordering::Relaxed);
                error!(reason = reason(&error), "database refuses a row for what is in it; it is left out");
                Ok(())
            }
            Err(error) => {
                let (rows, of_data) = (piece.rows(), is_of_data(&error));
                let mut again = piece;
                again.absorb(std::mem::take(backlog));
                *backlog = again;
                if !of_data {
                    return Err(error);
                }
                Box::pin(self.write_piece(backlog, rows / 2)).await
            }
        }
    }

    /// Does something while what comes is taken.
    async fn meanwhile<T>(&mut self, mut work: BoxFuture<'static, T>) -> T {
        loop {
            tokio::select! {
                done = &mut work => return done,
                order = self.orders.recv(), if !self.closed => match order {
                    Some(order) => self.take(order),
                    None => self.closed = true,
                },
            }
        }
    }

    /// Waits after a failure. What comes meanwhile is taken; somebody who waits is not kept waiting.
    async fn pause(&mut self, pause: Duration) {
        let until = now() + pause;
        while !self.closed && self.flushes.is_empty() {
            match tokio::time::timeout_at(until.into(), self.orders.recv()).await {
                Ok(Some(order)) => self.take(order),
                Ok(None) => self.closed = true,
                Err(_) => return,
            }
        }
    }

    /// Deletes some of what is too old; the rest is soon to follow.
    async fn prune(&mut self) {
        self.prune_at = now() + HOUR;
        let Some(before) = self.retention.before() else { return };
        let work = in_time(archive::prune(self.database.clone(), before));
        match self.meanwhile(work).await {
            Ok(0) => {}
            Ok(calls) => {
                info!(calls, "old calls deleted");
                self.prune_at = now();
            }
            Err(error) => {
                warn!(reason = reason(&error), "old calls could not be deleted; that is tried again");
            }
        }
    }

    fn succeeded(&mut self, rows: usize) {
        let lost = self.gauge.lost.load(Ordering::Relaxed);
        if self.gauge.overrun.swap(false, Ordering::Relaxed) {
            warn!(lost, "store has caught up; notes that came too fast are lost");
        }
        if let Some(gap) = self.gap.take() {
            let seconds = now().saturating_duration_since(gap.since).as_secs();
            let lost = lost - gap.lost_before;
            if lost > 0 {
                warn!(seconds, rows, lost, "store is back; what had waited is written, what was lost is not");
            } else {
                info!(seconds, rows, "store is back; what had waited is written");
            }
            self.gauge.away.store(false, Ordering::Relaxed);
        }
    }

    fn failed(&mut self, error: &sqlx::Error) {
        // A database that comes back may be another one.
        self.prepared = false;
        match &mut self.gap {
            Some(gap) => gap.pause = (gap.pause * 2).min(PAUSES.1),
            None => {
                warn!(reason = reason(error), "store is away: calls go on, and what is to be kept waits");
                let lost_before = self.gauge.lost.load(Ordering::Relaxed);
                self.gap = Some(Gap { since: now(), pause: PAUSES.0, lost_before, full: false });
                self.gauge.away.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// Brings the schema up to date where that is not known, and writes all of a batch or nothing.
fn attempt(database: Database, prepare: bool, batch: Arc<Batch>) -> BoxFuture<'static, sqlx::Result<()>> {
    Box::pin(async move {
        if prepare {
            in_time(Box::pin(prepared(database.clone()))).await?;
        }
        if batch.is_empty() {
            return Ok(());
        }
        let mut connection = database.pool.acquire().await?;
        let work = write::work(&batch);
        drop(batch);
        let committed = async {
            let mut transaction = connection.begin_with(database.engine.begin()).await?;
            rows::execute(&mut transaction, work).await?;
            transaction.commit().await
        };
        let committed = match tokio::time::timeout(SLOWEST, committed).await {
            Ok(committed) => committed,
            Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
        };
        if committed.as_ref().is_err_and(|error| !is_of_data(error)) {
            // Given back to the pool it would be waited for, perhaps for ever.
            drop(connection.detach());
        }
        committed
    })
}

async fn prepared(database: Database) -> sqlx::Result<()> {
    database.prepare().await
}

fn in_time<T: Send + 'static>(
    work: BoxFuture<'static, sqlx::Result<T>>,
) -> BoxFuture<'static, sqlx::Result<T>> {
    Box::pin(async {
        let slow = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
        tokio::time::timeout(SLOWEST, work).await.unwrap_or_else(|_| Err(slow()))
    })
}
