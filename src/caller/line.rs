//! Twilio's side of the webhooks: one account, its signed requests, and where they go.
//!
//! <https://www.twilio.com/docs/usage/security>

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use url::{Url, form_urlencoded};

use super::call::Call;
use super::error::CallError;
use crate::twilio::signature::sign;
use crate::twiml::{Element, parse};

/// All attempts at one webhook together get this long.
const PATIENCE: Duration = Duration::from_secs(15);

/// One account, against one server.
#[derive(Debug, Clone)]
pub struct Twilio {
    base: Url,
    public: Url,
    account_sid: String,
    auth_token: Option<SecretString>,
    http: reqwest::Client,
}

/// A webhook's answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The declared type; empty if there is none.
    pub content_type: String,
    /// The body.
    pub body: String,
}

impl Twilio {
    /// An account whose number points at `public`, which is what gets signed, and which is reached at `base`:
    /// the same server, without the tunnel. Without a token nothing is signed.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made.
    pub fn new(
        base: Url,
        public: Url,
        account_sid: impl Into<String>,
        auth_token: Option<SecretString>,
    ) -> Result<Self, CallError> {
        // Fails only if the process has chosen a provider already, which then serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE);
        if base.scheme() == "http" {
            // Loopback needs no certificates, so it works on a machine that has none.
            http = http.tls_certs_only([]);
        }
        let http = http.build().map_err(CallError::Client)?;
        Ok(Self { base, public, account_sid: account_sid.into(), auth_token, http })
    }

    /// Somebody picks up the phone. Nothing is requested before [`Call::dial`].
    pub fn call(&self, from: &str, to: &str) -> Call {
        Call::new(self.clone(), from, to)
    }

    /// The same account with another token, or none: somebody who only says that he is Twilio.
    #[must_use]
    pub fn signing_with(&self, auth_token: Option<SecretString>) -> Self {
        Self { auth_token, ..self.clone() }
    }

    /// The same account, whose requests reach another server behind the same public address.
    #[must_use]
    pub fn reached_at(&self, base: Url) -> Self {
        Self { base, ..self.clone() }
    }

    /// The account's identifier.
    pub fn account_sid(&self) -> &str {
        &self.account_sid
    }

    /// The address of a path, as the world sees it.
    pub fn public(&self, path: &str) -> String {
        resolve(&self.public, path)
    }

    /// Posts a form to a public address, signed, and returns whatever is answered.
    ///
    /// # Errors
    ///
    /// When there is no answer at all.
    pub async fn post(
        &self,
        url: &str,
        fields: &[(String, String)],
        idempotency_token: &str,
    ) -> Result<Answer, CallError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = self
            .http
            .post(self.local(url)?)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8")
            .header(USER_AGENT, "TwilioProxy/1.1")
            .header("i-twilio-idempotency-token", idempotency_token)
            .body(body);
        if let Some(signature) = self.signature(url, fields) {
            request = request.header("x-twilio-signature", signature);
        }
        let unreachable = |error: reqwest::Error| CallError::Unreachable(error.without_url());
        let response = request.send().await.map_err(unreachable)?;
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Ok(Answer {
            status: response.status().as_u16(),
            content_type: content_type.unwrap_or_default().to_owned(),
            body: response.text().await.map_err(unreachable)?,
        })
    }

    /// The handshake for a relay address, signed over exactly the text in the document.
    pub(super) fn handshake(&self, url: &str) -> Result<Request, CallError> {
        let local = self.local(url)?;
        let mut request = local.as_str().into_client_request().map_err(|_| CallError::Address)?;
        let signature = self.signature(url, &[]);
        let headers = [("x-twilio-signature", signature), ("user-agent", Some("Jetty/11.0.24".to_owned()))];
        for (name, value) in headers.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            request.headers_mut().insert(name, value.parse().map_err(|_| CallError::Address)?);
        }
        Ok(request)
    }

    fn signature(&self, url: &str, fields: &[(String, String)]) -> Option<String> {
        self.auth_token.as_ref().map(|token| sign(token.expose_secret(), url, fields))
    }

    /// Where an address of the public host is really reached. Other hosts are left alone.
    fn local(&self, url: &str) -> Result<Url, CallError> {
        let url = Url::parse(url).map_err(|_| CallError::Address)?;
        let host = |url: &Url| (url.host_str().map(str::to_owned), url.port_or_known_default());
        if host(&url) != host(&self.public) {
            return Ok(url);
        }
        let mut local = self.base.clone();
        local.set_path(url.path());
        local.set_query(url.query());
        let scheme = match (url.scheme().starts_with("ws"), self.base.scheme()) {
            (true, "https") => "wss",
            (true, _) => "ws",
            (false, scheme) => scheme,
        };
        local.set_scheme(scheme).map_err(|()| CallError::Address)?;
        Ok(local)
    }
}

