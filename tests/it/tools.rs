//! Tools of one's own in a whole call: what an interrupt and a hang-up do to them, and the manifests of
//! `examples/tools` against their server.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::any;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use warmline::chat::Toolbox;
use warmline::pii::Pii;
use warmline::tools::{Occasion, Tools};

use super::bridge::{FAST, SOON, TestBridge};
use super::model::{Step, after_tool, last_words};
use super::secrets::Captured;
use super::tool_server::{depot::Depot, rest};

/// An endpoint that answers when it is told to, and knows what becomes of those who ask.
#[derive(Default)]
struct Endpoint {
    state: watch::Sender<Seen>,
    go_on: Notify,
}

#[derive(Debug, Default, Clone)]
struct Seen {
    asked: u32,
    answered: u32,
    left: u32,
    keys: Vec<String>,
}

/// Somebody who asks: gone without an answer unless it was taken.
struct Asking(Arc<Endpoint>, bool);

impl Drop for Asking {
    fn drop(&mut self) {
        let answered = self.1;
        self.0.state.send_modify(|seen| *(if answered { &mut seen.answered } else { &mut seen.left }) += 1);
    }
}

async fn asked(State(endpoint): State<Arc<Endpoint>>, headers: HeaderMap) -> &'static str {
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    endpoint.state.send_modify(|seen| {
        seen.asked += 1;
        seen.keys.extend(key);
    });
    let mut asking = Asking(endpoint.clone(), false);
    endpoint.go_on.notified().await;
    asking.1 = true;
    "done, as B7"
}

impl Endpoint {
    async fn until(&self, wanted: impl Fn(&Seen) -> bool) -> Seen {
        let mut seen = self.state.subscribe();
        let seen = tokio::time::timeout(SOON, seen.wait_for(|seen| wanted(seen))).await;
        seen.expect("the endpoint never saw it").unwrap().clone()
    }
}

struct Stage {
    bridge: TestBridge,
    endpoint: Arc<Endpoint>,
    folder: PathBuf,
    _serving: JoinSet<()>,
}

