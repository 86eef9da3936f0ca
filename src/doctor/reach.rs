//! Whether the public address leads here, and lets through what Twilio sends: signed requests, and a signed socket.
//!
//! What is sent is harmless. The status callback names no call. The socket is opened with a pass for a call that never
//! was, and closed before anything is said.

use std::error::Error as _;

use reqwest::header::{CONNECTION, CONTENT_TYPE, UPGRADE};
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};

use super::local::{Port, instance};
use super::{Finding, is_running, public};
use crate::app;
use crate::clock::{now, since_epoch};
use crate::config::{Access, Config, Origin};
use crate::token::{Purpose, RelayPass, Spoken, nonce};
use crate::tunnel::{Agent, Heard, agent};
use crate::twilio::signature::sign;

/// The name of the header.
const SIGNATURE: &str = "x-twilio-signature";
/// How long the pass of the test is valid, in seconds.
const PASS: u64 = 30;

/// Everything that can be seen from outside.
pub(super) async fn from_outside(
    config: &Config,
    tunnel: Option<Origin>,
    port: &Port,
    http: &Client,
) -> Vec<Finding> {
    let Access::Signed(tokens) = &config.access else {
        let what = "not looked at: without TWILIO_AUTH_TOKEN the server answers this machine only";
        return vec![Finding::skip("public", what)];
    };
    let Some(token) = tokens.first() else { return Vec::new() };
    let mut findings = Vec::new();
    let origin = match (public(config), tunnel) {
        (Some(origin), Some(tunnel)) if *origin != tunnel => {
            findings.push(Finding::warn(
                "tunnel",
                format!("an ngrok agent leads here from {tunnel}, and PUBLIC_URL names another address"),
                "serve with --ngrok, which takes the tunnel's address, or set PUBLIC_URL to it",
            ));
            origin.clone()
        }
        (Some(origin), _) => origin.clone(),
        (None, Some(tunnel)) => {
            findings.push(Finding::ok("tunnel", format!("an ngrok agent leads here from {tunnel}")));
            tunnel
        }
        (None, None) => {
            let what = "neither PUBLIC_URL nor a tunnel: Twilio cannot reach this server";
            let fix = "set PUBLIC_URL, or run `warmline serve --ngrok`";
            return vec![Finding::skip_until("public", what, fix)];
        }
    };
    let (finding, reached) = health(&origin, port, http).await;
    findings.push(finding);
    if reached {
        let (signed, forged, socket) = tokio::join!(
            signed(&origin, token, http),
            forged(&origin, http),
            socket(&origin, token, config, http),
        );
        findings.extend([signed, forged, socket]);
    }
    findings
}

/// The address that an ngrok agent on this machine has for our port. An open server has none, whatever leads there.
pub(super) async fn tunnel(config: &Config) -> Option<Origin> {
    if config.is_open() {
        return None;
    }
    match Agent::at(agent::USUAL).ok()?.ask(config.listen.port()).await {
        Heard::Ours(origin) => Some(origin),
        Heard::Others | Heard::Nothing | Heard::Silence => None,
    }
}

/// Whether it is Warmline that answers, and which one. True if the rest can be tried.
async fn health(origin: &Origin, port: &Port, http: &Client) -> (Finding, bool) {
    let began = now();
    let answer = match http.get(origin.http("/healthz")).send().await {
        Ok(answer) => answer,
        Err(_) if !is_running(port) => {
            let what = format!("{origin} does not answer, and no server runs here");
            return (
                Finding::skip_until("public", what, "start `warmline serve`, then run this again"),
                false,
            );
        }
        Err(error) => {
            let what = format!("{origin} cannot be reached: {}", obstacle(&error));
            let fix = "look whether the tunnel or proxy runs, and at the name and certificate of PUBLIC_URL";
            return (Finding::fail("public", what, fix), false);
        }
    };
    let took = now().saturating_duration_since(began).as_millis();
    let (status, refused) = (answer.status(), tunnel_error(&answer));
    let theirs = if status.is_success() { instance(answer).await } else { None };
    match (theirs, port) {
        (Some(theirs), Port::Ours(ours)) if theirs == *ours => {
            (Finding::ok("public", format!("{origin} leads to this server, in {took} ms")), true)
        }
        (Some(_), Port::Ours(_)) => {
            let what = format!("{origin} leads to another Warmline than the one that listens here");
            let fix = "fine for one of several nodes; else point the tunnel or proxy at this machine's PORT";
            (Finding::warn("public", what, fix), true)
        }
        (Some(_), Port::Free | Port::Taken | Port::Refused(_)) => {
            (Finding::ok("public", format!("{origin} leads to a Warmline elsewhere, in {took} ms")), true)
        }
        (None, _) => {
            let said = refused
                .map_or_else(|| format!("status {}", status.as_u16()), |code| format!("ngrok says {code}"));
            let what = format!("{origin} is answered by something else ({said})");
            if is_running(port) {
                (Finding::fail("public", what, "point the tunnel or proxy at this machine's PORT"), false)
            } else {
                (Finding::skip_until("public", what, "start `warmline serve`, then run this again"), false)
            }
        }
    }
}

