//! `/healthz` and `/readyz`.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Shared;

/// The process runs.
pub(super) async fn live() -> Response {
    json(StatusCode::OK, "{\"status\":\"live\"}")
}

/// New calls are taken.
pub(super) async fn ready(State(bridge): State<Shared>) -> Response {
    if bridge.is_ready() {
        json(StatusCode::OK, "{\"status\":\"ready\"}")
    } else {
        json(StatusCode::SERVICE_UNAVAILABLE, "{\"status\":\"draining\"}")
    }
}

fn json(status: StatusCode, body: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
