//! What is kept of calls, in SQLite or PostgreSQL. No caller ever waits for it.
//!
//! A [`Store`] takes notes where things happen, which never waits; one [`Writer`] per process commits them in
//! groups. While the database is away calls go on, and notes wait in memory that is bounded. What is read on
//! the way of a call (the conversation of a call that is taken up again, a hand-off that is pending) is read
//! under a deadline, and a call goes on without it.
//!
//! The schema is in `migrations/`. docs/STORE.md tells what is kept, for how long, and what is not.

pub mod archive;
pub mod audit;
mod batch;
pub mod condition;
mod connect;
#[cfg(feature = "postgres")]
pub mod exchange;
mod note;
pub mod numbers;
pub mod pages;
mod recall;
mod recording;
mod rows;
mod said;
pub mod spool;
#[cfg(test)]
mod tests;
mod voice;
mod write;
mod writer;

pub use note::{Began, Came, Delivery, DeliveryState, Note, Taken, What};
pub use recording::{Recorded, Recording, RecordingState};
pub use voice::Voice;
pub use writer::Writer;

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, warn};

use crate::clock::since_epoch;
use crate::handoff::Handoff;
use crate::ids::CallSid;
use crate::record::Memory;
use archive::Archive;
use batch::Keeping;
use connect::{Database, Engine};
use note::Order;
use spool::{Spool, Tracked};
use writer::Gauge;

/// How the names of channels between nodes begin.
const CHANNEL: &str = "warmline_";
/// How many notes may wait for the writer to take them. It takes them also while it writes.
const NOTES: usize = 16 * 1024;
/// How long a call waits for what is read on its way.
const READ: Duration = Duration::from_secs(1);

/// What to keep, where and how long.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite:…` or `postgres:…`.
    pub url: SecretString,
    /// How long calls are kept.
    pub retention: Retention,
    /// Whether card numbers and their like are replaced before they are written.
    pub masked: bool,
    /// What is to be told to Segment later.
    pub tracked: Tracked,
}

/// How long to wait between two tries to write what is left at the end.
const AGAIN: Duration = Duration::from_millis(200);

/// How much the writer takes on.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// How many bytes of words may wait while the database is away.
    waiting: usize,
    /// How many rows are written in one transaction.
    piece: usize,
}

const LIMITS: Limits = Limits { waiting: 64 * 1024 * 1024, piece: 2_000 };

/// How long calls are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// For so many days after they began.
    Days(u32),
    /// Until they are deleted.
    Forever,
}

/// Takes notes of calls. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Store {
    open: Option<Arc<Open>>,
    /// Who looks on. Told of everything, also where nothing is kept.
    watch: Arc<[mpsc::Sender<Note>]>,
}

#[derive(Debug)]
struct Open {
    orders: mpsc::Sender<Order>,
    database: Database,
    gauge: Arc<Gauge>,
}

/// How the store is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether the last write failed.
    pub away: bool,
    /// How many rows wait to be written.
    pub waiting: u64,
    /// How many notes were lost since the process began.
    pub lost: u64,
    /// For how long the oldest note has waited that is not written yet.
    pub lag: Duration,
}

/// What comes from the nodes that share the database, this one among them.
#[derive(Debug)]
pub enum Told {
    /// From here on everything is heard; what was said before may be lost.
    Connected,
    /// A text.
    Text(String),
}

impl Store {
    /// Keeps nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same store, and what it is told from now on. Who reads too slowly misses some of it.
    pub fn watched(self) -> (Self, mpsc::Receiver<Note>) {
        let (watch, notes) = mpsc::channel(NOTES);
        let watch = self.watch.iter().cloned().chain([watch]).collect();
        (Self { watch, ..self }, notes)
    }

    /// What is kept, for people; none where nothing is.
    pub fn archive(&self) -> Option<Archive> {
        Some(Archive(self.open.as_ref()?.database.clone()))
    }

    /// What is still to be told of calls, for the node of this name; none where nothing is kept.
    pub fn spool(&self, node: &str) -> Option<Spool> {
        Some(Spool::new(self.open.as_ref()?.database.clone(), node))
    }

    /// A way to speak to the other nodes; none where no database can be shared. Those that listen to the first
    /// of these `names` hear it.
    pub fn voice(&self, names: &[String]) -> Option<Voice> {
        let Database { engine, pool, .. } = &self.open.as_ref()?.database;
        let channel = format!("{CHANNEL}{}", names.first()?).into();
        (*engine == Engine::Postgres).then(|| Voice { pool: pool.clone(), channel })
    }

    /// The way to and from the other nodes; none where no database can be shared. Each of these `names` is
    /// listened to, and the first is spoken to.
    #[cfg(feature = "postgres")]
    pub fn exchange(&self, names: &[String]) -> Option<exchange::Exchange> {
        let voice = self.voice(names)?;
        let channels = names.iter().map(|name| format!("{CHANNEL}{name}")).collect();
        Some(exchange::Exchange { url: self.open.as_ref()?.database.url.clone(), voice, channels })
    }

    /// A store, and the writer that has to run beside it. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the address cannot be read.
    pub fn open(options: &Options) -> Result<(Self, Writer), StoreError> {
        Self::open_within(options, LIMITS)
    }

    fn open_within(options: &Options, limits: Limits) -> Result<(Self, Writer), StoreError> {
        let database = Database::new(&options.url)?;
        let (orders, taken) = mpsc::channel(NOTES);
        let gauge = Arc::new(Gauge::default());
        let keeping = Keeping { masked: options.masked, tracked: options.tracked };
        let writer = Writer::new(database.clone(), taken, gauge.clone(), options.retention, keeping, limits);
        Ok((Self { open: Some(Arc::new(Open { orders, database, gauge })), watch: Arc::default() }, writer))
    }

