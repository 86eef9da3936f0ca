//! Where the recording of a call is. The sound itself is Twilio's.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row as _};
use utoipa::ToSchema;

use super::rows::{Row, Statement, Update, Value};
use crate::ids::{CallSid, RecordingSid};

/// The recording of a call, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its name.
    pub sid: RecordingSid,
    /// Where its sound is, once it is over.
    pub url: String,
    /// How it stands.
    pub state: RecordingState,
    /// How long it is, once it is over.
    pub seconds: Option<u64>,
}

/// How a recording stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingState {
    /// It goes on.
    InProgress,
    /// It is there.
    Completed,
    /// There was nothing to record.
    Absent,
    /// It could not be made.
    Failed,
}

/// The recording of a call, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recording {
    /// Its name at Twilio.
    pub sid: String,
    /// Where its sound is, once it is over. Twilio asks for the account's credentials there.
    pub url: String,
    /// `in-progress`, `completed`, `absent` or `failed`.
    pub state: String,
    /// How long it is, once it is over.
    pub seconds: Option<u64>,
}

/// News come in any order: that it goes on is no news once it is over.
pub(super) static RECORDINGS: Statement = Statement::Change(Update {
    table: "calls",
    columns: 5,
    set: "recording_sid = given.column2, recording_url = given.column3, \
          recording_state = CASE WHEN given.column4 = 'in-progress' \
                            THEN COALESCE(calls.recording_state, given.column4) ELSE given.column4 END, \
          recording_seconds = COALESCE(given.column5, calls.recording_seconds)",
    which: "calls.call_sid = given.column1",
});

pub(super) fn rows(recordings: &BTreeMap<CallSid, Recorded>) -> Vec<Row> {
    let row = |(call_sid, recorded): (&CallSid, &Recorded)| {
        vec![
            Value::text(call_sid.as_str()),
            Value::text(recorded.sid.as_str()),
            Value::text(&recorded.url),
            Value::text(recorded.state.word()),
            Value::some_number(recorded.seconds),
        ]
    };
    recordings.iter().map(row).collect()
}

/// Takes news of a call's recording.
pub(super) fn fold(recordings: &mut BTreeMap<CallSid, Recorded>, call_sid: CallSid, news: Recorded) {
    let known = recordings.get(&call_sid).map(|known| (known.state, known.seconds));
    let (state, seconds) = match (known, news.state) {
        (Some((known, seconds)), RecordingState::InProgress) => (known, news.seconds.or(seconds)),
        (Some((_, seconds)), state) => (state, news.seconds.or(seconds)),
        (None, state) => (state, news.seconds),
    };
    recordings.insert(call_sid, Recorded { state, seconds, ..news });
}

pub(super) fn read(row: &AnyRow) -> sqlx::Result<Option<Recording>> {
    let text = |column| row.try_get::<Option<String>, _>(column);
    let Some(sid) = text("recording_sid")? else { return Ok(None) };
    Ok(Some(Recording {
        sid,
        url: text("recording_url")?.unwrap_or_default(),
        state: text("recording_state")?.unwrap_or_default(),
        seconds: super::recall::time(row, "recording_seconds")?,
    }))
}

/// Where the recording of a call is, if there is one.
pub(super) async fn url(pool: &AnyPool, call_sid: &CallSid) -> sqlx::Result<Option<String>> {
    let sql = "SELECT recording_url FROM calls WHERE call_sid = $1 AND recording_url IS NOT NULL \
               AND recording_state IN ('in-progress', 'completed')";
    let row = sqlx::query(sql).bind(call_sid.as_str()).fetch_optional(pool).await?;
    row.map(|row| row.try_get("recording_url")).transpose()
}

impl RecordingState {
    /// The word for it, here and at Twilio.
    pub fn word(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Absent => "absent",
            Self::Failed => "failed",
        }
    }

    /// Reads Twilio's word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::InProgress, Self::Completed, Self::Absent, Self::Failed]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

impl From<Recorded> for Recording {
    fn from(recorded: Recorded) -> Self {
        Self {
            sid: recorded.sid.into(),
            url: recorded.url,
            state: recorded.state.word().to_owned(),
            seconds: recorded.seconds,
        }
    }
}
