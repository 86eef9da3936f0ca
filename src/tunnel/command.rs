//! A program that opens a tunnel: started with us, started again when it ends, and ended with us.
//!
//! It runs in a process group of its own: Ctrl-C ends the server, which takes its time while callers talk, and the tunnel
//! stays open for them until then.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{self, Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::mpsc;

use super::output::addresses_in;
use super::{Event, Tell};
use crate::clock::now;
use crate::config::Origin;

/// The pause before a program that ended is started again. It doubles, up to …
const PAUSE: Duration = Duration::from_secs(1);
/// … this. A program that ran for longer than that begins anew.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How many of its last lines are told when it ends.
const LAST_LINES: usize = 5;
/// How much without a line feed is a line all the same, in bytes: some programs draw progress.
const LONGEST_LINE: u64 = 16 * 1024;
/// How many lines may wait.
const LINES: usize = 64;

/// A program that opens a tunnel.
#[derive(Debug, Clone)]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, String)>,
}

/// What the thread beside the program says.
enum Said {
    Line(String),
    /// It ended, with this status as people read it.
    Ended(String),
}

/// The program and all that it started; ended when this is dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended this moment.
            let _ = kill_process_group(group, Signal::TERM);
        }
    }
}

impl Command {
    /// A line for the shell. It finds our port in `$PORT`.
    pub fn shell(line: &str, port: u16) -> Self {
        let arguments = vec!["-c".into(), line.into()];
        Self { program: "sh".into(), arguments, variables: vec![("PORT", port.to_string())] }
    }

    /// An ngrok agent that leads to our port, under this address if one is given.
    pub fn ngrok(port: u16, address: Option<&Origin>, token: Option<String>) -> Self {
        let port = port.to_string();
        let fixed = ["http", port.as_str(), "--log", "stdout", "--log-format", "logfmt"];
        let mut arguments: Vec<OsString> = fixed.iter().map(OsString::from).collect();
        if let Some(address) = address {
            arguments.extend(["--url".into(), address.to_string().into()]);
        }
        let variables = token.into_iter().map(|token| ("NGROK_AUTHTOKEN", token)).collect();
        Self { program: "ngrok".into(), arguments, variables }
    }

    /// Whether an ngrok agent is installed.
    pub fn has_ngrok() -> bool {
        let version = process::Command::new("ngrok").arg("version").stdin(Stdio::null()).output();
        version.is_ok_and(|output| output.status.success())
    }

    /// Runs it for ever, and tells every address that it prints.
    pub async fn keep(self, tell: Tell) {
        let mut pause = PAUSE;
        loop {
            let began = now();
            let (status, last) = self.run(&tell).await;
            if now().saturating_duration_since(began) > LONGEST_PAUSE {
                pause = PAUSE;
            }
            if tell.send(Event::Ended { status, last, pause }).await.is_err() {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Runs it once. Returns how it ended, and its last lines.
    async fn run(&self, tell: &Tell) -> (String, Vec<String>) {
        let (mut group, mut lines) = match self.start() {
            Ok(started) => started,
            Err(error) => return (format!("it cannot be started: {error}"), Vec::new()),
        };
        let mut last = VecDeque::new();
        let mut is_told = false;
        while let Some(said) = lines.recv().await {
            let line = match said {
                Said::Line(line) => line,
                Said::Ended(status) => {
                    group.0 = None;
                    return (status, last.into());
                }
            };
            // One for each run: what else a program prints may be what visitors have asked for.
            if !is_told && let Some(address) = addresses_in(&line).next() {
                is_told = true;
                // Nobody listens any longer: we are about to be dropped.
                let _ = tell.send(Event::At(address)).await;
            }
            if last.len() == LAST_LINES {
                last.pop_front();
            }
            last.push_back(line);
        }
        ("it was lost sight of".to_owned(), last.into())
    }

    fn start(&self) -> io::Result<(Group, mpsc::Receiver<Said>)> {
        let (output, end) = io::pipe()?;
        let mut command = process::Command::new(&self.program);
        command.args(&self.arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(end.try_clone()?).stderr(end).process_group(0);
        let child = command.spawn()?;
        // It holds the other end of the pipe, which would never end.
        drop(command);
        let group = Group(i32::try_from(child.id()).ok().and_then(Pid::from_raw));
        let (say, lines) = mpsc::channel(LINES);
        std::thread::Builder::new().name("tunnel".into()).spawn(move || listen(child, output, &say))?;
        Ok((group, lines))
    }
}

/// Passes on what a program prints, until it ends.
fn listen(mut child: Child, output: impl Read, say: &mpsc::Sender<Said>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    // Whatever it prints, it must be read: else the program waits for us.
    while (&mut output).take(LONGEST_LINE).read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        let _ = say.blocking_send(Said::Line(text));
        line.clear();
    }
    let status = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
    let _ = say.blocking_send(Said::Ended(status));
}
