//! What is kept, for people: lists, whole calls, deletion.

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Connection, Executor, Row};
use tracing::warn;
use utoipa::ToSchema;

use super::audit::{Audit, Deed, insert};
use super::connect::{Database, Engine};
use super::recall::time;
use super::recording::{self, Recording};
pub use super::said::{Moment, Said, Steps, Tool};
use super::{Options, StoreError, recall};
use crate::ids::CallSid;
use crate::mask::Also;
use crate::pii::Pii;
use crate::record::{State, Turn};
use crate::redact;

/// The version of an exported call, raised when a key changes its meaning.
pub const VERSION: u32 = 1;
/// How many calls are deleted in one transaction.
const PRUNED: i64 = 200;

/// A database of calls. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Archive(pub(super) Database);

/// Why an archive cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// There is no such file.
    #[error("there is no database at {}: `warmline serve` makes it with the first call", .0.display())]
    Missing(PathBuf),
    /// It cannot be read or written.
    #[error("the store cannot be used: {0}")]
    Store(#[from] StoreError),
}

/// Which calls.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those with this number.
    pub caller: Option<String>,
    /// At most so many, the latest first.
    pub limit: u32,
}

/// A call.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Its name.
    pub call_sid: CallSid,
    /// The account it belongs to.
    pub account_sid: Option<String>,
    /// `inbound`, `outbound-api`, …
    pub direction: Option<String>,
    /// Whom we talked with.
    pub caller: Option<Pii<String>>,
    /// Our own number.
    pub line: Option<Pii<String>>,
    /// The language spoken last.
    pub language: Option<String>,
    /// The version of the prompts and tools that it began with.
    pub prompts: Option<String>,
    /// The variant of them; `base` for most.
    pub prompt_variant: Option<String>,
    /// How many relay sessions it had: more than one where the line dropped.
    pub sessions: u32,
    /// How many times the caller was answered.
    pub turns: Option<u32>,
    /// `escalated`, `completed` or `closed`; none while it goes on, or when a process died with it.
    pub outcome: Option<String>,
    /// When it came in.
    pub began_at: Moment,
    /// When we heard of it last.
    pub ended_at: Option<Moment>,
    /// How the network vouches for the caller's number, in Twilio's words.
    #[serde(skip)]
    pub verified: Option<String>,
    /// Its recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<Recording>,
}

/// Everything about one call, as it is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The call.
    pub call: Call,
    /// Facts the model was told to keep.
    pub facts: BTreeMap<String, Pii<String>>,
    /// What was said, oldest first.
    pub turns: Vec<Turn>,
    /// What led to a person.
    pub triggers: Vec<Triggered>,
    /// Every hand-off.
    pub handoffs: Vec<HandedOff>,
}

/// Everything about one call, as it is shown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Whole {
    /// [`VERSION`].
    version: u32,
    /// The call.
    #[serde(flatten)]
    pub call: Call,
    /// Facts the model was told to keep.
    pub facts: BTreeMap<String, Pii<String>>,
    /// What was said.
    pub transcript: Vec<Said>,
    /// What led to a person.
    pub triggers: Vec<Triggered>,
    /// Every hand-off.
    pub handoffs: Vec<HandedOff>,
}

/// Something that led to a person.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Triggered {
    /// The session it happened in.
    pub session: u8,
    /// Its name, as in the hand-off document.
    pub name: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub happened_at: Moment,
}

/// One hand-off.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HandedOff {
    /// Its name.
    pub handoff_id: String,
    /// The session that decided it.
    pub session: u8,
    /// Where the call was sent last.
    pub target: Option<String>,
    /// How far it came.
    pub state: String,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: Moment,
    /// When its state was heard of last.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Moment,
    /// The document.
    #[schema(value_type = Object)]
    pub document: Pii<Value>,
}

pub(super) const CALL: &str = "call_sid, account_sid, direction, caller, line, language, prompts, sessions, \
                               turns, outcome, began_at, ended_at, verified, recording_sid, recording_url, \
                               recording_state, recording_seconds, prompt_variant";

impl Archive {
    /// Opens what is there, and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// When there is no database, or it cannot be used.
    pub async fn open(options: &Options) -> Result<Self, ArchiveError> {
        let database = Database::new(&options.url).map_err(StoreError)?;
        if let Engine::Sqlite(Some(path)) = &database.engine
            && !path.exists()
        {
            return Err(ArchiveError::Missing(path.clone()));
        }
        database.prepare().await.map_err(StoreError)?;
        Ok(Self(database))
    }

