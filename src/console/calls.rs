//! `/api/v1/calls`: lists, whole calls, deletion, and the numbers behind the dots.
#![expect(unused_qualifications, reason = "so writes the macro that describes parameters")]

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use tracing::info;
use utoipa::{IntoParams, ToSchema};

use super::actions::unsent;
use super::detail::{CallSummary, Detail, Spoken, detail};
use super::given::{Asked, Named};
use super::problem::Problem;
use super::{Desk, cursor};
use crate::clock::since_epoch;
use crate::gate::Visitor;
use crate::ids::CallSid;
use crate::live::{LiveCall, LiveState};
use crate::pii::Pii;
use crate::store::archive::Archive;
use crate::store::audit::{Audit, Deed};
use crate::store::pages::{Listed, Place, Wanted};
use crate::token::nonce;

/// How new a call is that the store may not know yet.
const NEW: Duration = Duration::from_secs(5);
/// Among how many calls that go on the store looks: a statement has so many values and some more.
const MOST_LIVE: usize = 20_000;
/// How long a deletion waits for what is still to be written.
const WRITTEN: Duration = Duration::from_secs(1);

/// Which calls.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// At most so many, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where to go on: `next` of the page before.
    cursor: Option<String>,
    /// Only those that ended so.
    #[param(inline)]
    outcome: Option<Outcome>,
    /// Only those with this number, in E.164 as a rule.
    caller: Option<String>,
    /// Only those that go on, or only those that do not.
    #[param(inline)]
    state: Option<Standing>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Escalated,
    Completed,
    Closed,
}

/// Whether a call goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CallState)]
enum Standing {
    Live,
    Past,
}

/// A page of calls.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Calls {
    /// The latest first.
    items: Vec<CallSummary>,
    /// The cursor of the next page, if there is one.
    next: Option<String>,
    /// Whether calls are kept at all; else only live ones are listed.
    kept: bool,
}

/// What was said in a call.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Turns {
    /// Oldest first.
    items: Vec<Spoken>,
}

/// The numbers of a call.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Numbers {
    /// Whom we talked with.
    #[schema(value_type = Option<String>)]
    caller: Option<Pii<String>>,
    /// Our own number.
    #[schema(value_type = Option<String>)]
    line: Option<Pii<String>>,
}

/// Calls, the latest first.
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", operation_id = "calls", params(Filter),
    responses((status = 200, body = Calls)))]
pub(super) async fn list(
    State(desk): State<Desk>,
    Asked(filter): Asked<Filter>,
) -> Result<Json<Calls>, Problem> {
    let keyring = &desk.bridge.keyring;
    let (limit, after) = cursor::read(filter.limit, filter.cursor.as_deref(), keyring)?;
    let live = desk.bridge.board.calls().await;
    let kept = desk.reading.is_kept();
    // The board shows no whole number, and knows no outcome of the past.
    let picked = filter.outcome.is_some() || filter.caller.is_some();
    let mut items = match filter.state {
        Some(Standing::Past) => Vec::new(),
        _ if picked => Vec::new(),
        Some(Standing::Live) => on_board(&live, after.as_ref(), Duration::MAX),
        None => on_board(&live, after.as_ref(), if kept { NEW } else { Duration::MAX }),
    };
    if picked || filter.state != Some(Standing::Live) {
        for call in in_store(&desk, &filter, after, limit + 1, &live).await? {
            items.retain(|known| known.call_sid != call.call_sid);
            items.push(call);
        }
    }
    items.sort_by(|a, b| (b.began_at, &a.call_sid).cmp(&(a.began_at, &b.call_sid)));
    let next = cursor::next(&mut items, limit, keyring, |call| place(&call.call_sid, call.began_at.0));
    Ok(Json(Calls { items, next, kept }))
}

/// Calls of the board that are behind a place, and at most so old.
fn on_board(live: &[Arc<LiveCall>], after: Option<&Place>, oldest: Duration) -> Vec<CallSummary> {
    let since = since_epoch().saturating_sub(oldest).as_millis();
    let fits = |live: &&Arc<LiveCall>| {
        let key = (Reverse(live.began_at.0), live.call_sid.as_str());
        let behind = after.is_none_or(|after| key > (Reverse(after.at), after.name.as_str()));
        behind && u128::from(live.began_at.0) >= since
    };
    live.iter().filter(fits).map(|live| CallSummary::of_live(live)).collect()
}

