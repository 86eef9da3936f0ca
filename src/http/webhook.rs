//! Another contact centre: it is asked over HTTP what to do with a call, and answers with TwiML, or does not take it.
//!
//! The caller hears nothing meanwhile, so both tries together take 2.5 s at most: with the way here and back that
//! is under the three seconds in which a caller hears something.

use std::time::Duration;

use axum::http::{StatusCode, header};
use serde_json::{Value, json};
use tracing::debug;

use super::form::Form;
use super::{Bridge, Transfer};
use crate::clock::{now, since_epoch};
use crate::config::Webhook;
use crate::outbound;
use crate::token::signature_of;
use crate::twiml::{Element, parse};

/// How long both tries together may take.
const PATIENCE: Duration = Duration::from_millis(2_500);
/// How many tries there are. One that was answered with a refusal is the last.
const TRIES: u8 = 2;
/// How long before the second one.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a connection may stay unused.
const IDLE: Duration = Duration::from_secs(90);
/// The largest answer that is read, in bytes; Twilio reads no more.
const LARGEST: usize = 64 * 1024;
/// The version of what is sent, raised when a key changes its meaning.
const VERSION: u32 = 1;

const SIGNATURE: &str = "x-warmline-signature";
const IDEMPOTENCY: &str = "idempotency-key";

/// Asks other contact centres: one client for all of them.
pub struct Centres(reqwest::Client);

