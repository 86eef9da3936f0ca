//! What somebody at the console does to a running call.

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::time::timeout;
use tracing::{info, warn};
use utoipa::ToSchema;

use super::Desk;
use super::given::{Given, Maybe, Named};
use super::problem::Problem;
use crate::calls::{NotTaken, Order};
use crate::gate::Visitor;
use crate::ids::CallSid;
use crate::live::{LiveState, Unsent};
use crate::pii::Pii;
use crate::store::What;
use crate::store::audit::{Audit, Deed};
use crate::token::nonce;

/// How long an order waits until it is written down.
const WRITTEN: Duration = Duration::from_secs(1);
/// The longest note to the model, in characters.
const LONGEST_NOTE: usize = 500;
/// The longest reason for a hand-off, in characters.
const LONGEST_REASON: usize = 300;

/// Why a person takes over.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Escalate {
    /// For the person, at most 300 characters.
    #[schema(value_type = Option<String>, max_length = 300)]
    reason: Option<Pii<String>>,
}

/// What the model is to know.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Whisper {
    /// 1 to 500 characters. The caller never hears it.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    text: Pii<String>,
}

/// Hand a running call to a person now.
#[utoipa::path(post, path = "/api/v1/calls/{callSid}/escalate", tag = "actions", operation_id = "escalate",
    params(("callSid" = String, Path, description = "The call")), request_body = Option<Escalate>,
    responses((status = 202), (status = 409, body = Problem)))]
pub(super) async fn escalate(
    State(desk): State<Desk>,
    Extension(visitor): Extension<Visitor>,
    Named(call_sid): Named,
    Maybe(given): Maybe<Escalate>,
) -> Result<StatusCode, Problem> {
    let reason = given.reason.filter(|reason| !reason.expose().trim().is_empty());
    if reason.as_ref().is_some_and(|reason| reason.expose().chars().count() > LONGEST_REASON) {
        return Err(too_long("reason", LONGEST_REASON));
    }
    order(&desk, &visitor, &call_sid, Order::HandOver(reason), Deed::Escalate).await
}

/// Tell the model something.
#[utoipa::path(post, path = "/api/v1/calls/{callSid}/whisper", tag = "actions", operation_id = "whisper",
    params(("callSid" = String, Path, description = "The call")), request_body = Whisper,
    responses((status = 202), (status = 409, body = Problem)))]
pub(super) async fn whisper(
    State(desk): State<Desk>,
    Extension(visitor): Extension<Visitor>,
    Named(call_sid): Named,
    Given(given): Given<Whisper>,
) -> Result<StatusCode, Problem> {
    let length = given.text.expose().trim().chars().count();
    if length == 0 || length > LONGEST_NOTE {
        return Err(too_long("text", LONGEST_NOTE));
    }
    order(&desk, &visitor, &call_sid, Order::Whisper(given.text), Deed::Whisper).await
}

fn too_long(name: &str, most: usize) -> Problem {
    let detail = format!("{name}: expected 1 to {most} characters");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

pub(super) fn unsent(error: Unsent) -> Problem {
    Problem::later(StatusCode::SERVICE_UNAVAILABLE, &error.to_string(), 5)
}

/// Passes an order on to whoever has the call, and writes it down.
async fn order(
    desk: &Desk,
    visitor: &Visitor,
    call_sid: &CallSid,
    order: Order,
    deed: Deed,
) -> Result<StatusCode, Problem> {
    let bridge = &desk.bridge;
    let not_now = |detail: &str| Problem::new(StatusCode::CONFLICT, detail);
    let Some(found) = bridge.board.find(call_sid).await else {
        let sid = call_sid.clone();
        let kept = desk.reading.within(|archive| async move { archive.kept(&sid).await }).await?;
        return Err(if kept.flatten().is_some() {
            not_now("the call is over")
        } else {
            Problem::no_such_call()
        });
    };
    match found.live.state {
        LiveState::Leaving => return Err(not_now("the call is leaving already")),
        LiveState::Queued | LiveState::WithPerson => {
            return Err(not_now("a person has the call, or is to have it"));
        }
        LiveState::Ringing => return Err(not_now("the call has not begun yet")),
        LiveState::Listening | LiveState::Thinking | LiveState::Speaking => {}
    }
    write_down(desk, visitor, call_sid, deed).await;
    if found.live.own {
        bridge.calls.order(call_sid, order).map_err(|error| match error {
            NotTaken::Unknown => not_now("the call has no session now"),
            NotTaken::Full => {
                Problem::later(StatusCode::SERVICE_UNAVAILABLE, "too much is asked of the call", 1)
            }
        })?;
    } else {
        bridge.board.tell_others(call_sid, order).await.map_err(unsent)?;
    }
    info!(call.sid = %call_sid, what = deed.word(), "done from the console");
    Ok(StatusCode::ACCEPTED)
}

/// Writes a deed down before it is done. A caller who needs a person does not wait for a database that is away:
/// the row is then written when that is back, as everything else of the call.
async fn write_down(desk: &Desk, visitor: &Visitor, call_sid: &CallSid, deed: Deed) {
    let audit = Audit { id: nonce(), deed, source: visitor.name() };
    let (sid, row) = (call_sid.clone(), audit.clone());
    let writing = desk.reading.within(|archive| async move { archive.audit(&sid, &row).await });
    if !matches!(timeout(WRITTEN, writing).await, Ok(Ok(_))) {
        warn!(call.sid = %call_sid, what = deed.word(), "what was done from the console is written down later");
        // Written twice, it is one row.
        desk.bridge.store.note(call_sid, What::Audited(audit));
    }
}
