//! A PostgreSQL of the tests' own: started from the binaries of this machine, gone with the process that
//! started it. Used by the unit tests of the store and by the tests of whole servers.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Set where no test may be left out because this machine lacks something.
pub(crate) const REQUIRED: &str = "WARMLINE_TEST_ALL";

/// Starts the server and does what its input says, a word on each line, until that ends.
const SCRIPT: &str = r#"
set -eu
bin=$1 dir=$2 port=$3
as() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; else "$@"; fi
}
start() {
  as "$bin/postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 -c max_connections=200 \
    -c unix_socket_directories="$dir" -c fsync=off -c full_page_writes=off \
    </dev/null >>"$dir/log" 2>&1 &
  server=$!
  until as "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do kill -0 $server; sleep 0.05; done
}
# As in a crash: no connection is ended in peace.
stop() { kill -QUIT "$(head -n 1 "$dir/data/postmaster.pid")"; wait $server || true; }
mkdir -p "$dir"
[ "$(id -u)" != 0 ] || chown postgres "$dir"
cd "$dir"
as "$bin/initdb" -D "$dir/data" -U postgres -A trust --no-sync --locale=C.UTF-8 -E UTF8 >"$dir/log" 2>&1
start; echo ready
while read -r word; do $word; echo "$word"; done
stop; cd /; rm -rf "$dir"
"#;

/// A running server.
pub(crate) struct Postgres {
    port: u16,
    orders: ChildStdin,
    done: BufReader<ChildStdout>,
    /// Ends, and takes the server with it, when `orders` is closed.
    _script: Child,
}

impl Postgres {
    /// Starts a server; `None`, and a line that says so, where this machine has none.
    pub(crate) fn start() -> Option<Self> {
        let Some(binaries) = binaries() else {
            let required = std::env::var_os(REQUIRED).is_some();
            assert!(!required, "no initdb on this machine, and {REQUIRED} is set");
            tell("tests on PostgreSQL did NOT run: this machine has no initdb");
            return None;
        };
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("warmline-postgres-{}-{port}", std::process::id()));
        let mut script = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .args([binaries.as_os_str(), folder.as_os_str()])
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (orders, done) = (script.stdin.take().unwrap(), BufReader::new(script.stdout.take().unwrap()));
        let mut postgres = Self { port, orders, done, _script: script };
        postgres.wait("ready");
        tell("tests run on PostgreSQL, against a server of their own");
        Some(postgres)
    }

    /// The address of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Kills the server.
    pub(crate) fn stop(&mut self) {
        self.order("stop");
    }

    /// Starts it again, with what it had.
    pub(crate) fn restart(&mut self) {
        self.order("start");
    }

    fn order(&mut self, word: &str) {
        writeln!(self.orders, "{word}").unwrap();
        self.wait(word);
    }

    fn wait(&mut self, word: &str) {
        let mut line = String::new();
        self.done.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), word, "PostgreSQL did not start");
    }
}

/// Says something that is seen also where the output of tests is captured.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    // A link in PATH leads to where all of them are.
    let has = |folder: PathBuf| {
        let initdb = folder.join("initdb").canonicalize().ok()?;
        let folder = initdb.parent()?.to_owned();
        folder.join("postgres").is_file().then_some(folder)
    };
    folders.into_iter().find_map(has)
}
