//! Rule 9 of a call: no words, no numbers and no prompts in any log line, at any level, of any library.
//!
//! Whatever is said, typed, answered, remembered or broken here is a fruit, a vegetable or a number that occurs
//! nowhere else, so that one search tells whether something of it was logged.

use std::fmt::{Debug, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Instrument, Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, registry};
use warmline::calls::{Calls, Order};
use warmline::chat::{Finish, Message, ModelError, ModelEvent, Obstacle, ToolCall, ToolChoice};
use warmline::driver::{self, Call, Lost, Patience, Wire};
use warmline::llm::{Answer, Model, Question};
use warmline::mask::Also;
use warmline::meters::Meters;
use warmline::playbook::{Shelf, Source, Sources};
use warmline::profile::Profiles;
use warmline::relay::Outbound;
use warmline::session::Timings;
use warmline::store::Store;
use warmline::token::{RelayPass, Spoken, nonce};
use warmline::tools::Tools;

use super::bridge::{FAST, SOON, TestBridge};
use super::model::Step;

const CALL: &str = "CA00000000000000000000000000000077";

/// All that must not be found, in small letters.
const SECRETS: [&str; 24] = [
    "apricot",
    "bergamot",
    "cherimoya",
    "cranberry",
    "damson",
    "elderberry",
    "fennel",
    "gooseberry",
    "horseradish",
    "jujube",
    "kumquat",
    "lychee",
    "mangosteen",
    "nectarine",
    "okra",
    "persimmon",
    "quince",
    "rutabaga",
    "tamarillo",
    "tangelo",
    "5557012345",
    "5559998877",
    "90210864",
    "ugli",
];

/// Everything that is logged, as text: what the fields of events and spans hold.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<String>>);

impl<S: Subscriber> Layer<S> for Captured {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        self.line(attributes.metadata().target(), |line| attributes.record(line));
    }

    fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        self.line("span", |line| values.record(line));
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.line(event.metadata().target(), |line| event.record(line));
    }
}

impl Captured {
    fn line(&self, target: &str, record: impl FnOnce(&mut Line)) {
        let mut line = Line(target.to_owned());
        record(&mut line);
        writeln!(self.0.lock().unwrap(), "{}", line.0).unwrap();
    }

    /// Hears everything on this thread, and what libraries say through `log`, until it is dropped.
    pub(crate) fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let everything = EnvFilter::new("trace");
        registry().with(warmline::telemetry::layer(everything, self.clone())).set_default()
    }

    /// Everything so far.
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    /// Everything so far, which must have come from calls and hold no secret.
    fn checked(&self, expected: &[&str]) {
        let log = self.0.lock().unwrap().clone();
        for line in expected {
            assert!(log.contains(line), "{line:?} was not captured in:\n{log}");
        }
        for secret in SECRETS {
            let leak = log.lines().find(|line| line.to_lowercase().contains(secret));
            assert!(leak.is_none(), "{secret} in: {}", leak.unwrap_or_default());
        }
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }

    // Errors and texts are recorded by their Debug too unless these say otherwise; a leak is a leak in any form.
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        write!(self.0, " {}={value} {value:?}", field.name()).unwrap();
    }
}

/// A model that does what a function says.
struct Scripted<F>(F);

impl<F: Fn(&Question) -> Vec<ModelEvent> + Send + Sync> Model for Scripted<F> {
    fn ask(&self, question: Question) -> Answer {
        let events = (self.0)(&question);
        // Without an end the model keeps everybody waiting.
        let over = events.iter().any(|event| !matches!(event, ModelEvent::Words(_)));
        let rest = if over { stream::empty().boxed() } else { stream::pending().boxed() };
        stream::iter(events).chain(rest).boxed()
    }

    fn name<'a>(&'a self, _: &'a Question) -> (&'static str, &'a str) {
        ("nobody", "scripted")
    }

    fn describe(&self) -> String {
        "scripted".to_owned()
    }
}

/// Our end of a socket, and Twilio's.
struct Ours {
    frames: mpsc::Receiver<String>,
    answers: mpsc::Sender<String>,
}

struct Theirs {
    frames: mpsc::Sender<String>,
    answers: mpsc::Receiver<String>,
}

fn socket() -> (Ours, Theirs) {
    let (to_us, frames) = mpsc::channel(64);
    let (answers, from_us) = mpsc::channel(1_024);
    (Ours { frames, answers }, Theirs { frames: to_us, answers: from_us })
}

