//! What may go wrong with a model, told apart by what is to be done about it.

use std::fmt;
use std::time::Duration;

/// How long we wait before we ask a provider again that said "too many requests" and not for how long.
const RATE_LIMIT_PAUSE: Duration = Duration::from_millis(500);

/// Why a model's answer failed. Holds no payload: a provider's error text may quote the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No connection.
    #[error("model endpoint could not be reached: {0}")]
    Unreachable(Obstacle),
    /// Nothing came within the time a caller can wait.
    #[error("model sent nothing for {waited_ms} ms")]
    Silent {
        /// How long nothing came.
        waited_ms: u64,
    },
    /// 401, 403, 404: the settings are wrong, so asking again cannot help.
    #[error(
        "model endpoint refused the request with status {status}: check OPENAI_API_KEY, OPENAI_MODEL and OPENAI_BASE_URL"
    )]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// Another 4xx.
    #[error("model endpoint did not accept the request, status {status}")]
    BadRequest {
        /// The HTTP status.
        status: u16,
    },
    /// The conversation is longer than the model takes.
    #[error("the conversation is too long for the model")]
    TooLong,
    /// 429.
    #[error("model provider is rate limiting")]
    RateLimited {
        /// How long the provider wants to be left alone, if it said so.
        retry_after: Option<Duration>,
    },
    /// 5xx, 408, 409.
    #[error("model provider failed with status {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// How long the provider wants to be left alone, if it said so.
        retry_after: Option<Duration>,
    },
    /// The stream broke off, or carried an error.
    #[error("model stream broke off")]
    Broken,
    /// A tool call was still being written when nobody could wait any longer.
    #[error("model did not come to the end of a tool call")]
    Endless,
    /// Neither words nor tools.
    #[error("model answered with nothing")]
    Empty,
    /// A limit of the provider cut the answer.
    #[error("model's answer was cut at the provider's limit of tokens")]
    CutShort,
    /// The provider's filter stopped the answer.
    #[error("model's answer was stopped by the provider's content filter")]
    Filtered,
    /// The endpoint failed too often in a row, and was not asked.
    #[error("model endpoint was not asked: it failed again and again")]
    Resting,
}

/// What stood between us and an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Nobody listens there.
    Refused,
    /// The name has no address.
    Name,
    /// No agreement about encryption, or a certificate that proves nothing.
    Tls,
    /// No answer to the attempt to connect.
    Time,
    /// Something else of the network.
    Network,
}

impl ModelError {
    /// Whether the same question may be asked again at the same endpoint while the caller waits.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused { .. }
            | Self::BadRequest { .. }
            | Self::TooLong
            | Self::Endless
            | Self::Filtered
            | Self::Resting => false,
            Self::Unreachable(_)
            | Self::Silent { .. }
            | Self::RateLimited { .. }
            | Self::Unavailable { .. }
            | Self::Broken
            | Self::Empty
            | Self::CutShort => true,
        }
    }

    /// How long to wait before the same endpoint is asked again.
    pub fn pause(&self) -> Duration {
        match self {
            Self::RateLimited { retry_after } => retry_after.unwrap_or(RATE_LIMIT_PAUSE),
            Self::Unavailable { retry_after, .. } => retry_after.unwrap_or_default(),
            Self::Unreachable(_)
            | Self::Silent { .. }
            | Self::Refused { .. }
            | Self::BadRequest { .. }
            | Self::TooLong
            | Self::Broken
            | Self::Endless
            | Self::Empty
            | Self::CutShort
            | Self::Filtered
            | Self::Resting => Duration::ZERO,
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "connection refused",
            Self::Name => "its name has no address",
            Self::Tls => "TLS failed",
            Self::Time => "no connection in time",
            Self::Network => "the network failed",
        })
    }
}
