//! Who did what to a call. It outlives the call.

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::archive::Moment;
use super::recall::time;
use super::rows::{Statement, Table};
use crate::ids::CallSid;

/// How long it is kept, in milliseconds: a year and a month.
pub(super) const KEPT: u64 = 395 * 24 * 60 * 60 * 1000;

/// Something that somebody did to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Looked at the whole number of the caller.
    Reveal,
    /// Took the call from the AI.
    Escalate,
    /// Told the model something.
    Whisper,
    /// Deleted everything about it.
    Delete,
}

impl Deed {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reveal => "reveal",
            Self::Escalate => "escalate",
            Self::Whisper => "whisper",
            Self::Delete => "delete",
        }
    }
}

/// A deed that was done, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Names it. Written twice it is the same.
    pub id: String,
    /// What was done.
    pub deed: Deed,
    /// A session of the console, or the command line.
    pub source: String,
}

/// A row of the audit, as it is listed.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Audited {
    /// Names the row.
    #[serde(skip)]
    pub id: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Moment,
    /// `reveal`, `escalate`, `whisper` or `delete`.
    pub what: String,
    /// The call.
    #[schema(value_type = String)]
    pub call_sid: CallSid,
    /// A session of the console, or the command line.
    pub from: String,
}

pub(super) static AUDIT: Statement = Statement::Insert(Table {
    name: "audit",
    columns: &["audit_id", "at", "what", "call_sid", "source"],
    keys: 1,
    when: "TRUE",
    set: "at = audit.at",
});

/// Writes a row within a transaction.
pub(super) async fn insert(
    to: &mut AnyConnection,
    call_sid: &CallSid,
    audit: &Audit,
    at: u64,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO audit (audit_id, at, what, call_sid, source) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (audit_id) DO NOTHING";
    let row = sqlx::query(sql).bind(audit.id.clone()).bind(i64::try_from(at).unwrap_or(i64::MAX));
    let row = row.bind(audit.deed.word()).bind(call_sid.as_str()).bind(audit.source.clone());
    row.execute(to).await.map(|_| ())
}

pub(super) fn read(row: &AnyRow) -> sqlx::Result<Audited> {
    let call_sid: String = row.try_get("call_sid")?;
    Ok(Audited {
        id: row.try_get("audit_id")?,
        at: Moment(time(row, "at")?.unwrap_or(0)),
        what: row.try_get("what")?,
        call_sid: call_sid.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        from: row.try_get("source")?,
    })
}
