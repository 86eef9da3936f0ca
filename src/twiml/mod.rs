//! TwiML: the documents that tell Twilio what a call does next. This is the one place that writes them.
//!
//! Callers give plain strings. Escaping happens here, an attribute's name is a method, so that a misspelt
//! one (which Twilio drops without a word) does not compile, and characters that XML cannot carry are
//! removed. [`parse`] reads a document back, for the terminal client and for tests.
//!
//! <https://www.twilio.com/docs/voice/twiml>

mod attributes;
mod connect;
mod dial;
mod element;
mod enqueue;
mod gather;
mod nouns;
mod reader;
mod verbs;
#[cfg(test)]
mod vectors;

pub use attributes::Method;
pub use connect::{Connect, Language, Relay, RelayAttribute};
pub use dial::Dial;
pub use element::Element;
pub use enqueue::{Enqueue, Task};
pub use gather::Gather;
pub use nouns::{Client, Conference, Number, Queue, Sip};
pub use reader::{ReadError, parse};
pub use verbs::{Pause, Play, Record, Redirect, Reject, RejectReason, Say};

/// One document, its verbs in the order Twilio runs them. Without a verb it is `<Response/>`: Twilio hangs
/// up, or leaves the call to whoever controls it now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Response(Element);

impl Response {
    /// A document without verbs.
    pub fn new() -> Self {
        Self(Element::new("Response"))
    }

    /// Hands the call to an AI session. What follows runs only if the connect has no `action`.
    pub fn connect(self, connect: Connect) -> Self {
        self.verb(connect.0)
    }

    /// Puts the caller into a queue. What follows runs if the caller leaves it and there is no `action`:
    /// the net under a workflow that does not exist.
    pub fn enqueue(self, enqueue: Enqueue) -> Self {
        self.verb(enqueue.0)
    }

    /// Calls somebody and joins them to the caller.
    pub fn dial(self, dial: Dial) -> Self {
        self.verb(dial.0)
    }

    /// Listens for keys.
    pub fn gather(self, gather: Gather) -> Self {
        self.verb(gather.0)
    }

    /// Speaks with Twilio's own voice.
    pub fn say(self, say: impl Into<Say>) -> Self {
        self.verb(say.into().0)
    }

    /// Plays an audio file.
    pub fn play(self, play: impl Into<Play>) -> Self {
        self.verb(play.into().0)
    }

    /// Waits in silence, for as many seconds if a number is given.
    pub fn pause(self, pause: impl Into<Pause>) -> Self {
        self.verb(pause.into().0)
    }

    /// Records the caller, for a message when nobody is there.
    pub fn record(self, record: Record) -> Self {
        self.verb(record.0)
    }

    /// Goes on with the document at another URL. What follows never runs.
    pub fn redirect(self, redirect: impl Into<Redirect>) -> Self {
        self.verb(redirect.into().0)
    }

    /// Declines a call that was not answered yet, free of charge. Only as the first verb.
    pub fn reject(self, reject: Reject) -> Self {
        self.verb(reject.0)
    }

    /// Takes the caller out of the queue; only in the document of a `waitUrl`.
    pub fn leave(self) -> Self {
        self.verb(Element::new("Leave"))
    }

    /// Ends the call.
    pub fn hangup(self) -> Self {
        self.verb(Element::new("Hangup"))
    }

    /// The document as sent, to be served as `text/xml`.
    pub fn to_xml(&self) -> String {
        self.0.to_xml()
    }

    fn verb(mut self, verb: Element) -> Self {
        self.0.children.push(verb);
        self
    }
}

impl Default for Response {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::WorkflowSid;

    #[test]
    fn a_document_reads_like_the_call_it_describes() {
        let relay = Relay::new("wss://bridge.example.com/relay")
            .greeting("Hi, you talk to \"Owl\", an AI")
            .set(RelayAttribute::DtmfDetection, true);
        let response = Response::new().connect(Connect::new(relay).action("/voice/action?x=1&y=2")).hangup();
        assert_eq!(
            response.to_xml(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Connect action=\"/voice/action?x=1&amp;y=2\">\
             <ConversationRelay url=\"wss://bridge.example.com/relay\" \
             welcomeGreeting=\"Hi, you talk to &quot;Owl&quot;, an AI\" dtmfDetection=\"true\"/></Connect>\
             <Hangup/></Response>"
        );
    }

    #[test]
    fn a_hand_off_carries_its_task_and_a_fallback() {
        let task = Task::new(r#"{"reason":"billing & refunds"}"#).priority(5);
        let response = Response::new()
            .enqueue(Enqueue::workflow(&WorkflowSid::nobody()).action("/voice/enqueued").task(task))
            .say(Say::new("Nobody is there.").language("en-US"))
            .hangup();
        assert_eq!(
            response.to_xml(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\
             <Enqueue workflowSid=\"WW00000000000000000000000000000000\" action=\"/voice/enqueued\">\
             <Task priority=\"5\">{\"reason\":\"billing &amp; refunds\"}</Task></Enqueue>\
             <Say language=\"en-US\">Nobody is there.</Say><Hangup/></Response>"
        );
    }

    #[test]
    fn a_response_in_a_log_line_shows_no_words() {
        let response = Response::new().say("your order 4711").pause(2);
        let logged = format!("{response:?}");
        assert!(!logged.contains("4711"), "{logged}");
        assert!(logged.contains("Say"), "{logged}");
    }
}
