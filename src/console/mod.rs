//! The console at `/`, its API under `/api/v1`, and the page for the person who takes a call.
//!
//! Everything here is for people, and nothing of it is on the way of a call. docs/CONSOLE.md tells who may use
//! it, and how.

mod about;
mod access;
mod actions;
mod calls;
mod cursor;
mod detail;
mod desk;
mod files;
mod followed;
mod given;
mod headers;
mod lists;
mod openapi;
mod phone;
mod problem;
mod reading;
mod session;
mod stream;

pub use headers::Peer;
pub use openapi::document;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;

use crate::http::{Shared, only_this_machine_when_open};
use problem::Problem;
use reading::Reading;

/// The longest body of a request. A note has 500 characters.
const LONGEST_BODY: usize = 16 * 1024;

/// What handlers share: the bridge, and the way to what is kept.
#[derive(Clone)]
struct Desk {
    bridge: Shared,
    reading: Reading,
    followed: followed::Followed,
}

/// All routes of the console.
pub fn router(bridge: Shared) -> Router {
    let reading = Reading::new(bridge.store.archive());
    let state = Desk { reading, followed: followed::Followed::default(), bridge: bridge.clone() };
    let (api, document) = openapi::routes(&state);
    let api = api
        .route("/api/openapi.json", get(move || openapi::answer(document.clone())))
        .route("/api", get(nowhere))
        .route("/api/{*rest}", axum::routing::any(nowhere))
        .method_not_allowed_fallback(not_so)
        .layer(from_fn_with_state(state.clone(), access::is_on))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn(headers::api));
    let desk = Router::new()
        .route("/desk/{token}", get(desk::show))
        .layer(from_fn_with_state(bridge.clone(), headers::desk));
    let files = Router::new()
        .route("/", get(files::index))
        .route("/console/{*path}", get(files::file))
        .layer(from_fn(headers::page));
    api.merge(desk)
        .merge(files)
        .with_state(state)
        .layer(from_fn_with_state(bridge, only_this_machine_when_open))
}

async fn nowhere() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing at this address")
}

async fn not_so() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this address does not take that method")
}
