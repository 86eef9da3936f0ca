//! `/api/v1/handoffs` and `/api/v1/audit`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Desk;
use super::cursor::{Page, next};
use super::given::Asked;
use super::problem::Problem;
use crate::ids::CallSid;
use crate::pii::Pii;
use crate::redact;
use crate::store::archive::Moment;
use crate::store::audit::Audited;
use crate::store::pages::{ListedHandoff, Place};

/// A page of hand-offs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Handoffs {
    /// The latest first.
    items: Vec<HandoffSummary>,
    /// The cursor of the next page, if there is one.
    next: Option<String>,
    /// Whether anything is kept.
    kept: bool,
}

/// A hand-off in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HandoffSummary {
    /// Its name.
    handoff_id: String,
    /// Its call.
    #[schema(value_type = String)]
    call_sid: CallSid,
    /// The session that decided it.
    session: u8,
    /// The code for routing.
    reason_code: Option<String>,
    /// Why a person is needed.
    #[schema(value_type = Option<String>)]
    reason: Option<Pii<String>>,
    /// What happened so far.
    #[schema(value_type = Option<String>)]
    call_summary: Option<Pii<String>>,
    /// The caller's mood.
    sentiment: Option<String>,
    /// What led to it.
    trigger: Option<String>,
    /// Where the call was sent last.
    target: Option<String>,
    /// How far it came.
    state: String,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    decided_at: Moment,
    /// When its state was heard of last.
    #[schema(value_type = String, format = DateTime)]
    changed_at: Moment,
    /// The page for the person who takes the call, if it can be reached.
    desk_url: Option<String>,
}

/// A page of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Audits {
    /// The latest first.
    items: Vec<Audited>,
    /// The cursor of the next page, if there is one.
    next: Option<String>,
    /// Whether anything is kept.
    kept: bool,
}

/// Hand-offs, the latest first.
#[utoipa::path(get, path = "/api/v1/handoffs", tag = "calls", operation_id = "handoffs", params(Page),
    responses((status = 200, body = Handoffs)))]
pub(super) async fn handoffs(
    State(desk): State<Desk>,
    Asked(page): Asked<Page>,
) -> Result<Json<Handoffs>, Problem> {
    let keyring = &desk.bridge.keyring;
    let (limit, after) = page.read(keyring)?;
    let read = move |archive: crate::store::archive::Archive| async move {
        archive.handoffs(after.as_ref(), limit + 1).await
    };
    let mut found = desk.reading.within(read).await?.unwrap_or_default();
    let next = next(&mut found, limit, keyring, |listed| Place {
        at: listed.handoff.decided_at.0,
        name: listed.handoff.handoff_id.clone(),
    });
    let items = found.into_iter().map(|listed| summary(&desk, listed)).collect();
    Ok(Json(Handoffs { items, next, kept: desk.reading.is_kept() }))
}

fn summary(desk: &Desk, listed: ListedHandoff) -> HandoffSummary {
    let ListedHandoff { call_sid, handoff } = listed;
    let mut document = handoff.document.into_inner();
    redact::document(&mut document, desk.bridge.exits.console);
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    HandoffSummary {
        desk_url: desk.bridge.people.desk_url(&call_sid, &handoff.handoff_id),
        session: handoff.session,
        reason_code: text(&document["reasonCode"]),
        reason: text(&document["reason"]).map(Pii::from),
        call_summary: text(&document["callSummary"]).map(Pii::from),
        sentiment: text(&document["sentiment"]),
        trigger: text(&document["warmline"]["trigger"]),
        target: handoff.target.map(|target| shown(&target)),
        state: handoff.state,
        decided_at: handoff.decided_at,
        changed_at: handoff.changed_at,
        handoff_id: handoff.handoff_id,
        call_sid,
    }
}

/// A target without somebody's number.
pub(super) fn shown(target: &str) -> String {
    match target.split_once(':') {
        Some(("number", number)) => format!("number:{}", redact::number(number)),
        Some(("sip" | "sips", _)) => redact::number(target),
        _ => target.to_owned(),
    }
}

/// What was done at the console and the command line, the latest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", operation_id = "audit", params(Page),
    responses((status = 200, body = Audits)))]
pub(super) async fn audit(
    State(desk): State<Desk>,
    Asked(page): Asked<Page>,
) -> Result<Json<Audits>, Problem> {
    let keyring = &desk.bridge.keyring;
    let (limit, after) = page.read(keyring)?;
    let read = move |archive: crate::store::archive::Archive| async move {
        archive.audits(after.as_ref(), limit + 1).await
    };
    let mut items = desk.reading.within(read).await?.unwrap_or_default();
    let next = next(&mut items, limit, keyring, |row| Place { at: row.at.0, name: row.id.clone() });
    Ok(Json(Audits { items, next, kept: desk.reading.is_kept() }))
}
