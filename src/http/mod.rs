//! The URLs. A voice webhook answers 200 with TwiML on every path, because a person is on the line.

mod dial;
mod fallback;
mod form;
mod handoff;
mod health;
mod incoming;
mod known;
mod noun;
mod own_page;
mod people;
mod phone;
mod queued;
mod recorded;
mod recorder;
mod recording;
mod relay_socket;
mod replay;
mod room;
mod signature;
mod status;
mod target;
mod transfer;
mod webhook;
mod whisper;

pub use known::{Way, Ways, verified};
pub use noun::{Speech, relay as relay_noun};
pub use own_page::{Sender, sender};
pub use people::People;
pub use recorder::Recorder;
pub use relay_socket::limited as limited_socket;
pub use replay::Answered;
pub use room::Room;
pub use signature::only_this_machine_when_open;
pub use transfer::Transfer;
pub use webhook::Centres;
pub use whisper::Whispers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodFilter;
use axum::routing::{MethodRouter, get, on};
use secrecy::SecretString;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::info;

use crate::calls::Calls;
use crate::config::{Access, Desk, FileTable, Limits, Origin, Shown};
use crate::gate::Gate;
use crate::handoff::{Handoff, Trigger};
use crate::ids::CallSid;
use crate::live::Board;
use crate::llm::Model;
use crate::mask::Also;
use crate::meters::Meters;
use crate::playbook::{Playbook, Shelf};
use crate::redact::{self, Exits};
use crate::session::Timings;
use crate::session::handoff_from;
use crate::session::rules::Rules;
use crate::store::{Delivery, Store, What};
use crate::token::{Course, Keyring, Resumed, Spoken, nonce};
use crate::twilio::signature::Verifier;
use crate::twiml;
use form::Form;
use known::Caller;

/// Everything the URLs need. One per server.
pub struct Bridge {
    /// Where Twilio reaches us.
    pub origin: Origin,
    /// Who may send requests.
    pub access: Access,
    /// Checks Twilio's signatures.
    pub verifier: Verifier,
    /// Signs our own tokens.
    pub keyring: Arc<Keyring>,
    /// Where people answer.
    pub people: People,
    /// Asks other contact centres.
    pub centres: Centres,
    /// What those who were rung made of it.
    pub whispers: Whispers,
    /// Which way calls go, and what that is decided by.
    pub ways: Ways,
    /// Records calls, where they are recorded.
    pub recorder: Option<Arc<Recorder>>,
    /// The prompts and tools in force.
    pub shelf: Arc<Shelf>,
    /// Who answers callers.
    pub model: Arc<dyn Model>,
    /// The calls of this process.
    pub calls: Arc<Calls>,
    /// Where calls are kept.
    pub store: Store,
    /// What is counted and timed.
    pub meters: Arc<Meters>,
    /// What who asks for the figures must bear.
    pub metrics_token: Option<SecretString>,
    /// How long everything in a call may take.
    pub timings: Timings,
    /// What leads to a person beside the model.
    pub rules: Arc<Rules>,
    /// How much this server takes on.
    pub limits: Limits,
    /// Whether it can take another call.
    pub room: Room,
    /// Tracks every open relay socket.
    pub sockets: TaskTracker,
    /// Answers to requests that may be repeated.
    pub answered: Answered,
    /// Set once the server is to end: new calls go to people.
    pub draining: AtomicBool,
    /// Who may use the console.
    pub gate: Arc<Gate>,
    /// The calls as they go on.
    pub board: Board,
    /// What is hidden where.
    pub exits: Exits,
    /// The page for the person who takes a call.
    pub desk: Desk,
    /// The settings, for people.
    pub shown: Vec<Shown>,
    /// What `warmline.toml` says, for people.
    pub file: Vec<FileTable>,
    /// Whether the embedded agent answers.
    pub embedded: bool,
    /// When the server began.
    pub started: Instant,
}

impl Bridge {
    /// Whether new calls are still taken.
    pub fn is_ready(&self) -> bool {
        !self.draining.load(Ordering::Relaxed)
    }

    /// Hands a call over with its document.
    fn hand_over(&self, form: &Form, course: Course, handoff: Handoff, caller: &Caller) -> twiml::Response {
        self.hand_over_again(form, course, handoff, caller, None)
    }

    /// The same for a call that may have been on the way before: then people are tried from where that ended.
    fn hand_over_again(
        &self,
        form: &Form,
        course: Course,
        mut handoff: Handoff,
        caller: &Caller,
        resumed: Option<&Resumed>,
    ) -> twiml::Response {
        // It may come from elsewhere, and its code is counted.
        redact::handoff(&mut handoff, Also::NOTHING);
        if handoff.context.prompts.is_none() {
            // A document that was lost, of a call that met the AI here.
            handoff.context.prompts = self.calls.pinned_before(&handoff.context.call_sid);
        }
        let context = &handoff.context;
        info!(handoff.id = context.handoff_id, trigger = ?context.trigger, "call goes to a person");
        self.meters.escalated(&handoff);
        let call_sid = context.call_sid.clone();
        self.settled(form, course.session, &handoff);
        let (place, way) = match resumed {
            Some(Resumed { target, rule, .. }) => (usize::from(*target) + 1, self.way_again(*rule, caller)),
            None => (0, self.way(form, caller, &handoff)),
        };
        // The next target gets it too, should the first not take the call.
        self.calls.keep(&call_sid, course.session, handoff.clone());
        self.whispers.meet(&call_sid, form.contact());
        let playbook = self.playbook(&call_sid, &course.spoken);
        let call = Transfer::new(self.people.leaving(handoff), form.contact(), &playbook).by(way).on(course);
        self.go_to(form, place, &call)
    }

