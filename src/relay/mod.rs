//! ConversationRelay frames: what Twilio says to us, and what we may say to it.
//!
//! <https://www.twilio.com/docs/voice/conversationrelay/websocket-messages>
//!
//! Every frame is one WebSocket text message with one JSON object. The two directions are two enums, because a
//! type that exists inbound only (`error`) is an offence when sent: ten bad frames in a row end the session.

mod inbound;
mod outbound;

pub use inbound::{FrameError, Inbound, Info, Setup};
pub use outbound::{Digits, LanguageSwitch, LanguageTag, MediaUrl, Outbound, Play, Speech};

/// The largest frame we accept, in bytes. Twilio's own stay below 1 KiB.
pub const MAX_FRAME: usize = 64 * 1024;
