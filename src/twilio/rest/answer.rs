//! What came back.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{DATE, ETAG, RETRY_AFTER};
use serde_json::Value;

use super::RestError;

/// The largest answer that is read, in bytes. A page of a thousand numbers takes some two million.
const LARGEST: usize = 4 * 1024 * 1024;

/// An answer of success.
pub(super) struct Answer {
    pub(super) body: Value,
    /// Which version of the resource it is, where Twilio says so.
    pub(super) version: Option<String>,
    /// What time it was where it was written.
    pub(super) date: Option<String>,
}

pub(super) async fn read(mut response: Response) -> Result<Answer, RestError> {
    let status = response.status();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let wait = header(RETRY_AFTER).and_then(|wait| wait.trim().parse().ok()).map(Duration::from_secs);
    let (version, date) = (header(ETAG), header(DATE));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| RestError::Lost)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(RestError::Broken);
        }
        body.extend_from_slice(&chunk);
    }
    if !status.is_success() {
        return Err(RestError::of(status.as_u16(), &body, wait));
    }
    let body = serde_json::from_slice(&body).map_err(|_| RestError::Broken)?;
    Ok(Answer { body, version, date })
}
