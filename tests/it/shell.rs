//! What a shell and a container see of the command: completions, manual pages, the health check.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::bridge::TestBridge;
use super::model::Step;

/// The command, with nothing but what is given.
fn warmline(arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warmline"));
    command
        .args(arguments)
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .env_clear()
        .envs(settings.iter().copied());
    command.output().unwrap()
}

/// Whether a program of the system accepts a text; nothing where there is no such program.
fn accepts(program: &str, arguments: &[&str], file: &Path) -> Option<Output> {
    let mut command = Command::new(program);
    command.args(arguments).arg(file).stdin(Stdio::null()).output().ok()
}

#[test]
fn bash_reads_its_completions() {
    let printed = warmline(&["completions", "bash"], &[]);
    assert!(printed.status.success());
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("warmline.bash");
    std::fs::write(&file, &printed.stdout).unwrap();
    let read = accepts("bash", &["-n"], &file).expect("bash is there");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    // What a user would see after `warmline calls <TAB>`.
    let script = format!(
        "source '{}'; COMP_WORDS=(warmline calls ''); COMP_CWORD=2; _warmline warmline '' calls; echo \"${{COMPREPLY[@]}}\"",
        file.display()
    );
    let completed = Command::new("bash").args(["--norc", "-c", &script]).output().unwrap();
    let words = String::from_utf8(completed.stdout).unwrap();
    for word in ["list", "show", "export", "delete"] {
        assert!(words.split_whitespace().any(|offered| offered == word), "{word} is not in: {words}");
    }
}

#[test]
fn manual_pages_are_written_for_every_command_and_can_be_read() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("man");
    let written = warmline(&["man", "--out", folder.to_str().unwrap()], &[("PORT", "no number")]);
    assert!(written.status.success(), "settings do not matter here: {written:?}");
    for page in ["warmline.1", "warmline-serve.1", "warmline-calls-delete.1", "warmline-route.1"] {
        let page = folder.join(page);
        assert!(page.is_file(), "{} is missing", page.display());
        // Errors and worse; clap's pages have questions of style.
        if let Some(read) = accepts("mandoc", &["-Tlint", "-Werror"], &page) {
            assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stdout));
        }
    }
    let shown = warmline(&["man"], &[]);
    assert!(
        shown.stdout == std::fs::read(folder.join("warmline.1")).unwrap(),
        "what is shown is what is written"
    );
}

#[tokio::test]
async fn a_container_can_ask_whether_its_server_is_well() {
    let bridge = TestBridge::start(|_: &serde_json::Value| Vec::<Step>::new()).await;
    let port = url::Url::parse(&bridge.local("/")).unwrap().port().unwrap().to_string();
    let ask = |arguments: &'static [&'static str], port: String| {
        tokio::task::spawn_blocking(move || warmline(arguments, &[("PORT", &port), ("DATABASE_URL", "none")]))
    };
    for arguments in [&["healthcheck"][..], &["healthcheck", "--ready"]] {
        let answer = ask(arguments, port.clone()).await.unwrap();
        assert!(answer.status.success(), "{arguments:?}: {answer:?}");
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let answer = ask(&["healthcheck"], free).await.unwrap();
    assert_eq!(answer.status.code(), Some(1), "{answer:?}");
    assert!(String::from_utf8_lossy(&answer.stderr).contains("is the server running"), "{answer:?}");
}
