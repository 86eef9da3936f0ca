//! What is still to be told of calls. The writer makes a row beside what happened, in the same transaction; a
//! node that tells it claims the row for a while, and deletes it once it was told.
//!
//! A row says what is to be told, not in which words: those are read from the call at the time.

use std::future::Future;
use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Connection, Row};

use super::connect::{Database, Engine};
use super::recall::time;
use super::{StoreError, moment};
use crate::handoff::{Handoff, Outcome};
use crate::ids::CallSid;
use crate::pii::Pii;

/// How long a call whose socket was lost may take to come back before its leg is told.
const COME_BACK: u64 = 60 * 1000;
/// How long something else may still come of a call that is over.
pub(crate) const SETTLE: u64 = 2 * 1000;
/// How long an escalation waits until it is known whether a person answered.
pub(crate) const HOLD: u64 = 60 * 60 * 1000;
/// How long a node keeps what it claimed from others.
const LEASE: u64 = 2 * 60 * 1000;
/// How long the database may take for one step.
const SLOWEST: Duration = Duration::from_secs(10);

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The time that a caller spent with the AI.
    Leg,
    /// That the AI handed the caller to a person.
    Escalation,
}

/// What is to be told at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tracked {
    /// [`Kind::Leg`].
    pub leg: bool,
    /// [`Kind::Escalation`].
    pub escalation: bool,
}

/// Names something that is to be told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The call.
    pub call_sid: CallSid,
    /// What of it.
    pub kind: Kind,
    /// The session that an escalation was decided in; 0 for a leg.
    pub session: u8,
}

/// When something is to be told, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When it happened.
    pub made_at: u64,
    /// When it is told.
    pub due_at: u64,
}

/// Something that is to be told now.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its name.
    pub key: Key,
    /// When it happened: when the leg ended, or the hand-off was decided.
    pub made_at: u64,
    /// What is known of the call.
    pub leg: Leg,
}

/// What is known of a call, as far as it may be told.
#[derive(Debug, Clone, Default)]
pub struct Leg {
    /// Whom we talked with.
    pub caller: Option<Pii<String>>,
    /// `inbound`, `outbound-api`, …
    pub direction: Option<String>,
    /// The language spoken last.
    pub language: Option<String>,
    /// How many sessions it had with the AI.
    pub sessions: u32,
    /// How many times the caller was answered.
    pub turns: Option<u32>,
    /// `escalated`, `completed` or `closed`; none while it goes on, or when a process died with it.
    pub outcome: Option<String>,
    /// When it came in.
    pub began_at: u64,
    /// When we heard of it last; none while it goes on.
    pub ended_at: Option<u64>,
    /// Its hand-off: the one that is told, or for a leg the last.
    pub handed_over: Option<HandedOver>,
}

/// A hand-off, and what became of it.
#[derive(Debug, Clone)]
pub struct HandedOver {
    /// The document.
    pub handoff: Handoff,
    /// When it was decided.
    pub decided_at: u64,
    /// When a person took the call, where that is known.
    pub answered_at: Option<u64>,
    /// How far it came.
    pub state: String,
    /// Where the call was sent last.
    pub target: Option<String>,
}

/// How much waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many things are still to be told.
    pub count: u64,
    /// For how long the oldest has been due.
    pub lag: Duration,
}

/// What was given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Because it was too old.
    pub old: u64,
    /// Because there was too much.
    pub overflow: u64,
}

/// What is still to be told, as one node sees it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Spool {
    database: Database,
    node: String,
}

impl Kind {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Leg => "leg",
            Self::Escalation => "escalation",
        }
    }
}

impl Due {
    /// What happened at `at`, so many milliseconds later.
    pub(crate) fn after(at: u64, wait: u64) -> Self {
        Self { made_at: at, due_at: at.saturating_add(wait) }
    }

    /// When the leg of a session that left is told: at once where it is certain that it is over.
    pub(crate) fn of_leg(outcome: Option<Outcome>, at: u64) -> Self {
        Self::after(at, if outcome.is_some() { 0 } else { COME_BACK })
    }
}

