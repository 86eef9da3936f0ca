//! Servers as they come and go: a process that is a shell script, and one that is asked by HTTP.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::chat::{Effect, Toolbox};
use crate::pii::Pii;
use crate::prompts::FileError;
use crate::prompts::scratch::Scratch;
use crate::tools::{Hosts, Means, Occasion, Secrets, Tools, late, lost};

/// Long enough for a busy machine; nothing waits for it unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that answers one line with one line. What it lists stands in a file beside it.
const SCRIPT: &str = r#"
answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
echo "words for nobody" >&2
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  case "$line" in
    *'"initialize"'*) answer '{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"t","version":"1"}}' ;;
    *'"ping"'*) answer '{}' ;;
    *'"tools/list"'*) answer "$(cat "$LIST")" ;;
    *'"tools/call"'*)
      case "$line" in
        *'"crash"'*) exit 3 ;;
        *'"change"'*) sed -i 's/"later"/"more"/' "$LIST"; printf '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n'; answer '{"content":[]}' ;;
        *'"environment"'*) answer "{\"content\":[{\"type\":\"text\",\"text\":\"key $KEY, other ${OTHER-none}\"}]}" ;;
        *'"silent"'*) ;;
        *) answer '{"content":[{"type":"text","text":"no parcel of that number"}],"isError":true}' ;;
      esac ;;
  esac
done
"#;

fn listed(names: &[&str]) -> Value {
    let tool = |name: &&str| {
        json!({
            "name": name, "description": format!("Does {name}."),
            "inputSchema": {"type": "object", "properties": {"number": {"type": "string"}}},
            "annotations": {"readOnlyHint": *name == "find"},
        })
    };
    json!({ "tools": names.iter().map(tool).collect::<Vec<_>>() })
}

struct Folder {
    scratch: Scratch,
    means: Means,
}

impl Folder {
    fn new() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let scratch = Scratch::new();
        scratch.write("escalate.json", include_str!("../../../tools/escalate.json"));
        let secrets = Secrets::new(|name| (name == "KEY").then(|| SecretString::from("a-key-of-ours")));
        let means = Means::new(Hosts::default(), secrets).unwrap();
        Self { scratch, means }
    }

    fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// A server that is a script, with these tools and what else its manifest says.
    fn with_script(&self, list: &[&str], manifest: &Value) {
        self.scratch.write("list", &listed(list).to_string());
        self.scratch.write("server.sh", SCRIPT);
        let mut own = json!({
            "command": "sh",
            "args": [self.path().join("server.sh")],
            "env": {"LIST": self.path().join("list"), "KEY": {"env": "KEY"}},
            "timeout_ms": 20_000,
        });
        for (name, value) in manifest.as_object().unwrap() {
            own[name] = value.clone();
        }
        self.scratch.write("parcels.mcp.json", &own.to_string());
    }

    fn load(&self) -> Result<Tools, FileError> {
        Tools::load(self.path(), &self.means)
    }

    /// Does something while the connections are kept.
    async fn connected<T>(&self, what: impl Future<Output = T>) -> T {
        tokio::select! {
            done = tokio::time::timeout(PATIENCE, what) => done.expect("something never happened"),
            () = self.means.keep_connected() => unreachable!("connections are kept for ever"),
        }
    }
}

fn names(tools: &Tools) -> Vec<&str> {
    tools.tools().iter().map(|tool| tool.name.as_str()).collect()
}

/// The tools as they are once something changed.
async fn next(tools: &Tools) -> Tools {
    for (server, seen) in &tools.servers {
        server.passed(*seen).await;
    }
    tools.renewed().expect("something changed")
}

async fn run(tools: &Tools, name: &str, arguments: Value) -> Result<String, String> {
    let index = tools.position(name).unwrap();
    let occasion = Occasion { key: "CA1-0-7".into(), ..Occasion::default() };
    tools.run(index, &arguments, &occasion).await.map(Pii::into_inner).map_err(Pii::into_inner)
}

#[tokio::test]
async fn what_a_process_lists_is_offered_as_its_manifest_says() {
    let folder = Folder::new();
    folder.with_script(
        &["find", "book", "other"],
        &json!({
            "allow": ["find", "book", "absent"], "prefix": "parcel_", "say": "One moment.",
            "tools": {"book": {"description": "Books a slot.", "say": "I book it.", "secure": true, "timeout_ms": 500}},
        }),
    );
    let tools = folder.load().unwrap();
    assert_eq!(names(&tools), ["escalate"]);
    assert!(
        tools.problems()[0].to_string().ends_with("parcels.mcp.json: the server is not connected to yet")
    );
    let tools = folder.connected(next(&tools)).await;
    assert_eq!(names(&tools), ["escalate", "parcel_find", "parcel_book"]);
    let [_, find, book] = tools.tools() else { panic!("{tools:?}") };
    assert_eq!((find.description.as_str(), find.effect, find.secure), ("Does find.", Effect::Read, false));
    assert_eq!((book.description.as_str(), book.effect, book.secure), ("Books a slot.", Effect::Write, true));
    assert_eq!((find.say.within("en"), book.say.within("en")), (Some("One moment."), Some("I book it.")));
    assert_eq!((find.timeout.as_millis(), book.timeout.as_millis()), (20_000, 500));
    assert_eq!(
        tools.check(1, r#"{"number": 7}"#).unwrap_err().0.expose(),
        "`number`: the value is not of type \"string\""
    );
    let problems: Vec<String> = tools.problems().iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].ends_with("`absent` is left out: the server has no such tool"), "{problems:?}");
    assert_eq!(tools.way(1), "mcp");
}

