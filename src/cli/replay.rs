//! `warmline replay`: recorded calls against other prompts or another model.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::eval::settings_of_a_call;
use super::{Named, USAGE, complain, load};
use crate::app;
use crate::clock::since_epoch;
use crate::config::{Config, Vars};
use crate::eval::replay::{Change, Recorded, Replay, html, scenarios, table};
use crate::eval::run::{Plan, run as run_plan};
use crate::eval::subject::{self, Wanted};
use crate::ids::CallSid;
use crate::mask::Also;
use crate::phrases;
use crate::playbook::Sources;
use crate::store::archive::{Archive, Filter};
use crate::telemetry;

/// How many calls are replayed where nobody says which.
const LAST: u32 = 20;
/// How many run at once where a provider answers.
const JOBS: usize = 4;

/// Replay recorded calls against other prompts or another model: where would they go to a person now?
///
/// Without a selection, the latest 20 calls. Phone numbers, e-mail addresses, cards and the like are masked in what is
/// shown and written; names are not. Exit code 0 says that the calls were replayed, 1 that there were none or that one
/// could not be, 64 that the command line, a setting or a prompt makes no sense. docs/REPLAY.md tells what a replay
/// cannot know.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// These calls, by their SIDs, CA…
    #[arg(value_name = "SID", conflicts_with_all = ["since", "last", "file"])]
    calls: Vec<CallSid>,
    /// Calls that began within this time: 30m, 12h, 7d
    #[arg(long, value_name = "TIME", value_parser = period)]
    since: Option<Duration>,
    /// At most so many, the latest [default: 20 without a selection]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    last: Option<u32>,
    /// Calls of `warmline calls export`, one on each line; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["since", "last"])]
    file: Option<PathBuf>,
    /// The model to ask, over OPENAI_MODEL
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// The variant of the prompts to ask with
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// How many calls are replayed at once [default: 4 with a model, else one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Write one page with both conversations of every call
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write everything that was found as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Show phone numbers and e-mail addresses; cards and the like stay masked
    #[arg(long)]
    show_personal_data: bool,
}

/// Why nothing is replayed, and whether that is for want of a sensible command line.
struct Refused(String, u8);

/// Replays the calls and says what changed.
pub(super) fn run(vars: &impl Vars, args: &ReplayArgs, named: &Named) -> ExitCode {
    // The table belongs on the screen; the log only where somebody asks for it.
    let _ = telemetry::start(Some(&vars.get("RUST_LOG").unwrap_or_else(|| "error".to_owned())), None);
    let config = match load(vars) {
        Ok(config) => config,
        Err(code) => return code,
    };
    phrases::prepare();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let replayed = runtime
        .map_err(|error| failed(&format!("cannot start: {error}")))
        .and_then(|runtime| runtime.block_on(Box::pin(replay(args, named, &config))));
    match replayed {
        Ok(replay) => finish(args, &replay),
        Err(Refused(why, code)) => {
            complain(&why);
            ExitCode::from(code)
        }
    }
}

async fn replay(args: &ReplayArgs, named: &Named, config: &Config) -> Result<Replay, Refused> {
    let recorded = match &args.file {
        Some(file) => from_file(file)?,
        None => from_store(args, config).await?,
    };
    if recorded.is_empty() {
        return Err(failed("there is no such call: `warmline calls list` shows what is kept"));
    }
    let set = scenarios(&recorded);
    let usual = Sources::choose(config.prompts.clone(), config.tools.clone(), Path::new("."));
    let wanted = wanted(args, named, config)?;
    let subject = subject::ready(&wanted, &set, &usual).map_err(|error| usage(&error.to_string()))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let plan = Plan {
        set,
        subjects: vec![subject],
        // Nobody to send it to.
        conditions: settings_of_a_call(config, Vec::new(), false),
        repeats: 1,
        jobs: args.jobs.map_or(if config.models.is_some() { JOBS } else { cores }, usize::from),
        seed: None,
        caller: None,
        judge: None,
    };
    let enough = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Nobody can interrupt, so nobody does.
            std::future::pending::<()>().await;
        }
    };
    let results = Box::pin(run_plan(plan, |_| {}, enough)).await;
    let also = if args.show_personal_data { Also::NOTHING } else { Also { email: true, phone: true } };
    Replay::of(recorded, &results, also).ok_or_else(|| failed("nothing answered the calls"))
}

