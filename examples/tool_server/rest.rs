//! The tools as plain HTTP.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::depot::Depot;
use super::mcp;

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// Every address.
pub(crate) fn routes(depot: Arc<Depot>) -> Router {
    Router::new()
        .route("/parcels/{number}", get(parcel))
        .route("/slots", get(slots))
        .route("/slots/{day}", post(book))
        .route("/lines", get(line))
        .route("/mcp", post(asked))
        .with_state(depot)
}

fn refusal(status: StatusCode, error: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "error": error })))
}

async fn parcel(State(depot): State<Arc<Depot>>, Path(number): Path<String>) -> Answer {
    depot.parcel(&number).map(Json).ok_or_else(|| refusal(StatusCode::NOT_FOUND, "no such parcel"))
}

async fn slots(State(depot): State<Arc<Depot>>, Query(asked): Query<HashMap<String, String>>) -> Answer {
    let day = asked.get("day").map(String::as_str).unwrap_or_default();
    depot.slots(day).map(Json).ok_or_else(|| refusal(StatusCode::NOT_FOUND, "no such day"))
}

async fn book(
    State(depot): State<Arc<Depot>>,
    Path(day): Path<String>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Answer {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let key = key.ok_or_else(|| refusal(StatusCode::BAD_REQUEST, "no key"))?;
    let time = asked["time"].as_str().unwrap_or_default();
    depot.book(key, &day, time).map(Json).map_err(|error| refusal(StatusCode::CONFLICT, error))
}

async fn line(State(depot): State<Arc<Depot>>, Query(asked): Query<HashMap<String, String>>) -> Json<Value> {
    Json(depot.line(asked.get("area").map(String::as_str).unwrap_or_default()))
}

async fn asked(State(depot): State<Arc<Depot>>, message: String) -> (StatusCode, HeaderMap, String) {
    let mut headers = HeaderMap::new();
    match mcp::answer(&depot, &message) {
        Some(answer) => {
            headers.insert("content-type", axum::http::HeaderValue::from_static("application/json"));
            (StatusCode::OK, headers, answer)
        }
        None => (StatusCode::ACCEPTED, headers, String::new()),
    }
}
