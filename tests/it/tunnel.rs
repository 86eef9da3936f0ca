//! A server behind a tunnel: an agent's and a command's, also when the address changes while calls go on.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use warmline::config::Origin;
use warmline::tunnel::{Agent, Command, Event, Tunnel};
use warmline::twilio::signature::sign;

use super::bridge::{SOON, TOKEN, WORKFLOW};

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("warmline-tunnel-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn at(url: &str) -> Event {
    Event::At(Origin::parse(url).unwrap())
}

async fn next(events: &mut mpsc::Receiver<Event>) -> Event {
    tokio::time::timeout(SOON, events.recv()).await.expect("it is told in time").unwrap()
}

/// Keeps a tunnel for as long as the set lives.
fn kept(tunnel: Tunnel) -> (mpsc::Receiver<Event>, JoinSet<()>) {
    let (tell, events) = mpsc::channel(16);
    let mut tasks = JoinSet::new();
    tasks.spawn(tunnel.keep(tell));
    (events, tasks)
}

#[tokio::test]
async fn an_agent_says_where_its_tunnel_leads_from_and_when_that_changes() {
    let tunnel = |url: &str| json!([{"public_url": url, "proto": "https", "config": {"addr": "http://localhost:8080"}}]);
    // An older agent has no endpoints.
    let said = Arc::new(Mutex::new(tunnel("https://one.ngrok-free.app")));
    let list = |State(said): State<Arc<Mutex<Value>>>| async move {
        Json(json!({"tunnels": *said.lock().unwrap()}))
    };
    let app = Router::new().route("/api/tunnels", get(list)).with_state(said.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, app).await.unwrap() });
    let agent = Agent::at(&base).unwrap();
    let (mut events, _tasks) = kept(Tunnel::Agent(agent.clone(), 8080));
    assert_eq!(next(&mut events).await, at("https://one.ngrok-free.app"));
    *said.lock().unwrap() = tunnel("https://two.ngrok-free.app");
    assert_eq!(next(&mut events).await, at("https://two.ngrok-free.app"));
    *said.lock().unwrap() = json!([]);
    assert_eq!(next(&mut events).await, Event::Lost);
}