impl Wire for Ours {
    type Text = String;

    fn poll_receive(&mut self, context: &mut std::task::Context<'_>) -> Poll<Option<String>> {
        self.frames.poll_recv(context)
    }

    async fn send(&mut self, frame: &Outbound) -> Result<(), Lost> {
        self.answers.send(frame.to_json()).await.map_err(|_| Lost)
    }

    async fn close(&mut self, _: u16, _: &'static str) {
        self.frames.close();
    }
}

impl Theirs {
    async fn send(&self, frame: impl ToString) {
        // Once the call is over nobody reads, as with a real socket.
        let _ = self.frames.send(frame.to_string()).await;
    }

    async fn set_up(&self, call_sid: &str) {
        self.send(json!({
            "type": "setup", "sessionId": "VX1", "callSid": call_sid, "from": "+15557012345", "to": "+15559998877",
            "callerName": "Apricot", "direction": "inbound", "customParameters": {"tenant": "Bergamot"},
        }))
        .await;
    }

    async fn say(&self, words: &str) {
        self.send(json!({"type": "prompt", "voicePrompt": words, "lang": "en-US", "last": true})).await;
    }

    /// Waits for a frame.
    async fn until(&mut self, wanted: impl Fn(&Value) -> bool) {
        let found = async {
            while let Some(frame) = self.answers.recv().await {
                if wanted(&serde_json::from_str(&frame).unwrap()) {
                    return;
                }
            }
            panic!("the socket was closed first");
        };
        tokio::time::timeout(SOON, found).await.expect("the frame comes");
    }

    async fn reply(&mut self) {
        self.until(|frame| frame["last"] == true).await;
    }

    async fn end(&mut self) {
        self.until(|frame| frame["type"] == "end").await;
    }
}

/// A playbook of files that are full of secrets too, with two tools that answer.
struct Stage {
    folder: PathBuf,
    shelf: Shelf,
    calls: Arc<Calls>,
    _tools: JoinSet<()>,
}

