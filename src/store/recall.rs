//! Reads what a call needs to go on.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Connection, Row};

use super::connect::Database;
use crate::chat::ToolCall;
use crate::handoff::{Handoff, Speaker};
use crate::ids::CallSid;
use crate::pii::Pii;
use crate::record::{Memory, State, Steps, ToolRun, Turn, TurnKey};

const TURNS: &str = "SELECT session, position, who, text, heard, interrupted, began_at, first_delta_at, \
                     first_frame_at, speaking_at, finished_at, heard_at \
                     FROM turns WHERE call_sid = $1 ORDER BY session, position";
const RUNS: &str = "SELECT session, position, run_id, name, arguments, secure, result, began_at, ended_at \
                    FROM tool_runs WHERE call_sid = $1 ORDER BY session, position, place";

/// The conversation of a call; `None` when nothing is known of it.
pub(super) async fn memory(database: &Database, call_sid: &CallSid) -> sqlx::Result<Option<Memory>> {
    let mut connection = database.pool.acquire().await?;
    let mut from = connection.begin_with(database.engine.begin_to_read()).await?;
    let state = sqlx::query("SELECT state FROM calls WHERE call_sid = $1").bind(call_sid.as_str());
    let Some(row) = state.fetch_optional(&mut *from).await? else { return Ok(None) };
    let state: Option<String> = row.try_get("state")?;
    let Some(state) = state.and_then(|state| serde_json::from_str::<State>(&state).ok()) else {
        return Ok(None);
    };
    Ok(Some(Memory { turns: turns(&mut from, call_sid).await?, state }))
}

/// The turns of a call, with the tools of each.
pub(super) async fn turns(from: &mut AnyConnection, call_sid: &CallSid) -> sqlx::Result<Vec<Turn>> {
    let rows = sqlx::query(TURNS).bind(call_sid.as_str()).fetch_all(&mut *from).await?;
    let mut turns = rows.iter().map(turn).collect::<sqlx::Result<Vec<Turn>>>()?;
    for row in &sqlx::query(RUNS).bind(call_sid.as_str()).fetch_all(&mut *from).await? {
        let key = key(row)?;
        if let Ok(at) = turns.binary_search_by_key(&key, |turn| turn.key) {
            turns[at].runs.push(run(row)?);
        }
    }
    Ok(turns)
}

/// The document of a session's hand-off.
pub(super) async fn decided(
    pool: &AnyPool,
    call_sid: &CallSid,
    session: Option<u8>,
) -> sqlx::Result<Option<Handoff>> {
    let row = sqlx::query(
        "SELECT handoff_id, document FROM handoffs WHERE call_sid = $1 AND (session = $2 OR $2 < 0) \
         ORDER BY session DESC, decided_at DESC LIMIT 1",
    )
    .bind(call_sid.as_str())
    .bind(session.map_or(-1, i64::from))
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (id, document): (String, String) = (row.try_get("handoff_id")?, row.try_get("document")?);
    Ok(Handoff::read(&document, call_sid, &id).ok())
}

fn key(row: &AnyRow) -> sqlx::Result<TurnKey> {
    let session = u8::try_from(row.try_get::<i64, _>("session")?).unwrap_or(u8::MAX);
    let position = u32::try_from(row.try_get::<i64, _>("position")?).unwrap_or(u32::MAX);
    Ok(TurnKey { session, position })
}

fn turn(row: &AnyRow) -> sqlx::Result<Turn> {
    let who: String = row.try_get("who")?;
    let steps = Steps {
        began: time(row, "began_at")?.unwrap_or(0),
        first_delta: time(row, "first_delta_at")?,
        first_frame: time(row, "first_frame_at")?,
        speaking: time(row, "speaking_at")?,
        finished: time(row, "finished_at")?,
        heard: time(row, "heard_at")?,
    };
    Ok(Turn {
        key: key(row)?,
        who: if who == Speaker::Caller.word() { Speaker::Caller } else { Speaker::Agent },
        text: row.try_get::<String, _>("text")?.into(),
        heard: usize::try_from(row.try_get::<i64, _>("heard")?).unwrap_or(0),
        interrupted: row.try_get::<i64, _>("interrupted")? != 0,
        runs: Vec::new(),
        steps,
        answers: None,
    })
}

fn run(row: &AnyRow) -> sqlx::Result<ToolRun> {
    let arguments: String = row.try_get("arguments")?;
    let call =
        ToolCall { id: row.try_get("run_id")?, name: row.try_get("name")?, arguments: arguments.into() };
    let result: Option<String> = row.try_get("result")?;
    Ok(ToolRun {
        call,
        result: result.map(Pii::from),
        secure: row.try_get::<i64, _>("secure")? != 0,
        began: time(row, "began_at")?.unwrap_or(0),
        ended: time(row, "ended_at")?,
    })
}

/// A time that need not be known.
pub(super) fn time(row: &AnyRow, column: &str) -> sqlx::Result<Option<u64>> {
    let time: Option<i64> = row.try_get(column)?;
    Ok(time.and_then(|time| u64::try_from(time).ok()))
}