#[tokio::test]
async fn a_command_that_ends_is_started_again() {
    let folder = folder("again");
    let mark = folder.join("ran");
    let line = format!(
        "if [ -e {0} ]; then echo https://two.tunnel.example on $PORT >&2; exec cat /dev/zero >/dev/null; fi; \
         touch {0}; echo 'docs: https://tunnel.example/docs'; echo https://one.tunnel.example; echo no luck; exit 3",
        mark.display()
    );
    let (mut events, _tasks) = kept(Tunnel::Command(Command::shell(&line, 8080)));
    assert_eq!(next(&mut events).await, at("https://one.tunnel.example"));
    match next(&mut events).await {
        Event::Ended { status, last, .. } => {
            assert!(status.contains('3') && last.last().unwrap() == "no luck", "{status} {last:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(next(&mut events).await, at("https://two.tunnel.example"));
    std::fs::remove_dir_all(folder).unwrap();
}

/// The program itself, behind a tunnel that a script pretends to open.
struct Served {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
    base: String,
    seen: Vec<String>,
}

impl Served {
    async fn start(folder: &Path, script: &str) -> Self {
        let mut child = Process::new(env!("CARGO_BIN_EXE_warmline"))
            .args(["serve", "--port", "0", "--tunnel-command", script])
            .current_dir(folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs([("DATABASE_URL", "none"), ("BIND", "127.0.0.1")])
            .envs([("TWILIO_AUTH_TOKEN", TOKEN), ("TWILIO_WORKFLOW_SID", WORKFLOW)])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (say, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).all(|line| say.send(line).is_ok()));
        let mut served = Self { child, lines, base: String::new(), seen: Vec::new() };
        let line = served.line_with("listening").await;
        served.base = line.split_whitespace().nth(1).unwrap().to_owned();
        served
    }

    async fn line_with(&mut self, text: &str) -> String {
        loop {
            let line = tokio::time::timeout(SOON * 2, self.lines.recv()).await;
            let line = line.unwrap_or_else(|_| panic!("{text} is not said in {:?}", self.seen)).unwrap();
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// A request, signed for an address as Twilio knows it.
    async fn post(&self, origin: &str, path: &str, call: &str) -> (u16, String) {
        let fields = [("CallSid", call), ("CallStatus", "ringing"), ("From", "+15551230000")];
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-twilio-signature", sign(TOKEN, &format!("{origin}{path}"), &fields))
            .body(body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fifo(folder: &Path, name: &str) {
    assert!(Process::new("mkfifo").arg(folder.join(name)).status().unwrap().success());
}

#[tokio::test]
async fn an_address_that_changes_loses_no_call() {
    // Fails only where another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = folder("change");
    for name in ["go", "wait", "over"] {
        fifo(&folder, name);
    }
    let script = "trap 'echo over >over; exit' TERM; echo 'see https://tunnel.example/docs'; \
                  if [ -e ran ]; then echo https://two.tunnel.example; cat wait & wait; fi; touch ran; \
                  echo \"https://one.tunnel.example to $PORT\"; echo https://evil.tunnel.example; cat go";
    let mut served = Served::start(&folder, script).await;
    served.line_with("warmline number set +1… --url https://one.tunnel.example").await;
    assert!(served.seen.iter().any(|line| line.contains("https://one.tunnel.example/voice/incoming")));
    let (one, two) = ("https://one.tunnel.example", "https://two.tunnel.example");
    let first = format!("CA{}", "1".repeat(32));
    let (status, twiml) = served.post(one, "/voice/incoming", &first).await;
    assert!(status == 200 && twiml.contains("wss://one.tunnel.example/voice/relay/"), "{status} {twiml}");
    assert_eq!(served.post(two, "/voice/incoming", &first).await.0, 403, "nobody knows this address yet");

    let go = folder.join("go");
    let written = tokio::task::spawn_blocking(move || std::fs::File::create(go).unwrap().write_all(b"\n"));
    written.await.unwrap().unwrap();
    served.line_with("two.tunnel.example").await;
    let second = format!("CA{}", "2".repeat(32));
    let (status, twiml) = served.post(two, "/voice/incoming", &second).await;
    assert!(status == 200 && twiml.contains("wss://two.tunnel.example/voice/relay/"), "{status} {twiml}");
    assert!(twiml.contains("https://two.tunnel.example/voice/handoff"), "{twiml}");
    // The first call comes back as it was told to.
    assert_eq!(served.post(one, "/voice/status", &first).await.0, 200);
    assert_eq!(served.post("https://three.tunnel.example", "/voice/status", &first).await.0, 403);

    // The tunnel ends with the server.
    let id = served.child.id().to_string();
    assert!(Process::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let over = folder.join("over");
    let over = tokio::task::spawn_blocking(move || std::fs::read_to_string(over).unwrap());
    let said = tokio::time::timeout(SOON * 2, over).await.expect("the script is ended").unwrap();
    assert_eq!(said, "over\n");
    drop(served);
    std::fs::remove_dir_all(folder).unwrap();
}

/// What `serve` says instead of serving.
async fn refused(arguments: &[&str], settings: &[(&str, &str)]) -> (i32, String) {
    let folder = folder(&format!("refused{}", settings.len()));
    let mut command = Process::new(env!("CARGO_BIN_EXE_warmline"));
    command.args(["serve", "--port", "0"]).args(arguments).env_clear().envs(settings.iter().copied());
    command.current_dir(&folder).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn an_open_server_is_opened_by_no_tunnel() {
    for arguments in [&["--ngrok"][..], &["--tunnel-command", "echo https://one.tunnel.example"]] {
        let (code, said) = refused(arguments, &[]).await;
        assert!(code == 64 && said.contains("TWILIO_AUTH_TOKEN"), "{code} {said}");
    }
    let signed = [("TWILIO_AUTH_TOKEN", TOKEN), ("TWILIO_WORKFLOW_SID", WORKFLOW), ("DATABASE_URL", "none")];
    let nobody = ["--ngrok", "--ngrok-api", "http://127.0.0.1:1"];
    let (code, said) = refused(&nobody, &signed).await;
    assert!(code == 64 && said.contains("ngrok http") && said.contains("--tunnel-command"), "{code} {said}");
    let (code, _) = refused(&["--ngrok", "--tunnel-command", "x"], &signed).await;
    assert_eq!(code, 64);
}