    /// Brings the schema up to date, where the writer has not done so yet.
    ///
    /// # Errors
    ///
    /// When the database cannot be used.
    pub async fn prepare(&self) -> Result<(), StoreError> {
        Ok(self.0.prepare().await?)
    }

    /// Calls, the latest first.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<Call>, StoreError> {
        let sql = format!(
            "SELECT {CALL} FROM calls WHERE $1 = '' OR caller = $1 ORDER BY began_at DESC, call_sid LIMIT $2"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(filter.caller.clone().unwrap_or_default())
            .bind(i64::from(filter.limit))
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows.iter().map(call).collect::<sqlx::Result<Vec<Call>>>()?)
    }

    /// Everything about one call, as it is kept.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub async fn kept(&self, call_sid: &CallSid) -> Result<Option<Kept>, StoreError> {
        let mut connection = self.0.pool.acquire().await?;
        let mut from = connection.begin_with(self.0.engine.begin_to_read()).await?;
        let sql = format!("SELECT {CALL}, state FROM calls WHERE call_sid = $1");
        let row =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(call_sid.as_str()).fetch_optional(&mut *from).await?;
        let Some(row) = row else { return Ok(None) };
        let state: Option<String> = row.try_get("state")?;
        let state = state.and_then(|state| serde_json::from_str::<State>(&state).ok()).unwrap_or_default();
        Ok(Some(Kept {
            call: call(&row)?,
            facts: state.facts,
            turns: recall::turns(&mut from, call_sid).await?,
            triggers: triggers(&mut from, call_sid).await?,
            handoffs: handoffs(&mut from, call_sid).await?,
        }))
    }

    /// Everything about one call, without what `also` hides beside what is hidden everywhere.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub async fn read(&self, call_sid: &CallSid, also: Also) -> Result<Option<Whole>, StoreError> {
        let kept = self.kept(call_sid).await?;
        Ok(kept.map(|mut kept| {
            kept.hide(also);
            kept.into()
        }))
    }

    /// Deletes everything about these calls for `source`, which the audit names. Returns how many there were.
    ///
    /// # Errors
    ///
    /// When the database cannot be written; then nothing is deleted.
    pub async fn delete(&self, call_sids: &[CallSid], source: &str) -> Result<u64, StoreError> {
        let mut connection = self.0.pool.acquire().await?;
        let mut deleted = 0;
        let mut transaction = connection.begin_with(self.0.engine.begin()).await?;
        let moment = super::moment();
        let now = i64::try_from(moment).unwrap_or(i64::MAX);
        for call_sid in call_sids {
            // Everything else about the call goes with its row.
            let call = sqlx::query("DELETE FROM calls WHERE call_sid = $1").bind(call_sid.as_str());
            let gone = call.execute(&mut *transaction).await?.rows_affected();
            if gone > 0 {
                let noted = "INSERT INTO deleted_calls (call_sid, deleted_at) VALUES ($1, $2)";
                sqlx::query(noted).bind(call_sid.as_str()).bind(now).execute(&mut *transaction).await?;
                let id = format!("delete {call_sid} {moment}");
                let audit = Audit { id, deed: Deed::Delete, source: source.to_owned() };
                insert(&mut transaction, call_sid, &audit, moment).await?;
            }
            deleted += gone;
        }
        transaction.commit().await?;
        forget(&self.0.engine, &mut connection).await?;
        Ok(deleted)
    }
}

/// Deletes some of the calls that began before a time. Returns how many.
pub(super) fn prune(database: Database, before: u64) -> BoxFuture<'static, sqlx::Result<u64>> {
    Box::pin(async move {
        let before = i64::try_from(before).unwrap_or(i64::MAX);
        let mut connection = database.pool.acquire().await?;
        let mut transaction = connection.begin_with(database.engine.begin()).await?;
        let old = "DELETE FROM calls WHERE call_sid IN \
                   (SELECT call_sid FROM calls WHERE began_at < $1 ORDER BY began_at LIMIT $2)";
        let deleted = sqlx::query(old).bind(before).bind(PRUNED).execute(&mut *transaction).await?;
        for leftover in [
            "DELETE FROM deleted_calls WHERE deleted_at < $1",
            "DELETE FROM prompt_versions WHERE last_used_at < $1 \
             AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.prompts = prompt_versions.version)",
        ] {
            sqlx::query(leftover).bind(before).execute(&mut *transaction).await?;
        }
        // What was done to calls is asked about longer than the calls are.
        let year = super::moment().saturating_sub(super::audit::KEPT);
        let old = sqlx::query("DELETE FROM audit WHERE at < $1").bind(i64::try_from(year).unwrap_or(0));
        old.execute(&mut *transaction).await?;
        transaction.commit().await?;
        let deleted = deleted.rows_affected();
        if deleted > 0 {
            forget(&database.engine, &mut connection).await?;
        }
        Ok(deleted)
    })
}

