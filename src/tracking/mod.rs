//! What happened in a call, told to Segment's Tracking API: afterwards, in batches, and never on a call's way.
//!
//! What is to be told lies in the store beside the call it belongs to, or in memory where nothing is kept, until
//! Segment has taken it. Every event has a name that follows from its call, so that one that is told twice, by
//! another node or after a restart, counts once.
//!
//! <https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api>

mod answer;
mod batch;
mod event;
mod ledger;

pub use event::Wanted;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, error, info, warn};

use crate::clock::now;
use crate::mask::Also;
use crate::meters::Meters;
use crate::outbound;
use crate::profile::Profiles;
use crate::store::spool::{Claimed, Key, Spool, Trimmed, Waiting};
use crate::store::{Note, Store, StoreError};
use crate::token::Keyring;
use answer::{Pace, Verdict};
use batch::Batch;
use event::{Event, Person};
use ledger::Ledger;

/// How long what is under way at the end may take, before everything is tried once more.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// How long the last try at the end may take.
const LAST: Duration = Duration::from_secs(3);
/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_millis(500);
/// How long Segment may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection may stay unused.
const IDLE: Duration = Duration::from_secs(90);
/// How many calls are told of in one go.
const AT_ONCE: usize = 100;
/// How long what could not be told is kept.
const OLDEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How much of it is kept.
const MOST: usize = 50_000;
/// For how long events wait until it is known whom they are about, in milliseconds.
const MOST_PATIENT: u64 = 10 * 60 * 1000;
/// How often what is too old or too much is looked for.
const TRIM: Duration = Duration::from_secs(60);
/// How often it is counted how much waits.
const COUNT: Duration = Duration::from_secs(1);

/// Where it is told.
#[derive(Debug, Clone)]
pub struct Service {
    /// Up to and without `/batch`.
    pub base_url: String,
    /// The write key of the source.
    pub write_key: SecretString,
}

/// What a tracker works with.
pub struct Parts {
    /// Where it is told.
    pub service: Service,
    /// What is told.
    pub wanted: Wanted,
    /// What is hidden in it beside what is hidden everywhere.
    pub hidden: Also,
    /// Who knows callers, where a trait names the user.
    pub profiles: Arc<Profiles>,
    /// Makes the names of callers who have no other.
    pub keyring: Arc<Keyring>,
    /// What is counted.
    pub meters: Arc<Meters>,
}

/// Where what is to be told waits.
enum Waits {
    /// Beside the calls.
    Stored(Spool),
    /// In memory.
    Noted(Arc<Mutex<Ledger>>),
}

/// Tells what is to be told, until it is asked to end.
pub struct Tracker {
    parts: Parts,
    waits: Waits,
    client: reqwest::Client,
    pace: Pace,
    /// What was told of failures so far: each kind is told once, until something was taken again.
    complained: Option<&'static str>,
    trim_at: Instant,
    count_at: Instant,
}

/// A tracker that is yet to run.
pub struct Ready {
    tracker: Tracker,
    /// What is noted of calls, where nothing else keeps it.
    notes: Option<(mpsc::Receiver<Note>, Arc<Mutex<Ledger>>)>,
    ending: mpsc::Receiver<oneshot::Sender<()>>,
}

/// Ends a tracker.
pub struct Ending(mpsc::Sender<oneshot::Sender<()>>);

impl Ending {
    /// Waits until what is due was tried once more, for so long at the most.
    pub async fn finish(self, most: Duration) {
        let (done, finished) = oneshot::channel();
        let last = async {
            if self.0.send(done).await.is_ok() {
                let _ = finished.await;
            }
        };
        if tokio::time::timeout(most, last).await.is_err() {
            debug!("Segment did not take the last events in time");
        }
    }
}

