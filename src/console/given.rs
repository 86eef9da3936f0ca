//! What a request brings along, read so that every mistake in it is a [`Problem`].

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::ids::CallSid;

/// A JSON body.
pub(super) struct Given<T>(pub(super) T);

/// A JSON body that may be missing.
pub(super) struct Maybe<T>(pub(super) T);

/// The parameters behind the `?`.
pub(super) struct Asked<T>(pub(super) T);

/// The call in the address.
pub(super) struct Named(pub(super) CallSid);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Given<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(refusal(&rejection)),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for Maybe<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_empty = request.headers().get(header::CONTENT_LENGTH).is_none_or(|length| length == "0")
            && !request.headers().contains_key(header::TRANSFER_ENCODING);
        if is_empty {
            return Ok(Self(T::default()));
        }
        let given: Given<Option<T>> = Given::from_request(request, state).await?;
        Ok(Self(given.0.unwrap_or_default()))
    }
}

/// The library's own texts quote the body.
fn refusal(rejection: &JsonRejection) -> Problem {
    let detail = match rejection {
        JsonRejection::MissingJsonContentType(_) => "the body must be application/json",
        JsonRejection::JsonSyntaxError(_) => "the body is not JSON",
        JsonRejection::JsonDataError(_) => "the body does not have the keys and types it should",
        JsonRejection::BytesRejection(_) | _ => "the body cannot be read",
    };
    Problem::new(rejection.status(), detail)
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let asked = Query::from_request_parts(parts, state).await;
        asked
            .map(|Query(asked)| Self(asked))
            .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "a parameter behind the ? cannot be read"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = Path::<CallSid>::from_request_parts(parts, state).await;
        // What is no name of a call is the name of none.
        named.map(|Path(call_sid)| Self(call_sid)).map_err(|_| Problem::no_such_call())
    }
}
