//! What went wrong with a request, in both shapes that Twilio has for it.

use std::time::Duration;

use serde_json::Value;

use super::request::Verb;
use crate::pii::Pii;

/// What Twilio said about a request that it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The status of the answer.
    pub status: u16,
    /// Twilio's own number for it: <https://www.twilio.com/docs/api/errors>.
    pub code: Option<u32>,
    /// Its words. They may quote what was asked.
    pub message: Pii<String>,
}

/// Why a request has no answer. Its text holds nothing of what was asked or said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    /// There is no connection: the request was never made.
    #[error("Twilio cannot be reached")]
    Unreachable,
    /// The connection was lost; nobody knows what became of the request.
    #[error("the connection to Twilio was lost")]
    Lost,
    /// No answer came in time; nobody knows what became of the request.
    #[error("Twilio did not answer in time")]
    Late,
    /// The credentials are wrong, or not for this.
    #[error("Twilio refused the credentials (status {}, {})", .0.status, code(.0))]
    Unauthorised(Problem),
    /// There is no such resource in this account and region.
    #[error("Twilio has no such resource ({})", code(.0))]
    NotFound(Problem),
    /// Too many requests; this one was not processed.
    #[error("Twilio limits how much is asked")]
    RateLimited {
        /// How long Twilio wants to be left alone.
        wait: Option<Duration>,
    },
    /// The request cannot be granted as it is.
    #[error("Twilio refused the request (status {}, {})", .0.status, code(.0))]
    Refused(Problem),
    /// Twilio is in trouble; nobody knows what became of the request.
    #[error("Twilio is not available (status {status})")]
    Unavailable {
        /// The status of the answer.
        status: u16,
    },
    /// An answer that nobody can read.
    #[error("the answer of Twilio cannot be read")]
    Broken,
}

fn code(problem: &Problem) -> String {
    problem.code.map_or_else(|| "no code".to_owned(), |code| format!("code {code}"))
}

impl RestError {
    /// The error of an answer that is none of success.
    pub(super) fn of(status: u16, body: &[u8], wait: Option<Duration>) -> Self {
        let problem = Problem::read(status, body);
        match status {
            401 | 403 => Self::Unauthorised(problem),
            404 => Self::NotFound(problem),
            429 => Self::RateLimited { wait },
            status if status >= 500 => Self::Unavailable { status },
            _ => Self::Refused(problem),
        }
    }

    /// Its word in figures.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Lost => "lost",
            Self::Late => "late",
            Self::Unauthorised(_) => "unauthorised",
            Self::NotFound(_) => "not_found",
            Self::RateLimited { .. } => "rate_limited",
            Self::Refused(_) => "refused",
            Self::Unavailable { .. } => "unavailable",
            Self::Broken => "broken",
        }
    }

    /// What Twilio said, if it said something.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Unauthorised(problem) | Self::NotFound(problem) | Self::Refused(problem) => Some(problem),
            Self::Unreachable
            | Self::Lost
            | Self::Late
            | Self::RateLimited { .. }
            | Self::Unavailable { .. }
            | Self::Broken => None,
        }
    }

    /// Whether the same request may be made again: it was not processed, or asking twice does no harm.
    pub(super) fn may_be_repeated(&self, verb: Verb) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unreachable => true,
            Self::Lost | Self::Late | Self::Unavailable { .. } => verb == Verb::Get,
            Self::Unauthorised(_) | Self::NotFound(_) | Self::Refused(_) | Self::Broken => false,
        }
    }
}

impl Problem {
    /// Reads `{"code", "message", "more_info", "status"}`, `{"errors": [{"code", "message", …}]}` and problem details
    /// with `title` and `detail`. A body that is none of them leaves the status.
    fn read(status: u16, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let first = body.get("errors").and_then(|errors| errors.get(0));
        let said = |key: &str| first.and_then(|first| first.get(key)).or_else(|| body.get(key));
        // Some products write the number as a text.
        let code = said("code").and_then(|code| {
            code.as_u64().and_then(|code| u32::try_from(code).ok()).or_else(|| code.as_str()?.parse().ok())
        });
        let message = ["message", "detail", "title"].iter().find_map(|key| said(key)?.as_str());
        Self { status, code, message: message.unwrap_or_default().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_are_read_and_neither_is_printed() {
        let bodies = [
            r#"{"code": 21220, "message": "Call +15551230000 is not in-progress", "more_info": "https://www.twilio.com/docs/errors/21220", "status": 400}"#,
            r#"{"errors": [{"code": 21220, "message": "Call +15551230000 is not in-progress", "infoUrl": "x", "context": {}}]}"#,
            r#"{"type": "about:blank", "title": "Bad Request", "status": 400, "code": "21220", "detail": "Call +15551230000 is not in-progress"}"#,
        ];
        for body in bodies {
            let error = RestError::of(400, body.as_bytes(), None);
            let problem = error.problem().unwrap();
            assert_eq!((problem.status, problem.code), (400, Some(21_220)), "{body}");
            assert_eq!(problem.message.expose(), "Call +15551230000 is not in-progress");
            for printed in [error.to_string(), format!("{error:?}")] {
                assert!(printed.contains("21220") && !printed.contains("555"), "{printed}");
            }
        }
    }

    #[test]
    fn a_page_in_place_of_an_error_leaves_the_status() {
        let error = RestError::of(403, b"<html>no</html>", None);
        assert_eq!(error.word(), "unauthorised");
        assert_eq!(error.problem().unwrap().code, None);
        assert_eq!(RestError::of(503, b"", None), RestError::Unavailable { status: 503 });
        assert_eq!(RestError::of(412, b"{}", None).word(), "refused");
    }

    #[test]
    fn what_may_have_been_done_is_not_done_twice() {
        let late = RestError::Late;
        assert!(late.may_be_repeated(Verb::Get) && !late.may_be_repeated(Verb::Post));
        let limited = RestError::RateLimited { wait: None };
        assert!(limited.may_be_repeated(Verb::Post));
        assert!(!RestError::of(404, b"{}", None).may_be_repeated(Verb::Get));
    }
}
