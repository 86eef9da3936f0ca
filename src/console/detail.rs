//! One call as the API shows it: from what is kept, and from the board where it is newer.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::Desk;
use super::lists::shown;
use super::problem::Problem;
use crate::handoff::Speaker;
use crate::ids::{AccountSid, CallSid};
use crate::live::{Found, LiveCall};
use crate::pii::Pii;
use crate::record::Turn;
use crate::redact;
use crate::store::Recording;
use crate::store::archive::{Call, HandedOff, Kept, Moment, Said, Triggered, VERSION};

/// A call in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallSummary {
    /// Its name.
    #[schema(value_type = String)]
    pub(super) call_sid: CallSid,
    /// `inbound`, `outbound-api`, …
    pub(super) direction: Option<String>,
    /// Whom we talk with, shown by the ends of the number.
    pub(super) caller: Option<String>,
    /// Our own number.
    pub(super) line: Option<String>,
    /// The language spoken last.
    pub(super) language: Option<String>,
    /// The version of the prompts and tools that it began with.
    pub(super) prompts: Option<String>,
    /// The variant of them; `base` for most.
    pub(super) prompt_variant: Option<String>,
    /// How many relay sessions it had.
    pub(super) sessions: u32,
    /// How many times the caller was answered.
    pub(super) turns: Option<u32>,
    /// `escalated`, `completed` or `closed`; none while it goes on, or when its process died with it.
    pub(super) outcome: Option<String>,
    /// Whether it goes on.
    pub(super) live: bool,
    /// What led to a person.
    pub(super) trigger: Option<String>,
    /// `positive`, `neutral` or `negative`.
    pub(super) sentiment: Option<String>,
    /// The code of the hand-off.
    pub(super) reason_code: Option<String>,
    /// When it came in.
    #[schema(value_type = String, format = DateTime)]
    pub(super) began_at: Moment,
    /// When we heard of it last, once a session is over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) ended_at: Option<Moment>,
    /// The node that has it, while it is live.
    pub(super) node: Option<String>,
    /// Whether it comes from the browser.
    pub(super) phone: bool,
}

/// Everything about a call.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detail {
    /// As in a list.
    #[serde(flatten)]
    pub(super) summary: CallSummary,
    /// Raised when a key changes its meaning.
    version: u32,
    /// Facts the model was told to keep.
    #[schema(value_type = BTreeMap<String, String>)]
    facts: BTreeMap<String, Pii<String>>,
    /// What was said, oldest first.
    pub(super) transcript: Vec<Spoken>,
    /// What led to a person.
    triggers: Vec<Triggered>,
    /// Every hand-off.
    handoffs: Vec<HandedOff>,
    /// Where its recording is.
    #[serde(skip_serializing_if = "Option::is_none")]
    recording: Option<Recording>,
}

/// A turn, and when what it answers was asked.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spoken {
    #[serde(flatten)]
    said: Said,
    /// When the caller's words arrived that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    prompted_at: Option<Moment>,
}

impl CallSummary {
    /// From what is kept, with the document of its latest hand-off, and the board's view if it is live.
    pub(super) fn new(call: Call, document: Option<&serde_json::Value>, live: Option<&LiveCall>) -> Self {
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let decided = |key: &str| document.and_then(|document| text(&document[key]));
        let escalated = document.is_none_or(|document| document["warmline"]["outcome"] != "completed");
        let trigger = document.and_then(|document| text(&document["warmline"]["trigger"]));
        let phone = AccountSid::phone();
        Self {
            caller: call.caller.as_ref().map(|caller| redact::number(caller.expose())),
            line: call.line.as_ref().map(|line| line.expose().clone()),
            language: call.language,
            prompts: call.prompts,
            prompt_variant: call.prompt_variant,
            sessions: call.sessions,
            turns: call.turns,
            outcome: call.outcome,
            live: live.is_some(),
            trigger: trigger.filter(|_| escalated),
            sentiment: decided("sentiment").or_else(|| {
                let sentiment = live.and_then(|live| live.sentiment)?;
                text(&serde_json::to_value(sentiment).unwrap_or_default())
            }),
            reason_code: decided("reasonCode"),
            began_at: call.began_at,
            ended_at: call.ended_at,
            node: live.map(|live| live.node.clone()),
            phone: call.account_sid.as_deref() == Some(phone.as_str()),
            direction: call.direction,
            call_sid: call.call_sid,
        }
    }

