//! What the model's endpoint sends back never reaches the log, however it fails: libraries on the way print
//! payloads, also at `error`.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

use super::bridge::{FAST, SOON, TestBridge};
use super::model::Step;
use super::segment::{FakeSegment, Segment};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_failing_endpoint_puts_no_payload_into_the_log() {
    let captured = Captured::default();
    let everything = EnvFilter::new("trace,async_openai=trace,hyper=trace,reqwest=trace,tungstenite=trace");
    let lines =
        warmline::telemetry::layer(everything, fmt::layer().with_ansi(false).with_writer(captured.clone()));
    // One thread runs the whole test, server included, so this hears all of it.
    let _guard = tracing::subscriber::set_default(registry().with(lines));
    for steps in [
        // The body of the fake's 500 quotes the caller.
        vec![Step::Status(500)],
        vec![Step::Status(404)],
        vec![Step::Raw("data: {\"choices\": \"quokka\"}\n\n"), Step::Raw("data: quokka\n\n")],
        vec![Step::Say("Wombat. ".to_owned()), Step::Raw("data: {\"error\": {\"message\": \"quokka\"}}\n\n")],
        vec![Step::Say("Wombat. ".to_owned()), Step::Cut],
    ] {
        let bridge = TestBridge::start(move |_| steps.clone()).await;
        let (mut call, mut conversation) = bridge.connected(FAST).await;
        conversation.say("my secret is numbat").await.unwrap();
        conversation.until_end(SOON).await.unwrap();
        call.finish(conversation).await.unwrap();
    }
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap().to_lowercase();
    assert!(log.contains("model failed") && log.contains("call{call.sid=ca"), "nothing was captured");
    for secret in ["numbat", "wombat", "quokka", "hello", "5551230000", "sk-test", "northwind", "injected"] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} in: {}", line.unwrap_or_default());
    }
}

#[tokio::test]
async fn a_profile_and_a_service_that_fails_put_nothing_into_the_log() {
    let captured = Captured::default();
    let everything = EnvFilter::new("trace,hyper=trace,reqwest=trace");
    let lines =
        warmline::telemetry::layer(everything, fmt::layer().with_ansi(false).with_writer(captured.clone()));
    let _guard = tracing::subscriber::set_default(registry().with(lines));
    let toml = "[profile]\ntraits = [\"tier\"]\nprompt = [\"tier\"]\ntask = [\"tier\"]\n\
                [[routes.start]]\nname = \"upper class\"\nwhen = [\"traits.tier == 'wombat'\"]\nto = \"person\"\n\
                [[routes.handoff]]\nname = \"all\"\npriority = 1";
    for (answers, line) in [
        (Segment::Traits(serde_json::json!({"tier": "wombat"})), "upper class"),
        (Segment::Traits(serde_json::json!({"tier": "numbat"})), "incoming call"),
        (Segment::Status(500), "profile could not be looked up"),
        (Segment::Raw("quokka".to_owned()), "profile could not be looked up"),
    ] {
        let segment = FakeSegment::start(answers).await;
        let bridge = TestBridge::configured(toml, &segment.settings(), |_| vec![Step::Hold]).await;
        bridge.call().dial().await.unwrap();
        let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains(line), "{line} is not in {log}");
    }
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap().to_lowercase();
    for secret in ["numbat", "wombat", "quokka", "5551230000", "segment-token", "c2vnbwvudc10"] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} in: {}", line.unwrap_or_default());
    }
}