/// Empties SQLite's journal, where what was deleted still stands. While somebody reads, that is not possible;
/// the next time it is.
async fn forget(engine: &Engine, connection: &mut AnyConnection) -> sqlx::Result<()> {
    if matches!(engine, Engine::Sqlite(_)) {
        let row = connection.fetch_one("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        if row.try_get::<i64, _>(0)? != 0 {
            warn!("somebody reads the database: what was deleted stands in its journal for a while");
        }
    }
    Ok(())
}

pub(super) fn call(row: &AnyRow) -> sqlx::Result<Call> {
    let call_sid: String = row.try_get("call_sid")?;
    let number = |column| row.try_get::<Option<i64>, _>(column);
    let pii = |column| Ok::<_, sqlx::Error>(row.try_get::<Option<String>, _>(column)?.map(Pii::from));
    Ok(Call {
        call_sid: call_sid.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        account_sid: row.try_get("account_sid")?,
        direction: row.try_get("direction")?,
        caller: pii("caller")?,
        line: pii("line")?,
        language: row.try_get("language")?,
        prompts: row.try_get("prompts")?,
        prompt_variant: row.try_get("prompt_variant")?,
        sessions: number("sessions")?.and_then(|count| count.try_into().ok()).unwrap_or(0),
        turns: number("turns")?.and_then(|count| count.try_into().ok()),
        outcome: row.try_get("outcome")?,
        began_at: moment(row, "began_at")?,
        ended_at: time(row, "ended_at")?.map(Moment),
        verified: row.try_get("verified")?,
        recording: recording::read(row)?,
    })
}

impl Kept {
    /// Hides what `also` names, and what is hidden everywhere.
    pub fn hide(&mut self, also: Also) {
        redact::conversation(&mut self.turns, also);
        redact::facts(&mut self.facts, also);
        for handoff in &mut self.handoffs {
            let mut document = std::mem::take(&mut handoff.document).into_inner();
            redact::document(&mut document, also);
            handoff.document = Pii::new(document);
        }
    }
}

impl From<Kept> for Whole {
    fn from(kept: Kept) -> Self {
        let Kept { call, facts, turns, triggers, handoffs } = kept;
        let transcript = turns.into_iter().map(Said::from).collect();
        Self { version: VERSION, call, facts, transcript, triggers, handoffs }
    }
}

fn moment(row: &AnyRow, column: &str) -> sqlx::Result<Moment> {
    Ok(Moment(time(row, column)?.unwrap_or(0)))
}

async fn triggers(from: &mut AnyConnection, call_sid: &CallSid) -> sqlx::Result<Vec<Triggered>> {
    let sql =
        "SELECT session, name, happened_at FROM triggers WHERE call_sid = $1 ORDER BY happened_at, name";
    let rows = sqlx::query(sql).bind(call_sid.as_str()).fetch_all(from).await?;
    let read = |row: &AnyRow| {
        Ok(Triggered {
            session: session(row)?,
            name: row.try_get("name")?,
            happened_at: moment(row, "happened_at")?,
        })
    };
    rows.iter().map(read).collect()
}

async fn handoffs(from: &mut AnyConnection, call_sid: &CallSid) -> sqlx::Result<Vec<HandedOff>> {
    let sql = "SELECT handoff_id, session, document, target, state, decided_at, changed_at \
               FROM handoffs WHERE call_sid = $1 ORDER BY decided_at, handoff_id";
    let rows = sqlx::query(sql).bind(call_sid.as_str()).fetch_all(from).await?;
    rows.iter().map(handed_off).collect()
}

pub(super) fn handed_off(row: &AnyRow) -> sqlx::Result<HandedOff> {
    let document: String = row.try_get("document")?;
    Ok(HandedOff {
        handoff_id: row.try_get("handoff_id")?,
        session: session(row)?,
        target: row.try_get("target")?,
        state: row.try_get("state")?,
        decided_at: moment(row, "decided_at")?,
        changed_at: moment(row, "changed_at")?,
        document: Pii::new(serde_json::from_str(&document).unwrap_or_default()),
    })
}

fn session(row: &AnyRow) -> sqlx::Result<u8> {
    Ok(u8::try_from(row.try_get::<i64, _>("session")?).unwrap_or(u8::MAX))
}