fn wanted(args: &ReplayArgs, named: &Named, config: &Config) -> Result<Wanted, Refused> {
    let model = match (&config.models, &args.model) {
        (Some(models), _) => {
            let mut settings = models.primary.clone();
            settings.model = args.model.clone().or(settings.model);
            let name = settings.model.clone();
            let model = app::model_to_measure(settings, config.timings.first_token);
            Some((model.map_err(|error| failed(&error.to_string()))?, name))
        }
        (None, None) => None,
        (None, Some(name)) => {
            return Err(usage(&format!(
                "the model {name} cannot be asked: OPENAI_API_KEY or OPENAI_BASE_URL says where models are"
            )));
        }
    };
    let folder = named.prompts.as_ref().map(|folder| folder.display().to_string());
    Ok(Wanted {
        label: args
            .variant
            .clone()
            .or(folder)
            .or_else(|| args.model.clone())
            .unwrap_or_else(|| "as configured".to_owned()),
        prompts: named.prompts.clone(),
        tools: named.tools.clone(),
        variant: args.variant.clone(),
        model,
        prices: None,
    })
}

async fn from_store(args: &ReplayArgs, config: &Config) -> Result<Vec<Recorded>, Refused> {
    let options = config
        .store
        .as_ref()
        .ok_or_else(|| usage("DATABASE_URL is `none`: nothing is kept of calls; --file reads an export"))?;
    let archive = Archive::open(options).await.map_err(|error| failed(&error.to_string()))?;
    let wanted = if args.calls.is_empty() { latest(args, &archive).await? } else { args.calls.clone() };
    let mut recorded = Vec::with_capacity(wanted.len());
    for call in &wanted {
        // Masked as it is kept; what is shown is masked afterwards.
        let whole = archive.read(call, Also::NOTHING).await.map_err(|error| failed(&error.to_string()))?;
        let whole = whole.ok_or_else(|| failed(&format!("nothing is kept of the call {call}")))?;
        let text = serde_json::to_string(&whole).map_err(|error| failed(&error.to_string()))?;
        recorded.push(Recorded::read(&text).map_err(|error| failed(&format!("{call}: {error}")))?);
    }
    Ok(recorded)
}

async fn latest(args: &ReplayArgs, archive: &Archive) -> Result<Vec<CallSid>, Refused> {
    let limit = match (args.last, args.since) {
        (Some(last), _) => last,
        (None, Some(_)) => u32::MAX,
        (None, None) => LAST,
    };
    let calls =
        archive.list(&Filter { caller: None, limit }).await.map_err(|error| failed(&error.to_string()))?;
    let since = args.since.map(|since| since_epoch().saturating_sub(since).as_millis());
    let wanted =
        calls.into_iter().filter(|call| since.is_none_or(|since| u128::from(call.began_at.0) >= since));
    Ok(wanted.map(|call| call.call_sid).collect())
}

fn from_file(file: &Path) -> Result<Vec<Recorded>, Refused> {
    let refused = |why: &dyn std::fmt::Display| usage(&format!("{}: {why}", file.display()));
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|error| refused(&error))?;
        text
    } else {
        std::fs::read_to_string(file).map_err(|error| refused(&error))?
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(number, line): (usize, &str)| {
        Recorded::read(line).map_err(|error| usage(&format!("{}:{}: {error}", file.display(), number + 1)))
    };
    lines.map(read).collect()
}

#[expect(clippy::print_stdout, reason = "a command line speaks to its terminal")]
fn finish(args: &ReplayArgs, replay: &Replay) -> ExitCode {
    print!("{}", table(replay));
    let mut code = ExitCode::SUCCESS;
    let json = || serde_json::to_string_pretty(replay).unwrap_or_default() + "\n";
    for (file, text) in [
        (&args.html, args.html.as_ref().map(|_| html(replay))),
        (&args.json, args.json.as_ref().map(|_| json())),
    ] {
        if let (Some(file), Some(text)) = (file, text)
            && let Err(error) = std::fs::write(file, text)
        {
            complain(&format!("{}: {error}", file.display()));
            code = ExitCode::FAILURE;
        }
    }
    if replay.counts.contains_key(&Change::Failed) { ExitCode::FAILURE } else { code }
}

/// `30m`, `12h`, `7d`
fn period(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a time such as 30m, 12h or 7d".to_owned();
    let unit = match text.chars().next_back() {
        Some('m') => 60,
        Some('h') => 60 * 60,
        Some('d') => 24 * 60 * 60,
        Some(_) | None => return Err(wrong()),
    };
    let count: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(count) * unit))
}

fn usage(why: &str) -> Refused {
    Refused(why.to_owned(), USAGE)
}

fn failed(why: &str) -> Refused {
    Refused(why.to_owned(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_minutes_hours_or_days() {
        for (text, seconds) in [
            ("30m", Some(1_800)),
            ("12h", Some(43_200)),
            ("7d", Some(604_800)),
            ("7", None),
            ("", None),
            ("-1d", None),
            ("7€", None),
        ] {
            assert_eq!(period(text).ok().map(|it| it.as_secs()), seconds, "{text}");
        }
    }
}
