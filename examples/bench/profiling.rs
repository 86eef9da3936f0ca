//! Where the time goes, and the instructions. Names need a build that keeps them:
//! `cargo run --profile profiling --example bench -- profile`.

use std::path::Path;
use std::process::{Command, Stdio};

use super::counting;
use super::figures::Failed;
use super::groups::warmline;
use super::stage::{ModelProcess, Place, Running};

/// Samples a second, and for how many seconds. Not a round number, so that nothing runs in step with it.
const FREQUENCY: &str = "997";
const SECONDS: &str = "10";

/// Samples the server under 500 calls with Linux's `perf`. Prints the functions that take most, and draws a flame
/// graph if `inferno` is there to draw it.
pub(crate) fn time(picture: &Path) -> Result<(), Failed> {
    let samples = std::env::temp_dir().join(format!("warmline-perf-{}", std::process::id()));
    let file = samples.display().to_string();
    let model = ModelProcess::start(Place::Anywhere, &[])?;
    let running = Running::start(&warmline("none", ""), &model.url, Place::Anywhere)?;
    let process = running.process().ok_or("the server is gone")?.number();
    let record = format!(
        "sleep 5; exec perf record --quiet -e cpu-clock -F {FREQUENCY} -g -p {process} -o {file} -- sleep {SECONDS}"
    );
    let mut perf = Command::new("sh").args(["-c", &record]).stdin(Stdio::null()).spawn()?;
    let report = running.call(Place::Anywhere, &["--calls", "500", "--seconds", "14"])?;
    if !perf.wait()?.success() {
        return Err(
            "perf could not sample: is it installed, and allowed (kernel.perf_event_paranoid)?".into()
        );
    }
    println!("{report}\n");
    let table = "--stdio --no-children -g none --percent-limit 0.7 --sort symbol".split(' ');
    let top =
        Command::new("perf").args(["report", "-i", &file]).args(table).stderr(Stdio::null()).output()?;
    let lines = String::from_utf8_lossy(&top.stdout);
    for line in lines.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        println!("{line}");
    }
    let draw = format!(
        "perf script -i {file} 2>/dev/null | inferno-collapse-perf | inferno-flamegraph > '{}'",
        picture.display()
    );
    let can_draw = Command::new("inferno-flamegraph").arg("--version").output().is_ok();
    if can_draw && Command::new("sh").args(["-c", &draw]).status()?.success() {
        println!("\nflame graph: {}", picture.display());
    } else {
        println!("\nno flame graph: `cargo install inferno` brings what draws it");
    }
    let _ = std::fs::remove_file(samples);
    Ok(())
}

/// Runs the server under callgrind and prints the functions that take most of its instructions.
pub(crate) fn instructions(file: &Path) -> Result<(), Failed> {
    let executed = counting::executed(120, file)?;
    println!("{executed} instructions; all of them by function: callgrind_annotate {}\n", file.display());
    let top = Command::new("callgrind_annotate").args(["--threshold=90"]).arg(file).output()?;
    print!("{}", String::from_utf8_lossy(&top.stdout));
    Ok(())
}
