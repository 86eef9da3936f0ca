//! How requests leave: once, and with an eye on the status before anything else.

use std::pin::Pin;
use std::task::{Context, Poll};

use async_openai::error::OpenAIError;
use async_openai::middleware::{HttpRequestFactory, ReqwestService};
use tower::Service;

use super::refusal::refusal;

/// A plain client. async-openai's own retries three times and sleeps out any `Retry-After`, which a caller
/// hears as silence; when to ask again is the session's to decide.
///
/// A refusal becomes a [`ModelError`](crate::chat::ModelError) of ours before the library sees it. Its body may
/// quote the caller, and gateways send pages that the library would read as an error of another kind.
#[derive(Clone)]
pub(super) struct Transport(ReqwestService);

impl Transport {
    pub(super) fn new(client: reqwest::Client) -> Self {
        Self(ReqwestService::new(client))
    }
}

impl Service<HttpRequestFactory> for Transport {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<reqwest::Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let response = self.0.call(request);
        Box::pin(async move {
            let response = response.await?;
            if response.status().is_success() {
                return Ok(response);
            }
            Err(OpenAIError::Boxed(Box::new(refusal(response).await)))
        })
    }
}
