//! The TwiML that leads to people: the targets of the settings in their order, at the end a voicemail.
//!
//! A list is a document that is complete without us: behind the first verb stand the next ones. Two kinds need
//! this server at the moment they are tried, the webhook and the AI: they are a redirect to `/voice/target`,
//! and are left out where they do not stand first. Nothing comes back from a flow of Studio, so a document ends
//! there.
//!
//! A new kind of target is a variant of [`Target`] and an arm of [`step`].

mod context;
mod ring;
mod studio;

use std::sync::Arc;

use super::known::Way;
use super::transfer::Transfer;
use crate::config::{Line, Origins, Target};
use crate::handoff::{DeskLinks, Handoff, Trigger};
use crate::ids::CallSid;
use crate::mask::Also;
use crate::redact;
use crate::store::{Delivery, DeliveryState};
use crate::token::{Keyring, Purpose, TargetState};
use crate::twiml::{Dial, Enqueue, Record, Response, Task};

/// The longest message, in seconds.
const LONGEST_MESSAGE: u32 = 180;
/// How often the AI may have a call again because nobody was free.
const MOST_RETURNS: u8 = 2;
/// What the AI would only fail at again.
const NOT_FOR_THE_AI: [Trigger; 3] = [Trigger::ModelFailure, Trigger::LongestDuration, Trigger::MostTurns];

/// Where people answer.
pub struct People {
    /// Tried in this order. What stands behind a voicemail is never reached.
    pub targets: Vec<Target>,
    /// Our own address, for the callbacks.
    pub origin: Origins,
    /// Signs which target was tried, so that every node knows which one is next.
    pub keyring: Arc<Keyring>,
    /// Makes the links to the page of a hand-off, where it can be reached.
    pub desk: Option<Arc<dyn DeskLinks>>,
    /// What is hidden in the document beside what is hidden everywhere.
    pub hidden: Also,
}

/// What a target is in a document.
enum Step {
    /// A queue; what stands behind it is tried next.
    Queue(Enqueue),
    /// Somebody who is rung; so it is here.
    Dial(Dial),
    /// The call goes elsewhere, and does not come back.
    Away(String),
    /// It is tried by this server, when its turn comes.
    Ours,
    /// The end of the list.
    End,
}

impl People {
    /// The targets by the names that are noted of a call.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.targets.iter().map(name)
    }

    /// Whether the AI may have a call again because nobody was free.
    pub(super) fn may_return(&self) -> bool {
        self.targets.contains(&Target::Agent)
    }

    /// The targets that are tried for a call, in their order: those of its rule, else all.
    fn list(&self, call: &Transfer) -> Vec<&Target> {
        let chosen = &call.way.decided.targets;
        let people = |target: &&Target| **target != Target::Voicemail;
        if chosen.is_empty() {
            self.targets.iter().take_while(people).collect()
        } else {
            // The rule may be that of a node with other settings.
            chosen.iter().filter_map(|place| self.targets.get(place.place)).filter(people).collect()
        }
    }

    /// The target at this place of a call's list, if it can take the call.
    pub(super) fn target(&self, place: usize, call: &Transfer) -> Option<&Target> {
        self.list(call).get(place).copied().filter(|target| can_take(target, call))
    }

    /// The page of a hand-off, where it can be reached.
    pub fn desk_url(&self, call_sid: &CallSid, handoff_id: &str) -> Option<String> {
        self.desk.as_ref().map(|desk| desk.link(call_sid, handoff_id))
    }

    /// The document as it leaves: without what is hidden, and with the link to its page.
    pub(super) fn leaving(&self, mut handoff: Handoff) -> Handoff {
        redact::handoff(&mut handoff, self.hidden);
        let context = &mut handoff.context;
        let known = context.call_sid != Transfer::unknown();
        // Another node's link is as good as ours, but what came back from outside is no link of ours.
        context.desk_url = self.desk_url(&context.call_sid, &context.handoff_id).filter(|_| known);
        handoff
    }

    /// Hands a call over to the first target.
    pub fn take(&self, call: &Transfer) -> Response {
        self.from(0, call)
    }

    /// Hands a call over to the target after the one that did not take it.
    pub fn after(&self, tried: usize, call: &Transfer) -> Response {
        self.from(tried.saturating_add(1), call)
    }

    /// What is noted of a call that goes to the target at this place of its list, or to the next one that it can
    /// go to. Of one that this server has to try nothing is noted before.
    pub(super) fn delivery(&self, place: usize, call: &Transfer) -> Option<Delivery> {
        noted(self.list(call).into_iter().skip(place).find(|target| can_take(target, call)))
    }

    /// What is noted of a call that gets the document which asks nothing of this server.
    pub(super) fn delivery_without_callbacks(&self, call: &Transfer) -> Option<Delivery> {
        let ours = |target: &&Target| matches!(target, Target::Webhook(_) | Target::Agent);
        self.list(call).into_iter().find(|target| !ours(target)).and_then(|target| noted(Some(target)))
    }

    /// Hands a call over without ever asking this server again: for a document that is kept elsewhere, and for
    /// a server that is in trouble. What was tried is followed by what comes next in the document itself.
    pub fn without_callbacks(&self, call: &Transfer) -> Response {
        let mut response = Response::new();
        for target in self.list(call) {
            response = match step(target, call, None) {
                Step::Queue(queue) => response.enqueue(queue),
                // After a call that was answered nothing more may be said, and none may follow.
                Step::Dial(dial) => return response.dial(dial).hangup(),
                Step::Away(address) => return response.redirect(address.as_str()),
                Step::Ours => response,
                Step::End => break,
            };
        }
        // A recording without an action would begin the document anew.
        response.say(call.say(&call.lines.call_later)).hangup()
    }

    /// Every target from this one on: the verbs behind the first one are Twilio's own way on, should we not be
    /// there to be asked.
    pub(super) fn from(&self, first: usize, call: &Transfer) -> Response {
        let list = self.list(call);
        let mut response = Response::new();
        let mut is_first = true;
        // Who was silent while one contact centre was asked hears something before the next one is.
        let asked_before = first.checked_sub(1).and_then(|before| list.get(before));
        let waited = matches!(asked_before, Some(Target::Webhook(_)));
        let people = list.iter().enumerate().skip(first).filter(|(_, target)| can_take(target, call));
        for (place, target) in people {
            let address = |path| self.address(path, place, call);
            response = match step(target, call, self.whisper(target, place, call).as_deref()) {
                Step::Queue(queue) => response.enqueue(queue.action(&address("/voice/queued"))),
                Step::Dial(dial) => response.dial(dial.action(&address("/voice/dial"))),
                Step::Away(address) => return response.redirect(address.as_str()),
                Step::Ours if is_first => {
                    let filler = call.lines.fillers.first().filter(|_| waited);
                    response = match filler {
                        Some(line) => response.say(call.say(line)),
                        None => response,
                    };
                    return response.redirect(address("/voice/target").as_str());
                }
                Step::Ours => response,
                Step::End => break,
            };
            is_first = false;
        }
        let action = self.address("/voice/recording", list.len(), call);
        response
            .say(call.say(&call.lines.leave_message))
            .record(Record::new().action(&action).max_length(LONGEST_MESSAGE).play_beep(true))
            .hangup()
    }

    /// An address of ours that is asked about a target: what comes after it, or to try it.
    pub(super) fn address(&self, path: &str, target: usize, call: &Transfer) -> String {
        let state = TargetState {
            call_sid: call.handoff.context.call_sid.clone(),
            target: target.try_into().unwrap_or(u8::MAX),
            rule: call.way.rule.and_then(|rule| rule.try_into().ok()),
            language: call.language.clone(),
            course: call.course.clone(),
        };
        self.origin.http(&format!("{path}?s={}", self.keyring.seal(Purpose::Target, &state)))
    }
}

