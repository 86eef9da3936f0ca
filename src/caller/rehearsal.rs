//! A server that speaks just enough ConversationRelay to rehearse the caller against, and the rehearsal.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, post};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Twilio;
use crate::twilio::signature::{Body, Verifier, form};

/// What the server's settings call its public address; it listens on loopback.
pub(crate) const PUBLIC: &str = "https://bridge.example.com";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A server that runs until it is dropped, and what it saw.
pub(crate) struct Rehearsal {
    pub(crate) twilio: Twilio,
    seen: Seen,
    _server: JoinSet<()>,
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    forms: Vec<Form>,
    frames: Vec<Value>,
    closes: Vec<Option<(u16, String)>>,
}

type Form = Vec<(String, String)>;

impl Rehearsal {
    pub(crate) async fn new() -> Self {
        let seen = Seen::default();
        let routes = Router::new()
            .route("/voice/incoming", post(incoming))
            .route("/voice/handoff", post(handoff))
            .route("/voice/relay/{token}", any(relay))
            .with_state(seen.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let token = Some(SecretString::from(TOKEN));
        let twilio = Twilio::new(base, PUBLIC.parse().unwrap(), ACCOUNT, token).unwrap();
        Self { twilio, seen, _server: server }
    }

    /// The same server for somebody who signs otherwise.
    pub(crate) fn forger(&self, token: Option<&str>) -> Twilio {
        self.twilio.signing_with(token.map(SecretString::from))
    }

    /// The last webhook's fields.
    fn last_form(&self) -> Form {
        self.seen.notes(|notes| notes.forms.last().cloned().unwrap())
    }

    fn field(&self, name: &str) -> Option<String> {
        self.last_form().into_iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The frames the server got of these types, as `type:content`.
    fn frames(&self) -> Vec<String> {
        self.seen.notes(|notes| notes.frames.iter().map(short).collect())
    }
}

impl Seen {
    fn notes<T>(&self, read: impl FnOnce(&mut Notes) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A frame in few words.
fn short(frame: &Value) -> String {
    let text = |name: &str| frame[name].as_str().unwrap_or_default().to_owned();
    match frame["type"].as_str().unwrap_or_default() {
        "info" => format!("{} {}", text("name"), text("value")),
        "prompt" => format!("prompt {} {}", text("voicePrompt"), frame["last"]),
        "interrupt" => format!("interrupt {}", text("utteranceUntilInterrupt")),
        "dtmf" => format!("dtmf {}", text("digit")),
        "error" => format!("error {}", text("description")),
        other => other.to_owned(),
    }
}

fn verified(headers: &HeaderMap, url: &str, body: Body<'_>) -> Result<(), StatusCode> {
    let signature =
        headers.get("x-twilio-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let verifier = Verifier::new([SecretString::from(TOKEN)]);
    if verifier.verifies(signature, url, body) { Ok(()) } else { Err(StatusCode::FORBIDDEN) }
}

fn twiml(body: &str) -> Response {
    ([(header::CONTENT_TYPE, "text/xml")], format!("<Response>{body}</Response>")).into_response()
}

fn session(greeting: &str) -> Response {
    twiml(&format!(
        r#"<Connect action="/voice/handoff?n=1"><ConversationRelay url="wss://bridge.example.com/voice/relay/abc"
        {greeting} dtmfDetection="true" events="speaker-events tokens-played">
        <Parameter name="tenant" value="acme"/></ConversationRelay></Connect>"#
    ))
}

async fn incoming(State(seen): State<Seen>, headers: HeaderMap, body: Bytes) -> Result<Response, StatusCode> {
    let fields = form(&body);
    verified(&headers, &format!("{PUBLIC}/voice/incoming"), Body::Form(&fields))?;
    seen.notes(|notes| notes.forms.push(fields));
    Ok(session(r#"welcomeGreeting="Hi, this is the rehearsal.""#))
}

async fn handoff(State(seen): State<Seen>, headers: HeaderMap, body: Bytes) -> Result<Response, StatusCode> {
    let fields = form(&body);
    verified(&headers, &format!("{PUBLIC}/voice/handoff?n=1"), Body::Form(&fields))?;
    let field = |name: &str| fields.iter().find_map(|(known, value)| (known == name).then(|| value.clone()));
    let (status, data) = (field("SessionStatus"), field("HandoffData"));
    seen.notes(|notes| notes.forms.push(fields.clone()));
    Ok(match (status.as_deref(), data) {
        (Some("failed"), _) => session(""),
        (Some("ended"), Some(data)) if data.contains("completed") => twiml("<Hangup/>"),
        (Some("ended"), Some(data)) => {
            let task = data.replace('&', "&amp;").replace('<', "&lt;");
            twiml(&format!(
                r#"<Enqueue workflowSid="WW1" action="/voice/queued"><Task>{task}</Task></Enqueue>"#
            ))
        }
        _ => twiml(""),
    })
}

async fn relay(
    State(seen): State<Seen>,
    Path(token): Path<String>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, StatusCode> {
    verified(&headers, &format!("wss://bridge.example.com/voice/relay/{token}"), Body::None)?;
    Ok(upgrade.on_upgrade(move |socket| listen(socket, seen)))
}

async fn listen(mut socket: WebSocket, seen: Seen) {
    while let Some(Ok(message)) = socket.recv().await {
        match message {
            Message::Text(text) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                for answer in answers(&frame) {
                    if socket.send(answer).await.is_err() {
                        return;
                    }
                }
                seen.notes(|notes| notes.frames.push(frame));
            }
            Message::Close(frame) => {
                let close = frame.map(|frame| (frame.code, frame.reason.to_string()));
                seen.notes(|notes| notes.closes.push(close));
            }
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
        }
    }
}

/// What the server says to a frame.
fn answers(frame: &Value) -> Vec<Message> {
    let text = |token: &str, last: bool| json!({ "type": "text", "token": token, "last": last });
    let end = |document: &Value| json!({ "type": "end", "handoffData": document.to_string() });
    let goodbye = json!({
        "type": "text", "token": "I am connecting you with a colleague.", "last": true, "interruptible": false,
    });
    let document = json!({
        "reasonCode": "caller_request", "reason": "billing <dispute>", "sentiment": "negative",
        "callSummary": "Charged twice & upset.", "name": "Ada", "warmline": { "trigger": "request" },
    });
    let said = frame["voicePrompt"].as_str().or_else(|| frame["digit"].as_str()).unwrap_or_default();
    let frames = match said {
        "" => vec![],
        "person" => vec![goodbye, end(&document)],
        "bye" => vec![text("Goodbye.", true), end(&json!({ "warmline": { "outcome": "completed" } }))],
        "nonsense" => vec![json!({ "type": "pong" }), text("Sorry.", true)],
        "much nonsense" => vec![json!({ "type": "pong" }); 10],
        "crash" => return vec![Message::Close(Some(CloseFrame { code: 1008, reason: "".into() }))],
        "goodbye only" => vec![goodbye],
        said => {
            let words = format!("You said {said}. Is there more to tell, or was that all?");
            let mut tokens: Vec<_> = words.split_inclusive(' ').map(|word| text(word, false)).collect();
            tokens.push(text("", true));
            tokens
        }
    };
    frames.into_iter().map(|frame| Message::Text(frame.to_string().into())).collect()
}

mod tests {
    use super::*;
    use crate::caller::{Call, CallError, Conversation, Ending, Happening, Rate};

    const SLOW: Rate = Rate::PerSecond(std::num::NonZeroU32::MIN);

    async fn connected(rehearsal: &Rehearsal, rate: Rate) -> (Call, Conversation) {
        let mut call = rehearsal.twilio.call("+15550100001", "+15550100002");
        call.dial().await.unwrap();
        let conversation = call.connect(rate).await.unwrap();
        (call, conversation)
    }

    #[tokio::test]
    async fn a_call_is_dialled_answered_and_handed_over() {
        let rehearsal = Rehearsal::new().await;
        let (mut call, mut line) = connected(&rehearsal, Rate::Instant).await;
        assert_eq!(rehearsal.field("CallSid").as_deref(), Some(call.sid()));
        assert_eq!(rehearsal.field("CallStatus").as_deref(), Some("ringing"));
        assert_eq!(rehearsal.field("From").as_deref(), Some("+15550100001"));
        assert_eq!(line.greeting(), Some("Hi, this is the rehearsal."));

        line.say("hello").await.unwrap();
        let reply = line.wait_reply(PATIENCE).await.unwrap();
        assert_eq!(reply.text, "You said hello. Is there more to tell, or was that all?");
        assert_eq!(reply.heard, reply.text);
        assert_eq!(
            line.frames()[reply.frames.end - 1].raw,
            json!({ "type": "text", "token": "", "last": true })
        );

        line.say("person").await.unwrap();
        let ending = line.until_end(PATIENCE).await.unwrap();
        assert!(matches!(ending, Ending::Ended { handoff_data: Some(_) }));
        assert_eq!(line.handoff().unwrap()["reasonCode"], "caller_request");
        assert_eq!(line.frames().last().unwrap().kind, "end");
        assert!(matches!(line.say("still there?").await, Err(CallError::Over)));

        let enqueue = call.finish(line).await.unwrap().child("Enqueue").unwrap();
        let task: Value = serde_json::from_str(&enqueue.child("Task").unwrap().text).unwrap();
        assert_eq!(task["callSummary"], "Charged twice & upset.");
        assert_eq!(rehearsal.field("SessionStatus").as_deref(), Some("ended"));
        assert_eq!(rehearsal.field("CallStatus").as_deref(), Some("in-progress"));
    }

    #[tokio::test]
    async fn setup_and_playback_are_reported_as_recorded() {
        let rehearsal = Rehearsal::new().await;
        let (call, mut line) = connected(&rehearsal, Rate::Instant).await;
        line.say("hello").await.unwrap();
        line.wait_reply(PATIENCE).await.unwrap();
        line.hang_up().await.unwrap();
        let setup = rehearsal.seen.notes(|notes| notes.frames.remove(0));
        let recorded = json!({
            "type": "setup", "sessionId": line.session(), "accountSid": ACCOUNT, "parentCallSid": "",
            "callSid": call.sid(), "from": "+15550100001", "to": "+15550100002", "forwardedFrom": "",
            "callType": "PSTN", "callerName": "", "direction": "inbound", "callStatus": "RINGING",
            "customParameters": { "tenant": "acme" },
        });
        assert_eq!(setup, recorded);
        let played = [
            "agentSpeaking on",
            "tokensPlayed Hi,",
            "tokensPlayed  this is the rehearsal.",
            "agentSpeaking off",
            "clientSpeaking on",
            "clientSpeaking off",
            "prompt hello true",
        ];
        assert_eq!(rehearsal.frames()[..7], played);
        assert!(rehearsal.frames().contains(&"tokensPlayed  or was that all?".to_owned()));
    }

    #[tokio::test]
    async fn only_twilio_itself_gets_in() {
        let rehearsal = Rehearsal::new().await;
        for token in [None, Some("f00")] {
            let mut call = rehearsal.forger(token).call("+1", "+2");
            assert!(matches!(call.dial().await, Err(CallError::Status(403))), "{token:?}");
        }
        let (mut call, _line) = connected(&rehearsal, Rate::Instant).await;
        call.sign_with(None);
        assert!(matches!(call.connect(Rate::Instant).await, Err(CallError::SocketRefused(403))));
    }

    #[tokio::test]
    async fn another_calls_document_can_be_tried() {
        let rehearsal = Rehearsal::new().await;
        let (call, _line) = connected(&rehearsal, Rate::Instant).await;
        let mut thief = rehearsal.twilio.call("+15550100003", "+15550100002");
        assert!(matches!(thief.open(Rate::Instant).await, Err(CallError::NoSession)));
        thief.steal_document(&call);
        let line = thief.open(Rate::Instant).await.unwrap();
        assert_eq!(thief.setup(&line)["callSid"], thief.sid());
        assert_ne!(thief.sid(), call.sid());
        let answer = thief.notify("/nowhere", &[("CallDuration", "9")]).await.unwrap();
        assert_eq!(answer.status, 404);
    }

    #[tokio::test]
    async fn an_interrupt_is_reported_with_the_words_heard_and_the_rest_is_never_played() {
        let rehearsal = Rehearsal::new().await;
        let (_call, mut line) = connected(&rehearsal, SLOW).await;
        assert!(line.try_interrupt_after("nothing of that kind").is_none());
        let cut = line.interrupt_after("this is", PATIENCE).await.unwrap();
        assert_eq!((cut.heard.as_str(), cut.unheard.as_str()), ("Hi, this is", " the rehearsal."));
        line.say("hello").await.unwrap();
        let cut = line.interrupt_after("Is there", PATIENCE).await.unwrap();
        assert_eq!(cut.heard, "You said hello. Is there");
        assert!(cut.unheard.starts_with(" more to tell,"));
        line.say("once more").await.unwrap();
        let reply = line.wait_words(PATIENCE).await.unwrap();
        assert!(reply.text.starts_with("You said once more."));
        line.hang_up().await.unwrap();
        assert!(matches!(line.interrupt_after("more", PATIENCE).await, Err(CallError::Over)));
        let sent = rehearsal.frames();
        let greeting = [
            "setup",
            "agentSpeaking on",
            "clientSpeaking on",
            "tokensPlayed Hi,",
            "tokensPlayed  this is",
            "interrupt this is",
            "agentSpeaking off",
            "clientSpeaking off",
            "clientSpeaking on",
            "clientSpeaking off",
            "prompt hello true",
        ];
        assert_eq!(sent[..11], greeting);
        assert_eq!(sent.iter().filter(|frame| frame.starts_with("interrupt")).count(), 2);
        assert!(!sent.iter().any(|frame| frame.contains("more to tell")));
    }

    #[tokio::test]
    async fn even_an_instant_line_can_be_cut_at_a_word() {
        let rehearsal = Rehearsal::new().await;
        let (_call, mut line) = connected(&rehearsal, Rate::Instant).await;
        line.say("hello").await.unwrap();
        let cut = line.interrupt_after("Is there", PATIENCE).await.unwrap();
        assert_eq!(cut.heard, "You said hello. Is there");
        line.say("once more").await.unwrap();
        assert!(line.wait_reply(PATIENCE).await.unwrap().heard.starts_with("You said once more."));
    }

    #[tokio::test]
    async fn a_goodbye_that_may_not_be_cut_is_not() {
        let rehearsal = Rehearsal::new().await;
        let (_call, mut line) = connected(&rehearsal, SLOW).await;
        line.interrupt().await.unwrap().unwrap();
        line.say("goodbye only").await.unwrap();
        line.wait_words(PATIENCE).await.unwrap();
        assert_eq!(line.interrupt().await.unwrap(), None);
        let act = line.barge_in("wait").await.unwrap();
        assert_eq!((act.reported, act.cut), (false, None));
        assert!(!line.press('1').await.unwrap().reported);
        assert!(line.is_speaking());
    }

    #[tokio::test]
    async fn a_key_cuts_in_and_is_answered() {
        let rehearsal = Rehearsal::new().await;
        let (_call, mut line) = connected(&rehearsal, SLOW).await;
        let act = line.press('7').await.unwrap();
        assert!(act.reported && act.cut.is_some());
        let reply = line.wait_words(PATIENCE).await.unwrap();
        assert!(reply.text.starts_with("You said 7."));
        line.hang_up().await.unwrap();
        let sent = rehearsal.frames();
        assert_eq!(sent[1..5], ["agentSpeaking on", "dtmf 7", "interrupt ", "agentSpeaking off"]);
    }

    #[tokio::test]
    async fn a_caller_who_hangs_up_is_gone() {
        let rehearsal = Rehearsal::new().await;
        let (mut call, mut line) = connected(&rehearsal, Rate::Instant).await;
        assert!(matches!(call.repeat().await, Ok(document) if document.child("Connect").is_some()));
        line.hang_up().await.unwrap();
        assert_eq!(line.ending(), Some(&Ending::HungUp));
        assert_eq!(line.next().await, Happening::Ended);
        assert!(call.finish(line).await.unwrap().children.is_empty());
        assert_eq!(rehearsal.field("SessionStatus").as_deref(), Some("completed"));
        assert_eq!(rehearsal.field("CallStatus").as_deref(), Some("completed"));
        let close = rehearsal.seen.notes(|notes| notes.closes.pop());
        assert_eq!(close, Some(Some((1000, "Closing websocket session".into()))));
    }

    #[tokio::test]
    async fn a_lost_socket_is_a_failure_and_the_call_reconnects() {
        let rehearsal = Rehearsal::new().await;
        let (mut call, mut line) = connected(&rehearsal, Rate::Instant).await;
        line.say("crash").await.unwrap();
        assert_eq!(line.until_end(PATIENCE).await.unwrap(), &Ending::Lost { code: Some(1008) });
        let first = line.session().to_owned();
        call.finish(line).await.unwrap();
        assert_eq!(rehearsal.field("SessionStatus").as_deref(), Some("failed"));
        assert_eq!(rehearsal.field("ErrorCode").as_deref(), Some("64105"));

        let mut line = call.connect(Rate::Instant).await.unwrap();
        assert_ne!(line.session(), first);
        assert_eq!(line.greeting(), None);
        line.say("hello").await.unwrap();
        line.wait_reply(PATIENCE).await.unwrap();
        let setups = |notes: &mut Notes| notes.frames.iter().rfind(|frame| frame["type"] == "setup").cloned();
        assert_eq!(rehearsal.seen.notes(setups).unwrap()["callStatus"], "IN_PROGRESS");

        line.fail(64111, "TTS provider error").await.unwrap();
        call.finish(line).await.unwrap();
        assert_eq!(rehearsal.field("ErrorCode").as_deref(), Some("64111"));
        let mut line = call.connect(Rate::Instant).await.unwrap();
        line.lose_line();
        assert_eq!(line.until_end(PATIENCE).await.unwrap(), &Ending::Lost { code: None });
    }

    #[tokio::test]
    async fn bad_frames_are_refused_and_ten_of_them_end_the_session() {
        let rehearsal = Rehearsal::new().await;
        let (_call, mut line) = connected(&rehearsal, Rate::Instant).await;
        line.say("nonsense").await.unwrap();
        assert_eq!(line.wait_reply(PATIENCE).await.unwrap().text, "Sorry.");
        assert_eq!(line.frames()[0].fault, Some("an unknown `type`"));
        line.say("much nonsense").await.unwrap();
        assert_eq!(line.until_end(PATIENCE).await.unwrap(), &Ending::Lost { code: None });
        assert!(
            rehearsal
                .frames()
                .contains(&r#"error Invalid message received, code: 64107, {"type":"pong"}"#.into())
        );
        let close = rehearsal.seen.notes(|notes| notes.closes.pop());
        assert_eq!(close.flatten().map(|(code, _)| code), Some(1007));
    }

    #[tokio::test]
    async fn what_never_comes_is_given_up_in_time() {
        let rehearsal = Rehearsal::new().await;
        let (mut call, mut line) = connected(&rehearsal, Rate::Instant).await;
        let within = Duration::from_millis(20);
        assert!(matches!(line.wait_reply(within).await, Err(CallError::TimedOut(given)) if given == within));
        assert!(matches!(line.until_end(within).await, Err(CallError::TimedOut(_))));
        assert!(!line.say_partial("where is").await.unwrap().reported);
        assert!(matches!(call.finish(line).await, Err(CallError::StillOpen)));
    }
}