impl Stage {
    /// A server with one tool of this effect beside the session's own.
    async fn set(effect: &str) -> Self {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("warmline-tools-{}-{}", std::process::id(), FOLDERS.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let endpoint = Arc::new(Endpoint::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let manifest = json!({
            "name": "book", "description": "Books.", "parameters": {"type": "object"}, "effect": effect,
            "say": "I book it, this takes a moment or two.",
            "http": {"url": format!("http://{}/", listener.local_addr().unwrap())},
        });
        fs::write(folder.join("book.json"), manifest.to_string()).unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/escalate.json");
        fs::copy(shipped, folder.join("escalate.json")).unwrap();
        let routes = Router::new().fallback(any(asked)).with_state(endpoint.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let settings = [("WARMLINE_TOOLS", folder.to_str().unwrap())];
        let bridge = TestBridge::with(&settings, |request| match last_words(request) {
            _ if after_tool(request) => vec![Step::Say("It is done.".into())],
            "book it" => vec![Step::Tool("book", json!({}))],
            _ => vec![Step::Say("Very well.".into())],
        });
        Self { bridge: bridge.await, endpoint, folder, _serving: serving }
    }

    /// The results of tools in the last question to the model.
    fn results(&self) -> Vec<Value> {
        let messages = self.bridge.model.last_messages();
        messages.iter().filter(|message| message["role"] == "tool").map(|m| m["content"].clone()).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn a_booking_runs_on_when_the_caller_interrupts_and_is_told_afterwards() {
    let stage = Stage::set("write").await;
    let (_call, mut line) = stage.bridge.connected(FAST).await;
    line.say("book it").await.unwrap();
    stage.endpoint.until(|seen| seen.asked == 1).await;
    line.say("how are you").await.unwrap();
    while line.wait_words(SOON).await.unwrap().text != "Very well." {}
    let open =
        "{\"status\":\"still running; whether it was done is not known yet, so do not ask for it again\"}";
    assert_eq!(stage.results(), [open]);
    stage.endpoint.go_on.notify_one();
    let seen = stage.endpoint.until(|seen| seen.answered == 1).await;
    assert_eq!(seen.left, 0);
    assert!(seen.keys[0].starts_with("CA") && seen.keys[0].ends_with("-0-0"), "{:?}", seen.keys);
    // The result has come once a question has it.
    loop {
        line.say("so").await.unwrap();
        line.wait_words(SOON).await.unwrap();
        if stage.results() == ["done, as B7"] {
            break;
        }
        assert_eq!(stage.results(), [open]);
    }
}

#[tokio::test]
async fn a_look_up_is_broken_off_when_the_caller_interrupts() {
    let stage = Stage::set("read").await;
    let (_call, mut line) = stage.bridge.connected(FAST).await;
    line.say("book it").await.unwrap();
    stage.endpoint.until(|seen| seen.asked == 1).await;
    line.say("never mind").await.unwrap();
    let seen = stage.endpoint.until(|seen| seen.left == 1).await;
    assert_eq!((seen.answered, seen.keys.len()), (0, 0));
    while line.wait_words(SOON).await.unwrap().text != "Very well." {}
    assert_eq!(stage.results(), ["{\"error\":\"not finished: the caller interrupted\"}"]);
}

#[tokio::test]
async fn a_booking_comes_to_its_end_though_the_caller_hangs_up_and_a_look_up_does_not() {
    for (effect, left) in [("write", 0), ("read", 1)] {
        let captured = Captured::default();
        let _guard = captured.listen();
        let stage = Stage::set(effect).await;
        let (_call, mut line) = stage.bridge.connected(FAST).await;
        line.say("book it").await.unwrap();
        stage.endpoint.until(|seen| seen.asked == 1).await;
        line.hang_up().await.unwrap();
        if left == 0 {
            while !captured.text().contains("session ended") {
                tokio::task::yield_now().await;
            }
            // Whoever waits for the last call waits for what it still does.
            assert_eq!(stage.bridge.inner.calls.count(), 1);
            stage.endpoint.go_on.notify_one();
            stage.bridge.inner.calls.all_left().await;
        }
        let seen = stage.endpoint.until(|seen| seen.answered + seen.left == 1).await;
        assert_eq!((effect, seen.left), (effect, left));
    }
}

/// The tools of `examples/tools`, at an address of their own.
async fn examples(address: &str) -> (Tools, impl Future<Output = ()> + use<>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = std::env::temp_dir().join(format!("warmline-example-tools-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tools")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap().replace("127.0.0.1:4700", address);
        fs::write(folder.join(path.file_name().unwrap()), text).unwrap();
    }
    let means = Tools::client().unwrap();
    let tools = Tools::load(&folder, &means).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    (tools, async move { means.keep_connected().await })
}

async fn run(tools: &Tools, key: &str, name: &str, arguments: Value) -> Result<String, String> {
    let index = tools.position(name).unwrap_or_else(|| panic!("there is no {name}"));
    let arguments = tools.check(index, &arguments.to_string()).map_err(|error| error.0.into_inner())?;
    let occasion = Occasion { key: key.into(), call_sid: "CA1".into(), ..Occasion::default() };
    tools.run(index, &arguments, &occasion).await.map(Pii::into_inner).map_err(Pii::into_inner)
}

#[tokio::test]
async fn every_example_works_against_its_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (tools, connections) = examples(&listener.local_addr().unwrap().to_string()).await;
    let asking = async {
        tools.settled().await;
        let tools = tools.renewed().expect("the MCP server came");
        assert_eq!(tools.problems(), []);
        let run = |key, name, arguments| run(&tools, key, name, arguments);
        let ok = |text: &str| Ok(text.to_owned());
        let parcel = run("1", "parcel_status", json!({"number": "12345678"})).await;
        assert_eq!(parcel, ok(r#"{"depot":"Ulm","state":"delivered"}"#));
        let unknown = run("2", "parcel_status", json!({"number": "1"})).await;
        assert!(unknown.unwrap_err().starts_with("`number`"));
        assert_eq!(
            run("3", "free_slots", json!({"day": "monday"})).await,
            ok(r#"["09:00","11:00","14:00"]"#)
        );
        let slot = json!({"day": "monday", "time": "11:00"});
        assert_eq!(run("4", "reserve_slot", slot.clone()).await, ok("Booked for monday at 11:00."));
        assert_eq!(run("4", "reserve_slot", slot.clone()).await, ok("Booked for monday at 11:00."));
        let taken = run("5", "reserve_slot", slot.clone()).await;
        assert_eq!(taken, Err("the tool failed with status 409".to_owned()));
        assert_eq!(run("6", "free_slots", json!({"day": "monday"})).await, ok(r#"["09:00","14:00"]"#));
        let line = run("7", "line_status", json!({"area": "8912"})).await;
        assert_eq!(line, ok(r#"{"area":"8912","since":"07:40","working":false}"#));
        let remote = run("8", "depot_find_parcel", json!({"number": "12345679"})).await.unwrap();
        assert!(remote.contains("being sorted"), "{remote}");
        assert_eq!(run("9", "depot_book_slot", slot).await, Err("the slot is taken".to_owned()));
    };
    let routes = rest::routes(Arc::new(Depot::default()));
    tokio::select! {
        done = tokio::time::timeout(SOON, asking) => done.expect("an example never answered"),
        () = connections => unreachable!("connections are kept for ever"),
        _ = axum::serve(listener, routes) => unreachable!("the server outlives the questions"),
    }
}