    /// Where calls are kept, for people. Holds no password.
    pub fn describe(&self) -> String {
        match self.open.as_ref().map(|open| &open.database.engine) {
            None => "not kept: DATABASE_URL is `none`".to_owned(),
            Some(Engine::Sqlite(None)) => "kept in memory until the server ends".to_owned(),
            Some(Engine::Sqlite(Some(path))) => format!("kept in {}", path.display()),
            Some(Engine::Postgres) => "kept in PostgreSQL".to_owned(),
        }
    }

    /// Takes a note. Never waits: where there is no room it is counted as lost.
    pub fn note(&self, call_sid: &CallSid, what: What) {
        let note = Note { call_sid: call_sid.clone(), at: moment(), what };
        if note.what.is_seen() {
            self.watch.iter().for_each(|watch| drop(watch.try_send(note.clone())));
        }
        let Some(open) = self.open.as_ref().filter(|_| note.what.is_kept()) else { return };
        if open.orders.try_send(Order::Keep(note)).is_err() {
            open.gauge.lost.fetch_add(1, Ordering::Relaxed);
            if !open.gauge.overrun.swap(true, Ordering::Relaxed) {
                warn!("store cannot take notes as fast as they come: some are lost");
            }
        }
    }

    /// Waits until what was noted is written, or cannot be. Returns whether it was.
    pub async fn flush(&self) -> bool {
        let Some(open) = &self.open else { return true };
        let (done, written) = oneshot::channel();
        open.orders.send(Order::Flush(done)).await.is_ok() && written.await.unwrap_or(false)
    }

    /// Waits until what was noted is written, for so long at the most: what could not be written then is lost.
    pub async fn finish(&self, most: Duration) {
        let written = async {
            while !self.flush().await {
                tokio::time::sleep(AGAIN).await;
            }
        };
        if tokio::time::timeout(most, written).await.is_err() {
            let waiting = self.health().waiting;
            warn!(waiting, "store is away at the end: what waited is not kept");
        }
    }

    /// How it is.
    pub fn health(&self) -> Health {
        let Some(open) = &self.open else { return Health::default() };
        Health {
            away: open.gauge.away.load(Ordering::Relaxed),
            waiting: open.gauge.waiting.load(Ordering::Relaxed),
            lost: open.gauge.lost.load(Ordering::Relaxed),
            lag: match open.gauge.oldest.load(Ordering::Relaxed) {
                0 => Duration::ZERO,
                oldest => Duration::from_millis(moment().saturating_sub(oldest)),
            },
        }
    }

    /// The conversation of a call, as far as it was written.
    pub async fn memory(&self, call_sid: &CallSid) -> Option<Memory> {
        let open = self.open.as_ref()?;
        open.in_time(recall::memory(&open.database, call_sid)).await
    }

    /// The hand-off that a session of the call had decided on; of its latest session, if that is not known.
    pub async fn decided(&self, call_sid: &CallSid, session: Option<u8>) -> Option<Handoff> {
        let open = self.open.as_ref()?;
        open.in_time(recall::decided(&open.database.pool, call_sid, session)).await
    }
}

impl Store {
    /// Where the recording of a call is.
    pub async fn recording(&self, call_sid: &CallSid) -> Option<String> {
        let open = self.open.as_ref()?;
        open.in_time(recording::url(&open.database.pool, call_sid)).await
    }
}

impl Retention {
    /// Calls that began before this are to be deleted, in milliseconds since 1970.
    fn before(self) -> Option<u64> {
        match self {
            Self::Forever => None,
            Self::Days(days) => Some(moment().saturating_sub(u64::from(days) * 24 * 60 * 60 * 1000)),
        }
    }
}

/// Why something could not be read or written. Holds no words of a call.
#[derive(Debug, thiserror::Error)]
#[error("{}", reason(.0))]
pub struct StoreError(#[from] sqlx::Error);

/// What a person can act on. A database quotes values in some of its messages: of those only the code is told.
fn reason(error: &sqlx::Error) -> String {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return "no connection could be had in time".to_owned();
    }
    let Some(error) = error.as_database_error() else { return error.to_string() };
    let code = error.code().unwrap_or(Cow::Borrowed("none"));
    if speaks_of_data(&code) {
        return format!("code {code}");
    }
    format!("{} (code {code})", error.message())
}

/// Whether the database refused what was in a row, so that the same row will never be written.
fn is_of_data(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| speaks_of_data(&code))
}

/// PostgreSQL's classes for data, constraints and limits; SQLite's constraints (19 and its kinds) and texts
/// that are too long (18).
fn speaks_of_data(code: &str) -> bool {
    let postgres = code.len() == 5 && ["22", "23", "54"].iter().any(|class| code.starts_with(class));
    let sqlite = code.len() < 5 && code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 18 | 19));
    postgres || sqlite
}

impl Open {
    /// What comes of a read within the time that a caller can wait.
    async fn in_time<T>(&self, read: impl Future<Output = sqlx::Result<Option<T>>>) -> Option<T> {
        let reason = match tokio::time::timeout(READ, read).await {
            Ok(Ok(found)) => return found,
            Ok(Err(error)) => reason(&error),
            Err(_) => format!("nothing came within {} ms", READ.as_millis()),
        };
        // That it is away is told once, by the writer.
        if self.gauge.away.load(Ordering::Relaxed) {
            debug!(reason, "store could not be read; the call goes on without");
        } else {
            warn!(reason, "store could not be read; the call goes on without");
        }
        None
    }
}

/// The time in milliseconds since 1970.
pub(crate) fn moment() -> u64 {
    u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX)
}
