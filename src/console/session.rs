//! `/api/v1/session`: who is there, signing in and out.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tracing::{info, warn};
use utoipa::ToSchema;

use super::given::Given;
use super::headers::Peer;
use super::problem::Problem;
use super::{Desk, access};
use crate::gate::{COOKIE, Refused, SESSION};

/// Who is there, and what this server is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    /// Whether a password is needed here, and was given.
    access: Access,
    /// The version of Warmline.
    version: &'static str,
    /// Who answers callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// Whether that is the embedded agent, which is no language model.
    #[serde(skip_serializing_if = "Option::is_none")]
    embedded_agent: Option<bool>,
    /// The node that answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    /// Its calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<Live>,
}

/// How many calls are live.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Live {
    live: usize,
}

/// Whether a password is needed, and was given.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Access {
    /// None is needed on this machine.
    Open,
    /// It was given.
    SignedIn,
    /// It has to be given first.
    SignedOut,
}

/// What opens the console.
#[derive(Deserialize, ToSchema)]
pub(super) struct SignIn {
    /// The password of the settings.
    #[schema(value_type = String)]
    password: SecretString,
}

/// Who is there.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", operation_id = "session",
    responses((status = 200, body = Session)))]
pub(super) async fn show(State(desk): State<Desk>, headers: HeaderMap) -> Json<Session> {
    let bridge = &desk.bridge;
    let known = access::visitor(&desk, &headers).is_some();
    let access = match (known, bridge.gate.is_open()) {
        (true, true) => Access::Open,
        (true, false) => Access::SignedIn,
        (false, _) => Access::SignedOut,
    };
    Json(Session {
        access,
        version: env!("CARGO_PKG_VERSION"),
        model: known.then(|| bridge.model.describe()),
        embedded_agent: known.then_some(bridge.embedded),
        node: known.then(|| bridge.board.node().to_owned()),
        calls: known.then(|| Live { live: bridge.calls.count() }),
    })
}

/// Sign in.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", operation_id = "signIn",
    request_body = SignIn, responses((status = 204), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn sign_in(
    State(desk): State<Desk>,
    peer: Option<Extension<Peer>>,
    Given(given): Given<SignIn>,
) -> Result<Response, Problem> {
    let bridge = &desk.bridge;
    let from = peer.map(|Extension(Peer(from))| from);
    match bridge.gate.sign_in(given.password, from).await {
        Ok(value) => {
            info!("signed in to the console");
            let cookie = cookie(&value, SESSION.as_secs(), bridge.origin.is_secure());
            Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
        }
        Err(Refused::Needless) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(refused @ Refused::Wrong) => {
            warn!("wrong password for the console");
            Err(Problem::new(StatusCode::UNAUTHORIZED, refused.to_string()))
        }
        Err(refused @ Refused::TooMany(seconds)) => {
            warn!("too many wrong passwords for the console");
            Err(Problem::later(StatusCode::TOO_MANY_REQUESTS, &refused.to_string(), seconds))
        }
    }
}

/// Sign out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", operation_id = "signOut",
    responses((status = 204)))]
pub(super) async fn sign_out(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    if let Some(visitor) = access::visitor(&desk, &headers) {
        desk.bridge.gate.sign_out(&visitor.id);
        desk.bridge.board.signed_out(&visitor.id).await;
    }
    let cookie = cookie("", 0, desk.bridge.origin.is_secure());
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

fn cookie(value: &str, seconds: u64, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}
