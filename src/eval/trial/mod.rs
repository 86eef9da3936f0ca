//! One trial: a scenario, played against prompts and a model in a call of its own.
//!
//! The call is a real [`Session`](crate::session::Session), driven as the driver does it, on a clock that is turned by
//! hand. While the model is asked, real time counts. All other time is skipped: speech that is played, silences, waits for keys, goodbyes.
//! What is played is reported as Twilio would, at the pace of speech, so that every rule of a call works here too.

mod agent;
mod beginning;
mod checks;
mod line;
mod playing;
mod script;
mod transcript;

use std::sync::Arc;

use serde_json::Value;

use super::outcome::{End, Escalation, Trial, Usage};
use super::scenario::Scenario;
use crate::chat::ModelError;
use crate::clock::now;
use crate::handoff::Handoff;
use crate::llm::Model;
use crate::mask::Also;
use crate::playbook::Playbook;
use crate::routing::{Handover, Rules as Routes};
use crate::session::Timings;
use crate::session::rules::Rules;
use playing::Playing;

/// What all trials of a run have in common: what the settings say of calls.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// How long everything may take.
    pub timings: Timings,
    /// What leads to a person beside the model.
    pub rules: Arc<Rules>,
    /// What is hidden in the hand-off document beside what is hidden everywhere.
    pub hidden: Also,
    /// The traits that the prompt may use; where none are listed, it gets all that a scenario has.
    pub in_prompt: Vec<String>,
    /// The rules that say where a call goes.
    pub routes: Arc<Routes<Handover>>,
    /// The targets by their names, as the settings list them.
    pub targets: Vec<String>,
    /// Whether a provider is asked how many tokens it were. Else they are estimated.
    pub counts_tokens: bool,
}

/// Who is measured.
#[derive(Clone)]
pub struct Agent {
    /// The prompts and tools.
    pub playbook: Arc<Playbook>,
    /// Who answers.
    pub model: Arc<dyn Model>,
    /// Whether that is the embedded agent, which reads no tokens.
    pub embedded: bool,
}

/// Everything that a trial is made of.
pub struct Setup<'a> {
    /// What is played.
    pub scenario: &'a Scenario,
    /// Who is measured.
    pub agent: &'a Agent,
    /// Under which settings.
    pub conditions: &'a Conditions,
    /// Who plays the caller, where a scenario has no lines of its own.
    pub caller: Option<&'a Arc<dyn Model>>,
    /// Makes randomness the same again, where the provider can do that.
    pub seed: Option<u64>,
}

/// A call that is over, as it was.
struct Played {
    over: Over,
    turns: u32,
    first_token: Vec<u32>,
    usage: Usage,
    transcript: transcript::Transcript,
    language: String,
}

/// How it was over.
enum Over {
    /// The session ended, with this document.
    Ended(Box<Handoff>),
    /// The caller hung up.
    HungUp,
    /// The model could not be asked.
    Model(ModelError),
    /// Something else kept it from being held.
    Stuck(String),
}

/// A tool that was called.
#[derive(Debug, Clone, PartialEq)]
struct Called {
    name: String,
    arguments: Value,
}

/// Plays a scenario once. The places of subject and case, and the number, are the caller's to fill in.
pub async fn run(setup: &Setup<'_>) -> Trial {
    let began = now();
    let played = Box::pin(Playing::new(setup).run()).await;
    let end = end(setup, &played);
    let checks = match end {
        End::Failed { .. } => Vec::new(),
        End::Escalated(_) | End::Completed | End::LeftByCaller => {
            checks::checks(&setup.scenario.expect, &end, &played)
        }
    };
    let lasted = now().saturating_duration_since(began).as_millis();
    Trial {
        subject: 0,
        case: 0,
        number: 0,
        end,
        turns: played.turns,
        checks,
        first_token: played.first_token,
        usage: played.usage,
        transcript: played.transcript.into_lines(),
        judgement: None,
        lasted: lasted.try_into().unwrap_or(u64::MAX),
    }
}

fn end(setup: &Setup<'_>, played: &Played) -> End {
    match &played.over {
        Over::Ended(handoff) if handoff.context.outcome == crate::handoff::Outcome::Completed => {
            End::Completed
        }
        Over::Ended(handoff) => End::Escalated(Escalation {
            turn: played.turns,
            reason_code: handoff.reason_code.clone(),
            reason: handoff.reason.expose().clone(),
            sentiment: handoff.sentiment.word().to_owned(),
            summary: handoff.call_summary.expose().clone(),
            trigger: handoff.context.trigger.word(),
            targets: beginning::targets(setup, handoff),
        }),
        Over::HungUp => End::LeftByCaller,
        Over::Model(error) => End::Failed { why: failure(error) },
        Over::Stuck(why) => End::Failed { why: why.clone() },
    }
}

/// What is wrong, and what may help.
fn failure(error: &ModelError) -> String {
    let help = match error {
        ModelError::RateLimited { .. } => ": fewer trials at once may help, --jobs",
        ModelError::Silent { .. } => {
            ": a slow model needs fewer trials at once (--jobs), or longer times in [timings] of warmline.toml"
        }
        ModelError::BadRequest { .. } => {
            ": where the server knows no `stream_options`, --estimate-tokens helps"
        }
        ModelError::Unreachable(_)
        | ModelError::Refused { .. }
        | ModelError::TooLong
        | ModelError::Unavailable { .. }
        | ModelError::Broken
        | ModelError::Endless
        | ModelError::Empty
        | ModelError::CutShort
        | ModelError::Filtered
        | ModelError::Resting => "",
    };
    format!("{error}{help}")
}

/// Whether a failure tells of the way to the model, and not of its answer.
fn is_out_of_reach(error: &ModelError) -> bool {
    match error {
        ModelError::Unreachable(_)
        | ModelError::Silent { .. }
        | ModelError::Refused { .. }
        | ModelError::BadRequest { .. }
        | ModelError::RateLimited { .. }
        | ModelError::Unavailable { .. }
        | ModelError::Broken
        | ModelError::Resting => true,
        ModelError::TooLong
        | ModelError::Endless
        | ModelError::Empty
        | ModelError::CutShort
        | ModelError::Filtered => false,
    }
}
