//! The TwiML that leads to people: the workflow first, then the number, at the end a voicemail.

use crate::config::{HandoffNumber, Origin};
use crate::handoff::{Contact, Handoff, Trigger};
use crate::ids::WorkflowSid;
use crate::store::{Delivery, DeliveryState};
use crate::token::nonce;
use crate::twiml::{Dial, Enqueue, Number, Record, Response, Say, Sip, Task};

/// How long a dialled number may ring, in seconds.
const RING: u32 = 30;
/// The longest message, in seconds.
const LONGEST_MESSAGE: u32 = 180;

/// Where people answer.
#[derive(Debug, Clone)]
pub struct People {
    /// The TaskRouter workflow that queues an escalated call.
    pub workflow: Option<WorkflowSid>,
    /// Dialled when there is no workflow, or its queue did not take the call.
    pub number: Option<HandoffNumber>,
    /// Our own address, for the callbacks.
    pub origin: Origin,
}

impl People {
    /// Hands a call over with its document.
    pub fn take(&self, handoff: &Handoff, contact: &Contact) -> Response {
        let Some(workflow) = &self.workflow else { return self.after_queue() };
        let queue = enqueue(workflow, handoff, contact).action(&self.origin.http("/voice/queued"));
        // What follows runs when the queue was left and its action could not be asked.
        self.append_after_queue(Response::new().enqueue(queue))
    }

    /// Hands over a call of which nothing is known.
    pub fn nameless(&self, trigger: Trigger) -> Response {
        self.take(&nobody(trigger), &Contact::default())
    }

    /// Hands a call over without ever asking this server again: for a document that is kept elsewhere, and for
    /// a server that is in trouble. What was tried is followed by what comes next in the document itself.
    pub fn without_callbacks(&self, handoff: Option<&Handoff>, contact: &Contact) -> Response {
        let bare = nobody(Trigger::BridgeFailure);
        let mut response = Response::new();
        if let Some(workflow) = &self.workflow {
            response = response.enqueue(enqueue(workflow, handoff.unwrap_or(&bare), contact));
        }
        match &self.number {
            // After a call that was answered nothing more may be said.
            Some(number) => response.dial(dial(number)).hangup(),
            // A recording without an action would begin the document anew.
            None => response.say(Say::new(SORRY)).hangup(),
        }
    }

    /// What is noted of a call that is handed over.
    pub(super) fn first(&self) -> Delivery {
        match &self.workflow {
            Some(workflow) => {
                let target = Some(format!("workflow:{workflow}"));
                Delivery { target, state: DeliveryState::Queued }
            }
            None => self.second(),
        }
    }

    /// What is noted of a call that the queue did not take.
    pub(super) fn second(&self) -> Delivery {
        match &self.number {
            Some(_) => Delivery { target: Some("number".to_owned()), state: DeliveryState::Dialled },
            None => Self::last(),
        }
    }

    /// What is noted of a call that nobody took.
    pub(super) fn last() -> Delivery {
        Delivery { target: Some("voicemail".to_owned()), state: DeliveryState::Voicemail }
    }

    /// The next target for a call that the queue did not take.
    pub fn after_queue(&self) -> Response {
        self.append_after_queue(Response::new())
    }

    /// The last resort: nobody answered, but somebody will call back.
    pub fn voicemail(&self) -> Response {
        self.append_voicemail(Response::new())
    }

    fn append_after_queue(&self, response: Response) -> Response {
        let Some(number) = &self.number else { return self.append_voicemail(response) };
        let dial = dial(number).action(&self.origin.http("/voice/dial"));
        self.append_voicemail(response.dial(dial))
    }

    fn append_voicemail(&self, response: Response) -> Response {
        let recording = self.origin.http("/voice/recording");
        response
            .say(Say::new(LEAVE_A_MESSAGE))
            .record(Record::new().action(&recording).max_length(LONGEST_MESSAGE).play_beep(true))
            .hangup()
    }
}

const LEAVE_A_MESSAGE: &str = "I am sorry, nobody can take your call right now. \
                               Please leave a message with your number after the tone, and we will call you back.";
const SORRY: &str = "I am sorry, nobody can take your call right now. Please call again later. Goodbye.";

fn nobody(trigger: Trigger) -> Handoff {
    let unknown = "unknown".parse().expect("a plain word is an identifier");
    Handoff::bare(unknown, nonce(), trigger)
}

fn enqueue(workflow: &WorkflowSid, handoff: &Handoff, contact: &Contact) -> Enqueue {
    Enqueue::workflow(workflow).task(Task::new(&handoff.to_task_attributes(contact)))
}

fn dial(number: &HandoffNumber) -> Dial {
    let dial = Dial::new().timeout(RING).answer_on_bridge(true);
    match number {
        HandoffNumber::Phone(number) => dial.number(Number::new(number)),
        HandoffNumber::Sip(address) => dial.sip(Sip::new(address)),
    }
}
