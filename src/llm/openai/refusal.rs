//! What went wrong, told by status, headers, and the few words by which servers say that a conversation is too
//! long for their model. The text of a refusal is looked at and dropped: it may quote the caller.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, RETRY_AFTER};

use crate::chat::{ModelError, Obstacle};

/// How much of a refusal is read: what it is about stands at its beginning.
const LONGEST_BODY: usize = 16 * 1024;
/// How long a refusal's text may take. The status alone says enough to go on.
const BODY_TIME: Duration = Duration::from_millis(500);

/// OpenAI's own header, finer than `Retry-After`.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// How servers say that a conversation is too long, in lower case. There is no standard: OpenAI and those close to
/// it send a code, the others a sentence.
const TOO_LONG: [&str; 12] = [
    // OpenAI, Azure, Groq.
    "context_length_exceeded",
    // vLLM, OpenRouter, Mistral.
    "maximum context length",
    "maximum model length",
    // llama.cpp.
    "exceed_context_size",
    "available context size",
    // LM Studio.
    "greater than the context length",
    // LiteLLM.
    "contextwindowexceeded",
    // Text Generation Inference, Together.
    "`inputs` tokens + `max_new_tokens` must be",
    // Anthropic and Fireworks.
    "prompt is too long",
    // Bedrock.
    "input is too long",
    // Gemini.
    "exceeds the maximum number of tokens",
    // Groq, where the limit is one of tokens per minute.
    "reduce the length of the messages",
];

/// What a response that is no success means.
pub(super) async fn refusal(response: reqwest::Response) -> ModelError {
    let status = response.status().as_u16();
    match status {
        401 | 403 | 404 => ModelError::Refused { status },
        // Larger than the server takes.
        413 => ModelError::TooLong,
        429 => ModelError::RateLimited { retry_after: retry_after(response.headers()) },
        408 | 409 | 500.. => {
            let retry_after = retry_after(response.headers());
            // Some servers call it an error of their own.
            if status == 500 && is_too_long(&beginning(response).await) {
                return ModelError::TooLong;
            }
            ModelError::Unavailable { status, retry_after }
        }
        _ if is_too_long(&beginning(response).await) => ModelError::TooLong,
        _ => ModelError::BadRequest { status },
    }
}

/// Whether a text of a server says that the conversation is too long.
pub(super) fn is_too_long(text: &str) -> bool {
    let text = text.to_lowercase();
    TOO_LONG.iter().any(|phrase| text.contains(phrase))
}

/// What kept a request from being made at all.
pub(super) fn obstacle(error: &reqwest::Error) -> Obstacle {
    if error.is_timeout() {
        return Obstacle::Time;
    }
    named(error).unwrap_or(Obstacle::Network)
}

/// The first cause that has a name, from the outside in.
fn named(error: &(dyn Error + 'static)) -> Option<Obstacle> {
    if error.is::<rustls::Error>() {
        return Some(Obstacle::Tls);
    }
    // The type is private to the connector; its text is fixed and holds no name.
    if error.to_string() == "dns error" {
        return Some(Obstacle::Name);
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        if error.kind() == io::ErrorKind::ConnectionRefused {
            return Some(Obstacle::Refused);
        }
        // What an `io::Error` wraps is not its source; that is the source of what it wraps.
        return named(error.get_ref()?);
    }
    named(error.source()?)
}

/// How long a provider wants to be left alone. A date is not read: a clock that is wrong would make us wait.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &HeaderName| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = number(&RETRY_AFTER_MS).map(|millis| millis / 1_000.0).or_else(|| number(&RETRY_AFTER));
    Duration::try_from_secs_f64(seconds?).ok()
}

async fn beginning(mut response: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            bytes.extend_from_slice(&chunk);
            if bytes.len() >= LONGEST_BODY {
                break;
            }
        }
    };
    // What came in time is looked at.
    let _ = tokio::time::timeout(BODY_TIME, read).await;
    bytes.truncate(LONGEST_BODY);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_say_in_many_ways_that_a_conversation_is_too_long() {
        for text in [
            r#"{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130021 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
            r#"{"object":"error","message":"This model's maximum context length is 8192 tokens. However, you requested 9000 tokens","type":"BadRequestError","code":400}"#,
            r#"{"error":{"message":"The decoder prompt (length 9000) is longer than the maximum model length of 8192."}}"#,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error"}}"#,
            r#"{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096"}"#,
            r#"{"error":{"message":"litellm.ContextWindowExceededError: ..."}}"#,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
            r#"[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."}}]"#,
        ] {
            assert!(is_too_long(text), "{text}");
        }
    }

    #[test]
    fn other_refusals_are_not_taken_for_it() {
        for text in [
            "",
            r#"{"error":{"message":"Invalid schema for function 'remember'","code":"invalid_function_parameters"}}"#,
            r#"{"error":{"message":"max_tokens is too large","code":"invalid_value"}}"#,
            r#"{"error":{"message":"string too long. Expected a string with maximum length 64","code":"string_above_max_length"}}"#,
        ] {
            assert!(!is_too_long(text), "{text}");
        }
    }

    #[test]
    fn a_wait_is_read_in_seconds_or_milliseconds() {
        let read = |name: HeaderName, value: &str| {
            retry_after(&HeaderMap::from_iter([(name, value.parse().unwrap())]))
        };
        assert_eq!(read(RETRY_AFTER, "2"), Some(Duration::from_secs(2)));
        assert_eq!(read(RETRY_AFTER, "0.5"), Some(Duration::from_millis(500)));
        assert_eq!(read(RETRY_AFTER_MS, "120"), Some(Duration::from_millis(120)));
        for nonsense in ["", "-1", "soon", "nan", "1e999", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(read(RETRY_AFTER, nonsense), None, "{nonsense}");
        }
    }
}
