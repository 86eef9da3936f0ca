//! A whole server on a free port, as Twilio meets it: public address, signatures, and a model that is scripted.

use std::collections::BTreeMap;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;
use warmline::app::Server;
use warmline::caller::{Call, Conversation, Rate, Twilio};
use warmline::config::Config;
use warmline::http::Bridge;
use warmline::store::Store;
use warmline::twiml::Element;

use super::model::{FakeModel, Step, after_tool, last_words};

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const WORKFLOW: &str = "WWbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
pub(crate) const PUBLIC: &str = "https://bridge.example.com";
/// How long anything may take before a test gives up.
pub(crate) const SOON: Duration = Duration::from_secs(10);
/// Fast speech: a sentence takes a tenth of a second, and can still be interrupted.
pub(crate) const FAST: u32 = 400;

/// The server, and what surrounds it.
pub(crate) struct TestBridge {
    pub(crate) twilio: Twilio,
    pub(crate) base: Url,
    pub(crate) model: FakeModel,
    pub(crate) ending: CancellationToken,
    pub(crate) store: Store,
    /// A second signal.
    pub(crate) hurry: CancellationToken,
    /// What the server knows.
    pub(crate) inner: Arc<Bridge>,
    serving: JoinSet<()>,
}

impl TestBridge {
    pub(crate) async fn start(script: impl Fn(&Value) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::with(&[], script).await
    }

    /// With settings beside or in place of the usual ones; an empty value removes one.
    pub(crate) async fn with(
        settings: &[(&str, &str)],
        script: impl Fn(&Value) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let model = FakeModel::start(script).await;
        let usual = [
            ("PORT", "0"),
            ("BIND", "127.0.0.1"),
            ("PUBLIC_URL", PUBLIC),
            ("TWILIO_AUTH_TOKEN", TOKEN),
            ("TWILIO_WORKFLOW_SID", WORKFLOW),
            ("OPENAI_BASE_URL", model.base_url.as_str()),
            ("OPENAI_API_KEY", "sk-test"),
            ("DATABASE_URL", "sqlite::memory:"),
            // The folders of this repository are its embedded ones; tests do not depend on where they run.
            ("WARMLINE_PROMPTS", concat!(env!("CARGO_MANIFEST_DIR"), "/prompts")),
            ("WARMLINE_TOOLS", concat!(env!("CARGO_MANIFEST_DIR"), "/tools")),
        ];
        let vars: BTreeMap<String, String> = usual
            .iter()
            .chain(settings)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let config = Config::load(&vars).expect("the settings fit");
        let open = config.is_open();
        let server = Server::start(config).await.expect("the server starts");
        let base = Url::parse(&format!("http://{}", server.address())).unwrap();
        let store = server.bridge().store.clone();
        let (public, token) = if open {
            (base.clone(), None)
        } else {
            (Url::parse(PUBLIC).unwrap(), Some(SecretString::from(TOKEN)))
        };
        let twilio = Twilio::new(base.clone(), public, format!("AC{}", "a".repeat(32)), token).unwrap();
        let inner = server.bridge().clone();
        let (ending, hurry) = (CancellationToken::new(), CancellationToken::new());
        let mut serving = JoinSet::new();
        serving.spawn(server.serve(ending.clone(), hurry.clone()));
        Self { twilio, base, model, ending, store, hurry, inner, serving }
    }

    /// Waits until the server has ended by itself.
    pub(crate) async fn ended(&mut self, within: Duration) {
        let ended = tokio::time::timeout(within, self.serving.join_next()).await;
        ended.expect("the server ends").expect("a server").expect("it ends without a panic");
    }

    /// With a `warmline.toml` beside the usual settings.
    pub(crate) async fn configured(
        toml: &str,
        settings: &[(&str, &str)],
        script: impl Fn(&Value) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let name = format!("warmline-{}-{}.toml", process::id(), FILES.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, toml).unwrap();
        let settings: Vec<_> =
            settings.iter().copied().chain([("WARMLINE_CONFIG", path.to_str().unwrap())]).collect();
        let bridge = Self::with(&settings, script).await;
        // It is read once, at the start.
        std::fs::remove_file(&path).unwrap();
        bridge
    }

    pub(crate) fn call(&self) -> Call {
        self.twilio.call("+15551230000", "+15559870000")
    }

    /// A call whose greeting was heard.
    pub(crate) async fn connected(&self, rate: u32) -> (Call, Conversation) {
        let mut call = self.call();
        call.dial().await.unwrap();
        let mut conversation = call.connect(Rate::per_second(rate)).await.unwrap();
        conversation.wait_quiet(SOON).await.unwrap();
        (call, conversation)
    }

    /// The address of a path on this machine.
    pub(crate) fn local(&self, path: &str) -> String {
        self.base.join(path).unwrap().to_string()
    }
}

/// The Task of a document that enqueues.
pub(crate) fn task(document: &Element) -> Value {
    let enqueue = document.child("Enqueue").unwrap_or_else(|| panic!("no Enqueue in {}", document.name));
    assert_eq!(enqueue.attribute("workflowSid"), Some(WORKFLOW));
    serde_json::from_str(&enqueue.child("Task").expect("a Task").text).expect("the Task is JSON")
}

/// A model that escalates when it hears of an "humain", in words that no rule knows, and says yes to all else.
pub(crate) fn escalating(request: &Value) -> Vec<Step> {
    if after_tool(request) {
        vec![Step::Say("Goodbye then.".to_owned())]
    } else if last_words(request).contains("humain") {
        vec![Step::Tool("escalate", escalation())]
    } else {
        vec![Step::Say("Yes.".to_owned())]
    }
}

/// The `escalate` arguments of most tests.
pub(crate) fn escalation() -> Value {
    serde_json::json!({
        "reason": "billing dispute",
        "reasonCode": "caller_request",
        "callSummary": "Caller was charged twice for order 1182 & wants <a refund>.",
        "sentiment": "negative",
    })
}
