//! Lists page by page, the latest first. A page goes on behind the last row of the one before, whatever was
//! added meanwhile.

use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::archive::{Archive, CALL, Call, HandedOff, call, handed_off};
use super::audit::{Audit, Audited, insert, read};
use super::{StoreError, moment};
use crate::ids::CallSid;
use crate::pii::Pii;

/// Where a page begins: behind this row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Its time, in milliseconds since 1970.
    #[serde(rename = "a")]
    pub at: u64,
    /// Its name.
    #[serde(rename = "n")]
    pub name: String,
}

/// Which calls, and how many.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only those with this number.
    pub caller: Option<String>,
    /// Only those with this outcome.
    pub outcome: Option<String>,
    /// Only some of these.
    pub among: Option<Vec<CallSid>>,
    /// Those behind this one.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: u32,
}

/// A call in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The call.
    pub call: Call,
    /// The document of its latest hand-off.
    pub document: Option<Pii<Value>>,
}

/// A hand-off in a list.
#[derive(Debug, Clone)]
pub struct ListedHandoff {
    /// Its call.
    pub call_sid: CallSid,
    /// The hand-off.
    pub handoff: HandedOff,
}

impl Archive {
    /// A page of calls.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub async fn page(&self, wanted: &Wanted) -> Result<Vec<Listed>, StoreError> {
        let (at, name) = behind(wanted.after.as_ref());
        // What is not asked for stands nowhere, so that an index can be used for what is.
        let (mut filters, mut values) = (String::new(), Vec::new());
        for (column, value) in [("caller", &wanted.caller), ("outcome", &wanted.outcome)] {
            if let Some(value) = value {
                values.push(value.as_str());
                filters += &format!(" AND {column} = ${}", values.len() + 3);
            }
        }
        if let Some(among) = &wanted.among {
            let places: Vec<String> =
                (1..=among.len()).map(|place| format!("${}", place + values.len() + 3)).collect();
            filters += &format!(" AND call_sid IN ({})", places.join(", "));
            values.extend(among.iter().map(CallSid::as_str));
        }
        let sql = format!(
            "SELECT {CALL}, (SELECT document FROM handoffs WHERE handoffs.call_sid = calls.call_sid \
             ORDER BY session DESC, decided_at DESC LIMIT 1) AS document \
             FROM calls WHERE began_at <= $1 AND (began_at < $1 OR call_sid > $2){filters} \
             ORDER BY began_at DESC, call_sid LIMIT $3"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(at).bind(name).bind(i64::from(wanted.limit));
        let query = values.into_iter().fold(query, |query, value| query.bind(value.to_owned()));
        let rows = query.fetch_all(&self.0.pool).await?;
        let listed = |row: &AnyRow| {
            let document: Option<String> = row.try_get("document")?;
            let document = document.and_then(|text| serde_json::from_str(&text).ok()).map(Pii::new);
            Ok(Listed { call: call(row)?, document })
        };
        Ok(rows.iter().map(listed).collect::<sqlx::Result<Vec<_>>>()?)
    }

    /// A page of hand-offs.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub async fn handoffs(
        &self,
        after: Option<&Place>,
        limit: u32,
    ) -> Result<Vec<ListedHandoff>, StoreError> {
        let (at, name) = behind(after);
        let sql = "SELECT call_sid, handoff_id, session, document, target, state, decided_at, changed_at \
                   FROM handoffs WHERE decided_at < $1 OR (decided_at = $1 AND handoff_id > $2) \
                   ORDER BY decided_at DESC, handoff_id LIMIT $3";
        let rows = sqlx::query(sql).bind(at).bind(name).bind(i64::from(limit));
        let listed = |row: &AnyRow| {
            let call_sid: String = row.try_get("call_sid")?;
            let call_sid = call_sid.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            Ok(ListedHandoff { call_sid, handoff: handed_off(row)? })
        };
        let rows = rows.fetch_all(&self.0.pool).await?;
        Ok(rows.iter().map(listed).collect::<sqlx::Result<Vec<_>>>()?)
    }

    /// A page of the audit.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub async fn audits(&self, after: Option<&Place>, limit: u32) -> Result<Vec<Audited>, StoreError> {
        let (at, name) = behind(after);
        let sql = "SELECT audit_id, at, what, call_sid, source FROM audit \
                   WHERE at < $1 OR (at = $1 AND audit_id > $2) ORDER BY at DESC, audit_id LIMIT $3";
        let rows = sqlx::query(sql).bind(at).bind(name).bind(i64::from(limit));
        let rows = rows.fetch_all(&self.0.pool).await?;
        Ok(rows.iter().map(read).collect::<sqlx::Result<Vec<_>>>()?)
    }

    /// Writes a row of the audit, before what it tells of is done.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    pub async fn audit(&self, call_sid: &CallSid, audit: &Audit) -> Result<(), StoreError> {
        let mut connection = self.0.pool.acquire().await?;
        Ok(insert(&mut connection, call_sid, audit, moment()).await?)
    }
}

/// What a row has to stand behind; without a place, everything does.
fn behind(place: Option<&Place>) -> (i64, String) {
    place.map_or((i64::MAX, String::new()), |place| {
        (i64::try_from(place.at).unwrap_or(i64::MAX), place.name.clone())
    })
}