/// Everything that this node has claimed, with what is known of the call. The hand-off is the latest of the call,
/// or of the session that is told of.
const READ: &str = "\
    SELECT tracking.call_sid, tracking.event, tracking.session AS told, tracking.made_at, calls.caller, calls.direction, \
           calls.language, calls.sessions, calls.turns, calls.outcome, calls.began_at, calls.ended_at, \
           handoffs.handoff_id, handoffs.document, handoffs.decided_at, handoffs.answered_at, \
           handoffs.state AS station, handoffs.target \
    FROM tracking JOIN calls ON calls.call_sid = tracking.call_sid \
    LEFT JOIN handoffs ON handoffs.call_sid = tracking.call_sid \
         AND (tracking.event = 'leg' OR handoffs.session = tracking.session) \
         AND NOT EXISTS (SELECT 1 FROM handoffs AS later WHERE later.call_sid = tracking.call_sid \
             AND (tracking.event = 'leg' OR later.session = tracking.session) \
             AND (later.session > handoffs.session OR (later.session = handoffs.session \
             AND (later.decided_at > handoffs.decided_at OR (later.decided_at = handoffs.decided_at \
             AND later.handoff_id > handoffs.handoff_id))))) \
    WHERE tracking.claimed_by = $1 AND tracking.claimed_until = $2 ORDER BY tracking.due_at, tracking.call_sid";

impl Spool {
    pub(super) fn new(database: Database, node: &str) -> Self {
        Self { database, node: node.to_owned() }
    }

    /// Takes up to `most` things that are due, so that no other node tells them meanwhile.
    ///
    /// # Errors
    ///
    /// When the database cannot be used.
    pub async fn claim(&self, most: usize) -> Result<Vec<Claimed>, StoreError> {
        in_time(self.claimed(i64::try_from(most).unwrap_or(i64::MAX))).await
    }

