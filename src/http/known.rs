//! What is known of a caller, as facts for the rules of routing, and what those decide.

use std::sync::Arc;

use serde_json::Value;
use tracing::info;

use super::Bridge;
use super::form::Form;
use crate::clock::since_epoch;
use crate::handoff::{Extra, Handoff, Known, KnownCaller, Template};
use crate::mask::{Also, words_of};
use crate::pii::Pii;
use crate::profile::{Outcome, Profile, Profiles};
use crate::redact;
use crate::routing::{Fact, Facts, Handover, Routes, Start, TRAITS};
use crate::store::Came;

/// Rules of routing, and what they ask about.
pub struct Ways {
    /// The rules.
    pub routes: Routes,
    /// Looks callers up.
    pub profiles: Arc<Profiles>,
    /// The traits that go into a Task.
    pub in_task: Vec<String>,
    /// The traits that the prompt may use.
    pub in_prompt: Arc<[String]>,
    /// The business's clock.
    pub hours: Option<crate::hours::Hours>,
    /// What the settings say of the attributes of a Task.
    pub template: Arc<Template>,
}

/// Who calls, as far as that is known.
pub(super) struct Caller {
    profile: Arc<Profile>,
    came: Came,
    /// How the network vouches for the number.
    verified: &'static str,
    /// Where the recording of the call will be.
    recording: Option<String>,
}

/// How a call goes to people.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// The rule that decided, by its place.
    pub(super) rule: Option<usize>,
    /// What it decided.
    pub(super) decided: Handover,
    /// What the Task gets beside the document.
    pub(super) extra: Extra,
    /// What the settings say of its attributes, and what those may refer to.
    pub(super) template: Arc<Template>,
    pub(super) known: Known,
    /// What is hidden in them beside what is hidden everywhere.
    pub(super) hidden: Also,
}

impl Caller {
    /// How the network vouches for the number: it says that the caller may use it, and not who speaks.
    pub(super) fn verified(&self) -> &'static str {
        self.verified
    }

    /// The same caller, of whose number an earlier request said this. Not every request says so again.
    pub(super) fn vouched(mut self, before: Option<&str>) -> Self {
        let before = before.and_then(|before| LEVELS.into_iter().find(|level| *level == before));
        if let (None, Some(before)) = (&self.came.verified, before) {
            self.verified = before;
        }
        self
    }

    /// The level to remember for later requests, where there is one.
    pub(super) fn to_remember(&self) -> Option<String> {
        (self.verified != NOT_VERIFIED).then(|| self.verified.to_owned())
    }
}

/// The levels of a verification in the words of routing.
const LEVELS: [&str; 5] = ["full", "partial", "gateway", "failed", NOT_VERIFIED];
const NOT_VERIFIED: &str = "none";

/// The level of a verification in the words of routing.
///
/// <https://www.twilio.com/docs/voice/trusted-calling-with-shakenstir>
pub fn verified(said: Option<&str>) -> &'static str {
    match said {
        Some(said) if said.starts_with("TN-Validation-Passed-A") => "full",
        Some(said) if said.starts_with("TN-Validation-Passed-B") => "partial",
        Some(said) if said.starts_with("TN-Validation-Passed-C") => "gateway",
        Some(said) if said.starts_with("TN-Validation-Failed") => "failed",
        _ => NOT_VERIFIED,
    }
}

impl Bridge {
    /// Looks up who calls. Takes 400 ms at most, mostly none, and never fails. Where calls are recorded, and the call
    /// was with another process, it takes a second at most.
    pub(super) async fn caller(&self, form: &Form) -> Caller {
        let came = form.came();
        // Of a caller who has gone nobody wants to know more.
        let number = came.caller.as_ref().filter(|_| form.is_live()).map(|number| number.expose().as_str());
        let (profile, recording) = tokio::join!(self.ways.profiles.find(number), self.recording(form));
        let verified = verified(came.verified.as_deref());
        Caller { profile, came, verified, recording }
    }

    /// Where the recording of a call will be. One that just comes in has none.
    async fn recording(&self, form: &Form) -> Option<String> {
        let recorder = self.recorder.as_ref().filter(|_| form.text("CallStatus") != Some("ringing"))?;
        recorder.find(&form.call_sid()?).await
    }

    /// Whom a caller meets first.
    pub(super) fn first(&self, form: &Form, caller: &Caller) -> Start {
        let routes = &self.ways.routes.start;
        if routes.0.is_empty() {
            return Start::default();
        }
        let decided = routes.decide(&self.facts(form, caller));
        self.meters.routed("start", decided.map(|(_, rule)| rule.name.as_str()));
        decided.map_or_else(Start::default, |(_, rule)| {
            let call_sid = form.call_sid();
            let call_sid = call_sid.as_ref().map(tracing::field::display);
            info!(
                call.sid = call_sid,
                rule = rule.name,
                to = rule.decision.word(),
                "a rule chose who answers"
            );
            rule.decision.clone()
        })
    }

    /// How a call goes to people.
    pub(super) fn way(&self, form: &Form, caller: &Caller, handoff: &Handoff) -> Way {
        let routes = &self.ways.routes.handoff;
        if routes.0.is_empty() {
            return self.by_rule(None, caller);
        }
        let mut facts = self.facts(form, caller);
        tell(&mut facts, handoff);
        let decided = routes.decide(&facts);
        self.meters.routed("handoff", decided.map(|(_, rule)| rule.name.as_str()));
        if let Some((_, rule)) = decided {
            info!(
                call.sid = %handoff.context.call_sid,
                rule = rule.name,
                "a rule chose the way to a person"
            );
        }
        self.by_rule(decided.map(|(place, _)| place), caller)
    }

