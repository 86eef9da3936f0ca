//! Our address as Twilio writes it: what it signs, and what our own links begin with.

use url::Url;

use crate::outbound::is_this_machine;

/// Scheme, host, port and path prefix of the public URL, without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    http: String,
    websocket: String,
}

impl Origin {
    /// Reads a public URL such as `https://bridge.example.com` or `https://example.com/bridge`.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text.trim()).map_err(|_| "is not a URL")?;
        let websocket_scheme = match url.scheme() {
            "https" => "wss",
            "http" => "ws",
            _ => return Err("must begin with https:// (or http:// for tests)"),
        };
        if url.host().is_none() || !url.username().is_empty() || url.password().is_some() {
            return Err("must name a host and no user");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must have neither a query nor a fragment");
        }
        // `Url` writes the host in lower case and drops the default port, as Twilio does.
        let http = url.as_str().trim_end_matches('/').to_owned();
        let websocket = format!("{websocket_scheme}{}", &http[url.scheme().len()..]);
        Ok(Self { http, websocket })
    }

    /// The origin of a server that only this machine reaches.
    pub fn loopback(port: u16) -> Self {
        Self { http: format!("http://127.0.0.1:{port}"), websocket: format!("ws://127.0.0.1:{port}") }
    }

    /// The address of a path, for webhooks and links.
    pub fn http(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.http)
    }

    /// Whether a browser's `Origin` header names this address.
    pub fn is_that_of(&self, header: &str) -> bool {
        let (Ok(own), Ok(theirs)) = (Url::parse(&self.http), Url::parse(header)) else { return false };
        own.origin() == theirs.origin()
    }

    /// Whether browsers reach it over TLS.
    pub fn is_secure(&self) -> bool {
        self.http.starts_with("https:")
    }

    /// The address of a path, for the relay's socket.
    pub fn websocket(&self, path: &str) -> String {
        format!("{}{path}", self.websocket)
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.http)
    }
}

/// Whether a `Host` header, or the host of a URL, names this machine.
pub fn is_loopback_host(host: &str) -> bool {
    Url::parse(&format!("http://{host}/")).is_ok_and(|url| is_this_machine(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_gives_both_schemes_and_keeps_its_prefix() {
        let origin = Origin::parse("https://Example.com:443/bridge/").unwrap();
        assert_eq!(origin.http("/voice/incoming"), "https://example.com/bridge/voice/incoming");
        assert_eq!(origin.websocket("/voice/relay/x"), "wss://example.com/bridge/voice/relay/x");
        let origin = Origin::parse("http://127.0.0.1:9000").unwrap();
        assert_eq!(origin.websocket("/r"), "ws://127.0.0.1:9000/r");
    }

    #[test]
    fn a_browser_names_us_by_scheme_host_and_port() {
        let origin = Origin::parse("https://bridge.example.com/bridge").unwrap();
        assert!(origin.is_that_of("https://bridge.example.com"));
        for other in ["http://bridge.example.com", "https://bridge.example.com:8443", "null", ""] {
            assert!(!origin.is_that_of(other), "{other}");
        }
    }

    #[test]
    fn what_twilio_could_not_reach_or_sign_is_refused() {
        for text in ["bridge.example.com", "wss://example.com", "https://u:p@example.com", "https://a.b/?x=1"]
        {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "127.8.8.8"] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in ["abc.ngrok.app", "localhost.example.com", "10.0.0.1", "", "127.0.0.1.nip.io"] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }
}
