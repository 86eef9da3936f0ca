//! Calls as they go on, as streams of events. A reader that is too slow gets everything afresh.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;

use super::Desk;
use super::detail::detail;
use super::given::Named;
use super::problem::Problem;
use crate::clock::now;
use crate::gate::Visitor;
use crate::ids::CallSid;
use crate::live::{Gone, Watching, event};

/// How often a stream on which nothing happens says that it is there.
const BEAT: Duration = Duration::from_secs(15);
/// How often a call is read again whose process is another one.
const ELSEWHERE: Duration = Duration::from_secs(1);

/// Every call that goes on.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", operation_id = "live",
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(super) async fn board(
    State(desk): State<Desk>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Response, Problem> {
    let Watching { snapshot, changes } = watch(&desk).await?;
    let first = Some(snapshot);
    let events =
        stream::unfold((desk, visitor, first, changes), |(desk, visitor, first, mut changes)| async {
            if let Some(first) = first {
                return Some((first, (desk, visitor, None, changes)));
            }
            let text = match tokio::time::timeout(BEAT, changes.recv()).await {
                Ok(Ok(change)) => change.events.clone(),
                Ok(Err(RecvError::Lagged(_))) => {
                    let watching = desk.bridge.board.watch().await?;
                    changes = watching.changes;
                    watching.snapshot
                }
                Ok(Err(RecvError::Closed)) => return None,
                Err(_) => beat(&desk, &visitor)?,
            };
            Some((text, (desk, visitor, None, changes)))
        });
    Ok(answer(events))
}

/// One call while it goes on.
#[utoipa::path(get, path = "/api/v1/calls/{callSid}/live", tag = "live", operation_id = "liveCall",
    params(("callSid" = String, Path, description = "The call")),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(super) async fn call(
    State(desk): State<Desk>,
    Extension(visitor): Extension<Visitor>,
    Named(call_sid): Named,
) -> Result<Response, Problem> {
    let Watching { changes, .. } = watch(&desk).await?;
    let first = detail(&desk, &call_sid).await?.ok_or_else(Problem::no_such_call)?;
    let is_over = !first.summary.live;
    let first = Bytes::from(event("call", &first));
    let follow = Follow { desk, visitor, call_sid, changes, first: Some(first), over: is_over };
    Ok(answer(stream::unfold(follow, Follow::next)))
}

struct Follow {
    desk: Desk,
    visitor: Visitor,
    call_sid: CallSid,
    changes: tokio::sync::broadcast::Receiver<std::sync::Arc<crate::live::Change>>,
    first: Option<Bytes>,
    over: bool,
}

impl Follow {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        if let Some(first) = self.first.take() {
            return Some((first, self));
        }
        if self.over {
            return None;
        }
        let until = now() + BEAT;
        loop {
            match tokio::time::timeout_at(until.into(), self.changes.recv()).await {
                Ok(Ok(change)) if change.gone.contains(&self.call_sid) => self.over = true,
                Ok(Ok(change)) if !change.calls.contains(&self.call_sid) => continue,
                Ok(Ok(_) | Err(RecvError::Lagged(_))) => {}
                Ok(Err(RecvError::Closed)) => return None,
                Err(_) => {
                    let beat = beat(&self.desk, &self.visitor)?;
                    return Some((beat, self));
                }
            }
            let text = self.text().await;
            return Some((text, self));
        }
    }

    /// The call as it is now; once it is over, that too.
    async fn text(&mut self) -> Bytes {
        let elsewhere =
            self.desk.bridge.board.find(&self.call_sid).await.is_some_and(|found| !found.live.own);
        if elsewhere && !self.over {
            tokio::time::sleep(ELSEWHERE).await;
        }
        let found = detail(&self.desk, &self.call_sid).await.ok().flatten();
        let mut text = found.as_ref().map(|found| event("call", found)).unwrap_or_default();
        if self.over {
            let outcome = found.and_then(|found| found.summary.outcome);
            text.push_str(&event("gone", &Gone { call_sid: self.call_sid.clone(), outcome, trigger: None }));
        }
        if text.is_empty() { COMMENT.into() } else { text.into() }
    }
}

const COMMENT: &str = ": still here\n\n";

/// A sign of life, for as long as the session goes on.
fn beat(desk: &Desk, visitor: &Visitor) -> Option<Bytes> {
    desk.bridge.gate.still_admits(visitor).then(|| Bytes::from_static(COMMENT.as_bytes()))
}

async fn watch(desk: &Desk) -> Result<Watching, Problem> {
    let watching = desk.bridge.board.watch().await;
    watching.ok_or_else(|| Problem::later(StatusCode::SERVICE_UNAVAILABLE, "too many look on already", 30))
}

fn answer(events: impl futures_util::Stream<Item = Bytes> + Send + 'static) -> Response {
    use futures_util::StreamExt as _;
    let body = Body::from_stream(events.map(Ok::<_, Infallible>));
    // A proxy that gathers what comes would show nothing until the end.
    ([(header::CONTENT_TYPE, "text/event-stream"), (X_ACCEL, "no")], body).into_response()
}

const X_ACCEL: header::HeaderName = header::HeaderName::from_static("x-accel-buffering");
