//! The server under test: this program once more, as a process that can be killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use sqlx::{Connection, Executor, SqliteConnection};
use url::Url;
use warmline::caller::{CallError, Twilio};

use crate::endpoint::lock;

/// Tells this program that it is to be the server.
pub(crate) const ROLE: &str = "WARMLINE_CHAOS_SERVER";

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const PUBLIC: &str = "https://bridge.example.com";
const WORKFLOW: &str = "WWbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const NUMBER: &str = "+15550100009";
/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);

/// What the server is started with.
pub(crate) struct Setting<'a> {
    /// Where model and tools are.
    pub(crate) endpoint: &'a str,
    /// Whether a second model is set.
    pub(crate) fallback: bool,
    pub(crate) speed: u64,
}

/// The server, its folder and its port.
pub(crate) struct Server {
    child: Mutex<Child>,
    folder: PathBuf,
    port: u16,
    environment: Vec<(&'static str, String)>,
    /// How many times it was started.
    starts: AtomicU64,
    /// Only one thing befalls it at a time.
    turn: tokio::sync::Mutex<()>,
}

impl Server {
    pub(crate) async fn start(setting: &Setting<'_>) -> Result<Self, std::io::Error> {
        let folder = std::env::temp_dir().join(format!("warmline-chaos-{}", std::process::id()));
        fs::create_dir_all(folder.join("store"))?;
        fs::write(folder.join("warmline.toml"), timings(setting.speed))?;
        copy_tools(&folder.join("tools"), setting)?;
        // The same port for every start: free now, and nobody else's on this machine in the meantime.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut environment = vec![
            (ROLE, "1".to_owned()),
            ("PORT", port.to_string()),
            ("BIND", "127.0.0.1".to_owned()),
            ("PUBLIC_URL", PUBLIC.to_owned()),
            ("TWILIO_AUTH_TOKEN", TOKEN.to_owned()),
            ("TWILIO_WORKFLOW_SID", WORKFLOW.to_owned()),
            ("HANDOFF_NUMBER", NUMBER.to_owned()),
            ("OPENAI_BASE_URL", format!("{}/v1", setting.endpoint)),
            ("DATABASE_URL", format!("sqlite:{}", folder.join("store/calls.db").display())),
            ("WARMLINE_CONFIG", folder.join("warmline.toml").display().to_string()),
            ("WARMLINE_TOOLS", folder.join("tools").display().to_string()),
            ("RUST_LOG", "warn".to_owned()),
        ];
        if setting.fallback {
            environment.push(("OPENAI_FALLBACK_BASE_URL", format!("{}/second/v1", setting.endpoint)));
        }
        let child = Mutex::new(spawn(&folder, &environment)?);
        let starts = AtomicU64::new(1);
        let server = Self { child, folder, port, environment, starts, turn: tokio::sync::Mutex::default() };
        server.answers().await?;
        Ok(server)
    }

    /// Twilio, as this server knows it.
    pub(crate) fn twilio(&self) -> Result<Twilio, CallError> {
        let base = Url::parse(&format!("http://127.0.0.1:{}", self.port)).expect("an address");
        let public = Url::parse(PUBLIC).expect("an address");
        Twilio::new(base, public, format!("AC{}", "a".repeat(32)), Some(SecretString::from(TOKEN)))
    }

    /// How many times it was started so far.
    pub(crate) fn starts(&self) -> u64 {
        self.starts.load(Ordering::Relaxed)
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        lock(&self.child).id()
    }

    /// Kills it as `kill -9` does, and starts it again.
    pub(crate) async fn restart(&self) {
        let _turn = self.turn.lock().await;
        self.kill_and_start().await;
    }

    /// The database's folder is gone when the server starts again, and comes back later.
    pub(crate) async fn lose_store(&self, time: Duration) {
        let _turn = self.turn.lock().await;
        let (here, gone) = (self.folder.join("store"), self.folder.join("gone"));
        let _ = fs::rename(&here, &gone);
        self.kill_and_start().await;
        tokio::time::sleep(time).await;
        // If the server had made a folder by itself, its file would be in the way.
        let _ = fs::remove_dir_all(&here);
        fs::rename(&gone, &here).expect("the folder comes back");
    }

