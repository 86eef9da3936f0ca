//! Calls as they go on, as streams of events. A reader that is too slow gets everything afresh.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::Desk;
use super::detail::detail;
use super::followed::Told;
use super::given::Named;
use super::problem::Problem;
use crate::clock::now;
use crate::gate::Visitor;
use crate::ids::CallSid;
use crate::live::{Change, Gone, Watching, event};

/// How often a stream says that it is there.
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
    let look = Look::new(desk, visitor, changes);
    let events = stream::unfold((look, Some(snapshot)), |(mut look, first)| async {
        if let Some(first) = first {
            return Some((first, (look, None)));
        }
        let text = match look.next().await? {
            Heard::Change(change) => change.events.clone(),
            Heard::Missed => {
                let watching = look.desk.bridge.board.watch().await?;
                look.changes = watching.changes;
                watching.snapshot
            }
            Heard::Nothing => Bytes::from_static(COMMENT.as_bytes()),
        };
        Some((text, (look, None)))
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
    let look = Look::new(desk, visitor, changes);
    let follow = Follow { look, call_sid, first: Some(first), over: is_over };
    Ok(answer(stream::unfold(follow, Follow::next)))
}

/// Somebody who looks on, for as long as their session goes on.
struct Look {
    desk: Desk,
    visitor: Visitor,
    changes: Receiver<Arc<Change>>,
    /// When the next sign of life is due.
    beat: Instant,
}

/// What there is to tell.
enum Heard {
    Change(Arc<Change>),
    /// More changed than could wait.
    Missed,
    /// Only that the stream lives.
    Nothing,
}

impl Look {
    fn new(desk: Desk, visitor: Visitor, changes: Receiver<Arc<Change>>) -> Self {
        Self { desk, visitor, changes, beat: now() + BEAT }
    }

    /// What comes next; none once the session is over. That is asked each time: on a busy server there is always
    /// something to tell before a sign of life is due.
    async fn next(&mut self) -> Option<Heard> {
        let heard = match tokio::time::timeout_at(self.beat.into(), self.changes.recv()).await {
            Ok(Ok(change)) => Heard::Change(change),
            Ok(Err(RecvError::Lagged(_))) => Heard::Missed,
            Ok(Err(RecvError::Closed)) => return None,
            Err(_) => {
                self.beat = now() + BEAT;
                Heard::Nothing
            }
        };
        self.desk.bridge.gate.still_admits(&self.visitor).then_some(heard)
    }
}

struct Follow {
    look: Look,
    call_sid: CallSid,
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
        loop {
            let (text, over) = match self.look.next().await? {
                Heard::Change(change) if change.concerns(&self.call_sid) => {
                    let (desk, call_sid) = (&self.look.desk, &self.call_sid);
                    let is_over = change.gone.contains(call_sid);
                    desk.followed.once(change.number, call_sid, || told(desk, call_sid, is_over)).await
                }
                Heard::Change(_) => continue,
                Heard::Missed => told(&self.look.desk, &self.call_sid, false).await,
                Heard::Nothing => (Bytes::from_static(COMMENT.as_bytes()), false),
            };
            self.over = over;
            return Some((text, self));
        }
    }
}

/// The call as it is now; once it is over, that too.
async fn told(desk: &Desk, call_sid: &CallSid, is_over: bool) -> Told {
    let elsewhere = desk.bridge.board.find(call_sid).await.is_some_and(|found| !found.live.own);
    if elsewhere && !is_over {
        tokio::time::sleep(ELSEWHERE).await;
    }
    let (found, is_over) = match detail(desk, call_sid).await {
        // Whoever missed that it went finds it gone.
        Ok(found) => {
            let is_gone = found.as_ref().is_none_or(|found| !found.summary.live);
            (found, is_over || is_gone)
        }
        Err(_) => (None, is_over),
    };
    let mut text = found.as_ref().map(|found| event("call", found)).unwrap_or_default();
    if is_over {
        let outcome = found.and_then(|found| found.summary.outcome);
        text.push_str(&event("gone", &Gone { call_sid: call_sid.clone(), outcome, trigger: None }));
    }
    (if text.is_empty() { COMMENT.into() } else { text.into() }, is_over)
}

/// A sign of life.
const COMMENT: &str = ": still here\n\n";

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