#[tokio::test]
async fn an_error_of_the_server_is_a_failure_with_its_words() {
    let folder = Folder::new();
    folder.with_script(&["find"], &json!({"allow": ["find"]}));
    let tools = folder.load().unwrap();
    let failed =
        folder.connected(async { run(&next(&tools).await, "find", json!({"number": "1"})).await }).await;
    assert_eq!(failed, Err("no parcel of that number".to_owned()));
}

#[tokio::test]
async fn a_process_gets_the_keys_of_its_manifest_and_no_others_and_the_model_gets_none() {
    let folder = Folder::new();
    folder.with_script(&["environment"], &json!({"allow": ["environment"]}));
    let tools = folder.load().unwrap();
    let told = folder.connected(async { run(&next(&tools).await, "environment", json!({})).await }).await;
    assert_eq!(told, Ok("key ***, other none".to_owned()));
    assert!(!format!("{tools:?}").contains("a-key-of-ours"));
}

#[tokio::test]
async fn a_list_that_changes_counts_from_then_on() {
    let folder = Folder::new();
    folder.with_script(&["change", "later"], &json!({"allow": ["change", "more"]}));
    let tools = folder.load().unwrap();
    let (before, after) = folder
        .connected(async {
            let before = next(&tools).await;
            let mut after = before.clone();
            let _ = run(&before, "change", json!({})).await;
            while after.position("more").is_none() {
                after = next(&after).await;
            }
            (before, after)
        })
        .await;
    assert_eq!(names(&before), ["escalate", "change"]);
    assert_eq!(names(&after), ["escalate", "change", "more"]);
    assert_eq!(after.problems(), []);
}

#[tokio::test]
async fn a_process_that_dies_fails_its_run_and_is_started_again() {
    let folder = Folder::new();
    folder.with_script(&["crash", "find"], &json!({"allow": ["crash", "find"]}));
    let tools = folder.load().unwrap();
    folder
        .connected(async {
            let tools = next(&tools).await;
            let died = run(&tools, "crash", json!({})).await;
            assert_eq!(died, Err(lost(Effect::Write).to_owned()));
            let without = next(&tools).await;
            assert_eq!(names(&without), ["escalate"]);
            assert!(without.problems()[0].cause.starts_with("the server is away: it "));
            let again = next(&without).await;
            assert_eq!(names(&again), ["escalate", "crash", "find"]);
            // A call that began before goes on with what it knew.
            assert_eq!(run(&tools, "find", json!({})).await, Err("no parcel of that number".to_owned()));
        })
        .await;
}

#[tokio::test]
async fn a_run_that_takes_too_long_is_given_up() {
    let folder = Folder::new();
    folder.with_script(&["silent"], &json!({"allow": ["silent"], "timeout_ms": 100}));
    let tools = folder.load().unwrap();
    let given_up = folder.connected(async { run(&next(&tools).await, "silent", json!({})).await }).await;
    assert_eq!(given_up, Err(late(Effect::Write).to_owned()));
}

#[tokio::test]
async fn a_command_that_is_not_there_is_told() {
    let folder = Folder::new();
    folder.with_script(&[], &json!({"allow": ["find"], "command": "no-such-command-anywhere"}));
    let tools = folder.load().unwrap();
    folder.connected(tools.settled()).await;
    assert_eq!(tools.problems()[0].cause, "the server is away: there is no such command");
}

#[tokio::test]
async fn a_name_that_is_taken_and_a_schema_that_is_none_are_left_out() {
    let folder = Folder::new();
    folder.with_script(&[], &json!({"allow": ["escalate", "odd"]}));
    let mut list = listed(&["escalate", "odd"]);
    list["tools"][1]["inputSchema"] = json!({"type": "object", "properties": {"a": {"type": "strin"}}});
    folder.scratch.write("list", &list.to_string());
    let tools = folder.load().unwrap();
    let tools = folder.connected(next(&tools)).await;
    assert_eq!(names(&tools), ["escalate"]);
    let causes: Vec<String> = tools.problems().into_iter().map(|problem| problem.cause).collect();
    assert_eq!(causes.len(), 2, "{causes:?}");
    assert!(causes[0].starts_with("`odd` is left out: `parameters` is no JSON schema"), "{causes:?}");
    assert!(causes[1].starts_with("`escalate` is left out: another tool has this name"), "{causes:?}");
}