    /// The prompts and tools of a call: those that it began with here, else its variant as it is in force.
    fn playbook(&self, call_sid: &CallSid, spoken: &Spoken) -> Arc<Playbook> {
        self.calls.pinned(call_sid, || self.shelf.variant(spoken.variant.as_deref()))
    }

    /// Notes what becomes of a call, also of one that the store has not heard of.
    fn settled(&self, form: &Form, session: u8, handoff: &Handoff) {
        let (call_sid, outcome) = (&handoff.context.call_sid, Some(handoff.context.outcome));
        self.store.note(call_sid, What::Came(form.came()));
        self.store.note(call_sid, What::Decided(session, Box::new(handoff.clone())));
        self.store.note(call_sid, What::Left { outcome, trigger: None, session });
    }

    /// Hands a call over to the target after the one that did not take it.
    fn pass_on(&self, form: &Form, tried: usize, call: &Transfer) -> twiml::Response {
        self.go_to(form, tried.saturating_add(1), call)
    }

    /// Sends a call to the target at this place of its list, or to the next one that can take it.
    fn go_to(&self, form: &Form, place: usize, call: &Transfer) -> twiml::Response {
        if let Some(delivery) = self.people.delivery(place, call) {
            self.delivered(form, delivery);
        }
        self.people.from(place, call)
    }

    /// The document that a session of the call decided on, or its latest: kept here, else in the store.
    async fn decided(&self, call_sid: &CallSid, session: Option<u8>) -> Option<Handoff> {
        match self.calls.kept(call_sid, session) {
            Some(kept) => Some((*kept).clone()),
            None => self.store.decided(call_sid, session).await,
        }
    }

    /// A document for a call that nobody decided on: from what was said, as far as that is known here or in the
    /// store.
    async fn told(&self, call_sid: &CallSid) -> Handoff {
        let memory = match self.calls.memory(call_sid) {
            Some(memory) => Some(memory),
            None => self.store.memory(call_sid).await,
        };
        let (id, trigger) = (format!("HO{}", nonce()), Trigger::BridgeFailure);
        match memory.filter(|memory| !memory.turns.is_empty()) {
            Some(memory) => handoff_from(&memory, call_sid.clone(), id, trigger),
            None => Handoff::bare(call_sid.clone(), id, trigger),
        }
    }

    /// Notes how far a hand-off has come.
    fn delivered(&self, form: &Form, delivery: Delivery) {
        self.meters.handed_off(delivery.state.word());
        if let Some(call_sid) = form.call_sid() {
            self.store.note(&call_sid, What::Delivered(delivery));
        }
    }
}

/// The bridge as every handler has it.
pub type Shared = Arc<Bridge>;

/// All routes of a server.
pub fn router(bridge: Shared) -> Router {
    let panicked = PersonOnPanic(nameless(&bridge, Trigger::BridgeFailure).to_xml());
    let voice = Router::new()
        .route("/voice/incoming", webhook(incoming::answer))
        .route("/voice/handoff", webhook(handoff::answer))
        .route("/voice/queued", webhook(queued::answer))
        .route("/voice/dial", webhook(dial::answer))
        .route("/voice/whisper", webhook(whisper::answer))
        .route("/voice/target", webhook(target::answer))
        .route("/voice/recording", webhook(recording::answer))
        .route(recorder::PATH, webhook(recorded::answer))
        .route("/voice/status", webhook(status::answer))
        .route("/voice/fallback", webhook(fallback::answer))
        .layer(CatchPanicLayer::custom(panicked));
    let signed = voice
        .route("/voice/relay/{token}", get(relay_socket::open))
        .layer(from_fn_with_state(bridge.clone(), signature::check));
    let open = Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .layer(from_fn_with_state(bridge.clone(), only_this_machine_when_open));
    signed.merge(open).with_state(bridge)
}

/// Hands over a call of which nothing is known.
fn nameless(bridge: &Shared, trigger: Trigger) -> twiml::Response {
    bridge.people.take(&Transfer::nameless(trigger, &bridge.shelf.current()))
}

/// Twilio's numbers may be set to POST or GET.
fn webhook<H, T>(handler: H) -> MethodRouter<Shared>
where
    H: axum::handler::Handler<T, Shared>,
    T: 'static,
{
    on(MethodFilter::GET.or(MethodFilter::POST), handler)
}

/// A TwiML document as Twilio takes it.
struct Twiml(String);

impl From<&twiml::Response> for Twiml {
    fn from(document: &twiml::Response) -> Self {
        Self(document.to_xml())
    }
}

impl IntoResponse for Twiml {
    fn into_response(self) -> Response {
        (StatusCode::OK, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], self.0).into_response()
    }
}

/// A handler that panicked has a caller waiting all the same.
#[derive(Clone)]
struct PersonOnPanic(String);

impl tower_http::catch_panic::ResponseForPanic for PersonOnPanic {
    type ResponseBody = axum::body::Body;

    fn response_for_panic(
        &mut self,
        _: Box<dyn std::any::Any + Send>,
    ) -> axum::http::Response<Self::ResponseBody> {
        tracing::error!("a voice webhook panicked; the call goes to a person");
        Twiml(self.0.clone()).into_response()
    }
}