/// What ngrok says about a tunnel that leads nowhere.
fn tunnel_error(answer: &Response) -> Option<String> {
    let code = answer.headers().get("ngrok-error-code")?.to_str().ok()?;
    Some(code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect())
}

/// What stood in the way, as far as the library says so: without the address.
fn obstacle(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in 5 s".to_owned();
    }
    let mut cause = error.source();
    let mut deepest = None;
    while let Some(error) = cause {
        deepest = Some(error.to_string());
        cause = error.source();
    }
    deepest.unwrap_or_else(|| "no connection".to_owned())
}

/// A request as Twilio sends it is taken.
async fn signed(origin: &Origin, token: &SecretString, http: &Client) -> Finding {
    match status_callback(origin, token.expose_secret(), http).await {
        Some(StatusCode::OK) => Finding::ok("signature", "a request that is signed as Twilio signs is taken"),
        Some(StatusCode::FORBIDDEN) => Finding::fail(
            "signature",
            "a correctly signed request is refused: the server that runs has another token or PUBLIC_URL, or the \
             proxy changes paths",
            "start the server anew with these settings, and let the proxy pass path and query as they are",
        ),
        Some(status) => Finding::fail(
            "signature",
            format!("a signed request is answered with status {}", status.as_u16()),
            "let the tunnel or proxy pass POST requests under /voice/ as they are",
        ),
        None => lost("signature"),
    }
}

/// A request that somebody else sends is not.
async fn forged(origin: &Origin, http: &Client) -> Finding {
    match status_callback(origin, "not the token", http).await {
        Some(StatusCode::FORBIDDEN) => Finding::ok("forgery", "a request with a wrong signature is refused"),
        Some(status) => Finding::fail(
            "forgery",
            format!("a request with a wrong signature is answered with status {}", status.as_u16()),
            "let the proxy leave X-Twilio-Signature and the answer of the server as they are",
        ),
        None => lost("forgery"),
    }
}

async fn status_callback(origin: &Origin, token: &str, http: &Client) -> Option<StatusCode> {
    let url = origin.http("/voice/status");
    let fields = [("CallStatus".to_owned(), "completed".to_owned())];
    let request = http
        .post(&url)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(SIGNATURE, sign(token, &url, &fields))
        .body("CallStatus=completed");
    request.send().await.ok().map(|answer| answer.status())
}

fn lost(name: &'static str) -> Finding {
    Finding::fail(
        name,
        "the connection was lost, or no answer came in 5 s",
        "look at the log of the tunnel or proxy",
    )
}

/// A socket as Twilio opens it is let through.
async fn socket(origin: &Origin, token: &SecretString, config: &Config, http: &Client) -> Finding {
    let pass = RelayPass {
        call_sid: format!("CAdoctor-{}", nonce()).parse().expect("a harmless name"),
        account_sid: None,
        attempt: 0,
        nonce: nonce(),
        expires: since_epoch().as_secs() + PASS,
        verified: None,
        spoken: Spoken::default(),
        returned: false,
    };
    let path = format!("/voice/relay/{}", app::keyring_of(config).seal(Purpose::Relay, &pass));
    let request = http
        .get(origin.http(&path))
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header("sec-websocket-version", "13")
        // Any will do: what is said after the handshake is of no interest.
        .header("sec-websocket-key", "d2FybWxpbmUgZG9jdG9yIQ==")
        .header(SIGNATURE, sign(token.expose_secret(), &origin.websocket(&path), &[]));
    let Ok(answer) = request.send().await else { return lost("socket") };
    let status = answer.status();
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return Finding::ok("socket", "a socket that is signed as Twilio signs is opened");
    }
    // Our own refusals are told apart by their words.
    let said = answer.text().await.unwrap_or_default();
    match status {
        StatusCode::FORBIDDEN if said.contains("not valid") => Finding::fail(
            "socket",
            "the pass in the socket's address is refused: the server that runs has another secret, or its clock is wrong",
            "give all nodes the same WARMLINE_SECRET or TWILIO_AUTH_TOKEN, and set their clocks",
        ),
        StatusCode::FORBIDDEN => Finding::fail(
            "socket",
            "a correctly signed socket is refused: the server that runs has another token or PUBLIC_URL",
            "start the server anew with these settings; the address is signed as wss://",
        ),
        StatusCode::SERVICE_UNAVAILABLE => {
            Finding::warn("socket", "the server takes no more sockets now", "wait, or raise [limits] sockets")
        }
        status => Finding::fail(
            "socket",
            format!("WebSockets do not get through: status {}", status.as_u16()),
            "let the tunnel or proxy pass Upgrade and Connection (nginx: proxy_set_header; some free tunnels cannot)",
        ),
    }
}