#[tokio::test]
async fn a_manifest_that_did_not_change_keeps_its_connection() {
    let folder = Folder::new();
    folder.with_script(&["find"], &json!({"allow": ["find"]}));
    let tools = folder.load().unwrap();
    folder.connected(tools.settled()).await;
    let again = folder.load().unwrap();
    assert_eq!(names(&again), ["escalate", "find"]);
    folder.with_script(&["find"], &json!({"allow": ["find"], "prefix": "new_"}));
    assert_eq!(names(&folder.load().unwrap()), ["escalate"]);
}

#[derive(Default)]
struct Heard {
    runs: AtomicU32,
}

async fn answered(
    Shared(heard): Shared<std::sync::Arc<Heard>>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    if headers.get("authorization").is_none_or(|value| value != "Bearer a-key-of-ours") {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let result = match asked["method"].as_str().unwrap() {
        "initialize" => json!({
            "protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
            "serverInfo": {"name": "t", "version": "1"},
        }),
        "ping" => json!({}),
        "tools/list" => listed(&["find"]),
        "tools/call" => {
            heard.runs.fetch_add(1, Ordering::Relaxed);
            let key = asked["params"]["_meta"]["warmline/idempotencyKey"].clone();
            let number = asked["params"]["arguments"]["number"].clone();
            json!({"content": [{"type": "text", "text": format!("{number} as {key}")}]})
        }
        _ => return Err(StatusCode::ACCEPTED),
    };
    Ok(Json(json!({"jsonrpc": "2.0", "id": asked["id"], "result": result})))
}

#[tokio::test]
async fn a_server_is_asked_by_http_with_its_key_and_missed_when_it_goes() {
    let folder = Folder::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let manifest = json!({
        "url": format!("http://{address}/mcp"),
        "headers": {"authorization": {"env": "KEY", "prefix": "Bearer "}},
        "allow": ["find"],
    });
    folder.scratch.write("parcels.mcp.json", &manifest.to_string());
    let heard = std::sync::Arc::new(Heard::default());
    let routes = Router::new().route("/mcp", post(answered)).with_state(heard.clone());
    let stop = tokio_util::sync::CancellationToken::new();
    let serving = serve(listener, routes, stop.clone());
    let tools = folder.load().unwrap();
    let asking = folder.connected(async {
        let tools = next(&tools).await;
        assert_eq!(names(&tools), ["escalate", "find"]);
        assert_eq!(run(&tools, "find", json!({"number": "7"})).await, Ok("\"7\" as \"CA1-0-7\"".to_owned()));
        stop.cancel();
        assert_eq!(run(&tools, "find", json!({})).await, Err("the tool could not be reached".to_owned()));
        assert_eq!(names(&next(&tools).await), ["escalate"]);
    });
    tokio::join!(serving, asking);
    assert_eq!(heard.runs.load(Ordering::Relaxed), 1);
}

/// Serves one request a connection, so that nothing is left open once it stops.
async fn serve(listener: TcpListener, routes: Router, stop: tokio_util::sync::CancellationToken) {
    let closing = axum::middleware::map_response(async |mut response: axum::response::Response| {
        response.headers_mut().insert("connection", axum::http::HeaderValue::from_static("close"));
        response
    });
    tokio::select! {
        () = stop.cancelled() => {}
        _ = axum::serve(listener, routes.layer(closing)) => {}
    }
}

#[test]
fn a_broken_manifest_names_file_line_and_cause() {
    for (manifest, expected) in [
        ("{\n\"command\": \"x\",\n\"allow\": []\n}", ":3: `allow` names no tool"),
        ("{\n\"command\": \"x\"\n}", ":3: missing field `allow`"),
        ("{\n\"allow\": [\"a\"]\n}", ": a server has a `command` with `args` and `env`, or a `url`"),
        (
            "{\n\"allow\": [\"a\"], \"command\": \"x\", \"url\": \"https://a.example/\"\n}",
            ": a server has a `command`",
        ),
        ("{\n\"allow\": [\"a\"],\n\"url\": \"http://a.example/\"\n}", ":3: `url` must begin with https://"),
        (
            "{\n\"allow\": [\"a\"],\n\"url\": \"https://10.0.0.1/\"\n}",
            ":3: `url` names an address of a private network; list \"10.0.0.1\"",
        ),
        (
            "{\n\"allow\": [\"a\"], \"command\": \"x\",\n\"env\": {\"A\": {\"env\": \"NOT_SET\"}}\n}",
            ":3: the environment has no `NOT_SET`",
        ),
        (
            "{\n\"allow\": [\"a\"], \"command\": \"x\",\n\"tools\": {\"b\": {}}\n}",
            ":3: `b` is not among the names in `allow`",
        ),
        (
            "{\n\"allow\": [\"a\"], \"url\": \"https://a.example/\",\n\"headers\": {\"mcp-session-id\": \"1\"}\n}",
            ":3: `mcp-session-id` belongs to the protocol",
        ),
        ("{\n\"allow\": [\"a\", \"a\"], \"command\": \"x\"\n}", ":2: `allow` names `a` twice"),
    ] {
        let folder = Folder::new();
        folder.scratch.write("parcels.mcp.json", manifest);
        let error = folder.load().unwrap_err().to_string();
        assert!(error.contains(&format!("parcels.mcp.json{expected}")), "{expected}: {error}");
    }
}
