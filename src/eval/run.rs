//! Runs trials, many at once, and puts together what they found.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::judge::judge;
use super::outcome::{End, FORMAT, Results, Trial, Usage};
use super::scenario::{Scenario, Set};
use super::subject::{Asked, Ready, Second};
use super::trial::{self, Conditions, Setup};
use crate::clock::{now, since_epoch};

/// What is to be run.
pub struct Plan {
    /// The scenarios.
    pub set: Set,
    /// Who is measured: one, or two that are compared.
    pub subjects: Vec<Ready>,
    /// Under which settings.
    pub conditions: Conditions,
    /// How often each scenario is tried with each subject.
    pub repeats: u32,
    /// How many trials run at once.
    pub jobs: usize,
    /// Makes the randomness of providers the same again: that of trial 1; each further trial has the next number.
    pub seed: Option<u64>,
    /// The model that plays callers, and its name.
    pub caller: Option<Second>,
    /// The model that judges, and its name.
    pub judge: Option<Second>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Trials that are over.
    pub done: usize,
    /// All trials.
    pub all: usize,
    /// Trials of which an expectation was not met.
    pub missed: usize,
    /// Trials that could not be held.
    pub failed: usize,
}

/// What trials need, in one place for all of them.
struct Common {
    scenarios: Vec<Scenario>,
    subjects: Vec<Ready>,
    conditions: Conditions,
    seed: Option<u64>,
    caller: Option<Asked>,
    judge: Option<Asked>,
}

/// A trial that is to come: its subject, its case and its number.
type Place = (usize, usize, u32);

/// Runs everything. `tell` is told after each trial how far it is. When `enough` comes to its end first, what is there by
/// then is all there is.
pub async fn run(plan: Plan, mut tell: impl FnMut(Progress), enough: impl Future<Output = ()>) -> Results {
    let (began_at, began) = (since_epoch(), now());
    let has_caller = plan.caller.is_some();
    let (scenarios, skipped): (Vec<_>, Vec<_>) =
        plan.set.scenarios.into_iter().partition(|scenario| has_caller || !scenario.needs_caller_model());
    let common = Arc::new(Common {
        scenarios,
        subjects: plan.subjects,
        conditions: plan.conditions,
        seed: plan.seed,
        caller: plan.caller.as_ref().map(|(model, _)| model.clone()),
        judge: plan.judge.as_ref().map(|(model, _)| model.clone()),
    });
    let mut waiting = places(&common, plan.repeats);
    let mut progress = Progress { all: waiting.len(), ..Progress::default() };
    let mut trials: BTreeMap<Place, Trial> = BTreeMap::new();
    let mut running = JoinSet::new();
    let mut places_of = HashMap::new();
    let mut enough = std::pin::pin!(enough);
    tell(progress);
    loop {
        while running.len() < plan.jobs.max(1)
            && let Some(place) = waiting.next()
        {
            let common = common.clone();
            let task = running.spawn(async move { one(&common, place).await });
            places_of.insert(task.id(), place);
        }
        let joined = tokio::select! {
            biased;
            () = &mut enough => break,
            joined = running.join_next_with_id() => joined,
        };
        let (task, trial) = match joined {
            Some(Ok((task, trial))) => (task, Some(trial)),
            Some(Err(error)) => (error.id(), None),
            None => break,
        };
        let Some(place) = places_of.remove(&task) else { continue };
        // A trial that panicked is a mistake of ours. It is not held, and must not be forgotten.
        let trial = trial.unwrap_or_else(|| broken(place));
        progress.done += 1;
        let failed = matches!(trial.end, End::Failed { .. });
        progress.failed += usize::from(failed);
        progress.missed += usize::from(!failed && !trial.passed());
        trials.insert(place, trial);
        tell(progress);
    }
    drop(running);
    Results {
        format: FORMAT,
        began: millis(began_at),
        lasted: millis(now().saturating_duration_since(began)),
        repeats: plan.repeats,
        subjects: common.subjects.iter().map(|ready| ready.subject.clone()).collect(),
        cases: common.scenarios.iter().map(Scenario::case).collect(),
        trials: trials.into_values().collect(),
        judge: plan.judge.map(|(_, name)| name),
        caller: plan.caller.map(|(_, name)| name),
        skipped: skipped.into_iter().map(|scenario| scenario.name).collect(),
    }
}

/// Every trial, so that what is there early has a little of everything.
fn places(common: &Common, repeats: u32) -> impl ExactSizeIterator<Item = Place> + use<> {
    let (cases, subjects) = (common.scenarios.len(), common.subjects.len());
    let mut places = Vec::with_capacity(cases * subjects * repeats as usize);
    for number in 1..=repeats {
        for case in 0..cases {
            places.extend((0..subjects).map(|subject| (subject, case, number)));
        }
    }
    places.into_iter()
}

fn broken((subject, case, number): Place) -> Trial {
    let why = "the trial broke off by a mistake of Warmline, which is told above".to_owned();
    Trial {
        subject,
        case,
        number,
        end: End::Failed { why },
        turns: 0,
        checks: Vec::new(),
        first_token: Vec::new(),
        usage: Usage::default(),
        transcript: Vec::new(),
        judgement: None,
        lasted: 0,
    }
}

async fn one(common: &Common, (subject, case, number): Place) -> Trial {
    let scenario = &common.scenarios[case];
    let ready = &common.subjects[subject];
    let setup = Setup {
        scenario,
        agent: &ready.agents[&scenario.group],
        conditions: &common.conditions,
        caller: common.caller.as_ref(),
        // Both of a pair have the same.
        seed: common.seed.map(|seed| seed.wrapping_add(u64::from(number) - 1)),
    };
    let mut trial = trial::run(&setup).await;
    (trial.subject, trial.case, trial.number) = (subject, case, number);
    if let Some((read, written)) = ready.prices {
        let usage = &mut trial.usage;
        usage.price = Some((usage.prompt as f64 * read + usage.completion as f64 * written) / 1e6);
    }
    if let Some(model) = common.judge.as_ref().filter(|_| !matches!(trial.end, End::Failed { .. })) {
        // Without an opinion the trial is worth as much.
        trial.judgement = judge(&**model, &scenario.case(), &trial).await.ok().flatten();
    }
    trial
}

fn millis(time: std::time::Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}
