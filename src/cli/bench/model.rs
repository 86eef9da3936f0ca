//! `warmline bench model`: what the server under test takes for a model.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use crate::caller::load::model::{Model, Pace};
use crate::cli::complain;

/// Be the model: stream recognisable words as OpenAI's chat completions do
///
/// Prints its base URL, for the server's OPENAI_BASE_URL, and answers until it is stopped.
#[derive(Debug, Clone, clap::Args)]
pub struct ModelOptions {
    /// Tokens a second, in each stream
    #[arg(long, value_name = "N", default_value_t = 50.0)]
    pub rate: f64,
    /// By which share of the time between two tokens each may be early or late, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    pub jitter: f64,
    /// Milliseconds before the first token
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub first: u64,
    /// Tokens that go into one write
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub together: u16,
    /// Cut each write in two at a random place
    #[arg(long)]
    pub split: bool,
}

impl ModelOptions {
    fn pace(&self) -> Pace {
        let Self { rate, jitter, first, together, split } = *self;
        Pace { rate, jitter, first: Duration::from_millis(first), together, split, ..Pace::default() }
    }
}

pub(super) async fn run(options: &ModelOptions, port: u16) -> ExitCode {
    let pace = options.pace();
    if let Err(reason) = pace.check() {
        complain(&reason);
        return ExitCode::from(super::USAGE);
    }
    match Model::start(port, pace).await {
        Ok(model) => {
            // Who started it may not read what it says.
            let _ = writeln!(std::io::stdout(), "{}", model.base_url());
            model.serve().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&format!("cannot listen: {error}"));
            ExitCode::FAILURE
        }
    }
}