/// What is noted of a call that goes to a target; without one the caller leaves a message.
fn noted(target: Option<&Target>) -> Option<Delivery> {
    let state = match target {
        Some(Target::Workflow(_) | Target::Queue(_)) => DeliveryState::Queued,
        Some(Target::Ring(_)) => DeliveryState::Dialled,
        Some(Target::Studio(_)) => DeliveryState::Passed,
        Some(Target::Webhook(_) | Target::Agent) => return None,
        Some(Target::Voicemail) | None => DeliveryState::Voicemail,
    };
    Some(Delivery { target: Some(target.map_or_else(|| "voicemail".to_owned(), name)), state })
}

/// Whether a target can take a call at all.
fn can_take(target: &Target, call: &Transfer) -> bool {
    let for_the_ai = || !NOT_FOR_THE_AI.contains(&call.handoff.context.trigger);
    *target != Target::Agent || (call.course.returns < MOST_RETURNS && for_the_ai())
}

/// The name that is noted of a call which goes to a target.
pub(super) fn name(target: &Target) -> String {
    match target {
        Target::Workflow(workflow) => format!("workflow:{workflow}"),
        Target::Queue(name) => format!("queue:{name}"),
        Target::Ring(ring) => match &ring.line {
            Line::Phone(number) => format!("number:{number}"),
            Line::Sip(address) => address.clone(),
            Line::Client(identity) => format!("client:{identity}"),
        },
        Target::Studio(studio) => format!("studio:{}", studio.flow),
        Target::Webhook(_) => format!("webhook:{}", target.shown()),
        Target::Agent => "ai".to_owned(),
        Target::Voicemail => "voicemail".to_owned(),
    }
}

/// What a target is in the document of a call.
fn step(target: &Target, call: &Transfer, whisper: Option<&str>) -> Step {
    match target {
        Target::Workflow(workflow) => {
            let Way { decided, extra, .. } = &call.way;
            let task = Task::new(&call.handoff.to_task_attributes_with(&call.contact, extra));
            let task = match decided.priority {
                Some(priority) => task.priority(priority),
                None => task,
            };
            Step::Queue(Enqueue::workflow(workflow).task(task))
        }
        Target::Queue(name) => Step::Queue(Enqueue::queue(name)),
        Target::Ring(ring) => Step::Dial(ring::dial(ring, call, whisper)),
        Target::Studio(flow) => Step::Away(studio::address(flow, call)),
        Target::Webhook(_) | Target::Agent => Step::Ours,
        Target::Voicemail => Step::End,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::Config;
    use crate::handoff::Contact;

    /// A call with a document, on its way to people.
    pub(super) fn going(handoff: Handoff) -> Transfer {
        let config = Config::load(&BTreeMap::new()).unwrap();
        Transfer::new(handoff, Contact::default(), &crate::app::shelf(&config).unwrap().current())
    }
}
