//! `warmline chat`: a phone call in a terminal. The server is the real one; Twilio is played by
//! [`caller`](crate::caller).
//!
//! What the AI says appears as it is *played*. A line typed meanwhile is a barge-in, as on a phone. Without a
//! terminal, lines are read plainly and each waits its turn; with `--script` a `.call` file is played and
//! checked.

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::caller::{CallError, Rate, Twilio};

mod keyboard;
mod screen;
mod scripted;
mod session;
mod talk;

use screen::Screen;

/// Everything went as it should.
const DONE: u8 = 0;
/// Something failed after the start, or a script was not followed.
const FAILED: u8 = 1;
/// The command line or the script makes no sense.
const USAGE: u8 = 64;

/// Talk to the AI in this terminal, without a phone and without an account
#[derive(Debug, Clone, clap::Args)]
pub struct ChatOptions {
    /// Call a server that runs already, instead of starting one for this call
    #[arg(long, value_name = "URL")]
    pub url: Option<Url>,
    /// The PUBLIC_URL of that server, if it has one: what requests are signed over
    #[arg(long, value_name = "URL", requires = "url")]
    pub public_url: Option<Url>,
    /// The variant of the prompts, over shares and rules of routing
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub variant: Option<String>,
    /// Play a .call file and check it: exit code 0 if everything was as stated, 1 if not, 64 for a bad script
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// How fast speech is played, in characters per second; 0 is at once [default: 15, or 0 with --script]
    #[arg(long, value_name = "N")]
    pub rate: Option<u32>,
    /// How long to wait for a reply in a script or a pipe, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub patience: u16,
    /// The caller's number
    #[arg(long, value_name = "NUMBER", default_value = "+15550100001")]
    pub from: String,
    /// The number that is called
    #[arg(long, value_name = "NUMBER", default_value = "+15550100002")]
    pub to: String,
}

/// Why a chat cannot go on.
#[derive(Debug, thiserror::Error)]
enum ChatError {
    #[error("the call failed")]
    Call(#[from] CallError),
    #[error("the output is closed")]
    Output(#[from] io::Error),
}

impl ChatOptions {
    /// The account that calls: at `--url`, or else at the server that was started for this call.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made.
    pub fn twilio(
        &self,
        own_server: Url,
        account_sid: &str,
        auth_token: Option<SecretString>,
    ) -> Result<Twilio, CallError> {
        let base = self.url.clone().unwrap_or(own_server);
        let public = self.public_url.clone().unwrap_or_else(|| base.clone());
        Twilio::new(base, public, account_sid, auth_token)
    }

    fn rate(&self) -> Rate {
        match (self.rate, &self.script) {
            (Some(rate), _) => Rate::per_second(rate),
            (None, Some(_)) => Rate::Instant,
            (None, None) => Rate::SPEECH,
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.patience.into())
    }
}

/// Makes one call and shows it. `no_color` is the `NO_COLOR` setting.
pub async fn run(options: &ChatOptions, twilio: &Twilio, no_color: bool) -> ExitCode {
    let colour = !no_color && io::stdout().is_terminal();
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let outcome = match &options.script {
        Some(path) => play(options, twilio, path, colour).await,
        None if terminal => type_and_listen(options, twilio, colour).await,
        None => {
            let mut screen = Screen::new(io::stdout(), colour);
            Box::pin(talk::run(options, twilio, keyboard::pipe(false), &mut screen)).await
        }
    };
    ExitCode::from(outcome.unwrap_or_else(|error| complain(&mut io::stderr(), &error)))
}

async fn play(options: &ChatOptions, twilio: &Twilio, path: &Path, colour: bool) -> Result<u8, ChatError> {
    let mut screen = Screen::new(io::stdout(), colour);
    match std::fs::read_to_string(path) {
        Ok(script) => Box::pin(scripted::run(options, twilio, &script, &mut screen)).await,
        Err(error) => {
            screen.failure(&format!("the script cannot be read: {error}"))?;
            Ok(USAGE)
        }
    }
}

async fn type_and_listen(options: &ChatOptions, twilio: &Twilio, colour: bool) -> Result<u8, ChatError> {
    match keyboard::terminal() {
        Ok((typed, printer)) => {
            let mut screen = Screen::new(printer, colour);
            Box::pin(talk::run(options, twilio, typed, &mut screen)).await
        }
        // A terminal that cannot edit lines can still be written to.
        Err(_) => {
            let mut screen = Screen::new(io::stdout(), false);
            Box::pin(talk::run(options, twilio, keyboard::pipe(true), &mut screen)).await
        }
    }
}

/// Says why the call failed, down to the first cause, and what may help.
fn complain(out: &mut impl Write, error: &ChatError) -> u8 {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        text.push_str(&format!(": {deeper}"));
        cause = deeper.source();
    }
    let hint = match error {
        ChatError::Call(CallError::Status(403) | CallError::SocketRefused(403)) => {
            "\nIs TWILIO_AUTH_TOKEN the server's, and --public-url the server's PUBLIC_URL?"
        }
        ChatError::Call(_) | ChatError::Output(_) => "",
    };
    // With the terminal gone there is nobody left to tell.
    let _ = writeln!(out, "{text}{hint}");
    FAILED
}
