//! The processes of a run: model, server, callers. Each is this program once more.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use warmline::caller::load::{Process, Report};
use warmline::clock::now;

use super::figures::Failed;
use super::relay::{Kind, Server};

/// Tells this program what it is.
const ROLE: &str = "WARMLINE_BENCH_ROLE";
/// What signs for a peer that insists on it, as peers/agent_connect.py has it.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// How long a server may take to start.
const START: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(1);

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Side {
    /// Hand-written on tokio-tungstenite.
    Raw,
    /// Hand-written down to the frames.
    Floor,
    /// The bridge, with this database, and this `warmline.toml`.
    Warmline { database: String, settings: String },
    /// Twilio Agent Connect, by this Python.
    AgentConnect(PathBuf),
    /// A server that runs already, by its socket.
    Peer(String),
}

/// Where a process may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Wherever there is room.
    Anywhere,
    /// On this core alone, with one worker.
    Core(usize),
}

/// A process that ends with this value.
pub(crate) struct Actor {
    child: Child,
    folder: Option<PathBuf>,
}

/// A server that takes calls.
pub(crate) struct Running {
    actor: Option<Actor>,
    /// How the callers reach it.
    target: Vec<String>,
}

/// The model.
pub(crate) struct ModelProcess {
    actor: Actor,
    pub(crate) url: String,
}

/// Does what this process was started for, if it was started by this program.
pub(crate) fn play_a_role() -> Option<ExitCode> {
    let role = std::env::var_os(ROLE)?;
    // Nobody stops it once the process that started it was killed.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    let kind = match role.to_str()? {
        "warmline" => return Some(warmline::cli::main()),
        "raw" => Kind::Raw,
        _ => Kind::Floor,
    };
    let model = std::env::args().nth(1)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().ok()?;
    Some(runtime.block_on(async {
        match Server::start(kind, &model, 0).await {
            Ok(server) => {
                println!("ws://{}/", server.address());
                server.serve().await;
                ExitCode::SUCCESS
            }
            Err(error) => {
                println!("{error}");
                ExitCode::FAILURE
            }
        }
    }))
}