impl Tracker {
    /// Tells what `store` keeps for the node of this name; where it keeps nothing, what `notes` say.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn ready(
        parts: Parts,
        store: &Store,
        node: &str,
        notes: Option<mpsc::Receiver<Note>>,
    ) -> Result<(Ready, Ending), reqwest::Error> {
        let client = outbound::client().pool_idle_timeout(IDLE).timeout(PATIENCE).build()?;
        let (end, ending) = mpsc::channel(1);
        let (waits, notes) = match store.spool(node) {
            Some(spool) => (Waits::Stored(spool), None),
            None => {
                let ledger = Arc::new(Mutex::new(Ledger::new(parts.wanted.tracked())));
                (Waits::Noted(ledger.clone()), notes.map(|notes| (notes, ledger)))
            }
        };
        let pace = Pace::default();
        let tracker = Self { parts, waits, client, pace, complained: None, trim_at: now(), count_at: now() };
        Ok((Ready { tracker, notes, ending }, Ending(end)))
    }

    /// Looks again and again whether something is due, until it is asked to end. What is under way then may be
    /// finished: it would be told twice else.
    async fn keep_telling(
        &mut self,
        ending: &mut mpsc::Receiver<oneshot::Sender<()>>,
    ) -> Option<oneshot::Sender<()>> {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut asked = None;
        while asked.is_none() {
            tokio::select! {
                done = ending.recv() => return done,
                _ = look.tick() => {}
            }
            let hurry = async {
                asked = ending.recv().await;
                tokio::time::sleep(UNDER_WAY).await;
            };
            tokio::select! {
                () = self.look() => {}
                () = hurry => break,
            }
        }
        asked
    }

    async fn look(&mut self) {
        if self.pace.is_ready(now()) {
            self.tell().await;
        }
        if self.trim_at <= now() {
            self.trim_at = now() + TRIM;
            self.trim().await;
        }
        if self.count_at <= now() {
            self.count_at = now() + COUNT;
            self.count().await;
        }
    }

    /// One last try. What is in the store is told after the restart; what is in memory is lost else.
    async fn last(&mut self) {
        self.waits.settle().await;
        let told = tokio::time::timeout(LAST, self.tell()).await;
        let waits = match &self.waits {
            Waits::Noted(ledger) => locked(ledger).waiting().count,
            Waits::Stored(spool) => {
                // The next process need not wait until the claim runs out.
                if told.is_err()
                    && let Err(error) = spool.put_back().await
                {
                    self.away(&error);
                }
                0
            }
        };
        if waits > 0 {
            self.parts.meters.tracking_dropped("ended", waits);
            warn!(waits, "server ends and nothing is kept: what Segment has not taken is lost");
        }
    }

    /// Tells everything that is due, until something fails.
    async fn tell(&mut self) {
        loop {
            let claimed = match self.waits.claim().await {
                Ok(claimed) if claimed.is_empty() => return,
                Ok(claimed) => claimed,
                Err(error) => return self.away(&error),
            };
            let Some((batches, untold)) = self.batches(claimed).await else {
                self.pace.failed(None, jitter(), now());
                if self.complained.replace("profile") != Some("profile") {
                    warn!("who called could not be looked up; events for Segment wait");
                }
                if let Err(error) = self.waits.put_back().await {
                    self.away(&error);
                }
                return;
            };
            if let Err(error) = self.waits.done(&untold).await {
                return self.away(&error);
            }
            for batch in batches {
                match self.send(&batch).await {
                    Ok(()) => {}
                    Err(Some(error)) => return self.away(&error),
                    Err(None) => {
                        if let Err(error) = self.waits.put_back().await {
                            self.away(&error);
                        }
                        return;
                    }
                }
            }
        }
    }

    /// The events of what was claimed, in batches, and what there is nothing to tell of. Nothing while it cannot be
    /// known whom one of them is about.
    async fn batches(&self, claimed: Vec<Claimed>) -> Option<(Vec<Batch>, Vec<Key>)> {
        let (mut told, mut untold) = (Vec::new(), Vec::new());
        for claimed in claimed {
            let person = self.person(&claimed).await?;
            let events = event::events(&claimed, &person, &self.parts.wanted, self.parts.hidden);
            let (fitting, large): (Vec<Event>, Vec<Event>) = events.into_iter().partition(batch::fits);
            if !large.is_empty() {
                self.parts.meters.tracking_dropped("too_large", large.len() as u64);
                warn!(call.sid = %claimed.key.call_sid, "an event for Segment is too large and is left out");
            }
            if fitting.is_empty() {
                untold.push(claimed.key);
            } else {
                told.push((claimed.key, fitting));
            }
        }
        Some((batch::batches(told), untold))
    }

    /// Whom an event is about; nothing while that cannot be known, for some minutes at most. Segment keeps the first
    /// event of a name, so one that is about the wrong person stays so.
    async fn person(&self, claimed: &Claimed) -> Option<Person> {
        let caller = claimed.leg.caller.as_ref().map(|caller| caller.expose().as_str());
        let user = match &self.parts.wanted.user_id {
            Some(name) => {
                let profile = self.parts.profiles.find_afterwards(caller).await;
                let waited = crate::store::moment().saturating_sub(claimed.made_at);
                if profile.is_none() && waited < MOST_PATIENT {
                    return None;
                }
                profile.and_then(|profile| profile.traits.get(name).map(|value| value.text()))
            }
            None => None,
        };
        Some(Person::new(user, caller, &claimed.key.call_sid, &self.parts.keyring))
    }

    /// Sends a batch. `Err(None)` says that it has to be sent again later.
    async fn send(&mut self, batch: &Batch) -> Result<(), Option<StoreError>> {
        let meters = &self.parts.meters;
        match self.post(batch).await {
            Verdict::Taken => {
                meters.tracking_sent(batch.events as u64);
                if self.complained.take().is_some() {
                    info!("Segment takes events again");
                }
                self.pace.taken();
                self.waits.done(&batch.keys).await.map_err(Some)
            }
            Verdict::Refused(kind) => {
                meters.tracking_failed(kind);
                meters.tracking_dropped("refused", batch.events as u64);
                if self.complained.replace(kind) != Some(kind) {
                    error!(
                        kind,
                        events = batch.events,
                        "Segment refuses events, and they are lost: check SEGMENT_WRITE_KEY, [tracking] region and SEGMENT_TRACKING_BASE_URL"
                    );
                }
                self.pace.taken();
                self.waits.done(&batch.keys).await.map_err(Some)
            }
            Verdict::Later { kind, wait } => {
                meters.tracking_failed(kind);
                let pause = self.pace.failed(wait, jitter(), now());
                if self.complained.replace(kind) != Some(kind) {
                    let seconds = pause.as_secs_f32();
                    warn!(kind, seconds, "Segment did not take events; they wait and are sent again");
                }
                Err(None)
            }
        }
    }

    async fn post(&self, batch: &Batch) -> Verdict {
        let Service { base_url, write_key } = &self.parts.service;
        let url = format!("{}/batch", base_url.trim_end_matches('/'));
        let key = write_key.expose_secret();
        let mut request = self
            .client
            .post(url)
            .basic_auth(key, Some(""))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(batch.body(key, crate::store::moment()));
        if self.pace.failures() > 0 {
            request = request.header("X-Retry-Count", self.pace.failures());
        }
        match request.send().await {
            Ok(response) => answer::verdict(response.status(), response.headers()),
            Err(error) if error.is_timeout() => Verdict::Later { kind: "late", wait: None },
            // What the library says about an error has the address in it.
            Err(_) => Verdict::Later { kind: "unreachable", wait: None },
        }
    }

    /// Gives up what is too old or too much.
    async fn trim(&mut self) {
        let trimmed = match self.waits.trim().await {
            Ok(trimmed) => trimmed,
            Err(error) => return self.away(&error),
        };
        for (why, count) in [("too_old", trimmed.old), ("overflow", trimmed.overflow)] {
            if count > 0 {
                self.parts.meters.tracking_dropped(why, count);
                warn!(why, count, "what Segment did not take for too long is given up");
            }
        }
    }

    /// Says how much waits.
    async fn count(&self) {
        match self.waits.waiting().await {
            Ok(waiting) => self.parts.meters.tracking_waiting(waiting.count, waiting.lag),
            Err(error) => self.away(&error),
        }
    }

    /// That the store is away is told by its writer.
    fn away(&self, error: &StoreError) {
        debug!(reason = error.to_string(), "what is to be told to Segment cannot be read now");
    }
}