    /// Another program writes to the database and does not come to an end.
    pub(crate) async fn lock_store(&self, time: Duration) {
        let _turn = self.turn.lock().await;
        let url = format!("sqlite:{}", self.folder.join("store/calls.db").display());
        let Ok(mut connection) = SqliteConnection::connect(&url).await else { return };
        let locked = connection.execute("PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE").await;
        if locked.is_ok() {
            tokio::time::sleep(time).await;
            let _ = connection.execute("ROLLBACK").await;
        }
        let _ = connection.close().await;
    }

    /// What the log says of panics.
    pub(crate) fn panics(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        log.lines().filter(|line| line.contains("panicked")).map(str::to_owned).collect()
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn end(&self, within: Duration) -> bool {
        let process = self.process().to_string();
        let _ = Command::new("kill").args(["-TERM", &process]).status();
        let ended = async {
            while !matches!(lock(&self.child).try_wait(), Ok(Some(_))) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(within, ended).await.is_ok()
    }

    async fn kill_and_start(&self) {
        {
            let mut child = lock(&self.child);
            let _ = child.kill();
            let _ = child.wait();
            *child = spawn(&self.folder, &self.environment).expect("it started before");
        }
        self.starts.fetch_add(1, Ordering::Relaxed);
        self.answers().await.expect("it answered before");
    }

    /// Waits until it listens.
    async fn answers(&self) -> Result<(), std::io::Error> {
        let listens = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(START, listens)
            .await
            .map_err(|_| std::io::Error::other("the server does not start"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
        if std::thread::panicking() {
            return;
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Ends this process, which is a server, when the one that started it is gone: its input ends then.
#[expect(clippy::exit, reason = "nobody is left whom a return would tell anything")]
pub(crate) fn end_with_its_parent() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(1);
    });
}

fn spawn(folder: &Path, environment: &[(&str, String)]) -> Result<Child, std::io::Error> {
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log"))?;
    Command::new(std::env::current_exe()?)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
}

/// `warmline.toml` as it is shipped, with every time divided by `speed` and speech as much faster.
fn timings(speed: u64) -> String {
    let shipped = include_str!("../../warmline.toml.example");
    let mut section = "";
    let mut text = String::new();
    for line in shipped.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let scaled = line.split_once(" = ").and_then(|(key, value)| {
            let value: u64 = value.parse().ok()?;
            let value = match (section, key) {
                (_, "characters_per_second") => value * speed,
                ("[timings]", _) | ("[rules]", "silence") => (value / speed).max(50),
                // A third of all turns meets a failing model: left as it is, the breaker would be open for
                // most of the run, and everybody with a person.
                ("[model]", "most_failures") => 12,
                ("[model]", "rest") => 2_000 / speed,
                _ => return None,
            };
            Some(format!("{key} = {value}"))
        });
        text.push_str(scaled.as_deref().unwrap_or(line));
        text.push('\n');
    }
    text
}

/// The tools that are shipped, and one that is reached over HTTP.
fn copy_tools(folder: &Path, setting: &Setting<'_>) -> Result<(), std::io::Error> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tools"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            fs::copy(&path, folder.join(path.file_name().unwrap_or_default()))?;
        }
    }
    let manifest = serde_json::json!({
        "name": "find_parcel",
        "description": "Finds out where a parcel is.",
        "parameters": {
            "type": "object",
            "properties": { "number": { "type": "string" } },
            "required": ["number"],
            "additionalProperties": false,
        },
        "say": { "en": "Let me look for it." },
        "timeout_ms": (10_000 / setting.speed).max(100),
        "http": { "url": format!("{}/find", setting.endpoint) },
    });
    fs::write(folder.join("find_parcel.json"), manifest.to_string())
}
