//! `warmline eval`: measures prompts and models on scenarios.

mod options;
mod progress;
mod subjects;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::{Named, USAGE, complain, load};
use crate::app;
use crate::config::{Config, Vars};
use crate::eval::figures::{Figures, Thresholds};
use crate::eval::outcome::{End, Results};
use crate::eval::report;
use crate::eval::run::{Plan, run as run_plan};
use crate::eval::scenario::{Scenario, Set, folder};
use crate::eval::trial::Conditions;
use crate::phrases;
use crate::telemetry;
pub use options::EvalArgs;
use progress::Bar;

/// How many trials run at once where a provider answers.
const JOBS: usize = 4;

/// Writes what was found for somebody.
type Render = fn(&Results) -> String;

/// Why nothing is run, for people.
struct Refused(String);

/// Runs the scenarios and writes what was found.
pub(super) fn run(vars: &impl Vars, args: &EvalArgs, named: &Named) -> ExitCode {
    // The table belongs on the screen; the log only where somebody asks for it.
    let _ = telemetry::start(Some(&vars.get("RUST_LOG").unwrap_or_else(|| "error".to_owned())), None);
    let config = match load(vars) {
        Ok(config) => config,
        Err(code) => return code,
    };
    phrases::prepare();
    let thresholds = match args.fail_under.as_deref().map_or(Ok(Thresholds::default()), str::parse) {
        Ok(thresholds) => thresholds,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::from(USAGE);
        }
    };
    let plan = match plan(args, named, &config, vars) {
        Ok(plan) => plan,
        Err(Refused(why)) => {
            complain(&why);
            return ExitCode::from(USAGE);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let (results, interrupted) = match runtime {
        Ok(runtime) => runtime.block_on(hold(plan)),
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    finish(args, &thresholds, &results, interrupted)
}

fn plan(args: &EvalArgs, named: &Named, config: &Config, vars: &impl Vars) -> Result<Plan, Refused> {
    let mut set = folder(&args.dir).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(|problem| format!("  - {problem}")).collect();
        Refused(format!("the scenarios cannot be used:\n{}", problems.join("\n")))
    })?;
    set.scenarios.retain(|scenario| args.wants(&scenario.name, &scenario.tags));
    keep_trades(&mut set);
    if set.scenarios.is_empty() {
        return Err(Refused("no scenario is left: see --only, --tag and --skip-tag".to_owned()));
    }
    let subjects = subjects::subjects(args, named, config, &set)?;
    let asks = (config, vars);
    let caller = (args.caller_model.as_ref(), args.caller_base_url.as_ref(), args.caller_key.as_ref());
    let judge = (args.judge.as_ref(), args.judge_base_url.as_ref(), args.judge_key.as_ref());
    let caller = subjects::second("caller", caller.0, caller.1, caller.2, asks)?;
    let judge = subjects::second("judge", judge.0, judge.1, judge.2, asks)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let asks_provider = config.models.is_some() || caller.is_some() || judge.is_some();
    let jobs = args.jobs.map_or(if asks_provider { JOBS } else { cores }, usize::from);
    Ok(Plan {
        set,
        subjects,
        conditions: conditions(config, args),
        repeats: args.trials,
        jobs,
        seed: args.seed,
        caller,
        judge,
    })
}

/// Only trades with scenarios: those of others need not be read.
fn keep_trades(set: &mut Set) {
    let Set { scenarios, trades } = set;
    trades.retain(|group, _| scenarios.iter().any(|scenario: &Scenario| scenario.group == *group));
}

fn conditions(config: &Config, args: &EvalArgs) -> Conditions {
    let names = app::people(config, config.origin.clone());
    let named = |place: usize| config.places.iter().find(|known| known.place == place);
    let targets = names.names().enumerate().map(|(place, name)| match named(place) {
        Some(known) => known.name.clone(),
        None => name,
    });
    // Where nobody is configured, a stand-in would only look like somebody.
    let targets = if config.has_people() { targets.collect() } else { Vec::new() };
    settings_of_a_call(config, targets, !args.estimate_tokens)
}

/// The settings of a call that nobody makes.
pub(super) fn settings_of_a_call(config: &Config, targets: Vec<String>, counts_tokens: bool) -> Conditions {
    Conditions {
        timings: config.timings,
        rules: Arc::new(config.rules.clone()),
        hidden: config.redact.task,
        in_prompt: config.traits.prompt.clone(),
        routes: Arc::new(config.routes.handoff.clone()),
        targets,
        counts_tokens,
    }
}

/// Runs the plan, until it is done or somebody has seen enough. Whether it was the latter.
async fn hold(plan: Plan) -> (Results, bool) {
    let mut bar = Bar::new();
    let interrupted = std::sync::atomic::AtomicBool::new(false);
    let enough = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Nobody can interrupt, so nobody does.
            std::future::pending::<()>().await;
        }
        interrupted.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    let results = Box::pin(run_plan(plan, |progress| bar.show(progress), enough)).await;
    bar.end();
    (results, interrupted.into_inner())
}

fn finish(args: &EvalArgs, thresholds: &Thresholds, results: &Results, interrupted: bool) -> ExitCode {
    show(&report::table(results));
    let mut code = ExitCode::SUCCESS;
    let mut failed = |why: &str| {
        complain(why);
        code = ExitCode::FAILURE;
    };
    let written: [(&Option<PathBuf>, Render); 3] =
        [(&args.json, report::json), (&args.junit, report::junit), (&args.html, report::html)];
    for (file, render) in written {
        if let Some(file) = file
            && let Err(error) = std::fs::write(file, render(results))
        {
            failed(&format!("{}: {error}", file.display()));
        }
    }
    // Of two, it is the second that is to take the place of the first.
    let judged = results.subjects.len().saturating_sub(1);
    for verdict in thresholds.verdicts(&Figures::of(results, judged)) {
        show(&format!("{verdict}\n"));
        if !verdict.holds {
            failed("a threshold of --fail-under was missed");
        }
    }
    if interrupted {
        failed("interrupted: the figures are those of the trials that were over");
    }
    let held = results.trials.iter().any(|trial| !matches!(trial.end, End::Failed { .. }));
    if !held {
        failed("not one trial was held");
    }
    code
}

#[expect(clippy::print_stdout, reason = "a command line speaks to its terminal")]
fn show(text: &str) {
    print!("{text}");
}