/// A part of a pause, so that nodes that failed together do not come back together.
fn jitter() -> f64 {
    let bits = crate::store::moment().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    bits as f64 / f64::from(1_u32 << 24)
}

impl Ready {
    /// Runs until it is asked to end.
    pub async fn run(self) {
        let Self { mut tracker, notes, mut ending } = self;
        let taking = async {
            if let Some((mut notes, ledger)) = notes {
                while let Some(note) = notes.recv().await {
                    locked(&ledger).take(note);
                }
            }
            std::future::pending::<()>().await;
        };
        let telling = async {
            let done = tracker.keep_telling(&mut ending).await;
            tracker.last().await;
            if let Some(done) = done {
                let _ = done.send(());
            }
        };
        tokio::select! {
            // First: what was noted before the end is known then.
            biased;
            () = taking => {}
            () = telling => {}
        }
    }
}

fn locked(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waits {
    /// Nothing is waited for any more, and what was claimed may be claimed again.
    async fn settle(&self) {
        match self {
            Self::Stored(spool) => {
                if let Err(error) = spool.put_back().await {
                    debug!(reason = error.to_string(), "what is to be told to Segment cannot be read now");
                }
            }
            Self::Noted(ledger) => locked(ledger).settle(),
        }
    }

    async fn claim(&self) -> Result<Vec<Claimed>, StoreError> {
        match self {
            Self::Stored(spool) => spool.claim(AT_ONCE).await,
            Self::Noted(ledger) => Ok(locked(ledger).claim(AT_ONCE, crate::store::moment())),
        }
    }

    async fn done(&self, keys: &[Key]) -> Result<(), StoreError> {
        match self {
            _ if keys.is_empty() => Ok(()),
            Self::Stored(spool) => spool.done(keys).await,
            Self::Noted(ledger) => {
                locked(ledger).done(keys);
                Ok(())
            }
        }
    }

    async fn put_back(&self) -> Result<(), StoreError> {
        match self {
            Self::Stored(spool) => spool.put_back().await,
            // Nobody else claims from it.
            Self::Noted(_) => Ok(()),
        }
    }

    async fn trim(&self) -> Result<Trimmed, StoreError> {
        match self {
            Self::Stored(spool) => spool.trim(OLDEST, MOST).await,
            Self::Noted(ledger) => Ok(locked(ledger).trim(OLDEST, crate::store::moment())),
        }
    }

    async fn waiting(&self) -> Result<Waiting, StoreError> {
        match self {
            Self::Stored(spool) => spool.waiting().await,
            Self::Noted(ledger) => Ok(locked(ledger).waiting()),
        }
    }
}