    /// The way that a rule chose before, here or on another node.
    pub(super) fn way_again(&self, rule: Option<u8>, caller: &Caller) -> Way {
        self.by_rule(rule.map(usize::from), caller)
    }

    fn by_rule(&self, rule: Option<usize>, caller: &Caller) -> Way {
        let chosen = rule.and_then(|place| self.ways.routes.handoff.0.get(place));
        let decided = chosen.map(|rule| rule.decision.clone()).unwrap_or_default();
        let extra = Extra {
            attributes: decided.attributes.clone(),
            caller: self.in_task(caller),
            recording: caller.recording.clone(),
            ..Extra::default()
        };
        let (template, hidden) = (self.ways.template.clone(), self.people.hidden);
        Way { rule: chosen.and(rule), decided, extra, template, known: self.known(caller), hidden }
    }

    /// What the Task is told of the caller, where callers are looked up.
    fn in_task(&self, caller: &Caller) -> Option<KnownCaller> {
        let profile = &caller.profile;
        let traits = profile.named(&self.ways.in_task);
        let traits = traits.map(|(name, fact)| (name.to_owned(), self.without_hidden(name, fact))).collect();
        let known = profile.outcome == Outcome::Found;
        (profile.outcome != Outcome::Off).then(|| KnownCaller { known, verified: caller.verified(), traits })
    }

    /// What the template may refer to.
    fn known(&self, caller: &Caller) -> Known {
        let profile = &caller.profile;
        let named = self.ways.template.traits().filter_map(|name| {
            let fact = profile.traits.get(name)?;
            Some((name.to_owned(), self.without_hidden(name, fact)))
        });
        let open = self.ways.hours.as_ref().map(|hours| hours.at(since_epoch()).hours == "open");
        Known {
            traits: named.collect(),
            caller: (profile.outcome != Outcome::Off).then_some(profile.outcome == Outcome::Found),
            verified: caller.verified(),
            open,
            recording: caller.recording.clone(),
        }
    }

    /// A trait as it may leave.
    fn without_hidden(&self, name: &str, fact: &Fact) -> Pii<Value> {
        let plain = match fact {
            Fact::Number(number) => serde_json::Number::from_f64(*number).map(whole).map(Into::into),
            Fact::Flag(flag) => Some((*flag).into()),
            Fact::Text(_) | Fact::Time { .. } | Fact::List(_) => None,
        };
        let mut text = Pii::from(fact.text());
        redact::text(&mut text, Some(&words_of(name)), self.people.hidden);
        let value = plain.filter(|_| *text.expose() == fact.text());
        Pii::new(value.unwrap_or_else(|| text.into_inner().into()))
    }

    /// What is known when a call comes in.
    fn facts(&self, form: &Form, caller: &Caller) -> Facts {
        let now = since_epoch();
        let mut facts = Facts::at(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        facts.set_text("from", form.text("From"));
        facts.set_text("to", form.text("To"));
        facts.set_text("direction", form.word("Direction"));
        facts.set_text("verified", Some(caller.verified()));
        facts.set_text("profile", Some(caller.profile.outcome.word()));
        facts.set_text("language", Some(&self.shelf.latest().prompts.front.language));
        let (calls, most) = (self.calls.count(), self.limits.calls.max(1));
        facts.set("calls", Fact::Number(calls as f64));
        facts.set("load", Fact::Number(100.0 * calls as f64 / most as f64));
        if let Some(local) = self.ways.hours.as_ref().map(|hours| hours.at(now)) {
            facts.set_text("hours", Some(local.hours));
            facts.set_text("day", Some(local.day));
            facts.set_text("time", Some(&local.time));
            facts.set_text("date", Some(&local.date));
        }
        for (name, value) in &caller.profile.traits {
            facts.set(&format!("{TRAITS}{name}"), value.clone());
        }
        facts
    }
}

/// Adds what a hand-off tells.
fn tell(facts: &mut Facts, handoff: &Handoff) {
    let context = &handoff.context;
    facts.set_text("sentiment", Some(handoff.sentiment.word()));
    facts.set_text("reason_code", Some(&handoff.reason_code));
    facts.set_text("topic", context.topic.as_ref().map(|topic| topic.expose().as_str()));
    facts.set_text("trigger", Some(&context.trigger.word()));
    facts.set_text("language", Some(&context.language));
    facts.set("turns", Fact::Number(f64::from(context.turns)));
    facts.set("seconds", Fact::Number(context.seconds as f64));
}

/// A number without a fraction is written without one.
fn whole(number: serde_json::Number) -> serde_json::Number {
    /// Beyond it a float does not tell neighbours apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if float.fract() == 0.0 && float.abs() < EXACT => (float as i64).into(),
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::verified;

    #[test]
    fn the_network_vouches_in_levels() {
        for (said, level) in [
            (Some("TN-Validation-Passed-A"), "full"),
            (Some("TN-Validation-Passed-A-Diverted"), "full"),
            (Some("TN-Validation-Passed-B"), "partial"),
            (Some("TN-Validation-Passed-C-Passthrough"), "gateway"),
            (Some("TN-Validation-Failed-A"), "failed"),
            (Some("TN-Validation-Failed"), "failed"),
            (Some("No-TN-Validation"), "none"),
            (Some("TN-Validation-Passed-Z"), "none"),
            (None, "none"),
        ] {
            assert_eq!(verified(said), level, "{said:?}");
        }
    }
}
