//! Who may use the API, checked as layers, so that no route can forget it.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Desk;
use super::problem::Problem;
use crate::config::Origin;
use crate::gate::Visitor;
use crate::http::{Sender, sender};

/// What a request that changes something has to carry. No other page's form can send it, and no other page's
/// script may.
const HEADER: &str = "x-warmline";

/// How a console that is off is turned on.
pub(super) const OFF: &str =
    "the console is off: this server can be reached by others; set WARMLINE_CONSOLE_PASSWORD to turn it on";

/// Lets requests pass where there is a console.
pub(super) async fn is_on(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    if !desk.bridge.gate.is_on() {
        return Problem::new(StatusCode::NOT_FOUND, OFF).into_response();
    }
    next.run(request).await
}

/// Lets requests pass that come from somebody who may use the console, and only from its own page.
pub(super) async fn signed_in(State(desk): State<Desk>, mut request: Request, next: Next) -> Response {
    let Some(visitor) = visitor(&desk, request.headers()) else {
        return Problem::new(StatusCode::UNAUTHORIZED, "sign in to the console first").into_response();
    };
    request.extensions_mut().insert(visitor);
    from_own_page(State(desk), request, next).await
}

/// Lets requests pass that change something only from the console's own page.
pub(super) async fn from_own_page(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    if !is_own(request.method(), request.headers(), &desk.bridge.origin.current()) {
        let detail = "only the console's own page may do this; the header X-Warmline: 1 says so";
        return Problem::new(StatusCode::FORBIDDEN, detail).into_response();
    }
    next.run(request).await
}

/// Who sent a request, if they may use the console.
pub(super) fn visitor(desk: &Desk, headers: &HeaderMap) -> Option<Visitor> {
    let cookies = headers.get(header::COOKIE).and_then(|cookies| cookies.to_str().ok());
    desk.bridge.gate.visitor(cookies)
}

fn is_own(method: &Method, headers: &HeaderMap, origin: &Origin) -> bool {
    let only_reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    only_reads || (headers.contains_key(HEADER) && sender(headers, origin) != Sender::Other)
}
