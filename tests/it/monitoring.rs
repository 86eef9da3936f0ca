//! What an operator sees: the figures, the names in the dashboard and the alerts, the traces.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Attribute;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;
use warmline::caller::{Rate, Twilio};
use warmline::meters::{FIGURES, Kind};

use super::bridge::{FAST, SOON, TestBridge, escalation};
use super::model::{Step, last_words};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");

fn answers(request: &Value) -> Vec<Step> {
    let said = last_words(request);
    if said.contains("charged") {
        vec![Step::Tool("escalate", escalation())]
    } else if said.contains("refuse") {
        vec![Step::Status(401)]
    } else {
        vec![Step::Say("It arrives tomorrow.".to_owned())]
    }
}

async fn figures(bridge: &TestBridge) -> String {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(bridge.local("/metrics")).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    response.text().await.unwrap()
}

fn has(figures: &str, line: &str) {
    assert!(figures.lines().any(|said| said == line), "{line} is not in:\n{figures}");
}

#[tokio::test]
async fn a_call_is_counted_from_its_first_word_to_its_queue() {
    let bridge = TestBridge::start(answers).await;
    has(&figures(&bridge).await, "warmline_calls 0");
    let (mut call, mut conversation) = bridge.connected(FAST).await;
    conversation.say("where is my parcel").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    has(&figures(&bridge).await, "warmline_calls 1");
    conversation.say("I was charged twice").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    call.finish(conversation).await.unwrap();
    let figures = figures(&bridge).await;
    for line in [
        "warmline_turns_total 3",
        "warmline_first_word_seconds_count 2",
        "warmline_prompt_to_request_seconds_count 2",
        "warmline_sessions_total{outcome=\"escalated\",variant=\"base\"} 1",
        "warmline_escalations_total{trigger=\"model\",reason=\"caller_request\",variant=\"base\"} 1",
        "warmline_handoffs_total{state=\"queued\"} 1",
        "warmline_calls 0",
        "warmline_store_away 0",
    ] {
        has(&figures, line);
    }
}

#[tokio::test]
async fn what_goes_wrong_is_counted_by_its_kind() {
    let bridge = TestBridge::start(answers).await;
    let (mut call, mut conversation) = bridge.connected(FAST).await;
    conversation.say("refuse").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    call.finish(conversation).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.post(bridge.local("/voice/incoming")).body("CallSid=CA1").send().await.unwrap();
    let forged = client.post(bridge.local("/voice/incoming")).header("X-Twilio-Signature", "x");
    forged.body("CallSid=CA1").send().await.unwrap();
    let figures = figures(&bridge).await;
    for line in [
        "warmline_model_errors_total{kind=\"refused\"} 1",
        "warmline_escalations_total{trigger=\"model_failure\",reason=\"model_failure\",variant=\"base\"} 1",
        "warmline_refused_requests_total{reason=\"unsigned\"} 1",
        "warmline_refused_requests_total{reason=\"forged\"} 1",
    ] {
        has(&figures, line);
    }
}

#[tokio::test]
async fn the_figures_can_be_kept_for_those_who_bear_a_token() {
    const TOKEN: &str = "only-for-the-collector";
    let bridge = TestBridge::with(&[("WARMLINE_METRICS_TOKEN", TOKEN)], answers).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = || client.get(bridge.local("/metrics"));
    assert_eq!(get().send().await.unwrap().status(), 401);
    assert_eq!(get().bearer_auth("another-token-of-length").send().await.unwrap().status(), 401);
    assert_eq!(get().bearer_auth(TOKEN).send().await.unwrap().status(), 200);
}

/// Every word that looks like one of our figures.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("warmline_") || word.starts_with("process_")).collect()
}

#[test]
fn every_figure_that_dashboard_alerts_and_docs_name_exists() {
    let mut known = BTreeSet::new();
    for figure in FIGURES {
        known.insert(figure.name.to_owned());
        if figure.kind == Kind::Time {
            known.extend(["_bucket", "_sum", "_count"].map(|end| format!("{}{end}", figure.name)));
        }
    }
    for file in ["monitoring/grafana.json", "monitoring/alerts.yml", "METRICS.md"] {
        let text = fs::read_to_string(format!("{FOLDER}/{file}")).unwrap();
        let names = named(&text);
        assert!(names.len() > 8, "{file} names {names:?}");
        for name in names {
            assert!(known.contains(name), "{file} names {name}, which is no figure");
        }
    }
}

