//! Warmline is a realtime voice-AI escalation bridge: a caller talks with an AI over Twilio
//! ConversationRelay, and when a person is needed the call arrives warm. Summary, sentiment, reason and
//! transcript are on the agent's screen before the first word.
//!
//! A caller's data has one way through the house, and the modules stand in its order:
//!
//! | # | What happens | Where | What crosses |
//! |--:|---|---|---|
//! | 1 | Twilio posts an incoming call; its signature is checked | [`http`], [`twilio`] | the form |
//! | 2 | We answer with `<Connect><ConversationRelay>` | [`twiml`], [`token`] | `twiml::Response` |
//! | 3 | Twilio opens the socket; one task per call | [`http`] → [`driver`] | `driver::Wire` |
//! | 4 | Text frames become typed frames | [`relay`] | `Inbound` |
//! | 5 | The session decides | [`session`] | `Input` → `Output` |
//! | 6 | The model streams words and tool calls | [`llm`], [`chat`] | `Ask` → `ModelEvent` |
//! | 7 | A tool runs, under its manifest's timeout | [`tools`] | `Run` → `Input::ToolDone` |
//! | 8 | Goodbye, then `end` with the hand-off document | [`session`], [`handoff`] | `Handoff` → `Outbound::End` |
//! | 9 | Twilio requests the action; we answer `<Enqueue><Task>` | [`http`], [`twiml`] | `Handoff` → `twiml::Response` |
//!
//! Before step 2, [`profile`] looks up who calls, and [`routing`] decides by rules whom the caller meets; before step
//! 9 it decides where the call goes. [`hours`] is the clock of the business.
//!
//! Beside the way of a call, [`store`] keeps a [`record`] of it, without what [`mask`] hides. [`live`] shows it
//! while it goes on, [`desk`] to the person who takes it, [`console`] to whoever looks after all of them, behind
//! [`gate`]; [`redact`] hides at each exit what must not leave. [`tracking`] tells Segment afterwards.
//!
//! Without the feature `server` only the rules are compiled: no runtime, no socket, no clock.

pub mod ids;
pub mod pii;
pub mod twiml;
pub mod relay;
pub mod chat;
pub mod handoff;
pub mod speech;
pub mod mask;
pub mod phrases;
pub mod record;
pub mod redact;
pub mod routing;
pub mod session;

#[cfg(feature = "server")]
pub mod app;
#[cfg(feature = "server")]
pub mod breaker;
#[cfg(feature = "server")]
pub mod calls;
#[cfg(feature = "server")]
pub mod clock;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod console;
#[cfg(feature = "server")]
pub mod desk;
#[cfg(feature = "server")]
pub mod doctor;
#[cfg(feature = "server")]
pub mod driver;
#[cfg(feature = "caller")]
pub mod eval;
#[cfg(feature = "server")]
pub mod gate;
#[cfg(feature = "server")]
pub mod hours;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod live;
#[cfg(feature = "server")]
pub mod llm;
#[cfg(feature = "server")]
pub mod meters;
#[cfg(feature = "server")]
pub mod numbers;
#[cfg(feature = "server")]
pub mod outbound;
#[cfg(feature = "server")]
pub mod playbook;
#[cfg(feature = "server")]
pub mod profile;
#[cfg(feature = "server")]
pub mod prompts;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod telemetry;
#[cfg(feature = "server")]
pub mod token;
#[cfg(feature = "server")]
pub mod tools;
#[cfg(feature = "server")]
pub mod tracking;
#[cfg(feature = "server")]
pub mod tunnel;
#[cfg(feature = "server")]
pub mod twilio;

#[cfg(feature = "caller")]
pub mod caller;
#[cfg(feature = "server")]
pub mod cli;
