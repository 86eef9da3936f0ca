//! `/desk/{token}`: a hand-off, as the person needs it who takes the call.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Desk;
use crate::clock::since_epoch;
use crate::desk::{Page, expired, page};
use crate::handoff::Handoff;
use crate::store::archive::Kept;
use crate::token::{DeskPass, Purpose};

/// Shows it to whoever has the link.
pub(super) async fn show(State(desk): State<Desk>, Path(token): Path<String>) -> Response {
    let pass: Option<DeskPass> = desk.bridge.keyring.open(Purpose::Desk, &token);
    let Some(pass) = pass.filter(|pass| pass.expires > since_epoch().as_secs()) else {
        return html(StatusCode::NOT_FOUND, expired());
    };
    let own = desk.bridge.board.find(&pass.call_sid).await.and_then(|found| found.kept);
    let kept = match own.filter(|own| has(own, &pass)) {
        Some(own) => Some(own),
        // Should the store be away, what this process knows has to do.
        None => {
            let call_sid = pass.call_sid.clone();
            let read = |archive: crate::store::archive::Archive| async move { archive.kept(&call_sid).await };
            desk.reading.within(read).await.ok().flatten().flatten().filter(|kept| has(kept, &pass))
        }
    };
    let document = desk.bridge.calls.kept(&pass.call_sid, None);
    let document = document.filter(|document| document.context.handoff_id == pass.handoff_id);
    let found = match (kept, document) {
        (Some(mut kept), _) => {
            kept.hide(desk.bridge.exits.desk);
            Page::from_kept(&kept, &pass.handoff_id)
        }
        (None, Some(document)) => {
            let mut document: Handoff = (*document).clone();
            crate::redact::handoff(&mut document, desk.bridge.exits.desk);
            Some(Page::from_document(&document))
        }
        (None, None) => None,
    };
    match found {
        Some(found) => html(StatusCode::OK, page(&found)),
        None => html(StatusCode::NOT_FOUND, expired()),
    }
}

fn has(kept: &Kept, pass: &DeskPass) -> bool {
    kept.handoffs.iter().any(|handoff| handoff.handoff_id == pass.handoff_id)
}

fn html(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}