/// This program in a role, with nothing in its environment that was not put there.
pub(crate) fn actor(role: &str, place: Place, wrapper: &[&str]) -> Result<Command, Failed> {
    let program = std::env::current_exe()?;
    let core = match place {
        Place::Anywhere => Vec::new(),
        Place::Core(core) => vec!["taskset".to_owned(), "-c".to_owned(), core.to_string()],
    };
    let mut line = core.into_iter().chain(wrapper.iter().map(|word| (*word).to_owned()));
    let mut command = match line.next() {
        None => Command::new(&program),
        Some(first) => {
            let mut command = Command::new(first);
            command.args(line).arg(&program);
            command
        }
    };
    command.env_clear().env(ROLE, role).envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    if let Place::Core(_) = place {
        command.env("TOKIO_WORKER_THREADS", "1");
    }
    command.stdin(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}

impl ModelProcess {
    pub(crate) fn start(place: Place, options: &[&str]) -> Result<Self, Failed> {
        let mut command = actor("warmline", place, &[])?;
        let mut child = command.args(["bench", "model"]).args(options).stdout(Stdio::piped()).spawn()?;
        let url = first_line(&mut child)?;
        Ok(Self { actor: Actor { child, folder: None }, url })
    }

    /// What it took so far.
    pub(crate) fn processor(&self) -> Duration {
        let usage = Process::of(self.actor.child.id()).and_then(Process::usage);
        usage.unwrap_or_default().processor
    }
}

impl Running {
    /// Starts a server, and waits until it takes calls.
    pub(crate) fn start(side: &Side, model: &str, place: Place) -> Result<Self, Failed> {
        Self::wrapped(side, model, place, &[])
    }

    /// The same within another program, such as a profiler.
    pub(crate) fn wrapped(side: &Side, model: &str, place: Place, wrapper: &[&str]) -> Result<Self, Failed> {
        match side {
            Side::Raw => Self::written_by_hand("raw", model, place),
            Side::Floor => Self::written_by_hand("floor", model, place),
            Side::Warmline { database, settings } => {
                let (mut command, folder, port) = bridge(model, place, wrapper, database, settings)?;
                let child = command.spawn()?;
                let actor = Some(Actor { child, folder: Some(folder) });
                let url = format!("http://127.0.0.1:{port}/voice/incoming");
                let running = Self { actor, target: vec!["--webhook".to_owned(), url] };
                wait_until(|| is_ready(port))?;
                Ok(running)
            }
            Side::AgentConnect(python) => {
                let port = free_port()?;
                let script =
                    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bench/peers/agent_connect.py");
                let child = Command::new(python)
                    .arg(script)
                    .args([&port.to_string(), model])
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()?;
                let actor = Some(Actor { child, folder: None });
                let url = format!("ws://127.0.0.1:{port}/ws");
                let target = ["--ws", &url, "--sign", TOKEN].map(str::to_owned).to_vec();
                let running = Self { actor, target };
                wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())?;
                Ok(running)
            }
            Side::Peer(url) => Ok(Self { actor: None, target: vec!["--ws".to_owned(), url.clone()] }),
        }
    }

    fn written_by_hand(role: &str, model: &str, place: Place) -> Result<Self, Failed> {
        let mut child = actor(role, place, &[])?.arg(model).stdout(Stdio::piped()).spawn()?;
        let url = first_line(&mut child)?;
        Ok(Self { actor: Some(Actor { child, folder: None }), target: vec!["--ws".to_owned(), url] })
    }

    /// The process, if it was started here.
    pub(crate) fn process(&self) -> Option<Process> {
        self.actor.as_ref().and_then(|actor| Process::of(actor.child.id()))
    }

    /// Calls it, and tells what that came to.
    pub(crate) fn call(&self, place: Place, options: &[&str]) -> Result<Report, Failed> {
        let mut command = actor("warmline", place, &[])?;
        let pid = self.process().map_or_else(|| "auto".to_owned(), |process| process.number().to_string());
        command.args(["bench", "--json", "--pid", &pid]).args(&self.target).args(options);
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut text = String::new();
        child.stdout.take().ok_or("the callers say nothing")?.read_to_string(&mut text)?;
        child.wait()?;
        Ok(serde_json::from_str(&text).map_err(|_| "the callers could not run")?)
    }

    /// Opens the console's stream of live calls, and reads it until the server ends.
    pub(crate) fn watch(&self) -> Result<(), Failed> {
        use std::io::Write as _;
        let [_, url, ..] = self.target.as_slice() else { return Err("no webhook to look beside".into()) };
        let rest = url.strip_prefix("http://").ok_or("no HTTP")?;
        let host = rest.split('/').next().unwrap_or_default();
        let mut stream = TcpStream::connect(host)?;
        write!(stream, "GET /api/v1/live HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        if !status.ends_with(b"200") {
            return Err("the console does not show live calls".into());
        }
        std::thread::spawn(move || std::io::copy(&mut stream, &mut std::io::sink()));
        Ok(())
    }

    /// Asks the server to end, and waits until it did.
    pub(crate) fn end(mut self, within: Duration) -> Result<(), Failed> {
        let Some(actor) = &mut self.actor else { return Ok(()) };
        Command::new("kill").args(["-TERM", &actor.child.id().to_string()]).status()?;
        let deadline = now() + within;
        while actor.child.try_wait()?.is_none() {
            if now() > deadline {
                return Err("the server does not end".into());
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(folder) = &self.folder {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// The bridge on a free port, in a folder of its own.
fn bridge(
    model: &str,
    place: Place,
    wrapper: &[&str],
    database: &str,
    settings: &str,
) -> Result<(Command, PathBuf, u16), Failed> {
    let port = free_port()?;
    let folder = std::env::temp_dir().join(format!("warmline-bench-{}-{port}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let config = folder.join("warmline.toml");
    fs::write(&config, settings)?;
    let mut command = actor("warmline", place, wrapper)?;
    command
        .arg("serve")
        .env("PORT", port.to_string())
        .env("OPENAI_BASE_URL", model)
        .env("DATABASE_URL", database)
        .env("WARMLINE_CONFIG", &config)
        .env("RUST_LOG", "info")
        .current_dir(&folder)
        // Its log lines cost what they cost, and go to a file as they would.
        .stderr(fs::File::create(folder.join("log"))?)
        .stdout(Stdio::null());
    Ok((command, folder, port))
}

/// How long the bridge takes from nothing to its readiness.
pub(crate) fn start_time(database: &str) -> Result<Duration, Failed> {
    let (mut command, folder, port) = bridge("http://127.0.0.1:9/v1", Place::Anywhere, &[], database, "")?;
    let began = now();
    let child = command.spawn()?;
    let _actor = Actor { child, folder: Some(folder) };
    wait_until(|| is_ready(port))?;
    Ok(now().saturating_duration_since(began))
}

/// Free now, and nobody else's on this machine in the meantime.
fn free_port() -> Result<u16, Failed> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn is_ready(port: u16) -> bool {
    use std::io::Write as _;
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let request = format!("GET /readyz HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n");
    let mut status = [0; 12];
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_exact(&mut status).is_ok()
        && status.ends_with(b"200")
}

fn wait_until(mut is_so: impl FnMut() -> bool) -> Result<(), Failed> {
    let deadline: Instant = now() + START;
    while !is_so() {
        if now() > deadline {
            return Err("a server does not start".into());
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

fn first_line(child: &mut Child) -> Result<String, Failed> {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().ok_or("it says nothing")?).read_line(&mut line)?;
    match line.trim() {
        "" => Err("a process does not start".into()),
        line => Ok(line.to_owned()),
    }
}
