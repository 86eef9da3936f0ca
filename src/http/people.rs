//! The TwiML that leads to people: the targets of the settings in their order, at the end a voicemail.
//!
//! A new kind of target is a variant of [`Target`], an arm of [`People::try_target`], and an arm of
//! [`People::without_callbacks`].

use std::sync::Arc;

use super::known::Way;
use super::transfer::Transfer;
use crate::config::{HandoffNumber, Origin, Target};
use crate::handoff::{DeskLinks, Handoff};
use crate::ids::CallSid;
use crate::mask::Also;
use crate::redact;
use crate::store::{Delivery, DeliveryState};
use crate::token::{Keyring, Purpose, TargetState};
use crate::twiml::{Dial, Enqueue, Number, Record, Response, Sip, Task};

/// How long a dialled number may ring, in seconds.
const RING: u32 = 30;
/// The longest message, in seconds.
const LONGEST_MESSAGE: u32 = 180;

/// Where people answer.
pub struct People {
    /// Tried in this order. What stands behind a voicemail is never reached.
    pub targets: Vec<Target>,
    /// Our own address, for the callbacks.
    pub origin: Origin,
    /// Signs which target was tried, so that every node knows which one is next.
    pub keyring: Arc<Keyring>,
    /// Makes the links to the page of a hand-off, where it can be reached.
    pub desk: Option<Arc<dyn DeskLinks>>,
    /// What is hidden in the document beside what is hidden everywhere.
    pub hidden: Also,
}

impl People {
    /// The targets by the names that are noted of a call.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.targets.iter().filter_map(|target| noted(Some(target)).target)
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

    /// What is noted of a call that goes to the target at this place of its list.
    pub(super) fn delivery(&self, place: usize, call: &Transfer) -> Delivery {
        noted(self.list(call).get(place).copied())
    }

    /// Hands a call over to the target after the one that did not take it.
    pub fn after(&self, tried: usize, call: &Transfer) -> Response {
        self.from(tried.saturating_add(1), call)
    }

    /// Hands a call over without ever asking this server again: for a document that is kept elsewhere, and for
    /// a server that is in trouble. What was tried is followed by what comes next in the document itself.
    pub fn without_callbacks(&self, call: &Transfer) -> Response {
        let mut response = Response::new();
        for target in self.list(call) {
            response = match target {
                Target::Workflow(_) | Target::Queue(_) => match enqueue(target, call) {
                    Some(queue) => response.enqueue(queue),
                    None => response,
                },
                // After a call that was answered nothing more may be said, and none may follow.
                Target::Number(number) => return response.dial(dial(number)).hangup(),
                Target::Voicemail => break,
            };
        }
        // A recording without an action would begin the document anew.
        response.say(call.say(&call.lines.call_later)).hangup()
    }

    /// Every target from this one on: the verbs behind the first one are Twilio's own way on, should we not be
    /// there to be asked.
    fn from(&self, first: usize, call: &Transfer) -> Response {
        let list = self.list(call);
        let people = list.iter().enumerate().skip(first);
        let response = people.fold(Response::new(), |response, (number, target)| {
            self.try_target(response, number, target, call)
        });
        let action = self.action("/voice/recording", list.len(), call);
        response
            .say(call.say(&call.lines.leave_message))
            .record(Record::new().action(&action).max_length(LONGEST_MESSAGE).play_beep(true))
            .hangup()
    }

    fn try_target(&self, response: Response, number: usize, target: &Target, call: &Transfer) -> Response {
        match target {
            Target::Workflow(_) | Target::Queue(_) => match enqueue(target, call) {
                Some(queue) => response.enqueue(queue.action(&self.action("/voice/queued", number, call))),
                None => response,
            },
            Target::Number(to) => response.dial(dial(to).action(&self.action("/voice/dial", number, call))),
            Target::Voicemail => response,
        }
    }

    /// The address that is asked what comes after a target.
    fn action(&self, path: &str, target: usize, call: &Transfer) -> String {
        let state = TargetState {
            call_sid: call.handoff.context.call_sid.clone(),
            target: target.try_into().unwrap_or(u8::MAX),
            rule: call.way.rule.and_then(|rule| rule.try_into().ok()),
            language: call.language.clone(),
        };
        self.origin.http(&format!("{path}?s={}", self.keyring.seal(Purpose::Target, &state)))
    }
}

/// What is noted of a call that goes to a target; without one the caller leaves a message.
fn noted(target: Option<&Target>) -> Delivery {
    let (name, state) = match target {
        Some(Target::Workflow(workflow)) => (format!("workflow:{workflow}"), DeliveryState::Queued),
        Some(Target::Queue(name)) => (format!("queue:{name}"), DeliveryState::Queued),
        Some(Target::Number(HandoffNumber::Phone(number))) => {
            (format!("number:{number}"), DeliveryState::Dialled)
        }
        Some(Target::Number(HandoffNumber::Sip(address))) => (address.clone(), DeliveryState::Dialled),
        Some(Target::Voicemail) | None => ("voicemail".to_owned(), DeliveryState::Voicemail),
    };
    Delivery { target: Some(name), state }
}

/// The queue of a target that has one.
fn enqueue(target: &Target, call: &Transfer) -> Option<Enqueue> {
    match target {
        Target::Workflow(workflow) => {
            let Way { decided, extra, .. } = &call.way;
            let task = Task::new(&call.handoff.to_task_attributes_with(&call.contact, extra));
            let task = match decided.priority {
                Some(priority) => task.priority(priority),
                None => task,
            };
            Some(Enqueue::workflow(workflow).task(task))
        }
        Target::Queue(name) => Some(Enqueue::queue(name)),
        Target::Number(_) | Target::Voicemail => None,
    }
}

fn dial(number: &HandoffNumber) -> Dial {
    let dial = Dial::new().timeout(RING).answer_on_bridge(true);
    match number {
        HandoffNumber::Phone(number) => dial.number(Number::new(number)),
        HandoffNumber::Sip(address) => dial.sip(Sip::new(address)),
    }
}
