//! What repeats itself on any machine: instructions and allocations for each token.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::figures::Failed;
use super::groups::{ENDING, warmline};
use super::stage::{ModelProcess, Place, Running};

/// Answers of so many tokens are compared with answers of so many: all else they have in common.
const TOKENS: [u64; 2] = [20, 120];
const CALLS: u64 = 12;
const TURNS: u64 = 5;

/// User instructions that the whole server takes for each token.
pub(crate) fn instructions() -> Result<f64, Failed> {
    let [short, long] = TOKENS;
    let file = std::env::temp_dir().join(format!("warmline-instructions-{}", std::process::id()));
    let (fewer, more) = (executed(short, &file)?, executed(long, &file)?);
    let _ = fs::remove_file(&file);
    let per_token = more.saturating_sub(fewer) as f64 / ((long - short) * CALLS * TURNS) as f64;
    println!(
        "{fewer} instructions with answers of {short} tokens, {more} with {long}: {per_token:.0} for each"
    );
    Ok(per_token)
}

/// All instructions of a server that has had these calls. What callgrind knows of them is left in the file.
pub(crate) fn executed(tokens: u64, file: &Path) -> Result<u64, Failed> {
    let output = format!("--callgrind-out-file={}", file.display());
    let valgrind = ["valgrind", "--quiet", "--tool=callgrind", &output];
    // Slow enough for a server that is fifty times as slow as otherwise.
    let model = ModelProcess::start(Place::Anywhere, &["--rate", "25", "--jitter", "0"])?;
    let running = Running::wrapped(&warmline("none", ""), &model.url, Place::Core(0), &valgrind)?;
    let (tokens, calls, turns) = (tokens.to_string(), CALLS.to_string(), TURNS.to_string());
    let options = ["--calls", &calls, "--turns", &turns, "--tokens", &tokens, "--once", "--seconds", "600"];
    let report = running.call(Place::Core(1), &options)?;
    running.end(ENDING)?;
    if report.is_void {
        return Err(report.verdict().into());
    }
    total(&fs::read_to_string(file)?).ok_or_else(|| "valgrind wrote no total".into())
}

/// The sum at the end of what callgrind writes.
fn total(text: &str) -> Option<u64> {
    let sum = |name: &str| text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok();
    sum("totals:").or_else(|| sum("summary:"))
}

/// Allocations for each token, by `cargo bench --bench allocations`.
pub(crate) fn allocations() -> Result<f64, Failed> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["bench", "--quiet", "--bench", "allocations"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    let found = text
        .lines()
        .find_map(|line| line.strip_prefix("allocations per token")?.split_whitespace().next()?.parse().ok());
    found.ok_or_else(|| "the allocations could not be counted".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrinds_total_is_found() {
        assert_eq!(total("events: Ir\nfn=(0) main\n12 34\ntotals: 4711\n"), Some(4711));
        assert_eq!(total("events: Ir\nsummary: 12\n"), Some(12));
        assert_eq!(total(""), None);
    }
}
