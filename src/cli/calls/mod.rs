//! `warmline calls`: what is kept of calls, listed, shown, exported and deleted.

mod list;
mod show;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{complain, refuse};
use crate::config::{Config, Vars};
use crate::ids::CallSid;
use crate::mask::Also;
use crate::store::archive::{Archive, Filter};

/// How many calls of one number are exported or deleted at once.
const ALL: u32 = u32::MAX;

/// How the audit names whoever deletes calls here.
const SOURCE: &str = "command line";

/// What to do with the calls.
#[derive(Debug, Args)]
pub struct CallsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List calls, the latest first
    List {
        /// Only those of this number
        #[arg(long, value_name = "NUMBER")]
        number: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// As JSON, a call on each line
        #[arg(long)]
        json: bool,
    },
    /// Show one call: who, what was said and heard, what became of it
    Show {
        /// The call's SID, CA…
        call: CallSid,
    },
    /// Print everything about calls as JSON, a call on each line
    Export(Which),
    /// Delete everything about calls, for good
    Delete {
        #[command(flatten)]
        which: Which,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Which calls.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The call's SID, CA…
    call: Option<CallSid>,
    /// All calls of this number
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
}

/// Why it was not done.
type Failure = Box<dyn std::error::Error>;

/// Does it.
pub fn run(vars: &impl Vars, args: CallsArgs) -> ExitCode {
    let options = match Config::load_store(vars) {
        Ok(Some(options)) => options,
        Ok(None) => {
            complain("DATABASE_URL is `none`: nothing is kept of calls");
            return ExitCode::FAILURE;
        }
        Err(error) => return refuse(&error),
    };
    let also = match Config::load_redact(vars) {
        Ok(exits) => exits.export,
        Err(error) => return refuse(&error),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(Failure::from).and_then(|runtime| {
        runtime.block_on(async { act(&Archive::open(&options).await?, args.action, also).await })
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn act(archive: &Archive, action: Action, also: Also) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    match action {
        Action::List { number, limit, json } => {
            let calls = archive.list(&Filter { caller: number.as_deref().map(tidy), limit }).await?;
            if json {
                for call in &calls {
                    writeln!(out, "{}", serde_json::to_string(call)?)?;
                }
            } else {
                write!(out, "{}", list::table(&calls))?;
            }
        }
        Action::Show { call } => match archive.read(&call, also).await? {
            Some(whole) => write!(out, "{}", show::page(&whole))?,
            None => return Ok(unknown(&call)),
        },
        Action::Export(which) => {
            let calls = chosen(archive, which).await?;
            if calls.is_empty() {
                return Ok(none());
            }
            for call in calls {
                match archive.read(&call, also).await? {
                    Some(whole) => writeln!(out, "{}", serde_json::to_string(&whole)?)?,
                    None => return Ok(unknown(&call)),
                }
            }
        }
        Action::Delete { which, yes } => {
            let calls = chosen(archive, which).await?;
            if calls.is_empty() {
                return Ok(none());
            }
            if !yes && !is_meant(calls.len())? {
                return Ok(ExitCode::FAILURE);
            }
            let deleted = archive.delete(&calls, SOURCE).await?;
            if deleted == 0 {
                return Ok(none());
            }
            writeln!(out, "{deleted} {} deleted", noun(deleted))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn chosen(archive: &Archive, which: Which) -> Result<Vec<CallSid>, Failure> {
    match which {
        Which { call: Some(call), .. } => Ok(vec![call]),
        Which { number, .. } => {
            let filter = Filter { caller: number.as_deref().map(tidy), limit: ALL };
            Ok(archive.list(&filter).await?.into_iter().map(|call| call.call_sid).collect())
        }
    }
}

/// Asks whether to go on. Where nobody can be asked, the answer is no.
fn is_meant(count: usize) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        complain("nothing was deleted: say --yes where nobody can be asked");
        return Ok(false);
    }
    let mut out = std::io::stdout().lock();
    write!(out, "Delete everything about {count} {}? This cannot be undone. [y/N] ", noun(count as u64))?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn noun(count: u64) -> &'static str {
    if count == 1 { "call" } else { "calls" }
}

fn none() -> ExitCode {
    complain("nothing is kept of such a call; numbers are written as Twilio does, such as +15551230000");
    ExitCode::FAILURE
}

fn unknown(call: &CallSid) -> ExitCode {
    complain(&format!("nothing is kept of the call {call}"));
    ExitCode::FAILURE
}

/// A number as Twilio writes it, whatever people put between its digits. Other addresses stay as they are.
pub(super) fn tidy(number: &str) -> String {
    let between = [' ', '-', '.', '(', ')', '/'];
    let digits = number.trim().strip_prefix('+').unwrap_or_default();
    if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || between.contains(&c)) {
        return number.trim().chars().filter(|c| !between.contains(c)).collect();
    }
    number.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_written_as_people_write_it() {
        assert_eq!(tidy("+1 (555) 123-00.00 "), "+15551230000");
        assert_eq!(tidy("sip:jane-doe@example.com"), "sip:jane-doe@example.com");
        assert_eq!(tidy("anonymous"), "anonymous");
    }
}