    /// From the board alone: a call that the store does not know yet, or of another node.
    pub(super) fn of_live(live: &LiveCall) -> Self {
        Self {
            call_sid: live.call_sid.clone(),
            direction: None,
            caller: live.caller.clone(),
            line: live.line.clone(),
            language: live.language.clone(),
            prompts: None,
            prompt_variant: None,
            sessions: 1,
            turns: Some(live.turns),
            outcome: None,
            live: true,
            trigger: live.trigger.map(crate::handoff::Trigger::word),
            sentiment: serde_json::to_value(live.sentiment)
                .ok()
                .and_then(|word| word.as_str().map(str::to_owned)),
            reason_code: None,
            began_at: live.began_at,
            ended_at: None,
            node: Some(live.node.clone()),
            phone: live.phone,
        }
    }
}

/// Everything about a call, hidden as the console hides; none where nothing is known of it.
pub(super) async fn detail(desk: &Desk, call_sid: &CallSid) -> Result<Option<Detail>, Problem> {
    let found = desk.bridge.board.find(call_sid).await;
    let (live, own) = match found.map(|found| *found) {
        Some(Found { live, kept }) => (Some(live), kept),
        None => (None, None),
    };
    let kept = match own {
        // This process saw all of it.
        Some(own) if own.call.sessions <= 1 => Some(own),
        own => {
            let sid = call_sid.clone();
            let kept = desk.reading.within(|archive| async move { archive.kept(&sid).await }).await?;
            merged(kept.flatten(), own)
        }
    };
    let Some(mut kept) = kept else {
        return Ok(live.map(|live| bare(&live)));
    };
    kept.hide(desk.bridge.exits.console);
    Ok(Some(Detail::new(kept, live.as_deref())))
}

/// What the board knows is newer, and may be less.
fn merged(kept: Option<Kept>, own: Option<Kept>) -> Option<Kept> {
    let (Some(mut kept), Some(own)) = (kept.clone(), own.clone()) else { return own.or(kept) };
    let mut turns: BTreeMap<_, Turn> = kept.turns.into_iter().map(|turn| (turn.key, turn)).collect();
    turns.extend(own.turns.into_iter().map(|turn| (turn.key, turn)));
    kept.turns = turns.into_values().collect();
    kept.facts.extend(own.facts);
    kept.call.turns = own.call.turns.or(kept.call.turns);
    kept.call.recording = own.call.recording.or(kept.call.recording);
    for handoff in own.handoffs {
        if kept.handoffs.iter().all(|known| known.handoff_id != handoff.handoff_id) {
            kept.handoffs.push(handoff);
        }
    }
    Some(kept)
}

/// A call of another node, where nothing is kept that both could read.
fn bare(live: &LiveCall) -> Detail {
    Detail {
        summary: CallSummary::of_live(live),
        version: VERSION,
        facts: BTreeMap::new(),
        transcript: Vec::new(),
        triggers: Vec::new(),
        handoffs: Vec::new(),
        recording: None,
    }
}

impl Detail {
    fn new(kept: Kept, live: Option<&LiveCall>) -> Self {
        let Kept { mut call, facts, turns, triggers, mut handoffs } = kept;
        let recording = call.recording.take();
        for handoff in &mut handoffs {
            handoff.target = handoff.target.as_deref().map(shown);
        }
        let document = handoffs.last().map(|handoff| handoff.document.expose());
        Self {
            summary: CallSummary::new(call, document, live),
            version: VERSION,
            facts,
            transcript: spoken(turns),
            triggers,
            handoffs,
            recording,
        }
    }
}

fn spoken(turns: Vec<Turn>) -> Vec<Spoken> {
    let mut prompted = None;
    let spoken = |turn: Turn| {
        let prompted_at = match turn.who {
            Speaker::Caller => {
                prompted = Some(Moment(turn.steps.began));
                None
            }
            Speaker::Agent => prompted,
        };
        Spoken { said: turn.into(), prompted_at }
    };
    turns.into_iter().map(spoken).collect()
}