impl Stage {
    async fn set(name: &str, agent: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let found = post(|| async { r#"{"state":"gooseberry"}"# });
        let failed = post(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "horseradish") });
        let app = Router::new().route("/found", found).route("/failed", failed);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tools = JoinSet::new();
        tools.spawn(async move { axum::serve(listener, app).await.unwrap() });
        let folder = std::env::temp_dir().join(format!("warmline-secrets-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("agent.md"), agent).unwrap();
        for name in ["escalate", "remember", "end_call"] {
            let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tools/{name}.json"));
            std::fs::copy(shipped, folder.join(format!("{name}.json"))).unwrap();
        }
        for name in ["found", "failed"] {
            let manifest = json!({
                "name": name, "description": "Looks things up.",
                "parameters": {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]},
                "say": "Ugli.", "timeout_ms": 5_000, "http": {"url": format!("http://{address}/{name}")},
            });
            std::fs::write(folder.join(format!("{name}.json")), manifest.to_string()).unwrap();
        }
        let sources =
            Sources { prompts: Source::Folder(folder.clone()), tools: Source::Folder(folder.clone()) };
        let shelf = Shelf::open(sources, Tools::client().unwrap()).unwrap();
        Self { folder, shelf, calls: Arc::default(), _tools: tools }
    }

    /// Runs a call with this model while `script` plays Twilio.
    async fn call<F>(
        &self,
        model: impl Fn(&Question) -> Vec<ModelEvent> + Send + Sync + 'static,
        script: impl FnOnce(Theirs) -> F,
    ) where
        F: Future<Output = ()>,
    {
        let (ours, theirs) = socket();
        let call_sid = CALL.parse().unwrap();
        let pass = RelayPass {
            call_sid,
            account_sid: None,
            attempt: 0,
            nonce: nonce(),
            expires: u64::MAX,
            verified: None,
            spoken: Spoken::default(),
            returned: false,
        };
        let meters = Arc::new(Meters::new(SOON).unwrap());
        let call = Call {
            pass,
            model: Arc::new(Scripted(model)),
            profiles: Arc::new(Profiles::new(None, Vec::new(), meters.clone()).unwrap()),
            in_prompt: Arc::default(),
            playbook: self.shelf.current(),
            calls: self.calls.clone(),
            store: Store::none(),
            meters,
            timings: timings(),
            rules: Arc::default(),
            patience: Patience { setup: SOON, send: SOON },
            may_return: false,
            desk: None,
            hidden: Also::NOTHING,
            recorder: None,
        };
        let span = info_span!("call", call.sid = CALL);
        let both = async { tokio::join!(driver::run(ours, call).instrument(span), script(theirs)) };
        tokio::time::timeout(SOON, both).await.expect("the call comes to its end");
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Short enough that nobody waits for them.
fn timings() -> Timings {
    let short = Duration::from_millis(40);
    Timings {
        goodbye_grace: short,
        characters_per_second: 10_000,
        keypad: short,
        key_alone: short,
        ..Timings::default()
    }
}

const AGENT: &str =
    "+++\ngreeting = \"Cranberry, this is an AI.\"\n+++\nYou sell damson. {{ caller.name }} {{ parameters }}";

fn words(text: &str) -> ModelEvent {
    ModelEvent::Words(text.into())
}

fn done(calls: &[(&str, Value)]) -> ModelEvent {
    let calls = calls.iter().enumerate().map(|(place, (name, arguments))| ToolCall {
        id: format!("call_{place}"),
        name: (*name).to_owned(),
        arguments: arguments.to_string().into(),
    });
    ModelEvent::Done { calls: calls.collect(), finish: Finish::Complete }
}

fn escalation() -> Value {
    json!({
        "reason": "nectarine", "reasonCode": "okra", "callSummary": "Wants persimmon.", "sentiment": "negative",
        "topic": "quince",
    })
}

/// Remembers, looks up, fails, and escalates.
fn eager(question: &Question) -> Vec<ModelEvent> {
    match (question.choice, question.messages.last()) {
        (ToolChoice::Never, _) => vec![words("A mangosteen takes over."), done(&[])],
        (ToolChoice::Escalate, _) => vec![done(&[("escalate", escalation())])],
        (ToolChoice::Auto, Some(Message::Tool { .. })) => vec![words("It is a **jujube**."), done(&[])],
        (ToolChoice::Auto, Some(Message::User(said))) if said.expose().contains("person") => {
            vec![done(&[("escalate", escalation())])]
        }
        (ToolChoice::Auto, _) => vec![
            words("One kumquat, please."),
            done(&[
                ("remember", json!({"facts": {"fruit": "lychee"}})),
                ("found", json!({"what": "rutabaga"})),
                ("failed", json!({"what": "rutabaga"})),
                ("found", json!({"tamarillo": "tamarillo"})),
                ("tamarillo", json!({})),
            ]),
        ],
    }
}

#[tokio::test]
async fn no_word_of_a_conversation_is_logged() {
    let captured = Captured::default();
    let _guard = captured.listen();
    let stage = Stage::set("talk", AGENT).await;
    let play = |mut twilio: Theirs| async move {
        twilio.set_up(CALL).await;
        twilio.say("I have an elderberry").await;
        twilio.reply().await;
        twilio.send(json!({"type": "info", "name": "tokensPlayed", "value": "Cranberry, this"})).await;
        twilio.send(json!({"type": "interrupt", "utteranceUntilInterrupt": "Cranberry"})).await;
        for digit in "90210864#".chars() {
            twilio.send(json!({"type": "dtmf", "digit": digit.to_string()})).await;
        }
        twilio.reply().await;
        twilio.say("a person for my fennel").await;
        twilio.end().await;
    };
    stage.call(eager, play).await;
    let press = |mut twilio: Theirs| async move {
        twilio.set_up(CALL).await;
        twilio.send(json!({"type": "dtmf", "digit": "0"})).await;
        twilio.end().await;
    };
    stage.call(eager, press).await;
    let bye = |mut twilio: Theirs| async move {
        twilio.set_up(CALL).await;
        twilio.say("bye, fennel").await;
        twilio.end().await;
    };
    stage.call(|_| vec![words("Okra."), done(&[("end_call", json!({"reason": "quince"}))])], bye).await;
    let calls = stage.calls.clone();
    let look_on = |mut twilio: Theirs| async move {
        twilio.set_up(CALL).await;
        let order = |order| calls.order(&CALL.parse().unwrap(), order).unwrap();
        twilio.say("an elderberry").await;
        twilio.reply().await;
        order(Order::Whisper("Offer a cherimoya".into()));
        twilio.say("another elderberry").await;
        twilio.reply().await;
        order(Order::HandOver(Some("Wants a tangelo".into())));
        twilio.end().await;
    };
    let told = Arc::new(AtomicBool::default());
    let heard = told.clone();
    let listen = move |question: &Question| {
        heard.fetch_or(question.system.text().contains("cherimoya"), Ordering::Relaxed);
        eager(question)
    };
    stage.call(listen, look_on).await;
    assert!(told.load(Ordering::Relaxed), "the model was told");
    let document = stage.calls.kept(&CALL.parse().unwrap(), None).unwrap();
    assert_eq!(document.reason.expose(), "Wants a tangelo");
    captured.checked(&[CALL, "session began", "session ended", "frame sent", "escalated", "completed"]);
}

#[tokio::test]
async fn no_word_of_a_call_that_goes_wrong_is_logged() {
    let captured = Captured::default();
    let _guard = captured.listen();
    let stage = Stage::set("wrong", AGENT).await;
    for error in [
        ModelError::Unreachable(Obstacle::Refused),
        ModelError::Refused { status: 401 },
        ModelError::BadRequest { status: 400 },
        ModelError::RateLimited { retry_after: None },
        ModelError::Unavailable { status: 500, retry_after: None },
        ModelError::TooLong,
        ModelError::Broken,
        ModelError::Empty,
    ] {
        let fail = |mut twilio: Theirs| async move {
            twilio.set_up(CALL).await;
            twilio.say("an elderberry").await;
            twilio.end().await;
        };
        stage.call(move |_| vec![ModelEvent::Failed(error.clone())], fail).await;
    }
    let garble = |mut twilio: Theirs| async move {
        twilio.set_up(CALL).await;
        twilio.send("no frame but tamarillo").await;
        twilio.send(json!(["tamarillo"])).await;
        twilio.send(json!({"type": "prompt", "prompt": "tamarillo"})).await;
        twilio.send(json!({"type": "dtmf", "digit": "90210864"})).await;
        twilio.send(json!({"type": "tamarillo", "tamarillo": 90_210_864})).await;
        twilio.send(json!({"type": "info", "name": "tamarillo", "value": "tamarillo"})).await;
        let description = "Invalid message received: {\"token\":\"tamarillo\"}";
        twilio.send(json!({"type": "error", "description": description})).await;
        twilio.say("an elderberry").await;
        // The line is lost in mid-reply.
        twilio.until(|frame| frame["token"] == "One kumquat, please.").await;
    };
    stage.call(eager, garble).await;
    for first in ["tamarillo".to_owned(), json!({"type": "prompt", "voicePrompt": "tamarillo"}).to_string()] {
        stage.call(eager, |twilio| async move { twilio.send(first).await }).await;
    }
    stage.call(eager, |twilio| async move { twilio.set_up("CA5557012345").await }).await;
    captured.checked(&[
        CALL,
        "model failed",
        "frame dropped",
        "could not use a frame",
        "socket refused",
        "closed",
    ]);
}

#[tokio::test]
async fn a_prompt_that_fails_on_a_caller_says_so_without_the_caller() {
    let captured = Captured::default();
    let _guard = captured.listen();
    for (name, agent) in [
        ("int", "{% if caller.name == 'Apricot' %}{{ caller.name|int }}{% endif %}"),
        ("sum", "{% if caller.name == 'Apricot' %}{{ caller.name + 1 }}{% endif %}"),
        ("call", "{% if caller.name == 'Apricot' %}{{ caller.name() }}{% endif %}"),
        ("attribute", "{% if caller.name == 'Apricot' %}{{ parameters[caller.name].x }}{% endif %}"),
        (
            "length",
            "{% if caller.name == 'Apricot' %}{{ 1|join(caller.name) }}{{ caller.name|abs }}{% endif %}",
        ),
    ] {
        let stage = Stage::set(name, agent).await;
        let hang_up = |twilio: Theirs| async move { twilio.set_up(CALL).await };
        stage.call(eager, hang_up).await;
    }
    captured.checked(&[CALL, "the prompt failed for this call"]);
}

/// Some libraries log through `log` and not through `tracing`; a server hears them too.
#[tokio::test]
async fn no_word_that_crosses_real_sockets_is_logged() {
    let captured = Captured::default();
    let _guard = captured.listen();
    let bridge = TestBridge::start(|_| {
        vec![Step::Say("One kumquat, please.".to_owned()), Step::Tool("escalate", escalation())]
    })
    .await;
    let (mut call, mut conversation) = bridge.connected(FAST).await;
    conversation.say("I have an elderberry").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    call.finish(conversation).await.unwrap();
    captured.checked(&["session ended", "call.sid=CA"]);
}
