//! A repeated request gets the same answer: two different ones could put a caller into two queues.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use moka::sync::Cache;

use super::Twiml;
use super::form::Form;

/// How long an answer is kept. Twilio gives up on a call's webhook after 15 s.
const KEPT: Duration = Duration::from_secs(60);
const MOST: u64 = 50_000;
const HEADER: &str = "i-twilio-idempotency-token";

/// Recent answers.
pub struct Answered(Cache<String, Arc<str>>);

impl Default for Answered {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_live(KEPT).build())
    }
}

impl Answered {
    /// The answer given before to the same request.
    pub(super) fn before(&self, key: Option<&String>) -> Option<Twiml> {
        self.0.get(key?).map(|answer| Twiml(answer.to_string()))
    }

    /// The answer given before to the same request, or a new one. Two at once get one answer.
    pub(super) fn once(&self, key: Option<String>, answer: impl FnOnce() -> Twiml) -> Twiml {
        match key {
            Some(key) => Twiml(self.0.get_with(key, || answer().0.into()).to_string()),
            None => answer(),
        }
    }
}

/// What makes two requests the same: Twilio's own token, else the path, the call and these parameters.
pub(super) fn key(path: &str, headers: &HeaderMap, form: &Form, names: &[&str]) -> Option<String> {
    if let Some(token) = headers.get(HEADER).and_then(|token| token.to_str().ok()) {
        return Some(format!("{path} {token}"));
    }
    let mut key = format!("{path} {}", form.call_sid()?);
    for name in names {
        key.push(' ');
        key.push_str(form.text(name)?);
    }
    Some(key)
}
