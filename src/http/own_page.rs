//! Whether a browser sends a request for our own page, or for somebody else's.
//!
//! <https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site>

use axum::http::{HeaderMap, header};
use url::Url;

use crate::config::Origin;

/// For whom a browser sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Our own page.
    Ours,
    /// Another page, which may be anybody's.
    Other,
    /// The request does not say: an old browser, or none.
    Unsaid,
}

/// For whom a request is sent. `own` is our public address; the one in `Host` is ours too, since a page that
/// was loaded from there came from us, and a cookie of ours goes to no other.
pub fn sender(headers: &HeaderMap, own: &Origin) -> Sender {
    let text =
        |name| headers.get(name).map(|value: &axum::http::HeaderValue| value.to_str().unwrap_or_default());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return Sender::Other;
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else {
        return if text("sec-fetch-site").is_some() { Sender::Ours } else { Sender::Unsaid };
    };
    let host = text(header::HOST.as_str()).unwrap_or_default();
    let same_host = |scheme: &str| {
        let (ours, theirs) = (Url::parse(&format!("{scheme}://{host}")), Url::parse(origin));
        ours.is_ok_and(|ours| theirs.is_ok_and(|theirs| ours.origin() == theirs.origin()))
    };
    let ours = own.is_that_of(origin) || (!host.is_empty() && (same_host("https") || same_host("http")));
    if ours { Sender::Ours } else { Sender::Other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_page_is_told_from_ours() {
        let own = Origin::parse("https://bridge.example.com").unwrap();
        let of = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            sender(&headers.collect(), &own)
        };
        for (headers, expected) in [
            (&[("host", "bridge.example.com"), ("origin", "https://bridge.example.com")][..], Sender::Ours),
            // Behind a proxy that says another name.
            (&[("host", "10.0.0.7:8080"), ("origin", "https://bridge.example.com")], Sender::Ours),
            (&[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")], Sender::Ours),
            (&[("host", "x"), ("sec-fetch-site", "same-origin")], Sender::Ours),
            (&[("host", "127.0.0.1:8080")], Sender::Unsaid),
            (&[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:9090")], Sender::Other),
            (&[("host", "bridge.example.com"), ("origin", "https://evil.example")], Sender::Other),
            (&[("host", "bridge.example.com"), ("origin", "null")], Sender::Other),
            (&[("host", ""), ("origin", "https://evil.example")], Sender::Other),
            (
                &[
                    ("host", "bridge.example.com"),
                    ("origin", "https://bridge.example.com"),
                    ("sec-fetch-site", "cross-site"),
                ],
                Sender::Other,
            ),
            (&[("host", "x"), ("sec-fetch-site", "same-site")], Sender::Other),
        ] {
            assert_eq!(of(headers), expected, "{headers:?}");
        }
    }
}
