//! The one task of a process that writes. Notes are gathered for a moment and committed together; while the
//! database is slow or away they wait in memory, and calls go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

use super::archive;
use super::batch::Batch;
use super::connect::Database;
use super::note::{Note, Order, What};
use super::rows::Work;
use super::{Retention, reason, write};
use crate::clock::now;

/// How long notes are gathered before they are committed.
const GATHER: Duration = Duration::from_millis(50);
/// How many bytes of notes are gathered at the most before they are committed.
const GROUP: usize = 4 * 1024 * 1024;
/// How many bytes may wait while the database is away.
const MOST_WAITING: usize = 64 * 1024 * 1024;
/// How long a commit may take before it counts as failed.
const SLOWEST: Duration = Duration::from_secs(10);
/// How long to wait after a failure before the next try, at first and at the most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3));
/// How often what is too old is deleted.
const PRUNE: Duration = Duration::from_secs(60 * 60);

/// What is known of the store, for whoever asks.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    pub(super) away: AtomicBool,
    pub(super) waiting: AtomicU64,
    pub(super) lost: AtomicU64,
}

/// Writes what it is sent until every sender is gone.
pub struct Writer {
    database: Database,
    orders: mpsc::Receiver<Order>,
    gauge: Arc<Gauge>,
    retention: Retention,
    masked: bool,
    /// Whether the schema is known to be up to date.
    prepared: bool,
    next: Batch,
    flushes: Vec<oneshot::Sender<bool>>,
    /// Bytes that are being written.
    writing: usize,
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
        masked: bool,
    ) -> Self {
        Self {
            database,
            orders,
            gauge,
            retention,
            masked,
            prepared: false,
            next: Batch::default(),
            flushes: Vec::new(),
            writing: 0,
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
            self.gather(GATHER).await;
            let written = self.write().await;
            if !written && self.closed {
                break;
            }
        }
        let rows = self.next.rows();
        if rows > 0 {
            warn!(rows, "store is still away at the end: this is not kept");
        }
    }

    /// Waits for something to do. What is too old is deleted meanwhile.
    async fn idle(&mut self) {
        match tokio::time::timeout_at(self.prune_at.into(), self.orders.recv()).await {
            Ok(Some(order)) => self.take(order),
            Ok(None) => self.closed = true,
            Err(_) => {
                self.prune_at = now() + PRUNE;
                if let Some(before) = self.retention.before() {
                    archive::prune(self.database.pool.clone(), before).await;
                }
            }
        }
    }

    /// Takes what comes within a time. A flush waits no longer.
    async fn gather(&mut self, time: Duration) {
        let until = now() + time;
        while self.flushes.is_empty() && self.next.size < GROUP && !self.closed {
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
            Order::Keep(note) if self.has_room(&note) => self.next.fold(note, self.masked),
            Order::Keep(_) => {
                self.gauge.lost.fetch_add(1, Ordering::Relaxed);
                if let Some(gap) = self.gap.as_mut().filter(|gap| !gap.full) {
                    gap.full = true;
                    warn!(
                        bytes = MOST_WAITING,
                        "store is away and no more can wait: what is said is not kept"
                    );
                }
            }
        }
    }

    /// Words have to wait while there is room; the little that is known of a call beside them always has some.
    fn has_room(&self, note: &Note) -> bool {
        self.next.size + self.writing < MOST_WAITING
            || !matches!(note.what, What::Changed(_) | What::Came(_) | What::Began(_))
    }

    /// Writes what was gathered, and goes on gathering meanwhile. Returns whether it was written.
    async fn write(&mut self) -> bool {
        let batch = std::mem::take(&mut self.next);
        let flushes = std::mem::take(&mut self.flushes);
        self.writing = batch.size;
        let written = self.attempt(&batch).await;
        self.writing = 0;
        match &written {
            Ok(()) => self.succeeded(batch.rows()),
            Err(error) => {
                // What came meanwhile is newer.
                let newer = std::mem::replace(&mut self.next, batch);
                self.next.absorb(newer);
                self.failed(error);
            }
        }
        for done in flushes {
            let _ = done.send(written.is_ok());
        }
        self.gauge.waiting.store(self.next.rows() as u64, Ordering::Relaxed);
        if let Some(pause) = self.gap.as_ref().map(|gap| gap.pause) {
            self.pause(pause).await;
        }
        written.is_ok()
    }

    async fn attempt(&mut self, batch: &Batch) -> sqlx::Result<()> {
        let mut work = attempt(self.database.clone(), !self.prepared, write::work(batch));
        loop {
            tokio::select! {
                written = &mut work => return written,
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

    fn succeeded(&mut self, rows: usize) {
        if !std::mem::replace(&mut self.prepared, true) && self.gap.is_none() {
            info!("store ready");
        }
        if let Some(gap) = self.gap.take() {
            let seconds = now().saturating_duration_since(gap.since).as_secs();
            let lost = self.gauge.lost.load(Ordering::Relaxed) - gap.lost_before;
            if lost > 0 {
                warn!(seconds, rows, lost, "store is back; what had waited is written, what was lost is not");
            } else {
                info!(seconds, rows, "store is back; what had waited is written");
            }
            self.gauge.away.store(false, Ordering::Relaxed);
        }
    }

    fn failed(&mut self, error: &sqlx::Error) {
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

/// Brings the schema up to date where that is not known, and writes.
fn attempt(database: Database, prepare: bool, work: Work) -> BoxFuture<'static, sqlx::Result<()>> {
    let all = async move {
        if prepare {
            database.prepare().await?;
        }
        if work.is_empty() {
            return Ok(());
        }
        write::write(database.pool, work).await
    };
    let in_time = async {
        let slow = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
        tokio::time::timeout(SLOWEST, all).await.unwrap_or_else(|_| Err(slow()))
    };
    Box::pin(in_time)
}