    async fn claimed(&self, most: i64) -> sqlx::Result<Vec<Claimed>> {
        let now = signed(moment());
        // Without this every look would lock SQLite's file.
        let due = "SELECT COUNT(*) FROM tracking WHERE due_at <= $1 AND claimed_until <= $1";
        let due: i64 = sqlx::query_scalar(due).bind(now).fetch_one(&self.database.pool).await?;
        if due == 0 {
            return Ok(Vec::new());
        }
        let until = now.saturating_add(signed(LEASE));
        // Two nodes that claim at once take different rows, and neither waits for the other.
        let alone = match self.database.engine {
            Engine::Postgres => "FOR UPDATE SKIP LOCKED",
            Engine::Sqlite(_) => "",
        };
        let claim = format!(
            "UPDATE tracking SET claimed_by = $1, claimed_until = $2 WHERE claimed_until <= $3 \
             AND (call_sid, event, session) IN (SELECT call_sid, event, session FROM tracking \
             WHERE due_at <= $3 AND claimed_until <= $3 ORDER BY due_at LIMIT $4 {alone})"
        );
        let claim = sqlx::query(AssertSqlSafe(claim)).bind(&self.node).bind(until).bind(now).bind(most);
        if claim.execute(&self.database.pool).await?.rows_affected() == 0 {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(READ).bind(&self.node).bind(until).fetch_all(&self.database.pool).await?;
        rows.iter().map(claimed).collect()
    }

    /// These were told, or will never be.
    ///
    /// # Errors
    ///
    /// When the database cannot be used. They are told again then, once the claim has run out.
    pub async fn done(&self, keys: &[Key]) -> Result<(), StoreError> {
        in_time(self.delete(keys)).await
    }

    async fn delete(&self, keys: &[Key]) -> sqlx::Result<()> {
        let mut connection = self.database.pool.acquire().await?;
        let mut transaction = connection.begin_with(self.database.engine.begin()).await?;
        for Key { call_sid, kind, session } in keys {
            let delete = "DELETE FROM tracking WHERE call_sid = $1 AND event = $2 AND session = $3";
            let delete = sqlx::query(delete).bind(call_sid.as_str()).bind(kind.word());
            delete.bind(i64::from(*session)).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    /// Whatever this node has claimed may be claimed again.
    ///
    /// # Errors
    ///
    /// When the database cannot be used. The claim runs out by itself then.
    pub async fn put_back(&self) -> Result<(), StoreError> {
        let back = "UPDATE tracking SET claimed_until = 0 WHERE claimed_by = $1 AND claimed_until > 0";
        in_time(async {
            sqlx::query(back).bind(&self.node).execute(&self.database.pool).await?;
            Ok(())
        })
        .await
    }

    /// How much waits.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub async fn waiting(&self) -> Result<Waiting, StoreError> {
        let now = moment();
        in_time(async {
            let all = "SELECT COUNT(*) AS waiting, MIN(due_at) AS oldest FROM tracking";
            let row = sqlx::query(all).fetch_one(&self.database.pool).await?;
            let oldest = time(&row, "oldest")?.unwrap_or(now);
            let count = u64::try_from(row.try_get::<i64, _>("waiting")?).unwrap_or(0);
            Ok(Waiting { count, lag: Duration::from_millis(now.saturating_sub(oldest)) })
        })
        .await
    }

    /// Gives up what happened longer ago than `age`, and the oldest of more than `most`.
    ///
    /// # Errors
    ///
    /// When the database cannot be used.
    pub async fn trim(&self, age: Duration, most: usize) -> Result<Trimmed, StoreError> {
        let before = moment().saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        in_time(async {
            let old = sqlx::query("DELETE FROM tracking WHERE made_at < $1").bind(signed(before));
            let old = old.execute(&self.database.pool).await?.rows_affected();
            let overflow = "DELETE FROM tracking WHERE (call_sid, event, session) IN \
                            (SELECT call_sid, event, session FROM tracking \
                            ORDER BY made_at DESC, call_sid LIMIT $1 OFFSET $2)";
            let overflow = sqlx::query(overflow).bind(i64::from(u32::MAX)).bind(most);
            let overflow = overflow.execute(&self.database.pool).await?.rows_affected();
            Ok(Trimmed { old, overflow })
        })
        .await
    }
}

fn claimed(row: &AnyRow) -> sqlx::Result<Claimed> {
    let call_sid: String = row.try_get("call_sid")?;
    let call_sid: CallSid = call_sid.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    let event: String = row.try_get("event")?;
    let kind = if event == Kind::Leg.word() { Kind::Leg } else { Kind::Escalation };
    let session = u8::try_from(row.try_get::<i64, _>("told")?).unwrap_or(u8::MAX);
    let number =
        |column| row.try_get::<Option<i64>, _>(column).map(|value| value.and_then(|v| v.try_into().ok()));
    Ok(Claimed {
        made_at: time(row, "made_at")?.unwrap_or(0),
        leg: Leg {
            caller: row.try_get::<Option<String>, _>("caller")?.map(Pii::from),
            direction: row.try_get("direction")?,
            language: row.try_get("language")?,
            sessions: number("sessions")?.unwrap_or(0),
            turns: number("turns")?,
            outcome: row.try_get("outcome")?,
            began_at: time(row, "began_at")?.unwrap_or(0),
            ended_at: time(row, "ended_at")?,
            handed_over: handed_over(row, &call_sid)?,
        },
        key: Key { call_sid, kind, session },
    })
}

fn handed_over(row: &AnyRow, call_sid: &CallSid) -> sqlx::Result<Option<HandedOver>> {
    let id: Option<String> = row.try_get("handoff_id")?;
    let document: Option<String> = row.try_get("document")?;
    let (Some(id), Some(document)) = (id, document) else { return Ok(None) };
    let Ok(handoff) = Handoff::read(&document, call_sid, &id) else { return Ok(None) };
    Ok(Some(HandedOver {
        handoff,
        decided_at: time(row, "decided_at")?.unwrap_or(0),
        answered_at: time(row, "answered_at")?,
        state: row.try_get::<Option<String>, _>("station")?.unwrap_or_default(),
        target: row.try_get("target")?,
    }))
}

fn signed(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

async fn in_time<T>(work: impl Future<Output = sqlx::Result<T>>) -> Result<T, StoreError> {
    match tokio::time::timeout(SLOWEST, work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()).into()),
    }
}