/// What came of it.
pub(super) enum Asked {
    /// This document goes to Twilio.
    Taken(String),
    /// The next target is tried, for this reason.
    NotTaken(&'static str),
}

/// Why a try failed, and whether another one may help.
enum Failure {
    Again(&'static str),
    Final(&'static str),
}

impl Centres {
    /// A client that follows no redirect.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        Ok(Self(outbound::client().pool_idle_timeout(IDLE).build()?))
    }

    async fn ask(&self, webhook: &Webhook, key: &str, body: &[u8]) -> Asked {
        let patience = now() + PATIENCE;
        let mut why = "it did not answer in time";
        for number in 1..=TRIES {
            let tried = tokio::time::timeout_at(patience.into(), self.try_once(webhook, key, body)).await;
            match tried {
                Ok(Ok(document)) => return Asked::Taken(document),
                Ok(Err(Failure::Final(cause))) => return Asked::NotTaken(cause),
                Ok(Err(Failure::Again(cause))) => why = cause,
                Err(_) => return Asked::NotTaken("it did not answer in time"),
            }
            debug!(number, why, "a contact centre could not be asked");
            if number < TRIES {
                tokio::time::sleep(PAUSE).await;
            }
        }
        Asked::NotTaken(why)
    }

    async fn try_once(&self, webhook: &Webhook, key: &str, body: &[u8]) -> Result<String, Failure> {
        // Each try has a time of its own: what was signed long ago is worth nothing.
        let at = since_epoch().as_secs();
        let request = self
            .0
            .post(&webhook.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/xml, text/xml")
            .header(IDEMPOTENCY, key)
            .header(SIGNATURE, format!("t={at},v1={}", signature_of(&webhook.secret, at, body)))
            .body(body.to_vec());
        // What the library says about an error has the address in it.
        let response = request.send().await.map_err(|_| Failure::Again("it could not be reached"))?;
        match response.status() {
            StatusCode::OK => document(response).await,
            StatusCode::NO_CONTENT => Err(Failure::Final("it answered 204")),
            StatusCode::TOO_MANY_REQUESTS => Err(Failure::Again("it asks for fewer requests")),
            status if status.is_server_error() => Err(Failure::Again("it failed")),
            _ => Err(Failure::Final("it answered with another status than 200")),
        }
    }
}

/// The document of an answer, if Twilio would run it.
async fn document(mut response: reqwest::Response) -> Result<String, Failure> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > LARGEST => {
                return Err(Failure::Final("its answer is over 64 KiB"));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(_) => return Err(Failure::Again("its answer broke off")),
        }
    }
    let text = String::from_utf8(body).map_err(|_| Failure::Final("its answer is no text"))?;
    let root = parse(&text).map_err(|_| Failure::Final("its answer is no XML"))?;
    if root.name != "Response" {
        return Err(Failure::Final("its answer is no TwiML"));
    }
    if root.children.is_empty() {
        // Twilio would hang up.
        return Err(Failure::Final("its document is empty"));
    }
    if !addresses_are_whole(&root) {
        return Err(Failure::Final("its document has an address without a host, which would lead here"));
    }
    // As it was written: where words and elements stand among one another is not kept by what was read.
    Ok(text)
}

/// Whether every address in a document names its host: Twilio takes what is relative as relative to us.
fn addresses_are_whole(element: &Element) -> bool {
    let is_whole = |address: &str| address.contains("://");
    let is_address =
        |name: &str| name == "action" || name == "url" || name.ends_with("Url") || name.ends_with("Callback");
    // Twilio asks the address of the document itself where none of these is given, and that is ours.
    let leads_here = match element.name.as_str() {
        "Gather" | "Record" => element.attribute("action").is_none(),
        "Redirect" => element.text.trim().is_empty(),
        _ => false,
    };
    let plays = matches!(element.name.as_str(), "Redirect" | "Play") && !element.text.trim().is_empty();
    element.attributes.iter().all(|(name, value)| !is_address(name) || value.is_empty() || is_whole(value))
        && element.attribute("action").is_none_or(is_whole)
        && !leads_here
        && (!plays || is_whole(&element.text))
        && element.children.iter().all(addresses_are_whole)
}

impl Bridge {
    /// Asks a contact centre for what to do with a call.
    pub(super) async fn ask_centre(
        &self,
        webhook: &Webhook,
        form: &Form,
        call: &Transfer,
        place: usize,
    ) -> Asked {
        let context = &call.handoff.context;
        let key = format!("{}-{place}", context.handoff_id);
        let task = call.handoff.to_task_attributes_with(&call.contact, &call.way.extra);
        let text = |name: &str| form.text(name);
        let body = json!({
            "version": VERSION,
            "event": "handoff",
            "idempotencyKey": key,
            "call": {
                "sid": context.call_sid,
                "accountSid": form.account_sid(),
                "from": text("From"),
                "to": text("To"),
                "direction": form.word("Direction"),
                "language": call.language,
            },
            "handoffId": context.handoff_id,
            "deskUrl": context.desk_url,
            "priority": call.way.decided.priority,
            "task": serde_json::from_str::<Value>(&task).unwrap_or_default(),
            // Where a call goes that it takes, and then cannot keep.
            "nextUrl": self.people.address("/voice/target", place.saturating_add(1), call),
        });
        self.centres.ask(webhook, &key, body.to_string().as_bytes()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_another_centre_says_is_run_as_it_was_written() {
        let said = "<Response><Say>Your code is <say-as interpret-as=\"digits\">12</say-as>, thanks.</Say></Response>";
        let response = reqwest::Response::from(axum::http::Response::new(said));
        assert!(document(response).await.is_ok_and(|document| document == said));
    }

    #[test]
    fn an_address_without_a_host_is_found_wherever_it_stands() {
        let whole = |document: &str| addresses_are_whole(&parse(document).unwrap());
        assert!(whole("<Response><Dial action=\"https://a.example/x\"><Sip>sip:a@b</Sip></Dial></Response>"));
        assert!(whole("<Response><Enqueue waitUrl=\"\">q</Enqueue><Play digits=\"1\"/></Response>"));
        assert!(whole(
            "<Response><Connect action=\"https://a.example\"><ConversationRelay url=\"wss://a.example\"/></Connect></Response>"
        ));
        for relative in [
            "<Response><Redirect>/next</Redirect></Response>",
            "<Response><Play>sound.mp3</Play></Response>",
            "<Response><Record action=\"\"/></Response>",
            "<Response><Record/></Response>",
            "<Response><Gather numDigits=\"1\"><Say>One or two?</Say></Gather></Response>",
            "<Response><Redirect> </Redirect></Response>",
            "<Response><Dial><Number url=\"whisper\">+1</Number></Dial></Response>",
            "<Response><Dial recordingStatusCallback=\"/x\">+1</Dial></Response>",
            "<Response><Enqueue waitUrl=\"wait\">q</Enqueue></Response>",
        ] {
            assert!(!whole(relative), "{relative}");
        }
    }
}
