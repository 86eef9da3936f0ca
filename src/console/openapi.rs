//! The API's routes and its description, from the same list: neither can have what the other has not.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as OpenApi_, Ref, RefOr, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::Problem;
use super::{Desk, about, access, actions, calls, lists, phone, session, stream};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Warmline",
        description = "Calls live and past, hand-offs, and what can be done to a running call. docs/CONSOLE.md tells \
                       how to sign in. Requests that change something need the header `X-Warmline: 1`.",
        license(name = "MIT OR Apache-2.0"),
    ),
    components(schemas(Problem, crate::live::LiveCall, crate::live::Gone))
)]
struct Described;

/// The routes, and what describes them.
pub(super) fn routes(desk: &Desk) -> (Router<Desk>, Arc<str>) {
    let (open, in_the_open) = open().split_for_parts();
    let (closed, behind) = signed_in().split_for_parts();
    let text = serde_json::to_string(&complete(behind, in_the_open)).unwrap_or_default();
    let open = open.layer(from_fn_with_state(desk.clone(), access::from_own_page));
    let closed = closed.layer(from_fn_with_state(desk.clone(), access::signed_in));
    (open.merge(closed), text.into())
}

/// The description, as it is served.
pub fn document() -> String {
    let described = complete(signed_in().into_openapi(), open().into_openapi());
    serde_json::to_string_pretty(&described).unwrap_or_default()
}

pub(super) async fn answer(text: Arc<str>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text.to_string()).into_response()
}

/// What may be asked before somebody has signed in.
fn open() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(session::show, session::sign_in, session::sign_out))
}

/// Everything else.
fn signed_in() -> OpenApiRouter<Desk> {
    OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(calls::list))
        .routes(routes!(calls::show, calls::delete))
        .routes(routes!(calls::turns))
        .routes(routes!(calls::reveal))
        .routes(routes!(actions::escalate))
        .routes(routes!(actions::whisper))
        .routes(routes!(lists::handoffs))
        .routes(routes!(lists::audit))
        .routes(routes!(stream::board))
        .routes(routes!(stream::call))
        .routes(routes!(about::settings))
        .routes(routes!(about::health))
        .routes(routes!(phone::dial))
}

/// Adds what is the same everywhere: the cookie, and the problems that any request may meet.
fn complete(mut closed: OpenApi_, mut open: OpenApi_) -> OpenApi_ {
    for item in closed.paths.paths.values_mut() {
        for (operation, changes) in operations(item) {
            problems(operation, changes, true);
            operation.security = Some(vec![SecurityRequirement::new("session", Vec::<String>::new())]);
        }
    }
    for item in open.paths.paths.values_mut() {
        for (operation, changes) in operations(item) {
            problems(operation, changes, false);
        }
    }
    closed.merge(open);
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(crate::gate::COOKIE)));
    closed.components.get_or_insert_default().add_security_scheme("session", cookie);
    closed
}

/// Every operation of an address, and whether it changes something.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let PathItem { get, post, delete, .. } = item;
    [(get, false), (post, true), (delete, true)]
        .into_iter()
        .filter_map(|(operation, changes)| Some((operation.as_mut()?, changes)))
}

fn problems(operation: &mut Operation, changes: bool, signed_in: bool) {
    let has_body = operation.request_body.is_some();
    let has_query = operation.parameters.iter().flatten().any(
        |parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query),
    );
    for (status, applies, text) in [
        ("400", has_body || has_query, "A parameter or the body cannot be read"),
        ("401", signed_in, "Nobody is signed in"),
        ("403", true, "The request does not come from the console's own page, or from this machine"),
        ("404", true, "There is no such thing, or no console"),
        ("413", has_body, "The body is too long"),
        ("415", has_body, "The body is not JSON"),
        ("422", has_body, "The body does not hold what it should"),
        ("503", signed_in, "What is kept of calls cannot be read now, or too much is asked at once"),
    ] {
        if applies && (status != "403" || changes) {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let response = ResponseBuilder::new().description(text);
            let response = response.content("application/problem+json", content).build();
            operation.responses.responses.entry(status.to_owned()).or_insert(response.into());
        }
    }
    for (status, response) in &mut operation.responses.responses {
        // The ones that handlers name themselves are problems too.
        if status.starts_with(['4', '5'])
            && let RefOr::T(response) = response
            && let Some(content) = response.content.shift_remove("application/json")
        {
            response.content.insert("application/problem+json".to_owned(), content);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_described_and_says_what_may_go_wrong() {
        let described: serde_json::Value = serde_json::from_str(&document()).unwrap();
        let paths = described["paths"].as_object().unwrap();
        assert!(paths.len() >= 13, "{:?}", paths.keys());
        for (path, item) in paths {
            for (method, operation) in item.as_object().unwrap() {
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path}");
                assert!(responses.contains_key("404"), "{method} {path}");
                assert_eq!(responses.contains_key("401"), path != "/api/v1/session" || method == "post");
                for (status, response) in responses.iter().filter(|(status, _)| !status.starts_with('2')) {
                    let kinds: Vec<_> = response["content"].as_object().unwrap().keys().collect();
                    assert_eq!(kinds, ["application/problem+json"], "{method} {path} {status}");
                }
            }
        }
        let schemas = &described["components"]["schemas"];
        assert!(schemas["LiveCall"].is_object());
        // Two types of one name would be described as one of them.
        assert!(schemas["Tool"]["properties"]["arguments"].is_object());
        assert!(schemas["Calls"]["properties"]["next"].is_object());
        let text = described.to_string();
        for name in text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(schemas[name].is_object(), "{name} is not described");
        }
    }
}
