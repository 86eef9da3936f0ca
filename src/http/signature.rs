//! Who may come in: checked as a layer, so that no route can forget it.

use axum::body::{Body as RequestBody, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use tracing::warn;

use super::form::Form;
use super::own_page::{Sender, sender};
use super::{Shared, phone};
use crate::config::{Access, is_loopback_host};
use crate::meters::Refusal;
use crate::twilio::signature::{Body, form};

/// The longest body that is read. Twilio's are a few KiB.
const LONGEST_BODY: usize = 1024 * 1024;
const HEADER: &str = "x-twilio-signature";

/// Admits requests that Twilio signed, and hands their parameters on.
pub(super) async fn check(State(bridge): State<Shared>, request: Request, next: Next) -> Response {
    if let Some(refused) = refuse_strangers_when_open(&bridge, request.headers()) {
        return refused;
    }
    // Nobody signs for an open server's calls, and any website can make a browser send a form here.
    if matches!(bridge.access, Access::Loopback)
        && sender(request.headers(), &bridge.origin.current()) == Sender::Other
    {
        return refusal(&bridge, Refusal::Stranger, "sent by another page");
    }
    let signed = matches!(bridge.access, Access::Signed(_));
    let has_signature = request.headers().contains_key(HEADER);
    // Who signs is Twilio, whatever cookies it was given on the way.
    let by_phone = signed && !has_signature && phone::is_claimed(request.headers());
    if signed && !by_phone && !has_signature {
        return refusal(&bridge, Refusal::Unsigned, "no X-Twilio-Signature");
    }
    let (mut parts, body) = request.into_parts();
    let body = match timeout(bridge.limits.request, to_bytes(body, LONGEST_BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            warn!("request body over 1 MiB refused");
            return (StatusCode::PAYLOAD_TOO_LARGE, "the body is over 1 MiB\n").into_response();
        }
        Err(_) => {
            warn!("request body took too long");
            return (StatusCode::REQUEST_TIMEOUT, "the body took too long\n").into_response();
        }
    };
    let fields = is_form(&parts.headers).then(|| form(&body));
    if signed && !by_phone && !is_signed(&bridge, &parts.headers, &parts.uri, fields.as_deref(), &body) {
        let reason = "X-Twilio-Signature does not fit: check TWILIO_AUTH_TOKEN and PUBLIC_URL";
        return refusal(&bridge, Refusal::Forged, reason);
    }
    // A GET has its parameters in the address, and our own are there in any case.
    let mut fields = fields.unwrap_or_default();
    fields.extend(form(parts.uri.query().unwrap_or_default().as_bytes()));
    let form = Form::new(fields);
    if by_phone && !phone::admits(&bridge, &parts.headers, parts.uri.path(), &form) {
        return refusal(&bridge, Refusal::Forged, "the phone of the console is not admitted here");
    }
    parts.extensions.insert(form);
    next.run(Request::from_parts(parts, RequestBody::empty())).await
}

/// An open server answers this machine only: a tunnel to it must not open it to the world.
pub async fn only_this_machine_when_open(
    State(bridge): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    match refuse_strangers_when_open(&bridge, request.headers()) {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}

fn refuse_strangers_when_open(bridge: &Shared, headers: &HeaderMap) -> Option<Response> {
    if !matches!(bridge.access, Access::Loopback) {
        return None;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let reason = "this server is open to its own machine only; set TWILIO_AUTH_TOKEN and PUBLIC_URL";
    (!is_loopback_host(host)).then(|| refusal(bridge, Refusal::Stranger, reason))
}

/// The signature covers the address as Twilio knows it: built from the settings, never from `Host`.
fn is_signed(
    bridge: &Shared,
    headers: &HeaderMap,
    uri: &Uri,
    fields: Option<&[(String, String)]>,
    body: &Bytes,
) -> bool {
    let path = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
    let is_socket = headers.contains_key(header::SEC_WEBSOCKET_KEY);
    let given = headers.get(HEADER).and_then(|given| given.to_str().ok()).unwrap_or_default();
    let body = match fields {
        Some(fields) => Body::Form(fields),
        None if body.is_empty() => Body::None,
        None => Body::Raw(body),
    };
    // A call that began under an earlier address of a tunnel comes back under that one.
    bridge.origin.known().iter().any(|origin| {
        let url = if is_socket { origin.websocket(path) } else { origin.http(path) };
        bridge.verifier.verifies(given, &url, body)
    })
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn refusal(bridge: &Shared, why: Refusal, reason: &'static str) -> Response {
    bridge.meters.refused(why);
    warn!(reason, "request refused");
    (StatusCode::FORBIDDEN, format!("{reason}\n")).into_response()
}
