//! `/healthz`, `/readyz` and `/metrics`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::Shared;
use crate::meters::{Now, Prompts};
use crate::playbook::{InForce, Playbook};

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

/// The figures, as Prometheus reads them. Where a token is set, who asks must bear it.
pub(super) async fn metrics(State(bridge): State<Shared>, headers: HeaderMap) -> Response {
    if let Some(token) = &bridge.metrics_token {
        let given = headers.get(header::AUTHORIZATION).and_then(|given| given.to_str().ok());
        let given = given.and_then(|given| given.strip_prefix("Bearer ")).unwrap_or_default();
        if !bool::from(given.as_bytes().ct_eq(token.expose_secret().as_bytes())) {
            let hint = [(header::WWW_AUTHENTICATE, "Bearer")];
            return (StatusCode::UNAUTHORIZED, hint, "WARMLINE_METRICS_TOKEN is wanted\n").into_response();
        }
    }
    let store = bridge.store.health();
    let InForce { playbooks, broken } = bridge.shelf.in_force();
    let prompts = |(playbook, share): &(Arc<Playbook>, f64)| Prompts {
        variant: playbook.variant().to_owned(),
        version: playbook.version().to_owned(),
        share: *share,
    };
    let text = bridge.meters.render(&Now {
        calls: bridge.calls.count(),
        calls_limit: bridge.limits.calls,
        draining: !bridge.is_ready(),
        store_away: store.away,
        store_waiting: store.waiting,
        store_lost: store.lost,
        store_lag: store.lag,
        resident: bridge.room.occupied(),
        prompts: playbooks.iter().map(prompts).collect(),
        prompts_broken: broken.len(),
    });
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn json(status: StatusCode, body: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
