//! `<Enqueue>` and its `<Task>`: the caller waits for a person.
//!
//! <https://www.twilio.com/docs/voice/twiml/enqueue>,
//! <https://www.twilio.com/docs/taskrouter/twiml-queue-calls>

use super::attributes::{Method, attribute_methods};
use super::element::Element;
use crate::ids::WorkflowSid;

/// `<Enqueue>`, of a TaskRouter workflow or of a named voice queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enqueue(pub(super) Element);

impl Enqueue {
    /// Makes a task of the call, and lets the workflow find its queue.
    pub fn workflow(workflow: &WorkflowSid) -> Self {
        let mut element = Element::new("Enqueue");
        element.set("workflowSid", workflow);
        Self(element)
    }

    /// Puts the call into a plain queue, at most 64 characters, created when first named.
    pub fn queue(name: &str) -> Self {
        Self(Element::with_text("Enqueue", name))
    }

    /// What the workflow and the person learn about the call; for a workflow only.
    pub fn task(mut self, task: Task) -> Self {
        self.0.children.push(task.0);
        self
    }
}

attribute_methods! { Enqueue {
    /// Where Twilio asks what comes next when the call leaves the queue, with `QueueResult`.
    action = "action": &str,
    /// For `action`; POST if absent.
    method = "method": Method,
    /// What the caller hears meanwhile: TwiML or audio, asked for again whenever it ends. Empty is silence.
    wait_url = "waitUrl": &str,
    /// For `wait_url`; GET lets Twilio cache audio.
    wait_url_method = "waitUrlMethod": Method,
    /// How many calls may wait.
    max_queue_size = "maxQueueSize": u32,
} }

/// `<Task>`: the attributes of the task that a workflow creates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task(Element);

impl Task {
    /// One JSON object, compact: TaskRouter counts at most 4096 characters, its own keys included.
    pub fn new(json: &str) -> Self {
        Self(Element::with_text("Task", json))
    }
}

attribute_methods! { Task {
    /// Higher is sooner; a matched workflow target outranks it.
    priority = "priority": u32,
    /// Seconds until an unanswered task is cancelled, at most 1,209,600.
    timeout = "timeout": u32,
} }