/// As many calls of the store as are wanted, and perhaps some more.
async fn in_store(
    desk: &Desk,
    filter: &Filter,
    after: Option<Place>,
    limit: u32,
    live: &[Arc<LiveCall>],
) -> Result<Vec<CallSummary>, Problem> {
    // Else every call that was ever kept would be read to find the few that go on.
    let among = (filter.state == Some(Standing::Live))
        .then(|| live.iter().take(MOST_LIVE).map(|live| live.call_sid.clone()).collect::<Vec<_>>());
    if among.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let caller = filter.caller.clone().filter(|caller| !caller.is_empty());
    let outcome = filter.outcome.map(|outcome| word(outcome).to_owned());
    let mut wanted = Wanted { caller, outcome, among, after, limit };
    let mut found = Vec::new();
    loop {
        let asked = wanted.clone();
        let read = |archive: Archive| async move { archive.page(&asked).await };
        let page = desk.reading.within(read).await?.unwrap_or_default();
        let is_full = page.len() as u64 == u64::from(limit);
        wanted.after = page.last().map(|listed| place(&listed.call.call_sid, listed.call.began_at.0));
        for Listed { call, document } in page {
            let live = live.iter().find(|live| live.call_sid == call.call_sid);
            if filter.state.is_none_or(|state| (state == Standing::Live) == live.is_some()) {
                let document = document.as_ref().map(|document| document.expose());
                found.push(CallSummary::new(call, document, live.map(|live| &**live)));
            }
        }
        if !is_full || found.len() as u64 >= u64::from(limit) {
            return Ok(found);
        }
    }
}

fn place(call_sid: &CallSid, at: u64) -> Place {
    Place { at, name: call_sid.to_string() }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Escalated => "escalated",
        Outcome::Completed => "completed",
        Outcome::Closed => "closed",
    }
}

/// Everything about a call.
#[utoipa::path(get, path = "/api/v1/calls/{callSid}", tag = "calls", operation_id = "call",
    params(("callSid" = String, Path, description = "The call")),
    responses((status = 200, body = Detail)))]
pub(super) async fn show(State(desk): State<Desk>, Named(call_sid): Named) -> Result<Json<Detail>, Problem> {
    detail(&desk, &call_sid).await?.map(Json).ok_or_else(Problem::no_such_call)
}

/// What was said in a call.
#[utoipa::path(get, path = "/api/v1/calls/{callSid}/turns", tag = "calls", operation_id = "turns",
    params(("callSid" = String, Path, description = "The call")),
    responses((status = 200, body = Turns)))]
pub(super) async fn turns(State(desk): State<Desk>, Named(call_sid): Named) -> Result<Json<Turns>, Problem> {
    let found = detail(&desk, &call_sid).await?.ok_or_else(Problem::no_such_call)?;
    Ok(Json(Turns { items: found.transcript }))
}

/// Delete everything about a call that the AI does not have any more.
#[utoipa::path(delete, path = "/api/v1/calls/{callSid}", tag = "calls", operation_id = "deleteCall",
    params(("callSid" = String, Path, description = "The call")),
    responses((status = 204), (status = 409, body = Problem)))]
pub(super) async fn delete(
    State(desk): State<Desk>,
    Extension(visitor): Extension<Visitor>,
    Named(call_sid): Named,
) -> Result<StatusCode, Problem> {
    let bridge = &desk.bridge;
    let found = bridge.board.find(&call_sid).await;
    // A call without its record could be neither seen nor helped while it goes on.
    let left = |state| matches!(state, LiveState::Queued | LiveState::WithPerson);
    if found.as_ref().is_some_and(|found| !left(found.live.state)) {
        let detail = "the call goes on: it can be deleted once it is over, or a person is to have it";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    let known = found.is_some() || bridge.calls.kept(&call_sid, None).is_some();
    // What they know of it, they would show.
    bridge.board.forget_elsewhere(&call_sid).await.map_err(unsent)?;
    // What the writer has not written yet would come after.
    let _ = tokio::time::timeout(WRITTEN, bridge.store.flush()).await;
    let (calls, source) = ([call_sid.clone()], visitor.name());
    let deleted = desk.reading.within(|archive| async move { archive.delete(&calls, &source).await }).await?;
    if deleted.unwrap_or(0) == 0 && !known {
        return Err(Problem::no_such_call());
    }
    bridge.board.forget(&call_sid).await;
    info!(call.sid = %call_sid, "call deleted from the console");
    Ok(StatusCode::NO_CONTENT)
}

/// Show the whole numbers of a call.
#[utoipa::path(post, path = "/api/v1/calls/{callSid}/reveal", tag = "calls", operation_id = "reveal",
    params(("callSid" = String, Path, description = "The call")),
    responses((status = 200, body = Numbers), (status = 409, body = Problem)))]
pub(super) async fn reveal(
    State(desk): State<Desk>,
    Extension(visitor): Extension<Visitor>,
    Named(call_sid): Named,
) -> Result<Json<Numbers>, Problem> {
    let own = desk.bridge.board.find(&call_sid).await.and_then(|found| found.kept);
    let kept = match own {
        Some(own) => Some(own),
        None => {
            let sid = call_sid.clone();
            desk.reading.within(|archive| async move { archive.kept(&sid).await }).await?.flatten()
        }
    };
    let call = kept.ok_or_else(Problem::no_such_call)?.call;
    if !desk.reading.is_kept() {
        let detail = "numbers are shown only where that is written down, and DATABASE_URL is `none`";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    // It is written down before it is shown.
    let audit = Audit { id: nonce(), deed: Deed::Reveal, source: visitor.name() };
    let sid = call_sid.clone();
    desk.reading.within(|archive| async move { archive.audit(&sid, &audit).await }).await?;
    info!(call.sid = %call_sid, "numbers of a call were shown at the console");
    Ok(Json(Numbers { caller: call.caller, line: call.line }))
}