impl Answer {
    /// The document, if Twilio would run it.
    ///
    /// # Errors
    ///
    /// When the status is not 200, or the body is not XML, declared as such.
    pub fn twiml(&self) -> Result<Element, CallError> {
        if self.status != 200 {
            return Err(CallError::Status(self.status));
        }
        let kind = self.content_type.split(';').next().unwrap_or_default().trim();
        if !matches!(kind, "text/xml" | "application/xml") {
            return Err(CallError::ContentType);
        }
        parse(&self.body).map_err(CallError::Document)
    }
}

/// An address of a document as Twilio requests it: an absolute one as it was written, without a fragment.
pub(super) fn resolve(document: &Url, address: &str) -> String {
    let address = address.split('#').next().unwrap_or_default();
    match Url::parse(address) {
        Ok(_) => address.to_owned(),
        Err(_) => document.join(address).map_or_else(|_| address.to_owned(), String::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twilio(base: &str, public: &str) -> Twilio {
        let token = Some(SecretString::from("12345"));
        Twilio::new(base.parse().unwrap(), public.parse().unwrap(), "AC1", token).unwrap()
    }

    #[test]
    fn the_public_address_is_signed_and_the_local_one_is_dialled() {
        let twilio = twilio("http://127.0.0.1:4000", "https://voice.example.com");
        let request = twilio.handshake("wss://voice.example.com/relay/abc").unwrap();
        assert_eq!(request.uri(), "ws://127.0.0.1:4000/relay/abc");
        assert_eq!(request.headers()["host"], "127.0.0.1:4000");
        assert_eq!(request.headers()["x-twilio-signature"], "QmvN5WpWhbr7ZUPAikhpMf/fy5A=");
        let url = twilio.public("/voice/incoming?a=b%20c#rc=2");
        assert_eq!(url, "https://voice.example.com/voice/incoming?a=b%20c");
        assert_eq!(twilio.local(&url).unwrap().as_str(), "http://127.0.0.1:4000/voice/incoming?a=b%20c");
    }

    #[test]
    fn another_host_is_dialled_as_it_stands() {
        let twilio = twilio("http://127.0.0.1:4000", "https://voice.example.com");
        for url in ["wss://other.example.com/relay", "https://voice.example.com:8443/x"] {
            assert_eq!(twilio.local(url).unwrap().as_str(), url);
        }
        assert!(matches!(twilio.local("/relative"), Err(CallError::Address)));
    }

    #[test]
    fn an_open_server_gets_no_signature() {
        let base: Url = "http://127.0.0.1:4000".parse().unwrap();
        let twilio = Twilio::new(base.clone(), base, "AC1", None).unwrap();
        let request = twilio.handshake("ws://127.0.0.1:4000/relay/abc").unwrap();
        assert!(request.headers().get("x-twilio-signature").is_none());
    }

    #[test]
    fn only_what_twilio_would_run_is_a_document() {
        let answer = |status, content_type: &str| Answer {
            status,
            content_type: content_type.into(),
            body: "<Response/>".into(),
        };
        assert_eq!(answer(200, "text/xml; charset=utf-8").twiml().unwrap().name, "Response");
        assert!(matches!(answer(403, "text/xml").twiml(), Err(CallError::Status(403))));
        assert!(matches!(answer(200, "text/plain").twiml(), Err(CallError::ContentType)));
    }
}
