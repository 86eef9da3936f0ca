//! From the start of the process to its readiness, on a database that has seen calls before.

use super::figures::Failed;
use super::groups::{ENDING, warmline};
use super::stage::{ModelProcess, Place, Running, start_time};

/// Milliseconds of so many starts.
pub(crate) fn starts(times: usize) -> Result<Vec<f64>, Failed> {
    let folder = std::env::temp_dir().join(format!("warmline-bench-start-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let database = format!("sqlite:{}", folder.join("calls.db").display());
    fill(&database)?;
    let milliseconds = (0..times).map(|_| Ok(start_time(&database)?.as_secs_f64() * 1e3)).collect();
    let _ = std::fs::remove_dir_all(&folder);
    milliseconds
}

/// Calls that leave something in the database.
fn fill(database: &str) -> Result<(), Failed> {
    let model = ModelProcess::start(Place::Anywhere, &["--rate", "200"])?;
    let running = Running::start(&warmline(database, ""), &model.url, Place::Anywhere)?;
    let options = ["--calls", "100", "--turns", "5", "--once", "--think", "50", "--tokens", "20"];
    let report = running.call(Place::Anywhere, &options)?;
    if report.is_void {
        return Err(report.verdict().into());
    }
    running.end(ENDING)
}