#[test]
fn the_docs_list_every_figure_as_the_code_does() {
    let text = fs::read_to_string(format!("{FOLDER}/METRICS.md")).unwrap();
    for figure in FIGURES {
        let kind = match figure.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Time => "time",
        };
        let labels: Vec<_> = figure.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(", ") };
        let row = format!("| `{}` | {kind} | {labels} | {} |", figure.name, figure.meaning);
        assert!(text.lines().any(|line| line == row), "docs/METRICS.md lacks: {row}");
    }
}

#[test]
fn the_dashboard_is_one() {
    let text = fs::read_to_string(format!("{FOLDER}/monitoring/grafana.json")).unwrap();
    let board: Value = serde_json::from_str(&text).unwrap();
    let panels = board["panels"].as_array().unwrap();
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty() && targets.iter().all(|target| target["expr"].is_string()), "{panel}");
    }
}

/// A collector that keeps what it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<(HeaderMap, Bytes)>>>);

impl Collector {
    async fn start(tasks: &mut JoinSet<()>) -> (Self, Url) {
        let collector = Self::default();
        let take = |State(Self(sent)): State<Self>, headers: HeaderMap, body: Bytes| async move {
            sent.lock().unwrap().push((headers, body));
        };
        let app = Router::new().route("/v1/traces", post(take)).with_state(collector.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        (collector, address)
    }

    fn spans(&self) -> Vec<Span> {
        let sent = self.0.lock().unwrap();
        let requests = sent.iter().map(|(_, body)| ExportTraceServiceRequest::decode(body.clone()).unwrap());
        let scopes = requests.flat_map(|request| request.resource_spans).flat_map(|spans| spans.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

/// The program itself: a process has one place where its spans go.
struct Traced(Child);

impl Traced {
    fn start(collector: &Url) -> (Self, Url) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_warmline"))
            .args(["serve", "--port", "0"])
            .env_clear()
            .env("DATABASE_URL", "none")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str())
            .env("OTEL_EXPORTER_OTLP_HEADERS", "x-team=voice")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.find_map(|line| {
            let (_, address) = line.split_once("listening  ")?;
            Url::parse(address.split(' ').next()?).ok()
        });
        lines.find(|line| line.contains("try it")).expect("it says how to call it");
        (Self(child), address.expect("it says where it listens"))
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn attribute<'a>(span: &'a Span, name: &str) -> Option<&'a str> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Attribute::StringValue(text) => Some(text),
        _ => None,
    }
}

#[tokio::test]
async fn a_call_leaves_spans_that_hang_together_and_hold_nobodys_words() {
    let mut tasks = JoinSet::new();
    let (collector, address) = Collector::start(&mut tasks).await;
    let (mut server, base) = Traced::start(&address);
    let twilio = Twilio::new(base.clone(), base, "AC1", None).unwrap();
    let mut call = twilio.call("+15551230000", "+15559870000");
    call.dial().await.unwrap();
    let mut conversation = call.connect(Rate::per_second(FAST)).await.unwrap();
    conversation.wait_quiet(SOON).await.unwrap();
    conversation.say("what are your opening hours").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    conversation.say("let me talk to a person please").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    let sid = call.sid().to_owned();
    call.finish(conversation).await.unwrap();
    // What waits leaves when the server ends.
    assert!(Command::new("kill").args(["-TERM", &server.0.id().to_string()]).status().unwrap().success());
    let ended = tokio::task::spawn_blocking(move || server.0.wait().map(|status| (status, server)));
    let (status, _server) = tokio::time::timeout(SOON, ended).await.unwrap().unwrap().unwrap();
    assert!(status.success());

    let spans = collector.spans();
    let one = |name: &str| {
        spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name} in {spans:?}"))
    };
    let whole = one("call");
    assert_eq!(attribute(whole, "call.sid"), Some(sid.as_str()));
    let turns: Vec<_> = spans.iter().filter(|span| span.name == "turn").collect();
    assert!(turns.iter().all(|turn| turn.parent_span_id == whole.span_id) && turns.len() == 2, "{spans:?}");
    let chat = one("chat embedded");
    assert!(turns.iter().any(|turn| turn.span_id == chat.parent_span_id));
    assert_eq!(attribute(chat, "gen_ai.operation.name"), Some("chat"));
    assert_eq!(attribute(chat, "gen_ai.response.finish_reasons"), Some("stop"));
    let sent = collector.0.lock().unwrap();
    for (headers, body) in sent.iter() {
        assert_eq!(headers["x-team"], "voice");
        let text = String::from_utf8_lossy(body);
        for secret in ["opening", "person please", "5551230000", "Monday"] {
            assert!(!text.contains(secret), "{secret} was sent");
        }
    }
}
